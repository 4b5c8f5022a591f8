"""What may happen once and not twice: orders beyond a day's limit, moves during a move, turns."""

import numpy as np

from sim.engine.eventlog import Kind
from sim.engine.state.tally import Group
from tests.sections import Censor, Fronts, Reactions
from tests.worlds import DAY, HOUR, Dated, Firm, Pool, Response, SmallWorld

PREFIX = "203.0.113.0/24"
ONE_SLOT = Reactions(
    responses="x",
    n_rounds=2,
    patience_median_h=1.0,
    patience_sigma=0.0,
    onboarding_slots=1,
    onboarding_h=10.0,
)


def times(outcome, kind: Kind) -> list[int]:
    return outcome.events.t_s[outcome.events.kind == kind].tolist()


# The day's limit.


def limited(*orders: tuple[int, str, str], per_day: int = 2) -> SmallWorld:
    return SmallWorld(
        orders=orders,
        censor=Censor(discovery_lag_h=1.0, withdraw_lag_h=1.0, orders_per_day=per_day),
        horizon_s=3 * DAY,
    )


def test_orders_of_a_day_add_up_over_its_decisions():
    orders = tuple((hour * HOUR, "block", f"192.0.2.{hour}/32") for hour in (1, 2, 3, 4))
    assert times(limited(*orders).run(), Kind.BLOCK) == [HOUR, 2 * HOUR]


def test_every_day_has_a_limit_of_its_own():
    at_s = (HOUR, 2 * HOUR, 3 * HOUR, DAY - 1, DAY, DAY + 1, DAY + 2, 2 * DAY + 5)
    orders = tuple((t_s, "block", f"192.0.2.{row}/32") for row, t_s in enumerate(at_s))
    expected = [HOUR, 2 * HOUR, DAY, DAY + 1, 2 * DAY + 5]
    assert times(limited(*orders).run(), Kind.BLOCK) == expected


def test_a_withdrawal_takes_nothing_of_the_limit_and_gives_nothing_back():
    orders = (
        (1, "block", "192.0.2.1/32"),
        (2, "unblock", "192.0.2.1/32"),
        (3, "block", "192.0.2.2/32"),
        (4, "block", "192.0.2.3/32"),
    )
    outcome = limited(*orders).run()
    assert times(outcome, Kind.BLOCK) == [1, 3]
    assert times(outcome, Kind.UNBLOCK) == [2]


# A move during a move.


def blocked_between(*edges_s: int) -> tuple[tuple[int, str, str], ...]:
    """Orders that block the firm from the first edge to the second, from the third on, …"""
    return tuple(
        (t_s, "block" if row % 2 == 0 else "unblock", PREFIX) for row, t_s in enumerate(edges_s)
    )


def test_an_outage_that_begins_during_a_move_starts_no_second_move():
    # Impaired again from 600 s on, the firm's patience would end at 700 s, in the middle of a move.
    firm = Firm(
        patience_s=100,
        responses=(Response("foreign", 5000, (PREFIX[:-4] + "9",) * 5), Response("same", 50)),
    )
    outcome = SmallWorld(
        blocked_between(0, 500, 600), firms=(firm,), reactions=ONE_SLOT, horizon_s=20_000
    ).run()
    # The first move leads to an address that is blocked too: patience starts when it is complete.
    assert times(outcome, Kind.RESPONDED) == [100, 5100 + 100]
    assert times(outcome, Kind.MOVED) == [5100, 5200 + 50]


def test_an_outage_that_begins_in_the_queue_takes_no_second_place_in_it():
    # Two firms for one slot: the second waits, is reached again and impaired again meanwhile.
    firms = tuple(
        Firm(patience_s=patience_s, responses=(Response("domestic", 1),) * 2)
        for patience_s in (10, 20)
    )
    outcome = SmallWorld(
        blocked_between(0, 2 * HOUR, 3 * HOUR),
        firms=firms,
        reactions=ONE_SLOT,
        horizon_s=3 * DAY,
    ).run()
    # The moves lead to an address of the same blocked prefix, so that both come once more.
    begun = [10, 20, 11 + 10 * HOUR + 10, 11 + 20 * HOUR + 20]
    assert times(outcome, Kind.RESPONDED) == begun
    assert times(outcome, Kind.MOVED) == [11 + n * 10 * HOUR for n in (1, 2, 3, 4)]
    assert outcome.n_responses.sum(axis=1).tolist() == [2, 2]


def test_a_move_that_has_begun_is_completed_although_the_outage_ended():
    firm = Firm(patience_s=100, responses=(Response("foreign", 5000, ("198.51.100.1",) * 5),))
    small = SmallWorld(blocked_between(0, 500), firms=(firm,), reactions=ONE_SLOT, horizon_s=20_000)
    outcome = small.run()
    assert times(outcome, Kind.MOVED) == [5100]
    assert outcome.ledger.affected_s.tolist() == [500]


# A stance said twice.

POOLS = (Pool("alpha", 1.0, ("198.18.0.0/24",)), Pool("beta", 1.0, ("198.19.0.0/24",)))


def said(*stances: tuple[int, str, str]) -> SmallWorld:
    """Blocks in the ranges of alpha on the first and the third day; talks end at once."""
    return SmallWorld(
        orders=(
            Dated(0, "block", ("198.18.0.0/25",)),
            Dated(2 * DAY + 1, "block", ("198.18.0.128/25",)),
        ),
        pools=POOLS,
        fronts=Fronts(pools="x", n_fronts=4, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5),
        censor=Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0),
        stances=stances,
        horizon_s=5 * DAY,
    )


def listed_at_end(small: SmallWorld) -> float:
    return float(small.run().curves.points("addresses_listed", Group())[1][-1])


def test_a_provider_that_complies_again_without_a_change_withdraws_nothing_more():
    once = said((DAY, "alpha", "compliant"))
    twice = said((DAY, "alpha", "compliant"), (3 * DAY, "alpha", "compliant"))
    assert listed_at_end(once) == 128
    assert listed_at_end(twice) == 128
    for small in (once, twice):
        assert times(small.run(), Kind.UNBLOCK) == [DAY + HOUR]


def test_a_provider_that_turns_back_and_complies_anew_withdraws_anew():
    anew = said(
        (DAY, "alpha", "compliant"), (2 * DAY, "alpha", "hostile"), (3 * DAY, "alpha", "compliant")
    )
    assert listed_at_end(anew) == 0
    assert times(anew.run(), Kind.UNBLOCK) == [DAY + HOUR, 3 * DAY + HOUR]


def test_a_front_is_evicted_once():
    twice = said((DAY, "alpha", "compliant"), (3 * DAY, "alpha", "compliant")).run()
    log = twice.events
    evicted = log.front_row[log.kind == Kind.EVICTED]
    assert evicted.size > 0
    assert np.unique(evicted).size == evicted.size
    assert set(times(twice, Kind.EVICTED)) == {DAY}
