"""The share that reaches the target, in closed form between changes of its fronts; compiled.

Clients of operator k know none of some fronts with a probability that is a polynomial in
``x = exp(-(t - since) / tau)``: each front is unknown to ``1 - p + p exp(-(t - rented) / tau)``. No
coefficient is negative, so that nothing cancels.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.addresses.machine_code import compiled
from sim.engine.state.parts import Floats, double, part, write_row, write_table
from sim.engine.state.space_kernel import CLEAN

CLEAN_ONES, EITHER = 0, 1
"""Which fronts count: those that are clean, and those that are not dropped."""
_NOTHING = 2.0**-120


@part
def multiply_out(target: Any, operator: int, t_s: int) -> None:
    """Share of an operator's clients who know no front that counts, as a polynomial from now on."""
    n_young = target.n_young[operator]
    if n_young >= target.coefficient.shape[2]:
        coefficient = np.zeros((2, target.share_users.size, double(n_young)))
        for which in range(2):
            write_table(coefficient[which], target.coefficient[which])
        target.coefficient = coefficient
    target.since_s[operator] = t_s
    clean, either = target.coefficient[CLEAN_ONES, operator], target.coefficient[EITHER, operator]
    degree = _multiply(target, operator, EITHER, either, t_s)
    if _are_all_clean(target, operator):
        write_row(clean, either)
    else:
        degree = max(degree, _multiply(target, operator, CLEAN_ONES, clean, t_s))
    target.degree[operator] = degree


@part
def _are_all_clean(target: Any, operator: int) -> bool:
    """Whether an operator throttles none of the fronts that it does not drop."""
    if (
        target.n_first[CLEAN_ONES, operator] != target.n_first[EITHER, operator]
        or target.n_old[CLEAN_ONES, operator] != target.n_old[EITHER, operator]
    ):
        return False
    for place in range(target.n_young[operator]):
        if target.told[target.young[operator, place], operator] != CLEAN:
            return False
    return True


@part
def _multiply(target: Any, operator: int, which: int, mine: Floats, t_s: int) -> int:
    """Fill in the coefficients of one polynomial, from that of power 0 on; return its degree.

    Powers that no time makes a part in 2^120 of the value are left out: rounding does not see them.
    Of fronts that come and go for months they are nearly all.
    """
    untold = 1.0 - target.share_told
    mine[:] = 0.0
    none_of_first, degree = target.none_known[target.n_first[which, operator]], 0
    if none_of_first > 0:
        mine[0] = none_of_first * untold ** target.n_old[which, operator]
    for place in range(target.n_young[operator]):
        front = target.young[operator, place]
        if which == CLEAN_ONES and target.told[front, operator] != CLEAN:
            continue
        if target.fading_at_s[front] != t_s:
            left = np.exp(-(t_s - target.rented_s[front]) / target.tau_s)
            target.fading[front], target.fading_at_s[front] = target.share_told * left, t_s
        fading = target.fading[front]
        degree += 1
        for power in range(degree, 0, -1):
            mine[power] = mine[power] * untold + mine[power - 1] * fading
        mine[0] *= untold
        while degree > 0 and mine[degree] <= _NOTHING * mine[0]:
            mine[degree] = 0.0
            degree -= 1
    return degree


@part
def unreached(target: Any, operator: int, t_s: int) -> float:
    """Share of an operator's users without a VPN who do not reach the target at a time."""
    x = np.exp(-(t_s - target.since_s[operator]) / target.tau_s)
    clean = either = 0.0
    for power in range(target.degree[operator], -1, -1):
        clean = clean * x + target.coefficient[CLEAN_ONES, operator, power]
        either = either * x + target.coefficient[EITHER, operator, power]
    return _combined(target, operator, clean, either, 1.0)


@part
def _combined(target: Any, operator: int, clean: float, either: float, whole: float) -> float:
    """Share not reached, or its integral, of clients who know no clean front, and none at all."""
    share = clean - (1.0 - target.throttle_severity) * (clean - either)
    if target.told_is_named[operator]:
        return float(whole - target.name_evasion * (whole - share))
    return float(share)


@part
def unreached_in(target: Any, operator: int, from_s: int, to_s: int) -> float:
    """Integral of the share not reached over ``[from_s, to_s)``, in which nothing changes.

    The j-th power of x falls by ``x^j (1 - y^j)``, y what is left of x after the time. With
    ``d = 1 - y``, which expm1 tells without loss, ``1 - y^j`` is the sum of ``d y^i`` for i < j.
    """
    whole = float(to_s - from_s)
    clean = target.coefficient[CLEAN_ONES, operator, 0] * whole
    either = target.coefficient[EITHER, operator, 0] * whole
    x = np.exp(-(from_s - target.since_s[operator]) / target.tau_s)
    d = -np.expm1(-whole / target.tau_s)
    power_of_x, power_of_y, gone = 1.0, 1.0, 0.0
    for power in range(1, target.degree[operator] + 1):
        power_of_x *= x
        gone += d * power_of_y
        power_of_y *= 1.0 - d
        fall = power_of_x * gone * target.tau_s / power
        clean += target.coefficient[CLEAN_ONES, operator, power] * fall
        either += target.coefficient[EITHER, operator, power] * fall
    return _combined(target, operator, clean, either, whole)


@compiled
def reached_share(target: Any, t_s: int) -> float:
    """Share of all users who reach the target without a VPN at a time."""
    cut_off = 0.0
    for operator in range(target.share_users.size):
        cut_off += target.share_users[operator] * unreached(target, operator, t_s)
    return float(1.0 - cut_off)
