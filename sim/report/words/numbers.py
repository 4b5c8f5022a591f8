"""How numbers are written for readers: two significant digits, ``78%``, ranges, "not known".

In: numbers. Out: text in which no number parts from its unit. Page, terminal, notebook, figures and
assessments write numbers by these functions, so that a number reads the same wherever it is shown.
Backtests write four digits; tables hold every digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.measure.estimates import Estimate


NOT_KNOWN = "not known"
DUST = 1e-9
"""Numbers below it, and lower ends below this part of the upper one, are printed as nearly 0."""
NEARLY_NOTHING = "nearly 0"
LEAST_PERCENT = 1e-4
"""Percent below which a share is not written in digits."""
NBSP = "\N{NO-BREAK SPACE}"
MILLION = 1_000_000
_SCALES = ((1e12, f"{NBSP}trillion"), (1e9, f"{NBSP}billion"), (1e6, f"{NBSP}million"))
_WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_FRACTIONS = tuple(
    Fraction(n, of)
    for of in (2, 3, 4, 5, 6, 7, 8, 9, 10)
    for n in (range(1, of) if of in (2, 3, 4, 5, 10) else (1,))
)
"""Shares as one says them."""


def number(value: float) -> str:
    """One number: ``15 million``, ``2,100``, ``0.12``, ``not known``."""
    if math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return "no limit"
    if 0 < value < DUST:
        return NEARLY_NOTHING
    digits = _rounded(value)
    scale, unit = _scale(digits)
    return _digits(digits / scale) + unit


def span(low: float, high: float) -> str:
    """Two ends of a range, which no line parts: ``5.4 to 86 billion``, ``190,000 to 3 million``.

    The unit is printed once where both ends have it. An end below that unit is printed in full: 9.4
    and 13 million would otherwise be read as 9.4 million. Ends that round to the same number are
    printed once.
    """
    if math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    if math.isinf(high):
        return f"{number(low)} and more".replace(" ", NBSP)
    low_text = NEARLY_NOTHING if 0 < low < DUST * high else number(low)
    high_text = number(high)
    if low_text == high_text:
        return low_text
    scale, unit = _scale(_rounded(high))
    if unit and low > 0:
        low_text = low_text.removesuffix(unit)
    if unit and DUST * high <= low < high / scale:
        high_text = f"{_rounded(high):,.0f}"
    return f"{low_text} to {high_text}".replace(" ", NBSP)


def percent(share: float) -> str:
    """One share: ``78%``, ``0.32%``; nearly all is printed as ``over 99%``."""
    if math.isnan(share):
        return NOT_KNOWN
    if 0 < abs(share) < LEAST_PERCENT / 100:
        return f"less{NBSP}than{NBSP}0.0001%"
    if share < 1 - DUST and _rounded(100 * share) >= 100:
        return f"over{NBSP}99%"
    return f"{_digits(_rounded(100 * share))}%"


def percent_span(low: float, high: float) -> str:
    """Two ends of a range of shares: ``65 to 87%``."""
    if math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    ends = [
        NEARLY_NOTHING if 0 < end < LEAST_PERCENT / 100 else percent(end) for end in (low, high)
    ]
    if ends[0] == ends[1]:
        return ends[0]
    return f"{ends[0].removesuffix('%')} to {ends[1]}".replace(" ", NBSP)


def at_least(share: float) -> str:
    """A lower bound of a share, rounded down so that it holds as printed: ``94%`` of 0.9459."""
    if not share >= 1e-6:
        return percent(0.0 if share > 0 else share)
    return percent(_rounded_down(share))


def at_most(share: float) -> str:
    """An upper bound of a share, rounded up: ``0.24%`` of 0.00231."""
    return percent(-_rounded_down(-share))


def quantity(value: float, unit: str) -> str:
    """One number in its unit; shares as a percentage."""
    return percent(value) if is_share(unit) else number(value)


def quantity_span(low: float, high: float, unit: str) -> str:
    """Two ends of a range in its unit; shares as a percentage."""
    return percent_span(low, high) if is_share(unit) else span(low, high)


def value_text(found: Estimate) -> str:
    """The median of an estimate, without its unit unless that is a percentage."""
    return quantity(found.median, found.unit)


def range_text(found: Estimate) -> str:
    """The range of an estimate; empty where it has none that can be seen in two digits."""
    text = quantity_span(found.low, found.high, found.unit)
    return "" if not found.has_range or text == value_text(found) else text


def spoken(share: float) -> str:
    """A share as one says it aloud: ``four in five``; below a tenth ``about 1.2%``."""
    if math.isnan(share):
        return NOT_KNOWN
    if share >= 1:
        return "all"
    if share > 0.95:
        return "almost all"
    if share < 0.1:
        return "none" if share <= 0 else f"about {percent(share)}"
    nearest = min(_FRACTIONS, key=lambda one: abs(math.log(float(one) / share)))
    if nearest == Fraction(1, 2):
        return "half"
    return f"{_WORDS[nearest.numerator]} in {_WORDS[nearest.denominator]}"


def is_share(unit: str) -> bool:
    """Whether a unit is a share of something."""
    return unit.startswith("share")


def plural(noun: str) -> str:
    """Several of what an English noun names: ``businesses``, ``strategies``, ``USD``."""
    if noun.isupper():
        return noun
    if noun.endswith("s"):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeo":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


NOUN_OF = {
    plural(noun): noun
    for noun in ("address", "business", "business-hour", "user-hour", "name", "active site", "USD")
}
"""Of units that are counted, what one of them is called."""


def count(n: int | str, noun: str) -> str:
    """How many of something: ``1 replicate``, ``200 replicates``, ``15 million addresses``.

    Parameters
    ----------
    n
        A number, or one as it is written.
    noun
        In the singular.
    """
    said = n if isinstance(n, str) else f"{n:,}"
    return f"{said} {noun if said == '1' else plural(noun)}"


def amount(said: str, unit: str) -> str:
    """A number as it is written with its unit, which agrees with it: ``1 business``."""
    return count(said, NOUN_OF[unit]) if unit in NOUN_OF else f"{said} {unit}"


def capitalised(words: str) -> str:
    """Words with a capital at their beginning."""
    return words[:1].upper() + words[1:]


def listing(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def rounded(value: float | None) -> str:
    """Write an estimate with about four digits: 17.04 million, 792, 0.437, 1.8e-05."""
    if value is None or math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return "no limit"
    if abs(value) >= MILLION:
        return f"{_four_digits(value / MILLION)} million"
    return _four_digits(value)


def exact(value: float | None) -> str:
    """Write a published figure as it is: 17,771,008, 0.437."""
    if value is None or math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return "no limit"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.12g}"


def interval(low: float | None, high: float | None) -> str:
    """Write an interval of estimates, or that it is not known."""
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    return f"[{rounded(low)}, {rounded(high)}]"


def _four_digits(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 0.001:
        return f"{value:.4g}" if size >= 1 else f"{value:.3g}"
    return f"{value:.1e}"


def log_error(value: float | None) -> str:
    """A decimal logarithm with its sign; empty where there is none."""
    return "" if value is None else "0.00" if abs(value) < 0.005 else f"{value:+.2f}"


def score(value: float | None) -> str:
    """A score to three places; empty where there is none."""
    return "" if value is None else f"{value:.3f}"


def width(log10_width: float | None) -> str:
    """How many times the lower end an upper end is: ×1.9; empty where it is not known."""
    return "" if log10_width is None else f"×{10**log10_width:,.3g}"


def _scale(value: float) -> tuple[float, str]:
    for scale, unit in _SCALES:
        if abs(value) >= scale:
            return scale, unit
    return 1.0, ""


def _rounded(value: float) -> float:
    """To two significant digits, as people round: 12.5 to 13, also a float a hair below."""
    if value == 0:
        return 0.0
    exact_ = Decimal(f"{value:.12g}")
    last = Decimal(1).scaleb(exact_.adjusted() - 1)
    return float(exact_.quantize(last, ROUND_HALF_UP))


def _rounded_down(value: float) -> float:
    # What a float misses of a digit, as in 0.29 times 100, is no digit less.
    return float(Context(2, ROUND_FLOOR).create_decimal(Decimal(f"{value:.12g}")))


def _digits(value: float) -> str:
    """A rounded number in digits, without a power of ten or zeros at its end."""
    if abs(value) >= 10:
        return f"{value:,.0f}"
    return f"{Decimal(f'{value:.12g}').normalize():f}"
