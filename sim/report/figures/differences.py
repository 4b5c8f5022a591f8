"""Forest plot: how far each strategy is from the baseline, with the same luck.

In: the folder of a comparison. Out: a figure with its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from sim.catalogue.choices import COLLATERAL, EFFICACY, label, measure_name
from sim.report.figures import style
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, FigureTable
from sim.report.figures.strategies import baseline_of
from sim.report.words import findings
from sim.report.words.numbers import capitalised, count
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.read import RunFolder
from sim.results.tables import number, read_rows, text

PREFERRED = (
    COLLATERAL,
    EFFICACY,
    measure_name("addresses_listed_peak"),
    measure_name("private_loss_usd"),
)
"""Measures that the figure shows where the comparison has them."""
_NUMBERS = ("difference", "difference_low", "difference_high", "confidence")


def differences_table(run: RunFolder) -> FigureTable:
    """The rows of ``comparison.csv`` that the figure draws: all strategies but the baseline.

    Raises
    ------
    DataError
        If the table is missing or unreadable.
    """
    needed = ("strategy", "metric", "unit", "baseline", *_NUMBERS, "n_replicates")
    rows = read_rows(run, "comparison.csv", needed)
    present = {text(row, "metric") for row in rows}
    shown = [metric for metric in PREFERRED if metric in present]
    baseline = baseline_of(run)
    kept = [
        row
        for metric in shown
        for row in rows
        if row["metric"] == metric and row["strategy"] != baseline
    ]
    return FigureTable.of(
        **{
            name: [text(row, name) for row in kept]
            for name in ("metric", "unit", "strategy", "baseline")
        },
        **{name: [number(row, name) for row in kept] for name in _NUMBERS},
        n_replicates=[int(number(row, "n_replicates")) for row in kept],
    )


def plot_differences(ax: Axes, table: FigureTable, labels: Sequence[str]) -> Axes:
    """One row a strategy, the first on top: mean difference, its interval, both in words.

    Parameters
    ----------
    table
        Rows of one measure, from ``differences_table``.
    labels
        Strategies, in the sequence of rows.
    """
    mean, low, high = (table.numbers(name) for name in _NUMBERS[:3])
    ends = np.concatenate([mean, low, high, [0.0]])
    ends = ends[~np.isnan(ends)]
    left, right = float(ends.min()), float(ends.max())
    span = max(right - left, 1e-9)
    ax.axvline(0, color=style.GREY, linewidth=1.0)
    for row, strategy in enumerate(table.columns["strategy"]):
        y = labels.index(str(strategy))
        if np.isnan(mean[row]):
            ax.text(left, y, "not known", va="center", fontsize=7.5)
            continue
        is_apart = not np.isnan(low[row]) and (low[row] > 0 or high[row] < 0)
        colour = style.BLUE if is_apart else style.GREY
        if not np.isnan(low[row]):
            ax.plot([low[row], high[row]], [y, y], color=colour, linewidth=1.6)
        ax.plot(mean[row], y, "o" if is_apart else "D", color=colour, markersize=5)
        words = style.signed(mean[row])
        if not np.isnan(low[row]):
            words += f" [{style.signed(low[row])}, {style.signed(high[row])}]"
        ax.text(
            1.0, y - 0.33, words, va="center", ha="right", fontsize=7, color="#444444",
            transform=ax.get_yaxis_transform(),
        )  # fmt: skip
    ax.set_ylim(len(labels) - 0.4, -0.75)
    ax.set_xlim(left - 0.06 * span, right + 0.06 * span)
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.xaxis.set_major_formatter(style.short_tick)
    return ax


def draw_differences(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Paired differences to the baseline."""
    table = differences_table(run)
    metrics = list(dict.fromkeys(str(metric) for metric in table.columns["metric"]))
    baseline = baseline_of(run)
    labels = [name for name in run.strategies if name != baseline]
    names = strategy_names(strategies_of(run))
    n_columns = min(2, max(len(metrics), 1))
    n_rows = max(-(-len(metrics) // n_columns), 1)
    figure = style.new_figure(8.4, n_rows * (0.36 * len(labels) + 1.0) + 0.5)
    axes = figure.subplots(n_rows, n_columns, sharey=True, squeeze=False)
    for ax, metric in zip(axes.flat, metrics, strict=False):
        rows = table.where("metric", metric)
        plot_differences(ax, rows, labels)
        ax.set_title(capitalised(label(metric)), fontsize=8.5)
        ax.set_xlabel(str(rows.columns["unit"][0]), fontsize=8)
    for ax in axes.flat[len(metrics) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_yticks(range(len(labels)), [names[name] for name in labels], fontsize=8)
    found = _finding(table, names, baseline)
    style.add_title(figure, findings.as_given(found) if run.n_draws else found)
    confidence = table.numbers("confidence")
    level = f"{confidence[0]:.0%}" if confidence.size else ""
    parts = []
    for metric in metrics:
        rows = table.where("metric", metric)
        each = [
            f"{names[str(name)]} {style.signed(mean)} ({style.signed(low)} to {style.signed(high)})"
            for name, mean, low, high in zip(
                rows.columns["strategy"],
                *(rows.numbers(column) for column in _NUMBERS[:3]),
                strict=True,
            )
        ]
        parts.append(f"{capitalised(label(metric))}: {'; '.join(each)}")
    alt = (
        f"Mean difference of each strategy to {names[baseline]} over paired replicates, with "
        f"{level} intervals. {'. '.join(parts)}."
    )
    spread = (
        f"Points: mean difference of {count(run.n_replicates, 'replicate')}, in each with the same "
        f"luck; lines: {level} bootstrap intervals, each for itself. Blue: the interval is off "
        "zero, as some are by chance. Luck only."
    )
    return Drawing(figure, alt, table, spread)


def _finding(table: FigureTable, names: Mapping[str, str], baseline: str) -> str:
    """How far strategies are from the baseline in the first measure, at least and at most."""
    against = f"against {quoted(names[baseline])}"
    metrics = table.columns["metric"]
    if not metrics:
        return f"Differences {against}"
    rows = table.where("metric", metrics[0])
    mean = rows.numbers("difference")
    known = np.flatnonzero(~np.isnan(mean))
    what = f"{capitalised(label(str(metrics[0])))} {against}"
    if not known.size:
        return f"{what}: not known"
    said = [
        f"{style.signed(float(mean[row]))} with {quoted(names[str(rows.columns['strategy'][row])])}"
        for row in (known[np.argmin(mean[known])], known[np.argmax(mean[known])])
    ]
    return f"{what}: {' to '.join(dict.fromkeys(said))}"
