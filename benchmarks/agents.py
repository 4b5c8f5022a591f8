"""The replay of April 2018 one object a business, for other simulators: what they share.

In: a world and its orders as plain Python values. Out: operators that follow the register, and
businesses that look at them every full hour. Written as a competent user of those simulators would:
sets of intervals are looked up by bisection, the published versions of a register whose orders are
dated are worked out beforehand, and a business asks an operator again only after its list changed.
It knows no compiled code and no columns.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sim.engine.actors.operators import Compliance
from sim.engine.strategies.calendars import time_orders
from sim.scenario.resolve import Resolved
from sim.scenario.strategies import Replay as Replayed
from sim.streams import Streams
from sim.world.build import World

S_PER_H = 3600
ROUNDING = 1e-12
"""A share that equals a threshold but for rounding is not above it."""
Interval = tuple[int, int]
Version = tuple[int, frozenset[int]]


@dataclass(frozen=True)
class Entry:
    """One entry of the register: its addresses, and which operators enforce it."""

    intervals: tuple[Interval, ...]
    is_enforced_by: tuple[bool, ...]


@dataclass(frozen=True)
class Service:
    """What a business needs: addresses, of which one is enough or each user meets one."""

    addresses: tuple[int, ...]
    is_spread: bool
    weight: float

    def share_failing(self, operator: Operator) -> float:
        """Share of attempts of an operator's users that fail."""
        if not self.is_spread:
            return float(all(operator.drops(address) for address in self.addresses))
        return sum(operator.drops(address) for address in self.addresses) / len(self.addresses)


@dataclass(frozen=True)
class Replay:
    """Everything that happens from outside: entries, versions, operators, businesses."""

    horizon_s: int
    thresholds: tuple[float, float, float]
    entries: tuple[Entry, ...]
    versions: tuple[Version, ...]
    operators: tuple[dict[str, float], ...]
    businesses: tuple[tuple[Service, ...], ...]

    @property
    def n_hours(self) -> int:
        """Full hours of the run, the first at its start."""
        return -(-self.horizon_s // S_PER_H)


@dataclass
class Operator:
    """One operator group: what it saw of the register, what it expects to do, and what it drops."""

    row: int
    entries: Sequence[Entry]
    versions: Sequence[Version]
    share_users: float
    poll_interval_s: int
    poll_phase_s: int
    apply_lag_s: int
    release_lag_s: int
    n_changes: int = 0
    seen: frozenset[int] = frozenset()
    start_s: dict[int, int] = field(default_factory=dict)
    enforced: set[int] = field(default_factory=set)
    starts: list[int] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)

    def download(self, t_s: int) -> Iterator[tuple[int, int, bool]]:
        """Look at the register; yield what is to be done: when, with which entry, start or stop."""
        last = bisect_right(self.versions, t_s, key=lambda version: version[0]) - 1
        listed = self.versions[last][1] if last >= 0 else frozenset()
        appeared, vanished = sorted(listed - self.seen), sorted(self.seen - listed)
        self.seen = listed
        for entry in appeared:
            if self.entries[entry].is_enforced_by[self.row]:
                self.start_s[entry] = t_s + self.apply_lag_s
                yield self.start_s[entry], entry, True
        for entry in vanished:
            stop_s = t_s + self.release_lag_s
            if self.start_s.get(entry, stop_s) < stop_s:
                yield stop_s, entry, False
            else:
                self.start_s.pop(entry, None)

    def change(self, entry: int, *, is_start: bool) -> None:
        """Start or stop enforcing one entry."""
        if not is_start:
            self.enforced.discard(entry)
        elif entry in self.start_s:
            self.enforced.add(entry)
        self.n_changes += 1
        intervals = _union(pair for row in self.enforced for pair in self.entries[row].intervals)
        self.starts = [start for start, _ in intervals]
        self.stops = [stop for _, stop in intervals]

    def drops(self, address: int) -> bool:
        """Whether attempts to an address fail."""
        row = bisect_right(self.starts, address) - 1
        return row >= 0 and address < self.stops[row]


class Business:
    """One business: what share of its demand fails, as of the last full hour."""

    def __init__(self, services: Sequence[Service], operators: Sequence[Operator]) -> None:
        self.services = services
        self.operators = operators
        self.known = [0] * len(operators)
        self.failing = [0.0] * len(operators)
        self.level = 0

    def look(self, thresholds: Sequence[float]) -> int:
        """Look at operators whose list changed since; return the level from 0 to 3."""
        is_new = False
        for row, operator in enumerate(self.operators):
            if operator.n_changes != self.known[row]:
                self.known[row] = operator.n_changes
                passing = 1.0
                for service in self.services:
                    passing *= 1.0 - service.weight * service.share_failing(operator)
                self.failing[row] = 1.0 - passing
                is_new = True
        if is_new:
            pairs = zip(self.operators, self.failing, strict=True)
            lost = sum(operator.share_users * failing for operator, failing in pairs)
            self.level = sum(lost > threshold for threshold in thresholds)
        return self.level


def make_operators(replay: Replay) -> list[Operator]:
    """All operators, which drop nothing yet."""
    return [
        Operator(row, replay.entries, replay.versions, **columns)
        for row, columns in enumerate(replay.operators)
    ]


def replay_of(resolved: Resolved, world: World, streams: Streams) -> Replay:
    """Take a world apart into plain values.

    Raises
    ------
    ValueError
        If something acts in the scenario that this model does not know.
    """
    if (
        world.users
        or world.pools
        or world.reactions
        or world.stays
        or any(kind != "none" for kind in world.operators.overload)
    ):
        raise ValueError("a replay in which somebody reacts")
    scenario, operators = resolved.scenario, world.operators
    timed = time_orders(Replayed.model_construct(id="replay"), resolved, streams)
    entries: list[Entry] = []
    compliance = Compliance(operators.compliance, operators.luck_row, streams)
    held: list[int] = []
    keys: list[tuple[Interval, ...]] = []
    changes: list[Version] = []
    for t_s, order in timed:
        bounds = order.addresses.start.tolist(), order.addresses.stop.tolist()
        intervals = tuple(zip(*bounds, strict=True))
        if order.action == "block":
            luck = compliance.enforces((intervals[0][0], intervals[-1][1] - 1))
            held.append(len(entries))
            keys.append(intervals)
            entries.append(Entry(intervals, tuple(luck)))
        else:
            held.remove(next(row for row in held if keys[row] == intervals))
        changes.append((t_s, frozenset(held)))
    names = ("share_users", "poll_interval_s", "poll_phase_s", "apply_lag_s", "release_lag_s")
    columns = [getattr(operators, name).tolist() for name in names]
    limits = scenario.thresholds
    return Replay(
        world.horizon_s,
        tuple(limit + ROUNDING for limit in (limits.affected, limits.impaired, limits.down)),
        tuple(entries),
        tuple(_published(changes, world.cadence)),
        tuple(dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)),
        tuple(_services(world)),
    )


def _published(changes: Sequence[Version], cadence: Sequence[tuple[int, int]]) -> Iterator[Version]:
    """Versions of the register: what it holds at the first tick after a change."""
    before: frozenset[int] = frozenset()
    for row, (t_s, held) in enumerate(changes):
        tick_s = _next_tick_s(t_s, cadence)
        is_last = row + 1 == len(changes) or _next_tick_s(changes[row + 1][0], cadence) > tick_s
        if is_last and held != before:
            before = held
            yield tick_s, held


def _next_tick_s(t_s: int, cadence: Sequence[tuple[int, int]]) -> int:
    """First tick at or after a time; each row of a cadence begins with a tick of its own."""
    ticks = []
    for from_s, every_s in cadence:
        ticks.append(from_s + max(0, -(-(t_s - from_s) // every_s)) * every_s)
    ends = [from_s for from_s, _ in cadence[1:]] + [max(ticks) + 1]
    return min(tick for tick, end in zip(ticks, ends, strict=True) if t_s <= tick < end)


def _services(world: World) -> Iterator[tuple[Service, ...]]:
    """Services of each business; those without weight cannot fail it."""
    components, businesses = world.components, world.businesses
    edge, hosts = components.host_start.tolist(), components.address[components.host_order].tolist()
    is_spread = components.is_spread.tolist()
    weight = businesses.role_weight[businesses.sector_row].tolist()
    for rows, weights in zip(businesses.component_row.tolist(), weight, strict=True):
        yield tuple(
            Service(tuple(hosts[edge[row] : edge[row + 1]]), is_spread[row], share)
            for row, share in zip(rows, weights, strict=True)
            if share > 0
        )


def _union(intervals: Iterable[Interval]) -> list[Interval]:
    """Disjoint intervals that hold the same addresses, in ascending sequence."""
    joined: list[Interval] = []
    for start, stop in sorted(intervals):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(stop, joined[-1][1])
        else:
            joined.append((start, stop))
    return joined
