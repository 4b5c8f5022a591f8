"""How numbers are written for readers: two significant digits, ``78%``, ranges, "not known".

In: numbers. Out: text in which no number parts from its unit. Page, terminal, notebook, figures and
assessments write numbers by these functions, so that a number reads the same wherever it is shown.
Backtests write four digits; tables hold every digit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from sim.report.words.languages import Language, Text, joined, say, say_n, unbroken

if TYPE_CHECKING:
    from sim.measure.estimates import Estimate


NOT_KNOWN = say("not known")
DUST = 1e-9
"""Numbers below it, and lower ends below this part of the upper one, are printed as nearly 0."""
NEARLY_NOTHING = say("nearly 0")
NO_LIMIT = say("no limit")
LEAST_PERCENT = 1e-4
"""Percent below which a share is not written in digits."""
MILLION = 1_000_000
COUNTED = frozenset(("addresses", "IPv4 addresses", "/64 networks"))
HOURS = frozenset(("h", "business-hours"))
"""Units of what is counted on a list, and of time."""
_SCALES: dict[float, Callable[[str, float], Text]] = {
    1e12: lambda n, count: say_n("{n} trillion", "{n} trillion", count, n=n),
    1e9: lambda n, count: say_n("{n} billion", "{n} billion", count, n=n),
    1e6: lambda n, count: say_n("{n} million", "{n} million", count, n=n),
}
_IN_MILLIONS = frozenset(("es",))
"""Languages without a word for 1e9: 2,500 million."""
_SPOKEN = {
    Fraction(1, 2): say("half"),
    Fraction(1, 3): say("one in three"),
    Fraction(2, 3): say("two in three"),
    Fraction(1, 4): say("one in four"),
    Fraction(3, 4): say("three in four"),
    Fraction(1, 5): say("one in five"),
    Fraction(2, 5): say("two in five"),
    Fraction(3, 5): say("three in five"),
    Fraction(4, 5): say("four in five"),
    Fraction(1, 6): say("one in six"),
    Fraction(1, 7): say("one in seven"),
    Fraction(1, 8): say("one in eight"),
    Fraction(1, 9): say("one in nine"),
    Fraction(1, 10): say("one in ten"),
    Fraction(3, 10): say("three in ten"),
    Fraction(7, 10): say("seven in ten"),
    Fraction(9, 10): say("nine in ten"),
}
"""Shares as one says them."""


def number(value: float) -> Text:
    """One number: ``15 million``, ``2,100``, ``0.12``, ``not known``."""
    return Text(lambda words: _number(value, words))


def _number(value: float, words: Language) -> str:
    if math.isnan(value):
        return words.inside(NOT_KNOWN)
    if math.isinf(value):
        return words.inside(NO_LIMIT)
    if 0 < value < DUST:
        return words.inside(NEARLY_NOTHING)
    digits = two_digits(value)
    scale = _scale(digits, words)
    text = Text(lambda words: words.digits(in_digits(digits / scale)))
    return words.inside(unbroken(_SCALES[scale](text, digits / scale)) if scale > 1 else text)


def span(low: float, high: float) -> Text:
    """Two ends of a range, which no line parts: ``5.4 to 86 billion``, ``190,000 to 3 million``.

    The unit is printed once where both ends have it. An end below that unit is printed in full: 9.4
    and 13 million would otherwise be read as 9.4 million. Ends that round to the same number are
    printed once.
    """
    return Text(lambda words: _span(low, high, words))


def _span(low: float, high: float, words: Language) -> str:
    if math.isnan(low) or math.isnan(high):
        return words.inside(NOT_KNOWN)
    if math.isinf(high):
        return words.inside(unbroken(say("{n} and more", n=number(low))))
    first = words.inside(NEARLY_NOTHING) if 0 < low < DUST * high else _number(low, words)
    last = _number(high, words)
    if first == last:
        return first
    scale = _scale(two_digits(high), words)
    if scale > 1 and low > 0 and _scale(two_digits(low), words) == scale:
        first = words.digits(in_digits(two_digits(low) / scale))
    if scale > 1 and DUST * high <= low < high / scale:
        last = words.digits(f"{two_digits(high):.0f}")
    return words.inside(unbroken(say("{low} to {high}", low=first, high=last)))


def percent(share: float) -> Text:
    """One share: ``78%``, ``0.32%``; nearly all is printed as ``over 99%``."""
    if math.isnan(share):
        return NOT_KNOWN
    if 0 < abs(share) < LEAST_PERCENT / 100:
        return unbroken(say("less than {share}", share=percent(LEAST_PERCENT / 100)))
    if share < 1 - DUST and two_digits(100 * share) >= 100:
        return unbroken(say("over {share}", share=percent(0.99)))
    return Text(lambda words: words.percent(in_digits(two_digits(100 * share))))


def percent_span(low: float, high: float) -> Text:
    """Two ends of a range of shares: ``65 to 87%``."""
    if math.isnan(low) or math.isnan(high):
        return NOT_KNOWN
    first, last = (
        NEARLY_NOTHING if 0 < end < LEAST_PERCENT / 100 else percent(end) for end in (low, high)
    )
    if first == last:
        return first
    bare = Text(lambda words: words.inside(first).removesuffix("%").rstrip())
    return unbroken(say("{low} to {high}", low=bare, high=last))


def at_most(value: float, unit: str = "share") -> Text:
    """An upper bound in its unit, rounded up: ``0.24%`` of a share of 0.00231."""
    return quantity(_rounded(value, ROUND_CEILING), unit)


def whole(n: int) -> Text:
    """A count with every digit: ``18,850``."""
    return Text(lambda words: words.digits(str(n)))


def counted(n: float) -> Text:
    """A count, with every digit below ten thousand: ``296``, ``16 million``."""
    return whole(round(n)) if n < 10_000 else number(n)


def digits(value: float) -> Text:
    """A number with up to six digits, as the locale writes them: ``61.5``."""
    return Text(lambda words: words.digits(in_digits(value, 6)))


def definition(share: float) -> Text:
    """A share that somebody set, as a threshold, with every digit: ``12.5%``."""
    return Text(lambda words: words.percent(in_digits(100 * share)))


def quantity(value: float, unit: str) -> Text:
    """One number in its unit; shares as a percentage."""
    return percent(value) if is_share(unit) else number(value)


def value_text(found: Estimate) -> Text:
    """The median of an estimate, without its unit unless that is a percentage.

    A count of addresses that is the same in several simulations is the list's: with every digit.
    Hours likewise are a record's, so that they add up: to the hour from 100 on.
    """
    if found.n_known > 1 and not found.has_range and abs(found.median) < MILLION:
        is_counted = found.unit in COUNTED and found.median % 1 == 0
        if is_counted or (found.unit in HOURS and abs(found.median) >= 100):
            return whole(round(found.median))
    return quantity(found.median, found.unit)


def hours_text(found: Estimate, mark: str = "") -> Text:
    """The median of an estimate of hours, with its unit, and the mark of a bound."""
    found = as_bound(found, mark)
    n = joined("", (mark, value_text(found)))
    return say_n("{n} hour", "{n} hours", two_digits(found.median), n=n)


def range_text(found: Estimate) -> str:
    """The range of an estimate; empty where it has none that can be seen in two digits."""
    write = percent_span if is_share(found.unit) else span
    text = write(found.low, found.high)
    return "" if not found.has_range or text == value_text(found) else text


def outcomes_text(found: Estimate) -> str:
    """The range of an estimate; of two outcomes, how often the one beside the median is."""
    ends = range_text(found)
    if found.other is None or not ends:
        return ends
    other, k = found.other
    values = {"k": whole(k), "n": whole(found.n_known)}
    return unbroken(say("{value} in {k} of {n}", value=quantity(other, found.unit), **values))


def with_range(found: Estimate) -> Text:
    """Write an estimate with its range in brackets, where it has one."""
    value, ends = value_text(found), outcomes_text(found)
    return say("{value} ({range})", value=value, range=ends) if ends else value


def spoken(share: float) -> Text:
    """A share as one says it aloud: ``four in five``; below a tenth ``about 1.2%``."""
    if math.isnan(share):
        return NOT_KNOWN
    if share >= 1:
        return say("all")
    if share > 0.95:
        return say("almost all")
    if share < 0.1:
        return say("about {share}", share=percent(share)) if share > 0 else say("none")
    return _SPOKEN[min(_SPOKEN, key=lambda one: abs(math.log(float(one) / share)))]


def is_share(unit: str) -> bool:
    """Whether a unit is a share of something."""
    return unit.startswith("share")


def count(n: int, noun: str) -> str:
    """How many of something that English counts by an s: ``1 replicate``, ``2,000 replicates``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def rounded(value: float) -> str:
    """Write an estimate with about four digits: 17.04 million, 792, 0.437, 1.8e-05."""
    if abs(value) >= MILLION:
        return f"{_four_digits(value / MILLION)} million"
    return _four_digits(value)


def exact(value: float) -> str:
    """Write a published figure as it is: 17,771,008, 0.437."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.12g}"


def interval(low: float | None, high: float | None) -> str:
    """Write an interval of estimates, or that it is not known."""
    return NOT_KNOWN if low is None or high is None else f"[{rounded(low)}, {rounded(high)}]"


def _four_digits(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 0.001:
        return f"{value:.4g}" if size >= 1 else f"{value:.3g}"
    return f"{value:.1e}"


def score(value: float | None) -> str:
    """A score to three places; empty where there is none."""
    return "" if value is None else f"{value:.3f}"


def width(log10_width: float | None) -> str:
    """How many times the lower end an upper end is: ×1.9; empty where it is not known."""
    return "" if log10_width is None else f"×{Decimal(in_digits(10**log10_width, 3)):,f}"


def _scale(value: float, words: Language) -> float:
    for scale in _SCALES:
        if abs(value) >= scale and not (scale == 1e9 and words.code in _IN_MILLIONS):
            return scale
    return 1.0


class Bound(float):
    """A bound, which is rounded already, to three digits."""


def two_digits(value: float) -> float:
    """To two significant digits, as people round: 12.5 to 13, also a float a hair below."""
    if value == 0 or isinstance(value, Bound):
        return value
    exact_ = Decimal(f"{value:.12g}")
    last = Decimal(1).scaleb(exact_.adjusted() - 1)
    return float(exact_.quantize(last, ROUND_HALF_UP))


def with_mark(found: Estimate, mark: str) -> Text:
    """Write an estimate that is a bound, behind ≥ or ≤; another has no mark."""
    return joined("", (mark * found.is_known, with_range(as_bound(found, mark))))


def as_bound(found: Estimate, mark: str = "≥") -> Estimate:
    """Round a bound and its range, ≥ down and ≤ up: 335.7 to 335; as they are without a mark."""
    if not (mark and found.is_known):
        return found
    rounding = ROUND_FLOOR if mark == "≥" else ROUND_CEILING
    most = 2 if is_share(found.unit) else 3
    ends = (Bound(_rounded(one, rounding, most)) for one in (found.low, found.median, found.high))
    low, median, high = ends
    return replace(found, low=low, median=median, high=high, other=None)


def _rounded(value: float, rounding: str, most: int = 2) -> float:
    # What a float misses of a digit, as in 0.29 times 100, is no digit less.
    return float(Context(most, rounding).create_decimal(Decimal(f"{value:.12g}")))


def in_digits(value: float, most: int = 12) -> str:
    """Write a number with so many digits at most, without a power of ten or zeros at its end."""
    return f"{Decimal(f'{value:.{most}g}'):f}"
