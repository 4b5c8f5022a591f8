"""The turn of a second in one compiled loop; needs numba.

In and out: the columns of ``Exposure``, ``Levels``, ``Ledger`` and ``Tally``, brought up to date in
place. Every number is made by the same operations in the same sequence as by their own methods, so
that the bytes are the same; nothing imports this module but ``sim.engine.kernels``.

All parts of the loop stand in this one file, long as it is: numba keeps compiled code by the file
of the outermost function, and would go on with the old code of a part that changed in another.
After ``Columns`` or a constant imported here changed, remove ``__pycache__``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.experimental import structref

from sim.engine.columns import Columns, Floats, Rows
from sim.engine.levels import SLACK
from sim.engine.patience import IMPAIRED_LEVEL, NOT_IMPAIRED
from sim.world.components import FRONTEND

_compiled = njit(cache=True, nogil=True)
# Handing all columns to a function counts a reference to each; these are put in place instead.
_in_place = njit(inline="always")

_SORTED_PART = 16
"""Above one in so many rows, looking through all is faster than sorting."""


@structref.register
class _HeldType(types.StructRef):  # type: ignore[misc, unused-ignore]
    """Type of what ``hold`` returns."""


class Held(structref.StructRefProxy):  # type: ignore[misc, unused-ignore]
    """All columns as one object: to look at sixty arrays takes longer than a small turn."""


structref.define_constructor(Held, _HeldType, ["columns"])
structref.define_boxing(_HeldType, Held)


@_compiled
def hold(columns: Columns) -> Any:
    """Return what stands for the columns; it keeps them."""
    return Held(columns)  # type: ignore[no-untyped-call, unused-ignore]


@_compiled
def pass_demand(
    passed: Floats,
    booked: Rows,
    weight: Floats,
    until_hour: Rows,
    by_hour: Rows,
    before_start: Rows,
    week_s: int,
) -> None:
    """Book the demand of each operator's users until a second of the week, in place."""
    n_weeks, within_s = week_s // 604_800, week_s % 604_800
    hour, rest_s = within_s // 3600, within_s % 3600
    for sector in range(booked.size):
        whole = n_weeks * until_hour[sector, -1] + until_hour[sector, hour]
        demand = whole * 3600 + by_hour[sector, hour] * rest_s - before_start[sector]
        more = float(demand - booked[sector])
        for operator in range(weight.size):
            passed[operator, sector] += weight[operator] * more
        booked[sector] = demand


@_compiled
def turn(
    held: Any,
    component: Rows,
    business: Rows,
    number: int,
    first_role_group: int,
    weight: Floats,
    drift: float,
    has_drifted: bool,
    may_drift: bool,
    t_s: int,
    week_s: int,
) -> tuple[int, int]:
    """Bring everything up to date for what was touched, and for whom drift may have moved.

    Parameters
    ----------
    held
        All columns, as ``hold`` returns them.
    component, business
        What was touched since the last turn, with repetitions.
    number
        Number of the turn, from 1.
    first_role_group
        Row of the tally's first role.
    week_s
        The time as a second of the week of t = 0.

    Returns
    -------
    n_turned, n_starting
        Businesses that were looked at, and those whose patience begins to run; their rows are the
        first ones of ``turned_list`` and of ``starting_list``, ascending.
    """
    columns = held.columns
    n_operators = _take_operators(columns)
    n_components, n_touched = _touched(columns, component, business, number)
    if n_touched:
        _book_demand_lost(columns, t_s)
    _put_in_order(columns, n_touched, number)
    for i in range(n_touched):
        _count_roles(columns, columns.business_list[i], n_operators, -1.0, first_role_group)
    for i in range(n_components):
        _refresh(columns, columns.component_list[i], n_operators)
    if n_touched:
        columns.told_overmatch[:] = columns.overmatch
        columns.told_is_overloaded[:] = columns.is_overloaded
    for i in range(n_touched):
        row = columns.business_list[i]
        columns.told_component_row[row] = columns.component_row[row]
    n_turned = n_touched
    if has_drifted:
        for row in range(columns.next_look.size):
            if columns.next_look[row] < drift and columns.business_turn[row] != number:
                columns.business_list[n_turned] = row
                n_turned += 1
    if n_turned == 0:
        return 0, 0
    # Only now: time that passes in two pieces is rounded twice.
    pass_demand(
        columns.passed,
        columns.demand_booked,
        weight,
        columns.until_hour,
        columns.by_hour,
        columns.before_start,
        week_s,
    )
    for i in range(n_turned):
        _turn_one(
            columns,
            columns.business_list[i],
            n_operators if i < n_touched else 0,
            first_role_group,
            weight,
            drift,
            may_drift,
            t_s,
        )
    columns.turned_list[:n_turned] = columns.business_list[:n_turned]
    if n_touched and n_turned > n_touched:
        columns.turned_list[:n_turned] = np.sort(columns.business_list[:n_turned])
    n_starting = 0
    for i in range(n_turned):
        row = columns.turned_list[i]
        if columns.level[row] < IMPAIRED_LEVEL:
            columns.impaired_since_s[row] = NOT_IMPAIRED
        elif columns.impaired_since_s[row] == NOT_IMPAIRED or columns.has_moved[row]:
            columns.starting_list[n_starting] = row
            n_starting += 1
        columns.has_moved[row] = False
    return n_turned, n_starting


@_in_place
def _take_operators(columns: Columns) -> int:
    """List the operators at which anything changed: at the others all stays as it is."""
    n_operators = 0
    for operator in range(columns.is_touched_at.size):
        if columns.is_touched_at[operator]:
            columns.operator_list[n_operators] = operator
            n_operators += 1
            columns.is_touched_at[operator] = False
    return n_operators


@_in_place
def _touched(columns: Columns, component: Rows, business: Rows, number: int) -> tuple[int, int]:
    """List what was touched without repetitions."""
    n_components = n_businesses = 0
    for row in business:
        if columns.business_turn[row] != number:
            columns.business_turn[row] = number
            columns.business_list[n_businesses] = row
            n_businesses += 1
    for one in component:
        if columns.component_turn[one] == number:
            continue
        columns.component_turn[one] = number
        columns.component_list[n_components] = one
        n_components += 1
        for link in range(columns.business_start[one], columns.business_start[one + 1]):
            row = columns.business_order[link]
            if columns.business_turn[row] != number:
                columns.business_turn[row] = number
                columns.business_list[n_businesses] = row
                n_businesses += 1
    return n_components, n_businesses


@_in_place
def _put_in_order(columns: Columns, n_touched: int, number: int) -> None:
    """Put the businesses that were touched in the sequence of rows, which is that of memory."""
    if n_touched < columns.business_turn.size // _SORTED_PART:
        columns.business_list[:n_touched] = np.sort(columns.business_list[:n_touched])
        return
    place = 0
    for row in range(columns.business_turn.size):
        if columns.business_turn[row] == number:
            columns.business_list[place] = row
            place += 1


@_in_place
def _book_demand_lost(columns: Columns, t_s: int) -> None:
    """Book the piece that ends now, in which the same demand failed."""
    elapsed_s = float(t_s - columns.booked_s[0])
    if columns.total_value > 0:
        for operator in range(columns.demand_lost_s.size):
            lost = columns.lost_micro_usd_per_h[operator, 0] / columns.total_value
            columns.demand_lost_s[operator] += lost * elapsed_s
    columns.booked_s[0] = t_s


@_in_place
def _refresh(columns: Columns, component: int, n_operators: int) -> None:
    """How far a component fails at each operator at which anything changed."""
    first, stop = columns.host_start[component], columns.host_start[component + 1]
    n_hosts = stop - first
    has_throttle, has_exempt = columns.n_throttling.size > 0, columns.n_exempting.size > 0
    has_drop = columns.n_dropping.size > 0
    for i in range(n_operators):
        operator = columns.operator_list[i]
        n_dropped = n_throttled = 0
        for place in range(first, stop):
            host = columns.host_order[place]
            if has_exempt and columns.n_exempting[host, operator] > 0:
                continue
            if has_drop and columns.n_dropping[host, operator] > 0:
                n_dropped += 1
            elif has_throttle and columns.n_throttling[host, operator] > 0:
                n_throttled += 1
        if columns.is_spread[component]:
            degree = (n_dropped + columns.throttle_severity * n_throttled) / n_hosts
        elif n_dropped == n_hosts:
            degree = 1.0
        elif n_dropped + n_throttled == n_hosts:
            degree = columns.throttle_severity
        else:
            degree = 0.0
        columns.fails[component, operator] = degree


@_in_place
def _of_role(columns: Columns, row: int, role: int, operator: int) -> float:
    """Share of attempts at one operator that fails by one role, as of the last turn."""
    fails = columns.fails[columns.told_component_row[row, role], operator]
    if role == FRONTEND and columns.name_draw[row] < columns.told_overmatch[operator]:
        fails = 1.0 - (1.0 - fails) * columns.name_evasion
    return float(columns.role_weight[row, role] * fails)


@_in_place
def _count_roles(
    columns: Columns, row: int, n_operators: int, sign: float, first_role_group: int
) -> None:
    """Add to, or take from, the demand that fails by role."""
    value = float(columns.value[row])
    for role in range(columns.role_weight.shape[1]):
        for i in range(n_operators):
            operator = columns.operator_list[i]
            failing = _of_role(columns, row, role, operator)
            if failing > 0.0:
                lost = sign * np.rint(value * failing)
                columns.lost_micro_usd_per_h[operator, first_role_group + role] += lost


@_in_place
def _turn_one(
    columns: Columns,
    row: int,
    n_operators: int,
    first_role_group: int,
    weight: Floats,
    drift: float,
    may_drift: bool,
    t_s: int,
) -> None:
    """Book the piece of one business that ends now, and note its state from now on.

    ``n_operators`` of the list may fail it otherwise than before; none, if drift alone moves it.
    """
    provider, sector = columns.provider_group[row], columns.sector_group[row]
    value = float(columns.value[row])
    level_before = columns.level[row]
    sector_row = columns.sector_row[row]
    lost = 0.0
    for operator in range(weight.size):
        passed = columns.passed[operator, sector_row]
        since = columns.passed_since[row, operator]
        piece = columns.by_operator[row, operator] * (passed - since)
        columns.passed_since[row, operator] = passed
        lost = piece if operator == 0 else lost + piece
    _book(columns, row, level_before, lost, t_s)
    if n_operators:
        _count_roles(columns, row, n_operators, 1.0, first_role_group)
    for i in range(n_operators):
        operator = columns.operator_list[i]
        failed, failing = columns.by_operator[row, operator], _failing(columns, row, operator)
        if failing != failed:
            more = np.rint(value * failing) - np.rint(value * failed)
            columns.lost_micro_usd_per_h[operator, 0] += more
            columns.lost_micro_usd_per_h[operator, provider] += more
            columns.lost_micro_usd_per_h[operator, sector] += more
            columns.by_operator[row, operator] = failing
    share, is_failing = 0.0, False
    for operator in range(weight.size):
        failing = columns.by_operator[row, operator]
        part = weight[operator] * failing
        share = part if operator == 0 else share + part
        is_failing |= failing > 0
    level = _level_of(columns.threshold, share)
    columns.level[row] = level
    if level != level_before:
        for state in range(columns.n_at_level.shape[0]):
            up = int(level > state) - int(level_before > state)
            columns.n_at_level[state, 0] += up
            columns.n_at_level[state, provider] += up
            columns.n_at_level[state, sector] += up
    _note_spell(columns, row, bool(level_before > 0), bool(level > 0), t_s)
    distance = _distance(columns.threshold, share) if is_failing else np.inf
    for role in range(columns.role_weight.shape[1]):
        of_role, is_failing = 0.0, False
        for operator in range(weight.size):
            failing = _of_role(columns, row, role, operator)
            part = weight[operator] * failing
            of_role = part if operator == 0 else of_role + part
            is_failing |= failing > 0
        role_level, before = _level_of(columns.threshold, of_role), columns.role_level[row, role]
        columns.role_level[row, role] = role_level
        if role_level != before:
            for state in range(columns.n_at_level.shape[0]):
                up = int(role_level > state) - int(before > state)
                columns.n_at_level[state, first_role_group + role] += up
        if is_failing:
            distance = min(distance, _distance(columns.threshold, of_role))
    if may_drift:
        columns.next_look[row] = drift + (distance - SLACK)


@_in_place
def _failing(columns: Columns, row: int, operator: int) -> float:
    """Share of attempts that fails: one minus the product of what passes."""
    passing = 1.0
    if columns.told_is_overloaded[operator]:
        passing = 1.0 - columns.overload_severity[operator]
    for role in range(columns.role_weight.shape[1]):
        passing *= 1.0 - _of_role(columns, row, role, operator)
    return float(1.0 - passing)


@_in_place
def _level_of(threshold: Floats, share: float) -> np.int8:
    """Thresholds that a share is strictly above."""
    level = 0
    for limit in threshold:
        level += int(limit < share)
    return np.int8(level)


@_in_place
def _distance(threshold: Floats, share: float) -> float:
    """Distance to the nearest threshold."""
    distance = np.inf
    for limit in threshold:
        distance = min(distance, abs(share - limit))
    return distance


@_in_place
def _book(columns: Columns, row: int, level: int, lost: float, t_s: int) -> None:
    """Add what was lost, and the time in the state, since the last piece."""
    if level > 0:
        columns.lost_in_spell[row] += lost
    else:
        columns.lost_below[row] += lost
    elapsed_s = t_s - columns.since_s[row]
    for state in range(level):
        columns.time_s[row, state] += elapsed_s
    columns.since_s[row] = t_s


@_in_place
def _note_spell(columns: Columns, row: int, was: bool, is_affected: bool, t_s: int) -> None:
    """Begin or end a spell."""
    if was and not is_affected:
        length_s = t_s - columns.spell_start_s[row]
        spell_class = np.searchsorted(columns.spell_edges_s, length_s, side="right")
        columns.lost_by_spell[row, spell_class] += columns.lost_in_spell[row]
        columns.lost_in_spell[row] = 0.0
        columns.last_outage_s[row] = t_s
    elif is_affected and not was:
        columns.spell_start_s[row] = t_s
        columns.n_spells[row] += 1
        if columns.first_outage_s[row] == -1:
            columns.first_outage_s[row] = t_s
