"""Exposure, levels, ledger, tally and what is met at operators as one: all about businesses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.engine.state import hosts_kernel
from sim.engine.state import states_kernel as kernel
from sim.engine.state.at_operators import AtOperators, OperatorColumns
from sim.engine.state.businesses import columns_of
from sim.engine.state.exposure import Exposure
from sim.engine.state.ledger import Ledger, LedgerColumns
from sim.engine.state.levels import IMPAIRED_LEVEL, Levels, Patience
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
        self._columns = columns_of(self)
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
