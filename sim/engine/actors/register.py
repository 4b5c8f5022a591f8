"""The register: entries in force, and the versions that are published.

In: orders, and a cadence. Out: a call to subscribers whenever a new version is out. It does not
know who downloads it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeAlias

import simpy

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.clock import Phase, act_at, now_s
from sim.engine.eventlog import EventLog, Kind
from sim.engine.orders import BLOCKING, NO_ADDRESSES, Entry, Mechanism, Order, n_rules_of
from sim.errors import OverblockError
from sim.world.build import World

Entries: TypeAlias = tuple[Entry, ...]


class Register:
    """Entries in force and published versions.

    Attributes
    ----------
    entries
        All entries ever made, by row.
    version
        Rows in force in the latest published version.
    """

    def __init__(
        self, env: simpy.Environment, world: World, log: EventLog, on_change: Callable[[], None]
    ) -> None:
        self.entries: list[Entry] = []
        self.version: frozenset[int] = frozenset()
        self._env = env
        self._cadence = world.cadence
        self._target_addresses = world.target.addresses
        self._log = log
        self._on_change = on_change
        self._subscribers: list[Callable[[], None]] = []
        self._in_force: dict[int, Entry] = {}
        self._holders: defaultdict[tuple[Mechanism, IntervalSet], list[int]] = defaultdict(list)
        self._is_publication_due = False
        self._compared = frozenset[int](), frozenset[int]()
        self._difference: tuple[tuple[Entries, Entries], tuple[Entries, Entries]]
        self._difference = ((), ()), ((), ())
        self._listed: tuple[IntervalSet, IntervalSet] | None = None
        # What is blocked, less what is exempt, and what is exempt; None after a withdrawal.
        self._held: tuple[IntervalSet, IntervalSet] | None = NO_ADDRESSES, NO_ADDRESSES

    @property
    def in_force(self) -> tuple[Entry, ...]:
        """Entries in force, oldest first."""
        return tuple(self._in_force.values())

    def subscribe(self, note_publication: Callable[[], None]) -> None:
        """Call somebody at each publication, after those who asked for it earlier."""
        self._subscribers.append(note_publication)

    def place(self, order: Order) -> None:
        """Carry out one order now, and see to it that a version will show it.

        Raises
        ------
        OverblockError
            If an unblock order names what no entry in force holds.
        """
        t_s = now_s(self._env)
        holders = self._holders[order.key]
        if order.action == "block":
            entry = Entry(
                row=len(self.entries),
                order=order,
                n_rules=n_rules_of(order),
                placed_s=t_s,
            )
            self.entries.append(entry)
            self._in_force[entry.row] = entry
            self._add(entry)
            holders.append(entry.row)
            self._log.record(t_s, Kind.BLOCK, entry_row=entry.row)
        elif holders:
            row = holders.pop(0)
            del self._in_force[row]
            self._held = None
            self._log.record(t_s, Kind.UNBLOCK, entry_row=row)
        else:
            raise OverblockError(f"an order unblocks what is not blocked: {order}")
        self._listed = None
        self._on_change()
        if not self._is_publication_due:
            self._is_publication_due = True
            tick_s = next_tick_s(self._cadence, t_s)
            act_at(self._env, tick_s, Phase.PUBLICATION, self._publish)

    def difference(
        self, before: frozenset[int], now: frozenset[int]
    ) -> tuple[tuple[Entries, Entries], tuple[Entries, Entries]]:
        """Entries that appeared from one version to another, and those that vanished.

        Returns
        -------
        Of each the entries that block, and those that exempt; oldest first.
        """
        # Operators mostly go from one version to the next, one after the other.
        if (before, now) != self._compared:
            self._compared = before, now
            self._difference = self._by_kind(now - before), self._by_kind(before - now)
        return self._difference

    def _by_kind(self, rows: frozenset[int]) -> tuple[Entries, Entries]:
        entries = [self.entries[row] for row in sorted(rows)]
        return (
            tuple(entry for entry in entries if not entry.is_exemption),
            tuple(entry for entry in entries if entry.is_exemption),
        )

    def listed(self) -> tuple[IntervalSet, IntervalSet]:
        """Addresses listed now: outside the target's own ranges, and all."""
        if self._listed is None:
            if self._held is None:
                self._held = held_by(self._in_force.values())
            everything = self._held[0]
            self._listed = everything.difference(self._target_addresses), everything
        return self._listed

    def _add(self, entry: Entry) -> None:
        """Keep what is listed up to date where no entry has been withdrawn since."""
        if self._held is None:
            return
        blocked, exempt = self._held
        if entry.mechanism in BLOCKING:
            self._held = blocked.union(entry.addresses.difference(exempt)), exempt
        elif entry.mechanism is Mechanism.EXEMPT:
            self._held = blocked.difference(entry.addresses), exempt.union(entry.addresses)

    def _publish(self) -> None:
        self._is_publication_due = False
        version = frozenset(self._in_force)
        if version == self.version:
            return
        self.version = version
        self._log.record(now_s(self._env), Kind.PUBLISHED)
        for note_publication in self._subscribers:
            note_publication()


def next_tick_s(cadence: tuple[tuple[int, int], ...], t_s: int) -> int:
    """First time at or after ``t_s`` at which a version is published.

    Parameters
    ----------
    cadence
        ``(from_s, every_s)`` by time: versions at ``from_s + n * every_s`` until the next row.
    """
    current = max((row for row, (from_s, _) in enumerate(cadence) if from_s <= t_s), default=0)
    from_s, every_s = cadence[current]
    tick_s = from_s + max(0, -(-(t_s - from_s) // every_s)) * every_s
    following = cadence[current + 1][0] if current + 1 < len(cadence) else None
    return tick_s if following is None or tick_s < following else following


def held_by(entries: Iterable[Entry]) -> tuple[IntervalSet, IntervalSet]:
    """Addresses that entries drop or throttle and none exempts, and those that some exempt."""
    kept = list(entries)
    blocking = IntervalSet.union_all(e.addresses for e in kept if e.mechanism in BLOCKING)
    exempt = IntervalSet.union_all(e.addresses for e in kept if e.mechanism is Mechanism.EXEMPT)
    return blocking.difference(exempt), exempt
