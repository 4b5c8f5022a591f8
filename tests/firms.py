"""Ledgers and businesses from plain values, for tests of what is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.engine.ledger import SPELL_NAMES, LedgerColumns
from sim.scenario.library import shipped
from sim.scenario.money_tables import MoneyParameterRow
from sim.scenario.seeds import Table, read_table
from sim.world.population import Businesses

N_CLASSES = len(SPELL_NAMES)


@dataclass(frozen=True)
class Loser:
    """A business and its ledger in plain values."""

    sector_row: int = 0
    domestic_usd_per_h: float = 100.0
    revenue_usd_per_h: float = 100.0
    below_h: float = 0.0
    lost_h: tuple[float, ...] = (0.0,) * N_CLASSES
    affected_h: float = 0.0


def lost_in(spell_class: str, hours: float) -> tuple[float, ...]:
    """Demand lost in one class of spell alone."""
    return tuple(hours if name == spell_class else 0.0 for name in SPELL_NAMES)


def businesses_of(losers: Sequence[Loser], sectors: Sequence[str]) -> Businesses:
    n = len(losers)
    return Businesses(
        sector=tuple(sectors),
        role_weight=np.zeros((len(sectors), 5)),
        sector_row=np.array([loser.sector_row for loser in losers], np.int64),
        home_place_row=np.zeros(n, np.int64),
        revenue_usd_per_h=np.array([loser.revenue_usd_per_h for loser in losers]),
        value_micro_usd_per_h=np.array(
            [round(loser.domestic_usd_per_h * 1e6) for loser in losers], np.int64
        ),
        name_draw=np.ones(n),
        component_row=np.zeros((n, 5), np.int64),
        is_third_party=np.zeros((n, 5), np.bool_),
    )


def ledger_of(losers: Sequence[Loser]) -> LedgerColumns:
    n = len(losers)
    return LedgerColumns(
        lost_demand_h_below_threshold=np.array([loser.below_h for loser in losers]),
        lost_demand_h_by_spell=np.array([loser.lost_h for loser in losers]).reshape(n, N_CLASSES),
        affected_s=np.array([round(loser.affected_h * 3600) for loser in losers], np.int64),
        impaired_s=np.zeros(n, np.int64),
        down_s=np.zeros(n, np.int64),
        first_outage_s=np.full(n, -1, np.int64),
        last_outage_s=np.full(n, -1, np.int64),
        n_spells=np.zeros(n, np.int64),
        is_affected_at_end=np.zeros(n, np.bool_),
    )


def shipped_money_parameters() -> Table[MoneyParameterRow]:
    path = shipped("seeds") / "money-parameters.csv"
    return read_table("money-parameters", path, MoneyParameterRow)
