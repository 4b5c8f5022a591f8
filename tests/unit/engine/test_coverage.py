"""Sets around fronts: one order each, but for fronts that an earlier order holds."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.coverage import block_around, block_around_all
from sim.engine.decisions import KnownFronts, Observation
from sim.engine.orders import Mechanism

Piece = tuple[int, int]


PIECES = st.lists(st.tuples(st.integers(0, 63), st.integers(1, 9)), max_size=2)


@given(
    fronts=st.lists(st.tuples(st.integers(0, 63), PIECES), max_size=6),
    exempt=st.sets(st.integers(0, 63), max_size=8),
)
def test_a_front_is_answered_once_by_the_first_set_that_holds_it(
    fronts: list[tuple[int, list[Piece]]], exempt: set[int]
) -> None:
    fronts = [(address, pieces) for address, pieces in fronts if address not in exempt]
    # Plain sets of numbers; the set around a front holds it.
    wanted: list[set[int]] = []
    for address, pieces in fronts:
        if not any(address in one for one in wanted):
            wanted.append(_around(address, pieces) - exempt)
    address = np.array([address for address, _ in fronts], np.int64)
    unknown = np.zeros_like(address)

    def around(row: int) -> IntervalSet:
        return IntervalSet.from_addresses(sorted(_around(*fronts[row])))

    # Whoever asks for all fronts tells them by address and provider; here by a number of each.
    known = KnownFronts(
        address,
        np.arange(address.size),
        unknown,
        unknown > 0,
        lambda mechanism: unknown > 0,
        lambda set_of: dict.fromkeys(map(set_of, address.tolist(), range(address.size))),
    )
    observation = Observation(0, known, exempt=IntervalSet.from_addresses(sorted(exempt)))
    of_some = block_around(observation, np.arange(address.size), around, Mechanism.THROTTLE)
    of_all = block_around_all(observation, lambda address, number: around(number))
    for orders, mechanism in ((of_some, Mechanism.THROTTLE), (of_all, Mechanism.DROP)):
        found = [
            {
                address
                for first, stop in zip(order.addresses.start, order.addresses.stop, strict=True)
                for address in range(first, stop)
            }
            for order in orders
        ]
        assert found == wanted
        assert {order.mechanism for order in orders} <= {mechanism}


def _around(address: int, pieces: list[Piece]) -> set[int]:
    return {address}.union(*(range(start, start + size) for start, size in pieces))
