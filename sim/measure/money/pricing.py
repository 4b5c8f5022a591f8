"""Loss and gain of each provider, and of those that a published figure names."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.measures import MEASURES
from sim.engine.record.outcome import Outcome
from sim.measure.measures import Measure, measured, remainder
from sim.measure.money.losses import LossTotals
from sim.measure.money.prices import N_DRAWS, ParameterDraws, draw_parameters
from sim.scenario.resolve import Resolved
from sim.scenario.tables.seeds import table_rows
from sim.streams import Streams
from sim.world.build import World
from sim.world.frozen import FrozenColumns
from sim.world.providers import provider_names

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

    def over_sectors(self) -> MoneyDraws:
        """Return the same as one sector that holds all."""
        columns = (getattr(self, column.name) for column in fields(self))
        return MoneyDraws(*(column.sum(axis=1, keepdims=True) for column in columns))


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
    money = money_of(totals, prices).over_sectors()
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
