"""One strategy in one replicate: its actors, and the consequences of each second."""

from __future__ import annotations

import gc
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.actors import Shared
from sim.engine.actors.censor import CensorActor
from sim.engine.actors.operators import OperatorActors, Register
from sim.engine.actors.reactions import Attention, ComplaintActor, ReactionActor, SwitchingActor
from sim.engine.actors.target import Stances, TargetActor, tenancy
from sim.engine.clock import Moment, Phase
from sim.engine.decisions import Strategy
from sim.engine.record import settlement_kernel as kernel
from sim.engine.record.outcome import (
    ADDRESSES_LOST_SHARE,
    BUSINESS_METRICS,
    REACHED_SHARE,
    USER_METRICS,
    Curves,
    Outcome,
    Series,
)
from sim.engine.state import reach_kernel, target_kernel
from sim.engine.state.ledger import Group
from sim.engine.state.parts import zeros
from sim.engine.state.space import S_PER_H, AddressSpace, TargetState
from sim.engine.state.states import States
from sim.streams import Streams
from sim.world.build import MICRO, World

DROPPED = "addresses_dropped", "networks_dropped"
LISTED = "addresses_listed", "networks_listed"
"""Curves of IPv4, and of IPv6 where there is any."""


class _Snapshot:
    """Values of all curves where they change, noted at the end of each second."""

    def __init__(
        self, world: World, states: States, target: TargetState, *, has_groups: bool
    ) -> None:
        # The first group is everybody.
        groups = states.groups if has_groups else states.groups[:1]
        n_groups = len(groups)
        n_listed = len(world.places.provider) + 1 if has_groups else 0
        # Where nobody has demand, the share that fails is not zero: there is none.
        demand_group = np.flatnonzero(states.value_micro_usd_per_h[:n_groups] > 0)
        demand = states.value_micro_usd_per_h[demand_group].astype(np.float64)
        n_families = 1 + world.places.line.has_ipv6
        # ``note`` of the kernel writes values in this sequence.
        self.series = (
            *(Series(one, Group(), np.nan) for of in (DROPPED, LISTED) for one in of[:n_families]),
            *(
                Series("addresses_listed", Group(provider_row=row), np.nan)
                for row in range(n_listed)
            ),
            *(
                Series(metric, group, float(n))
                for metric in BUSINESS_METRICS
                for group, n in zip(groups, states.n_businesses[:n_groups].tolist(), strict=True)
            ),
            *(
                Series("demand_lost_share", states.groups[row], value)
                for row, value in zip(demand_group, (demand / MICRO).tolist(), strict=True)
            ),
            *(
                Series(metric, Group(), np.nan)
                for metric in (ADDRESSES_LOST_SHARE, REACHED_SHARE)[: 2 - (world.users is not None)]
                if world.has_given_target
            ),
            *(
                Series(metric, Group(), target.n_users)
                for metric in USER_METRICS
                if world.users is not None
            ),
        )
        n_series = len(self.series)
        self.noted = kernel.make_noted(
            kernel.NotedColumns(
                n_points=0,
                **zeros("series_row t_s", 0, np.int64),
                value=np.zeros(0),
                now=np.zeros(n_series),
                # Not as any value: all are new at first.
                last=np.full(n_series, np.nan),
                demand_group=demand_group,
                demand=demand,
                n_groups=n_groups,
                n_listed=n_listed,
                lost=np.empty(int(demand_group.max(initial=-1)) + 1),
            )
        )

    def freeze(self) -> Curves:
        """Return all curves, by series and by time within each."""
        series_row, t_s, value = kernel.points(self.noted)
        by_series = np.argsort(series_row, kind="stable")
        return Curves(self.series, series_row[by_series], t_s[by_series], value[by_series])


def simulate(
    world: World,
    strategy: Strategy,
    streams: Streams,
    *,
    has_groups: bool = True,
    sessions_s: Sequence[tuple[int, int]] = (),
) -> Outcome:
    """Run one strategy in one world from t = 0 to the horizon, which is not included.

    Parameters
    ----------
    world
        Built from the same streams.
    strategy
        Decides what is ordered.
    streams
        Random streams of the replicate for the run itself: which entries operators enforce,
        where fronts are rented and when they are discovered, how appeals go.
    has_groups
        Whether curves of providers, sectors and roles are kept, beside those over everybody.
    sessions_s
        Half-open times within the run, ascending, that split the times of an inventory's sites.
    """
    run = _Run(world, strategy, streams, has_groups=has_groups, sessions_s=sessions_s)
    with _undisturbed():
        run.pass_time()
    return run.close()


class _Run:
    """All actors of a run; each is complete when it is made. Those that do not act are None."""

    def __init__(
        self,
        world: World,
        strategy: Strategy,
        streams: Streams,
        *,
        has_groups: bool,
        sessions_s: Sequence[tuple[int, int]],
    ) -> None:
        self._world = world
        states = self._states = States(world)
        crowd = self._crowd = TargetState(world)
        shared = Shared(world, streams, states, crowd, AddressSpace(world, crowd, states))
        env = self._env = shared.env
        self._log = shared.log
        self._operators = OperatorActors(shared)
        self._register = Register(shared, self._operators)
        has_users = world.users is not None
        # Who complains is counted among users: without any, nobody does.
        attention = Attention(world.complaints, world, crowd, is_raised=has_users)
        self._attention = attention
        censor = CensorActor(shared, strategy, self._register, attention)
        self._target = None
        if world.pools is not None:
            self._target = TargetActor(shared, world.pools, censor)
            stances = Stances(shared, self._target, censor)
            stances.begin()
            env.process(stances.run())
            self._target.start()
        self._reactions = None
        if world.moves is not None and world.reactions is not None:
            self._reactions = ReactionActor(shared, world.moves, world.reactions)
        self._programs = None
        if world.programs is not None:
            self._programs = SwitchingActor(shared, world.programs, self._reactions)
        if world.stays is not None:
            env.process(tenancy(shared, world.stays))
        self._complaints = None
        if has_users and world.complaints is not None:
            self._complaints = ComplaintActor(shared, world.complaints, attention, censor.exempt)
        # Called whenever complaints may have another rate from a second on.
        self._note_pressure = censor.note_pressure
        self._snapshot = _Snapshot(world, states, crowd, has_groups=has_groups)
        self._stage = kernel.make_stage(
            kernel.StageColumns(
                calendar=self._operators.handle,
                noted=self._snapshot.noted,
                pressure=attention.pressure,
                has_fronts=self._target is not None,
                has_given=world.has_given_target,
                has_users=has_users,
                has_complaints=self._complaints is not None,
                is_foreseen=world.censor is not None and world.censor.end_pressure is not None,
                has_reactions=self._reactions is not None,
                has_programs=self._programs is not None,
            )
        )
        # User-seconds degraded from the start until some times; only of clients that hop.
        self._degraded_s = [(0, 0.0)]
        if world.users is not None:
            self._set_vpn(0)
            env.process(self._tick(round(world.users.tick_h * S_PER_H)))
        env.process(censor.run())
        env.process(censor.review())
        env.process(censor.obey())
        # Times of sites when the session began that is not over; rows of those that are.
        self._at_begin: NDArray[np.int64] | None = None
        self._in_sessions: list[NDArray[np.int64]] = []
        for edge_s in (edge_s for session in sessions_s for edge_s in session):
            env.act_at(edge_s, Phase.ORDERS, partial(self._note_sites, edge_s))

    def pass_time(self) -> None:
        """Let everything before the horizon happen, and settle each second after its last event."""
        env, operators, horizon_s = self._env, self._operators, self._world.horizon_s
        while True:
            next_s = env.peek()
            until_s = horizon_s if next_s > horizon_s else int(next_s)
            if (env.is_changed and next_s > env.now_s) or operators.next_s < until_s:
                # Which may bring about more, in this very second too.
                self._settle(until_s)
            elif until_s < horizon_s:
                if operators.next_s == until_s:
                    operators.meet(until_s)
                env.pass_second()
            else:
                return

    def close(self) -> Outcome:
        """Book everything up to the end of the run."""
        world, t_s, log = self._world, self._world.horizon_s, self._log
        self._book(t_s)
        if self._at_begin is not None:
            self._note_sites(t_s)
        ledger, at_operators = self._states.close(t_s)
        n, entries = world.businesses.n_businesses, self._register.entries
        n_responses = self._reactions.n_responses if self._reactions else np.zeros((n, 0), np.int64)
        complaints = self._complaints
        return Outcome(
            events=log.freeze(self._operators.events()),
            entry_addresses=tuple(entry.addresses for entry in entries),
            entry_mechanism=tuple(entry.mechanism for entry in entries),
            entry_rules=np.array([entry.n_rules for entry in entries], np.int64),
            front_address=target_kernel.addresses(self._crowd.handle),
            ledger=ledger,
            at_operators=at_operators,
            n_responses=n_responses,
            users=self._crowd.freeze() if world.users or world.has_given_target else None,
            n_complaints=self._attention.n_complaints if complaints else float("nan"),
            n_named=complaints.n_named if complaints else 0,
            attention=self._attention.at(t_s) if complaints else 0.0,
            curves=self._curves(),
            site_sessions=np.concatenate((np.empty((0, 6), np.int64), *self._in_sessions)),
        )

    def _note_sites(self, t_s: int) -> None:
        """Note how long sites have failed by a second: at the end of a session, in it."""
        now = self._states.site_times(t_s)
        began, self._at_begin = self._at_begin, None
        if began is None:
            self._at_begin = now
            return
        time_s = now - began
        site, column = np.nonzero(time_s[0])
        place = np.full(site.size, len(self._in_sessions)), site, column - 1
        self._in_sessions.append(np.stack((*place, *time_s[:, site, column]), axis=1))

    def _settle(self, until_s: int) -> None:
        """Settle this second if due; let operators act until another, or somebody must know."""
        env = self._env
        is_due, now = env.is_changed, env.now_s
        env.is_changed = False
        stopped_s, n_lost, n_starting, has_turned, is_pressed, next_s = kernel.advance(
            self._stage, now, is_due, until_s
        )
        self._operators.next_s = next_s
        if stopped_s == kernel.NOWHERE:
            return
        if stopped_s > now:
            env.now_s = stopped_s
        if n_starting and self._reactions is not None:
            starting = self._states.columns.starting_list[:n_starting]
            self._reactions.start_clocks(starting, stopped_s)
        if has_turned and self._programs is not None:
            self._programs.settle(stopped_s)
        if n_lost and self._target is not None:
            crowd = self._crowd.handle
            self._target.replace([target_kernel.lost(crowd, place) for place in range(n_lost)])
        if is_pressed and self._complaints is not None:
            self._note_pressure(stopped_s)

    def _tick(self, tick_s: int) -> Generator[simpy.Event, Any, None]:
        """Move what is slow: users take to a VPN or leave, businesses appeal by name."""
        while True:
            yield Moment(self._env, self._env.now_s + tick_s, Phase.TICK)
            t_s = self._env.now_s
            self._book(t_s)
            if self._complaints is not None:
                self._complaints.hear(t_s)
            self._crowd.tick(t_s, self._states.take_demand_lost_s(t_s))
            if self._complaints is not None:
                self._note_pressure(t_s)
            self._set_vpn(t_s)

    def _book(self, t_s: int) -> None:
        """Book users and complaints until a second."""
        reach_kernel.book(self._crowd.handle, t_s)
        if t_s > self._degraded_s[-1][0]:
            self._degraded_s.append((t_s, self._crowd.degraded_s))
        if self._complaints is not None:
            self._attention.note(t_s)

    def _set_vpn(self, t_s: int) -> None:
        self._states.set_vpn(t_s, self._crowd.share_vpn)
        self._env.is_changed = True

    def _curves(self) -> Curves:
        """All curves, and the mean of users degraded over each tick where they hop."""
        curves, n_users = self._snapshot.freeze(), self._crowd.n_users
        if self._world.users is None or self._world.users.hop_min is None:
            return curves
        t_s = np.array([t_s for t_s, _ in self._degraded_s], np.int64)
        user_s = [user_s for _, user_s in self._degraded_s]
        mean = np.diff(user_s) / (np.diff(t_s).astype(np.float64) * n_users)
        return Curves(
            (*curves.series, Series("target_degraded_share", Group(), n_users)),
            np.append(curves.series_row, np.full(mean.size, len(curves.series))),
            np.append(curves.t_s, t_s[:-1]),
            np.append(curves.value, mean),
        )


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep Python from looking for cycles: a run is short, and its events make none in numbers."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
