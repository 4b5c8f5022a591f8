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

OLD = 30.0
"""Time constants after which all clients who are told of a front know it: e^-30 is 1e-13."""


@dataclass(frozen=True, eq=False)
class Ignorance:
    """Share of clients who know none of some fronts: a polynomial in exp(-(t - since) / tau).

    Attributes
    ----------
    coefficient : shape (..., n + 1)
        From the power 0 on; none is negative, so that nothing cancels.
    since_s
        Time from which the exponential falls.
    """

    coefficient: NDArray[np.float64]
    since_s: int

    @classmethod
    def of(
        cls,
        usable: NDArray[np.bool_],
        rented_s: NDArray[np.int64],
        share_told: float,
        tau_s: float,
        since_s: int,
    ) -> Ignorance:
        """Multiply over fronts: each is unknown to ``1 - p + p exp(-(t - rented) / tau)``.

        Parameters
        ----------
        usable : shape (..., n_fronts)
            Which fronts count.
        rented_s : shape (n_fronts,)
            Since when each is pushed; those of t = 0 are known to all.
        share_told
            p, the share of clients who are told of a later front.
        """
        age = (since_s - rented_s) / tau_s
        is_first, is_young = rented_s == 0, (rented_s > 0) & (age < OLD)
        n_old = (usable & ~is_young & ~is_first).sum(axis=-1)
        young = np.flatnonzero(is_young & usable.any(axis=tuple(range(usable.ndim - 1))))
        coefficient = np.zeros((*usable.shape[:-1], young.size + 1))
        coefficient[..., 0] = (1.0 - share_told) ** n_old * ~(usable & is_first).any(axis=-1)
        for degree, row in enumerate(young.tolist()):
            counts = usable[..., row]
            fading = np.where(counts, share_told * np.exp(-age[row]), 0.0)[..., np.newaxis]
            raised = coefficient[..., : degree + 1] * fading
            coefficient *= np.where(counts, 1.0 - share_told, 1.0)[..., np.newaxis]
            coefficient[..., 1 : degree + 2] += raised
        return cls(coefficient, since_s)

    def at(self, t_s: float, tau_s: float) -> NDArray[np.float64]:
        """Share at one time."""
        power = np.arange(self.coefficient.shape[-1])
        fallen = np.exp(-power * (t_s - self.since_s) / tau_s)
        return np.asarray((self.coefficient * fallen).sum(axis=-1))

    def integral(self, from_s: int, to_s: int, tau_s: float) -> NDArray[np.float64]:
        """Integral over ``[from_s, to_s)``, in seconds."""
        power = np.arange(1, self.coefficient.shape[-1])
        # exp(-a) - exp(-b) by expm1, which keeps its digits when the two are close.
        fall = -np.expm1(-power * (to_s - from_s) / tau_s) * tau_s / power
        fall *= np.exp(-power * (from_s - self.since_s) / tau_s)
        rest = self.coefficient[..., 1:] * fall
        return np.asarray(self.coefficient[..., 0] * float(to_s - from_s) + rest.sum(axis=-1))


class Reach:
    """Share of users of each operator who do not reach the target, without a VPN.

    Attributes
    ----------
    is_named : shape (n_operators,)
        Whether the operator blocks the target's name.
    """

    def __init__(
        self,
        n_operators: int,
        *,
        tau_s: float,
        share_told: float,
        throttle_severity: float,
        name_evasion: float,
    ) -> None:
        # First row: of the fronts that are clean; second row: of those that are not dropped.
        self._ignorance = Ignorance(np.ones((2, n_operators, 1)), 0)
        self.is_named = np.zeros(n_operators, np.bool_)
        self._tau_s = tau_s
        self._share_told = share_told
        self._severity = throttle_severity
        self._evasion = name_evasion

    def refresh(self, t_s: int, fronts: FrontList, is_named: NDArray[np.bool_]) -> None:
        """Take over the fronts as they are from now on."""
        usable = np.stack((fronts.status == CLEAN, fronts.status != DROPPED)) & ~fronts.is_gone
        self._ignorance = Ignorance.of(usable, fronts.rented_s, self._share_told, self._tau_s, t_s)
        self.is_named = is_named

    def unreached(self, t_s: int) -> NDArray[np.float64]:
        """Share not reached at one time; shape (n_operators,)."""
        return self._combine(self._ignorance.at(t_s, self._tau_s), 1.0)

    def unreached_s(self, from_s: int, to_s: int) -> NDArray[np.float64]:
        """Integral of the share not reached over ``[from_s, to_s)``; shape (n_operators,)."""
        integral = self._ignorance.integral(from_s, to_s, self._tau_s)
        return self._combine(integral, float(to_s - from_s))

    def _combine(self, share: NDArray[np.float64], whole: float) -> NDArray[np.float64]:
        clean, either = share
        unreached = clean - (1.0 - self._severity) * (clean - either)
        return np.asarray(
            np.where(self.is_named, whole - self._evasion * (whole - unreached), unreached)
        )
