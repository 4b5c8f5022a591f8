"""Complaints and the attention they raise, over a time; compiled."""

from __future__ import annotations

import math
from collections import namedtuple
from typing import Any

from sim.addresses.machine_code import compiled
from sim.engine.state.parts import Rows, define_object, part
from sim.engine.state.reach_kernel import cut_off_days

S_PER_D = 86_400
MILLION = 1_000_000
NO_PULL = 1e-100
"""Pull that moves nothing, and whose products are too small for floats."""
BUSINESSES, PEOPLE = range(2)
"""Places in ``n_hit``."""

PER_COMPLAINT, SNOWBALL, FADE_PER_D, PER_BUSINESS, PER_USERS, PER_PEOPLE, NAMED, N_PEOPLE = range(8)
"""Places in ``rates``."""
VALUE, N_COMPLAINTS, LOUD_D = range(3)
"""Places in ``attention``."""
NEVER_NOTED = -(1 << 62)


PressureColumns = namedtuple(
    "PressureColumns", "target attention as_of_s rates n_hit is_impaired due next_due n_missing"
)
"""Attention and who complains as one.

Attributes
----------
target
    The target, whose users complain when they are cut off.
attention : shape (3,)
    Attention, complaints so far, and days, each counted as many times as attention made complaints
    louder: until ``as_of_s``, the second noted last.
rates : shape (8,)
    Share of what attention lacks to 1 that a complaint adds, how much full attention adds to
    complaints, and how attention fades per day. Complaints per day of an impaired business, of a
    million users cut off, of a million people; appeals by name of an impaired business; Internet
    users, over all operators.
n_hit : shape (2,)
    Impaired businesses, and Internet users who miss what businesses offer.
is_impaired : shape (n_businesses,)
    Which businesses are.
due : shape (n_businesses,)
    Urge that each business still lacks to appeal by name; while it is impaired, counted from
    t = 0.
next_due : shape (1,)
    No impaired business appeals before this.
n_missing : shape (n_operators,)
    Internet users who miss what businesses offer.
"""

make_pressure = define_object(PressureColumns)


@part
def turn(pressure: Any, states: Any, beginning: Rows, ending: Rows, t_s: int) -> bool:
    """Take over who is impaired, and how many miss what fails, from a second on.

    Parameters
    ----------
    beginning, ending
        Rows of businesses that become impaired, and of those that no longer are.

    Returns
    -------
    Whether complaints may have another rate from there on.
    """
    has_people = pressure.rates[PER_PEOPLE] > 0
    is_same = beginning.size == 0 and ending.size == 0
    if is_same and not (has_people and _is_missed_otherwise(pressure, states)):
        return False
    note(pressure, t_s)
    if has_people:
        _turn_people(pressure, states)
    _turn_impaired(pressure, beginning, ending)
    return True


@part
def _is_missed_otherwise(pressure: Any, states: Any) -> bool:
    for operator in range(states.weight.size):
        n = _count_missing(pressure, states, operator)
        if n != pressure.n_missing[operator]:
            return True
    return False


@part
def _count_missing(pressure: Any, states: Any, operator: int) -> float:
    """Internet users at an operator times the share of demand that fails for them."""
    if states.total_value <= 0:
        return 0.0
    share = states.lost_micro_usd_per_h[operator, 0] / states.total_value
    return float(pressure.rates[N_PEOPLE] * states.weight[operator] * share)


@part
def _turn_people(pressure: Any, states: Any) -> None:
    """Let so many miss it at each operator."""
    n_hit = 0.0
    for operator in range(states.weight.size):
        n = _count_missing(pressure, states, operator)
        pressure.n_missing[operator] = n
        n_hit += n
    pressure.n_hit[PEOPLE] = n_hit


@part
def _turn_impaired(pressure: Any, beginning: Rows, ending: Rows) -> None:
    """Let some businesses become impaired, and others no longer be."""
    due = pressure.due
    urge = pressure.rates[NAMED] * pressure.attention[LOUD_D]
    for row in ending:
        pressure.is_impaired[row] = False
        due[row] -= urge
    for row in beginning:
        pressure.is_impaired[row] = True
        due[row] += urge
        pressure.next_due[0] = min(pressure.next_due[0], due[row])
    pressure.n_hit[BUSINESSES] += beginning.size - ending.size


@compiled
def note(pressure: Any, t_s: int) -> None:
    """Let time pass until a second from which on complaints have another rate."""
    if pressure.as_of_s not in (NEVER_NOTED, t_s):
        attention = pressure.attention
        attention[VALUE], more, loud_d = _pass(pressure, t_s)
        attention[N_COMPLAINTS] += more
        attention[LOUD_D] += loud_d
    pressure.as_of_s = t_s


@compiled
def attention_at(pressure: Any, t_s: int) -> float:
    """Attention at a second, none before the one noted last."""
    if pressure.as_of_s in (NEVER_NOTED, t_s):
        return float(pressure.attention[VALUE])
    return float(_pass(pressure, t_s)[0])


@part
def _pass(pressure: Any, t_s: int) -> tuple[float, float, float]:
    """Attention at a second, and complaints and loud days since the one noted last."""
    value, by = pressure.attention[VALUE], pressure.rates
    without = complaints(pressure, pressure.as_of_s, t_s)
    days = (t_s - pressure.as_of_s) / S_PER_D
    pull = by[PER_COMPLAINT] * without / days
    value, talked_d = solved(value, pull, by[SNOWBALL], by[FADE_PER_D], days)
    loud_d = days + by[SNOWBALL] * talked_d
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
def complaints(pressure: Any, from_s: int, to_s: int) -> float:
    """Complaints there would be without attention, over a time in which nobody turned.

    Nobody is hit before t = 0.
    """
    if to_s <= 0:
        return 0.0
    by, days = pressure.rates, (to_s - from_s) / S_PER_D
    total = 0.0
    # Where users do not complain, nobody notes when other users are cut off.
    if by[PER_USERS] > 0:
        user_days = cut_off_days(pressure.target, from_s, to_s)
        total += by[PER_USERS] * user_days / MILLION
    total += by[PER_BUSINESS] * (pressure.n_hit[BUSINESSES] * days)
    total += by[PER_PEOPLE] * (pressure.n_hit[PEOPLE] * days) / MILLION
    return float(total)
