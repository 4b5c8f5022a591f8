"""Mistakes and limits that few files meet, each with what is said of it."""

import io
from datetime import UTC
from zoneinfo import ZoneInfo

import numpy as np
import pytest

import sim
from sim.addresses.feeds import json_tables
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.inputs import ColumnChoice, Input, cut_lines, spooled
from sim.addresses.feeds.neighbours import read_date
from sim.addresses.feeds.normal import write_normal
from sim.addresses.sets.intervals import AddressSet
from sim.addresses.text.source import Limits
from sim.errors import DataError
from tests.feeds import given, read, refused


@pytest.mark.parametrize(
    ("form", "text", "said"),
    [
        ("", "192.0.2.1 255.0.255.0\n", "expected a list of addresses, got 1 lines that are none"),
        ("list", "192.0.2.0/255.0.255.0\n", ":1: expected a prefix length from 0 to 32, got"),
        ("", '[{"ip": "192.0.2.1", "IP": "192.0.2.2"}]', ":1: IP: expected each column once"),
        ("orders", "effective,action,prefix\n2018-02-30,block,192.0.2.1\n", "2018-02-30"),
    ],
)
def test_a_mistake_is_told_with_its_place(form, text, said, tmp_path):
    assert said in "; ".join(refused(text, tmp_path, form))


def test_a_day_that_no_month_has_is_no_date():
    assert read_date("2018-02-30", ZoneInfo("UTC")) is None
    assert read_date("2018-02-28", ZoneInfo("UTC")).astimezone(UTC).day == 28


def test_half_a_character_is_spelled_in_the_refusal():
    with pytest.raises(DataError, match=r"blocklist:1: .* got '\\ud800'"):
        sim.exposure(["\ud800"])


def test_a_stream_beyond_the_limit_is_refused():
    with (
        pytest.raises(DataError, match="<stdin>: expected at most 10 bytes, got more"),
        spooled(io.BytesIO(bytes(11)), "<stdin>", Limits(max_bytes=10)),
    ):
        pass


def test_lines_with_a_bare_return_have_no_cells():
    assert cut_lines(["a,b"], ",") == [["a", "b"]]
    assert cut_lines(["a\rb,c"], ",") == []


def test_a_last_address_may_be_named_beside_a_first_one(tmp_path):
    """Beside a column of addresses, first ones say again what it says."""
    columns = ColumnChoice.of(["last=until_ip"], [])
    text = "address,start_ip,until_ip\n192.0.2.0,192.0.2.0,192.0.2.1\n"
    file = given(tmp_path, text, columns=columns)
    assert read_feed(Input(file.path, "given", columns)).to_set() == AddressSet.of("192.0.2.0/31")


def test_a_normal_table_says_that_its_source_has_more(tmp_path):
    """Rows without an address that weigh nothing and have no name are told, not asked about."""
    source = read("address,provider\n192.0.2.1,A\n,B\n", tmp_path)
    write_normal(source, tmp_path / "table.parquet", sha256="", version="0")
    feed = read_feed(Input(tmp_path / "table.parquet", "table"))
    assert "1 rows have no usable address: given has them, this table has not" in feed.notes


def test_objects_are_turned_into_columns_some_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setattr(json_tables, "_BATCH", 2)
    text = "[" + ",".join(f'{{"ip": "192.0.2.{row}"}}' for row in range(5)) + "]"
    feed = read(text, tmp_path)
    assert feed.v4.line.tolist() == [1, 2, 3, 4, 5]
    assert np.array_equal(feed.record4, np.arange(5))
