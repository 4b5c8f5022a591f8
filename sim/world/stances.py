"""What providers do with the target, and when they change their mind.

In: stance table, hazard, streams. Out: dated changes of stance. It does not know what the target
rents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim.scenario.resolve import Resolved
from sim.streams import Stream, Streams
from sim.world.providers import Places

COMPLIANT = "compliant"
SILENT = "silent"
S_PER_D = 86_400


@dataclass(frozen=True)
class StanceEvents:
    """Changes of stance by time.

    Attributes
    ----------
    events
        ``(t_s, provider_row, stance)``, by time; until a provider's first one it is silent.
    """

    events: tuple[tuple[int, int, str], ...]


def build_stances(resolved: Resolved, places: Places, streams: Streams) -> StanceEvents | None:
    """Gather dated stances, and draw when providers without a date turn compliant.

    Each provider's time is exponential with the scenario's hazard; it counts only for providers
    that no dated row turns compliant.
    """
    scenario = resolved.scenario
    if scenario.stances is None:
        return None
    dated = resolved.stances.rows if resolved.stances else ()
    events = [
        (
            int((row.at - scenario.start).total_seconds()),
            places.provider.index(row.provider),
            str(row.stance),
        )
        for row in dated
    ]
    hazard = scenario.stances.compliance_hazard_per_d
    if hazard > 0:
        draw = streams.generator(Stream.PROVIDER_TURN).standard_exponential(len(places.provider))
        turns_s = np.rint(draw / hazard * S_PER_D).astype(np.int64).tolist()
        settled = {row for _, row, stance in events if stance == COMPLIANT}
        events += [(t_s, row, COMPLIANT) for row, t_s in enumerate(turns_s) if row not in settled]
    return StanceEvents(tuple(sorted(events)))
