"""What is to be covered, and what must not be blocked: the part that no weight changes.

In: sets of targets, protected and exempt addresses; limits on prefix lengths. Out: prefix trees
of both families, checked to be coverable. It does not know how many rules there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from sim.addresses.conflicts import describe_conflicts
from sim.addresses.families import AddressSet
from sim.addresses.ipv6 import IPV6_BITS
from sim.addresses.positions import FAMILIES, place_set
from sim.addresses.tree import LengthLimits, PrefixTree
from sim.addresses.weights import Weights
from sim.errors import UsageError

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
    protected
        Addresses that no rule may touch.
    blockable
        The targets outside protected addresses.
    trees
        One prefix tree for each family that has blockable targets, IPv4 first.
    """

    addresses: AddressSet
    exempt: AddressSet
    protected: AddressSet
    blockable: AddressSet
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
        limits4.check(32)
        limits6.check(128)
        if not addresses:
            raise UsageError("expected at least one target, got none")
        kept_off = AddressSet.empty() if protected is None else protected
        blockable = addresses.difference(kept_off)
        trees = []
        for bits in FAMILIES:
            members = place_set(blockable, bits)
            if members:
                limits = limits6 if bits == IPV6_BITS else limits4
                trees.append(PrefixTree.build(members, place_set(kept_off, bits), limits, bits))
        not_counted = addresses if exempt is None else addresses.union(exempt)
        ready = cls(addresses, not_counted, kept_off, blockable, tuple(trees))
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
        if not self.protected:
            return
        told = describe_conflicts(self.addresses, self.protected, self.trees)
        if told:
            advice = "take them off one of the lists, or name a price for missing a target"
            raise UsageError("\n".join([*told, advice]))

    @property
    def n_leaves(self) -> int:
        """Number of prefixes the targets fall into; more rules than that are never needed."""
        return sum(tree.leaf_count for tree in self.trees)

    @property
    def fewest_rules(self) -> int:
        """Fewest rules that block all of ``blockable``; meant for targets that may all be."""
        return sum(_fewest(tree) for tree in self.trees)

    def weigh(self, weights: Weights) -> tuple[NDArray[Any], ...]:
        """Weight beside the exempt addresses under each node of each tree."""
        return tuple(
            tree.weigh(weights.of_family(tree.bits), place_set(self.exempt, tree.bits))
            for tree in self.trees
        )

    def worths(self, worth: Weights) -> tuple[NDArray[Any], ...]:
        """Weight of the blockable targets under each node of each tree."""
        return tuple(
            tree.weigh(
                worth.of_family(tree.bits), place_set(self.blockable, tree.bits), inside=True
            )
            for tree in self.trees
        )


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
