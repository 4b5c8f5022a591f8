"""Numbers read off simulated scenarios, one run for all cases that share it.

In: cases with run predictors. Out: by case, what each simulation gave. Cases are grouped by
scenario and overrides, so that each world is simulated once per member. It is one file, since a
group of cases is what one run is read for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.backtest.counts import group_of, read_off, taken
from sim.backtest.refusals import COMPLAINTS, problems_of
from sim.backtest.verdicts import CONDITIONED, PRIOR
from sim.catalogue.choices import PRICED
from sim.engine.eventlog import Kind
from sim.engine.record.curves import Curves
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.engine.strategies import build_strategy
from sim.errors import Problem, ProblemsError, ScenarioError
from sim.experiment.draws import Draws, lay_members
from sim.experiment.executors.task import Key
from sim.experiment.kept import Kept, shipped_kept
from sim.measure.impact import measure_impact
from sim.measure.money.accounts import price_losses
from sim.measure.money.losses import loss_totals, moves_of
from sim.measure.money.pricing import (
    MONEY_METRICS,
    NAMED_LOSS,
    measure_named_businesses,
    named_loss,
    price_providers,
)
from sim.measure.uptake import with_uptake
from sim.scenario.cases import PlacedCase
from sim.scenario.load import load_scenario
from sim.scenario.predictors import RunPredictor
from sim.scenario.readings import RunReading
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import own_variant
from sim.streams import Streams
from sim.world.build import World, build_world

MAX_RUNS = 100
"""Distinct scenarios of one scoring: a case file may be a stranger's."""


@dataclass(frozen=True, eq=False)
class RunGroup:
    """One scenario and the cases that are read off it.

    Attributes
    ----------
    name
        Scenario as the cases name it.
    resolved
        Scenario and tables.
    cases
        What is read.
    """

    name: str
    resolved: Resolved
    cases: tuple[PlacedCase, ...]

    @property
    def root_seed(self) -> int:
        """Root of all random numbers: the scenario's own, 0 where it has none."""
        return self.resolved.scenario.root_seed or 0

    @property
    def kept(self) -> Kept | None:
        """Shipped simulations that agree with the record; None where there are none of this."""
        table = shipped_kept(self.resolved)
        is_other = table is not None and table.why_not(self.resolved, self.root_seed)
        return None if is_other else table


def group_runs(placed: Sequence[PlacedCase], overrides: Sequence[str] = ()) -> list[RunGroup]:
    """Group cases by scenario and overrides, in the sequence they come.

    A run ends where the last of its cases is read, if all of them say a time.

    Parameters
    ----------
    overrides
        Of all scenarios, before those of their cases.

    Raises
    ------
    ScenarioError
        With every scenario that cannot be run, and every curve, event, measure and time it has not.
    """
    grouped: dict[tuple[str, tuple[str, ...]], list[PlacedCase]] = {}
    for each in placed:
        predictor = _predictor(each)
        key = _find(each, predictor.scenario), tuple(predictor.overrides)
        grouped.setdefault(key, []).append(each)
    problems: list[Problem] = []
    groups = []
    if len(grouped) > MAX_RUNS:
        message = f"expected at most {MAX_RUNS} different scenarios and overrides, got more"
        raise ScenarioError([placed[-1].problem("predictor.scenario", message)])
    for (name, own), members in grouped.items():
        try:
            resolved = resolve(load_scenario(name, [*overrides, *own]))
        except ProblemsError as error:
            about = members[0].problem("predictor.scenario", "expected a scenario that can be run")
            problems += [about, *error.problems]
            continue
        found = [
            problem
            for each in members
            for problem in problems_of(_predictor(each), resolved, partial(_problem, each))
        ]
        problems += found
        last = _last_read(members)
        if not found and last is not None and last < resolved.scenario.end:
            # What comes later moves nothing before it.
            cut = f"end={last.isoformat()}"
            resolved = resolve(load_scenario(name, [*overrides, *own, cut]))
        groups.append(RunGroup(_predictor(members[0]).scenario, resolved, tuple(members)))
    if problems:
        raise ScenarioError(problems)
    return groups


@dataclass(frozen=True)
class Reading:
    """Reading cases off simulations, as work that any process can do.

    A key is (group, member, ``PRIOR`` or ``CONDITIONED``).

    Attributes
    ----------
    draws
        By ensemble, those of each group; None for a group without kept simulations.
    """

    groups: tuple[RunGroup, ...]
    draws: Mapping[str, tuple[Draws | None, ...]]

    def begin(self) -> Callable[[Key], dict[str, NDArray[np.float64]]]:
        """Return what reads one member of one group."""

        def work(key: Key) -> dict[str, NDArray[np.float64]]:
            row, member = int(key[0]), int(key[1])
            group, draws = self.groups[row], self.draws[str(key[2])][row]
            assert draws is not None
            label = group.resolved.scenario.strategy.id
            changed = draws.point(member, label, group.resolved).change(group.resolved)
            readings = {each.case.id: _predictor(each) for each in group.cases}
            return read_run(changed, draws.root_seed, int(draws.number[member]), readings)

        return work


def draws_of(groups: Sequence[RunGroup], n_members: int) -> dict[str, tuple[Draws | None, ...]]:
    """Draws of each group by ensemble, the first of those that are kept of a scenario."""
    kept = tuple(
        None
        if (table := group.kept) is None
        else lay_members([own_variant(group.resolved)], table.draw[:n_members], table.root_seed)
        for group in groups
    )
    prior = tuple(
        lay_members([own_variant(group.resolved)], range(n_members), group.root_seed)
        for group in groups
    )
    return {PRIOR: prior, CONDITIONED: kept}


def read_run(
    resolved: Resolved,
    root_seed: int,
    replicate: int,
    readings: Mapping[str, RunReading],
) -> dict[str, NDArray[np.float64]]:
    """Simulate a scenario once and read numbers off it.

    Returns
    -------
    numbers
        By name, an array of one number; NaN where it is not known.
    """
    # Who reads scores imports this module, and no compiled loops.
    from sim.engine.run import simulate

    streams = Streams(root_seed, replicate)
    world = build_world(resolved, streams)
    has_groups = any(reading.is_of_a_group for reading in readings.values())
    strategy = build_strategy(resolved, streams)
    outcome = simulate(world, strategy, streams, has_groups=has_groups)
    outcome = with_uptake(world, outcome)
    wanted = {reading.measure for reading in readings.values()} - {""}
    measured = {COMPLAINTS: np.array([outcome.n_complaints])}
    if wanted - measured.keys():
        measured |= {
            measure.metric: np.array([measure.value])
            for measure in (
                *measure_impact(world, outcome),
                *measure_named_businesses(resolved, world, outcome),
            )
        }
    if wanted & {*PRICED}:
        measured |= _money(resolved, streams, world, outcome)
    return {
        name: _read(reading, measured, outcome, world, resolved)
        for name, reading in readings.items()
    }


def _last_read(members: Sequence[PlacedCase]) -> datetime | None:
    """When the last of some cases has been read; None where one of them is of the whole run."""
    last = [_predictor(each).is_read_by for each in members]
    return None if None in last else max(one for one in last if one is not None)


def _problem(placed: PlacedCase, key: str, message: str) -> Problem:
    return placed.problem(f"predictor.{key}", message)


def _predictor(placed: PlacedCase) -> RunPredictor:
    predictor = placed.case.predictor
    assert isinstance(predictor, RunPredictor)
    return predictor


def _find(placed: PlacedCase, name: str) -> str:
    """Shipped scenario by name, or the path of a file beside the case file."""
    is_file = name.endswith((".yaml", ".yml"))
    return str(placed.file.path.parent / name) if is_file else name


def _money(
    resolved: Resolved, streams: Streams, world: World, outcome: Outcome
) -> dict[str, NDArray[np.float64]]:
    """Money of one simulation, by metric, with one draw of all prices."""
    totals = loss_totals(world, outcome.ledger, moves_of(world, outcome), resolved.inventory)
    money = price_losses(resolved, streams, totals, 1)
    providers = price_providers(resolved, streams, totals, 1)
    found = {metric: getattr(money, metric).sum(axis=1) for metric in MONEY_METRICS}
    return {**found, NAMED_LOSS: named_loss(resolved, providers)}


def _read(
    reading: RunReading,
    measured: dict[str, NDArray[np.float64]],
    outcome: Outcome,
    world: World,
    resolved: Resolved,
) -> NDArray[np.float64]:
    start = resolved.scenario.start
    at_s = None if reading.at is None else _seconds(reading.at, start)
    since_s = 0 if reading.since is None else _seconds(reading.since, start)
    until_s = world.horizon_s if reading.until is None else _seconds(reading.until, start)
    if reading.measure:
        # What the scenario has not is told by `why_not_measured`.
        value = measured.get(reading.measure, np.array([np.nan]))
    elif reading.event:
        events = outcome.events
        is_counted = events.kind == int(Kind[reading.event.upper()])
        is_counted &= (events.t_s >= since_s) & (events.t_s < until_s)
        value = np.array([float(np.count_nonzero(is_counted))])
    elif reading.first_outage:
        first_s = outcome.ledger.first_outage_s
        value = np.array([float(np.count_nonzero((first_s >= since_s) & (first_s < until_s)))])
    elif reading.curve:
        group = group_of(reading, world)
        value = _read_curve(reading, outcome.curves, group, at_s, (since_s, until_s))
    else:
        is_timed = reading.since is not None or reading.until is not None
        # What is listed ever is so in the whole run; of businesses the ledger tells that.
        is_timed |= reading.listed is not None
        span_s = (since_s, until_s) if is_timed else None
        value = np.array([read_off(reading, resolved, world, outcome, at_s, span_s)])
    return np.asarray(1 - value if reading.is_complement else value)


def _read_curve(
    reading: RunReading,
    curves: Curves,
    group: Group,
    at_s: int | None,
    span_s: tuple[int, int],
) -> NDArray[np.float64]:
    """Value of a curve at a time, or its largest or smallest over a time; NaN without it."""
    try:
        t_s, value = curves.points(reading.curve, group)
    except KeyError:
        return np.array([np.nan])
    if reading.is_relative_to_start:
        value = value / value[0] if value[0] else np.full(value.shape, np.nan)
    if at_s is not None:
        return value[np.searchsorted(t_s, at_s, side="right") - 1 :][:1]
    first = max(0, int(np.searchsorted(t_s, span_s[0], side="right")) - 1)
    mine = slice(first, max(first + 1, int(np.searchsorted(t_s, span_s[1]))))
    return np.array([taken(t_s[mine], value[mine], span_s, reading.take, reading.level)])


def _seconds(time: datetime, start: datetime) -> int:
    return int((time - start).total_seconds())
