"""Numbers in words: rounded for readers, with their range, and "not known" where they are not.

In: numbers. Out: text. Rounding is for reading only; the tables beside hold every digit.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

NOT_KNOWN = "not known"
NBSP = "\N{NO-BREAK SPACE}"
_SCALES = ((1e12, f"{NBSP}trillion"), (1e9, f"{NBSP}billion"), (1e6, f"{NBSP}million"))
_LABELS = {
    "addresses_listed_peak": "addresses listed, peak",
    "addresses_dropped_peak": "addresses dropped, peak (mean over users)",
    "addresses_listed_at_end": "addresses listed at the end",
    "affected_at_named_providers": "ever affected, named providers",
    "named_providers_loss_usd": "loss of the named providers",
    "demand_lost_share": "share of domestic demand lost",
    "names_hit_share": "share of names hit",
    "active_sites_hit_share": "share of active sites hit",
    "arrivals": "arrivals at other addresses",
    "arrivals_inherited_share": "share of arrivals that inherited a block",
    "businesses_inherited": "businesses that inherited a block",
    "business_hours_inherited": "business-hours affected by inherited blocks",
    "demand_lost_inherited_share": "share of domestic demand lost to inherited blocks",
    "target_user_hours_denied": "target: user-hours denied",
    "target_user_hours_by_vpn": "target: user-hours by VPN",
    "target_user_hours_reached": "target: user-hours reached without a VPN",
    "target_user_hours_left": "target: user-hours of users who had left",
    "target_users_left_at_end": "target: users gone at the end",
    "collateral_per_million_user_hours_denied": (
        "business-hours impaired per million user-hours denied"
    ),
    "names_hit_per_million_user_hours_denied": "names hit per million user-hours denied",
    "active_sites_hit_per_million_user_hours_denied": (
        "active sites hit per million user-hours denied"
    ),
    "private_loss_usd_per_user_hour_denied": "private loss per user-hour denied",
    "rules_in_force_peak": "rules in force, peak",
    "overblocking_ratio_peak": "addresses listed for each of the target's own, peak",
    "moves": "moves completed",
    "moves_same": "moves to other addresses of the same provider",
    "moves_foreign": "moves to another foreign provider",
    "moves_domestic": "moves to a domestic provider",
    "moves_proxy": "moves behind a domestic proxy",
    "complaints_named": "complaints by name",
    "oecd_2011": "OECD, 2011",
    "cost_like": "as the Cost of Shutdown Tool",
    "raec": "RAEC, the Internet economy",
    "deloitte_share_high": "Deloitte, share of GDP, high connectivity",
    "deloitte_share_medium": "Deloitte, share of GDP, medium connectivity",
    "deloitte_head_high": "Deloitte, by head, high connectivity",
    "deloitte_head_medium": "Deloitte, by head, medium connectivity",
    "deloitte_share_low": "Deloitte, share of GDP, low connectivity",
    "deloitte_head_low": "Deloitte, by head, low connectivity",
    "overblock_private_loss": "private loss (this model)",
    "overblock_net_social_loss": "net social loss (this model)",
    "regret_addresses": "addresses beyond the best cover (regret)",
    "regret_businesses": "businesses beyond the best cover (regret)",
    "target_reached_share": "target's users who reach it",
    "vpn_share": "target's users on a VPN",
    "target_left_share": "target's users who have left",
}


def label(metric: str) -> str:
    """Name of a measure as people say it."""
    if metric in _LABELS:
        return _LABELS[metric]
    words = metric.removesuffix("_usd").replace("_", " ")
    return words.replace("business hours", "business-hours").replace("user hours", "user-hours")


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
