"""Exposure, levels, ledger and tally as one: everything there is to know about businesses.

In: what operators and businesses do, until the end of a second. Out: all columns brought up to
date, for what changed and for whom drift may have moved.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.state import states_kernel as kernel
from sim.engine.state.columns import Columns, columns_of
from sim.engine.state.exposure import Exposure
from sim.engine.state.ledger import Ledger, LedgerColumns
from sim.engine.state.levels import Levels
from sim.engine.state.patience import IMPAIRED_LEVEL, Patience
from sim.engine.state.tally import Tally
from sim.world.build import World

_NOBODY = np.empty(0, np.int64)


class States:
    """All columns about businesses.

    Attributes
    ----------
    exposure, levels, ledger, tally, patience
        The columns.
    """

    def __init__(self, world: World) -> None:
        self.exposure = Exposure(world)
        self.levels = Levels(world)
        self.ledger = Ledger(world)
        self.tally = Tally(world)
        n = world.businesses.n_businesses
        unmoved = np.full(n, IMPAIRED_LEVEL, np.int8)
        self.patience = Patience(world.moves.tolerance if world.moves is not None else unmoved)
        self._columns: Columns | None = None
        self._handle: object = None
        self._n_mechanisms = -1
        self._n_turns = 0

    @property
    def n_impaired(self) -> int:
        """Businesses that are impaired."""
        return int(self.tally.n_at_level[IMPAIRED_LEVEL - 1, 0])

    def set_vpn(self, t_s: int, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        self.advance(t_s)
        self.levels.set_vpn(vpn)

    def advance(self, t_s: int) -> None:
        """Let time pass with the users of each operator counting as they did until now."""
        demand = self.ledger.demand
        kernel.pass_demand(
            self.ledger.passed,
            self.ledger.demand_booked,
            self.levels.weight,
            demand.until_hour,
            demand.weight,
            demand.before_start,
            demand.start_s + t_s,
        )

    def turn(self, t_s: int) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Bring states up to date: of what changed, and of what drift may have moved.

        Returns
        -------
        starting, beginning : ascending
            Businesses whose patience begins to run, and those that become impaired; None where
            there was nothing to be done.
        """
        if not (self.exposure.is_touched or self.levels.has_drifted):
            return None
        component, business = self.exposure.take_touched()
        self._n_turns += 1
        columns = self._bound()
        n_turned, n_starting, n_beginning = kernel.turn(
            self._handle,
            component,
            business,
            self._n_turns,
            self.tally.roles.start,
            self.levels.weight,
            self.levels.drift,
            self.levels.take_drifted(),
            self.levels.may_drift,
            t_s,
            self.ledger.demand.start_s + t_s,
        )
        if not n_turned:
            return None
        starting, beginning = columns.starting_list, columns.beginning_list
        return (
            starting[:n_starting].copy() if n_starting else _NOBODY,
            beginning[:n_beginning].copy() if n_beginning else _NOBODY,
        )

    def close(self, t_s: int) -> LedgerColumns:
        """Book everything up to the end of the run."""
        self.advance(t_s)
        return self.ledger.close(t_s, self.levels.level, self.exposure.by_operator)

    def _bound(self) -> Columns:
        """Columns as the compiled loops take them; what stands for all of them is made anew."""
        if self._columns is None or self._n_mechanisms != len(self.exposure.n_entries):
            self._n_mechanisms = len(self.exposure.n_entries)
            self._columns = columns_of(
                self.exposure, self.levels, self.ledger, self.tally, self.patience
            )
            self._handle = kernel.hold(self._columns)
        return self._columns
