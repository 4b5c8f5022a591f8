"""Targets that cannot be blocked without a protected address, named with what protects them.

In: targets, protected addresses and the prefix trees of the rest. Out: sentences for the user.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from sim.addresses.cover.tree import PrefixTree
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.sets.positions import FAMILIES, format_positions, place_set

# Conflicts that are described; the rest are counted.
MAX_TOLD = 20


def describe_conflicts(
    targets: AddressSet, protected: AddressSet, trees: Iterable[PrefixTree]
) -> list[str]:
    """Say which targets are protected, or only reached together with what is protected.

    Parameters
    ----------
    targets, protected
        As given.
    trees
        Of the targets that are not protected.

    Returns
    -------
    told
        One sentence each, at most `MAX_TOLD` and one that counts the rest; none if every target
        can be blocked.
    """
    told: list[str] = []
    n_all = 0
    for bits in FAMILIES:
        mine, theirs = place_set(targets, bits), place_set(protected, bits)
        both, _ = mine.intersection(theirs).to_prefixes()
        n_all += len(both)
        told += _overlaps(both.take(slice(0, MAX_TOLD)), mine, theirs, bits)
    for tree in trees:
        mine, theirs = place_set(targets, tree.bits), place_set(protected, tree.bits)
        leaf = np.flatnonzero(~tree.is_allowed[: tree.leaf_count])
        n_all += int(leaf.size)
        first, last = (bound.take(leaf[:MAX_TOLD]) for bound in tree.bounds())
        names = format_positions(first, tree.length[leaf[:MAX_TOLD]], tree.bits)
        for row, name in enumerate(names):
            around = IntervalSet6(first.take(slice(row, row + 1)), last.take(slice(row, row + 1)))
            target = _names(mine.intersection(around).difference(theirs), tree.bits)[0]
            guard = _names(theirs.intersection(around), tree.bits)[0]
            told.append(
                f"target {target} can be blocked only within {name}, the longest prefix allowed, "
                f"and that holds the protected {guard}"
            )
    told = told[:MAX_TOLD]
    return told + ([f"and {n_all - len(told):,} more"] if n_all > len(told) else [])


def _overlaps(
    first: Addresses6, targets: IntervalSet6, protected: IntervalSet6, bits: int
) -> Iterator[str]:
    """Name target and protection at each address that is both."""
    if not len(first):
        return
    around_target = _prefixes_around(first, targets, bits)
    around_guard = _prefixes_around(first, protected, bits)
    for (name, length), (guard, guard_length) in zip(around_target, around_guard, strict=True):
        where = "lies inside" if guard_length <= length else "holds"
        told = f"target {name} {where} the protected prefix {guard}"
        yield told


def _prefixes_around(
    position: Addresses6, members: IntervalSet6, bits: int
) -> Sequence[tuple[str, int]]:
    """Name and length of the prefix of a set that holds each position."""
    address, length = members.to_prefixes()
    row = address.search(position, "right") - 1
    names = format_positions(address.take(row), length[row], bits)
    return list(zip(names, length[row].tolist(), strict=True))


def _names(members: IntervalSet6, bits: int) -> list[str]:
    """Prefixes of a set as text."""
    return format_positions(*members.to_prefixes(), bits)
