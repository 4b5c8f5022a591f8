"""What happened, as append-only typed columns: facts, no conclusions.

In: one fact at a time. Out: frozen columns. It does not know what any of it cost.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Kind(IntEnum):
    """Kinds of event."""

    BLOCK = 0
    UNBLOCK = 1
    PUBLISHED = 2
    DOWNLOADED = 3
    ENFORCED = 4
    RELEASED = 5


NOBODY = -1


@dataclass(frozen=True, eq=False)
class Events:
    """Events in the order they happened.

    Attributes
    ----------
    t_s : shape (n_events,)
        When.
    kind : shape (n_events,)
        What, as ``Kind``.
    operator_row, entry_row : shape (n_events,)
        At which operator and about which entry; -1 where the event has none.
    """

    t_s: NDArray[np.int64]
    kind: NDArray[np.int64]
    operator_row: NDArray[np.int64]
    entry_row: NDArray[np.int64]

    def __post_init__(self) -> None:
        for column in (self.t_s, self.kind, self.operator_row, self.entry_row):
            column.flags.writeable = False


class EventLog:
    """Collects events while the simulation runs."""

    def __init__(self) -> None:
        self._records: list[tuple[int, int, int, int]] = []

    def record(
        self, t_s: int, kind: Kind, operator_row: int = NOBODY, entry_row: int = NOBODY
    ) -> None:
        """Append one fact."""
        self._records.append((t_s, int(kind), operator_row, entry_row))

    def freeze(self) -> Events:
        """Return the events recorded so far."""
        columns = np.array(self._records, np.int64).reshape(-1, 4).T.copy()
        return Events(*columns)
