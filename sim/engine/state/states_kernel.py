"""The turn of a second in one compiled loop.

In and out: the columns of ``Exposure``, ``Levels``, ``Ledger`` and ``Tally``, brought up to date in
place. It is one file since the turn is one loop: what it calls is compiled into it, step by step.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numba import types
from numba.experimental import structref
from numpy.typing import NDArray

from sim.addresses.compiled.kept_code import compiled
from sim.engine.state.columns import Columns, Floats, Rows
from sim.engine.state.ledger import NEVER
from sim.engine.state.levels import SLACK
from sim.engine.state.patience import IMPAIRED_LEVEL, NOT_RUNNING
from sim.engine.state.space_kernel import DROP, THROTTLE, n_below
from sim.world.components import FRONTEND

# To take an array out of the object counts a reference to it: loops take theirs before they begin.
Flags: TypeAlias = NDArray[np.bool_]
Levels: TypeAlias = NDArray[np.int8]

_SORTED_PART = 16
"""Above one in so many rows, looking through all is faster than sorting."""


@structref.register
class _StatesType(types.StructRef):  # type: ignore[misc, unused-ignore]
    """Type of what ``make_states`` returns."""


class States(structref.StructRefProxy):  # type: ignore[misc, unused-ignore]
    """All columns about businesses as one object, by the names of ``Columns``."""


structref.define_constructor(States, _StatesType, list(Columns._fields))
structref.define_boxing(_StatesType, States)


@compiled
def make_states(columns: Columns) -> Any:
    """Return what stands for the columns; it keeps them."""
    return States(*columns)  # type: ignore[no-untyped-call, unused-ignore]


@compiled
def use_mechanism(states: Any, mechanism: int, n_entries: NDArray[np.int16]) -> None:
    """Count entries of a mechanism over hosts from now on; shape (n_hosts, n_operators)."""
    if mechanism == DROP:
        states.n_dropping = n_entries
    elif mechanism == THROTTLE:
        states.n_throttling = n_entries
    else:
        states.n_exempting = n_entries


@compiled
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


@compiled
def _touch_component(states: Any, component: int) -> None:
    if states.component_turn[component] != states.number:
        states.component_turn[component] = states.number
        states.component_list[states.n_components] = component
        states.n_components += 1


@compiled
def touch_business(states: Any, row: int) -> None:
    """Note that a business must be looked at in the next turn."""
    if states.business_turn[row] != states.number:
        states.business_turn[row] = states.number
        states.business_list[states.n_businesses] = row
        states.n_businesses += 1


@compiled
def touch_named(states: Any, operator: int, overmatch: float) -> None:
    """Touch the businesses whose names lie below a share of all names, at an operator."""
    states.is_touched_at[operator] = True
    for row in range(states.name_draw.size):
        if states.name_draw[row] < overmatch:
            touch_business(states, row)


@compiled
def is_touched(states: Any) -> bool:
    """Whether anything was touched since the last turn."""
    return bool(states.n_components > 0 or states.n_businesses > 0)


@compiled
def pass_demand(states: Any, weight: Floats, week_s: int) -> None:
    """Book the demand of each operator's users until a second of the week.

    Parameters
    ----------
    weight : shape (n_operators,)
        How much each operator's users counted until now.
    week_s
        The time as a second of the week of t = 0.
    """
    passed, booked = states.passed, states.demand_booked
    until_hour, by_hour = states.until_hour, states.by_hour
    n_weeks, within_s = week_s // 604_800, week_s % 604_800
    hour, rest_s = within_s // 3600, within_s % 3600
    for sector in range(booked.size):
        whole = n_weeks * until_hour[sector, -1] + until_hour[sector, hour]
        demand = whole * 3600 + by_hour[sector, hour] * rest_s - states.before_start[sector]
        more = float(demand - booked[sector])
        for operator in range(weight.size):
            passed[operator, sector] += weight[operator] * more
        booked[sector] = demand


@compiled
def turn(
    states: Any,
    weight: Floats,
    drift: float,
    has_drifted: bool,
    may_drift: bool,
    t_s: int,
    week_s: int,
) -> tuple[int, int, int]:
    """Bring everything up to date for what was touched, and for whom drift may have moved.

    Parameters
    ----------
    weight : shape (n_operators,)
        How much each operator's users count.
    week_s
        The time as a second of the week of t = 0.

    Returns
    -------
    n_turned, n_starting, n_beginning
        Businesses that were looked at, those whose patience begins to run, and those that become
        impaired; their rows are the first ones of ``turned_list``, ``starting_list`` and
        ``beginning_list``, ascending.
    """
    operators = states.operator_list[: _take_operators(states.is_touched_at, states.operator_list)]
    components = states.component_list[: states.n_components]
    _touch_businesses(states, components)
    n_touched = states.n_businesses
    touched = states.business_list[:n_touched]
    if n_touched:
        _book_demand_lost(states, t_s)
        _put_in_order(touched, states.business_turn, states.number)
        _count_roles(states, touched, operators, -1.0)
        _refresh(states, components, operators)
        states.told_overmatch[:] = states.overmatch
        states.told_is_overloaded[:] = states.is_overloaded
        _tell(touched, states.component_row, states.told_component_row)
        _count_roles(states, touched, operators, 1.0)
    n_turned = n_touched
    if has_drifted:
        n_turned = _drifted(states, drift, n_turned)
    states.number += 1
    states.n_components = states.n_businesses = 0
    if n_turned == 0:
        return 0, 0, 0
    # Only now: time that passes in two pieces is rounded twice.
    pass_demand(states, weight, week_s)
    turned = states.business_list[:n_turned]
    _book(states, turned, t_s)
    _fail(states, touched, operators)
    _judge(states, turned, weight, drift, may_drift, t_s)
    in_order = states.turned_list[:n_turned]
    _merge(turned, n_touched, in_order)
    n_starting, n_beginning = _starting(states, in_order)
    return n_turned, n_starting, n_beginning


@compiled
def _take_operators(is_touched_at: Flags, operator_list: Rows) -> int:
    """List the operators at which anything changed: at the others all stays as it is."""
    n_operators = 0
    for operator in range(is_touched_at.size):
        if is_touched_at[operator]:
            operator_list[n_operators] = operator
            n_operators += 1
            is_touched_at[operator] = False
    return n_operators


@compiled
def _touch_businesses(states: Any, components: Rows) -> None:
    """Touch all who sit, or may come to sit, on some components."""
    order = states.business_order
    for component in components:
        for link in range(states.business_start[component], states.business_start[component + 1]):
            touch_business(states, order[link])


@compiled
def _sort(rows: Rows) -> None:
    """Sort some rows, in place, by a heap: NumPy's own sort takes a second to compile."""
    for first in range(rows.size // 2 - 1, -1, -1):
        _sift(rows, first, rows.size)
    for last in range(rows.size - 1, 0, -1):
        rows[0], rows[last] = rows[last], rows[0]
        _sift(rows, 0, last)


@compiled
def _sift(rows: Rows, place: int, n: int) -> None:
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


@compiled
def _merge(rows: Rows, n_first: int, merged: Rows) -> None:
    """Merge two ascending parts of some rows: the first n, and the others."""
    first, second = 0, n_first
    for place in range(rows.size):
        if second == rows.size or (first < n_first and rows[first] < rows[second]):
            merged[place] = rows[first]
            first += 1
        else:
            merged[place] = rows[second]
            second += 1


@compiled
def _put_in_order(touched: Rows, business_turn: Rows, number: int) -> None:
    """Put the businesses that were touched in the sequence of rows, which is that of memory."""
    if touched.size < business_turn.size // _SORTED_PART:
        _sort(touched)
        return
    place = 0
    for row in range(business_turn.size):
        if business_turn[row] == number:
            touched[place] = row
            place += 1


@compiled
def _book_demand_lost(states: Any, t_s: int) -> None:
    """Book the piece that ends now, in which the same demand failed."""
    elapsed_s = float(t_s - states.booked_s[0])
    if states.total_value > 0:
        for operator in range(states.demand_lost_s.size):
            lost = states.lost_micro_usd_per_h[operator, 0] / states.total_value
            states.demand_lost_s[operator] += lost * elapsed_s
    states.booked_s[0] = t_s


@compiled
def _refresh(states: Any, components: Rows, operators: Rows) -> None:
    """How far components fail at each operator at which anything changed."""
    n_dropping, n_throttling = states.n_dropping, states.n_throttling
    n_exempting, fails = states.n_exempting, states.fails
    host_order, throttle_severity = states.host_order, states.throttle_severity
    has_drop, has_throttle = n_dropping.shape[0] > 0, n_throttling.shape[0] > 0
    has_exempt = n_exempting.shape[0] > 0
    for component in components:
        first, stop = states.host_start[component], states.host_start[component + 1]
        n_hosts = stop - first
        for operator in operators:
            n_dropped = n_throttled = 0
            for place in range(first, stop):
                host = host_order[place]
                if has_exempt and n_exempting[host, operator] > 0:
                    continue
                if has_drop and n_dropping[host, operator] > 0:
                    n_dropped += 1
                elif has_throttle and n_throttling[host, operator] > 0:
                    n_throttled += 1
            if states.is_spread[component]:
                degree = (n_dropped + throttle_severity * n_throttled) / n_hosts
            elif n_dropped == n_hosts:
                degree = 1.0
            elif n_dropped + n_throttled == n_hosts:
                degree = throttle_severity
            else:
                degree = 0.0
            fails[component, operator] = degree


@compiled
def _tell(business_list: Rows, component_row: Rows, told_component_row: Rows) -> None:
    """Take over where businesses sit now."""
    for row in business_list:
        for role in range(component_row.shape[1]):
            told_component_row[row, role] = component_row[row, role]


@compiled
def _drifted(states: Any, drift: float, n_listed: int) -> int:
    """List the businesses, not listed yet, that drift may have moved over a threshold."""
    next_look, business_turn = states.next_look, states.business_turn
    listed, number = states.business_list, states.number
    for row in range(next_look.size):
        if next_look[row] < drift and business_turn[row] != number:
            listed[n_listed] = row
            n_listed += 1
    return n_listed


@compiled
def _fails_named(fails: float, name_draw: float, overmatch: float, name_evasion: float) -> float:
    """How far a front end fails whose name an operator may block."""
    if name_draw < overmatch:
        return 1.0 - (1.0 - fails) * name_evasion
    return fails


@compiled
def _count_roles(states: Any, touched: Rows, operators: Rows, sign: float) -> None:
    """Add to, or take from, the demand that fails by role."""
    value, told_component_row = states.value, states.told_component_row
    role_weight, fails, name_draw = states.role_weight, states.fails, states.name_draw
    told_overmatch, lost_micro_usd_per_h = states.told_overmatch, states.lost_micro_usd_per_h
    name_evasion, first_role_group = states.name_evasion, states.first_role_group
    for row in touched:
        worth = float(value[row])
        for role in range(role_weight.shape[1]):
            component, weight = told_component_row[row, role], role_weight[row, role]
            for operator in operators:
                failing = fails[component, operator]
                if role == FRONTEND:
                    overmatch = told_overmatch[operator]
                    failing = _fails_named(failing, name_draw[row], overmatch, name_evasion)
                failing *= weight
                if failing > 0.0:
                    lost = sign * np.rint(worth * failing)
                    lost_micro_usd_per_h[operator, first_role_group + role] += lost


@compiled
def _book(states: Any, turned: Rows, t_s: int) -> None:
    """Book the piece of each business that ends now: what was lost, and the time in its state."""
    level, sector_row, by_operator = states.level, states.sector_row, states.by_operator
    passed, passed_since, since_s = states.passed, states.passed_since, states.since_s
    lost_in_spell, lost_below, time_s = states.lost_in_spell, states.lost_below, states.time_s
    for row in turned:
        sector, lost = sector_row[row], 0.0
        for operator in range(passed.shape[0]):
            until = passed[operator, sector]
            lost += by_operator[row, operator] * (until - passed_since[row, operator])
            passed_since[row, operator] = until
        if level[row] > 0:
            lost_in_spell[row] += lost
        else:
            lost_below[row] += lost
        elapsed_s = t_s - since_s[row]
        for state in range(level[row]):
            time_s[row, state] += elapsed_s
        since_s[row] = t_s


@compiled
def _fail(states: Any, touched: Rows, operators: Rows) -> None:
    """Share of attempts that fails from now on: one minus the product of what passes.

    Notes
    -----
    m(i, k) = 1 - (1 - d) * product over roles of (1 - w b), in the sequence of roles, so that a
    business's number does not hang on who changed with it.
    """
    value, provider_group, sector_group = states.value, states.provider_group, states.sector_group
    told_component_row, role_weight = states.told_component_row, states.role_weight
    fails, name_draw, told_overmatch = states.fails, states.name_draw, states.told_overmatch
    told_is_overloaded, severity = states.told_is_overloaded, states.overload_severity
    by_operator, lost_micro_usd_per_h = states.by_operator, states.lost_micro_usd_per_h
    name_evasion = states.name_evasion
    for row in touched:
        worth = float(value[row])
        provider, sector = provider_group[row], sector_group[row]
        for operator in operators:
            passing = 1.0 - severity[operator] if told_is_overloaded[operator] else 1.0
            for role in range(role_weight.shape[1]):
                failing = fails[told_component_row[row, role], operator]
                if role == FRONTEND:
                    overmatch = told_overmatch[operator]
                    failing = _fails_named(failing, name_draw[row], overmatch, name_evasion)
                passing *= 1.0 - role_weight[row, role] * failing
            failed, failing = by_operator[row, operator], 1.0 - passing
            if failing != failed:
                more = np.rint(worth * failing) - np.rint(worth * failed)
                lost_micro_usd_per_h[operator, 0] += more
                lost_micro_usd_per_h[operator, provider] += more
                lost_micro_usd_per_h[operator, sector] += more
                by_operator[row, operator] = failing


@compiled
def _judge(
    states: Any, turned: Rows, weight: Floats, drift: float, may_drift: bool, t_s: int
) -> None:
    """Note the state of businesses from now on, their spells, and when to look again.

    Notes
    -----
    u(i) = sum over operators of weight * m(i, k), in the sequence of operators.
    """
    threshold, by_operator, level = states.threshold, states.by_operator, states.level
    provider_group, sector_group = states.provider_group, states.sector_group
    told_component_row, role_weight = states.told_component_row, states.role_weight
    fails, name_draw, told_overmatch = states.fails, states.name_draw, states.told_overmatch
    role_level, next_look, n_at_level = states.role_level, states.next_look, states.n_at_level
    name_evasion, first_role_group = states.name_evasion, states.first_role_group
    for row in turned:
        before = level[row]
        share, is_failing = 0.0, False
        for operator in range(weight.size):
            failing = by_operator[row, operator]
            share += weight[operator] * failing
            is_failing |= failing > 0
        now = _level_of(threshold, share)
        if now != before:
            level[row] = now
            _count(n_at_level, 0, before, now)
            _count(n_at_level, provider_group[row], before, now)
            _count(n_at_level, sector_group[row], before, now)
            _turn_spell(states, row, before, now, t_s)
        distance = _distance(threshold, share) if is_failing else np.inf
        for role in range(role_weight.shape[1]):
            component, of_attempts = told_component_row[row, role], role_weight[row, role]
            share, is_failing = 0.0, False
            for operator in range(weight.size):
                failing = fails[component, operator]
                if role == FRONTEND:
                    overmatch = told_overmatch[operator]
                    failing = _fails_named(failing, name_draw[row], overmatch, name_evasion)
                failing *= of_attempts
                share += weight[operator] * failing
                is_failing |= failing > 0
            before, now = role_level[row, role], _level_of(threshold, share)
            if now != before:
                role_level[row, role] = now
                _count(n_at_level, first_role_group + role, before, now)
            if is_failing:
                distance = min(distance, _distance(threshold, share))
        if may_drift:
            next_look[row] = drift + (distance - SLACK)


@compiled
def _turn_spell(states: Any, row: int, before: np.int8, now: np.int8, t_s: int) -> None:
    """Begin or end the spell of a business that comes under, or from under, the threshold."""
    if before > 0 and now == 0:
        length_s, spell_class = t_s - states.spell_start_s[row], 0
        for edge_s in states.spell_edges_s:
            spell_class += int(edge_s <= length_s)
        states.lost_by_spell[row, spell_class] += states.lost_in_spell[row]
        states.lost_in_spell[row] = 0.0
        states.last_outage_s[row] = t_s
    elif now > 0 and before == 0:
        states.spell_start_s[row] = t_s
        states.n_spells[row] += 1
        if states.first_outage_s[row] == NEVER:
            states.first_outage_s[row] = t_s


@compiled
def _count(n_at_level: Rows, group: int, before: np.int8, now: np.int8) -> None:
    """Count one business of a group at another level."""
    for state in range(n_at_level.shape[0]):
        n_at_level[state, group] += int(now > state) - int(before > state)


@compiled
def _level_of(threshold: Floats, share: float) -> np.int8:
    """Thresholds that a share is strictly above."""
    level = 0
    for limit in threshold:
        level += int(limit < share)
    return np.int8(level)


@compiled
def _distance(threshold: Floats, share: float) -> float:
    """Distance to the nearest threshold."""
    distance = np.inf
    for limit in threshold:
        distance = min(distance, abs(share - limit))
    return distance


@compiled
def _starting(states: Any, turned: Rows) -> tuple[int, int]:
    """List those whose patience begins to run, and those that become impaired."""
    level, tolerance, has_moved = states.level, states.tolerance, states.has_moved
    impatient_since_s, is_impaired = states.impatient_since_s, states.is_impaired
    n_starting = n_beginning = 0
    for row in turned:
        if level[row] < tolerance[row]:
            impatient_since_s[row] = NOT_RUNNING
        elif impatient_since_s[row] == NOT_RUNNING or has_moved[row]:
            states.starting_list[n_starting] = row
            n_starting += 1
        has_moved[row] = False
        if level[row] < IMPAIRED_LEVEL:
            is_impaired[row] = False
        elif not is_impaired[row]:
            is_impaired[row] = True
            states.beginning_list[n_beginning] = row
            n_beginning += 1
    return n_starting, n_beginning
