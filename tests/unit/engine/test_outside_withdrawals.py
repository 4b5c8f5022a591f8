"""What others decide is withdrawn: the oldest entries, up to a share."""

from __future__ import annotations

import pytest

from sim.engine.actors.review import withdrawn
from sim.engine.orders import Entry, Mechanism, Order
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
    found = withdrawn(entries(WIDE, NARROW, OTHER), share)
    assert rows(found) == expected


def test_the_share_is_of_addresses_and_not_of_entries() -> None:
    many = entries(*(f"203.0.113.{host}/32" for host in range(4)), WIDE)
    assert rows(withdrawn(many, 1 / 64)) == [0, 1, 2]


def test_nothing_is_withdrawn_where_nothing_is_listed() -> None:
    assert withdrawn([], 1.0) == []
    name = [Entry(0, Order("block", _set_of(()), Mechanism.NAME), 0)]
    assert withdrawn(name, 1.0) == []
