"""Orders that belong together, and what strategies do about exempt addresses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors.limits import Limits, admit
from sim.engine.decisions import Decision, Strategy
from sim.engine.eventlog import Kind
from sim.engine.in_force import InForce
from sim.engine.state.tally import Group
from sim.engine.strategies.calendars import rolling, time_window
from sim.engine.strategies.cover import cover
from sim.engine.strategies.escalate import escalate
from tests.chases import STRATEGIES, bystanders_still, chase_world, run
from tests.sections import Censor
from tests.unit.engine.test_strategy_rules import ALPHA, BETA, FRONT, placed, seen
from tests.worlds import DAY, HOUR


@pytest.mark.parametrize("seed", range(3))
def test_a_cover_stands_through_a_pause(seed: int) -> None:
    small = replace(
        chase_world(seed),
        complaints=None,
        reactions=None,
        censor=Censor(discovery_lag_h=9.0, withdraw_lag_h=12.0, pause_pressure=0.5),
        pressure_events=((DAY, 1.0),),
    )
    t_s, listed = run(small, cover(40)).curves.points("addresses_listed", Group())
    assert listed[t_s <= DAY][-1] > 0
    assert (listed[t_s > DAY] > 0).all()
    assert listed[-1] > 0


@pytest.mark.parametrize(
    ("limits", "is_placed"),
    [
        (Limits(), True),
        (Limits(max_rules=2), True),
        (Limits(max_rules=1), False),
        (Limits(orders_per_day=1), False),
        (Limits(max_addresses=2), False),
        (Limits(order_addresses=2), False),
    ],
)
def test_a_replacement_stands_or_falls_as_a_whole(limits: Limits, is_placed: bool) -> None:
    fronts = [(FRONT, ALPHA, 0), ("198.18.8.1", ALPHA, 0)]
    held = placed(cover(2)(seen(0, fronts)).orders)
    decision = cover(2)(seen(1, [*fronts, ("198.19.0.1", BETA, 1)], held))
    admitted = admit(decision.orders, InForce(held), 1, limits, is_whole=decision.is_whole).orders
    assert [o.action for o in admitted] == (["unblock", "block"] if is_placed else [])


@pytest.mark.parametrize("strategy", [rolling(10, 5, 24), time_window([(0, 14)], 24)])
def test_what_replaces_nothing_stands_order_by_order(strategy: Strategy) -> None:
    fronts = [(FRONT, ALPHA, 0), ("198.18.8.1", ALPHA, 10)]
    held = placed(strategy(seen(0, fronts[:1])).orders)
    decision = strategy(seen(14, fronts, held))
    admitted = admit(
        decision.orders, InForce(held), 1, Limits(orders_per_day=1), is_whole=decision.is_whole
    ).orders
    assert [order.action for order in admitted] == ["unblock"]


def test_an_escalation_out_of_which_a_prefix_is_cut_widens_once() -> None:
    strategy, limits = escalate([24, 22], HOUR, 0.5), Limits(exempt=IntervalSet.of("198.18.0.0/29"))
    fronts = [("198.18.0.9", ALPHA, 0)]
    held = placed(
        admit(strategy(seen(0, fronts, exempt=limits.exempt)).orders, InForce(), 0, limits).orders
    )
    again = strategy(seen(HOUR - 1, fronts, held, exempt=limits.exempt))
    assert again.orders == ()
    wider = admit(
        strategy(seen(HOUR, fronts, held, exempt=limits.exempt)).orders, InForce(held), 0, limits
    ).orders
    assert [order.addresses.n_addresses for order in wider] == [2**10 - 8]
    held += placed(wider, HOUR)
    assert strategy(seen(9 * HOUR, fronts, held, exempt=limits.exempt)) == Decision()


def test_an_escalation_skips_a_step_that_would_list_nothing_more() -> None:
    # All of the /24 but the /25 around the front is exempt.
    exempt = IntervalSet.of("198.18.0.128/25")
    strategy = escalate([25, 24, 22], HOUR, 0.5)
    held = placed(strategy(seen(0, exempt=exempt)).orders)
    wider = strategy(seen(HOUR, in_force=held, exempt=exempt))
    assert [order.addresses.n_addresses for order in wider.orders] == [2**10 - 2**7]


@pytest.mark.parametrize("strategy", [rolling(20, 10, 24), cover(1)])
def test_an_entry_that_was_cut_is_not_placed_again(strategy: Strategy) -> None:
    exempt = IntervalSet.of("198.18.0.8/29")
    fronts = [(FRONT, ALPHA, 0), ("198.18.0.200", ALPHA, 0)]
    limits = Limits(exempt=exempt)
    held = placed(
        admit(strategy(seen(0, fronts, exempt=exempt)).orders, InForce(), 0, limits).orders
    )
    assert held[0].addresses.n_addresses == 2**8 - 8
    assert strategy(seen(1, fronts, held, exempt=exempt)).orders == ()


@pytest.mark.parametrize(
    "name", sorted(set(STRATEGIES) - {"replay", "orders", "allow-list", "dns", "sni"})
)
def test_a_front_that_is_exempt_is_not_answered(name: str) -> None:
    exempt = IntervalSet.of("198.18.0.0/29")
    for t_s in (0, DAY, 30 * HOUR):
        assert STRATEGIES[name](seen(t_s, exempt=exempt)).orders == ()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_with_exemptions_nothing_is_in_force_twice_and_nothing_is_churned(name: str) -> None:
    small = replace(
        bystanders_still(chase_world(0)), exempt_prefixes=("198.18.0.0/22", "198.18.8.0/26")
    )
    outcome = run(small, STRATEGIES[name])
    kinds, rows = outcome.events.kind, outcome.events.entry_row
    in_force, gone_s = {}, {}
    for t_s, kind, row in zip(
        outcome.events.t_s.tolist(), kinds.tolist(), rows.tolist(), strict=True
    ):
        if kind not in (Kind.BLOCK, Kind.UNBLOCK):
            continue
        addresses = outcome.entry_addresses[row]
        if kind == Kind.BLOCK:
            assert addresses not in in_force.values()
            assert gone_s.get(addresses) != t_s
            in_force[row] = addresses
        else:
            gone_s[in_force.pop(row)] = t_s
