"""The hosts of components: counts of entries over them, how components fail, and whom that touches.

In: entries that operators apply and release, businesses that move. Out: components and businesses
that are touched, and the degree to which each component fails at an operator.
"""

from __future__ import annotations

from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from sim.addresses.machine_code import compiled
from sim.catalogue.causes import COMPONENT_ELSEWHERE, OWN_ADDRESS
from sim.engine.state.businesses import Numbers, Rows
from sim.engine.state.copies import write_row
from sim.engine.state.parts import part
from sim.engine.state.space_kernel import DROP, THROTTLE, n_below

Flags: TypeAlias = NDArray[np.bool_]
_SORTED_PART = 128
"""Above one in so many rows, looking through all is faster than sorting."""
# Not as literals, for each of which numba would compile a loop of its own.
NONE, WHOLE, MOVED, DRIFTED = (cast("int", np.int64(bits)) for bits in (0, 32, 64, 128))
"""How a business is touched, next to one bit for each role whose component changed: all of it may
have changed, it sits elsewhere, drift may have moved it over a threshold."""
_WHOLLY, _THROTTLED = 1, 2
"""Ways to fail; way 0 is not to."""


@compiled
def use_mechanism(states: Any, mechanism: int, n_entries: NDArray[np.int16]) -> None:
    """Count entries of a mechanism over hosts from now on; shape (n_hosts, n_operators)."""
    if mechanism == DROP:
        states.n_dropping = n_entries
    elif mechanism == THROTTLE:
        states.n_throttling = n_entries
    else:
        states.n_exempting = n_entries


@part
def count_hosts(
    states: Any, start: Rows, stop: Rows, operator: int, mechanism: int, step: int
) -> None:
    """Count entries more (+1) or less (-1) over the hosts they hold, and touch whom that changes.

    Parameters
    ----------
    start, stop : shape (n,)
        Intervals of the entries, one entry after the other.
    """
    n_entries = states.n_dropping
    if mechanism != DROP:
        n_entries = states.n_throttling if mechanism == THROTTLE else states.n_exempting
    address, component_row = states.address, states.host_component
    turning = 1 if step > 0 else 0
    for interval in range(start.size):
        host = n_below(address, address.size, start[interval])
        while host < address.size and address[host] < stop[interval]:
            n_entries[host, operator] += step
            # Only one that came under, or from under, its only entry is worth a look.
            if n_entries[host, operator] == turning:
                _touch_component(states, component_row[host])
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
    return bool(states.n_components > 0 or states.n_businesses > 0)


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
def forget_components(is_listed: Flags, components: Numbers) -> None:
    """Take no component for listed any more."""
    for component in components:
        is_listed[component] = False


@part
def refresh_components(states: Any, components: Numbers, operator: int) -> int:
    """How far components fail now at an operator; return how many of them fail otherwise.

    They are the first ones of ``changed_list``, and ``degree_now`` says how they fail.
    """
    n_dropping, n_throttling = states.n_dropping, states.n_throttling
    n_exempting, degree_row = states.n_exempting, states.degree_row
    host_order, host_start, is_spread = states.host_order, states.host_start, states.is_spread
    spread_start, degree_at = states.spread_start, states.degree_at
    changed_list, degree_now = states.changed_list, states.degree_now
    has_drop, has_throttle = n_dropping.shape[0] > 0, n_throttling.shape[0] > 0
    has_exempt = n_exempting.shape[0] > 0
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
            if has_exempt and n_exempting[host, operator] > 0:
                continue
            if has_drop and n_dropping[host, operator] > 0:
                n_dropped += 1
                n_dropped6 += is_six
            elif has_throttle and n_throttling[host, operator] > 0:
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


@compiled
def blocked_anywhere(states: Any, host: Rows, start: Rows) -> NDArray[np.bool_]:
    """Whether any host of each group is dropped or throttled, and not exempt, at some operator.

    Parameters
    ----------
    states
        What ``make_states`` returned.
    host : shape (n_hosts,)
        Rows of hosts, group after group.
    start : shape (n_groups + 1,)
        Where each group begins in ``host``.

    Returns
    -------
    shape (n_groups,)
    """
    n_dropping, n_throttling = states.n_dropping, states.n_throttling
    n_exempting = states.n_exempting
    # Counts of a mechanism have no rows until it is used.
    has_drop, has_throttle = n_dropping.shape[0] > 0, n_throttling.shape[0] > 0
    has_exempt = n_exempting.shape[0] > 0
    n_operators = n_dropping.shape[1]
    found = np.zeros(start.size - 1, np.bool_)
    for group in range(start.size - 1):
        for place in range(start[group], start[group + 1]):
            row = host[place]
            for operator in range(n_operators):
                if has_exempt and n_exempting[row, operator] > 0:
                    continue
                if has_drop and n_dropping[row, operator] > 0:
                    found[group] = True
                if has_throttle and n_throttling[row, operator] > 0:
                    found[group] = True
            if found[group]:
                break
    return found
