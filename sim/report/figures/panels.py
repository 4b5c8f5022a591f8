"""Small multiples: one panel a line, with the others in pale grey behind it.

In: bands of several lines, and axes. Out: the same axes, drawn; whether lines need panels at all.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from datetime import datetime
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measure.bands import Band, step_values
from sim.report.figures import style
from sim.report.figures.curves import date_axis, offset_name, plot_band, times_of
from sim.report.figures.told import are_of_draws, lines_of

CLEARLY = 0.02
"""Part of the highest value from which on two values are seen to differ."""


def are_unclear_together(bands: Mapping[str, Band]) -> bool:
    """Whether lines of one picture could not be told apart: they cross, or wide bands overlap."""
    return (len(bands) > 2 and do_cross(bands)) or do_overlap(bands)


def do_cross(bands: Mapping[str, Band]) -> bool:
    """Whether one line is clearly above another at one time and clearly below it at another."""
    times = _times(bands)
    means = [step_values(band.t_s, band.mean, times) for band in lines_of(bands).values()]
    clearly = CLEARLY * max(float(np.nanmax(mean)) for mean in means)
    gaps = [one - other for one, other in combinations(means, 2)]
    return any((gap > clearly).any() and (gap < -clearly).any() for gap in gaps)


def do_overlap(bands: Mapping[str, Band]) -> bool:
    """Whether bands over all that is not known clearly lie over each other at some time."""
    times = _times(bands)
    ends = [
        [step_values(band.t_s, band.wide[row], times) for row in (0, 2)]
        for band in bands.values()
        if band.wide is not None
    ]
    clearly = CLEARLY * max((float(np.nanmax(high)) for _, high in ends), default=0.0)
    return any(
        bool((np.minimum(one[1], other[1]) - np.maximum(one[0], other[0]) > clearly).any())
        for one, other in combinations(ends, 2)
    )


def plot_apart(
    panels: NDArray[Any],
    bands: Mapping[str, Band],
    names: Mapping[str, str],
    colours: Mapping[str, str],
    start: datetime,
    horizon_s: int,
) -> None:
    """Draw one line a panel, the others behind it; panels that are left over stay empty.

    Parameters
    ----------
    panels : shape (n_rows, n_columns)
        Axes.
    names, colours
        Title and colour of each line.
    """
    n_columns = panels.shape[1]
    told, of_draws = lines_of(bands), are_of_draws(bands.values())
    for ax, (label, band) in zip(panels.flat, bands.items(), strict=False):
        for other, behind in told.items():
            if other != label:
                times = times_of(np.append(behind.t_s, horizon_s), start)
                mean = np.append(behind.mean, behind.mean[-1])
                ax.step(times, mean, where="post", color=style.PALE, linewidth=1.0, zorder=1)
        plot_band(ax, band, start, horizon_s, colour=colours[label], of_draws=of_draws)
        ax.set_xlim(*times_of([0, horizon_s], start))
        ax.set_title(textwrap.fill(names[label], 38), fontsize=8.5)
        ax.tick_params(labelsize=7.5)
        date_axis(ax)
    # Once all are drawn: a limit that is set keeps what comes after it out.
    panels.flat[0].set_ylim(bottom=0)
    for ax in panels.flat[len(bands) :]:
        ax.set_axis_off()
    for ax in panels.flat[max(len(bands) - n_columns, 0) : len(bands)]:
        # The lowest panel of each column has the dates.
        ax.tick_params(labelbottom=True)
        ax.set_xlabel(f"date, {offset_name(start)}", fontsize=8)


def _times(bands: Mapping[str, Band]) -> NDArray[np.int64]:
    return np.unique(np.concatenate([band.t_s for band in bands.values()]))
