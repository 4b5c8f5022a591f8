"""Figures outside of run folders: predictions over published values, and covers by their rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.report.words.numbers import exact, rounded
from sim.version import __version__

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from sim.blocklists.covers import Answer
    from sim.forecast.scores import ReliabilityRow

Document = Mapping[str, Any]

ROLES = {
    "held-out": "seen by nobody who made the model",
    "known": "set no parameter; known to those who made the model",
    "evidence": "simulations are kept by it; checks nothing",
    "calibration": "set a parameter or a table; checks nothing",
}
"""Roles of published figures, with their meanings."""
SMALLEST, LARGEST = 1e-2, 1e2
"""Ends of the axis."""
COLOURS = {"inside": "C0", "outside": "C1"}
MARKERS = {"inside": "o", "outside": "D"}
SIGNS = {"equal": "", "at_least": "≥ ", "at_most": "≤ ", "between": "about "}
MAX_LETTERS = 76


def ratios(scores: Document) -> list[dict[str, Any]]:
    """Return the rows of the figure: all numbers of a case over its published value.

    Returns
    -------
    rows
        ``id, title, role, verdict, median, low, high, allowed_low, allowed_high``; ends that do
        not exist are None. A case whose published value is not above zero has no ratio and
        no row.
    """
    rows = []
    for score in scores["scores"]:
        predicted, published = score["predicted"], score["published"]
        if predicted is None or published["value"] <= 0:
            continue
        ends = {
            name: source[name] and source[name] / published["value"]
            for source, names in (
                (predicted, ("median", "low", "high")),
                (published, ("allowed_low", "allowed_high")),
            )
            for name in names
        }
        rows.append({key: score[key] for key in ("id", "title", "role", "verdict")} | ends)
        rows[-1]["text"] = (
            f"{rounded(predicted['median'])} / {SIGNS[published['relation']]}"
            f"{exact(published['value'])}"
        )
    return rows


def draw_backtest(scores: Document, path: Path) -> list[dict[str, Any]]:
    """Draw predicted intervals over published values, a row per case, and return the rows.

    A ratio of 1 is agreement. The axis is logarithmic; an arrow with its number stands for a value
    beyond it. The suffix of the file is the format.
    """
    from sim.report.figures import look

    rows = ratios(scores)
    groups = [
        (f"{role.capitalize()}: {meaning}", [row for row in rows if row["role"] == role])
        for role, meaning in ROLES.items()
    ]
    groups = [(head, members) for head, members in groups if members]
    with look.users_style():
        sizes = [len(members) + 1 for _, members in groups] or [1]
        figure = look.new_figure(10, 0.7 + 0.225 * sum(sizes))
        axes = figure.subplots(len(sizes), 1, height_ratios=sizes, squeeze=False, sharex=True)
        names = [_cut(row["title"]) for row in rows]
        numbers = [row["text"] for row in rows]
        left, right = (look.width_of(figure, texts, fontsize=7.5) for texts in (names, numbers))
        look.leave_room(figure, left + 2, right + 2, 2, 3.5, 2)
        for ax, (head, members) in zip(axes[:, 0], groups, strict=False):
            plot_rows(ax, members)
            ax.set_title(head)
        axes[-1, 0].set_xlabel("predicted / published (logarithmic)")
        look.add_words(figure, "Predictions over published values", caption(scores))
        look.save_figure(figure, [path], dpi=110)
    return rows


def plot_rows(ax: Axes, rows: Sequence[Document]) -> Axes:
    """Draw one row per case: the published range in grey, the prediction over it."""
    from matplotlib.ticker import FixedLocator, NullLocator

    from sim.report.figures import look

    ax.set_xscale("log")
    ax.set_xlim(SMALLEST, LARGEST)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.axvline(1, color=look.rc("axes.edgecolor"), linewidth=0.8, zorder=1)
    small: dict[str, Any] = {"textcoords": "offset points", "va": "center", "fontsize": 7.5}
    for height, row in enumerate(rows):
        colour = COLOURS[row["verdict"]]
        ends = [_clipped(row["allowed_low"], SMALLEST), _clipped(row["allowed_high"], LARGEST)]
        ax.plot(ends, [height] * 2, color="#c9c9c9", linewidth=6, solid_capstyle="butt", zorder=2)
        if row["low"] is not None and row["high"] is not None:
            ends = [_clipped(row["low"], SMALLEST), _clipped(row["high"], LARGEST)]
            ax.plot(ends, [height] * 2, color=colour, linewidth=1.8, zorder=3)
        median = row["median"]
        if SMALLEST <= median <= LARGEST:
            marker = MARKERS[row["verdict"]]
            ax.plot(median, height, marker, color=colour, markersize=5, zorder=4)
        else:
            edge, marker = (SMALLEST, "<") if median < SMALLEST else (LARGEST, ">")
            ax.plot(edge, height, marker, color=colour, markersize=6, clip_on=False, zorder=4)
            side = (6, "left") if median < SMALLEST else (-6, "right")
            text = f"{float(f'{median:.1g}'):,.10g}"
            ax.annotate(
                text, (edge, height), xytext=(side[0], 0), ha=side[1], color=colour, **small
            )
        frame = ("axes fraction", "data")
        ax.annotate(
            row["text"], (1, height), xycoords=frame, xytext=(6, 0), annotation_clip=False, **small
        )
    ax.yaxis.set_major_locator(FixedLocator(range(len(rows))))
    ax.set_yticklabels([_cut(row["title"]) for row in rows], fontsize=7.2)
    ax.tick_params(axis="y", length=0, pad=9)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.xaxis.set_major_locator(FixedLocator([0.01, 0.1, 0.5, 1, 2, 10, 100]))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}×")
    return ax


def _clipped(value: float | None, end: float) -> float:
    return end if value is None else min(max(value, SMALLEST), LARGEST)


def _cut(title: str) -> str:
    return title if len(title) <= MAX_LETTERS else f"{title[: MAX_LETTERS - 1]}…"


def caption(scores: Document) -> str:
    """Describe the marks of the figure, and its sources."""
    return (
        "Points and bars: median and 90 % interval of the prediction over the published value; "
        "circles: inside what the publication allows (grey; to the edge where it is a bound), "
        "diamonds: outside; arrows: beyond the axis. Right: predicted median / published. "
        f"Intervals span chance and all assumptions, in {scores['n_members']} simulations, or "
        f"draws of a method's constants. overblock {scores['version']}. "
        "Sources: docs/explanation/validation.json."
    )


def draw_frontier(found: Answer, path: Path) -> None:
    """Draw least collateral by number of rules into a file, whose suffix is the format."""
    from sim.blocklists.covers import UNIT_NAMES
    from sim.report.figures import look

    with look.users_style():
        figure = look.new_figure(180 / 25.4, 99 / 25.4)
        ax = figure.subplots()
        look.leave_room(figure, 5.5, 1.2, 2.2, 3.4)
        frontier, compared = found.frontier, found.comparison
        n_rules, collateral = frontier.n_rules, frontier.collateral.astype(np.float64)
        ax.step(n_rules, collateral, where="post", label="least possible")
        chosen = min(found.budget, int(n_rules[-1]))
        ax.plot(chosen, float(found.cover.collateral), "o", color="C0", label="at the budget")
        if compared is not None:
            regret, at = compared.by_unit[found.unit], compared.n_rules
            hit, of = float(compared.n_targets_covered), float(found.n_targets)
            text = f"the order ({hit:,.0f} of {of:,.0f} targets)"
            ax.plot(at, float(regret.collateral), "D", color="C1", label=text)
            if regret.best is not None:
                ax.plot(
                    at, float(regret.best.collateral), "D", color="C1", markerfacecolor="none",
                    label="best for the same targets",
                )  # fmt: skip
        values = np.concatenate([np.asarray(line.get_ydata(), float) for line in ax.lines])
        positive = values[values > 0]
        look.number_axis(ax, 1.08 * positive.max() if positive.size else 1.0)
        if positive.size and positive.max() > 100 * positive.min():
            ax.set_yscale("symlog", linthresh=positive.min())
        if n_rules[-1] > 20:
            ax.set_xscale("log")
        else:
            ax.set_xticks(range(int(n_rules[-1]) + 1))
        ax.xaxis.set_major_formatter("{x:,.12g}")
        ax.set_xlabel("rules (prefixes)")
        ax.set_title(f"Collateral, {UNIT_NAMES[found.unit]}")
        ax.legend(frameon=False, fontsize="small")
        note = f"{float(found.n_targets):,.0f} targets; exact for every number of rules."
        title = "Least collateral by number of rules"
        look.add_words(figure, title, f"{note} overblock {__version__}.")
        look.save_figure(figure, [path], 200)


def draw_risks(sites: Sequence[tuple[str, tuple[float, float, float]]], path: Path) -> None:
    """Draw the probability of each site to be listed in the next session, with its range."""
    from sim.report.figures import look

    with look.users_style():
        figure = look.new_figure(110 / 25.4, (22 + 5.5 * len(sites)) / 25.4)
        ax = figure.subplots()
        names = [name if len(name) <= 26 else f"{name[:25]}…" for name, _ in sites]
        look.leave_room(figure, look.width_of(figure, names, fontsize=7.5) + 2, 2, 1, 3.5)
        for height, (_, (mean, low, high)) in enumerate(sites):
            ax.plot([low, high], [height] * 2, color="C0", linewidth=1.8)
            ax.plot(mean, height, "o", color="C0", markersize=5, clip_on=False)
        ax.set_yticks(range(len(sites)), names, fontsize=7.5)
        ax.set_ylim(len(sites) - 0.4, -0.6)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.set_xlabel("probability to be listed in the next session")
        look.save_figure(figure, [path], 150)


def draw_reliability(bins: Sequence[Sequence[ReliabilityRow]], path: Path) -> None:
    """Draw the share listed of the addresses forecast alike: in the next session, in four weeks."""
    from scipy.stats import binomtest

    from sim.report.figures import look

    with look.users_style():
        figure = look.new_figure(110 / 25.4, 80 / 25.4)
        ax = figure.subplots()
        look.leave_room(figure, 6, 2, 1, 3.5)
        ax.plot([0, 1], [0, 1], color="#c9c9c9", zorder=1)
        looks = (("next session", "C1", "o"), ("four weeks", "C0", "s"))
        for rows, (name, colour, marker) in zip(bins, looks, strict=True):
            for one in rows:
                ends = binomtest(round(one.listed * one.n), one.n).proportion_ci(0.9, "wilson")
                ax.plot([one.forecast] * 2, [ends.low, ends.high], colour, linewidth=1.2)
            points = [one.forecast for one in rows], [one.listed for one in rows]
            ax.plot(*points, marker, color=colour, markersize=5, clip_on=False, label=name)
        for axis in (ax.xaxis, ax.yaxis):
            axis.set_major_formatter(lambda share, _: f"{share:.0%}")
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_xlabel("forecast probability, past sessions")
        ax.set_ylabel("share that was listed")
        ax.legend(frameon=False, fontsize="small", loc="upper left")
        look.save_figure(figure, [path], 150)
