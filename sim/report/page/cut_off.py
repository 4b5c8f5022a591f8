"""When each operator drops addresses of others: from when to when, and on which day most.

In: a run folder. Out: moments in seconds, and the words for them. They are counted exactly, from
when each operator began and ceased to enforce each entry; what its users lose at each moment is
kept by no operator.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import curve_name
from sim.measure.bands import values_at
from sim.measure.by_operator import DROPPED, operator_curves
from sim.report.page.sessions import Session, sessions_of
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.plain import duration_words
from sim.results.read import CurvePoints, RunFolder

LISTED = curve_name("addresses_listed")
MOST_REPLICATES = 20
"""Replicates of a strategy that are counted."""
MOST_SPELLS = 3
"""Spells that are told one by one."""
BRIDGED = 0.01
"""Part of a run up to which a gap between two spells is none."""
MUCH = 0.5
"""Part of the most that an operator ever drops, from which on it drops much."""


@dataclass(frozen=True)
class Spell:
    """A stretch of time, in seconds of the run."""

    from_s: int
    to_s: int


@dataclass(frozen=True)
class CutOff:
    """When one operator drops addresses that are not the target's own.

    Attributes
    ----------
    most
        Most addresses in any second, mean over replicates.
    some, much
        Stretches in which most replicates drop any, and half or more of their own most.
    most_day
        The day on which most replicates have their most, as that of its first second; None where
        none drops any.
    after_begin_s, after_end_s
        Where there are sessions: from their begin until the first address is dropped, and from
        their end until none is any more, medians over sessions and replicates; else None.
    """

    most: float
    some: tuple[Spell, ...]
    much: tuple[Spell, ...]
    most_day: datetime | None
    after_begin_s: float | None = None
    after_end_s: float | None = None


def n_counted(run: RunFolder, strategy: str) -> int:
    """Replicates of a strategy that are counted."""
    return min(len(run.finished(strategy)), MOST_REPLICATES)


def cut_offs(run: RunFolder, strategy: str) -> dict[str, CutOff]:
    """When each operator drops addresses of others under a strategy, by its name."""
    n = n_counted(run, strategy)
    found = sessions_of(run.curve(LISTED, strategy), run.horizon_s)
    sessions = found if len(found) > 1 else ()
    curves = operator_curves(run, DROPPED[0], strategy, n)
    return {name: _cut_off(one, run, n, sessions) for name, one in curves.items()}


def _cut_off(points: CurvePoints, run: RunFolder, n: int, sessions: tuple[Session, ...]) -> CutOff:
    edges = [0, *(second for one in sessions for second in (one.from_s, one.to_s))]
    times = np.unique(np.append(points.t_s, edges))
    times = times[times < run.horizon_s]
    values = np.nan_to_num(values_at(points, times))
    most = values.max(axis=1, initial=0.0)
    ends = np.append(times[1:], run.horizon_s)
    is_some = values > 0
    is_much = is_some & (values >= MUCH * most[:, np.newaxis])
    days = Counter(
        (run.start + timedelta(seconds=int(times[row.argmax()]))).date()
        for row in values
        if row.max() > 0
    )
    after_begin, after_end = _after(is_some, times, ends, sessions)
    return CutOff(
        float(most.mean()),
        _spells(is_some.sum(axis=0) > n / 2, times, ends, BRIDGED * run.horizon_s),
        _spells(is_much.sum(axis=0) > n / 2, times, ends, BRIDGED * run.horizon_s),
        # Of days that tie the first.
        datetime.combine(
            min(days, key=lambda day: (-days[day], day)), datetime.min.time(), run.start.tzinfo
        )
        if days
        else None,
        after_begin,
        after_end,
    )


def _spells(
    is_on: NDArray[np.bool_], times: NDArray[np.int64], ends: NDArray[np.int64], most_gap_s: float
) -> tuple[Spell, ...]:
    turn = np.diff(is_on.astype(np.int8), prepend=0, append=0)
    begins, stops = times[np.flatnonzero(turn > 0)], ends[np.flatnonzero(turn < 0) - 1]
    is_gap = begins[1:] - stops[:-1] > most_gap_s
    first, last = np.append(True, is_gap), np.append(is_gap, True)
    if not begins.size:
        return ()
    return tuple(map(Spell, begins[first].tolist(), stops[last].tolist()))


def _after(
    is_some: NDArray[np.bool_],
    times: NDArray[np.int64],
    ends: NDArray[np.int64],
    sessions: tuple[Session, ...],
) -> tuple[float | None, float | None]:
    """How long after a session begins and ends an operator begins and ceases, medians.

    None where the run's end cuts half of them or more.
    """
    begun: list[int] = []
    ceased: list[float] = []
    for one in sessions:
        inside = (times >= one.from_s) & (times < one.until_s)
        for row in is_some:
            places = np.flatnonzero(row & inside)
            if places.size:
                begun.append(int(times[places[0]]) - one.from_s)
                # When what the run's end cuts would have ceased is not known, but not before it.
                is_cut = ends[places[-1]] == ends[-1]
                ceased.append(math.inf if is_cut else min(ends[places[-1]], one.until_s) - one.to_s)
    if not begun or math.isinf(np.median(ceased)):
        return None, None
    return float(np.median(begun)), float(np.median(ceased))


def when_dropped(found: CutOff, run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """From when to when an operator drops addresses of others, in words.

    Such as ``from 16 April 2018, 14:46 to the end``.
    """
    if found.after_begin_s is not None and found.after_end_s is not None:
        begin, end = (
            duration_words(abs(one) / 3600, words, rounded="nearest")
            for one in (found.after_begin_s, found.after_end_s)
        )
        if found.after_begin_s:
            text = "from {begin} after a session begins until it ends"
            if found.after_end_s < 0:
                text = "from {begin} after a session begins until {end} before it ends"
            elif found.after_end_s > 0:
                text = "from {begin} after a session begins until {end} after it ends"
        elif found.after_end_s < 0:
            text = "from the start of a session until {end} before it ends"
        elif found.after_end_s > 0:
            text = "from the start of a session until {end} after it ends"
        else:
            return words.say("from the start of a session until it ends")
        return words.say(text, begin=begin, end=end)
    return spells_in_words(found.some, run, words)


def told_of_most(found: CutOff, run: RunFolder, words: Language = IN_ENGLISH) -> list[str]:
    """When it drops half of its most or more, where no sessions say it, and on which day most."""
    told = []
    if found.after_begin_s is None and found.much and found.much != found.some:
        much = spells_in_words(found.much, run, words)
        told.append(words.say("half of its most or more {spells}", spells=much))
    if found.most_day is not None:
        told.append(words.say("most at once on {day}", day=words.date(found.most_day)))
    return told


def spells_in_words(spells: tuple[Spell, ...], run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """Stretches by their moments; of many how often, the first and the last."""
    if not spells:
        return words.say("never in most replicates")

    def at(second: int) -> str:
        moment = run.start + timedelta(seconds=second)
        return f"{words.date(moment)}, {moment:%H:%M}"

    def said(one: Spell) -> str:
        if one.to_s >= run.horizon_s:
            return words.say("from {begin} to the end", begin=at(one.from_s))
        return words.say("from {begin} to {end}", begin=at(one.from_s), end=at(one.to_s))

    if len(spells) <= MOST_SPELLS:
        return "; ".join(map(said, spells))
    return words.say(
        "{n} times, first {first}, last {last}",
        n=str(len(spells)),
        first=said(spells[0]),
        last=said(spells[-1]),
    )
