"""Who complains, and how much: businesses that are impaired, users who are cut off.

In: who is impaired and who is cut off, whenever that changes. Out: for how many days of one who
begins now they complain, over any time in which it does not change. It does not know what
complaints lead to.

Where they tire, the part of the first rate that is left halves every half-life, from the second in
which they were hit. All of them lose the same part in the same time, so one sum stands for all.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.engine.actors.users import UserCrowd
from sim.engine.state.patience import IMPAIRED_LEVEL
from sim.scenario.reactions import Complaints
from sim.world.build import World

S_PER_D = 86_400
MILLION = 1_000_000


class Fatigue:
    """How complaints of those who stay as they are become fewer.

    Parameters
    ----------
    half_life_d
        None where nobody tires.
    """

    def __init__(self, half_life_d: float | None) -> None:
        self._per_s = 0.0 if half_life_d is None else math.log(2.0) / half_life_d / S_PER_D

    @property
    def tires(self) -> bool:
        """Whether anybody does."""
        return self._per_s > 0

    def left(self, elapsed_s: NDArray[np.int64] | int) -> NDArray[np.float64]:
        """Part of the first rate after some time."""
        return np.asarray(np.exp(-self._per_s * elapsed_s))

    def days(self, from_s: int, to_s: int) -> float:
        """Integral of that part, in days, between two times after the beginning."""
        if not self.tires:
            return (to_s - from_s) / S_PER_D
        fallen = -math.expm1(-self._per_s * (to_s - from_s)) * math.exp(-self._per_s * from_s)
        return fallen / self._per_s / S_PER_D


class Impaired:
    """Businesses that are impaired.

    Attributes
    ----------
    is_impaired : shape (n_businesses,)
        Who is, since the last turn.
    n
        How many.
    """

    def __init__(self, n_businesses: int, fatigue: Fatigue) -> None:
        self.is_impaired = np.zeros(n_businesses, np.bool_)
        self.n = 0
        self._since_s = np.zeros(n_businesses, np.int64)
        self._fatigue = fatigue
        self._weight, self._as_of_s = 0.0, 0

    def ending(self, level: NDArray[np.int8]) -> NDArray[np.int64]:
        """Rows of those that were impaired and are no longer; ascending."""
        return np.flatnonzero(self.is_impaired & (level < IMPAIRED_LEVEL))

    def turn(self, beginning: NDArray[np.int64], ending: NDArray[np.int64], t_s: int) -> None:
        """Let some become impaired, and others no longer be."""
        self.is_impaired[beginning] = True
        self.is_impaired[ending] = False
        n_staying = self.n - ending.size
        self.n = n_staying + beginning.size
        if self._fatigue.tires:
            # Of nobody nothing is left, whatever rounding says.
            kept = self._left(t_s, ending) if n_staying else 0.0
            self._weight = kept + beginning.size
            self._since_s[beginning] = t_s
        else:
            self._weight = float(self.n)
        self._as_of_s = t_s

    def _left(self, t_s: int, ending: NDArray[np.int64]) -> float:
        """What is left of the first rates of those who stay."""
        kept = self._weight * float(self._fatigue.left(t_s - self._as_of_s))
        if ending.size:
            kept -= float(self._fatigue.left(t_s - self._since_s[ending]).sum())
        return kept

    def days(self, from_s: int, to_s: int) -> float:
        """Business-days over a time in which nobody turned."""
        if self.n == 0:
            return 0.0
        since_s = self._as_of_s
        return self._weight * self._fatigue.days(from_s - since_s, to_s - since_s)


class CutOff:
    """Users of the target who are cut off from it.

    Between two changes fewer and fewer are: who comes back is as tired as who does not. Where at an
    operator more are than before, those are fresh.
    """

    def __init__(self, users: UserCrowd, fatigue: Fatigue) -> None:
        self._users = users
        self._fatigue = fatigue
        n_operators = users.share_vpn.size
        self._fresh = np.ones(n_operators)
        # How fresh, and how many, just before the second that was closed last.
        self._fresh_before, self._n_before = np.ones(n_operators), np.zeros(n_operators)
        self._as_of_s = 0

    def close(self, t_s: int) -> None:
        """Note who is cut off before the changes of that second, of which there may be several."""
        if not self._fatigue.tires or t_s == self._as_of_s:
            return
        self._fresh_before = self._fresh * self._fatigue.left(t_s - self._as_of_s)
        self._fresh, self._as_of_s = self._fresh_before, t_s
        self._n_before = self._users.cut_off(t_s)

    def open(self, t_s: int) -> None:
        """Note who is after a change of that second; what lasts no time makes nobody fresh."""
        if not self._fatigue.tires:
            return
        now = self._users.cut_off(t_s)
        more = np.maximum(now - self._n_before, 0.0)
        mixed = self._fresh_before * (now - more) + more
        self._fresh = np.divide(mixed, now, out=self._fresh_before.copy(), where=now > 0)

    def days(self, from_s: int, to_s: int) -> float:
        """User-days over a time without a change; users and fatigue count with their means."""
        cut_off_s = self._users.cut_off_s(from_s, to_s)
        if not self._fatigue.tires or not cut_off_s.any():
            return float(np.add.reduce(cut_off_s)) / S_PER_D
        since_s = self._as_of_s
        left = self._fatigue.days(from_s - since_s, to_s - since_s) / (to_s - from_s)
        return float(np.add.reduce(cut_off_s * self._fresh)) * left


class Plaintiffs:
    """All who complain, each at the rate of the scenario.

    Attributes
    ----------
    impaired
        Businesses.
    cut_off
        Users of the target.
    """

    def __init__(self, rules: Complaints, world: World, users: UserCrowd) -> None:
        fatigue = Fatigue(rules.fatigue_half_life_d)
        self.impaired = Impaired(world.businesses.n_businesses, fatigue)
        self.cut_off = CutOff(users, fatigue)
        self._per_business_per_d = rules.per_business_per_d
        self._per_million_users_per_d = rules.per_million_users_per_d

    def complaints(self, from_s: int, to_s: int) -> float:
        """Complaints there would be without attention; nobody is hit before t = 0."""
        if to_s <= 0:
            return 0.0
        users = self.cut_off.days(from_s, to_s) / MILLION
        mine = self._per_business_per_d * self.impaired.days(from_s, to_s)
        return mine + self._per_million_users_per_d * users
