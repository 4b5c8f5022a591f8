"""What the answer hangs on, drawn: a tornado of the ends, and shares of variance.

In: lines of a sensitivity analysis. Out: figures with their tables. It computes nothing but where
bars begin and end.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from sim.catalogue.choices import label, label_with_unit
from sim.report.figures import style
from sim.report.figures.drawing import Drawing, FigureTable
from sim.report.figures.figures import write_beside
from sim.uncertainty.influence import Line

MOST_BARS = 15
HATCHED = " Hatched: weights of rows that move separately, mean size of the change (Morris)."
_LONGEST = 48
"""Letters of a label in one line."""
_SHARES = ("first", "first_low", "first_high", "total", "total_low", "total_high")


def tornado_table(lines: Sequence[Line], n_bars: int = MOST_BARS) -> FigureTable:
    """Longest bars, longest first; factors of which an end is not known are left out.

    Parameters
    ----------
    lines
        Lines of one measure.

    Returns
    -------
    table
        ``low`` and ``high`` are the answer with the factor at its ends; where ``n_dials`` is above
        1, rows of a column move separately, and they are the answer as given less and plus half
        the mean size of its change (Morris).
    """
    found = []
    for line in lines:
        half = line.mu_star / 2
        ends = (line.at_low, line.at_high)
        low, high = ends if line.n_dials == 1 else (line.given - half, line.given + half)
        if not np.isnan([low, high]).any():
            found.append((abs(high - low), line, low, high))
    found.sort(key=lambda row: -row[0])
    shown = found[:n_bars]
    return FigureTable.of(
        factor=[line.factor for _, line, _, _ in shown],
        range=[line.range for _, line, _, _ in shown],
        n_dials=[line.n_dials for _, line, _, _ in shown],
        metric=[line.metric for _, line, _, _ in shown],
        unit=[line.unit for _, line, _, _ in shown],
        given=[line.given for _, line, _, _ in shown],
        low=[low for _, _, low, _ in shown],
        high=[high for _, _, _, high in shown],
    )


def shares_table(lines: Sequence[Line]) -> FigureTable:
    """Shares of variance of the factors that have them, with their 95 % intervals."""
    shown = [line for line in lines if not np.isnan(line.total)]
    return FigureTable.of(
        factor=[line.factor for line in shown],
        range=[line.range for line in shown],
        **{name: [getattr(line, name) for line in shown] for name in _SHARES},
        n_base=[line.n_base for line in shown],
    )


def plot_tornado(ax: Axes, table: FigureTable) -> Axes:
    """Answer with each assumption at its low and high end, longest bars on top.

    Parameters
    ----------
    table
        As from `tornado_table`, with one row at least.
    """
    given = float(table.numbers("given")[0])
    ends = zip(table.numbers("low").tolist(), table.numbers("high").tolist(), strict=True)
    is_separate = (table.numbers("n_dials") > 1).tolist()
    for row, ((low, high), separate) in enumerate(zip(ends, is_separate, strict=True)):
        if separate:
            ax.barh(
                row,
                high - low,
                left=low,
                height=0.62,
                color="white",
                edgecolor=style.GREY,
                hatch="////",
                linewidth=0.8,
            )
            continue
        # Bars to the same side would hide one another: each takes half the height there.
        is_same_side = (low - given) * (high - given) > 0
        for end, colour, side in ((low, style.SKY, -1), (high, style.BLUE, 1)):
            height, shift = (0.31, 0.155 * side) if is_same_side else (0.62, 0.0)
            ax.barh(row + shift, end - given, left=given, height=height, color=colour, linewidth=0)
    ax.axvline(given, color=style.BLACK, linewidth=0.9)
    _name_rows(ax, table)
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter("{x:,.12g}")
    metric, unit = (str(table.columns[name][0]) for name in ("metric", "unit"))
    ax.set_xlabel(label_with_unit(metric, unit))
    marks: list[Patch | Line2D] = [
        Patch(color=style.SKY, label="at the low end"),
        Patch(color=style.BLUE, label="at the high end"),
        Line2D([], [], color=style.BLACK, linewidth=0.9, label="all as given"),
    ]
    if any(is_separate):
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


def plot_shares(ax: Axes, table: FigureTable) -> Axes:
    """Sobol' indices with their intervals.

    Parameters
    ----------
    table
        As from `shares_table`.
    """
    for name, offset, colour, marker in (
        ("total", -0.14, style.BLUE, "o"),
        ("first", 0.14, style.VERMILION, "s"),
    ):
        low, high = table.numbers(f"{name}_low"), table.numbers(f"{name}_high")
        for row, point in enumerate(table.numbers(name).tolist()):
            ax.plot([low[row], high[row]], [row + offset] * 2, color=colour, linewidth=1.4)
            ax.plot([point], [row + offset], marker, color=colour, markersize=5)
    ax.axvline(0, color=style.GREY, linewidth=0.8)
    _name_rows(ax, table)
    ax.set_xlabel("share of the variance of the answer (95 % interval)")
    marks: list[Patch | Line2D] = [
        Line2D([], [], color=style.BLUE, marker="o", label="in which it has a part (total)"),
        Line2D([], [], color=style.VERMILION, marker="s", label="by it alone (first order)"),
    ]
    _add_legend(ax, marks)
    return ax


def draw_sensitivity(lines: Sequence[Line], folder: Path, title: str, note: str) -> list[Path]:
    """Draw the tornado and the shares of variance, where there are any, with words and numbers.

    Parameters
    ----------
    lines
        Lines of one measure.
    title, note
        Above and below the figures.
    """
    metric, written = lines[0].metric, []
    tornado, shares = tornado_table(lines), shares_table(lines)
    for name, table, plot, alt, height in (
        ("tornado", tornado, plot_tornado, _tornado_alt, 0.36),
        ("shares", shares, plot_shares, _shares_alt, 0.42),
    ):
        if not len(table):
            continue
        with style.house_style():
            figure = style.new_figure(7.6, 1.9 + height * len(table))
            plot(figure.subplots(), table).set_title(title, pad=22)
            has_hatched = name == "tornado" and (table.numbers("n_dials") > 1).any()
            style.add_caption(figure, note + HATCHED * bool(has_hatched))
            folder.mkdir(parents=True, exist_ok=True)
            paths = [folder / f"{name}-{metric}.{suffix}" for suffix in ("png", "svg")]
            written += style.save_figure(figure, paths)
        drawing = Drawing(figure, f"{title}. {alt(table)}", table)
        written += write_beside(drawing, folder, f"{name}-{metric}")
    return written


def _tornado_alt(table: FigureTable) -> str:
    said = [
        f"{factor} ({interval}): {style.short(low)} to {style.short(high)}"
        for factor, interval, low, high in zip(
            table.columns["factor"],
            table.columns["range"],
            table.numbers("low").tolist(),
            table.numbers("high").tolist(),
            strict=True,
        )
    ][:5]
    metric = label(str(table.columns["metric"][0]))
    given = style.short(float(table.numbers("given")[0]))
    return (
        f"Bars of {metric} with each assumption at its low and high end, longest first; "
        f"{given} with all as given. {'; '.join(said)}."
    )


def _shares_alt(table: FigureTable) -> str:
    said = [
        f"{factor} {total:.2f} ({low:.2f} to {high:.2f})"
        for factor, total, low, high in zip(
            table.columns["factor"],
            table.numbers("total").tolist(),
            table.numbers("total_low").tolist(),
            table.numbers("total_high").tolist(),
            strict=True,
        )
    ]
    return f"Shares of the variance in which each has a part: {'; '.join(said)}."


def _name_rows(ax: Axes, table: FigureTable) -> None:
    """Name the rows after factor and range, the first on top."""
    names = [
        f"{_in_words(str(factor))}\n{interval}"
        for factor, interval in zip(table.columns["factor"], table.columns["range"], strict=True)
    ]
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(axis="y", length=0, labelsize=7.5)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.grid(axis="y", visible=False)
    ax.set_axisbelow(True)


def _in_words(key: str) -> str:
    """Key in words, broken where it is long."""
    words = key.replace("_", " ").replace(".", ": ", 1)
    return words if len(words) <= _LONGEST else words.replace(": ", ":\n", 1)


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
