"""The normal table: one row per prefix, and where it came from."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.normal import write_normal
from sim.errors import UsageError

TEXT = (
    "prefix,provider,asn,service,country,n_names\n"
    "198.51.100.0/24,One,AS64496 64497,a|b,NA,3\n"
    "192.0.2.1-192.0.2.3,,,,,\n"
    "2001:db8::/32,Two,64496,,,\n"
    ",Three,,,,\n"
)


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    path = tmp_path / "table.csv"
    path.write_text(TEXT)
    return read_feed(Input(path, "table.csv"))


def test_ranges_become_prefixes_and_lists_stay_lists(feed, tmp_path):
    path = tmp_path / "table.parquet"
    assert write_normal(feed, path, sha256="abc", version="1") == 4
    rows = duckdb.execute(
        "SELECT prefix, ip_first, ip_last, family, asn, provider, service, country, n_names "
        f"FROM '{path}'"
    ).fetchall()
    nothing = (None, None, None, None, None)
    assert rows == [
        (
            *("198.51.100.0/24", 0xC6336400, 0xC63364FF, 4),
            *([64496, 64497], "One", ["a", "b"], "NA", 3.0),
        ),
        ("192.0.2.1/32", 0xC0000201, 0xC0000201, 4, *nothing),
        ("192.0.2.2/31", 0xC0000202, 0xC0000203, 4, *nothing),
        ("2001:db8::/32", None, None, 6, [64496], "Two", None, None, None),
    ]
    halves = duckdb.execute(
        "SELECT ip6_first_high, ip6_first_low, ip6_last_high, ip6_last_low "
        f"FROM '{path}' WHERE family = 6"
    ).fetchone()
    assert halves == (0x20010DB8 << 32, 0, (0x20010DB8 << 32) | 0xFFFFFFFF, 2**64 - 1)


def test_the_table_says_where_it_came_from(feed, tmp_path):
    path = tmp_path / "table.parquet"
    write_normal(feed, path, sha256="abc", version="1")
    pairs = duckdb.execute(f"SELECT key, value FROM parquet_kv_metadata('{path}')").fetchall()
    told = {key.decode(): value.decode() for key, value in pairs}
    assert told["schema"] == "overblock/normal-table/1"
    assert (told["source"], told["source_sha256"]) == ("table.csv", "abc")
    assert (told["n_rows_ipv4"], told["n_rows_ipv6"]) == ("3", "1")
    assert told["n_records_without_address"] == "1"


def test_a_table_reads_back_as_what_was_written(feed, tmp_path):
    path = tmp_path / "table.parquet"
    write_normal(feed, path, sha256="abc", version="1")
    again = read_feed(Input(path, "table.parquet"))
    assert again.to_set() == feed.to_set()
    first = again.labels["asn"], again.labels["service"]
    assert [labels.names[labels.code[0]] for labels in first] == ["64496|64497", "a|b"]


def test_the_same_file_gives_the_same_bytes(feed, tmp_path):
    one, two = tmp_path / "one.parquet", tmp_path / "two.parquet"
    for path in (one, two):
        write_normal(feed, path, sha256="abc", version="1")
    assert one.read_bytes() == two.read_bytes()


def test_a_file_that_is_there_is_kept_unless_forced(feed, tmp_path):
    path = tmp_path / "table.parquet"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists; give --force"):
        write_normal(feed, path, sha256="abc", version="1")
    assert path.read_text() == "mine"
    write_normal(feed, path, sha256="abc", version="1", force=True)
    assert path.read_bytes().startswith(b"PAR1")


def test_a_folder_is_never_replaced_and_nothing_is_left_behind(feed, tmp_path):
    with pytest.raises(UsageError, match="is no file"):
        write_normal(feed, tmp_path, sha256="abc", version="1", force=True)
    with pytest.raises(UsageError, match="cannot write"):
        write_normal(feed, tmp_path / "gone" / "t.parquet", sha256="abc", version="1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["table.csv"]
