"""The figure of scores: predicted intervals over published values, one row per case.

In: the document of scores. Out: one PNG or SVG file. A ratio of 1 is agreement; the axis is
logarithmic, and what lies beyond it is drawn as an arrow with its number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from sim.report.documents.validation import ROLES
from sim.report.figures import look
from sim.report.words.numbers import exact, rounded

Document = Mapping[str, Any]

SMALLEST, LARGEST = 1e-2, 1e2
"""Ends of the axis."""
COLOURS = {"inside": "C0", "outside": "C1"}
MARKERS = {"inside": "o", "outside": "D"}
SIGNS = {"equal": "", "at_least": "≥ ", "at_most": "≤ ", "between": "about "}
MAX_LETTERS = 76


def ratios(scores: Document) -> list[dict[str, Any]]:
    """Rows of the figure: of each case that can be drawn, all numbers over the published value.

    Returns
    -------
    rows
        ``id, title, role, verdict, median, low, high, allowed_low, allowed_high``; ends that do
        not exist are None. A case whose published value is not above zero, or a rank, has no ratio
        and no row.
    """
    rows = []
    for score in scores["scores"]:
        predicted, published = score["predicted"], score["published"]
        if predicted is None or published["value"] <= 0 or published["relation"] == "rank":
            continue
        ends = {
            name: _over(source[name], published["value"])
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


def _over(value: float | None, published: float) -> float | None:
    return None if value is None else value / published


def draw_backtest(scores: Document, path: Path) -> list[dict[str, Any]]:
    """Draw the figure into a file, whose suffix says how, and return the rows it shows."""
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
    """Draw one row per case: what the publication allows in grey, the prediction over it."""
    ax.set_xscale("log")
    ax.set_xlim(SMALLEST, LARGEST)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.axvline(1, color=look.rc("axes.edgecolor"), linewidth=0.8, zorder=1)
    for height, row in enumerate(rows):
        colour = COLOURS[row["verdict"]]
        allowed = [
            _clipped(row["allowed_low"], SMALLEST),
            _clipped(row["allowed_high"], LARGEST),
        ]
        ax.plot(
            allowed, [height] * 2, color="#c9c9c9", linewidth=6, solid_capstyle="butt", zorder=2
        )
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
            ax.annotate(
                f"{float(f'{median:.1g}'):,.10g}",
                (edge, height),
                xytext=(side[0], 0),
                textcoords="offset points",
                ha=side[1],
                va="center",
                fontsize=7.5,
                color=colour,
            )
        ax.annotate(
            row["text"],
            (1.0, height),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=7.5,
            annotation_clip=False,
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
    """What the figure shows and rests on."""
    return (
        "Points and bars: median and 90 % interval of the prediction over the published value; "
        "circles: inside what the publication allows (grey; to the edge where it is a bound), "
        "diamonds: outside; arrows: beyond the axis. Right: predicted median / published. "
        f"Intervals span chance and all assumptions, in {scores['n_members']} simulations, or "
        f"draws of a method's constants. overblock {scores['version']}. "
        "Sources: docs/explanation/validation.json."
    )
