"""Who reaches the target, in closed form between events.

In: which fronts are clean or throttled at each operator, and for how long clients have been told of
them. Out: the share of users who do not reach the target, at a time and integrated. It knows no
strategy.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.engine.actors.fronts import FrontList
from sim.engine.state.compiled import kernels
from sim.engine.state.segments import CLEAN, DROPPED
from sim.scenario.reactions import Fronts
from sim.world.build import World

S_PER_H = 3600
_SAVED_PER_FRONT_NS, _SAVED_IN_INTEGRAL_NS, _SAVED_AT_TIMES_NS = 15_000, 20_000, 30_000
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
        counts = usable[..., young]
        fading = share_told * np.exp(-age[young])
        if young.size and (compiled := kernels(_SAVED_PER_FRONT_NS * young.size)):
            compiled.multiply_out(
                coefficient.reshape(-1, young.size + 1),
                counts.reshape(-1, young.size),
                fading,
                1.0 - share_told,
            )
            return cls(coefficient, since_s)
        for degree in range(young.size):
            count = counts[..., degree, np.newaxis]
            raised = coefficient[..., : degree + 1] * np.where(count, fading[degree], 0.0)
            coefficient *= np.where(count, 1.0 - share_told, 1.0)
            coefficient[..., 1 : degree + 2] += raised
        return cls(coefficient, since_s)

    @property
    def is_constant(self) -> bool:
        """Whether no share changes with time."""
        return bool(self.coefficient.shape[-1] == 1)

    def at(self, t_s: float | NDArray[np.int64], tau_s: float) -> NDArray[np.float64]:
        """Share at one time, or at some; shape (*times, …)."""
        fallen = self.fallen(t_s, tau_s)
        fallen = fallen.reshape(*np.shape(t_s), *(1,) * (self.coefficient.ndim - 1), -1)
        # In their sequence, as the compiled loop adds them.
        return np.asarray(np.add.accumulate(self.coefficient * fallen, axis=-1)[..., -1])

    def fallen(self, t_s: float | NDArray[np.int64], tau_s: float) -> NDArray[np.float64]:
        """By power, what is left at one time, or at some; shape (*times, n + 1)."""
        age = np.asarray((np.asarray(t_s) - self.since_s) / tau_s)
        return np.asarray(np.exp(-self._power * age[..., np.newaxis]))

    def integral(self, from_s: int, to_s: int, tau_s: float) -> NDArray[np.float64]:
        """Integral over ``[from_s, to_s)``, in seconds."""
        whole = np.asarray(self.coefficient[..., 0] * float(to_s - from_s))
        if self.is_constant:
            return whole
        gone, left = self.falling(from_s, to_s, tau_s)
        fall = -gone * tau_s / self._power[1:]
        fall *= left
        product = self.coefficient[..., 1:] * fall
        # In their sequence, as the compiled loop adds them.
        return np.asarray(whole + np.add.accumulate(product, axis=-1)[..., -1])

    def falling(
        self, from_s: int, to_s: int, tau_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """By power from 1 on: what is gone of each from one time to another, and left at the one.

        Gone is below zero, and by expm1, which keeps its digits when the times are close.
        """
        fading = self._fading
        gone = np.expm1(fading * ((to_s - from_s) / tau_s))
        return gone, np.exp(fading * ((from_s - self.since_s) / tau_s))

    @cached_property
    def _power(self) -> NDArray[np.int64]:
        return np.arange(self.coefficient.shape[-1])

    @cached_property
    def _fading(self) -> NDArray[np.float64]:
        return -self._power[1:].astype(np.float64)


@dataclass(frozen=True, eq=False)
class Unreached:
    """Share of each operator's users who do not reach the target, while nothing happens to fronts.

    Attributes
    ----------
    ignorance
        Share of clients who know none of the fronts that are clean, and none of those that are
        not dropped; shape (2, n_operators).
    is_named : shape (n_operators,)
        Whether the operator blocks the target's name.
    tau_s
        Time constant of telling clients of a front.
    throttle_severity, name_evasion
        What a throttle does, and who gets around a blocked name.
    """

    ignorance: Ignorance
    is_named: NDArray[np.bool_]
    tau_s: float
    throttle_severity: float
    name_evasion: float

    def at(self, t_s: int | NDArray[np.int64]) -> NDArray[np.float64]:
        """Share not reached at one time, or at some; shape (*times, n_operators)."""
        if self.ignorance.is_constant:
            constant = self._constant
            return constant if np.ndim(t_s) == 0 else np.tile(constant, (np.size(t_s), 1))
        if np.ndim(t_s) == 1 and (compiled := kernels(_SAVED_AT_TIMES_NS)):
            unreached = np.empty((np.size(t_s), self.is_named.size))
            compiled.evaluate(
                self.ignorance.coefficient,
                self.ignorance.fallen(t_s, self.tau_s),
                self.throttle_severity,
                self.is_named,
                self.name_evasion,
                unreached,
            )
            return unreached
        return self._combine(self.ignorance.at(t_s, self.tau_s), 1.0)

    def integral_s(self, from_s: int, to_s: int) -> NDArray[np.float64]:
        """Integral of the share not reached over ``[from_s, to_s)``; shape (n_operators,)."""
        elapsed_s = float(to_s - from_s)
        if self.ignorance.is_constant:
            return self._constant * elapsed_s
        if compiled := kernels(_SAVED_IN_INTEGRAL_NS):
            unreached_s = np.empty(self.is_named.size)
            compiled.integrate(
                self.ignorance.coefficient,
                *self.ignorance.falling(from_s, to_s, self.tau_s),
                self.tau_s,
                elapsed_s,
                self.throttle_severity,
                self.is_named,
                self.name_evasion,
                unreached_s,
            )
            return unreached_s
        return self._combine(self.ignorance.integral(from_s, to_s, self.tau_s), elapsed_s)

    def _combine(self, share: NDArray[np.float64], whole: float) -> NDArray[np.float64]:
        clean, either = share[..., 0, :], share[..., 1, :]
        unreached = clean - (1.0 - self.throttle_severity) * (clean - either)
        if not self._is_any_named:
            return np.asarray(unreached)
        named = whole - self.name_evasion * (whole - unreached)
        return np.asarray(np.where(self.is_named, named, unreached))

    @cached_property
    def _constant(self) -> NDArray[np.float64]:
        """Share not reached at any time, where that does not change."""
        return self._combine(self.ignorance.coefficient[..., 0], 1.0)

    @cached_property
    def _is_any_named(self) -> bool:
        return bool(self.is_named.any())


class Reach:
    """Who reaches the target, without a VPN, from now on.

    Attributes
    ----------
    now
        As fronts are now.
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
        nobody = Ignorance(np.ones((2, n_operators, 1)), 0)
        no_name = np.zeros(n_operators, np.bool_)
        self.now = Unreached(nobody, no_name, tau_s, throttle_severity, name_evasion)
        self._share_told = share_told

    @classmethod
    def of(cls, world: World, rules: Fronts) -> Reach:
        """Nobody reaches it yet."""
        return cls(
            world.operators.n_operators,
            tau_s=rules.push_tau_h * S_PER_H,
            share_told=rules.share_told,
            throttle_severity=world.effects.throttle_severity,
            name_evasion=world.effects.name_evasion,
        )

    def refresh(self, t_s: int, fronts: FrontList, is_named: NDArray[np.bool_]) -> None:
        """Take over the fronts as they are from now on."""
        usable = np.stack((fronts.status == CLEAN, fronts.status != DROPPED)) & ~fronts.is_gone
        tau_s = self.now.tau_s
        ignorance = Ignorance.of(usable, fronts.rented_s, self._share_told, tau_s, t_s)
        self.now = replace(self.now, ignorance=ignorance, is_named=is_named)
