"""Curves of enforcement: the share of users, and of operators, that enforce orders over time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.record.curves import Curves, Series
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.world.build import World

Points = tuple[NDArray[np.int64], NDArray[np.float64]]


def with_uptake(world: World, outcome: Outcome) -> Outcome:
    """Add the curves of enforcement, over users and over operators, as the last ones.

    Notes
    -----
    With w(k) the share of users, or of licensed operators, that operator k stands for, n(k) the
    entries that it enforces, and n'(k) those among them that are among the N in force: the share
    that enforces any is ``sum of w(k) over k with n(k) > 0``, and the share that enforces an entry
    ``sum over k of w(k) n'(k) / N``, the mean over the entries in force; 0 while N is 0. Exempting
    entries do not count. An entry that is withdrawn counts in n(k) until it is released.
    """
    operators = world.operators
    n_stood_for = float(operators.stands_for.sum())
    curves, points = outcome.curves, list(_points(world, outcome))
    series = [
        Series(f"{who}_{what}_share", Group(), whole)
        for who, whole in (("users", np.nan), ("operators", n_stood_for))
        for what in ("enforcing", "enforcing_entry")
    ]
    first = len(curves.series)
    rows = [np.full(t_s.size, first + row) for row, (t_s, _) in enumerate(points)]
    return replace(
        outcome,
        curves=Curves(
            (*curves.series, *series),
            np.concatenate((curves.series_row, *rows)),
            np.concatenate((curves.t_s, *(t_s for t_s, _ in points))),
            np.concatenate((curves.value, *(value for _, value in points))),
        ),
    )


def _points(world: World, outcome: Outcome) -> Iterator[Points]:
    """Change points of the four curves: any and an entry, by users; the same by operators."""
    operators, log = world.operators, outcome.events
    is_exempt = np.array([one is Mechanism.EXEMPT for one in outcome.entry_mechanism], np.bool_)
    turns = Turns.of(log.t_s, log.kind, log.entry_row, log.operator_row, is_exempt)
    weights = np.stack([operators.share_users, operators.stands_for / operators.stands_for.sum()])
    enforcing, entries = np.zeros((2, 2, turns.t_s.size))
    for row, (n_enforced, n_in_force) in enumerate(turns.enforced(operators.n_operators)):
        weight = weights[:, row, np.newaxis]
        enforcing += weight * (n_enforced > 0)
        entries += weight * n_in_force
    entries /= np.maximum(turns.n_placed, 1)
    for by in range(len(weights)):
        yield changes(turns.t_s, enforcing[by])
        yield changes(turns.t_s, entries[by])


@dataclass(frozen=True, eq=False)
class Turns:
    """Entries that block being placed, withdrawn, enforced and released, one after the other.

    Attributes
    ----------
    kind, entry, operator : shape (n,)
        What happened, to which entry, and at which operator.
    last : shape (n_times - 1,)
        The last row of each second; what holds then is what counts.
    n_entries
        Entries of the register.
    """

    kind: NDArray[np.int64]
    entry: NDArray[np.int64]
    operator: NDArray[np.int64]
    t_s: NDArray[np.int64]
    last: NDArray[np.int64]
    n_entries: int

    @classmethod
    def of(
        cls,
        t_s: NDArray[np.int64],
        kind: NDArray[np.int64],
        entry: NDArray[np.int64],
        operator: NDArray[np.int64],
        is_exempt: NDArray[np.bool_],
    ) -> Turns:
        """Choose these of a log, which is sorted by time.

        Parameters
        ----------
        is_exempt : shape (n_entries,)
            Entries that let their addresses pass, which do not count.
        """
        about = np.isin(kind, (Kind.BLOCK, Kind.UNBLOCK, Kind.ENFORCED, Kind.RELEASED))
        rows = np.flatnonzero(about)
        rows = rows[~is_exempt[entry[rows]]]
        # The state after the last event of each second, and before the first one.
        last = np.flatnonzero(np.diff(t_s[rows], append=-1) != 0)
        times = np.concatenate(([0], t_s[rows][last]))
        return cls(kind[rows], entry[rows], operator[rows], times, last, is_exempt.size)

    @property
    def n_placed(self) -> NDArray[Any]:
        """Entries in force at each time."""
        placed = _summed(_step(self.kind, Kind.BLOCK, Kind.UNBLOCK))
        return np.asarray(placed[np.append(0, self.last + 1)])

    def enforced(self, n_operators: int) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        """Entries that each operator enforces at each time, and those among them in force."""
        kind, entry = self.kind, self.entry
        step = _step(kind, Kind.ENFORCED, Kind.RELEASED)
        withdrawn = np.flatnonzero(kind == Kind.UNBLOCK)
        withdrawn_at = np.full(self.n_entries, kind.size)
        withdrawn_at[entry[withdrawn]] = withdrawn
        is_in_force = np.arange(kind.size) < withdrawn_at[entry]
        second = np.repeat(np.arange(self.last.size), np.diff(self.last, prepend=-1))
        for row in range(n_operators):
            mine = np.flatnonzero(self.operator == row)
            counted = step[mine] * is_in_force[mine]
            # What is in force no more leaves the count when it is withdrawn, and not when released.
            held = np.bincount(entry[mine], counted, self.n_entries)
            leaving = np.bincount(second[withdrawn], held[entry[withdrawn]], self.last.size)
            n_enforced = np.bincount(second[mine], step[mine], self.last.size)
            n_in_force = np.bincount(second[mine], counted, self.last.size) - leaving
            yield _summed(n_enforced), _summed(n_in_force)


def _step(kind: NDArray[np.int64], up: Kind, down: Kind) -> NDArray[np.int64]:
    return np.asarray((kind == up).astype(np.int64) - (kind == down), np.int64)


def _summed(step: NDArray[Any]) -> NDArray[Any]:
    """Sums of steps so far, from 0 on."""
    return np.concatenate(([0], np.cumsum(step)))


def changes(t_s: NDArray[np.int64], value: NDArray[np.float64]) -> Points:
    """Points at which the value is another than before; of one second the last counts."""
    is_last = np.diff(t_s, append=-1) != 0
    t_s, value = t_s[is_last], value[is_last]
    is_change = np.diff(value, prepend=np.nan) != 0
    return t_s[is_change], value[is_change]
