"""From gross loss to net social loss, step by step.

In: the summary of a run folder. Out: a figure with its table.
"""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from sim.catalogue.choices import measure_name
from sim.report.figures import style
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, FigureTable, wide_columns
from sim.report.words.money import millions
from sim.report.words.numbers import MILLION, count
from sim.report.words.numbers import number as words_of
from sim.results.read import RunFolder
from sim.results.tables import number, read_rows, text

STEPS = (
    (measure_name("gross_loss_usd"), "gross loss", 0),
    (measure_name("recaptured_usd"), "recaptured\nlater", -1),
    (measure_name("churn_usd"), "customers who\nstay away", 1),
    (measure_name("response_cost_usd"), "cost of\nresponses", 1),
    (measure_name("private_loss_usd"), "private loss", 0),
    (measure_name("transfers_to_rivals_usd"), "gained by rivals\nin the country", -1),
    (measure_name("net_social_loss_usd"), "net social\nloss", 0),
)
"""Measure, label, and whether it adds, takes away, or is what is left."""
_COLUMNS = ("strategy", "metric", "mean", "median", "low", "high", "level", "n_replicates")


def money_table(run: RunFolder, choice: Choice = DEFAULT) -> FigureTable:
    """Mean, median and range of each step, in USD, as given and over draws."""
    label = run.strategy(choice.strategy)
    rows = {
        text(row, "metric"): row
        for row in read_rows(run, "summary.csv", _COLUMNS)
        if row["strategy"] == label
    }
    known = [(metric, sign) for metric, _, sign in STEPS if metric in rows]
    return FigureTable.of(
        metric=[metric for metric, _ in known],
        sign=[sign for _, sign in known],
        **{
            f"{name}_usd": [number(rows[metric], name) for metric, _ in known]
            for name in ("mean", "median", "low", "high")
        },
        **wide_columns(run, [label] * len(known), [metric for metric, _ in known], "{}_usd"),
        level=[number(rows[metric], "level") for metric, _ in known],
        n_replicates=[int(number(rows[metric], "n_replicates")) for metric, _ in known],
    )


def shown_values(table: FigureTable) -> tuple[NDArray[np.float64], ...]:
    """Value of each step that is shown with its range, in USD: over draws where there are any."""
    wide = tuple(table.numbers(f"{name}_usd") for name in ("all_median", "all_low", "all_high"))
    if has_wide(table):
        return wide
    return tuple(table.numbers(f"{name}_usd") for name in ("mean", "low", "high"))


def has_wide(table: FigureTable) -> bool:
    """Whether values over draws are shown."""
    return not np.isnan(table.numbers("all_median_usd")).all()


def plot_waterfall(ax: Axes, table: FigureTable) -> Axes:
    """Bars of the means, which add up, from left to right; ranges of what is left as lines.

    The range of a step stands in words: drawn from where the step begins it would mislead. Medians
    of draws do not add up: their bars all begin at zero.

    Parameters
    ----------
    table
        From ``money_table``.
    """
    labels = {metric: label for metric, label, _ in STEPS}
    is_wide = has_wide(table)
    value, low, high = (column / MILLION for column in shown_values(table))
    level = 0.0
    tops = []
    for place, sign in enumerate(table.numbers("sign").astype(int).tolist()):
        size = float(value[place])
        is_whole = sign == 0 or is_wide
        bottom = 0.0 if is_whole else level - size if sign < 0 else level
        colour = {0: style.BLUE, 1: style.VERMILION, -1: style.PALE}[sign]
        ax.bar(place - 0.08, size, bottom=bottom, width=0.6, color=colour)
        after = size if sign == 0 else level + sign * size
        if place + 1 < len(value) and not is_wide:
            ax.plot([place - 0.38, place + 1.22], [after, after], color=style.GREY, linewidth=0.7)
        level = after
        if is_whole and not math.isnan(low[place]):
            ends = [float(low[place]), float(high[place])]
            ax.plot([place + 0.32] * 2, ends, color=style.BLACK, linewidth=1.1)
            for end in ends:
                ax.plot([place + 0.27, place + 0.37], [end, end], color=style.BLACK, linewidth=1.1)
        else:
            ends = []
        top = max(bottom + size, *ends, 0.0)
        tops.append(top)
        sign_said = "−" if sign * size < 0 else "+" if sign * size > 0 else ""
        words = f"{sign_said}{millions(size * MILLION)}"
        if not math.isnan(low[place]):
            ends_said = (millions(float(end[place]) * MILLION) for end in (low, high))
            words += f"\n{' to '.join(ends_said)}"
        ax.annotate(
            words, (place, top), xytext=(0, 3), textcoords="offset points", ha="center",
            fontsize=7.5, linespacing=1.15,
        )  # fmt: skip
    ax.set_xticks(
        range(len(value)), [labels[str(metric)] for metric in table.columns["metric"]], fontsize=8
    )
    ax.set_ylim(0, max(tops) * 1.16 if max(tops) > 0 else 1)
    ax.grid(visible=False, axis="x")
    ax.yaxis.set_major_formatter("{x:,.10g}")
    return ax


def _finding(table: FigureTable) -> str:
    """What the modelled businesses lost, and what is left of it for the country."""
    metrics, given = table.columns["metric"], table.numbers("mean_usd")
    value = dict(zip(metrics, shown_values(table)[0].tolist(), strict=True))
    private, net = (value.get(metric, math.nan) for metric in (STEPS[4][0], STEPS[-1][0]))
    if not private > 0:
        return "The modelled businesses lost nothing"
    if has_wide(table):
        as_given = words_of(float(given[metrics.index(STEPS[4][0])]))
        return (
            f"The modelled businesses lost {words_of(private)} USD (median of the draws; mean as "
            f"given: {as_given})"
        )
    said = f"The modelled businesses lost {millions(private)} million USD"
    if math.isnan(net):
        return said
    return f"{said}; {millions(net)} million less what rivals gained"


def draw_money(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Waterfall of the money."""
    table = money_table(run, choice)
    figure = style.new_figure(8.6, 4.4)
    ax = figure.subplots()
    plot_waterfall(ax, table)
    ax.set_ylabel("million USD")
    level = float(table.numbers("level")[0])
    ax.set_title(_finding(table))
    labels = {metric: label.replace("\n", " ") for metric, label, _ in STEPS}
    parts = []
    for metric, *numbers in zip(table.columns["metric"], *shown_values(table), strict=True):
        value, low, high = (millions(float(one)) for one in numbers)
        parts.append(f"{labels[str(metric)]} {value} ({low} to {high})")
    draws = count(run.n_draws, "draw")
    of = (
        f"median of {draws} of all that is not known, and range of {level:.0%} of them"
        if has_wide(table)
        else f"mean over all draws of all replicates, and range of {level:.0%} of them"
    )
    ends = "medians and ends of ranges do not" if has_wide(table) else "the ends of ranges do not"
    alt = (
        f"Money lost by the modelled businesses, million USD of revenue: {of}. "
        f"{'; '.join(parts)}. Each range is of its own step; {ends} add up."
    )
    spread = (
        f"Bars and first numbers: medians of {draws} of all that is not known, which do not add "
        f"up; lines and ranges: {level:.0%} of them."
        if has_wide(table)
        else f"Bars and first numbers: means of all draws of "
        f"{count(run.n_replicates, 'replicate')}; lines and ranges: {level:.0%} of draws (prices "
        "and luck; not the number of businesses)."
    )
    return Drawing(figure, alt, table, spread)
