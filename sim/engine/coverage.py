"""Known fronts that are not blocked yet, and prefixes around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.line import IPV4, Line
from sim.engine.decisions import Groups, Mechanism, Observation, Order, SetOfFront

ADDRESS_BITS = 32
NETWORK_BITS = 64
"""Length of the network of one customer in IPv6."""
SetAround = Callable[[int], IntervalSet]
"""Set of addresses to block around the known front of a given row."""


def open_fronts(
    observation: Observation, mechanism: Mechanism = Mechanism.DROP
) -> NDArray[np.int64]:
    """Rows of the known fronts that no entry in force holds and that are not exempt.

    In the sequence they were rented.
    """
    fronts = observation.fronts
    if mechanism not in fronts.open_rows:
        is_answered = fronts.is_held(mechanism) | fronts.is_exempt
        (fronts.open_rows[mechanism],) = (~is_answered).nonzero()
    return fronts.open_rows[mechanism]


def answerable_fronts(observation: Observation) -> NDArray[np.int64]:
    """Rows of the known fronts that are not exempt, in the sequence they were rented."""
    (row,) = (~observation.fronts.is_exempt).nonzero()
    return row


def cut(observation: Observation, addresses: IntervalSet) -> IntervalSet:
    """Return the addresses an entry holds: those asked for, without those exempt."""
    exempt = observation.exempt
    return _less(addresses, exempt) if exempt else addresses


# Strategies ask for the same sets at every look.
@lru_cache(maxsize=2**14)
def _less(addresses: IntervalSet, exempt: IntervalSet) -> IntervalSet:
    return addresses.difference(exempt)


def around_front(observation: Observation, set_of: SetOfFront) -> SetAround:
    """Set of each known front by its row, where its address and its provider tell it."""
    address, provider_row = observation.fronts.address, observation.fronts.provider_row
    return lambda row: set_of(address.item(row), provider_row.item(row))


def block_around(
    observation: Observation,
    front_row: NDArray[np.int64],
    around: SetAround,
    mechanism: Mechanism = Mechanism.DROP,
) -> tuple[Order, ...]:
    """One order per front for the set around it, unless an earlier order of these holds it.

    The set around a front holds it: fronts that are exempt are not answered.
    """
    # Mostly no set reaches into another.
    distinct = dict.fromkeys(map(around, front_row.tolist()))
    orders = _block_each(observation, distinct, mechanism)
    if orders is not None:
        return orders
    return _block_one_by_one(observation, front_row, around, mechanism)


def _block_each(
    observation: Observation, sets: Iterable[IntervalSet], mechanism: Mechanism
) -> tuple[Order, ...] | None:
    """One order for each set; None where they do not lie apart."""
    distinct = tuple(cut(observation, one) for one in sets) if observation.exempt else tuple(sets)
    operators = observation.operators
    if len(distinct) == 1:
        return (Order("block", distinct[0], mechanism, operators=operators),)
    return _orders_apart(distinct, mechanism, operators)


# Under pressure the same orders are asked for at every decision, and refused.
@lru_cache(maxsize=64)
def _orders_apart(
    sets: tuple[IntervalSet, ...], mechanism: Mechanism, operators: Groups
) -> tuple[Order, ...] | None:
    if not _lie_apart(sets):
        return None
    return tuple(Order("block", one, mechanism, operators=operators) for one in sets)


def _block_one_by_one(
    observation: Observation,
    front_row: NDArray[np.int64],
    around: SetAround,
    mechanism: Mechanism,
) -> tuple[Order, ...]:
    """One order per front, unless an earlier order of these holds it."""
    orders: list[Order] = []
    address = observation.fronts.address[front_row]
    while front_row.size:
        addresses = cut(observation, around(int(front_row[0])))
        orders.append(Order("block", addresses, mechanism, operators=observation.operators))
        is_left = ~addresses.contains(address)
        # Whatever its set holds, it is answered: this comes to an end.
        is_left[0] = False
        front_row, address = front_row[is_left], address[is_left]
    return tuple(orders)


def _lie_apart(sets: Sequence[IntervalSet]) -> bool:
    """Whether the sets follow one another on the line, so that no front is in two of them."""
    ends = sorted(one.end_numbers for one in sets if one)
    return len(ends) == len(sets) and all(last < first for (_, last), (first, _) in pairwise(ends))


def enclosing(address: int, length: int, line: Line = IPV4) -> IntervalSet:
    """Prefix of a given length that holds an address; of IPv6 one as long as ``length6`` says."""
    if address >= IPV4_STOP:
        return _enclosing(address, length, line)
    n_free_bits = ADDRESS_BITS - length
    return _enclosing(address >> n_free_bits << n_free_bits, length, IPV4)


@lru_cache(maxsize=2**14)
def _enclosing(address: int, length: int, line: Line) -> IntervalSet:
    return line.enclosing(address, length)


def enclosing_front(observation: Observation, length: int) -> SetAround:
    """Prefix of a given length around each front."""
    line, address = observation.line, observation.fronts.address
    return lambda row: enclosing(address.item(row), length, line)
