"""Results for businesses of one run, as frozen columns, and the numbers that states share.

Compiled loops depend on this file, and not on how a world is built.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.world.frozen import FrozenColumns

SLACK = 1e-12
"""Largest share that rounding may make of zero. A share is above a limit if it exceeds it by more
than this, so that sums and products of decimal shares compare as the decimals they stand for."""
IMPAIRED_LEVEL = 2
NOT_RUNNING = -1
"""Start of a patience that does not run."""
NO_CAUSE = -1
SPELL_EDGES_S = (3600, 6 * 3600, 24 * 3600, 3 * 86_400, 14 * 86_400)
SPELL_NAMES = ("under_1_h", "1_h_to_6_h", "6_h_to_24_h", "1_d_to_3_d", "3_d_to_14_d", "over_14_d")
"""Classes of spell length: below the first edge, from each edge to the next, from the last on."""

NEVER = -1
N_STATES = 3
"""Affected, impaired, down."""


@dataclass(frozen=True)
class Group:
    """Group that a number counts: everybody, or those of one provider or sector."""

    provider_row: int = -1
    sector_row: int = -1
    """At most one is not -1."""


@dataclass(frozen=True, eq=False)
class LedgerColumns(FrozenColumns):
    """The ledger of one run, one row per business."""

    lost_demand_h_below_threshold: NDArray[np.float64]
    """Demand lost while not affected, in hours of the business's mean domestic demand; shape
    (n_businesses,)."""
    lost_demand_h_by_spell: NDArray[np.float64]
    """Demand lost in spells, by the length of the spell; shape (n_businesses,
    n_spell_classes)."""
    affected_s: NDArray[np.int64]
    impaired_s: NDArray[np.int64]
    down_s: NDArray[np.int64]
    """Time in at least that state; shape (n_businesses,)."""
    first_outage_s: NDArray[np.int64]
    last_outage_s: NDArray[np.int64]
    """Start of the first spell and end of the last one; -1 where there was none; shape
    (n_businesses,)."""
    first_cut_off_s: NDArray[np.int64]
    last_cut_off_s: NDArray[np.int64]
    """The same of the times in which it is impaired at least; shape (n_businesses,)."""
    n_spells: NDArray[np.int64]
    """Spells begun; shape (n_businesses,)."""
    is_affected_at_end: NDArray[np.bool_]
    """Whether a spell was running when the run ended; it counts with its length so far; shape
    (n_businesses,)."""
    worst_share: NDArray[np.float64]
    """Largest share of attempts that failed, were nobody on a VPN, for a second or longer;
    shape (n_businesses,)."""

    @property
    def lost_demand_h(self) -> NDArray[np.float64]:
        """All demand lost, in hours of each business's mean domestic demand."""
        return np.asarray(
            self.lost_demand_h_below_threshold + self.lost_demand_h_by_spell.sum(axis=1)
        )


@dataclass(frozen=True, eq=False)
class OperatorColumns(FrozenColumns):
    """The states of businesses at each operator over one run.

    A business is affected, impaired or down at an operator when the share of attempts of the
    operator's users without a VPN that fail there, m(i, k), is above the threshold.

    Attributes
    ----------
    n_ever : shape (3, n_operators)
        Businesses that were ever affected, impaired, down at the operator.
    time_s : shape (3, n_operators)
        Time in at least that state, summed over businesses.
    lost_micro_usd : shape (n_operators, n_causes)
        Demand that failed for the operator's users by each cause, in micro-dollars of revenue.
    main_cause : shape (n_businesses,)
        Cause by which each business lost most, the first of those that tie; -1 where it lost
        nothing.
    site_time_s: shape (3, n_sites, n_operators)
        Time of each site of an inventory in at least that state at the operator.
    site_lost_h : shape (n_sites, n_operators)
        Demand that each site lost with the operator's users, in hours of its mean domestic demand;
        over operators they sum to all it lost.
    site_lost_by_cause_h : shape (n_sites, n_causes)
        The same by cause.
    """

    n_ever: NDArray[np.int64]
    time_s: NDArray[np.int64]
    lost_micro_usd: NDArray[np.float64]
    main_cause: NDArray[np.int8]
    site_time_s: NDArray[np.int64]
    site_lost_h: NDArray[np.float64]
    site_lost_by_cause_h: NDArray[np.float64]
