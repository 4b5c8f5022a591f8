"""Dated orders: what is in force when."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from sim.addresses.feeds.formats import read_dated
from sim.addresses.feeds.inputs import Input
from sim.addresses.sets.families import AddressSet
from sim.errors import DataError

TABLE = """effective,action,prefix
2018-04-16T12:00+03:00,block,198.51.100.0/24
2018-04-16T13:00+03:00,block,198.51.100.0/25
2018-04-16T13:00+03:00,block,198.51.100.0/24
2018-04-16T14:00+03:00,unblock,198.51.100.0/24
2018-04-16T15:00+03:00,unblock,198.51.100.0/24
2018-04-16T16:00+03:00,block,2001:db8::/32
"""


def listed(tmp_path: Path, text: str, at: str) -> AddressSet:
    path = tmp_path / "orders.csv"
    path.write_text(text)
    orders = read_dated(Input(path, "orders.csv"), skip_bad=False)
    return orders.in_force(datetime.fromisoformat(at)).to_set()


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2018-04-16T11:59:59+03:00", ()),
        ("2018-04-16T12:00+03:00", ("198.51.100.0/24",)),
        ("2018-04-16T09:00Z", ("198.51.100.0/24",)),
        ("2018-04-16T14:30+03:00", ("198.51.100.0/24",)),
        ("2018-04-16T15:00+03:00", ("198.51.100.0/25",)),
        ("2018-04-16T16:00+03:00", ("198.51.100.0/25", "2001:db8::/32")),
    ],
)
def test_an_unblocking_withdraws_one_order_for_exactly_its_prefix(at, expected, tmp_path):
    assert listed(tmp_path, TABLE, at) == AddressSet.of(*expected)


def test_orders_are_taken_by_time_whatever_their_sequence_in_the_table(tmp_path):
    header, *rows = TABLE.splitlines(keepends=True)
    backwards = header + "".join(reversed(rows))
    at = "2018-04-16T15:00+03:00"
    assert listed(tmp_path, backwards, at) == listed(tmp_path, TABLE, at)


def test_only_orders_in_force_are_entries(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(TABLE)
    feed = read_dated(Input(path, "orders.csv"), skip_bad=False).in_force(
        datetime.fromisoformat("2018-04-16T15:00+03:00")
    )
    assert (feed.n_records, feed.n_unplaced, feed.v4.line.tolist()) == (1, 0, [3])


def test_the_oldest_of_equal_orders_is_withdrawn_first(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(TABLE)
    at = datetime.fromisoformat("2018-04-16T14:00+03:00")
    feed = read_dated(Input(path, "orders.csv"), skip_bad=False).in_force(at)
    assert feed.v4.line.tolist() == [3, 4]


def test_a_time_without_offset_and_an_unknown_action_are_refused(tmp_path):
    text = "effective,action,prefix\n2018-04-16T12:00,drop,198.51.100.0/24\n"
    with pytest.raises(DataError) as refused:
        listed(tmp_path, text, "2018-04-16T12:00+03:00")
    keys = [(problem.line, problem.key) for problem in refused.value.problems]
    assert keys == [(2, "effective"), (2, "action")]
