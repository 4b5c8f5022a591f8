"""Prices of lost demand, drawn from their ranges, and the bound that a country's economy sets.

The same draws price all strategies.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from sim.scenario.resolve import Resolved, is_of_country
from sim.scenario.schema import USD
from sim.scenario.tables.money import (
    ECONOMY_KEYS,
    FACTORS,
    FIRM_KEYS,
    SPELL_CLASSES,
    EconomyRow,
    MoneyParameterRow,
    PricedRow,
    by_cell,
    find_row,
)
from sim.scenario.tables.seeds import table_rows
from sim.statistics.designs import triangular_quantile, triangular_share
from sim.streams import Stream, Streams
from sim.world.frozen import FrozenColumns

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
        low end of the range of levels is possible; `warnings_of_revenue` warns of this.
    """
    bound = _bound(resolved)
    return math.inf if bound <= _level(resolved)[0] else bound


def warnings_of_revenue(resolved: Resolved) -> list[str]:
    """A sentence where the modelled revenue is above the bound at every level."""
    if _bound(resolved) > _level(resolved)[0]:
        return []
    revenue = modelled_revenue_usd_per_year(resolved)
    assert resolved.economy is not None  # else there is no bound
    return [
        f"the modelled businesses earn {revenue / 1e6:,.0f} million USD a year, and even at the "
        f"lowest level of revenue more than the Internet economy of {resolved.economy.name}: their "
        "losses are in proportion, and no losses of that country (key population.n_businesses)"
    ]


def _bound(resolved: Resolved) -> float:
    if not is_of_country(resolved.economy, resolved.scenario):
        return math.inf
    revenue = modelled_revenue_usd_per_year(resolved)
    high = [row.high for row in table_rows(resolved.economy) if row.key == ECONOMY]
    return high[0] / revenue if high and revenue > 0 else math.inf


def _level(resolved: Resolved) -> tuple[float, float, float]:
    row = find_row(by_cell(resolved.money_parameters.rows), "revenue_level", "", "")
    assert row is not None
    return row.low, row.value, row.high


N_DRAWS = 200
"""Draws of all parameters in each replicate."""


@dataclass(frozen=True, eq=False)
class ParameterDraws(FrozenColumns):
    """Parameters of the firm-level method; n_classes are the classes of spell length."""

    revenue_level: NDArray[np.float64]
    """Factor on the revenue of all businesses; shape (n_draws, 1)."""
    sensitivity: NDArray[np.float64]
    """Revenue lost per demand lost; shape (n_draws, n_sectors)."""
    recaptured_share: NDArray[np.float64]
    """Share of the gross loss that customers make up for later; shape (n_draws, n_sectors,
    n_classes)."""
    leaving_share: NDArray[np.float64]
    """Share of the customers who met an outage that leaves, by the longest class of spell; shape
    (n_draws, n_sectors, n_classes)."""
    recovery_time_d: NDArray[np.float64]
    """Time constant of their return; shape (n_draws, n_sectors)."""
    churn_window_d: NDArray[np.float64]
    """How long lost custom is counted; shape (n_draws, 1)."""
    transfer_share: NDArray[np.float64]
    """Share of what is lost for good that goes to rivals in the country; shape (n_draws, n_sectors,
    n_classes)."""
    hosting_spend_share: NDArray[np.float64]
    """Share of revenue spent on hosting; shape (n_draws, 1)."""
    response_cost_level: NDArray[np.float64]
    """Factor on the labour of all responses; shape (n_draws, 1)."""
    dual_running_months: NDArray[np.float64]
    """Months for which a provider that was left is still paid; shape (n_draws, 1)."""

    def without_level(self) -> ParameterDraws:
        """Return the same with a level of revenue of 1: the prices of revenues that are given."""
        return replace(self, revenue_level=np.ones_like(self.revenue_level))


Values = Callable[[str, PricedRow], NDArray[np.float64]]
NO_BOUNDS: Mapping[str, float] = {}


def drawn(
    streams: Streams, n_draws: int = N_DRAWS, at_most: Mapping[str, float] = NO_BOUNDS
) -> Values:
    """Draws of rows, from one uniform number per key and draw.

    Parameters
    ----------
    at_most
        Highest possible factor by key. Values above it are impossible: the distribution is
        truncated there.

    Notes
    -----
    Each key has a random stream of its own, named by its letters, so that adding a key changes no
    other. All rows of a key share it: a value too high for one sector is then too high for all, and
    a sum over sectors is no more certain than its parts. Values are triangular with the central
    value as mode; factors are so in their logarithm, so that half is as likely as twice.
    """

    uniform: dict[str, NDArray[np.float64]] = {}

    def values(key: str, row: PricedRow) -> NDArray[np.float64]:
        if key not in uniform:
            rng = streams.generator(Stream.MONEY_PARAMETERS, tuple(key.encode()))
            uniform[key] = rng.random(n_draws)
        if key in FACTORS:
            low, mode, high = np.log([row.low, row.value, row.high]).tolist()
            u = uniform[key]
            if at_most.get(key, np.inf) < row.high:
                u = u * triangular_share(float(np.log(at_most[key])), low, mode, high)
            return np.exp(triangular_quantile(u, low, mode, high))
        return triangular_quantile(uniform[key], row.low, row.value, row.high)

    return values


def drawn_dials(streams: Streams, keys: Sequence[str]) -> dict[str, float]:
    """Settings from 0 to 1 of the first draw of keys.

    They are the share of its distribution that lies below the value.
    """
    return {
        key: float(streams.generator(Stream.MONEY_PARAMETERS, tuple(key.encode())).random())
        for key in keys
    }


def economy_keys(resolved: Resolved) -> list[str]:
    """Constants of the national methods, in USD; none of another country, which is not borrowed."""
    if resolved.amounts.currency != USD or not is_of_country(resolved.economy, resolved.scenario):
        return []
    held = {row.key for row in table_rows(resolved.economy)}
    return [key for key in ECONOMY_KEYS if key in held]


def firm_parameters(
    rows: Sequence[MoneyParameterRow], sectors: Sequence[str], values: Values
) -> ParameterDraws:
    """Parameters of every sector and class of spell length.

    Parameters
    ----------
    rows
        Of a table that was checked: each sector and class has a row of each key.
    sectors
        Names, by sector row.
    values
        Draws of a row, such as ``drawn(streams, n_draws)``.
    """
    cells = by_cell(rows)

    def cell(key: str, sector: str = "", spell_class: str = "") -> NDArray[np.float64]:
        row = find_row(cells, key, sector, spell_class)
        assert row is not None, f"no row of {key} for {sector!r} and {spell_class!r}"
        return values(key, row)

    def for_all(key: str) -> NDArray[np.float64]:
        return cell(key)[:, np.newaxis]

    def by_sector(key: str) -> NDArray[np.float64]:
        return np.stack([cell(key, sector) for sector in sectors], axis=1)

    def by_both(key: str) -> NDArray[np.float64]:
        per_sector = [
            np.stack([cell(key, sector, name) for name in SPELL_CLASSES], axis=1)
            for sector in sectors
        ]
        return np.stack(per_sector, axis=1)

    found = {key: by_sector(key) for key in ("sensitivity", "recovery_time_d")}
    found |= {key: by_both(key) for key in ("recaptured_share", "leaving_share", "transfer_share")}
    others = (column.name for column in fields(ParameterDraws) if column.name not in found)
    return ParameterDraws(**found, **{key: for_all(key) for key in others})


def draw_parameters(resolved: Resolved, streams: Streams, n_draws: int) -> ParameterDraws:
    """Draw the parameters of a scenario in one replicate; see `highest_level` for the bound."""
    sectors = [row.sector for row in resolved.sectors.rows]
    values = drawn(streams, n_draws, {"revenue_level": highest_level(resolved)})
    return firm_parameters(resolved.money_parameters.rows, sectors, values)


def firm_keys(resolved: Resolved) -> list[str]:
    """Keys on which the money of a scenario depends.

    The level of revenue is the uncertainty of revenues that are drawn, and none where the inventory
    gives that of every business.
    """
    inventory = resolved.inventory
    has_drawn = (
        inventory is None
        or resolved.scenario.population.n_businesses > 0
        or bool(np.isnan(inventory.revenue_usd_per_h).any())
    )
    return [key for key in FIRM_KEYS if has_drawn or key != "revenue_level"]


def economy_parameters(
    rows: Sequence[EconomyRow], values: Values
) -> dict[str, NDArray[np.float64]]:
    """Constants of the national methods by key, each of shape (n_draws,)."""
    by_key = {row.key: row for row in rows}
    return {key: values(key, row) for key, row in sorted(by_key.items()) if key in ECONOMY_KEYS}
