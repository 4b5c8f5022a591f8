"""The replay of April 2018 as SimPy processes: one for each operator, each change, each business.

In: a replay. Out: businesses affected, impaired, down at every full hour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import simpy

from benchmarks.agents import S_PER_H, Business, Operator, Replay, make_operators

AFTER_S = 0.5
"""Times are whole seconds: so long after one, all that happens in it has happened."""


def follow(env: simpy.Environment, operator: Operator) -> Iterator[simpy.Event]:
    """Download at every poll, and see to what is to be done."""
    yield env.timeout(operator.poll_phase_s)
    while True:
        for t_s, entry, is_start in operator.download(int(env.now)):
            env.process(change(env, operator, t_s - env.now, entry, is_start=is_start))
        yield env.timeout(operator.poll_interval_s)


def change(
    env: simpy.Environment, operator: Operator, wait_s: float, entry: int, *, is_start: bool
) -> Iterator[simpy.Event]:
    """Start or stop enforcing one entry after a lag."""
    yield env.timeout(wait_s)
    operator.change(entry, is_start=is_start)


def watch(
    env: simpy.Environment,
    business: Business,
    thresholds: Sequence[float],
    counts: list[list[int]],
) -> Iterator[simpy.Event]:
    """Look at every full hour, and count the business there under its level."""
    yield env.timeout(AFTER_S)
    while True:
        level = business.look(thresholds)
        if level:
            at_hour = counts[int(env.now) // S_PER_H]
            for least in range(level):
                at_hour[least] += 1
        yield env.timeout(S_PER_H)


def run(replay: Replay) -> list[tuple[int, int, int]]:
    """Businesses affected, impaired, down at every full hour."""
    env = simpy.Environment()
    operators = make_operators(replay)
    counts = [[0, 0, 0] for _ in range(replay.n_hours)]
    for operator in operators:
        env.process(follow(env, operator))
    for services in replay.businesses:
        env.process(watch(env, Business(services, operators), replay.thresholds, counts))
    env.run(until=replay.horizon_s)
    return [(affected, impaired, down) for affected, impaired, down in counts]
