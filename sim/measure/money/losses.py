"""Loss sums of a run, by sector and class of spell length."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.state.ledger import LedgerColumns
from sim.scenario.tables.inventory import Inventory
from sim.world.build import MICRO, S_PER_H, Businesses, World
from sim.world.frozen import FrozenColumns


@dataclass(frozen=True, eq=False)
class Stretches(FrozenColumns):
    """Times of businesses with, or after leaving, a provider; columns of shape (n_stretches,)."""

    business_row: NDArray[np.int64]
    provider_row: NDArray[np.int64]
    """The business, and the provider."""
    hours: NDArray[np.float64]
    """How long."""


@dataclass(frozen=True, eq=False)
class Moves(FrozenColumns):
    """Moves of businesses in one run."""

    cost_usd: NDArray[np.float64]
    """Labour of the responses it completed; shape (n_businesses,)."""
    first_row: NDArray[np.int64]
    """Provider it began with; shape (n_businesses,)."""
    is_domestic: NDArray[np.bool_]
    """Whether a provider is in the country; shape (n_providers,)."""
    stays: Stretches
    """Times in which a business paid another provider than the one it began with."""
    left: Stretches
    """For each time a business left a provider: the hours until it paid it again, or to the end."""


def moves_of(world: World, outcome: Outcome) -> Moves:
    """Moves of every business.

    Notes
    -----
    A business pays the provider of its home until its first move, and after each move the provider
    that the move's event names.
    """
    n, moves = world.businesses.n_businesses, world.moves
    first_row = world.places.provider_row[world.businesses.home_place_row]
    n_providers = len(world.places.provider)
    log = outcome.events
    is_move = log.kind == Kind.MOVED
    # One row for each stretch: from t = 0 with the first provider, then from move to move.
    row = np.concatenate((np.arange(n), log.business_row[is_move]))
    from_s = np.concatenate((np.zeros(n, np.int64), log.t_s[is_move]))
    payee = np.concatenate((first_row, log.provider_row[is_move]))
    order = np.lexsort((from_s, row))
    row, from_s, payee = row[order], from_s[order], payee[order]
    goes_on = np.append(row[1:] == row[:-1], False)
    to_s = np.where(goes_on, np.append(from_s[1:], 0), world.horizon_s)
    is_away = payee != first_row[row]
    turn = np.flatnonzero(goes_on)
    turn = turn[payee[turn + 1] != payee[turn]]
    back_s = np.full(turn.size, world.horizon_s)
    for later in range(moves.response.shape[1] if moves else 0, 1, -1):
        # From the latest to the earliest return: the earliest, found last, is kept.
        there = np.minimum(turn + later, row.size - 1)
        is_back = (turn + later < row.size) & (row[there] == row[turn])
        is_back &= payee[there] == payee[turn]
        back_s = np.where(is_back, from_s[there], back_s)
    return Moves(
        cost_usd=outcome.n_responses @ moves.cost_usd if moves else np.zeros(n),
        first_row=first_row.copy(),
        is_domestic=moves.is_domestic.copy() if moves else np.zeros(n_providers, np.bool_),
        stays=Stretches(row[is_away], payee[is_away], (to_s - from_s)[is_away] / S_PER_H),
        left=Stretches(row[turn], payee[turn], (back_s - to_s[turn]) / S_PER_H),
    )


@dataclass(frozen=True, eq=False)
class LossTotals(FrozenColumns):
    """Sums over the businesses of each sector."""

    lost_usd_below_threshold: NDArray[np.float64]
    """Domestic revenue behind the demand lost while not affected; shape (n_sectors,)."""
    lost_usd: NDArray[np.float64]
    """The same for demand lost in spells, by length of the spell; shape (n_sectors,
    n_spell_classes)."""
    exposed_usd_per_h: NDArray[np.float64]
    """Domestic revenue of customers who met an outage, by the business's longest class of spell;
    shape (n_sectors, n_spell_classes)."""
    response_usd: NDArray[np.float64]
    """Labour of the responses that were completed, at the cost of the response table; shape
    (n_sectors,)."""
    away_usd: NDArray[np.float64]
    domestic_usd: NDArray[np.float64]
    """Revenue of businesses while away from their first provider, and while at a domestic one;
    shape (n_sectors,)."""
    demand_usd: NDArray[np.float64]
    """Domestic revenue over the run, had nothing failed; shape (n_sectors,)."""
    revenue_usd: NDArray[np.float64]
    """Revenue over the run from all customers, had nothing failed; shape (n_sectors,)."""
    paid_usd: NDArray[np.float64]
    """Revenue of businesses while away, by the provider they began with and the one they paid;
    shape (n_providers, n_providers)."""
    is_domestic: NDArray[np.float64]
    """1 where the provider is in the country; shape (n_providers,)."""
    left_sector_row: NDArray[np.float64]
    left_provider_row: NDArray[np.float64]
    left_is_first: NDArray[np.float64]
    """One row for each time a business left a provider: its sector, whom it left, and 1 where it
    had begun there; shape (n_left,)."""
    left_usd_per_h: NDArray[np.float64]
    left_h: NDArray[np.float64]
    """Its revenue, and the hours until it came back or the run ended; shape (n_left,)."""
    given: LossTotals | None = None
    """Of these, the part of the businesses whose revenue the inventory gives; None without such."""
    drawn: LossTotals | None = None
    """The rest, whose level of revenue is uncertain; None where no revenue is given."""

    @property
    def demand_lost_share(self) -> float:
        """Share of the demand that was lost; NaN where there was none to lose."""
        lost = float(self.lost_usd.sum() + self.lost_usd_below_threshold.sum())
        demand = float(self.demand_usd.sum())
        return lost / demand if demand > 0 else float("nan")


def loss_totals(world: World, outcome: Outcome, inventory: Inventory | None = None) -> LossTotals:
    """Add up the losses of one run.

    Parameters
    ----------
    inventory
        Sites, which may give their revenue: the last of the businesses.
    """
    businesses, demand = world.businesses, world.demand
    row = businesses.sector_row
    demand_h = demand.hours(demand.cumulative(world.horizon_s)[row].astype(float), row)
    moves = moves_of(world, outcome)
    of_run = (businesses, outcome.ledger, moves, demand_h, world.horizon_s / S_PER_H)
    totals = add_up(*of_run)
    if inventory is None or np.isnan(inventory.revenue_usd_per_h).all():
        return totals
    is_given = np.zeros(row.size)
    is_given[row.size - inventory.n_sites :] = ~np.isnan(inventory.revenue_usd_per_h)
    return replace(totals, given=add_up(*of_run, is_given), drawn=add_up(*of_run, 1 - is_given))


def exposed_customers(
    value_usd_per_h: NDArray[np.float64],
    lost_h: NDArray[np.float64],
    affected_h: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Spending of customers who met an outage, and the class of spells by which they leave.

    Parameters
    ----------
    value_usd_per_h, affected_h : shape (n,)
        Mean domestic revenue of each business, and its time affected.
    lost_h : shape (n, n_classes)
        Demand lost in spells, by length of the spell.

    Returns
    -------
    exposed_usd_per_h : shape (n,)
    longest : shape (n,)
        The longest class in which something was lost; where there is none, nothing is exposed.

    Notes
    -----
    With v the mean domestic revenue of a business in USD an hour, its customers who met an outage
    spend ``v * min(1, demand lost in spells / time affected)`` an hour: the mean share failing
    while affected. The minimum bounds what the rhythm of the day may add.
    """
    share_failing = np.zeros(value_usd_per_h.size)
    np.divide(lost_h.sum(axis=1), affected_h, out=share_failing, where=affected_h > 0)
    longest = lost_h.shape[1] - 1 - np.argmax(lost_h[:, ::-1] > 0, axis=1)
    return value_usd_per_h * np.minimum(share_failing, 1), longest


def add_up(
    businesses: Businesses,
    ledger: LedgerColumns,
    moves: Moves,
    demand_h: NDArray[np.float64],
    duration_h: float,
    weight: NDArray[np.float64] | float = 1.0,
) -> LossTotals:
    """Sums of ``LossTotals`` from columns.

    Parameters
    ----------
    demand_h : shape (n_businesses,)
        Demand over the run, in hours of mean domestic demand.
    duration_h
        Length of the run.
    weight : shape (n_businesses,)
        0 for businesses that are not added.
    """
    value = weight * (businesses.value_micro_usd_per_h / MICRO)
    revenue = weight * businesses.revenue_usd_per_h
    lost_h = ledger.lost_demand_h_by_spell
    n_classes = lost_h.shape[1]
    exposed, longest = exposed_customers(value, lost_h, ledger.affected_s / S_PER_H)
    sector_row, n_sectors = businesses.sector_row, len(businesses.sector)
    stay, left, n_providers = moves.stays, moves.left, moves.is_domestic.size
    paid = revenue[stay.business_row] * stay.hours
    payer = sector_row[stay.business_row]
    first_row = moves.first_row[stay.business_row]

    def summed(
        row: NDArray[np.int64], weight: NDArray[np.float64], *shape: int
    ) -> NDArray[np.float64]:
        return np.bincount(row, weight, math.prod(shape)).astype(float).reshape(shape)

    def by_sector(weight: NDArray[np.float64]) -> NDArray[np.float64]:
        return summed(sector_row, weight, n_sectors)

    of_class, to = sector_row * n_classes + longest, stay.provider_row
    return LossTotals(
        lost_usd_below_threshold=by_sector(value * ledger.lost_demand_h_below_threshold),
        lost_usd=np.stack([by_sector(value * column) for column in lost_h.T], axis=1),
        exposed_usd_per_h=summed(of_class, exposed, n_sectors, n_classes),
        response_usd=by_sector(weight * moves.cost_usd),
        away_usd=summed(payer, paid, n_sectors),
        domestic_usd=summed(payer, paid * moves.is_domestic[to], n_sectors),
        demand_usd=by_sector(value * demand_h),
        revenue_usd=by_sector(revenue * duration_h),
        paid_usd=summed(first_row * n_providers + to, paid, n_providers, n_providers),
        is_domestic=moves.is_domestic.astype(float),
        left_sector_row=sector_row[left.business_row].astype(float),
        left_provider_row=left.provider_row.astype(float),
        left_is_first=(moves.first_row[left.business_row] == left.provider_row).astype(float),
        left_usd_per_h=revenue[left.business_row],
        left_h=left.hours,
    )
