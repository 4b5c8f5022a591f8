"""The target's fronts, and what each operator does to them.

In: rentals, evictions, what operators enforce. Out: for each operator which fronts are clean, which
throttled, which dropped. It does not know how many users there are.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from sim.engine.orders import Entry, Mechanism
from sim.engine.state.enforcement import Enforcement
from sim.engine.state.levels import weighted_sum
from sim.engine.state.segments import DROPPED

_NOT_ASKED = 0, False


class FrontList:
    """Fronts as growing columns.

    Attributes
    ----------
    address, provider_row, rented_s : shape (n_fronts,)
        Where each is, whose it is, since when.
    is_fronting : shape (n_fronts,)
        Whether it is there by domain fronting.
    is_gone : shape (n_fronts,)
        Whether the provider has turned it off.
    is_lost : shape (n_fronts,)
        Whether the target has given it up as dropped for too many users.
    status : shape (n_operators, n_fronts)
        ``CLEAN``, ``THROTTLED`` or ``DROPPED`` at each operator.
    """

    def __init__(self, n_operators: int) -> None:
        self.address = np.empty(0, np.int64)
        self.provider_row = np.empty(0, np.int64)
        self.rented_s = np.empty(0, np.int64)
        self.is_fronting = np.empty(0, np.bool_)
        self.is_gone = np.empty(0, np.bool_)
        self.is_lost = np.empty(0, np.bool_)
        self.status = np.empty((n_operators, 0), np.int8)
        # Whether an entry meets any of the first n fronts, by its row.
        self._meets: dict[int, tuple[int, bool]] = {}

    @property
    def n_fronts(self) -> int:
        """Number of fronts rented so far."""
        return int(self.address.size)

    def add(
        self,
        address: int,
        provider_row: int,
        t_s: int,
        enforcement: Enforcement,
        *,
        is_fronting: bool = False,
    ) -> int:
        """Note one more front, and return its row."""
        self.address = np.append(self.address, address)
        self.provider_row = np.append(self.provider_row, provider_row)
        self.rented_s = np.append(self.rented_s, t_s)
        self.is_fronting = np.append(self.is_fronting, is_fronting)
        self.is_gone = np.append(self.is_gone, False)
        self.is_lost = np.append(self.is_lost, False)
        column = enforcement.state(self.address[-1:])
        self.status = np.concatenate((self.status, column), axis=1)
        return self.n_fronts - 1

    def are_met_by(self, entries: Iterable[Entry]) -> bool:
        """Whether any of the entries names the target, or holds an address of any front."""
        n_fronts = self.address.size
        for entry in entries:
            n_asked, meets = self._meets.get(entry.row, _NOT_ASKED)
            if n_asked < n_fronts and not meets:
                meets = entry.mechanism is Mechanism.NAME or bool(
                    entry.addresses.contains(self.address[n_asked:]).any()
                )
                self._meets[entry.row] = n_fronts, meets
            if meets:
                return True
        return False

    def refresh(self, enforcement: Enforcement) -> bool:
        """Look again at what operators do to fronts; return whether it is new for any not gone."""
        status = enforcement.state(self.address)
        is_new = bool(((status != self.status) & ~self.is_gone).any())
        self.status = status
        return is_new

    def newly_lost(self, share_users: NDArray[np.float64], lost_share: float) -> NDArray[np.int64]:
        """Mark and return the fronts that are dropped for more than a share of users."""
        dropped_for = weighted_sum(share_users, (self.status == DROPPED).astype(float))
        row = np.flatnonzero((dropped_for > lost_share) & ~self.is_lost & ~self.is_gone)
        self.is_lost[row] = True
        return row
