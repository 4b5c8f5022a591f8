"""Figures of a sensitivity analysis, by the bars and marks they draw."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from sim.measure.sensitivity import Line
from sim.report import style
from sim.report.tornado import bars, draw_sensitivity, plot_shares, plot_tornado


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
    found = [(bar.factor, bar.low, bar.high, bar.is_separate) for bar in bars(LINES)]
    assert found == [
        ("b.long", 14, 2, False),
        ("c.rows", 7, 13, True),
        ("a.short", 9, 11, False),
        ("e.one_side", 11, 13, False),
    ]
    assert len(bars(LINES, 2)) == 2


def test_the_tornado_draws_those_bars_from_the_answer_as_given() -> None:
    with style.house_style():
        ax = plot_tornado(LINES, style.new_figure(7, 4).subplots())
    drawn = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in ax.patches]
    assert drawn == [(10, 14), (10, 2), (7, 13), (10, 9), (10, 11), (10, 11), (10, 13)]
    # Both ends on one side: neither bar hides the other.
    last, other = ax.patches[-2:]
    assert last.get_y() + last.get_height() <= other.get_y() + 1e-9
    labels = [tick.get_text().splitlines()[0] for tick in ax.get_yticklabels()]
    assert labels == ["b: long", "c: rows", "a: short", "e: one side"]


def test_shares_are_drawn_for_the_factors_that_have_them() -> None:
    with style.house_style():
        ax = plot_shares(LINES, style.new_figure(7, 3).subplots())
    assert [tick.get_text().splitlines()[0] for tick in ax.get_yticklabels()] == ["b: long"]
    points = [list(mark.get_xdata()) for mark in ax.lines if len(mark.get_xdata()) == 1]
    assert points == [[0.8], [0.6]]


def test_files_are_the_same_every_time_and_shares_only_where_there_are_any(
    tmp_path: Path,
) -> None:
    first = draw_sensitivity(LINES, tmp_path / "a", "Title", "Note")
    again = draw_sensitivity(LINES, tmp_path / "b", "Title", "Note")
    assert [path.name for path in first] == [
        "tornado-hours.png", "tornado-hours.svg", "shares-hours.png", "shares-hours.svg",
    ]  # fmt: skip
    for one, other in zip(first, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert len(draw_sensitivity([LINES[0]], tmp_path / "c", "Title", "Note")) == 2


def test_a_figure_without_any_bar_is_still_a_figure(tmp_path: Path) -> None:
    assert bars([LINES[3]]) == []
    assert len(draw_sensitivity([LINES[3]], tmp_path, "Title", "Note")) == 2
