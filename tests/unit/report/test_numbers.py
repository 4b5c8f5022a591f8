"""Numbers as readers see them: rounded, in one unit, never a power of ten, never a false zero."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.report.page.sources import value_cell
from sim.report.words.languages import language
from sim.report.words.numbers import (
    at_least,
    listing,
    number,
    percent,
    percent_span,
    quantity,
    span,
)

NBSP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (651, "651"),
        (1000, "1,000"),
        (27.66, "27.7"),
        (2141, "2,141"),
        (2141.4, "2,140"),
        (950_058.7, "950,000"),
        (999.7, "1,000"),
        (0.11912, "0.119"),
        (0.9996, "1.00"),
        (15_375_018, f"15.4{NBSP}million"),
        (999_600_000, f"1.00{NBSP}billion"),
        (999_400, "999,400"),
        (999_700, f"1.00{NBSP}million"),
        (-2_500_000, f"-2.50{NBSP}million"),
        (9.36e10, f"93.6{NBSP}billion"),
        (4.9e-05, "0.0000490"),
        (8.97e-10, "nearly 0"),
        (math.nan, "not known"),
    ],
)
def test_a_number_is_said_in_three_digits(value: float, text: str) -> None:
    assert number(value) == text


@given(st.floats(1e-6, 1e14))
def test_what_is_said_is_the_number_to_three_digits(value: float) -> None:
    text = number(value)
    factor = {"million": 1e6, "billion": 1e9, "trillion": 1e12}
    digits, _, unit = text.partition(NBSP)
    said = float(digits.replace(",", "")) * factor.get(unit, 1)
    assert "e" not in digits
    assert said == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (12_176_998, 17_408_000, f"12.2 to 17.4{NBSP}million"),
        (186_124_701, 1_582_759_841, f"186{NBSP}million to 1.58{NBSP}billion"),
        (191_234, 2_984_000, f"191,000 to 2.98{NBSP}million"),
        (33_835, 1_064_000, f"33,800 to 1.06{NBSP}million"),
        (999_700, 2_984_000, f"1.00 to 2.98{NBSP}million"),
        (-2_500_000, 300_400, f"-2.50{NBSP}million to 300,000"),
        (257, 66_369, "257 to 66,369"),
        (720_144.3, 817_523.6, "720,000 to 818,000"),
        (8.97e-09, 37_800_000, f"nearly 0 to 37.8{NBSP}million"),
        (0.00714, math.inf, "0.00714 and more"),
        (0, 2_000_000, f"0 to 2.00{NBSP}million"),
        (5_000, 2_000_000, f"5,000 to 2.00{NBSP}million"),
        (math.nan, 3, "not known"),
        # Neither end is to be read in the unit of the other.
        (9.42, 13_000_000, "9.42 to 13,000,000"),
        (9.42, 13_040_000, "9.42 to 13,000,000"),
        (-589_900_000, 244_400_000, f"-590{NBSP}million to 244{NBSP}million"),
        (-20_500_000, 0, f"-20.5{NBSP}million to 0"),
    ],
)
def test_a_range_says_a_unit_once_where_both_ends_have_it(
    low: float, high: float, text: str
) -> None:
    assert span(low, high) == text


def test_shares_are_percentages_and_a_tiny_one_is_not_zero() -> None:
    assert percent(0.3431) == f"34.3{NBSP}%"
    assert percent(0) == f"0{NBSP}%"
    assert percent(2.7e-7) == f"less than 0.0001{NBSP}%"
    assert percent(math.nan) == "not known"
    # As people round, also where the float is a hair below, as 100 times 0.285 is.
    # Nearly all is not all, whatever the digits.
    assert [percent(share, 2) for share in (0.9949, 0.999, 0.99999, 1.0, 1.0 - 1e-15)] == [
        f"{text}{NBSP}%" for text in ("99", "99.90", "over 99.99", "100", "100")
    ]
    assert (percent(0.9999, 2), percent(0.99996, 2)) == (f"99.99{NBSP}%", f"over 99.99{NBSP}%")
    assert percent_span(0.5, 0.9996) == f"50 to 99.96{NBSP}%"
    assert (percent(0.125, 2), percent(0.285, 2)) == (f"13{NBSP}%", f"29{NBSP}%")
    assert percent_span(0.0974, 0.145) == f"9.74 to 14.5{NBSP}%"
    assert percent_span(8.8e-8, 0.059) == f"nearly 0 to 5.90{NBSP}%"
    assert percent_span(0.0, 0.059) == f"0 to 5.90{NBSP}%"
    assert quantity(0.5, "share of users") == f"50{NBSP}%"
    assert quantity(0.5, "businesses") == "0.500"


def test_names_are_listed_in_words() -> None:
    assert [listing(["a"]), listing(["a", "b"]), listing(["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]


def test_a_value_that_is_a_list_reads_as_one() -> None:
    assert value_cell(["sharing-2018", 1234.5]).text == "sharing-2018, 1,234.5"
    assert value_cell(["sharing-2018", 0.5], language("es")).text == "sharing-2018, 0,5"


@pytest.mark.parametrize(
    ("share", "n_digits", "text"),
    [
        (0.9459317332010255, 2, "94 %"),
        (0.9459317332010255, 3, "94.5 %"),
        (0.29, 2, "29 %"),
        (0.9999, 3, "99.9 %"),
        (0.00056, 1, "0.05 %"),
        (1e-9, 2, "0 %"),
        (0.0, 2, "0 %"),
        (1.0, 2, "100 %"),
        (math.nan, 2, "not known"),
    ],
)
def test_a_lower_bound_is_never_printed_above_itself(
    share: float, n_digits: int, text: str
) -> None:
    assert at_least(share, n_digits).replace(NBSP, " ") == text
