"""A small picture of a curve for the terminal, in braille dots or in plain letters.

In: a step curve with its interval. Out: lines of text. It reads no file and draws no conclusion.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import curve_name
from sim.cli.terminal.console import width_of

if TYPE_CHECKING:
    from sim.measure.bands import Band
    from sim.results.read import RunFolder

METRIC = curve_name("businesses_impaired")
MAX_SKETCHES = 3
WIDTH = 58
HEIGHT = 8
# Unicode, "Braille Patterns": the dot in row r and column c of a cell is this bit above U+2800.
_DOTS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
_BLANK = 0x2800


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve to sketch.

    Attributes
    ----------
    name
        What it counts.
    t_s : shape (n,)
        Times, ascending; each value holds until the next one.
    value, low, high : shape (n,)
        Middle and interval; the latter NaN where it is not known.
    """

    name: str
    t_s: NDArray[np.int64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @classmethod
    def of_band(cls, name: str, band: Band) -> Curve:
        """The mean of a band, with its interval."""
        return cls(name, band.t_s, band.mean, band.low, band.high)


def sketch(
    curve: Curve,
    start: datetime,
    horizon_s: int,
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    has_braille: bool = True,
    top: float | None = None,
) -> list[str]:
    """Lines of text with the curve, the highest value on the left and the dates below.

    Parameters
    ----------
    width, height
        Letters of the picture itself, without the axis.
    has_braille
        Use braille, eight dots a letter; else one mark a letter.
    top
        Value at the upper edge; the highest of the curve and its interval when None.
    """
    columns = width * 2 if has_braille else width
    rows = height * 4 if has_braille else height
    at_s = (np.arange(columns) * horizon_s) // columns
    until_s = ((np.arange(columns) + 1) * horizon_s) // columns
    top = top or highest(curve) or 1.0
    low, high = _span(curve.t_s, curve.value, at_s, until_s)
    line = _fill(low, high, top, rows)
    # The interval is sketched by its upper and lower edge: an area would hide the curve.
    band = np.zeros_like(line)
    if not np.isnan(curve.low).any():
        for edge in (curve.low, curve.high):
            band |= _fill(*_span(curve.t_s, edge, at_s, until_s), top, rows)
        band[:, np.arange(columns) % 3 != 0] = False
    drawn = _braille(line | band) if has_braille else _letters(line, band)
    return _with_axes(drawn, curve.name, top, start, horizon_s, width, has_braille=has_braille)


def highest(curve: Curve) -> float:
    """Highest value of a curve and its interval, and zero at least."""
    return float(np.nan_to_num(np.append(curve.value, curve.high)).max(initial=0.0))


def _span(
    t_s: NDArray[np.int64], value: NDArray[np.float64], at_s: NDArray[np.int64],
    until_s: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # fmt: skip
    """Lowest and highest value within each column: no peak falls between two of them."""
    first = np.maximum(np.searchsorted(t_s, at_s, side="right") - 1, 0)
    last = np.maximum(np.searchsorted(t_s, until_s, side="left") - 1, first)
    spans = [value[a : b + 1] for a, b in zip(first.tolist(), last.tolist(), strict=True)]
    return np.array([one.min() for one in spans]), np.array([one.max() for one in spans])


def _fill(
    low: NDArray[np.float64], high: NDArray[np.float64], top: float, rows: int
) -> NDArray[np.bool_]:
    """Dots between two heights in each column; row 0 is the highest."""
    bottom, roof = (np.round(one / top * (rows - 1)).astype(int) for one in (low, high))
    row = rows - 1 - np.arange(rows)[:, np.newaxis]
    return np.asarray((row >= bottom) & (row <= roof), np.bool_)


def _braille(dots: NDArray[np.bool_]) -> list[str]:
    cells = dots.reshape(dots.shape[0] // 4, 4, dots.shape[1] // 2, 2)
    codes = np.einsum("arbc,rc->ab", cells.astype(int), _DOTS) + _BLANK
    return ["".join(map(chr, row)) for row in codes.tolist()]


def _letters(line: NDArray[np.bool_], band: NDArray[np.bool_]) -> list[str]:
    marks = np.where(line, "*", np.where(band, ".", " "))
    return ["".join(row) for row in marks.tolist()]


def _with_axes(
    drawn: Sequence[str],
    name: str,
    top: float,
    start: datetime,
    horizon_s: int,
    width: int,
    *,
    has_braille: bool,
) -> list[str]:
    wall, floor, corner = ("│", "─", "└") if has_braille else ("|", "-", "+")
    labels = [_short(top), *[""] * (len(drawn) - 2), "0"]
    edge = max(len(label) for label in labels)
    lines = [name]
    for label, row in zip(labels, drawn, strict=True):
        lines.append(f"{label:>{edge}} {wall}{row.rstrip(chr(_BLANK)).rstrip()}")
    lines.append(f"{'':>{edge}} {corner}{floor * width}")
    dates = [_day(start, part * horizon_s // 2) for part in (0, 1, 2)]
    middle = dates[1].center(width - len(dates[0]) - len(dates[2]))
    lines.append(f"{'':>{edge}}  {dates[0]}{middle}{dates[2]}".rstrip())
    return lines


def _day(start: datetime, t_s: int) -> str:
    moment = start + timedelta(seconds=t_s)
    return f"{moment.day} {moment:%b %Y}"


def _short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.3g} M"
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def can_show(text: str, encoding: str | None) -> bool:
    """Whether a terminal's encoding has all letters of a text."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def sketch_run(
    run: RunFolder,
    width: int,
    encoding: str | None,
    strategies: Sequence[str] = (),
    height: int = HEIGHT,
) -> list[str]:
    """Sketch businesses impaired over time, for each strategy asked for.

    Parameters
    ----------
    width
        Letters that a line may have.
    encoding
        Of the terminal.
    strategies
        Labels; all of the run when empty. At most three of those with a curve are sketched.
    height
        Lines of each picture, without its name and axis.
    """
    from sim.measure.bands import band_of

    has_braille = can_show("⣿│└─", encoding)
    known = [label for label in strategies or run.strategies if run.has_curve(METRIC, label)]
    labels = known[:MAX_SKETCHES]
    curves = []
    for label in labels:
        band = band_of(run.curve(METRIC, label), run.horizon_s)
        n = band.denominator
        name = f"businesses impaired, of {n:,.0f}"
        if len(run.strategies) > 1:
            name += f", {label}"
        if band.n_replicates > 1:
            edges = "dotted" if has_braille else "dots"
            name += f" (mean; {edges}: 90% of {band.n_replicates} replicates)"
        curves.append(Curve.of_band(name, band))
    room = max(min(width - 12, WIDTH), 20)
    top = max((highest(curve) for curve in curves), default=0.0)  # one scale for all of them
    lines = [
        line
        for curve in curves
        for line in sketch(
            curve,
            run.start,
            run.horizon_s,
            width=room,
            height=height,
            has_braille=has_braille,
            top=top,
        )
    ]
    if len(known) > len(labels):
        lines.append(f"and {len(known) - len(labels)} more: overblock plot {run.path} strategies")
    return lines


def sketch_folder(folder: Path) -> list[str]:
    """Sketch a run that was just written, for the terminal on stdout."""
    from sim.results.read import open_run

    return sketch_run(open_run(folder), *_terminal())


def sketch_comparison(folder: Path) -> list[str]:
    """Sketch the strategies of a comparison that was just written, but an idle baseline."""
    from sim.results.read import open_run

    run = open_run(folder)
    labels = [label for label in run.strategies if label != run.idle_strategy]
    return sketch_run(run, *_terminal(), labels, height=4)


def _terminal() -> tuple[int, str]:
    """Width and encoding of the terminal."""
    return width_of(sys.stdout), sys.stdout.encoding
