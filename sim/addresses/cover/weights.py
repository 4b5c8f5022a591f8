"""Weights on ranges of addresses: what a block of them would hit.

A range's weight is spread evenly over its addresses; a range of one address is a host. Ranges may
overlap, their weights add up. Sums add numbers that are not negative and never subtract, so that
nothing small is lost beside something large.

Whole-number weights give whole-number sums, of any size, as long as no range has to be shared out
in fractions: one that is cut by a bound must have a whole number of weight per address. Otherwise
sums are floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.blocks import DTYPES, IPV4_BITS, IPV6_BITS, Numbers, bits_of
from sim.addresses.sets.intervals import AddressSet
from sim.addresses.text.reading import Entries4, Entries6

FAMILIES = (IPV4_BITS, IPV6_BITS)

# Whole numbers up to here are held in int64, with room for sums of two; larger ones by Python.
INT64_LIMIT = 2**61


@dataclass(frozen=True, eq=False)
class WeightedRanges:
    """Weights on ranges of one family.

    Attributes
    ----------
    start, stop : shape (n,)
        Half-open bounds of each range.
    total : shape (n,), int64, float64 or Python integers; read-only
        Weight of the whole range, not negative.
    """

    start: Numbers
    stop: Numbers
    total: NDArray[Any]

    def __post_init__(self) -> None:
        if self.total.size and (min(self.total) < 0 or not max(self.total) < float("inf")):
            raise ValueError("weights must be finite and not negative")
        self.total.flags.writeable = False

    @classmethod
    def none(cls, bits: int) -> WeightedRanges:
        """Return no weight at all."""
        return cls(*(np.empty(0, dtype) for dtype in (DTYPES[bits], DTYPES[bits], np.int64)))

    def between(self, cut: Numbers) -> NDArray[Any]:
        """Weight between neighbouring bounds.

        Parameters
        ----------
        cut : shape (n_cuts,)
            Ascending and distinct.

        Returns
        -------
        amount : shape (n_cuts + 1,), int64, float64 or Python integers
            Weight before the first bound, from each bound up to the next, and from the last on.
        """
        used = np.flatnonzero(self.total != 0)
        start, stop, total = self.start[used], self.stop[used], self.total[used]
        low, high = np.searchsorted(cut, start, "right"), np.searchsorted(cut, stop, "left")
        split = np.flatnonzero(low < high)
        whole = np.flatnonzero(low == high)
        if not split.size:
            return _added(total, [(low, total)], cut.size + 1)
        start, stop, shared = start[split], stop[split], total[split]
        first, last = low[split], high[split]
        size = stop - start
        if total.dtype != np.float64 and not np.any(shared % size):
            density = shared // size
        else:
            total, density = total.astype(np.float64), shared.astype(np.float64) / size
            density = density.astype(np.float64)
        head, tail = cut[first] - start, stop - cut[last - 1]
        n_between = np.zeros(cut.size + 1, head.dtype)
        n_between[1:-1] = np.diff(cut)
        if density.dtype == np.float64:
            head, tail = head.astype(np.float64), tail.astype(np.float64)
            n_between = n_between.astype(np.float64)
        elif density.dtype == np.int64 and total.sum(dtype=np.float64) >= INT64_LIMIT:
            density, head, tail = (column.astype(object) for column in (density, head, tail))
        parts = [(low[whole], total[whole]), (first, density * head), (last, density * tail)]
        over = _stacked(first + 1, last, density, cut.size + 1) * n_between
        return _added(total, parts, cut.size + 1, over)


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights on ranges of both families."""

    v4: WeightedRanges
    v6: WeightedRanges

    @classmethod
    def per_address(cls) -> Weights:
        """Return a weight of one on every address of both families."""
        every = AddressSet.universe()
        return cls(
            *(WeightedRanges(all_.start, all_.stop, all_.stop) for all_ in (every.v4, every.v6))
        )

    @classmethod
    def on_ranges(cls, start: Numbers, stop: Numbers, total: ArrayLike) -> Weights:
        """Return weights on ranges of one family; hosts are ranges of one address.

        Parameters
        ----------
        start, stop : shape (n,)
            Half-open bounds, int64 of IPv4 and Python integers of IPv6, ``start < stop``.
        total : shape (n,)
            Weight of each range as a whole.

        Raises
        ------
        ValueError
            If a bound or a weight is out of range.
        """
        bits = bits_of(start)
        if start.shape != stop.shape or np.any((start < 0) | (start >= stop) | (stop > 1 << bits)):
            raise ValueError(f"ranges must satisfy 0 <= start < stop <= 2**{bits}")
        ranges = WeightedRanges(start, stop, _column(total))
        if bits == IPV4_BITS:
            return cls(ranges, WeightedRanges.none(IPV6_BITS))
        return cls(WeightedRanges.none(IPV4_BITS), ranges)

    @classmethod
    def on_rows(cls, v4: Entries4, total4: ArrayLike, v6: Entries6, total6: ArrayLike) -> Weights:
        """Return weights on the rows of a list, by family; errors as for `on_ranges`."""
        one = cls.on_ranges(v4.start, v4.stop, total4)
        two = cls.on_ranges(v6.start, v6.stop, total6)
        return cls(one.v4, two.v6)

    def of_family(self, bits: int) -> WeightedRanges:
        """Return the weights of one family, named by its number of bits."""
        return self.v6 if bits == IPV6_BITS else self.v4

    def inside(self, addresses: AddressSet) -> int | float:
        """Weight of a set of addresses."""
        weight: int | float = 0
        for bits in FAMILIES:
            members = addresses.of_family(bits)
            if members:
                cut = np.column_stack((members.start, members.stop)).reshape(-1)
                # Members are disjoint and not adjacent, so each is one stretch between bounds.
                weight += sum(self.of_family(bits).between(cut)[1::2].tolist())
        return weight


def narrowed(amount: NDArray[Any]) -> NDArray[Any]:
    """Return whole numbers as int64 where their sum fits, as they are otherwise."""
    if amount.dtype != object:
        return amount
    return amount.astype(np.int64) if amount.sum() < INT64_LIMIT else amount


def _column(total: ArrayLike) -> NDArray[Any]:
    """Return weights as int64, float64 or Python integers."""
    column = np.array(total, ndmin=1)
    if not column.size:
        return np.empty(0, np.int64)
    if column.dtype.kind in "iub":
        is_unsigned = column.dtype.kind == "u"
        return narrowed(column.astype(object)) if is_unsigned else column.astype(np.int64)
    if column.dtype == object and all(isinstance(item, int) for item in column):
        return column
    return column.astype(np.float64)


def _added(
    total: NDArray[Any],
    parts: list[tuple[NDArray[np.int64], NDArray[Any]]],
    n: int,
    start: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Add amounts up by place."""
    dtype = total.dtype
    if dtype == np.int64 and total.sum(dtype=np.float64) >= INT64_LIMIT:
        dtype = np.dtype(object)
    amount = np.zeros(n, dtype)
    for place, part in parts:
        np.add.at(amount, place, part.astype(dtype, copy=False))
    return narrowed(amount if start is None else amount + start)


def _stacked(
    start: NDArray[np.int64], stop: NDArray[np.int64], height: NDArray[Any], n: int
) -> NDArray[Any]:
    """Sum of the heights over each place of the stretches ``[start, stop)``.

    A segment tree: each stretch is laid on few nodes, and the nodes are added up from the root.
    Unlike a running difference it never subtracts.
    """
    width = 1 << max(n - 1, 1).bit_length()
    tree = np.zeros(2 * width, height.dtype)
    low, high = start + width, stop + width
    row = np.arange(low.size)
    while row.size:
        row = row[low[row] < high[row]]
        odd = row[(low[row] & 1) == 1]
        np.add.at(tree, low[odd], height[odd])
        low[odd] += 1
        odd = row[(high[row] & 1) == 1]
        high[odd] -= 1
        np.add.at(tree, high[odd], height[odd])
        low[row] >>= 1
        high[row] >>= 1
    level = 1
    while level < width:
        tree[2 * level : 4 * level] += np.repeat(tree[level : 2 * level], 2)
        level *= 2
    return tree[width : width + n]
