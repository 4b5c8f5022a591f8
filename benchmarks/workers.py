"""Replicates on one worker and on two: what the second is worth.

In: how many replicates. Out: a table. Each way is a command of its own; both write the same bytes.
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
_SAID = """\
Wall time of `overblock run` from its start to the folder, on one worker and on two, in turn, and
the ratio within each round. Both folders hold the same bytes, or the run ends. Two workers gain
what two idle processors give: on a loaded machine the ratio says little."""


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
    return Section(f"{_SAID}\n\n{table(head, rows)}", tuple(promises))


def _run(name: str, n_businesses: int, n: int, n_workers: int, folder: Path) -> Command:
    return run_command(
        [
            *(sys.executable, "-m", "sim", "run", name, "-n", str(n), "-q", "-o", str(folder)),
            *("--workers", str(n_workers), "--set", f"population.n_businesses={n_businesses}"),
        ]
    )


def files_of(folder: Path) -> dict[str, bytes]:
    """Bytes of all files of a result but those that tell the time."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "timing.json"
    }
