"""The replay of April 2018 as Mesa agents, written twice: by steps of an hour, and by events.

In: a replay. Out: businesses affected, impaired, down at every full hour. By steps, every business
looks at every operator each hour. By events, an agent acts only when something changes for it:
operators poll only after a new version, know which addresses each entry contains, and notify the
businesses whose share of failing attempts changed.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections import defaultdict
from operator import mul

import mesa
import numpy as np
from mesa.experimental.devs import DEVSimulator

from benchmarks.agents import S_PER_H, Business, Operator, Replay, Service, make_operators

Counts = tuple[int, int, int]


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


def run(replay: Replay) -> list[Counts]:
    """Businesses affected, impaired, down at every full hour."""
    model = ReplayModel(replay)
    for _ in range(replay.n_hours):
        model.step()
    collected = model.collector.model_vars
    return list(zip(collected["affected"], collected["impaired"], collected["down"], strict=True))


class Components:
    """Distinct sets of addresses that businesses need, as columns.

    ``owner`` has the component of each address used, in ascending sequence of addresses.
    ``reach`` has the slices of it that each entry contains.
    """

    def __init__(self, replay: Replay) -> None:
        rows: dict[tuple[tuple[int, ...], bool], int] = {}
        self.parts = [
            [
                (rows.setdefault((one.addresses, one.is_spread), len(rows)), one.weight)
                for one in services
            ]
            for services in replay.businesses
        ]
        self.size = np.array([len(addresses) for addresses, _ in rows])
        self.is_spread = np.array([is_spread for _, is_spread in rows])
        address = np.array([address for addresses, _ in rows for address in addresses])
        order = np.argsort(address)
        self.owner = np.repeat(np.arange(len(rows)), self.size)[order]
        self.reach = [
            [slice(*np.searchsorted(address[order], pair)) for pair in entry.intervals]
            for entry in replay.entries
        ]
        self.users: list[list[EventBusiness]] = [[] for _ in rows]


class EventOperator(mesa.Agent):
    """Polls after each new version of the register, and notifies the businesses it cuts off."""

    def __init__(self, model: EventModel, operator: Operator) -> None:
        super().__init__(model)
        self.operator = operator
        self.n_entries = np.zeros(model.components.owner.size, np.int16)
        self.n_dropped = np.zeros(model.components.size.size, np.int64)
        self.failing = [0.0] * model.components.size.size
        phase_s, interval_s = operator.poll_phase_s, operator.poll_interval_s
        n_polls = {max(0, -(-(t_s - phase_s) // interval_s)) for t_s, _ in operator.versions}
        for n in n_polls:
            model.clock.schedule_event_absolute(self.poll, phase_s + n * interval_s)

    def poll(self) -> None:
        """Download the register, and schedule what changes at one time as one event."""
        clock = self.model.clock
        due = defaultdict(list)
        for t_s, entry, is_start in self.operator.download(clock.time):
            due[t_s, is_start].append(entry)
        for (t_s, is_start), entries in due.items():
            clock.schedule_event_absolute(self.change, t_s, function_args=[entries, is_start])

    def change(self, entries: list[int], is_start: bool) -> None:
        """Start or stop enforcing entries; notify businesses for which more or less fails now."""
        components, step = self.model.components, 1 if is_start else -1
        changed = []
        for entry in entries:
            if is_start and entry not in self.operator.start_s:
                continue
            for reach in components.reach[entry]:
                n_entries = self.n_entries[reach]
                n_entries += step
                # Dropped from the first entry on, reachable again after the last.
                changed.append(components.owner[reach][n_entries == is_start])
        if not changed:
            return
        owners = np.concatenate(changed)
        np.add.at(self.n_dropped, owners, step)
        rows = np.unique(owners)
        n_dropped, size = self.n_dropped[rows], components.size[rows]
        failing = np.where(components.is_spread[rows], n_dropped / size, n_dropped == size)
        touched: set[EventBusiness] = set()
        for row, share in zip(rows.tolist(), failing.tolist(), strict=True):
            if share != self.failing[row]:
                self.failing[row] = share
                touched.update(components.users[row])
        for business in touched:
            business.look(self)


class EventBusiness(mesa.Agent):
    """Knows what share of its demand fails at each operator."""

    def __init__(self, model: EventModel, parts: list[tuple[int, float]], n_operators: int) -> None:
        super().__init__(model)
        self.parts = parts
        self.failing = [0.0] * n_operators
        self.level = 0
        for component, _ in parts:
            model.components.users[component].append(self)

    def look(self, operator: EventOperator) -> None:
        """Look at one operator; be counted at the next full hour if something changed."""
        passing, failing, row = 1.0, operator.failing, operator.operator.row
        for component, weight in self.parts:
            passing *= 1.0 - weight * failing[component]
        if self.failing[row] != 1.0 - passing:
            self.failing[row] = 1.0 - passing
            self.model.await_count(self)


class EventModel(mesa.Model):
    """Counts businesses again at full hours before which one of them changed."""

    def __init__(self, replay: Replay) -> None:
        super().__init__(rng=1)
        self.clock = DEVSimulator()
        self.clock.setup(self)
        self.components = Components(replay)
        self.thresholds = replay.thresholds
        self.shares = [columns["share_users"] for columns in replay.operators]
        self.n_at_level = [len(replay.businesses), 0, 0, 0]
        self.counts: list[Counts] = []
        self.changed: set[EventBusiness] = set()
        self.operators = [EventOperator(self, operator) for operator in make_operators(replay)]
        for parts in self.components.parts:
            EventBusiness(self, parts, len(self.operators))

    def await_count(self, business: EventBusiness) -> None:
        """Note a business that changed, to be counted at the next full hour."""
        if not self.changed:
            hour_s = -(-self.clock.time // S_PER_H) * S_PER_H
            self.clock.schedule_event_absolute(self.count, hour_s)
        self.changed.add(business)

    def count(self) -> None:
        """Count each business that changed under its new level."""
        self.keep_until(self.clock.time // S_PER_H)
        for business in self.changed:
            lost = sum(map(mul, self.shares, business.failing))
            level = bisect_left(self.thresholds, lost)
            self.n_at_level[business.level] -= 1
            self.n_at_level[level] += 1
            business.level = level
        self.changed.clear()

    def keep_until(self, hour: int) -> None:
        """Keep the present counts for all hours before one."""
        _, affected, impaired, down = self.n_at_level
        counts = affected + impaired + down, impaired + down, down
        self.counts.extend([counts] * (hour - len(self.counts)))


def run_events(replay: Replay) -> list[Counts]:
    """Businesses affected, impaired, down at every full hour, by events."""
    model = EventModel(replay)
    model.clock.run_until(replay.horizon_s)
    model.keep_until(replay.n_hours)
    return model.counts
