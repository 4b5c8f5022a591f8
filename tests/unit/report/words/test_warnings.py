"""Warnings say tables, countries and strategies in words, and keep what they do not know."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sim.report.words.warnings import warnings_in_words
from sim.results.read import open_run


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            "tables of another country or time stand in for ES in 2026: assumptions (RU, 2018), "
            "hosting-concentration (2020 to 2022), of-theirs (EU)",
            "Numbers of another country or time stand in for Spain in 2026: “Assumed values of "
            "scenario keys” (Russia, 2018); “How many names share an address” (2020 to 2022); "
            "“of-theirs” (European Union).",
        ),
        (
            "replay hits nobody: no operator carried an order out before the end",
            "“the orders as placed” hits nobody: no operator carried an order out before the end.",
        ),
        ("other hits nobody: so it is.", "Other hits nobody: so it is."),
        (
            "4 replicates: 95 % BCa intervals are too narrow with so few, Student's t holds "
            "better; see docs/explanation/statistics.md",
            "4 replicates are few: ranges by luck come out too narrow.",
        ),
        ("3 orders fall late", "3 orders fall late."),
    ],
)
def test_a_warning_is_said_for_whoever_reads_the_page(
    given: str, said: str, shipped_run: Path
) -> None:
    run = open_run(shipped_run)
    told: Any = {**run.manifest, "warnings": [given]}
    assert warnings_in_words(replace(run, manifest=told)) == [said]


def test_warnings_are_recognised_as_they_are_written() -> None:
    """The sentences that are put into words are those that the commands print."""
    from sim.report.words import warnings
    from sim.scenario.cautions import list_warnings
    from sim.scenario.load import load_scenario
    from sim.scenario.resolve import resolve
    from sim.statistics.paired import warn_of_few

    (first, *_) = list_warnings(resolve(load_scenario("match-days")))
    assert warnings._STAND_IN.fullmatch(first)
    (few,) = warn_of_few(4)
    assert warnings._FEW.match(few)
