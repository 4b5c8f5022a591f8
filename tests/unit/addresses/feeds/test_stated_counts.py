"""A file that states how many rows or addresses it holds is refused where it holds another number.

Counts are counted by hand; addresses of prefixes are powers of two.
"""

from __future__ import annotations

import json

import pytest

from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.errors import DataError

NETSET = (
    "#\n# some\n#\n# ipv4 hash:net ipset\n#\n# Entries         : 2 subnets, 257 unique IPs\n#\n"
    "192.0.2.7\n198.51.100.0/24\n"
)
IPSET = "# ipv4 hash:ip ipset\n# Entries         : 3 unique IPs\n192.0.2.7\n192.0.2.8\n192.0.2.9\n"
METADATA = {"type": "metadata", "timestamp": 1767322985, "size": 180}


def drop(n: int, stated: object = None, first: int = 0) -> str:
    lines = [{"cidr": f"198.51.{first + at}.0/24", "sblid": f"SBL{at}"} for at in range(n)]
    end = [] if stated is None else [METADATA | {"records": stated}]
    return "".join(json.dumps(line) + "\n" for line in [*lines, *end])


def read(text, tmp_path, form="", **how):
    path = tmp_path / "given"
    path.write_bytes(text.encode())
    return read_feed(Input(path, "given"), form, **how)


def told(text, tmp_path, form=""):
    with pytest.raises(DataError) as found:
        read(text, tmp_path, form)
    return str(found.value)


WHOLE = {
    "netset": (NETSET, 2),
    "netset joined": (NETSET + NETSET.replace("198.51.100", "203.0.113"), 4),
    "ipset": (IPSET, 3),
    "drop": (drop(3, 3), 3),
    "drop joined": (drop(3, 3) + drop(2, 2, 3), 5),
    "trailer": ("192.0.2.7\n192.0.2.8\n# END 2 entries\n", 2),
    "trailers": ("192.0.2.7\n; total: 1\n192.0.2.8\n192.0.2.9\n; total: 2\n", 3),
    "thousands": ("# Total IPs: 65,536\n198.51.0.0/16\n", 1),
    "families": ("# IPv4 entries: 1\n# IPv6 entries: 2\n192.0.2.7\n2001:db8::1\n2001:db8::5\n", 3),
    "no count": ("# Entries last changed: 5\n# 3 entries were doubtful\n192.0.2.7 # 9 ips\n", 1),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_file_with_as_many_as_it_states_is_read(name, tmp_path):
    text, n_records = WHOLE[name]
    assert read(text, tmp_path).n_records == n_records
    assert read(text.replace("\n", "\r\n"), tmp_path).n_records == n_records


BROKEN = {
    "netset": (
        NETSET.replace("198.51.100.0/24\n", ""),
        [
            "given:6: expected 2 subnets, as this line says, got 1: the file is not whole",
            "given:6: expected 257 unique ips, as this line says, got 1: the file is not whole",
        ],
    ),
    "the first of two netsets": (
        NETSET.replace("192.0.2.7\n", "") + NETSET,
        [
            "given:6: expected 2 subnets, as this line says, got 1: the file is not whole",
            "given:6: expected 257 unique ips, as this line says, got 256: the file is not whole",
        ],
    ),
    "ipset": (
        IPSET[:-10],
        ["given:2: expected 3 unique ips, as this line says, got 2: the file is not whole"],
    ),
    "drop": (
        drop(2, 3),
        ["given:3: records: expected 3 records, as this line says, got 2: the file is not whole"],
    ),
    "drop as text": (
        drop(2, "3"),
        ["given:3: records: expected 3 records, as this line says, got 2: the file is not whole"],
    ),
    "drop with another count": (
        drop(2, True),
        ["given:3: records: expected a number of records, got 'True'"],
    ),
    "the second of two drops": (
        drop(3, 3) + drop(2),
        [
            "given:6: expected a line of metadata at its end, got 2 records behind the last: "
            "the file is not whole"
        ],
    ),
    "trailer": (
        "192.0.2.7\n# END (2) entries\n",
        ["given:2: expected 2 entries, as this line says, got 1: the file is not whole"],
    ),
    "added": (
        "# Entries: 1\n192.0.2.7\n192.0.2.9\n",
        ["given:1: expected 1 entries, as this line says, got 2: it holds more than that"],
    ),
    "of thousands of digits": (
        drop(2, f"{9:0>5000}"),
        [
            f"given:3: records: expected {0:0>20} records, as this line says, got 2: "
            "the file is not whole"
        ],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_with_another_number_than_it_states_is_refused(name, tmp_path):
    text, expected = BROKEN[name]
    assert told(text, tmp_path).split("\n") == expected


def test_a_form_that_was_asked_for_is_counted_too(tmp_path):
    assert "expected 257 unique ips" in told(BROKEN["netset"][0], tmp_path, "list")


def test_a_mistake_that_is_skipped_is_counted(tmp_path):
    assert read(BROKEN["ipset"][0], tmp_path, skip_bad=True).n_bad == 1


def test_a_drop_list_without_metadata_may_have_lost_records(tmp_path):
    (note,) = [note for note in read(drop(2), tmp_path).notes if "metadata" in note]
    assert note == "no line of metadata says how many records there are: some may be missing"
