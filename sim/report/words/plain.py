"""Numbers and strategies as one would say them aloud: no digits where a word will do.

In: shares, durations, strategies with their parameters. Out: words. Figures with their ranges stand
beside them on the page; nothing here is to be quoted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from sim.report.words.numbers import number

_NUMBERS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
_FRACTIONS = tuple(
    Fraction(*one)
    for one in (
        *((1, 20), (1, 10), (1, 8), (1, 6), (1, 5), (1, 4), (1, 3), (2, 5)),
        *((1, 2), (3, 5), (2, 3), (3, 4), (4, 5), (5, 6), (7, 8), (9, 10)),
    )
)
_NEARLY_ALL = 0.95
_MINUTE_H, _DAY_H, _WEEK_H, _MONTH_H = 1 / 60, 24.0, 168.0, 730.5
_UNITS = (
    # From how many hours on a duration is told in a unit, its length in hours, its name.
    (0.0, 1 / 3600, "second"),
    (2 * _MINUTE_H, _MINUTE_H, "minute"),
    (2.0, 1.0, "hour"),
    (2 * _DAY_H, _DAY_H, "day"),
    (3 * _WEEK_H, _WEEK_H, "week"),
    (3 * _MONTH_H, _MONTH_H, "month"),
)
_PLAIN = {
    "none": "no blocking",
    "replay": "the orders as placed",
    "orders": "the orders given",
    "exact": "every address alone",
    "aggregate": "whole /{length} networks",
    "covering-prefix": "the provider's largest prefixes",
    "provider-region": "all of the provider's region",
    "provider": "the provider's whole range",
    "escalate": "wider and wider ranges",
    "dns": "the name in resolvers",
    "sni": "the name in the TLS handshake",
    "throttle": "whole /{length} networks, by slowing them",
    "time-window": "addresses at set times",
    "rolling": "addresses by turns",
    "allow-list": "all that is not on a list",
    "negotiate": "providers that refuse",
    "cover": "the cheapest cover of the addresses",
}


def share_words(share: float) -> str:
    """A share as a simple fraction: ``about three in four``; ``not known`` where it is not.

    The fraction is the nearest in steps that differ by about a tenth of themselves; ``about`` is
    left out where it is exact.
    """
    if math.isnan(share):
        return "an unknown share"
    if share <= 0:
        return "none"
    if share >= _NEARLY_ALL:
        return "all" if share >= 1 else "nearly all"
    if share < 0.045:
        few = round(1 / share, 1 - math.ceil(math.log10(1 / share)))
        return f"about one in {number(few)}" if share > 1e-6 else "hardly any"
    nearest = min(_FRACTIONS, key=lambda one: abs(float(one) - share))
    words = f"{_count(nearest.numerator)} in {_count(nearest.denominator)}"
    return words if float(nearest) == share else f"about {words}"


def duration_words(hours: float) -> str:
    """A duration in whole units, rounded down: ``five weeks``."""
    if math.isnan(hours):
        return "an unknown time"
    _, length, name = next(unit for unit in reversed(_UNITS) if hours >= unit[0])
    n = math.floor(hours / length + 1e-9)
    return f"{_count(n)} {name}{'' if n == 1 else 's'}"


def times_words(ratio: float) -> str:
    """How many times as much: ``three times``, ``1,200 times``; digits above twelve."""
    if ratio < 1.15:
        return "about as much as"
    if ratio < 1.75:
        return "half again as much as"
    if ratio > 1000:
        return "more than 1,000 times as much as"
    n = round(ratio) if ratio < 20 else round(ratio, 2 - math.ceil(math.log10(ratio)))
    return f"{'twice' if n == 2 else f'{_count(int(n))} times'} as much as"


def strategy_words(strategy: Mapping[str, Any]) -> str:
    """What a strategy blocks, for people, from its id and parameters in a manifest."""
    name = str(strategy["id"])
    told = _PLAIN.get(name, name)
    try:
        return told.format(**strategy.get("parameters", {}))
    except KeyError:
        return told.replace("/{length} ", "")


def _count(n: int) -> str:
    return _NUMBERS[n] if 0 <= n < len(_NUMBERS) else f"{n:,}"
