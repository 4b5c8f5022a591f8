"""Addresses listed and dropped over time, beside published totals.

In: a run folder. Out: a figure with its table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sim.measure.bands import Band, whole_band
from sim.report.figures import style
from sim.report.figures.curves import (
    MILLION,
    name_bands,
    offset_name,
    plot_addresses,
    scale_of,
)
from sim.report.figures.drawing import (
    DEFAULT,
    WIDE,
    Choice,
    Drawing,
    FigureTable,
    band_table,
    brackets,
    instant,
    peak_and_end,
    spread_as_given,
)
from sim.report.figures.marks import DAY_S, Mark, read_marks
from sim.report.figures.told import are_of_draws, line_of, with_statistic
from sim.report.words import findings
from sim.results.read import RunFolder


def addresses_table(
    bands: Mapping[str, Band], marks: Sequence[Mark], start: datetime
) -> FigureTable:
    """Addresses listed and dropped over time, and published totals at their times."""
    curves = [band_table(band, start, series=what) for what, band in bands.items()]
    marks = sorted(marks, key=lambda mark: (mark.from_s, mark.to_s))
    middle = [(mark.from_s + mark.to_s) // 2 for mark in marks]
    unknown = [None] * len(marks)
    totals = FigureTable.of(
        series=["published" if mark.is_published else "derived" for mark in marks],
        t_s=middle,
        time=[instant(start, at_s) for at_s in middle],
        mean=[mark.addresses for mark in marks],
        low=unknown,
        high=unknown,
        **dict.fromkeys(WIDE, unknown),
        denominator=unknown,
        n_replicates=unknown,
    )
    return FigureTable.stack([*curves, totals])


def draw_addresses(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """Addresses listed and dropped, with published totals."""
    bands = {
        what: whole_band(run, f"addresses_{what}", choice.strategy)
        for what in ("listed", "dropped")
    }
    listed, dropped = bands.values()
    marks = read_marks(run)
    inside = [mark for mark in marks if 0 <= (mark.from_s + mark.to_s) // 2 < run.horizon_s]
    whole = (0, run.horizon_s)
    if inside:
        figure = style.new_figure(9, 4.4)
        near, far = figure.subplots(1, 2, sharey=True, width_ratios=(1.15, 1))
        zoom_end = min(run.horizon_s, (max(mark.to_s for mark in inside) // DAY_S + 1) * DAY_S)
        plot_addresses(
            near, listed, dropped, inside, run.start, run.horizon_s, (0, zoom_end), label=False
        )
        near.set_title("First days, with published totals")
        near.set_xlabel(f"date, {offset_name(run.start)}")
        for face, text in ((style.BLACK, "published"), ("white", "derived from publications")):
            near.plot(
                [], [], "o", color=style.BLACK, markerfacecolor=face, markersize=4.5, label=text
            )
        near.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=8)
        first = near
    else:
        figure = style.new_figure(8, 4.2)
        far = figure.subplots()
        first = far
    plot_addresses(far, listed, dropped, inside, run.start, run.horizon_s, whole)
    name_bands(figure, bands.values())
    of_draws = are_of_draws(bands.values())
    told = line_of(listed, of_draws=of_draws)
    found = findings.listed(told, run.start, has_own=run.has_own_addresses)
    if run.n_draws:
        found = with_statistic(found, {"listed": listed}, of_draws=of_draws).title
    far.set_title("Whole run" if inside else style.wrapped(found, 8))
    if inside:
        style.add_title(figure, found)
    far.set_xlabel(f"date, {offset_name(run.start)}")
    unit = ", millions" if scale_of(listed, dropped) == MILLION else ""
    first.set_ylabel(f"IPv4 addresses{unit}\n(without the target's own)")
    alt = (
        "Distinct IPv4 addresses over time, without the target's own ranges. Listed: "
        f"{peak_and_end(listed, of_draws=of_draws)}. Dropped, averaged over users: "
        f"{peak_and_end(dropped, of_draws=of_draws)}. "
        f"{brackets(run.n_replicates, run.n_draws, of_draws=of_draws)} "
        f"{len(inside)} published or derived totals are marked."
    )
    spread = "" if of_draws else spread_as_given(run, has_draws=True)
    return Drawing(figure, alt, addresses_table(bands, marks, run.start), spread)
