"""What a review of the register withdraws: entries in which the target no longer is.

In: entries in force, fronts that the censor knew. Out: entries to withdraw. Pure values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors.limits import n_counted
from sim.engine.orders import Entry


@dataclass(frozen=True)
class Review:
    """How often a censor looks at what is in force, and what it then withdraws.

    Attributes
    ----------
    every_s
        Time between two reviews, the first so long after the start.
    silent_s
        Time without a known front that stands, after which an entry is withdrawn.
    n_addresses
        Addresses that one review withdraws at most.
    """

    every_s: int
    silent_s: int
    n_addresses: float

    def withdrawn(
        self,
        entries: Iterable[Entry],
        t_s: int,
        standing: NDArray[np.int64],
        gone: NDArray[np.int64],
        gone_s: NDArray[np.int64],
        compliant: IntervalSet,
    ) -> list[Entry]:
        """Return the entries to withdraw, oldest first.

        Parameters
        ----------
        entries
            Those in force that block, oldest first.
        standing
            Addresses of known fronts that are not gone.
        gone, gone_s
            Addresses of fronts that were known when they went, and when that was.
        compliant
            Addresses of providers that comply.

        Notes
        -----
        An entry of more addresses than are left of ``n_addresses`` is passed over. Entries of names
        are not looked at.
        """
        left = self.n_addresses
        chosen: list[Entry] = []
        for entry in entries:
            addresses = entry.addresses
            n = n_counted(addresses)
            if not addresses or n > left or addresses.contains(standing).any():
                continue
            last_s = int(gone_s[addresses.contains(gone)].max(initial=entry.placed_s))
            is_silent = t_s - last_s >= self.silent_s
            if is_silent or not addresses.difference(compliant):
                chosen.append(entry)
                left -= n
        return chosen
