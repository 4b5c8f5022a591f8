"""The share that reaches the target, in closed form between changes, and its users; compiled.

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
S_PER_D = 86_400
WITHOUT, ON_VPN, LEFT = range(3)
"""Fates of users: neither left nor on a VPN, on one, left."""


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
    """Fill in the coefficients of one polynomial, from that of power 0 on; return its degree."""
    # Powers that no time makes a part in 2^120 of the value are nearly all, and are ignored.
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


@compiled
def book(target: Any, t_s: int) -> None:
    """Book the piece that ends now, in which the reach of the target was as it is."""
    from_s = target.booked_s
    elapsed_s = float(t_s - from_s)
    for operator in range(target.share_users.size):
        n_without = target.n_by_fate[WITHOUT, operator]
        missed_s = unreached_in(target, operator, from_s, t_s)
        target.totals_s[0, operator] += n_without * missed_s
        target.totals_s[1, operator] += target.n_by_fate[ON_VPN, operator] * elapsed_s
        target.totals_s[2, operator] += target.n_by_fate[LEFT, operator] * elapsed_s
        target.unreached_s[operator] += missed_s
        if target.first_hop[operator] < target.n_hops[operator]:
            target.totals_s[3, operator] += n_without * _hopping(target, operator, from_s, t_s)
    target.booked_s = t_s


@part
def _hopping(target: Any, operator: int, from_s: int, to_s: int) -> float:
    """Integral of the share of an operator's users without a VPN on the way to a front."""
    # Hops take the same time: the first to begin ends first, and is forgotten. Whoever reaches the
    # target was moved by each of them independently.
    hopping_s, at_s = 0.0, from_s
    while target.first_hop[operator] < target.n_hops[operator] and at_s < to_s:
        first, stay = target.first_hop[operator], 1.0
        for hop in range(first, target.n_hops[operator]):
            stay *= target.hop_stay[hop, operator]
        until_s = min(to_s, target.hop_end_s[first, operator])
        missed_s = unreached_in(target, operator, at_s, until_s)
        hopping_s += (1.0 - stay) * (until_s - at_s - missed_s)
        if until_s == target.hop_end_s[first, operator]:
            target.first_hop[operator] = first + 1
        at_s = until_s
    return float(hopping_s)


@part
def relaxed(share: float, up: float, top: float, down: float, bottom: float, days: float) -> float:
    """Solve ``ds/dt = up * (top - s) - down * (s - bottom)`` over some days, exactly."""
    rate = up + down
    if rate <= 0:
        return share
    rest = (up * top + down * bottom) / rate
    return float(rest + (share - rest) * np.exp(-rate * days))


@compiled
def move_users(
    target: Any,
    t_s: int,
    demand_lost_s: Floats,
    tick_s: float,
    share_target_users: float,
    per_d: Floats,
    bound: Floats,
) -> None:
    """Move the shares on a VPN and of those who left, over a tick that is booked.

    Parameters
    ----------
    demand_lost_s : shape (n_operators,)
        Share of demand lost for each operator's users, integrated over the tick.
    per_d : shape (4,)
        Rates of taking a VPN up and of giving it up, of leaving and of returning.
    bound : shape (4,)
        Top and bottom of the one, top and bottom of the other.
    """
    days = tick_s / S_PER_D
    for operator in range(target.share_users.size):
        missed = target.unreached_s[operator] / tick_s
        target.unreached_s[operator] = 0.0
        on_vpn, left = target.share[0, operator], target.share[1, operator]
        drive = share_target_users * missed
        drive += (1.0 - share_target_users) * demand_lost_s[operator] / tick_s
        target.share[0, operator] = relaxed(
            on_vpn, per_d[0] * drive, bound[0], per_d[1] * (1.0 - drive), bound[1], days
        )
        without = (1.0 - on_vpn) * missed
        target.share[1, operator] = relaxed(
            left, per_d[2] * without, bound[2], per_d[3] * (1.0 - without), bound[3], days
        )
    count_fates(target.n_users, target.share, target.n_by_fate)


@part
def count_fates(n_users: Floats, share: Floats, n_by_fate: Floats) -> None:
    """Users without a VPN, on one, and left."""
    for operator in range(n_users.size):
        staying = n_users[operator] * (1.0 - share[1, operator])
        n_by_fate[WITHOUT, operator] = staying * (1.0 - share[0, operator])
        n_by_fate[ON_VPN, operator] = staying * share[0, operator]
        n_by_fate[LEFT, operator] = n_users[operator] * share[1, operator]


@part
def shares(target: Any, t_s: int) -> tuple[float, float, float]:
    """Shares of the target's users who reach it at a time, are on a VPN, have left."""
    n_users = n_cut_off = n_on_vpn = n_left = 0.0
    for operator in range(target.n_users.size):
        n_users += target.n_users[operator]
        n_on_vpn += target.n_by_fate[ON_VPN, operator]
        n_left += target.n_by_fate[LEFT, operator]
        n_cut_off += target.n_by_fate[WITHOUT, operator] * unreached(target, operator, t_s)
    return 1.0 - (n_left + n_cut_off) / n_users, n_on_vpn / n_users, n_left / n_users


@part
def cut_off_days(target: Any, from_s: int, to_s: int) -> float:
    """User-days cut off over a time without a change."""
    total = 0.0
    for operator in range(target.share_users.size):
        n_without = target.n_by_fate[WITHOUT, operator]
        total += n_without * unreached_in(target, operator, from_s, to_s)
    return float(total / S_PER_D)
