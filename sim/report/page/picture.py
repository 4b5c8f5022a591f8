"""The first picture of the page: drawn without a script, so that it is there in print as well.

In: a curve with its bands, or rows of strategies. Out: SVG whose colours the page gives. Labels
stand at what they name; there is no legend.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

from sim.catalogue.choices import (
    COLLATERAL,
    EFFICACY,
    HARM_PER_EFFECT,
    curve_name,
    label,
)
from sim.measure.bands import Band
from sim.report.page.bands import share_of
from sim.report.page.headline import HIT_FOR
from sim.report.page.use_lost import Lost
from sim.report.words.findings import as_given, lost
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import capitalised, number, percent, percent_span, span
from sim.report.words.plain import duration_words, strategy_words
from sim.results.tables import Row, text
from sim.results.tables import number as cell

LOST = curve_name("demand_lost_share")
WIDTH, HEIGHT = 720, 250
LEFT, RIGHT, TOP, BOTTOM = 64, 14, 34, 34
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
    """Share of what customers try that fails, over time."""
    peak = int(np.argmax(band.mean))
    highest = float(band.mean[peak])
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
    parts.append(_path("mean", x(steps), y(band.mean)))
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
    anchor = "start" if at_peak < WIDTH / 2 else "end"
    shift = 6 if anchor == "start" else -6
    parts.append(
        Markup('<circle class="peak" cx="{:.1f}" cy="{:.1f}" r="4"/>').format(
            at_peak, float(y(highest))
        )
    )
    parts.append(
        _text(
            at_peak + shift,
            float(y(highest)) - 7,
            words.say("{share} at worst, on average", share=words.digits(percent(highest, 2))),
            anchor,
            "at-peak",
        )
    )
    title = lost(band, start, words)
    if n_draws:
        middle = ""
        if band.wide is not None and not np.isnan(band.wide[1, peak]):
            middle = words.digits(percent(float(band.wide[1, peak]), 2))
        title = as_given(title, words, middle)
    pale = "faint shade: nine in ten of {n} with all that is not known"
    shades = [("mean", words.say("Line: mean as given" if n_draws else "Line: mean"))]
    if not np.isnan(band.low).all():
        shades.append(("luck", words.say("strong shade: nine in ten by luck alone")))
    if n_draws:
        shades.append(("wide", words.say(pale, n=words.count(n_draws, "draw"))))
    note = "; ".join(said for _, said in shades)
    return Picture(title, _svg(parts, HEIGHT, f"{title}. {note}."), tuple(shades))


@dataclass(frozen=True)
class Bar:
    """One bar, in percent of the room it has.

    Attributes
    ----------
    value, range
        In figures; the range is over all that is not known, empty without draws.
    length
        From 0 to the mean.
    low, span
        Where the range begins, and how long it is.
    """

    value: str
    range: str
    length: float
    low: float
    span: float


@dataclass(frozen=True)
class Bars:
    """Strategies side by side, a bar each for what they cost bystanders and the target.

    Attributes
    ----------
    title
        What they show, as a finding.
    heads
        What each column of bars shows.
    rows
        Of each strategy: what it blocks, its label, its bars.
    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Bar, ...]], ...]


def bars_of_comparison(
    rows: Sequence[Row],
    strategies: Sequence[Mapping[str, Any]],
    baseline: str,
    words: Language = IN_ENGLISH,
    lost: Mapping[str, Lost] | None = None,
) -> Bars:
    """Harm to bystanders, its length, and effect on the target: a bar each for every strategy.

    Parameters
    ----------
    rows
        Rows of ``comparison.csv`` with both bands.
    strategies
        As in the manifest.
    lost
        What the target lost with each, where it is known: hours denied alone are shown without it.
    """
    known = {(text(row, "strategy"), text(row, "metric")): row for row in rows}
    shown = [one for one in strategies if one["label"] != baseline]
    labels = [str(one["label"]) for one in shown]
    harm = {name: cell(known.get((name, COLLATERAL), {}), "mean") for name in labels}
    heads, columns = [], []
    for metric in (COLLATERAL, HIT_FOR, EFFICACY, HARM_PER_EFFECT):
        own = [known.get((name, metric), {}) for name in labels]
        if metric == HIT_FOR:
            # Where the number that is said of harm is none, none was hit for long.
            own = [
                {"mean": math.nan} if row and not harm[name] > 0 else row
                for name, row in zip(labels, own, strict=True)
            ]
        if metric == EFFICACY and lost and all(name in lost for name in labels):
            heads.append(words.say("Target: share of its use lost"))
            columns.append(_bars_of_shares([_as_row(lost[name]) for name in labels], words))
        elif any(own):
            head, bars = _column(metric, own, words)
            heads.append(head)
            columns.append(bars)
    said = {str(one["label"]): strategy_words(one, words) for one in shown}
    return Bars(
        _finding({name: known.get((name, COLLATERAL), {}) for name in labels}, said, words),
        tuple(heads),
        tuple(
            (capitalised(said[name]), name, tuple(column[row] for column in columns))
            for row, name in enumerate(labels)
        ),
    )


def _finding(rows: Mapping[str, Row], said: Mapping[str, str], words: Language) -> str:
    """Which strategy impaired bystanders most, and which least, each with its range."""
    harm = {name: cell(row, "mean") for name, row in rows.items()}

    def counted(name: str) -> str:
        low, high = (cell(rows[name], f"all_{end}") for end in ("low", "high"))
        range_ = f" ({span(low, high)})" if low < high else ""
        return words.digits(f"{number(harm[name])}{range_}")

    by_harm = sorted((name for name in harm if not math.isnan(harm[name])), key=harm.__getitem__)
    if not by_harm:
        return words.say("What each strategy cost")
    least, most = by_harm[0], by_harm[-1]
    measure, highest = words.name(label(COLLATERAL)), counted(most)
    if harm[least] == harm[most]:
        return words.say("Bystanders: {n} {measure} with each", n=highest, measure=measure)
    return words.say(
        "Bystanders: {n} {measure} with {least}, {most_n} with {most}",
        n=counted(least),
        measure=measure,
        least=said[least],
        most_n=highest,
        most=said[most],
    )


def _column(metric: str, rows: Sequence[Row], words: Language) -> tuple[str, list[Bar]]:
    """Title and bars of one measure: hours denied as a share, a duration in words."""

    def said(value: float) -> str:
        return words.digits(number(value))

    def spanned(low: float, high: float) -> str:
        return words.digits(span(low, high))

    if metric == HIT_FOR:
        return words.say("Businesses hit: half of them for more than"), _bars(
            rows,
            lambda hours: words.say("none") if math.isnan(hours) else duration_words(hours, words),
            lambda low, high: _durations(low, high, words),
        )
    if metric == EFFICACY and all(cell(row, "denominator") > 0 for row in rows if row):
        title = words.say("Target: share of its users' hours denied")
        return title, _bars_of_shares([_as_share(row) for row in rows], words)
    return capitalised(words.name(label(metric))), _bars(rows, said, spanned)


def _bars_of_shares(rows: Sequence[Row], words: Language) -> list[Bar]:
    return _bars(
        rows,
        lambda share: words.digits(percent(share, 2)),
        lambda low, high: words.digits(percent_span(low, high)),
    )


def _as_row(lost: Lost) -> Row:
    return {"mean": lost.middle, "all_low": lost.low, "all_high": lost.high}


def _as_share(row: Row) -> Row:
    """A row of which number and range are shares of what it is out of."""
    ends = {f"all_{end}": cell(row, f"all_share_{end}") for end in ("low", "high")}
    return {"mean": share_of(row), **ends} if row else row


def _durations(low: float, high: float, words: Language) -> str:
    first, last = duration_words(low, words), duration_words(high, words)
    return first if first == last else words.say("{low} to {high}", low=first, high=last)


def _bars(
    rows: Sequence[Row], said: Callable[[float], str], spanned: Callable[[float, float], str]
) -> list[Bar]:
    ends = [cell(row, name) for row in rows for name in ("mean", "all_high")]
    top = max((end for end in ends if math.isfinite(end)), default=0.0) or 1.0
    found = []
    for row in rows:
        mean, low, high = (cell(row, name) for name in ("mean", "all_low", "all_high"))
        is_wide = low < high
        found.append(
            Bar(
                said(mean),
                spanned(low, high) if is_wide else "",
                0.0 if math.isnan(mean) else round(100 * mean / top, 2),
                round(100 * low / top, 2) if is_wide else 0.0,
                round(100 * (min(high, top) - low) / top, 2) if is_wide else 0.0,
            )
        )
    return found


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
