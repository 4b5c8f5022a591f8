"""Prices what businesses pay for hosting, by provider.

In: loss sums of one run (which hold who paid whom for how long), and draws of parameters. Out:
arrays of USD with one row per draw.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.measure.money.losses import LossTotals
from sim.measure.money.money_parameters import ParameterDraws

H_PER_MONTH = 365 * 24 / 12


def double_hosting_usd(totals: LossTotals, parameters: ParameterDraws) -> NDArray[np.float64]:
    """What businesses pay to providers they have left.

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
class ProviderDraws:
    """Money of providers in one run, in USD; arrays of shape (n_draws, n_providers).

    Attributes
    ----------
    loss_usd
        Spending of a provider's first customers that went elsewhere, less what they still paid.
    gain_usd
        Spending of customers who had begun with others.
    """

    loss_usd: NDArray[np.float64]
    gain_usd: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False


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
    # Rounding may make the difference of two sums over the same hours slightly negative.
    return ProviderDraws(
        loss_usd=np.maximum(spending * totals.paid_usd.sum(axis=1) - double[..., 1], 0),
        gain_usd=spending * totals.paid_usd.sum(axis=0) + double[..., 0],
    )
