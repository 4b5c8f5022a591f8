"""What the changelog says a result became is what the golden files hold."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from statistics import fmean

from tests.conftest import REPOSITORY

METRICS = {
    "addresses listed at most": "addresses_listed_peak",
    "businesses ever affected": "businesses_ever_affected",
    "businesses ever impaired": "businesses_ever_impaired",
    "business-hours impaired": "business_hours_impaired",
    "user-hours denied": "target_user_hours_denied",
    "share of demand lost": "demand_lost_share",
    "share of names hit": "names_hit_share",
}
ROW = re.compile(
    r"^\| `(?P<scenario>[\w-]+)` \| (?P<measure>[\w -]+?)(?P<unit>, million)? \(two replicates\) "
    r"\| \S+ → (?P<new>[\d.,]+) \|",
    re.M,
)


def unreleased() -> str:
    text = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.partition("\n## Unreleased\n")[2].partition("\n## ")[0]


def golden(scenario: str, metric: str) -> float:
    """Mean over the replicates that a golden file keeps."""
    path = REPOSITORY / "tests" / "golden" / "values" / f"{scenario}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return fmean(float(row["value"]) for row in csv.DictReader(file) if row["metric"] == metric)


def wrong(text: str) -> Iterator[str]:
    """Rows that say another number than the golden files, at the digits they say."""
    for row in ROW.finditer(text):
        value = golden(row["scenario"], METRICS[row["measure"]]) / (1e6 if row["unit"] else 1)
        digits = len(row["new"].replace(",", "").replace(".", "").lstrip("0")) or 1
        said = float(row["new"].replace(",", ""))
        n = min(digits, 3)
        if float(f"{value:.{n}g}") != float(f"{said:.{n}g}"):
            yield f"{row[0]}: {value:g}"


def test_rows_of_two_replicates_are_those_of_the_golden_files() -> None:
    text = unreleased()
    assert text.count("(two replicates)") == len(ROW.findall(text))
    assert list(wrong(text)) == []


def test_a_row_that_went_stale_is_found() -> None:
    row = "| `one-region` | user-hours denied, million (two replicates) | 1,960 → {} | x |"
    assert list(wrong(row.format("2,100"))) == []
    assert len(list(wrong(row.format("2,110")))) == 1
