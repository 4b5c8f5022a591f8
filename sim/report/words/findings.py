"""What a chart over time shows, in one sentence: the title of it on the page and in figures.

In: curves with their bands. Out: a sentence with the mean at the moment that matters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np

from sim.measure.bands import Band
from sim.report.words.numbers import number, percent


def lost(band: Band, start: datetime) -> str:
    """Of the share of what domestic customers try that fails."""
    highest, when = peak(band, start)
    if not highest > 0:
        return "Nothing of what domestic customers tried failed"
    return f"At worst, on {when}, {percent(highest, 2)} of what domestic customers tried failed"


def impaired(band: Band, start: datetime) -> str:
    """Of the businesses that are impaired."""
    highest, when = peak(band, start)
    if not highest > 0:
        return "No business was impaired"
    of = band.denominator
    many = number(highest) if math.isnan(of) else percent(highest / of, 2)
    return f"At worst, on {when}, {many} of the businesses were impaired"


def listed(band: Band, start: datetime) -> str:
    """Of the addresses in the register, without the target's own."""
    highest, when = peak(band, start)
    if not highest > 0:
        return "No addresses but the target's own were listed"
    return f"Most were listed on {when}: {number(highest)} addresses that were not the target's"


def enforcing(band: Band, who: str) -> str:
    """Of the users, or operators, with whom the register is enforced.

    Parameters
    ----------
    who
        ``users`` or ``operators``.
    """
    highest = float(np.nanmax(band.mean, initial=0.0))
    if not highest > 0:
        return "No operator enforced the register"
    most = percent(highest, 2)
    if who == "users":
        return f"At most {most} of the users were with operators that enforced the register"
    return f"At most {most} of the operators enforced the register"


def reached(band: Band, start: datetime) -> str:
    """Of the target's users who reach it."""
    known = np.where(np.isnan(band.mean), np.inf, band.mean)
    lowest = float(known.min())
    if math.isinf(lowest):
        return "How many of its users reached the target is not known"
    if lowest > 0.9995:
        return "All of its users reached the target at all times"
    when = _day(start, int(band.t_s[np.argmin(known)]))
    return f"At the fewest, on {when}, {percent(lowest, 2)} of its users reached the target"


def fewest_reach(bands: Mapping[str, Band], start: datetime) -> str:
    """With which of several strategies the fewest of the target's users reach it."""
    lows = {name: float(np.nanmin(band.mean, initial=1.0)) for name, band in bands.items()}
    first = min(lows, key=lambda name: lows[name], default="")
    if not first or lows[first] > 0.9995:
        return "All of its users reached the target at all times"
    return f"{reached(bands[first], start)}, with {first}"


def most_of(
    bands: Mapping[str, Band], start: datetime, what: str, *, is_share: bool, of: str = ""
) -> str:
    """Which of several lines goes highest, and how high.

    Parameters
    ----------
    bands
        By name; several lines of one measure.
    what
        The measure.
    of
        What a share is out of, where the name does not say so.
    """
    tops = {name: peak(band, start) for name, band in bands.items()}
    first = max(tops, key=lambda name: tops[name][0], default="")
    if not first or not tops[first][0] > 0:
        return f"{what}: none at any time"
    value = percent(tops[first][0], 2) if is_share else number(tops[first][0])
    return f"{what}: most with {first}, {value}{of} on {tops[first][1]}"


def peak(band: Band, start: datetime) -> tuple[float, str]:
    """Highest mean of a curve, and the day of it; 0 where nothing is known."""
    known = np.where(np.isnan(band.mean), 0.0, band.mean)
    row = int(np.argmax(known))
    return float(known[row]), _day(start, int(band.t_s[row]))


def _day(start: datetime, second: int) -> str:
    when = start + timedelta(seconds=second)
    return f"{when.day} {when:%B %Y}"
