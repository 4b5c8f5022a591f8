"""What is to be covered, and what must not be blocked: the part that no weight changes.

In: sets of targets, protected and exempt addresses; limits on prefix lengths. Out: prefix trees
of both families, checked to be coverable. It does not know how many rules there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.cover.conflicts import describe_conflicts
from sim.addresses.cover.tree import LengthLimits, PrefixTree
from sim.addresses.cover.weights import Weights
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import IPV6_BITS
from sim.addresses.sets.positions import FAMILIES, place_set, set_of
from sim.errors import UsageError

Number = int | float
ANY_LENGTH4 = LengthLimits(0, 32)
ANY_LENGTH6 = LengthLimits(0, 128)


@dataclass(frozen=True, eq=False)
class Targets:
    """Targets ready to be covered under any weights and any budget.

    Attributes
    ----------
    addresses
        The targets as given.
    exempt
        Addresses that are never collateral; holds the targets.
    blockable
        The targets that can be blocked without a protected address.
    trees
        One prefix tree for each family that has blockable targets, IPv4 first.
    conflicts
        Sentences about the targets that cannot be blocked; empty if all can.
    """

    addresses: AddressSet
    exempt: AddressSet
    blockable: AddressSet
    trees: tuple[PrefixTree, ...]
    conflicts: tuple[str, ...]

    @classmethod
    def prepare(
        cls,
        addresses: AddressSet,
        *,
        protected: AddressSet | None = None,
        exempt: AddressSet | None = None,
        limits4: LengthLimits = ANY_LENGTH4,
        limits6: LengthLimits = ANY_LENGTH6,
        may_miss: bool = False,
    ) -> Targets:
        """Build the trees.

        Parameters
        ----------
        addresses
            Targets; nested and repeated ones count once.
        protected
            Addresses that no rule may touch.
        exempt
            Addresses beside the targets that are no bystanders, such as targets left out here.
        limits4, limits6
            Prefix lengths a rule may have.
        may_miss
            Leave targets that cannot be blocked aside, instead of refusing them.

        Raises
        ------
        UsageError
            If there is no target or the limits are impossible; unless ``may_miss``, if a target
            cannot be blocked without a protected address, naming both.
        """
        limits = {32: limits4, IPV6_BITS: limits6}
        for bits in FAMILIES:
            limits[bits].check(bits)
        if not addresses:
            raise UsageError("expected at least one target, got none")
        not_counted = addresses if exempt is None else addresses.union(exempt)
        kept_off = AddressSet.empty() if protected is None else protected
        blockable = addresses.difference(kept_off)
        trees = _trees(blockable, kept_off, limits)
        conflicts = describe_conflicts(addresses, kept_off, trees) if kept_off else []
        if conflicts:
            for tree in trees:
                blockable = blockable.difference(_out_of_reach(tree))
            trees = _trees(blockable, kept_off, limits)
        ready = cls(addresses, not_counted, blockable, trees, tuple(conflicts))
        if not may_miss:
            ready.refuse_conflicts()
        return ready

    def refuse_conflicts(self) -> None:
        """Refuse targets that cannot be blocked without a protected address.

        Raises
        ------
        UsageError
            With one sentence for each, naming the target and what protects it.
        """
        if self.conflicts:
            advice = "take them off one of the lists, or name a price for missing a target"
            raise UsageError("\n".join([*self.conflicts, advice]))

    @property
    def n_leaves(self) -> int:
        """Number of prefixes the targets fall into; more rules than that are never needed."""
        return sum(tree.leaf_count for tree in self.trees)

    @property
    def fewest_rules(self) -> int:
        """Fewest rules that block all of ``blockable``; meant for targets that may all be."""
        return sum(_fewest(tree) for tree in self.trees)

    def lay(
        self,
        weights: Weights,
        worth: Weights | None = None,
        breadth: Weights | None = None,
        *,
        may_miss: bool = True,
    ) -> LaidWeights:
        """Lay weights on the trees.

        Parameters
        ----------
        weights
            What is counted as collateral, outside ``exempt``.
        worth
            What targets are worth; by default every target address is worth one.
        breadth
            Decides among equal costs, outside ``exempt`` too; by default nothing does.
        may_miss
            Whether targets may be left; what they are worth matters only then.
        """
        counted = Weights.per_address() if worth is None else worth
        collaterals, worths, breadths = [], [], []
        for tree in self.trees:
            exempt = place_set(self.exempt, tree.bits)
            collaterals.append(tree.weigh(weights.of_family(tree.bits), exempt))
            if may_miss:
                blockable = place_set(self.blockable, tree.bits)
                worths.append(tree.weigh(counted.of_family(tree.bits), blockable, inside=True))
            if breadth is not None:
                column = tree.weigh(breadth.of_family(tree.bits), exempt)
                # It only decides, so that sums beyond 64 bits may be rounded.
                breadths.append(column.astype(np.float64) if column.dtype == object else column)
        left = self.addresses.difference(self.blockable) if self.conflicts else AddressSet.empty()
        unblockable = counted.inside(left)
        return LaidWeights(
            self.trees, tuple(collaterals), tuple(worths), tuple(breadths), unblockable
        )


@dataclass(frozen=True, eq=False)
class LaidWeights:
    """Prefix trees with weights on their nodes.

    Attributes
    ----------
    trees
        As in `Targets`.
    collaterals, worths
        For each tree a column of shape (n_nodes,): weight of bystanders and worth of targets
        under each node; int64, float64 or Python integers. No worths where no target may be left.
    breadths
        Likewise, what decides among equal costs; empty if nothing does.
    unblockable
        Worth of the targets that cannot be blocked.
    """

    trees: tuple[PrefixTree, ...]
    collaterals: tuple[NDArray[Any], ...]
    worths: tuple[NDArray[Any], ...]
    breadths: tuple[NDArray[Any], ...]
    unblockable: Number


def _trees(
    blockable: AddressSet, protected: AddressSet, limits: Mapping[int, LengthLimits]
) -> tuple[PrefixTree, ...]:
    """Build the trees of the families that have targets."""
    members = {bits: place_set(blockable, bits) for bits in FAMILIES}
    return tuple(
        PrefixTree.build(members[bits], place_set(protected, bits), limits[bits], bits)
        for bits in FAMILIES
        if members[bits]
    )


def _out_of_reach(tree: PrefixTree) -> AddressSet:
    """Addresses of the leaves that may not be blocked, and so neither may what is above them."""
    leaf = np.flatnonzero(~tree.is_allowed[: tree.leaf_count])
    first, last = (bound.take(leaf) for bound in tree.bounds())
    return set_of(IntervalSet6.from_bounds(first, last), tree.bits)


def _fewest(tree: PrefixTree) -> int:
    """Fewest allowed nodes that cover a tree."""
    n_fewest, waiting = 0, [tree.n_nodes - 1]
    while waiting:
        node = waiting.pop()
        fork = node - tree.leaf_count
        if tree.is_allowed[node] or fork < 0:
            n_fewest += 1
        else:
            waiting += [int(tree.left[fork]), int(tree.right[fork])]
    return n_fewest
