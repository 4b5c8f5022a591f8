"""Prices lost demand, by sector and by draw of the parameters.

All formulas are linear in the loss sums of a run, so single businesses are not needed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.measures import MEASURES, OF_HOSTING
from sim.measure.money.hosting import double_hosting_usd
from sim.measure.money.losses import LossTotals
from sim.measure.money.money_parameters import ParameterDraws

H_PER_D = 24

MONEY_METRICS = tuple(
    name for name, entry in MEASURES.items() if entry.formula == "money.money.money_of"
)
"""Money of every scenario, in the sequence of its steps."""


@dataclass(frozen=True, eq=False)
class MoneyDraws:
    """Money of one run in USD; all arrays of shape (n_draws, n_sectors).

    Attributes
    ----------
    demand_usd
        Domestic revenue over the run, had nothing failed.
    hosting_usd
        Spending on hosting over the run, had nobody moved.
    gross_loss_usd
        Revenue behind the demand lost.
    recaptured_usd
        What of it customers make up for later.
    churn_usd
        Revenue of customers who stay away after the outage.
    response_cost_usd
        Labour of responses, and double hosting of those that leave a provider.
    double_hosting_usd
        What of it is paid to the providers left.
    transfers_to_rivals_usd
        What of the lost revenue goes to rivals in the country.
    provider_loss_usd
        Spending that first providers lose to others, less what they are still paid.
    domestic_gain_usd
        Spending that domestic providers gain from those who began elsewhere.
    """

    demand_usd: NDArray[np.float64]
    hosting_usd: NDArray[np.float64]
    gross_loss_usd: NDArray[np.float64]
    recaptured_usd: NDArray[np.float64]
    churn_usd: NDArray[np.float64]
    response_cost_usd: NDArray[np.float64]
    double_hosting_usd: NDArray[np.float64]
    transfers_to_rivals_usd: NDArray[np.float64]
    provider_loss_usd: NDArray[np.float64]
    domestic_gain_usd: NDArray[np.float64]

    def __post_init__(self) -> None:
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False

    @property
    def private_loss_usd(self) -> NDArray[np.float64]:
        """What the businesses lose: gross, less recaptured, plus churn, plus response."""
        kept = self.gross_loss_usd - self.recaptured_usd
        return kept + self.churn_usd + self.response_cost_usd

    @property
    def net_social_loss_usd(self) -> NDArray[np.float64]:
        """What nobody in the country gains: the private loss less transfers to rivals."""
        return self.private_loss_usd - self.transfers_to_rivals_usd

    def plus(self, other: MoneyDraws) -> MoneyDraws:
        """Return the sums with the same of other businesses."""
        return MoneyDraws(
            **{
                column.name: getattr(self, column.name) + getattr(other, column.name)
                for column in fields(self)
            }
        )

    def over_sectors(self) -> MoneyDraws:
        """Return the same as one sector that holds all."""
        return MoneyDraws(
            **{
                column.name: getattr(self, column.name).sum(axis=1, keepdims=True)
                for column in fields(self)
            }
        )


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
        # Rounding may make the difference of two sums over the same hours slightly negative.
        provider_loss_usd=np.maximum(hosting * totals.away_usd - to_first, 0),
        domestic_gain_usd=hosting * totals.domestic_usd + to_domestic,
    )


def whole_of(metric: str, money: MoneyDraws) -> NDArray[np.float64]:
    """What a money measure is out of, draw by draw."""
    is_hosting = MEASURES[metric].of == OF_HOSTING
    whole: NDArray[np.float64] = money.hosting_usd if is_hosting else money.demand_usd
    return np.asarray(whole.sum(axis=1))
