"""The money of an experiment, by every method of pricing it.

In: the loss sums of each replicate, the tables that price them, the root seed. Out: lines for
``summary.csv``, ``money.csv`` and ``providers.csv``. Methods are shown side by side, never mixed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import label
from sim.measure.measures import Measure, measured
from sim.measure.money.losses import LossTotals
from sim.measure.money.money import (
    MONEY_METRICS,
    MoneyDraws,
    money_of,
    summarise_money,
    whole_of,
)
from sim.measure.money.money_parameters import (
    N_DRAWS,
    draw_parameters,
    drawn,
    economy_parameters,
)
from sim.measure.money.national import NATIONAL_METHODS, national_loss_usd
from sim.measure.money.providers import (
    ProviderLine,
    price_providers,
    provider_lines,
    summarise_named,
)
from sim.measure.summary import LEVEL, SummaryLine, spread_of
from sim.scenario.cautions import is_of_country
from sim.scenario.resolve import Resolved
from sim.streams import Streams

S_PER_D = 86_400

FIRM_FORMULAS = {
    "private_loss_usd": "lost demand * revenue * sensitivity - recaptured + churn + response cost",
    "net_social_loss_usd": "private loss - transfers to rivals in the country",
}
FIRM_PRICES = {
    "private_loss_usd": "revenue of the modelled businesses; customers come back, leave, or follow "
    "them when they move",
    "net_social_loss_usd": "the same, less what rivals in the country sell instead",
}
OWN = "overblock_"
"""How the names of this model's own methods begin."""
MODELLED = "modelled businesses"
IN_PROPORTION = "country, same share of demand lost"
SHUTDOWN = "country, total shutdown"


@dataclass(frozen=True)
class MethodLine:
    """Loss by one method, over draws and replicates.

    Attributes
    ----------
    method, formula
        The method, and what it computes.
    scope
        Whose loss: the modelled businesses', or the whole country's at one of two shares.
    prices
        What the method prices, which is why methods differ.
    mean, median, low, high
        Of all draws of all replicates; low and high are NaN with fewer than two draws.
    duration_d
        Length of the run.
    share_affected
        Mean share that the formula takes; NaN where it takes none.
    published, published_note
        The published figure beside it, and how it is to be read; empty where there is none.
    """

    strategy: str
    method: str
    scope: str
    formula: str
    unit: str
    mean: float
    median: float
    low: float
    high: float
    level: float
    n_draws: int
    n_replicates: int
    duration_d: float
    share_affected: float
    published: str = ""
    published_note: str = ""
    prices: str = ""


@dataclass(frozen=True)
class Accounts:
    """Money of an experiment.

    Attributes
    ----------
    summary
        One line per measure of the firm-level method.
    methods
        One line per method and scope.
    providers
        Loss and gain of each provider.
    """

    summary: tuple[SummaryLine, ...]
    methods: tuple[MethodLine, ...]
    providers: tuple[ProviderLine, ...]

    @classmethod
    def joined(cls, parts: Sequence[Accounts]) -> Accounts:
        """Return the lines of several accounts one after the other."""
        columns = (
            tuple(line for part in parts for line in getattr(part, column.name))
            for column in fields(cls)
        )
        return cls(*columns)


def draw_up_accounts(
    resolved: Resolved,
    root_seed: int,
    replicates: Sequence[LossTotals],
    n_draws: int = N_DRAWS,
    numbers: Sequence[int] | None = None,
    label: str = "",
) -> Accounts:
    """Price the losses of every replicate by every method.

    Parameters
    ----------
    replicates
        Loss sums of each replicate.
    n_draws
        Draws of all parameters in each replicate.
    numbers
        Which replicates these are; 0, 1, 2, … when None.
    label
        Label of the strategy; its id when empty.
    """
    luck = [
        Streams(root_seed, replicate)
        for replicate in (range(len(replicates)) if numbers is None else numbers)
    ]
    figures = resolved.figures.rows if resolved.figures else ()
    strategy = label or resolved.scenario.strategy.id
    firm = [
        price_losses(resolved, streams, totals, n_draws)
        for streams, totals in zip(luck, replicates, strict=True)
    ]
    of_providers = [
        price_providers(resolved, streams, totals, n_draws)
        for streams, totals in zip(luck, replicates, strict=True)
    ]
    lines = [
        *summarise_money(strategy, firm, figures),
        *summarise_named(resolved, of_providers, firm, strategy),
    ]
    methods = (
        *_firm_lines(resolved, strategy, firm, n_draws),
        *_national_lines(resolved, strategy, luck, replicates, n_draws),
    )
    providers = tuple(provider_lines(resolved, of_providers, firm, strategy))
    return Accounts(tuple(lines), methods, providers)


def price_losses(
    resolved: Resolved, streams: Streams, totals: LossTotals, n_draws: int = N_DRAWS
) -> MoneyDraws:
    """Price the losses of one run, all sectors together."""
    return money_of(totals, draw_parameters(resolved, streams, n_draws)).over_sectors()


def money_measures(money: MoneyDraws) -> tuple[Measure, ...]:
    """Money of one run as measures: means over draws, out of means of the whole."""
    return tuple(
        measured(
            metric,
            float(getattr(money, metric).sum(axis=1).mean()),
            float(whole_of(metric, money).mean()),
        )
        for metric in MONEY_METRICS
    )


def method_label(method: str) -> str:
    """Name of a method as people say it."""
    national = {one.id: one.label for one in NATIONAL_METHODS}
    return national.get(method) or f"{label(method.removeprefix(OWN))} (this model)"


def _firm_lines(
    resolved: Resolved, strategy: str, replicates: Sequence[MoneyDraws], n_draws: int
) -> Iterator[MethodLine]:
    figures = resolved.figures.rows if resolved.figures else ()
    beside = {row.metric: row for row in figures if row.metric}
    for metric, formula in FIRM_FORMULAS.items():
        figure = beside.get(metric)
        values = np.concatenate([getattr(money, metric).sum(axis=1) for money in replicates])
        yield _line(
            resolved,
            strategy,
            f"{OWN}{metric.removesuffix('_usd')}",
            MODELLED,
            formula,
            values,
            (n_draws, len(replicates)),
            published=figure.value if figure else "",
            published_note=f"{figure.unit}: {figure.note}" if figure else "",
            prices=FIRM_PRICES[metric],
        )


def _national_lines(
    resolved: Resolved,
    strategy: str,
    luck: Sequence[Streams],
    replicates: Sequence[LossTotals],
    n_draws: int,
) -> Iterator[MethodLine]:
    if not is_of_country(resolved.economy, resolved.scenario):
        return  # another country's economy is not borrowed; ``list_warnings`` says so
    duration_d = resolved.scenario.horizon_s / S_PER_D
    economies = [
        economy_parameters(resolved.economy.rows, drawn(streams, n_draws)) for streams in luck
    ]
    lost = [totals.demand_lost_share for totals in replicates]
    for scope, shares in ((IN_PROPORTION, lost), (SHUTDOWN, [1.0] * len(replicates))):
        for method in NATIONAL_METHODS:
            if not all(key in economies[0] for key in method.needs):
                continue  # no source has the constants of this country
            values = [
                national_loss_usd(method, economy, duration_d, share)
                for economy, share in zip(economies, shares, strict=True)
            ]
            yield _line(
                resolved,
                strategy,
                method.id,
                scope,
                method.formula,
                np.concatenate(values),
                (n_draws, len(replicates)),
                share_affected=float(np.mean(shares)),
                prices=method.prices,
            )


def _line(
    resolved: Resolved,
    strategy: str,
    method: str,
    scope: str,
    formula: str,
    values: NDArray[np.float64],
    size: tuple[int, int],
    *,
    share_affected: float = math.nan,
    published: str = "",
    published_note: str = "",
    prices: str = "",
) -> MethodLine:
    said = spread_of(values, size[0])
    return MethodLine(
        strategy=strategy,
        method=method,
        scope=scope,
        formula=formula,
        unit="USD",
        **said._asdict(),
        level=LEVEL,
        n_draws=size[0],
        n_replicates=size[1],
        duration_d=resolved.scenario.horizon_s / S_PER_D,
        share_affected=share_affected,
        published=published,
        published_note=published_note,
        prices=prices,
    )
