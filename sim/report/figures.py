"""The figures of a run folder.

In: a run folder. Out: PNG and SVG files with alt texts beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.errors import UsageError
from sim.measure.bands import band_of
from sim.measure.summary import LEVEL
from sim.report import style
from sim.report.curves import STATES, Mark, plot_addresses, plot_outages
from sim.results.read import RunFolder
from sim.scenario.seeds import read_table
from sim.scenario.tables import PublishedTotalRow

DAY_S = 86_400
MAX_PANELS = 12
_MARKUP = re.compile(r"[\\`*_\[\]<>#&|~$]")


@dataclass(frozen=True)
class Drawing:
    """One figure and what it shows in words."""

    figure: Figure
    alt: str


def plot_run(run: RunFolder, folder: Path) -> list[Path]:
    """Draw all figures of a run into a folder, with ``README.md`` holding the alt texts.

    Raises
    ------
    DataError
        If the run cannot be read.
    UsageError
        If the folder cannot be written to.
    """
    try:
        return _plot_run(run, folder)
    except OSError as error:
        raise UsageError(f"{folder}: cannot write figures: {error.strerror}") from None


def _plot_run(run: RunFolder, folder: Path) -> list[Path]:
    written = []
    alts = []
    with style.house_style():
        for name, draw in FIGURES.items():
            drawing = draw(run)
            style.add_caption(drawing.figure, caption(run))
            written += style.save_figure(drawing.figure, folder, name)
            alt = markdown_text(drawing.alt)
            alts.append(f"## {name}\n\n![{alt}]({name}.png)\n\n{alt}\n")
    readme = folder / "README.md"
    title = markdown_text(run.scenario["title"])
    head = f"# Figures: {title}\n\n{markdown_text(caption(run))}\n\n"
    readme.write_text(head + "\n".join(alts), encoding="utf-8")
    return [*written, readme]


def markdown_text(text: str) -> str:
    """Escape what Markdown or HTML would take for markup: names and titles come from users."""
    return _MARKUP.sub(r"\\\g<0>", text)


def caption(run: RunFolder) -> str:
    """Where the figure comes from, and what its band is."""
    manifest = run.manifest
    n = run.n_replicates
    band = (
        f"Lines: mean of {n} replicates; bands: {LEVEL:.0%} of them (luck only, assumptions held)."
        if n > 1
        else "One replicate: no band can be given."
    )
    status = "" if manifest["status"] == "complete" else f" Status: {manifest['status']}."
    return (
        f"{run.scenario['title']}. Scenario {run.scenario['name']}, "
        f"strategy {manifest['strategy']}, "
        f"root seed {manifest['root_seed']}, overblock {manifest['tool']['version']}, "
        f"result {manifest['result_id'][:12]}. {band}{status}"
    )


def draw_outages(run: RunFolder) -> Drawing:
    """Businesses affected, impaired and down."""
    bands = {state: band_of(run.curve(f"businesses_{state}"), run.horizon_s) for state in STATES}
    figure = style.new_figure(8, 4.2)
    ax = figure.subplots()
    plot_outages(ax, bands, run.start, run.horizon_s)
    n = bands["affected"].denominator
    ax.set_ylabel(f"businesses (of {n:,.0f})")
    ax.set_xlabel(f"date, {offset_name(run.start)}")
    ax.set_title("Businesses cut off from part of their domestic customers")
    peaks = "; ".join(
        f"{state}: peak {band.mean.max():,.0f}, at the end {band.mean[-1]:,.0f}"
        for state, band in bands.items()
    )
    limits = run.scenario["thresholds"]
    meaning = ", ".join(f"{state} above {limits[state]:.0%}" for state in STATES)
    alt = (
        f"Number of businesses, of {n:,.0f}, over time, by share of domestic demand that fails "
        f"({meaning}). Mean over replicates: {peaks}."
    )
    return Drawing(figure, alt)


def draw_outages_by(run: RunFolder, split: str, title: str) -> Drawing:
    """Small multiples: the same curves by sector or provider, as shares of its businesses."""
    curves = {state: run.curves_by(f"businesses_{state}", split) for state in STATES}
    sizes = {name: float(points.denominator.mean()) for name, points in curves["affected"].items()}
    names = sorted((name for name in sizes if sizes[name] > 0), key=lambda name: -sizes[name])
    shown = names[:MAX_PANELS]
    n_columns = 4
    n_rows = -(-len(shown) // n_columns)
    figure = style.new_figure(9, 1.9 * n_rows + 1.1)
    axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    parts = []
    for ax, name in zip(axes.flat, shown, strict=False):
        bands = {
            state: band_of(curves[state][name], run.horizon_s, as_share=True) for state in STATES
        }
        plot_outages(ax, bands, run.start, run.horizon_s, label=False)
        ax.set_ylim(0, 1.03)
        ax.yaxis.set_major_formatter(PercentFormatter(1))
        ax.set_title(f"{name} (n = {sizes[name]:,.0f})", fontsize=8.5)
        ax.tick_params(labelsize=7.5)
        parts.append(f"{name} {bands['impaired'].mean.max():.0%} of {sizes[name]:,.0f}")
    for ax in axes.flat[len(shown) :]:
        ax.set_axis_off()
    for ax in axes[:, 0]:
        ax.set_ylabel("share of businesses", fontsize=8)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10)
    handles = [
        axes.flat[0].plot([], [], color=colour, label=label)[0] for colour, label in STATES.values()
    ]
    figure.legend(handles=handles, loc="upper right", ncols=3, frameon=False, fontsize=8.5)
    left_out = len(names) - len(shown)
    note = f" {left_out} smaller ones are not shown." if left_out else ""
    alt = (
        f"{title}, as a share of the businesses of each {split} over time. Peak of the share "
        f"impaired, mean over replicates: {'; '.join(parts)}.{note}"
    )
    return Drawing(figure, alt)


def draw_addresses(run: RunFolder) -> Drawing:
    """Addresses listed and dropped, with published totals."""
    listed = band_of(run.curve("addresses_listed"), run.horizon_s)
    dropped = band_of(run.curve("addresses_dropped"), run.horizon_s)
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
    far.set_title("Whole run" if inside else "Addresses in the register, and dropped")
    far.set_xlabel(f"date, {offset_name(run.start)}")
    first.set_ylabel("IPv4 addresses, millions\n(without the target's own)")
    alt = (
        "Distinct IPv4 addresses over time, without the target's own ranges. Listed: peak "
        f"{listed.mean.max():,.0f}, at the end {listed.mean[-1]:,.0f}. "
        f"Dropped, averaged over users: peak {dropped.mean.max():,.0f}, at the end "
        f"{dropped.mean[-1]:,.0f}. "
        f"{len(inside)} published or derived totals are marked."
    )
    return Drawing(figure, alt)


def read_marks(run: RunFolder) -> list[Mark]:
    """Published totals of a run, from the copy in its folder."""
    name = run.scenario.get("published", {}).get("totals")
    path = run.input_path(name) if name else None
    if path is None:
        return []
    marks = []
    for row in read_table(str(name), path, PublishedTotalRow).rows:
        is_published = row.source.startswith("published")
        if "T" in row.when:
            at_s = int((datetime.fromisoformat(row.when) - run.start).total_seconds())
            marks.append(Mark(at_s, at_s, row.addresses, is_published))
        else:
            day = datetime.fromisoformat(row.when).replace(tzinfo=run.start.tzinfo)
            from_s = int((day - run.start).total_seconds())
            marks.append(Mark(from_s, from_s + DAY_S, row.addresses, is_published))
    return marks


def offset_name(instant: datetime) -> str:
    """``UTC+03:00``, for axis labels."""
    offset = instant.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


FIGURES: dict[str, Callable[[RunFolder], Drawing]] = {
    "addresses": draw_addresses,
    "outages": draw_outages,
    "outages-by-sector": lambda run: draw_outages_by(
        run, "sector", "Businesses cut off, by sector"
    ),
    "outages-by-provider": lambda run: draw_outages_by(
        run, "provider", "Businesses cut off, by provider of the front end"
    ),
}
"""Figures by file name."""
