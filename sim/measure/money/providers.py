"""Loss and gain of each provider, and of those that a published figure names."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import measure_name
from sim.engine.record.outcome import Outcome
from sim.measure.measures import Measure, measured
from sim.measure.money.hosting import ProviderDraws, provider_money
from sim.measure.money.losses import LossTotals
from sim.measure.money.money import MoneyDraws
from sim.measure.money.money_parameters import N_DRAWS, draw_parameters
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


def price_providers(
    resolved: Resolved, streams: Streams, totals: LossTotals, n_draws: int = N_DRAWS
) -> ProviderDraws:
    """Price one run provider by provider, with the same draws as all other money."""
    return provider_money(totals, draw_parameters(resolved, streams, n_draws))


def beneficiaries(resolved: Resolved) -> dict[str, str]:
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
