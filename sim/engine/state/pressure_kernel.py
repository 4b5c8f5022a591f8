"""Complaints, the attention they raise, and the hotline they wait for, over a time; compiled.

In: who is hit, and how tired they are. Out: attention, complaints and the line of the hotline,
brought up to date in place. It does not know who is hit by what.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
from numba import types
from numba.experimental import structref
from numpy.typing import NDArray

from sim.addresses.compiled.kept_code import compiled
from sim.engine.state.parts import part
from sim.engine.state.structs import define
from sim.engine.state.users_kernel import complaining_days

S_PER_D = 86_400
MILLION = 1_000_000
NO_PULL = 1e-100
"""Pull that moves nothing, and whose products are too small for floats."""

Record: TypeAlias = NDArray[np.void]
ATTENTION = np.dtype(
    [
        ("per_complaint", np.float64),
        ("snowball", np.float64),
        ("fade_per_d", np.float64),
        # Whether any second was noted, and the last one; what holds until then.
        ("is_noted", np.bool_),
        ("as_of_s", np.int64),
        ("value", np.float64),
        ("n_complaints", np.float64),
        ("loud_d", np.float64),
    ]
)
LINE = np.dtype(
    [
        # 0 where complaints are taken down at once.
        ("per_d", np.float64),
        ("room", np.float64),
        ("waiting", np.float64),
        ("longest", np.float64),
        ("n_taken", np.float64),
        ("n_turned_away", np.float64),
    ]
)
RATES = np.dtype(
    [
        ("per_business_per_d", np.float64),
        ("per_million_users_per_d", np.float64),
        ("per_million_people_per_d", np.float64),
        ("tired_per_s", np.float64),
    ]
)
HIT = np.dtype(
    [
        # How many fresh ones those that are hit are worth at a second, since when they stay.
        ("n_fresh", np.float64),
        ("as_of_s", np.int64),
    ]
)


@structref.register
class _PressureType(types.StructRef):  # type: ignore[misc, unused-ignore]
    """Type of what ``make_pressure`` returns."""


class Pressure(structref.StructRefProxy):  # type: ignore[misc, unused-ignore]
    """Attention, the hotline and who complains as one object."""


define(Pressure, _PressureType, ["attention", "line", "rates", "impaired", "people"])


@compiled
def make_pressure(
    attention: Record, line: Record, rates: Record, impaired: Record, people: Record
) -> Any:
    """Return one row each of ATTENTION, LINE, RATES, HIT and HIT as one; it keeps them."""
    return Pressure(attention, line, rates, impaired, people)  # type: ignore[no-untyped-call, unused-ignore]


@part
def note(pressure: Any, target: Any, t_s: int) -> None:
    """Let time pass until a second from which on complaints have another rate."""
    from_s = pressure.attention[0].as_of_s
    without = 0.0
    if pressure.attention[0].is_noted and t_s != from_s and t_s > 0:
        n_user_days = complaining_days(target, from_s, t_s)
        without = complaints(
            pressure.rates, pressure.impaired, pressure.people, n_user_days, from_s, t_s
        )
    note_complaints(pressure.attention, pressure.line, without, t_s)


@compiled
def note_complaints(attention: Record, line: Record, without: float, t_s: int) -> None:
    """Let time pass until a second, of which it is known how many complaints there would be."""
    about: Any = attention[0]
    if about.is_noted and t_s != about.as_of_s:
        about.value, more, loud_d = passed(attention, without, t_s)
        about.n_complaints += more
        about.loud_d += loud_d
        if line[0].per_d > 0:
            take(line, (t_s - about.as_of_s) / S_PER_D, more)
    about.is_noted, about.as_of_s = True, t_s


@compiled
def passed(attention: Record, without: float, t_s: int) -> tuple[float, float, float]:
    """Attention at a second, and complaints and loud days since the one noted last.

    Parameters
    ----------
    without
        Complaints there would be without attention.
    """
    about: Any = attention[0]
    days = (t_s - about.as_of_s) / S_PER_D
    pull = about.per_complaint * without / days
    value, talked_d = solved(about.value, pull, about.snowball, about.fade_per_d, days)
    loud_d = days + about.snowball * talked_d
    return value, without / days * loud_d, loud_d


@part
def solved(
    value: float, pull: float, snowball: float, fade: float, days: float
) -> tuple[float, float]:
    """Solve ``dA/dt = pull * (1 - A) * (1 + snowball * A) - fade * A`` exactly.

    Parameters
    ----------
    value
        A at the start, in [0, 1].
    pull, fade
        Per day, constant over the time.
    days
        How long.

    Returns
    -------
    value, integral
        A at the end, and its integral in days.

    Notes
    -----
    A Riccati equation with constant coefficients, the logistic one (Verhulst 1838) with a source.
    With q = pull * snowball, 2 p = q - pull - fade and D = sqrt(p^2 + q * pull) it tends to
    (D + p) / q, which is pull / (D - p), at the rate 2 D. Every sum below is of terms that are not
    negative, so nothing cancels.
    """
    if pull < NO_PULL:
        left = math.exp(-fade * days)
        return value * left, value * ((1.0 - left) / fade if fade * days > 1e-9 else days)
    q, up, down = rates_of(pull, snowball, fade)
    left = math.exp(-(up + down) * days)
    gone = -math.expm1(-(up + down) * days)
    below = down + up * left + q * value * gone
    at_end = (value * (up + down * left) + pull * gone) / below
    rest = pull / down if down >= up else up / q
    w = (value - rest) * gone / (up + down)
    if abs(q * w) < 1e-9:
        bent = w * (1.0 - q * w / 2.0)
    elif q * w > -0.5:
        bent = math.log1p(q * w) / q
    else:
        bent = math.log(below / (up + down)) / q
    return min(at_end, 1.0), rest * days + bent


@compiled
def rates_of(pull: float, snowball: float, fade: float) -> tuple[float, float, float]:
    """q, D + p and D - p of ``solved``."""
    q = pull * snowball
    p = 0.5 * (q - pull - fade)
    further = math.hypot(p, math.sqrt(q) * math.sqrt(pull)) + abs(p)
    # (D + p) * (D - p) is q * pull: the lesser by this, as a difference it would lose its digits.
    nearer = q * (pull / further)
    if p > 0:
        return q, further, nearer
    return q, nearer, further


@compiled
def take(line: Record, days: float, n_complaints: float) -> None:
    """Let complaints come evenly over a time.

    Notes
    -----
    Those that wait change at a constant rate, arrivals less ``per_d``, until none or ``room`` of
    them are left; from there on they stay (a fluid between two barriers).
    """
    of: Any = line[0]
    then = of.waiting + n_complaints - of.per_d * days
    turned_away = max(0.0, then - of.room)
    left = min(max(then, 0.0), of.room)
    of.n_taken += of.waiting + n_complaints - turned_away - left
    of.n_turned_away += turned_away
    of.waiting, of.longest = left, max(of.longest, left)


@compiled
def complaints(
    rates: Record, impaired: Record, people: Record, n_user_days: float, from_s: int, to_s: int
) -> float:
    """Complaints there would be without attention, over a time in which nobody turned.

    Parameters
    ----------
    n_user_days
        User-days cut off from the target, less what users have tired by.
    """
    by, per_s = rates[0], rates[0].tired_per_s
    total = by.per_million_users_per_d * n_user_days / MILLION
    total += by.per_business_per_d * hit_days(impaired, per_s, from_s, to_s)
    total += by.per_million_people_per_d * hit_days(people, per_s, from_s, to_s) / MILLION
    return float(total)


@compiled
def hit_days(hit: Record, tired_per_s: float, from_s: int, to_s: int) -> float:
    """Days of those who are hit over a time in which nobody turned, less what they have tired."""
    since_s = hit[0].as_of_s
    return float(hit[0].n_fresh * fatigued_days(tired_per_s, from_s - since_s, to_s - since_s))


@part
def fatigued_days(tired_per_s: float, from_s: int, to_s: int) -> float:
    """Integral of the part of the first rate that is left, in days, between two times."""
    if tired_per_s <= 0:
        return (to_s - from_s) / S_PER_D
    fallen = -math.expm1(-tired_per_s * (to_s - from_s)) * math.exp(-tired_per_s * from_s)
    return fallen / tired_per_s / S_PER_D
