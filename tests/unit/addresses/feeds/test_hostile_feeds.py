"""Files made to hurt: refused with a place and a reason, within bounds."""

import gzip
from pathlib import Path

import duckdb
import pytest

from sim.addresses.feeds.formats import FORMATS
from sim.addresses.feeds.json_tables import MAX_DOCUMENT_BYTES
from sim.addresses.text.source import Limits
from tests.feeds import refused

FEW = Limits(max_bytes=200_000, max_line_bytes=4_096, max_problems=7)


HEADS = {"inventory": b"address\n", "orders": b"effective,action,prefix\n"}


def refusal(tmp_path: Path, content: bytes, read_as: str, limits: Limits = FEW) -> list[str]:
    return refused(content, tmp_path, read_as, limits=limits)


@pytest.mark.parametrize("read_as", sorted(FORMATS))
def test_random_bytes_are_refused_by_every_format(read_as, tmp_path):
    noise = bytes((7 * at * at + at // 3) % 256 for at in range(3_000))
    assert refusal(tmp_path, noise, read_as)[0].startswith("given:")


@pytest.mark.parametrize("read_as", sorted(set(FORMATS) - {"parquet"}))
def test_a_compressed_file_that_grows_without_end_is_refused(read_as, tmp_path):
    told = refusal(
        tmp_path, gzip.compress(HEADS.get(read_as, b"") + b"198.51.100.1 " * 10**6), read_as
    )
    assert any("expected at most 200,000 bytes" in line for line in told)


@pytest.mark.parametrize("read_as", sorted(set(FORMATS) - {"parquet"}))
def test_a_damaged_compressed_file_is_refused(read_as, tmp_path):
    content = HEADS.get(read_as, b"") + b"198.51.100.1\n" * 9_999
    told = refusal(tmp_path, gzip.compress(content)[:-9], read_as, Limits())
    assert "expected whole compressed data" in told[-1]


def test_deep_json_lines_are_refused_one_by_one(tmp_path):
    limits = Limits(max_problems=7)
    told = refusal(tmp_path, b'{"name":"a","data":' + b"[" * 90_000 + b"\n{}\n", "zdns", limits)
    assert told[0] == "given:1: expected JSON nested a few levels deep, got more"
    assert told[1].startswith("given:2: expected an object with a name")


@pytest.mark.parametrize("read_as", ["aws", "google", "azure", "zdns"])
def test_numbers_of_thousands_of_digits_are_refused(read_as, tmp_path):
    """Python converts no text of more than 4,300 digits, and raises a bare ValueError."""
    told = refusal(
        tmp_path, b'{"name": "a", "syncToken": ' + b"9" * 5_000 + b"}", read_as, Limits()
    )
    assert "expected numbers of a few digits, got one of thousands" in told[0]


def test_a_document_has_a_limit_of_its_own(tmp_path):
    content = b'{"a":"' + b"x" * MAX_DOCUMENT_BYTES + b'"}'
    assert "bytes of JSON" in refusal(tmp_path, content, "aws", Limits())[0]


@pytest.mark.parametrize(
    ("read_as", "line"),
    [
        ("list", "198.51.100.300"),
        ("pfx2as", "198.51.100.0\t33\t1"),
        ("zdns", "{"),
        ("z-i", "198.51.100.300;;;c;d;e"),
    ],
)
def test_ten_thousand_bad_lines_are_counted_and_few_are_described(read_as, line, tmp_path):
    told = refusal(tmp_path, f"{line}\n".encode() * 10_000, read_as, Limits(max_problems=7))
    assert len(told) == 2
    assert f"a file of the form {read_as}, got 10,000 mistakes and 0 rows" in told[0]
    assert told[1].startswith("given:1: ")


def test_parquet_cut_short_is_refused(tmp_path):
    path = tmp_path / "whole.parquet"
    duckdb.execute(f"COPY (SELECT '198.51.100.1' AS address) TO '{path}' (FORMAT parquet)")
    told = refusal(tmp_path, path.read_bytes()[:-20], "parquet")
    assert told[0].startswith("given: expected readable Parquet")


@pytest.mark.parametrize(
    ("read_as", "content", "told"),
    [
        ("azure", '{"values": [{"properties": {"addressPrefixes": ["198.51.100.0/24", 7]}}, {}]}', [
            " values.0.properties.addressPrefixes.1: expected a prefix, got int",
            " values.1.properties.addressPrefixes: expected a list of prefixes, got none",
        ]),
        ("azure", "[]", [" expected a JSON object, got list"]),
        ("azure", '{"values": {}}', [" values: expected a list, got dict"]),
        ("azure", '{"values":\n[1, 2]', [
            "2: expected JSON, got an error: Expecting ',' delimiter",
        ]),
        ("fastly", '{"addresses": ["198.51.100.0/24", 5], "ipv6_addresses": {}}', [
            " addresses.1: expected a prefix, got int",
            " ipv6_addresses: expected a list of prefixes, got dict",
        ]),
        ("oracle", '{"regions": [{"cidrs": [{"cidr": "198.51.100.0/24"}, {"cidr": "x"}]}]}', [
            " regions.0.cidrs.1.cidr: expected a prefix such as 198.51.100.0/24 or "
            "2001:db8::/32, got 'x'",
        ]),
        ("oracle", '{"regions": [{"cidrs": []}, {"cidrs": [{}, 7]}]}', [
            " regions.1.cidrs.1: expected an object, got int",
        ]),
        ("json-list", "{}", [" expected a JSON array, got dict"]),
        ("json-list", '["198.51.100.1", 5]', ["2: expected an address, got '5'"]),
        ("json-list", '[{"ip": "198.51.100.1"}, 5, {"ip": {}}, {"ip": ""}]', [
            "2: expected an object, got '5'",
            "3: ip: expected one value, got '{}'",
            "4: ip: expected an address, got an object with keys ip",
        ]),
        ("json-lines", '{"ip": "198.51.100.1"}\n\n[]\n{"ip"\n'
                       '{"type": "metadata", "records": 4}\n', [
            "3: expected a JSON object, got list",
            "4: expected a JSON object, got an error: Expecting ':' delimiter",
            "5: records: expected 4 records before this line, got 3: the file was cut or changed",
        ]),
        ("polls", '{"data": [{"isp": "A", "stateChanges": 5}, {"ip": "198.51.100.1", "isp": "A", '
                  '"stateChanges": [7]}]}', [
            "1: stateChanges: expected a list of changes, got int",
            "2: stateChanges: expected a time with offset and a state, got '7'",
        ]),
        ("polls", '{"data": [{"isp": "A", "stateChanges": [{"timestamp": "2018-04-16", '
                  '"state": true}]}, {"isp": "A", "stateChanges": [{"timestamp": '
                  '"2018-04-16T00:00Z"}]}]}', [
            "1: stateChanges: expected a time with offset and a state, got "
            "\"{'timestamp': '2018-04-16', 'state': True}\"",
            "2: stateChanges: expected a time with offset and a state, got "
            "\"{'timestamp': '2018-04-16T00:00Z'}\"",
        ]),
        ("polls", '{"data": [{"ip": "198.51.100.1", "isp": "A", "stateChanges": [{"timestamp": '
                  '"2026-01-01T10:00Z", "state": true}, {"timestamp": "2026-01-01T11:00+01:00", '
                  '"state": false}]}]}', [
            "1: stateChanges: expected one state at one time, got true and false at "
            "2026-01-01T10:00:00+00:00",
        ]),
        ("polls", '{"data": [{"ip": "198.51.100.1", "stateChanges": [{"timestamp": '
                  '"2018-04-16T00:00Z", "state": true}]}, {"isp": "A", "stateChanges": '
                  '[{"timestamp": "2018-04-16T00:00Z", "state": true}]}]}', [
            "1: isp: expected the name of a provider, got none",
            "2: ip: expected an address, got nothing",
        ]),
        ("inventory", "ip,revenue_usd_per_h,host_revenue_usd_per_h\n198.51.100.1,1,2\n", [
            "1: expected one column of revenue, got revenue_usd_per_h, host_revenue_usd_per_h",
        ]),
        ("inventory", "address,name\n198.51.100.1,a\n198.51.100.2,b,c\n198.51.100.3\n", [
            "3: expected 2 cells, got 3: '198.51.100.2,b,c'",
            "4: expected 2 cells, got 1: '198.51.100.3'",
        ]),
        ("inventory", "address,name\n198.51.100.1,a\n198.51.100.2,\0\n", [
            "3: expected text, got a NUL byte",
        ]),
        ("orders", "effective,prefix\n", [
            "1: action: expected this column, got effective, prefix",
        ]),
        ("aws", '{"prefixes":[{"ip_prefix":"198.51.100.0/24"},5]}', [
            " prefixes.1: expected an object, got int",
        ]),
        ("inventory", "name,ip,Name\na,198.51.100.0,b\n", [
            "1: name: expected each column once, got it again",
        ]),
        ("inventory", 'ip,"name\n198.51.100.0,a\n', [
            "1: expected CSV, got an error: unexpected end of data",
        ]),
        ("inventory", 'address,name\n198.51.100.1,"a\n198.51.100.2,"b"\n', [
            "2: expected a whole record on one line, got '198.51.100.1,\"a' (a line break in "
            "a cell: write a blank; or an open quotation mark)",
        ]),
        ("inventory", f"address,name\n{'x' * 9_000}\n198.51.100.1,a\n", [
            "2: expected at most 4,096 bytes in a line, got more",
        ]),
        *((form, f"{head}\udcff\n", [f"{line}: expected UTF-8 text, got the byte 0xff"])
          for form, line, head in (
              ("pfx2as", 1, "198.51.100.0\t24\t"),
              ("inventory", 2, "address,name\n198.51.100.1,"),
              ("orders", 2, "effective,action,prefix\n2018-04-16T11:00+03:00,block,"))),
        *((form, '{"prefixes":' + "[" * 90_000, [
            " expected JSON nested a few levels deep, got more",
        ]) for form in ("aws", "google", "azure")),
        *(("list", f"{line}\n", [
            f"1: expected a range whose first address comes first, got '{line}'",
        ]) for line in ("198.51.100.1 - 198.51.100.0", "2001:db8::9-2001:db8::1")),
    ],
)  # fmt: skip
def test_what_a_form_does_not_have_is_refused_with_its_place(read_as, content, told, tmp_path):
    data = content.encode("utf-8", "surrogateescape")
    found = [one.partition(": save it as")[0] for one in refusal(tmp_path, data, read_as)]
    assert found == [f"given:{one}" for one in told]
