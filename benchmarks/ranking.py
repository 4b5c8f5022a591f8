"""Writes the example of a ranking over draws: ``python -m benchmarks.ranking 1000``.

Runs one comparison of three strategies over joint draws of all that is not known, and writes what
its tables say into ``docs/how-to/rank-strategies-over-draws.md``. ``--from FOLDER`` takes a
comparison that was made before, by the command on the page.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.page import table
from sim.version import __version__

PAGE = Path(__file__).resolve().parent.parent / "docs/how-to/rank-strategies-over-draws.md"
STRATEGIES = ("exact", "aggregate:length=24", "covering-prefix")
MEASURES = {
    "business_hours_impaired": "business-hours impaired",
    "collateral_per_million_user_hours_denied": "business-hours impaired per million user-hours "
    "denied",
    "target_user_hours_denied": "user-hours denied",
}
"""Collateral, collateral for each effect, effect; and what they are called on the page."""
N_TESTED = 4
"""Draws with which tests run the command of the page."""
BLOCK = re.compile(r"(<!-- ranking -->\n).*?(\n<!-- end -->)", re.DOTALL)


def command_of(n_draws: int) -> list[str]:
    """The comparison, as words of a command line without its output."""
    strategies = [word for one in STRATEGIES for word in ("--strategy", one)]
    metrics = [word for one in MEASURES for word in ("--metric", one)]
    return [
        "compare",
        "telegram-2018",
        *strategies,
        *metrics,
        "-n",
        "2",
        "--draws",
        str(n_draws),
        "--draws-from",
        "none",
    ]


def main() -> None:
    """Run the comparison, and write the block."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranking", description=__doc__)
    parser.add_argument("n_draws", type=int, nargs="?", default=1000)
    parser.add_argument("--from", dest="folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.folder or Path(scratch, "ranked")
        if given.folder is None:
            asked = [sys.executable, "-m", "sim", *command_of(given.n_draws), "-o", str(folder)]
            subprocess.run(asked, check=True)
        text = block(folder)
    page, n = BLOCK.subn(lambda match: match[1] + text + match[2], PAGE.read_text("utf-8"))
    assert n == 1, f"{PAGE} has no place for it"
    PAGE.write_text(page, encoding="utf-8")


def rows_of(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def block(folder: Path) -> str:
    """What the tables of the comparison say, in Markdown."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    n = manifest["n_draws"]
    verdicts = [
        row
        for row in rows_of(folder / "verdicts.csv")
        if row["metric"] in MEASURES and {row["strategy"], row["other"]} <= set(STRATEGIES)
    ]
    regrets = [row for row in rows_of(folder / "regrets.csv") if row["metric"] in MEASURES]
    return "\n".join(
        [
            f"<!-- draws: {N_TESTED} -->",
            "```sh",
            "overblock " + " ".join(command_of(n)) + " -o ranked",
            "```",
            "",
            f"Over {n:,} draws, with overblock {__version__}:",
            "",
            table(
                ["measure", "strategy", "against", "less in", "equal in", "more in", "verdict",
                 "decided by"],
                [_verdict(row) for row in verdicts],
            ),
            "",
            table(
                ["measure", "strategy", "expected regret", "largest regret", "denies nothing in"],
                [_regret(row) for row in regrets],
            ),
        ]
    )  # fmt: skip


def _verdict(row: dict[str, str]) -> list[str]:
    shares = [f"{float(row[f'share_{name}']):.1%}" for name in ("less", "equal", "more")]
    region = "" if not row["region"] else (
        f"{row['region']}: {row['region_says']} (coverage {float(row['coverage']):.0%}, density "
        f"{float(row['density']):.0%})"
    )  # fmt: skip
    return [MEASURES[row["metric"]], f"`{row['strategy']}`", f"`{row['other']}`", *shares,
            row["verdict"], region]  # fmt: skip


def _regret(row: dict[str, str]) -> list[str]:
    numbers = [
        f"{float(f'{float(row[name]):.3g}'):,g}" if row[name] else ""
        for name in ("expected_regret", "most_regret")
    ]
    for place, key in enumerate(("has_least_expected", "has_least_most")):
        if row[key] == "true":
            numbers[place] = f"**{numbers[place]}**"
    nothing = f"{float(row['share_without_effect']):.0%}" if row["share_without_effect"] else ""
    return [MEASURES[row["metric"]], f"`{row['strategy']}`", *numbers, nothing]


if __name__ == "__main__":
    main()
