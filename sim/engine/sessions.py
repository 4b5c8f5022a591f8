"""Sessions of a calendar: when each starts and ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from sim.scenario.calendars import WEEKDAYS, Calendar, GivenOrder, GivenOrderRow

Window = tuple[datetime, datetime]


def seconds_of(windows: Iterable[Window], start: datetime) -> list[tuple[int, int]]:
    """Windows in seconds since the scenario's start; half-open ``[start, stop)``."""
    return [
        (int((first - start).total_seconds()), int((last - start).total_seconds()))
        for first, last in windows
    ]


def windows_of(
    calendar: Calendar, start: datetime, end: datetime, zone: tzinfo
) -> Sequence[Window]:
    """Start and end of each session of a calendar, in sequence."""
    if calendar.windows is not None:
        return calendar.windows
    assert calendar.every is not None
    assert calendar.from_ is not None
    assert calendar.to is not None
    return recurring(
        calendar.every, calendar.from_, calendar.to, calendar.except_ or (), start, end, zone
    )


def windows_of_order(
    order: GivenOrder | GivenOrderRow, start: datetime, end: datetime, zone: tzinfo
) -> Sequence[Window]:
    """When a given order is in force; until the end of the run where it is never withdrawn."""
    from_, to = order.from_, order.to
    if isinstance(from_, time) and isinstance(to, time):
        return recurring(order.every or (), from_, to, order.except_ or (), start, end, zone)
    first = from_ if isinstance(from_, datetime) else start
    last = to if isinstance(to, datetime) else max(end, first + timedelta(seconds=1))
    return [(first, last)]


def recurring(
    every: Sequence[str],
    from_: time,
    to: time,
    except_: Sequence[date],
    start: datetime,
    end: datetime,
    zone: tzinfo,
) -> list[Window]:
    """Sessions that recur on weekdays, from the day before a run to its end.

    Parameters
    ----------
    every
        Weekdays, as in ``WEEKDAYS``, on which a session starts.
    from_, to
        Times of day; a session ends on the next day where ``to`` is earlier than ``from_``.
    except_
        Dates on which none starts.
    zone
        Whose clock the times of day are read from.

    Notes
    -----
    A time of day that comes twice as clocks change is the first of them; one that does not
    exist is read by the offset before the change (RFC 5545, section 3.3.5). A session that
    would end before it starts by that rule does not take place.
    """
    overnight = timedelta(days=int(to < from_))
    first_day = start.astimezone(zone).date() - timedelta(days=1)
    n_days = (end.astimezone(zone).date() - first_day).days + 1
    days = (first_day + timedelta(days=number) for number in range(n_days))
    windows = [
        (
            datetime.combine(day, from_, zone).astimezone(UTC),
            datetime.combine(day + overnight, to, zone).astimezone(UTC),
        )
        for day in days
        if WEEKDAYS[day.weekday()] in every and day not in except_
    ]
    return [(first, last) for first, last in windows if first < last]
