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

from sim.addresses.intervals import IntervalSet
from sim.engine.clock import Moment, Phase, now_s
from sim.engine.complaints import ComplaintActor
from sim.engine.curves import BUSINESS_METRICS, CurveRecorder, Series
from sim.engine.enforcement import Enforcement
from sim.engine.exposure import Change, Exposure
from sim.engine.ledger import Ledger, LedgerColumns
from sim.engine.levels import Levels
from sim.engine.reactions import ReactionActor
from sim.engine.register import Register
from sim.engine.tally import Group, Tally
from sim.engine.target import TargetActor
from sim.engine.users import UserCrowd
from sim.world.build import World
from sim.world.population import MICRO

UNKNOWN = float("nan")
ADDRESS_METRICS = (
    "addresses_dropped",
    "addresses_dropped_with_target",
    "addresses_listed",
    "addresses_listed_with_target",
)
USER_METRICS = ("target_reached_share", "vpn_share", "target_left_share")


class Settlement:
    """Brings everything up to date at the end of a second.

    Attributes
    ----------
    target, users, reactions, complaints
        Actors that react; None until they are set, and where they do not act.
    """

    def __init__(self, env: simpy.Environment, world: World) -> None:
        self.target: TargetActor | None = None
        self.users: UserCrowd | None = None
        self.reactions: ReactionActor | None = None
        self.complaints: ComplaintActor | None = None
        self.exposure = Exposure(world)
        self.enforcement = Enforcement(world, self.exposure, self.request)
        self.levels = Levels(world)
        self.ledger = Ledger(world)
        self.tally = Tally(world)
        self._env = env
        self._world = world
        self._register: Register | None = None
        self._is_due = False
        self._has_value = self.tally.value_micro_usd_per_h > 0
        self._recorder: CurveRecorder | None = None
        self._counted: tuple[IntervalSet, NDArray[np.int64]] | None = None

    def begin(self, register: Register) -> None:
        """Start recording, once all actors are set."""
        self._register = register
        self._recorder = CurveRecorder(self._series())
        self.request()

    def request(self) -> None:
        """Ask for a settlement at the end of this second."""
        if not self._is_due:
            self._is_due = True
            self._env.process(self._settle())

    def integrate_users(self, t_s: int) -> None:
        """Book what users have met until now."""
        if self.users is not None:
            self.users.note_demand_lost(t_s, self.tally.demand_lost_by_operator)
            self.users.integrate(t_s)

    @property
    def recorder(self) -> CurveRecorder:
        """The curves."""
        assert self._recorder is not None
        return self._recorder

    def set_vpn(self, t_s: int, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        self.ledger.advance(t_s, self.levels.weight)
        self.levels.set_vpn(vpn)
        self.request()

    def close(self, t_s: int) -> LedgerColumns:
        """Book everything up to the end of the run."""
        self.integrate_users(t_s)
        self.ledger.advance(t_s, self.levels.weight)
        return self.ledger.close(t_s, self.levels.level, self.exposure.by_operator)

    def _settle(self) -> Generator[simpy.Event, Any, None]:
        t_s = now_s(self._env)
        yield Moment(self._env, t_s, Phase.SETTLEMENT)
        self._is_due = False
        change = self.exposure.take_changes()
        if change is not None:
            if self.users is not None:
                self.users.note_demand_lost(t_s, self.tally.demand_lost_by_operator)
            self.tally.note_change(change)
        self._turn(t_s, change)
        if self.target is not None:
            is_changed = self.enforcement.take_changed()
            if self.users is not None and (is_changed or self.target.is_stale):
                self.users.integrate(t_s)
            self.target.settle(is_enforcement_changed=is_changed)
        self.recorder.record(t_s, self._values(t_s))

    def _turn(self, t_s: int, change: Change | None) -> None:
        """Bring states up to date: of what changed, and of what drift may have moved."""
        row = self.levels.due()
        if change is not None and row.size == 0:
            row, failed, failing = change.business_row, change.before.by_operator, change.after
        elif change is not None:
            row = np.union1d(row, change.business_row)
            failing = self.exposure.failing(row)
            failed = failing.by_operator.copy()
            failed[:, np.searchsorted(row, change.business_row)] = change.before.by_operator
        elif row.size:
            failing = self.exposure.failing(row)
            failed = failing.by_operator
        else:
            return
        self.ledger.advance(t_s, self.levels.weight)
        turn = self.levels.turn(row, failing)
        self.ledger.update(turn, t_s, failed)
        self.tally.note_turn(turn)
        if self.reactions is not None:
            self.reactions.note(row, self.levels.level, t_s)

    def _series(self) -> tuple[Series, ...]:
        """All series, in the sequence of ``_values``."""
        tally = self.tally
        counted = [
            Series(metric, group, float(n))
            for metric in BUSINESS_METRICS
            for group, n in zip(tally.groups, tally.n_businesses.tolist(), strict=True)
        ]
        usd_per_h = (tally.value_micro_usd_per_h / MICRO).tolist()
        # Where nobody has demand, the share that fails is not zero: there is none.
        shares = [
            Series("demand_lost_share", group, value)
            for group, value, is_known in zip(tally.groups, usd_per_h, self._has_value, strict=True)
            if is_known
        ]
        listed = [
            Series("addresses_listed", Group(provider_row=row), UNKNOWN)
            for row in range(len(self._world.places.provider) + 1)
        ]
        whole = [Series(metric, Group(), UNKNOWN) for metric in ADDRESS_METRICS]
        users = []
        if self._world.users is not None:
            n_users = self._world.users.n_target_users
            users = [Series(metric, Group(), n_users) for metric in USER_METRICS]
        return (*whole, *listed, *counted, *shares, *users)

    def _values(self, t_s: int) -> NDArray[np.float64]:
        assert self._register is not None
        tally = self.tally
        collateral, listed = self._register.listed()
        parts: list[Any] = [
            self.enforcement.n_addresses_dropped(),
            self._listed_counts(collateral, listed),
            tally.n_at_level.ravel(),
            tally.demand_lost_share(self.levels.weight)[self._has_value],
        ]
        if self.users is not None:
            parts.append(self.users.shares(t_s))
        return np.concatenate(parts)

    def _listed_counts(self, collateral: IntervalSet, listed: IntervalSet) -> NDArray[np.int64]:
        # The register changes seldom against the number of settlements.
        if self._counted is None or self._counted[0] is not collateral:
            whole = [collateral.n_addresses, listed.n_addresses]
            by_provider = self._world.places.count_by_provider(collateral)
            self._counted = collateral, np.concatenate((whole, by_provider))
        return self._counted[1]


def tick(
    env: simpy.Environment, tick_s: int, act: Callable[[int, int], None]
) -> Generator[simpy.Event, Any, None]:
    """Call ``act(t_s, tick_s)`` at every multiple of the tick."""
    while True:
        yield Moment(env, now_s(env) + tick_s, Phase.TICK)
        act(now_s(env), tick_s)
