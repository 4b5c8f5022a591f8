"""What the target lost and what bystanders lost, over time, one above the other.

In: a run folder. Out: a figure with its table.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from sim.catalogue.choices import curve_name
from sim.measure.bands import Band, band_of, whole_band
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

    The share of businesses has no band over draws: their number differs from draw to draw.
    """
    impaired = band_of(run.curve(IMPAIRED, choice.strategy), run.horizon_s, as_share=True)
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
    for metric, (_, colour, line) in looks.items():
        plot_band(ax, bands[metric], start, horizon_s, colour=colour, line={"linestyle": line})
    ax.set_xlim(*times_of([0, horizon_s], start))
    ax.set_ylim(0, top)
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ends = [(bands[name].mean[-1], label, colour) for name, (label, colour, _) in looks.items()]
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
    found = findings.reached(bands[REACHED], run.start)
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
        upper.set_title(found)
    # As high as what is drawn: bystanders may lose little.
    ends = [end for name in BYSTANDERS for end in _ends(bands[name])]
    top = min(WHOLE, 1.1 * max(ends, default=0.0) or WHOLE)
    plot_shares(lower, bands, BYSTANDERS, run.start, run.horizon_s, top)
    date_axis(lower)
    name_bands(figure, bands.values())
    target = str(run.scenario["target"]["name"])
    upper.set_ylabel("share of its users")
    lower.set_title(findings.lost(bands[LOST], run.start))
    lower.set_ylabel("share of businesses, demand")
    lower.set_xlabel(f"date, {offset_name(run.start)}")
    reached, vpn = bands[REACHED], bands[ON_VPN]
    lowest = int(np.argmin(reached.mean))
    low, end, on_vpn = (
        at_row(band, row, ".1%") for band, row in ((reached, lowest), (reached, -1), (vpn, -1))
    )
    alt = (
        f"Above: share of the users of {target} who reach it, by VPN or without: lowest "
        f"{low}, at the end {end}; users on a VPN at the end {on_vpn}. Below: share of businesses "
        f"impaired: {peak_and_end(bands[IMPAIRED], '.0%')}; share of their domestic "
        f"demand lost: {peak_and_end(bands[LOST], '.0%')}. "
        f"{brackets(run.n_replicates, run.n_draws)}"
        f"{' The share of businesses has no range in all.' if run.n_draws else ''}"
    )
    table = FigureTable.stack(
        [band_table(band, run.start, metric=metric) for metric, band in bands.items()]
    )
    return Drawing(figure, alt, table)
