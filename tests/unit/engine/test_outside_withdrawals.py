"""What others decide is withdrawn: the oldest entries, up to a share, in the ranges decided on."""

from __future__ import annotations

import pytest

from sim.engine.actors.review import withdrawn
from sim.engine.eventlog import Kind
from sim.engine.orders import Entry, Mechanism, Order
from sim.world.withdrawals import OutsideWithdrawal
from tests.reference import Event, simulate_reference
from tests.sections import Censor, Fronts
from tests.worlds import DAY, HOUR, Actor, Dated, Pool, SmallWorld, _set_of

WIDE, NARROW, OTHER = "192.0.2.0/25", "192.0.2.128/26", "198.51.100.0/26"


def entries(*prefixes: str) -> list[Entry]:
    return [
        Entry(row, Order("block", _set_of((prefix,)), Mechanism.DROP), 0)
        for row, prefix in enumerate(prefixes)
    ]


def rows(found: list[Entry]) -> list[int]:
    return [entry.row for entry in found]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.001, [0]),  # a part of an address takes an entry
        (0.5, [0]),  # 128 of 256 are enough
        (0.5001, [0, 1]),
        (0.75, [0, 1]),
        (1.0, [0, 1, 2]),
    ],
)
def test_the_oldest_go_until_the_share_is_reached(share: float, expected: list[int]) -> None:
    found = withdrawn(entries(WIDE, NARROW, OTHER), OutsideWithdrawal(0, None, share))
    assert rows(found) == expected


def test_the_share_is_of_addresses_and_not_of_entries() -> None:
    many = entries(*(f"203.0.113.{host}/32" for host in range(4)), WIDE)
    assert rows(withdrawn(many, OutsideWithdrawal(0, None, 1 / 64))) == [0, 1, 2]


def test_entries_that_reach_beyond_the_ranges_decided_on_stay() -> None:
    within = _set_of(("192.0.2.0/24",))
    both = entries("192.0.0.0/16", NARROW, OTHER)
    assert rows(withdrawn(both, OutsideWithdrawal(0, within, 1.0))) == [1]


def test_nothing_is_withdrawn_where_nothing_is_listed() -> None:
    assert withdrawn([], OutsideWithdrawal(0, None, 1.0)) == []
    name = [Entry(0, Order("block", _set_of(()), Mechanism.NAME), 0)]
    assert withdrawn(name, OutsideWithdrawal(0, None, 1.0)) == []


def listing(*decisions: tuple[int, float, str]) -> SmallWorld:
    return SmallWorld(
        orders=(
            Dated(HOUR, "block", (WIDE,)),
            Dated(2 * HOUR, "block", (NARROW,)),
            Dated(3 * HOUR, "block", (OTHER,), "throttle"),
            Dated(3 * HOUR, "block", ("192.0.2.0/28",), "exempt"),
        ),
        actors=(Actor(poll_interval_s=HOUR),),
        cadence=((0, HOUR),),
        horizon_s=2 * DAY,
        pools=(Pool("alpha", 1.0, ("192.0.2.0/24",)), Pool("beta", 1.0, ("198.51.100.0/24",))),
        fronts=Fronts(pools="x", n_fronts=1),
        censor=Censor(discovery_lag_h=1e6),
        decisions=decisions,
    )


def unblocked(small: SmallWorld) -> list[tuple[int, int]]:
    events = small.run().events
    return [
        (int(t_s), int(row))
        for t_s, kind, row in zip(events.t_s, events.kind, events.entry_row, strict=True)
        if kind == Kind.UNBLOCK
    ]


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ((), []),
        (((DAY, 1.0, ""),), [(DAY, 0), (DAY, 1), (DAY, 2)]),
        (((DAY, 0.5, ""),), [(DAY, 0)]),
        (((DAY, 1.0, "beta"),), [(DAY, 2)]),
        (((DAY, 1.0, "192.0.2.128/25"),), [(DAY, 1)]),
        # The second is about what the first left: half of 128 addresses.
        (((DAY, 0.5, ""), (DAY, 0.5, "")), [(DAY, 0), (DAY, 1)]),
        (((HOUR, 1.0, ""),), []),  # before the orders of its second
    ],
)
def test_a_decision_is_carried_out_in_its_second(
    decisions: tuple[tuple[int, float, str], ...], expected: list[tuple[int, int]]
) -> None:
    small = listing(*decisions)
    assert unblocked(small) == expected
    events = [t_s for t_s, kind, *_ in _reference_events(small) if kind == "unblock"]
    assert events == [t_s for t_s, _ in expected]


def _reference_events(small: SmallWorld) -> list[Event]:
    return simulate_reference(small.reference()).events
