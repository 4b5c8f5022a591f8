"""The page by session, where orders recur: what each stretch of listing did.

In: curves of a run folder. Out: a table, or nothing where the register never empties in between.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import curve_name, measure_name
from sim.measure.bands import over_replicates, values_at
from sim.report.page.cells import Cell, Choice, Line, PageTable, columns, without_empty
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import NBSP, businesses, number, percent, percent_span, span
from sim.results.inputs import input_rows
from sim.results.read import CurvePoints, RunFolder
from sim.scenario.tables.rows import SessionRow

IMPAIRED, LOST, REACHED, LEFT = map(
    curve_name,
    ("businesses_impaired", "demand_lost_share", "target_reached_share", "target_left_share"),
)
DENIED = measure_name("target_user_hours_denied")
SEEN = "Most in any snapshot of a public list"
LAST_DIGITS = 1e-8
"""Share of the users below which nobody is denied: what rounding leaves of a difference."""
DAY_S = 86_400
WINDOWS_D = (3, 14)
"""Days from the start that charts may show alone."""
MOST_OF_RUN = 2 / 3
"""Part of a run up to which some first days are shown alone."""
MOST = 150
"""Sessions of one strategy that are shown."""
_Times = NDArray[np.int64]


@dataclass(frozen=True)
class Session:
    """A stretch in which something is listed in some replicate.

    Attributes
    ----------
    from_s, to_s
        When it begins, and when nothing is listed any more in any replicate.
    until_s
        When the next begins, or the run ends: until then its effects are its own.
    """

    from_s: int
    to_s: int
    until_s: int


def sessions_of(listed: CurvePoints, horizon_s: int) -> tuple[Session, ...]:
    """Stretches in which anything is listed, without the target's own ranges."""
    times = np.unique(listed.t_s)
    is_on = (values_at(listed, times) > 0).any(axis=0)
    turn = np.diff(is_on.astype(np.int8), prepend=0)
    begins = times[turn > 0].tolist()
    # What is still listed at the end is a session until then.
    ends, next_ones = [*times[turn < 0].tolist(), horizon_s], [*begins[1:], horizon_s]
    return tuple(Session(*one) for one in zip(begins, ends, next_ones, strict=False))


def session_values(
    run: RunFolder, listed: Mapping[str, CurvePoints], shown_first: str, words: Language
) -> dict[str, Any]:
    """The table by session, whether a record stands beside it, and how long sessions are."""
    table = session_table(run, listed, shown_first, words)
    if table is None:
        return {"sessions": None, "sessions_are_dated": False, "sessions_last": ""}
    first = next(one.value for one in table.choices if one.is_chosen)
    return {
        "sessions": table,
        "sessions_are_dated": any(one.title == words.say(SEEN) for one in table.columns),
        "sessions_last": words.say(
            "Together sessions last {hours} of the {of} hours of the run.",
            hours=hours_in_words(length_s(sessions_of(listed[first], run.horizon_s)), words),
            of=hours_in_words(run.horizon_s, words),
        ),
    }


def hours_in_words(seconds: int, words: Language) -> str:
    """So many hours, with a digit after the point where they are few."""
    hours = seconds / 3600
    said = f"{hours:,.1f}" if hours < 100 and hours % 1 else f"{hours:,.0f}"
    return words.digits(said)


def session_table(
    run: RunFolder,
    listed: Mapping[str, CurvePoints],
    shown_first: str = "",
    words: Language = IN_ENGLISH,
) -> PageTable | None:
    """What each session listed and hit, strategy by strategy; none without at least two.

    Parameters
    ----------
    listed
        Change points of the addresses listed, by strategy.
    shown_first
        The strategy of which rows are shown at first, if it has sessions.
    """
    lines: list[Line] = []
    records = {
        round((row.start - run.start) / timedelta(seconds=1)): row
        for row in input_rows(run, "strategy", "sessions", SessionRow)
    }
    n_left_out = 0
    for strategy in run.strategies:
        found = sessions_of(listed[strategy], run.horizon_s)
        if len(found) < 2:
            continue
        n_left_out = max(n_left_out, len(found) - MOST)
        hit, lost = run.curve(IMPAIRED, strategy), run.curve(LOST, strategy)
        denied = _denied(run, strategy)
        lines.extend(
            Line.of(
                Cell(_when(run.start, one.from_s, words), one.from_s),
                Cell(_lasting(one.to_s - one.from_s, words), one.to_s - one.from_s),
                _cell(most_in(listed[strategy], one.from_s, one.until_s), words),
                _recorded(records.get(one.from_s), words),
                _cell(most_in(hit, one.from_s, one.until_s), words, are_businesses=True),
                _cell(integral_h(hit, one.from_s, one.until_s), words),
                _cell(most_in(lost, one.from_s, one.until_s), words, is_share=True),
                _denied_in(denied, one, words),
                group=strategy,
            )
            for one in found[:MOST]
        )
    if not lines:
        return None
    titles = (
        "Begins",
        "Lasts",
        "Most addresses listed at once",
        SEEN,
        "Most businesses impaired at once",
        "Business-hours impaired",
        "Demand that fails, at worst",
        "User-hours denied the target's users",
    )
    heads = columns(*map(words.say, titles), numbers=(1, 2, 3, 4, 5, 6, 7))
    caption = words.say("Each session, until the next begins")
    if n_left_out > 0:
        rest = "the first {n}, {left_out} are not shown"
        caption += "; " + words.say(rest, n=str(MOST), left_out=str(n_left_out))
    named = list(dict.fromkeys(line.group for line in lines if line.group))
    first = shown_first if shown_first in named else named[0]
    choices = [Choice(name, name, name == first) for name in named]
    table = PageTable("sessions", caption, heads, lines, choices=choices)
    return without_empty(table, *map(words.say, (SEEN, titles[-1])))


def _recorded(row: SessionRow | None, words: Language) -> Cell:
    """What a record has of a session, and whether values of the scenario were set by it."""
    if row is None or row.n_peak is None:
        return Cell("", "")
    text = {"calibration": "set values of the scenario", "held-out": "set none of its values"}
    use = words.say(text[row.use]) if row.use else ""
    return Cell(words.digits(f"{row.n_peak:,}"), row.n_peak, use)


def _denied_in(denied: _Denied | None, one: Session, words: Language) -> Cell:
    """User-hours denied until the next session, and their share of the hours of this one."""
    if denied is None:
        return Cell("", "")
    inside = float(denied.hours(one.from_s, one.to_s).mean())
    whole = denied.n_users * (one.to_s - one.from_s) / 3600
    share = words.digits(percent(inside / whole, 2)) if whole > 0 else ""
    text = "{share} of their hours in it"
    return replace(
        _cell(denied.hours(one.from_s, one.until_s), words),
        all=words.say(text, share=share) if share else "",
    )


def length_s(sessions: Sequence[Session]) -> int:
    """How long they last, together."""
    return sum(one.to_s - one.from_s for one in sessions)


def windows(horizon_s: int, sessions: Sequence[Session]) -> dict[int, int]:
    """Ends of the windows of so many first days, which cut no session that soon ends.

    None is offered that leaves little of the run out.

    Returns
    -------
    ends
        Second at which each ends, by its days.
    """
    ends = {}
    for n in WINDOWS_D:
        cut = n * DAY_S
        # What goes on for longer than a day more is cut.
        end = next(
            (one.to_s for one in sessions if one.from_s < cut < one.to_s <= cut + DAY_S), cut
        )
        if end <= MOST_OF_RUN * horizon_s:
            ends[n] = end
    return ends


@dataclass(frozen=True)
class _Denied:
    """User-hours denied in a stretch, by replicate, and how many users there are."""

    hours: Callable[[int, int], NDArray[np.float64]]
    n_users: float


def _denied(run: RunFolder, strategy: str) -> _Denied | None:
    """What tells the user-hours denied in a stretch, by replicate; None where curves do not.

    The curves hold the share of users at moments. Where users move within a tick they come to
    another sum than the measure, and are no part of it.
    """
    if not all(run.has_curve(name, strategy) for name in (REACHED, LEFT)):
        return None
    reached, left = run.curve(REACHED, strategy), run.curve(LEFT, strategy)
    n_users = float(reached.denominator[0])

    def denied(from_s: int, until_s: int) -> NDArray[np.float64]:
        hours = (until_s - from_s) / 3600
        away = hours - integral_h(reached, from_s, until_s) - integral_h(left, from_s, until_s)
        # Shares that cancel leave their last digits, of millions of users no part of an hour.
        return np.where(away > LAST_DIGITS * hours, n_users * away, 0.0)

    found = run.measures()
    mine = (found.strategy == strategy) & (found.metric == DENIED)
    measured = found.value[mine][np.argsort(found.replicate[mine])]
    whole = denied(0, run.horizon_s)
    is_theirs = measured.shape == whole.shape and np.allclose(whole, measured, rtol=0.005)
    return _Denied(denied, n_users) if is_theirs else None


def most_in(points: CurvePoints, from_s: int, until_s: int) -> NDArray[np.float64]:
    """Highest value of each replicate's curve in a stretch.

    Returns
    -------
    highest : shape (n_replicates,)
    """
    highest = values_at(points, _times(points, from_s, until_s)).max(axis=1)
    return np.asarray(highest, np.float64)


def integral_h(points: CurvePoints, from_s: int, until_s: int) -> NDArray[np.float64]:
    """Integral of each replicate's step curve over a stretch, in hours.

    Returns
    -------
    area : shape (n_replicates,)
    """
    times = _times(points, from_s, until_s)
    length = np.diff(np.append(times, until_s))
    return np.asarray(values_at(points, times) @ length / 3600, np.float64)


def _times(points: CurvePoints, from_s: int, until_s: int) -> _Times:
    """Change points of any replicate in a stretch, and its beginning."""
    inside = points.t_s[(points.t_s > from_s) & (points.t_s < until_s)]
    return np.unique(np.append(inside, from_s))


def _cell(
    values: NDArray[np.float64],
    words: Language,
    *,
    is_share: bool = False,
    are_businesses: bool = False,
) -> Cell:
    mean, low, high = (float(one[0]) for one in over_replicates(values[:, np.newaxis]))
    if are_businesses:
        ends_ = f"{businesses(low)} to {businesses(high)}" if low < high else ""
        return Cell(words.digits(businesses(mean)), mean, words.digits(ends_))
    said = percent(mean, 2) if is_share else number(mean)
    ends = percent_span if is_share else span
    return Cell(words.digits(said), mean, words.digits(ends(low, high)) if low < high else "")


def _lasting(length_s: int, words: Language) -> str:
    """Hours with a digit after the point; days from three on."""
    hours = length_s / 3600
    n, unit = (hours, "h") if hours < 72 else (hours / 24, "d")
    return f"{words.digits(f'{n:.1f}')}{NBSP}{words.name(unit)}"


def _when(start: datetime, second: int, words: Language) -> str:
    at = start + timedelta(seconds=second)
    return f"{words.date(at)}, {at:%H:%M}"
