"""CSV tables of a run folder: numbers, truth, what is missing, and every mistake with its line."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sim.errors import DataError
from sim.results.read import RunFolder
from sim.results.tables import number, read_rows, text


def folder(path: Path, content: str) -> RunFolder:
    (path / "t.csv").write_text(content, encoding="utf-8")
    return RunFolder(path, {}, {})


def test_cells_are_read_by_the_kind_of_their_column(tmp_path: Path) -> None:
    run = folder(tmp_path, 'strategy,mean,is_dominated\n"a,""b""",1.5,true\nc,,False\n')
    first, second = read_rows(run, "t.csv")
    assert (text(first, "strategy"), number(first, "mean")) == ('a,"b"', 1.5)
    assert (first["is_dominated"], second["is_dominated"]) == (True, False)
    assert math.isnan(number(second, "mean"))  # missing is not zero
    assert math.isnan(number(first, "no such column"))


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    run = folder(tmp_path, "strategy,mean,is_x\na,fast,true\nb,1\nc,inf,maybe\n")
    with pytest.raises(DataError) as caught:
        read_rows(run, "t.csv")
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "t.csv:2: mean: expected a number, got 'fast'",
        "t.csv:3: expected 3 cells, got 2",
        "t.csv:4: mean: expected a number, got 'inf'",
        "t.csv:4: is_x: expected true or false, got 'maybe'",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [("metric\na\n", "expected a column strategy"), ('strategy\n"a\n', "expected CSV")],
)
def test_what_is_no_such_table_is_refused(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_rows(folder(tmp_path, content), "t.csv")


def test_a_table_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_rows(RunFolder(tmp_path, {}, {}), "t.csv")
