"""One strategy in one replicate, as a piece of work that any process can do.

In: resolved scenarios by case, a root seed. Out: for each case and replicate its measures, loss
sums and part of the tables. A result hangs on its key alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from sim.engine.run import Outcome, simulate
from sim.engine.strategies import build_strategy
from sim.experiment.executors.task import Key
from sim.measure.curve_values import CurveTime, measure_curves
from sim.measure.facts import RunFacts
from sim.measure.groups import GroupCount, count_groups
from sim.measure.hindsight import measure_regret
from sim.measure.impact import measure_impact, measure_ratios
from sim.measure.measures import Measure
from sim.measure.money.accounts import money_measures, price_losses
from sim.measure.money.losses import LossTotals, loss_totals
from sim.measure.money.moves import moves_of
from sim.measure.money.providers import (
    measure_named_businesses,
    measure_named_loss,
    price_providers,
)
from sim.measure.nothing import why_nothing
from sim.results.store import RunEncoder
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World, build_world


@dataclass(frozen=True)
class RunRecord:
    """What is kept of one run.

    Attributes
    ----------
    measures
        Measures of the run, those of money being medians over draws of their parameters.
    totals
        What it lost, to be priced again over all draws.
    tables
        Bytes of its part of each table, a Parquet file each; none unless asked for.
    groups
        Businesses hit by group; none unless tables are asked for.
    nothing
        What the run did not do, and why (``why_nothing``).
    """

    measures: tuple[Measure, ...]
    totals: LossTotals
    tables: Mapping[str, bytes] = field(default_factory=dict)
    groups: tuple[GroupCount, ...] = ()
    nothing: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """What is kept as plain values, each number exactly as it is; measures if no tables are."""
        measures = [
            [m.metric, m.unit, m.value, m.denominator, m.denominator_unit] for m in self.measures
        ]
        if not self.tables:
            return {"measures": measures}
        return {
            "measures": measures,
            "totals": {name: column.tolist() for name, column in vars(self.totals).items()},
            "groups": [list(vars(count).values()) for count in self.groups],
            "nothing": dict(self.nothing),
        }


def measures_of(facts: Mapping[str, Any]) -> tuple[Measure, ...]:
    """Measures of a run from its facts."""
    return tuple(Measure(*row) for row in facts["measures"])


def facts_of(key: Key, facts: Mapping[str, Any]) -> RunFacts:
    """What a run came to, from its plain values."""
    _, label, replicate = key
    totals = {name: np.array(column, np.float64) for name, column in facts["totals"].items()}
    return RunFacts(
        str(label),
        int(replicate),
        measures_of(facts),
        LossTotals(**totals),
        tuple(GroupCount(*row) for row in facts["groups"]),
        dict(facts["nothing"]),
    )


@dataclass(frozen=True, eq=False)
class Simulation:
    """A job: runs by case and replicate.

    Attributes
    ----------
    cases
        Resolved scenarios by the key of the case. The last part of it names the strategy: cases
        that have all parts before it in common are one scenario under several strategies, and meet
        the same worlds. The key of a run is that of its case with the replicate at the end.
    root_seed
        Root of all luck.
    with_tables
        Whether the tables of each run are kept.
    scratch
        Where a worker may put files for a moment; the system's own place when None.
    curve_times
        Curves whose values at some time are measured besides.
    """

    cases: Mapping[Key, Resolved]
    root_seed: int
    with_tables: bool = True
    scratch: Path | None = None
    curve_times: tuple[CurveTime, ...] = ()

    def begin(self) -> Callable[[Key], RunRecord]:
        """Set up in a worker."""
        return _Worker(self).run


def measure_outcome(
    resolved: Resolved, streams: Streams, world: World, outcome: Outcome
) -> tuple[tuple[Measure, ...], LossTotals]:
    """What is measured of a run in every scenario, and the loss sums it is priced from."""
    totals = loss_totals(world, outcome.ledger, moves_of(world, outcome))
    money = price_losses(resolved, streams, totals)
    providers = price_providers(resolved, streams, totals)
    found = (
        *measure_impact(world, outcome),
        *measure_regret(world, outcome),
        *measure_named_businesses(resolved, world, outcome),
        *money_measures(money),
        *measure_named_loss(resolved, money, providers),
    )
    return (*found, *measure_ratios(found)), totals


class _Worker:
    """Works off runs; the world of a replicate is built once for strategies that follow."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._world: tuple[Key, World] | None = None
        self._encoder: RunEncoder | None = None

    def run(self, key: Key) -> RunRecord:
        """Run one case in one replicate."""
        *case, replicate = key
        assert isinstance(replicate, int)
        resolved = self._simulation.cases[tuple(case)]
        streams = Streams(self._simulation.root_seed, replicate)
        world = self._world_of((*case[:-1], replicate), resolved, streams)
        outcome = simulate(world, build_strategy(resolved, streams), streams)
        found, totals = measure_outcome(resolved, streams, world, outcome)
        tables: Mapping[str, bytes] = {}
        groups: tuple[GroupCount, ...] = ()
        if self._simulation.with_tables:
            groups = count_groups(world, outcome)
            if self._encoder is None:
                self._encoder = RunEncoder(resolved.scenario.start)
            scratch = self._simulation.scratch
            is_here = scratch is not None and scratch.is_dir()
            tables = self._encoder.encode(
                str(case[-1]), replicate, world, outcome, scratch if is_here else None
            )
        measures = (*found, *measure_curves(outcome, self._simulation.curve_times))
        nothing = why_nothing(resolved, outcome, found)
        return RunRecord(measures, totals, tables, groups, nothing)

    def _world_of(self, key: Key, resolved: Resolved, streams: Streams) -> World:
        if self._world is None or self._world[0] != key:
            self._world = key, build_world(resolved, streams)
        return self._world[1]
