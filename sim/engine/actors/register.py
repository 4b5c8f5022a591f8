"""The register: entries in force, and the versions that are published."""

from __future__ import annotations

import math
from bisect import bisect_right

from sim.engine.actors.operators import OperatorActors
from sim.engine.clock import Clock, Phase
from sim.engine.eventlog import EventLog, Kind
from sim.engine.in_force import InForce
from sim.engine.orders import Entry, Key, Order
from sim.world.build import World


class Register:
    """Entries in force and published versions.

    Attributes
    ----------
    entries
        All entries ever made, by row.
    in_force
        Those in force now.
    """

    def __init__(
        self,
        env: Clock,
        world: World,
        operators: OperatorActors,
        log: EventLog,
    ) -> None:
        self.entries: list[Entry] = []
        self.in_force = InForce()
        self._env = env
        self._cadence = world.cadence
        self._operators = operators
        self._log = log
        self._is_publication_due = False

    def place(self, order: Order) -> None:
        """Carry out one order now, and see to it that a version will show it."""
        if order.action == "unblock":
            self.withdraw(order.key)
            return
        t_s = self._env.now_s
        entry = Entry(row=len(self.entries), order=order, placed_s=t_s)
        self.entries.append(entry)
        self.in_force.add(entry)
        self._operators.come(entry)
        self._note_change(t_s, Kind.BLOCK, entry)

    def withdraw(self, key: Key) -> None:
        """Withdraw the oldest entry in force of a key; there is one."""
        entry = self.in_force.withdraw(key)
        self._operators.go(entry)
        self._note_change(self._env.now_s, Kind.UNBLOCK, entry)

    def _note_change(self, t_s: int, kind: Kind, entry: Entry) -> None:
        self._log.record(t_s, kind, entry_row=entry.row)
        self._env.is_changed = True
        if not self._is_publication_due:
            self._is_publication_due = True
            tick_s = next_tick_s(self._cadence, t_s)
            self._env.act_at(tick_s, Phase.PUBLICATION, self._publish)

    def _publish(self) -> None:
        self._is_publication_due = False
        if self._operators.publish():
            self._log.record(self._env.now_s, Kind.PUBLISHED)


def next_tick_s(cadence: tuple[tuple[int, int], ...], t_s: int) -> int:
    """First time at or after ``t_s`` at which a version is published.

    Parameters
    ----------
    cadence
        ``(from_s, every_s)`` by time: versions at ``from_s + n * every_s`` until the next row.
    """
    current = max(bisect_right(cadence, (t_s, math.inf)) - 1, 0)
    from_s, every_s = cadence[current]
    tick_s = from_s + max(0, -(-(t_s - from_s) // every_s)) * every_s
    following = cadence[current + 1][0] if current + 1 < len(cadence) else None
    return tick_s if following is None or tick_s < following else following
