"""Who complains, and how much: businesses that are impaired, users who are cut off.

In: who is impaired and who is cut off, whenever that changes. Out: for how many days of one who
begins now they complain, over any time in which it does not change. It does not know what
complaints lead to.

Where they tire, the part of the first rate that is left halves every half-life, from the second in
which they were hit. All of them lose the same part in the same time, so one sum stands for all.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.actors.attention import Attention
from sim.engine.state import pressure_kernel as kernel
from sim.engine.state.hotline import Hotline
from sim.engine.state.target import TargetState
from sim.scenario.reactions import Complaints
from sim.world.build import World

S_PER_D = 86_400


class Fatigue:
    """How complaints of those who stay as they are become fewer.

    Parameters
    ----------
    half_life_d
        None where nobody tires.

    Attributes
    ----------
    per_s
        Rate at which it falls.
    """

    def __init__(self, half_life_d: float | None) -> None:
        self.per_s = 0.0 if half_life_d is None else math.log(2.0) / half_life_d / S_PER_D

    @property
    def tires(self) -> bool:
        """Whether anybody does."""
        return self.per_s > 0

    def left(self, elapsed_s: NDArray[np.int64] | int) -> NDArray[np.float64]:
        """Part of the first rate after some time."""
        return np.asarray(np.exp(-self.per_s * elapsed_s))


class Impaired:
    """Businesses that are impaired.

    Attributes
    ----------
    is_impaired : shape (n_businesses,)
        Who is, since the last turn.
    n
        How many.
    record : shape (1,)
        What they complain by as the compiled loops take it, a ``HIT``.
    """

    def __init__(self, n_businesses: int, fatigue: Fatigue) -> None:
        self.is_impaired = np.zeros(n_businesses, np.bool_)
        self.n = 0
        self._since_s = np.zeros(n_businesses, np.int64)
        self._fatigue = fatigue
        self.record = np.zeros(1, kernel.HIT)

    def turn(self, beginning: NDArray[np.int64], ending: NDArray[np.int64], t_s: int) -> None:
        """Let some become impaired, and others no longer be."""
        self.is_impaired[beginning] = True
        self.is_impaired[ending] = False
        n_staying = self.n - ending.size
        self.n = n_staying + beginning.size
        if self._fatigue.tires:
            # Of nobody nothing is left, whatever rounding says.
            kept = self._left(t_s, ending) if n_staying else 0.0
            self.record[0] = kept + beginning.size, t_s
            self._since_s[beginning] = t_s
        else:
            self.record[0] = self.n, t_s

    def _left(self, t_s: int, ending: NDArray[np.int64]) -> float:
        """What is left of the first rates of those who stay."""
        weight, as_of_s = self.record[0].tolist()
        kept = weight * float(self._fatigue.left(t_s - as_of_s))
        if ending.size:
            kept -= float(self._fatigue.left(t_s - self._since_s[ending]).sum())
        return float(kept)

    def days(self, from_s: int, to_s: int) -> float:
        """Business-days over a time in which nobody turned."""
        return float(kernel.hit_days(self.record, self._fatigue.per_s, from_s, to_s))


class People:
    """Internet users who miss what businesses offer, at each operator.

    Those who come to it are fresh, and who goes is as tired as who stays, as for users cut off.

    Attributes
    ----------
    n : shape (n_operators,)
        How many, since the last turn: users times the share of demand that fails for them.
    record : shape (1,)
        What they complain by as the compiled loops take it, a ``HIT``.
    """

    def __init__(self, n_operators: int, fatigue: Fatigue) -> None:
        self.n = np.zeros(n_operators)
        self._fresh = np.ones(n_operators)
        self._fatigue = fatigue
        self.record = np.zeros(1, kernel.HIT)

    def turn(self, n: NDArray[np.float64], t_s: int) -> None:
        """Let so many be hit at each operator from a second on."""
        if self._fatigue.tires:
            fresh = self._fresh * self._fatigue.left(t_s - int(self.record["as_of_s"][0]))
            more = np.maximum(n - self.n, 0.0)
            is_hit = n > 0
            np.divide(fresh * (n - more) + more, n, out=fresh, where=is_hit)
            self._fresh = fresh
        self.n = n
        self.record[0] = (n * self._fresh).sum(), t_s

    def days(self, from_s: int, to_s: int) -> float:
        """Person-days over a time in which nobody turned."""
        return float(kernel.hit_days(self.record, self._fatigue.per_s, from_s, to_s))


class Plaintiffs:
    """All who complain, each at the rate of the scenario.

    Attributes
    ----------
    impaired
        Businesses.
    cut_off
        Users of the target. Between two changes fewer and fewer of them are: who comes back is as
        tired as who does not. Where at an operator more are than before, those are fresh.
    people
        Internet users who miss what businesses offer.
    rates : shape (1,)
        How often each of them complains, a ``RATES``.
    """

    def __init__(self, rules: Complaints, world: World, target: TargetState) -> None:
        fatigue = Fatigue(rules.fatigue_half_life_d)
        self.impaired = Impaired(world.businesses.n_businesses, fatigue)
        self.cut_off = target
        self.people = People(world.operators.n_operators, fatigue)
        self.rates = np.zeros(1, kernel.RATES)
        self.rates[0] = (
            rules.per_business_per_d,
            rules.per_million_users_per_d,
            rules.per_million_people_per_d or 0.0,
            fatigue.per_s,
        )

    def complaints(self, from_s: int, to_s: int) -> float:
        """Complaints there would be without attention; nobody is hit before t = 0."""
        if to_s <= 0:
            return 0.0
        n_user_days = self.cut_off.complaining_days(from_s, to_s)
        impaired, people = self.impaired.record, self.people.record
        return float(kernel.complaints(self.rates, impaired, people, n_user_days, from_s, to_s))


def pressure_of(attention: Attention, line: Hotline | None, plaintiffs: Plaintiffs | None) -> Any:
    """Attention, the hotline and who complains as the compiled loops take them."""
    of_line = line if line is not None else Hotline.none()
    nobody = np.zeros(1, kernel.HIT)
    if plaintiffs is None:
        rates = np.zeros(1, kernel.RATES)
        return kernel.make_pressure(attention.record, of_line.record, rates, nobody, nobody)
    hit = plaintiffs.impaired.record, plaintiffs.people.record
    return kernel.make_pressure(attention.record, of_line.record, plaintiffs.rates, *hit)
