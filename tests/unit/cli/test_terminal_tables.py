"""Numbers in tables of the terminal: few digits, and what is not known is said to be so."""

from __future__ import annotations

import io
import json
import math
import sys

import pytest

from sim.cli.console import print_json
from sim.cli.tables import interval, number, with_interval
from sim.cli.verbs import experiments
from sim.experiment.verdicts import VerdictLine


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


def test_a_number_without_a_range_says_that_it_is_not_known() -> None:
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


def test_verdicts_are_one_table_that_says_once_how_many_have_to_agree() -> None:
    lines = [
        VerdictLine(metric, "", *pair, 64, 60, 0, 4, 0, needed, verdict, -1.0, -2.0, 0.0, *inputs)
        for metric in ("names_hit", "private_loss_usd")
        for pair, needed, verdict, inputs in (
            (("none", "exact"), 101, "differ", ("a.b", 0.5)),
            (("none", "wide"), 72, "too few", ()),
        )
    ]
    found = experiments._verdicts(lines)
    assert found.rows[0][:3] == ("none", "exact", "names_hit")
    assert found.rows[0][-1] == "differ; depends most on a.b"
    assert [row[-1] for row in found.rows[1::2]] == ["too few"] * 2
    (note,) = found.notes
    assert note.startswith("of 64 simulations; at least 72 that agree certify each")
