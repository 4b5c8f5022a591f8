"""Days on which orders or withdrawals changed most for businesses, as the run's own events tell.

In: a run folder of one strategy. Out: marks for the axis of time, each with what was ordered that
day. A change at a second is put down to the entries that operators began or ceased to enforce in
that very second, and with them to the day on which these were ordered or withdrawn. Where the
register empties in between, a session stands in the place of a day, with what the table by session
says of it: what orders did in it, added up, counts a business again that a program took off a
shared range and back, and exceeds the curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sim.catalogue.choices import curve_name
from sim.report.page.sessions import Session, most_in
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import businesses, number
from sim.results.read import CurvePoints, RunFolder
from sim.results.relations import connect_tables

IMPAIRED = curve_name("businesses_impaired")
MOST = 4
"""Most days that are marked."""
LEAST = 0.02
"""Least change, as a share of the most businesses impaired at once, for a day to be marked."""
APART = 30
"""Two marks are at least a run's length over this apart, so that each can be read."""
DAY_S = 86_400
_REPLICATES = 20
"""Replicates of which events are read."""

_CHANGES = """
WITH
curve AS (
    SELECT replicate, t_s, value - coalesce(lag(value) OVER (
        PARTITION BY replicate ORDER BY t_s), 0) AS change
    FROM curves
    WHERE metric = $metric AND replicate IN (SELECT unnest($replicates))
        AND provider IS NULL AND sector IS NULL AND role IS NULL
),
real AS (
    SELECT replicate, entry, kind, t_s
    FROM events ANTI JOIN (SELECT replicate, entry FROM entries WHERE mechanism = 'exempt')
        USING (replicate, entry)
    WHERE replicate IN (SELECT unnest($replicates))
),
acts AS (
    SELECT DISTINCT replicate, t_s, entry, kind = 'released' AS is_release
    FROM real WHERE kind IN ('enforced', 'released')
),
shared AS (
    SELECT replicate, t_s, entry, is_release,
        change / count(*) OVER (PARTITION BY replicate, t_s) AS change
    FROM acts JOIN curve USING (replicate, t_s)
    WHERE change <> 0 AND is_release = (change < 0)
),
placed AS (
    SELECT replicate, entry, t_s AS placed_s, kind = 'unblock' AS is_release
    FROM real WHERE kind IN ('block', 'unblock')
),
dated AS (
    SELECT shared.replicate, shared.t_s, shared.entry, shared.is_release, change, placed_s
    FROM shared ASOF JOIN placed
    ON shared.replicate = placed.replicate AND shared.entry = placed.entry
        AND shared.is_release = placed.is_release AND shared.t_s >= placed.placed_s
)
, starts AS (SELECT unnest($starts) AS from_s)
SELECT from_s, is_release, min(placed_s),
    sum(change ORDER BY replicate, t_s, entry) AS total, count(DISTINCT (replicate, entry))
FROM dated ASOF JOIN starts ON dated.placed_s >= starts.from_s
GROUP BY from_s, is_release ORDER BY abs(total) DESC, from_s, is_release
"""
"""Sums have a sequence, so that their last digits do not hang on how threads share the rows."""


@dataclass(frozen=True)
class Turn:
    """A day whose orders or withdrawals changed how many businesses were impaired.

    Attributes
    ----------
    at_s
        When the first of them was placed.
    is_withdrawal
        Whether entries were withdrawn; else they were ordered.
    n_entries, change
        Entries that changed something, and by how many businesses, means over replicates.
    """

    at_s: int
    is_withdrawal: bool
    n_entries: float
    change: float


def turns(run: RunFolder) -> list[Turn]:
    """Days that changed most, in their sequence; none of a comparison.

    Raises
    ------
    DataError
        If the folder's tables cannot be read.
    """
    if len(run.strategies) > 1 or not (run.path / "events.parquet").is_file():
        return []
    points = run.curve(IMPAIRED)
    replicates = sorted(set(points.replicate.tolist()))[:_REPLICATES]
    midnight = run.start.replace(hour=0, minute=0, second=0, microsecond=0)
    first_s = (midnight - run.start) // timedelta(seconds=1)
    starts = list(range(first_s, run.horizon_s, DAY_S))
    with connect_tables(run.path, "curves", "events", "entries") as connection:
        found = connection.execute(
            _CHANGES,
            {
                "metric": IMPAIRED,
                "replicates": replicates,
                "starts": starts,
            },
        ).fetchall()
    n = max(len(replicates), 1)
    # What turned one business is no cliff.
    least = max(LEAST * float(points.value.max(initial=0.0)), 1.0)
    told: list[Turn] = []
    for _, is_withdrawal, at_s, change, n_entries in found:
        one = Turn(int(at_s), bool(is_withdrawal), n_entries / n, change / n)
        is_near = any(abs(one.at_s - other.at_s) < run.horizon_s / APART for other in told)
        # A sum of many parts of one business may come to a little more than it.
        if round(abs(one.change), 6) > least and not is_near and len(told) < MOST:
            told.append(one)
    return sorted(told, key=lambda one: one.at_s)


def turn_marks(
    run: RunFolder,
    words: Language = IN_ENGLISH,
    sessions: Sequence[Session] = (),
    listed: CurvePoints | None = None,
    *,
    of_draws: bool = False,
) -> list[dict[str, Any]]:
    """Marks of the axis of time, as JSON values: a second, a few words, and that they count.

    Parameters
    ----------
    of_draws
        Whether the lines are medians of draws: events are kept of the scenario as given alone, so
        that the marks then give no number of businesses, which the line gives.
    sessions
        Of fewer than two, days are told.
    listed
        Change points of the addresses listed, from which sessions are told.
    """
    if len(sessions) > 1 and listed is not None:
        return _session_marks(run, words, sessions, listed, of_draws=of_draws)
    return [
        {"t": one.at_s, "text": _said(run, one, words, of_draws=of_draws), "is_counted": True}
        for one in turns(run)
    ]


def _session_marks(
    run: RunFolder,
    words: Language,
    sessions: Sequence[Session],
    listed: CurvePoints,
    *,
    of_draws: bool,
) -> list[dict[str, Any]]:
    """Sessions in which most businesses were impaired, in their sequence."""
    if len(run.strategies) > 1:
        return []
    hit = run.curve(IMPAIRED)

    def most_of(points: CurvePoints, one: Session) -> float:
        return float(most_in(points, one.from_s, one.until_s).mean())

    found = [(one.from_s, most_of(listed, one), most_of(hit, one)) for one in sessions]
    least = max(LEAST * max(most for _, _, most in found), 1.0)
    told: list[tuple[int, float, float]] = []
    for at_s, n, most in sorted(found, key=lambda row: (-row[2], row[0])):
        is_near = any(abs(at_s - other) < run.horizon_s / APART for other, _, _ in told)
        if most > least and not is_near and len(told) < MOST:
            told.append((at_s, n, most))
    return [
        {
            "t": at_s,
            "text": words.say(
                "{day}: most addresses listed at once: {n}"
                if of_draws
                else "{day}: most addresses listed at once: {n}; most businesses impaired: {most}",
                day=_day_and_time(run, at_s, words),
                n=words.digits(number(n)),
                most=words.digits(businesses(most)),
            ),
            "is_counted": True,
        }
        for at_s, n, most in sorted(told)
    ]


def _day_and_time(run: RunFolder, at_s: int, words: Language) -> str:
    at = run.start + timedelta(seconds=at_s)
    return f"{words.short_day(at)}, {at:%H:%M}"


def _said(run: RunFolder, one: Turn, words: Language, *, of_draws: bool) -> str:
    # Most entries of a day hit nobody: these are not counted.
    what = {
        (True, True): "{day}: entries withdrawn that freed businesses: {n}",
        (True, False): "{day}: entries withdrawn that freed businesses: {n}; businesses impaired: "
        "{change}",
        (False, True): "{day}: entries ordered that hit businesses: {n}",
        (False, False): "{day}: entries ordered that hit businesses: {n}; businesses impaired: "
        "{change}",
    }[one.is_withdrawal, of_draws]
    sign = "+" if one.change > 0 else "\N{MINUS SIGN}"
    return words.say(
        what,
        day=words.short_day(run.start + timedelta(seconds=one.at_s)),
        n=words.digits(businesses(one.n_entries)),
        change=f"{sign}{words.digits(businesses(abs(one.change)))}",
    )
