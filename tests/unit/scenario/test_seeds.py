"""Reading a table: each cell by its declared type, each mistake in its line."""

import hashlib
from pathlib import Path

import pytest

from sim.errors import DataError
from sim.scenario.tables.rows import (
    AssumptionRow,
    CadenceRow,
    OperatorRow,
    OrderRow,
    ProfileRow,
    SectorRow,
)
from sim.scenario.tables.seeds import Row, Table, read_note, read_table

HEADER = b"effective,action,prefix\n"
GOOD = b"2018-04-16T11:39+03:00,block,10.0.0.0/24\n"


def read(tmp_path: Path, data: bytes, model: type[Row] = OrderRow) -> Table[Row]:
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    return read_table("t.csv", path, model)


def problems_of(tmp_path: Path, data: bytes, model: type[Row] = OrderRow) -> list[str]:
    with pytest.raises(DataError, match=": ") as caught:
        read(tmp_path, data, model)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_rows_keep_their_lines_and_the_file_its_hash(tmp_path):
    data = HEADER + b"\n" + GOOD + b"\n\n" + GOOD
    table = read(tmp_path, data)
    assert table.lines == (3, 6)
    assert table.rows[0] == table.rows[1]
    assert table.sha256 == hashlib.sha256(data).hexdigest()
    assert table.data == data


def test_quoted_cells_over_several_lines_do_not_shift_later_line_numbers(tmp_path):
    data = (
        b"effective,action,prefix,source\n"
        b'2018-04-16T11:39+03:00,block,10.0.0.0/24,"one\ntwo ""quoted""\nthree"\n'
        b"2018-04-16T11:39,block,10.0.0.0/24,x\n"
    )
    (problem,) = problems_of(tmp_path, data)
    assert problem.startswith("t.csv:5: effective: expected a date and time with offset")
    assert problem.endswith("the offset is missing")


@pytest.mark.parametrize(
    ("cells", "reported"),
    [
        (b"2018-04-16T11:39+03:00,block,198.51.100.7/24",
         "prefix: expected a prefix, got '198.51.100.7/24', which has host bits set; "
         "did you mean 198.51.100.0/24?"),
        (b"2018-04-16T11:39+03:00,block,hello", "prefix: expected a prefix such as "),
        (b"2018-04-16T11:39+03:00,block,fd00::/32",
         "prefix: expected an IPv6 prefix within 2000::/3, got 'fd00::/32'"),
        (b"2018-04-16T11:39+03:00,block,", "prefix: expected a value, got nothing"),
        (b"2018-04-16T11:39+03:00,Block,10.0.0.0/24",
         "action: expected 'block' or 'unblock', got 'Block'; did you mean 'block'?"),
        (b"2018-04-16T11:39,block,10.0.0.0/24", "effective: expected a date and time with offset"),
        (b"2018-04-31T11:39+03:00,block,10.0.0.0/24", "effective: expected a date that exists"),
        (b"2018-04-16T11:39+03:00,block", "expected 3 cells, got 2"),
        (b"2018-04-16T11:39+03:00,block,10.0.0.0/24,x", "expected 3 cells, got 4"),
        (b'"2018-04-16T11:39+03:00"x,block,10.0.0.0/24', "expected CSV, got an error"),
        (b'"2018-04-16T11:39+03:00,block,10.0.0.0/24', "expected CSV, got an error"),
        (b"\x00,block,10.0.0.0/24", "expected text, got a NUL byte"),
        (b"\xe9,block,10.0.0.0/24", "expected UTF-8 text, got the byte 0xe9"),
    ],
)  # fmt: skip
def test_a_bad_row_is_reported_in_its_line(tmp_path, cells, reported):
    (problem,) = problems_of(tmp_path, HEADER + GOOD + cells + b"\n")
    assert problem.startswith(f"t.csv:3: {reported}")


@pytest.mark.parametrize(
    ("header", "reported"),
    [
        (b"effective,action", ["t.csv:1: prefix: expected this column, got none"]),
        (b"effective,action,prefix,prefix",
         ["t.csv:1: prefix: expected each column once, got it again"]),
        (b"effective,action,prefix,onwer",
         ["t.csv:1: onwer: unknown column; did you mean 'owner'? (known: effective, earliest, "
          "latest, action, prefix, mechanism, operators, owner, confidence, source)"]),
        (b"", ["t.csv:1: effective: expected this column, got none",
               "t.csv:1: action: expected this column, got none",
               "t.csv:1: prefix: expected this column, got none"]),
    ],
)  # fmt: skip
def test_a_bad_header_is_reported_in_line_1(tmp_path, header, reported):
    assert problems_of(tmp_path, header + b"\n") == reported


@pytest.mark.parametrize("data", [HEADER, HEADER + b"\n\n"])
def test_a_table_without_rows_is_refused(tmp_path, data):
    assert problems_of(tmp_path, data) == ["t.csv: expected at least one row, got none"]


def test_all_bad_rows_are_reported_together_ragged_ones_too(tmp_path):
    data = HEADER + b"x,block,10.0.0.0/24\na,b\n" + GOOD + b'x,y,z\n"\n'
    assert [problem.split(": expected")[0] for problem in problems_of(tmp_path, data)] == [
        "t.csv:2: effective", "t.csv:3", "t.csv:5: effective", "t.csv:5: action", "t.csv:5: prefix",
        "t.csv:6",
    ]  # fmt: skip


def test_very_many_bad_rows_are_counted_and_not_all_listed(tmp_path):
    problems = problems_of(tmp_path, HEADER + b"x,y,z\n" * 5000)
    assert len(problems) == 101
    assert problems[-1] == "t.csv: and 14900 more problems"
    # A quote that never ends is one more.
    problems = problems_of(tmp_path, HEADER + b"x,y,z\n" * 50 + b'"')
    assert problems[-2].startswith("t.csv:52: expected CSV, got an error: unexpected end")
    assert problems[-1] == "t.csv: and 50 more problems"


def test_a_missing_table_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"x.csv: expected a readable table, .* No such file"):
        read_table("x.csv", tmp_path / "x.csv", OrderRow)
    with pytest.raises(DataError, match=r"expected a readable table, .* directory"):
        read_table("x", tmp_path, OrderRow)


def test_a_table_is_not_read_beyond_its_bound(monkeypatch):
    monkeypatch.setattr("sim.scenario.tables.seeds.MAX_TABLE_BYTES", 1000)
    with pytest.raises(DataError, match="expected at most 1000 bytes, got more"):
        read_table("zero", Path("/dev/zero"), OrderRow)


SECTOR = {
    "sector": "a", "label": "A", "share_businesses": "1", "revenue_median_usd_per_h": "10",
    "revenue_sigma": "1", "share_domestic": "0.5", "demand_profile": "p", "weight_frontend": "1",
    "weight_storage": "0", "weight_payment": "0", "weight_customer_service": "0",
    "weight_other": "0",
}  # fmt: skip


@pytest.mark.parametrize(
    ("column", "cell", "reported"),
    [
        ("share_businesses", "40", "expected a share in [0, 1], got 40; did you mean 0.4?"),
        ("share_businesses", "nan", "expected a finite number, got 'nan'"),
        ("share_businesses", "25%", "expected a number, got '25%'"),
        ("revenue_median_usd_per_h", "1,500", "expected a number, got '1,500'"),
        ("revenue_median_usd_per_h", "1e999", "expected a finite number, got '1e999'"),
        ("revenue_median_usd_per_h", "0", "expected a number > 0.0, got '0'"),
        ("revenue_median_usd_per_h", "1_000", "expected a plain decimal number, got '1_000'"),
        ("revenue_sigma", "-1", "expected a number >= 0.0, got '-1'"),
        ("label", "", "expected a value, got nothing"),
    ],
)
def test_a_number_that_is_none_is_refused(tmp_path, column, cell, reported):
    quoted = ",".join(f'"{cell}"' for cell in (SECTOR | {column: cell}).values())
    data = f"{','.join(SECTOR)}\n{quoted}\n".encode()
    assert problems_of(tmp_path, data, SectorRow) == [f"t.csv:2: {column}: {reported}"]


def test_a_table_as_spreadsheets_of_most_of_europe_write_it_is_read(tmp_path):
    cells = SECTOR | {"share_domestic": "0,125", "revenue_median_usd_per_h": "1.234,5"}
    data = f"{';'.join(cells)}\n{';'.join(cells.values())}\n".encode()
    (tmp_path / "t.csv").write_bytes(data)
    (row,) = read_table("t.csv", tmp_path / "t.csv", SectorRow).rows
    assert (row.share_domestic, row.revenue_median_usd_per_h) == (0.125, 1234.5)
    data = data.replace(b"1.234,5", b"1.234")
    (told,) = problems_of(tmp_path, data, SectorRow)
    assert told.startswith("t.csv:2: expected a number that can be read in one way, got '1.234'")
    rows = (";".join((cells | {"share_domestic": cell}).values()) for cell in ("0,125", "0.5"))
    both = "\n".join((";".join(cells), *rows, "")).encode()
    (told,) = problems_of(tmp_path, both, SectorRow)
    assert told.endswith("expected one decimal mark throughout the column, got '0,125' and '0.5'")


def test_whole_numbers_refuse_fractions_and_underscores(tmp_path):
    data = b"profile,period,index,weight\na,hour,1_0,2.5\na,hour,24,-1\n"
    assert problems_of(tmp_path, data, ProfileRow) == [
        "t.csv:2: index: expected a plain decimal number, got '1_0'",
        "t.csv:2: weight: expected a whole number, got '2.5'",
        "t.csv:3: index: expected a number <= 23, got '24'",
        "t.csv:3: weight: expected a number >= 0, got '-1'",
    ]


def test_a_window_that_does_not_hold_the_best_estimate_is_refused(tmp_path):
    data = (
        b"effective,earliest,latest,action,prefix\n"
        b"2018-04-16T11:00+03:00,2018-04-16T12:00+03:00,,block,10.0.0.0/24\n"
        b"2018-04-16T11:00+03:00,,2018-04-16T10:59+03:00,block,10.0.0.0/24\n"
        b"2018-04-16T11:00+03:00,2018-04-16T08:00+00:00,,block,10.0.0.0/24\n"
    )
    problems = problems_of(tmp_path, data)
    assert [problem.split(":")[1] for problem in problems] == ["2", "3"]
    assert all("expected earliest <= effective <= latest, got" in problem for problem in problems)


def test_a_column_named_like_a_python_word_is_read_by_its_own_name(tmp_path):
    table = read(tmp_path, b"from,every_min\n2018-04-16T00:00+03:00,21\n", CadenceRow)
    assert table.rows[0].every_min == 21
    problems = problems_of(tmp_path, b"from_,every_min\n2018-04-16T00:00+03:00,21\n", CadenceRow)
    assert problems[0].startswith("t.csv:1: from_: unknown column; did you mean 'from'?")


NOTE = """\
title: T
description: D
licence: L
columns:
  a: {unit: u, meaning: m, %s}
"""


def note_problems(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "t.source.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=": ") as caught:
        read_note(tmp_path / "t.csv")
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_a_table_without_note_has_none(tmp_path):
    assert read_note(tmp_path / "t.csv") is None


@pytest.mark.parametrize(
    ("column", "reported"),
    [
        ("kind: fact",
         "t.source.yaml:5:6: columns.a: expected source and date for kind fact, "
         "got none"),
        ("kind: derived, source: s, date: d",
         "t.source.yaml:5:6: columns.a: expected formula for kind derived, got none"),
        ("kind: assumption",
         "t.source.yaml:5:6: columns.a: expected why for kind assumption, got none"),
        ("kind: assumed, why: w",
         "t.source.yaml:5:34: columns.a.kind: expected 'fact', 'derived' or 'assumption', "
         "got 'assumed'"),
        ("kind: assumption, why: w, range: {absolute: [5, 1]}",
         "t.source.yaml:5:61: columns.a.range: expected low, high, got 5, 1"),
        ("kind: assumption, why: w, range: {times: [1, .inf]}",
         "t.source.yaml:5:73: columns.a.range.times.1: expected a finite number, got '.inf'"),
        ("kind: assumption, why: w, range: {absolute: [0, 1], times: [1, 2]}",
         "t.source.yaml:5:61: columns.a.range: expected one of absolute, times, columns, got 2"),
        ("kind: assumption, why: w, range: {}",
         "t.source.yaml:5:61: columns.a.range: expected one of absolute, times, columns, got 0"),
        ("kind: fact, source: s, date: 2018",
         "t.source.yaml:5:57: columns.a.date: expected text, got 2018"),
        ("kind: fact, source: s, dat: x, date: x",
         "t.source.yaml:5:51: columns.a.dat: unknown key"),
    ],
)  # fmt: skip
def test_a_note_that_does_not_support_its_column_is_refused(tmp_path, column, reported):
    (problem,) = note_problems(tmp_path, NOTE % column)
    assert problem.startswith(reported)


def test_a_note_is_read_as_strictly_as_a_scenario(tmp_path):
    assert len(note_problems(tmp_path, "title: ~\ntitel: x\n")) >= 3
    assert "expected valid YAML" in note_problems(tmp_path, "a: [")[0]


ASSUMED = "key,value,unit,high,why,nature,distribution,low\na.b,2,h,3,w,"
ROUTER = (
    "operator,label,share_users,poll_interval_h,apply_lag_median_h,apply_lag_sigma,"
    "release_lag_median_h,release_lag_sigma,compliance,rule_capacity,overload,overload_severity\n"
    "o,O,1,1,1,1,1,1,1,"
)


@pytest.mark.parametrize(
    ("model", "text", "message"),
    [
        (AssumptionRow, f"{ASSUMED}choice,uniform,1",
         "expected no distribution for a choice, got uniform"),
        (AssumptionRow, f"{ASSUMED}unknown,log-uniform,0",
         "expected a range above 0 for log-uniform, got 0"),
        (OperatorRow, f"{ROUTER}5,,",
         "expected rule_capacity and overload together, got 1 of them"),
        (OperatorRow, f"{ROUTER}1_0,stop,",
         "rule_capacity: expected a plain decimal number, got '1_0'"),
        (OperatorRow, f"{ROUTER},stop,",
         "expected rule_capacity and overload together, got 1 of them"),
        (OperatorRow, f"{ROUTER}5,degrade,",
         "expected overload_severity with overload degrade, got none"),
    ],
)  # fmt: skip
def test_cells_of_a_row_that_contradict_each_other_are_refused(tmp_path, model, text, message):
    assert problems_of(tmp_path, f"{text}\n".encode(), model) == [f"t.csv:2: {message}"]
