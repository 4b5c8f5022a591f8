"""What providers do with the target, and when they change their mind.

In: stance table, hazard, streams. Out: dated changes of stance. It does not know what the target
rents.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from sim.scenario.resolve import Resolved
from sim.scenario.tables.reactions import ENDS_FRONTING
from sim.streams import Stream, Streams
from sim.world.providers import Places

COMPLIANT = "compliant"
SILENT = "silent"
HOSTILE = "hostile"
S_PER_D = 86_400


class StanceEvent(NamedTuple):
    """A provider takes a stance, and may end domain fronting with it."""

    t_s: int
    provider_row: int
    stance: str
    ends_fronting: bool = False


@dataclass(frozen=True)
class StanceEvents:
    """Changes of stance by time.

    Attributes
    ----------
    events
        By time; until a provider's first one it is silent.
    """

    events: tuple[StanceEvent, ...]


def build_stances(resolved: Resolved, places: Places, streams: Streams) -> StanceEvents | None:
    """Gather dated stances, and draw when providers without a date turn compliant.

    Each provider's time is exponential with the scenario's hazard; it counts only for providers
    that no dated row turns compliant, and it stands still while they are hostile.
    """
    scenario = resolved.scenario
    if scenario.stances is None:
        return None
    dated = resolved.stances.rows if resolved.stances else ()
    events = [
        StanceEvent(
            int((row.at - scenario.start).total_seconds()),
            places.provider.index(row.provider),
            str(row.stance),
            row.act == ENDS_FRONTING,
        )
        for row in dated
    ]
    hazard = scenario.stances.compliance_hazard_per_d
    if hazard > 0:
        draw = streams.generator(Stream.PROVIDER_TURN).standard_exponential(len(places.provider))
        turns_s = np.rint(draw / hazard * S_PER_D).astype(np.int64).tolist()
        settled = {event.provider_row for event in events if event.stance == COMPLIANT}
        for row, calm_s in enumerate(turns_s):
            t_s = _when(calm_s, [event for event in events if event.provider_row == row])
            if row not in settled and t_s is not None:
                events.append(StanceEvent(t_s, row, COMPLIANT))
    return StanceEvents(tuple(sorted(events)))


def _when(calm_s: int, mine: Iterable[StanceEvent]) -> int | None:
    """Second at which a provider has spent a given time not hostile; None if it never has.

    Parameters
    ----------
    calm_s
        That time, counted from the start of the run.
    mine
        Events of the provider.
    """
    t_s, events = calm_s, sorted(mine)
    for event, following in pairwise([*events, None]):
        if event is None or event.stance != HOSTILE or t_s < event.t_s:
            continue
        if following is None:
            return None
        t_s += max(following.t_s, 0) - max(event.t_s, 0)
    return t_s
