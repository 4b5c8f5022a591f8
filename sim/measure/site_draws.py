"""What the sites of an inventory met in one draw of all that is not known: ``draw_sites.parquet``.

In: a world with sites, an outcome, and prices. Out: columns, with a row for each site that met
anything: of the others there is nothing to say but zero.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.engine.record.outcome import Outcome
from sim.engine.state.ledger import SPELL_NAMES
from sim.measure.money.money_parameters import draw_parameters
from sim.measure.money.moves import moves_of
from sim.measure.money.site_losses import price_sites
from sim.measure.site_runs import SiteRuns
from sim.measure.sites import S_PER_H, left_hours
from sim.results.parquet import Coded, ColumnData
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World
from sim.world.population import MICRO

WIDE = ("affected_h", "impaired_h", "down_h", "lost_demand_h", "loss_usd", "visits_lost")
"""What of each site is kept of every draw, and has a wide band."""


def site_draw_columns(
    resolved: Resolved, world: World, outcome: Outcome, streams: Streams
) -> Mapping[str, ColumnData]:
    """Columns of ``draw_sites.parquet`` of one run, from ``site`` on; none without sites.

    Parameters
    ----------
    streams
        Luck of the draw's prices.
    """
    runs = _runs_of(world, outcome)
    if runs is None:
        return {}
    found = {name: runs.number[name][0] for name in WIDE[:4]}
    found["loss_usd"] = price_sites(resolved, runs, draw_parameters(resolved, streams, 1))[0]
    found["visits_lost"] = runs.number["visits_per_h"][0] * found["lost_demand_h"]
    is_met = np.any([found[name] > 0 for name in WIDE], axis=0)
    return {
        "site": Coded(np.flatnonzero(is_met), list(runs.site)),
        **{name: column[is_met] for name, column in found.items()},
    }


def _runs_of(world: World, outcome: Outcome) -> SiteRuns | None:
    """One run as those of a folder are read; None without sites."""
    businesses, ledger = world.businesses, outcome.ledger
    sites = businesses.sites
    if sites is None:
        return None
    first = businesses.n_businesses - sites.n
    moves = moves_of(world, outcome)
    number = {
        "affected_h": ledger.affected_s[first:] / S_PER_H,
        "impaired_h": ledger.impaired_s[first:] / S_PER_H,
        "down_h": ledger.down_s[first:] / S_PER_H,
        "lost_demand_h": ledger.lost_demand_h[first:],
        "lost_demand_h_below_threshold": ledger.lost_demand_h_below_threshold[first:],
        **{
            f"lost_demand_h_{name}": ledger.lost_demand_h_by_spell[first:, column]
            for column, name in enumerate(SPELL_NAMES)
        },
        "response_usd": moves.cost_usd[first:],
        "visits_per_h": sites.visits_per_h,
        "revenue_usd_per_h": businesses.revenue_usd_per_h[first:],
        "demand_usd_per_h": businesses.value_micro_usd_per_h[first:] / MICRO,
    }
    sector = [businesses.sector[row] for row in businesses.sector_row[first:].tolist()]
    text = {"sector": sector, "left_h": left_hours(moves.left, first, sites.n)}
    return SiteRuns(
        tuple(sites.name),
        {name: np.asarray(column, np.float64)[np.newaxis] for name, column in number.items()},
        {name: np.array(column, np.object_)[np.newaxis] for name, column in text.items()},
    )
