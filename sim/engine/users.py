"""Users: who reaches the target, who takes to a VPN, who gives up.

In: the share not reached and the demand lost at each operator, integrated between events. Out:
user-seconds by fate, and the share on a VPN, updated at every tick. It does not know why anything
is blocked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.engine.reach import Reach, Unreached
from sim.scenario.reactions import Users
from sim.world.build import World

S_PER_H, S_PER_D = 3600, 86_400


@dataclass(frozen=True, eq=False)
class UserColumns:
    """Users of the target by operator, over the run.

    Attributes
    ----------
    n_users : shape (n_operators,)
        Users of the target.
    denied_s, vpn_s, left_s : shape (n_operators,)
        User-seconds cut off, on a VPN, and of those who had left; the rest reached it.
    share_vpn, share_left : shape (n_operators,)
        At the end: users on a VPN, and users who have left.
    """

    n_users: NDArray[np.float64]
    denied_s: NDArray[np.float64]
    vpn_s: NDArray[np.float64]
    left_s: NDArray[np.float64]
    share_vpn: NDArray[np.float64]
    share_left: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False


class Crowd(NamedTuple):
    """Users between two ticks, and between two changes of the fronts.

    Attributes
    ----------
    reach
        Who reaches the target without a VPN.
    n_without, n_on_vpn, n_left : shape (n_operators,)
        Users who have neither left nor a VPN, who are on one, and who have left.
    """

    reach: Unreached
    n_without: NDArray[np.float64]
    n_on_vpn: NDArray[np.float64]
    n_left: NDArray[np.float64]


class UserCrowd:
    """Users of each operator."""

    def __init__(self, world: World, rules: Users, reach: Reach) -> None:
        n_operators = world.operators.n_operators
        self._rules = rules
        self._reach = reach
        self._n_users = world.operators.share_users * rules.n_target_users
        self.n_users = float(self._n_users.sum())
        # On a VPN, and left.
        self._share = np.stack((np.full(n_operators, rules.vpn_start), np.zeros(n_operators)))
        self._top = np.array([[rules.vpn_max], [1.0]])
        self._bottom = np.array([[rules.vpn_start], [0.0]])
        self._since_s = self._demand_since_s = 0
        self._tick_since_s = 0
        self._unreached_s = np.zeros(n_operators)
        self._demand_lost_s = np.zeros(n_operators)
        self._totals_s = np.zeros((3, n_operators))
        self._crowd: Crowd
        self._note_shares()

    @property
    def share_vpn(self) -> NDArray[np.float64]:
        """Share of each operator's users who are on a VPN; not changed later."""
        return np.asarray(self._share[0])

    @property
    def share_left(self) -> NDArray[np.float64]:
        """Share of each operator's users who have left; not changed later."""
        return np.asarray(self._share[1])

    def note_demand_lost(self, t_s: int, demand_lost: NDArray[np.float64]) -> None:
        """Book the piece that ends now, in which so much demand was lost at each operator.

        Parameters
        ----------
        demand_lost : shape (n_operators,)
            Share of demand lost during the piece.
        """
        if t_s > self._demand_since_s:
            self._demand_lost_s += demand_lost * (t_s - self._demand_since_s)
            self._demand_since_s = t_s

    def integrate(self, t_s: int) -> None:
        """Book the piece that ends now, in which the reach of the target was as it is."""
        if t_s == self._since_s:
            return
        elapsed_s = t_s - self._since_s
        unreached_s = self._reach.now.integral_s(self._since_s, t_s)
        self._totals_s[0] += self._crowd.n_without * unreached_s
        self._totals_s[1] += self._crowd.n_on_vpn * elapsed_s
        self._totals_s[2] += self._crowd.n_left * elapsed_s
        self._unreached_s += unreached_s
        self._since_s = t_s

    def tick(self, t_s: int) -> None:
        """Move the shares on a VPN and of those who left; the pieces until now are booked."""
        rules, tick_s = self._rules, t_s - self._tick_since_s
        unreached = self._unreached_s / tick_s
        missed = rules.share_target_users * unreached
        missed += (1.0 - rules.share_target_users) * self._demand_lost_s / tick_s
        without = (1.0 - self.share_vpn) * unreached
        up, down = np.empty_like(self._share), np.empty_like(self._share)
        up[0], down[0] = rules.vpn_rate_per_d * missed, rules.vpn_decay_per_d * (1.0 - missed)
        up[1], down[1] = rules.leave_rate_per_d * without, rules.return_rate_per_d * (1.0 - without)
        # The same equation for both, with other rates.
        self._share = relax(
            self._share,
            up=up,
            top=self._top,
            down=down,
            bottom=self._bottom,
            days=tick_s / S_PER_D,
        )
        self._note_shares()
        self._unreached_s[:] = 0.0
        self._demand_lost_s[:] = 0.0
        self._tick_since_s = t_s

    def n_cut_off(self, t_s: int) -> float:
        """Users of the target who do not reach it at one time."""
        return float((self._crowd.n_without * self._reach.now.at(t_s)).sum())

    def crowd(self) -> Crowd:
        """Return users as they are now."""
        if self._crowd.reach is not self._reach.now:
            self._crowd = self._crowd._replace(reach=self._reach.now)
        return self._crowd

    def freeze(self) -> UserColumns:
        """Return what has been booked."""
        return UserColumns(
            n_users=self._n_users,
            denied_s=self._totals_s[0],
            vpn_s=self._totals_s[1],
            left_s=self._totals_s[2],
            share_vpn=self.share_vpn.copy(),
            share_left=self.share_left.copy(),
        )

    def _note_shares(self) -> None:
        """What hangs on the shares alone, which move at ticks only."""
        staying = self._n_users * (1.0 - self.share_left)
        self._crowd = Crowd(
            self._reach.now,
            n_without=staying * (1.0 - self.share_vpn),
            n_on_vpn=staying * self.share_vpn,
            n_left=self._n_users * self.share_left,
        )


def shares_of(crowds: Sequence[Crowd], t_s: Sequence[int], n_users: float) -> NDArray[np.float64]:
    """Of all users of the target at some times: who reach it, are on a VPN, have left.

    Parameters
    ----------
    crowds
        Users at each time.
    t_s : shape (n,)
        The times.

    Returns
    -------
    shape (n, 3)
    """
    unreached = []
    for _, group in groupby(zip(crowds, t_s, strict=True), key=lambda pair: id(pair[0].reach)):
        together = list(group)
        times = np.array([t for _, t in together], np.int64)
        unreached.append(together[0][0].reach.at(times))
    n_cut_off = np.array([crowd.n_without for crowd in crowds]) * np.concatenate(unreached)
    n_on_vpn = np.array([crowd.n_on_vpn for crowd in crowds])
    n_left = np.array([crowd.n_left for crowd in crowds])
    cut_off, vpn, left = (n.sum(axis=1) / n_users for n in (n_cut_off, n_on_vpn, n_left))
    return np.stack((1.0 - (left + cut_off), vpn, left), axis=1)


def relax(
    share: NDArray[np.float64],
    *,
    up: NDArray[np.float64],
    top: NDArray[np.float64] | float,
    down: NDArray[np.float64],
    bottom: NDArray[np.float64] | float,
    days: float,
) -> NDArray[np.float64]:
    """Solve ``ds/dt = up * (top - s) - down * (s - bottom)`` over some days, exactly.

    Parameters
    ----------
    share : any shape
        At the start.
    up, down : same shape
        Rates per day, constant over the time.
    top, bottom : broadcast to the same shape
    """
    rate = up + down
    moves = rate > 0
    rest = np.divide(up * top + down * bottom, rate, out=share.copy(), where=moves)
    return np.asarray(rest + (share - rest) * np.exp(-rate * days))
