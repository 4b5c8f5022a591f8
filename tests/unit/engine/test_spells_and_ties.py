"""Edges of time that random worlds seldom meet."""

import numpy as np
import pytest

from sim.engine.actors.register import next_tick_s
from sim.engine.eventlog import Kind
from sim.engine.state.ledger import SPELL_EDGES_S, SPELL_NAMES
from sim.engine.state.tally import Group
from tests.worlds import DAY, Actor, Dated, Firm, SmallWorld

PREFIX = "203.0.113.0/24"


def spell_of(length_s: int) -> list[float]:
    small = SmallWorld(
        orders=((0, "block", PREFIX), (length_s, "unblock", PREFIX)), horizon_s=30 * DAY
    )
    return small.run().ledger.lost_demand_h_by_spell[0].tolist()


@pytest.mark.parametrize(("edge_row", "edge_s"), list(enumerate(SPELL_EDGES_S)))
def test_a_spell_as_long_as_an_edge_belongs_above_it(edge_row, edge_s):
    assert len(SPELL_NAMES) == len(SPELL_EDGES_S) + 1
    assert np.flatnonzero(spell_of(edge_s)).tolist() == [edge_row + 1]
    assert np.flatnonzero(spell_of(edge_s - 1)).tolist() == [edge_row]


def test_withdrawing_a_wide_prefix_leaves_what_another_order_holds_inside_it():
    small = SmallWorld(
        orders=(
            (0, "block", "203.0.0.0/12"),
            (5, "block", "203.0.112.0/23"),
            (9, "unblock", "203.0.0.0/12"),
        ),
        firms=(Firm(("203.0.113.1",) * 5), Firm(("203.0.5.1",) * 5)),
        horizon_s=20,
    )
    outcome = small.run()
    t_s, listed = outcome.curves.points("addresses_listed", Group())
    assert list(zip(t_s.tolist(), listed.tolist(), strict=True)) == [(0, 2.0**20), (9, 512.0)]
    assert outcome.ledger.is_affected_at_end.tolist() == [True, False]


def test_two_orders_for_one_prefix_need_two_withdrawals():
    orders = ((0, "block", PREFIX), (1, "block", PREFIX), (5, "unblock", PREFIX))
    assert SmallWorld(orders, horizon_s=10).run().ledger.is_affected_at_end.tolist() == [True]
    twice = (*orders, (6, "unblock", PREFIX))
    assert SmallWorld(twice, horizon_s=10).run().ledger.is_affected_at_end.tolist() == [False]


@pytest.mark.parametrize(
    ("t_s", "tick_s"), [(-5, 0), (0, 0), (1, 60), (60, 60), (61, 100), (100, 100), (101, 107)]
)
def test_a_row_of_the_cadence_holds_until_the_next_begins(t_s, tick_s):
    assert next_tick_s(((0, 60), (100, 7)), t_s) == tick_s


def test_a_business_is_cut_off_above_a_tenth_and_affected_above_a_hundredth():
    """One in sixteen users from 10 s to the end, all others from 20 to 30 s."""
    small = SmallWorld(
        orders=((10, "block", PREFIX), (30, "unblock", PREFIX)),
        actors=(Actor(0.0625, release_lag_s=1000), Actor(0.9375, apply_lag_s=10)),
        horizon_s=100,
    )
    ledger = small.run().ledger
    assert (ledger.affected_s[0], ledger.impaired_s[0]) == (90, 10)
    assert (ledger.first_outage_s[0], ledger.last_outage_s[0]) == (10, 100)
    assert (ledger.first_cut_off_s[0], ledger.last_cut_off_s[0]) == (20, 30)


def test_an_event_at_the_horizon_does_not_happen():
    small = SmallWorld(orders=((100, "block", PREFIX),), horizon_s=100)
    outcome = small.run()
    assert outcome.events.t_s.size == 0
    assert outcome.ledger.n_spells.tolist() == [0]


def test_a_tick_of_the_old_row_just_after_the_next_row_begins_is_not_taken():
    assert next_tick_s(((0, 101), (100, 7)), 1) == 100


def test_the_split_by_role_asks_what_that_role_alone_would_do():
    small = SmallWorld(
        orders=((0, "block", "192.0.2.0/24"),),
        actors=(Actor(share=0.75), Actor(share=0.25, compliance=0.0)),
        firms=(
            Firm(
                addresses=("203.0.113.1", "192.0.2.7", "192.0.2.8", "203.0.113.1", "203.0.113.1"),
                weights=(1.0, 0.5, 0.0625, 1.0, 1.0),
                value_micro_usd_per_h=2**20,
            ),
        ),
        horizon_s=10,
    )
    curves = small.run().curves
    lost = [curves.points("demand_lost_share", Group(role_row=role))[1][-1] for role in range(5)]
    assert lost == [0.0, 0.75 * 0.5, 0.75 * 0.0625, 0.0, 0.0]
    impaired = [
        curves.points("businesses_impaired", Group(role_row=role))[1][-1] for role in range(5)
    ]
    assert impaired == [0, 1, 0, 0, 0]
    whole = curves.points("demand_lost_share", Group())[1][-1]
    assert whole == 0.75 * (1 - 0.5 * (1 - 0.0625))
    (of,) = {s.denominator for s in curves.series if s.metric == "demand_lost_share"}
    assert of == 2**20 / 1e6  # USD an hour


def test_a_role_whose_name_is_blocked_counts_what_its_addresses_add():
    orders = ((1, "block", (), "name", 0.5), (2, "block", (PREFIX,)), (4, "unblock", (PREFIX,)))
    small = SmallWorld(
        orders=tuple(Dated(*order) for order in orders),
        firms=(Firm(name_draw=0.125),),
        horizon_s=10,
    )
    t_s, lost = small.run().curves.points("demand_lost_share", Group(role_row=0))
    # A quarter of users evade a name; nobody evades what is dropped.
    expected = [(0, 0.0), (1, 0.75), (2, 1.0), (4, 0.75)]
    assert list(zip(t_s.tolist(), lost.tolist(), strict=True)) == expected


def test_what_operators_do_in_one_second_is_logged_in_their_sequence():
    small = SmallWorld(
        orders=((1, "block", PREFIX), (101, "unblock", PREFIX)),
        actors=(Actor(0.125, 100, apply_lag_s=10, release_lag_s=20),) * 8,
        horizon_s=1000,
    )
    log = small.run().events
    for kind in (Kind.DOWNLOADED, Kind.ENFORCED, Kind.RELEASED):
        mine = log.operator_row[log.kind == kind].tolist()
        assert mine == list(range(8)) * (len(mine) // 8), kind
        assert mine
