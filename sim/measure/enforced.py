"""Failure of addresses by entries placed before a given second, by operator and over time.

In: a world, an outcome, and addresses. Out: the degree to which each address fails by these entries
alone. Who uses the address is not known here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.record.outcome import Outcome
from sim.world.build import World

Span = tuple[int, int, int]
"""Operator, and the seconds from which and until which it enforces an entry."""


class OlderEntries:
    """Entries that hold some addresses, when they were placed, and who enforced them when.

    Parameters
    ----------
    address : shape (n,), ascending, distinct
        Addresses that ``degrees`` may be asked for.
    """

    def __init__(self, world: World, outcome: Outcome, address: NDArray[np.int64]) -> None:
        self._n_operators = world.operators.n_operators
        log = outcome.events
        is_block = log.kind == Kind.BLOCK
        placed = zip(log.entry_row[is_block].tolist(), log.t_s[is_block].tolist(), strict=True)
        self._placed_s = dict(placed)
        self._degree = {
            Mechanism.DROP: 1.0,
            Mechanism.THROTTLE: world.effects.throttle_severity,
        }
        self._mechanism = outcome.entry_mechanism
        self._spans = _spans(world, outcome)
        self._on: dict[int, list[int]] = defaultdict(list)
        for entry in sorted(self._spans):
            for held in address[outcome.entry_addresses[entry].contains(address)].tolist():
                self._on[held].append(entry)

    def degrees(
        self, address: Sequence[int], before_s: int, from_s: int, to_s: int
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Degree to which addresses fail by blocks placed before a second.

        Exempting entries count whenever they were placed.

        Returns
        -------
        edge
            Times from ``from_s`` to ``to_s``, ascending; nothing changes between two of them.
        degree : shape (n_pieces, n_addresses, n_operators)
        """
        acting = [
            (column, self._degree.get(self._mechanism[entry]), span)
            for column, held in enumerate(address)
            for entry in self._on.get(held, ())
            if self._mechanism[entry] is Mechanism.EXEMPT or self._placed_s[entry] < before_s
            for span in self._spans[entry]
        ]
        # Dropping overrides throttling, and exempting (None) overrides both.
        acting.sort(key=lambda one: 2.0 if one[1] is None else one[1])
        times = {t for *_, span in acting for t in span[1:] if from_s < t < to_s}
        edge = [from_s, *sorted(times), to_s]
        degree = np.zeros((len(edge) - 1, len(address), self._n_operators))
        for column, value, (operator, start_s, stop_s) in acting:
            if start_s < to_s and stop_s > from_s:
                first = bisect_right(edge, start_s) - 1 if start_s > from_s else 0
                last = edge.index(stop_s) if stop_s < to_s else len(edge) - 1
                degree[first:last, column, operator] = 0.0 if value is None else value
        return edge, degree


def _spans(world: World, outcome: Outcome) -> dict[int, list[Span]]:
    """When operators with users enforced each entry on addresses; to the end if not released."""
    log = outcome.events
    started: dict[tuple[int, int], int] = {}
    spans: dict[int, list[Span]] = defaultdict(list)
    is_turn = (log.kind == Kind.ENFORCED) | (log.kind == Kind.RELEASED)
    is_turn &= world.operators.share_users[log.operator_row] > 0
    columns = (log.t_s, log.kind, log.operator_row, log.entry_row)
    for t_s, kind, operator, entry in zip(*(c[is_turn].tolist() for c in columns), strict=True):
        if outcome.entry_mechanism[entry] is Mechanism.NAME:
            continue
        if kind == Kind.ENFORCED:
            started[operator, entry] = t_s
            continue
        start_s = started.pop((operator, entry))
        if start_s < t_s:
            spans[entry].append((operator, start_s, t_s))
    for (operator, entry), start_s in started.items():
        spans[entry].append((operator, start_s, world.horizon_s))
    return spans


def pieces(edges: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Pieces of the common refinement of several partitions of time."""
    return list(pairwise(sorted({t for edge in edges for t in edge})))
