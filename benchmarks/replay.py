"""The replay of April 2018: ours, as two writings of Mesa agents, as one SimPy process a business.

In: numbers of businesses. Out: a table each, all measured in turn in one process, and the same
counts of businesses at every full hour, or no table.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import agents_simpy, hotspots
from benchmarks.agents import S_PER_H, Replay, replay_of
from benchmarks.page import Promise, Section, table
from benchmarks.replicate import ROOT_SEED, run_in, scenario
from benchmarks.timing import Contest, Contestant, digits
from sim.engine.record.outcome import BUSINESS_METRICS, Outcome
from sim.engine.state.ledger import Group
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World, build_world

NAME = "telegram-2018-replay"
Counts = list[tuple[int, int, int]]
Run = Callable[[Replay], Counts]
STEPS, EVENTS = "Mesa agents, by hours", "Mesa agents, by events"
SIMPY, OURS = "SimPy, one process a business", "overblock"
ASKED = {400: 80, 10_000: 150}
"""Least ratio to both writings of the Mesa agents, by number of businesses."""
_SAID = f"""\
From a built world to the counts of affected, impaired and down businesses at every full hour of
the 50 days of `{NAME}`, processor time. Mesa agents are written twice, which gives a range. *By
hours*, each business checks each hour whether an operator's list changed. *By events*, on Mesa's
discrete-event scheduler, an operator polls only after a new version and notifies the businesses
whose failing share changed; this writing was fixed before it was timed against overblock. Most of
the lead over agents by hours comes from acting only on changes. Making agents or processes is
included, translating the world is not. All counts are equal at every hour, or the run ends.
overblock also records losses by role, sector and provider, and all curves at the second of each
change."""

_PROFILE = """\
### Where the time goes

Own time by part, with Python's profiler, which slows Python."""


def counts_at_hours(outcome: Outcome, n_hours: int) -> Counts:
    """Businesses affected, impaired, down at every full hour."""
    hours_s = np.arange(n_hours) * S_PER_H
    columns = []
    for metric in BUSINESS_METRICS:
        t_s, value = outcome.curves.points(metric, Group())
        columns.append(value[np.searchsorted(t_s, hours_s, side="right") - 1].astype(int).tolist())
    return list(zip(*columns, strict=True))


@dataclass(frozen=True)
class Case:
    """The replay with a number of businesses: for us, for the others, and what comes of it."""

    resolved: Resolved
    world: World
    replay: Replay
    expected: Counts

    @classmethod
    def of(cls, n_businesses: int) -> Case:
        """Build a world, take it apart, and run it once."""
        resolved = scenario(NAME, [f"population.n_businesses={n_businesses}"])
        streams = Streams(ROOT_SEED, 1)
        world = build_world(resolved, streams)
        replay = replay_of(resolved, world, streams)
        outcome = run_in(resolved, world, 1)
        return cls(resolved, world, replay, counts_at_hours(outcome, replay.n_hours))

    def run_ours(self) -> None:
        """Run it once more."""
        run_in(self.resolved, self.world, 1)

    def check(self, found: Counts) -> None:
        """Refuse other counts than ours.

        Raises
        ------
        AssertionError
            If they differ at any hour.
        """
        if found != self.expected:
            pairs = enumerate(zip(found, self.expected, strict=True))
            hour, (theirs, ours) = next(pair for pair in pairs if pair[1][0] != pair[1][1])
            raise AssertionError(f"hour {hour}: {theirs}, ours {ours}")


def contest(case: Case, peers: Mapping[str, Run], rounds: Mapping[str, int]) -> Contest:
    """Ours against the others, each of which must give our counts at every full hour."""
    n_businesses, n_hours = len(case.replay.businesses), case.replay.n_hours
    return Contest(
        f"{n_businesses:,} businesses, {n_hours:,} hours",
        n_businesses * n_hours,
        "business-hour",
        [Contestant(OURS, case.run_ours)],
        [
            Contestant(name, lambda run=run: case.check(run(case.replay)), rounds=rounds[name])
            for name, run in peers.items()
        ],
        f"At most {max(row[0] for row in case.expected):,} businesses are affected at once.",
    )


def profile(cases: Sequence[Case], run: Run) -> str:
    """Where ours and one of the others spend their time."""
    tables = []
    for name, part, calls in (
        (OURS, hotspots.part_of, [case.run_ours for case in cases]),
        (EVENTS, _function_of, [partial(run, case.replay) for case in cases]),
    ):
        found = [hotspots.profiled(call, part)[0] for call in calls]
        told = [
            of
            for of, _ in sum(found, Counter()).most_common()
            if max(one[of] for one in found) >= 0.1
        ]
        rows = [[of, *(f"{one[of]:.0%}" for one in found)] for of in told]
        tables.append(table([name, *(f"{len(case.replay.businesses):,}" for case in cases)], rows))
    return "\n\n".join([_PROFILE, *tables])


def _function_of(file: str, function: str) -> str:
    return f"`{function}`" if Path(file).stem == "agents_mesa" else hotspots.part_of(file, function)


def measure(*, is_full: bool) -> Section:
    """Hold both contests."""
    # Mesa comes with the extra `bench`, and takes a second to import.
    from benchmarks import agents_mesa

    mesa = {EVENTS: agents_mesa.run_events, STEPS: agents_mesa.run}
    parts, promises, cases = [_SAID], [], []
    for n_businesses, asked in ASKED.items():
        n_rounds = 5 if is_full or n_businesses < 1_000 else 1
        rounds = {EVENTS: 5, STEPS: n_rounds, SIMPY: n_rounds}
        cases.append(Case.of(n_businesses))
        held = contest(cases[-1], mesa | {SIMPY: agents_simpy.run}, rounds)
        held.hold(5, 0.0, time.process_time)
        parts.append(held.to_markdown())
        ratios = sorted(held.lead(OURS, (name,))[0] for name in mesa)
        promises.append(
            Promise(
                f"replay, {n_businesses:,} businesses, against both writings of Mesa agents",
                f"≥ {asked}×", "–".join(map(digits, ratios)) + "×", ratios[0] >= asked,
            )
        )  # fmt: skip
    parts.append(profile(cases, agents_mesa.run_events))
    return Section("\n\n".join(parts), tuple(promises))
