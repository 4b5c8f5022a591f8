"""Entries in force, kept by difference.

In: entries that are placed and withdrawn. Out: how many rules they take, which there are of a
mechanism, what they hold. It does not know who enforces them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.orders import BLOCKING, NO_ADDRESSES, Entry, Key, Mechanism


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
        # What the entries of a mechanism hold; None after a withdrawal, until it is asked for.
        self._held: dict[Mechanism, IntervalSet | None] = dict.fromkeys(Mechanism, NO_ADDRESSES)
        for entry in entries:
            self.add(entry)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def of(self, mechanism: Mechanism) -> Collection[Entry]:
        """Entries of one mechanism, oldest first; what is asked for before a change shows it."""
        return self._of[mechanism].values()

    def count(self, key: Key) -> int:
        """How many entries hold exactly some addresses by a mechanism."""
        rows = self._rows.get(key)
        return len(rows) if rows is not None else 0

    def oldest(self, key: Key) -> Entry:
        """The oldest entry that holds exactly some addresses by a mechanism.

        Raises
        ------
        KeyError
            If there is none.
        """
        return self._entries[self._rows[key][0]]

    def held(self, mechanism: Mechanism) -> IntervalSet:
        """All addresses that entries of a mechanism hold."""
        held = self._held[mechanism]
        if held is None:
            held = IntervalSet.union_all(entry.addresses for entry in self.of(mechanism))
            self._held[mechanism] = held
        return held

    def add(self, entry: Entry) -> None:
        """Note an entry younger than all others."""
        self._entries[entry.row] = self._of[entry.mechanism][entry.row] = entry
        self._rows.setdefault(entry.order.key, []).append(entry.row)
        self.n_rules += entry.n_rules if entry.mechanism in BLOCKING else 0
        self._held[entry.mechanism] = None

    def withdraw(self, key: Key) -> Entry | None:
        """Take out and return the oldest entry of exactly some addresses; None without."""
        rows = self._rows.get(key)
        if not rows:
            return None
        row = rows.pop(0)
        if not rows:
            del self._rows[key]
        entry = self._entries.pop(row)
        del self._of[entry.mechanism][row]
        self.n_rules -= entry.n_rules if entry.mechanism in BLOCKING else 0
        self._held[entry.mechanism] = None
        return entry
