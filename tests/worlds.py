"""Small worlds built from plain values, for the engine and for the slow reference alike."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

import numpy as np

from sim.addresses.intervals import IntervalSet
from sim.addresses.prefixes import PrefixTable, prefix_set
from sim.addresses.text import parse_prefix
from sim.engine.operators import Compliance
from sim.engine.orders import Order
from sim.engine.run import Outcome, simulate
from sim.engine.strategies.replay import replay
from sim.scenario.schema import Thresholds
from sim.streams import Streams
from sim.world.build import World
from sim.world.demand import Demand
from sim.world.operators import Operators
from sim.world.population import Businesses, HostIndex
from sim.world.providers import Places
from sim.world.target import Target
from tests.reference import RefBusiness, RefOperator, RefOrder, RefWorld

HOUR = 3600
DAY = 24 * HOUR
FLAT = (1,) * 168


@dataclass(frozen=True)
class Actor:
    """An operator group in plain values."""

    share: float = 1.0
    poll_interval_s: int = 1
    poll_phase_s: int = 0
    apply_lag_s: int = 0
    release_lag_s: int = 0
    compliance: float = 1.0


@dataclass(frozen=True)
class Firm:
    """A business in plain values: one address, and one weight, per role."""

    addresses: tuple[str, str, str, str, str] = ("203.0.113.1",) * 5
    weights: tuple[float, float, float, float, float] = (1.0, 0.0, 0.0, 0.0, 0.0)
    profile: tuple[int, ...] = FLAT
    value_micro_usd_per_h: int = 1_000_000


@dataclass(frozen=True)
class SmallWorld:
    """A world in plain values. Each firm is a sector of its own."""

    orders: tuple[tuple[int, str, str], ...]
    actors: tuple[Actor, ...] = (Actor(),)
    firms: tuple[Firm, ...] = (Firm(),)
    horizon_s: int = 10 * DAY
    cadence: tuple[tuple[int, int], ...] = ((0, 1),)
    start_s: int = 0
    target_prefixes: tuple[str, ...] = ()
    thresholds: tuple[float, float, float] = (0.01, 0.10, 0.90)
    streams: Streams = field(default_factory=lambda: Streams(0, 0))

    def world(self) -> World:
        """Return the frozen columns that the engine takes."""
        actors, firms = self.actors, self.firms
        address = np.array(
            [[int(ipaddress.IPv4Address(text)) for text in firm.addresses] for firm in firms],
            np.int64,
        )
        n = len(firms)
        target = IntervalSet.union_all(prefix_set(*parse_prefix(p)) for p in self.target_prefixes)
        return World(
            horizon_s=self.horizon_s,
            cadence=self.cadence,
            thresholds=Thresholds(
                affected=self.thresholds[0], impaired=self.thresholds[1], down=self.thresholds[2]
            ),
            target=Target("target", target),
            places=_everywhere(),
            operators=Operators(
                name=tuple(f"operator-{row}" for row in range(len(actors))),
                share_users=np.array([actor.share for actor in actors]),
                poll_interval_s=np.array([actor.poll_interval_s for actor in actors], np.int64),
                poll_phase_s=np.array([actor.poll_phase_s for actor in actors], np.int64),
                apply_lag_s=np.array([actor.apply_lag_s for actor in actors], np.int64),
                release_lag_s=np.array([actor.release_lag_s for actor in actors], np.int64),
                compliance=np.array([actor.compliance for actor in actors]),
            ),
            demand=Demand(np.array([firm.profile for firm in firms], np.int64), self.start_s),
            businesses=Businesses(
                sector=tuple(f"sector-{row}" for row in range(n)),
                role_weight=np.array([firm.weights for firm in firms]),
                sector_row=np.arange(n),
                home_place_row=np.zeros(n, np.int64),
                revenue_usd_per_h=np.array([firm.value_micro_usd_per_h / 1e6 for firm in firms]),
                value_micro_usd_per_h=np.array(
                    [firm.value_micro_usd_per_h for firm in firms], np.int64
                ),
                place_row=np.zeros((n, 5), np.int64),
                address=address,
            ),
            hosts=HostIndex.of(address),
        )

    def run(self) -> Outcome:
        """Let the engine run it."""
        timed = [(t_s, Order(action, *parse_prefix(p))) for t_s, action, p in self.orders]
        return simulate(self.world(), replay(sorted(timed, key=lambda x: x[0])), self.streams)

    def reference(self) -> RefWorld:
        """Return the same world in the terms of the slow reference."""
        compliance = Compliance(np.array([actor.compliance for actor in self.actors]), self.streams)
        prefixes = sorted({prefix for _, _, prefix in self.orders})
        return RefWorld(
            horizon_s=self.horizon_s,
            start_second_of_week=self.start_s,
            cadence=self.cadence,
            orders=tuple(RefOrder(*order) for order in self.orders),
            operators=tuple(
                RefOperator(
                    actor.share,
                    actor.poll_interval_s,
                    actor.poll_phase_s,
                    actor.apply_lag_s,
                    actor.release_lag_s,
                    frozenset(p for p in prefixes if compliance.enforces(parse_prefix(p))[row]),
                )
                for row, actor in enumerate(self.actors)
            ),
            businesses=tuple(
                RefBusiness(firm.addresses, firm.weights, firm.profile, firm.value_micro_usd_per_h)
                for firm in self.firms
            ),
            target_prefixes=self.target_prefixes,
            thresholds=self.thresholds,
        )


def _everywhere() -> Places:
    """One provider with one region that holds every address."""
    whole = IntervalSet.from_bounds([0], [2**32])
    table = PrefixTable.from_prefixes([0], [0])
    return Places(
        ("provider",), ("region",), np.zeros(1, np.int64), (whole,), table, np.zeros(1, np.int64)
    )
