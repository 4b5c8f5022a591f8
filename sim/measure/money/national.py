"""Published methods that price the shutdown of a whole country.

In: constants of an economy, a duration, a share. Out: USD. Their results are shown beside those of
the firm-level method and never mixed with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

D_PER_YEAR = 365
PEOPLE_PER_RATE = 10_000_000

Economy: TypeAlias = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class NationalMethod:
    """One published method.

    Attributes
    ----------
    id, label
        Name in ``money.csv``, and as people say it.
    formula
        In words and symbols, for readers.
    prices
        What it prices; none lets a customer come back, and all cost the same every day.
    usd_per_d
        USD per day of total shutdown, from the constants of an economy.
    needs
        Constants without which it cannot be computed, of those that an economy may lack.
    """

    id: str
    label: str
    formula: str
    prices: str
    usd_per_d: Callable[[Economy], NDArray[np.float64]]
    needs: tuple[str, ...] = ()


def _gdp_usd_per_d(economy: Economy) -> NDArray[np.float64]:
    return economy["gdp_usd_per_year"] / D_PER_YEAR


def _cost_share(economy: Economy) -> NDArray[np.float64]:
    growth = (1 + economy["cost_growth_per_year"]) ** economy["cost_years"]
    return np.asarray(economy["cost_share_of_gdp"] * growth)


def _per_head_usd_per_d(economy: Economy, tier: str) -> NDArray[np.float64]:
    rate = economy[f"deloitte_{tier}_usd_per_10m_people_d"]
    return economy["population"] / PEOPLE_PER_RATE * rate


NATIONAL_METHODS = (
    NationalMethod(
        "oecd_2011",
        "OECD, 2011",
        "GDP / 365 * share of telecommunication and Internet services * days * share affected",
        "value added of telecommunication and Internet services of the whole country",
        lambda economy: _gdp_usd_per_d(economy) * economy["oecd_share_of_gdp"],
    ),
    NationalMethod(
        "cost_like",
        "as the Cost of Shutdown Tool",
        "GDP / 365 * Internet share * (1 + growth)^years * days * share affected",
        "value added of the whole country's Internet economy, as a growing share of GDP",
        lambda economy: _gdp_usd_per_d(economy) * _cost_share(economy),
        needs=("cost_share_of_gdp", "cost_growth_per_year", "cost_years"),
    ),
    NationalMethod(
        "raec",
        "RAEC, the Internet economy",
        "Internet economy / 365 * days * share affected",
        "turnover of the whole country's Internet economy, online trade among it",
        lambda economy: economy["internet_economy_usd_per_year"] / D_PER_YEAR,
        needs=("internet_economy_usd_per_year",),
    ),
    NationalMethod(
        "deloitte_share_high",
        "Deloitte, share of GDP, high connectivity",
        "GDP / 365 * share of daily GDP, high connectivity * days * share affected",
        "a share of the whole country's daily GDP, at the rate of highly connected countries",
        lambda economy: _gdp_usd_per_d(economy) * economy["deloitte_high_share_of_gdp"],
    ),
    NationalMethod(
        "deloitte_share_medium",
        "Deloitte, share of GDP, medium connectivity",
        "GDP / 365 * share of daily GDP, medium connectivity * days * share affected",
        "a share of the whole country's daily GDP, at the rate of countries of medium connectivity",
        lambda economy: _gdp_usd_per_d(economy) * economy["deloitte_medium_share_of_gdp"],
    ),
    NationalMethod(
        "deloitte_head_high",
        "Deloitte, by head, high connectivity",
        "population / 10 million * USD per 10 million people and day, high connectivity * days "
        "* share affected",
        "a sum per inhabitant, at the rate of highly connected, mostly richer countries",
        lambda economy: _per_head_usd_per_d(economy, "high"),
    ),
    NationalMethod(
        "deloitte_head_medium",
        "Deloitte, by head, medium connectivity",
        "population / 10 million * USD per 10 million people and day, medium connectivity * days "
        "* share affected",
        "a sum per inhabitant, at the rate of countries of medium connectivity",
        lambda economy: _per_head_usd_per_d(economy, "medium"),
    ),
    NationalMethod(
        "deloitte_share_low",
        "Deloitte, share of GDP, low connectivity",
        "GDP / 365 * share of daily GDP, low connectivity * days * share affected",
        "a share of the whole country's daily GDP, at the rate of countries of low connectivity",
        lambda economy: _gdp_usd_per_d(economy) * economy["deloitte_low_share_of_gdp"],
        needs=("deloitte_low_share_of_gdp",),
    ),
    NationalMethod(
        "deloitte_head_low",
        "Deloitte, by head, low connectivity",
        "population / 10 million * USD per 10 million people and day, low connectivity * days "
        "* share affected",
        "a sum per inhabitant, at the rate of countries of low connectivity",
        lambda economy: _per_head_usd_per_d(economy, "low"),
        needs=("deloitte_low_usd_per_10m_people_d",),
    ),
)


def national_loss_usd(
    method: NationalMethod, economy: Economy, duration_d: float, share_affected: float
) -> NDArray[np.float64]:
    """Loss by one method.

    Parameters
    ----------
    economy
        Constants by key, each of shape (n_draws,).
    duration_d
        Length of the shutdown.
    share_affected
        Share of users, or of demand, that is cut off, in [0, 1].

    Returns
    -------
    loss_usd : shape (n_draws,)

    References
    ----------
    OECD, 2011 (Egypt); COST, the cost of shutdown tool, after West, Brookings, 2016; RAEC, 2018;
    Deloitte, The economic impact of disruptions to Internet connectivity, 2016.
    """
    return method.usd_per_d(economy) * duration_d * share_affected
