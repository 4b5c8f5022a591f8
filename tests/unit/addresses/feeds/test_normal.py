"""The normal table: one row per prefix, and where it came from."""

import math
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.addresses.feeds import normal
from sim.addresses.feeds.feed import Feed, concatenate, members
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.frames import feed_of_addresses, feed_of_columns
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.normal import write_normal
from sim.errors import DataError, UsageError
from tests.feeds import given, read

TEXT = (
    "prefix,provider,asn,service,country,n_names\n"
    "198.51.100.0/24,One,AS64496 64497,a|b,NA,3\n"
    "192.0.2.1-192.0.2.3,,,,,\n"
    "2001:db8::/32,Two,64496,,,\n"
    ",Three,,,,\n"
)


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    return read_feed(given(tmp_path, TEXT, "table.csv"))


@pytest.fixture
def path(feed: Feed, tmp_path: Path) -> Path:
    """The normal table of the feed."""
    assert write_normal(feed, tmp_path / "table.parquet", sha256="abc", version="1") == 4
    return tmp_path / "table.parquet"


def test_ranges_become_prefixes_and_lists_stay_lists(path):
    rows = duckdb.execute(
        "SELECT prefix, ip_first, ip_last, family, asn, provider, service, country, n_names "
        f"FROM '{path}'"
    ).fetchall()
    nothing = (None, None, None, None, None)
    assert rows == [
        (
            *("198.51.100.0/24", 0xC6336400, 0xC63364FF, 4),
            *([64496, 64497], "One", ["a|b"], "NA", 3.0),
        ),
        ("192.0.2.1/32", 0xC0000201, 0xC0000201, 4, *nothing),
        ("192.0.2.2/31", 0xC0000202, 0xC0000203, 4, *nothing),
        ("2001:db8::/32", None, None, 6, [64496], "Two", None, None, None),
    ]
    halves = duckdb.execute(
        "SELECT ip6_first_high, ip6_first_low, ip6_last_high, ip6_last_low "
        f"FROM '{path}' WHERE family = 6"
    ).fetchall()
    assert halves == [(0x20010DB8 << 32, 0, (0x20010DB8 << 32) | 0xFFFFFFFF, 2**64 - 1)]


def test_the_table_says_where_it_came_from(path):
    pairs = duckdb.execute(f"SELECT key, value FROM parquet_kv_metadata('{path}')").fetchall()
    told = {key.decode(): value.decode() for key, value in pairs}
    assert told["schema"] == "overblock/normal-table/2"
    assert (told["source"], told["source_sha256"]) == ("table.csv", "abc")
    assert (told["n_rows_ipv4"], told["n_rows_ipv6"]) == ("3", "1")
    assert told["n_records_without_address"] == "1"


def test_a_table_reads_back_as_what_was_written(feed, path):
    again = read_feed(Input(path, "table.parquet"), "parquet")
    assert again.to_set() == feed.to_set()
    first = again.labels["asn"], again.labels["service"]
    assert [labels.lists[labels.code[0]] for labels in first] == [("64496", "64497"), ("a|b",)]


ODD = ["a|b", "c;d", 'e"f', "g\\h", " ", ",", "[", "null"]


def listed_table(path: Path, column: str, sql: str, more: str = "") -> Feed:
    duckdb.execute(
        f"COPY (SELECT '198.51.100.0/24' AS prefix, {sql} AS {column} UNION ALL BY NAME "
        f"SELECT '203.0.113.0/24' AS prefix) TO '{path}' (FORMAT parquet{more})"
    )
    return read_feed(Input(path, path.name))


def test_lists_keep_their_members_whatever_these_hold(tmp_path):
    texts = ", ".join("'" + text.replace("'", "''") + "'" for text in [*ODD, *ODD])
    first = listed_table(tmp_path / "given.parquet", "service", f"[{texts}, NULL]")
    path = tmp_path / "table.parquet"
    write_normal(first, path, sha256="abc", version="1")
    for feed in (first, read_feed(Input(path, "table.parquet"))):
        record, code, names = members(feed.labels["service"])
        assert [names[at] for at in code] == ODD
        assert set(record.tolist()) == {0}
        assert not feed.notes
    assert duckdb.execute(f"SELECT service FROM '{path}'").fetchall() == [(ODD,), (None,)]


@pytest.mark.parametrize(
    ("read_as", "text"),
    [
        (
            "aws",
            r'{"createDate":"\ud800","prefixes":[{"ip_prefix":"198.51.100.0/24","region":"\ud800",'
            r'"service":"\ud800"}]}',
        ),
        (
            "azure",
            r'{"changeNumber":"\ud800","values":[{"name":"\ud800","properties":{"region":"\ud800",'
            r'"addressPrefixes":["198.51.100.0/24"]}}]}',
        ),
        ("zdns", r'{"name":"\ud800","data":{"answers":[{"type":"A","answer":"198.51.100.1"}]}}'),
    ],
)
def test_half_characters_stay_spelled_as_the_file_has_them(tmp_path, read_as, text):
    table = tmp_path / "table.parquet"
    feed = read(text, tmp_path, read_as)
    write_normal(feed, table, sha256="abc", version="1")
    told = [labels for column, labels in feed.labels.items() if column != "provider"]
    assert {labels.names[0] for labels in told} == {r"\ud800"}
    assert read_feed(Input(table, "table")).labels.keys() == feed.labels.keys()


def test_several_tables_keep_lists_and_texts_apart(tmp_path):
    listed = listed_table(tmp_path / "given.parquet", "service", "['a|b', 'c']")
    own = read("prefix,service\n192.0.2.0/24,a|b\n192.0.2.0/25,c\n", tmp_path)
    both = concatenate([own, listed])
    assert both.labels["service"].lists == [("a|b",), ("c",), ("a|b", "c")]
    assert both.labels["service"].code.tolist() == [0, 1, 2, -1]


@pytest.mark.parametrize(
    ("column", "sql", "got"),
    [
        ("provider", "['a']", r"\"\['a'\]\""),
        ("service", "[1, 2]", r"'\[1, 2\]'"),
        ("service", "[['a']]", r"\"\[\['a'\]\]\""),
        ("asn", "[1.5]", r"'\[1.5\]'"),
        ("prefix2", "['198.51.100.0/24']", None),
    ],
)
def test_a_list_where_none_may_be_is_refused(tmp_path, column, sql, got):
    path = tmp_path / "table.parquet"
    if got is None:
        assert "columns ignored: prefix2" in listed_table(path, column, sql).notes
        return
    with pytest.raises(DataError, match=rf":1: {column}: expected one value, got {got}"):
        listed_table(path, column, sql)


def test_a_table_that_finds_no_room_is_told(feed, tmp_path, monkeypatch):
    monkeypatch.setattr(normal, "_MEMORY", "1MB")
    with pytest.raises(UsageError, match=r"table\.parquet: cannot write this file: Out of Mem"):
        write_normal(feed, tmp_path / "table.parquet", sha256="abc", version="1")
    assert [path.name for path in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("name,address,n_names\na,198.51.100.7,1\na,,1\n", "rows without an address"),
        ("name,address,n_names\na,198.51.100.1-198.51.100.6,10\n",
         "which of its rows are one host"),
        (
            "effective,action,prefix\n2024-01-01T00:00Z,block,198.51.100.0/24\n"
            "2024-01-02T00:00Z,unblock,198.51.100.0/24\n",
            "the times and withdrawals of orders",
        ),
    ],
)  # fmt: skip
def test_a_table_that_lost_what_its_source_says_is_a_question(text, lost, tmp_path):
    (tmp_path / "given.csv").write_text(text)
    path = tmp_path / "t.parquet"
    feed = read_feed(Input(tmp_path / "given.csv", "given.csv"))
    write_normal(feed, path, sha256="", version="1")
    with pytest.raises(DataError, match=f"that lost {lost}: read given.csv itself, or say --as"):
        read_feed(Input(path, "t.parquet"))
    assert read_feed(Input(path, "t.parquet"), "parquet").to_set() == feed.to_set()


def test_a_provider_is_given_to_records_that_name_none(feed):
    for provider in ("Two", "Four"):
        named = feed.with_provider(provider).labels["provider"]
        told = [named.names[code] for code in named.code.tolist()]
        assert told == ["One", provider, "Two", "Three"]
        assert len(set(named.names)) == len(named.names)
    plain = feed_of_columns({"address": ["198.51.100.1", "198.51.100.2"]}, "plain")
    named = plain.with_provider("One").labels["provider"]
    assert [named.names[code] for code in named.code.tolist()] == ["One", "One"]


def test_tables_one_after_the_other_keep_numbers_and_what_is_not_known():
    one = feed_of_columns({"address": ["198.51.100.1", None], "n_names": [3, 4]}, "one")
    both = concatenate([one, feed_of_columns({"address": ["198.51.100.2"]}, "two"), one])
    expected = [3.0, 4.0, math.nan, 3.0, 4.0]
    assert both.numbers["n_names"].tolist() == pytest.approx(expected, nan_ok=True)
    assert (both.n_records, both.n_unplaced) == (5, 2)


def test_numbers_that_are_no_address_are_refused_by_row():
    for values in ([1, -1, 2**32, 2**32 - 1], np.array([1, -1, 2**32, 2**32 - 1])):
        with pytest.raises(DataError) as refusal:
            feed_of_columns({"address": values, "name": ["a", "b", "c", "d"]}, "frame")
        assert [str(one) for one in refusal.value.problems] == [
            "frame:2: expected an IPv4 address in [0, 2**32), got -1",
            "frame:3: expected an IPv4 address in [0, 2**32), got 4294967296",
        ]
    for values in ([0, 2**32 - 1, None], [0.0, 2**32 - 1, math.nan]):
        feed = feed_of_columns({"address": values}, "frame")
        assert (feed.n_records, feed.n_unplaced) == (3, 1)
    assert (feed.v4.start.tolist(), feed.v4.stop.tolist()) == ([0, 2**32 - 1], [1, 2**32])


COLUMNS = {"address": ["198.51.100.1", "192.0.2.7"], "name": ["shop", None]}


def _records():
    return [dict(zip(COLUMNS, row, strict=True)) for row in zip(*COLUMNS.values(), strict=True)]


def _frame_of(package):
    if package == "duckdb":
        name = "unnest(['shop', NULL]) AS name"
        return duckdb.sql(f"SELECT unnest(['198.51.100.1', '192.0.2.7']) AS address, {name}")
    module = pytest.importorskip(package)
    if package == "pyarrow":
        return module.RecordBatch.from_pydict(COLUMNS)
    return module.DataFrame(COLUMNS)


@pytest.mark.parametrize("form", ["pandas", "pyarrow", "duckdb", "records", "generator"])
def test_frames_and_records_are_columns_by_name(form):
    made = {"records": _records, "generator": lambda: iter(_records())}
    for feed_of in (feed_of_columns, feed_of_addresses):
        feed = feed_of(made[form]() if form in made else _frame_of(form), "frame")
        assert feed.v4.start.tolist() == [0xC6336401, 0xC0000207]
    named = feed_of_columns(made[form]() if form in made else _frame_of(form), "frame")
    assert (named.labels["name"].names, named.labels["name"].code.tolist()) == (["shop"], [0, -1])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"address": ["198.51.100.1"], "name": ["a", "b"]}, "one length, got address 1, name 2"),
        ({"address": [["a"], ["b", "c"]]}, r"single values, got \['a'\] in row 1"),
        ({"address": ["192.0.2.1", {"192.0.2.2"}]}, "single values, got {'192.0.2.2'} in row 2"),
        ({"address": "192.0.2.1"}, "address: expected a list of single values, got str"),
        ([{"address": "192.0.2.1"}, "192.0.2.2"], "records with names, got list of dict, str"),
        ("hosts.csv", "expected a frame, columns by name, or records with names, got str"),
        ({}, "expected columns of one length, got none"),
        ([], "expected a frame, columns by name, or records with names, got list"),
    ],
)
def test_what_is_no_table_is_refused(given, message):
    with pytest.raises(DataError, match=message):
        feed_of_columns(given, "frame")


def test_what_is_missing_beside_texts_is_not_known():
    feed = feed_of_columns({"address": ["192.0.2.1", math.nan], "name": [math.nan, "b"]}, "frame")
    assert (feed.n_records, len(feed.v4), feed.labels["name"].names) == (2, 1, ["b"])


def test_lists_without_an_address_are_refused():
    with pytest.raises(DataError, match="expected at least one address, got none in 2 rows"):
        feed_of_addresses([None, ""], "frame")
    with pytest.raises(DataError, match="got str"):
        feed_of_addresses("192.0.2.1", "frame")
    assert feed_of_addresses((one for one in ["192.0.2.1"]), "frame").n_records == 1


def test_services_of_a_table_that_an_earlier_version_may_have_split_are_a_question(tmp_path):
    metadata = ", KV_METADATA {{schema: 'overblock/normal-table/{}', source: 'own.csv'}}"
    assert listed_table(tmp_path / "new", "service", "['a', 'b']", metadata.format(2)).n_records
    with pytest.raises(DataError, match=r"lost where a service ends: read own\.csv itself"):
        listed_table(tmp_path / "old", "service", "['a', 'b']", metadata.format(1))
