"""Entries to withdraw: by a review of the register, or by a decision from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

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
        looked_at = [entry for entry in entries if entry.addresses]
        if not looked_at:
            return []
        ranges = _Ranges.of([entry.addresses for entry in looked_at])
        placed_s = np.array([entry.placed_s for entry in looked_at], np.int64)
        last_s = np.maximum(placed_s, ranges.latest(gone, gone_s))
        is_due = (t_s - last_s >= self.silent_s) | ranges.are_within(compliant)
        left = self.n_addresses
        chosen: list[Entry] = []
        for row in np.flatnonzero(is_due & ~ranges.hold_any(standing)).tolist():
            n = n_counted(looked_at[row].addresses)
            if n <= left:
                chosen.append(looked_at[row])
                left -= n
        return chosen


@dataclass(frozen=True, eq=False)
class _Ranges:
    """Intervals of some sets of addresses, none of them empty, one set after the other."""

    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    first: NDArray[np.int64]

    @classmethod
    def of(cls, sets: Sequence[IntervalSet]) -> _Ranges:
        """Intervals of some sets."""
        n = np.array([addresses.n_intervals for addresses in sets], np.int64)
        return cls(
            np.concatenate([addresses.start for addresses in sets]),
            np.concatenate([addresses.stop for addresses in sets]),
            np.cumsum(n) - n,
        )

    def hold_any(self, address: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each set holds any of some addresses."""
        low, high = self._places(np.sort(address))
        return np.logical_or.reduceat(low < high, self.first)

    def latest(self, address: NDArray[np.int64], t_s: NDArray[np.int64]) -> NDArray[np.int64]:
        """Latest time at an address that each set holds; before all times where it holds none."""
        ascending = np.argsort(address)
        low, high = self._places(address[ascending])
        latest = np.full(low.size, np.iinfo(np.int64).min)
        is_met = low < high
        if is_met.any():
            # Of pairs of bounds every second piece lies between two ranges; the last has an end.
            bound = np.stack((low[is_met], high[is_met]), axis=1).ravel()
            padded = np.append(t_s[ascending], 0)
            latest[is_met] = np.maximum.reduceat(padded, bound)[::2]
        return np.maximum.reduceat(latest, self.first)

    def are_within(self, addresses: IntervalSet) -> NDArray[np.bool_]:
        """Whether each set is part of another."""
        if not addresses:
            return np.zeros(self.first.size, np.bool_)
        row = np.searchsorted(addresses.start, self.start, side="right") - 1
        is_within = (row >= 0) & (self.stop <= addresses.stop[row])
        return np.logical_and.reduceat(is_within, self.first)

    def _places(self, ascending: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """From which to which place of ascending addresses each interval holds them."""
        return np.searchsorted(ascending, self.start), np.searchsorted(ascending, self.stop)


def withdrawn(entries: Iterable[Entry], share: float) -> list[Entry]:
    """Return the entries to withdraw: the oldest, as few as hold the share that is asked for.

    Parameters
    ----------
    entries
        Those in force that block, oldest first.

    Notes
    -----
    Entries of names are not looked at. Addresses in several entries count in each. A share is taken
    as the decimal number that it is written as, so that no rounding decides on an entry.
    """
    meant = [entry for entry in entries if entry.addresses]
    sums = list(accumulate(n_counted(entry.addresses) for entry in meant))
    wanted = Fraction(str(share)) * sums[-1] if sums else Fraction(0)
    # An entry goes if those before it hold less than is wanted.
    return [entry for entry, before in zip(meant, [0, *sums], strict=False) if before < wanted]
