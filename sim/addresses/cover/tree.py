"""The prefixes worth blocking: targets, and the compressed prefix tree of each family.

The nodes of a tree are the only prefixes that a cover of least collateral needs. A prefix that
holds the same targets as a longer one blocks at least as many other addresses, so only the longest
prefix around each set of targets counts: n leaves make 2n - 1 nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.cover.weights import FAMILIES, WeightedRanges, Weights, narrowed
from sim.addresses.sets.blocks import (
    IPV6_BITS,
    Numbers,
    bit_length,
    bits_of,
    format_prefixes,
    masked,
    sizes,
)
from sim.addresses.sets.intervals import AddressSet, Intervals
from sim.errors import UsageError

MAX_PIECES = 2**20
"""Most leaves made of targets that are larger than the largest rule allowed."""
_MOST_NAMED = 5
"""Conflicts with protected addresses that an error names; it counts the others."""


@dataclass(frozen=True)
class LengthLimits:
    """Which prefix lengths a rule may have.

    Attributes
    ----------
    shortest
        Length of the largest prefix that may be blocked.
    longest
        Length of the smallest prefix that may be blocked, such as 24 where routers take no more
        specific routes.
    """

    shortest: int
    longest: int

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
    """Compressed prefix tree of one family.

    Attributes
    ----------
    address : shape (n_nodes,)
        Network address of each node's prefix. Leaves come first, ascending; then
        forks, from the longest prefix to the shortest, so that children stand before parents.
        The last node is the root.
    length : shape (n_nodes,), int64
        Prefix lengths.
    left, right : shape (n_forks,), int64
        Nodes under the lower and the upper half of each fork.
    n_leaves : shape (n_nodes,), int64
        Leaves at or under each node.
    is_allowed : shape (n_nodes,), bool
        Whether the prefix may be blocked.
    """

    address: Numbers
    length: NDArray[np.int64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    n_leaves: NDArray[np.int64]
    is_allowed: NDArray[np.bool_]

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
        address = masked(np.concatenate((address, address[order])), length)[0]
        tree = cls(
            address,
            length,
            left,
            right,
            np.ones(2 * n - 1, np.int64),
            (length >= limits.shortest) & ~_touches(address, length, protected),
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
    """Targets ready to be covered under any weights and any budget.

    Attributes
    ----------
    exempt
        Addresses that are never collateral; holds the targets.
    trees
        One prefix tree for each family that has targets, IPv4 first.
    """

    exempt: AddressSet
    trees: tuple[PrefixTree, ...]

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


def _touches(
    address: Numbers, length: NDArray[np.int64], protected: Intervals
) -> NDArray[np.bool_]:
    """Whether each prefix holds an address of a set."""
    start, stop = masked(address, length)
    # Held where another interval begins before its end than those that end before it begins.
    n_begun = protected.start.searchsorted(stop)
    return np.asarray(n_begun > protected.stop.searchsorted(start, "right"), np.bool_)
