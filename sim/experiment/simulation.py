"""The job that executors run: simulate one strategy in one replicate, and measure it.

A result depends on its key alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.measures import USD
from sim.engine.record.outcome import Outcome
from sim.engine.strategies import build_strategy
from sim.engine.strategies.calendars import seconds_of, sessions_of
from sim.engine.strategies.registry import rule_of
from sim.experiment.draws import Draws
from sim.experiment.executors.task import Key
from sim.measure.bands import MOST_TIMES, even_step
from sim.measure.facts import group_columns, measure_columns
from sim.measure.groups import count_groups, count_in, count_unknown
from sim.measure.impact import measure_impact, measure_ratios
from sim.measure.measures import Measure, given_in, measure_own, own_measures
from sim.measure.money import pricing
from sim.measure.money.accounts import count_money, money_measures
from sim.measure.money.losses import loss_totals
from sim.measure.sites import session_columns, site_columns
from sim.results.parquet import ColumnData
from sim.results.store import SITE_RUNS, SITE_SESSION_RUNS, encode_run
from sim.scenario.own import trust
from sim.scenario.resolve import Resolved
from sim.scenario.strategies import Own, windows_of_order
from sim.scenario.tables.inventory import Inventory
from sim.streams import Streams
from sim.world.build import World, build_world


@dataclass(frozen=True)
class RunRecord:
    """The result of one run."""

    measures: tuple[Measure, ...]
    """Its measures."""
    tables: Mapping[str, bytes] = field(default_factory=dict)
    """Bytes of a Parquet file for each table; none unless tables are asked for."""

    def kept(self) -> dict[str, Any]:
        """Return its measures as plain values."""
        return {"measures": [[*vars(one).values()] for one in self.measures]}


@dataclass(frozen=True, eq=False)
class Simulation:
    """A job: runs by case and replicate."""

    cases: Mapping[Key, Resolved]
    """Resolved scenarios by the key of the case, whose last part names the strategy. Cases that
    differ in that part alone are one scenario under several strategies, and share their worlds,
    unless their sites have other addresses. The key of a run is that of its case followed by
    the replicate."""
    root_seed: int
    """Root of all random streams."""
    with_tables: bool = True
    """Whether the tables of each run are kept."""
    scratch: Path | None = None
    """Folder for temporary files of workers; the system's when None."""
    draws: Draws | None = None
    """Of an ensemble: replicates are its members."""

    def __post_init__(self) -> None:
        """Run code of the user's own here first, where the user let it run.

        Raises
        ------
        OwnCodeError
            If the user did not, or it fails.
        """
        for resolved in {id(one): one for one in self.cases.values() if one.code}.values():
            if isinstance(asked := resolved.scenario.strategy, Own):
                rule_of(asked, resolved)
            list(own_measures(resolved))

    def begin(self) -> Callable[[Key], RunRecord]:
        """Set up in a worker, where the same code may run."""
        trust(table.sha256 for resolved in self.cases.values() for table in resolved.code)
        return _Worker(self).run


def measure_outcome(
    resolved: Resolved, streams: Streams, n_money_draws: int, *, world: World, outcome: Outcome
) -> tuple[tuple[Measure, ...], pricing.Priced]:
    """Measures of a run other than those at chosen times, and the losses priced for them."""
    totals = loss_totals(world, outcome, resolved.inventory)
    priced = pricing.price_run(resolved, streams, totals, n_money_draws)
    found = (
        *count_unknown(measure_impact(world, outcome), resolved, world, outcome),
        *pricing.measure_named_businesses(resolved, world, outcome),
        *money_measures(priced.money, has_reactions=resolved.responses is not None),
        *pricing.measure_named_loss(resolved, priced.money, priced.providers),
    )
    found = tuple(given_in(resolved.amounts, (*found, *measure_ratios(found))))
    return (*found, *measure_own(resolved, world, outcome)), priced


class _Worker:
    """Simulates runs; strategies that follow each other in one replicate share its world."""

    def __init__(self, simulation: Simulation) -> None:
        self._simulation = simulation
        self._world: tuple[Key, Inventory | None, World] | None = None

    def run(self, key: Key) -> RunRecord:
        """Run one case in one replicate."""
        # Who reads results imports this module, and no compiled loops.
        from sim.engine.run import simulate

        label, replicate = str(key[-2]), int(key[-1])
        draws = self._simulation.draws
        resolved = self._simulation.cases[key[:-1]]
        streams = of_prices = Streams(self._simulation.root_seed, replicate)
        if draws is not None:
            resolved = draws.point(replicate, label).change(resolved)
            streams, of_prices = draws.streams(replicate), draws.input_streams(replicate)
        world = self._world_of((*key[:-2], replicate), resolved, streams)
        strategy = build_strategy(resolved, streams)
        # Groups are recorded for tables; nobody else reads them.
        has_sites = self._simulation.with_tables and world.businesses.sites is not None
        outcome = simulate(
            world, strategy, streams, has_groups=self._simulation.with_tables,
            sessions_s=sessions_of(resolved) if has_sites else (),
        )  # fmt: skip
        # A member has one draw of every uncertain input, prices included.
        n_prices = pricing.N_DRAWS if draws is None else 1
        found, priced = measure_outcome(resolved, of_prices, n_prices, world=world, outcome=outcome)
        tables: Mapping[str, bytes] = {}
        if self._simulation.with_tables:
            scratch = self._simulation.scratch
            scratch = scratch if scratch is not None and scratch.is_dir() else None
            counts = (
                *count_groups(world, outcome),
                *count_money(resolved, of_prices, priced, n_prices),
            )
            measured: dict[str, Mapping[str, ColumnData]]
            amounts = resolved.amounts
            groups = group_columns(tuple(count_in(amounts, counts)), amounts.currency)
            measured = {"measures": measure_columns(found), "hits": groups}
            if has_sites:
                measured[SITE_RUNS] = site_columns(resolved, world, outcome, priced.prices)
                measured[SITE_SESSION_RUNS] = session_columns(world, outcome)
            # Hundreds of members are read at some times; single runs at every change.
            at_s = None if draws is None else _kept_times(resolved)
            tables = encode_run(
                label, replicate, world, outcome, start=resolved.scenario.start, folder=scratch,
                is_in_usd=amounts.currency == USD, measured=measured, at_s=at_s,
            )  # fmt: skip
        return RunRecord(tuple(found), tables)

    def _world_of(self, key: Key, resolved: Resolved, streams: Streams) -> World:
        held = self._world
        is_known = held is not None and held[0] == key and held[1] is resolved.inventory
        # A strategy with tables of its own may need other parts of IPv6 told apart.
        if held is None or not is_known or held[2].places.line != resolved.line:
            held = self._world = key, resolved.inventory, build_world(resolved, streams)
        return held[2]


def _kept_times(resolved: Resolved) -> NDArray[np.int64]:
    """Even times, and those of given orders and right before, unless these are very many."""
    scenario = resolved.scenario
    windows = [one for each in resolved.given_orders for one in windows_of_order(each, scenario)]
    given_s = np.unique(np.array(seconds_of(windows, scenario.start), np.int64))
    if given_s.size > MOST_TIMES // 2:
        given_s = given_s[:0]
    even_s = np.arange(0, scenario.horizon_s, even_step(scenario.horizon_s))
    at_s = np.union1d(even_s, np.append(given_s - 1, given_s))
    return at_s[(at_s >= 0) & (at_s < scenario.horizon_s)]
