"""A zero of a sample is said with what it shows, and with the names behind what was listed."""

from __future__ import annotations

import math

from sim.cli.tables.expected_names import _rounded
from sim.report.words.expected_names import (
    bound_words,
    names_of_strategies,
    names_sentence,
    names_words,
    none_hit,
)
from sim.results.tables import Row


def listed(state: str = "known", n: int = 16, hit: float = 6_686_845.0) -> Row:
    ends = {"hit_mean": hit, "hit_low": 131_362.0, "hit_high": 22_320_689.0}
    active = {"active_mean": 6_037_650.0, "active_low": 119_588.0, "active_high": 20_319_021.0}
    numbers = dict.fromkeys(ends | active, math.nan) if state == "not known" else ends | active
    return {"strategy": "mine", "n_listed": n, "n_networks6": 0, "state": state, **numbers}


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_names_are_said_with_their_range_in_two_figures() -> None:
    assert plain(names_words(listed())) == "6.7 million names (130,000 to 22 million)"
    assert plain(names_words(listed("lower bound"))).startswith("at least 6.6 million names (")
    # Not known is no zero.
    assert names_words(listed("not known")) == "a number of names that is not known"
    assert names_words(None) == "a number of names that is not known"


def test_the_sentence_says_what_is_counted_and_over_which_time() -> None:
    assert plain(names_sentence(listed())) == (
        "Expected behind all addresses that were ever listed: 6.7 million names (130,000 to "
        "22 million). Counted are domain names that resolve to them, parked ones too; not parked: "
        "6 million (120,000 to 20 million)."
    )
    assert names_sentence(listed("not known")) == (
        "Expected behind all addresses that were ever listed: a number of names that is not known."
    )
    assert names_sentence(listed(n=0)) == "No address was ever listed, so no name is behind one."


def test_every_strategy_of_a_comparison_says_it() -> None:
    rows = {"exact": listed(), "none": listed(n=0, hit=0.0), "other": listed("not known")}
    assert plain(names_of_strategies(rows)) == (
        "Expected behind all addresses that were ever listed: exact: 6.7 million names (130,000 "
        "to 22 million); none: no address listed; other: a number of names that is not known."
    )
    assert names_of_strategies({}) == ""


def test_a_zero_is_said_with_how_many_were_expected_and_its_bound() -> None:
    few: Row = {"mean": 0.0088889, "denominator": 1000.0}
    # The rule of three: 3 of 1,000.
    assert plain(none_hit(few, 1000, listed())) == (
        "None of the modelled businesses was hit, a sample too small to tell: 0.0089 were "
        "expected on listed addresses (fewer than 0.3 % of all, 95 % bound)"
    )
    many: Row = {"mean": 12.0, "denominator": 1000.0}
    assert plain(none_hit(many, 1000, listed())) == (
        "None of the modelled businesses was hit, where 12 were expected on listed addresses "
        "(fewer than 0.3 % of all, 95 % bound)"
    )
    assert plain(none_hit(None, 300, None)) == (
        "None of the modelled businesses was hit (fewer than 1 % of all, 95 % bound)"
    )
    # Where nothing was listed, nothing has to be bounded.
    assert none_hit(few, 1000, listed(n=0)) == (
        "No address was listed and none of the modelled businesses was hit"
    )


def test_so_few_businesses_bound_nothing() -> None:
    assert bound_words(3) == "no upper bound"
    assert bound_words(math.nan) == "no upper bound"
    assert plain(bound_words(4)) == "fewer than 75 % of all, 95 % bound"


def test_an_upper_bound_is_rounded_up() -> None:
    # 3 of 1,300 are 0.2308 %.
    assert plain(bound_words(1300)) == "fewer than 0.24 % of all, 95 % bound"


def test_whole_names_are_rounded_once() -> None:
    """1.47 was 2, by way of 1.5."""
    rounded = [_rounded(value) for value in (1.47, 2.51, 3.46, 4.54, 7.46, 14.7, 147.0)]
    assert rounded == [1, 3, 3, 5, 7, 15, 150]
    assert _rounded(7.99, is_bound=True) == 7
