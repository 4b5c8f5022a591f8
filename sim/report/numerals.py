"""How numbers are written for readers: few digits where more would pretend, all where they count.

In: numbers. Out: text. What is not known is said so, never written as zero.
"""

from __future__ import annotations

import math

NOT_KNOWN = "not known"
MILLION = 1_000_000


def rounded(value: float | None) -> str:
    """Write an estimate with about four digits: 17.04 million, 792, 0.437, 1.8e-05."""
    if value is None or math.isnan(value):
        return NOT_KNOWN
    if math.isinf(value):
        return "no limit"
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1000 * MILLION:
        return f"{value / MILLION:,.0f} million"
    if size >= MILLION:
        return f"{value / MILLION:.4g} million"
    if size >= 1000:
        return f"{value:,.0f}"
    if size >= 0.001:
        return f"{value:.4g}" if size >= 1 else f"{value:.3g}"
    return f"{value:.1e}"


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
