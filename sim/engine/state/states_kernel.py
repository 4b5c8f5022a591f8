"""The turn of a second in one compiled loop."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.machine_code import compiled
from sim.catalogue.causes import NAME, OVERLOADED_OPERATOR
from sim.engine.state.causes_kernel import (
    CODE,
    CODE_SHIFT,
    CODES,
    IS_SHARED,
    SEVERAL,
    STATE,
    count_time,
    note_pair,
    share_listed,
)
from sim.engine.state.hosts_kernel import (
    DRIFTED,
    NONE,
    PARTLY,
    WHOLE,
    is_touched,
    put_in_order,
    refresh_components,
    take_operators,
    touch_business,
)
from sim.engine.state.ledger import IMPAIRED_LEVEL, NEVER, NOT_RUNNING, SLACK
from sim.engine.state.parts import Floats, Numbers, Rows, define_object, part, write_row
from sim.scenario.tables.roles import FRONTEND

# To take an array out of the object counts a reference to it: loops take theirs before they begin.
Levels: TypeAlias = NDArray[np.int8]
N_SHARED = 1024
"""Pairs of a business and an operator whose losses are shared among causes at once."""


StatesColumns = namedtuple(
    "StatesColumns",
    # Hosts by address, components, and who sits on them.
    "address host_component is_seated is_spread host_order host_start business_order "
    "business_start "
    # Exposure.
    "name_evasion overload_severity name_draw role_weight degree degree_at spread_start "
    "dual_start first_ipv6 degree_row component_row overmatch is_overloaded told_overmatch "
    "told_is_overloaded is_touched_at by_operator "
    # Levels.
    "threshold level next_look "
    # Ledger.
    "demand_booked until_hour by_hour before_start sector_row passed passed_since since_s "
    "lost_below lost_in_spell lost_by_spell time_s spell_start_s first_outage_s last_outage_s "
    "first_cut_off_s last_cut_off_s n_spells spell_edges_s share_users exposed exposed_since_s "
    "worst_share "
    # Tally.
    "value provider_group first_sector_group lost_micro_usd_per_h total_value demand_lost_s "
    "booked_s n_at_level start_s weight drift "
    # At operators, and by cause.
    "role_cause pair n_at n_ever time_at_s counted_s lost_by_cause lost_at works "
    # Sites of an inventory, the last businesses.
    "first_site site_since_s site_time_s site_lost "
    # Reactions.
    "tolerance impatient_since_s has_moved "
    # Notes of the turn itself: who is touched and how, and room for lists.
    "is_turned n_components n_businesses n_moved is_listed touched component_list changed_list "
    "degree_now business_list moved_list told_component_row told_role_cause share_business "
    "share_seat share_operator share_passed starting_list beginning_list ending_list "
    "operator_list",
)
"""Columns that a turn reads and writes, as ``states`` makes them.

Attributes
----------
start_s
    Second of the week at t = 0.
weight : shape (n_operators,)
    Share of all users who are at the operator and on no VPN.
drift : shape (2,)
    How far shares may have moved, summed over the changes of ``weight``: by now, at the last turn.
"""
NOW, LOOKED_AT = range(2)
"""Places in ``drift``."""

make_states = define_object(StatesColumns)


@compiled
def pass_demand(states: Any, t_s: int) -> None:
    """Book the demand of each operator's users until a second."""
    passed, booked, weight = states.passed, states.demand_booked, states.weight
    week_s = states.start_s + t_s
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


@part
def turn(states: Any, space: Any, has_drifted: bool, t_s: int) -> tuple[int, int, int]:
    """Bring everything up to date for what was touched, and for whom drift may have moved.

    Returns
    -------
    n_starting, n_beginning, n_ending
        Businesses whose patience begins to run, those that become impaired, and those that no
        longer are; their rows are the first ones of ``starting_list``, ``beginning_list`` and
        ``ending_list``, ascending.
    """
    operators = states.operator_list[: take_operators(states.is_touched_at, states.operator_list)]
    components = states.component_list[: states.n_components]
    n_whole = states.n_businesses
    if is_touched(states):
        book_demand_lost(states, t_s)
        count_time(states, operators, t_s)
        whole, moved = states.business_list[:n_whole], states.moved_list[: states.n_moved]
        if n_whole > 0:
            pass_demand(states, t_s)
            _share_whole(states, whole, moved, operators)
        put_in_order(components, states.is_listed)
        for operator in operators:
            n_changed = refresh_components(states, space, components, operator)
            _tell(states, states.changed_list[:n_changed], operator, t_s)
        for component in components:
            states.is_listed[component] = False
        write_row(states.told_overmatch, states.overmatch)
        write_row(states.told_is_overloaded, states.is_overloaded)
    if has_drifted:
        _drifted(states)
    turned = states.business_list[: states.n_businesses]
    states.n_components = states.n_businesses = states.n_moved = 0
    states.is_turned = False
    if turned.size == 0:
        return 0, 0, 0
    # Only where anybody was touched: time that passes in two pieces is rounded twice.
    pass_demand(states, t_s)
    put_in_order(turned, states.touched)
    return _judge(states, turned, operators, t_s)


@compiled
def book_demand_lost(states: Any, t_s: int) -> None:
    """Book the piece that ends now, in which the same demand failed."""
    elapsed_s = float(t_s - states.booked_s[0])
    if states.total_value > 0:
        for operator in range(states.demand_lost_s.size):
            lost = states.lost_micro_usd_per_h[operator, 0] / states.total_value
            states.demand_lost_s[operator] += lost * elapsed_s
    states.booked_s[0] = t_s


@part
def _tell(states: Any, components: Numbers, operator: int, t_s: int) -> None:
    """Touch those who sit on a component that fails otherwise; share what causes did until now."""
    order, start, component_row = states.business_order, states.business_start, states.component_row
    touched, listed, n_listed = states.touched, states.business_list, states.n_businesses
    degree_row, degree_now = states.degree_row, states.degree_now
    pair, role_cause, n_to_share = states.pair, states.role_cause, NONE
    for component in components:
        for link in range(start[component], start[component + 1]):
            row = order[link]
            # Who may come to sit there in two ways is listed twice, one after the other.
            if touched[row] & WHOLE or (link > start[component] and order[link - 1] == row):
                continue
            for role in range(component_row.shape[1]):
                if component_row[row, role] != component:
                    continue
                if touched[row] == 0:
                    listed[n_listed] = row
                    n_listed += 1
                touched[row] |= PARTLY
                if _is_to_share(pair[row, operator]):
                    if n_to_share == 0:
                        pass_demand(states, t_s)
                    elif n_to_share == N_SHARED:
                        share_listed(states, n_to_share, component_row, role_cause)
                        n_to_share = NONE
                    seat: Any = np.int64(row)
                    n_to_share = _list_to_share(states, row, seat, operator, n_to_share)
    share_listed(states, n_to_share, component_row, role_cause)
    for place, component in enumerate(components):
        degree_row[component, operator] = degree_now[place]
    states.n_businesses = n_listed


@part
def _share_whole(states: Any, rows: Numbers, moved: Numbers, operators: Rows) -> None:
    """Share what several causes did until now to those touched as a whole."""
    # Until the turn, who moved counts where it sat.
    for place, row in enumerate(moved):
        n = NONE
        for operator in operators:
            n = _list_to_share(states, row, place, operator, n)
        share_listed(states, n, states.told_component_row, states.told_role_cause)
    n = NONE
    for row in rows:
        seat: Any = np.int64(row)
        if n + operators.size > N_SHARED:
            share_listed(states, n, states.component_row, states.role_cause)
            n = NONE
        for operator in operators:
            n = _list_to_share(states, row, seat, operator, n)
    share_listed(states, n, states.component_row, states.role_cause)


@part
def _list_to_share(states: Any, row: int, seat: int, operator: int, n: int) -> int:
    """List a pair if what several causes did there is to be shared; return how many are listed."""
    if not _is_to_share(states.pair[row, operator]):
        return n
    states.pair[row, operator] |= IS_SHARED
    more = states.passed[operator, states.sector_row[row]] - states.passed_since[row, operator]
    states.share_business[n], states.share_seat[n] = row, seat
    states.share_operator[n], states.share_passed[n] = operator, more
    return n + 1


@part
def _put_down(
    states: Any, row: int, operator: int, more: float, piece: float, n_to_share: int
) -> int:
    """Put a piece of lost demand down to its cause, or list it where several causes share it."""
    told = int(states.pair[row, operator]) >> CODE_SHIFT & CODE
    if told == SEVERAL:
        states.share_business[n_to_share] = states.share_seat[n_to_share] = row
        states.share_operator[n_to_share], states.share_passed[n_to_share] = operator, more
        n_to_share += 1
    elif told > 0:
        states.lost_by_cause[row, told - 1] += piece
        worth = float(states.value[row])
        states.lost_at[operator, told - 1, states.sector_row[row]] += worth * piece
    if n_to_share == N_SHARED:
        share_listed(states, n_to_share, states.component_row, states.role_cause)
        return NONE
    return n_to_share


@part
def _is_to_share(known: int) -> bool:
    """Whether several causes act at a pair, and what they did is not shared in this turn yet."""
    return known >> CODE_SHIFT & CODE == SEVERAL and known & IS_SHARED == 0


@part
def _drifted(states: Any) -> None:
    """Touch the businesses that drift may have moved over a threshold."""
    next_look, drift = states.next_look, states.drift[NOW]
    for row in range(next_look.size):
        if next_look[row] < drift:
            touch_business(states, row, DRIFTED)


@part
def _judge(states: Any, turned: Numbers, operators: Rows, t_s: int) -> tuple[int, int, int]:
    """Note how far businesses fail from now on, their states and spells, and when to look again."""
    # m(i, k) = 1 - (1 - d) * product over roles of (1 - w b), u(i) = sum of weight * m(i, k): in
    # sequence, so that a business's number does not depend on the others that changed.
    weight, drift = states.weight, states.drift[NOW]
    value, provider_group, sector_row = states.value, states.provider_group, states.sector_row
    component_row, role_weight = states.component_row, states.role_weight
    degree, degree_row = states.degree, states.degree_row
    name_draw, told_overmatch = states.name_draw, states.told_overmatch
    told_is_overloaded, severity = states.told_is_overloaded, states.overload_severity
    by_operator, lost_micro_usd_per_h = states.by_operator, states.lost_micro_usd_per_h
    passed, passed_since, since_s = states.passed, states.passed_since, states.since_s
    lost_in_spell, lost_below, time_s = states.lost_in_spell, states.lost_below, states.time_s
    threshold, level, touched = states.threshold, states.level, states.touched
    next_look, n_at_level = states.next_look, states.n_at_level
    name_evasion = states.name_evasion
    tolerance, has_moved = states.tolerance, states.has_moved
    impatient_since_s = states.impatient_since_s
    starting_list, beginning_list = states.starting_list, states.beginning_list
    ending_list = states.ending_list
    first_sector_group, n_roles = states.first_sector_group, component_row.shape[1]
    role_cause, pair, n_at, n_ever = states.role_cause, states.pair, states.n_at, states.n_ever
    lost_by_cause, lost_at = states.lost_by_cause, states.lost_at
    n_to_share = NONE
    share_users, exposed = states.share_users, states.exposed
    exposed_since_s, worst_share = states.exposed_since_s, states.worst_share
    first_site, site_since_s = states.first_site, states.site_since_s
    site_time_s, site_lost = states.site_time_s, states.site_lost
    n_starting = n_beginning = n_ending = 0
    for row in turned:
        how, before, sector = touched[row], level[row], sector_row[row]
        touched[row] = 0
        # As wide as other groups and rows that are counted, so that each loop is compiled once.
        provider_place: Any = np.int64(provider_group[row])
        wide_row: Any = np.int64(row)
        sector_place = first_sector_group + sector
        worth, lost = float(value[row]), 0.0
        for operator in operators:
            if how == DRIFTED:
                break
            passing, causes = 1.0, 0
            if told_is_overloaded[operator]:
                passing = 1.0 - severity[operator]
                causes = int(severity[operator] > 0.0) << OVERLOADED_OPERATOR
            for role in range(n_roles):
                failing = degree[degree_row[component_row[row, role], operator]]
                of_attempts = role_weight[sector, role]
                if failing * of_attempts > 0.0:
                    causes |= 1 << int(role_cause[row, role])
                if role == FRONTEND and name_draw[row] < told_overmatch[operator]:
                    if (1.0 - name_evasion) * of_attempts > 0.0:
                        causes |= 1 << NAME
                    failing = 1.0 - (1.0 - failing) * name_evasion
                passing *= 1.0 - of_attempts * failing
            failed, failing = by_operator[row, operator], 1.0 - passing
            known, code = int(pair[row, operator]), int(CODES[causes])
            told = known >> CODE_SHIFT & CODE
            if failing != failed or code != told or known & IS_SHARED:
                piece = failed * (passed[operator, sector] - passed_since[row, operator])
                lost += piece
                if 0 < told < SEVERAL:
                    lost_by_cause[row, told - 1] += piece
                    lost_at[operator, told - 1, sector] += worth * piece
                at_operator = int(_level_of(threshold, failing))
                if row >= first_site:
                    site, state = row - first_site, known & STATE
                    site_lost[site, operator] += piece
                    if at_operator != state:
                        for before_level in range(state):
                            site_time_s[before_level, site, operator] += (
                                t_s - site_since_s[site, operator]
                            )
                        site_since_s[site, operator] = t_s
                note_pair(pair, n_at, n_ever, row, operator, at_operator, code)
                more = np.rint(worth * failing) - np.rint(worth * failed)
                lost_micro_usd_per_h[operator, 0] += more
                lost_micro_usd_per_h[operator, provider_place] += more
                lost_micro_usd_per_h[operator, sector_place] += more
                passed_since[row, operator] = passed[operator, sector]
                by_operator[row, operator] = failing
        share, exposed_now, is_failing = 0.0, 0.0, False
        for operator in range(weight.size):
            failing = by_operator[row, operator]
            share += weight[operator] * failing
            exposed_now += share_users[operator] * failing
            is_failing |= failing > 0
        if exposed_now != exposed[row]:
            if t_s > exposed_since_s[row]:
                worst_share[row] = max(worst_share[row], exposed[row])
            exposed[row], exposed_since_s[row] = exposed_now, t_s
        now = _level_of(threshold, share)
        if (before > 0) != (now > 0):
            # What is lost goes by whether there is a spell: all of it until now.
            for operator in range(weight.size):
                more = passed[operator, sector] - passed_since[row, operator]
                piece = by_operator[row, operator] * more
                passed_since[row, operator] = passed[operator, sector]
                lost += piece
                if row >= first_site:
                    site_lost[row - first_site, operator] += piece
                n_to_share = _put_down(states, wide_row, operator, more, piece, n_to_share)
        if before > 0:
            lost_in_spell[row] += lost
        else:
            lost_below[row] += lost
        if now != before:
            for state in range(before):
                time_s[state, row] += t_s - since_s[row]
            since_s[row] = t_s
            level[row] = now
            _count(n_at_level, NONE, before, now)
            _count(n_at_level, provider_place, before, now)
            _count(n_at_level, sector_place, before, now)
            _turn_spell(states, wide_row, before, now, t_s)
        # Where nobody takes to a VPN there is no drift to look for.
        if next_look.size > 0:
            distance = _distance(threshold, share) if is_failing else np.inf
            next_look[row] = drift + (distance - SLACK)
        if now < tolerance[row]:
            impatient_since_s[row] = NOT_RUNNING
        elif impatient_since_s[row] == NOT_RUNNING or has_moved[row]:
            starting_list[n_starting] = row
            n_starting += 1
        has_moved[row] = False
        if now >= IMPAIRED_LEVEL > before:
            beginning_list[n_beginning] = row
            n_beginning += 1
        elif before >= IMPAIRED_LEVEL > now:
            ending_list[n_ending] = row
            n_ending += 1
    share_listed(states, n_to_share, component_row, role_cause)
    return n_starting, n_beginning, n_ending


@compiled
def close(states: Any, t_s: int) -> None:
    """Book everything up to the end of the run, until which demand has passed."""
    level, passed, passed_since = states.level, states.passed, states.passed_since
    by_operator, sector_row = states.by_operator, states.sector_row
    pair, n_to_share = states.pair, NONE
    first_site, site_lost = states.first_site, states.site_lost
    count_time(states, np.arange(passed.shape[0]), t_s)
    for row in range(level.size):
        lost, before, sector = 0.0, level[row], sector_row[row]
        for operator in range(passed.shape[0]):
            more = passed[operator, sector] - passed_since[row, operator]
            piece = by_operator[row, operator] * more
            lost += piece
            if row >= first_site:
                site = row - first_site
                site_lost[site, operator] += piece
                for state in range(int(pair[row, operator]) & STATE):
                    elapsed_s = t_s - states.site_since_s[site, operator]
                    states.site_time_s[state, site, operator] += elapsed_s
            n_to_share = _put_down(states, row, operator, more, piece, n_to_share)
        for state in range(before):
            states.time_s[state, row] += t_s - states.since_s[row]
        if t_s > states.exposed_since_s[row]:
            states.worst_share[row] = max(states.worst_share[row], states.exposed[row])
        if before > 0:
            states.lost_in_spell[row] += lost
            _turn_spell(states, row, before, np.int8(0), t_s)
        else:
            states.lost_below[row] += lost
    share_listed(states, n_to_share, states.component_row, states.role_cause)


@part
def _turn_spell(states: Any, row: int, before: np.int8, now: np.int8, t_s: int) -> None:
    """Begin or end the spell of a business that passes the threshold; note when it is cut off."""
    if before >= IMPAIRED_LEVEL > now:
        states.last_cut_off_s[row] = t_s
    elif now >= IMPAIRED_LEVEL and states.first_cut_off_s[row] == NEVER:
        states.first_cut_off_s[row] = t_s
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


@part
def _count(n_at_level: Rows, group: int, before: np.int8, now: np.int8) -> None:
    """Count one business of a group at another level."""
    for state in range(n_at_level.shape[0]):
        n_at_level[state, group] += int(now > state) - int(before > state)


@part
def _level_of(threshold: Floats, share: float) -> np.int8:
    """Thresholds that a share is strictly above."""
    level = 0
    for limit in threshold:
        level += int(limit < share)
    return np.int8(level)


@part
def _distance(threshold: Floats, share: float) -> float:
    """Distance to the nearest threshold."""
    distance = np.inf
    for limit in threshold:
        distance = min(distance, abs(share - limit))
    return distance
