"""What happened, as append-only typed columns: facts, no conclusions."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from sim.world.frozen import FrozenColumns


class Kind(IntEnum):
    """Kinds of event."""

    BLOCK = 0
    UNBLOCK = 1
    PUBLISHED = 2
    DOWNLOADED = 3
    ENFORCED = 4
    RELEASED = 5
    RENTED = 6
    DISCOVERED = 7
    EVICTED = 8
    STANCE = 9
    RESPONDED = 10
    MOVED = 11
    COMPLAINED = 12
    EXEMPTED = 13
    READDRESSED = 14
    PUBLIC_EVENT = 15
    CANCELLED = 16
    SWITCHED_OFF = 17
    SWITCHED_BACK = 18


NOBODY = -1


@dataclass(frozen=True, eq=False)
class Events(FrozenColumns):
    """Events in the order they happened."""

    t_s: NDArray[np.int64]
    """When; shape (n_events,)."""
    kind: NDArray[np.int64]
    """What, as ``Kind``; shape (n_events,)."""
    operator_row: NDArray[np.int64]
    entry_row: NDArray[np.int64]
    front_row: NDArray[np.int64]
    business_row: NDArray[np.int64]
    provider_row: NDArray[np.int64]
    """Whom it concerns; -1 where the event concerns none of the kind; shape (n_events,)."""
    stance_row: NDArray[np.int64]
    public_event_row: NDArray[np.int64]
    """The stance taken, in ``STANCES``, and the row of the public event in the scenario's
    table; -1 where the event is neither; shape (n_events,)."""


OPERATOR, ENTRY, FRONT, BUSINESS, PROVIDER, STANCE, PUBLIC_EVENT = range(2, len(fields(Events)))
"""Columns of ``Events`` that say whom an event concerns."""


class EventLog:
    """Collects events while the simulation runs.

    Attributes
    ----------
    n_at_operators : shape (1,)
        How many events the compiled calendar of operators has kept, which keeps its own.
    """

    def __init__(self) -> None:
        self.n_at_operators = np.zeros(1, np.int64)
        # One after the other: objects of their own would be thousands.
        self._records = array("q")

    def record(
        self,
        t_s: int,
        kind: Kind,
        column: int = OPERATOR,
        row: int = NOBODY,
        other_column: int = OPERATOR,
        other_row: int = NOBODY,
    ) -> None:
        """Append one fact about a row of a column of ``Events``, or about two."""
        n_before = self.n_at_operators.item()
        self._records.extend((t_s, kind, n_before, column, row, other_column, other_row))

    def freeze(self, at_operators: NDArray[np.int64]) -> Events:
        """Return the events recorded so far.

        Parameters
        ----------
        at_operators : shape (n_at_operators, 4)
            Those at operators: the first columns of ``Events``.
        """
        records = np.frombuffer(self._records, np.int64).reshape(-1, 7)
        n_before, *concerned = records[:, 2:].T
        at = n_before + np.arange(n_before.size)
        columns = np.full((len(fields(Events)), at.size + len(at_operators)), NOBODY)
        columns[:2, at] = records[:, :2].T
        for column, row in (concerned[2:], concerned[:2]):
            columns[column, at] = row
        is_other = np.ones(columns.shape[1], np.bool_)
        is_other[at] = False
        for column, values in zip(columns, at_operators.T, strict=False):
            column[is_other] = values
        return Events(*columns)
