"""Who is affected, impaired, down, and when that must be looked at again.

In: how far businesses fail at each operator, and how much each operator's users count. Out: states.
It does not know what a state costs.

While nothing else happens, the share of a business's demand that fails moves only with the users of
a VPN. No business can cross a threshold before that drift has used up its distance to the nearest:
until then it needs no look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.state.exposure import Failing
from sim.world.build import World

SLACK = 1e-12
"""Drift, as a share of demand, that rounding may hide."""
_NOBODY = np.empty(0, np.int64)


@dataclass(frozen=True, eq=False)
class Turn:
    """States of some businesses, before and after.

    Attributes
    ----------
    business_row : shape (n,), ascending
        The businesses.
    level_before, level : shape (n,)
        0 reachable, 1 affected, 2 impaired, 3 down.
    role_level_before, role_level : shape (n, n_roles)
        The same, if the role's component alone failed.
    """

    business_row: NDArray[np.int64]
    level_before: NDArray[np.int8]
    level: NDArray[np.int8]
    role_level_before: NDArray[np.int8]
    role_level: NDArray[np.int8]


class Levels:
    """States of all businesses.

    Attributes
    ----------
    level : shape (n_businesses,)
        0 reachable, 1 affected, 2 impaired, 3 down; each strictly above its threshold.
    weight : shape (n_operators,)
        Share of all users who are at the operator and on no VPN.
    role_level : shape (n_businesses, n_roles)
        The same states, if the role's component alone failed.
    drift
        How far shares may have moved so far, summed over the changes of ``weight``.
    next_look : shape (n_businesses,)
        The drift at which each business must be looked at again.
    """

    def __init__(self, world: World) -> None:
        n, n_roles = world.businesses.component_row.shape
        limits = world.thresholds
        self.threshold = np.array([limits.affected, limits.impaired, limits.down])
        self._share_users = world.operators.share_users
        self.weight = self._share_users.copy()
        self.level = np.zeros(n, np.int8)
        self.role_level = np.zeros((n, n_roles), np.int8)
        self.drift = self._looked_at = 0.0
        self.next_look = np.full(n, np.inf)
        self.may_drift = world.users is not None

    def set_vpn(self, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        weight = self._share_users * (1.0 - vpn)
        self.drift += float(np.abs(weight - self.weight).sum())
        self.weight = weight

    @property
    def has_drifted(self) -> bool:
        """Whether there was drift since it was last taken note of."""
        return self._looked_at != self.drift

    def take_drifted(self) -> bool:
        """Whether there was drift since the last call."""
        has_drifted = self.has_drifted
        self._looked_at = self.drift
        return has_drifted

    def due(self) -> NDArray[np.int64]:
        """Businesses that may have crossed a threshold by drift since they were looked at."""
        return np.flatnonzero(self.next_look < self.drift) if self.take_drifted() else _NOBODY

    def turn(self, row: NDArray[np.int64], failing: Failing) -> Turn:
        """Note how far some businesses fail now.

        Notes
        -----
        u(i) = sum over operators of weight * m(i, k), in the sequence of operators, so that a
        business's number does not hang on who changed with it.
        """
        share_failing = weighted_sum(self.weight, failing.by_operator)
        role_failing = weighted_sum(self.weight, failing.by_role)
        turn = Turn(
            row,
            self.level[row],
            self.threshold.searchsorted(share_failing).astype(np.int8),
            self.role_level[row],
            self.threshold.searchsorted(role_failing).astype(np.int8),
        )
        self.level[row] = turn.level
        self.role_level[row] = turn.role_level
        if self.may_drift:
            self.next_look[row] = self.drift + self._margin(failing, share_failing, role_failing)
        return turn

    def _margin(
        self,
        failing: Failing,
        share_failing: NDArray[np.float64],
        role_failing: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Drift that may pass before any threshold can be crossed."""
        distance = np.abs(share_failing[:, np.newaxis] - self.threshold).min(axis=1)
        of_role = np.abs(role_failing[:, :, np.newaxis] - self.threshold).min(axis=2)
        # What does not fail at all does not move either.
        most, most_of_role = failing.by_operator.max(axis=0), failing.by_role.max(axis=0)
        distance[most == 0] = np.inf
        of_role[most_of_role == 0] = np.inf
        return np.asarray(np.minimum(distance, of_role.min(axis=1)) - SLACK)


def weighted_sum(weight: NDArray[np.float64], value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum over the first axis in its sequence, whatever the shape of the rest.

    Parameters
    ----------
    weight : shape (n, …)
        May have fewer axes than ``value``: those it shares come first.
    value : shape (n, …)
    """
    product = weight.reshape(*weight.shape, *(1,) * (value.ndim - weight.ndim)) * value
    # An ordinary sum may add in another sequence for another shape, and so round otherwise.
    np.add.accumulate(product, axis=0, out=product)
    return np.asarray(product[-1])
