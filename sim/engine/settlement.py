"""The consequences of a second, drawn once after everything in it has happened.

In: a request whenever anything changed. Out: the ledger, the tally and the curves brought up to
date. A state that lasts no time leaves no trace.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.engine.clock import Moment, Phase, now_s
from sim.engine.curves import BUSINESS_METRICS, CurveRecorder, Series
from sim.engine.enforcement import Enforcement
from sim.engine.exposure import Exposure
from sim.engine.ledger import Ledger
from sim.engine.register import Register
from sim.engine.tally import Group, Tally
from sim.world.build import World
from sim.world.population import MICRO

UNKNOWN = float("nan")


class Settlement:
    """Brings ledger, tally and curves up to date at the end of a second."""

    def __init__(self, env: simpy.Environment, world: World, register: Register) -> None:
        self._env = env
        self._world = world
        self._register = register
        self._is_due = False
        self._exposure = Exposure(world)
        self.enforcement = Enforcement(world, self._exposure, self.request)
        self.ledger = Ledger(world)
        self._tally = Tally(world, self.ledger)
        self._has_value = self._tally.value_micro_usd_per_h > 0
        self.curves = CurveRecorder(self._series())

    def request(self) -> None:
        """Ask for a settlement at the end of this second."""
        if not self._is_due:
            self._is_due = True
            self._env.process(self._settle())

    def _settle(self) -> Generator[simpy.Event, Any, None]:
        t_s = now_s(self._env)
        yield Moment(self._env, t_s, Phase.SETTLEMENT)
        self._is_due = False
        change = self._exposure.take_changes()
        self.ledger.update(change.business_row, t_s, change.share_failing)
        self._tally.update(change)
        self.curves.record(t_s, self._values())

    def _series(self) -> tuple[Series, ...]:
        """All series, in the sequence of ``_values``."""
        tally = self._tally
        n_providers = len(self._world.places.provider)
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
        whole = [
            Series(metric, Group(), UNKNOWN)
            for metric in (
                "addresses_listed",
                "addresses_listed_with_target",
                "addresses_dropped",
                "addresses_dropped_with_target",
            )
        ]
        listed = [
            Series("addresses_listed", Group(provider_row=row), UNKNOWN)
            for row in range(n_providers + 1)
        ]
        return (*whole, *listed, *counted, *shares)

    def _values(self) -> NDArray[np.float64]:
        tally = self._tally
        collateral = self._register.listed_collateral()
        listed = self._register.listed()
        lost = tally.lost_micro_usd_per_h[self._has_value]
        value = tally.value_micro_usd_per_h[self._has_value]
        return np.concatenate(
            (
                [collateral.n_addresses, listed.n_addresses],
                self.enforcement.n_addresses_dropped(),
                self._world.places.count_by_provider(collateral),
                tally.n_at_level.ravel(),
                lost / value,
            )
        ).astype(np.float64)
