"""Replicates on one worker and on two, and on a cluster of two: what the second is worth.

In: how many replicates. Out: a table. Each way is a command of its own; all write the same bytes.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.page import Promise, Section, table
from benchmarks.timing import Command, digits, median_ratio, run_command

# Scenario, businesses, replicates of the quick mode, and least gain that is asked for.
CASES = (("telegram-2018-replay", 400, 200, 1.6), ("telegram-2018", 1_000, 60, 1.8))
FULL = 1_000
# Replicates, few and many: what a cluster costs more for each one, without its start.
CLUSTER_CASE, FEW, MANY, MOST_OF_CLUSTER = ("telegram-2018-replay", 100), 20, 300, 1.15
_SAID = """\
Wall time of `overblock run` from its start to the folder, on one worker and on two, in turn, and
the ratio within each round. Both folders hold the same bytes, or the run ends. Two workers gain
what two idle processors give: on a loaded machine the ratio says little. The last promise is about
processor time of all processes, of what {MANY} replicates take more than {FEW}."""


def measure(*, is_full: bool) -> Section:
    """Run all cases."""
    rows, promises = [], []
    for name, n_businesses, n_quick, asked in CASES:
        n, n_rounds = (FULL, 1) if is_full else (n_quick, 2)
        taken: dict[int, list[Command]] = {1: [], 2: []}
        for _ in range(n_rounds):
            with tempfile.TemporaryDirectory() as scratch:
                for n_workers, found in taken.items():
                    folder = Path(scratch) / str(n_workers)
                    found.append(_run(name, n_businesses, n, n_workers, folder))
                if files_of(Path(scratch) / "1") != files_of(Path(scratch) / "2"):
                    raise AssertionError(f"{name}: two workers write other bytes than one")
        one, two = ([command.wall_s for command in taken[n]] for n in (1, 2))
        gain = median_ratio(one, two)
        rows.append(
            [
                f"`{name}`, {n_businesses:,} businesses", f"{n:,}",
                f"{median(one):.1f}", f"{median(two):.1f}", f"{gain:.2f}",
                digits(1e3 * median(two) / n),
                f"{median(command.processor_s for command in taken[1]):.1f}",
                f"{median(command.processor_s for command in taken[2]):.1f}",
            ]
        )  # fmt: skip
        figure = f"{n:,} replicates of `{name}` on two workers against one"
        promises.append(Promise(figure, f"≥ {asked}×", f"{gain:.2f}×", gain >= asked))
    head = [
        "scenario", "replicates", "one, s", "two, s", "gain", "ms a replicate on two",
        "processor s, one", "processor s, two",
    ]  # fmt: skip
    promises.append(_of_cluster())
    said = _SAID.format(MANY=MANY, FEW=FEW)
    return Section(f"{said}\n\n{table(head, rows)}", tuple(promises))


def _of_cluster() -> Promise:
    """What a replicate costs on a local cluster of two workers, against two processes."""
    spent_s = {}
    with tempfile.TemporaryDirectory() as scratch:
        for more in ((), ("--cluster", "local")):
            few, many = (
                _run(*CLUSTER_CASE, n, 2, Path(scratch, f"{n}-{len(more)}"), *more).processor_s
                for n in (FEW, MANY)
            )
            spent_s[more] = many - few
        if files_of(Path(scratch, f"{MANY}-0")) != files_of(Path(scratch, f"{MANY}-2")):
            raise AssertionError("a cluster writes other bytes than processes of this machine")
    pool_s, cluster_s = spent_s.values()
    ratio = cluster_s / pool_s
    figure = f"{MANY - FEW} replicates on a cluster of two workers against two processes"
    return Promise(figure, f"≤ {MOST_OF_CLUSTER}×", f"{ratio:.2f}×", ratio <= MOST_OF_CLUSTER)


def _run(name: str, n_businesses: int, n: int, n_workers: int, folder: Path, *more: str) -> Command:
    return run_command(
        [
            *(sys.executable, "-m", "sim", "run", name, "-n", str(n), "-q", "-o", str(folder)),
            *("--workers", str(n_workers), "--set", f"population.n_businesses={n_businesses}"),
            *more,
        ]
    )


def files_of(folder: Path) -> dict[str, bytes]:
    """Bytes of all files of a result but those that tell the time."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "timing.json"
    }
