"""The replay of April 2018: ours, as Mesa agents, and as one SimPy process a business.

In: numbers of businesses. Out: a table each, all measured in turn in one process, and the same
counts of businesses at every full hour, or no table.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from benchmarks import agents_simpy
from benchmarks.agents import S_PER_H, Replay, replay_of
from benchmarks.page import Promise, Section
from benchmarks.replicate import ROOT_SEED, run_in, scenario
from benchmarks.timing import Contest, Contestant, digits
from sim.engine.record.curves import BUSINESS_METRICS
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World, build_world

NAME = "telegram-2018-replay"
Counts = list[tuple[int, int, int]]
MESA, SIMPY, OURS = "Mesa agents", "SimPy, one process a business", "overblock"
_SAID = f"""\
From a world that is built to the counts of affected, impaired and down businesses at every full
hour of the 50 days of `{NAME}`, processor time. Operators and their lists are plain Python in both
others, by bisection; a business looks again only at operators whose list changed since, and counts
are kept by difference, since a user who cares for time would do so. Making agents or processes is
part of it, taking the world apart for them is not. All three give the same counts at every hour, or
the run ends. Ours keeps, besides, what each business lost, by role, sector and provider, and all
curves at the second of each change."""


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


def contest(case: Case, n_rounds_of_peers: int) -> Contest:
    """Ours against the others, each of which must give our counts at every full hour."""
    # Mesa comes with the extra `bench`, and takes a second to import.
    from benchmarks import agents_mesa

    n_businesses, n_hours = len(case.replay.businesses), case.replay.n_hours

    def ours() -> None:
        run_in(case.resolved, case.world, 1)

    return Contest(
        f"{n_businesses:,} businesses, {n_hours:,} hours",
        n_businesses * n_hours,
        "business-hour",
        [Contestant(OURS, ours)],
        [
            Contestant(name, lambda run=run: case.check(run(case.replay)), rounds=n_rounds_of_peers)
            for name, run in ((MESA, agents_mesa.run), (SIMPY, agents_simpy.run))
        ],
        f"At most {max(row[0] for row in case.expected):,} businesses are affected at once.",
    )


def measure(*, is_full: bool) -> Section:
    """Hold both contests."""
    parts, promises = [_SAID], []
    for n_businesses, asked, n_rounds in ((400, 60, 5), (10_000, 120, 3 if is_full else 1)):
        held = contest(Case.of(n_businesses), n_rounds)
        held.hold(n_rounds, 0.0, time.process_time)
        parts.append(held.to_markdown())
        ratio, peer = held.lead(OURS, (MESA,))
        promises.append(
            Promise(
                f"replay, {n_businesses:,} businesses, against {peer}", f"≥ {asked}×",
                f"{digits(ratio)}×", ratio >= asked,
            )
        )  # fmt: skip
    return Section("\n\n".join(parts), tuple(promises))
