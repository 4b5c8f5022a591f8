"""The register: entries in force, and the versions that are published.

In: orders, and a cadence. Out: an event whenever a new version is out. It does not know who
downloads it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from typing import Any

import simpy

from sim.addresses.intervals import IntervalSet
from sim.addresses.prefixes import prefix_set
from sim.engine.clock import Moment, Phase, now_s
from sim.engine.eventlog import EventLog, Kind
from sim.engine.orders import Entry, Order
from sim.errors import OverblockError


class Register:
    """Entries in force and published versions.

    Attributes
    ----------
    entries
        All entries ever made, by row.
    version
        Rows in force in the latest published version, ascending.
    publication
        SimPy event that the next publication triggers.
    """

    def __init__(
        self,
        env: simpy.Environment,
        cadence: tuple[tuple[int, int], ...],
        target_addresses: IntervalSet,
        log: EventLog,
    ) -> None:
        self.entries: list[Entry] = []
        self.version: tuple[int, ...] = ()
        self.publication = env.event()
        self._env = env
        self._cadence = cadence
        self._target_addresses = target_addresses
        self._log = log
        self._in_force: dict[int, Entry] = {}
        self._holders: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self._is_publication_due = False

    def place(self, order: Order) -> None:
        """Carry out one order now, and see to it that a version will show it.

        Raises
        ------
        OverblockError
            If an unblock order names a prefix that no entry in force holds.
        """
        t_s = now_s(self._env)
        holders = self._holders[order.prefix]
        if order.action == "block":
            addresses = prefix_set(*order.prefix)
            collateral = addresses.difference(self._target_addresses)
            entry = Entry(len(self.entries), order.prefix, addresses, collateral)
            self.entries.append(entry)
            self._in_force[entry.row] = entry
            holders.append(entry.row)
            self._log.record(t_s, Kind.BLOCK, entry_row=entry.row)
        elif holders:
            row = holders.pop(0)
            del self._in_force[row]
            self._log.record(t_s, Kind.UNBLOCK, entry_row=row)
        else:
            raise OverblockError(f"an order unblocks a prefix that is not blocked: {order}")
        if not self._is_publication_due:
            self._is_publication_due = True
            self._env.process(self._publish_at_next_tick())

    def listed(self) -> IntervalSet:
        """All addresses listed now, the target's own among them."""
        return IntervalSet.union_all([entry.addresses for entry in self._in_force.values()])

    def listed_collateral(self) -> IntervalSet:
        """Addresses listed now, outside the target's own ranges."""
        return IntervalSet.union_all(
            [entry.collateral_addresses for entry in self._in_force.values()]
        )

    def _publish_at_next_tick(self) -> Generator[simpy.Event, Any, None]:
        tick_s = next_tick_s(self._cadence, now_s(self._env))
        yield Moment(self._env, tick_s, Phase.PUBLICATION)
        self._is_publication_due = False
        version = tuple(self._in_force)
        if version == self.version:
            return
        self.version = version
        self._log.record(tick_s, Kind.PUBLISHED)
        published, self.publication = self.publication, self._env.event()
        published.succeed()


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
