"""Which operators drop what the register lists, and how soon.

In: a run folder. Out: a figure with its table.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import PercentFormatter
from numpy.typing import NDArray

from sim.catalogue.choices import curve_name
from sim.measure.adoption import Adoption, adoption, grid_of
from sim.measure.bands import whole_band
from sim.measure.by_operator import read_operators
from sim.report.figures import style
from sim.report.figures.curves import date_axis, offset_name, times_of
from sim.report.figures.drawing import DEFAULT, Choice, Drawing, FigureTable, instant
from sim.report.figures.told import with_statistic
from sim.report.words import findings
from sim.results.read import RunFolder
from sim.results.register import read_enforcement, read_register
from sim.scenario.tables.rows import OperatorRow

DAY_S = 86_400
FIRST_D = 7
MAX_REPLICATES = 20
# From white to dark: as light in grey as in colour.
SHADES = LinearSegmentedColormap.from_list("shades", ["#ffffff", "#9ecae1", "#3182bd", "#08306b"])


def uptake(
    run: RunFolder,
    t_s: NDArray[np.int64],
    choice: Choice = DEFAULT,
    n_most: int = MAX_REPLICATES,
) -> list[Adoption]:
    """Addresses listed and dropped by each group, in each of the first ``n_most`` replicates."""
    rows = read_operators(run)
    names = [name for row in rows for name in row.actors]
    return [
        adoption(
            read_register(run, choice.strategy, replicate),
            read_enforcement(run, choice.strategy, replicate),
            names,
            t_s,
        ).by_group([row.cohort_sizes for row in rows])
        for replicate in run.finished(run.strategy(choice.strategy))[:n_most]
    ]


def mean_share(found: Sequence[Adoption]) -> NDArray[np.float64]:
    """Share of the listed addresses dropped, mean over replicates in which any is listed.

    Returns
    -------
    share : shape (n_operators, n_times)
        NaN where nothing is listed in any replicate.
    """
    shares = np.array([one.share for one in found])
    n_known = (~np.isnan(shares)).sum(axis=0)
    total = np.nansum(shares, axis=0)
    unknown = np.full(total.shape, np.nan)
    return np.asarray(np.divide(total, n_known, out=unknown, where=n_known > 0), np.float64)


def plot_uptake(
    ax: Axes, t_s: NDArray[np.int64], end_s: int, share: NDArray[np.float64], start: datetime
) -> QuadMesh:
    """One row an operator, the first on top: the darker, the more of what is listed it drops.

    Parameters
    ----------
    share : shape (n_operators, n_times)
        Share of the listed addresses dropped from each time on; hatched where it is NaN.
    """
    n = len(share)
    shades = SHADES.with_extremes(bad="#ffffff00")
    ax.patch.set(hatch="////", edgecolor=style.PALE, facecolor="white")
    edges = times_of(np.append(t_s, end_s), start)
    mesh = ax.pcolormesh(
        edges, np.arange(n + 1) - 0.5, np.ma.masked_invalid(share), cmap=shades, vmin=0, vmax=1,
        rasterized=True,
    )  # fmt: skip
    ax.set_ylim(n - 0.5, -0.5)
    ax.grid(visible=False)
    for row in range(1, n):
        ax.axhline(row - 0.5, color="white", linewidth=1.2)
    ax.set_xlim(edges[0], edges[-1])
    date_axis(ax)
    return mesh


def draw_uptake(run: RunFolder, choice: Choice = DEFAULT) -> Drawing:
    """How much of the register each operator group drops."""
    rows = read_operators(run)
    spans = [min(FIRST_D * DAY_S, run.horizon_s), run.horizon_s]
    panels = [(end_s, uptake(run, grid_of(end_s), choice)) for end_s in dict.fromkeys(spans)]
    figure = style.new_figure(9, max(0.21 * len(rows) + 1.9, 3.0))
    axes = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    tables = []
    for ax, (end_s, found) in zip(axes, panels, strict=True):
        share = mean_share(found)
        mesh = plot_uptake(ax, found[0].t_s, end_s, share, run.start)
        is_whole = end_s == run.horizon_s
        ax.set_title("Whole run" if is_whole else f"First {FIRST_D} days")
        ax.set_xlabel(f"date, {offset_name(run.start)}")
        tables.append(_table(run, rows, found, share, "whole run" if is_whole else "first days"))
    axes[0].set_yticks(
        np.arange(len(rows)), [f"{row.label}, {row.share_users:.1%}" for row in rows], fontsize=7.5
    )
    bar = figure.colorbar(mesh, ax=list(axes), shrink=0.8, pad=0.02)
    bar.set_label("share of what is listed", fontsize=8)
    bar.ax.yaxis.set_major_formatter(PercentFormatter(1))
    bar.ax.tick_params(labelsize=7.5)
    axes[0].set_ylabel("operator group, with its share of users", fontsize=8)
    style.add_title(figure, _title(run, choice))
    end = mean_share(panels[-1][1])[:, -1]
    parts = "; ".join(f"{row.label} {_percent(one)}" for row, one in zip(rows, end, strict=True))
    n = len(panels[-1][1])
    which = "" if n == run.n_replicates else f" of the first {n}"
    alt = (
        "Share of the listed addresses (the target's own among them) that each operator group "
        f"drops, over time, mean over replicates{which}. At the end of the run: {parts}. "
        "Hatched where nothing is listed; above 100 % (drawn as 100 %) after a withdrawal, until "
        "an operator releases."
    )
    spread = (
        f"Mean of {n} replicate{'s' * (n != 1)}; no interval is drawn. Hatched: nothing is listed."
    )
    return Drawing(figure, alt, FigureTable.stack(tables), spread)


def _title(run: RunFolder, choice: Choice) -> str:
    """Return the finding of the page; what is drawn, where the folder has no curve of it."""
    metric = curve_name("users_enforcing_entry_share")
    if not run.has_curve(metric, choice.strategy):
        return "How much of the register each operator group drops"
    band = whole_band(run, metric, choice.strategy)
    found = findings.enforcing(band, "users")
    if not run.n_draws:
        return found
    # What is drawn is of replicates: of each operator no draws are kept.
    return with_statistic(found, {metric: band}, of_draws=False, is_share=True).title


def _table(
    run: RunFolder,
    rows: Sequence[OperatorRow],
    found: Sequence[Adoption],
    share: NDArray[np.float64],
    panel: str,
) -> FigureTable:
    t_s = found[0].t_s
    time = [instant(run.start, at_s) for at_s in t_s.tolist()]
    return FigureTable.stack(
        [
            FigureTable.of(
                panel=[panel] * t_s.size,
                operator=[row.operator] * t_s.size,
                share_users=[row.share_users] * t_s.size,
                t_s=t_s,
                time=time,
                share_of_listed_dropped=share[place],
                n_replicates=[len(found)] * t_s.size,
            )
            for place, row in enumerate(rows)
        ]
    )


def _percent(share: float) -> str:
    return "nothing is listed" if np.isnan(share) else f"{share:.0%}"
