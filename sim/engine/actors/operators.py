"""One operator: it downloads the register, and applies and releases entries with its lags.

In: published versions. Out: changes of what the group enforces. It does not know who sits on the
addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import compress
from operator import and_

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.actors.register import Register
from sim.engine.clock import Phase, act_at, now_s
from sim.engine.eventlog import EventLog, Kind
from sim.engine.orders import Entry, Groups
from sim.engine.state.enforcement import Enforcement
from sim.streams import Stream, Streams
from sim.world.operators import Operators, Overload


class Compliance:
    """Which entries each operator enforces at all.

    The luck of an entry hangs on its addresses, not on its place in the sequence of orders: the
    same addresses meet the same luck under every strategy, and a higher compliance enforces a
    superset. So of the cohorts of a group, which have the luck of the group, one with a higher
    compliance enforces all that another enforces, and more. An order that is for some groups of
    operators is enforced by no others, and by these as if it were for all.
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
        self._asked: tuple[Sequence[Entry], list[list[Entry]]] = (), []

    def enforced(self, entries: Sequence[Entry], operator_row: int) -> list[Entry]:
        """Those of some entries that an operator enforces; all that exempt."""
        # One operator after the other asks for what the same version showed.
        if entries is not self._asked[0]:
            n_operators = self._compliance.size
            luck = [
                (True,) * n_operators if entry.is_exemption else self._of_entry(entry)
                for entry in entries
            ]
            self._asked = (
                entries,
                [list(compress(entries, of_operator)) for of_operator in zip(*luck, strict=True)],
            )
        return self._asked[1][operator_row]

    def _of_entry(self, entry: Entry) -> tuple[bool, ...]:
        """Whether each operator enforces an entry that blocks."""
        drawn, groups = self.enforces(entry.luck_key), entry.order.operators
        if groups is None:
            return drawn
        return tuple(map(and_, drawn, self._is_for(groups)))

    def _find(self, groups: Groups) -> tuple[bool, ...]:
        """Whether each operator is of some groups."""
        return tuple(groups is None or group in groups for group in self._group)

    def _draw(self, luck_key: tuple[int, ...]) -> tuple[bool, ...]:
        """Whether each operator enforces an entry of this key."""
        luck = self._streams.generator(Stream.OPERATOR_COMPLIANCE, luck_key)
        drawn = luck.random(self._n_groups)[self._luck_row]
        return tuple((drawn < self._compliance).tolist())


class Operator:
    """One operator, a group or a cohort of one, as a SimPy actor."""

    def __init__(
        self,
        env: simpy.Environment,
        operators: Operators,
        row: int,
        compliance: Compliance,
        register: Register,
        enforcement: Enforcement,
        log: EventLog,
    ) -> None:
        self._env = env
        self._row = row
        self._operators = operators
        self._poll_interval_s = int(operators.poll_interval_s[row])
        self._poll_phase_s = int(operators.poll_phase_s[row])
        self._begins_s = int(operators.begins_s[row])
        apply_lag_s = int(operators.apply_lag_s[row])
        release_lag_s = int(operators.release_lag_s[row])
        # Lags of what blocks, and of what exempts. An exemption lets addresses pass when it
        # starts, and blocks them when it stops.
        self._lags_s = (apply_lag_s, release_lag_s), (release_lag_s, apply_lag_s)
        self._compliance = compliance
        self._register = register
        self._enforcement = enforcement
        self._log = log
        self._is_due = False
        self._seen = 0
        # Entries to be enforced, by row, with the time their enforcement starts.
        self._applied_at_s: dict[int, int] = {}
        self._n_rules = 0
        register.subscribe(self._note_publication)

    def _note_publication(self) -> None:
        """Download at the first poll after a publication; other polls show nothing new."""
        if not self._is_due:
            self._is_due = True
            act_at(self._env, self._next_poll_s(), Phase.DOWNLOAD, self._download)

    def _next_poll_s(self) -> int:
        since_s = max(0, max(now_s(self._env), self._begins_s) - self._poll_phase_s)
        return self._poll_phase_s + -(-since_s // self._poll_interval_s) * self._poll_interval_s

    def _download(self) -> None:
        self._is_due = False
        t_s = now_s(self._env)
        self._log.record(t_s, Kind.DOWNLOADED, self._row)
        before, now = self._seen, self._register.version
        self._seen = now
        appeared, vanished = self._register.difference(before, now)
        for starting, stopping, (apply_lag_s, release_lag_s) in zip(
            appeared, vanished, self._lags_s, strict=True
        ):
            if starting and (enforced := self._compliance.enforced(starting, self._row)):
                self._expect_start(enforced, t_s + apply_lag_s)
            if stopping and (enforced := self._compliance.enforced(stopping, self._row)):
                self._expect_stop(enforced, t_s + release_lag_s)

    def _expect_start(self, entries: list[Entry], start_s: int) -> None:
        for entry in entries:
            self._applied_at_s[entry.row] = start_s
        act_at(self._env, start_s, Phase.ENFORCEMENT, lambda: self._apply(entries, start_s))

    def _expect_stop(self, entries: list[Entry], stop_s: int) -> None:
        stopping = []
        for entry in entries:
            # What would be enforced only after it is released is never enforced at all.
            if self._applied_at_s.get(entry.row, stop_s) >= stop_s:
                self._applied_at_s.pop(entry.row, None)
            else:
                stopping.append(entry)
        if stopping:
            # Before what starts in the same second, so that it makes room.
            act_at(self._env, stop_s, Phase.RELEASE, lambda: self._release(stopping, stop_s))

    def _apply(self, entries: list[Entry], start_s: int) -> None:
        starting = []
        for entry in entries:
            if entry.row not in self._applied_at_s:
                continue
            if self._has_no_room(entry):
                del self._applied_at_s[entry.row]
                continue
            self._n_rules += entry.n_rules
            self._log.record(start_s, Kind.ENFORCED, self._row, entry.row)
            starting.append(entry)
        if starting:
            self._enforcement.start(self._row, starting)
        self._note_load()

    def _release(self, entries: list[Entry], stop_s: int) -> None:
        stopping = []
        for entry in entries:
            # An entry that found no room is not there to be released.
            if self._applied_at_s.pop(entry.row, None) is None:
                continue
            self._n_rules -= entry.n_rules
            self._log.record(stop_s, Kind.RELEASED, self._row, entry.row)
            stopping.append(entry)
        if stopping:
            self._enforcement.stop(self._row, stopping)
        self._note_load()

    def _has_no_room(self, entry: Entry) -> bool:
        if self._operators.overload[self._row] is not Overload.STOP:
            return False
        return bool(self._n_rules + entry.n_rules > self._operators.rule_capacity[self._row])

    def _note_load(self) -> None:
        if self._operators.overload[self._row] is Overload.DEGRADE:
            is_over = self._n_rules > self._operators.rule_capacity[self._row]
            self._enforcement.set_overloaded(self._row, is_overloaded=bool(is_over))
