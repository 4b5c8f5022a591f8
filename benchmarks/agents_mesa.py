"""The replay of April 2018 as Mesa agents: a step is an hour.

In: a replay. Out: businesses affected, impaired, down at every full hour.
"""

from __future__ import annotations

import heapq

import mesa

from benchmarks.agents import S_PER_H, Business, Operator, Replay, Service, make_operators


class OperatorAgent(mesa.Agent):
    """Follows the register; in a step it does all that fell due since the last."""

    def __init__(self, model: ReplayModel, operator: Operator) -> None:
        super().__init__(model)
        self.operator = operator
        self.next_poll_s = operator.poll_phase_s
        self.due: list[tuple[int, bool, int]] = []

    def step(self) -> None:
        """Download, then start and stop what is due, up to this hour."""
        now_s, operator = self.model.now_s, self.operator
        while self.next_poll_s <= now_s:
            for t_s, entry, is_start in operator.download(self.next_poll_s):
                heapq.heappush(self.due, (t_s, is_start, entry))
            self.next_poll_s += operator.poll_interval_s
        while self.due and self.due[0][0] <= now_s:
            _, is_start, entry = heapq.heappop(self.due)
            operator.change(entry, is_start=is_start)


class BusinessAgent(mesa.Agent):
    """Looks at what fails, and tells the model when its level changes."""

    def __init__(
        self, model: ReplayModel, services: tuple[Service, ...], operators: list[Operator]
    ) -> None:
        super().__init__(model)
        self.business = Business(services, operators)

    def step(self) -> None:
        """Look once."""
        before = self.business.level
        level = self.business.look(self.model.thresholds)
        if level != before:
            self.model.n_at_level[before] -= 1
            self.model.n_at_level[level] += 1


class ReplayModel(mesa.Model):
    """Operators act before businesses look."""

    def __init__(self, replay: Replay) -> None:
        super().__init__(rng=1)
        self.now_s = 0
        self.thresholds = replay.thresholds
        self.n_at_level = [len(replay.businesses), 0, 0, 0]
        operators = make_operators(replay)
        for operator in operators:
            OperatorAgent(self, operator)
        for services in replay.businesses:
            BusinessAgent(self, services, operators)
        self.collector = mesa.DataCollector(
            {
                "affected": lambda model: sum(model.n_at_level[1:]),
                "impaired": lambda model: sum(model.n_at_level[2:]),
                "down": lambda model: model.n_at_level[3],
            }
        )

    def step(self) -> None:
        """One hour."""
        self.agents_by_type[OperatorAgent].do("step")
        self.agents_by_type[BusinessAgent].do("step")
        self.collector.collect(self)
        self.now_s += S_PER_H


def run(replay: Replay) -> list[tuple[int, int, int]]:
    """Businesses affected, impaired, down at every full hour."""
    model = ReplayModel(replay)
    for _ in range(replay.n_hours):
        model.step()
    collected = model.collector.model_vars
    return list(zip(collected["affected"], collected["impaired"], collected["down"], strict=True))
