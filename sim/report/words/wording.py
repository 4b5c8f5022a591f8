"""Numbers in words: rounded for readers, with their range, and "not known" where they are not.

In: numbers. Out: text. Rounding is for reading only; the tables beside hold every digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

NOT_KNOWN = "not known"
NBSP = "\N{NO-BREAK SPACE}"
_SCALES = ((1e12, f"{NBSP}trillion"), (1e9, f"{NBSP}billion"), (1e6, f"{NBSP}million"))


def number(value: float, n_digits: int = 3) -> str:
    """One number: ``15.4 million``, ``2,141``, ``0.119``, ``not known``."""
    scale, unit = _scale(value)
    return _plain(value / scale, n_digits, is_scaled=scale != 1) + unit


def span(low: float, high: float, n_digits: int = 3) -> str:
    """Two ends of a range in one unit: ``12.2 to 17.4 million``."""
    if math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    scale, unit = _scale(max(abs(low), abs(high)))
    if 0 < abs(low) < scale / 10:
        return f"{number(low, n_digits)} to {number(high, n_digits)}"
    ends = [_plain(end / scale, n_digits, is_scaled=scale != 1) for end in (low, high)]
    return f"{ends[0]} to {ends[1]}{unit}"


def percent(share: float, n_digits: int = 3) -> str:
    """One share: ``34.3 %``."""
    if math.isnan(share):
        return NOT_KNOWN
    if 0 < abs(share) < 1e-6:
        return f"less than 0.0001{NBSP}%"
    return f"{_plain(100 * share, n_digits)}{NBSP}%"


def percent_span(low: float, high: float, n_digits: int = 3) -> str:
    """Two ends of a range of shares: ``9.7 to 14.5 %``."""
    if math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    return f"{_plain(100 * low, n_digits)} to {_plain(100 * high, n_digits)}{NBSP}%"


def quantity(value: float, unit: str) -> str:
    """One number in its unit; shares as a percentage."""
    if is_share(unit):
        return percent(value)
    return number(value)


def quantity_span(low: float, high: float, unit: str) -> str:
    """Two ends of a range in its unit; shares as a percentage."""
    return percent_span(low, high) if is_share(unit) else span(low, high)


def is_share(unit: str) -> bool:
    """Whether a unit is a share of something."""
    return unit.startswith("share")


def count(n: int, noun: str) -> str:
    """``1 replicate``, ``200 replicates``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def p_value(p: float) -> str:
    """A p value to three places; empty where there is none."""
    return "" if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


def listing(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _scale(value: float) -> tuple[float, str]:
    # What rounds up to the next unit is said in it: 999,999,600 is 1.00 billion.
    for scale, unit in _SCALES:
        if abs(value) >= scale * 0.9995:
            return scale, unit
    return 1.0, ""


def _plain(value: float, n_digits: int, *, is_scaled: bool = False) -> str:
    """Digits without a power of ten; whole numbers as they are."""
    if math.isnan(value):
        return NOT_KNOWN
    if value == 0:
        return "0"
    if not is_scaled and (float(value).is_integer() or abs(value) >= 1000):
        return f"{value:,.0f}"
    digits = n_digits - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, digits)
    shown = n_digits - 1 - math.floor(math.log10(abs(rounded))) if rounded else digits
    return f"{rounded:,.{max(shown, 0)}f}"
