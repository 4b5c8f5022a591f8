"""Measures of what bystanders did: moves, programs that switch, complaints, appeals, exemptions.

In: a world and an outcome. Out: measures; none of those that the scenario has no section for.
"""

from __future__ import annotations

import numpy as np

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.measure.measures import Measure, measured
from sim.scenario.tables.reactions import RESPONSES
from sim.world.build import World
from sim.world.moves import WAIT

S_PER_H = 3600


def measure_responses(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Moves completed, in all and by kind; none where nobody reacts.

    To wait is a response and no move.
    """
    if world.moves is None:
        return ()
    n = float(world.businesses.n_businesses)
    completed = outcome.n_responses
    kinds = [(row, name) for row, name in enumerate(RESPONSES) if row != WAIT]
    has_moved = completed[:, [row for row, _ in kinds]].any(axis=1)
    return (
        measured("businesses_ever_moved", float(np.count_nonzero(has_moved)), n),
        measured("moves", float(sum(completed[:, row].sum() for row, _ in kinds)), n),
        *(measured(f"moves_{name}", float(completed[:, row].sum()), n) for row, name in kinds),
    )


def measure_switching(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Businesses that a program took off a shared range, and for how long; none without programs.

    Notes
    -----
    A business is off from a ``SWITCHED_OFF`` to the next of ``SWITCHED_BACK``, ``MOVED`` and the
    end of the run: who moves by itself has left the range for good.
    """
    if world.programs is None:
        return ()
    events, n = outcome.events, float(world.businesses.n_businesses)
    ends = (Kind.SWITCHED_BACK, Kind.MOVED)
    off_s: dict[int, int] = {}
    ever: set[int] = set()
    total_s = 0
    is_told = np.isin(events.kind, (Kind.SWITCHED_OFF, *ends))
    columns = events.t_s[is_told], events.kind[is_told], events.business_row[is_told]
    for t_s, kind, row in zip(*(column.tolist() for column in columns), strict=True):
        if kind == Kind.SWITCHED_OFF:
            off_s[row] = t_s
            ever.add(row)
        elif row in off_s:
            total_s += t_s - off_s.pop(row)
    total_s += sum(world.horizon_s - since_s for since_s in off_s.values())
    return (
        measured("businesses_ever_unprotected", float(len(ever)), n),
        measured("business_hours_unprotected", total_s / S_PER_H, n * world.horizon_s / S_PER_H),
    )


def measure_complaints(world: World, outcome: Outcome) -> tuple[Measure, ...]:
    """Complaints, appeals by name, and exemptions; none where nobody complains."""
    if world.complaints is None:
        return ()
    n = float(world.businesses.n_businesses)
    n_exempted = float(np.count_nonzero(outcome.events.kind == Kind.EXEMPTED))
    n_named = float(outcome.n_named)
    return (
        measured("complaints", outcome.n_complaints),
        measured("complaints_named", n_named, n),
        measured("exemptions_granted", n_exempted, n_named),
        *measure_line(outcome),
    )


def measure_line(outcome: Outcome) -> tuple[Measure, ...]:
    """Complaints that the hotline took down or turned away, and the wait; none without a line."""
    line = outcome.line
    if line is None:
        return ()
    return (
        measured("complaints_taken_down", line.n_taken, outcome.n_complaints),
        measured("complaints_turned_away", line.n_turned_away, outcome.n_complaints),
        measured("hotline_longest_wait_h", line.longest_wait_s / S_PER_H),
    )
