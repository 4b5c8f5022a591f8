"""The consequences of a second, drawn once after everything in it has happened."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine import settlement_kernel as kernel
from sim.engine.actors.complaints import ComplaintActor
from sim.engine.actors.operators import OperatorActors
from sim.engine.actors.reactions import ReactionActor, SwitchingActor
from sim.engine.actors.target import TargetActor
from sim.engine.clock import Clock, Moment, Phase
from sim.engine.record.curves import Curves, Series
from sim.engine.record.outcome import VpnSteps
from sim.engine.record.snapshot import Snapshot
from sim.engine.state.ledger import Group, LedgerColumns, OperatorColumns
from sim.engine.state.space import AddressSpace
from sim.engine.state.states import States
from sim.engine.state.target import TargetState
from sim.world.build import World


class Settlement:
    """Brings everything up to date at the end of a second.

    Parameters
    ----------
    target, reactions, programs, complaints
        Those who react; None where they do not act in this scenario.
    crowd
        Who reaches the target.
    operators
        Whose calendar runs by itself between two events of SimPy.
    pressure
        Attention and who complains, as the compiled loops take it.
    has_groups
        As for `Snapshot`.
    """

    def __init__(
        self,
        env: Clock,
        world: World,
        operators: OperatorActors,
        states: States,
        space: AddressSpace,
        target: TargetActor | None,
        crowd: TargetState,
        reactions: ReactionActor | None,
        programs: SwitchingActor | None,
        complaints: ComplaintActor | None,
        pressure: Any,
        *,
        has_groups: bool = True,
    ) -> None:
        self._env = env
        self._operators = operators
        self._states = states
        self._target = target
        self._crowd = crowd
        self._reactions = reactions
        self._programs = programs
        self._complaints = complaints
        self._vpn_steps: list[tuple[int, NDArray[np.float64]]] = []
        users = crowd if world.users is not None else None
        self._snapshot = Snapshot(world, space, states, crowd, has_groups=has_groups)
        has_hops = world.users is not None and world.users.hop_min is not None
        # User-seconds degraded from the start until some times; None where nobody hops.
        self._degraded_s = [(0, 0.0)] if has_hops else None
        self._stage = kernel.make_stage(
            kernel.StageColumns(
                calendar=operators.handle,
                noted=self._snapshot.noted,
                pressure=pressure,
                has_fronts=target is not None,
                has_users=users is not None,
                has_complaints=complaints is not None,
                is_foreseen=world.censor is not None and world.censor.end_pressure is not None,
                has_reactions=reactions is not None,
                has_programs=programs is not None,
                may_drift=world.users is not None,
                start_s=world.demand.start_s,
            )
        )
        if users is not None:
            self._set_vpn(0, users)

    def advance(self, until_s: int) -> None:
        """Settle this second if that is due, and let operators act until another, not included.

        It ends at the first second that somebody must be told of; SimPy has nothing before.
        """
        states, is_due = self._states, self._env.is_changed
        has_drifted = is_due and states.take_drifted()
        self._env.is_changed = False
        now = self._env.now_s
        stopped_s, n_lost, n_starting, has_turned, is_pressed, next_s = kernel.advance(
            self._stage, states.weight, states.drift, has_drifted, now, is_due, until_s
        )
        self._operators.next_s = next_s
        if stopped_s == kernel.NOWHERE:
            return
        if stopped_s > now:
            self._env.now_s = stopped_s
        self._snapshot.make_room()
        if n_starting and self._reactions is not None:
            self._reactions.start_clocks(self._states.starting(n_starting), stopped_s)
        if has_turned and self._programs is not None:
            self._programs.settle(stopped_s)
        if n_lost and self._target is not None:
            self._target.replace(self._crowd.lost(n_lost))
        if is_pressed and self._complaints is not None:
            self._complaints.open(stopped_s)

    def tick(self, users: TargetState, t_s: int) -> None:
        """Move what is slow: users take to a VPN or leave, businesses appeal by name."""
        users.book(t_s)
        self._note_degraded(t_s)
        if self._complaints is not None:
            self._complaints.close(t_s)
            self._complaints.hear(t_s)
        users.tick(t_s, self._states.take_demand_lost_s(t_s))
        if self._complaints is not None:
            self._complaints.open(t_s)
        self._set_vpn(t_s, users)

    def close(self, t_s: int) -> tuple[LedgerColumns, OperatorColumns]:
        """Book everything up to the end of the run."""
        self._crowd.book(t_s)
        self._note_degraded(t_s)
        if self._complaints is not None:
            self._complaints.close(t_s)
        return self._states.close(t_s)

    def curves(self) -> Curves:
        """All curves so far."""
        curves, n_users = self._snapshot.freeze(), self._crowd.n_users
        if self._degraded_s is None:
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

    def vpn(self) -> VpnSteps:
        """Users on a VPN so far."""
        share = [share for _, share in self._vpn_steps]
        return VpnSteps(
            np.array([t_s for t_s, _ in self._vpn_steps], np.int64),
            np.array(share, np.float64).reshape(-1, self._crowd.share_vpn.size),
        )

    def _note_degraded(self, t_s: int) -> None:
        if self._degraded_s is not None and t_s > self._degraded_s[-1][0]:
            self._degraded_s.append((t_s, self._crowd.degraded_s))

    def _set_vpn(self, t_s: int, users: TargetState) -> None:
        self._states.set_vpn(t_s, users.share_vpn)
        self._env.is_changed = True
        self._vpn_steps.append((t_s, users.share_vpn.copy()))


def tick(env: Clock, tick_s: int, act: Callable[[int], None]) -> Generator[simpy.Event, Any, None]:
    """Call ``act(t_s)`` at every multiple of the tick."""
    while True:
        yield Moment(env, env.now_s + tick_s, Phase.TICK)
        act(env.now_s)
