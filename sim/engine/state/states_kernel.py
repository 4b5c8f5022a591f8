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
from sim.engine.state.levels import SLACK
from sim.engine.state.patience import IMPAIRED_LEVEL, NOT_RUNNING
from sim.world.components import FRONTEND

# To take an array out of a tuple counts a reference to it: loops are handed arrays, not columns.
Flags: TypeAlias = NDArray[np.bool_]
Counts: TypeAlias = NDArray[np.int16]
Levels: TypeAlias = NDArray[np.int8]

_SORTED_PART = 16
"""Above one in so many rows, looking through all is faster than sorting."""


@structref.register
class _HeldType(types.StructRef):  # type: ignore[misc, unused-ignore]
    """Type of what ``hold`` returns."""


class Held(structref.StructRefProxy):  # type: ignore[misc, unused-ignore]
    """All columns as one object: to look at sixty arrays takes longer than a small turn."""


structref.define_constructor(Held, _HeldType, ["columns"])
structref.define_boxing(_HeldType, Held)


@compiled
def hold(columns: Columns) -> Any:
    """Return what stands for the columns; it keeps them."""
    return Held(columns)  # type: ignore[no-untyped-call, unused-ignore]


@compiled
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


@compiled
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
) -> tuple[int, int, int]:
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
    n_turned, n_starting, n_beginning
        Businesses that were looked at, those whose patience begins to run, and those that become
        impaired; their rows are the first ones of ``turned_list``, ``starting_list`` and
        ``beginning_list``, ascending.
    """
    columns = held.columns
    n_operators = _take_operators(columns.is_touched_at, columns.operator_list)
    operators = columns.operator_list[:n_operators]
    n_components, n_touched = _touched(
        component,
        business,
        number,
        columns.component_turn,
        columns.business_turn,
        columns.component_list,
        columns.business_list,
        columns.business_start,
        columns.business_order,
    )
    if n_touched:
        _book_demand_lost(
            columns.demand_lost_s,
            columns.booked_s,
            columns.lost_micro_usd_per_h,
            columns.total_value,
            t_s,
        )
        _put_in_order(columns.business_list, n_touched, columns.business_turn, number)
        _count_roles(
            columns.business_list[:n_touched],
            operators,
            -1.0,
            first_role_group,
            columns.value,
            columns.told_component_row,
            columns.role_weight,
            columns.fails,
            columns.name_draw,
            columns.told_overmatch,
            columns.name_evasion,
            columns.lost_micro_usd_per_h,
        )
        _refresh(
            columns.component_list[:n_components],
            operators,
            columns.host_start,
            columns.host_order,
            columns.n_dropping,
            columns.n_throttling,
            columns.n_exempting,
            columns.is_spread,
            columns.throttle_severity,
            columns.fails,
        )
        columns.told_overmatch[:] = columns.overmatch
        columns.told_is_overloaded[:] = columns.is_overloaded
        _tell(columns.business_list[:n_touched], columns.component_row, columns.told_component_row)
        _count_roles(
            columns.business_list[:n_touched],
            operators,
            1.0,
            first_role_group,
            columns.value,
            columns.told_component_row,
            columns.role_weight,
            columns.fails,
            columns.name_draw,
            columns.told_overmatch,
            columns.name_evasion,
            columns.lost_micro_usd_per_h,
        )
    n_turned = n_touched
    if has_drifted:
        n_turned = _drifted(
            columns.next_look,
            drift,
            columns.business_turn,
            number,
            columns.business_list,
            n_turned,
        )
    if n_turned == 0:
        return 0, 0, 0
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
    turned = columns.business_list[:n_turned]
    _book(
        turned,
        t_s,
        columns.level,
        columns.sector_row,
        columns.by_operator,
        columns.passed,
        columns.passed_since,
        columns.lost_in_spell,
        columns.lost_below,
        columns.time_s,
        columns.since_s,
    )
    _fail(
        turned[:n_touched],
        operators,
        columns.value,
        columns.provider_group,
        columns.sector_group,
        columns.told_component_row,
        columns.role_weight,
        columns.fails,
        columns.name_draw,
        columns.told_overmatch,
        columns.name_evasion,
        columns.told_is_overloaded,
        columns.overload_severity,
        columns.by_operator,
        columns.lost_micro_usd_per_h,
    )
    _judge(
        turned,
        weight,
        drift,
        may_drift,
        first_role_group,
        t_s,
        columns.threshold,
        columns.provider_group,
        columns.sector_group,
        columns.by_operator,
        columns.told_component_row,
        columns.role_weight,
        columns.fails,
        columns.name_draw,
        columns.told_overmatch,
        columns.name_evasion,
        columns.level,
        columns.role_level,
        columns.next_look,
        columns.n_at_level,
        columns.spell_start_s,
        columns.spell_edges_s,
        columns.lost_by_spell,
        columns.lost_in_spell,
        columns.first_outage_s,
        columns.last_outage_s,
        columns.n_spells,
    )
    columns.turned_list[:n_turned] = turned
    if n_touched and n_turned > n_touched:
        columns.turned_list[:n_turned] = np.sort(turned)
    n_starting, n_beginning = _starting(
        columns.turned_list[:n_turned],
        columns.level,
        columns.tolerance,
        columns.impatient_since_s,
        columns.has_moved,
        columns.is_impaired,
        columns.starting_list,
        columns.beginning_list,
    )
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
def _touched(
    component: Rows,
    business: Rows,
    number: int,
    component_turn: Rows,
    business_turn: Rows,
    component_list: Rows,
    business_list: Rows,
    business_start: Rows,
    business_order: Rows,
) -> tuple[int, int]:
    """List what was touched without repetitions."""
    n_components = n_businesses = 0
    for row in business:
        if business_turn[row] != number:
            business_turn[row] = number
            business_list[n_businesses] = row
            n_businesses += 1
    for one in component:
        if component_turn[one] == number:
            continue
        component_turn[one] = number
        component_list[n_components] = one
        n_components += 1
        for link in range(business_start[one], business_start[one + 1]):
            row = business_order[link]
            if business_turn[row] != number:
                business_turn[row] = number
                business_list[n_businesses] = row
                n_businesses += 1
    return n_components, n_businesses


@compiled
def _put_in_order(business_list: Rows, n_touched: int, business_turn: Rows, number: int) -> None:
    """Put the businesses that were touched in the sequence of rows, which is that of memory."""
    if n_touched < business_turn.size // _SORTED_PART:
        business_list[:n_touched] = np.sort(business_list[:n_touched])
        return
    place = 0
    for row in range(business_turn.size):
        if business_turn[row] == number:
            business_list[place] = row
            place += 1


@compiled
def _book_demand_lost(
    demand_lost_s: Floats, booked_s: Rows, lost_micro_usd_per_h: Floats, total: float, t_s: int
) -> None:
    """Book the piece that ends now, in which the same demand failed."""
    elapsed_s = float(t_s - booked_s[0])
    if total > 0:
        for operator in range(demand_lost_s.size):
            lost = lost_micro_usd_per_h[operator, 0] / total
            demand_lost_s[operator] += lost * elapsed_s
    booked_s[0] = t_s


@compiled
def _refresh(
    component_list: Rows,
    operators: Rows,
    host_start: Rows,
    host_order: Rows,
    n_dropping: Counts,
    n_throttling: Counts,
    n_exempting: Counts,
    is_spread: Flags,
    throttle_severity: float,
    fails: Floats,
) -> None:
    """How far components fail at each operator at which anything changed."""
    has_drop, has_throttle = n_dropping.size > 0, n_throttling.size > 0
    has_exempt = n_exempting.size > 0
    for component in component_list:
        first, stop = host_start[component], host_start[component + 1]
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
            if is_spread[component]:
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
def _drifted(
    next_look: Floats, drift: float, business_turn: Rows, number: int, listed: Rows, n_listed: int
) -> int:
    """List the businesses, not listed yet, that drift may have moved over a threshold."""
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
def _count_roles(
    business_list: Rows,
    operators: Rows,
    sign: float,
    first_role_group: int,
    value: Rows,
    told_component_row: Rows,
    role_weight: Floats,
    fails: Floats,
    name_draw: Floats,
    told_overmatch: Floats,
    name_evasion: float,
    lost_micro_usd_per_h: Floats,
) -> None:
    """Add to, or take from, the demand that fails by role."""
    for row in business_list:
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
def _book(
    turned: Rows,
    t_s: int,
    level: Levels,
    sector_row: Rows,
    by_operator: Floats,
    passed: Floats,
    passed_since: Floats,
    lost_in_spell: Floats,
    lost_below: Floats,
    time_s: Rows,
    since_s: Rows,
) -> None:
    """Book the piece of each business that ends now: what was lost, and the time in its state."""
    for row in turned:
        sector, lost = sector_row[row], 0.0
        for operator in range(passed.shape[0]):
            until = passed[operator, sector]
            piece = by_operator[row, operator] * (until - passed_since[row, operator])
            passed_since[row, operator] = until
            lost = piece if operator == 0 else lost + piece
        if level[row] > 0:
            lost_in_spell[row] += lost
        else:
            lost_below[row] += lost
        elapsed_s = t_s - since_s[row]
        for state in range(level[row]):
            time_s[row, state] += elapsed_s
        since_s[row] = t_s


@compiled
def _fail(
    touched: Rows,
    operators: Rows,
    value: Rows,
    provider_group: Rows,
    sector_group: Rows,
    told_component_row: Rows,
    role_weight: Floats,
    fails: Floats,
    name_draw: Floats,
    told_overmatch: Floats,
    name_evasion: float,
    told_is_overloaded: Flags,
    overload_severity: Floats,
    by_operator: Floats,
    lost_micro_usd_per_h: Floats,
) -> None:
    """Share of attempts that fails from now on: one minus the product of what passes."""
    for row in touched:
        worth = float(value[row])
        provider, sector = provider_group[row], sector_group[row]
        for operator in operators:
            passing = 1.0
            if told_is_overloaded[operator]:
                passing = 1.0 - overload_severity[operator]
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
    turned: Rows,
    weight: Floats,
    drift: float,
    may_drift: bool,
    first_role_group: int,
    t_s: int,
    threshold: Floats,
    provider_group: Rows,
    sector_group: Rows,
    by_operator: Floats,
    told_component_row: Rows,
    role_weight: Floats,
    fails: Floats,
    name_draw: Floats,
    told_overmatch: Floats,
    name_evasion: float,
    level: Levels,
    role_level: Levels,
    next_look: Floats,
    n_at_level: Rows,
    spell_start_s: Rows,
    spell_edges_s: Rows,
    lost_by_spell: Floats,
    lost_in_spell: Floats,
    first_outage_s: Rows,
    last_outage_s: Rows,
    n_spells: Rows,
) -> None:
    """Note the state of businesses from now on, their spells, and when to look again."""
    for row in turned:
        before = level[row]
        share, is_failing = 0.0, False
        for operator in range(weight.size):
            failing = by_operator[row, operator]
            part = weight[operator] * failing
            share = part if operator == 0 else share + part
            is_failing |= failing > 0
        now = _level_of(threshold, share)
        if now != before:
            level[row] = now
            _count(n_at_level, 0, before, now)
            _count(n_at_level, provider_group[row], before, now)
            _count(n_at_level, sector_group[row], before, now)
        if before > 0 and now == 0:
            length_s = t_s - spell_start_s[row]
            spell_class = np.searchsorted(spell_edges_s, length_s, side="right")
            lost_by_spell[row, spell_class] += lost_in_spell[row]
            lost_in_spell[row] = 0.0
            last_outage_s[row] = t_s
        elif now > 0 and before == 0:
            spell_start_s[row] = t_s
            n_spells[row] += 1
            if first_outage_s[row] == -1:
                first_outage_s[row] = t_s
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
                part = weight[operator] * failing
                share = part if operator == 0 else share + part
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
def _starting(
    turned: Rows,
    level: Levels,
    tolerance: Levels,
    impatient_since_s: Rows,
    has_moved: Flags,
    is_impaired: Flags,
    starting_list: Rows,
    beginning_list: Rows,
) -> tuple[int, int]:
    """List those whose patience begins to run, and those that become impaired."""
    n_starting = n_beginning = 0
    for row in turned:
        if level[row] < tolerance[row]:
            impatient_since_s[row] = NOT_RUNNING
        elif impatient_since_s[row] == NOT_RUNNING or has_moved[row]:
            starting_list[n_starting] = row
            n_starting += 1
        has_moved[row] = False
        if level[row] < IMPAIRED_LEVEL:
            is_impaired[row] = False
        elif not is_impaired[row]:
            is_impaired[row] = True
            beginning_list[n_beginning] = row
            n_beginning += 1
    return n_starting, n_beginning
