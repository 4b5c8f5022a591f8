"""The register: entries in force, and the versions that are published.

In: orders, and a cadence. Out: a call to subscribers whenever a new version is out. It does not
know who downloads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import TypeAlias

import simpy

from sim.engine.clock import Phase, act_at, now_s
from sim.engine.eventlog import EventLog, Kind
from sim.engine.in_force import InForce
from sim.engine.orders import Entry, Mechanism, Order
from sim.engine.state.space import AddressSpace
from sim.errors import OverblockError
from sim.world.build import World

Entries: TypeAlias = tuple[Entry, ...]


class Register:
    """Entries in force and published versions.

    Attributes
    ----------
    entries
        All entries ever made, by row.
    in_force
        Those in force now.
    version
        The latest published version: how many entries had come into force or gone out of it.
    """

    def __init__(
        self,
        env: simpy.Environment,
        world: World,
        space: AddressSpace,
        log: EventLog,
        on_change: Callable[[], None],
    ) -> None:
        self.entries: list[Entry] = []
        self.in_force = InForce()
        self.version = 0
        self._env = env
        self._cadence = world.cadence
        self._space = space
        self._log = log
        self._on_change = on_change
        self._subscribers: list[Callable[[], None]] = []
        self._is_publication_due = False
        # Entries as they came into force and went out of it: none does either twice.
        self._changes: list[tuple[Entry, bool]] = []
        self._compared = 0, 0
        self._difference: tuple[tuple[Entries, Entries], tuple[Entries, Entries]]
        self._difference = ((), ()), ((), ())

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
        if order.action == "block":
            entry = Entry(row=len(self.entries), order=order, placed_s=t_s)
            self.entries.append(entry)
            self.in_force.add(entry)
            kind, step = Kind.BLOCK, +1
        else:
            withdrawn = self.in_force.withdraw(order.key)
            if withdrawn is None:
                raise OverblockError(f"an order unblocks what is not blocked: {order}")
            entry, kind, step = withdrawn, Kind.UNBLOCK, -1
        if entry.mechanism is not Mechanism.NAME:
            self._space.count_listed(entry, step)
        self._changes.append((entry, step > 0))
        self._log.record(t_s, kind, entry_row=entry.row)
        self._on_change()
        if not self._is_publication_due:
            self._is_publication_due = True
            tick_s = next_tick_s(self._cadence, t_s)
            act_at(self._env, tick_s, Phase.PUBLICATION, self._publish)

    def difference(
        self, before: int, now: int
    ) -> tuple[tuple[Entries, Entries], tuple[Entries, Entries]]:
        """Entries that appeared from one version to another, and those that vanished.

        Returns
        -------
        Of each the entries that block, and those that exempt; oldest first.
        """
        # Operators mostly go from one version to the next, one after the other.
        if (before, now) != self._compared:
            self._compared = before, now
            turned: dict[int, tuple[Entry, bool]] = {}
            for entry, has_come in self._changes[before:now]:
                # Who came and went again in between is in neither version.
                if turned.pop(entry.row, None) is None:
                    turned[entry.row] = entry, has_come
            changes = [turned[row] for row in sorted(turned)]
            self._difference = (
                _by_kind(entry for entry, has_come in changes if has_come),
                _by_kind(entry for entry, has_come in changes if not has_come),
            )
        return self._difference

    def _publish(self) -> None:
        self._is_publication_due = False
        before, self.version = self.version, len(self._changes)
        if not any(chain.from_iterable(self.difference(before, self.version))):
            return
        self._log.record(now_s(self._env), Kind.PUBLISHED)
        for note_publication in self._subscribers:
            note_publication()


def _by_kind(entries: Iterable[Entry]) -> tuple[Entries, Entries]:
    """Those that block, and those that exempt."""
    kept = tuple(entries)
    return (
        tuple(entry for entry in kept if not entry.is_exemption),
        tuple(entry for entry in kept if entry.is_exemption),
    )


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
