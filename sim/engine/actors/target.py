"""The target: it rents fronts, notices when they are lost, and rents others.

In: what operators do to its fronts, which providers turn it away. Out: fronts, and what the censor
may discover. It does not know the censor's strategy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import simpy

from sim.engine.actors.fronts import FrontList
from sim.engine.actors.reach import Reach
from sim.engine.actors.register import Register
from sim.engine.clock import Phase, act_at, now_s
from sim.engine.eventlog import EventLog, Kind
from sim.engine.orders import Entry
from sim.engine.state.enforcement import Enforcement
from sim.streams import Stream, Streams
from sim.world.build import World
from sim.world.fronts import Pools, nth_address
from sim.world.placement import choose

S_PER_H = 3600


class TargetActor:
    """The target and its fronts as a SimPy actor.

    Attributes
    ----------
    is_stale
        Whether fronts came or went since the last settlement.

    Parameters
    ----------
    fronts, reach
        Its fronts, and who reaches it by them.
    register
        The target rents nothing that is listed already.
    on_rented
        Called with the row of each new front and the lag after which the censor may discover it.
    on_change
        Called after every change, to have its consequences drawn at the end of the second.
    """

    def __init__(
        self,
        env: simpy.Environment,
        world: World,
        pools: Pools,
        fronts: FrontList,
        reach: Reach,
        enforcement: Enforcement,
        register: Register,
        streams: Streams,
        log: EventLog,
        on_rented: Callable[[int, int], None],
        on_change: Callable[[], None],
    ) -> None:
        self._fronts = fronts
        self._reach = reach
        self._env = env
        self._pools = pools
        self._share_users = world.operators.share_users
        self._discovery_mean_s = world.censor.discovery_lag_h * S_PER_H if world.censor else 0.0
        self._enforcement = enforcement
        self._log = log
        self._register = register
        self._on_rented = on_rented
        self._on_change = on_change
        self._is_open = np.ones(pools.weight.size, np.bool_)
        # The j-th front rented takes the j-th number of each stream, under every strategy.
        self._pool_luck = streams.generator(Stream.FRONT_POOL)
        self._address_luck = streams.generator(Stream.FRONT_ADDRESS)
        self._discovery_luck = streams.generator(Stream.FRONT_DISCOVERY)
        self.is_stale = True

    def start(self) -> None:
        """Rent the fronts of t = 0."""
        for _ in range(self._pools.rules.n_fronts):
            self._rent()

    def turn_away(self, provider_row: int, *, is_fronting_alone: bool = False) -> None:
        """A provider ends the target's fronts there, all or those by domain fronting.

        They are gone, and there will be no more of them.
        """
        fronts, pools = self._fronts, self._pools
        closed = pools.provider_row == provider_row
        mine = (fronts.provider_row == provider_row) & ~fronts.is_gone
        if is_fronting_alone:
            closed, mine = closed & pools.is_fronting, mine & fronts.is_fronting
        self._is_open &= ~closed
        for row in np.flatnonzero(mine).tolist():
            self._log.record(now_s(self._env), Kind.EVICTED, front_row=row)
            fronts.is_gone[row] = True
            if not fronts.is_lost[row]:
                fronts.is_lost[row] = True
                self._replace()
        self.is_stale |= bool(mine.any())
        self._on_change()

    def is_new(self, changed: Mapping[int, Entry]) -> bool:
        """Whether what operators changed, or fronts that came or went, may tell on its reach."""
        if self.is_stale or not changed:
            return self.is_stale
        return self._fronts.are_met_by(changed.values())

    def look(self) -> bool:
        """Look at what operators do to the fronts; return whether it tells on its reach."""
        is_new = self._fronts.refresh(self._enforcement)
        is_named = self._enforcement.is_named()
        return self.is_stale or is_new or not np.array_equal(is_named, self._reach.now.is_named)

    def settle(self) -> None:
        """Take over what it saw, from this second on."""
        self.is_stale = False
        self._reach.refresh(now_s(self._env), self._fronts, self._enforcement.is_named())
        for _ in self._fronts.newly_lost(self._share_users, self._pools.rules.lost_share).tolist():
            self._replace()

    def _replace(self) -> None:
        # At once means in the next second: this one is already settled.
        lag_s = max(1, round(self._pools.rules.monitor_lag_h * S_PER_H))
        act_at(self._env, now_s(self._env) + lag_s, Phase.ENFORCEMENT, self._rent)

    def _rent(self) -> None:
        _, listed = self._register.listed()
        free = [addresses.difference(listed) for addresses in self._pools.addresses]
        is_free = np.array([bool(addresses) for addresses in free])
        weight = np.where(self._is_open & is_free, self._pools.weight, 0.0)
        if not weight.any():
            return
        u, v = self._pool_luck.random(), self._address_luck.random()
        drawn_s = self._discovery_luck.standard_exponential() * self._discovery_mean_s
        pool = int(choose(weight, np.array([u]))[0])
        addresses = free[pool]
        address = nth_address(addresses, int(v * addresses.n_addresses))
        t_s = now_s(self._env)
        # Later than at the start it would be answered among the other rentals of that second.
        lag_s = max(int(np.rint(drawn_s)), int(t_s > 0))
        row = self._fronts.add(
            address,
            int(self._pools.provider_row[pool]),
            t_s,
            self._enforcement,
            is_fronting=bool(self._pools.is_fronting[pool]),
        )
        self._log.record(t_s, Kind.RENTED, front_row=row)
        self.is_stale = True
        self._on_rented(row, lag_s)
        self._on_change()
