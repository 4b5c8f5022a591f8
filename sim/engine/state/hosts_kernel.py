"""The hosts of components: entries over them, how components fail, and whom that touches."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from sim.addresses.machine_code import compiled
from sim.catalogue.causes import COMPONENT_ELSEWHERE, OWN_ADDRESS
from sim.engine.state.parts import Flags, Numbers, Rows, part, write_row
from sim.engine.state.space_kernel import CLEAN, DROPPED, n_below, slot_of, state_at

_SORTED_PART = 128
"""Above one in so many rows, looking through all is faster than sorting."""
# Not as literals, for each of which numba would compile a loop of its own.
NONE, PARTLY, WHOLE, MOVED, DRIFTED = (cast("int", np.int64(bits)) for bits in (0, 1, 2, 4, 8))
"""How a business is touched: a component of it changed, all of it may have changed, it sits
elsewhere, drift may have moved it over a threshold."""
_WHOLLY, _THROTTLED = 1, 2
"""Ways to fail; way 0 is not to."""


@part
def touch_hosts(
    states: Any, space: Any, start: Rows, stop: Rows, operator: int, mechanism: int, step: int
) -> None:
    """Touch components at the addresses that entries turn, which are counted (+1 or -1) already.

    Parameters
    ----------
    start, stop : shape (n,)
        Intervals of the entries, one entry after the other; the space is cut at their bounds.
    """
    address, component_row, counts = states.address, states.host_component, space.n_entries
    is_seated = states.is_seated
    turning = 1 if step > 0 else 0
    for interval in range(start.size):
        host = n_below(address, address.size, start[interval])
        while host < address.size and address[host] < stop[interval]:
            piece = n_below(space.start, space.n_pieces, address[host] + 1)
            piece_stop = space.start[piece] if piece < space.n_pieces else space.end
            # Only what came under, or from under, its only entry is worth a look.
            is_turned = counts[space.slot[piece - 1], operator, mechanism] == turning
            while host < address.size and address[host] < piece_stop:
                if is_turned:
                    # How a component fails on which nobody ever sat is of no interest yet.
                    if is_seated[component_row[host]]:
                        _touch_component(states, component_row[host])
                    states.is_turned = True
                    states.is_touched_at[operator] = True
                host += 1


@part
def _touch_component(states: Any, component: int) -> None:
    if not states.is_listed[component]:
        states.is_listed[component] = True
        states.component_list[states.n_components] = component
        states.n_components += 1


@part
def touch_business(states: Any, row: int, how: int) -> None:
    """Note that a business has to be looked at in the next turn, and why."""
    if states.touched[row] == 0:
        states.business_list[states.n_businesses] = row
        states.n_businesses += 1
    states.touched[row] |= how


@compiled
def move(states: Any, row: int, component_row: Numbers, is_response: bool) -> None:
    """Let a business sit on other components from now on.

    Parameters
    ----------
    component_row : shape (n_roles,)
    is_response
        Whether the business itself moves what is its own, which is in one place from then on.
    """
    if states.touched[row] & MOVED == 0:
        # Until the turn, it counts where it sat.
        states.moved_list[states.n_moved] = row
        write_row(states.told_component_row[states.n_moved], states.component_row[row])
        write_row(states.told_role_cause[states.n_moved], states.role_cause[row])
        states.n_moved += 1
        touch_business(states, row, WHOLE | MOVED)
    for role in range(component_row.size):
        is_moved = component_row[role] != states.component_row[row, role]
        if is_response and is_moved and states.role_cause[row, role] == COMPONENT_ELSEWHERE:
            states.role_cause[row, role] = OWN_ADDRESS
        if not states.is_seated[component_row[role]]:
            states.is_seated[component_row[role]] = True
            _touch_component(states, component_row[role])
    write_row(states.component_row[row], component_row)
    states.is_touched_at[:] = True


@compiled
def touch_named(states: Any, operator: int, overmatch: float) -> None:
    """Touch the businesses whose names lie below a share of all names, at an operator."""
    states.is_touched_at[operator] = True
    for row in range(states.name_draw.size):
        if states.name_draw[row] < overmatch:
            touch_business(states, row, WHOLE)


@part
def is_touched(states: Any) -> bool:
    """Whether anything was touched since the last turn."""
    return bool(states.is_turned or states.n_businesses > 0)


@part
def take_operators(is_touched_at: Flags, operator_list: Rows) -> int:
    """List the operators at which anything changed: at the others all stays as it is."""
    n_operators = 0
    for operator in range(is_touched_at.size):
        if is_touched_at[operator]:
            operator_list[n_operators] = operator
            n_operators += 1
            is_touched_at[operator] = False
    return n_operators


@part
def sort(rows: Numbers) -> None:
    """Sort some rows, in place, by a heap: NumPy's own sort takes a second to compile."""
    for first in range(rows.size // 2 - 1, -1, -1):
        _sift(rows, first, rows.size)
    for last in range(rows.size - 1, 0, -1):
        rows[0], rows[last] = rows[last], rows[0]
        _sift(rows, NONE, last)


@part
def _sift(rows: Numbers, place: int, n: int) -> None:
    """Let one of the first n rows sink in their heap."""
    row, child = rows[place], 2 * place + 1
    while child < n:
        if child + 1 < n and rows[child + 1] > rows[child]:
            child += 1
        if rows[child] <= row:
            break
        rows[place] = rows[child]
        place, child = child, 2 * child + 1
    rows[place] = row


@part
def put_in_order(rows: Numbers, touched: Any) -> None:
    """Put what was touched in the sequence of rows, which is that of memory.

    Parameters
    ----------
    touched : shape (n,)
        Not 0 at the rows given, and only there.
    """
    if rows.size < touched.size // _SORTED_PART:
        sort(rows)
        return
    place = 0
    for row in range(touched.size):
        if touched[row]:
            rows[place] = row
            place += 1


@part
def refresh_components(states: Any, space: Any, components: Numbers, operator: int) -> int:
    """How far components fail now at an operator; return how many of them fail otherwise.

    They are the first ones of ``changed_list``, and ``degree_now`` says how they fail.
    """
    address, degree_row = states.address, states.degree_row
    host_order, host_start, is_spread = states.host_order, states.host_start, states.is_spread
    spread_start, degree_at = states.spread_start, states.degree_at
    changed_list, degree_now = states.changed_list, states.degree_now
    dual_start, first_ipv6 = states.dual_start, states.first_ipv6
    n_changed = 0
    for component in components:
        first, stop = host_start[component], host_start[component + 1]
        n_hosts = stop - first
        n_dropped = n_throttled = n_six = n_dropped6 = n_throttled6 = NONE
        is_dual = dual_start.size > 0 and dual_start[component] >= 0
        for place in range(first, stop):
            host = host_order[place]
            is_six = is_dual and host >= first_ipv6
            n_six += is_six
            state = state_at(space, operator, slot_of(space, address[host]))
            if state == DROPPED:
                n_dropped += 1
                n_dropped6 += is_six
            elif state != CLEAN:
                n_throttled += 1
                n_throttled6 += is_six
        way = 0
        if is_dual:
            n_four, n_dropped4 = n_hosts - n_six, n_dropped - n_dropped6
            n_throttled4 = n_throttled - n_throttled6
            if is_spread[component]:
                way = n_dropped4 * (n_four + 1) + n_throttled4
                way = (way * (n_six + 1) + n_dropped6) * (n_six + 1) + n_throttled6
            else:
                way = 3 * _way(n_four, n_dropped4, n_throttled4)
                way += _way(n_six, n_dropped6, n_throttled6)
            way += dual_start[component]
        elif is_spread[component]:
            way = spread_start[n_hosts] + n_dropped * (n_hosts + 1) + n_throttled
        else:
            way = _way(n_hosts, n_dropped, n_throttled)
        before, now = degree_row[component, operator], degree_at[way]
        if now != before:
            degree_now[n_changed] = now
            changed_list[n_changed] = component
            n_changed += 1
    return n_changed


@part
def _way(n_hosts: int, n_dropped: int, n_throttled: int) -> int:
    """How a component fails when any one working address is enough."""
    if n_dropped == n_hosts:
        return _WHOLLY
    return _THROTTLED if n_dropped + n_throttled == n_hosts else 0
