"""A provider that ends domain fronting ends fronts of that kind, and one that evicts ends all."""

from dataclasses import replace

import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from tests.unit.engine.test_asking_again import CHASE, OPEN
from tests.unit.engine.test_pressure import times
from tests.worlds import DAY, HOUR, Pool, SmallWorld

RENTED, FRONTED, OTHER = "198.18.0.0/24", "198.18.1.0/24", "198.19.0.0/24"
ENDS = "ends-domain-fronting"
CLOUD = replace(
    CHASE,
    pools=(
        Pool("alpha", 1.0, (RENTED,)),
        Pool("alpha", 1.0, (FRONTED,), "domain-fronting"),
        Pool("beta", 1.0, (OTHER,), "domain-fronting"),
    ),
    fronts=CHASE.fronts.model_copy(update={"n_fronts": 12, "monitor_lag_h": 2.0}),
    censor=OPEN,
)


def under(*stances: tuple[int, str, str] | tuple[int, str, str, str]) -> SmallWorld:
    return replace(CLOUD, stances=stances)


def within(outcome: Outcome, kind: Kind, prefix: str, after_s: int = -1) -> int:
    """How many fronts in a prefix had something happen to them after a second."""
    mine = (outcome.events.kind == kind) & (outcome.events.t_s > after_s)
    addresses = outcome.front_address[outcome.events.front_row[mine]]
    return int(IntervalSet.of(prefix).contains(addresses).sum())


def listed(outcome: Outcome, prefix: str) -> int:
    """Entries in force at the end that lie in a prefix."""
    events, inside = outcome.events, IntervalSet.of(prefix)
    made = events.entry_row[events.kind == Kind.BLOCK].tolist()
    gone = set(events.entry_row[events.kind == Kind.UNBLOCK].tolist())
    entries = [outcome.entry_addresses[row] for row in made if row not in gone]
    return sum(not entry.difference(inside) for entry in entries)


def test_who_complies_by_ending_it_has_the_ranges_withdrawn_that_hold_no_machine():
    outcome = under((DAY, "alpha", "compliant", ENDS)).run()
    assert set(times(outcome, Kind.UNBLOCK)) == {DAY + HOUR}
    assert listed(outcome, FRONTED) == 0
    assert listed(outcome, RENTED) == within(outcome, Kind.RENTED, RENTED)
    # Under any other stance nothing is withdrawn.
    outcome = under((DAY, "alpha", "constructive", ENDS)).run()
    assert times(outcome, Kind.UNBLOCK) == []
    assert listed(outcome, FRONTED) > 0


def test_more_compliance_is_a_turn_and_less_is_none():
    both = under((DAY, "alpha", "compliant", ENDS), (2 * DAY, "alpha", "compliant")).run()
    assert set(times(both, Kind.EVICTED)) == {DAY, 2 * DAY}
    assert set(times(both, Kind.UNBLOCK)) == {DAY + HOUR, 2 * DAY + HOUR}
    assert listed(both, "198.18.0.0/23") == 0
    less = under((DAY, "alpha", "compliant"), (2 * DAY, "alpha", "compliant", ENDS)).run()
    assert set(times(less, Kind.EVICTED)) == {DAY}
    assert set(times(less, Kind.UNBLOCK)) == {DAY + HOUR}


@pytest.mark.parametrize(
    ("then", "is_withdrawn"),
    [
        (((2 * DAY, "alpha", "compliant", ENDS), (4 * DAY, "alpha", "compliant")), False),
        (((2 * DAY, "alpha", "silent"), (4 * DAY, "alpha", "compliant")), True),
        (((2 * DAY, "alpha", "silent", ENDS), (4 * DAY, "alpha", "compliant", ENDS)), True),
        (((4 * DAY, "alpha", "compliant"),), False),
    ],
)
def test_only_who_left_compliance_turns_to_it_again(then, is_withdrawn):
    """An order that came after the first withdrawal tells."""
    small = replace(
        under((DAY, "alpha", "compliant"), *then),
        strategy="replay",
        orders=((3 * DAY, "block", RENTED),),
    )
    assert times(small.run(), Kind.UNBLOCK) == [4 * DAY + HOUR] * is_withdrawn
