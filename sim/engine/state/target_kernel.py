"""The target as one state: its fronts, and what a second brings about for them; compiled."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from sim.addresses.machine_code import compiled
from sim.engine.state.parts import (
    LESS,
    ONE,
    ZERO,
    Flags,
    Floats,
    Rows,
    define_object,
    double,
    longer,
    part,
    write_row,
    write_table,
)
from sim.engine.state.reach_kernel import CLEAN_ONES, EITHER, multiply_out
from sim.engine.state.space_kernel import CLEAN, DROPPED, n_below, slot_of, state_at

SHARE_TOLERANCE = 1e-6
"""How far from 1 the shares of a table may sum, as `sim.scenario.tables.seeds` has it."""
OLD = 30.0
"""Time constants after which all clients that get a front know it: e^-30 is 1e-13."""


TargetColumns = namedtuple(
    "TargetColumns",
    # Fronts, by row: where, since when, whether they are still there.
    "n_fronts address rented_s is_gone is_lost by_address "
    # What operators do to them now, and as of the last settlement; entries of the register.
    "status told n_held "
    # Fronts that something was done to since the last settlement.
    "touched n_touched is_touched is_stale lost_list "
    # Who reaches the target.
    "share_users lost_share tau_s share_told throttle_severity name_evasion is_named "
    "told_is_named n_old n_first none_known first_young "
    # Of those that some clients do not know yet which work at each operator; how many keep it so.
    "young n_young fading fading_at_s is_dirty coefficient degree since_s "
    # Its users.
    "n_users share n_by_fate totals_s unreached_s booked_s "
    # Who of them looks for another front: hops at each operator, and the first one under way.
    "hop_s n_usable n_usable_before n_dropped hop_end_s hop_stay first_hop n_hops",
)
"""The target: columns by front and by operator.

Attributes
----------
share_users, n_users : shape (n_operators,)
    Share of all users at each operator, and users of the target there.
lost_share
    Share of users for whom a front may be dropped before the target gives it up.
tau_s, share_told
    Time constant of telling clients of a front, and the share of them that learn of one that is
    not of the first.
none_known : shape (n_fronts + 1,)
    Share of clients who know none of so many of the fronts of t = 0.
share : shape (2, n_operators)
    Share of users on a VPN, and of those who have left.
n_by_fate : shape (3, n_operators)
    Users who have neither left nor a VPN, who are on one, who have left.
totals_s : shape (4, n_operators)
    User-seconds cut off, on a VPN, of those who had left, and on the way to another front.
hop_s
    Time a client takes to another front when its own is dropped.
"""

make_target = define_object(TargetColumns)


@part
def _make_room(target: Any) -> None:
    """Have room for one more front: the one place where columns grow."""
    room = target.address.size
    if target.n_fronts < room:
        return
    room = double(room)
    target.address = longer(target.address, room)
    target.rented_s = longer(target.rented_s, room)
    target.is_gone = longer(target.is_gone, room)
    target.is_lost = longer(target.is_lost, room)
    target.by_address = longer(target.by_address, room)
    target.touched = longer(target.touched, room)
    target.is_touched = longer(target.is_touched, room)
    target.lost_list = longer(target.lost_list, room)
    target.fading = longer(target.fading, room)
    target.fading_at_s = longer(target.fading_at_s, room)
    target.status, target.told = longer(target.status, room), longer(target.told, room)
    target.n_held = longer(target.n_held, room)


@part
def _touch(target: Any, front: int) -> None:
    if not target.is_touched[front]:
        target.is_touched[front] = True
        target.touched[target.n_touched] = front
        target.n_touched += 1


@compiled
def add_front(target: Any, space: Any, address: int, t_s: int) -> int:
    """Note one more front, and return its row."""
    _make_room(target)
    front = target.n_fronts
    target.address[front], target.rented_s[front] = address, t_s
    place = _n_fronts_below(target, address + 1)
    for row in range(front, place, -1):
        target.by_address[row] = target.by_address[row - 1]
    target.by_address[place] = front
    target.n_fronts = front + 1
    slot = slot_of(space, address)
    for operator in range(target.share_users.size):
        target.status[front, operator] = state_at(space, operator, slot)
        # Until it is settled it counts as dropped: nobody has it.
        target.told[front, operator] = DROPPED
    for mechanism in range(3):
        target.n_held[front, mechanism] = space.n_entries[slot, -1, mechanism]
    _touch(target, front)
    target.is_stale = True
    return int(front)


@part
def _n_fronts_below(target: Any, bound: int) -> int:
    """How many fronts have an address below a bound."""
    low, high = 0, target.n_fronts
    while low < high:
        middle = (low + high) >> 1
        if target.address[target.by_address[middle]] < bound:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def addresses(target: Any) -> Rows:
    """Address of each front."""
    address: Rows = target.address[: target.n_fronts].copy()
    return address


@compiled
def lost(target: Any, place: int) -> int:
    """Row of one of the fronts that the target gave up at the last settlement."""
    return int(target.lost_list[place])


@compiled
def write_held(target: Any, front_row: Rows, mechanism: int, is_held: Flags) -> None:
    """Write down whether entries in force hold some fronts by a mechanism.

    An array that is handed over costs less than one that is returned.
    """
    for place in range(front_row.size):
        is_held[place] = target.n_held[front_row[place], mechanism] > 0


@compiled
def evict(target: Any, front: int) -> bool:
    """Let a provider turn a front off; return whether it was on."""
    if target.is_gone[front]:
        return False
    _touch(target, front)
    for operator in range(target.share_users.size):
        target.n_dropped[operator] += int(target.told[front, operator] != DROPPED)
        _count_front(target, front, operator, target.told[front, operator], LESS)
    target.is_gone[front] = True
    target.is_stale = True
    return True


@compiled
def give_up(target: Any, front: int) -> bool:
    """Let the target give a front up; return whether it had not yet."""
    is_new = not target.is_lost[front]
    target.is_lost[front] = True
    return bool(is_new)


@part
def meet(
    target: Any, space: Any, start: Rows, stop: Rows, holder: int, mechanism: int, step: int
) -> None:
    """Look again at the fronts in some intervals, as a holder has an entry more or less there."""
    is_register = holder == target.share_users.size
    for interval in range(start.size):
        row = _n_fronts_below(target, start[interval])
        while row < target.n_fronts:
            front = target.by_address[row]
            if target.address[front] >= stop[interval]:
                break
            if is_register:
                target.n_held[front, mechanism] += step
            else:
                now = state_at(space, holder, slot_of(space, target.address[front]))
                if target.status[front, holder] != now:
                    target.status[front, holder] = now
                    _touch(target, front)
            row += 1


@part
def is_changed(target: Any) -> bool:
    """Whether anything was done since the last settlement that tells on who reaches the target."""
    if target.is_stale:
        return True
    for operator in range(target.share_users.size):
        if target.is_named[operator] != target.told_is_named[operator]:
            return True
    for touched in range(target.n_touched):
        front = target.touched[touched]
        if not target.is_gone[front]:
            for operator in range(target.share_users.size):
                if target.status[front, operator] != target.told[front, operator]:
                    return True
    for touched in range(target.n_touched):
        front = target.touched[touched]
        target.is_touched[front] = False
        write_row(target.told[front], target.status[front])
    target.n_touched = 0
    return False


@part
def _count_front(target: Any, front: int, operator: int, status: int, step: int) -> None:
    """Count a front, more or less, among those that work in one way at an operator."""
    if target.is_gone[front] or status == DROPPED:
        return
    target.is_dirty[operator] = True
    target.n_usable[operator] += step
    if target.rented_s[front] == 0:
        counts = target.n_first
    elif front < target.first_young:
        counts = target.n_old
    else:
        _list_young(target, front, operator, step)
        return
    counts[EITHER, operator] += step
    if status == CLEAN:
        counts[CLEAN_ONES, operator] += step


@part
def _list_young(target: Any, front: int, operator: int, step: int) -> None:
    """List a front, or no longer, among those that some clients at an operator do not know yet."""
    n, young = target.n_young[operator], target.young[operator]
    place = n_below(young, n, front)
    if step == LESS:
        for row in range(place + 1, n):
            young[row - 1] = young[row]
    else:
        if n == young.size:
            more = np.zeros((target.share_users.size, double(n)), np.int64)
            write_table(more, target.young)
            target.young = more
            young = more[operator]
        for row in range(n, place, -1):
            young[row] = young[row - 1]
        young[place] = front
    target.n_young[operator] = n + step


@part
def settle(target: Any, t_s: int) -> int:
    """Take over what was done to fronts, from this second on.

    Returns
    -------
    How many fronts the target gives up by that: the first rows of ``lost_list``, ascending.
    """
    n_operators = target.share_users.size
    target.is_stale = False
    write_row(target.told_is_named, target.is_named)
    n_lost = ZERO
    for touched in range(target.n_touched):
        front = target.touched[touched]
        target.is_touched[front] = False
        dropped_for = 0.0
        for operator in range(n_operators):
            before, now = target.told[front, operator], target.status[front, operator]
            if before != now:
                target.told[front, operator] = now
                if now == DROPPED and not target.is_gone[front]:
                    target.n_dropped[operator] += 1
                _count_front(target, front, operator, before, LESS)
                _count_front(target, front, operator, now, ONE)
            if now == DROPPED:
                dropped_for += target.share_users[operator]
        is_kept = not (target.is_lost[front] or target.is_gone[front])
        if is_kept and dropped_for > target.lost_share:
            target.is_lost[front] = True
            place = n_below(target.lost_list, n_lost, front)
            for row in range(n_lost, place, -1):
                target.lost_list[row] = target.lost_list[row - 1]
            target.lost_list[place] = front
            n_lost += 1
    target.n_touched = 0
    _age(target, t_s)
    _begin_hops(target, t_s)
    for operator in range(n_operators):
        if target.is_dirty[operator]:
            target.is_dirty[operator] = False
            multiply_out(target, operator, t_s)
    return n_lost


@part
def mean_over_users(share_users: Floats, count: Rows) -> float:
    """Mean of a count over users: the largest less what operators lack, exact if all are equal."""
    most, whole, lacking = np.int64(0), 0.0, 0.0
    for operator in range(share_users.size):
        most, whole = max(most, count[operator]), whole + share_users[operator]
    for operator in range(share_users.size):
        lacking += share_users[operator] * (most - count[operator])
    return float(most if abs(whole - 1.0) <= SHARE_TOLERANCE else whole * most) - lacking


@part
def lost_share(target: Any) -> float:
    """Share of attempts that fail at an address of those given to the target, mean over users."""
    most = whole = lacking = 0.0
    for operator in range(target.share_users.size):
        most, whole = max(most, _lost_at(target, operator)), whole + target.share_users[operator]
    for operator in range(target.share_users.size):
        lacking += target.share_users[operator] * (most - _lost_at(target, operator))
    return float(most if abs(whole - 1.0) <= SHARE_TOLERANCE else whole * most) - lacking


@part
def _lost_at(target: Any, operator: int) -> float:
    """Share of attempts that fail at an operator, by its address or by the target's name."""
    n_usable, n_clean = target.n_usable[operator], target.n_first[CLEAN_ONES, operator]
    working = n_clean + (n_usable - n_clean) * (1.0 - target.throttle_severity)
    working *= target.name_evasion if target.told_is_named[operator] else 1.0
    return float(1.0 - working / target.n_fronts)


@part
def _begin_hops(target: Any, t_s: int) -> None:
    """Let users of the fronts that are dropped from now on look for another one."""
    for operator in range(target.share_users.size):
        n_before, n_dropped = target.n_usable_before[operator], target.n_dropped[operator]
        target.n_usable_before[operator] = target.n_usable[operator]
        target.n_dropped[operator] = 0
        if target.hop_s == 0 or n_dropped == 0:
            continue
        hop, room = target.n_hops[operator], target.hop_end_s.shape[0]
        if hop == room:
            target.hop_end_s = longer(target.hop_end_s, double(room))
            target.hop_stay = longer(target.hop_stay, double(room))
        target.hop_end_s[hop, operator] = t_s + target.hop_s
        target.hop_stay[hop, operator] = 1.0 - n_dropped / n_before
        target.n_hops[operator] = hop + 1


@part
def _age(target: Any, t_s: int) -> None:
    """Count a front as old once all clients that get it know it."""
    while target.first_young < target.n_fronts:
        front = target.first_young
        rented_s = target.rented_s[front]
        if rented_s > 0 and (t_s - rented_s) / target.tau_s < OLD:
            return
        target.first_young = front + 1
        if rented_s > 0 and not target.is_gone[front]:
            for operator in range(target.share_users.size):
                status = target.told[front, operator]
                if status != DROPPED:
                    _list_young(target, front, operator, LESS)
                target.n_old[EITHER, operator] += int(status != DROPPED)
                target.n_old[CLEAN_ONES, operator] += int(status == CLEAN)
