"""How figures look, and how they are written: SVG for the page; SVG, PDF and PNG for ``plot``.

Figures name no colours but the first two of the cycle and those of the settings, so that a user's
own matplotlib style, or the page's, is the figure's.
"""

from __future__ import annotations

import html
import io
import re
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from matplotlib.transforms import Bbox
from numpy.typing import ArrayLike, NDArray

from sim.measure.bands import Band
from sim.report.words.languages import IN_ENGLISH, Language, short_day
from sim.report.words.numbers import in_digits, number
from sim.results.folder import later
from sim.version import __version__

MILLION = 1_000_000
NARROW_IN = 6.0
"""Width below which a figure has short labels."""
BAND_ALPHA = 0.28
"""Opacity of the fill of a range, in the colour of its line."""
_TICKS_D = (1 / 24, 1 / 12, 1 / 8, 1 / 4, 1, 2, 3, 4, 5, 6, 7, 10, 14)
"""Days between ticks, of axes on which no months are marked."""
MOST_COVERED = 0.06
"""Share of a text that others may cover; above, it is not written."""
_AWAY = {"left": 1, "right": -1, "center": 0, "top": -1, "bottom": 1}
"""Which way a text lies from its point, by the side of it that is there."""
_PLACES = tuple(
    (side, across, far)
    for far in (1.0, 3.0, 5.0, 7.0, 9.0)
    for across in ("top", "bottom", "center")
    for side in ("left", "right", "center")
    if (side, across) != ("center", "center")
)
"""Where a text may lie: its side at the point, and how many gaps away; the best first."""
_HOUSE, _PAGE = (
    mpl.rc_params_from_file(
        Path(__file__).with_name(f"{name}.mplstyle"), fail_on_error=True, use_default_template=False
    )
    for name in ("house", "page")
)
_FILES: dict[Any, Any] = {
    "pdf.fonttype": 42,
    "svg.fonttype": "none",
    "svg.hashsalt": "overblock",
    # Titles and names come from users: a dollar sign is a dollar sign, not mathematics.
    "text.parse_math": False,
}
_VARIABLES = {
    "#010101": "ink", "#020202": "mute", "#030303": "line", "#040404": "acc", "#050505": "dot",
}  # fmt: skip
"""Colours of a figure for the page, each with the variable of its style sheet."""
_PATH = r' d="([ML\d\s.-]*)(z?\s*)"'
"""A path of straight lines in SVG."""
# No date: the same figure is the same file.
_SOFTWARE = f"overblock {__version__}"
_METADATA: dict[str, dict[str, str | None]] = {
    ".png": {"Software": _SOFTWARE},
    ".svg": {"Creator": _SOFTWARE, "Date": None},
    ".pdf": {"Creator": _SOFTWARE, "CreationDate": None},
}


@contextmanager
def users_style() -> Iterator[None]:
    """Draw inside the block in the house style, and in what the user's own style sets."""
    is_default = {key: bool(mpl.rcParams[key] == mpl.rcParamsDefault[key]) for key in _HOUSE}
    house = {key: one for key, one in _HOUSE.items() if is_default[key]}
    with mpl.rc_context({**house, **_FILES}):
        yield


@contextmanager
def page_style(font_pt: float) -> Iterator[None]:
    """Draw inside the block for the page, whatever the user's own settings are."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update({**_HOUSE, **_FILES, **_PAGE, "font.size": font_pt})
        yield


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that needs no screen, and can measure its texts."""
    figure = Figure(figsize=(width_in, height_in))
    FigureCanvasAgg(figure)
    return figure


def is_narrow(figure: Figure) -> bool:
    """Whether a figure has room for short labels alone."""
    return bool(figure.get_figwidth() < NARROW_IN)


def _figure_of(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def page_svg(figure: Figure, title: str, alt: str) -> str:
    """A figure as an ``<svg>`` element: texts as text, colours as variables of the page.

    Parameters
    ----------
    title, alt
        For who does not see it.
    """
    width, height = 72 * figure.get_size_inches()
    file = io.StringIO()
    # Equal paths of two figures would have one name on the page.
    with mpl.rc_context({"svg.hashsalt": f"{title} {width:g}"}):
        figure.savefig(file, format="svg", transparent=True, metadata=_METADATA[".svg"])
    drawn = file.getvalue()
    body = drawn[drawn.index(">", drawn.index("<svg")) + 1 :]
    body = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", body, flags=re.DOTALL)
    body = re.sub(r'(<(?:g|text)) id="[^"]*"', r"\1", body)
    for colour, name in _VARIABLES.items():
        body = body.replace(colour, f"var(--{name})")
    body = body.replace("'DejaVu Sans'", "var(--sans, sans-serif)")
    body = body.replace(f"fill: var(--acc); fill-opacity: {BAND_ALPHA}", "fill: var(--band)")
    body = re.sub(r"<[^>]*>", _rounded, body)
    body = re.sub(_PATH, _without_straight_points, body)
    body = re.sub(r"\n\s*", " ", body)
    words = f"<title>{html.escape(title)}</title><desc>{html.escape(alt)}</desc>"
    head = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    return f'<svg role="img" viewBox="0 0 {width:g} {height:g}" {head}>{words}{body.strip()}'


def _rounded(tag: re.Match[str]) -> str:
    """A tag whose places are in tenths of a point."""
    return re.sub(r"\d+\.\d{2,}", lambda at: f"{float(at[0]):.1f}".removesuffix(".0"), tag[0])


def _without_straight_points(path: re.Match[str]) -> str:
    """A path without points on the way between their neighbours, upright or level."""
    kept: list[tuple[str, float, float]] = []
    for how, *ends in re.findall(r"([ML]) (\S+) (\S+)", path[1]):
        x, y = map(float, ends)
        if how == "L" and len(kept) > 1 and kept[-1][0] == "L":
            (_, x0, y0), (_, x1, y1) = kept[-2:]
            is_on_way = (x1 - x0) * (x - x1) >= 0 and (y1 - y0) * (y - y1) >= 0
            if is_on_way and (x0 == x1 == x or y0 == y1 == y):
                kept.pop()
        kept.append((how, x, y))
    return ' d="' + " ".join(f"{how}{x:g} {y:g}" for how, x, y in kept) + f'{path[2].strip()}"'


def save_figure(figure: Figure, paths: Sequence[Path], dpi: int) -> None:
    """Write a figure into files whose suffixes say how; the same figure is the same file."""
    for path in paths:
        figure.savefig(path, dpi=dpi, metadata=_METADATA[path.suffix])


def add_words(figure: Figure, title: str, note: str) -> None:
    """Write a title above a figure and a note below it, for which it becomes taller."""
    size = mpl.rcParams["font.size"]
    wide, tall = figure.get_size_inches()
    letters = int(72 * wide / (0.56 * size))
    head = textwrap.wrap(title, int(0.84 * letters))
    foot = textwrap.wrap(note, int(1.26 * letters))
    above, below = ((1.45 * len(head) + 0.9) * size / 72, (1.15 * len(foot) + 0.8) * size / 72)
    height = tall + above + below
    places = [ax.get_position(original=True) for ax in figure.axes]
    figure.set_size_inches(wide, height)
    for ax, place in zip(figure.axes, places, strict=True):
        bottom, top = ((below + tall * edge) / height for edge in (place.y0, place.y1))
        ax.set_position((place.x0, bottom, place.width, top - bottom))
    left = 0.1 / wide
    pad = 0.6 * size / 72 / height
    figure.text(left, 1 - pad, "\n".join(head), fontsize=1.15 * size, weight="bold", va="top")
    colour = mpl.rcParams["axes.labelcolor"]
    figure.text(left, pad, "\n".join(foot), fontsize=0.82 * size, va="bottom", color=colour)


def leave_room(
    figure: Figure, left: float, right: float, top: float, bottom: float, between: float = 0.0
) -> None:
    """Give axes the whole figure but margins, which are in heights of the letters."""
    wide, tall = figure.get_size_inches() * 72 / mpl.rcParams["font.size"]
    figure.subplots_adjust(left / wide, bottom / tall, 1 - right / wide, 1 - top / tall)
    if between:
        spec = figure.axes[0].get_gridspec()
        assert spec is not None
        n = spec.nrows
        room = (tall - top - bottom - (n - 1) * between) / n
        figure.subplots_adjust(hspace=between / room)


def dates(start: datetime, t_s: ArrayLike) -> NDArray[np.float64]:
    """Matplotlib's dates of seconds of a run, on a clock that never changes from the start's."""
    first = date2num(start.replace(tzinfo=None))
    return np.asarray(first + np.asarray(t_s, np.float64) / 86_400)


def date_axis(ax: Axes, start: datetime, horizon_s: int, words: Language = IN_ENGLISH) -> None:
    """Write days along the lower edge, hours where the axis is short, years where it is long."""
    ends = dates(start, [0, horizon_s])
    ax.set_xlim(*ends)
    most = 4 if is_narrow(_figure_of(ax)) else 8
    n_days = ends[1] - ends[0]
    step = next((step for step in _TICKS_D if n_days <= most * step), 0)
    first = np.floor(ends[0]) if step < 1 else np.ceil(ends[0])
    # Ticks are at full hours and days of the place, whose clocks may change within the run.
    read = num2date(np.arange(first, ends[1] + 1 / 8, step or 1))
    clock = [each.replace(tzinfo=start.tzinfo).timestamp() for each in read]
    at = dates(start, np.round(np.array(clock) - start.timestamp()))
    is_inside = (at >= ends[0] - 1e-9) & (at < ends[1] - 1e-9)
    ax.xaxis.set_major_locator(
        FixedLocator(at[is_inside]) if step else AutoDateLocator(maxticks=most)
    )
    has_years = n_days > 60 and num2date(ends[0]).year != num2date(ends[1]).year

    def text(at: float, _place: object) -> str:
        date = later(start, round((at - ends[0]) * 86_400)) if step else num2date(at)
        # A label at the right edge would be cut; the run ends there, and no day begins.
        if at > ends[1] - 0.04 * n_days:
            return ""
        if date.hour or date.minute:
            return f"{date:%H:%M}"
        year = f"\n{date.year}" if has_years and date.month == 1 else ""
        return words.write(short_day(date)) + year

    ax.xaxis.set_major_formatter(FuncFormatter(text))


def number_axis(
    ax: Axes, top: float, *, is_share: bool = False, way: str = "y", words: Language = IN_ENGLISH
) -> None:
    """Few round numbers from nothing up along an axis; shares in percent."""
    axis = ax.yaxis if way == "y" else ax.xaxis
    (ax.set_ylim if way == "y" else ax.set_xlim)(0, top)
    axis.set_major_locator(MaxNLocator(4 if way == "y" else 3, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(
        FuncFormatter(
            lambda at, _: words.percent(short(100 * at)) if is_share else short(at, words)
        )
    )


def short(value: float, words: Language = IN_ENGLISH) -> str:
    """A number for a tick: ``400``, ``2,000``, ``1.5 million``."""
    is_small = abs(value) < MILLION
    return words.digits(in_digits(value, 10)) if is_small else words.write(number(value))


def name_ends(ax: Axes, ends: Sequence[tuple[float, str, str]]) -> float:
    """Name lines at the right edge, none over another; return the room for that, in letters.

    Parameters
    ----------
    ends
        Height, name and colour of each line.
    """
    figure, size = _figure_of(ax), mpl.rcParams["font.size"]
    tall = ax.get_window_extent().height / figure.dpi * 72 / size
    least, most = ax.get_ylim()
    wide = 7 if is_narrow(figure) else 13
    below = -np.inf
    for height, name, colour in sorted(ends):
        text = textwrap.fill(name, wide)
        n_lines = 1 + text.count("\n")
        at = max((height - least) / (most - least) * tall, below + 0.6 * n_lines)
        below = at + 0.6 * n_lines
        ax.text(
            1.01, at / tall, text, transform=ax.transAxes, color=colour, va="center", weight="bold"
        )
    return width_of(figure, [textwrap.fill(name, wide) for _, name, _ in ends], weight="bold") + 1


def width_of(figure: Figure, texts: Sequence[str], **looks: Any) -> float:
    """Width of the longest of some texts, in letters' heights."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    places = [figure.text(0, 0, text, **looks) for text in texts]
    widths = [place.get_window_extent(renderer).width for place in places]
    for place in places:
        place.remove()
    # Letters are a little wider at another resolution.
    return float(1.05 * max(widths, default=0.0) * 72 / figure.dpi / mpl.rcParams["font.size"])


def rc(name: Any) -> Any:
    """A setting of the style in use."""
    return mpl.rcParams[name]


def extend_steps(*lines: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Steps with their last value again, which holds to the end of the run."""
    return [np.append(line, line[-1]) for line in lines]


def plot_band(
    ax: Axes, band: Band, start: datetime, horizon_s: int, scale: float = 1, colour: str = "C0"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Draw median and range in steps; return the median's data."""
    at = dates(start, np.append(band.t_s, horizon_s))
    low, median, high = extend_steps(band.low / scale, band.median / scale, band.high / scale)
    if not np.isnan(low).all():
        ax.fill_between(at, low, high, step="post", color=(colour, BAND_ALPHA), linewidth=0)
    ax.step(at, median, where="post", color=colour, clip_on=False)
    return at, median


def place_text(
    ax: Axes,
    text: str,
    at: tuple[float, float],
    lines: Sequence[tuple[NDArray[np.float64], NDArray[np.float64], float]],
    taken: list[Bbox],
    *,
    gap_pt: float = 7.0,
    most: float = np.inf,
    **look: Any,
) -> Annotation | None:
    """Write a text near a point, where it hides least of some lines; None without room for it.

    Parameters
    ----------
    at
        Point of the axes' data.
    lines
        What not to hide: horizontal and vertical data of curves in steps, and how little each.
    taken
        Where texts stand; this one is added.
    most
        Cost from which on it is not written: 1 for 15 points of lines, or for a twentieth outside.
    """
    renderer = FigureCanvasAgg(_figure_of(ax)).get_renderer()
    look = {"annotation_clip": False, "linespacing": 1.15, **look}
    note = ax.annotate(text, at, (0, 0), textcoords="offset points", **look)
    frame = ax.get_window_extent()
    points = [(ax.transData.transform(_dense(x, y)), weight) for x, y, weight in lines]

    def put(side: str, across: str, far: float) -> Bbox:
        note.xyann = (gap_pt * _AWAY[side], far * gap_pt * _AWAY[across])
        note.set(horizontalalignment=side, verticalalignment=across)
        return note.get_window_extent(renderer)

    def cost(place: tuple[str, str, float]) -> float:
        box = put(*place)
        ends = box.get_points()
        hidden = sum(
            weight * np.count_nonzero(((line > ends[0]) & (line < ends[1])).all(axis=1))
            for line, weight in points
        )
        return hidden / 15 + 4 * covered(box) + 20 * (1 - _overlap(box, frame)) + 0.03 * place[2]

    def covered(box: Bbox) -> float:
        return sum(_overlap(box, other) for other in taken)

    # Of places that are as good, the first.
    best = min(_PLACES, key=cost)
    box = put(*best)
    if covered(box) > MOST_COVERED or cost(best) > most:
        note.remove()
        return None
    taken.append(box)
    return note


def _dense(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points along a step curve, close enough for a text to hide some wherever it lies on it."""
    grid = np.linspace(x[0], x[-1], 400)
    held = y[np.searchsorted(x, grid, side="right") - 1]
    risers = np.flatnonzero(np.diff(held))
    parts = [np.column_stack((grid, held))]
    parts += [
        np.column_stack((np.full(12, grid[row]), np.linspace(held[row], held[row + 1], 12)))
        for row in risers.tolist()
    ]
    return np.concatenate(parts)


def _overlap(box: Bbox, other: Bbox) -> float:
    """Share of a box that another covers."""
    both = Bbox.intersection(box, other)
    return 0.0 if both is None else both.width * both.height / (box.width * box.height)
