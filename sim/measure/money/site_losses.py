"""What each site of an inventory loses in money in one run, as if it were a sector of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.engine.state.ledger import SPELL_NAMES
from sim.measure.money.losses import LossTotals, exposed_customers
from sim.measure.money.money import money_of
from sim.measure.money.money_parameters import ParameterDraws
from sim.scenario.resolve import Resolved

_AT_ONCE = 500
"""Sites that are priced at once, each by all draws of prices."""
BY_SPELL = ("lost_demand_h_below_threshold", *(f"lost_demand_h_{name}" for name in SPELL_NAMES))


@dataclass(frozen=True, eq=False)
class SiteRun:
    """What sites met in one run, by column; arrays of shape (n_sites,)."""

    number: Mapping[str, NDArray[np.float64]]
    sector: Sequence[str]
    left_h: Sequence[str]


def price_sites(resolved: Resolved, run: SiteRun, p: ParameterDraws) -> NDArray[np.float64]:
    """Private loss of each site of a run, mean over the draws of prices; shape (n_sites,)."""
    sectors = [row.sector for row in resolved.sectors.rows]
    n_sites = len(run.sector)
    assert resolved.inventory is not None
    is_given = ~np.isnan(resolved.inventory.revenue_usd_per_h)
    # What is given has no level of revenue.
    p = replace(p, revenue_level=np.where(is_given, 1.0, p.revenue_level))
    blocks = [
        _price(run, np.arange(at, min(at + _AT_ONCE, n_sites)), sectors, p).mean(axis=0)
        for at in range(0, n_sites, _AT_ONCE)
    ]
    return np.concatenate([np.empty(0), *blocks])


def _price(
    run: SiteRun, sites: NDArray[np.int64], sectors: list[str], p: ParameterDraws
) -> NDArray[np.float64]:
    """Private loss of some sites in one run; shape (n_draws, n_sites).

    Each site is priced as if it were a sector with the prices of its own.
    """

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(run.number[name][sites])

    n = sites.size
    sector = np.array([sectors.index(run.sector[site]) for site in sites.tolist()], np.int64)
    value = column("demand_usd_per_h")
    lost_h = np.stack([column(name) for name in BY_SPELL[1:]], axis=1)
    exposed, longest = exposed_customers(value, lost_h, column("affected_h"))
    by_class = np.zeros_like(lost_h)
    by_class[np.arange(n), longest] = exposed
    left = [
        (row, float(hours))
        for row, site in enumerate(sites.tolist())
        for hours in run.left_h[site].split()
    ]
    left_row = np.array([row for row, _ in left], np.int64)
    nothing = np.zeros(n)
    totals = LossTotals(
        lost_usd_below_threshold=value * column(BY_SPELL[0]),
        lost_usd=value[:, np.newaxis] * lost_h,
        exposed_usd_per_h=by_class,
        response_usd=column("response_usd"),
        away_usd=nothing.copy(),
        domestic_usd=nothing.copy(),
        demand_usd=nothing.copy(),
        revenue_usd=nothing.copy(),
        paid_usd=np.zeros((1, 1)),
        is_domestic=np.zeros(1),
        left_sector_row=left_row.astype(float),
        left_provider_row=np.zeros(left_row.size),
        left_is_first=np.zeros(left_row.size),
        left_usd_per_h=column("revenue_usd_per_h")[left_row],
        left_h=np.array([hours for _, hours in left], np.float64),
    )
    prices = replace(
        p,
        **{
            name: getattr(p, name)[:, sites if name == "revenue_level" else sector]
            for name in (
                "revenue_level",
                "sensitivity",
                "recaptured_share",
                "leaving_share",
                "recovery_time_d",
                "transfer_share",
            )
        },
    )
    return money_of(totals, prices).private_loss_usd
