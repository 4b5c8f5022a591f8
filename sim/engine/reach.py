"""Who reaches the target, in closed form between events.

In: which fronts are clean or throttled at each operator, and for how long clients have been told of
them. Out: the share of users who do not reach the target, at a time and integrated. It knows no
strategy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.fronts import FrontList
from sim.engine.segments import CLEAN, DROPPED


@dataclass(frozen=True, eq=False)
class Decay:
    """Share of clients who know none of some fronts: exp(-(n t - rented) / tau), or zero.

    Attributes
    ----------
    n_fronts, rented_sum_s : shape (...,)
        How many fronts there are, and the sum of their times of rental; clients know one rented at
        t_f with probability 1 - exp(-(t - t_f) / tau).
    is_known : shape (...,)
        Whether one of them is known to all.
    """

    n_fronts: NDArray[np.int64]
    rented_sum_s: NDArray[np.int64]
    is_known: NDArray[np.bool_]

    def at(self, t_s: float, tau_s: float) -> NDArray[np.float64]:
        """Share at one time."""
        share = np.exp(-(self.n_fronts * t_s - self.rented_sum_s) / tau_s)
        return np.where(self.is_known, 0.0, share)

    def integral(self, from_s: int, to_s: int, tau_s: float) -> NDArray[np.float64]:
        """Integral over ``[from_s, to_s)``, in seconds."""
        # exp(-a) - exp(-b) by expm1, which keeps its digits when the two are close.
        fall = -np.expm1(-self.n_fronts * (to_s - from_s) / tau_s)
        falling = self.at(from_s, tau_s) * fall * tau_s / np.maximum(self.n_fronts, 1)
        return np.where(self.is_known | (self.n_fronts > 0), falling, float(to_s - from_s))


class Reach:
    """Share of users of each operator who do not reach the target, without a VPN.

    Attributes
    ----------
    is_named : shape (n_operators,)
        Whether the operator blocks the target's name.
    """

    def __init__(
        self, n_operators: int, tau_s: float, throttle_severity: float, name_evasion: float
    ) -> None:
        none = np.zeros((2, n_operators), np.int64)
        # First row: of the fronts that are clean; second row: of those that are not dropped.
        self._decay = Decay(none, none, none > 0)
        self.is_named = np.zeros(n_operators, np.bool_)
        self._tau_s = tau_s
        self._severity = throttle_severity
        self._evasion = name_evasion

    def refresh(self, fronts: FrontList, is_named: NDArray[np.bool_]) -> None:
        """Take over the fronts as they are from now on."""
        usable = np.stack((fronts.status == CLEAN, fronts.status != DROPPED)) & ~fronts.is_gone
        self._decay = Decay(
            usable.sum(axis=2),
            (usable * fronts.rented_s).sum(axis=2),
            (usable & (fronts.rented_s == 0)).any(axis=2),
        )
        self.is_named = is_named

    def unreached(self, t_s: int) -> NDArray[np.float64]:
        """Share not reached at one time; shape (n_operators,)."""
        return self._combine(self._decay.at(t_s, self._tau_s), 1.0)

    def unreached_s(self, from_s: int, to_s: int) -> NDArray[np.float64]:
        """Integral of the share not reached over ``[from_s, to_s)``; shape (n_operators,)."""
        integral = self._decay.integral(from_s, to_s, self._tau_s)
        return self._combine(integral, float(to_s - from_s))

    def _combine(self, share: NDArray[np.float64], whole: float) -> NDArray[np.float64]:
        clean, either = share
        unreached = clean - (1.0 - self._severity) * (clean - either)
        return np.asarray(
            np.where(self.is_named, whole - self._evasion * (whole - unreached), unreached)
        )
