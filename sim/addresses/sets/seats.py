"""Addresses that are given out to whoever rents, as runs on the line of both families."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet


class Seats(NamedTuple):
    """Addresses that are given out, in runs.

    Attributes
    ----------
    start, size, step : shape (n_runs,)
        The run holds ``start + i * step`` on the line, for i from 0 to ``size - 1``; runs ascend.
    """

    start: NDArray[np.int64]
    size: NDArray[np.int64]
    step: NDArray[np.int64]

    @classmethod
    def of(cls, addresses: IntervalSet) -> Seats:
        """All IPv4 addresses of a set."""
        is_four = addresses.start < IPV4_STOP
        start = addresses.start[is_four]
        seats = cls(start, addresses.stop[is_four] - start, np.ones_like(start))
        for column in seats:
            column.flags.writeable = False
        return seats

    @property
    def n(self) -> int:
        """How many addresses."""
        return int(self.size.sum())

    @property
    def stop(self) -> NDArray[np.int64]:
        """Place on the line after the last address of each run; shape (n_runs,)."""
        return self.start + (self.size - 1) * self.step + 1

    def in_runs_of(self, most: int) -> Seats:
        """The same addresses in runs of at most so many each."""
        n_parts = np.maximum(1, -(-self.size // most))
        run = np.repeat(np.arange(self.size.size), n_parts)
        before = most * (np.arange(run.size) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts))
        size = np.minimum(self.size[run] - before, most)
        return Seats(self.start[run] + before * self.step[run], size, self.step[run])

    def within(self, addresses: IntervalSet) -> Seats:
        """Those that lie in a set."""
        pieces = []
        for start, size, step, stop in zip(
            *map(np.ndarray.tolist, (*self, self.stop)), strict=True
        ):
            first = int(np.searchsorted(addresses.stop, start, side="right"))
            after = int(np.searchsorted(addresses.start, stop))
            for row in range(first, after):
                low = max(0, -(-(int(addresses.start[row]) - start) // step))
                high = min(size, -(-(int(addresses.stop[row]) - start) // step))
                if low < high:
                    pieces.append((start + low * step, high - low, step))
        return Seats(*np.array(pieces, np.int64).reshape(-1, 3).T)

    def draw(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Address drawn evenly: the ``floor(u * n)``-th in ascending sequence.

        Parameters
        ----------
        u : shape (m,)
            Uniform numbers in [0, 1).
        """
        before = np.concatenate(([0], np.cumsum(self.size)))
        number = np.floor(u * self.n).astype(np.int64)
        run = np.searchsorted(before, number, side="right") - 1
        return self.start[run] + (number - before[run]) * self.step[run]
