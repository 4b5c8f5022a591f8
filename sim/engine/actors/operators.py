"""The register, and operators: they download it, and apply and release entries with their lags."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sim.engine.actors import Actor, Shared
from sim.engine.clock import Phase
from sim.engine.decisions import Entry, Groups, InForce, Key, Mechanism, Order
from sim.engine.eventlog import ENTRY, Kind
from sim.engine.state import calendar_kernel as kernel
from sim.engine.state.keyed_numbers_kernel import write_first_numbers
from sim.engine.state.parts import zeros
from sim.engine.state.space import COLUMN
from sim.streams import Stream, Streams
from sim.world.operators import Overload


class Compliance:
    """Which entries each operator enforces at all.

    The draws of an entry depend on its addresses, not on its place in the sequence of orders: the
    same addresses have the same draws under every strategy, and a higher compliance enforces a
    superset. Cohorts of a group share its draws, so one with a higher compliance enforces all that
    another enforces, and more. Groups of operators named by an order enforce it as if it were for
    all; others do not enforce it.
    """

    def __init__(
        self,
        compliance: NDArray[np.float64],
        luck_row: NDArray[np.int64],
        streams: Streams,
        group: Sequence[str] = (),
    ) -> None:
        self._compliance = compliance
        self._luck_row = luck_row
        self._n_groups = int(luck_row.max()) + 1
        self._streams = streams
        self._group = group
        self.enforces = cache(self._draw)
        self._is_for = cache(self._find)

    def enforcing(self, entry: Entry) -> NDArray[np.bool_]:
        """Whether each operator enforces an entry; all do that exempts; shape (n_operators,)."""
        if entry.mechanism is Mechanism.EXEMPT:
            return np.ones(self._compliance.size, np.bool_)
        # Keyed by the first and the last address; by none for a name.
        drawn = self.enforces(entry.addresses.end_numbers if entry.n_rules else ())
        groups = entry.order.operators
        return drawn if groups is None else drawn & self._is_for(groups)

    def _find(self, groups: Groups) -> NDArray[np.bool_]:
        """Whether each operator is of some groups."""
        return np.array([groups is None or group in groups for group in self._group])

    def _draw(self, luck_key: tuple[int, ...]) -> NDArray[np.bool_]:
        """Whether each operator enforces an entry of this key."""
        words = self._streams.key_words(Stream.OPERATOR_COMPLIANCE, luck_key)
        drawn = np.empty(self._n_groups)
        write_first_numbers(words, drawn)
        return drawn[self._luck_row] < self._compliance


class OperatorActors(Actor):
    """All operators, a group or a cohort of one each: what is due at them, and when.

    They stand for thousands of events, so they keep a compiled calendar of their own next to
    SimPy's. A run lets it act from one event of SimPy to the next.

    Attributes
    ----------
    handle
        The calendar as the compiled loops take it.
    next_s
        When something is due next; `NEVER` if nothing is.
    """

    def __init__(self, shared: Shared) -> None:
        super().__init__(shared)
        operators = self._world.operators
        lag_s = operators.apply_lag_s, operators.release_lag_s
        capacity, overload = operators.rule_capacity, np.array(operators.overload, object)
        n, room = operators.n_operators, 16
        self.handle = kernel.make_calendar(
            kernel.CalendarColumns(
                scene=self._space.scene,
                poll_interval_s=operators.poll_interval_s.copy(),
                poll_phase_s=operators.poll_phase_s.copy(),
                begins_s=operators.begins_s.copy(),
                # An exemption lets addresses pass when it starts, and blocks them when it stops.
                lag_s=np.array((lag_s, lag_s[::-1])),
                stops_at=np.where(overload == Overload.STOP, capacity, kernel.NO_LIMIT),
                degrades_at=np.where(overload == Overload.DEGRADE, capacity, kernel.NO_LIMIT),
                **zeros("seen n_rules", n, np.int64),
                **zeros("is_expected", n, np.bool_),
                **zeros("first_interval", room + 1, np.int64),
                **zeros("start stop mechanism n_rules_of came went change listed", room, np.int64),
                **zeros("overmatch", room),
                **zeros("enforces", (room, n), np.bool_),
                **zeros("state", (room, n), np.int8),
                **zeros("applied_s", (room, n), np.int64),
                **zeros("due", (room, 5), np.int64),
                **zeros("logged", (room, 4), np.int64),
                **dict.fromkeys(("n_entries", "n_changes", "version"), 0),
                **dict.fromkeys(("n_due", "n_made", "n_listed"), 0),
                n_logged=self._log.n_at_operators,
            )
        )
        self.next_s = kernel.NEVER
        self._compliance = Compliance(
            operators.compliance, operators.luck_row, self._streams, operators.group
        )
        self._awaited_s = -1

    def come(self, entry: Entry) -> None:
        """Let an entry come into the register, which a later version will show."""
        order, addresses = entry.order, entry.addresses
        kernel.add_entry(
            self.handle,
            addresses.start,
            addresses.stop,
            COLUMN.get(entry.mechanism, kernel.NAME),
            entry.n_rules,
            order.overmatch,
            self._compliance.enforcing(entry),
        )

    def go(self, entry: Entry) -> None:
        """Let an entry leave the register, which a later version will no longer show."""
        kernel.withdraw_entry(self.handle, entry.row)

    def publish(self) -> bool:
        """Have operators download a version; return whether it shows anything else."""
        t_s = self._env.now_s
        is_another, self.next_s = kernel.publish(self.handle, t_s)
        self.meet(t_s)
        return is_another

    def meet(self, t_s: int) -> None:
        """Do what is due in a second in which something of SimPy is, in its place there."""
        if self.next_s == t_s and self._awaited_s != t_s:
            self._awaited_s = t_s
            self._env.act_at(t_s, Phase.DOWNLOAD, self._pass_second)

    def events(self) -> NDArray[np.int64]:
        """Return their actions so far, as rows of the event log."""
        rows: NDArray[np.int64] = kernel.logged_rows(self.handle)
        return rows

    def _pass_second(self) -> None:
        self._awaited_s = -1
        has_consequences, self.next_s = kernel.meet_second(self.handle, self._env.now_s)
        if has_consequences:
            self._env.is_changed = True


class Register(Actor):
    """Entries in force and published versions.

    Attributes
    ----------
    entries
        All entries ever made, by row.
    in_force
        Those in force now.
    """

    def __init__(self, shared: Shared, operators: OperatorActors) -> None:
        super().__init__(shared)
        self.entries: list[Entry] = []
        self.in_force = InForce()
        self._cadence = self._world.cadence
        self._operators = operators
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
        self._log.record(t_s, kind, ENTRY, entry.row)
        self._env.is_changed = True
        if not self._is_publication_due:
            self._is_publication_due = True
            self._env.act_at(next_tick_s(self._cadence, t_s), Phase.PUBLICATION, self._publish)

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
