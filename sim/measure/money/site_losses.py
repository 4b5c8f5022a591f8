"""What each site of an inventory loses in money, over draws of prices in every replicate.

In: what sites met in the runs of a strategy. Out: mean and ends of the private loss of each. A site
is priced as if it were a sector with prices of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.measure.money.losses import LossTotals, exposed_customers
from sim.measure.money.money import money_of
from sim.measure.money.money_parameters import ParameterDraws, draw_parameters
from sim.measure.site_runs import BY_SPELL, SiteRuns
from sim.measure.summary import LEVEL
from sim.scenario.resolve import Resolved
from sim.streams import Streams

Spreads: TypeAlias = "NDArray[np.float64]"
"""Mean, 5th and 95th percentile of some sites; shape (3, n_sites)."""
_AT_ONCE = 500
"""Sites that are priced at once, each by all draws of all replicates."""


def losses_of_sites(
    resolved: Resolved, runs: SiteRuns, root_seed: int, replicates: Sequence[int], n_draws: int
) -> Spreads:
    """Private loss of each site over all draws of all replicates."""
    n_sites = len(runs.site)
    is_hit = (runs.number["lost_demand_h"] > 0).any(axis=0)
    is_hit |= (runs.number["response_usd"] > 0).any(axis=0)
    # Who lost nothing in any draw needs no price.
    spreads = np.zeros((3, n_sites))
    if n_draws * len(replicates) < 2:
        spreads[1:] = np.nan
    hit = np.flatnonzero(is_hit)
    draws = [
        draw_parameters(resolved, Streams(root_seed, replicate), n_draws)
        for replicate in replicates
    ]
    sectors = [row.sector for row in resolved.sectors.rows]
    for at in range(0, hit.size, _AT_ONCE):
        some = hit[at : at + _AT_ONCE]
        priced = [
            _price(runs, row, some, sectors, parameters) for row, parameters in enumerate(draws)
        ]
        spreads[:, some] = spread(np.concatenate(priced))
    return spreads


def price_sites(resolved: Resolved, runs: SiteRuns, p: ParameterDraws) -> NDArray[np.float64]:
    """Private loss of each site in the first of some runs, shape (n_draws, n_sites)."""
    sectors = [row.sector for row in resolved.sectors.rows]
    blocks = [
        _price(runs, 0, np.arange(at, min(at + _AT_ONCE, len(runs.site))), sectors, p)
        for at in range(0, len(runs.site), _AT_ONCE)
    ]
    return np.concatenate(blocks, axis=1)


def _price(
    runs: SiteRuns, run: int, sites: NDArray[np.int64], sectors: list[str], p: ParameterDraws
) -> NDArray[np.float64]:
    """Private loss of some sites in one run; shape (n_draws, n_sites).

    Each site is priced as if it were a sector with the prices of its own.
    """

    def column(name: str) -> NDArray[np.float64]:
        return np.asarray(runs.number[name][run, sites])

    n = sites.size
    sector = np.array([sectors.index(name) for name in runs.text["sector"][run, sites]], np.int64)
    value = column("demand_usd_per_h")
    lost_h = np.stack([column(name) for name in BY_SPELL[1:]], axis=1)
    exposed, longest = exposed_customers(value, lost_h, column("affected_h"))
    by_class = np.zeros_like(lost_h)
    by_class[np.arange(n), longest] = exposed
    left = [
        (row, float(hours))
        for row, text in enumerate(runs.text["left_h"][run, sites].tolist())
        for hours in text.split()
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
            name: getattr(p, name)[:, sector]
            for name in (
                "sensitivity",
                "recaptured_share",
                "leaving_share",
                "recovery_time_d",
                "transfer_share",
            )
        },
    )
    return money_of(totals, prices).private_loss_usd


def spread(values: NDArray[np.float64]) -> Spreads:
    """Mean, 5th and 95th percentile of each column; the two are NaN where there is one row."""
    found = np.full((3, values.shape[1]), np.nan)
    found[0] = values.mean(axis=0)
    if values.shape[0] > 1:
        tail = (1 - LEVEL) / 2
        found[1:] = np.quantile(values, [tail, 1 - tail], axis=0)
    return found
