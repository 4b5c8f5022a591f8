"""Everything that exists at t = 0, for one replicate.

In: a resolved scenario and streams. Out: a frozen ``World``. It does not know the strategy: every
strategy meets the same world.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim.scenario.resolve import Resolved
from sim.scenario.schema import Thresholds
from sim.streams import Streams
from sim.world.demand import Demand, build_demand
from sim.world.operators import Operators, build_operators
from sim.world.population import Businesses, HostIndex, build_businesses
from sim.world.providers import Places, build_places
from sim.world.target import Target, build_target


@dataclass(frozen=True, eq=False)
class World:
    """The world of one replicate.

    Attributes
    ----------
    horizon_s
        Length of the run; what happens at this time or later does not happen.
    cadence
        ``(from_s, every_s)`` of the register's publication, by time; may begin before t = 0.
    thresholds
        Shares of demand above which a business is affected, impaired, down.
    """

    horizon_s: int
    cadence: tuple[tuple[int, int], ...]
    thresholds: Thresholds
    target: Target
    places: Places
    operators: Operators
    demand: Demand
    businesses: Businesses
    hosts: HostIndex


def build_world(resolved: Resolved, streams: Streams) -> World:
    """Build the world of one replicate."""
    scenario = resolved.scenario
    places = build_places(resolved)
    businesses = build_businesses(resolved, places, streams)
    return World(
        horizon_s=scenario.horizon_s,
        cadence=tuple(
            (int((row.from_ - scenario.start).total_seconds()), max(1, round(row.every_min * 60)))
            for row in resolved.cadence.rows
        ),
        thresholds=scenario.thresholds,
        target=build_target(resolved),
        places=places,
        operators=build_operators(resolved, streams),
        demand=build_demand(resolved),
        businesses=businesses,
        hosts=HostIndex.of(businesses.address),
    )
