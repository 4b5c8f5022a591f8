"""Measures that the record contradicts: dated facts against the simulations of a folder.

In: a run folder. Out: the fact that each contradicted measure is up against.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from sim.measure.bands import values_at
from sim.results.folder import RunFolder
from sim.scenario.tables.facts import FactRow, facts_of

MOST_AGAINST = 1 / 20
"""Share of the simulations that may contradict a fact, as one end of a range leaves out so many."""


class Contradiction(NamedTuple):
    """A dated fact that the simulations of a folder contradict.

    Attributes
    ----------
    fact
        The fact.
    median
        Median of its curve at its time.
    n_against, n_simulations
        Simulations that contradict it, of how many.
    """

    fact: FactRow
    median: float
    n_against: int
    n_simulations: int


def own_strategy(run: RunFolder) -> str:
    """Label of the strategy that is the scenario's own; empty where it is not in the folder.

    A strategy that was set for the run is not the one of which the record speaks.
    """
    overrides = run.manifest["scenario"].get("overrides", ())
    if any(str(one).startswith("strategy") for one in overrides):
        return ""
    own = run.scenario.get("strategy") or {}
    for one in run.manifest.get("strategies", ()):
        given = one.get("parameters", {}).items()
        if own and one["id"] == own["id"] and all(str(own.get(k, v)) == str(v) for k, v in given):
            return str(one["label"])
    return "" if "strategies" in run.manifest else run.strategies[0]


def contradictions(run: RunFolder) -> dict[str, Contradiction]:
    """Fact by each measure that the record contradicts.

    A fact is contradicted if the median of the simulations lies beyond it, or more than one in
    twenty of them.

    Raises
    ------
    DataError
        If the curves cannot be read.
    """
    own = own_strategy(run)
    found: dict[str, Contradiction] = {}
    for fact in facts_of(str(run.manifest["scenario"]["name"])) if own else ():
        at_s = (fact.at - run.start).total_seconds()
        if not 0 <= at_s < run.horizon_s or not run.has_curve(fact.curve, own):
            continue
        value = values_at(run.curve(fact.curve, own), np.array([int(at_s)]))[:, 0]
        against = int((value > fact.at_most).sum())
        median = float(np.median(value))
        if median > fact.at_most or against > MOST_AGAINST * value.size:
            met = Contradiction(fact, median, against, value.size)
            found |= dict.fromkeys(fact.metric_names, met)
    return found
