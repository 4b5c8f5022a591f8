"""The target's fronts, who reaches it by them, and its users."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.decisions import Mechanism
from sim.engine.state import reach_kernel
from sim.engine.state import target_kernel as kernel
from sim.engine.state.ledger import SLACK
from sim.engine.state.space_kernel import DROP, EXEMPT, THROTTLE
from sim.scenario.reactions import Fronts
from sim.world.build import World
from sim.world.frozen import FrozenColumns

S_PER_MIN, S_PER_H, S_PER_D = 60, 3600, 86_400


COLUMN = {Mechanism.DROP: DROP, Mechanism.THROTTLE: THROTTLE, Mechanism.EXEMPT: EXEMPT}
"""Column of counts of each mechanism that is about addresses."""


@dataclass(frozen=True, eq=False)
class UserColumns(FrozenColumns):
    """Fates of the target's users over the run, one row per operator.

    Attributes
    ----------
    n_users : shape (n_operators,)
        Users of the target.
    denied_s, vpn_s, left_s, hopping_s : shape (n_operators,)
        User-seconds cut off, on a VPN, of those who had left, and of those who could reach it but
        were on the way to another front; the rest reached it.
    share_vpn, share_left : shape (n_operators,)
        At the end: users on a VPN, and users who have left.
    """

    n_users: NDArray[np.float64]
    denied_s: NDArray[np.float64]
    vpn_s: NDArray[np.float64]
    left_s: NDArray[np.float64]
    hopping_s: NDArray[np.float64]
    share_vpn: NDArray[np.float64]
    share_left: NDArray[np.float64]


class TargetState:
    """Fronts, reach and users of the target, kept by difference at the operators that changed.

    Without pools in the scenario there is no front, and nobody reaches it; without users there are
    none, and all that counts them is zero.

    Attributes
    ----------
    handle
        All of it as the compiled loops take it.
    is_named : shape (n_operators,)
        Whether each operator blocks the target's name; to be changed in place.
    n_users
        Its users, over all operators.
    n_by_fate : shape (3, n_operators)
        Users who have neither left nor a VPN, who are on one, and who have left; they change with
        every tick.
    share_vpn, share_left : shape (n_operators,)
        Share of each operator's users who are on a VPN, and of those who have left; they change
        with every tick.
    """

    def __init__(self, world: World) -> None:
        users = world.users
        rules = world.pools.rules if world.pools is not None else None
        share_users = world.operators.share_users.copy()
        share = np.zeros((2, share_users.size))
        share[0] = users.vpn_start if users else 0.0
        self.is_named = np.zeros(share_users.size, np.bool_)
        self.share_vpn, self.share_left = share
        self._n_users = share_users * float(users.n_target_users if users else 0.0)
        self.n_users = float(self._n_users.sum())
        self.n_by_fate = np.empty((3, share_users.size))
        self._totals_s = np.zeros((4, share_users.size))
        n_operators, room = share_users.size, 16
        coefficient = np.zeros((2, n_operators, room))
        coefficient[:, :, 0] = 1.0
        self.handle = kernel.make_target(
            kernel.TargetColumns(
                n_fronts=0,
                address=np.zeros(room, np.int64),
                rented_s=np.zeros(room, np.int64),
                is_gone=np.zeros(room, np.bool_),
                is_lost=np.zeros(room, np.bool_),
                by_address=np.zeros(room, np.int64),
                status=np.zeros((room, n_operators), np.int8),
                told=np.zeros((room, n_operators), np.int8),
                n_held=np.zeros((room, 3), np.int32),
                touched=np.zeros(room, np.int64),
                n_touched=0,
                is_touched=np.zeros(room, np.bool_),
                is_stale=True,
                lost_list=np.zeros(room, np.int64),
                share_users=share_users,
                lost_share=float(rules.lost_share) + SLACK if rules else 1.0,
                tau_s=float(rules.push_tau_h * S_PER_H) if rules else 1.0,
                share_told=float(rules.share_told) if rules else 1.0,
                throttle_severity=float(world.effects.throttle_severity),
                name_evasion=float(world.effects.name_evasion),
                is_named=self.is_named,
                told_is_named=np.zeros(n_operators, np.bool_),
                n_old=np.zeros((2, n_operators), np.int64),
                n_first=np.zeros((2, n_operators), np.int64),
                none_known=_none_known(rules),
                first_young=0,
                young=np.zeros((n_operators, room), np.int64),
                n_young=np.zeros(n_operators, np.int64),
                fading=np.zeros(room),
                fading_at_s=np.zeros(room, np.int64),
                is_dirty=np.zeros(n_operators, np.bool_),
                coefficient=coefficient,
                degree=np.zeros(n_operators, np.int64),
                since_s=np.zeros(n_operators, np.int64),
                n_users=self._n_users,
                share=share,
                n_by_fate=self.n_by_fate,
                totals_s=self._totals_s,
                unreached_s=np.zeros(n_operators),
                booked_s=0,
                hop_s=round(users.hop_min * S_PER_MIN) if users and users.hop_min else 0,
                n_usable=np.zeros(n_operators, np.int64),
                n_usable_before=np.zeros(n_operators, np.int64),
                n_dropped=np.zeros(n_operators, np.int64),
                hop_end_s=np.zeros((n_operators, room), np.int64),
                hop_stay=np.ones((n_operators, room)),
                first_hop=np.zeros(n_operators, np.int64),
                n_hops=np.zeros(n_operators, np.int64),
            )
        )
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

    def is_held(self, front_row: NDArray[np.int64], mechanism: Mechanism) -> NDArray[np.bool_]:
        """Whether entries in force hold some fronts by a mechanism."""
        is_held = np.empty(front_row.size, np.bool_)
        kernel.write_held(self.handle, front_row, COLUMN[mechanism], is_held)
        return is_held

    @property
    def degraded_s(self) -> float:
        """User-seconds booked of those cut off, and of those on the way to another front."""
        return float(np.add.reduce(self._totals_s[0]) + np.add.reduce(self._totals_s[3]))

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
        return UserColumns(
            n_users=self._n_users,
            denied_s=self._totals_s[0],
            vpn_s=self._totals_s[1],
            left_s=self._totals_s[2],
            hopping_s=self._totals_s[3],
            share_vpn=self.share_vpn.copy(),
            share_left=self.share_left.copy(),
        )


def _none_known(rules: Fronts | None) -> NDArray[np.float64]:
    """Share of clients who know none of u of the fronts of t = 0, by u.

    Each client knows m of n, drawn without replacement: C(n - u, m) / C(n, m).
    """
    if rules is None:
        return np.ones(1)
    n, m = rules.n_fronts, rules.n_known if rules.n_known is not None else rules.n_fronts
    return np.array([math.comb(n - u, m) / math.comb(n, m) for u in range(n + 1)])
