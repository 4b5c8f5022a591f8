"""What the answer hangs on, drawn: a tornado of the ends, and shares of variance.

In: lines of a sensitivity analysis and an axis. Out: the axis. It computes nothing but where bars
begin and end, and that is a table of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sim.measure.sensitivity import Line
from sim.report import style

MOST_BARS = 15
_LONGEST = 48
"""Letters of a label in a line."""


@dataclass(frozen=True)
class Bar:
    """One bar of the tornado.

    Attributes
    ----------
    factor, range
        Which assumption, and through what range.
    low, high
        The answer with it at its low and at its high end; for weights that move separately, the
        answer as given less and plus half the mean size of its change.
    is_separate
        Whether it is one of those.
    """

    factor: str
    range: str
    low: float
    high: float
    is_separate: bool


def bars(lines: Sequence[Line], n_bars: int = MOST_BARS) -> list[Bar]:
    """Longest bars, longest first; factors of which neither is known are left out."""
    found = []
    for line in lines:
        if line.n_dials == 1:
            bar = Bar(line.factor, line.range, line.at_low, line.at_high, False)
        else:
            half = line.mu_star / 2
            bar = Bar(line.factor, line.range, line.given - half, line.given + half, True)
        if not np.isnan([bar.low, bar.high]).any():
            found.append(bar)
    return sorted(found, key=lambda bar: -abs(bar.high - bar.low))[:n_bars]


def plot_tornado(lines: Sequence[Line], ax: Axes) -> Axes:
    """Answer with each assumption at its low and high end, longest bars on top.

    Parameters
    ----------
    lines
        Lines of one measure.
    """
    shown = bars(lines)
    given = lines[0].given
    for row, bar in enumerate(shown):
        if bar.is_separate:
            ax.barh(
                row,
                bar.high - bar.low,
                left=bar.low,
                height=0.62,
                color="white",
                edgecolor=style.GREY,
                hatch="////",
                linewidth=0.8,
            )
            continue
        # Bars to the same side would hide one another: each takes half the height there.
        is_same_side = (bar.low - given) * (bar.high - given) > 0
        for end, colour, side in ((bar.low, style.SKY, -1), (bar.high, style.BLUE, 1)):
            height, shift = (0.31, 0.155 * side) if is_same_side else (0.62, 0.0)
            ax.barh(row + shift, end - given, left=given, height=height, color=colour, linewidth=0)
    ax.axvline(given, color=style.BLACK, linewidth=0.9)
    ax.set_yticks(range(len(shown)), [f"{_short(bar.factor)}\n{bar.range}" for bar in shown])
    ax.tick_params(axis="y", length=0, labelsize=7.5)
    ax.set_ylim(max(len(shown), 1) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_axisbelow(True)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.12g}"))
    ax.set_xlabel(f"{lines[0].metric.replace('_', ' ')}, {lines[0].unit}")
    marks: list[Patch | Line2D] = [
        Patch(color=style.SKY, label="at the low end"),
        Patch(color=style.BLUE, label="at the high end"),
        Line2D([], [], color=style.BLACK, linewidth=0.9, label="all as given"),
    ]
    if any(bar.is_separate for bar in shown):
        marks.append(
            Patch(
                facecolor="white",
                edgecolor=style.GREY,
                hatch="////",
                label="mean size of the change",
            )
        )
    _add_legend(ax, marks)
    return ax


def plot_shares(lines: Sequence[Line], ax: Axes) -> Axes:
    """Sobol' indices of the factors that have them, with intervals.

    Parameters
    ----------
    lines
        Lines of one measure.
    """
    shown = [line for line in lines if not np.isnan(line.total)]
    for row, line in enumerate(shown):
        for offset, colour, marker, point, low, high in (
            (-0.14, style.BLUE, "o", line.total, line.total_low, line.total_high),
            (0.14, style.VERMILION, "s", line.first, line.first_low, line.first_high),
        ):
            ax.plot([low, high], [row + offset] * 2, color=colour, linewidth=1.4)
            ax.plot([point], [row + offset], marker, color=colour, markersize=5)
    ax.axvline(0, color=style.GREY, linewidth=0.8)
    ax.set_yticks(range(len(shown)), [f"{_short(line.factor)}\n{line.range}" for line in shown])
    ax.tick_params(axis="y", length=0, labelsize=7.5)
    ax.set_ylim(max(len(shown), 1) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_axisbelow(True)
    ax.set_xlabel("share of the variance of the answer (95 % interval)")
    marks: list[Patch | Line2D] = [
        Line2D([], [], color=style.BLUE, marker="o", label="in which it has a part (total)"),
        Line2D([], [], color=style.VERMILION, marker="s", label="by it alone (first order)"),
    ]
    _add_legend(ax, marks)
    return ax


def _add_legend(ax: Axes, marks: Sequence[Patch | Line2D]) -> None:
    ax.legend(
        handles=list(marks),
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(marks),
        frameon=False,
        fontsize=7.5,
        handlelength=1.4,
        columnspacing=1.2,
        borderaxespad=0.2,
    )


def draw_sensitivity(lines: Sequence[Line], folder: Path, title: str, note: str) -> list[Path]:
    """Draw the tornado, and the shares of variance where there are any, as PNG and SVG.

    Parameters
    ----------
    lines
        Lines of one measure.
    """
    metric = lines[0].metric
    with style.house_style():
        figure = style.new_figure(7.6, 1.7 + 0.36 * max(len(bars(lines)), 3))
        plot_tornado(lines, figure.subplots()).set_title(title, pad=22)
        style.add_caption(figure, note)
        written = style.save_figure(figure, folder, f"tornado-{metric}")
        n_shares = sum(not np.isnan(line.total) for line in lines)
        if n_shares:
            figure = style.new_figure(7.6, 1.7 + 0.42 * n_shares)
            plot_shares(lines, figure.subplots()).set_title(title, pad=22)
            style.add_caption(figure, note)
            written += style.save_figure(figure, folder, f"shares-{metric}")
    return written


def _short(key: str) -> str:
    """Key in words, broken where it is long."""
    words = key.replace("_", " ").replace(".", ": ", 1)
    return words if len(words) <= _LONGEST else words.replace(": ", ":\n", 1)
