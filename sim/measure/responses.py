"""Measures of what bystanders did: moves, complaints, appeals by name, exemptions.

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
    )
