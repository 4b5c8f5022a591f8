"""Businesses impaired over time, one layer for each sector or provider: the layers add up.

In: a run folder. Out: a figure with its table. Roles have no layers: a business can be impaired
through several of them at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Patch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sim.measure.bands import MAX_GRID, Band, band_of, step_values
from sim.measure.summary import LEVEL
from sim.report.figures import style
from sim.report.figures.curves import date_axis, offset_name, times_of
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, FigureTable, in_words, instant
from sim.report.words import findings
from sim.report.words.groups import group_words
from sim.report.words.numbers import count
from sim.results.read import RunFolder

STATE = "impaired"
MAX_LAYERS = 7
OTHERS = "all others"
TOTAL = "(all)"
# Light and dark by turns, so that neighbours differ without colour; never two of one lightness.
COLOURS = (
    "#0b3c5d", style.ORANGE, style.BLUE, "#f3d98b",
    style.GREEN, "#e9b6cf", style.VERMILION, "#d5d5d5",
)  # fmt: skip
_N_PLACES = 240
_LEAST_SHARE = 0.055
_LEAST_END = 0.2
"""Of the highest sum, what is left at the end for names to stand beside their layers."""


def layers_table(run: RunFolder, split: str, choice: Choice = DEFAULT) -> FigureTable:
    """Mean number of businesses impaired by group and time; the smallest groups as one.

    The groups are in falling order of business-hours; all have the same times. The last rows are
    of all businesses together, with the interval over replicates.
    """
    curves = run.curves_by(f"businesses_{STATE}", split, choice.strategy)
    bands = {name: band_of(points, run.horizon_s) for name, points in curves.items()}
    t_s = np.unique(np.concatenate([band.t_s for band in bands.values()]))
    if t_s.size > MAX_GRID:
        t_s = np.linspace(0, run.horizon_s, MAX_GRID, endpoint=False).astype(np.int64)
    held_s = np.diff(np.append(t_s, run.horizon_s))
    means = {name: step_values(band.t_s, band.mean, t_s) for name, band in bands.items()}
    order = sorted(means, key=lambda name: (-float(means[name] @ held_s), name))
    layers = {name: means[name] for name in order[:MAX_LAYERS]}
    rest = order[MAX_LAYERS:]
    if rest:
        layers[OTHERS] = np.sum([means[name] for name in rest], axis=0)
    whole = band_of(run.curve(f"businesses_{STATE}", choice.strategy), run.horizon_s)
    unknown = np.full(t_s.size, np.nan)
    rows = [(name, one, unknown, unknown) for name, one in layers.items()]
    mean, low, high = (
        step_values(whole.t_s, one, t_s) for one in (whole.mean, whole.low, whole.high)
    )
    rows.append((TOTAL, mean, low, high))
    return FigureTable.stack(
        [
            FigureTable.of(
                **{split: [name] * t_s.size},
                t_s=t_s,
                time=[instant(run.start, at_s) for at_s in t_s.tolist()],
                mean=of_mean,
                low=of_low,
                high=of_high,
                n_replicates=[whole.n_replicates] * t_s.size,
            )
            for name, of_mean, of_low, of_high in rows
        ]
    )


def plot_layers(
    ax: Axes,
    times: NDArray[np.float64],
    layers: NDArray[np.float64],
    names: Sequence[str],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> Axes:
    """Stack layers as steps, the first one at the bottom, each with its name in it or beside it.

    Parameters
    ----------
    times : shape (n_times + 1,)
        Matplotlib dates; each value holds until the next time.
    layers : shape (n_layers, n_times)
        Heights.
    low, high : shape (n_times,)
        Interval of the sum, drawn as dashed lines; NaN where it is not known.
    """
    held = np.concatenate((layers, layers[:, -1:]), axis=1)
    top = np.cumsum(held, axis=0)
    bottom = top - held
    ax.set_xlim(times[0], times[-1])
    highest = max(float(top[-1].max()), float(np.nan_to_num(high).max()))
    ax.set_ylim(0, max(highest * 1.04, 1.0))
    beside, below = [], []
    for row, name in enumerate(names):
        colour = COLOURS[row % len(COLOURS)]
        ax.fill_between(
            times, bottom[row], top[row], step="post", facecolor=colour, edgecolor="white",
            linewidth=0.4,
        )  # fmt: skip
        place = _place(times, bottom[row], top[row], ax.get_ylim()[1])
        if place is None:
            beside.append((float(bottom[row, -1] + top[row, -1]) / 2, name, "#333333"))
            below.append(Patch(facecolor=colour, edgecolor="white", label=style.wrapped(name, 2.1)))
        else:
            is_dark = float(np.dot(to_rgb(colour), (0.299, 0.587, 0.114))) < 0.55
            ax.text(
                *place, name, ha="center", va="center", fontsize=8,
                color="white" if is_dark else "black",
            )  # fmt: skip
    if highest > 0 and top[-1, -1] < _LEAST_END * highest:
        # They lie upon each other where they end: a key, in the sequence of the layers.
        if below:
            ax.legend(
                handles=below[::-1], loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False,
                fontsize=8,
            )  # fmt: skip
    elif highest > 0:
        style.label_ends(ax, beside)
    else:
        ax.text(0.5, 0.5, "no business is impaired", transform=ax.transAxes, ha="center")
    for edge in (low, high):
        ax.step(
            times, np.append(edge, edge[-1]), where="post", color=style.BLACK, linewidth=0.8,
            linestyle=(0, (4, 2)),
        )  # fmt: skip
    return ax


def _place(
    times: NDArray[np.float64], bottom: NDArray[np.float64], top: NDArray[np.float64], whole: float
) -> tuple[float, float] | None:
    """Where a name fits inside a layer: the place where it is thick for long; None if nowhere."""
    at = np.linspace(times[0], times[-1], _N_PLACES)
    row = np.clip(np.searchsorted(times, at, side="right") - 1, 0, times.size - 1)
    width = _N_PLACES // 6
    floor = sliding_window_view(bottom[row], width).max(axis=1)
    roof = sliding_window_view(top[row], width).min(axis=1)
    best = int(np.argmax(roof - floor))
    if roof[best] - floor[best] < _LEAST_SHARE * whole:
        return None
    return float(at[best + width // 2]), float(roof[best] + floor[best]) / 2


def draw_layers(run: RunFolder, split: str, lead: str, choice: Choice = DEFAULT) -> Drawing:
    """Businesses impaired, stacked by sector or provider.

    Parameters
    ----------
    lead
        What its title begins with: how businesses are split.
    """
    table = layers_table(run, split, choice)
    names = list(dict.fromkeys(str(name) for name in table.columns[split]))
    means = table.numbers("mean").reshape(len(names), -1)
    t_s = table.numbers("t_s")[: means.shape[1]].astype(np.int64)
    low, high = (table.numbers(name)[-t_s.size :] for name in ("low", "high"))
    names, layers = names[:-1], means[:-1]
    figure = style.new_figure(8, 4.4)
    ax = figure.subplots()
    named = group_words(run, split)
    said = [named(name) if name != OTHERS else name for name in names]
    plot_layers(ax, times_of(np.append(t_s, run.horizon_s), run.start), layers, said, low, high)
    date_axis(ax)
    ax.set_ylabel("businesses impaired (mean over replicates)")
    ax.set_xlabel(f"date, {offset_name(run.start)}")
    unknown = np.full(t_s.size, np.nan)
    bands = {
        said[row]: Band(t_s, layers[row], unknown, unknown, math.nan, run.n_replicates)
        for row, name in enumerate(names)
        if name != OTHERS
    }
    what = f"{lead}, impaired at once"
    found = findings.most_of(bands, run.start, what, is_share=False, are_businesses=True)
    ax.set_title(style.wrapped(findings.as_given(found) if run.n_draws else found, 6.5))
    total = layers.sum(axis=0)
    at = int(np.argmax(total))
    parts = "; ".join(f"{name} {layers[row, at]:,.0f}" for row, name in enumerate(said))
    n = run.n_replicates
    spread = (
        f"Layers: means of {count(n, 'replicate')}; dashed lines: {LEVEL:.0%} of replicates, all "
        "together (luck only, assumptions held)."
        if n > 1
        else "One replicate: no interval can be given."
    )
    alt = (
        f"Businesses impaired {lead.lower()}: mean number over replicates, stacked. At the peak of "
        f"{in_words(float(total[at]), float(low[at]), float(high[at]))}, on "
        f"{instant(run.start, int(t_s[at]))}: {parts}. {spread}"
    )
    return Drawing(figure, alt, table, spread)
