"""Large cases: a million businesses, and 23 months of a programme whose tenants change.

In: nothing but how much. Out: a table. Each case is a process of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks import hotspots, memory
from benchmarks.page import Promise, Section, table
from benchmarks.replicate import in_own_process


@dataclass(frozen=True)
class Case:
    """A scenario with some keys set; what is asked of building and running it, if anything is."""

    figure: str
    name: str
    settings: tuple[str, ...]
    most_s: float | None = None
    most_mib: float | None = None


_MEMORY = """\
Memory of 10⁵ businesses by the file that asked for it, once the world is built and when running
holds most, as Python's `tracemalloc` counts it, which takes too long for a million. The
interpreter, packages and compiled code take another 0.3 GB, and compiled loops what they ask for
by themselves."""
_TIME = """\
Time as Python's profiler tells it; that of compiled loops counts where they are called. In
`sim/engine/state` nearly all is one loop, the turn of a second: an order changes a part of all
addresses at every operator, and the businesses on each of them lie anywhere in memory."""
MILLION = "population.n_businesses=1000000"
N_TRACED = 100_000
GB_MIB = 1e9 / 2**20
QUICK = (
    Case("replay, 10⁵ businesses", "telegram-2018-replay", ("population.n_businesses=100000",)),
    Case("chase, 10⁵ businesses", "telegram-2018", ("population.n_businesses=100000",)),
    Case("programme of entries, 28 days", "piracy-shield", ("end=2024-03-15T00:00+01:00",)),
)
FULL = (
    *QUICK,
    Case("replay, 10⁶ businesses", "telegram-2018-replay", (MILLION,), 25.0, 1.2 * GB_MIB),
    Case("chase, 10⁶ businesses", "telegram-2018", (MILLION,), 30.0, 2.5 * GB_MIB),
    Case("programme of entries, 23 months", "piracy-shield", ("end=2026-01-16T00:00+01:00",), 20.0),
)


def measure(*, is_full: bool) -> Section:
    """Measure all cases."""
    rows, promises = [], []
    for case in FULL if is_full else QUICK:
        cost = in_own_process(case.name, case.settings)
        all_s = cost.build_s + cost.engine_s
        numbers = (cost.build_s, cost.engine_s, all_s)
        rows.append(
            [
                case.figure,
                f"`{case.name}`",
                *(f"{one:.1f}" for one in numbers),
                f"{cost.n_orders:,}",
                f"{cost.peak_mib * 2**20 / 1e9:.2f}",
            ]
        )
        if case.most_s is not None:
            asked, found = f"≤ {case.most_s:.0f} s", f"{all_s:.1f} s"
            holds = all_s <= case.most_s
            if case.most_mib is not None:
                asked += f", ≤ {case.most_mib / GB_MIB:.1f} GB"
                found += f", {cost.peak_mib / GB_MIB:.2f} GB"
                holds &= cost.peak_mib <= case.most_mib
            promises.append(Promise(f"{case.figure}, build and run", asked, found, holds))
    head = ["case", "scenario", "build, s", "engine, s", "both, s", "orders", "peak, GB"]
    said = "Processor seconds of one replicate, and peak memory of its process."
    parts = [said, table(head, rows)]
    for case in FULL if is_full else ():
        # The chase makes many small objects, so that tracing it takes many times as long.
        if case.settings == (MILLION,) and case.name == "telegram-2018-replay":
            parts += [f"### {case.figure}", *_why(case)]
    return Section("\n\n".join(parts), tuple(promises))


def _why(case: Case) -> tuple[str, ...]:
    """What takes the memory, and where the time goes."""
    took = memory.in_own_process(case.name, (f"population.n_businesses={N_TRACED}",))
    spent, _ = hotspots.shares(case.name, case.settings)
    told = [part for part, share in spent.most_common() if share >= hotspots.LEAST]
    times = [[part, f"{spent[part]:.0%}"] for part in told]
    return (
        _MEMORY,
        table(
            ["file", "built, bytes a business", "running, bytes a business"], took.rows(N_TRACED)
        ),
        _TIME,
        table(["part", "share of the engine's time"], times),
    )
