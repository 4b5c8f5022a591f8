"""The address space in pieces, who holds each, and the hosts that sit there; compiled."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from sim.addresses.machine_code import compiled
from sim.addresses.sets.family_starts import IPV6_START
from sim.engine.state.parts import (
    Flags,
    Floats,
    Rows,
    define_object,
    double,
    longer,
    part,
    write_table,
)

DROP, THROTTLE, EXEMPT = range(3)
"""Mechanisms that are about addresses, by their column in counts."""
CLEAN, THROTTLED, DROPPED = range(3)
"""State of an address at a holder."""


SpaceColumns = namedtuple(
    "SpaceColumns",
    "n_pieces start is_targets slot n_entries n_blocked end edge owner n_listed_of pool_start "
    "pool_stop pool_step pool_first n_free_of n_free_in line_start line_network line_width",
)
"""The address space: columns by piece, holder and pool.

Attributes
----------
n_pieces
    Number of pieces; their columns have room for more.
start : shape (n_pieces,)
    Where each piece begins, ascending from 0.
is_targets : shape (n_pieces,)
    Whether it is the target's own; by slot, as counts are.
slot : shape (n_pieces,)
    Where the counts of each piece lie.
n_entries : shape (n_pieces, n_holders, 3)
    Entries of each mechanism over each piece.
n_blocked : shape (n_holders, 1 or 2)
    Addresses of IPv4 outside the target's own that each holder drops or throttles, and with IPv6
    the /64 networks of which it does so with some. Holders are operators, and the register after
    them.
end
    Where the space ends.
edge, owner : shapes (n_segments + 1,), (n_segments,)
    Where IPv4 passes from one provider to another, and to whom.
n_listed_of : shape (n_providers + 1,)
    IPv4 addresses listed of each provider, and of nobody, outside the target's own.
pool_start, pool_stop, pool_step, pool_first : shapes (n,), (n,), (n,), (n_pools + 1,)
    Runs of addresses that each pool gives out, ``pool_step`` apart: those from
    ``pool_first[row]`` on.
n_free_of, n_free_in : shapes (n_pools,), (n,)
    Addresses that each pool, and each run, gives out and that are not listed.
line_start, line_network, line_width : shape (n_segments,)
    Where each segment of IPv6 begins on the line, the number of its first /64 network, and how
    many numbers of the line each of its networks has.
"""

make_space = define_object(SpaceColumns)


@part
def n_below(ascending: Rows, n: int, bound: int) -> int:
    """How many of the first n of some ascending numbers lie below a bound."""
    low, high = 0, n
    while low < high:
        middle = (low + high) >> 1
        if ascending[middle] < bound:
            low = middle + 1
        else:
            high = middle
    return low


@part
def _make_room(space: Any, n_more: int) -> None:
    """Have room for so many pieces more; for twice as many as now, so that it is seldom done."""
    n, room = space.n_pieces + n_more, space.start.size
    if n > room:
        room = max(n, double(room))
        space.start, space.slot = longer(space.start, room), longer(space.slot, room)
        # Counts lie where they were first made: in the order of pieces they would move with each
        # cut. So does what never changes.
        space.is_targets = longer(space.is_targets, room)
        space.n_entries = longer(space.n_entries, room)


@part
def _cut_around(space: Any, first: int, stop: int) -> None:
    """Cut the space where an interval begins and ends; each part is held by what held the whole."""
    # What lies behind both cuts is moved once, which is most of what an entry costs.
    n, start, slot = space.n_pieces, space.start, space.slot
    low, high = n_below(start, n, first), n_below(start, n, stop)
    is_low = first < space.end and not (low < n and start[low] == first)
    is_high = stop < space.end and not (high < n and start[high] == stop)
    n_more = int(is_low) + int(is_high)
    if n_more == 0:
        return
    low_slot, high_slot = slot[low - 1], slot[high - 1]
    # One column after the other: each of these loops is compiled to one move of memory.
    for row in range(n - 1, high - 1, -1):
        start[row + n_more] = start[row]
    for row in range(n - 1, high - 1, -1):
        slot[row + n_more] = slot[row]
    if is_low:
        for row in range(high - 1, low - 1, -1):
            start[row + 1], slot[row + 1] = start[row], slot[row]
        start[low], slot[low] = first, n
        space.is_targets[n] = space.is_targets[low_slot]
        write_table(space.n_entries[n], space.n_entries[low_slot])
    if is_high:
        row, mine = high + int(is_low), n + int(is_low)
        start[row], slot[row] = stop, mine
        space.is_targets[mine] = space.is_targets[high_slot]
        write_table(space.n_entries[mine], space.n_entries[high_slot])
    space.n_pieces = n + n_more


@part
def cut(space: Any, start: Rows, stop: Rows) -> None:
    """Cut the space where some intervals begin and end."""
    _make_room(space, 2 * start.size)
    for row in range(start.size):
        _cut_around(space, start[row], stop[row])


@part
def state_at(space: Any, holder: int, slot: int) -> int:
    """State of the addresses of a piece at a holder."""
    counts = space.n_entries
    if counts[slot, holder, EXEMPT] > 0:
        return CLEAN
    if counts[slot, holder, DROP] > 0:
        return DROPPED
    return THROTTLED if counts[slot, holder, THROTTLE] > 0 else CLEAN


@part
def slot_of(space: Any, address: int) -> int:
    """Where the counts lie of the piece that holds an address."""
    return int(space.slot[n_below(space.start, space.n_pieces, address + 1) - 1])


@compiled
def blocked_anywhere(space: Any, address: Rows, start: Rows) -> Flags:
    """Whether any address of each group is dropped or throttled at some operator.

    Parameters
    ----------
    space
        What ``make_space`` returned.
    address : shape (n_addresses,)
        Group after group.
    start : shape (n_groups + 1,)
        Where each group begins in ``address``.

    Returns
    -------
    shape (n_groups,)
    """
    n_operators = space.n_blocked.shape[0] - 1
    found = np.zeros(start.size - 1, np.bool_)
    for group in range(start.size - 1):
        for place in range(start[group], start[group + 1]):
            slot = slot_of(space, address[place])
            for operator in range(n_operators):
                found[group] |= state_at(space, operator, slot) != CLEAN
            if found[group]:
                break
    return found


@part
def count_pieces(
    space: Any, start: Rows, stop: Rows, holder: int, mechanism: int, step: int
) -> None:
    """Count entries more (+1) or less (-1) over the pieces they hold, and what is blocked by that.

    Parameters
    ----------
    start, stop : shape (n,)
        Intervals of the entries, one entry after the other; the space is cut at their bounds.
    holder
        Whose entries they are. The last is the register, whose free and listed addresses count.
    """
    counts, is_register = space.n_entries, holder == space.n_blocked.shape[0] - 1
    n = space.n_pieces
    for interval in range(start.size):
        row = n_below(space.start, n, start[interval])
        while row < n and space.start[row] < stop[interval]:
            slot = space.slot[row]
            before = state_at(space, holder, slot) != CLEAN
            counts[slot, holder, mechanism] += step
            after = state_at(space, holder, slot) != CLEAN
            if before != after:
                first = space.start[row]
                last = space.start[row + 1] if row + 1 < n else space.end
                if first < IPV6_START:
                    turned = last - first if after else first - last
                    if not space.is_targets[slot]:
                        space.n_blocked[holder, 0] += turned
                elif not space.is_targets[slot]:
                    _turn_networks(space, row, holder, int(after) - int(before))
                if is_register:
                    _list(space, first, last, int(after) - int(before), space.is_targets[slot])
            row += 1


@part
def _list(space: Any, first: int, stop: int, step: int, is_targets: bool) -> None:
    """Count some addresses as listed (+1), or no longer (-1): by provider, and out of pools."""
    if not is_targets and first < IPV6_START:
        row = n_below(space.edge, space.edge.size, first + 1) - 1
        while row < space.owner.size and space.edge[row] < stop:
            mine = min(space.edge[row + 1], stop) - max(space.edge[row], first)
            space.n_listed_of[space.owner[row]] += step * mine
            row += 1
    for pool in range(space.n_free_of.size):
        low, high = space.pool_first[pool], space.pool_first[pool + 1]
        row = low + n_below(space.pool_stop[low:high], high - low, first + 1)
        while row < high and space.pool_start[row] < stop:
            mine = _n_given_out(space, row, stop) - _n_given_out(space, row, first)
            space.n_free_of[pool] -= step * mine
            space.n_free_in[row] -= step * mine
            row += 1


@part
def _n_given_out(space: Any, row: int, bound: int) -> int:
    """Addresses of a run of a pool that lie below a bound."""
    span = min(space.pool_stop[row], bound) - space.pool_start[row]
    step = space.pool_step[row]
    if span <= 0:
        return 0
    return int(span if step == 1 else (span + step - 1) // step)


@part
def _turn_networks(space: Any, row: int, holder: int, step: int) -> None:
    """Count the /64 networks that a piece of IPv6 turns: those of which no other holds some."""
    n = space.n_pieces
    stop = space.start[row + 1] if row + 1 < n else space.end
    first, last = _network_of(space, space.start[row]), _network_of(space, stop - 1)
    is_first_held, is_last_held = False, False
    other = row - 1
    while other >= 0 and space.start[other + 1] > IPV6_START:
        if _network_of(space, space.start[other + 1] - 1) != first:
            break
        is_first_held |= _is_counted(space, other, holder)
        other -= 1
    other = row + 1
    while other < n and _network_of(space, space.start[other]) == last:
        is_last_held |= _is_counted(space, other, holder)
        other += 1
    turned = last - first + 1
    if first == last:
        turned -= int(is_first_held or is_last_held)
    else:
        turned -= int(is_first_held) + int(is_last_held)
    space.n_blocked[holder, 1] += step * turned


@part
def _is_counted(space: Any, row: int, holder: int) -> bool:
    """Whether a holder blocks a piece that is not the target's own."""
    if space.is_targets[space.slot[row]]:
        return False
    return bool(state_at(space, holder, space.slot[row]) != CLEAN)


@part
def _network_of(space: Any, position: int) -> int:
    """Number of the /64 network at a place of the line."""
    row = n_below(space.line_start, space.line_start.size, position + 1) - 1
    behind = (position - space.line_start[row]) // space.line_width[row]
    return int(space.line_network[row] + behind)


@compiled
def draw_free(space: Any, weight: Floats, u: float, v: float) -> tuple[int, int]:
    """Draw a pool by weight among those that have anything free, and of it an address.

    Parameters
    ----------
    weight : shape (n_pools,)
        How often each is chosen; at least one has something free and a weight.
    u, v
        Uniform numbers: of the pool, by inversion, and of the address.

    Returns
    -------
    pool, address
    """
    total = 0.0
    for row in range(weight.size):
        total += weight[row] if space.n_free_of[row] > 0 else 0.0
    # Rounding of u * total may reach the last edge; the last pool with weight is meant.
    edge, pool = 0.0, -1
    for row in range(weight.size):
        if weight[row] > 0.0 and space.n_free_of[row] > 0:
            edge, pool = edge + weight[row], row
            if edge > u * total:
                break
    return pool, _nth_free(space, pool, int(v * space.n_free_of[pool]))


@part
def _nth_free(space: Any, pool: int, n: int) -> int:
    """The n-th address of a pool that is not listed, counted from 0 in ascending order."""
    register = space.n_blocked.shape[0] - 1
    for run in range(space.pool_first[pool], space.pool_first[pool + 1]):
        if n >= space.n_free_in[run]:
            n -= space.n_free_in[run]
            continue
        first, stop = space.pool_start[run], space.pool_stop[run]
        row = n_below(space.start, space.n_pieces, first + 1) - 1
        while row < space.n_pieces and space.start[row] < stop:
            last = space.start[row + 1] if row + 1 < space.n_pieces else space.end
            if state_at(space, register, space.slot[row]) == CLEAN:
                before = _n_given_out(space, run, max(space.start[row], first))
                mine = _n_given_out(space, run, min(last, stop)) - before
                if n < mine:
                    return int(first + (before + n) * space.pool_step[run])
                n -= mine
            row += 1
    return -1
