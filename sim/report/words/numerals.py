"""How numbers are written for readers: few digits where more would pretend, all where they count.

In: numbers. Out: text. What is not known is said so, never written as zero.
"""

from __future__ import annotations

import math

NOT_KNOWN = "not known"
MILLION = 1_000_000
NBSP = "\N{NO-BREAK SPACE}"


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


def estimate(mean: float, low: float, high: float, unit: str = "") -> str:
    """Write a mean with its interval in one scale: 890.9 [759.4, 985.8] million user-hours."""
    if math.isnan(mean):
        return NOT_KNOWN
    sizes = [abs(value) for value in (mean, low, high) if not math.isnan(value)]
    is_scaled = max(sizes) >= MILLION
    scale = MILLION if is_scaled else 1
    tail = f"{NBSP}million" if is_scaled else ""
    tail += f" {unit}" if unit else ""
    text = _scaled(mean / scale)
    if math.isnan(low) or math.isnan(high):
        return f"{text}{tail}"
    return f"{text} [{_scaled(low / scale)},{NBSP}{_scaled(high / scale)}]{tail}"


def _scaled(value: float) -> str:
    size = abs(value)
    if size == 0:
        return "0"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if size >= 1 else f"{value:.3g}"


def count(value: float) -> str:
    """Write a mean number of things, to the whole one."""
    return NOT_KNOWN if math.isnan(value) else f"{value:,.0f}"


def percent(share: float) -> str:
    """Write a share as a percentage with about three digits."""
    if math.isnan(share):
        return NOT_KNOWN
    return f"{_percentage(share)}{NBSP}%"


def percent_estimate(mean: float, low: float, high: float) -> str:
    """Write a share with its interval: 53.5 [39.4, 66.6] %."""
    if math.isnan(mean):
        return NOT_KNOWN
    if math.isnan(low) or math.isnan(high):
        return percent(mean)
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
