"""Draws of the money parameters from their ranges."""

import numpy as np
import pytest

from sim.measure.money.pricing import (
    drawn,
    economy_parameters,
    firm_keys,
    firm_parameters,
    triangular_quantile,
)
from sim.scenario.library import shipped
from sim.scenario.tables.money import EconomyRow, MoneyParameterRow
from sim.scenario.tables.seeds import read_table
from sim.streams import Streams
from tests.experiments import resolved_of
from tests.firms import central, shipped_money_parameters

SECTORS = ("e-commerce", "finance", "gaming", "a-sector-the-table-does-not-name")
ROWS = shipped_money_parameters().rows


@pytest.mark.parametrize(
    ("u", "row", "expected"),
    [
        ([0.0, 0.125, 0.5, 0.875, 1.0], (1, 2, 3), [1.0, 1.5, 2.0, 2.5, 3.0]),
        # The mode at either end, and a range that is a point.
        ([0.5], (0, 0, 1), [1 - np.sqrt(0.5)]),
        ([0.5], (0, 1, 1), [np.sqrt(0.5)]),
        ([0.0, 0.4, 1.0], (2, 2, 2), [2, 2, 2]),
    ],
)
def test_triangular_quantile_inverts_its_closed_form(u, row, expected):
    assert triangular_quantile(np.array(u), *row) == pytest.approx(expected, rel=1e-12)


def test_draws_have_the_mean_of_the_triangular_distribution():
    row = next(row for row in ROWS if row.key == "hosting_spend_share")
    values = drawn(Streams(1, 0), 20_000)("hosting_spend_share", row)
    a, b, c = row.low, row.value, row.high
    variance = (a**2 + b**2 + c**2 - a * b - a * c - b * c) / 18
    assert abs(values.mean() - (a + b + c) / 3) < 4 * np.sqrt(variance / 20_000)


def test_half_the_revenue_is_as_likely_as_twice():
    row = MoneyParameterRow(
        key="revenue_level", value=1, low=0.2, high=5, unit="factor", kind="assumption", why="test"
    )
    values = drawn(Streams(1, 0), 20_000)("revenue_level", row)
    assert abs(np.mean(values < 0.5) - np.mean(values > 2)) < 4 * np.sqrt(0.5 / 20_000)
    # Closed form of the triangle in the logarithm.
    below = 0.5 * ((np.log(5) - np.log(2)) / np.log(5)) ** 2
    assert abs(np.mean(values < 0.5) - below) < 4 * np.sqrt(below * (1 - below) / 20_000)


def test_every_draw_lies_in_the_range_of_its_row():
    assert len(ROWS) > 60
    values = drawn(Streams(7, 3), 500)
    for row in ROWS:
        found = values(row.key, row)
        assert row.low <= found.min() <= found.max() <= row.high, row.key


def test_longer_spells_are_recaptured_less_and_drive_more_customers_away_in_every_draw():
    for draws in (drawn(Streams(5, 0)), central):
        parameters = firm_parameters(ROWS, SECTORS, draws)
        assert (np.diff(parameters.recaptured_share, axis=2) < 0).all()
        assert (np.diff(parameters.leaving_share, axis=2) >= 0).all()


def test_a_sector_takes_its_own_row_and_else_the_general_one():
    by_sector = firm_parameters(ROWS, SECTORS, central)
    value = {(row.key, row.sector, row.spell_class): row.value for row in ROWS}
    assert by_sector.sensitivity[0].tolist() == [
        value["sensitivity", name, ""] for name in ("e-commerce", "finance", "gaming", "")
    ]
    assert by_sector.transfer_share[0, 2, 5] == value["transfer_share", "gaming", "over_14_d"]
    assert by_sector.transfer_share[0, 1, 5] == value["transfer_share", "", "over_14_d"]
    assert (
        value["transfer_share", "gaming", "over_14_d"] != value["transfer_share", "", "over_14_d"]
    )


def test_the_same_luck_gives_the_same_draws_and_other_replicates_give_others():
    first, again = (firm_parameters(ROWS, SECTORS, drawn(Streams(5, 2), 50)) for _ in range(2))
    other = firm_parameters(ROWS, SECTORS, drawn(Streams(5, 3), 50))
    assert np.array_equal(first.sensitivity, again.sensitivity)
    assert not np.array_equal(first.sensitivity, other.sensitivity)


def test_one_more_key_or_sector_changes_no_other_draw():
    fewer = firm_parameters(ROWS, SECTORS[:1], drawn(Streams(5, 2), 50))
    more = firm_parameters(ROWS, SECTORS, drawn(Streams(5, 2), 50))
    assert np.array_equal(fewer.leaving_share, more.leaving_share[:, :1])
    values, alone = drawn(Streams(5, 2), 50), drawn(Streams(5, 2), 50)
    row = ROWS[1]
    values("sensitivity", row)
    assert np.array_equal(values("churn_window_d", row), alone("churn_window_d", row))
    # Keys have luck of their own.
    assert not np.array_equal(values("churn_window_d", row), values("sensitivity", row))


def test_constants_of_the_economy_are_drawn_by_key():
    table = read_table("e", shipped("seeds") / "economy-russia-2018.csv", EconomyRow)
    constants = economy_parameters(table.rows, drawn(Streams(5, 2), 50))
    assert {values.shape for values in constants.values()} == {(50,)}
    assert set(constants) == {row.key for row in table.rows}


@pytest.mark.parametrize(("revenue", "is_known"), [("100", True), ("", False)])
def test_money_depends_on_the_level_of_revenue_where_any_is_drawn(revenue, is_known, tmp_path):
    table = tmp_path / "hosts.csv"
    table.write_text(
        "name,address,sector,revenue_usd_per_h\n"
        f"a.example,52.1.1.1,e-commerce,100\nb.example,52.1.1.2,e-commerce,{revenue}\n"
    )
    sites = f"population.inventory={table}"
    for n_businesses in (0, 1):
        n = f"population.n_businesses={n_businesses}"
        resolved = resolved_of("telegram-2018-replay", [sites, n])
        assert ("revenue_level" in firm_keys(resolved)) == (not is_known or n_businesses == 1)
