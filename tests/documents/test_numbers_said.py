"""Numbers, and absences, that documents say in sentences of their own, against what they are of."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from typing import Any

from sim.scenario.library import scenario_names
from sim.scenario.load import load_scenario
from tests.conftest import REPOSITORY

EXPLANATION = REPOSITORY / "docs" / "explanation"
SCORES = json.loads((EXPLANATION / "validation.json").read_text(encoding="utf-8"))
CHECKS = [
    one for one in SCORES["scores"] if one["role"] == "known" and one["quality"]["crps"] is not None
]
"""Figures that set nothing, are no mere bounds, and are predicted."""


def words_of(name: str) -> str:
    return " ".join((EXPLANATION / f"{name}.md").read_text(encoding="utf-8").split())


def scenarios_with(asks: Any) -> set[str]:
    return {name for name in scenario_names() if asks(load_scenario(name).scenario)}


def test_how_many_figures_set_nothing_is_counted() -> None:
    numbers = {one["counts_as"] or one["id"] for one in CHECKS}
    sessions = [one for one in CHECKS if one["id"].startswith("spain-")]
    days = {one["id"][-len("2026-02-08") :] for one in sessions}
    assert len(days) == 9
    assert (
        f"{len(CHECKS)} figures that set nothing and are no mere bounds ({len(numbers)} numbers, "
        f"where those that show one thing count once; {len(sessions)} of the {len(CHECKS)} are of "
        "nine sessions of one list), most of them inside"
    ) in words_of("appendix")
    assert sum(one["verdict"] == "inside" for one in CHECKS) > len(CHECKS) / 2


def test_where_the_fit_is_poor_is_what_the_table_of_the_first_days_says() -> None:
    page = (EXPLANATION / "mechanisms.md").read_text(encoding="utf-8")
    row = r"^\| 17 April, {} [^|]*\|[^|]*\|[^|]*\| ([\d.]+) \|"
    ratios = [
        found[1]
        for at in ("16:30", "17:00")
        if (found := re.search(row.format(at).replace(" [", "[", 1), page, re.M))
    ]
    assert (
        f"between 16:30 and 17:00 on 17 April 2018 the model lists {ratios[0]} to {ratios[1]} of"
    ) in words_of("appendix")


def test_what_no_scenario_of_the_library_has_none_has() -> None:
    said = words_of("limitations")

    drawn = {"telegram-2018"}
    assert scenarios_with(lambda one: one.censor and one.censor.outside_withdrawals_per_d) == drawn
    assert "(`tenancy`; of the library `piracy-shield`)" in said
    assert scenarios_with(lambda one: one.tenancy) == {"piracy-shield"}
    assert "(`names.kinds`). `zello-2018` and `blackout-to-year-end` know no kinds" in said
    assert scenarios_with(lambda one: not one.names.kinds) == {
        "zello-2018", "blackout-to-year-end"
    }  # fmt: skip


def test_no_shipped_table_has_prefixes_of_ipv6() -> None:
    assert "in an inventory; no shipped table has any" in words_of("limitations")
    columns = ("prefix", "address", "addresses")
    seen = 0
    for path in sorted((REPOSITORY / "seeds").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                held = [row[name] for name in columns if row.get(name)]
                seen += len(held)
                assert not any(":" in text for text in held), path
    assert seen > 1000


# What the changelog says a result became is what the golden files hold.


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
