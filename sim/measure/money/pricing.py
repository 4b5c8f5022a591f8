"""Prices of lost demand, drawn from their ranges; loss and gain of each provider by them.

The same draws price all strategies. The economy of a country sets a bound on its businesses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.measures import MEASURES
from sim.engine.record.outcome import Outcome
from sim.measure.measures import Measure, measured, remainder
from sim.measure.money.losses import LossTotals
from sim.scenario.resolve import Resolved, is_of_country
from sim.scenario.schema import USD
from sim.scenario.tables.money import (
    BY_BOTH,
    BY_CLASS,
    BY_SECTOR,
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
from sim.world.build import World
from sim.world.frozen import FrozenColumns
from sim.world.providers import provider_names

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

    def by_sector(key: str) -> NDArray[np.float64]:
        return np.stack([cell(key, sector) for sector in sectors], axis=1)

    def by_both(key: str) -> NDArray[np.float64]:
        per_sector = [
            np.stack([cell(key, sector, name) for name in SPELL_CLASSES], axis=1)
            for sector in sectors
        ]
        return np.stack(per_sector, axis=1)

    found = {key: by_sector(key) for key in BY_SECTOR}
    found |= {key: by_both(key) for key in (*BY_CLASS, *BY_BOTH)}
    others = (column.name for column in fields(ParameterDraws) if column.name not in found)
    return ParameterDraws(**found, **{key: cell(key)[:, np.newaxis] for key in others})


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


H_PER_MONTH = 365 * 24 / 12


def double_hosting_usd(totals: LossTotals, parameters: ParameterDraws) -> NDArray[np.float64]:
    """Payments of businesses to providers they have left.

    Returns
    -------
    double_usd : shape (n_draws, n_sectors, n_providers, 2)
        By who is paid; the last axis says whether the payer had begun there (1) or not (0).

    Notes
    -----
    A business that leaves a provider goes on paying it for ``dual_running_months``, but no longer
    than to the end of the run, or until it is back there and pays it anyway.
    """
    n_sectors, n_providers = totals.demand_usd.size, totals.is_domestic.size
    cell = np.ravel_multi_index(
        (
            totals.left_sector_row.astype(np.int64),
            totals.left_provider_row.astype(np.int64),
            totals.left_is_first.astype(np.int64),
        ),
        (n_sectors, n_providers, 2),
    )
    months = parameters.dual_running_months[:, 0]
    # One level for all, or one for each sector.
    level = parameters.revenue_level * np.ones(n_sectors)
    spending = np.repeat(level * parameters.hosting_spend_share, n_providers * 2, axis=1)
    found = np.empty((months.size, n_sectors * n_providers * 2))
    for draw, longest_h in enumerate((months * H_PER_MONTH).tolist()):
        revenue = totals.left_usd_per_h * np.minimum(totals.left_h, longest_h)
        found[draw] = spending[draw] * np.bincount(cell, revenue, found.shape[1])
    return found.reshape(-1, n_sectors, n_providers, 2)


@dataclass(frozen=True, eq=False)
class ProviderDraws(FrozenColumns):
    """Money of providers in one run, in USD; arrays of shape (n_draws, n_providers)."""

    loss_usd: NDArray[np.float64]
    """Spending of a provider's first customers that went elsewhere, less what they still paid."""
    gain_usd: NDArray[np.float64]
    """Spending of customers who had begun with others."""


def provider_money(totals: LossTotals, parameters: ParameterDraws) -> ProviderDraws:
    """Price who was paid, provider by provider.

    Notes
    -----
    With h the hosting share, g the revenue level and P the revenue of businesses while away, from
    provider p to provider q, over the run::

        loss(p) = h g sum over q of P(p, q) - double hosting paid to p by those who began there
        gain(q) = h g sum over p of P(p, q) + double hosting paid to q by others

    All gains less all losses are the double hosting that businesses pay. Revenues that are given
    have no level.
    """
    if totals.given is not None and totals.drawn is not None:
        one = provider_money(totals.drawn, parameters)
        other = provider_money(totals.given, parameters.without_level())
        return ProviderDraws(one.loss_usd + other.loss_usd, one.gain_usd + other.gain_usd)
    spending = parameters.revenue_level * parameters.hosting_spend_share
    double = double_hosting_usd(totals, parameters).sum(axis=1)
    return ProviderDraws(
        loss_usd=remainder(spending * totals.paid_usd.sum(axis=1), double[..., 1]),
        gain_usd=spending * totals.paid_usd.sum(axis=0) + double[..., 0],
    )


H_PER_D = 24

MONEY_METRICS = tuple(
    name for name, entry in MEASURES.items() if entry.formula == "money.pricing.money_of"
)
"""Money of every scenario, in the sequence of its steps."""


@dataclass(frozen=True, eq=False)
class MoneyDraws(FrozenColumns):
    """Money of one run in USD; all arrays of shape (n_draws, n_sectors)."""

    demand_usd: NDArray[np.float64]
    """Domestic revenue over the run, had nothing failed."""
    hosting_usd: NDArray[np.float64]
    """Spending on hosting over the run, had nobody moved."""
    gross_loss_usd: NDArray[np.float64]
    """Revenue behind the demand lost."""
    recaptured_usd: NDArray[np.float64]
    """Part of it that customers make up for later."""
    churn_usd: NDArray[np.float64]
    """Revenue of customers who stay away after the outage."""
    response_cost_usd: NDArray[np.float64]
    """Labour of responses, and double hosting of those that leave a provider."""
    double_hosting_usd: NDArray[np.float64]
    """Part of it that is paid to the providers left."""
    transfers_to_rivals_usd: NDArray[np.float64]
    """Part of the lost revenue that goes to rivals in the country."""
    provider_loss_usd: NDArray[np.float64]
    """Spending that first providers lose to others, less what they are still paid."""
    domestic_gain_usd: NDArray[np.float64]
    """Spending that domestic providers gain from those who began elsewhere."""

    @property
    def private_loss_usd(self) -> NDArray[np.float64]:
        """Loss of the businesses: gross, less recaptured, plus churn, plus response."""
        kept = self.gross_loss_usd - self.recaptured_usd
        return kept + self.churn_usd + self.response_cost_usd

    @property
    def net_social_loss_usd(self) -> NDArray[np.float64]:
        """Loss of the country: the private loss less transfers to rivals."""
        return self.private_loss_usd - self.transfers_to_rivals_usd

    def plus(self, other: MoneyDraws) -> MoneyDraws:
        """Return the sums with the same of other businesses."""
        names = [column.name for column in fields(self)]
        return MoneyDraws(*(getattr(self, name) + getattr(other, name) for name in names))


def money_of(totals: LossTotals, parameters: ParameterDraws) -> MoneyDraws:
    """Price the losses of one run.

    Notes
    -----
    For each draw, sector s and class of spell length c, with L the revenue behind lost demand, X
    the hourly revenue of customers who met an outage, W the churn window and T the recovery time::

        gross(s, c)      = revenue_level sensitivity(s) L(s, c)
        recaptured(s, c) = recaptured_share(c) gross(s, c)
        churn(s, c)      = revenue_level sensitivity(s) leaving_share(s, c) X(s, c)
                           T(s) (1 - exp(-W / T(s)))
        response         = response_cost_level * labour + double hosting
        transfers(s, c)  = transfer_share(s, c) (gross - recaptured + churn)(s, c)

    A customer who left has returned t after the last outage with probability 1 - exp(-t / T); what
    is lost is the integral of exp(-t / T) from 0 to W. Demand lost below the threshold of
    'affected' is in no spell and counts with the shortest class. ``docs/explanation/money.md``
    says what each symbol rests on. Revenues that are given have no revenue_level.
    """
    if totals.given is not None and totals.drawn is not None:
        of_drawn = money_of(totals.drawn, parameters)
        return of_drawn.plus(money_of(totals.given, parameters.without_level()))
    p = parameters
    lost = totals.lost_usd.copy()
    lost[:, 0] += totals.lost_usd_below_threshold
    price = p.revenue_level * p.sensitivity
    gross = price[:, :, np.newaxis] * lost
    recaptured = p.recaptured_share * gross
    away_h = p.recovery_time_d * -np.expm1(-p.churn_window_d / p.recovery_time_d) * H_PER_D
    churn = p.leaving_share * (price * away_h)[:, :, np.newaxis] * totals.exposed_usd_per_h
    hosting = p.revenue_level * p.hosting_spend_share
    double = double_hosting_usd(totals, p)
    double_usd, to_first = double.sum(axis=(2, 3)), double[..., 1].sum(axis=2)
    to_domestic = double[..., 0] @ totals.is_domestic
    return MoneyDraws(
        demand_usd=p.revenue_level * totals.demand_usd,
        hosting_usd=hosting * totals.revenue_usd,
        gross_loss_usd=gross.sum(axis=2),
        recaptured_usd=recaptured.sum(axis=2),
        churn_usd=churn.sum(axis=2),
        response_cost_usd=p.response_cost_level * totals.response_usd + double_usd,
        double_hosting_usd=double_usd,
        transfers_to_rivals_usd=(p.transfer_share * (gross - recaptured + churn)).sum(axis=2),
        provider_loss_usd=remainder(hosting * totals.away_usd, to_first),
        domestic_gain_usd=hosting * totals.domestic_usd + to_domestic,
    )


LOSS, GAIN = "provider_loss_usd", "provider_gain_usd"
NAMED_LOSS = MEASURES["named_providers_loss_usd"].name
"""Loss of the providers that a published figure names, out of all hosting spending."""
NAMED_BUSINESSES = MEASURES["affected_at_named_providers"].name
"""Businesses with their home at such providers that were ever affected."""


@dataclass(frozen=True, eq=False)
class Priced:
    """Losses of one run, priced by the same draws over all sectors and provider by provider."""

    totals: LossTotals
    prices: ParameterDraws
    money: MoneyDraws
    providers: ProviderDraws


def price_run(
    resolved: Resolved, streams: Streams, totals: LossTotals, n_draws: int = N_DRAWS
) -> Priced:
    """Draw the prices of one run, and price its losses by them."""
    prices = draw_parameters(resolved, streams, n_draws)
    of_sectors = money_of(totals, prices)
    columns = (getattr(of_sectors, column.name) for column in fields(of_sectors))
    # As of one sector that holds all.
    money = MoneyDraws(*(column.sum(axis=1, keepdims=True) for column in columns))
    return Priced(totals, prices, money, provider_money(totals, prices))


def named_by(resolved: Resolved, metric: str) -> NDArray[np.int64]:
    """Rows of the providers that the figure beside a measure is about; none without a figure."""
    names = provider_names(resolved)
    named = {
        name
        for row in table_rows(resolved.figures)
        if row.metric == metric
        for name in row.provider_names
    }
    return np.array([row for row, name in enumerate(names) if name in named], np.int64)


def measure_named_businesses(
    resolved: Resolved, world: World, outcome: Outcome
) -> tuple[Measure, ...]:
    """Businesses affected at the providers that a published figure names; none without it."""
    rows = named_by(resolved, NAMED_BUSINESSES)
    if not rows.size:
        return ()
    home_row = world.places.provider_row[world.businesses.home_place_row]
    is_named = np.isin(home_row, rows)
    n_affected = float((is_named & (outcome.ledger.affected_s > 0)).sum())
    return (measured(NAMED_BUSINESSES, n_affected, float(is_named.sum())),)


def measure_named_loss(
    resolved: Resolved, money: MoneyDraws, providers: ProviderDraws
) -> tuple[Measure, ...]:
    """Loss of the providers that a published figure names; none without it, or if nobody moves."""
    rows = named_by(resolved, NAMED_LOSS)
    if resolved.responses is None or not rows.size:
        return ()
    mean = float(providers.loss_usd[:, rows].sum(axis=1).mean())
    whole = float(money.hosting_usd.sum(axis=1).mean())
    return (measured(NAMED_LOSS, mean, whole),)
