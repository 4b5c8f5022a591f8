"""``overblock import`` and ``overblock doctor``."""

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

from tests.commands import document, run
from tests.feeds import given

RANGES = {
    "createDate": "2026-01-02",
    "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "region": "r1", "service": "AMAZON"},
        {"ip_prefix": "198.51.100.0/24", "region": "r1", "service": "S3"},
    ],
}


@pytest.fixture
def ranges(tmp_path: Path) -> Path:
    return given(tmp_path, json.dumps(RANGES), "ip-ranges.json").path


def test_what_was_understood_is_told_and_the_path_is_the_result(ranges, tmp_path):
    table = tmp_path / "aws.parquet"
    result = run("import", ranges, "-o", table)
    assert result.stdout == f"{table}\n"
    for told in (
        "format: aws",
        "date: 2026-01-02",
        "256 distinct addresses",
        "AMAZON is the superset",
    ):
        assert told in result.stderr
    assert duckdb.execute(f"SELECT prefix, service FROM '{table}'").fetchall() == [
        ("198.51.100.0/24", ["AMAZON", "S3"])
    ]


def test_the_licence_of_a_published_table_is_printed(ranges, tmp_path):
    table = given(tmp_path, "198.51.100.0\t198.51.100.255\t64500\tES\tEXAMPLE\n", "ip2asn.tsv").path
    printed = run("import", table, "-o", tmp_path / "asn.parquet").stderr
    assert "licence: if it is iptoasn.com's: PDDL 1.0\n" in printed
    made = run("import", ranges, "-o", tmp_path / "aws.parquet").stderr
    assert "licence: Amazon's public range file\n" in made


def test_json_says_the_same(ranges, tmp_path):
    found = document("import", ranges, "-o", tmp_path / "aws.parquet")
    assert found["schema"] == "overblock/import/1"
    assert found["sha256"] == hashlib.sha256(ranges.read_bytes()).hexdigest()
    assert (found["n_records"], found["n_addresses4"], found["n_rows"]) == (1, 256, 1)
    assert found["columns"] == ["provider", "region", "service"]


def test_a_table_that_is_there_is_kept_unless_forced(ranges, tmp_path):
    table = given(tmp_path, "mine", "aws.parquet").path
    assert "give --force" in run("import", ranges, "-o", table, status=2).stderr
    assert table.read_text() == "mine"
    run("import", ranges, "-o", table, "--force")


def test_a_file_that_is_refused_leaves_no_table(tmp_path):
    bad = given(tmp_path, "198.51.100.300\n198.51.100.1\n", "bad.txt").path
    table = tmp_path / "table.parquet"
    assert f"{bad}:1: " in run("import", bad, "-o", table, status=4).stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.txt"]
    assert "bad lines ignored: 1" in run("import", bad, "-o", table, "--skip-bad").stderr


def test_a_file_without_addresses_makes_no_table_unless_allowed(tmp_path):
    (tmp_path / "none").write_text("# nothing\n")
    table = tmp_path / "table.parquet"
    told = run("import", tmp_path / "none", "-o", table, "--skip-bad", status=4).stderr
    assert "expected at least one address, got none in 1 lines" in told
    assert not table.exists()
    run("import", tmp_path / "none", "-o", table, "--allow-empty")
    assert duckdb.execute(f"SELECT count(*) FROM '{table}'").fetchall() == [(0,)]


def test_more_than_the_limit_is_refused(ranges, tmp_path):
    result = run("import", ranges, "-o", tmp_path / "t.parquet", "--max-bytes", 10, status=4)
    assert "expected at most 10 bytes" in result.stderr


def test_an_imported_table_serves_as_attribute_table(ranges, tmp_path):
    table = tmp_path / "aws.parquet"
    run("import", ranges, "-o", table)
    found = document("exposure", ranges, "--attribute", table, "--by", "region,service")
    assert [breakdown["is_list"] for breakdown in found["breakdowns"]] == [False, True]
    assert found["breakdowns"][0]["groups"][0]["share4"] == 1


def test_doctor_says_what_is_installed_and_where_things_are():
    found = document("doctor")
    assert found["schema"] == "overblock/doctor/3"
    assert found["packages"]["numba"]
    assert Path(found["compiled_code"]["folder"]).is_dir()
    assert found["n_threads"] >= 1
    assert Path(found["scenarios"]["folder"]).is_dir()
    assert found["tables"]["n"] > 5
    assert "zone" in {each["form"] for each in found["reads"]}
    to_text = {each["file"]: each["to_text"] for each in found["refuses"]}
    assert to_text["rules, sets or commands of nftables"].startswith("nft -j list")
    told = run("doctor").stdout
    assert "a binary file:\n    file FILE" in told
    assert "compiled code: " in told
    assert "extra analysis: " in told
    assert "lists of names: plain, web addresses, hosts files" in told


def test_polls_of_providers_are_written_as_a_table_of_orders(tmp_path, repository):
    polls, table = repository / "tests/fuzz/corpus/polls/good-data", tmp_path / "orders.csv"
    found = document("import", str(polls), "-o", str(table))
    assert (found["format"], found["n_rows"]) == ("polls", 7)
    assert len(table.read_text().splitlines()) == 8
    told = run("import", str(polls), "-o", str(tmp_path / "orders.parquet"), status=2).stderr
    assert "expected a table TABLE.csv of dated orders, whose times it keeps" in told


def test_dated_orders_are_written_as_a_table_of_orders(tmp_path):
    given, table = tmp_path / "given.csv", tmp_path / "orders.csv"
    given.write_text("effective,action,prefix\n2026-01-03T20:30Z,block,203.0.113.0-203.0.113.2\n")
    found = document("import", str(given), "-o", str(table))
    assert (found["format"], found["n_rows"]) == ("orders", 2)
    header = table.read_text().splitlines()[0]
    assert header == "effective,action,prefix,mechanism,operators,owner,source"
    assert "--force" in run("import", str(given), "-o", str(table), status=2).stderr
