"""The end of a second: the target settled and the state noted, in one compiled call."""

from __future__ import annotations

from collections import namedtuple
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.machine_code import compiled
from sim.engine.state.parts import Floats, part
from sim.engine.state.reach_kernel import shares
from sim.engine.state.structs import define_object
from sim.engine.state.target_kernel import settle

Counts: TypeAlias = NDArray[np.int64]
SHARE_TOLERANCE = 1e-6
"""How far from 1 the shares of a table may sum, as `sim.scenario.tables.seeds` has it."""


NotedColumns = namedtuple(
    "NotedColumns",
    "n_times t_s values demand_group demand n_groups n_listed lost",
)
"""Columns with room for some times, which ``note`` fills.

Attributes
----------
n_times : shape (1,)
    Number of times noted so far.
t_s : shape (n_times,)
    Second from which on the values hold.
values : shape (n_times, n_series)
    Values of all curves, in the sequence of the series.
demand_group, demand : shape (n_demanded,)
    Groups that have any demand, and its value in micro-dollars an hour.
n_groups, n_listed
    Number of groups, the first ones, whose states of businesses are noted, and of providers
    whose listed addresses are.
lost : shape (n_groups,)
    Room for the demand that fails by group, up to the last one with any.
"""


Noted, _NotedType = define_object(__name__, "Noted", NotedColumns)


@compiled
def make_noted(columns: NotedColumns) -> Any:
    """Return the object of some columns; it keeps them."""
    return Noted(*columns)


@part
def is_full(noted: Any) -> bool:
    """Whether there is no room for one time more."""
    return bool(noted.n_times[0] == noted.t_s.size)


@part
def note(
    noted: Any,
    t_s: int,
    scene: Any,
    weight: Floats,
    has_users: bool,
    is_changed: bool,
) -> int:
    """Let who reaches the target change, and note all curves from that second on; times must rise.

    Parameters
    ----------
    weight : shape (n_operators,)
        Share of all users who are at the operator and on no VPN.
    is_changed
        Whether it did, as ``begin_second`` says.

    Returns
    -------
    How many fronts the target gives up by that, as ``settle`` says.
    """
    space, target, states = scene.space, scene.target, scene.states
    n_lost = settle(target, t_s) if is_changed else 0
    row = noted.n_times[0]
    noted.n_times[0], noted.t_s[row] = row + 1, t_s
    values, place = noted.values[row], 0
    n_operators, n_counts = weight.size, space.n_blocked.shape[1]
    for count in range(n_counts):
        values[place] = _mean_over_users(target.share_users, space.n_blocked[:n_operators, count])
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
    _weigh(states.lost_micro_usd_per_h, weight, noted.lost)
    for demanded in range(noted.demand.size):
        values[place] = noted.lost[noted.demand_group[demanded]] / noted.demand[demanded]
        place += 1
    if has_users:
        values[place], values[place + 1], values[place + 2] = shares(target, t_s)
    return n_lost


@part
def _mean_over_users(share_users: Floats, n_blocked: Counts) -> float:
    """Mean of a count over users: exact where all operators block the same.

    It is the largest count less what operators lack of it, so that shares that sum to 1 only within
    rounding do not add or lose addresses.
    """
    most, whole, lacking = np.int64(0), 0.0, 0.0
    for operator in range(share_users.size):
        most, whole = max(most, n_blocked[operator]), whole + share_users[operator]
    for operator in range(share_users.size):
        lacking += share_users[operator] * (most - n_blocked[operator])
    return float(most if abs(whole - 1.0) <= SHARE_TOLERANCE else whole * most) - lacking


@part
def _weigh(lost_micro_usd_per_h: Floats, weight: Floats, lost: Floats) -> None:
    """Demand of groups that fails: the sum over operators of how much each counts times its own."""
    lost[:] = 0.0
    for operator in range(weight.size):
        for group in range(lost.size):
            lost[group] += weight[operator] * lost_micro_usd_per_h[operator, group]
