"""What is given back is as much as was taken, and what is gone goes once."""

import numpy as np
import pytest

from sim.engine.actors.limits import Limits, admit
from sim.engine.eventlog import Kind
from sim.engine.in_force import InForce
from sim.engine.strategies.calendars import rolling
from tests.sections import Censor, Fronts
from tests.unit.engine.test_strategy_rules import ALPHA, placed, said, seen
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Pool, SmallWorld

PAIR = ("198.18.0.0/24", "198.18.2.0/24")
OTHERS = ("198.19.0.0/24", "198.19.2.0/24")


@pytest.mark.parametrize("capacity", [2, 3])
def test_a_release_gives_back_all_rules_of_its_entry(capacity):
    small = SmallWorld(
        orders=(
            Dated(10, "block", PAIR),
            Dated(20, "unblock", PAIR),
            Dated(30, "block", OTHERS),
            Dated(40, "unblock", OTHERS),
            Dated(50, "block", PAIR),
        ),
        actors=(Actor(rule_capacity=capacity),),
    )
    log = small.run().events
    assert log.t_s[log.kind == Kind.ENFORCED].tolist() == [10, 30, 50]


def test_a_release_ends_an_overload_of_the_rules_it_took():
    over = Actor(rule_capacity=1, overload="degrade", overload_severity=0.5)
    orders = (Dated(0, "block", PAIR), Dated(4 * HOUR, "unblock", PAIR))
    small = SmallWorld(orders=orders, actors=(over,), firms=(Firm(),), horizon_s=DAY)
    assert small.run().ledger.lost_demand_h.sum() == pytest.approx(4 * 0.5)


def test_a_provider_that_complies_anew_evicts_no_front_a_second_time():
    small = SmallWorld(
        pools=(Pool("alpha", 1.0, PAIR), Pool("beta", 1.0, OTHERS)),
        fronts=Fronts(pools="x", n_fronts=6, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5),
        censor=Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0),
        stances=(
            (DAY, "alpha", "compliant"),
            (2 * DAY, "alpha", "hostile"),
            (3 * DAY, "alpha", "compliant"),
        ),
        horizon_s=5 * DAY,
    )
    outcome = small.run()
    log = outcome.events
    evicted = log.front_row[log.kind == Kind.EVICTED]
    assert 0 < evicted.size < 6
    assert np.unique(evicted).size == evicted.size
    assert set(log.t_s[log.kind == Kind.EVICTED].tolist()) == {DAY}
    # As many are rented anew as were lost, and once.
    rented = log.t_s[log.kind == Kind.RENTED]
    assert (rented == DAY + HOUR).sum() == evicted.size
    assert rented.size == 6 + evicted.size


def test_a_front_that_was_lost_before_its_provider_complied_is_replaced_once():
    small = SmallWorld(
        orders=(Dated(HOUR, "block", PAIR),),
        pools=(Pool("alpha", 1.0, PAIR), Pool("beta", 1.0, OTHERS)),
        fronts=Fronts(pools="x", n_fronts=6, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5),
        censor=Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0),
        stances=((DAY, "alpha", "compliant"),),
        horizon_s=5 * DAY,
    )
    log = small.run().events
    n_evicted = int((log.kind == Kind.EVICTED).sum())
    rented_s = log.t_s[log.kind == Kind.RENTED].tolist()
    assert 0 < n_evicted < 6
    assert rented_s == [0] * 6 + [2 * HOUR] * n_evicted


def test_rolling_withdraws_first_so_that_what_it_frees_counts():
    fronts = [("198.18.0.1", ALPHA, 0), ("198.18.4.1", ALPHA, 10)]
    strategy = rolling(10, 5, 24)
    first = strategy(seen(0, fronts[:1]))
    held = placed(first.orders)
    second = strategy(seen(10, fronts, held))
    assert said(second) == [("unblock", "198.18.0.0/24"), ("block", "198.18.4.0/24")]
    assert len(admit(second.orders, InForce(held), 0, Limits(max_rules=1)).orders) == 2
