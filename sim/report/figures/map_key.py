"""The key of the address map: colours, marks, and shares listed of each provider.

In: a scene and its table by provider, axes. Out: the same axes, drawn.
"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sim.report.figures import style
from sim.report.figures.drawing import FigureTable
from sim.report.figures.scene import OWN, MapScene
from sim.results.store import NOT_ATTRIBUTED

LEVELS = (0.01, 0.1, 0.5, 0.999999)
LEVEL_NAMES = ("up to 1 % (drawn larger)", "1 to 10 %", "10 to 50 %", "more than 50 %", "all of it")
# From light to dark, in grey as in colour.
LEVEL_COLOURS = ("#f6b48f", "#ee8a5a", "#d9541e", "#9b2d0c", "#4a0d02")
UNUSED = "#dcdcdc"
# One for each of the largest providers; the last for all others.
LINE_COLOURS = (style.BLUE, style.GREEN, style.PURPLE, "#7a5c00", style.SKY, "#555555")
MAX_PROVIDERS = 10


def line_colour(place: int) -> str:
    """Colour of a provider, by its place among those with most addresses here."""
    return LINE_COLOURS[min(place, len(LINE_COLOURS) - 1)]


def plot_key(ax: Axes, scene: MapScene, table: FigureTable) -> Axes:
    """What the map's colours and marks mean, and the providers' shares as bars."""
    ax.set_axis_off()
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1)
    window = scene.window
    pixel = f"/{window.pixel_length}" if window.pixel_length < 32 else "one address"
    size = window.n_addresses_of_pixel
    lines = [
        f"One pixel is a {pixel}: {size:,} addresses" if size > 1 else "One pixel is one address"
    ]
    y = 0.985
    ax.text(0, y, lines[0], fontsize=7.5, va="top")
    ax.text(0, y - 0.032, "Share of the pixel that is listed", fontsize=7.5, va="top")
    for row, (colour, name) in enumerate(zip(LEVEL_COLOURS, LEVEL_NAMES, strict=True)):
        top = y - 0.072 - 0.027 * row
        ax.add_patch(Rectangle((0, top - 0.02), 0.09, 0.02, facecolor=colour))
        ax.text(0.12, top - 0.01, name, fontsize=7, va="center")
    top = y - 0.222
    ax.add_patch(Rectangle((0, top - 0.02), 0.09, 0.02, facecolor=UNUSED))
    ax.text(0.12, top - 0.01, "not on the public Internet", fontsize=7, va="center")
    marks = [("s", "none", "the target's own ranges")] if scene.target else []
    if scene.fronts.size:
        marks += [("o", "white", "front, not discovered"), ("o", style.BLACK, "front, discovered")]
    for marker, face, name in marks:
        top -= 0.03
        ax.plot(
            0.045, top - 0.01, marker=marker, markersize=5, markerfacecolor=face,
            markeredgecolor=style.BLACK, clip_on=False,
        )  # fmt: skip
        ax.text(0.12, top - 0.01, name, fontsize=7, va="center")
    _draw_bars(ax, table, top - 0.07)
    return ax


def _draw_bars(ax: Axes, table: FigureTable, top: float) -> None:
    """Share listed of each provider's addresses."""
    ax.text(0, top, "Listed, of all addresses here", fontsize=7.5, va="top")
    names = [str(name) for name in table.columns["provider"]]
    listed, share = table.numbers("addresses_listed"), table.numbers("share_listed")
    rows = [row for row in range(len(names)) if names[row] not in (OWN, NOT_ATTRIBUTED)]
    bars = [
        (names[row], listed[row], share[row], line_colour(place))
        for place, row in enumerate(rows[:MAX_PROVIDERS])
    ]
    rest = rows[MAX_PROVIDERS:]
    if rest:
        some, every = float(listed[rest].sum()), float(table.numbers("addresses")[rest].sum())
        bars.append((f"{len(rest)} more", some, some / every, line_colour(MAX_PROVIDERS)))
    other = names.index(NOT_ATTRIBUTED)
    bars.append((NOT_ATTRIBUTED, listed[other], share[other], style.BLACK))
    step = min(0.05, (top - 0.06) / len(bars))
    for place, (name, some, part, colour) in enumerate(bars):
        at = top - 0.045 - step * place
        ax.text(0, at, name, fontsize=7, va="top", color=colour, weight="bold")
        if np.isnan(part):
            continue
        ax.add_patch(Rectangle((0, at - 0.032), 1, 0.009, facecolor="#e6e6e6"))
        ax.add_patch(Rectangle((0, at - 0.032), part, 0.009, facecolor=LEVEL_COLOURS[2]))
        text = f"{style.short(some)} ({_percent(part)})"
        ax.text(1, at, text, fontsize=7, va="top", ha="right")


def _percent(share: float) -> str:
    if 0 < share < 0.001:
        return "<0.1%"
    return f"{share:.0%}" if share == 0 or share >= 0.1 else f"{share:.1%}"
