"""The demand of a run, had nothing failed: what shares of demand are out of."""

from __future__ import annotations

from sim.world.build import World


def demand_micro_usd(world: World) -> float:
    """Domestic demand of all businesses over the run, in micro-dollars at mean revenue.

    Notes
    -----
    ``sum of v(i) * D(i, T)``, with v the mean domestic revenue and D the demand of the business's
    sector over the run, in hours of mean demand.
    """
    businesses = world.businesses
    value = businesses.value_micro_usd_per_h.astype(float)
    whole = world.demand.cumulative(world.horizon_s)[businesses.sector_row].astype(float)
    return float((value * world.demand.hours(whole, businesses.sector_row)).sum())
