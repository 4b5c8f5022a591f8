"""Titles of charts say what the chart shows, at the moment that matters."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from sim.measure.bands import Band
from sim.report.words import findings
from sim.report.words.numbers import NBSP

START = datetime(2018, 4, 16, 12, tzinfo=timezone(timedelta(hours=3)))
DAY_S = 86_400


def band(*values: float, of: float = math.nan) -> Band:
    """A curve with a value a day; its band says nothing."""
    unknown = np.full(len(values), np.nan)
    return Band(np.arange(len(values)) * DAY_S, np.array(values), unknown, unknown, of, 1)


@pytest.mark.parametrize(
    ("say", "values", "said"),
    [
        (
            findings.lost, (0.0, 0.125, 0.06),
            "At worst in the model, on 17 April 2018, 13 % of what domestic customers tried failed",
        ),
        (
            findings.lost, (0.0, 0.0),
            "In the simulation nothing that domestic customers tried failed",
        ),
        (
            findings.listed, (5.0, math.nan, 12.3e6),
            "Most were listed on 18 April 2018: 12.3 million addresses, not counting the target's "
            "own",
        ),
        (findings.listed, (0.0,), "No addresses but the target's own were listed"),
        (
            findings.reached, (1.0, 0.25, 0.5),
            "Fewest reached the target on 17 April 2018: 25 % of its users",
        ),
        (findings.reached, (1.0, 1.0), "All of its users reached the target at all times"),
        (findings.reached, (math.nan,), "How many of its users reached the target is not known"),
        (
            findings.degraded, (0.0, 0.125, 0.06),
            "In the worst hours, on 17 April 2018, 13 % of its users were cut off or changing "
            "fronts",
        ),
        (
            findings.degraded, (0.0, 0.0),
            "None of its users was cut off or had to change fronts",
        ),
        (
            findings.degraded, (math.nan,),
            "How many of its users were cut off or changing fronts is not known",
        ),
        (
            findings.impaired, (0.0, 3.0),
            "At worst, on 17 April 2018, 3 of the businesses were impaired",
        ),
    ],
)  # fmt: skip
def test_a_title_tells_the_moment_that_matters(
    say: Callable[[Band, datetime], str], values: tuple[float, ...], said: str
) -> None:
    assert say(band(*values), START).replace(NBSP, " ") == said


def test_of_how_many_businesses_a_share_is_told() -> None:
    said = findings.impaired(band(0.0, 30.0, 20.0, of=120.0), START)
    assert (
        said.replace(NBSP, " ")
        == "At worst, on 17 April 2018, 25 % of the businesses were impaired"
    )
    assert findings.impaired(band(0.0, of=120.0), START) == "No business was impaired"


def test_of_several_lines_the_highest_is_named() -> None:
    lines = {"a": band(0.1, 0.2), "b": band(0.5, 0.0)}
    said = findings.most_of(lines, START, "Impaired at once", is_share=True, are_businesses=True)
    assert said.replace(NBSP, " ") == (
        "Impaired at once: most with b, 50 % of its businesses on 16 April 2018"
    )
    assert findings.most_of({"a": band(0.0)}, START, "X", is_share=True) == "X: none at any time"
    assert findings.fewest_reach(lines, START).replace(NBSP, " ") == (
        "Fewest reached the target on 17 April 2018: 0 % of its users, with b"
    )
    assert findings.fewest_reach({"a": band(1.0)}, START).startswith("All of its users")


def test_own_addresses_are_named_where_the_target_has_any() -> None:
    said = findings.listed(band(5.0, 7.0), START, has_own=False).replace(NBSP, " ")
    assert said == "Most were listed on 17 April 2018: 7 addresses"


def test_enforcing_is_told_of_users_and_of_operators() -> None:
    said = findings.enforcing(band(0.0, 0.9, 0.4), "users").replace(NBSP, " ")
    assert said == ("The average entry of the register was enforced for at most 90 % of the users")
    assert findings.enforcing(band(0.0), "operators") == "No operator enforced the register"


@pytest.mark.parametrize(
    ("given", "outside"),
    [
        (0.25, "; the line, which is as given, lies below that range, at 25 %"),
        (0.3, ""), (0.3 * (1 - 1e-13), ""), (0.8, ""),
        (0.9, "; the line, which is as given, lies above that range, at 90 %"),
    ],
)  # fmt: skip
def test_below_a_line_as_given_it_is_said_where_the_draws_lie_and_when(
    given: float, outside: str
) -> None:
    drawn = replace(band(0.1, given), wide=np.array([[0.0, 0.3], [0.0, 0.5], [0.0, 0.8]]))
    told = findings.where_draws_lie("“a”", drawn, 1, START, is_share=True).replace(NBSP, " ")
    at = " “a”, 17 April 2018, 12:00: nine in ten draws lie from 30 % to 80 %, with their median "
    assert told == f"{at}at 50 %{outside}."
    assert findings.is_outside(drawn, 1) is bool(outside)
    without = replace(drawn, wide=None)
    assert findings.where_draws_lie("“a”", without, 1, START, is_share=True) == ""
    assert not findings.is_outside(without, 1)
    unknown = replace(drawn, wide=np.full((3, 2), math.nan))
    assert findings.where_draws_lie("“a”", unknown, 1, START, is_share=True) == ""


def test_a_title_says_the_median_where_the_draws_lie_elsewhere() -> None:
    assert findings.as_given("X") == "X (mean as given)"
    told = "X (mean as given; median of the draws then: 7 %)"
    assert findings.as_given("X", middle="7 %") == told
    told = "X (median of the draws; mean as given then: 7 %)"
    assert findings.of_draws("X", "7 %") == told
