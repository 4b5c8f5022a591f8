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
    """Events in the order they happened.

    Attributes
    ----------
    t_s : shape (n_events,)
        When.
    kind : shape (n_events,)
        What, as ``Kind``.
    operator_row, entry_row, front_row, business_row, provider_row : shape (n_events,)
        Whom it concerns; -1 where the event concerns none of the kind.
    stance_row, public_event_row : shape (n_events,)
        The stance taken, in ``STANCES``, and the row of the public event in the scenario's table;
        -1 where the event is neither.
    """

    t_s: NDArray[np.int64]
    kind: NDArray[np.int64]
    operator_row: NDArray[np.int64]
    entry_row: NDArray[np.int64]
    front_row: NDArray[np.int64]
    business_row: NDArray[np.int64]
    provider_row: NDArray[np.int64]
    stance_row: NDArray[np.int64]
    public_event_row: NDArray[np.int64]


_NOBODIES = (NOBODY,) * (len(fields(Events)) - 2)
_FROM_END = {column.name: n - len(fields(Events)) for n, column in enumerate(fields(Events))}


class EventLog:
    """Collects events while the simulation runs.

    Attributes
    ----------
    n_at_operators : shape (1,)
        How many events the compiled calendar of operators has kept, which keeps its own.
    """

    def __init__(self) -> None:
        self.n_at_operators = np.zeros(1, np.int64)
        # One row after the other: rows of their own would be thousands of objects.
        self._records = array("q")
        # How many events at operators each comes after.
        self._n_before = array("q")

    def record(self, t_s: int, kind: Kind, **rows: int) -> None:
        """Append one fact about some rows, named as in ``Events``."""
        self._records.extend((t_s, kind, *_NOBODIES))
        for name, row in rows.items():
            self._records[_FROM_END[name]] = row
        self._n_before.append(self.n_at_operators.item())

    def freeze(self, at_operators: NDArray[np.int64] | None = None) -> Events:
        """Return the events recorded so far.

        Parameters
        ----------
        at_operators : shape (n_at_operators, n_columns)
            Those at operators, columns as those of ``Events``; None if there are none.
        """
        rows = np.frombuffer(self._records, np.int64).reshape(-1, len(fields(Events)))
        if at_operators is not None:
            n_before = np.frombuffer(self._n_before, np.int64)
            rows = np.insert(at_operators, n_before, rows, axis=0)
        return Events(*rows.T.copy())
