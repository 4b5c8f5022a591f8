"""What the changelog says a result became is what the golden files hold."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from tests.conftest import REPOSITORY

MARK = "two golden replicates"
ROW = re.compile(
    rf"^\| `(?P<scenario>[\w-]+)` \| `(?P<metric>\w+)`, {MARK} "
    r"\| [^|]+ → (?P<first>[\d.,]+) and (?P<second>[\d.,]+)[^|]*\|",
    re.M,
)


def unreleased() -> str:
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.partition("\n## Unreleased\n")[2].partition("\n## ")[0]


def golden(scenario: str, metric: str) -> list[float]:
    """Values of the replicates that a golden file keeps."""
    path = REPOSITORY / "tests" / "golden" / "values" / f"{scenario}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [float(row["value"]) for row in csv.DictReader(file) if row["metric"] == metric]


def wrong(text: str) -> Iterator[str]:
    """Rows that print other numbers than the golden files, at the digits they print."""
    for row in ROW.finditer(text):
        values = golden(row["scenario"], row["metric"])
        for value, printed in zip(values, (row["first"], row["second"]), strict=True):
            digits = len(printed.replace(",", "").replace(".", "").lstrip("0")) or 1
            if float(f"{value:.{digits}g}") != float(printed.replace(",", "")):
                yield f"{row[0]}: {value:g}"


def test_rows_of_golden_replicates_are_those_of_the_golden_files() -> None:
    text = unreleased()
    assert text.count(MARK) == len(ROW.findall(text)) >= 1
    assert list(wrong(text)) == []


def test_a_row_that_went_stale_is_found() -> None:
    row = f"| `austria-2022` | `businesses_ever_down`, {MARK} | 7 and 6 → 3 and {{}} | x |"
    assert list(wrong(row.format("1"))) == []
    assert len(list(wrong(row.format("2")))) == 1
