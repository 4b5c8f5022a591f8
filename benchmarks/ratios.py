"""What every strategy costs against `covering-prefix`, and two paths of growth: a guard.

    python -m benchmarks.ratios                  measured ratios beside those of ``ratios.csv``
    python -m benchmarks.ratios --write          writes the table anew
    python -m benchmarks.ratios --write NAME …   writes these rows and leaves the others

In: a small world and a short horizon. Out: ratios of processor time. Each run of a strategy stands
between two of the yardstick, in one process, and the median over rounds counts: what slows the
machine down slows both.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.replicate import ROOT_SEED, run_in, scenario
from benchmarks.strategies import NAME, STRATEGIES, settings
from benchmarks.timing import seconds_of
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World, build_world

TABLE = Path(__file__).with_suffix(".csv")
YARDSTICK = "covering-prefix"
N_BUSINESSES, DAYS = 300, 10
BUSINESSES, ENTRIES = "businesses, 1,000 to 10,000", "exact, 10 to 20 days"
NAMES = (*(name for name in STRATEGIES if name != YARDSTICK), BUSINESSES, ENTRIES)
MOST_LOSS, SUSPECT = 1.5, 1.25
N_ROUNDS, N_ROUNDS_AGAIN = 1, 9

Run = Callable[[], object]


class Case:
    """A strategy in a world that is built."""

    def __init__(self, strategy: str, n_businesses: int, days: int) -> None:
        self.resolved: Resolved = scenario(NAME, settings(strategy, n_businesses, days))
        self.world: World = build_world(self.resolved, Streams(ROOT_SEED, 1))

    def __call__(self) -> object:
        return run_in(self.resolved, self.world, 1)


def pair(name: str) -> tuple[Run, Run]:
    """What is measured under a name, and what it is measured against."""
    if name == BUSINESSES:
        return Case(YARDSTICK, 10_000, DAYS), Case(YARDSTICK, 1_000, DAYS)
    if name == ENTRIES:
        return Case("exact", N_BUSINESSES, 2 * DAYS), Case("exact", N_BUSINESSES, DAYS)
    return Case(name, N_BUSINESSES, DAYS), Case(YARDSTICK, N_BUSINESSES, DAYS)


def ratio(run: Run, yardstick: Run, n_rounds: int) -> float:
    """Median ratio of processor times, each run between two of the yardstick."""
    run(), yardstick()
    before_s, found = seconds_of(yardstick, time.process_time), []
    for _ in range(n_rounds):
        taken_s = seconds_of(run, time.process_time)
        after_s = seconds_of(yardstick, time.process_time)
        found.append(taken_s / ((before_s + after_s) / 2))
        before_s = after_s
    return median(found)


def measure(
    names: Iterable[str] = NAMES,
    n_rounds: int = N_ROUNDS,
    pairs: Callable[[str], tuple[Run, Run]] = pair,
) -> dict[str, float]:
    """Ratios by name."""
    return {name: ratio(*pairs(name), n_rounds) for name in names}


def losses(
    found: Mapping[str, float], kept: Mapping[str, float], most: float = MOST_LOSS
) -> dict[str, float]:
    """What got slower by more than is allowed, with by how much; empty if nothing did."""
    lost = {name: one / kept[name] for name, one in found.items()}
    return {name: loss for name, loss in lost.items() if loss > most}


def confirmed(
    kept: Mapping[str, float], pairs: Callable[[str], tuple[Run, Run]] = pair
) -> dict[str, float]:
    """Losses that are still there when what looks slower at once is measured again, with rounds."""
    suspects = losses(measure(kept, pairs=pairs), kept, SUSPECT)
    return losses(measure(suspects, N_ROUNDS_AGAIN, pairs), kept)


def read() -> dict[str, float]:
    """Ratios that are kept."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return {row["what"]: float(row["ratio"]) for row in csv.DictReader(file)}


def write(found: Mapping[str, float]) -> None:
    """Keep ratios."""
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("what", "ratio"))
        rows.writerows((name, f"{one:.3g}") for name, one in found.items())


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure; print, or write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the table anew")
    parser.add_argument("names", nargs="*", help="these alone")
    given = parser.parse_args(arguments)
    found = measure(given.names or NAMES, N_ROUNDS_AGAIN)
    if given.write:
        kept = read() | found
        write({name: kept[name] for name in NAMES if name in kept})
    kept = read()
    for name, one in found.items():
        print(f"{name:30} {one:8.3g}   kept {kept.get(name, float('nan')):8.3g}")


if __name__ == "__main__":
    main()
