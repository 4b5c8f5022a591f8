"""Everything that exists at t = 0, for one replicate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sim.addresses.sets.intervals import IntervalSet
from sim.scenario.reactions import Censor, Complaints, Reactions, Users
from sim.scenario.resolve import Resolved
from sim.scenario.schema import Effects, Ipv6, Thresholds
from sim.streams import Streams
from sim.world.components import Components
from sim.world.demand import Demand, build_demand
from sim.world.moves import Moves, Programs
from sim.world.operators import Operators, build_operators
from sim.world.population import Businesses, build_population
from sim.world.providers import Places, Pools, build_places, build_pools
from sim.world.stances import OutsideWithdrawal, StanceEvents, build_stances, build_withdrawals
from sim.world.tenancy import Stays


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
    effects
        What a mechanism does to those it hits.
    target_addresses
        Ranges of the service to be blocked, never counted as collateral.
    pools, moves, stays, programs, stances, users, censor, reactions, complaints
        Mechanisms by which actors react; None where they do not act.
    ipv6
        Who has IPv6 as well as IPv4; None where families are not distinguished.
    exempt
        Addresses the censor cuts out of every order.
    pressure_events
        ``(t_s, adds)`` of public events.
    outside_withdrawals
        Withdrawals that others decide than the censor, by time.
    """

    horizon_s: int
    cadence: tuple[tuple[int, int], ...]
    thresholds: Thresholds
    effects: Effects
    target_addresses: IntervalSet
    places: Places
    operators: Operators
    demand: Demand
    businesses: Businesses
    components: Components
    pools: Pools | None = None
    moves: Moves | None = None
    stays: Stays | None = None
    programs: Programs | None = None
    stances: StanceEvents | None = None
    users: Users | None = None
    censor: Censor | None = None
    reactions: Reactions | None = None
    complaints: Complaints | None = None
    ipv6: Ipv6 | None = None
    exempt: IntervalSet = field(default_factory=IntervalSet.empty)
    pressure_events: tuple[tuple[int, float], ...] = ()
    outside_withdrawals: tuple[OutsideWithdrawal, ...] = ()


def build_world(resolved: Resolved, streams: Streams) -> World:
    """Build the world of one replicate."""
    scenario = resolved.scenario
    places = build_places(resolved)
    businesses, components, moves, stays, programs = build_population(resolved, places, streams)
    exempt = resolved.exempt.rows if resolved.exempt else ()
    own = resolved.target_prefixes.rows if resolved.target_prefixes else ()
    pressure = resolved.pressure_events.rows if resolved.pressure_events else ()
    return World(
        horizon_s=scenario.horizon_s,
        cadence=tuple(
            (seconds_since(scenario.start, row.from_), max(1, round(row.every_min * 60)))
            for row in resolved.cadence.rows
        ),
        thresholds=scenario.thresholds,
        effects=scenario.effects,
        target_addresses=resolved.line.union(row.prefix for row in own),
        places=places,
        operators=build_operators(resolved, streams),
        demand=build_demand(resolved),
        businesses=businesses,
        components=components,
        pools=build_pools(resolved, places),
        moves=moves,
        stays=stays,
        programs=programs,
        stances=build_stances(resolved, places, streams),
        users=scenario.users,
        censor=scenario.censor,
        reactions=scenario.reactions,
        complaints=scenario.complaints,
        ipv6=scenario.ipv6,
        exempt=resolved.line.union(row.prefix for row in exempt),
        pressure_events=tuple(
            (seconds_since(scenario.start, row.at), row.adds) for row in pressure
        ),
        outside_withdrawals=build_withdrawals(resolved, streams),
    )


def seconds_since(start: datetime, instant: datetime) -> int:
    """Whole seconds from the scenario's start."""
    return int((instant - start).total_seconds())
