"""CSV cells that a spreadsheet shows and does not run, and that are read back as they were."""

import ast
import csv
import io
import re

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.results.csvtext import GUARDED, cell_text, csv_text, text_of
from sim.results.folder import open_run
from sim.results.tables import connect_tables, read_rows, text
from sim.scenario.variants import choose_variants
from tests.experiments import resolved_of

HOSTILE = "@SUM(1+1)*cmd|' /C calc'!A0"
letters = st.text(st.sampled_from("=+-@＝＠'\"; \u00a0ab1.,|\t\r\n\x00\x07")) | st.text()


def runs_in_a_spreadsheet(cell: str) -> bool:
    """Written from what spreadsheets do, not from the writer: they skip blanks and quotes."""
    if re.fullmatch(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?", cell, re.I):
        return False
    return any(
        part.lstrip('" \u00a0\u3000')[:1] in set("=+-@\t\r＝＋－＠") - {""}
        for part in cell.split(";")
    )


@given(letters)
@example("=1+1")
@example("\t=1+1")
@example(" =1+1")
@example("Ltd; =HYPERLINK(1)")
@example("＝1+1")
@example("'=1+1")
def test_no_text_is_a_formula_or_holds_a_control_character(value):
    cell = str(cell_text(value))
    assert not runs_in_a_spreadsheet(cell)
    assert re.search(r"[\x00-\x1f\x7f-\x9f]", cell) is None
    if not re.search(r"[\x00-\x1f\x7f-\x9f]", value):
        assert text_of(cell) == value
        query = r"SELECT regexp_replace(?, ?, '\1\2', 'g')"
        assert duckdb.execute(query, [cell, GUARDED]).fetchall() == [(value,)]


@pytest.mark.parametrize("value", [-5, -5.25, "-5", "+1.5e-3", "-.5", "3 to 5", "a-b", "'tis", ""])
def test_numbers_and_plain_texts_stay_as_they_are(value):
    assert cell_text(value) == value


def test_what_is_not_known_is_empty_and_truth_is_a_word():
    assert [cell_text(value) for value in (None, float("nan"), True)] == ["", "", "true"]
    assert str(cell_text(-0.0)) == "0.0"


def test_a_table_keeps_its_cells_apart():
    rows = [['a,"b"', -1.5, "x;=1"], ["two\nlines", None, "@b"]]
    written = csv_text(["text", "=number", "more"], rows)
    assert list(csv.reader(io.StringIO(written))) == [
        ["text", "'=number", "more"],
        ['a,"b"', "-1.5", "x;'=1"],
        [r"two\x0alines", "", "'@b"],
    ]
    assert written.count("\n") == 3


WRITERS = ("writer", "DictWriter", "to_csv", "write_csv")


def test_every_csv_table_is_written_in_one_place(repository):
    found = []
    for path in sorted((repository / "sim").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not any(name in text for name in WRITERS):
            continue  # most of three hundred files need not be parsed
        found += [
            f"{path.relative_to(repository)}: {ast.unparse(node)}"
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.Attribute) and node.attr in WRITERS
        ]
    # Tables of operators and ranges that `init` fills, tables given from Python, and one with a
    # column set hold cells as they are in what they are made of, which the program reads again.
    assert found == [
        "sim/api/given.py: csv.writer",
        "sim/results/csvtext.py: csv.writer",
        "sim/scenario/starter/operators.py: csv.DictWriter",
        "sim/scenario/tables/column_changes.py: csv.writer",
        "sim/scenario/tables/inventory.py: csv.writer",
        "sim/scenario/tables/ranges.py: csv.writer",
    ]


@pytest.mark.laws
def test_a_hostile_label_is_harmless_in_every_table_and_read_back_as_it_is(tmp_path):
    brief = ["population.n_businesses=20", "end=2018-04-17T00:00+03:00"]
    resolved = resolved_of("telegram-2018", brief)
    variants, baseline = choose_variants(resolved, [f"{HOSTILE}=exact"])
    folder = tmp_path / "out"
    carry_out(Runs(Plan.of_comparison(resolved, variants, baseline, (), 1, 2)), folder=folder)
    tables = sorted(folder.glob("*.csv"))
    assert len(tables) == 7
    for table in tables:
        cells = [cell for row in csv.reader(io.StringIO(table.read_text())) for cell in row]
        assert f"'{HOSTILE}" in cells, table.name
        assert [cell for cell in cells if runs_in_a_spreadsheet(cell)] == []
    rows = read_rows(open_run(folder), "summary.csv")
    assert {text(row, "strategy") for row in rows} == {HOSTILE, "none"}
    with connect_tables(folder) as connection:
        held = connection.execute("SELECT DISTINCT strategy FROM comparison ORDER BY 1").fetchall()
    assert held == [(HOSTILE,), ("none",)]
