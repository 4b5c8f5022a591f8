"""The trade-off between what the target lost and what others lost, strategy by strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import EFFICACY, HARMS
from sim.experiment.comparison import Measured, in_shared_replicates
from sim.experiment.plan import Plan
from sim.experiment.verdicts import has_missed_sample, is_of_sample
from sim.measure.summary import spread_of


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
    share_on_frontier: float
    n_simulations: int
    n_known: int


def weigh_strategies(plan: Plan, measured: Mapping[str, Measured]) -> tuple[TradeoffLine, ...]:
    """Weigh strategies by each kind of harm that is measured under all of them.

    Harm to a sample that could hardly be hit is not known; nor is, of two strategies that hit none
    of a sample, which harms more.
    """
    shared = in_shared_replicates(measured)
    return tuple(line for harm in HARMS for line in _weigh_by(plan, harm, shared))


def _weigh_by(
    plan: Plan, collateral: str, measured: Mapping[str, Measured]
) -> Iterator[TradeoffLine]:
    pair = EFFICACY, collateral
    if not measured or any(name not in part.row for part in measured.values() for name in pair):
        return
    both = np.array([part.values(pair) for part in measured.values()])
    for values, part in zip(both, measured.values(), strict=True):
        if has_missed_sample(plan, part, collateral):
            values[1] = np.nan
    on_frontier = frontier_of(*both.swapaxes(0, 1), is_sample=is_of_sample(plan, collateral))
    for row, label in enumerate(measured):
        spreads = [spread_of(values) for values in both[row]]
        is_known = ~np.isnan(on_frontier[row])
        yield TradeoffLine(
            label,
            EFFICACY,
            *spreads[0],
            collateral,
            *spreads[1],
            share_on_frontier=float(np.mean(on_frontier[row] > 0)) if is_known.any() else np.nan,
            n_simulations=int(is_known.size),
            n_known=int(is_known.sum()),
        )


def frontier_of(
    efficacy: NDArray[np.float64], collateral: NDArray[np.float64], *, is_sample: bool = False
) -> NDArray[np.float64]:
    """Whether no other strategy is as good in both and better in one, in each simulation.

    Parameters
    ----------
    efficacy, collateral : shape (n_strategies, n_simulations)
        NaN where not known.
    is_sample
        Whether two strategies without collateral are not known to have the same.

    Returns
    -------
    frontier : shape (n_strategies, n_simulations)
        1 or 0; NaN where it depends on what is not known.
    """
    more = efficacy[None] - efficacy[:, None]
    less = collateral[:, None] - collateral[None]
    if is_sample:
        less[(collateral[:, None] == 0) & (collateral[None] == 0)] = np.nan
    dominates = (more >= 0) & (less >= 0) & ((more > 0) | (less > 0))
    spares = (more < 0) | (less < 0) | ((more == 0) & (less == 0))
    spares |= np.eye(len(efficacy), dtype=np.bool_)[:, :, None]
    on_frontier = np.where(spares.all(axis=1), 1.0, np.nan)
    on_frontier[dominates.any(axis=1)] = 0
    return on_frontier
