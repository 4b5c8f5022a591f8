"""One operator group: it downloads the register, and applies and releases entries with its lags.

In: published versions. Out: changes of what the group drops. It does not know who sits on the
addresses.
"""

from __future__ import annotations

from collections.abc import Generator
from functools import cache
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.clock import Moment, Phase, now_s
from sim.engine.enforcement import Enforcement
from sim.engine.eventlog import EventLog, Kind
from sim.engine.register import Register
from sim.streams import Stream, Streams
from sim.world.operators import Operators

Process = Generator[simpy.Event, Any, None]


class Compliance:
    """Which entries each operator group enforces at all.

    The luck of an entry hangs on its prefix, not on its place in the sequence of orders: the same
    prefix meets the same luck under every strategy, and a higher compliance enforces a superset.
    """

    def __init__(self, compliance: NDArray[np.float64], streams: Streams) -> None:
        self._compliance = compliance
        self._streams = streams
        self.enforces = cache(self._draw)

    def _draw(self, prefix: tuple[int, int]) -> NDArray[np.bool_]:
        """Whether each operator enforces an entry of this prefix; shape (n_operators,)."""
        luck = self._streams.generator(Stream.OPERATOR_COMPLIANCE, prefix)
        return np.asarray(luck.random(self._compliance.size) < self._compliance)


class Operator:
    """One operator group as a SimPy actor."""

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
        self._poll_interval_s = int(operators.poll_interval_s[row])
        self._poll_phase_s = int(operators.poll_phase_s[row])
        self._apply_lag_s = int(operators.apply_lag_s[row])
        self._release_lag_s = int(operators.release_lag_s[row])
        self._compliance = compliance
        self._register = register
        self._enforcement = enforcement
        self._log = log
        self._seen: tuple[int, ...] = ()
        # Entries to be dropped, by row, with the time their dropping starts.
        self._applied_at_s: dict[int, int] = {}

    def run(self) -> Process:
        """Download at the first poll after each publication; other polls show nothing new."""
        while True:
            yield self._register.publication
            yield Moment(self._env, self._next_poll_s(), Phase.DOWNLOAD)
            self._download()

    def _next_poll_s(self) -> int:
        since_s = max(0, now_s(self._env) - self._poll_phase_s)
        return self._poll_phase_s + -(-since_s // self._poll_interval_s) * self._poll_interval_s

    def _download(self) -> None:
        t_s = now_s(self._env)
        self._log.record(t_s, Kind.DOWNLOADED, self._row)
        before, now = set(self._seen), set(self._register.version)
        self._seen = self._register.version
        appeared = [row for row in sorted(now - before) if self._is_enforced(row)]
        if appeared:
            start_s = t_s + self._apply_lag_s
            self._applied_at_s |= dict.fromkeys(appeared, start_s)
            self._env.process(self._apply(appeared, start_s))
        stop_s = t_s + self._release_lag_s
        vanished = [row for row in sorted(before - now) if self._is_enforced(row)]
        # What would be dropped only after it is passed is never dropped at all.
        void = [row for row in vanished if self._applied_at_s.get(row, stop_s) >= stop_s]
        for row in void:
            self._applied_at_s.pop(row, None)
        vanished = [row for row in vanished if row in self._applied_at_s]
        if vanished:
            self._env.process(self._release(vanished, stop_s))

    def _is_enforced(self, entry_row: int) -> bool:
        prefix = self._register.entries[entry_row].prefix
        return bool(self._compliance.enforces(prefix)[self._row])

    def _apply(self, entry_rows: list[int], start_s: int) -> Process:
        yield Moment(self._env, start_s, Phase.ENFORCEMENT)
        for row in entry_rows:
            if row in self._applied_at_s:
                self._enforcement.drop(self._row, self._register.entries[row])
                self._log.record(start_s, Kind.ENFORCED, self._row, row)

    def _release(self, entry_rows: list[int], stop_s: int) -> Process:
        yield Moment(self._env, stop_s, Phase.ENFORCEMENT)
        for row in entry_rows:
            del self._applied_at_s[row]
            self._enforcement.let_pass(self._row, self._register.entries[row])
            self._log.record(stop_s, Kind.RELEASED, self._row, row)
