"""The state of businesses at each operator, and the causes of failing demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES
from sim.engine.state.ledger import N_STATES
from sim.world.build import World
from sim.world.demand import Demand
from sim.world.frozen import FrozenColumns

NO_CAUSE = -1
_NEARLY = 1.0 - 1e-9
"""Causes that lost this share of what the first one lost are tied with it: rounding decides
nothing."""


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


class AtOperators:
    """Counts by operator and by cause, kept for pairs that changed.

    Attributes
    ----------
    role_cause : shape (n_businesses, n_roles)
        Cause to which a failing component of the role is put down now.
    pair : shape (n_businesses, n_operators)
        One byte each: the state at the operator, the worst one so far, and the cause of what fails
        there, as ``causes_kernel`` packs them.
    n_at, n_ever, time_s : shape (3, n_operators)
        Businesses in at least each state now; the others as in ``OperatorColumns``, the last as of
        ``counted_s``.
    counted_s : shape (n_operators,)
        Until when they are.
    lost_by_cause : shape (n_businesses, n_causes)
        Demand each business lost by each cause, in the unit of the ledger.
    lost_at : shape (n_operators, n_causes, n_sectors)
        The same by operator and sector, weighted by the value of businesses.
    works : shape (n_causes,)
        Room to share one pair's failing demand among causes.
    first_site
        Row of the first site of an inventory: the last businesses are sites.
    site_since_s, site_lost : shape (n_sites, n_operators)
        Since when each site has been in its state at the operator, and the demand it lost there, in
        the unit of the ledger.
    site_time_s : shape (3, n_sites, n_operators)
        As in ``OperatorColumns``.
    """

    def __init__(self, world: World) -> None:
        n, n_operators = world.businesses.n_businesses, world.operators.n_operators
        self.role_cause = world.businesses.role_cause.copy()
        self.pair = np.zeros((n, n_operators), np.uint8)
        self.n_at, self.n_ever, self.time_s = (
            np.zeros((N_STATES, n_operators), np.int64) for _ in range(3)
        )
        self.counted_s = np.zeros(n_operators, np.int64)
        self.lost_by_cause = np.zeros((n, len(CAUSES)))
        self.lost_at = np.zeros((n_operators, len(CAUSES), len(world.businesses.sector)))
        self.works = np.ones(len(CAUSES))
        n_sites = world.businesses.n_sites
        self.first_site = n - n_sites
        self.sector_row = world.businesses.sector_row
        self.site_since_s = np.zeros((n_sites, n_operators), np.int64)
        self.site_time_s = np.zeros((N_STATES, n_sites, n_operators), np.int64)
        self.site_lost = np.zeros((n_sites, n_operators))

    def freeze(self, demand: Demand) -> OperatorColumns:
        """Everything counted, as columns; nothing can be counted any more."""
        n_sectors = self.lost_at.shape[2]
        lost_h = demand.hours(self.lost_at, np.arange(n_sectors))
        sector_row = self.sector_row[self.first_site :]
        by_cause = self.lost_by_cause[self.first_site :]
        return OperatorColumns(
            n_ever=self.n_ever,
            time_s=self.time_s,
            lost_micro_usd=lost_h.sum(axis=2),
            main_cause=_main_cause(self.lost_by_cause),
            site_time_s=self.site_time_s,
            site_lost_h=demand.hours(self.site_lost.T, sector_row).T,
            site_lost_by_cause_h=demand.hours(by_cause.T, sector_row).T,
        )


def _main_cause(lost: NDArray[np.float64]) -> NDArray[np.int8]:
    """Column of the first cause that lost as much as any; shape (n,)."""
    most = lost.max(axis=1)
    first = (lost >= (most * _NEARLY)[:, np.newaxis]).argmax(axis=1)
    return np.where(most > 0, first, NO_CAUSE).astype(np.int8)
