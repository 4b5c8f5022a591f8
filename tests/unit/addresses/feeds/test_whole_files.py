"""Files that were cut, with lines that hide others, and with keys that stand twice.

Counts are counted by hand; addresses of prefixes are powers of two.
"""

import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from sim.addresses.feeds.forms import JSON_FORMS
from sim.addresses.feeds.gather import parse_entries
from sim.addresses.feeds.inputs import ColumnChoice
from sim.errors import DataError, ScenarioError
from sim.files import RepeatedKeyError, parse_json
from sim.results.folder import read_manifest
from sim.scenario.document import parse_document
from sim.scenario.tables.inventory import write_sites
from tests.feeds import read, refused

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


CUT = "the file was cut or changed"
BROKEN = {
    "netset": (
        NETSET.replace("198.51.100.0/24\n", ""),
        f"given:6: expected 2 subnets, as comments say, got 1 lines with 1 addresses: {CUT}",
    ),
    "the first of two netsets": (
        NETSET.replace("192.0.2.7\n", "") + NETSET,
        f"given:6: expected 4 subnets, as comments say, got 3 lines with 257 addresses: {CUT}",
    ),
    "ipset": (
        IPSET[:-10],
        f"given:2: expected 3 unique ips, as comments say, got 2 lines with 2 addresses: {CUT}",
    ),
    "drop": (drop(2, 3), f"given:3: records: expected 3 records before this line, got 2: {CUT}"),
    "drop with another count": (
        drop(2, True),
        f"given:3: records: expected True records before this line, got 2: {CUT}",
    ),
    "the second of two drops": (
        drop(3, 3) + drop(2),
        "given:6: expected a line of metadata behind the last 2 records, got none: "
        "the file was cut",
    ),
    "trailer": (
        "192.0.2.7\n# END (2) entries\n",
        f"given:2: expected 2 entries, as comments say, got 1 lines with 1 addresses: {CUT}",
    ),
    "one family": (
        "# IPv4 entries: 1\n# IPv6 entries: 2\n192.0.2.7\n2001:db8::1\n",
        f"given:2: expected 2 ipv6 entries, as comments say, got 1 lines with 1 addresses: {CUT}",
    ),
    "added": (
        "# Entries: 1\n192.0.2.7\n192.0.2.9\n",
        f"given:1: expected 1 entries, as comments say, got 2 lines with 2 addresses: {CUT}",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_with_another_number_than_it_states_is_refused(name, tmp_path):
    text, expected = BROKEN[name]
    assert refused(text, tmp_path) == [expected]
    assert read(text, tmp_path, skip_bad=True).n_bad == 1


def test_a_form_that_was_asked_for_is_counted_too(tmp_path):
    assert "expected 2 subnets" in refused(BROKEN["netset"][0], tmp_path, "list")[0]


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.7 # a hole: \0\0\0\0\0\0\n198.51.100.7\n",
        "Updated: 2026-01-01\n192.0.2.7;a\0\0\0\0\0\0.example;;court;1;2026-01-01\n"
        "198.51.100.7;;;court;2;2026-01-01\n",
    ],
)
def test_zeros_of_a_hole_in_a_file_are_refused(text, tmp_path):
    (told,) = refused(text, tmp_path)
    assert "expected text, got" in told
    assert read(text, tmp_path, skip_bad=True).n_bad == 1


def test_a_drop_list_without_metadata_may_have_lost_records(tmp_path):
    (note,) = [note for note in read(drop(2), tmp_path).notes if "metadata" in note]
    assert note == "no line of metadata says how many records there are: some may be missing"


REFUSED = "expected line feeds, got a bare carriage return (old Mac line ends): convert with"
WRITTEN = {
    "list": "198.51.100.7 # a\n203.0.113.0/24 # b\n192.0.2.1 # c\n",
    "names": "# a\n0.0.0.0 a.example\n# b\n0.0.0.0 b.example\n",
    "inventory": "ip,comment\n198.51.100.7,a\n203.0.113.7,b\n",
    "orders": "effective,action,prefix,note\n2026-01-01T00:00Z,block,192.0.2.1,a\n"
    "2026-01-01T00:00Z,block,192.0.2.2,b\n",
    "json-lines": '{"ip": "198.51.100.7"}\n{"ip": "203.0.113.7"}\n',
    "iptoasn": "198.51.100.0\t198.51.100.255\t1\tAT\tA\n203.0.113.0\t203.0.113.9\t1\tAT\tB\n",
    "z-i": "Updated: 2026-01-01 00:00:00 +0000\n198.51.100.7;;;court;1;2026-01-01\n"
    "203.0.113.7;;;court;2;2026-01-01\n",
}


@pytest.mark.parametrize("form", WRITTEN)
def test_a_carriage_return_within_a_line_is_refused_by_all_readers(form, tmp_path):
    text = WRITTEN[form]
    n_lines = text.count("\n")
    whole = read(text.replace("\n", "\r\n"), tmp_path, form, allow_empty=True)
    assert whole.n_records > 0
    # Line ends of an old Mac throughout, or behind one line alone.
    for line in range(n_lines - 1):
        lines = text.split("\n")
        lines[line : line + 2] = ["\r".join(lines[line : line + 2])]
        for odd, at in (("\n".join(lines), line + 1), (text.replace("\n", "\r"), 1)):
            for skip_bad in (False, True):
                told = refused(odd, tmp_path, form, skip_bad=skip_bad, allow_empty=True)
                assert told[0].startswith(f"given:{at}: {REFUSED}")


def test_carriage_returns_in_texts_in_memory_are_refused_and_before_line_feeds_are_not():
    with pytest.raises(DataError, match=r":2: expected line feeds"):
        parse_entries("192.0.2.1\n192.0.2.2 # a\r192.0.2.3\n")
    assert len(parse_entries("192.0.2.1\r\r\n192.0.2.2 # a\r\n192.0.2.3\r").v4) == 3


BREAKS = ("\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")
"""What `str.splitlines` takes for the end of a line, and an editor may show as one."""


@pytest.mark.parametrize("form", WRITTEN)
def test_line_ends_of_other_programs_join_no_entries_in_silence(form, tmp_path):
    lines = WRITTEN[form].split("\n")[:-1]
    encoding = "windows-1251" if form == "z-i" else "utf-8"
    for at, (one, other) in enumerate(pairwise(lines)):
        # What stands in a comment stays there.
        if "#" in one or other.startswith("#"):
            continue
        for mark in BREAKS[:5] if form == "z-i" else BREAKS:
            joined = [*lines[:at], one + mark + other, *lines[at + 2 :], ""]
            content = "\n".join(joined).encode(encoding)
            (told, *_) = refused(content, tmp_path, form, allow_empty=True)
            assert re.match(r"given:\d", told)


@pytest.mark.parametrize("mark", BREAKS[5:])
def test_a_comment_of_a_scenario_hides_no_key(mark):
    text = f"name: a\n# a note{mark}replicates: 2\n"
    with pytest.raises(ScenarioError, match=rf"a:2:9: expected text, got .* U\+{ord(mark):04X}"):
        parse_document(text.encode(), "a")


@pytest.mark.parametrize("mark", BREAKS)
def test_a_table_with_new_names_keeps_its_rows(mark, tmp_path):
    rows = f"192.0.2.7,a{mark}b,1\n192.0.2.8,c,0.1\n"
    (tmp_path / "a.csv").write_text(f"place,site,revenue_usd_per_h\n{rows}")
    found = write_sites(tmp_path / "a.csv", ColumnChoice.of(["address=place"], [])).decode()
    assert found == (f"site,address,revenue_usd_per_h\na{mark}b,192.0.2.7,1.0\nc,192.0.2.8,0.1\n")


CORPUS = Path(__file__).parents[3] / "fuzz" / "corpus"
_KEY = re.compile(r'(?<!\\)"(\w+)"\s*:')
GOOD = sorted(
    path
    for form in JSON_FORMS
    for path in (CORPUS / form.name).glob("good*")
    if _KEY.search(path.read_text())
)


@pytest.mark.parametrize("path", GOOD, ids=[f"{path.parent.name}-{path.name}" for path in GOOD])
def test_a_key_twice_is_refused_in_every_form_of_json(path, tmp_path):
    text = path.read_text()
    found = list(_KEY.finditer(text))
    for key in (found[0], found[len(found) // 2], found[-1]):
        for value in ("null", '"203.0.113.99"'):
            twice = f"{text[: key.start()]}{key[0]} {value}, {text[key.start() :]}"
            (told, *_) = refused(twice, tmp_path, allow_empty=True)
            assert f"expected each key once, got '{key[1]}' again" in told


def test_each_object_has_its_own_keys_and_nothing_else_is_changed():
    text = '{"a": [{"a": 1, "b": {"a": 2}}, {"a": 1}], "b": {}}'
    assert parse_json(text) == json.loads(text)
    for twice in ('{"a": 1, "a": 1}', '[{"b": {"a": 1, "\\u0061": 2}}]'):
        with pytest.raises(RepeatedKeyError, match="got 'a' again"):
            parse_json(twice)


def test_a_manifest_with_a_key_twice_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text('{"kind": "run", "root_seed": 1, "root_seed": 2}')
    with pytest.raises(DataError, match="expected each key once, got 'root_seed' again"):
        read_manifest(tmp_path)
