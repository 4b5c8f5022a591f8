"""The consequences of a second, drawn once after everything in it has happened.

In: a request whenever anything changed. Out: exposure, ledger, tally, target and curves brought up
to date. A state that lasts no time leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.clock import Moment, Phase, now_s
from sim.engine.complaints import ComplaintActor
from sim.engine.curves import Curves
from sim.engine.enforcement import Enforcement
from sim.engine.ledger import LedgerColumns
from sim.engine.reactions import ReactionActor
from sim.engine.register import Register
from sim.engine.snapshot import Snapshot
from sim.engine.states import States
from sim.engine.target import TargetActor
from sim.engine.users import UserCrowd
from sim.world.build import World


class Settlement:
    """Brings everything up to date at the end of a second.

    Attributes
    ----------
    target, users, reactions, complaints
        Actors that react; None until they are set, and where they do not act.
    is_due
        Whether anything happened in this second that has consequences.
    """

    def __init__(self, env: simpy.Environment, world: World) -> None:
        self.target: TargetActor | None = None
        self.users: UserCrowd | None = None
        self.reactions: ReactionActor | None = None
        self.complaints: ComplaintActor | None = None
        self.states = States(world)
        self.enforcement = Enforcement(world, self.states.exposure, self.request)
        self._env = env
        self._world = world
        self._register: Register | None = None
        self.is_due = False
        self._snapshot: Snapshot | None = None

    def begin(self, register: Register) -> None:
        """Start recording, once all actors are set."""
        self._register = register
        self._snapshot = Snapshot(self._world, self.states.tally, self.users)
        self.request()

    def request(self) -> None:
        """Ask for a settlement at the end of this second."""
        self.is_due = True

    def integrate_users(self, t_s: int) -> None:
        """Book what users have met until now."""
        if self.users is not None:
            self.users.integrate(t_s)

    def set_vpn(self, t_s: int, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        self.states.set_vpn(t_s, vpn)
        self.request()

    def close(self, t_s: int) -> LedgerColumns:
        """Book everything up to the end of the run."""
        self.integrate_users(t_s)
        if self.complaints is not None:
            self.complaints.close(t_s)
        return self.states.close(t_s)

    def curves(self) -> Curves:
        """All curves so far."""
        assert self._snapshot is not None
        return self._snapshot.freeze()

    def settle(self) -> None:
        """Draw the consequences of all that happened in this second."""
        t_s = now_s(self._env)
        self.is_due = False
        turned = self.states.turn(t_s)
        if turned is not None:
            starting, beginning = turned
            if self.complaints is not None:
                levels = self.states.levels.level
                self.complaints.turn(t_s, beginning, self.states.n_impaired, levels)
            if starting.size and self.reactions is not None:
                self.reactions.start_clocks(starting, t_s)
        target, changed = self.target, self.enforcement.take_changed()
        if target is not None and (changed or target.is_stale) and target.is_new(changed):
            self.integrate_users(t_s)
            if target.look():
                self._settle_target(target, t_s)
        assert self._register is not None
        assert self._snapshot is not None
        self._snapshot.note(
            t_s,
            self.enforcement.n_blocked,
            self._register.listed(),
            self.states.levels.weight,
        )

    def _settle_target(self, target: TargetActor, t_s: int) -> None:
        if self.complaints is not None:
            self.complaints.close(t_s)
        target.settle()
        if self.complaints is not None:
            self.complaints.open(t_s)


def tick(
    env: simpy.Environment, tick_s: int, act: Callable[[int, int], None]
) -> Generator[simpy.Event, Any, None]:
    """Call ``act(t_s, tick_s)`` at every multiple of the tick."""
    while True:
        yield Moment(env, now_s(env) + tick_s, Phase.TICK)
        act(now_s(env), tick_s)
