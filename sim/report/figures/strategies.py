"""Businesses impaired over time under each strategy of a comparison, in one picture.

In: the folder of a comparison. Out: a figure with its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.catalogue.choices import curve_name
from sim.measure.bands import Band, whole_band
from sim.report.figures import style
from sim.report.figures.curves import date_axis, name_bands, offset_name, plot_band, times_of
from sim.report.figures.drawing import (
    DEFAULT,
    Choice,
    Drawing,
    FigureTable,
    band_table,
    brackets,
    peak_and_end,
    spread_as_given,
)
from sim.report.figures.panels import are_unclear_together, plot_apart
from sim.report.figures.told import are_of_draws, lines_of, with_statistic
from sim.report.words import findings
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.read import RunFolder

METRIC = curve_name("businesses_impaired")


def looks_of(labels: Sequence[str], baseline: str = "") -> dict[str, dict[str, Any]]:
    """Colour and line style of each strategy: the same in every figure; the baseline is grey."""
    looks: dict[str, dict[str, Any]] = {}
    place = 0
    for label in labels:
        if label == baseline:
            looks[label] = {"color": style.GREY, "linestyle": "-"}
            continue
        # Seven colours and four styles: no pair comes twice among 28.
        line = style.STYLES[place % len(style.STYLES)]
        looks[label] = {"color": style.CYCLE[place % len(style.CYCLE)], "linestyle": line}
        place += 1
    return looks


def baseline_of(run: RunFolder) -> str:
    """Label of the strategy that the others are compared with; empty in a run of one."""
    return str(run.manifest.get("baseline", ""))


def plot_strategies(
    ax: Axes,
    bands: Mapping[str, Band],
    names: Mapping[str, str],
    looks: Mapping[str, Mapping[str, Any]],
    start: datetime,
    horizon_s: int,
) -> Axes:
    """One curve with its band for each strategy, named at the right edge.

    Parameters
    ----------
    names
        What each strategy is called for people, by its label.
    """
    of_draws = are_of_draws(bands.values())
    for label, band in bands.items():
        look = dict(looks[label])
        colour = look.pop("color")
        plot_band(ax, band, start, horizon_s, colour=colour, line=look, of_draws=of_draws)
    ax.set_xlim(*times_of([0, horizon_s], start))
    ax.set_ylim(bottom=0)
    date_axis(ax)
    ends = [
        (band.mean[-1], names[label], looks[label]["color"])
        for label, band in lines_of(bands).items()
    ]
    style.label_ends(ax, ends)
    return ax


def draw_apart(
    bands: Mapping[str, Band],
    names: Mapping[str, str],
    looks: Mapping[str, Mapping[str, Any]],
    run: RunFolder,
) -> Figure:
    """One panel a strategy, three in a row."""
    n_columns = min(3, len(bands))
    n_rows = -(-len(bands) // n_columns)
    figure = style.new_figure(9, 1.9 * n_rows + 1.1)
    panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    colours = {label: str(looks[label]["color"]) for label in bands}
    plot_apart(panels, bands, names, colours, run.start, run.horizon_s)
    return figure


def draw_strategies(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Outage curves of all strategies; those of which no replicate was finished have none."""
    labels = [label for label in run.strategies if run.has_curve(METRIC, label)]
    bands = {label: whole_band(run, METRIC, label) for label in labels}
    looks = looks_of(run.strategies, baseline_of(run))
    n = next(iter(bands.values())).denominator
    names = strategy_names(strategies_of(run))
    told = {quoted(names[label]): band for label, band in lines_of(bands).items()}
    title = findings.most_of(told, run.start, "Businesses impaired", is_share=False)
    if run.n_draws:
        title = with_statistic(title, bands, of_draws=are_of_draws(bands.values())).title
    if are_unclear_together(bands):
        figure = draw_apart(bands, names, looks, run)
        style.add_title(figure, title)
        figure.supylabel(f"businesses impaired (of {n:,.0f})", fontsize=8.5)
    else:
        figure = style.new_figure(9, max(4.4, 0.2 * len(bands) + 2.4))
        ax = figure.subplots()
        plot_strategies(ax, bands, names, looks, run.start, run.horizon_s)
        ax.set_ylabel(f"businesses impaired (of {n:,.0f})")
        ax.set_xlabel(f"date, {offset_name(run.start)}")
        ax.set_title(style.wrapped(title, 7.5))
    name_bands(figure, bands.values(), of_businesses=True)
    missing = ", ".join(names[label] for label in run.strategies if label not in bands)
    of_draws = are_of_draws(bands.values())
    parts = "; ".join(
        f"{names[label]}: {peak_and_end(band, of_draws=of_draws)}" for label, band in bands.items()
    )
    alt = (
        f"Number of businesses impaired, of {n:,.0f}, over time, one curve for each strategy. "
        f"{parts}. {brackets(run.n_replicates, run.n_draws, of_draws=of_draws)}"
        f"{f' Not known: {missing}.' if missing else ''}"
    )
    table = FigureTable.stack(
        [band_table(band, run.start, strategy=label) for label, band in bands.items()]
    )
    spread = "" if of_draws else spread_as_given(run, has_draws=True)
    return Drawing(figure, alt, table, spread)
