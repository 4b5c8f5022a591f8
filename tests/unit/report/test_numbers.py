"""Numbers as readers see them: two digits, in one unit, no power of ten, no false zero."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.measure.estimates import Estimate
from sim.report.words.languages import NBSP, listing
from sim.report.words.numbers import (
    as_bound,
    at_most,
    count,
    definition,
    exact,
    interval,
    number,
    percent,
    percent_span,
    quantity,
    range_text,
    rounded,
    span,
    spoken,
    value_text,
    width,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12, "12"),
        (651, "650"),
        (27.66, "28"),
        (2141.4, "2,100"),
        (999.7, "1,000"),
        (0.11912, "0.12"),
        (0.9996, "1"),
        (15_375_018, "15 million"),
        (999_600_000, "1 billion"),
        (994_000, "990,000"),
        (-2_500_000, "-2.5 million"),
        (9.36e10, "94 billion"),
        (4.9e-05, "0.000049"),
        (8.97e-10, "nearly 0"),
        (math.nan, "not known"),
    ],
)
def test_a_number_has_two_digits(value, text):
    assert number(value) == text.replace(" million", f"{NBSP}million").replace(
        " billion", f"{NBSP}billion"
    )


@given(st.floats(1e-6, 1e14))
def test_what_is_printed_is_the_number_to_two_digits(value):
    digits, _, unit = number(value).partition(NBSP)
    factor = {"million": 1e6, "billion": 1e9, "trillion": 1e12}.get(unit, 1)
    assert "e" not in digits
    assert float(digits.replace(",", "")) * factor == pytest.approx(value, rel=0.0501)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (12_176_998, 17_408_000, "12 to 17 million"),
        (186_124_701, 1_582_759_841, "190 million to 1.6 billion"),
        (191_234, 2_984_000, "190,000 to 3 million"),
        (257, 66_369, "260 to 66,000"),
        (8.97e-09, 37_800_000, "nearly 0 to 38 million"),
        (0.00714, math.inf, "0.0071 and more"),
        (0, 2_000_000, "0 to 2 million"),
        (18_350_000, 18_400_000, "18 million"),
        (math.nan, 3, "not known"),
        (3, math.nan, "not known"),
        # Neither end is to be read in the unit of the other.
        (9.42, 13_000_000, "9.4 to 13,000,000"),
        (-589_900_000, 244_400_000, "-590 million to 240 million"),
        (-20_500_000, 0, "-21 million to 0"),
    ],
)
def test_a_range_has_its_unit_once_and_does_not_break(low, high, text):
    assert span(low, high) == (text if text == "not known" else text.replace(" ", NBSP))


def test_shares_are_percentages_and_a_tiny_one_is_not_zero():
    told = {0.3431: "34%", 0.0: "0%", 0.00321: "0.32%", 0.125: "13%", 0.285: "29%", 1.0: "100%"}
    assert {share: percent(share) for share in told} == told
    assert percent(0.9996) == f"over{NBSP}99%"
    assert percent(2.7e-7).replace(NBSP, " ") == "less than 0.0001%"
    assert percent(math.nan) == "not known"
    assert percent_span(0.0974, 0.145) == f"9.7{NBSP}to{NBSP}15%"
    assert percent_span(0.5, 0.5001) == "50%"
    assert {percent_span(math.nan, 0.5), percent_span(0.5, math.nan)} == {"not known"}
    # A threshold is what was set, not an estimate.
    assert [definition(one) for one in (0.125, 0.995, 0.07)] == ["12.5%", "99.5%", "7%"]
    assert (quantity(0.5, "share of users"), quantity(0.5, "businesses")) == ("50%", "0.5")


@given(st.floats(1e-5, 0.99))
def test_bounds_hold_as_printed(share):
    high = Fraction(at_most(share).rstrip("%")) / 100
    assert high >= Fraction(share) * (1 - Fraction(1, 10**9))


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.78, "four in five"),
        (0.5, "half"),
        (0.34, "one in three"),
        (0.97, "almost all"),
        (1.0, "all"),
        (0.0, "none"),
        (0.0121, "about 1.2%"),
        (0.13, "one in eight"),
    ],
)
def test_a_share_is_spoken_as_a_fraction_from_a_tenth_on(share, text):
    assert spoken(share) == text


def test_an_estimate_whose_range_is_a_point_in_two_digits_has_none():
    assert range_text(Estimate(18.35e6, 18.3e6, 18.4e6, "addresses")) == ""
    found = Estimate(0.78, 0.65, 0.87, "share")
    assert (value_text(found), range_text(found)) == ("78%", f"65{NBSP}to{NBSP}87%")


def test_hours_that_are_the_same_in_every_simulation_add_up_as_printed():
    def told(hours, spread=0.0, unit="h", n=16):
        return value_text(Estimate(hours, hours - spread, hours + spread, unit, n_known=n))

    assert [told(one) for one in (166.57, 196.98, 363.55)] == ["167", "197", "364"]
    assert (told(-363.55), told(1234.5, unit="business-hours")) == ("-364", "1,234")
    # To a tenth below ten hours at most: polls are minutes apart. One simulation has no spread.
    assert [told(one) for one in (2.527, 17.51)] == ["2.5", "18"]
    assert (told(363.55, spread=9), told(363.55, n=1), told(363.55, unit="EUR")) == ("360",) * 3


def test_names_are_listed_in_words():
    assert [listing(list("ab"[:n])) for n in (1, 2)] == ["a", "a and b"]
    assert listing(["a", "b", "c"]) == "a, b and c"


def test_scores_are_written_with_four_digits_and_published_figures_as_they_are() -> None:
    assert [rounded(one) for one in (17.04e6, 792.4, 0.43712, 1.84e-5, 0.0)] == [
        "17.04 million", "792.4", "0.437", "1.8e-05", "0",
    ]  # fmt: skip
    assert [exact(one) for one in (17_771_008, 0.437)] == ["17,771,008", "0.437"]
    assert width(3.1) == "×1,260"
    assert (interval(0.5, 2000.0), interval(None, 1.0)) == ("[0.5, 2,000]", "not known")
    assert [count(n, "replicate") for n in (0, 1, 2000)] == [
        "0 replicates", "1 replicate", "2,000 replicates",
    ]  # fmt: skip


def test_numbers_without_a_limit_and_bounds_of_nearly_nothing() -> None:
    assert (number(math.inf), span(2.0, math.inf)) == ("no limit", f"2{NBSP}and{NBSP}more")
    unknown = Estimate(math.nan, math.nan, math.nan, "h")
    assert as_bound(unknown) is unknown
