"""The end of a second, and those after it in which operators alone act, in one compiled call."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.machine_code import compiled
from sim.engine.state import pressure_kernel
from sim.engine.state.calendar_kernel import begin_second, next_s, pass_second
from sim.engine.state.parts import ZERO, Floats, Rows, define_object, double, longer, part
from sim.engine.state.reach_kernel import shares
from sim.engine.state.states_kernel import LOOKED_AT, NOW, turn
from sim.engine.state.target_kernel import lost_share, mean_over_users, settle

Counts: TypeAlias = NDArray[np.int64]
NOWHERE = -1
"""Second of a walk that met nobody who must be told."""


NotedColumns = namedtuple(
    "NotedColumns",
    "n_points series_row t_s value now last demand_group demand n_groups n_listed lost",
)
"""Change points of all curves, by time and by series within each.

Attributes
----------
n_points
    Number of points so far.
series_row, t_s, value : shape (n_points,)
    From a second on, a series has a value.
now, last : shape (n_series,)
    Room for the values of all curves, in the sequence of the series, and those before.
demand_group, demand : shape (n_demanded,)
    Groups that have any demand, and its value in micro-dollars an hour.
n_groups, n_listed
    Number of groups, the first ones, whose states of businesses are noted, and of providers
    whose listed addresses are.
lost : shape (n_groups,)
    Room for the demand that fails by group, up to the last one with any.
"""

make_noted = define_object(NotedColumns)


@compiled
def points(noted: Any) -> tuple[Rows, Rows, Floats]:
    """Series, time and value of each point so far."""
    n = noted.n_points
    return noted.series_row[:n].copy(), noted.t_s[:n].copy(), noted.value[:n].copy()


@part
def _keep_changes(noted: Any, t_s: int) -> None:
    """Append the values that are not as they were before."""
    n, now, last = noted.n_points, noted.now, noted.last
    if n + now.size > noted.t_s.size:
        room = n + now.size + double(noted.t_s.size)
        noted.series_row = longer(noted.series_row, room)
        noted.t_s, noted.value = longer(noted.t_s, room), longer(noted.value, room)
    series_row, at_s, value = noted.series_row, noted.t_s, noted.value
    for series in range(now.size):
        if now[series] != last[series]:
            series_row[n], at_s[n], value[n] = series, t_s, now[series]
            last[series] = now[series]
            n += 1
    noted.n_points = n


@part
def _note(stage: Any, t_s: int, scene: Any, is_changed: bool) -> int:
    """Settle the target if it changed, note all curves; return how many fronts it gives up."""
    space, target, states, noted = scene.space, scene.target, scene.states, stage.noted
    n_lost = settle(target, t_s) if is_changed else 0
    values, place = noted.now, 0
    n_operators, n_counts = states.weight.size, space.n_blocked.shape[1]
    for count in range(n_counts):
        values[place] = mean_over_users(target.share_users, space.n_blocked[:n_operators, count])
        place += 1
    for count in range(n_counts):
        values[place] = space.n_blocked[n_operators, count]
        place += 1
    for provider in range(noted.n_listed):
        values[place] = space.n_listed_of[provider]
        place += 1
    for level in range(states.n_at_level.shape[0]):
        for group in range(noted.n_groups):
            values[place] = states.n_at_level[level, group]
            place += 1
    _weigh(states.lost_micro_usd_per_h, states.weight, noted.lost)
    for demanded in range(noted.demand.size):
        values[place] = noted.lost[noted.demand_group[demanded]] / noted.demand[demanded]
        place += 1
    if stage.has_given:
        values[place] = lost_share(target)
        place += 1
    if stage.has_users:
        values[place], values[place + 1], values[place + 2] = shares(target, t_s)
    elif stage.has_given:
        values[place] = shares(target, t_s)[0]
    _keep_changes(noted, t_s)
    return n_lost


@part
def _weigh(lost_micro_usd_per_h: Floats, weight: Floats, lost: Floats) -> None:
    """Demand of groups that fails: the sum over operators of how much each counts times its own."""
    lost[:] = 0.0
    for operator in range(weight.size):
        for group in range(lost.size):
            lost[group] += weight[operator] * lost_micro_usd_per_h[operator, group]


StageColumns = namedtuple(
    "StageColumns",
    "calendar noted pressure has_fronts has_given has_users has_complaints is_foreseen "
    "has_reactions has_programs",
)
"""All that is settled as one.

Attributes
----------
calendar, noted, pressure
    The calendar of operators, the curves, and who complains, as the compiled loops take them.
has_fronts, has_given, has_users, has_complaints
    Whether the target has addresses, whether it keeps those it was given, whether its users are
    counted, and whether anybody complains.
is_foreseen
    Whether the censor must learn of every change in the rate of complaints.
has_reactions, has_programs
    Whether businesses move, and whether they switch programs on and off.
"""

make_stage = define_object(StageColumns)


@compiled
def advance(
    stage: Any, now_s: int, is_due: bool, until_s: int
) -> tuple[int, int, int, bool, bool, int]:
    """Settle a second if that is due; then let operators act, and settle each second they act in.

    Parameters
    ----------
    until_s
        The first second that is not walked through.

    Returns
    -------
    stopped_s
        The second at which somebody must be told, or NOWHERE.
    n_lost, n_starting, has_turned, is_pressed
        How many fronts the target gives up by it; businesses whose patience begins to run; whether
        businesses took a turn; whether complaints have another rate from there on.
    next_s
        When operators act next.
    """
    calendar, t_s = stage.calendar, now_s
    while True:
        if not is_due:
            t_s = next_s(calendar)
            if t_s >= until_s:
                return NOWHERE, 0, 0, False, False, t_s
            if not pass_second(calendar, t_s):
                continue
        n_lost, n_starting, has_turned, is_pressed = _settle(stage, t_s)
        is_due = False
        if (
            n_lost > 0
            or (n_starting > 0 and stage.has_reactions)
            or (has_turned and stage.has_programs)
            or (is_pressed and stage.is_foreseen)
        ):
            return t_s, n_lost, n_starting, has_turned, is_pressed, next_s(calendar)


@part
def _settle(stage: Any, t_s: int) -> tuple[int, int, bool, bool]:
    """Draw the consequences of a second for businesses, complaints, the target and curves."""
    scene, states = stage.calendar.scene, stage.calendar.scene.states
    is_touched, is_changed = begin_second(scene, t_s, stage.has_fronts)
    drift = states.drift
    has_drifted = drift[NOW] != drift[LOOKED_AT]
    drift[LOOKED_AT] = drift[NOW]
    has_turned = is_touched or has_drifted
    n_starting, is_pressed = ZERO, is_changed
    if has_turned:
        n_starting, n_beginning, n_ending = turn(states, scene.space, has_drifted, t_s)
        if stage.has_complaints:
            beginning = states.beginning_list[:n_beginning]
            ending = states.ending_list[:n_ending]
            is_pressed |= pressure_kernel.turn(stage.pressure, states, beginning, ending, t_s)
    if is_changed and stage.has_complaints:
        pressure_kernel.note(stage.pressure, t_s)
    n_lost = _note(stage, t_s, scene, is_changed)
    return n_lost, n_starting, has_turned, is_pressed
