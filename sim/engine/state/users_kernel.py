"""The target's users: what becomes of them, and how those complain who are cut off; compiled."""

from __future__ import annotations

from typing import Any

import numpy as np

from sim.addresses.machine_code import compiled
from sim.engine.state.parts import Floats, part
from sim.engine.state.reach_kernel import unreached, unreached_in

S_PER_D = 86_400
WITHOUT, ON_VPN, LEFT = range(3)
"""Fates of users: neither left nor on a VPN, on one, left."""


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
        if target.n_hops[operator] > 0:
            target.totals_s[3, operator] += n_without * _hopping(target, operator, from_s, t_s)
    target.booked_s = t_s


@part
def _hopping(target: Any, operator: int, from_s: int, to_s: int) -> float:
    """Integral of the share of an operator's users, none on a VPN, who are on the way to a front.

    Hops that are over by the end are forgotten. They all take the same time, so that the first one
    to begin ends first; whoever reaches the target was moved by each of them independently.
    """
    room = target.hop_end_s.shape[1]
    hopping_s, at_s = 0.0, from_s
    while target.n_hops[operator] > 0 and at_s < to_s:
        first, stay = target.first_hop[operator], 1.0
        for hop in range(target.n_hops[operator]):
            stay *= target.hop_stay[operator, (first + hop) % room]
        until_s = min(to_s, target.hop_end_s[operator, first])
        missed_s = unreached_in(target, operator, at_s, until_s)
        hopping_s += (1.0 - stay) * (until_s - at_s - missed_s)
        if until_s == target.hop_end_s[operator, first]:
            target.first_hop[operator] = (first + 1) % room
            target.n_hops[operator] -= 1
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
