"""The outcome of one run: facts, as frozen columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.eventlog import Events
from sim.engine.orders import Mechanism
from sim.engine.record.curves import Curves
from sim.engine.state.ledger import LedgerColumns, OperatorColumns
from sim.world.frozen import FrozenColumns

if TYPE_CHECKING:
    # It imports compiled loops, which readers of results need not.
    from sim.engine.state.target import UserColumns


@dataclass(frozen=True, eq=False)
class Outcome(FrozenColumns):
    """What happened in one run.

    Attributes
    ----------
    events
        Facts in the order they happened.
    entry_addresses, entry_mechanism, entry_rules
        Addresses, mechanism and rules of each entry of the register, by entry row.
    front_address : shape (n_fronts,)
        Fronts of the target, by front row.
    ledger
        What each business lost.
    at_operators
        What businesses met at each operator, and by which causes demand failed.
    n_responses : shape (n_businesses, n_kinds)
        Responses each business completed.
    users
        What became of the target's users; None where it has no fronts or users.
    vpn
        Users on a VPN over time; no steps where nobody takes to one.
    n_complaints, n_named, attention
        Expected complaints, businesses that appealed by name, and attention at the end; NaN, 0
        and 0 where nobody complains.
    curves
        How the counts moved.
    """

    events: Events
    entry_addresses: tuple[IntervalSet, ...]
    entry_mechanism: tuple[Mechanism, ...]
    entry_rules: NDArray[np.int64]
    front_address: NDArray[np.int64]
    ledger: LedgerColumns
    at_operators: OperatorColumns
    n_responses: NDArray[np.int64]
    users: UserColumns | None
    vpn: VpnSteps
    n_complaints: float
    n_named: int
    attention: float
    curves: Curves


@dataclass(frozen=True, eq=False)
class VpnSteps(FrozenColumns):
    """Users on a VPN; before the first step nobody is.

    Attributes
    ----------
    t_s : shape (n_steps,), ascending
        From this second on the shares hold.
    share : shape (n_steps, n_operators)
        Share of each operator's users who are on a VPN.
    """

    t_s: NDArray[np.int64]
    share: NDArray[np.float64]
