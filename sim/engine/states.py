"""Exposure, levels, ledger and tally as one: everything there is to know about businesses.

In: what operators and businesses do, until the end of a second. Out: all columns brought up to
date, for what changed and for whom drift may have moved. The sums are done by the columns' own
methods, or by a compiled loop where numba is there and pays; the bytes are the same.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.engine.compiled import kernels
from sim.engine.exposure import Change, Exposure, Failing
from sim.engine.ledger import SPELL_EDGES_S, Ledger, LedgerColumns
from sim.engine.levels import Levels
from sim.engine.orders import Mechanism
from sim.engine.tally import Tally
from sim.world.build import World

if TYPE_CHECKING:
    from sim.engine.states_kernel import Columns

_SAVED_NS, _SAVED_IN_ADVANCE_NS = 250_000, 8_000
"""What the compiled loops save in a call, roughly."""


class States:
    """All columns about businesses.

    Attributes
    ----------
    exposure, levels, ledger, tally
        The columns.
    """

    def __init__(self, world: World) -> None:
        self.exposure = Exposure(world)
        self.levels = Levels(world)
        self.ledger = Ledger(world)
        self.tally = Tally(world)
        self._world = world
        self._columns: Columns | None = None
        self._n_mechanisms = -1
        self._n_turns = 0

    def set_vpn(self, t_s: int, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        self.advance(t_s)
        self.levels.set_vpn(vpn)

    def advance(self, t_s: int) -> None:
        """Let time pass with the users of each operator counting as they did until now."""
        compiled = kernels(_SAVED_IN_ADVANCE_NS)
        if compiled is None:
            self.ledger.advance(t_s, self.levels.weight)
            return
        demand = self.ledger.demand
        compiled.pass_demand(
            self.ledger.passed,
            self.ledger.demand_booked,
            self.levels.weight,
            demand.until_hour,
            demand.weight,
            demand.before_start,
            demand.start_s + t_s,
        )

    def turn(self, t_s: int) -> NDArray[np.int64] | None:
        """Bring states up to date: of what changed, and of what drift may have moved.

        Returns
        -------
        shape (n,), ascending
            The businesses looked at; None where nothing was there to be done.
        """
        is_touched, has_drifted = self.exposure.is_touched, self.levels.has_drifted
        if not (is_touched or has_drifted):
            return None
        compiled = kernels(_SAVED_NS)
        if compiled is None:
            return self._turn(t_s)
        component, business = self.exposure.take_touched()
        self.advance(t_s)
        self._n_turns += 1
        columns = self._bound(compiled)
        _, n_turned = compiled.turn(
            columns,
            component,
            business,
            self._n_turns,
            self.tally.roles.start,
            self.levels.weight,
            self.levels.drift,
            self.levels.take_drifted(),
            self.levels.may_drift,
            t_s,
        )
        return columns.turned_list[:n_turned].copy() if n_turned else None

    def close(self, t_s: int) -> LedgerColumns:
        """Book everything up to the end of the run."""
        self.advance(t_s)
        return self.ledger.close(t_s, self.levels.level, self.exposure.by_operator)

    def _turn(self, t_s: int) -> NDArray[np.int64] | None:
        change = self.exposure.take_changes()
        row = self.levels.due()
        if change is not None:
            self.tally.note_change(change)
        if change is not None and row.size == 0:
            row, failed, failing = change.business_row, change.before.by_operator, change.after
        elif row.size:
            row, failed, failing = self._merged(row, change)
        else:
            return None
        self.advance(t_s)
        turn = self.levels.turn(row, failing)
        self.ledger.update(turn, t_s, failed)
        self.tally.note_turn(turn)
        return row

    def _merged(
        self, row: NDArray[np.int64], change: Change | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], Failing]:
        """Those that drift may have moved, and those that changed."""
        if change is None:
            failing = self.exposure.failing(row)
            return row, failing.by_operator, failing
        row = np.union1d(row, change.business_row)
        failing = self.exposure.failing(row)
        failed = failing.by_operator.copy()
        failed[:, np.searchsorted(row, change.business_row)] = change.before.by_operator
        return row, failed, failing

    def _bound(self, compiled: ModuleType) -> Columns:
        """Columns as the compiled loop takes them; anew when a mechanism is first used."""
        exposure, ledger, levels, tally = self.exposure, self.ledger, self.levels, self.tally
        if self._columns is not None and self._n_mechanisms == len(exposure.n_entries):
            return self._columns
        self._n_mechanisms = len(exposure.n_entries)
        components = self._world.components
        n, n_components = exposure.component_row.shape[0], components.n_components
        of = exposure.n_entries.get
        unused = np.zeros((self._world.operators.n_operators, 0), np.int16)
        columns: Columns = compiled.Columns(
            is_spread=components.is_spread,
            host_order=components.host_order,
            host_start=components.host_start,
            business_order=components.business_order,
            business_start=components.business_start,
            n_dropping=of(Mechanism.DROP, unused).T,
            n_throttling=of(Mechanism.THROTTLE, unused).T,
            n_exempting=of(Mechanism.EXEMPT, unused).T,
            throttle_severity=float(exposure.throttle_severity),
            name_evasion=float(exposure.name_evasion),
            overload_severity=exposure.overload_severity,
            name_draw=exposure.name_draw,
            role_weight=exposure.role_weight,
            fails=exposure.fails.T,
            component_row=exposure.component_row,
            overmatch=exposure.overmatch,
            is_overloaded=exposure.is_overloaded,
            told_component_row=exposure.told_component_row,
            told_overmatch=exposure.told_overmatch,
            told_is_overloaded=exposure.told_is_overloaded,
            by_operator=exposure.by_operator.T,
            threshold=levels.threshold,
            level=levels.level,
            role_level=levels.role_level,
            next_look=levels.next_look,
            sector_row=ledger.sector_row,
            passed=ledger.passed,
            passed_since=ledger.passed_since.T,
            since_s=ledger.since_s,
            lost_below=ledger.lost_below,
            lost_in_spell=ledger.lost_in_spell,
            lost_by_spell=ledger.lost_by_spell,
            time_s=ledger.time_s.T,
            spell_start_s=ledger.spell_start_s,
            first_outage_s=ledger.first_outage_s,
            last_outage_s=ledger.last_outage_s,
            n_spells=ledger.n_spells,
            spell_edges_s=np.array(SPELL_EDGES_S, np.int64),
            value=tally.value,
            provider_group=tally.provider_group,
            sector_group=tally.sector_group,
            lost_micro_usd_per_h=tally.lost_micro_usd_per_h,
            n_at_level=tally.n_at_level,
            component_turn=np.zeros(n_components, np.int64),
            business_turn=np.zeros(n, np.int64),
            component_list=np.empty(n_components, np.int64),
            business_list=np.empty(n, np.int64),
            turned_list=np.empty(n, np.int64),
            by_role=np.empty((exposure.fails.shape[0], exposure.role_weight.shape[1])),
        )
        self._columns = columns
        return columns
