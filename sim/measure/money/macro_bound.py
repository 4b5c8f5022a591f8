"""The macro bound: revenue that is modelled cannot exceed the country's Internet economy.

In: a resolved scenario. Out: the highest level of revenue that is possible, and the share of the
draws of the level that it rules out. Nothing is drawn here.
"""

from __future__ import annotations

import math

import numpy as np

from sim.scenario.cautions import is_of_country
from sim.scenario.resolve import Resolved
from sim.scenario.tables.money import by_cell, find_row

ECONOMY = "internet_economy_usd_per_year"
H_PER_YEAR = 365.25 * 24


def modelled_revenue_usd_per_year(resolved: Resolved) -> float:
    """Expected revenue of all businesses of a scenario, at the revenue of the table of sectors.

    Notes
    -----
    The mean of a lognormal revenue is its median times exp(sigma^2 / 2). Sites of an inventory are
    not counted.
    """
    rows = resolved.sectors.rows
    share = np.array([row.share_businesses for row in rows])
    mean = np.array(
        [row.revenue_median_usd_per_h * math.exp(row.revenue_sigma**2 / 2) for row in rows]
    )
    per_business = float((share * mean).sum() / share.sum())
    return resolved.scenario.population.n_businesses * per_business * H_PER_YEAR


def highest_level(resolved: Resolved) -> float:
    """Highest factor on the revenue of all businesses that is possible.

    Returns
    -------
    level
        The high end of the country's Internet economy over the modelled revenue; infinite where
        the table of the economy is of another country or has no such row, and where not even the
        low end of the range of levels is possible, of which `warnings_of_revenue` warns.
    """
    bound = _bound(resolved)
    return math.inf if bound <= _level(resolved)[0] else bound


def warnings_of_revenue(resolved: Resolved) -> list[str]:
    """A sentence where the modelled revenue is above the bound at every level."""
    if _bound(resolved) > _level(resolved)[0]:
        return []
    revenue = modelled_revenue_usd_per_year(resolved)
    return [
        f"the modelled businesses earn {revenue:.3g} USD a year, and even at the lowest level of "
        f"revenue more than the Internet economy of {resolved.economy.name}: their losses are in "
        "proportion to each other, and no losses of that country (key population.n_businesses)"
    ]


def _bound(resolved: Resolved) -> float:
    if not is_of_country(resolved.economy, resolved.scenario):
        return math.inf
    revenue = modelled_revenue_usd_per_year(resolved)
    high = [row.high for row in resolved.economy.rows if row.key == ECONOMY]
    return high[0] / revenue if high and revenue > 0 else math.inf


def _level(resolved: Resolved) -> tuple[float, float, float]:
    row = find_row(by_cell(resolved.money_parameters.rows), "revenue_level", "", "")
    assert row is not None
    return row.low, row.value, row.high
