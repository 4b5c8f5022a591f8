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

from sim.addresses.sets.blocks import IPV4_BITS, format_lines4, format_lines6
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals6 import IntervalSet6, rank_bounds
from sim.addresses.sets.ipv6 import IPV6_BITS, Addresses6
from sim.addresses.text.entries import Entries4, Entries6

FAMILIES = (IPV4_BITS, IPV6_BITS)
_32 = np.uint64(32)
_LOW_HALF = np.uint64(2**32 - 1)
_ALL = np.uint64(2**64 - 1)


def place_bounds4(
    start: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[Addresses6, Addresses6]:
    """Return first and last position of half-open, not empty IPv4 ranges."""
    first = start.astype(np.uint64) << _32
    last = ((stop - 1).astype(np.uint64) << _32) | _LOW_HALF
    return Addresses6(first, np.zeros_like(first)), Addresses6(last, np.full_like(last, _ALL))


def place_set(addresses: AddressSet, bits: int) -> IntervalSet6:
    """Return the members of one family as a set of positions."""
    if bits == IPV6_BITS:
        return addresses.v6
    return IntervalSet6(*place_bounds4(addresses.v4.start, addresses.v4.stop))


def addresses4(position: Addresses6) -> NDArray[np.int64]:
    """Return the IPv4 addresses that stand at positions."""
    return (position.high >> _32).astype(np.int64)


def format_positions(address: Addresses6, length: NDArray[np.int64], bits: int) -> list[str]:
    """Canonical text of prefixes given as positions; whole lengths are written too."""
    if bits == IPV6_BITS:
        text = format_lines6(address, length)
    else:
        text = format_lines4(addresses4(address), length)
    return text.decode("ascii").splitlines()


def common_bits(one: Addresses6, two: Addresses6) -> NDArray[np.int64]:
    """Length of the longest prefix that holds both addresses of each row."""
    pairs = zip(one.to_ints(), two.to_ints(), strict=True)
    return np.array(
        [IPV6_BITS - (first ^ second).bit_length() for first, second in pairs], np.int64
    )


def _count_between(first: Addresses6, last: Addresses6, bits: int) -> NDArray[Any]:
    """Addresses from first to last of each row: int64, of IPv6 Python integers."""
    if bits == IPV4_BITS:
        return addresses4(last) - addresses4(first) + 1
    bounds = zip(first.to_ints(), last.to_ints(), strict=True)
    counted = np.empty(len(first), object)
    counted[:] = [end - begin + 1 for begin, end in bounds]
    return counted


# Whole numbers up to here are held in int64, with room for sums of two; larger ones by Python.
INT64_LIMIT = 2**61


@dataclass(frozen=True, eq=False)
class WeightedRanges:
    """Weights on ranges of one family.

    Attributes
    ----------
    first, last : shape (n,)
        Bounds of each range as positions (see `sim.addresses.cover.weights`), both inclusive.
    total : shape (n,), int64, float64 or Python integers; read-only
        Weight of the whole range, not negative.
    bits
        32 for IPv4, 128 for IPv6.
    """

    first: Addresses6
    last: Addresses6
    total: NDArray[Any]
    bits: int

    def __post_init__(self) -> None:
        if self.total.size and (min(self.total) < 0 or not max(self.total) < float("inf")):
            raise ValueError("weights must be finite and not negative")
        self.total.flags.writeable = False

    @classmethod
    def none(cls, bits: int) -> WeightedRanges:
        """Return no weight at all."""
        return cls(Addresses6.empty(), Addresses6.empty(), np.empty(0, np.int64), bits)

    def between(self, cut: Addresses6) -> NDArray[Any]:
        """Weight between neighbouring bounds.

        Parameters
        ----------
        cut : shape (n_cuts,)
            Positions, ascending and distinct.

        Returns
        -------
        amount : shape (n_cuts + 1,), int64, float64 or Python integers
            Weight before the first bound, from each bound up to the next, and from the last on.
        """
        used = np.flatnonzero(self.total != 0)
        first, last, total = self.first.take(used), self.last.take(used), self.total[used]
        low, high = cut.search(first, "right"), cut.search(last, "right")
        split = np.flatnonzero(low < high)
        whole = np.flatnonzero(low == high)
        if not split.size:
            return _added(total, [(low, total)], len(cut) + 1)
        first, last, shared = first.take(split), last.take(split), total[split]
        start, stop = low[split], high[split]
        size = _count_between(first, last, self.bits)
        if total.dtype != np.float64 and not np.any(shared % size):
            density = shared // size
        else:
            total, density = total.astype(np.float64), shared.astype(np.float64) / size
            density = density.astype(np.float64)
        head = _count_between(first, cut.take(start).minus_one(), self.bits)
        tail = _count_between(cut.take(stop - 1), last, self.bits)
        n_between = np.zeros(len(cut) + 1, head.dtype)
        n_between[1:-1] = _count_between(
            cut.take(slice(0, -1)), cut.take(slice(1, None)).minus_one(), self.bits
        )
        if density.dtype == np.float64:
            head, tail = head.astype(np.float64), tail.astype(np.float64)
            n_between = n_between.astype(np.float64)
        elif density.dtype == np.int64 and total.sum(dtype=np.float64) >= INT64_LIMIT:
            density, head, tail = (column.astype(object) for column in (density, head, tail))
        parts = [(low[whole], total[whole]), (start, density * head), (stop, density * tail)]
        over = _stacked(start + 1, stop, density, len(cut) + 1) * n_between
        return _added(total, parts, len(cut) + 1, over)


@dataclass(frozen=True, eq=False)
class Weights:
    """Weights on ranges of both families."""

    v4: WeightedRanges
    v6: WeightedRanges

    @classmethod
    def per_address(cls) -> Weights:
        """Return a weight of one on every address of both families."""
        zero, top = Addresses6.from_ints([0]), Addresses6.from_ints([2**128 - 1])
        all6 = np.empty(1, object)
        all6[0] = 2**IPV6_BITS
        return cls(
            WeightedRanges(zero, top, np.array([2**IPV4_BITS]), IPV4_BITS),
            WeightedRanges(zero, top, all6, IPV6_BITS),
        )

    @classmethod
    def on_ranges4(cls, start: ArrayLike, stop: ArrayLike, total: ArrayLike) -> Weights:
        """Return weights on IPv4 ranges; hosts are ranges of one address.

        Parameters
        ----------
        start, stop : shape (n,)
            Half-open bounds, ``0 <= start < stop <= 2**32``.
        total : shape (n,)
            Weight of each range as a whole.

        Raises
        ------
        ValueError
            If a bound or a weight is out of range.
        """
        low, high = np.array(start, np.int64, ndmin=1), np.array(stop, np.int64, ndmin=1)
        if low.shape != high.shape or np.any((low < 0) | (low >= high) | (high > 2**IPV4_BITS)):
            raise ValueError("ranges must satisfy 0 <= start < stop <= 2**32")
        ranges = WeightedRanges(*place_bounds4(low, high), _column(total), IPV4_BITS)
        return cls(ranges, WeightedRanges.none(IPV6_BITS))

    @classmethod
    def on_ranges6(cls, first: Addresses6, last: Addresses6, total: ArrayLike) -> Weights:
        """Return weights on IPv6 ranges, both bounds included; errors as for `on_ranges4`."""
        if len(first) != len(last) or np.any(last.less(first)):
            raise ValueError("ranges must satisfy first <= last")
        ranges = WeightedRanges(first, last, _column(total), IPV6_BITS)
        return cls(WeightedRanges.none(IPV4_BITS), ranges)

    @classmethod
    def on_rows(cls, v4: Entries4, total4: ArrayLike, v6: Entries6, total6: ArrayLike) -> Weights:
        """Return weights on the rows of a list, by family; errors as for `on_ranges4`."""
        one = cls.on_ranges4(v4.start, v4.stop, total4)
        two = cls.on_ranges6(v6.first, v6.last, total6)
        return cls(one.v4, two.v6)

    def of_family(self, bits: int) -> WeightedRanges:
        """Return the weights of one family, named by its number of bits."""
        return self.v6 if bits == IPV6_BITS else self.v4

    def inside(self, addresses: AddressSet) -> int | float:
        """Weight of a set of addresses."""
        weight: int | float = 0
        for ranges in (self.v4, self.v6):
            members = place_set(addresses, ranges.bits)
            if members:
                cut, (start, _) = rank_bounds(members.first, members.last)
                # Members are disjoint and not adjacent, so each is one stretch between bounds.
                weight += sum(ranges.between(cut)[start + 1].tolist())
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
