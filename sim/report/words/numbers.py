"""How numbers are written for readers, with their ranges; "not known" where they are not.

In: numbers. Out: text. The page rounds to three digits and writes ranges as "12.2 to 17.4 million",
documents round to four and write them in brackets. Tables beside them hold every digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

NOT_KNOWN = "not known"
DUST = 1e-9
"""Numbers below it, and lower ends below this part of the upper one, are told from zero alone."""
NEARLY_NOTHING = "nearly 0"
LEAST_PERCENT = 1e-4
"""Percent below which a share is not written in digits."""
NBSP = "\N{NO-BREAK SPACE}"
MILLION = 1_000_000
_SCALES = ((1e12, f"{NBSP}trillion"), (1e9, f"{NBSP}billion"), (1e6, f"{NBSP}million"))


def number(value: float) -> str:
    """One number: ``15.4 million``, ``2,141``, ``0.119``, ``not known``."""
    if math.isinf(value):
        return "no limit"
    if 0 < value < DUST:
        return NEARLY_NOTHING
    scale, unit = _scale(value)
    return _plain(value / scale, is_scaled=scale != 1) + unit


def span(low: float, high: float) -> str:
    """Two ends of a range: ``12.2 to 17.4 million``, ``191,000 to 2.98 million``.

    A unit is said once where it is that of both ends. It is never a part of one, such as 0.191
    million: without the unit behind it, that would be read as less than one.
    """
    if math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    if 0 < low < DUST * high and not math.isinf(high):
        return f"{NEARLY_NOTHING} to {number(high)}"
    if math.isinf(high):
        return f"{number(low)} and more"
    scale, unit = _scale(max(abs(low), abs(high)))
    if unit and low < 0 < high:
        # -590 to 244 million would be read as -590.
        low, high = (float(f"{end:.3g}") for end in (low, high))
        return f"{number(low)} to {number(high)}"
    if unit and high == 0:
        return f"{number(low)} to 0"
    if unit and 0 < low < high / scale:
        # 9.42 to 13.0 million would be read as 9.42 million.
        return f"{number(low)} to {float(f'{high:.3g}'):,.0f}"
    if any(end and _scale(end)[0] != scale for end in (low, high)):
        # Beside three digits of the larger end, as many of the smaller one.
        low, high = (float(f"{end:.3g}") for end in (low, high))
        return f"{number(low)} to {number(high)}"
    ends = [_plain(end / scale, is_scaled=scale != 1) for end in (low, high)]
    return f"{ends[0]} to {ends[1]}{unit}"


def percent(share: float, n_digits: int = 3) -> str:
    """One share: ``34.3 %``."""
    if math.isnan(share):
        return NOT_KNOWN
    if 0 < abs(share) < LEAST_PERCENT / 100:
        return f"less than 0.0001{NBSP}%"
    return f"{_hundredths(share, n_digits)}{NBSP}%"


def _hundredths(share: float, n_digits: int) -> str:
    """A share times 100; one that is nearly all keeps the digits that distinguish it from all."""
    printed = _plain(100 * share, n_digits)
    if printed == "100" and share < 1 - 1e-9:
        finer = _plain(100 * share, 4)
        return "over 99.99" if float(finer) == 100 else finer
    return printed


def at_least(share: float, n_digits: int = 3) -> str:
    """A lower bound of a share, which is rounded down: ``94 %`` of 0.9459.

    What is said to be so in at least so much holds then of what is printed too.
    """
    if not share >= 1e-6:
        return percent(0.0 if share > 0 else share)
    return percent(rounded_down(share, n_digits), n_digits)


def at_most(share: float, n_digits: int = 3) -> str:
    """An upper bound of a share, which is rounded up: ``0.24 %`` of 0.00231."""
    return percent(-rounded_down(-share, n_digits), n_digits)


def rounded_down(value: float, n_digits: int = 3) -> float:
    """A lower bound in so many digits, or whole where it is longer."""
    # What a float misses of a digit, as in 0.29 times 100, is no digit less.
    digits = Decimal(f"{value:.12g}")
    n_digits = max(n_digits, digits.adjusted() + 1) if digits.is_finite() else n_digits
    return float(Context(n_digits, ROUND_FLOOR).create_decimal(digits))


def percent_span(low: float, high: float, n_digits: int = 3) -> str:
    """Two ends of a range of shares: ``9.7 to 14.5 %``."""
    if math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    ends = (
        NEARLY_NOTHING if 0 < end < LEAST_PERCENT / 100 else _hundredths(end, n_digits)
        for end in (low, high)
    )
    return f"{' to '.join(ends)}{NBSP}%"


def quantity(value: float, unit: str) -> str:
    """One number in its unit; shares as a percentage."""
    if is_share(unit):
        return percent(value)
    return number(value)


def quantity_span(low: float, high: float, unit: str) -> str:
    """Two ends of a range in its unit; shares as a percentage."""
    return percent_span(low, high) if is_share(unit) else span(low, high)


def businesses(mean: float) -> str:
    """A mean number of businesses as one counts them: whole, and ``<1`` for a part of one."""
    if math.isnan(mean) or mean == 0 or mean >= MILLION:
        return number(mean)
    return f"{mean:,.0f}" if mean >= 0.95 else "<1"


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
    """How many of something: ``1 replicate``, ``200 replicates``, ``15.4 million addresses``.

    Parameters
    ----------
    n
        A number, or one as it is written.
    noun
        In the singular.
    """
    said = n if isinstance(n, str) else f"{n:,}"
    return f"{said} {noun if said in ('1', '<1') else plural(noun)}"


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


def estimate(mean: float, low: float, high: float, unit: str = "") -> str:
    """Write a mean with its interval in one scale: 890.9 [759.4, 985.8] million user-hours."""
    if math.isnan(mean):
        return NOT_KNOWN
    sizes = [abs(value) for value in (mean, low, high) if not math.isnan(value)]
    is_scaled = max(sizes) >= MILLION
    scale = MILLION if is_scaled else 1
    tail = f"{NBSP}million" if is_scaled else ""
    tail += f" {unit}" if unit else ""
    text = _four_digits(mean / scale)
    if math.isnan(low) or math.isnan(high):
        return f"{text}{tail}"
    return f"{text} [{_four_digits(low / scale)},{NBSP}{_four_digits(high / scale)}]{tail}"


def _four_digits(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 0.001:
        return f"{value:.4g}" if size >= 1 else f"{value:.3g}"
    return f"{value:.1e}"


def whole(value: float) -> str:
    """Write a mean number of things, to the whole one."""
    return NOT_KNOWN if math.isnan(value) else f"{value:,.0f}"


def in_percent(share: float) -> str:
    """Write a share as a percentage with about three digits."""
    if math.isnan(share):
        return NOT_KNOWN
    return f"{_percentage(share)}{NBSP}%"


def percent_estimate(mean: float, low: float, high: float) -> str:
    """Write a share with its interval: 53.5 [39.4, 66.6] %."""
    if math.isnan(mean):
        return NOT_KNOWN
    if math.isnan(low) or math.isnan(high):
        return in_percent(mean)
    return f"{_percentage(mean)} [{_percentage(low)},{NBSP}{_percentage(high)}]{NBSP}%"


def _percentage(share: float) -> str:
    value = 100 * share
    if value == 0:
        return "0"
    if abs(value) < 0.001:
        return f"{value:.1e}"
    # 99.97 % is not 100 %: a share that is nearly all keeps what tells it apart.
    if 99.9 <= value < 100:
        return f"{value:.2f}" if value < 99.995 else "over 99.99"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


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
    # What rounds up to the next unit is said in it: 999,999,600 is 1.00 billion.
    for scale, unit in _SCALES:
        if abs(value) >= scale * 0.9995:
            return scale, unit
    return 1.0, ""


def _half_up(value: float, n_digits: int) -> float:
    """Rounded as people do: 12.5 to 13, also where its float lies a hair below."""
    last = Decimal(1).scaleb(-n_digits)
    return float(Decimal(f"{value:.12g}").quantize(last, ROUND_HALF_UP))


def _plain(value: float, n_digits: int = 3, *, is_scaled: bool = False) -> str:
    """Digits without a power of ten; whole numbers, which are counts, as they are."""
    if math.isnan(value):
        return NOT_KNOWN
    if value == 0:
        return "0"
    if not is_scaled and float(value).is_integer():
        return f"{value:,.0f}"
    digits = n_digits - 1 - math.floor(math.log10(abs(value)))
    rounded = _half_up(value, digits)
    shown = n_digits - 1 - math.floor(math.log10(abs(rounded))) if rounded else digits
    return f"{rounded:,.{max(shown, 0)}f}"
