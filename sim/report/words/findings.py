"""What a chart over time shows, in one sentence, which is its title on the page and in figures.

In: curves with their bands. Out: a sentence with the mean at the moment that matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np

from sim.measure.bands import Band
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import at_most, number, percent


def lost(band: Band, start: datetime, words: Language = IN_ENGLISH) -> str:
    """Say how much of what domestic customers tried failed, at worst."""
    highest, when = peak(band, start, words)
    if not highest > 0:
        return words.say("In the simulation nothing that domestic customers tried failed")
    return words.say(
        "At worst in the model, on {day}, {share} of what domestic customers tried failed",
        day=when,
        share=words.digits(percent(highest, 2)),
    )


def impaired(band: Band, start: datetime, words: Language = IN_ENGLISH) -> str:
    """Say how many businesses were impaired, at worst."""
    highest, when = peak(band, start, words)
    if not highest > 0:
        return words.say("No business was impaired")
    of = band.denominator
    return words.say(
        "At worst, on {day}, {n} of the businesses were impaired",
        day=when,
        n=words.digits(number(highest) if math.isnan(of) else percent(highest / of, 2)),
    )


def listed(
    band: Band, start: datetime, words: Language = IN_ENGLISH, *, has_own: bool = True
) -> str:
    """Say how many addresses were listed at most, the target's own left out where it has any."""
    highest, when = peak(band, start, words)
    if not highest > 0:
        return words.say("No addresses but the target's own were listed")
    return words.say(
        "Most were listed on {day}: {n:address}, not counting the target's own"
        if has_own
        else "Most were listed on {day}: {n:address}",
        day=when,
        n=words.digits(number(highest)),
    )


def enforcing(band: Band, who: str, words: Language = IN_ENGLISH) -> str:
    """Say at how many operators, or for how many of their users, an entry was enforced at most.

    Parameters
    ----------
    band
        The share, mean over entries in force: one old entry that all enforce says nothing of the
        others.
    who
        ``users`` or ``operators``.
    """
    highest = float(np.nanmax(band.mean, initial=0.0))
    if not highest > 0:
        return words.say("No operator enforced the register")
    text = (
        "The average entry of the register was enforced for at most {share} of the users"
        if who == "users"
        else "The average entry of the register was enforced by at most {share} of the operators"
    )
    return words.say(text, share=words.digits(at_most(highest, 2)))


def reached(band: Band, start: datetime, words: Language = IN_ENGLISH) -> str:
    """Say how many of its users reached the target, at the fewest."""
    known = np.where(np.isnan(band.mean), np.inf, band.mean)
    lowest = float(known.min())
    if math.isinf(lowest):
        return words.say("How many of its users reached the target is not known")
    if lowest > 0.9995:
        return words.say("All of its users reached the target at all times")
    return words.say(
        "Fewest reached the target on {day}: {share} of its users",
        day=_day(start, int(band.t_s[np.argmin(known)]), words),
        share=words.digits(percent(lowest, 2)),
    )


def degraded(band: Band, start: datetime, words: Language = IN_ENGLISH) -> str:
    """Say how many of its users were cut off from the target or changing fronts, at worst."""
    if np.isnan(band.mean).all():
        return words.say("How many of its users were cut off or changing fronts is not known")
    highest, when = peak(band, start, words)
    if not highest > 0:
        return words.say("None of its users was cut off or had to change fronts")
    return words.say(
        "In the worst hours, on {day}, {share} of its users were cut off or changing fronts",
        day=when,
        share=words.digits(percent(highest, 2)),
    )


def fewest_reach(bands: Mapping[str, Band], start: datetime, words: Language = IN_ENGLISH) -> str:
    """Say with which of several strategies the fewest users reached the target, and how many."""
    lows = {name: float(np.nanmin(band.mean, initial=1.0)) for name, band in bands.items()}
    first = min(lows, key=lambda name: lows[name], default="")
    if not first or lows[first] > 0.9995:
        return words.say("All of its users reached the target at all times")
    found = reached(bands[first], start, words)
    return words.say("{finding}, with {strategy}", finding=found, strategy=first)


def most_of(
    bands: Mapping[str, Band],
    start: datetime,
    what: str,
    *,
    is_share: bool,
    are_businesses: bool = False,
    words: Language = IN_ENGLISH,
) -> str:
    """Say which of several lines goes highest, and how high.

    Parameters
    ----------
    bands
        By name; several lines of one measure.
    what
        The measure, in the language.
    are_businesses
        Whether it is so many businesses of a line, or a share of them, which its name does not say.
    """
    tops = {name: peak(band, start, words) for name, band in bands.items()}
    first = max(tops, key=lambda name: tops[name][0], default="")
    if not first or not tops[first][0] > 0:
        return words.say("{what}: none at any time", what=what)
    highest, when = tops[first]
    text = "{what}: most with {name}, {n} on {day}"
    if are_businesses:
        text = (
            "{what}: most with {name}, {n} of its businesses on {day}"
            if is_share
            else "{what}: most with {name}, {n} businesses on {day}"
        )
    n = words.digits(percent(highest, 2) if is_share else number(highest))
    return words.say(text, what=what, name=first, n=n, day=when)


def as_given(found: str, words: Language = IN_ENGLISH, middle: str = "") -> str:
    """Say of a finding that it is of the scenario as given, where draws stand beside it.

    Parameters
    ----------
    middle
        The draws' median at the moment of the finding, which need not be its own worst.
    """
    text = "{finding} (mean as given)"
    text = "{finding} (mean as given; median of the draws then: {middle})" if middle else text
    return words.say(text, finding=found, middle=middle)


def of_draws(found: str, given: str, words: Language = IN_ENGLISH) -> str:
    """Say of a finding that it is of the draws' median, and where the mean as given lies then."""
    text = "{finding} (median of the draws; mean as given then: {given})"
    return words.say(text, finding=found, given=given)


def is_outside(band: Band, row: int) -> bool:
    """Whether the line as given lies outside the range of the draws at one of its times."""
    if band.wide is None:
        return False
    low, _, high = band.wide[:, row].tolist()
    # Not by the last digits alone.
    room = 1e-9 * max(abs(low), abs(high))
    return bool(band.mean[row] < low - room or band.mean[row] > high + room)


def where_draws_lie(
    name: str,
    band: Band,
    row: int,
    start: datetime,
    *,
    is_share: bool,
    of_draws: bool = False,
    words: Language = IN_ENGLISH,
) -> str:
    """Say where draws lie at a time, and whether the mean as given lies outside.

    A sentence to stand behind others; nothing without draws.

    Parameters
    ----------
    name
        Of the line, as it is quoted.
    row
        Which of the times of the curve.
    of_draws
        Whether the line is the draws' median; else it is the mean as given.
    """
    if band.wide is None:
        return ""
    low, middle, high = band.wide[:, row].tolist()
    given = float(band.mean[row])
    if any(map(math.isnan, (low, middle, high, given))):
        return ""

    def said(value: float) -> str:
        return words.digits(percent(value, 2) if is_share else number(value))

    text = "{moment}: nine in ten draws lie from {low} to {high}, with their median at {middle}."
    if of_draws:
        text = "{moment}: nine in ten draws lie from {low} to {high}."
    if of_draws and is_outside(band, row):
        text = (
            "{moment}: nine in ten draws lie from {low} to {high}; the thin line, which is as "
            "given, lies above that range, at {given}."
            if given > high
            else "{moment}: nine in ten draws lie from {low} to {high}; the thin line, which is as "
            "given, lies below that range, at {given}."
        )
    elif is_outside(band, row):
        text = (
            "{moment}: nine in ten draws lie from {low} to {high}, with their median at "
            "{middle}; the line, which is as given, lies above that range, at {given}."
            if given > high
            else "{moment}: nine in ten draws lie from {low} to {high}, with their median at "
            "{middle}; the line, which is as given, lies below that range, at {given}."
        )
    at = start + timedelta(seconds=int(band.t_s[row]))
    moment = f"{name}, {words.date(at)}, {at:%H:%M}"
    told = {"low": said(low), "middle": said(middle), "high": said(high), "given": said(given)}
    return f" {words.say(text, moment=moment, **told)}"


def peak(band: Band, start: datetime, words: Language = IN_ENGLISH) -> tuple[float, str]:
    """Highest mean of a curve, and the day of it; 0 where nothing is known."""
    known = np.where(np.isnan(band.mean), 0.0, band.mean)
    row = int(np.argmax(known))
    return float(known[row]), _day(start, int(band.t_s[row]), words)


def _day(start: datetime, second: int, words: Language) -> str:
    return words.date(start + timedelta(seconds=second))
