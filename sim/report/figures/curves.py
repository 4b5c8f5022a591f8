"""Curves over time with bands: outages, and addresses beside published totals.

In: bands and marks as numbers, and axes. Out: the same axes, drawn. It reads no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter
from numpy.typing import ArrayLike, NDArray

from sim.measure.bands import Band
from sim.report.figures import style
from sim.report.figures.marks import Mark
from sim.report.figures.told import are_of_draws, line_of, lines_of

STATES = {
    "affected": (style.SKY, "affected"),
    "impaired": (style.BLUE, "impaired"),
    "down": (style.VERMILION, "down"),
}
MILLION = 1_000_000
LUCK_ALPHA, ALL_ALPHA = 0.3, 0.12
"""Of the fills of the two bands."""
GIVEN: Mapping[str, Any] = MappingProxyType(
    {"color": style.BLACK, "linewidth": 0.8, "linestyle": (0, (4, 3))}
)
"""Looks of the mean as given beside the draws' median."""


def plot_band(
    ax: Axes,
    band: Band,
    start: datetime,
    horizon_s: int,
    *,
    colour: str,
    scale: float = 1.0,
    line: Mapping[str, Any] = MappingProxyType({}),
    of_draws: bool = False,
) -> Axes:
    """The line that is told, in steps and its bands: by luck, and lighter, over all not known.

    Parameters
    ----------
    line
        Matplotlib's settings of the line: width, style.
    of_draws
        Whether the line is the draws' median, where they are kept; the mean as given stands then
        beside it, thin and dashed.
    """
    times = times_of(np.append(band.t_s, horizon_s), start)
    told = line_of(band, of_draws=of_draws)
    ax.step(times, _held(told.mean) / scale, where="post", color=colour, zorder=3, **line)
    if told is not band:
        ax.step(times, _held(band.mean) / scale, where="post", zorder=2.5, **GIVEN)
    drawn = [(band.low, band.high, LUCK_ALPHA)]
    if band.wide is not None:
        drawn.insert(0, (band.wide[0], band.wide[2], ALL_ALPHA))
    for low, high, alpha in drawn:
        if not np.isnan(low).any():
            ends = _held(low) / scale, _held(high) / scale
            # Edges of wide bands tell them apart where they lie over each other.
            ax.fill_between(
                times,
                *ends,
                step="post",
                facecolor=(colour, alpha),
                edgecolor=(colour, 0.5),
                linewidth=0.6 * (alpha == ALL_ALPHA),
            )
    return ax


def name_bands(figure: Figure, bands: Iterable[Band], *, of_businesses: bool = False) -> None:
    """Say below a figure which line and band is which, where two are: above it stands its title.

    Parameters
    ----------
    of_businesses
        Whether they are numbers of businesses: how many there are is in no band.
    """
    told = list(bands)
    if all(band.wide is None for band in told):
        return
    all_ = "with all that is not known"
    all_ += " but how many businesses there are" * of_businesses
    names = (("by luck", LUCK_ALPHA), (all_, ALL_ALPHA))
    handles: list[Artist] = [
        Patch(color=style.BLACK, alpha=a, linewidth=0, label=name) for name, a in names
    ]
    if are_of_draws(told):
        handles.insert(0, Line2D([], [], label="mean as given", **GIVEN))
    style.legend_below(figure, handles)


def plot_outages(
    ax: Axes, bands: Mapping[str, Band], start: datetime, horizon_s: int, *, label: bool = True
) -> Axes:
    """Businesses affected, impaired and down over time.

    Parameters
    ----------
    bands
        By state; the state is one of ``affected``, ``impaired``, ``down``.
    label
        Whether to write the states at the right edge.
    """
    of_draws = are_of_draws(bands.values())
    for state, band in bands.items():
        colour, _ = STATES[state]
        look = style.LINES[state]
        plot_band(ax, band, start, horizon_s, colour=colour, line=look, of_draws=of_draws)
    ax.set_ylim(bottom=0)
    ax.set_xlim(*times_of(np.array([0, horizon_s]), start))
    date_axis(ax)
    if label:
        ends = [
            (band.mean[-1], STATES[state][1], STATES[state][0])
            for state, band in lines_of(bands).items()
        ]
        style.label_ends(ax, ends)
    return ax


def plot_addresses(
    ax: Axes,
    listed: Band,
    dropped: Band,
    marks: Sequence[Mark],
    start: datetime,
    horizon_s: int,
    window_s: tuple[int, int],
    *,
    label: bool = True,
) -> Axes:
    """Addresses listed and dropped, on a scale that fits them, with published totals as marks.

    Parameters
    ----------
    window_s
        Part of the run to show.
    """
    end_s = window_s[1]
    scale = scale_of(listed, dropped)
    dashed = {"linestyle": (0, (4, 1.2))}
    of_draws = are_of_draws([listed, dropped])
    for band, colour, look in ((dropped, style.ORANGE, dashed), (listed, style.BLUE, {})):
        plot_band(
            ax, band, start, horizon_s, colour=colour, scale=scale, line=look, of_draws=of_draws
        )
    for mark in marks:
        middle = (mark.from_s + mark.to_s) // 2
        if not window_s[0] <= middle <= end_s:
            continue
        span = times_of(np.array([mark.from_s, middle, mark.to_s]), start)
        if mark.to_s > mark.from_s:
            height = [mark.addresses / scale] * 2
            ax.plot([span[0], span[2]], height, color=style.BLACK, linewidth=0.8, zorder=4)
        ax.plot(
            span[1],
            mark.addresses / scale,
            marker="o",
            markersize=4.5,
            markeredgewidth=0.9,
            markeredgecolor=style.BLACK,
            markerfacecolor=style.BLACK if mark.is_published else "white",
            zorder=5,
        )
    ax.set_ylim(bottom=0)
    ax.set_xlim(*times_of(np.array(window_s), start))
    date_axis(ax)
    ax.yaxis.set_major_formatter("{x:,g}")
    if label:
        at_end = [
            int(np.searchsorted(band.t_s, end_s, side="right")) - 1 for band in (listed, dropped)
        ]
        at_listed, at_dropped = (
            line_of(band, of_draws=of_draws).mean[row] / scale
            for band, row in zip((listed, dropped), at_end, strict=True)
        )
        ends = [
            (at_listed, "listed", style.BLUE),
            (at_dropped, "dropped,\nmean over users", "#9a6a00"),
        ]
        style.label_ends(ax, ends)
    return ax


def scale_of(listed: Band, dropped: Band) -> float:
    """A million where there are as many addresses, else one."""
    return MILLION if max(listed.mean.max(), dropped.mean.max()) >= MILLION else 1.0


def _held(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Repeat the last value, which holds to the end of the run."""
    return np.append(values, values[-1])


def times_of(t_s: ArrayLike, start: datetime) -> NDArray[np.float64]:
    """Matplotlib dates of times of the run, in the scenario's own offset."""
    local = start.replace(tzinfo=None)
    return np.asarray(
        date2num(local) + np.asarray(t_s, np.float64) / timedelta(days=1).total_seconds()
    )


def date_axis(ax: Axes) -> None:
    """Write dates along the lower edge, and hours where the axis is short."""
    locator = AutoDateLocator(minticks=3, maxticks=7)
    ax.xaxis.set_major_locator(locator)
    low, high = ax.get_xlim()
    has_hours = high - low <= 3
    # As on the page: a day stands where it begins, and at the end of the run none does.
    ax.xaxis.set_major_formatter(
        FuncFormatter(
            lambda number, _: "" if number > high - 1e-6 else _date_text(number, has_hours)
        )
    )


def _date_text(number: float, has_hours: bool) -> str:
    date = num2date(number)
    day = f"{date.day} {date:%b}"
    return f"{day}\n{date:%H:%M}" if has_hours else day


def offset_name(instant: datetime) -> str:
    """``UTC+03:00``, for axis labels."""
    offset = instant.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
