"""The prefixes worth blocking, what they weigh, and the compressed prefix tree of each family.

The nodes of a tree are the only prefixes that a cover of least collateral needs. A prefix that
holds the same targets as a longer one blocks at least as many other addresses, so only the longest
prefix around each set of targets counts: n leaves make 2n - 1 nodes.

A range's weight is spread evenly over its addresses; a range of one address is a host. Ranges may
overlap, their weights add up. Sums add numbers that are not negative and never subtract, so that
nothing small is lost beside something large. Whole-number weights give whole-number sums, of any
size, as long as no range has to be shared out in fractions: one that is cut by a bound must have a
whole number of weight per address. Otherwise sums are floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.sets.blocks import (
    DTYPES,
    IPV4_BITS,
    IPV6_BITS,
    Numbers,
    bit_length,
    bits_of,
    format_prefixes,
    masked,
    sizes,
)
from sim.addresses.sets.intervals import AddressSet, Intervals
from sim.addresses.text.reading import Entries4, Entries6
from sim.errors import UsageError

FAMILIES = (IPV4_BITS, IPV6_BITS)

# Whole numbers up to here are held in int64, with room for sums of two; larger ones by Python.
INT64_LIMIT = 2**61


@dataclass(frozen=True, eq=False)
class WeightedRanges:
    """Weights on ranges of one family."""

    start: Numbers
    stop: Numbers
    """Half-open bounds of each range; shape (n,)."""
    total: NDArray[Any]
    """Weight of the whole range, not negative; shape (n,), int64, float64 or Python integers;
    read-only."""

    def __post_init__(self) -> None:
        if self.total.size and (min(self.total) < 0 or not max(self.total) < float("inf")):
            raise ValueError("weights must be finite and not negative")
        self.total.flags.writeable = False

    @classmethod
    def of(cls, start: Numbers, stop: Numbers, total: ArrayLike) -> WeightedRanges:
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
        return cls(start, stop, _column(total))

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
    def on_rows(cls, v4: Entries4, total4: ArrayLike, v6: Entries6, total6: ArrayLike) -> Weights:
        """Return weights on the rows of a list, by family; errors as for `WeightedRanges.of`."""
        return cls(
            WeightedRanges.of(v4.start, v4.stop, total4),
            WeightedRanges.of(v6.start, v6.stop, total6),
        )

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
    """Sum of heights over each place of stretches, by a segment tree, which never subtracts."""
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


MAX_PIECES = 2**20
"""Most leaves made of targets that are larger than the largest rule allowed."""
_MOST_NAMED = 5
"""Conflicts with protected addresses that an error names; it counts the others."""


@dataclass(frozen=True)
class LengthLimits:
    """Which prefix lengths a rule may have."""

    shortest: int
    """Length of the largest prefix that may be blocked."""
    longest: int
    """Length of the smallest prefix that may be blocked, such as 24 where routers take no more
    specific routes."""

    def check(self, bits: int) -> None:
        """Refuse limits that leave no length, or lie outside the family.

        Raises
        ------
        UsageError
            The message names the limits.
        """
        if not 0 <= self.shortest <= self.longest <= bits:
            family = "IPv4" if bits == 32 else "IPv6"
            raise UsageError(
                f"expected {family} prefix lengths with 0 <= shortest <= longest <= {bits}, "
                f"got shortest {self.shortest} and longest {self.longest}"
            )


ANY_LENGTH4 = LengthLimits(0, 32)
ANY_LENGTH6 = LengthLimits(0, 128)


@dataclass(frozen=True, eq=False)
class PrefixTree:
    """Compressed prefix tree of one family."""

    address: Numbers
    """Network address of each node's prefix. Leaves come first, ascending; then forks, from the
    longest prefix to the shortest, so that children stand before parents. The last node is the
    root. Shape (n_nodes,)."""
    length: NDArray[np.int64]
    """Prefix lengths; shape (n_nodes,), int64."""
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    """Nodes under the lower and the upper half of each fork; shape (n_forks,), int64."""
    n_leaves: NDArray[np.int64]
    """Leaves at or under each node; shape (n_nodes,), int64."""
    is_allowed: NDArray[np.bool_]
    """Whether the prefix may be blocked; shape (n_nodes,), bool."""

    @classmethod
    def build(cls, targets: Intervals, protected: Intervals, limits: LengthLimits) -> PrefixTree:
        """Build the tree of one target or more.

        Parameters
        ----------
        targets, protected
            Of one family, with no address in common.
        limits
            Nodes outside these lengths are not allowed; leaves are cut or widened to fit them.

        Raises
        ------
        UsageError
            If a target is so large that it falls into more than `MAX_PIECES` allowed prefixes.
        """
        address, length = _leaves(targets, limits)
        n = address.size
        # Length of the longest prefix that holds two neighbours.
        common = targets.BITS - bit_length(address[:-1] ^ address[1:])
        order = np.argsort(-common, kind="stable")
        node = np.empty(n - 1, np.int64)
        node[order] = np.arange(n, 2 * n - 1)
        left_fork, right_fork = _forks(common.tolist())
        gap = np.arange(n - 1)
        # A child that is no fork is the leaf next to the gap.
        left = np.where(left_fork < 0, gap, node[left_fork])[order]
        right = np.where(right_fork < 0, gap + 1, node[right_fork])[order]
        length = np.concatenate((length, common[order]))
        address, stop = masked(np.concatenate((address, address[order])), length)
        # One holds a protected address where another interval of those begins before its end than
        # those that end before it begins.
        n_ended = protected.stop.searchsorted(address, "right")
        is_free = protected.start.searchsorted(stop) <= n_ended
        tree = cls(
            address,
            length,
            left,
            right,
            np.ones(2 * n - 1, np.int64),
            (length >= limits.shortest) & is_free,
        )
        tree._add_upwards(tree.n_leaves, np.zeros(n - 1, np.int64))
        return tree

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return int(self.length.size)

    @property
    def leaf_count(self) -> int:
        """Number of leaves."""
        return int(self.n_nodes - self.left.size)

    @property
    def bits(self) -> int:
        """32 for IPv4, 128 for IPv6."""
        return bits_of(self.address)

    def _add_upwards(self, amount: NDArray[Any], own: NDArray[Any]) -> None:
        """Fill in the forks of an amount given at leaves: their children's, and their ``own``."""
        n = self.leaf_count
        if not self.left.size:
            return
        # Forks of one length are disjoint, and children are longer: one step per length.
        edge = np.flatnonzero(np.diff(self.length[n:], prepend=-1)).tolist()
        for start, stop in zip(edge, [*edge[1:], self.left.size], strict=True):
            run = slice(start, stop)
            amount[n + start : n + stop] = (
                amount[self.left[run]] + amount[self.right[run]] + own[run]
            )

    def weigh(self, weights: WeightedRanges, exempt: Intervals) -> NDArray[Any]:
        """Weight under each node that is not exempt.

        Parameters
        ----------
        weights
            Of the tree's family.
        exempt
            Addresses whose weight does not count: targets, and others that are no bystanders.

        Returns
        -------
        weight : shape (n_nodes,), int64, float64 or Python integers
        """
        if not weights.total.size:
            return np.zeros(self.n_nodes, np.int64)
        start, stop = masked(self.address, self.length)
        n, n_nodes = self.leaf_count, self.n_nodes
        cut = np.unique(np.concatenate((start, stop, exempt.start, exempt.stop)))
        amount = weights.between(cut)[1:]
        amount[exempt.contains(cut)] = 0
        node_start, node_stop = np.searchsorted(cut, start), np.searchsorted(cut, stop)
        # What no node splits further: sums of neighbouring stretches.
        edge = np.unique(np.concatenate((node_start, node_stop)))
        stretch = np.add.reduceat(amount, edge)
        padded = np.append(stretch, np.zeros(1, stretch.dtype))
        begin, end = np.searchsorted(edge, node_start), np.searchsorted(edge, node_stop)

        def gap(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[Any]:
            """Weight of the one stretch from left to right, nothing if they meet."""
            return np.where(left < right, padded[left], padded[-1])

        weight = np.zeros(n_nodes, stretch.dtype)
        weight[:n] = gap(begin[:n], end[:n])
        own = gap(begin[n:], begin[self.left]) + gap(end[self.left], begin[self.right])
        self._add_upwards(weight, own + gap(end[self.right], end[n:]))
        return narrowed(weight)


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets ready to be covered under any weights and any budget."""

    exempt: AddressSet
    """Addresses that are never collateral; holds the targets."""
    trees: tuple[PrefixTree, ...]
    """One prefix tree for each family that has targets, IPv4 first."""

    @classmethod
    def prepare(
        cls,
        addresses: AddressSet,
        *,
        protected: AddressSet | None = None,
        exempt: AddressSet | None = None,
        limits4: LengthLimits = ANY_LENGTH4,
        limits6: LengthLimits = ANY_LENGTH6,
    ) -> Targets:
        """Build the trees.

        Parameters
        ----------
        addresses
            Targets; nested and repeated ones count once.
        protected
            Addresses that no rule may touch.
        exempt
            Addresses beside the targets that are no bystanders, such as targets excluded here.
        limits4, limits6
            Prefix lengths a rule may have.

        Raises
        ------
        UsageError
            If there is no target, the limits are impossible, or a target cannot be blocked without
            a protected address; the error names the first such targets.
        """
        limits = {32: limits4, IPV6_BITS: limits6}
        for bits in FAMILIES:
            limits[bits].check(bits)
        if not addresses:
            raise UsageError("expected at least one target, got none")
        guarded = AddressSet.empty() if protected is None else protected
        trees = []
        conflicts: list[str] = []
        for bits in FAMILIES:
            members, kept = addresses.of_family(bits), guarded.of_family(bits)
            both = format_prefixes(*members.intersection(kept).to_prefixes())
            conflicts += [f"target {text} is protected" for text in both]
            if members and not both:
                tree = PrefixTree.build(members, kept, limits[bits])
                trees.append(tree)
                leaf = np.flatnonzero(~tree.is_allowed[: tree.leaf_count])
                conflicts += [
                    f"{text}, the longest prefix allowed around a target, holds a protected address"
                    for text in format_prefixes(tree.address[leaf], tree.length[leaf])
                ]
        if conflicts:
            more = len(conflicts) - _MOST_NAMED
            named = conflicts[:_MOST_NAMED] + ([f"and {more:,} more"] if more > 0 else [])
            raise UsageError("\n".join([*named, "take the address off one of the two lists"]))
        return cls(addresses if exempt is None else addresses.union(exempt), tuple(trees))

    @property
    def n_leaves(self) -> int:
        """Number of prefixes the targets fall into; more rules than that are never needed."""
        return sum(tree.leaf_count for tree in self.trees)

    def weigh(self, weights: Weights) -> list[NDArray[Any]]:
        """Weight outside ``exempt`` under each node of each tree, as `PrefixTree.weigh`."""
        return [
            tree.weigh(weights.of_family(tree.bits), self.exempt.of_family(tree.bits))
            for tree in self.trees
        ]


def _leaves(targets: Intervals, limits: LengthLimits) -> tuple[Numbers, NDArray[np.int64]]:
    """Fewest allowed prefixes around the targets, ascending."""
    address, length = targets.to_prefixes()
    excess = np.maximum(limits.shortest - length, 0)
    if np.any(excess > 0):
        n_pieces = [1 << bits for bits in excess.tolist()]
        if sum(n_pieces) - excess.size > MAX_PIECES:
            raise UsageError(
                f"expected targets that fall into at most {MAX_PIECES:,} prefixes of length "
                f"{limits.shortest}, the largest allowed, got a target of length "
                f"{int(length.min())}"
            )
        row = np.repeat(np.arange(length.size), n_pieces)
        length = np.maximum(length, limits.shortest)[row]
        number = np.arange(row.size) - np.repeat(np.cumsum(n_pieces) - n_pieces, n_pieces)
        address = address[row] + number * sizes(length, targets.BITS)
    if np.any(length > limits.longest):
        length = np.minimum(length, limits.longest)
        address, row = np.unique(masked(address, length)[0], return_index=True)
        length = length[row]
    return address, length


def _forks(common: list[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lower and upper child fork of each gap between neighbouring leaves; -1 for a leaf."""
    # Gaps with fewer bits in common stand above gaps with more. Two gaps with the same number are
    # never under one another without a smaller one between them, since a bit has two values.
    left, right, path = [-1] * len(common), [-1] * len(common), list[int]()
    for gap, bits in enumerate(common):
        below = -1
        while path and common[path[-1]] > bits:
            below = path.pop()
        left[gap] = below
        if path:
            right[path[-1]] = gap
        path.append(gap)
    return np.array(left, np.int64), np.array(right, np.int64)
