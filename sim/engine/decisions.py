"""Orders and entries in force, the observation on which a censor decides, and its decision."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.addresses.sets.line import IPV4, Line
from sim.addresses.sets.prefixes import prefix_set
from sim.world.providers import Places

NO_ADDRESSES = IntervalSet.empty()


class Mechanism(StrEnum):
    """Ways in which an operator enforces an entry."""

    DROP = "drop"
    THROTTLE = "throttle"
    NAME = "name"
    EXEMPT = "exempt"

    # The hash of Enum is a function of Python, and each order and entry is looked up by it.
    __hash__ = str.__hash__


BLOCKING = frozenset({Mechanism.DROP, Mechanism.THROTTLE})
"""Mechanisms that list addresses."""
Groups: TypeAlias = frozenset[str] | None
"""Groups of operators, by their names in the table; None for all."""
Key: TypeAlias = tuple[Mechanism, IntervalSet, Groups]
"""Key that an unblock order shares with the entry it withdraws."""


@dataclass(slots=True, unsafe_hash=True)
class Order:
    """One order of the censor.

    Attributes
    ----------
    action
        ``block`` makes an entry; ``unblock`` withdraws the oldest entry in force with the same
        mechanism, exactly the same addresses, and for the same operators.
    addresses
        What it is about; empty for a name.
    mechanism
        By which means.
    overmatch
        For a name: share of other names that its pattern matches.
    operators
        Groups of operators that are to enforce it.
    """

    action: Literal["block", "unblock"]
    addresses: IntervalSet = NO_ADDRESSES
    mechanism: Mechanism = Mechanism.DROP
    overmatch: float = 0.0
    operators: Groups = None
    _n_rules: int = field(default=-1, init=False, repr=False, compare=False)

    @property
    def key(self) -> Key:
        """Key that an unblock order shares with the entry it withdraws."""
        return self.mechanism, self.addresses, self.operators

    @property
    def n_rules(self) -> int:
        """Rules it takes at an operator: prefixes of its addresses, none for a name."""
        if self._n_rules < 0:
            self._n_rules = self.addresses.n_prefixes
        return self._n_rules


@dataclass(slots=True, eq=False)
class Entry:
    """One block order in the register; it stays as it is."""

    row: int
    """Number of the entry in this run, from 0."""
    order: Order
    """The order that made it."""
    placed_s: int
    """When it was placed."""
    addresses: IntervalSet = field(init=False)
    mechanism: Mechanism = field(init=False)
    n_rules: int = field(init=False)
    """All its addresses, by which means, and the rules it takes at an operator."""

    def __post_init__(self) -> None:
        order = self.order
        self.addresses, self.mechanism = order.addresses, order.mechanism
        self.n_rules = order.n_rules

    @property
    def withdrawal(self) -> Order:
        """The order that withdraws it, or an entry before it of the same key."""
        order = self.order
        return Order(
            "unblock", order.addresses, order.mechanism, order.overmatch, operators=order.operators
        )


Kind = TypeVar("Kind", bound=Hashable)
KindOf: TypeAlias = Callable[[IntervalSet], Kind]
"""Function from the addresses of an entry to its kind, the same at all times."""


class InForce:
    """Entries in force, oldest first.

    Attributes
    ----------
    n_rules
        Rules that the entries take which block; an exemption is granted, not spent.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.n_rules = 0
        self._entries: dict[int, Entry] = {}
        self._of: dict[Mechanism, dict[int, Entry]] = {mechanism: {} for mechanism in Mechanism}
        self._rows: dict[Key, list[int]] = {}
        # Addresses of the entries of a mechanism; None after a withdrawal, until it is asked for.
        self._addresses: dict[Mechanism, IntervalSet | None] = dict.fromkeys(
            Mechanism, NO_ADDRESSES
        )
        # By mechanism all entries there have been, and how many of them each look by kind has seen.
        self._placed: dict[Mechanism, list[Entry]] = {mechanism: [] for mechanism in Mechanism}
        self._by_kind: dict[tuple[Mechanism, KindOf[Hashable]], _ByKind] = {}
        for entry in entries:
            self.add(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def of(self, mechanism: Mechanism) -> Collection[Entry]:
        """Entries of one mechanism, oldest first; what is asked for before a change shows it."""
        return self._of[mechanism].values()

    def blocking(self) -> list[Entry]:
        """Entries that block, of addresses and of names, oldest first."""
        exempt = Mechanism.EXEMPT
        return [entry for entry in self._entries.values() if entry.mechanism is not exempt]

    def count(self, key: Key) -> int:
        """How many entries hold exactly some addresses by a mechanism."""
        rows = self._rows.get(key)
        return len(rows) if rows is not None else 0

    def begun_s(self, mechanism: Mechanism, kind_of: KindOf[Kind]) -> dict[Kind, int]:
        """When the oldest entry of each kind was placed, of a mechanism and those in force.

        Parameters
        ----------
        kind_of
            Called once for each entry, however often it is asked for.
        """
        mine = self._by_kind.get((mechanism, kind_of))
        if mine is None:
            mine = self._by_kind[mechanism, kind_of] = _ByKind()
        return mine.begun_s(self._placed[mechanism], self._of[mechanism], kind_of)

    def list_addresses(self, mechanism: Mechanism) -> IntervalSet:
        """All addresses that entries of a mechanism hold."""
        addresses = self._addresses[mechanism]
        if addresses is None:
            addresses = IntervalSet.union_all(entry.addresses for entry in self.of(mechanism))
            self._addresses[mechanism] = addresses
        return addresses

    def add(self, entry: Entry) -> None:
        """Note an entry younger than all others."""
        self._entries[entry.row] = self._of[entry.mechanism][entry.row] = entry
        self._placed[entry.mechanism].append(entry)
        self._rows.setdefault(entry.order.key, []).append(entry.row)
        self.n_rules += entry.n_rules if entry.mechanism in BLOCKING else 0
        self._addresses[entry.mechanism] = None

    def withdraw(self, key: Key) -> Entry:
        """Take out and return the oldest entry of exactly some addresses."""
        rows = self._rows[key]
        row = rows.pop(0)
        if not rows:
            del self._rows[key]
        entry = self._entries.pop(row)
        del self._of[entry.mechanism][row]
        self.n_rules -= entry.n_rules if entry.mechanism in BLOCKING else 0
        self._addresses[entry.mechanism] = None
        return entry


class _ByKind:
    """Entries by kind, oldest first; those withdrawn are passed over when they are met."""

    def __init__(self) -> None:
        self._n_seen = 0
        self._entries: dict[Any, deque[Entry]] = {}

    def begun_s(
        self, placed: Sequence[Entry], in_force: Collection[int], kind_of: KindOf[Kind]
    ) -> dict[Kind, int]:
        """When the oldest entry of each kind was placed, given all there were and rows of those."""
        for row in range(self._n_seen, len(placed)):
            entry = placed[row]
            self._entries.setdefault(kind_of(entry.addresses), deque()).append(entry)
        self._n_seen = len(placed)
        begun_s: dict[Kind, int] = {}
        for kind, entries in self._entries.items():
            while entries and entries[0].row not in in_force:
                entries.popleft()
            if entries:
                begun_s[kind] = entries[0].placed_s
        return begun_s


SetOfFront: TypeAlias = Callable[[int, int], IntervalSet]
"""Set of addresses to block for a front, given its address and the row of its provider."""


@dataclass(slots=True, eq=False)
class KnownFronts:
    """Fronts of the target that the censor has discovered, in the sequence they were rented."""

    address: NDArray[np.int64]
    provider_row: NDArray[np.int64]
    discovered_s: NDArray[np.int64]
    """Where each is, whose it is, and when it was learnt; shape (n_known,)."""
    is_exempt: NDArray[np.bool_]
    """Whether no order would hold it, as its address is cut out of every order; shape
    (n_known,)."""
    is_held: Callable[[Mechanism], NDArray[np.bool_]]
    """Tells of a mechanism that blocks whether an entry in force holds each by it; shape
    (n_known,)."""
    open_rows: dict[Mechanism, NDArray[np.int64]] = field(default_factory=dict, init=False)
    """Rows of those that no entry by a mechanism holds and that are not exempt, once asked
    for."""

    @classmethod
    def none(cls) -> KnownFronts:
        """Return no front."""
        row, flag = np.empty(0, np.int64), np.empty(0, np.bool_)
        return cls(row, row, row, flag, lambda mechanism: flag)


@dataclass(slots=True, eq=False)
class Observation:
    """The knowledge of the censor when it decides: the state just before ``t_s``.

    Fronts and entries are shown as they are kept, not copied: they hold until the decision is made.

    Attributes
    ----------
    t_s
        Now.
    fronts
        Fronts discovered so far that are not gone.
    in_force
        Entries in force, oldest first.
    reach
        Tells `target_reached_share`, which most strategies do not ask for.
    pressure
        Attention, which complaints and public events raise, in [0, 1].
    stance
        Stance of each provider, by provider row; ``silent`` where nothing else is known.
    places
        Who holds which addresses, as a whois service tells.
    exempt
        Addresses that are cut out of every order.
    operators
        Groups of operators that the strategy's orders are for.
    """

    t_s: int
    fronts: KnownFronts = field(default_factory=KnownFronts.none)
    in_force: InForce = field(default_factory=InForce)
    reach: Callable[[], float] = lambda: float("nan")
    pressure: float = 0.0
    stance: tuple[str, ...] = ()
    places: Places | None = None
    exempt: IntervalSet = NO_ADDRESSES
    operators: Groups = None

    @property
    def target_reached_share(self) -> float:
        """Share of the target's users who reach it without a VPN; NaN without moving target."""
        return self.reach()

    @property
    def line(self) -> Line:
        """The line on which addresses lie."""
        return self.places.line if self.places is not None else IPV4


@dataclass(slots=True)
class Decision:
    """The orders that the censor places now, and when it looks again.

    Attributes
    ----------
    orders
        Placed now, in this sequence.
    next_look_s
        When the strategy wants to decide again even if nothing is discovered; None for never.
    is_whole
        Whether the orders belong together: all of them are placed, or none. So is a replacement.
    """

    orders: tuple[Order, ...] = field(default=())
    next_look_s: int | None = None
    is_whole: bool = False


Strategy: TypeAlias = Callable[[Observation], Decision]


ADDRESS_BITS = 32
NETWORK_BITS = 64
"""Length of the network of one customer in IPv6."""
SetsAround = Callable[[NDArray[np.int64]], Iterable[IntervalSet]]
"""Sets of addresses to block around the known fronts of some rows."""


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
_less = lru_cache(maxsize=2**14)(IntervalSet.difference)


def around_front(observation: Observation, set_of: SetOfFront) -> SetsAround:
    """Set of each known front by its row, where its address and its provider tell it."""
    address, provider_row = observation.fronts.address, observation.fronts.provider_row
    return lambda row: map(set_of, address[row].tolist(), provider_row[row].tolist())


def block_around(
    observation: Observation,
    front_row: NDArray[np.int64],
    around: SetsAround,
    mechanism: Mechanism = Mechanism.DROP,
) -> tuple[Order, ...]:
    """One order per front for the set around it, unless an earlier order of these holds it.

    The set around a front holds it: fronts that are exempt are not answered.
    """
    # Mostly no set reaches into another.
    orders = _block_each(observation, dict.fromkeys(around(front_row)), mechanism)
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
    # Sets follow one another on the line where no front is in two of them.
    ends = sorted(one.end_numbers for one in sets if one)
    if len(ends) < len(sets) or any(last >= first for (_, last), (first, _) in pairwise(ends)):
        return None
    return tuple(Order("block", one, mechanism, operators=operators) for one in sets)


def _block_one_by_one(
    observation: Observation, front_row: NDArray[np.int64], around: SetsAround, mechanism: Mechanism
) -> tuple[Order, ...]:
    """One order per front, unless an earlier order of these holds it."""
    orders: list[Order] = []
    address = observation.fronts.address[front_row]
    while front_row.size:
        (first,) = around(front_row[:1])
        addresses = cut(observation, first)
        orders.append(Order("block", addresses, mechanism, operators=observation.operators))
        is_left = ~addresses.contains(address)
        # Whatever its set holds, it is answered: this comes to an end.
        is_left[0] = False
        front_row, address = front_row[is_left], address[is_left]
    return tuple(orders)


def enclosing(address: int, length: int, line: Line = IPV4) -> IntervalSet:
    """Prefix of a given length that holds an address; of IPv6 one as long as ``length6`` says."""
    if address >= IPV4_STOP:
        return _enclosing6(line, address, length)
    n_free_bits = ADDRESS_BITS - length
    return _prefix4(address >> n_free_bits << n_free_bits, length)


_prefix4 = lru_cache(maxsize=2**14)(prefix_set)
_enclosing6 = lru_cache(maxsize=2**14)(Line.enclosing)


def enclosing_front(observation: Observation, length: int) -> SetsAround:
    """Prefix of a given length around each front."""
    line, address = observation.line, observation.fronts.address
    return lambda row: (enclosing(one, length, line) for one in address[row].tolist())
