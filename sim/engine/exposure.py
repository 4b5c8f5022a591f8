"""Who is cut off from whom, kept up to date by difference.

In: prefixes that an operator starts or stops dropping. Out: for the businesses that changed, the
share of their demand that fails. It does not know why a prefix is dropped, nor what a failure
costs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.world.build import World


@dataclass(frozen=True, eq=False)
class Change:
    """Businesses whose exposure changed, and what it is now.

    Attributes
    ----------
    business_row : shape (n_changed,), ascending
        The businesses.
    share_failing : shape (n_changed,)
        Share of each one's domestic demand that fails.
    share_failing_by_role : shape (n_changed, n_roles)
        The same, if the role's component alone failed where it fails now.
    """

    business_row: NDArray[np.int64]
    share_failing: NDArray[np.float64]
    share_failing_by_role: NDArray[np.float64]


class Exposure:
    """Which components each operator drops.

    Components are sorted by address, so that a prefix touches one slice. A component may lie
    under several entries: it is dropped while any of them holds it, so each keeps a count.
    """

    def __init__(self, world: World) -> None:
        self._hosts = world.hosts
        self._businesses = world.businesses
        self._share_users = world.operators.share_users
        n_operators, n_businesses = world.operators.n_operators, world.businesses.n_businesses
        n_roles = world.businesses.role_weight.shape[1]
        self._n_entries_over = np.zeros((n_operators, world.hosts.address.size), np.int16)
        self._is_dropped = np.zeros((n_operators, n_businesses, n_roles), np.bool_)
        self._is_stale = np.zeros(n_businesses, np.bool_)

    def drop(self, operator_row: int, start: int, stop: int) -> None:
        """Count one more entry over the addresses ``[start, stop)`` at one operator."""
        touched = self._hosts.slice_of(start, stop)
        count = self._n_entries_over[operator_row, touched]
        count += 1
        self._mark(operator_row, touched, count == 1, is_dropped=True)

    def let_pass(self, operator_row: int, start: int, stop: int) -> None:
        """Count one entry less over the addresses ``[start, stop)`` at one operator."""
        touched = self._hosts.slice_of(start, stop)
        count = self._n_entries_over[operator_row, touched]
        count -= 1
        self._mark(operator_row, touched, count == 0, is_dropped=False)

    def _mark(
        self, operator_row: int, touched: slice, turned: NDArray[np.bool_], *, is_dropped: bool
    ) -> None:
        business_row = self._hosts.business_row[touched][turned]
        role_row = self._hosts.role_row[touched][turned]
        self._is_dropped[operator_row, business_row, role_row] = is_dropped
        self._is_stale[business_row] = True

    def take_changes(self) -> Change:
        """Exposure of the businesses touched since the last call.

        Notes
        -----
        m(i, k) = 1 - product over roles of (1 - w b), u(i) = sum over operators of share m. Sums
        run in a fixed sequence, so that a business's number does not hang on who changed with it.
        """
        row = np.flatnonzero(self._is_stale)
        self._is_stale[row] = False
        weight = self._businesses.role_weight[self._businesses.sector_row[row]]
        dropped = self._is_dropped[:, row, :]
        share_failing = np.zeros(row.size)
        share_dropped = np.zeros(weight.shape)
        for operator_row, share in enumerate(self._share_users.tolist()):
            here = dropped[operator_row]
            passing = np.ones(row.size)
            for role_row in range(weight.shape[1]):
                passing *= 1.0 - weight[:, role_row] * here[:, role_row]
            share_failing += share * (1.0 - passing)
            share_dropped += share * here
        return Change(row, share_failing, weight * share_dropped)
