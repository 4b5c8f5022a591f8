"""The first picture of the page: drawn without a script, so that it is there in print as well.

In: a curve with its bands, or rows of strategies. Out: SVG whose colours the page gives. Labels
stand at what they name; there is no legend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from sim.catalogue.choices import (
    curve_name,
)
from sim.measure.bands import Band
from sim.report.figures.told import are_of_draws, line_of, with_statistic
from sim.report.page.head.how_sure import FEWEST_DRAWS
from sim.report.words.findings import lost
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import percent

LOST = curve_name("demand_lost_share")
WIDTH, HEIGHT = 720, 250
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 34, 34
APART, LETTER, LINE = 6, 7, 12
"""Between a point and its name; width of a letter and height of a line of text."""
DAY_S, LONG_DAYS, MOST_DAYS = 86_400, 62, 5
"""Seconds in a day; days from which on months are told; at most so many are."""
_SHARES = tuple(one * 10.0**power for power in (-4, -3, -2, -1) for one in (1, 1.5, 2, 3, 4, 6, 8))
_Points = NDArray[np.float64]


@dataclass(frozen=True)
class Picture:
    """A picture and its words.

    Attributes
    ----------
    title
        What it shows, as a finding.
    svg
        The drawing.
    shades
        What line and shades are, by the class that draws them.
    """

    title: str
    svg: Markup
    shades: tuple[tuple[str, str], ...]

    @property
    def note(self) -> str:
        """What line and shades are, in a sentence."""
        return f"{'; '.join(said for _, said in self.shades)}."


def picture_of_run(
    band: Band, start: datetime, horizon_s: int, n_draws: int, words: Language = IN_ENGLISH
) -> Picture:
    """Share of what customers try that fails, over time.

    The line is the draws' median where there are draws, as every number that is said; the mean as
    given is drawn thin beside it. Where that median is nothing at all times, it is the mean.
    """
    is_median = n_draws > 0 and are_of_draws([band])
    line = line_of(band, of_draws=is_median).mean
    peak = int(np.argmax(line))
    highest = float(line[peak])
    told = [band.mean, band.high, *(band.wide[2:] if band.wide is not None else ())]
    top = _round_up(max(float(np.nanmax(one, initial=0.0)) for one in told))

    def x(t_s: Any) -> Any:
        return LEFT + (WIDTH - LEFT - RIGHT) * np.asarray(t_s, float) / horizon_s

    def y(share: Any) -> Any:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * np.asarray(share, float) / top

    steps = np.append(band.t_s, horizon_s)
    parts = [_line("rule", LEFT, WIDTH - RIGHT, float(y(top * one))) for one in (0, 0.5, 1)]
    parts += [
        _text(
            LEFT - 6, float(y(top * one)) + 4, words.digits(percent(round(top * one, 9), 2)), "end"
        )
        for one in (0, 0.5, 1)
    ]
    parts.append(_text(2, 12, words.name("share of domestic demand lost"), "start", "unit"))
    for name, low, high in (
        *((("wide", band.wide[0], band.wide[2]),) if band.wide is not None else ()),
        ("luck", band.low, band.high),
    ):
        if not np.isnan(low).all():
            parts.append(_area(name, x(steps), y(low), y(high)))
    if is_median:
        parts.append(_path("given", x(steps), y(band.mean)))
    parts.append(_path("mean", x(steps), y(line)))
    for at, moment in days_of(start, horizon_s):
        place = float(x(at))
        anchor = "start" if place < LEFT + 30 else "end" if place > WIDTH - 60 else "middle"
        parts.append(_text(place, HEIGHT - 8, words.short_day(moment), anchor))
        # A day begins at its tick, wherever its name finds room.
        foot = float(y(0))
        parts.append(
            Markup('<line class="tick" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
                place, place, foot, foot + 6
            )
        )
    at_peak = float(x(band.t_s[peak]))
    parts.append(
        Markup('<circle class="peak" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(
            at_peak, float(y(highest))
        )
    )
    at_worst = words.say("{share} at worst", share=words.digits(percent(highest, 2)))
    is_apart = n_draws >= FEWEST_DRAWS and _is_apart(band, peak)
    at_worst = "" if is_apart else at_worst
    drawn = [y(one) for one in (line, *([band.mean] if is_median else []))]
    place, foot, anchor = _beside(at_peak, float(y(highest)), len(at_worst), x(band.t_s), drawn)
    parts.append(_text(place, foot, at_worst, anchor, "at-peak"))
    title = lost(replace(band, mean=line), start, words)
    if is_apart:
        title = words.say(
            "Share of domestic demand lost: no worst moment is named, since the value as given "
            "then lies outside the range of the draws"
        )
    elif n_draws:
        bands = {LOST: band}
        title = with_statistic(title, bands, of_draws=is_median, is_share=True, words=words).title
    pale = "faint shade: nine in ten of {n} with all that is not known"
    if is_median:
        shades = [("mean", words.say("Line: median of the draws"))]
        shades.append(("given", words.say("thin line: mean as given")))
    else:
        shades = [("mean", words.say("Line: mean as given" if n_draws else "Line: mean"))]
    if not np.isnan(band.low).all():
        luck = (
            "strong shade: nine in ten by luck alone, as given"
            if is_median
            else "strong shade: nine in ten by luck alone"
        )
        shades.append(("luck", words.say(luck)))
    if n_draws:
        shades.append(("wide", words.say(pale, n=words.count(n_draws, "draw"))))
    note = "; ".join(said for _, said in shades)
    return Picture(title, _svg(parts, HEIGHT, f"{title}. {note}."), tuple(shades))


def _is_apart(band: Band, row: int) -> bool:
    """Whether the mean as given lies outside the range of the draws at a time."""
    if band.wide is None or np.isnan(band.wide[:, row]).any():
        return False
    return not band.wide[0, row] <= band.mean[row] <= band.wide[2, row]


def _beside(
    at: float, height: float, n_letters: int, steps: _Points, lines: Sequence[_Points]
) -> tuple[float, float, str]:
    """Where the name of a point stands: beside it where no line is, else above all lines.

    Parameters
    ----------
    at, height
        The point.
    steps, lines
        Where each step of the lines begins, and how low it is, as drawn.

    Returns
    -------
    place, foot, anchor
        Of the text.
    """
    far = APART + n_letters * LETTER
    spans = {"start": (at + APART, at + far), "end": (at - far, at - APART)}
    sides = ("start", "end") if at < WIDTH / 2 else ("end", "start")
    fitting = [one for one in sides if spans[one][0] >= LEFT and spans[one][1] <= WIDTH]

    def met(side: str) -> list[tuple[float, float]]:
        """Highest and lowest of each line over the text's width."""
        begin, end = np.searchsorted(steps, spans[side], side="right")
        parts = [one[max(int(begin) - 1, 0) : max(int(end), 1)] for one in lines]
        return [(float(one.min()), float(one.max())) for one in parts]

    def placed(side: str, foot: float) -> tuple[float, float, str]:
        return spans[side][side == "end"], foot, side

    for foot in (height - 7, height + 4, height + 18, height + 26):
        for side in fitting:
            is_free = all(low < foot - LINE or high > foot + 3 for high, low in met(side))
            if is_free and foot < HEIGHT - BOTTOM:
                return placed(side, foot)
    side = (fitting or sides)[0]
    return placed(side, max(min(high for high, _ in met(side)) - 7, LINE))


def _round_up(share: float) -> float:
    return next((one for one in _SHARES if one >= share), 1.0)


def days_of(start: datetime, horizon_s: int) -> list[tuple[int, datetime]]:
    """Some five days of a run, as seconds of it and moments at which they begin.

    Of a long run they are the first of months, so that a reader sees where a month begins.
    """
    n_days = horizon_s / DAY_S
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    months = next((one for one in (1, 2, 3, 4, 6, 12) if n_days / 30.4 / one <= MOST_DAYS), 24)
    every = max(math.ceil(n_days / MOST_DAYS), 1)
    found: list[tuple[int, datetime]] = []
    for row in range(int(n_days) + 2):
        moment = midnight + timedelta(days=row)
        at_s = (moment - start) // timedelta(seconds=1)
        # A day stands where it begins: at the end of the run none does.
        if not 0 <= at_s < horizon_s:
            continue
        if n_days <= LONG_DAYS:
            is_told = not found or (moment - found[0][1]).days % every == 0
        else:
            is_told = moment.day == 1 and (moment.month - 1) % months == 0
        if is_told:
            found.append((at_s, moment))
    # Where the clock strikes no midnight, the start is told.
    return found or [(0, start)]


def _svg(parts: Sequence[Markup], height: int, alt: str) -> Markup:
    return Markup(
        '<svg class="first" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
    ).format(WIDTH, height, alt, Markup("").join(parts))


def _text(x: float, y: float, said: str, anchor: str, name: str = "") -> Markup:
    if not said:
        return Markup("")
    return Markup('<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>').format(
        x, y, anchor, name, escape(said)
    )


def _line(name: str, x1: float, x2: float, y: float) -> Markup:
    return Markup('<line class="{}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
        name, x1, x2, y, y
    )


def _stairs(x: _Points, y: _Points) -> list[tuple[float, float]]:
    """Corners of a line that holds each value until the next."""
    xs, ys = np.repeat(x, 2)[1:-1], np.repeat(y, 2)
    return list(zip(xs.tolist(), ys.tolist(), strict=True))


def _told(corners: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)


def _path(name: str, x: _Points, y: _Points) -> Markup:
    return Markup('<polyline class="{}" points="{}"/>').format(name, _told(_stairs(x, y)))


def _area(name: str, x: _Points, low: _Points, high: _Points) -> Markup:
    is_known = ~(np.isnan(low) | np.isnan(high))
    corners = [
        *_stairs(x, np.where(is_known, high, np.nan)),
        *reversed(_stairs(x, np.where(is_known, low, np.nan))),
    ]
    known = [(one, other) for one, other in corners if not math.isnan(other)]
    return Markup('<polygon class="{}" points="{}"/>').format(name, _told(known))
