"""The end of a second: the target settled and the state noted, in one compiled call."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numba import types
from numba.experimental import structref
from numpy.typing import NDArray

from sim.addresses.compiled.kept_code import compiled
from sim.engine.state.copies import write_row, write_table
from sim.engine.state.target_kernel import settle
from sim.engine.state.users_kernel import shares

Floats: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]


@structref.register
class _NotedType(types.StructRef):  # type: ignore[misc, unused-ignore]
    """Type of what ``make_noted`` returns."""


class Noted(structref.StructRefProxy):  # type: ignore[misc, unused-ignore]
    """Columns of what was noted as one object; ``make_noted`` says what they are."""


_FIELDS = [
    "n_times",
    "t_s",
    "n_blocked",
    "n_listed",
    "n_at_level",
    "lost_micro_usd_per_h",
    "weight",
    "shares",
    "n_over",
]
structref.define_constructor(Noted, _NotedType, _FIELDS)
structref.define_boxing(_NotedType, Noted)


@compiled
def make_noted(
    n_times: Counts,
    t_s: Counts,
    n_blocked: Counts,
    n_listed: Counts,
    n_at_level: Counts,
    lost_micro_usd_per_h: Floats,
    weight: Floats,
    of_users: Floats,
    n_over: Counts,
) -> Any:
    """Return columns with room for some times, filled by ``note``.

    Parameters
    ----------
    n_times : shape (1,)
        How many times are noted.
    t_s : shape (n_times,)
        From which second on it is so.
    n_blocked : shape (n_times, n_operators, 2 or 4)
        What each operator blocks, as ``make_space`` says.
    n_listed : shape (n_times, 2 or 4 + n_providers + 1)
        What is listed, likewise; and addresses of each provider, and of nobody.
    n_at_level : shape (n_times, 3, n_groups)
        Businesses at least affected, impaired, down.
    lost_micro_usd_per_h : shape (n_times, n_operators, n_groups)
        Value of the demand that fails.
    weight : shape (n_times, n_operators)
        How much each operator's users count.
    of_users : shape (n_times, 3)
        Shares of the target's users who reach it, are on a VPN, have left.
    n_over : shape (n_times, 5, 1 + n_providers)
        Businesses of whose attempts more than some shares fail: all, and by provider.
    """
    return Noted(  # type: ignore[no-untyped-call, unused-ignore]
        n_times,
        t_s,
        n_blocked,
        n_listed,
        n_at_level,
        lost_micro_usd_per_h,
        weight,
        of_users,
        n_over,
    )


@compiled
def is_full(noted: Any) -> bool:
    """Whether there is no room for one time more."""
    return bool(noted.n_times[0] == noted.t_s.size)


@compiled
def note(
    noted: Any,
    t_s: int,
    scene: Any,
    weight: Floats,
    has_users: bool,
    is_changed: bool,
) -> int:
    """Let who reaches the target change, and note the state from that second on; times must rise.

    Parameters
    ----------
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
    n_operators = weight.size
    write_table(noted.n_blocked[row], space.n_blocked[:n_operators])
    n_counts = space.n_blocked.shape[1]
    write_row(noted.n_listed[row], space.n_blocked[n_operators])
    write_row(noted.n_listed[row, n_counts:], space.n_listed_of)
    write_table(noted.n_at_level[row], states.n_at_level)
    write_table(noted.n_over[row], states.n_over)
    write_table(noted.lost_micro_usd_per_h[row], states.lost_micro_usd_per_h)
    write_row(noted.weight[row], weight)
    if has_users:
        reached, on_vpn, left = shares(target, t_s)
        noted.shares[row, 0], noted.shares[row, 1], noted.shares[row, 2] = reached, on_vpn, left
    return n_lost
