"""Loss and gain of each provider, over draws and replicates.

In: the loss sums of each replicate, the tables that price them, published figures. Out: lines for
``providers.csv``, and the loss of the providers that a published figure names.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import measure_name
from sim.catalogue.measures import OF_HOSTING
from sim.engine.record.outcome import Outcome
from sim.measure.measures import Measure, measured
from sim.measure.money.hosting import ProviderDraws, provider_money
from sim.measure.money.losses import LossTotals
from sim.measure.money.money import MoneyDraws
from sim.measure.money.money_parameters import N_DRAWS, draw_parameters
from sim.measure.summary import LEVEL, SummaryLine, spread_of
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World
from sim.world.providers import provider_names

LOSS, GAIN = "provider_loss_usd", "provider_gain_usd"
NAMED_LOSS = measure_name("named_providers_loss_usd")
"""Loss of the providers that a published figure names, out of all hosting spending."""
NAMED_BUSINESSES = measure_name("affected_at_named_providers")
"""Businesses with their home at such providers that were ever affected."""
BENEFICIARIES = "providers"
"""Unit of a published figure that names providers, with semicolons."""


@dataclass(frozen=True)
class ProviderLine:
    """Loss or gain of one provider, over draws and replicates.

    Attributes
    ----------
    side
        ``foreign`` or ``domestic``.
    metric
        ``provider_loss_usd`` or ``provider_gain_usd``.
    mean, median, low, high
        Of all draws of all replicates; low and high are NaN with fewer than two draws.
    denominator
        Hosting spending of all businesses over the run, had nobody moved (mean over draws).
    published
        What was published of this provider's gain; empty where nothing was.
    """

    strategy: str
    provider: str
    side: str
    metric: str
    unit: str
    mean: float
    median: float
    low: float
    high: float
    level: float
    n_draws: int
    n_replicates: int
    denominator: float
    denominator_unit: str
    published: str = ""


def price_providers(
    resolved: Resolved, streams: Streams, totals: LossTotals, n_draws: int = N_DRAWS
) -> ProviderDraws:
    """Price one run provider by provider, with the same draws as all other money."""
    return provider_money(totals, draw_parameters(resolved, streams, n_draws))


def provider_lines(
    resolved: Resolved,
    replicates: Sequence[ProviderDraws],
    firm: Sequence[MoneyDraws],
    strategy: str,
) -> Iterator[ProviderLine]:
    """Loss and gain of each provider in which a business can be, in the order of the tables."""
    names = provider_names(resolved)
    side = {row.provider: row.side for row in resolved.hosting.rows}
    expected = _beneficiaries(resolved)
    n_draws = replicates[0].loss_usd.shape[0]
    whole = float(np.concatenate([money.hosting_usd.sum(axis=1) for money in firm]).mean())
    for name in dict.fromkeys(row.provider for row in resolved.hosting.rows):
        row = names.index(name)
        for metric, column in ((LOSS, "loss_usd"), (GAIN, "gain_usd")):
            values = np.concatenate([getattr(money, column)[:, row] for money in replicates])
            said = spread_of(values, n_draws)
            yield ProviderLine(
                strategy=strategy,
                provider=name,
                side=side[name],
                metric=metric,
                unit="USD",
                **said._asdict(),
                level=LEVEL,
                n_draws=n_draws,
                n_replicates=len(replicates),
                denominator=whole,
                denominator_unit=OF_HOSTING,
                published=expected.get(name, "") if metric == GAIN else "",
            )


def _beneficiaries(resolved: Resolved) -> dict[str, str]:
    """What published figures expect of providers that they name."""
    rows = resolved.figures.rows if resolved.figures else ()
    return {
        name.strip(): row.note
        for row in rows
        if row.unit == BENEFICIARIES
        for name in row.value.split(";")
    }


def named_by(resolved: Resolved, metric: str) -> NDArray[np.int64]:
    """Rows of the providers that the figure beside a measure is about; none without a figure."""
    rows = resolved.figures.rows if resolved.figures else ()
    names = provider_names(resolved)
    named = {name for row in rows if row.metric == metric for name in row.provider_names}
    return np.array([row for row, name in enumerate(names) if name in named], np.int64)


def named_loss(resolved: Resolved, money: ProviderDraws) -> NDArray[np.float64]:
    """Loss of the providers named, all of them together; shape (n_draws,)."""
    return np.asarray(money.loss_usd[:, named_by(resolved, NAMED_LOSS)].sum(axis=1))


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
    if resolved.responses is None or not named_by(resolved, NAMED_LOSS).size:
        return ()
    mean = float(named_loss(resolved, providers).mean())
    whole = float(money.hosting_usd.sum(axis=1).mean())
    return (measured(NAMED_LOSS, mean, whole),)


def summarise_named(
    resolved: Resolved,
    replicates: Sequence[ProviderDraws],
    firm: Sequence[MoneyDraws],
    strategy: str,
) -> list[SummaryLine]:
    """The loss of the providers named over all draws of all replicates.

    None without a figure, and none where no business may move: then that nobody leaves is given by
    the scenario, and not a finding of the run.
    """
    figures = resolved.figures.rows if resolved.figures and resolved.responses else ()
    found = []
    for row in [row for row in figures if row.metric == NAMED_LOSS]:
        draws = [named_loss(resolved, money) for money in replicates]
        said = spread_of(np.concatenate(draws), draws[0].size)
        whole = np.concatenate([money.hosting_usd.sum(axis=1) for money in firm])
        found.append(
            SummaryLine(
                strategy=strategy,
                metric=NAMED_LOSS,
                unit="USD",
                **said._asdict(),
                level=LEVEL,
                n_replicates=len(replicates),
                denominator=float(whole.mean()) if whole.size else math.nan,
                denominator_unit=OF_HOSTING,
                published=row.value,
                published_source=row.source,
            )
        )
    return found[:1]
