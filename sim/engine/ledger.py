"""What each business lost, integrated exactly between events.

In: the share of demand failing, whenever it changes. Out: per business, lost demand by length of
spell, time in each state, first and last outage. It knows no price.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.world.build import World

SPELL_EDGES_S = (3600, 6 * 3600, 24 * 3600, 3 * 86_400, 14 * 86_400)
SPELL_NAMES = ("under_1_h", "1_h_to_6_h", "6_h_to_24_h", "1_d_to_3_d", "3_d_to_14_d", "over_14_d")
"""Classes of spell length: below the first edge, from each edge to the next, from the last on."""

NEVER = -1


@dataclass(frozen=True, eq=False)
class LedgerColumns:
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
    n_spells : shape (n_businesses,)
        Spells begun.
    is_affected_at_end : shape (n_businesses,)
        Whether a spell was running when the run ended; it counts with its length so far.
    """

    lost_demand_h_below_threshold: NDArray[np.float64]
    lost_demand_h_by_spell: NDArray[np.float64]
    affected_s: NDArray[np.int64]
    impaired_s: NDArray[np.int64]
    down_s: NDArray[np.int64]
    first_outage_s: NDArray[np.int64]
    last_outage_s: NDArray[np.int64]
    n_spells: NDArray[np.int64]
    is_affected_at_end: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False

    @property
    def lost_demand_h(self) -> NDArray[np.float64]:
        """All demand lost, in hours of each business's mean domestic demand."""
        return np.asarray(
            self.lost_demand_h_below_threshold + self.lost_demand_h_by_spell.sum(axis=1)
        )


class Ledger:
    """Integrates over pieces on which a business's failing share is constant."""

    def __init__(self, world: World) -> None:
        n = world.businesses.n_businesses
        limits = world.thresholds
        self._thresholds = np.array([limits.affected, limits.impaired, limits.down])
        self._demand = world.demand
        self._sector_row = world.businesses.sector_row
        self._share_failing = np.zeros(n)
        self.level = np.zeros(n, np.int8)
        self._since_s = np.zeros(n, np.int64)
        self._demand_since = np.zeros(n, np.int64)
        self._lost_below = np.zeros(n)
        self._lost_in_spell = np.zeros(n)
        self._lost_by_spell = np.zeros((n, len(SPELL_NAMES)))
        self._time_s = np.zeros((3, n), np.int64)
        self._spell_start_s = np.full(n, NEVER, np.int64)
        self._first_outage_s = np.full(n, NEVER, np.int64)
        self._last_outage_s = np.full(n, NEVER, np.int64)
        self._n_spells = np.zeros(n, np.int64)

    def levels_of(self, share_failing: NDArray[np.float64]) -> NDArray[np.int8]:
        """0 reachable, 1 affected, 2 impaired, 3 down; each strictly above its threshold."""
        above = share_failing[..., np.newaxis] > self._thresholds
        return np.asarray(above.sum(axis=-1), dtype=np.int8)

    def update(
        self, business_row: NDArray[np.int64], t_s: int, share_failing: NDArray[np.float64]
    ) -> None:
        """Book the piece that ends now, and note the share failing from now on."""
        self._integrate(business_row, t_s)
        was_affected = self.level[business_row] > 0
        self._share_failing[business_row] = share_failing
        self.level[business_row] = self.levels_of(share_failing)
        is_affected = self.level[business_row] > 0
        self._end_spells(business_row[was_affected & ~is_affected], t_s)
        starting = business_row[~was_affected & is_affected]
        self._spell_start_s[starting] = t_s
        self._n_spells[starting] += 1
        first = starting[self._first_outage_s[starting] == NEVER]
        self._first_outage_s[first] = t_s

    def close(self, t_s: int) -> LedgerColumns:
        """Book everything up to the end of the run."""
        self._integrate(np.arange(self.level.size), t_s)
        is_affected_at_end = self.level > 0
        self._end_spells(np.flatnonzero(is_affected_at_end), t_s)
        by_spell = [self._demand.hours(lost, self._sector_row) for lost in self._lost_by_spell.T]
        return LedgerColumns(
            lost_demand_h_below_threshold=self._demand.hours(self._lost_below, self._sector_row),
            lost_demand_h_by_spell=np.stack(by_spell, axis=1),
            affected_s=self._time_s[0].copy(),
            impaired_s=self._time_s[1].copy(),
            down_s=self._time_s[2].copy(),
            first_outage_s=self._first_outage_s,
            last_outage_s=self._last_outage_s,
            n_spells=self._n_spells,
            is_affected_at_end=is_affected_at_end,
        )

    def _integrate(self, row: NDArray[np.int64], t_s: int) -> None:
        demand_now = self._demand.cumulative(t_s)[self._sector_row[row]]
        lost = self._share_failing[row] * (demand_now - self._demand_since[row])
        elapsed_s = t_s - self._since_s[row]
        level = self.level[row]
        self._lost_below[row] += np.where(level > 0, 0.0, lost)
        self._lost_in_spell[row] += np.where(level > 0, lost, 0.0)
        for state in range(3):
            self._time_s[state, row] += np.where(level > state, elapsed_s, 0)
        self._since_s[row] = t_s
        self._demand_since[row] = demand_now

    def _end_spells(self, row: NDArray[np.int64], t_s: int) -> None:
        length_s = t_s - self._spell_start_s[row]
        spell_class = np.searchsorted(SPELL_EDGES_S, length_s, side="right")
        self._lost_by_spell[row, spell_class] += self._lost_in_spell[row]
        self._lost_in_spell[row] = 0.0
        self._last_outage_s[row] = t_s
