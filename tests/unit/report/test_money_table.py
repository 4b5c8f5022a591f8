"""Bars of money on one axis of powers of ten."""

from __future__ import annotations

import math

import pytest

from sim.measure.money.accounts import MODELLED
from sim.report.page.money import money_tables
from sim.report.words.numbers import NBSP
from sim.results.tables import Row


def method(name: str, low: float, mean: float, high: float) -> Row:
    return {
        "strategy": "exact", "method": name, "formula": "", "scope": "modelled", "low": low,
        "mean": mean, "high": high, "published": "", "published_note": "",
    }  # fmt: skip


def test_bars_and_ticks_stand_on_one_logarithmic_axis() -> None:
    rows = [
        method("overblock_private_loss", 2e6, 1e7, 1e8),
        method("oecd", 1e8, 1e9, 5e9),
        method("cost", math.nan, math.nan, math.nan),
    ]
    table = money_tables(rows, ("exact",))[0]
    assert table.columns[3].axis == ((0, f"1{NBSP}m"), (50, f"100{NBSP}m"), (100, f"10{NBSP}bn"))
    first, second, third = (line.cells[3].bar for line in table.rows)
    assert first is not None
    assert second is not None
    assert first.ticks == (0, 25, 50, 75, 100)
    # Ten million is one of four decades from a million.
    assert first.middle == 25
    assert first.from_ == pytest.approx(100 * math.log10(2) / 4, abs=0.01)
    assert first.from_ + first.width == pytest.approx(50, abs=0.01)
    assert second.middle == 75
    assert third is None


def test_a_column_of_what_is_published_is_left_out_where_nothing_is() -> None:
    alone = method("overblock_private_loss", 2e6, 1e7, 1e8) | {"scope": MODELLED}
    told = method("raec", 1e6, 2e6, 3e6) | {"published": "5"}
    without, with_ = (money_tables(rows, ("exact",))[0] for rows in ([alone], [alone, told]))
    assert "Published beside it" not in [column.title for column in without.columns]
    assert [len(line.cells) for line in without.rows] == [4]
    assert [column.title for column in with_.columns][4] == "Published beside it"
    assert [line.cells[4].text for line in with_.rows] == ["", "5 USD"]


def test_an_axis_has_two_ends_where_all_is_one_number() -> None:
    table = money_tables([method("oecd", 1000.0, 1000.0, 1000.0)], ("exact",))[0]
    assert [text for _, text in table.columns[3].axis] == [f"1{NBSP}k", f"10{NBSP}k"]
    assert table.rows[0].cells[3].bar is not None
    nothing = money_tables([method("oecd", 0.0, 0.0, 0.0)], ("exact",))[0]
    assert nothing.rows[0].cells[3].bar is None


def test_what_was_modelled_or_published_is_read_first_and_the_rest_on_demand() -> None:
    own = method("overblock_private_loss", 2e6, 1e7, 1e8) | {"scope": MODELLED}
    told = method("raec", 1e6, 2e6, 3e6) | {"scope": "country", "published": "5"}
    other = method("oecd", 1e8, 1e9, 5e9) | {"scope": "country"}
    first, everything = money_tables([own, other, told], ("exact",))
    assert everything is not None
    assert [len(first.rows), len(everything.rows)] == [2, 3]
    assert first.rows[0].cells[2] == everything.rows[0].cells[2]
    # A bar has the same place in both.
    assert first.columns[3].axis == everything.columns[3].axis
    assert first.rows[1].cells[3] == everything.rows[2].cells[3]
    assert money_tables([own, told], ("exact",))[1] is None


def test_the_loss_to_quote_is_the_first_row_with_its_own_range() -> None:
    rows = [
        method("overblock_private_loss", 2e6, 1e7, 1e8) | {"scope": MODELLED},
        method("oecd", 1e8, 1e9, 5e9),
    ]
    quoted: Row = {"strategy": "exact", "mean": 4e6, "all_low": 3e5, "all_high": 6e10}
    first, given = money_tables(rows, ("exact",), to_quote=[quoted])[0].rows[:2]
    said = [first.cells[2].text, first.cells[2].range, given.cells[2].text]
    assert [one.replace(NBSP, " ") for one in said] == [
        "4.00 million", "300,000 to 60.0 billion", "10.0 million",
    ]  # fmt: skip
    assert "median of the draws" in first.cells[0].range
    assert given.cells[2].range == f"2.00 to 100{NBSP}million by prices and luck"
    # Two rows of one measure have two names, and a head that is true of both.
    assert [first.cells[0].text, given.cells[0].text] == [
        "Private loss (this model), to quote", "Private loss (this model), as given",
    ]  # fmt: skip
    alone = money_tables(rows, ("exact",))[0]
    assert alone.rows[0].cells[0].text == "Private loss (this model)"
    assert not [one for one in alone.columns if "ean" in one.title]
    # All bars are on one scale, from the least end of them to the highest: 1e5 to 1e11.
    assert first.cells[3].bar is not None
    assert first.cells[3].bar.middle == pytest.approx(100 * math.log10(40) / 6, abs=0.01)


def test_a_choice_opens_on_the_strategy_that_the_page_speaks_of() -> None:
    rows = [method("oecd", 1.0, 2.0, 3.0) | {"strategy": name} for name in ("none", "exact")]
    table = money_tables(rows, ("none", "exact"), shown_first="exact")[0]
    assert [one.value for one in table.choices if one.is_chosen] == ["exact"]
