"""Exposure, levels, ledger, tally and what is met at operators as one: all about businesses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.engine.state import hosts_kernel
from sim.engine.state import states_kernel as kernel
from sim.engine.state.at_operators import AtOperators, OperatorColumns
from sim.engine.state.exposure import Exposure
from sim.engine.state.ledger import SPELL_EDGES_S, Ledger, LedgerColumns
from sim.engine.state.levels import IMPAIRED_LEVEL, Levels, Patience
from sim.engine.state.states_kernel import N_SHARED, Columns
from sim.engine.state.tally import Tally
from sim.world.build import World


class States:
    """All columns about businesses.

    Attributes
    ----------
    exposure, levels, ledger, tally, at_operators, patience
        The columns.
    """

    def __init__(self, world: World) -> None:
        self.exposure = Exposure(world)
        self.levels = Levels(world)
        self.ledger = Ledger(world)
        self.tally = Tally(world)
        self.at_operators = AtOperators(world)
        n = world.businesses.n_businesses
        unmoved = np.full(n, IMPAIRED_LEVEL, np.int8)
        self.patience = Patience(world.moves.tolerance if world.moves is not None else unmoved)
        self._columns = _columns_of(self)
        self.handle = kernel.make_states(self._columns)

    def move(
        self, business_row: int, component_row: NDArray[np.int64], *, is_response: bool
    ) -> None:
        """Let a business sit on other components from now on.

        Parameters
        ----------
        component_row : shape (n_roles,)
        is_response
            Whether the business moves what is its own, all to one place, and not a provider.
        """
        hosts_kernel.move(self.handle, business_row, component_row.astype(np.int32), is_response)

    def set_vpn(self, t_s: int, vpn: NDArray[np.float64]) -> None:
        """Set the share of each operator's users who are on a VPN."""
        self.advance(t_s)
        self.levels.set_vpn(vpn)

    def advance(self, t_s: int) -> None:
        """Let time pass with the users of each operator counting as they did until now."""
        kernel.pass_demand(self.handle, self.levels.weight, self.ledger.demand.start_s + t_s)

    def starting(self, n_starting: int) -> NDArray[np.int64]:
        """Rows of businesses whose patience began to run at the last turn, so many; ascending."""
        rows: NDArray[np.int64] = self._columns.starting_list[:n_starting].copy()
        return rows

    def close(self, t_s: int) -> tuple[LedgerColumns, OperatorColumns]:
        """Book everything up to the end of the run."""
        self.advance(t_s)
        kernel.close(self.handle, t_s)
        at_operators = self.at_operators.freeze(self.ledger.demand)
        return self.ledger.freeze(self.levels.level), at_operators


def _columns_of(states: States) -> Columns:
    """Columns of the classes that own them, each under the name that it has there.

    Names that mean something else in two of them are given here.
    """
    exposure, ledger, tally, patience = (
        states.exposure,
        states.ledger,
        states.tally,
        states.patience,
    )
    components, demand, at_operators = exposure.components, ledger.demand, states.at_operators
    (n, n_roles), n_components = exposure.component_row.shape, components.n_components
    owners = components, patience, at_operators, tally, ledger, states.levels, exposure
    named: dict[str, Any] = {name: value for owner in owners for name, value in vars(owner).items()}
    named |= {
        "host_component": components.component_row,
        "name_evasion": float(exposure.name_evasion),
        "until_hour": demand.until_hour,
        "by_hour": demand.weight,
        "before_start": demand.before_start,
        "time_s": ledger.time_s,
        "since_s": ledger.since_s,
        "spell_edges_s": np.array(SPELL_EDGES_S, np.int64),
        "first_sector_group": tally.sectors.start,
        "total_value": float(tally.value_micro_usd_per_h[0]),
        "time_at_s": at_operators.time_s,
        "impatient_since_s": patience.since_s,
        "is_turned": False,
        "n_components": 0,
        "n_businesses": 0,
        "n_moved": 0,
        "is_listed": np.zeros(n_components, np.bool_),
        "touched": np.zeros(n, np.uint8),
        # Lists take memory as far as they are filled.
        "component_list": np.empty(n_components, np.int32),
        "changed_list": np.empty(n_components, np.int32),
        "degree_now": np.empty_like(exposure.degree_row[:, 0]),
        "business_list": np.empty(n, np.int32),
        "moved_list": np.empty(n, np.int32),
        "told_component_row": np.empty((n, n_roles), np.int32),
        "told_role_cause": np.empty((n, n_roles), np.uint8),
        "share_business": np.empty(N_SHARED, np.int32),
        "share_seat": np.empty(N_SHARED, np.int32),
        "share_operator": np.empty(N_SHARED, np.int32),
        "share_passed": np.empty(N_SHARED),
        "starting_list": np.empty(n, np.int64),
        "beginning_list": np.empty(n, np.int64),
        "ending_list": np.empty(n, np.int64),
        "operator_list": np.empty(exposure.is_touched_at.size, np.int64),
    }
    return Columns(**{name: named[name] for name in Columns._fields})
