"""Days and times as a language writes them."""

from __future__ import annotations

import re
from datetime import datetime

from sim.report.words.languages import ENGLISH, NBSP, Language, Text, joined, say, unbroken

_WEEKDAY = "ccc"
"""Day of the week in the form that CLDR has for it alone."""


def day(at: datetime) -> Text:
    """A day with its year: ``16 April 2018``."""
    return Text(lambda words: _format(at, f"{at.day} {at:%B} {at.year}", "yMMMMd", words))


def day_in_year(at: datetime) -> Text:
    """A day without its year: ``16 April``."""
    return Text(lambda words: _format(at, f"{at.day} {at:%B}", "MMMMd", words))


def short_day(at: datetime) -> Text:
    """A day in few letters: ``16 Apr``."""
    return Text(lambda words: _format(at, f"{at.day} {at:%b}", "MMMd", words))


def short_weekday(at: datetime) -> Text:
    """A day of the week in few letters: ``Mon``."""
    return Text(lambda words: _format(at, f"{at:%a}", _WEEKDAY, words))


def moment(at: datetime) -> Text:
    """A day with its time, which no line parts: ``16 Apr, 20:00``."""
    return unbroken(joined(", ", (short_day(at), f"{at:%H:%M}")))


def period(start: datetime, end: datetime) -> Text:
    """First and last day: ``16 April to 4 June 2018``."""
    if start.date() == end.date():
        return day(end)
    first: str = day(start)
    if (start.year, start.month) == (end.year, end.month):
        first = str(start.day)
    elif start.year == end.year:
        first = day_in_year(start)
    return say("{first} to {last}", first=first, last=day(end))


def _format(at: datetime, in_english: str, skeleton: str, words: Language) -> str:
    if words.code == ENGLISH:
        return in_english
    from babel.dates import format_date, format_skeleton

    if skeleton == _WEEKDAY:
        return format_date(at, skeleton, locale=words.code)
    told = format_skeleton(skeleton, at, locale=words.code)
    # As one reads it: a sentence that ends with a date would have two full stops.
    return re.sub(r"\sг\.$", f"{NBSP}года", told)
