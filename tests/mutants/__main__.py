"""Put sampled faults into packages and say how many of them a test notices."""

import argparse
import random
import re
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from tests.mutants.choice import Choice
from tests.mutants.faults import Fault, faults_of, parses
from tests.mutants.trial import Copy

REPOSITORY = Path(__file__).resolve().parent.parent.parent
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
PACKAGES = [
    "sim/statistics", "sim/addresses", "sim/addresses/feeds", "sim/scenario", "sim/names",
    "sim/blocklists", "sim/world", "sim/engine", "sim/results", "sim/measure", "sim/experiment",
    "sim/backtest", "sim/assess", "sim/report", "sim/cli",
]  # fmt: skip
# Seconds of tests asked about one fault: first the quick ones, then, where none noticed, more.
BUDGETS_S = [5.0, 30.0]


def main(arguments: list[str] | None = None) -> int:
    """Run; 0 if every package reaches what is asked, 1 if one does not, 2 if it cannot run."""
    asked = _parser().parse_args(arguments)
    excused = known_equivalents()
    with tempfile.TemporaryDirectory(prefix="overblock-mutants-") as temporary:
        copy = Copy(REPOSITORY, asked.folder or Path(temporary))
        choice = Choice(copy.root, copy.record(asked.tests))
        rows, n_short = [], 0
        for package in asked.package or PACKAGES:
            row = tried(copy, choice, package, asked, excused)
            rows.append(row)
            n_short += row["killed"] < asked.at_least * (row["sampled"] - row["equivalent"])
    print(table(rows, asked))
    return 1 if n_short else 0


def tried(
    copy: Copy, choice: Choice, package: str, asked: argparse.Namespace,
    excused: dict[tuple[str, str, str], str],
) -> dict[str, Any]:  # fmt: skip
    """Ask the tests about a sample of a package and print each fault that none noticed."""
    row: dict[str, Any] = {"package": package, "sampled": 0, "killed": 0, "equivalent": 0}
    for fault in sampled(copy.root, package, asked.sample, asked.seed, asked.match):
        source = (copy.root / fault.path).read_bytes()
        started = time.monotonic()
        row["sampled"] += 1
        reason = excused.get((fault.path, *fault.lines(source)))
        if reason is not None:
            row["equivalent"] += 1
            print(f"equivalent {fault.path}:{fault.line}: {reason}\n{fault.diff(source)}\n")
            continue
        numbers = choice.of(fault)
        verdict, why, n_asked = "survived", "no test executes it", 0
        for chosen in choice.batches(numbers, BUDGETS_S):
            verdict, why = copy.ask(chosen, fault)
            n_asked += len(chosen.tests)
            if verdict != "survived":
                break
        seconds = time.monotonic() - started
        row["killed"] += verdict != "survived"
        print(f"{verdict} {fault.path}:{fault.line} in {seconds:.0f} s: {why}", flush=True)
        if verdict == "survived" or asked.verbose:
            print(f"{n_asked} of {len(numbers)} tests asked\n{fault.diff(source)}\n", flush=True)
    return row


def sampled(root: Path, package: str, size: int, seed: int, match: str = "") -> list[Fault]:
    """Return the faults drawn for a package, in the order of its files; not of those named apart.

    A line is drawn first, then one of the faults that begin there, so that long formulas do not
    crowd out the rest.
    """
    lines: dict[tuple[str, int], list[Fault]] = {}
    apart = tuple(f"{other}/" for other in PACKAGES if other.startswith(f"{package}/"))
    for path in sorted((root / package).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if name.startswith(apart):
            continue
        for fault in faults_of(name, path.read_bytes()):
            if re.search(match, f"{name}:{fault.line}"):
                lines.setdefault((name, fault.line), []).append(fault)
    rng = random.Random(f"{seed} {package}")
    drawn: list[Fault] = []
    for at in rng.sample(sorted(lines), len(lines)):
        if len(drawn) == size:
            break
        fault = rng.choice(lines[at])
        if parses(fault.applied((root / fault.path).read_bytes())):
            drawn.append(fault)
    return sorted(drawn, key=lambda fault: (fault.path, fault.line))


def known_equivalents() -> dict[tuple[str, str, str], str]:
    """Faults that change nothing anyone could see, with the reason; keyed by file and lines."""
    entries = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))["fault"]
    return {(e["file"], e["was"], e["becomes"]): e["reason"] for e in entries}


def table(rows: list[dict[str, Any]], asked: argparse.Namespace) -> str:
    """The result in the form of a document."""
    lines = ["| package | faults | noticed | equivalent | share noticed |", "| --- " * 5 + "|"]
    total = {"package": "all", "sampled": 0, "killed": 0, "equivalent": 0}
    for row in rows:
        for key in ("sampled", "killed", "equivalent"):
            total[key] += row[key]
    for row in [*rows, total]:
        n_real = row["sampled"] - row["equivalent"]
        share = f"{100 * row['killed'] / n_real:.0f} %" if n_real else "–"
        cells = [row["package"], row["sampled"], row["killed"], row["equivalent"], share]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--package", action="append", help="folder, may be repeated; default: all")
    parser.add_argument("--sample", type=int, default=20, help="faults in each package")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--match", default="", help="only where FILE:LINE matches this pattern")
    parser.add_argument("--at-least", type=float, default=0.9, help="share to be noticed in each")
    parser.add_argument("--verbose", action="store_true", help="the diff of each fault")
    parser.add_argument(
        "--folder", type=Path,
        help="where the copy is made, with what a later run can use again; default: thrown away",
    )  # fmt: skip
    parser.add_argument("tests", nargs="*", help="what pytest is to record; default: all tests")
    return parser


if __name__ == "__main__":
    sys.exit(main())
