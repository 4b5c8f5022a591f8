"""Users: who reaches the target, who takes to a VPN, who gives up.

In: the share not reached at each operator between events, the demand lost over a tick. Out:
user-seconds by fate, and the share on a VPN, updated at every tick. It does not know why anything
is blocked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from sim.engine.actors.reach import Reach, Unreached
from sim.engine.state.compiled import kernels
from sim.scenario.reactions import Users
from sim.world.build import World

S_PER_D = 86_400
_SAVED_IN_TICK_NS, _SAVED_IN_BOOKING_NS = 30_000, 5_000
"""What the compiled loops save in a call, roughly."""


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


class UserCrowd:
    """Users of each operator.

    Attributes
    ----------
    n_users
        Users of the target, over all operators.
    n_by_fate : shape (3, n_operators)
        Users who have neither left nor a VPN, who are on one, and who have left, since the last
        tick; not changed later.
    """

    def __init__(self, world: World, rules: Users, reach: Reach) -> None:
        n_operators = world.operators.n_operators
        self._share_target_users = float(rules.share_target_users)
        self._per_d = np.array(
            [
                rules.vpn_rate_per_d,
                rules.vpn_decay_per_d,
                rules.leave_rate_per_d,
                rules.return_rate_per_d,
            ],
            np.float64,
        )
        self._bound = np.array([rules.vpn_max, rules.vpn_start, 1.0, 0.0])
        self._reach = reach
        self._n_users = world.operators.share_users * rules.n_target_users
        self.n_users = float(self._n_users.sum())
        # On a VPN, and left.
        self._share = np.stack((np.full(n_operators, rules.vpn_start), np.zeros(n_operators)))
        self._since_s = 0
        self._tick_since_s = 0
        self._unreached_s = np.zeros(n_operators)
        # Beginning and end of the piece booked last, and the integral of the share not reached.
        self._booked = (0, 0, np.zeros(n_operators))
        self._totals_s = np.zeros((3, n_operators))
        self.n_by_fate = _by_fate(self._n_users, self._share)

    @property
    def unreached(self) -> Unreached:
        """Who does not reach the target without a VPN; not changed later."""
        return self._reach.now

    @property
    def share_vpn(self) -> NDArray[np.float64]:
        """Share of each operator's users who are on a VPN; not changed later."""
        return np.asarray(self._share[0])

    @property
    def share_left(self) -> NDArray[np.float64]:
        """Share of each operator's users who have left; not changed later."""
        return np.asarray(self._share[1])

    def integrate(self, t_s: int) -> None:
        """Book the piece that ends now, in which the reach of the target was as it is."""
        if t_s == self._since_s:
            return
        elapsed_s = float(t_s - self._since_s)
        unreached_s = self._reach.now.integral_s(self._since_s, t_s)
        self._booked = (self._since_s, t_s, unreached_s)
        self._since_s = t_s
        if compiled := kernels(_SAVED_IN_BOOKING_NS):
            compiled.book(self.n_by_fate, unreached_s, elapsed_s, self._totals_s, self._unreached_s)
            return
        self._totals_s[0] += self.n_by_fate[0] * unreached_s
        self._totals_s[1:] += self.n_by_fate[1:] * elapsed_s
        self._unreached_s += unreached_s

    def tick(self, t_s: int, demand_lost_s: NDArray[np.float64]) -> None:
        """Move the shares on a VPN and of those who left; the pieces until now are booked.

        Parameters
        ----------
        demand_lost_s : shape (n_operators,)
            Share of demand lost for each operator's users, integrated since the last tick.
        """
        tick_s = float(t_s - self._tick_since_s)
        days = tick_s / S_PER_D
        self._tick_since_s = t_s
        if compiled := kernels(_SAVED_IN_TICK_NS):
            self._tick_compiled(compiled, tick_s, days, demand_lost_s)
        else:
            unreached = self._unreached_s / tick_s
            missed = self._share_target_users * unreached
            missed += (1.0 - self._share_target_users) * demand_lost_s / tick_s
            drive = np.stack((missed, (1.0 - self.share_vpn) * unreached))
            bound, per_d = self._bound[:, np.newaxis], self._per_d[:, np.newaxis]
            # The same equation for both, with other rates.
            self._share = relax(
                self._share,
                up=per_d[::2] * drive,
                top=bound[::2],
                down=per_d[1::2] * (1.0 - drive),
                bottom=bound[1::2],
                days=days,
            )
            self.n_by_fate = _by_fate(self._n_users, self._share)
        self._unreached_s[:] = 0.0

    def cut_off(self, t_s: int) -> NDArray[np.float64]:
        """Users of the target who do not reach it at one time; shape (n_operators,)."""
        return np.asarray(self.n_by_fate[0] * self._reach.now.at(t_s))

    def cut_off_s(self, from_s: int, to_s: int) -> NDArray[np.float64]:
        """User-seconds cut off over a time without a change; shape (n_operators,)."""
        booked_from_s, booked_to_s, unreached_s = self._booked
        if (from_s, to_s) != (booked_from_s, booked_to_s):
            unreached_s = self._reach.now.integral_s(from_s, to_s)
        return np.asarray(self.n_by_fate[0] * unreached_s)

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

    def _tick_compiled(
        self, compiled: ModuleType, tick_s: float, days: float, demand_lost_s: NDArray[np.float64]
    ) -> None:
        rest, exponent, moved = np.empty((3, *self._share.shape))
        compiled.rates(
            self._share,
            self._unreached_s,
            demand_lost_s,
            tick_s,
            self._share_target_users,
            self._per_d,
            self._bound,
            days,
            rest,
            exponent,
        )
        np.exp(exponent, out=exponent)
        n_users = np.empty_like(self._totals_s)
        compiled.relax(self._share, rest, exponent, self._n_users, moved, n_users)
        self._share, self.n_by_fate = moved, n_users


def _by_fate(n_users: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Users without a VPN, on one, and left; shape (3, n_operators)."""
    staying = n_users * (1.0 - share[1])
    return np.stack((staying * (1.0 - share[0]), staying * share[0], n_users * share[1]))


def shares_of(
    n_by_fate: NDArray[np.float64],
    unreached: Sequence[tuple[int, Unreached]],
    t_s: Sequence[int],
    n_users: float,
) -> NDArray[np.float64]:
    """Of all users of the target at some times: who reach it, are on a VPN, have left.

    Parameters
    ----------
    n_by_fate : shape (n, 3, n_operators)
        Users at each time, as ``UserCrowd`` has them.
    unreached
        Who does not reach the target, each from one of the times on, by its row.
    t_s : shape (n,)
        The times.
    n_users
        Users of the target, over all operators.

    Returns
    -------
    shape (n, 3)
    """
    time_s = np.array(t_s, np.int64)
    edge = [row for row, _ in unreached[1:]]
    share = [
        now.at(piece) for (_, now), piece in zip(unreached, np.split(time_s, edge), strict=True)
    ]
    cut_off = (n_by_fate[:, 0] * np.concatenate(share)).sum(axis=1) / n_users
    vpn, left = (n_by_fate[:, fate].sum(axis=1) / n_users for fate in (1, 2))
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
