"""From gross loss to net social loss, step by step.

In: the summary of a run folder. Out: a figure with its table.
"""

from __future__ import annotations

import math

from matplotlib.axes import Axes

from sim.catalogue.choices import measure_name
from sim.report.figures import style
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, FigureTable
from sim.report.words.money import millions
from sim.report.words.numbers import MILLION, count
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
    """Mean, median and range of each step, in USD."""
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
        level=[number(rows[metric], "level") for metric, _ in known],
        n_replicates=[int(number(rows[metric], "n_replicates")) for metric, _ in known],
    )


def plot_waterfall(ax: Axes, table: FigureTable) -> Axes:
    """Bars of the means, which add up, from left to right; ranges of what is left as lines.

    The range of a step stands in words: drawn from where the step begins it would mislead.

    Parameters
    ----------
    table
        From ``money_table``.
    """
    labels = {metric: label for metric, label, _ in STEPS}
    mean, low, high = (table.numbers(f"{name}_usd") / MILLION for name in ("mean", "low", "high"))
    level = 0.0
    tops = []
    for place, sign in enumerate(table.numbers("sign").astype(int).tolist()):
        size = float(mean[place])
        bottom = 0.0 if sign == 0 else level - size if sign < 0 else level
        colour = {0: style.BLUE, 1: style.VERMILION, -1: style.PALE}[sign]
        ax.bar(place - 0.08, size, bottom=bottom, width=0.6, color=colour)
        after = size if sign == 0 else level + sign * size
        if place + 1 < len(mean):
            ax.plot([place - 0.38, place + 1.22], [after, after], color=style.GREY, linewidth=0.7)
        level = after
        if sign == 0 and not math.isnan(low[place]):
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
        range(len(mean)), [labels[str(metric)] for metric in table.columns["metric"]], fontsize=8
    )
    ax.set_ylim(0, max(tops) * 1.16 if max(tops) > 0 else 1)
    ax.grid(visible=False, axis="x")
    ax.yaxis.set_major_formatter("{x:,.10g}")
    return ax


def _finding(table: FigureTable, *, is_drawn: bool) -> str:
    """What the modelled businesses lost, and what is left of it for the country."""
    mean = dict(zip(table.columns["metric"], table.numbers("mean_usd").tolist(), strict=True))
    private, net = (mean.get(metric, math.nan) for metric in (STEPS[4][0], STEPS[-1][0]))
    if not private > 0:
        return "The modelled businesses lost nothing"
    given = ", as given" if is_drawn else ""
    said = f"The modelled businesses lost {millions(private)} million USD{given}"
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
    ax.set_title(_finding(table, is_drawn=run.n_draws > 0))
    labels = {metric: label.replace("\n", " ") for metric, label, _ in STEPS}
    parts = []
    for row, metric in enumerate(table.columns["metric"]):
        mean, low, high = (
            millions(float(table.numbers(f"{name}_usd")[row])) for name in ("mean", "low", "high")
        )
        parts.append(f"{labels[str(metric)]} {mean} ({low} to {high})")
    alt = (
        "Money lost by the modelled businesses, million USD of revenue: mean over all draws of all "
        f"replicates, and range of {level:.0%} of them. {'; '.join(parts)}. Each range is of its "
        "own step; the ends of ranges do not add up."
    )
    spread = (
        f"Bars and first numbers: means of all draws of {count(run.n_replicates, 'replicate')}; "
        f"lines and ranges: {level:.0%} of draws (prices and luck; not the number of businesses)."
    )
    return Drawing(figure, alt, table, spread)
