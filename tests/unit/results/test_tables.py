"""CSV tables of a run folder: numbers, texts, what is missing, and every mistake with its line."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from sim.errors import DataError
from sim.results.folder import RunFolder
from sim.results.schema import ALL_TABLES, KEYS
from sim.results.tables import number, read_rows, text


def folder(path: Path, content: str) -> RunFolder:
    (path / "tradeoff.csv").write_text(content, encoding="utf-8")
    return RunFolder(path, {}, {})


def test_cells_are_read_by_the_kind_of_their_column(tmp_path: Path) -> None:
    run = folder(tmp_path, 'strategy,efficacy,n_known\n"a,""b""",1.5,2\nc,,0\n')
    first, second = read_rows(run, "tradeoff.csv")
    assert (text(first, "strategy"), number(first, "efficacy")) == ('a,"b"', 1.5)
    assert (first["n_known"], second["n_known"]) == (2, 0)
    assert math.isnan(number(second, "efficacy"))  # missing is not zero
    run = folder(tmp_path, "strategy,efficacy,n_known,of another version\na,,,x\n")
    (row,) = read_rows(run, "tradeoff.csv")
    assert math.isnan(number(row, "n_known"))
    assert text(row, "of another version") == "x"
    assert math.isnan(number(first, "no such column"))


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    run = folder(tmp_path, "strategy,efficacy,n_known\na,fast,2\nb,1\nc,inf,maybe\n")
    with pytest.raises(DataError) as caught:
        read_rows(run, "tradeoff.csv")
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "tradeoff.csv:2: efficacy: expected a number, got 'fast'",
        "tradeoff.csv:3: expected 3 cells, got 2",
        "tradeoff.csv:4: efficacy: expected a number, got 'inf'",
        "tradeoff.csv:4: n_known: expected a number, got 'maybe'",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [("metric\na\n", "expected a column strategy"), ('strategy\n"a\n', "expected CSV")],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_rows(folder(tmp_path, content), "tradeoff.csv")


@pytest.mark.parametrize("name", ALL_TABLES)
def test_there_is_one_statistic(name: str) -> None:
    """A number over simulations is a median with its range: no mean, and no band of its own."""
    for column in ALL_TABLES[name]:
        parts = set(column.name.split("_"))
        assert not parts & {"mean", "luck", "given", "draws", "all"}, column.name
        assert "luck" not in column.description, column.name
        assert not re.search(r"(?i)\bmean over\b", column.description), column.name
    ends = [column.name for column in ALL_TABLES[name] if column.name.endswith("low")]
    names = {column.name for column in ALL_TABLES[name]}
    for low in ends:
        stem = low.removesuffix("low").removesuffix("_")
        assert {stem or "median", f"{low.removesuffix('low')}high"} <= names


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_rows(RunFolder(tmp_path, {}, {}), "tradeoff.csv")


@pytest.mark.parametrize("name", ALL_TABLES)
def test_columns_of_a_table_are_named_apart_and_its_keys_are_columns(name: str) -> None:
    names = [column.name for column in ALL_TABLES[name]]
    assert len(set(names)) == len(names)
    assert set(KEYS.get(name, ())) <= set(names)
