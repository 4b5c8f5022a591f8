"""The money of an ensemble by every method, and by provider.

Each simulation is priced with its own draw of all prices. Methods are shown side by side, never
mixed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.measures import MEASURES, OF_HOSTING
from sim.measure.groups import METHOD_LOSS, GroupCount
from sim.measure.measures import Measure, measured
from sim.measure.money import pricing
from sim.results.tables import Line
from sim.scenario.resolve import Resolved
from sim.scenario.tables.seeds import table_rows
from sim.streams import Streams
from sim.world.providers import S_PER_D, provider_names

D_PER_YEAR = 365

Economy: TypeAlias = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class NationalMethod:
    """One published method."""

    id: str
    """Name in ``money.csv``."""
    formula: str
    """In words and symbols, for readers."""
    usd_per_d: Callable[[Economy], NDArray[np.float64]]
    """USD per day of total shutdown, from the constants of an economy."""
    needs: tuple[str, ...] = ()
    """Constants without which it cannot be computed, of those that an economy may lack."""


NATIONAL_METHODS = (
    NationalMethod(
        "oecd_2011",
        "GDP / 365 * share of telecommunication and Internet services * days * share affected",
        lambda economy: economy["gdp_usd_per_year"] / D_PER_YEAR * economy["oecd_share_of_gdp"],
    ),
    NationalMethod(
        "cost_like",
        "GDP / 365 * Internet share * (1 + growth)^years * days * share affected",
        lambda economy: (
            economy["gdp_usd_per_year"]
            / D_PER_YEAR
            * (
                economy["cost_share_of_gdp"]
                * (1 + economy["cost_growth_per_year"]) ** economy["cost_years"]
            )
        ),
        needs=("cost_share_of_gdp", "cost_growth_per_year", "cost_years"),
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
    OECD, 2011 (Egypt); COST, the cost of shutdown tool, after West, Brookings, 2016.
    """
    error = economy.get("method_error", np.float64(1.0))
    return method.usd_per_d(economy) * duration_d * share_affected * error


FIRM_FORMULAS = {
    "private_loss_usd": "lost demand * revenue * sensitivity - recaptured + churn + response cost",
    "net_social_loss_usd": "private loss - transfers to rivals in the country",
}
OWN = "overblock_"
"""How the names of this model's own methods begin."""
MODELLED = "modelled businesses"
IN_PROPORTION = "country, same share of demand lost"
SHUTDOWN = "country, total shutdown"
BY_METHOD, BY_HOST = "method", "hosting provider"
"""Groups of ``hits.parquet`` that keep the money of each simulation."""


def money_measures(money: pricing.MoneyDraws, *, has_reactions: bool) -> tuple[Measure, ...]:
    """Money of one run as measures: means over draws, out of means of the whole."""
    found = []
    for metric in pricing.MONEY_METRICS:
        if MEASURES[metric].needs and not has_reactions:
            continue
        whole = money.hosting_usd if MEASURES[metric].of == OF_HOSTING else money.demand_usd
        value, of = (one.sum(axis=1).mean() for one in (getattr(money, metric), whole))
        found.append(measured(metric, float(value), float(of)))
    return tuple(found)


def count_money(
    resolved: Resolved, streams: Streams, priced: pricing.Priced, n_draws: int
) -> Iterator[GroupCount]:
    """Loss of one run by every method; loss and gain of every provider, if anybody may move.

    Notes
    -----
    The mean over ``n_draws`` draws of the prices. The denominator of a national method is the share
    that its formula takes; of a provider, what all businesses would spend on hosting.
    """
    money, found = priced.money, priced.providers
    for metric in FIRM_FORMULAS:
        loss = float(getattr(money, metric).sum(axis=1).mean())
        name = f"{OWN}{metric.removesuffix('_usd')}/{MODELLED}"
        yield GroupCount(BY_METHOD, name, METHOD_LOSS, loss, math.nan)
    if pricing.economy_keys(resolved):
        duration_d = resolved.scenario.horizon_s / S_PER_D
        economy = pricing.economy_parameters(
            table_rows(resolved.economy), pricing.drawn(streams, n_draws)
        )
        for scope, share in ((IN_PROPORTION, priced.totals.demand_lost_share), (SHUTDOWN, 1.0)):
            for method in NATIONAL_METHODS:
                if all(key in economy for key in method.needs):
                    loss = float(national_loss_usd(method, economy, duration_d, share).mean())
                    yield GroupCount(BY_METHOD, f"{method.id}/{scope}", METHOD_LOSS, loss, share)
    if resolved.responses is None:
        return  # nobody moves, so that no provider loses or gains
    whole = float(money.hosting_usd.sum(axis=1).mean())
    names = provider_names(resolved)
    for name in dict.fromkeys(row.provider for row in resolved.hosting.rows):
        row = names.index(name)
        for metric, column in ((pricing.LOSS, found.loss_usd), (pricing.GAIN, found.gain_usd)):
            yield GroupCount(BY_HOST, name, metric, float(column[:, row].mean()), whole)


def method_lines(resolved: Resolved, lines: Sequence[Line]) -> Iterator[Line]:
    """Rows of ``money.csv`` of one strategy, this model's own methods first."""
    beside = {row.metric: row for row in table_rows(resolved.figures) if row.metric}
    national = {method.id: method for method in NATIONAL_METHODS}
    by_name = {line.group: line for line in lines if line.by == BY_METHOD}
    order = [
        *(f"{OWN}{metric.removesuffix('_usd')}/{MODELLED}" for metric in FIRM_FORMULAS),
        *(f"{name}/{scope}" for scope in (IN_PROPORTION, SHUTDOWN) for name in national),
    ]
    for name in order:
        if (line := by_name.get(name)) is None:
            continue
        method, _, scope = name.partition("/")
        metric = f"{method.removeprefix(OWN)}_usd"
        figure = beside.get(metric) if scope == MODELLED else None
        yield Line.of(
            "money.csv",
            strategy=line.strategy,
            method=method,
            scope=scope,
            formula=FIRM_FORMULAS[metric] if scope == MODELLED else national[method].formula,
            unit=resolved.amounts.currency,
            median=line.median,
            low=line.low,
            high=line.high,
            level=line.level,
            n_simulations=line.n_simulations,
            duration_d=resolved.scenario.horizon_s / S_PER_D,
            share_affected=line.denominator,
            published=figure.value if figure else "",
            published_note=f"{figure.unit}: {figure.note}" if figure else "",
        )
