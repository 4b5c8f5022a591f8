"""Where a replicate spends its time, by part of the program.

In: strategies of `telegram-2018`. Out: a table of shares. Python's own profiler is in it, which
makes functions of Python dearer than compiled loops: shares tell what matters, and no seconds.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import sim
from benchmarks.page import Section, table
from benchmarks.replicate import ROOT_SEED, WARM_UP, run_in, scenario
from benchmarks.strategies import NAME, settings
from sim.streams import Streams
from sim.world.build import build_world

ASKED = ("covering-prefix", "exact", "escalate, ladder")
N_BUSINESSES = 1_000
LEAST = 0.03
"""Parts below this share under every strategy are one row."""
PACKAGE = Path(sim.__file__).resolve().parent
ACTORS, STATE = "engine/actors", "engine/state"
OTHERS = "all others"
_SAID = f"""\
Own time of functions by file, in one replicate of `{NAME}` with
{N_BUSINESSES:,} businesses, with Python's profiler, which makes Python dearer than it is. Time in
compiled loops counts where they are called, mostly in `sim/{STATE}`."""


def part_of(file: str, _function: str) -> str:
    """Part of the program that a function belongs to, or the package."""
    path = Path(file)
    if path.is_relative_to(PACKAGE):
        room = path.relative_to(PACKAGE).with_suffix("").as_posix()
        is_actor = room.startswith(f"{ACTORS}/")
        return f"`sim/{room if is_actor else '/'.join(room.split('/')[:2])}`"
    for name in ("simpy", "numpy"):
        if name in path.parts:
            return name
    return "built-in functions" if file == "~" else OTHERS


def shares(name: str, given: Sequence[str]) -> tuple[Counter[str], int]:
    """Share of the own time of each part; and how many functions were called.

    Parameters
    ----------
    name, given
        A scenario and what is set in it.
    """
    resolved = scenario(name, given)
    warm = scenario(name, [*given, *WARM_UP])
    run_in(warm, build_world(warm, Streams(ROOT_SEED, 0)), 0)
    world = build_world(resolved, Streams(ROOT_SEED, 1))
    return profiled(partial(run_in, resolved, world, 1))


def profiled(
    run: Callable[[], object], part: Callable[[str, str], str] = part_of
) -> tuple[Counter[str], int]:
    """Share of the own time of each part in what is called once; and how many calls there were."""
    profile = cProfile.Profile(time.process_time)
    # The collector's time would be added to whichever function it interrupts.
    gc.collect()
    gc.disable()
    try:
        profile.runcall(run)
    finally:
        gc.enable()
    found: Counter[str] = Counter()
    stats = pstats.Stats(profile)
    for (file, _, function), (_, _, own_s, _, _) in stats.stats.items():  # type: ignore[attr-defined]
        found[part(file, function)] += own_s
    total = sum(found.values())
    return Counter({name: own_s / total for name, own_s in found.items()}), stats.total_calls  # type: ignore[attr-defined]


def measure(*, is_full: bool) -> Section:
    """Profile some strategies."""
    found = {strategy: shares(NAME, settings(strategy, N_BUSINESSES)) for strategy in ASKED}
    whole = sum((share for share, _ in found.values()), Counter())
    told = [
        part
        for part, _ in whole.most_common()
        if part != OTHERS and any(share[part] >= LEAST for share, _ in found.values())
    ]
    rows = [[part, *(f"{share[part]:.0%}" for share, _ in found.values())] for part in told]
    rows.append(
        [OTHERS, *(f"{1 - sum(share[part] for part in told):.0%}" for share, _ in found.values())]
    )
    rows.append(["calls of functions", *(f"{n_calls:,}" for _, n_calls in found.values())])
    most = max(share[part] for part in told for share, _ in found.values())
    said = f"{_SAID} The dearest part has {most:.0%}: a replicate gets faster by many small steps."
    return Section(f"{said}\n\n{table(['part', *(f'`{name}`' for name in ASKED)], rows)}")
