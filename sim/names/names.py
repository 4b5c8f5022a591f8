"""How many names share an address: the law of names per address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.names.rank_curve import SHARED, Calibration, fit_curve
from sim.scenario.tables.sharing import ConcentrationRow


@dataclass(frozen=True, eq=False)
class NamesLaw:
    """How many addresses carry how many names.

    Attributes
    ----------
    size : shape (n_sizes,), int64
        Numbers of names that occur, descending.
    count : shape (n_sizes,), int64
        Addresses with that many names.
    """

    size: NDArray[np.int64]
    count: NDArray[np.int64]

    def __post_init__(self) -> None:
        if self.size.size == 0 or np.any(self.count <= 0) or np.any(np.diff(self.size) >= 0):
            raise ValueError("expected falling sizes with addresses of each, got others")
        for column in (self.size, self.count):
            column.flags.writeable = False

    @cached_property
    def address_edge(self) -> NDArray[np.int64]:
        """Addresses up to and including each size, shape (n_sizes,)."""
        return np.asarray(np.cumsum(self.count))

    @cached_property
    def name_edge(self) -> NDArray[np.int64]:
        """Names up to and including each size, shape (n_sizes,)."""
        return np.asarray(np.cumsum(self.count * self.size))

    @property
    def n_addresses(self) -> int:
        """Number of addresses."""
        return int(self.address_edge[-1])

    @property
    def n_names(self) -> int:
        """Number of names on all of them."""
        return int(self.name_edge[-1])

    @property
    def mean_names(self) -> float:
        """Names per address."""
        return self.n_names / self.n_addresses

    @property
    def share_single(self) -> float:
        """Share of addresses that carry one name."""
        return float(self.count[-1]) / self.n_addresses if self.size[-1] == 1 else 0.0

    def share_top(self, n_addresses: int) -> float:
        """Share of all names held by the most crowded ``n_addresses`` addresses."""
        row = int(np.searchsorted(self.address_edge, n_addresses))
        before = np.array([0, *self.address_edge])[row], np.array([0, *self.name_edge])[row]
        return float(before[1] + (n_addresses - before[0]) * self.size[row]) / self.n_names

    def share_with_at_least(self, n_names: int) -> float:
        """Share of addresses that carry at least so many names."""
        return float(self.count[self.size >= n_names].sum()) / self.n_addresses

    def n_names_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Names on an address drawn evenly from all addresses.

        Parameters
        ----------
        u : any shape
            Uniform in [0, 1): rank share, 0 for the most crowded address. One per address.

        Returns
        -------
        n_names : shape of ``u``
            At least 1; never rises with ``u``.

        Raises
        ------
        ValueError
            If some ``u`` lies outside [0, 1).
        """
        return self._choose(self.address_edge, u)

    def n_names_of_site(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Names on the address of a name drawn evenly from all names, its own name included.

        As ``n_names_of``, but an address comes up in proportion to its names: what an arbitrary
        site finds, not an arbitrary address.
        """
        return self._choose(self.name_edge, u)

    def _choose(self, edge: NDArray[np.int64], u: NDArray[np.float64]) -> NDArray[np.int64]:
        if u.size and not (u.min() >= 0 and u.max() < 1):
            raise ValueError("expected u in [0, 1), got a value outside")
        position = np.minimum(np.floor(u * edge[-1]), edge[-1] - 1)
        return np.asarray(self.size[np.searchsorted(edge, position, side="right")])

    @cached_property
    def _from_most(self) -> NDArray[np.float64]:
        """Addresses, names and squares of names, from the most crowded on; (3, n_sizes + 1)."""
        power = self.count * self.size.astype(np.float64) ** np.arange(3)[:, None]
        return np.concatenate((np.zeros((3, 1)), np.cumsum(power, axis=1)), axis=1)

    def sums_between(self, edge: NDArray[np.int64]) -> NDArray[np.float64]:
        """Addresses with numbers of names within ranges, their names and squares of these.

        Parameters
        ----------
        edge : shape (..., n + 1)
            Ends of n ranges ``[edge, next edge)`` of the number of names, along the last axis.

        Returns
        -------
        sums : shape (3, ..., n)
            Of 1, of the names and of their squares, over the addresses of each range.
        """
        at_least = self._from_most[:, np.searchsorted(-self.size, -edge, side="right")]
        return at_least[..., :-1] - at_least[..., 1:]

    def between(self, low: int, high: int | None = None) -> NamesLaw:
        """Return the law of the addresses with ``low`` to ``high`` names; None for no upper end.

        Raises
        ------
        ValueError
            If there are none.
        """
        kept = (self.size >= low) & (self.size <= (self.size[0] if high is None else high))
        if not kept.any():
            raise ValueError(f"expected addresses with {low} to {high} names, got none")
        return NamesLaw(self.size[kept], self.count[kept])

    def with_share_single(self, share: float) -> NamesLaw:
        """Return the law of the shared addresses with singles beside them, in a share in [0, 1)."""
        shared = self.between(SHARED)
        n_single = round(shared.n_addresses * share / (1 - share))
        if n_single == 0:
            return shared
        return NamesLaw(np.append(shared.size, 1), np.append(shared.count, n_single))


def fit_names_law(rows: Sequence[ConcentrationRow]) -> NamesLaw:
    """Fit the law of names per address to the calibration rows of a census.

    Sizes are rounded down to whole names after the knots were solved for rounded sizes.

    Raises
    ------
    ValueError
        As ``Calibration.of``.
    """
    return law_of(Calibration.of(rows))


def law_of(
    calibration: Calibration,
    place: NDArray[np.float64] | None = None,
    tolerance: float = 0.0,
) -> NamesLaw:
    """Law of names per address that meets what a census says; parameters as ``fit_curve``."""
    curve = fit_curve(calibration, place, tolerance)
    n_head = calibration.top[-1][0]
    head = curve.n_names_at(np.arange(1, n_head + 1))
    # Beyond the last published rank, sizes are few and addresses many: count by size.
    size = np.arange(int(head[-1]), 0, -1)
    reach = np.clip(curve.n_at_least(size), n_head, calibration.n_shared)
    reach[-1] = calibration.n_addresses
    count = np.diff(reach, prepend=n_head)
    size, row = np.unique(np.concatenate((head, size)), return_inverse=True)
    total = np.bincount(row, np.concatenate((np.ones(n_head, np.int64), count))).astype(np.int64)
    return NamesLaw(size[total > 0][::-1].copy(), total[total > 0][::-1].copy())
