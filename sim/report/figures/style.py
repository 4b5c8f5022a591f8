"""How figures look: colours, type, captions, and files that are the same every time.

In: a figure. Out: PNG and SVG. It knows nothing of what is drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

from sim.version import __version__

# Okabe and Ito, "Color Universal Design" (2008): told apart by colour-blind readers.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#666666"
PALE = "#b5b5b5"

CYCLE = (BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK)
"""Colours of things that have no colour of their own, in the sequence in which they are given."""
STYLES = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (6, 1.5, 1.5, 1.5)))
"""Line styles that go with them, for readers who see no colour."""

LINES: dict[str, dict[str, Any]] = {
    "affected": {"linewidth": 1.2},
    "impaired": {"linewidth": 1.8},
    "down": {"linewidth": 1.6, "linestyle": (0, (4, 1.2))},
}
"""Lines of the states, told apart in grey as well."""


DPI = 160
LEGEND_IN = 0.2
"""Height of a row that names what is drawn, in inches."""

# No date: the same figure is the same file.
_SOFTWARE = f"overblock {__version__}"
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": _SOFTWARE},
    ".svg": {"Creator": _SOFTWARE, "Date": None},
    ".pdf": {"Creator": _SOFTWARE, "CreationDate": None},
}

_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": "#222222",
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": "#222222",
    "ytick.labelcolor": "#222222",
    "lines.linewidth": 1.6,
    "svg.hashsalt": "overblock",
    "svg.fonttype": "path",
    # Titles and names come from users: a dollar sign is a dollar sign, not mathematics.
    "text.parse_math": False,
    # Letters have other widths at other resolutions: laid out as it will be saved.
    "figure.dpi": DPI,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style inside the block, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        for key, value in _SETTINGS.items():
            mpl.rcParams[key] = value  # type: ignore[index]
        yield


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that needs no screen."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def wrapped(text: str, width_in: float) -> str:
    """A title in lines that fit a width at the size of titles."""
    return textwrap.fill(text, int(width_in * 12.5))


def add_title(figure: Figure, text: str) -> None:
    """Write what a figure of several panels shows above them."""
    figure.suptitle(wrapped(text, figure.get_figwidth()), x=0.01, ha="left", fontsize=10)


def legend_below(figure: Figure, handles: Sequence[Artist]) -> None:
    """Name what is drawn in a row below all axes; above them stands the title."""
    figure.legend(
        handles=list(handles), loc="outside lower right", borderaxespad=0, ncols=len(handles),
        frameon=False, fontsize=7.5,
    )  # fmt: skip


def add_caption(figure: Figure, text: str) -> None:
    """Write a caption under the figure."""
    width = int(figure.get_figwidth() * 17.5)
    lines = textwrap.wrap(text, width)
    height = figure.get_figheight()
    margin = (len(lines) * 0.145 + 0.08) / height
    engine = figure.get_layout_engine()
    assert engine is not None
    below = margin + (LEGEND_IN / height if figure.legends else 0.0)
    engine.set(rect=(0, below, 1, 1 - below))  # type: ignore[call-arg]
    for legend in figure.legends:
        # Once it is told where to stand, the layout keeps no room for it.
        legend.set_bbox_to_anchor((0, margin, 1, 1 - margin), transform=figure.transFigure)
    figure.text(0.01, 0.07 / height, "\n".join(lines), fontsize=7, color=GREY, va="bottom")


def label_ends(ax: Axes, labels: Sequence[tuple[float, str, str]], gap: float = 0.055) -> None:
    """Write labels at the right edge, at heights in data units, moved apart where they collide.

    A label that was moved is tied to its height by a thin line.

    Parameters
    ----------
    labels
        (height, text, colour) each.
    gap
        Least distance between two labels, as a share of the axis.
    """
    if not labels:
        return
    ordered = sorted(labels)
    wanted = [float(ax.transAxes.inverted().transform(ax.transData.transform((0, height)))[1])
              for height, _, _ in ordered]  # fmt: skip
    sizes = [gap * (1 + text.count("\n")) for _, text, _ in ordered]
    for (_, text, colour), at, place in zip(ordered, wanted, _apart(wanted, sizes), strict=True):
        is_moved = abs(place - at) > 0.2 * gap
        if is_moved:
            ax.plot(
                [1.0, 1.012],
                [at, place],
                transform=ax.transAxes,
                color=colour,
                linewidth=0.6,
                clip_on=False,
                solid_capstyle="butt",
            )
        ax.annotate(
            text,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(7 if is_moved else 4, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            fontsize=8,
            annotation_clip=False,
        )


def _apart(wanted: Sequence[float], sizes: Sequence[float]) -> NDArray[np.float64]:
    """Ascending heights, none nearer to the next than half the sum of their sizes.

    The sum of squared distances from the wanted heights is the least there is, within [0, 1] where
    there is room: with the room that each needs taken off, the heights only have to ascend.
    """
    from scipy.optimize import isotonic_regression  # slow to import, and few figures need it

    size = np.asarray(sizes)
    room = np.concatenate(([0.0], np.cumsum((size[:-1] + size[1:]) / 2)))
    free = isotonic_regression(np.asarray(wanted) - room).x
    free = np.maximum(np.minimum(free, 1.0 - room[-1]), 0.0)
    return np.asarray(free + room)


def fix_layout(figure: Figure) -> None:
    """Lay the figure out once, so that it is the same in every format and in every frame."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in figure.axes:
        # The solver adds in the sequence of memory addresses. SVG names what it clips by all
        # digits of the result, of which the last ones differ from drawing to drawing.
        ax.set_position(Bbox(np.round(ax.get_position(original=True).get_points(), 9)))


def save_figure(figure: Figure, paths: Sequence[Path], dpi: int = DPI) -> list[Path]:
    """Write a figure into files whose suffixes say how; the same figure is the same file.

    Returns
    -------
    paths
        As given.
    """
    figure.set_dpi(dpi)  # letters are a little wider or narrower at another resolution
    fix_layout(figure)
    for path in paths:
        figure.savefig(path, dpi=dpi, metadata=_METADATA[path.suffix])
    return list(paths)


def whiskers(
    ax: Axes,
    row: NDArray[np.int64],
    mean: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> None:
    """Draw horizontal intervals over bars; none where they are not known."""
    known = ~np.isnan(low)
    if known.any():
        error = np.clip([mean - low, high - mean], 0, None)[:, known]
        ax.errorbar(
            mean[known], row[known], xerr=error, fmt="none", ecolor=BLACK, elinewidth=1.1, capsize=3
        )


def short(value: float) -> str:
    """A number for an axis or a label: whole, or in thousands, millions, billions."""
    for size, letter in ((1e9, " bn"), (1e6, " M"), (1e4, " k")):
        if abs(value) >= size:
            scaled = value / (1e3 if letter == " k" else size)
            return f"{scaled:,.3g}{letter}" if abs(scaled) < 1000 else f"{scaled:,.0f}{letter}"
    return f"{value:,.3g}" if abs(value) < 10 else f"{value:,.0f}"


def short_tick(value: float, _place: float) -> str:
    """The same as matplotlib's formatters are called."""
    return short(value)


def signed(value: float) -> str:
    """A difference, with its sign."""
    if np.isnan(value):
        return "not known"
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{short(abs(value))}"
