"""A figure as lines of text: what is drawn in it, where, and in which looks.

In: a figure of matplotlib, laid out. Out: a line for each axis, each kind of mark and each text.
Marks that look the same stand in one line, with what their places come to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection
from matplotlib.colors import BoundaryNorm, to_hex
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text

from sim.report.figures.drawing import Drawing, FigureTable
from tests.golden.reports.lines import PLACE, series

Mark = tuple[str, str, tuple[float, ...], tuple[float, ...], str]
"""Kind, looks, places across, places up, text."""


@contextmanager
def unsaved() -> Iterator[list[Figure]]:
    """Keep figures that are saved, as they are when they are, and write no picture."""
    found: list[Figure] = []

    def keep(figure: Figure, path: Path, *, dpi: float, metadata: Mapping[str, object]) -> None:
        assert dpi == figure.dpi, f"{path}: laid out for another resolution"
        assert not any("date" in name.lower() and metadata[name] for name in metadata)
        if not any(one is figure for one in found):
            found.append(figure)

    with mock.patch.object(Figure, "savefig", keep):
        yield found


def drawing_lines(name: str, drawing: Drawing) -> list[str]:
    """Lines of a figure as it is exported: its words, its table, and all that is drawn."""
    return [
        f"== {name}",
        f"alt: {drawing.alt}",
        f"spread: {drawing.spread}",
        *table_lines(drawing.table),
        *figure_lines(drawing.figure),
    ]


def table_lines(table: FigureTable) -> Iterator[str]:
    """Yield a line a column: numbers as what they come to, texts as the different ones."""
    for name, cells in table.columns.items():
        if any(isinstance(cell, int | float) for cell in cells):
            yield f"table {name}: {series(table.numbers(name).tolist())}"
        else:
            found = list(dict.fromkeys(str(cell) for cell in cells))
            shown = found if len(found) <= 12 else [*found[:3], "…", *found[-3:]]
            yield f"table {name}: n={len(cells)}, {len(found)} different: {' | '.join(shown)}"


def figure_lines(figure: Figure) -> Iterator[str]:
    """Yield the size of a figure, what stands in it, and each of its axes.

    A line that an earlier axes of the figure has too is counted only.
    """
    width, height = figure.get_size_inches()
    yield f"figure {width:.4g} by {height:.4g} in at {figure.dpi:.4g} dpi"
    yield from _marks(figure, [one for one in figure.get_children() if one is not figure.patch])
    before: list[str] = []
    for place, ax in enumerate(figure.axes):
        lines = list(_axes(ax))
        told = [line for line in lines if line not in before]
        same = f", as before: {len(lines) - len(told)} lines" if before else ""
        yield f"-- axes {place} of {len(figure.axes)}{same}"
        yield from told
        before += told


def _axes(ax: Axes) -> Iterator[str]:
    box = ax.get_position()
    yield f"{PLACE}x {box.x0:.3f} to {box.x1:.3f}, y {box.y0:.3f} to {box.y1:.3f}"
    if not ax.axison:
        yield "no axes drawn"
    face, edge = to_hex(ax.patch.get_facecolor()), to_hex(ax.patch.get_edgecolor())
    spines = [name for name, spine in ax.spines.items() if spine.get_visible()]
    yield (
        f"paper {face}, edge {edge}, {_hatch(ax.patch)}aspect {ax.get_aspect()}, "
        f"spines {' '.join(spines)}"
    )
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        yield from _axis(axis, limits)
    skipped = {*ax.spines.values(), ax.xaxis, ax.yaxis, ax.patch}
    yield from _marks(ax, [one for one in ax.get_children() if one not in skipped])


def _axis(axis: Axis, limits: tuple[float, float]) -> Iterator[str]:
    name = axis.axis_name
    label = axis.label
    low, high = sorted(limits)
    ticks = [
        tick for tick in axis.get_major_ticks()
        if low - 1e-9 * abs(low) <= tick.get_loc() <= high + 1e-9 * abs(high)
    ]  # fmt: skip
    minor = [at for at in axis.get_minorticklocs() if low <= at <= high]
    yield (
        f"{name} axis: {_said(label.get_text())!r} {_type(label)}, {axis.get_scale()}, "
        f"{limits[0]:.7g} to {limits[1]:.7g}, visible {axis.get_visible()}, minor {len(minor)}"
    )
    if ticks and axis.axes.axison and axis.get_visible():
        first = ticks[0]
        which = "label2" if first.label2.get_visible() else "label1"
        said = " | ".join(_said(getattr(tick, which).get_text()) for tick in ticks)
        yield f"{name} ticks: {series([float(tick.get_loc()) for tick in ticks])}: {said}"
        yield (
            f"{name} ticks: {_type(getattr(first, which))}, "
            f"shown {getattr(first, which).get_visible()} as {which}, "
            f"marks {first.tick1line.get_visible()} {first.get_pad():.4g} "
            f"{first.tick1line.get_markersize():.4g} {to_hex(first.tick1line.get_color())}, "
            f"grid {first.gridline.get_visible()} {to_hex(first.gridline.get_color())} "
            f"{first.gridline.get_linewidth():.4g}"
        )


def _marks(within: Any, artists: Sequence[Artist]) -> Iterator[str]:
    """Yield a line for all marks of the same looks, in the sequence of the first of each."""
    found: dict[tuple[str, str], list[Mark]] = {}
    for artist in artists:
        if isinstance(artist, Axes) or not artist.get_visible():
            continue
        if isinstance(artist, Legend):
            yield from _legend(artist)
            continue
        mark = _mark(within, artist)
        if mark is not None:
            found.setdefault(mark[:2], []).append(mark)
    for (kind, looks), marks in found.items():
        across = [one for mark in marks for one in mark[2]]
        up = [one for mark in marks for one in mark[3]]
        words = [mark[4] for mark in marks if mark[4]]
        told = words if len(words) <= 24 else [*words[:3], "…", *words[-3:]]
        said = f": {' | '.join(told)}" if words else ""
        yield f"{len(marks)} {kind} {looks}, x {series(across)}, y {series(up)}{said}"


def _mark(within: Any, artist: Artist) -> Mark | None:
    by = _by(within, artist)
    common = f"by {by}" * (by != "data") + f" z{artist.get_zorder():.4g}"
    common += " unclipped" * (not artist.get_clip_on())
    common += f" gid {artist.get_gid()}" * (artist.get_gid() is not None)
    common += " raster" * bool(artist.get_rasterized())
    if artist.get_alpha() is not None:
        common += f" alpha {artist.get_alpha():.4g}"
    if effects := artist.get_path_effects():
        common += f" halo {[one._gc for one in effects]}"
    match artist:
        case Text():
            return _text(artist, common) if artist.get_text() else None
        case Line2D():
            looks = f"{_line(artist)} {common}"
            xs, ys = (np.asarray(of, float) for of in artist.get_data(orig=False))
            return ("line", looks, tuple(xs.tolist()), tuple(ys.tolist()), _label(artist))
        case Patch():
            path = artist.get_patch_transform().transform_path(artist.get_path())
            corners = path.get_extents()
            looks = f"{_patch(artist)} {common}"
            return (
                type(artist).__name__, looks, (corners.x0, corners.x1), (corners.y0, corners.y1),
                _label(artist),
            )  # fmt: skip
        case AxesImage():
            left, right, bottom, top = artist.get_extent()
            looks = f"{_mapped(artist)} {artist.get_interpolation()} {artist.origin} {common}"
            return ("image", looks, (left, right), (bottom, top), "")
        case Collection():
            return _collection(artist, common)
    raise AssertionError(f"nobody tells a {type(artist).__name__}")


def _text(text: Text, common: str) -> Mark:
    x, y = text.get_position()
    looks = (
        f"{_type(text)} {text.get_horizontalalignment()} {text.get_verticalalignment()} "
        + f"turned {text.get_rotation():.3g} " * (text.get_rotation() != 0)
        + common
    )
    if isinstance(text, Annotation):
        x, y = text.xy
        looks += f" shifted {text.xyann} by {text.anncoords} of {text.xycoords}"
        looks += f" beyond {text.get_annotation_clip()} arrow {text.arrowprops}"
    places = [axis if isinstance(axis, float) else float(axis) for axis in (x, y)]
    return ("text", looks, (places[0],), (places[1],), _said(text.get_text()))


def _collection(artist: Collection, common: str) -> Mark:
    paths = artist.get_paths()
    offsets = np.asarray(artist.get_offsets(), float).reshape(-1, 2)
    corners = np.concatenate([path.vertices for path in paths] or [np.zeros((0, 2))])
    at = offsets if len(offsets) > 1 or offsets.any() else corners
    # Matplotlib 3.10 gave what is filled between two lines a name of its own.
    kind = type(artist).__name__.replace("FillBetween", "")
    shown = "by value" if artist.get_array() is not None else _colours(artist.get_facecolor())
    looks = (
        f"{kind} fill {shown} "
        f"edge {_colours(artist.get_edgecolor())} "
        f"width {series(np.atleast_1d(artist.get_linewidth()).tolist())} "
        f"{_dashes(artist)} {len(paths)} paths {_hatch(artist)}{common}"
    )
    if artist.get_array() is not None:
        looks += f" {_mapped(artist)}"
    known = at[~np.isnan(at).any(axis=1)]
    return (
        "collection", looks, tuple(known[:, 0].tolist()), tuple(known[:, 1].tolist()),
        _label(artist),
    )  # fmt: skip


def _dashes(artist: Collection) -> str:
    found = [
        "-" if dashes is None else " ".join(f"{one:.4g}" for one in dashes)
        for _, dashes in artist.get_linestyle()
    ]
    return " or ".join(dict.fromkeys(found))


def _mapped(artist: Any) -> str:
    """What a picture of numbers shows: the numbers, and the colour that each becomes."""
    values = np.ma.filled(np.ma.asarray(artist.get_array(), float), np.nan).ravel()
    low, high = artist.get_clim()
    norm = artist.norm
    bounds = f" bounds {norm.boundaries}" if isinstance(norm, BoundaryNorm) else ""
    shades = [to_hex(artist.cmap(norm(one)), keep_alpha=True) for one in np.linspace(low, high, 5)]
    none = to_hex(artist.cmap(np.ma.masked), keep_alpha=True)
    return f"values {series(values.tolist())} shades {' '.join(shades)} else {none}{bounds}"


def _legend(legend: Legend) -> Iterator[str]:
    texts = " | ".join(_said(text.get_text()) for text in legend.get_texts())
    looks = [_handle(one) for one in legend.legend_handles]
    size = legend.get_texts()[0].get_fontsize()
    place = legend._loc_real if hasattr(legend, "_loc_real") else legend._loc
    yield (
        f"legend {legend.get_title().get_text()!r} {size:.4g} pt, {legend._ncols} columns, "
        f"frame {legend.get_frame_on()}, at {place}, outside {legend._outside_loc}: {texts}"
    )
    yield f"legend marks: {' | '.join(looks)}"


def _handle(artist: Artist | None) -> str:
    match artist:
        case Line2D():
            return _line(artist)
        case Patch():
            return f"{_patch(artist)} alpha {artist.get_alpha()}"
        case Collection():
            return f"fill {_colours(artist.get_facecolor())}"
    return str(type(artist).__name__)


def _line(line: Line2D) -> str:
    has_marks = line.get_marker() not in ("None", None, "")
    dashes = line._unscaled_dash_pattern[1]  # type: ignore[attr-defined]
    looks = (
        f"{to_hex(line.get_color())} width {line.get_linewidth():.4g} {line.get_linestyle()} "
        f"{'' if dashes is None else ' '.join(f'{one:.4g}' for one in dashes)} "
        f"{line.get_drawstyle()} {line.get_solid_capstyle()}"
    )
    if not has_marks:
        return looks
    if line.get_linestyle() == "None" or len(line.get_xdata()) == 1:
        looks = "no line"
    face, edge = (_colour(of) for of in (line.get_markerfacecolor(), line.get_markeredgecolor()))
    if line.get_marker() not in Line2D.filled_markers:
        face = "open"
    return (
        f"{looks} marker {line.get_marker()} {line.get_markersize():.4g} {face} {edge} "
        f"{line.get_markeredgewidth():.4g}"
    )


def _patch(patch: Patch) -> str:
    face, edge = _colour(patch.get_facecolor()), _colour(patch.get_edgecolor())
    return (
        f"fill {face} edge {edge} width {patch.get_linewidth():.4g} {patch.get_linestyle()} "
        f"{_hatch(patch)}".rstrip()
    )


def _hatch(artist: Patch | Collection) -> str:
    return f"hatch {artist.get_hatch()} " if artist.get_hatch() else ""


def _type(text: Text) -> str:
    manner = " ".join(
        f"{one} " for one in (text.get_fontweight(), text.get_fontstyle()) if one != "normal"
    )
    return f"{text.get_fontsize():.4g} pt {manner}{to_hex(text.get_color())}"


def _label(artist: Artist) -> str:
    label = str(artist.get_label())
    return "" if label.startswith("_") else label


def _colour(given: Any) -> str:
    return to_hex(given, keep_alpha=True) if not isinstance(given, str) else given


def _colours(given: Any) -> str:
    rows = np.atleast_2d(given)
    found = list(dict.fromkeys(to_hex(row, keep_alpha=True) for row in rows if len(row)))
    return " ".join(found) if found else "none"


def _by(within: Any, artist: Artist) -> str:
    """In what an artist's places are told: data, shares of the axes or of the figure."""
    transform = artist.get_transform()
    if isinstance(within, Figure):
        return "figure"
    for name in ("transData", "transAxes"):
        if getattr(within, name) in (transform, *_parts(transform)):
            return name.removeprefix("trans").lower()
    if transform == within.get_xaxis_transform():
        return "data across, axes up"
    if transform == within.get_yaxis_transform():
        return "axes across, data up"
    return "other"


def _parts(transform: Any) -> tuple[Any, ...]:
    return tuple(part for part in (getattr(transform, "_a", None), getattr(transform, "_b", None)))


def _said(text: str) -> str:
    return text.replace("\n", " / ")
