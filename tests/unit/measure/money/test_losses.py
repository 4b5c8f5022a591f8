"""What a run lost, added up by sector and class of spell length."""

from dataclasses import fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from sim.engine.state.ledger import SPELL_NAMES
from sim.measure.money.losses import Moves, add_up, loss_totals
from sim.measure.money.prices import firm_parameters
from sim.measure.money.pricing import money_of, provider_money
from sim.scenario.tables.money import SPELL_CLASSES
from tests.firms import (
    Loser,
    businesses_of,
    central,
    ledger_of,
    lost_in,
    moves_along,
    shipped_money_parameters,
    stretches,
)
from tests.worlds import DAY, HOUR, Actor, Firm, SmallWorld

SECTORS = ("shops", "games")


def totals_of(*losers: Loser, moves: Moves | None = None, demand_h: float = 1000.0):
    n = len(losers)
    return add_up(
        businesses_of(losers, SECTORS),
        ledger_of(losers),
        moves or Moves.none(np.zeros(n, np.int64), 4),
        np.full(n, demand_h),
        demand_h,
    )


def test_the_ledger_and_the_tables_name_the_same_classes_of_spell_length():
    assert SPELL_CLASSES == SPELL_NAMES


def test_lost_demand_is_worth_the_mean_domestic_revenue_behind_it():
    totals = totals_of(
        Loser(0, domestic_usd_per_h=100, lost_h=lost_in("1_d_to_3_d", 3), affected_h=30),
        Loser(0, domestic_usd_per_h=10, lost_h=lost_in("1_d_to_3_d", 2), affected_h=30),
        Loser(1, domestic_usd_per_h=7, lost_h=lost_in("under_1_h", 0.5), affected_h=0.5),
        Loser(1, domestic_usd_per_h=1000, below_h=0.25),
    )
    expected = np.zeros((2, 6))
    expected[0, 3], expected[1, 0] = 320, 3.5
    assert np.array_equal(totals.lost_usd, expected)
    assert totals.lost_usd_below_threshold.tolist() == [0, 250]
    assert totals.demand_usd.tolist() == [110_000, 1_007_000]
    assert totals.demand_lost_share == pytest.approx((320 + 3.5 + 250) / 1_117_000)


def test_customers_who_met_an_outage_are_counted_once_in_the_longest_class():
    lost = (1.0, 0.0, 5.0, 0.0, 4.0, 0.0)
    totals = totals_of(Loser(1, domestic_usd_per_h=50, lost_h=lost, affected_h=100))
    expected = np.zeros((2, 6))
    expected[1, 4] = 50 * 10 / 100
    assert np.allclose(totals.exposed_usd_per_h, expected)


def test_no_more_customers_are_exposed_than_there_are():
    # Lost in busy hours: more than the time affected, in hours of mean demand.
    totals = totals_of(Loser(0, lost_h=lost_in("1_h_to_6_h", 4), affected_h=2))
    assert totals.exposed_usd_per_h[0].tolist() == [0, 100, 0, 0, 0, 0]


def test_nothing_is_exposed_where_nothing_was_lost_in_spells():
    totals = totals_of(Loser(0, below_h=3))
    assert not totals.exposed_usd_per_h.any()


def test_moves_are_weighted_by_revenue_of_all_customers():
    paths = [((0.0, 0), (700.0, 2), (900.0, 3)), ((0.0, 1),), ((0.0, 1), (600.0, 0))]
    totals = totals_of(
        Loser(0, revenue_usd_per_h=30),
        Loser(0),
        Loser(1, revenue_usd_per_h=5),
        moves=moves_along(paths, [7.0, 0.0, 11.0]),
    )
    assert totals.response_usd.tolist() == [7, 11]
    assert totals.away_usd.tolist() == [9000, 2000]
    assert totals.domestic_usd.tolist() == [3000, 0]
    assert totals.revenue_usd.tolist() == [130_000, 5000]
    expected = np.zeros((4, 4))
    expected[0, 2], expected[0, 3], expected[1, 0] = 6000, 3000, 2000
    assert np.array_equal(totals.paid_usd, expected)
    left = zip(
        totals.left_sector_row.tolist(),
        totals.left_provider_row.tolist(),
        totals.left_is_first.tolist(),
        totals.left_usd_per_h.tolist(),
        totals.left_h.tolist(),
        strict=True,
    )
    assert list(left) == [(0, 0, 1, 30, 300), (0, 2, 0, 30, 100), (1, 1, 1, 5, 400)]


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"n_moves": np.array([-1])}, "n_moves"),
        ({"cost_usd": np.array([float("nan")])}, "cost_usd"),
        ({"stays": [(0, 0, 1.0)]}, "other providers than the first"),
        ({"stays": [(0, 1, -1.0)]}, "hours"),
        ({"left": [(0, 0, float("nan"))]}, "hours"),
    ],
)
def test_impossible_moves_are_refused(changes, match):
    still = moves_along([((0.0, 0),)])
    with pytest.raises(ValueError, match=match):
        replace(
            still, **{k: stretches(v) if isinstance(v, list) else v for k, v in changes.items()}
        )


def test_no_demand_has_no_share_lost():
    assert np.isnan(totals_of(Loser(0, domestic_usd_per_h=0)).demand_lost_share)


def test_a_run_of_the_engine_adds_up_by_hand():
    # One business, 2 USD an hour, half of its users cut off for 6 hours of 10 days.
    orders = ((HOUR, "block", "203.0.113.0/24"), (7 * HOUR, "unblock", "203.0.113.0/24"))
    small = SmallWorld(
        orders=orders,
        actors=(Actor(share=0.5), Actor(share=0.5, compliance=0.0)),
        firms=(Firm(value_micro_usd_per_h=2_000_000),),
        horizon_s=10 * DAY,
    )
    totals = loss_totals(small.world(), small.run().ledger)
    assert totals.lost_usd.sum() == pytest.approx(6)
    assert totals.lost_usd[0, SPELL_NAMES.index("6_h_to_24_h")] == pytest.approx(6)
    assert totals.exposed_usd_per_h.sum() == pytest.approx(1)
    assert totals.demand_usd.tolist() == [480]


@pytest.mark.parametrize("is_given", [(True, False), (True, True), (False, False)])
def test_the_level_of_revenue_moves_no_revenue_that_is_given(is_given: tuple[bool, bool]) -> None:
    # Two businesses of 2 and 3 USD an hour, each with six hours lost; three times the revenue.
    small = SmallWorld(
        orders=((HOUR, "block", "203.0.113.0/24"), (7 * HOUR, "unblock", "203.0.113.0/24")),
        firms=(Firm(value_micro_usd_per_h=2_000_000), Firm(value_micro_usd_per_h=3_000_000)),
        horizon_s=DAY,
    )
    world, ledger = small.world(), small.run().ledger
    revenue = np.where(is_given, 1.0, np.nan)
    totals = loss_totals(world, ledger, None, SimpleNamespace(n_sites=2, revenue_usd_per_h=revenue))
    rows = shipped_money_parameters().rows
    once = firm_parameters(rows, world.businesses.sector, central)
    thrice = replace(once, revenue_level=3 * once.revenue_level)
    level = np.where(is_given, 1, 3) @ [2, 3] / 5
    for price in (money_of, provider_money):
        one, other = price(totals, once), price(totals, thrice)
        for column in fields(one):
            found, before = getattr(other, column.name), getattr(one, column.name)
            assert found.sum() == pytest.approx(level * before.sum()), column.name
    assert money_of(totals, once).gross_loss_usd.sum() > 0
