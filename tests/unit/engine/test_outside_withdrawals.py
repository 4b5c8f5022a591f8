"""What others decide is withdrawn: the oldest entries, up to a share, in the ranges decided on."""

from __future__ import annotations

import pytest

from sim.engine.actors.review import withdrawn
from sim.engine.orders import Entry, Mechanism, Order
from sim.world.withdrawals import OutsideWithdrawal
from tests.worlds import _set_of

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
