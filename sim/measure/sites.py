"""What each site of an inventory met and lost in one run: the rows of ``site_runs.parquet``.

There is a row for each site over all users, and one for each operator at which it ever failed.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES
from sim.engine.record.outcome import Outcome
from sim.engine.state.ledger import NEVER
from sim.measure.money.money_parameters import ParameterDraws
from sim.measure.money.moves import Stretches, moves_of
from sim.measure.money.site_losses import BY_SPELL, SiteRun, price_sites
from sim.results.parquet import Coded, ColumnData
from sim.scenario.resolve import Resolved
from sim.world.build import World
from sim.world.population import MICRO

S_PER_H = 3600
STATES = ("affected", "impaired", "down")


def site_columns(
    resolved: Resolved, world: World, outcome: Outcome, prices: ParameterDraws
) -> Mapping[str, ColumnData]:
    """Columns of ``site_runs.parquet`` of one run, from ``business`` on; none without sites.

    Notes
    -----
    Of an operator group in cohorts a site's hours are those at a cohort, mean over its users, and
    its lost demand is that of all cohorts: over groups it sums to what the site lost.
    """
    sites = world.businesses.sites
    if sites is None:
        return {}
    n, first = sites.n, world.businesses.n_businesses - sites.n
    group, hours, lost_h = _by_group(world, outcome)
    is_hit = (hours > 0).any(axis=0) | (lost_h > 0)
    row, at = np.nonzero(is_hit)
    ledger, found = outcome.ledger, outcome.at_operators
    # A site's own row comes before those of its operators.
    order = np.argsort(np.concatenate((np.arange(n), row)), kind="stable")
    site = np.concatenate((np.arange(n), row))[order]
    whole = {
        "affected_h": ledger.affected_s[first:] / S_PER_H,
        "impaired_h": ledger.impaired_s[first:] / S_PER_H,
        "down_h": ledger.down_s[first:] / S_PER_H,
        "lost_demand_h": ledger.lost_demand_h[first:],
    }
    of_operator = dict(zip(whole, (*hours[:, row, at], lost_h[row, at]), strict=True))
    unknown = np.full(row.size, np.nan)
    moves = moves_of(world, outcome)
    by_cause = {
        f"lost_demand_h_{cause.name}": found.site_lost_by_cause_h[:, column]
        for column, cause in enumerate(CAUSES)
    }
    left_h = left_hours(moves.left, first, n)
    businesses = world.businesses
    sector = [businesses.sector[row] for row in businesses.sector_row[first:].tolist()]
    number = whole | {
        BY_SPELL[0]: ledger.lost_demand_h_below_threshold[first:],
        **{
            name: ledger.lost_demand_h_by_spell[first:, column]
            for column, name in enumerate(BY_SPELL[1:])
        },
        "response_usd": moves.cost_usd[first:],
        "revenue_usd_per_h": businesses.revenue_usd_per_h[first:],
        "demand_usd_per_h": businesses.value_micro_usd_per_h[first:] / MICRO,
    }
    alone = by_cause | {
        "response_usd": moves.cost_usd[first:],
        "visits_per_h": sites.visits_per_h,
        "loss_usd": price_sites(resolved, SiteRun(number, sector, left_h), prices),
        "visits_lost": sites.visits_per_h * whole["lost_demand_h"],
        "revenue_usd_per_h": number["revenue_usd_per_h"],
        **{
            f"{name}_outage_s": np.where(t_s == NEVER, np.nan, t_s)
            for name, t_s in (
                ("first", ledger.first_outage_s[first:]),
                ("last", ledger.last_outage_s[first:]),
            )
        },
    }
    nothing = [""] * row.size
    home = businesses.home_place_row[first:]
    places = world.places
    texts = {
        "sector": [*sector, *nothing],
        "provider": [
            *(places.provider[row] for row in places.provider_row[home].tolist()),
            *nothing,
        ],
        "region": [*(places.region[row] for row in home.tolist()), *nothing],
        "country": [*sites.country, *nothing],
        "drawn": [*sites.drawn, *nothing],
    }
    return {
        "business": site + first,
        "site": np.array(sites.name, np.object_)[site],
        "operator": Coded(np.concatenate((np.full(n, -1), at))[order], group),
        **{name: np.concatenate((whole[name], of_operator[name]))[order] for name in whole},
        **{name: np.concatenate((column, unknown))[order] for name, column in alone.items()},
        **{name: _coded([cells[at] for at in order.tolist()]) for name, cells in texts.items()},
    }


def _coded(cells: list[str]) -> Coded:
    """Texts of which few differ; an empty one is missing."""
    code = {text: row for row, text in enumerate(dict.fromkeys(filter(None, cells)))}
    return Coded(np.array([code.get(text, -1) for text in cells], np.int64), list(code))


def _by_group(
    world: World, outcome: Outcome
) -> tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64]]:
    """Groups, hours in each state at each (3, n_sites, n_groups), and lost demand by group."""
    operators, found = world.operators, outcome.at_operators
    names = tuple(dict.fromkeys(operators.group))
    of_operator = np.array([names.index(group) for group in operators.group], np.int64)
    share = operators.share_users
    total = np.bincount(of_operator, share, len(names))[of_operator]
    n_in_group = np.bincount(of_operator, minlength=len(names))[of_operator]
    # A group without users is split evenly: it has no mean over them.
    weight = np.where(total > 0, share / np.where(total > 0, total, 1), 1 / n_in_group)
    hours = np.zeros((*found.site_time_s.shape[:2], len(names)))
    lost_h = np.zeros((found.site_lost_h.shape[0], len(names)))
    for row, group in enumerate(of_operator.tolist()):
        hours[..., group] += found.site_time_s[..., row] * weight[row] / S_PER_H
        lost_h[:, group] += found.site_lost_h[:, row]
    return names, hours, lost_h


def left_hours(left: Stretches, first: int, n: int) -> list[str]:
    """Hours after each leaving of a provider, of each site, as text."""
    texts = [""] * n
    mine = left.business_row >= first
    for row, hours in zip(
        (left.business_row[mine] - first).tolist(), left.hours[mine].tolist(), strict=True
    ):
        texts[row] = f"{texts[row]} {hours!r}".strip()
    return texts
