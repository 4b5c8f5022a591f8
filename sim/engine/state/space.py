"""The target, and the address space: who has entries over which pieces of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.family_starts import IPV6_START
from sim.addresses.sets.intervals import IPV4_STOP
from sim.addresses.sets.line import FIRST_NETWORK
from sim.engine.decisions import Mechanism
from sim.engine.state import calendar_kernel, reach_kernel, space_kernel
from sim.engine.state import target_kernel as kernel
from sim.engine.state.ledger import SLACK
from sim.engine.state.parts import zeros
from sim.engine.state.space_kernel import DROP, EXEMPT, THROTTLE
from sim.engine.state.states import States
from sim.scenario.reactions import Fronts
from sim.world.build import World
from sim.world.frozen import FrozenColumns

S_PER_MIN, S_PER_H, S_PER_D = 60, 3600, 86_400


COLUMN = {Mechanism.DROP: DROP, Mechanism.THROTTLE: THROTTLE, Mechanism.EXEMPT: EXEMPT}
"""Column of counts of each mechanism that is about addresses."""


@dataclass(frozen=True, eq=False)
class UserColumns(FrozenColumns):
    """Fates of the target's users over the run, one row per operator."""

    n_users: NDArray[np.float64]
    """Users of the target; shape (n_operators,)."""
    denied_s: NDArray[np.float64]
    vpn_s: NDArray[np.float64]
    left_s: NDArray[np.float64]
    hopping_s: NDArray[np.float64]
    """User-seconds cut off, on a VPN, of those who had left, and of those who could reach it
    but were on the way to another front; the rest reached it; shape (n_operators,)."""
    share_vpn: NDArray[np.float64]
    share_left: NDArray[np.float64]
    """At the end: users on a VPN, and users who have left; shape (n_operators,)."""


class TargetState:
    """Fronts, reach and users of the target, kept by difference at the operators that changed.

    Without pools in the scenario there is no front, and nobody reaches it; without users there are
    none, and all that counts them is zero. How many use a target with given addresses need not be
    known: they are then one in all, so that sums are shares.

    Attributes
    ----------
    columns
        All of it, as far as it does not grow with fronts.
    handle
        The same as the compiled loops take it.
    n_users
        Its users, over all operators.
    """

    def __init__(self, world: World) -> None:
        users, rules = world.users, world.pools.rules if world.pools is not None else None
        share_users = world.operators.share_users.copy()
        n_operators, room = share_users.size, 16
        n_users = share_users * float(users.n_target_users if users else world.has_given_target)
        self.n_users = float(n_users.sum())
        share = np.zeros((2, n_operators))
        share[0] = users.vpn_start if users else 0.0
        coefficient = np.zeros((2, n_operators, room))
        coefficient[:, :, 0] = 1.0
        self.columns = kernel.TargetColumns(
            **zeros("address rented_s by_address touched lost_list fading_at_s", room, np.int64),
            **zeros("is_gone is_lost is_touched", room, np.bool_),
            **zeros("status told", (room, n_operators), np.int8),
            **zeros("is_named told_is_named is_dirty", n_operators, np.bool_),
            **zeros("n_young degree since_s n_usable n_usable_before", n_operators, np.int64),
            **zeros("n_dropped first_hop n_hops", n_operators, np.int64),
            **zeros("n_old n_first", (2, n_operators), np.int64),
            **zeros("young", (n_operators, room), np.int64),
            **zeros("hop_end_s", (room, n_operators), np.int64),
            **zeros("hop_stay", (room, n_operators)),
            n_fronts=0,
            n_held=np.zeros((room, 3), np.int32),
            n_touched=0,
            is_stale=True,
            share_users=share_users,
            lost_share=float(rules.lost_share) + SLACK if rules else 1.0,
            tau_s=float(rules.push_tau_h * S_PER_H) if rules else 1.0,
            share_told=float(rules.share_told) if rules else 1.0,
            throttle_severity=float(world.effects.throttle_severity),
            name_evasion=float(world.effects.name_evasion),
            none_known=_none_known(rules),
            first_young=0,
            fading=np.zeros(room),
            coefficient=coefficient,
            n_users=n_users,
            share=share,
            # Nobody has left yet.
            n_by_fate=np.stack(
                (n_users * (1.0 - share[0]), n_users * share[0], n_users * share[1])
            ),
            totals_s=np.zeros((4, n_operators)),
            unreached_s=np.zeros(n_operators),
            booked_s=0,
            hop_s=round(users.hop_min * S_PER_MIN) if users and users.hop_min else 0,
        )
        self.handle = kernel.make_target(self.columns)
        self._tick_since_s = 0
        self._share_target_users = float(users.share_target_users) if users else 0.0
        self._per_d, self._bound = np.zeros((2, 4))
        if users is not None:
            self._per_d[:] = (
                users.vpn_rate_per_d,
                users.vpn_decay_per_d,
                users.leave_rate_per_d,
                users.return_rate_per_d,
            )
            self._bound[:] = users.vpn_max, users.vpn_start, 1.0, 0.0

    @property
    def share_vpn(self) -> NDArray[np.float64]:
        """Share of each operator's users who are on a VPN; it changes with every tick."""
        on_vpn: NDArray[np.float64] = self.columns.share[0]
        return on_vpn

    def is_held(self, front_row: NDArray[np.int64], mechanism: Mechanism) -> NDArray[np.bool_]:
        """Whether entries in force hold some fronts by a mechanism."""
        is_held = np.empty(front_row.size, np.bool_)
        kernel.write_held(self.handle, front_row, COLUMN[mechanism], is_held)
        return is_held

    @property
    def degraded_s(self) -> float:
        """User-seconds booked of those cut off, and of those on the way to another front."""
        totals_s = self.columns.totals_s
        return float(np.add.reduce(totals_s[0]) + np.add.reduce(totals_s[3]))

    def tick(self, t_s: int, demand_lost_s: NDArray[np.float64]) -> None:
        """Move the shares on a VPN and of those who left; the pieces until now are booked.

        Parameters
        ----------
        demand_lost_s : shape (n_operators,)
            Share of demand lost for each operator's users, integrated since the last tick.
        """
        reach_kernel.move_users(
            self.handle,
            t_s,
            demand_lost_s,
            float(t_s - self._tick_since_s),
            self._share_target_users,
            self._per_d,
            self._bound,
        )
        self._tick_since_s = t_s

    def freeze(self) -> UserColumns:
        """Return what has been booked."""
        columns = self.columns
        return UserColumns(columns.n_users, *columns.totals_s, *columns.share.copy())


def _none_known(rules: Fronts | None) -> NDArray[np.float64]:
    """Share of clients who know none of u of the fronts of t = 0, by u: each knows m of n."""
    if rules is None:
        return np.ones(1)
    n, m = rules.n_fronts, rules.n_known if rules.n_known is not None else rules.n_fronts
    return np.array([math.comb(n - u, m) / math.comb(n, m) for u in range(n + 1)])


SHORTEST_RUN, MOST_RUNS = 64, 1024
"""Runs in which addresses of a pool are counted: of at least so many, and about as many of them."""


class AddressSpace:
    """Pieces of the address space within which every entry holds all or nothing.

    Parameters
    ----------
    target
        The target's fronts, whose state follows from entries that hold them.
    states
        Businesses, whose hosts are.

    Attributes
    ----------
    columns
        All of it, as far as it does not grow with pieces.
    handle
        The same as the compiled loops take it.
    scene
        That with the target and businesses.
    """

    def __init__(self, world: World, target: TargetState, states: States) -> None:
        own = world.target_addresses
        line = world.places.line
        # Nothing lies between the families, and no piece reaches from one into the other.
        families = [0, IPV4_STOP, IPV6_START] if line.has_ipv6 else [0]
        start = np.unique(np.concatenate((families, own.start, own.stop)))
        start = start[start < line.end]
        edge, owner = world.places.segments
        given_out = world.pools.seats if world.pools is not None else ()
        # Of each run is known what is free, so that pieces are looked through in one of them alone.
        pools = [pool.in_runs_of(max(SHORTEST_RUN, pool.n // MOST_RUNS)) for pool in given_out]
        n_holders = world.operators.n_operators + 1
        run_start, run_stop, run_step = (
            np.concatenate([np.empty(0, np.int64), *(getattr(pool, name) for pool in pools)])
            for name in ("start", "stop", "step")
        )
        self.columns = space_kernel.SpaceColumns(
            n_pieces=start.size,
            start=start,
            is_targets=own.contains(start),
            slot=np.arange(start.size),
            n_entries=np.zeros((start.size, n_holders, 3), np.int32),
            n_blocked=np.zeros((n_holders, 2 if line.has_ipv6 else 1), np.int64),
            end=line.end,
            edge=edge.copy(),
            owner=owner.copy(),
            n_listed_of=np.zeros(len(world.places.provider) + 1, np.int64),
            pool_start=run_start,
            pool_stop=run_stop,
            pool_step=run_step,
            pool_first=np.cumsum([0, *(pool.start.size for pool in pools)]),
            n_free_of=np.array([pool.n for pool in pools], np.int64),
            n_free_in=-((run_start - run_stop) // run_step),
            line_start=line.start[:-1].copy(),
            line_network=(line.network - np.uint64(FIRST_NETWORK)).astype(np.int64),
            line_width=line.width.copy(),
        )
        self.handle = space_kernel.make_space(self.columns)
        self.scene = calendar_kernel.make_scene(
            calendar_kernel.SceneColumns(self.handle, target.handle, states.handle)
        )
