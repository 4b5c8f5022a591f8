"""Entries in force, kept by difference."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeAlias, TypeVar

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.orders import BLOCKING, NO_ADDRESSES, Entry, Key, Mechanism

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
        self._blocking: dict[int, Entry] = {}
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
        return list(self._blocking.values())

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
        if not entry.is_exemption:
            self._blocking[entry.row] = entry
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
        self._blocking.pop(row, None)
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
