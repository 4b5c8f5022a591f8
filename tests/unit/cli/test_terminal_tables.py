"""Numbers in tables of the terminal: few digits, and what is not known is said to be so."""

from __future__ import annotations

import io
import json
import math
import sys

import pytest
from rich.console import Console

from sim.cli.tables import comparison
from sim.cli.tables.run import print_summary
from sim.cli.terminal.console import print_json
from sim.cli.terminal.tables import interval, number, with_interval
from sim.experiment.ensemble import UncertaintyLine
from sim.experiment.verdicts import VerdictLine
from sim.measure.summary import SummaryLine


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (0.00041, "0.00041"),
        (3.456, "3.46"),
        (-12.4, "-12"),
        (64_900, "64,900"),
        (16_300_000, "16.30 M"),
        (math.nan, "not known"),
    ],
)
def test_a_number_has_three_digits_or_is_whole_or_in_millions(value: float, said: str) -> None:
    assert number(value) == said


def test_a_mean_without_an_interval_says_that_it_is_not_known() -> None:
    assert with_interval(3, 2.5, 3.5) == "3 [2.5, 3.5]"
    assert with_interval(3, math.nan, math.nan) == "3 [not known]"
    assert with_interval(math.nan, math.nan, math.nan) == "not known"
    assert interval(math.nan, math.nan) == "not known"


@pytest.mark.parametrize(
    ("encoding", "begins"), [("utf-8", '{\n  "é"'), ("ascii", '{\n  "\\u00e9"')]
)
def test_json_has_letters_that_its_reader_can_show(
    encoding: str, begins: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding, write_through=True))
    print_json({"é": 1})
    assert out.getvalue().decode(encoding).startswith(begins)
    assert json.loads(out.getvalue()) == {"é": 1}


@pytest.mark.parametrize(("width", "has_units"), [(80, False), (112, True)])
def test_a_summary_has_units_where_there_is_room(
    width: int, has_units: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sim.cli.tables.run.open_console", lambda: Console(file=out, width=width))
    line = SummaryLine(
        "replay", "businesses_impaired_peak", "businesses", 3, 3, 2, 4, 0.9, 5, 10, "businesses"
    )
    print_summary([line], "A title")
    header, row = out.getvalue().splitlines()[1:]
    assert header.split()[-1] == ("unit" if has_units else "published")
    assert row.split()[-1] == ("businesses" if has_units else "10")


@pytest.mark.parametrize("width", [80, 140])
def test_a_median_over_draws_does_not_stand_beside_the_denominator_as_given(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr("sim.cli.tables.run.open_console", lambda: Console(file=out, width=width))
    name, unit = "businesses_ever_impaired", "businesses"
    line = SummaryLine("replay", name, unit, 420, 420, 400, 440, 0.9, 5, 1000, unit)
    drawn = UncertaintyLine("replay", name, unit, 5, 420, 400, 440, 64, 64.0, 1.0, 1045, 800, 2000,
                            0.9, math.nan, "", math.nan, "", math.nan, "", math.nan)  # fmt: skip
    print_summary([line], "A title", uncertainty=[drawn])
    assert "1,045" in out.getvalue()
    assert "1,000" not in out.getvalue()
    assert "out of" not in out.getvalue()


def test_what_a_verdict_means_is_said_once() -> None:
    lines = [
        VerdictLine(metric, "", *pair, 64, 54.0, *[0.5] * 6, "not settled", *[0.0] * 3)
        for metric in ("names_hit", "private_loss_usd")
        for pair in (("none", "exact"), ("none", "wide"))
    ]
    first, last = comparison._verdicts(lines)
    assert (len(first.rows), first.notes) == (2, ())
    (note,) = last.notes
    assert note.startswith("shares of the weight of 64 draws; better or worse: so in at least")
