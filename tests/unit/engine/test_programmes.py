"""Programmes wear out: easy finds are used up, and entries end by themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies.single_rule import exact
from tests.reference import simulate_reference
from tests.sections import Censor, Fronts
from tests.worlds import DAY, HOUR, Actor, Dated, Pool, SmallWorld

WIDE, NARROW, OTHER = "192.0.2.0/25", "192.0.2.128/26", "198.51.100.0/26"
LIFE_D, LIFE_S = 0.5, DAY // 2


def listing(*orders: Dated, life_from_s: int = 0, **rules: float | None) -> SmallWorld:
    return SmallWorld(
        orders=orders,
        actors=(Actor(poll_interval_s=HOUR),),
        cadence=((0, HOUR),),
        horizon_s=2 * DAY,
        pools=(Pool("alpha", 1.0, ("192.0.2.0/24", "198.51.100.0/24")),),
        fronts=Fronts(pools="x", n_fronts=1),
        censor=Censor(discovery_lag_h=1e6, **rules),
        life_from_s=life_from_s,
    )


def unblocked(small: SmallWorld) -> list[tuple[int, int]]:
    """When entries were withdrawn, by time and row; the reference says the same times."""
    events = small.run().events
    found = [
        (int(t_s), int(row))
        for t_s, kind, row in zip(events.t_s, events.kind, events.entry_row, strict=True)
        if kind == Kind.UNBLOCK
    ]
    theirs = simulate_reference(small.reference()).events
    assert [t_s for t_s, kind, *_ in theirs if kind == "unblock"] == [t_s for t_s, _ in found]
    return found


EVERY_S, OF_THAT_AGE_S, RULE_S = 2 * HOUR, 6 * HOUR, 21 * HOUR
"""An order every two hours; from the 21st hour on entries end that are six hours old."""


def test_what_is_older_when_the_rule_comes_into_force_ends_then_and_later_ones_at_their_age() -> (
    None
):
    """In force are as many as were placed, and from the rule on as many as an age holds."""
    orders = [
        Dated(t_s, "block", (f"192.0.2.{row}/32",))
        for row, t_s in enumerate(range(0, 2 * DAY, EVERY_S))
    ]
    kept = Dated(HOUR, "block", ("192.0.2.128/28",), "exempt")
    small = listing(
        orders[0], kept, *orders[1:], life_from_s=RULE_S, entry_life_d=OF_THAT_AGE_S / DAY
    )
    ends = dict(unblocked(small))
    # Those of the hours 0, 2, …, 14 at once, in the sequence they were placed; that of 16 at 22.
    at_once = [(RULE_S, row) for row in (0, 2, 3, 4, 5, 6, 7, 8)]
    assert unblocked(small)[:9] == [*at_once, (22 * HOUR, 9)]
    assert sorted(ends)[1:] == list(range(22 * HOUR, 2 * DAY, EVERY_S))

    def in_force(t_s: int) -> int:
        gone = [end_s for end_s, _ in unblocked(small) if end_s <= t_s]
        return sum(order.t_s <= t_s for order in orders) - len(gone)

    assert [in_force(hour * HOUR) for hour in (0, 9, 20, 21, 22, 31, 46)] == [1, 5, 11, 3, 3, 3, 3]


def test_a_rule_of_before_the_start_is_one_and_a_rule_of_after_the_end_is_none() -> None:
    orders = (Dated(HOUR, "block", (WIDE,)), Dated(2 * HOUR, "block", (OTHER,), "throttle"))
    ends = [(HOUR + LIFE_S, 0), (2 * HOUR + LIFE_S, 1)]
    for since_s in (-9 * DAY, 0, HOUR + LIFE_S):
        assert unblocked(listing(*orders, life_from_s=since_s, entry_life_d=LIFE_D)) == ends
    late_s = HOUR + LIFE_S + 1
    assert unblocked(listing(*orders, life_from_s=late_s, entry_life_d=LIFE_D)) == [
        (late_s, 0),
        ends[1],
    ]
    assert unblocked(listing(*orders, life_from_s=3 * DAY, entry_life_d=LIFE_D)) == []


def chase(**rules: int | None) -> SmallWorld:
    return SmallWorld(
        actors=(Actor(poll_interval_s=60),),
        horizon_s=6 * DAY,
        pools=(Pool("alpha", 1.0, ("198.18.0.0/16",)),),
        fronts=Fronts(pools="x", n_fronts=3, lost_share=0.5, monitor_lag_h=0.5),
        censor=Censor(discovery_lag_h=2.0, **rules),
    )


def times_s(outcome: Outcome, kind: Kind) -> dict[int, int]:
    log = outcome.events
    return dict(zip(log.front_row[log.kind == kind], log.t_s[log.kind == kind], strict=True))


@pytest.mark.parametrize(
    ("saturation", "times"),
    [(None, lambda n: 1.0), (1, lambda n: 1.0 + n), (7, lambda n: 1 + n / 7)],
)
def test_a_find_takes_longer_by_what_was_found_when_its_front_was_rented(
    saturation: int | None, times: Callable[[int], float]
) -> None:
    small = chase(saturation_finds=saturation)
    outcome = simulate(small.world(), exact, small.streams)
    rented_s, found_s = times_s(outcome, Kind.RENTED), times_s(outcome, Kind.DISCOVERED)
    assert len(found_s) > 10
    drawn_s = small.reference().fronts.discovery_lags_s
    for row, at_s in found_s.items():
        # A find of the same second comes before the rental.
        n_before = sum(other <= rented_s[row] for other in found_s.values())
        assert at_s - rented_s[row] == int(np.ceil(drawn_s[row] * times(n_before) - 1e-6))
