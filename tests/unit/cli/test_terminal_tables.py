"""Numbers in tables of the terminal: few digits, and what is not known is said to be so."""

from __future__ import annotations

import math

import pytest

from sim.cli.terminal.tables import interval, number, with_interval


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
