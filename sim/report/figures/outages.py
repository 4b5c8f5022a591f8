"""Businesses affected, impaired and down over time: all, and by sector, provider and role.

In: a run folder. Out: figures with their tables.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.ticker import PercentFormatter

from sim.measure.bands import Band, band_of, mean_denominator, whole_band
from sim.report.figures import style
from sim.report.figures.curves import STATES, name_bands, offset_name, plot_outages
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
from sim.report.figures.panels import do_overlap, plot_apart
from sim.report.figures.told import are_of_draws, lines_of, with_statistic
from sim.report.words import findings
from sim.report.words.groups import group_words
from sim.results.read import RunFolder

_HALF, _LEAST = 0.5, 0.01
"""Where a share goes beyond the first, its axis has the whole; it ends no lower than the second."""
MAX_PANELS = 8
"""As many as the page shows; the table beside the picture has all."""


def draw_outages(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Businesses affected, impaired and down."""
    bands = {state: whole_band(run, f"businesses_{state}", choice.strategy) for state in STATES}
    n = bands["affected"].denominator
    unit = f"businesses (of {n:,.0f}{' as given' if run.n_draws else ''})"
    of_draws = are_of_draws(bands.values())
    title = findings.impaired(lines_of(bands)["impaired"], run.start)
    if run.n_draws:
        told = {"impaired": bands["impaired"]}
        title = with_statistic(title, told, of_draws=of_draws, is_part=True).title
    if do_overlap(bands):
        figure = style.new_figure(9, 3.6)
        panels = figure.subplots(1, len(bands), sharey=True, squeeze=False)
        names, colours = (
            {state: look[place] for state, look in STATES.items()} for place in (1, 0)
        )
        plot_apart(panels, bands, names, colours, run.start, run.horizon_s)
        panels[0, 0].set_ylabel(unit)
        style.add_title(figure, title)
    else:
        figure = style.new_figure(8, 4.2)
        ax = figure.subplots()
        plot_outages(ax, bands, run.start, run.horizon_s)
        ax.set_ylabel(unit)
        ax.set_xlabel(f"date, {offset_name(run.start)}")
        ax.set_title(style.wrapped(title, 8))
    name_bands(figure, bands.values(), of_businesses=True)
    peaks = "; ".join(
        f"{state}: {peak_and_end(band, of_draws=of_draws)}" for state, band in bands.items()
    )
    limits = run.scenario["thresholds"]
    meaning = ", ".join(f"{state} above {limits[state]:.0%}" for state in STATES)
    alt = (
        f"Number of businesses, of {n:,.0f}, over time, by share of domestic demand that fails "
        f"({meaning}). {peaks[:1].upper()}{peaks[1:]}. "
        f"{brackets(run.n_replicates, run.n_draws, of_draws=of_draws)}"
    )
    table = FigureTable.stack(
        [band_table(band, run.start, state=state) for state, band in bands.items()]
    )
    spread = "" if of_draws else spread_as_given(run, has_draws=True)
    return Drawing(figure, alt, table, spread)


def draw_outages_by(
    run: RunFolder, split: str, lead: str, choice: Choice = DEFAULT, note: str = ""
) -> Drawing:
    """Small multiples: the same curves by sector, provider or role, as shares of its businesses.

    Parameters
    ----------
    lead
        What its title begins with: how businesses are split.
    note
        What a reader has to know of this split; it ends the text.
    """
    curves = {
        state: run.curves_by(f"businesses_{state}", split, choice.strategy) for state in STATES
    }
    sizes = {name: mean_denominator(points) for name, points in curves["affected"].items()}
    named = group_words(run, split)
    names = sorted((name for name in sizes if sizes[name] > 0), key=lambda name: -sizes[name])
    shown = names[:MAX_PANELS]
    n_columns = 3 if len(shown) in (1, 2, 3, 5, 6, 9) else 4
    n_rows = max(-(-len(shown) // n_columns), 1)
    figure = style.new_figure(9, 1.9 * n_rows + 1.1)
    axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    bands_of = {
        name: {
            state: band_of(curves[state][name], run.horizon_s, as_share=True) for state in STATES
        }
        for name in names
    }
    parts = []
    for ax, name in zip(axes.flat, shown, strict=False):
        bands = bands_of[name]
        plot_outages(ax, bands, run.start, run.horizon_s, label=False)
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        title = f"{named(name)} (n\xa0=\xa0{sizes[name]:,.0f})"
        ax.set_title(textwrap.fill(title, 108 // n_columns), fontsize=8.5)
        ax.tick_params(labelsize=7.5)
        parts.append(
            f"{named(name)} (of {sizes[name]:,.0f}): {peak_and_end(bands['impaired'], '.0%')}"
        )
    for ax in axes.flat[len(shown) :]:
        ax.set_axis_off()
    for ax in axes.flat[max(len(shown) - n_columns, 0) : len(shown)]:
        # The lowest panel of each column has the dates.
        ax.tick_params(labelbottom=True)
        ax.set_xlabel(f"date, {offset_name(run.start)}", fontsize=8)
    for ax in axes[:, 0]:
        ax.set_ylabel("share of businesses", fontsize=8)
    axes.flat[0].set_ylim(0, _top(bands_of[name] for name in shown))
    impaired = {named(name): bands_of[name]["impaired"] for name in shown}
    what = f"{lead}, impaired at once"
    found = findings.most_of(impaired, run.start, what, is_share=True, are_businesses=True)
    style.add_title(figure, findings.as_given(found) if run.n_draws else found)
    tables = [
        band_table(band, run.start, **{split: name, "state": state})
        for name, bands in bands_of.items()
        for state, band in bands.items()
    ]
    handles = [
        axes.flat[0].plot([], [], color=colour, label=label, **style.LINES[state])[0]
        for state, (colour, label) in STATES.items()
    ]
    style.legend_below(figure, handles)
    left_out = len(names) - len(shown)
    rest = f" {left_out} smaller ones are in the table alone." if left_out else ""
    alt = (
        f"Businesses cut off {lead.lower()}, as a share of those of each, over time. Impaired: "
        f"{'; '.join(parts)}. {brackets(run.n_replicates)}{note and ' ' + note}{rest}"
    )
    return Drawing(figure, alt, FigureTable.stack(tables), spread_as_given(run))


def _top(shown: Iterable[Mapping[str, Band]]) -> float:
    """Upper end of an axis of shares: the whole, or little above all where that is far below."""
    ends = [
        np.nan_to_num(end)
        for bands in shown
        for one in bands.values()
        for end in (one.mean, one.high)
    ]
    highest = max((float(end.max(initial=0.0)) for end in ends), default=0.0)
    return 1.03 if highest > _HALF else max(1.08 * highest, _LEAST)
