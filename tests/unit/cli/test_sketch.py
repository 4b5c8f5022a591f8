"""The curve on the terminal: dots where the curve is; plain letters where there is no braille."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from rich.table import Table

from sim.cli.terminal.sketch import Curve, can_show, sketch, sketch_comparison, sketch_run
from sim.cli.terminal.tables import print_beside
from sim.results.read import open_run

START = datetime.fromisoformat("2018-04-16T00:00+03:00")
DAY = 86_400
BLANK = 0x2800


def curve(t_s: list[int], value: list[float], spread: float | None = None) -> Curve:
    values = np.array(value, float)
    edge = np.full(values.shape, np.nan) if spread is None else values
    return Curve("n", np.array(t_s), values, edge - (spread or 0), edge + (spread or 0))


def dots(lines: list[str], height: int) -> np.ndarray:
    """Dots of a sketch, row by row from the top, read back from its letters."""
    rows = [line.split("│")[1] for line in lines[1 : 1 + height]]
    width = max(len(row) for row in rows)
    found = np.zeros((height * 4, width * 2), bool)
    # Dots 1 to 3 and 7 stand in the left column, 4 to 6 and 8 in the right one.
    places = {
        0: (0, 0),
        1: (1, 0),
        2: (2, 0),
        6: (3, 0),
        3: (0, 1),
        4: (1, 1),
        5: (2, 1),
        7: (3, 1),
    }
    for row, text in enumerate(rows):
        for column, letter in enumerate(text):
            for bit, (down, right) in places.items():
                if (ord(letter) - BLANK) >> bit & 1:
                    found[row * 4 + down, column * 2 + right] = True
    return found


def test_each_column_has_the_dot_at_its_height() -> None:
    # Ten days in ten columns of dots: 0, then 7 from day 5 on; eight rows of dots.
    lines = sketch(curve([0, 5 * DAY], [0, 7]), START, 10 * DAY, width=5, height=2)
    found = dots(lines, 2)
    assert found.shape == (8, 10)
    expected = np.zeros((8, 10), bool)
    expected[7, :5] = True
    expected[0, 5:] = True
    assert np.array_equal(found, expected)
    assert lines[1].startswith("7 │")
    assert lines[2].startswith("0 │")


def test_nothing_lies_on_the_floor_and_strategies_share_a_scale() -> None:
    lines = sketch(curve([0], [0]), START, 10 * DAY, width=5, height=2)
    assert lines[1].startswith("1 │")
    assert dots(lines, 2).sum(axis=1).tolist() == [0] * 7 + [10]
    half = sketch(curve([0], [7]), START, 10 * DAY, width=5, height=2, top=14)
    assert [line[:4] for line in half[1:3]] == ["14 │", " 0 │"]
    assert dots(half, 2).sum(axis=1).tolist() == [0, 0, 0, 10, 0, 0, 0, 0]


def test_a_peak_shorter_than_a_column_is_drawn() -> None:
    lines = sketch(curve([0, DAY, DAY + 60], [0, 100, 0]), START, 100 * DAY, width=5, height=2)
    assert dots(lines, 2)[0].any()


def test_the_interval_is_dotted_around_the_curve() -> None:
    found = dots(sketch(curve([0], [5], spread=2), START, 10 * DAY, width=6, height=2), 2)
    per_row = found.sum(axis=1)
    assert per_row.max() == 12  # the curve
    assert sorted(per_row[per_row > 0]) == [4, 4, 12]


def test_without_braille_it_is_ascii() -> None:
    lines = sketch(
        curve([0, 5 * DAY], [0, 2e6], spread=1e5), START, 10 * DAY, width=40, height=4,
        has_braille=False,
    )  # fmt: skip
    text = "\n".join(lines)
    assert text.isascii()
    assert lines[1].startswith("2.1 M |")
    assert lines[4].count("*") == 20
    assert lines[5].strip() == "+" + "-" * 40
    assert lines[6].split() == ["16", "Apr", "2018", "21", "Apr", "2018", "26", "Apr", "2018"]
    assert can_show("⣿", "utf-8")
    assert not can_show("⣿", "latin-1")
    assert not can_show("⣿", "no-such-encoding")
    assert not can_show("⣿", None)


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_run_is_sketched_within_the_terminal(
    shipped_run: Path, width: int, encoding: str
) -> None:
    lines = sketch_run(open_run(shipped_run), width, encoding)
    assert max(len(line) for line in lines[1:]) <= width
    lines[0].encode(encoding)
    assert lines[0].startswith("businesses impaired, of 1,000 (mean; ")
    assert "90% of 2 replicates" in lines[0]


def test_one_replicate_has_no_interval(shipped_single_run: Path) -> None:
    lines = sketch_run(open_run(shipped_single_run), 80, "utf-8")
    assert lines[0] == "businesses impaired, of 1,000"


def test_a_comparison_is_sketched_strategy_by_strategy(comparison_run: Path) -> None:
    run = open_run(comparison_run)
    names = [line for line in sketch_run(run, 80, "utf-8") if line.startswith("businesses")]
    assert [name.split(", ", 2)[2].split(" (")[0] for name in names] == [
        "wide", "narrow, odd", "none",
    ]  # fmt: skip
    assert not any(line.startswith("and ") for line in sketch_run(run, 80, "utf-8"))
    (alone,) = [line for line in sketch_run(run, 80, "utf-8", ["wide"]) if "wide" in line]
    assert alone.startswith("businesses impaired, of 60, wide (mean")


def test_the_sketch_of_a_comparison_leaves_the_baseline_out_and_counts_the_rest(
    comparison_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = sketch_comparison(comparison_run)
    assert len(lines) == 2 * (1 + 4 + 2)
    assert not any(", none" in line for line in lines)
    assert lines[1].split("│")[0] == lines[8].split("│")[0]
    monkeypatch.setattr("sim.cli.terminal.sketch.MAX_SKETCHES", 1)
    assert sketch_comparison(comparison_run)[-1] == (
        f"and 1 more: overblock plot {comparison_run} strategies"
    )


@pytest.mark.parametrize(("width", "n_lines"), [(30, 4), (60, 2)])
def test_it_stands_beside_the_table_where_there_is_room(width: int, n_lines: int) -> None:
    table = Table(box=None, show_header=False)
    table.add_row("a" * 20)
    table.add_row("b" * 20)
    console = Console(file=io.StringIO(), width=width)
    print_beside(console, table, ["x" * 20, "y" * 20])
    printed = console.file.getvalue()  # type: ignore[attr-defined]
    assert len(printed.splitlines()) == n_lines
