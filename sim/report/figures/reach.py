"""What the target lost and what bystanders lost, over time, one above the other.

In: a run folder. Out: a figure with its table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from sim.catalogue.choices import curve_name
from sim.measure.bands import Band, band_of, mean_denominator, whole_band
from sim.report.figures import style
from sim.report.figures.curves import date_axis, name_bands, offset_name, plot_band, times_of
from sim.report.figures.drawing import (
    DEFAULT,
    Choice,
    Drawing,
    FigureTable,
    at_row,
    band_table,
    brackets,
    peak_and_end,
)
from sim.report.figures.panels import do_overlap, plot_apart
from sim.report.figures.told import are_of_draws, line_of, lines_of, with_statistic
from sim.report.words import findings
from sim.results.read import RunFolder

REACHED, ON_VPN, IMPAIRED, LOST = map(
    curve_name, ("target_reached_share", "vpn_share", "businesses_impaired", "demand_lost_share")
)
WHOLE = 1.02
"""Upper end of an axis that has the whole."""
TARGET = {
    REACHED: ("reach it", style.BLUE, "-"),
    ON_VPN: ("use a VPN", style.GREEN, (0, (4, 1.2))),
    curve_name("target_left_share"): ("have left", style.BLACK, (0, (1.5, 1.2))),
}
BYSTANDERS = {
    IMPAIRED: ("businesses\nimpaired", style.VERMILION, "-"),
    LOST: ("demand lost", style.ORANGE, (0, (4, 1.2))),
}


def reach_bands(run: RunFolder, choice: Choice = DEFAULT) -> dict[str, Band]:
    """Shares over time: of the target's users, of businesses, of their demand.

    Draws of businesses are kept as shares times the mean number as given.
    """
    points, wide = run.curve(IMPAIRED, choice.strategy), run.wide_band(IMPAIRED, choice.strategy)
    if wide is not None:
        wide = replace(wide, ends=wide.ends / mean_denominator(points))
    impaired = band_of(points, run.horizon_s, as_share=True, wide=wide)
    return {
        metric: impaired if metric == IMPAIRED else whole_band(run, metric, choice.strategy)
        for metric in (*TARGET, *BYSTANDERS)
    }


def plot_shares(
    ax: Axes,
    bands: Mapping[str, Band],
    looks: Mapping[str, tuple[str, str, object]],
    start: datetime,
    horizon_s: int,
    top: float = WHOLE,
) -> Axes:
    """Shares over time with bands, each with its name at the right edge.

    Parameters
    ----------
    looks
        Name, colour and line style of each measure.
    top
        Upper end of the axis; names stand where the lines end on it.
    """
    shown = {metric: bands[metric] for metric in looks}
    of_draws = are_of_draws(shown.values())
    for metric, (_, colour, line) in looks.items():
        style_ = {"linestyle": line}
        band = shown[metric]
        plot_band(ax, band, start, horizon_s, colour=colour, line=style_, of_draws=of_draws)
    ax.set_xlim(*times_of([0, horizon_s], start))
    ax.set_ylim(0, top)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    told = lines_of(shown)
    ends = [(told[name].mean[-1], label, colour) for name, (label, colour, _) in looks.items()]
    style.label_ends(ax, ends, gap=0.1)
    return ax


def _ends(band: Band) -> list[float]:
    """Highest mean, and highest ends of the bands that are known."""
    drawn = [band.mean, band.high, *(() if band.wide is None else (band.wide[2],))]
    return [float(np.nanmax(one, initial=0.0)) for one in drawn]


def draw_reach(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Target reach against collateral."""
    bands = reach_bands(run, choice)
    of_target = {metric: bands[metric] for metric in TARGET}
    by_draws = are_of_draws(of_target.values())
    found = findings.reached(line_of(bands[REACHED], of_draws=by_draws), run.start)
    if run.n_draws:
        reaching = {REACHED: bands[REACHED]}
        found = with_statistic(
            found, reaching, of_draws=by_draws, is_lowest=True, is_share=True
        ).title
    if do_overlap(of_target):
        figure = style.new_figure(9, 5.6)
        grid = figure.add_gridspec(2, len(TARGET))
        panels = np.array([[figure.add_subplot(grid[0, place]) for place in range(len(TARGET))]])
        lower = figure.add_subplot(grid[1, :])
        names, colours = (
            {metric: str(look[place]) for metric, look in TARGET.items()} for place in (0, 1)
        )
        plot_apart(panels, of_target, names, colours, run.start, run.horizon_s)
        for ax in panels.flat:
            ax.set_ylim(0, WHOLE)
            ax.yaxis.set_major_formatter(PercentFormatter(1))
        upper = panels[0, 0]
        style.add_title(figure, found)
    else:
        figure = style.new_figure(8, 5.4)
        upper, lower = figure.subplots(2, 1, sharex=True)
        plot_shares(upper, bands, TARGET, run.start, run.horizon_s)
        upper.set_title(style.wrapped(found, 8))
    # As high as what is drawn: bystanders may lose little.
    ends = [end for name in BYSTANDERS for end in _ends(bands[name])]
    top = min(WHOLE, 1.1 * max(ends, default=0.0) or WHOLE)
    plot_shares(lower, bands, BYSTANDERS, run.start, run.horizon_s, top)
    date_axis(lower)
    name_bands(figure, bands.values())
    target = str(run.scenario["target"]["name"])
    upper.set_ylabel("share of its users")
    of_draws = are_of_draws([bands[name] for name in BYSTANDERS])
    harm = findings.lost(line_of(bands[LOST], of_draws=of_draws), run.start)
    if run.n_draws:
        lost = {LOST: bands[LOST]}
        harm = with_statistic(harm, lost, of_draws=of_draws, is_share=True).title
    lower.set_title(style.wrapped(harm, 8))
    lower.set_ylabel("share of businesses, demand")
    lower.set_xlabel(f"date, {offset_name(run.start)}")
    reached, vpn = bands[REACHED], bands[ON_VPN]
    lowest = int(np.argmin(line_of(reached, of_draws=by_draws).mean))
    low, end, on_vpn = (
        at_row(band, row, ".1%", of_draws=by_draws)
        for band, row in ((reached, lowest), (reached, -1), (vpn, -1))
    )
    alt = (
        f"Above: share of the users of {target} who reach it, by VPN or without: lowest "
        f"{low}, at the end {end}; users on a VPN at the end {on_vpn}. Below: share of businesses "
        f"impaired: {peak_and_end(bands[IMPAIRED], '.0%', of_draws=of_draws)}; share of their "
        f"domestic demand lost: {peak_and_end(bands[LOST], '.0%', of_draws=of_draws)}. "
        f"{brackets(run.n_replicates, run.n_draws, of_draws=of_draws or by_draws)}"
    )
    table = FigureTable.stack(
        [band_table(band, run.start, metric=metric) for metric, band in bands.items()]
    )
    return Drawing(figure, alt, table)
