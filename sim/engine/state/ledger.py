"""What each business lost, integrated exactly between events.

In: the share of attempts failing, whenever it changes. Out: per business, lost demand by length of
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
_STATES = np.arange(3, dtype=np.int8)


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
    """Integrates over pieces on which a business's state is constant.

    What passes between two times is booked once for each operator and sector, as demand weighted
    by the users who are on no VPN; a business takes its part when its state changes.
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
        self.time_s = np.zeros((n, 3), np.int64)
        self.spell_start_s = np.full(n, NEVER, np.int64)
        self.first_outage_s = np.full(n, NEVER, np.int64)
        self.last_outage_s = np.full(n, NEVER, np.int64)
        self.n_spells = np.zeros(n, np.int64)

    def close(
        self, t_s: int, level: NDArray[np.int8], failed: NDArray[np.float64]
    ) -> LedgerColumns:
        """Book everything up to the end of the run, until which demand has passed.

        Parameters
        ----------
        level : shape (n_businesses,)
            State of each since it was booked.
        failed : shape (n_businesses, n_operators)
            Share of its attempts that failed since then.
        """
        self._book(level, t_s, failed)
        is_affected_at_end = level > 0
        self._end_spells(np.flatnonzero(is_affected_at_end), t_s)
        by_spell = [self.demand.hours(lost, self.sector_row) for lost in self.lost_by_spell.T]
        return LedgerColumns(
            lost_demand_h_below_threshold=self.demand.hours(self.lost_below, self.sector_row),
            lost_demand_h_by_spell=np.stack(by_spell, axis=1),
            affected_s=self.time_s[:, 0].copy(),
            impaired_s=self.time_s[:, 1].copy(),
            down_s=self.time_s[:, 2].copy(),
            first_outage_s=self.first_outage_s,
            last_outage_s=self.last_outage_s,
            n_spells=self.n_spells,
            is_affected_at_end=is_affected_at_end,
        )

    def _book(self, level: NDArray[np.int8], t_s: int, failed: NDArray[np.float64]) -> None:
        passed = self.passed.T[self.sector_row]
        lost = failed * (passed - self.passed_since)
        # In the sequence of operators, so that a business's loss does not hang on its company.
        lost = np.add.accumulate(lost, axis=1)[:, -1]
        is_affected = level > 0
        self.lost_in_spell += np.where(is_affected, lost, 0.0)
        self.lost_below += np.where(is_affected, 0.0, lost)
        elapsed_s = (t_s - self.since_s)[:, np.newaxis]
        self.time_s += np.where(level[:, np.newaxis] > _STATES, elapsed_s, 0)

    def _end_spells(self, row: NDArray[np.int64], t_s: int) -> None:
        length_s = t_s - self.spell_start_s[row]
        spell_class = np.searchsorted(SPELL_EDGES_S, length_s, side="right")
        self.lost_by_spell[row, spell_class] += self.lost_in_spell[row]
        self.lost_in_spell[row] = 0.0
        self.last_outage_s[row] = t_s
