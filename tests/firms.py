"""Ledgers and businesses from plain values, for tests of what is computed from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.engine.state.ledger import SPELL_NAMES, LedgerColumns
from sim.measure.money.losses import Moves, Stretches
from sim.scenario.library import shipped
from sim.scenario.tables.money import MoneyParameterRow, PricedRow
from sim.scenario.tables.seeds import Table, read_table
from sim.world.build import Businesses

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
        role_cause=np.zeros((n, 5), np.uint8),
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
        first_cut_off_s=np.full(n, -1, np.int64),
        last_cut_off_s=np.full(n, -1, np.int64),
        n_spells=np.zeros(n, np.int64),
        is_affected_at_end=np.zeros(n, np.bool_),
        worst_share=np.zeros(n),
    )


IS_DOMESTIC = (False, False, False, True)
"""Providers that paths name by row: three foreign ones, and one in the country."""
DURATION_H = 1000.0

Path = tuple[tuple[float, int], ...]
"""From which hour on whom a business paid; from hour 0 on the provider it began with."""


def stretches(rows: Sequence[tuple[int, int, float]]) -> Stretches:
    """Business, provider and hours of each stretch as columns."""
    return Stretches(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], np.float64),
    )


def moves_along(
    paths: Sequence[Path], cost_usd: Sequence[float] = (), duration_h: float = DURATION_H
) -> Moves:
    """Moves of businesses, hour by hour from whom each paid."""
    stays, left = [], []
    for row, path in enumerate(paths):
        ends = [*(hour for hour, _ in path[1:]), duration_h]
        for turn, (end_h, (from_h, provider)) in enumerate(zip(ends, path, strict=True)):
            if provider != path[0][1]:
                stays.append((row, provider, end_h - from_h))
            if turn + 1 < len(path) and path[turn + 1][1] != provider:
                back = [hour for hour, other in path[turn + 1 :] if other == provider]
                left.append((row, provider, min([*back, duration_h]) - end_h))
    return Moves(
        np.array(cost_usd or [0.0] * len(paths)),
        np.array([path[0][1] for path in paths], np.int64),
        np.array(IS_DOMESTIC),
        stretches(stays),
        stretches(left),
    )


def shipped_money_parameters() -> Table[MoneyParameterRow]:
    path = shipped("seeds") / "money-parameters.csv"
    return read_table("money-parameters", path, MoneyParameterRow)


def central(key: str, row: PricedRow) -> np.ndarray:
    """One draw of a parameter: its central value."""
    return np.array([row.value])
