"""A carriage return within a line hides what follows it from a reader of line feeds."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sim.addresses.feeds.column_choice import ColumnChoice
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.text.text import parse_entries
from sim.errors import DataError, ScenarioError
from sim.scenario.document import parse_document
from sim.scenario.starter.blocklist import renamed

REFUSED = "expected line feeds, got a bare carriage return (old Mac line ends): convert with"
FORMS = {
    "list": "198.51.100.7 # a\n203.0.113.0/24 # b\n192.0.2.1 # c\n",
    "firehol": "# ipset\n# License : x\n203.0.113.0/24 # b\n192.0.2.1\n",
    "geofeed": "# a\n198.51.100.0/24,AT,AT-9,Wien,\n203.0.113.0/24,DE,,,\n",
    "ipset": "create s hash:ip\nadd s 192.0.2.1\n# b\nadd s 192.0.2.2\n",
    "nftables": "add set ip t s { type ipv4_addr; }\n# a\nadd element ip t s { 192.0.2.1 }\n",
    "dnsmasq": "# a\nbogus-nxdomain=192.0.2.1\n# b\nbogus-nxdomain=192.0.2.2\n",
    "names": "# a\n0.0.0.0 a.example\n# b\n0.0.0.0 b.example\n",
    "inventory": "ip,comment\n198.51.100.7,a\n203.0.113.7,b\n",
    "orders": "effective,action,prefix,note\n2026-01-01T00:00Z,block,192.0.2.1,a\n"
    "2026-01-01T00:00Z,block,192.0.2.2,b\n",
    "iptoasn": "198.51.100.0\t198.51.100.255\t1\tAT\tA\n203.0.113.0\t203.0.113.9\t1\tAT\tB\n",
    "json-lines": '{"ip": "198.51.100.7"}\n{"ip": "203.0.113.7"}\n',
    "z-i": "Updated: 2026-01-01 00:00:00 +0000\n198.51.100.7;;;court;1;2026-01-01\n"
    "203.0.113.7;;;court;2;2026-01-01\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_carriage_return_within_a_line_is_refused_by_all_readers(form, tmp_path):
    path = tmp_path / "given"
    text = FORMS[form]
    n_lines = text.count("\n")
    path.write_bytes(text.replace("\n", "\r\n").encode())
    whole = read_feed(Input(path, "given"), form, allow_empty=True)
    assert whole.n_records > 0
    # Line ends of an old Mac throughout, or behind one line alone.
    for line in range(n_lines - 1):
        lines = text.split("\n")
        lines[line : line + 2] = ["\r".join(lines[line : line + 2])]
        for given, at in (("\n".join(lines), line + 1), (text.replace("\n", "\r"), 1)):
            path.write_bytes(given.encode())
            for skip_bad in (False, True):
                with pytest.raises(DataError) as error:
                    read_feed(Input(path, "given"), form, skip_bad=skip_bad, allow_empty=True)
                assert str(error.value).startswith(f"given:{at}: {REFUSED}")


def test_carriage_returns_in_texts_in_memory_are_refused_and_before_line_feeds_are_not():
    with pytest.raises(DataError, match=r":2: expected line feeds"):
        parse_entries("192.0.2.1\n192.0.2.2 # a\r192.0.2.3\n")
    assert len(parse_entries("192.0.2.1\r\r\n192.0.2.2 # a\r\n192.0.2.3\r").v4) == 3


BREAKS = ("\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
"""What `str.splitlines` takes for the end of a line, and an editor may show as one."""


@pytest.mark.parametrize("form", FORMS)
def test_line_ends_of_other_programs_join_no_entries_in_silence(form, tmp_path):
    path = tmp_path / "given"
    lines = FORMS[form].split("\n")[:-1]
    encoding = "windows-1251" if form == "z-i" else "utf-8"
    for at, (one, other) in enumerate(pairwise(lines)):
        # What stands in a comment stays there.
        if "#" in one or other.startswith("#"):
            continue
        for mark in BREAKS[:5] if form == "z-i" else BREAKS:
            joined = [*lines[:at], one + mark + other, *lines[at + 2 :], ""]
            path.write_bytes("\n".join(joined).encode(encoding))
            with pytest.raises(DataError, match=r"given:\d"):
                read_feed(Input(path, "given"), form, allow_empty=True)


@pytest.mark.parametrize("mark", BREAKS[5:])
def test_a_comment_of_a_scenario_hides_no_key(mark):
    text = f"name: a\n# a note{mark}replicates: 2\n"
    with pytest.raises(ScenarioError, match=rf"a:2:9: expected text, got .* U\+{ord(mark):04X}"):
        parse_document(text.encode(), "a")


@pytest.mark.parametrize("mark", BREAKS)
def test_a_table_with_new_names_keeps_its_rows(mark):
    text = f"place,who\n192.0.2.7,a{mark}b\n192.0.2.8,c\n"
    choice = ColumnChoice.of(["address=place"], [])
    assert renamed(text.encode(), "a", choice).decode() == text.replace("place", "address")
