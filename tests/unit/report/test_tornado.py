"""Figures of a sensitivity analysis, by the bars and marks they draw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.report.figures import style
from sim.report.figures.tornado import (
    draw_sensitivity,
    plot_shares,
    plot_tornado,
    shares_table,
    tornado_table,
)
from sim.uncertainty.influence import Line


def line(factor: str, low: float, high: float, **more: object) -> Line:
    plain = Line("hours", "h", factor, "h", "1 to 2", 1, 10.0, low, high)
    return replace(plain, **more)


LINES = [
    line("a.short", 9, 11),
    line("b.long", 14, 2, total=0.8, total_low=0.7, total_high=0.9, first=0.6),
    line("c.rows", np.nan, np.nan, n_dials=4, mu_star=6.0),
    line("d.unknown", np.nan, 12),
    line("e.one_side", 11, 13),
]


def test_bars_are_sorted_by_length_and_what_is_not_known_has_none() -> None:
    table = tornado_table(LINES)
    found = list(zip(*(table.columns[name] for name in ("factor", "low", "high")), strict=True))
    assert found == [
        ("b.long", 14, 2),
        ("c.rows", 7, 13),
        ("a.short", 9, 11),
        ("e.one_side", 11, 13),
    ]
    assert len(tornado_table(LINES, 2)) == 2


def test_the_tornado_draws_those_bars_from_the_answer_as_given() -> None:
    with style.house_style():
        ax = plot_tornado(style.new_figure(7, 4).subplots(), tornado_table(LINES))
    drawn = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches]
    assert drawn == [(10, 14), (10, 2), (7, 13), (10, 9), (10, 11), (10, 11), (10, 13)]
    # Both ends on one side: neither bar hides the other.
    last, other = ax.patches[-2:]
    assert last.get_y() + last.get_height() <= other.get_y() + 1e-9
    labels = [tick.get_text().splitlines()[0] for tick in ax.get_yticklabels()]
    assert labels == ["b: long", "c: rows", "a: short", "e: one side"]


def test_shares_are_drawn_for_the_factors_that_have_them() -> None:
    table = shares_table(LINES)
    assert table.columns["factor"] == ["b.long"]
    with style.house_style():
        ax = plot_shares(style.new_figure(7, 3).subplots(), table)
    assert [tick.get_text().splitlines()[0] for tick in ax.get_yticklabels()] == ["b: long"]
    points = [list(mark.get_xdata()) for mark in ax.lines if len(mark.get_xdata()) == 1]
    assert points == [[0.8], [0.6]]


def test_files_are_the_same_every_time_with_words_and_numbers_beside_them(tmp_path: Path) -> None:
    first = draw_sensitivity(LINES, tmp_path / "a", "Title", "Note")
    again = draw_sensitivity(LINES, tmp_path / "b", "Title", "Note")
    assert [path.name for path in first] == [
        f"{name}-hours.{suffix}"
        for name in ("tornado", "shares")
        for suffix in ("png", "svg", "alt.txt", "csv")
    ]
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
    words = (tmp_path / "a" / "tornado-hours.alt.txt").read_text()
    assert "10 with all as given. b.long (1 to 2): 14 to 2; c.rows (1 to 2): 7 to 13" in words
    words = (tmp_path / "a" / "shares-hours.alt.txt").read_text()
    assert "b.long 0.80 (0.70 to 0.90)" in words


def test_what_has_no_bar_and_no_share_has_no_figure(tmp_path: Path) -> None:
    assert draw_sensitivity([LINES[3]], tmp_path, "Title", "Note") == []
    assert len(draw_sensitivity([LINES[0]], tmp_path, "Title", "Note")) == 4


def test_a_factor_moves_an_answer_from_its_least_to_its_most() -> None:
    # Ends 9 and 11 around 10; ends 14 and 2; ends 11 and 13 above 10; else by its trajectories.
    assert [one.swing for one in LINES] == [2, 12, 6, 0, 3]
