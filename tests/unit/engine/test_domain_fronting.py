"""A provider that ends domain fronting ends fronts of that kind, and one that evicts ends all."""

from dataclasses import replace

import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.engine.strategies.negotiate import negotiate
from tests.unit.engine.test_asking_again import CHASE, OPEN, asked
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


@pytest.mark.parametrize("stance", ["hostile", "silent", "constructive", "compliant"])
def test_domain_fronting_ends_under_every_stance_and_machines_stay(stance):
    outcome = under((DAY, "alpha", stance, ENDS)).run()
    assert within(outcome, Kind.EVICTED, FRONTED) == within(outcome, Kind.RENTED, FRONTED, -1) > 0
    assert within(outcome, Kind.EVICTED, RENTED) == within(outcome, Kind.EVICTED, OTHER) == 0
    assert set(times(outcome, Kind.EVICTED)) == {DAY}
    # Each is replaced when the target notices, and never where domain fronting has ended.
    n_gone = within(outcome, Kind.EVICTED, FRONTED)
    assert len([t for t in times(outcome, Kind.RENTED) if t == DAY + 2 * HOUR]) == n_gone
    assert within(outcome, Kind.RENTED, FRONTED, DAY) == 0
    assert within(outcome, Kind.RENTED, RENTED, DAY) > 0


def test_who_ended_it_before_the_start_is_fronted_by_nobody():
    outcome = under((-DAY, "alpha", "silent", ENDS)).run()
    assert within(outcome, Kind.RENTED, FRONTED) == 0
    assert times(outcome, Kind.EVICTED) == []


def test_an_eviction_ends_fronts_of_both_kinds():
    outcome = under((DAY, "alpha", "compliant")).run()
    assert within(outcome, Kind.EVICTED, FRONTED) > 0
    assert within(outcome, Kind.EVICTED, RENTED) > 0
    assert within(outcome, Kind.RENTED, "198.18.0.0/23", DAY) == 0


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


def test_a_range_that_holds_a_machine_is_kept_whole():
    """The prefix around it holds what was fronted there as well."""
    small = under((10, "alpha", "hostile"), (DAY, "alpha", "compliant", ENDS))
    outcome, _ = asked(small, negotiate(30 * DAY, 1.0, 8))
    assert times(outcome, Kind.BLOCK)[0] == 11
    assert times(outcome, Kind.UNBLOCK) == []
    assert outcome.curves.points("addresses_listed", Group())[1][-1] == 512


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
