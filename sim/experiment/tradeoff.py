"""The trade-off between what the target lost and what others lost, strategy by strategy.

In: measures by strategy and replicate. Out: the rows of ``tradeoff.csv``, for harm in
business-hours, in names and in money. The statistics are in ``dominance``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sim.catalogue.choices import EFFICACY, HARMS
from sim.experiment.comparison import Measured, in_shared_replicates
from sim.measure.missed import has_missed
from sim.measure.summary import luck_of
from sim.statistics.dominance import tradeoff


@dataclass(frozen=True)
class TradeoffLine:
    """One strategy among the others: a row of ``tradeoff.csv``."""

    strategy: str
    efficacy_metric: str
    efficacy: float
    efficacy_low: float
    efficacy_high: float
    collateral_metric: str
    collateral: float
    collateral_low: float
    collateral_high: float
    collateral_per_efficacy: float
    ratio_low: float
    ratio_high: float
    is_dominated: bool | None
    dominated_by: str | None
    is_on_frontier: bool | None
    share_of_draws_on_frontier: float
    n_draws: int
    n_replicates: int


def weigh_strategies(
    measured: Mapping[str, Measured], root_seed: int, n_drawn: float
) -> tuple[TradeoffLine, ...]:
    """Weigh strategies by each kind of harm that is measured under all of them.

    Parameters
    ----------
    n_drawn
        Businesses that are drawn. Harm to a sample that could hardly be hit is not known.
    """
    return tuple(line for harm in HARMS for line in _weigh_by(harm, measured, root_seed, n_drawn))


def _weigh_by(
    collateral: str, measured: Mapping[str, Measured], root_seed: int, n_drawn: float
) -> Iterator[TradeoffLine]:
    measured, pair = in_shared_replicates(measured), (EFFICACY, collateral)
    labels = list(measured)
    if not labels or any(name not in part.row for part in measured.values() for name in pair):
        return
    both = np.array([part.values(pair) for part in measured.values()])
    for values, part in zip(both, measured.values(), strict=True):
        if _has_missed(part, collateral, n_drawn):
            values[1] = np.nan
    found = tradeoff(both[:, 0], both[:, 1], luck_of(root_seed))
    for row, label in enumerate(labels):
        is_known = bool(found.is_known[row])
        by = int(found.dominated_by[row])
        yield TradeoffLine(
            strategy=label,
            efficacy_metric=EFFICACY,
            efficacy=float(found.efficacy[row]),
            efficacy_low=float(found.efficacy_low[row]),
            efficacy_high=float(found.efficacy_high[row]),
            collateral_metric=collateral,
            collateral=float(found.collateral[row]),
            collateral_low=float(found.collateral_low[row]),
            collateral_high=float(found.collateral_high[row]),
            collateral_per_efficacy=float(found.ratio[row]),
            ratio_low=float(found.ratio_low[row]),
            ratio_high=float(found.ratio_high[row]),
            is_dominated=bool(found.is_dominated[row]) if is_known else None,
            dominated_by=labels[by] if by >= 0 else None,
            is_on_frontier=bool(found.is_on_frontier[row]) if is_known else None,
            share_of_draws_on_frontier=float(found.share_of_draws_on_frontier[row]),
            n_draws=found.n_draws,
            n_replicates=found.n_replicates,
        )


def _has_missed(part: Measured, metric: str, n_drawn: float) -> bool:
    unit = part.metrics[part.row[metric]].unit
    return has_missed(metric, unit, n_drawn, lambda name: part.values((name,))[0])
