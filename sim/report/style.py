"""How figures look: colours, type, captions, and files that are the same every time.

In: a figure. Out: PNG and SVG. It knows nothing of what is drawn.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from sim import __version__

# Okabe and Ito, "Color Universal Design" (2008): told apart by colour-blind readers.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#666666"

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
    "figure.dpi": 100,
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


def add_caption(figure: Figure, text: str) -> None:
    """Write a caption under the figure."""
    width = int(figure.get_figwidth() * 17.5)
    lines = textwrap.wrap(text, width)
    height = figure.get_figheight()
    margin = (len(lines) * 0.145 + 0.08) / height
    engine = figure.get_layout_engine()
    assert engine is not None
    engine.set(rect=(0, margin, 1, 1 - margin))  # type: ignore[call-arg]
    figure.text(0.01, 0.07 / height, "\n".join(lines), fontsize=7, color=GREY, va="bottom")


def label_ends(ax: Axes, labels: Sequence[tuple[float, str, str]], gap: float = 0.055) -> None:
    """Write labels at the right edge, at heights in data units, moved apart where they collide.

    Parameters
    ----------
    labels
        (height, text, colour) each.
    gap
        Least distance between two labels, as a share of the axis.
    """
    low, high = ax.get_ylim()
    place = -1.0
    for height, text, colour in sorted(labels):
        place = max((height - low) / (high - low), place + gap * (1 + text.count("\n")))
        ax.annotate(
            text,
            (1.0, place),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            color=colour,
            va="center",
            fontsize=8,
            annotation_clip=False,
        )


def save_figure(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write PNG and SVG, without a date, so that the same figure is the same file."""
    folder.mkdir(parents=True, exist_ok=True)
    png, svg = folder / f"{name}.png", folder / f"{name}.svg"
    software = f"overblock {__version__}"
    figure.savefig(png, dpi=160, metadata={"Software": software})
    figure.savefig(svg, metadata={"Creator": software, "Date": None})
    return [png, svg]
