"""What a run lost, added up by sector and class of spell length.

In: the ledger and the businesses of one run. Out: sums that hold all that prices need, because
every price is the same for all businesses of a sector and class. It knows no price.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.engine.ledger import LedgerColumns
from sim.world.build import World
from sim.world.population import MICRO, Businesses

S_PER_H = 3600


@dataclass(frozen=True, eq=False)
class Moves:
    """What businesses did about it, one row per business.

    Attributes
    ----------
    n_moves : shape (n_businesses,)
        Moves to other addresses, at the same provider or another.
    away_h : shape (n_businesses,)
        Hours of the run in which the business no longer paid the provider it began with.
    domestic_h : shape (n_businesses,)
        Those of them in which it paid a domestic provider instead.

    Raises
    ------
    ValueError
        If a cell is negative, or more hours are domestic than away.
    """

    n_moves: NDArray[np.int64]
    away_h: NDArray[np.float64]
    domestic_h: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in fields(self):
            values = getattr(self, column.name)
            if not (values >= 0).all():
                raise ValueError(f"expected {column.name} >= 0, got less")
            values.flags.writeable = False
        if (self.domestic_h > self.away_h).any():
            raise ValueError("expected domestic_h <= away_h, got more")

    @classmethod
    def none(cls, n_businesses: int) -> Moves:
        """Nobody moves."""
        return cls(np.zeros(n_businesses, np.int64), *np.zeros((2, n_businesses)))


@dataclass(frozen=True, eq=False)
class LossTotals:
    """Sums over the businesses of each sector.

    Attributes
    ----------
    lost_usd_below_threshold : shape (n_sectors,)
        Domestic revenue behind the demand lost while not affected.
    lost_usd : shape (n_sectors, n_spell_classes)
        The same for demand lost in spells, by length of the spell.
    exposed_usd_per_h : shape (n_sectors, n_spell_classes)
        Domestic revenue of customers who met an outage, by the business's longest class of spell.
    moves : shape (n_sectors,)
        Number of moves.
    moved_usd_per_h : shape (n_sectors,)
        Revenue of the businesses that moved, counted once per move.
    away_usd, domestic_usd : shape (n_sectors,)
        Revenue of businesses while away from their first provider, and while at a domestic one.
    demand_usd : shape (n_sectors,)
        Domestic revenue over the run, had nothing failed.
    """

    lost_usd_below_threshold: NDArray[np.float64]
    lost_usd: NDArray[np.float64]
    exposed_usd_per_h: NDArray[np.float64]
    moves: NDArray[np.float64]
    moved_usd_per_h: NDArray[np.float64]
    away_usd: NDArray[np.float64]
    domestic_usd: NDArray[np.float64]
    demand_usd: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False

    @property
    def demand_lost_share(self) -> float:
        """Share of the demand that was lost; NaN where there was none to lose."""
        lost = float(self.lost_usd.sum() + self.lost_usd_below_threshold.sum())
        demand = float(self.demand_usd.sum())
        return lost / demand if demand > 0 else float("nan")


def loss_totals(world: World, ledger: LedgerColumns, moves: Moves | None = None) -> LossTotals:
    """Add up the losses of one run.

    Parameters
    ----------
    moves
        None where nobody moves.
    """
    businesses, demand = world.businesses, world.demand
    row = businesses.sector_row
    demand_h = demand.hours(demand.cumulative(world.horizon_s)[row].astype(float), row)
    return add_up(businesses, ledger, moves or Moves.none(businesses.n_businesses), demand_h)


def add_up(
    businesses: Businesses, ledger: LedgerColumns, moves: Moves, demand_h: NDArray[np.float64]
) -> LossTotals:
    """Sums of ``LossTotals`` from columns.

    Parameters
    ----------
    demand_h : shape (n_businesses,)
        Demand over the run, in hours of mean domestic demand.

    Notes
    -----
    With v the mean domestic revenue of a business in USD an hour, its customers who met an outage
    spend ``v * min(1, demand lost in spells / time affected)`` an hour: the mean share failing
    while affected. The minimum bounds what the rhythm of the day may add.
    """
    value = businesses.value_micro_usd_per_h / MICRO
    revenue = businesses.revenue_usd_per_h
    lost_h = ledger.lost_demand_h_by_spell
    n_classes = lost_h.shape[1]
    affected_h = ledger.affected_s / S_PER_H
    share_failing = np.zeros(businesses.n_businesses)
    np.divide(lost_h.sum(axis=1), affected_h, out=share_failing, where=affected_h > 0)
    exposed = value * np.minimum(share_failing, 1)
    # Row of the longest class in which something was lost; nothing is exposed where there is none.
    longest = n_classes - 1 - np.argmax(lost_h[:, ::-1] > 0, axis=1)
    sector_row, n_sectors = businesses.sector_row, len(businesses.sector)

    def by_sector(weight: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.bincount(sector_row, weight, n_sectors).astype(float)

    return LossTotals(
        lost_usd_below_threshold=by_sector(value * ledger.lost_demand_h_below_threshold),
        lost_usd=np.stack([by_sector(value * column) for column in lost_h.T], axis=1),
        exposed_usd_per_h=np.bincount(
            sector_row * n_classes + longest, exposed, n_sectors * n_classes
        )
        .astype(float)
        .reshape(n_sectors, n_classes),
        moves=by_sector(moves.n_moves.astype(float)),
        moved_usd_per_h=by_sector(moves.n_moves * revenue),
        away_usd=by_sector(moves.away_h * revenue),
        domestic_usd=by_sector(moves.domestic_h * revenue),
        demand_usd=by_sector(value * demand_h),
    )
