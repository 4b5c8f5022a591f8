"""Who reaches the target, in closed form between events.

In: which fronts are clean or throttled at each operator, and for how long clients have been told of
them. Out: the share of users who do not reach the target, at a time and integrated. It knows no
strategy.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.fronts import CLEAN, DROPPED, FrontList


@dataclass(frozen=True)
class Decay:
    """Share of clients who know none of some fronts: exp(-(n t - rented) / tau), or a constant.

    Attributes
    ----------
    n_fronts, rented_sum_s
        How many fronts there are, and the sum of their times of rental; clients know one rented at
        t_f with probability 1 - exp(-(t - t_f) / tau).
    is_known
        Whether one of them is known to all.
    """

    n_fronts: int
    rented_sum_s: int
    is_known: bool

    def at(self, t_s: float, tau_s: float) -> float:
        """Share at one time."""
        if self.is_known:
            return 0.0
        return math.exp(-(self.n_fronts * t_s - self.rented_sum_s) / tau_s)

    def integral(self, from_s: int, to_s: int, tau_s: float) -> float:
        """Integral over ``[from_s, to_s)``, in seconds."""
        if self.is_known:
            return 0.0
        if self.n_fronts == 0:
            return float(to_s - from_s)
        # exp(-a) - exp(-b) by expm1, which keeps its digits when the two are close.
        fall = -math.expm1(-self.n_fronts * (to_s - from_s) / tau_s)
        return self.at(from_s, tau_s) * fall * tau_s / self.n_fronts


class Reach:
    """Share of users of each operator who do not reach the target, without a VPN."""

    def __init__(
        self, n_operators: int, tau_s: float, throttle_severity: float, name_evasion: float
    ) -> None:
        nobody = Decay(0, 0, is_known=False)
        self._clean = [nobody] * n_operators
        self._any = [nobody] * n_operators
        self._is_named = [False] * n_operators
        self._tau_s = tau_s
        self._severity = throttle_severity
        self._evasion = name_evasion

    def refresh(self, operator_row: int, fronts: FrontList, *, is_named: bool) -> None:
        """Take over the fronts of one operator as they are from now on."""
        status = fronts.status[operator_row]
        self._clean[operator_row] = _decay(fronts, ~fronts.is_gone & (status == CLEAN))
        self._any[operator_row] = _decay(fronts, ~fronts.is_gone & (status != DROPPED))
        self._is_named[operator_row] = is_named

    def unreached(self, t_s: int) -> NDArray[np.float64]:
        """Share not reached at one time; shape (n_operators,)."""
        tau_s = self._tau_s
        pairs = [(q.at(t_s, tau_s), g.at(t_s, tau_s)) for q, g in self._pairs()]
        return self._combine(np.array(pairs), 1.0)

    def unreached_s(self, from_s: int, to_s: int) -> NDArray[np.float64]:
        """Integral of the share not reached over ``[from_s, to_s)``; shape (n_operators,)."""
        tau_s = self._tau_s
        pairs = [
            (q.integral(from_s, to_s, tau_s), g.integral(from_s, to_s, tau_s))
            for q, g in self._pairs()
        ]
        return self._combine(np.array(pairs), float(to_s - from_s))

    def _pairs(self) -> list[tuple[Decay, Decay]]:
        return list(zip(self._clean, self._any, strict=True))

    def _combine(self, pairs: NDArray[np.float64], whole: float) -> NDArray[np.float64]:
        clean, either = pairs[:, 0], pairs[:, 1]
        unreached = clean - (1.0 - self._severity) * (clean - either)
        named = np.array(self._is_named)
        return np.where(named, whole - self._evasion * (whole - unreached), unreached)


def _decay(fronts: FrontList, is_usable: NDArray[np.bool_]) -> Decay:
    rented_s = fronts.rented_s[is_usable]
    return Decay(int(rented_s.size), int(rented_s.sum()), bool((rented_s == 0).any()))
