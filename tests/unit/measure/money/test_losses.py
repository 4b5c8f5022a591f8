"""What a run lost, added up by sector and class of spell length."""

from dataclasses import fields, replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.state.ledger import SPELL_NAMES
from sim.measure.money.accounts import NATIONAL_METHODS, national_loss_usd
from sim.measure.money.losses import Moves, Stretches, add_up, loss_totals, moves_of
from sim.measure.money.pricing import economy_parameters, firm_parameters, money_of, provider_money
from sim.scenario.library import shipped
from sim.scenario.tables.money import SPELL_CLASSES, EconomyRow
from sim.scenario.tables.seeds import read_table
from tests.firms import (
    Loser,
    businesses_of,
    central,
    ledger_of,
    lost_in,
    moves_along,
    shipped_money_parameters,
)
from tests.sections import patient
from tests.worlds import AT_HOME, DAY, FIRST, HOUR, Actor, Firm, Response, SmallWorld

SECTORS = ("shops", "games")


def totals_of(*losers: Loser, moves: Moves | None = None, demand_h: float = 1000.0):
    n = len(losers)
    return add_up(
        businesses_of(losers, SECTORS),
        ledger_of(losers),
        moves or moves_along([((0.0, 0),)] * n),
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
    assert not totals_of(Loser(0, below_h=3)).exposed_usd_per_h.any()


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


def test_no_demand_has_no_share_lost():
    assert np.isnan(totals_of(Loser(0, domestic_usd_per_h=0)).demand_lost_share)


def test_a_run_of_the_engine_adds_up_by_hand():
    # One business, 2 USD an hour, half of its users cut off for 6 hours of 10 days.
    small = SmallWorld(
        orders=((HOUR, "block", "203.0.113.0/24"), (7 * HOUR, "unblock", "203.0.113.0/24")),
        actors=(Actor(share=0.5), Actor(share=0.5, compliance=0.0)),
        firms=(Firm(value_micro_usd_per_h=2_000_000),),
        horizon_s=10 * DAY,
    )
    totals = loss_totals(small.world(), small.run())
    assert totals.lost_usd.sum() == pytest.approx(6)
    assert totals.lost_usd[0, SPELL_NAMES.index("6_h_to_24_h")] == pytest.approx(6)
    assert totals.exposed_usd_per_h.sum() == pytest.approx(1)
    assert totals.demand_usd.tolist() == [480]


@pytest.mark.parametrize("is_given", [(True, False), (True, True), (False, False)])
def test_the_level_of_revenue_moves_no_revenue_that_is_given(is_given):
    # Two businesses of 2 and 3 USD an hour, each with six hours lost; three times the revenue.
    small = SmallWorld(
        orders=((HOUR, "block", "203.0.113.0/24"), (7 * HOUR, "unblock", "203.0.113.0/24")),
        firms=(Firm(value_micro_usd_per_h=2_000_000), Firm(value_micro_usd_per_h=3_000_000)),
        horizon_s=DAY,
    )
    world, outcome = small.world(), small.run()
    revenue = np.where(is_given, 1.0, np.nan)
    totals = loss_totals(world, outcome, SimpleNamespace(n_sites=2, revenue_usd_per_h=revenue))
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


# Whom a business pays after it moved.


BLOCK = ((0, "block", "0.0.0.0/0"),)  # wherever a business goes, it stays impaired
RULES = patient(n_rounds=2, onboarding_slots=1, onboarding_h=2.0)


def moves_after(*responses: Response) -> tuple[SmallWorld, Moves]:
    """What a business did that is patient for one hour."""
    firm = Firm(patience_s=HOUR, responses=responses)
    rules = RULES.model_copy(update={"n_rounds": max(2, len(responses))})
    small = SmallWorld(BLOCK, firms=(firm,), reactions=rules, horizon_s=DAY)
    return small, moves_of(small.world(), small.run())


def hours(*kinds: str) -> tuple[int, float, float]:
    """Moves, hours away and hours domestic, of a business that is patient for one hour."""
    small, moves = moves_after(*(Response(kind, HOUR) for kind in kinds))
    n_moves = int((small.run().events.kind == Kind.MOVED).sum())
    is_domestic = moves.is_domestic[moves.stays.provider_row]
    away_h = float(moves.stays.hours.sum())
    return n_moves, away_h, float(moves.stays.hours[is_domestic].sum())


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        # Patience ends after an hour, a move takes one; the second round likewise.
        (("foreign", "same"), (2, 22.0, 0.0)),
        (("same", "foreign"), (2, 20.0, 0.0)),
        (("wait", "foreign"), (1, 21.0, 0.0)),
        (("wait", "wait"), (0, 0.0, 0.0)),
        (("proxy", "same"), (2, 0.0, 0.0)),
        # A domestic provider takes two hours more to take the business on.
        (("domestic", "same"), (2, 20.0, 20.0)),
        (("domestic", "foreign"), (2, 20.0, 2.0)),
        (("foreign", "domestic"), (2, 22.0, 18.0)),
    ],
)
def test_the_bill_goes_to_whom_the_business_moved(kinds, expected):
    assert hours(*kinds) == expected


def rows_of(small: SmallWorld, stretches: Stretches) -> list[tuple[str, float]]:
    names = small.world().places.provider
    pairs = zip(stretches.provider_row.tolist(), stretches.hours.tolist(), strict=True)
    return [(names[row], hours) for row, hours in pairs]


def test_a_move_back_to_the_first_provider_ends_the_time_away():
    small, moves = moves_after(
        Response("domestic", HOUR), Response("foreign", HOUR, provider=FIRST), Response("same")
    )
    # There from hour 4 to hour 6; then the clock of patience starts anew.
    assert rows_of(small, moves.stays) == [(AT_HOME, 2.0)]
    assert rows_of(small, moves.left) == [(FIRST, 2.0), (AT_HOME, 18.0)]


def test_other_addresses_of_the_provider_it_moved_to_leave_nobody():
    small, moves = moves_after(Response("foreign", HOUR), Response("same", HOUR))
    assert rows_of(small, moves.stays) == [("abroad-0", 2.0), ("abroad-0", 20.0)]
    assert rows_of(small, moves.left) == [(FIRST, 22.0)]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("wait", "wait"), 0.0),
        (("same", "proxy"), 2300.0),
        (("foreign", "domestic"), 15_000.0),
        (("foreign", "foreign", "foreign", "foreign"), 20_000.0),
    ],
)
def test_every_response_costs_what_its_kind_costs(kinds, expected):
    _, moves = moves_after(*(Response(kind, HOUR) for kind in kinds))
    assert moves.cost_usd.tolist() == [expected]


@pytest.mark.parametrize("seed", range(20))
def test_bills_are_those_of_each_business_followed_by_itself(seed):
    """Against one business after the other, in plain Python, over random events."""
    luck = np.random.default_rng(seed)
    n, n_events, horizon_s = 4, 24, 100 * HOUR
    home = luck.integers(0, 3, n)
    kind = luck.choice([Kind.MOVED, Kind.MOVED, Kind.BLOCK], n_events)
    t_s = np.sort(luck.choice(horizon_s, n_events, replace=False))
    who, payee = luck.integers(0, n, n_events), luck.integers(0, 4, n_events)
    places = SimpleNamespace(provider_row=np.array([2, 0, 1]), provider=("a", "b", "c", "d"))
    n_responses, cost_usd = luck.integers(0, 5, (n, 2)), np.array([100.0, 7.0])
    moves = SimpleNamespace(
        response=np.zeros((n, n_events)), cost_usd=cost_usd, is_domestic=np.zeros(4, np.bool_)
    )
    world = SimpleNamespace(
        businesses=SimpleNamespace(n_businesses=n, home_place_row=home),
        places=places, moves=moves, horizon_s=horizon_s,
    )  # fmt: skip
    events = SimpleNamespace(kind=kind, t_s=t_s, business_row=who, provider_row=payee)
    found = moves_of(world, SimpleNamespace(events=events, n_responses=n_responses))
    stays, left = [], []
    for business in range(n):
        first = int(places.provider_row[home[business]])
        mine = [
            (int(t), int(to))
            for t, one, of, to in zip(t_s, who, kind, payee, strict=True)
            if one == business and of == Kind.MOVED
        ]
        for (since, at), (until, to) in pairwise([(0, first), *mine, (horizon_s, -1)]):
            if at != first:
                stays.append((business, at, (until - since) / HOUR))
            if to not in (at, -1):
                back = [t for t, again in mine if t > until and again == at]
                left.append((business, at, (min([*back, horizon_s]) - until) / HOUR))
    for spans, expected in ((found.stays, stays), (found.left, left)):
        columns = (spans.business_row, spans.provider_row, spans.hours)
        assert list(zip(*(one.tolist() for one in columns), strict=True)) == expected
    assert found.cost_usd.tolist() == [100.0 * a + 7.0 * b for a, b in n_responses.tolist()]
    assert found.first_row.tolist() == [[2, 0, 1][one] for one in home]


# The page on money has a day of each national method.


SEEDS = shipped("seeds")
PAGE = (SEEDS.parent / "docs/explanation/money.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("method", NATIONAL_METHODS, ids=lambda method: method.id)
def test_a_day_of_each_method_stands_on_the_page(method):
    table = read_table("e", SEEDS / "economy-russia-2018.csv", EconomyRow)
    loss = national_loss_usd(method, economy_parameters(table.rows, central), 1, 1)
    (line,) = [line for line in PAGE if line.startswith(f"| `{method.id}` |")]
    assert line.endswith(f"| {float(loss[0]) / 1e6:.0f} million USD |")
