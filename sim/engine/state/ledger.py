"""The losses of each business, integrated exactly between events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.world.frozen import FrozenColumns

if TYPE_CHECKING:  # Compiled loops depend on this file, and not on how a world is built.
    from sim.world.build import World

SPELL_EDGES_S = (3600, 6 * 3600, 24 * 3600, 3 * 86_400, 14 * 86_400)
SPELL_NAMES = ("under_1_h", "1_h_to_6_h", "6_h_to_24_h", "1_d_to_3_d", "3_d_to_14_d", "over_14_d")
"""Classes of spell length: below the first edge, from each edge to the next, from the last on."""

NEVER = -1
N_STATES = 3
"""Affected, impaired, down."""


@dataclass(frozen=True, eq=False)
class LedgerColumns(FrozenColumns):
    """The ledger of one run, one row per business.

    Attributes
    ----------
    lost_demand_h_below_threshold : shape (n_businesses,)
        Demand lost while not affected, in hours of the business's mean domestic demand.
    lost_demand_h_by_spell : shape (n_businesses, n_spell_classes)
        Demand lost in spells, by the length of the spell.
    affected_s, impaired_s, down_s : shape (n_businesses,)
        Time in at least that state.
    first_outage_s, last_outage_s : shape (n_businesses,)
        Start of the first spell and end of the last one; -1 where there was none.
    first_cut_off_s, last_cut_off_s : shape (n_businesses,)
        The same of the times in which it is impaired at least.
    n_spells : shape (n_businesses,)
        Spells begun.
    is_affected_at_end : shape (n_businesses,)
        Whether a spell was running when the run ended; it counts with its length so far.
    worst_share : shape (n_businesses,)
        Largest share of attempts that failed, were nobody on a VPN, for a second or longer.
    """

    lost_demand_h_below_threshold: NDArray[np.float64]
    lost_demand_h_by_spell: NDArray[np.float64]
    affected_s: NDArray[np.int64]
    impaired_s: NDArray[np.int64]
    down_s: NDArray[np.int64]
    first_outage_s: NDArray[np.int64]
    last_outage_s: NDArray[np.int64]
    first_cut_off_s: NDArray[np.int64]
    last_cut_off_s: NDArray[np.int64]
    n_spells: NDArray[np.int64]
    is_affected_at_end: NDArray[np.bool_]
    worst_share: NDArray[np.float64]

    @property
    def lost_demand_h(self) -> NDArray[np.float64]:
        """All demand lost, in hours of each business's mean domestic demand."""
        return np.asarray(
            self.lost_demand_h_below_threshold + self.lost_demand_h_by_spell.sum(axis=1)
        )


class Ledger:
    """Integrates over pieces on which a business fails alike at an operator.

    What passes between two times is booked once for each operator and sector, as demand weighted
    by the users who are on no VPN; a business takes its part of an operator when it begins to fail
    otherwise there, and of all of them when a spell begins or ends.

    Attributes
    ----------
    passed : shape (n_operators, n_sectors)
        Demand that has passed.
    passed_since : shape (n_businesses, n_operators)
        What had passed when each business last took its part.
    since_s : shape (n_businesses,)
        Since when each has been in its state.
    share_users : shape (n_operators,)
        Weights of operators, were nobody on a VPN.
    exposed, exposed_since_s : shape (n_businesses,)
        Share of attempts that fails now by these weights, and since when; the largest share before
        is in ``worst_share``. Drift does not move it, so that it is exact.
    """

    def __init__(self, world: World) -> None:
        n, n_operators = world.businesses.n_businesses, world.operators.n_operators
        self.demand = world.demand
        self.sector_row = world.businesses.sector_row
        self.demand_booked = self.demand.cumulative(0)
        self.passed = np.zeros((n_operators, self.demand_booked.size))
        self.passed_since = np.zeros((n, n_operators))
        self.since_s = np.zeros(n, np.int64)
        self.lost_below = np.zeros(n)
        self.lost_in_spell = np.zeros(n)
        self.lost_by_spell = np.zeros((n, len(SPELL_NAMES)))
        self.time_s = np.zeros((N_STATES, n), np.int64)
        self.spell_start_s = np.full(n, NEVER, np.int64)
        self.first_outage_s = np.full(n, NEVER, np.int64)
        self.last_outage_s = np.full(n, NEVER, np.int64)
        self.first_cut_off_s = np.full(n, NEVER, np.int64)
        self.last_cut_off_s = np.full(n, NEVER, np.int64)
        self.n_spells = np.zeros(n, np.int64)
        self.share_users = world.operators.share_users.copy()
        self.exposed = np.zeros(n)
        self.exposed_since_s = np.zeros(n, np.int64)
        self.worst_share = np.zeros(n)

    def freeze(self, level: NDArray[np.int8]) -> LedgerColumns:
        """Everything booked, as columns; nothing can be booked any more.

        Parameters
        ----------
        level : shape (n_businesses,)
            State of each at the end.
        """
        # In place, one column after the other: a second table of a million rows is large.
        for lost in (self.lost_below, *self.lost_by_spell.T):
            lost[:] = self.demand.hours(lost, self.sector_row)
        affected_s, impaired_s, down_s = self.time_s
        return LedgerColumns(
            lost_demand_h_below_threshold=self.lost_below,
            lost_demand_h_by_spell=self.lost_by_spell,
            affected_s=affected_s,
            impaired_s=impaired_s,
            down_s=down_s,
            first_outage_s=self.first_outage_s,
            last_outage_s=self.last_outage_s,
            first_cut_off_s=self.first_cut_off_s,
            last_cut_off_s=self.last_cut_off_s,
            n_spells=self.n_spells,
            is_affected_at_end=level > 0,
            worst_share=self.worst_share,
        )
