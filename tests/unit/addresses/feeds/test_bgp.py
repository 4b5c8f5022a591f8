"""MRT: damage that the reader passes over is found, and updates become dated orders."""

from __future__ import annotations

import bz2
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sim.addresses.feeds.formats import read_dated, read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.sniffing import sniff
from sim.addresses.sets.families import AddressSet
from sim.errors import DataError
from tests.binaries import AS_SEQUENCE, mrt, update
from tests.optional import needs

BLACKHOLE = [(64500, 1), (65535, 666)]
HOST4, HOST6 = "198.51.100.7/32", "2001:db8::7/128"
UPDATES = [
    update(1_700_000_000, 64500, announced=[HOST4, HOST6], communities=BLACKHOLE),
    update(1_700_000_100, 64501, announced=[HOST4], communities=BLACKHOLE),
    update(1_700_000_150, 64501, announced=[HOST4], communities=BLACKHOLE),
    update(1_700_000_200, 64500, withdrawn=[HOST4]),
    update(1_700_000_300, 64501, announced=[HOST4], communities=[(64501, 1)]),
    update(1_700_000_400, 64501, announced=["203.0.113.0/24"]),
    update(1_700_000_500, 64500, withdrawn=[HOST6, "203.0.113.0/24"]),
]
# By hand: from which second on what is thrown away by whom.
IN_FORCE = {
    1_699_999_999: [],
    1_700_000_000: [(HOST4, "AS64500"), (HOST6, "AS64500")],
    1_700_000_160: [(HOST4, "AS64500"), (HOST6, "AS64500"), (HOST4, "AS64501")],
    1_700_000_200: [(HOST6, "AS64500"), (HOST4, "AS64501")],
    1_700_000_300: [(HOST6, "AS64500")],
    1_700_000_500: [],
}


def written(tmp_path: Path, content: bytes, name: str = "dump") -> Input:
    path = tmp_path / name
    path.write_bytes(content)
    return Input(path, name)


@pytest.mark.parametrize("at_s", IN_FORCE)
def test_announcements_to_throw_away_are_orders_for_the_network_that_passes_them_on(at_s, tmp_path):
    needs("pybgpkit_parser")
    given = written(tmp_path, bz2.compress(b"".join(UPDATES)), "updates.bz2")
    assert sniff(given) == "bgp-updates"
    orders = read_dated(given, skip_bad=False)
    kept = orders.in_force(datetime.fromtimestamp(at_s, UTC))
    assert kept.n_records == len(IN_FORCE[at_s])
    assert kept.to_set() == AddressSet.of(*(prefix for prefix, _ in IN_FORCE[at_s]))
    assert set(orders.parties.names) == {"AS64500", "AS64501"}
    told = "2 announcements do not carry the community BLACKHOLE (65535:666): they order nothing"
    assert told in orders.feed.notes


def test_the_reader_does_not_unpack_by_the_name_of_a_file(tmp_path):
    needs("pybgpkit_parser")
    given = written(tmp_path, b"".join(UPDATES), "updates.lz4")
    assert read_feed(given).n_records == 6


def test_updates_without_any_order_nothing(tmp_path):
    needs("pybgpkit_parser")
    given = written(tmp_path, UPDATES[5])
    with pytest.raises(DataError, match=r"got none in 1 lines.*1 announcements do not carry"):
        read_feed(given)


def test_updates_cut_short_are_refused(tmp_path):
    needs("pybgpkit_parser")
    with pytest.raises(DataError, match="expected MRT, got in entry 7"):
        read_feed(written(tmp_path, b"".join(UPDATES)[:-5]))


def test_a_route_that_the_reader_passes_over_is_missed(tmp_path):
    """An entry that says it holds two routes and holds one."""
    needs("pybgpkit_parser")
    whole = mrt({"198.51.100.0/24": [[(AS_SEQUENCE, [64500, 64496])]]})
    at = whole.rindex(bytes([24, 198, 51, 100])) + 4
    assert whole[at : at + 2] == b"\0\1"
    with pytest.raises(DataError, match=r"expected 2 routes, as the entries say, got [01]"):
        read_feed(written(tmp_path, whole[:at] + b"\0\2" + whole[at + 2 :]))
    assert len(read_feed(written(tmp_path, whole)).v4) == 1
