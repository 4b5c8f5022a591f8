"""Pressure on providers first."""

from functools import partial

import numpy as np

from sim.engine.coverage import block_around, open_fronts
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.strategies.provider_ranges import LargestPrefixes
from sim.engine.strategies.registry import register, seconds
from sim.scenario import strategies as ask
from sim.world.stances import HOSTILE

IN_TALKS = frozenset({"constructive", "compliant"})


def negotiate(talks_s: int, purity: float, shortest: int) -> Strategy:
    """Press providers first; block, by covering prefix, only what refuses.

    Really used: letters to Google, Apple and Amazon in April 2018; Zello; VPN orders in Spain 2026.

    Parameters
    ----------
    talks_s
        Time a provider is given from the discovery of the first front there; who is hostile has
        none.
    purity, shortest
        As for the covering prefix.
    """

    largest = LargestPrefixes(purity, shortest)

    def decide(observation: Observation) -> Decision:
        fronts = observation.fronts
        refusing, looks_s = [], []
        for provider_row in np.unique(fronts.provider_row).tolist():
            over_s = int(fronts.discovered_s[fronts.provider_row == provider_row].min()) + talks_s
            stance = observation.stance[provider_row]
            if stance == HOSTILE:
                refusing.append(provider_row)
            elif observation.t_s < over_s:
                looks_s.append(over_s)
            elif stance not in IN_TALKS:
                refusing.append(provider_row)
        rows = open_fronts(observation)
        rows = rows[np.isin(fronts.provider_row[rows], refusing)]
        around = partial(largest.around_front, observation)
        orders = block_around(observation, rows, around)
        return Decision(orders, min(looks_s, default=None))

    return decide


register(
    ask.Negotiate,
    negotiate,
    lambda asked, _: negotiate(seconds(asked.talks_h), asked.purity, asked.shortest),
)
