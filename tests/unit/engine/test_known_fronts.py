"""Sets of known fronts are kept while fronts come and go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors.censor import KnownRows

NOW = st.integers(0, 30)
"""A front that comes, or goes if it is there."""


def _of_eight(address: int, provider_row: int) -> IntervalSet:
    return IntervalSet.from_bounds([address // 8 * 8], [address // 8 * 8 + 8])


def _of_provider(address: int, provider_row: int) -> IntervalSet:
    return IntervalSet.from_bounds([1000 * provider_row], [1000 * provider_row + 7])


@given(st.lists(NOW, max_size=60), st.sets(st.integers(0, 63), max_size=20))
def test_the_sets_of_fronts_are_those_of_the_ones_that_are_there(
    moves: list[int], exempt: set[int]
) -> None:
    target = cast("Any", SimpleNamespace(is_held=lambda row, mechanism: row > 0))
    known = KnownRows(IntervalSet.from_addresses(sorted(exempt)), target)
    there: dict[int, tuple[int, int]] = {}
    for row in moves:
        if there.pop(row, None) is not None:
            known.remove(row)
        else:
            there[row] = row * 37 % 64, row * 11 % 3
            known.add(row, *there[row], 0)
        in_sequence = [there[one] for one in sorted(there) if there[one][0] not in exempt]
        # One way is asked for from the start, and another when fronts are there already.
        for set_of in (_of_eight, _of_provider)[: 1 + (len(there) > 3)]:
            wanted = list(dict.fromkeys(set_of(*one) for one in in_sequence))
            assert list(known.seen().sets(set_of)) == wanted
