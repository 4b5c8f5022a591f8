"""Whether another strategy does as much for less, over all that is not known.

In: the draws of a comparison. Out: for each alternative a verdict that is settled, or not. Luck
alone settles nothing: without draws every verdict is open.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.results.draws import DrawnMeasures
from sim.results.read import RunFolder
from sim.results.tables import number, read_rows, text
from sim.statistics.ensembles import SETTLED, effective_size, share_bound

SETTLED_BETTER, SETTLED_WORSE, NOT_SETTLED = "settled better", "settled worse", "not settled"


@dataclass(frozen=True)
class Region:
    """Conditions on unknowns under which the rarer order of two strategies holds.

    Attributes
    ----------
    metric, strategy, other, says
        ``strategy`` has ``says`` (less, or not less) of the metric than ``other`` there.
    region
        The conditions.
    coverage, density
        Share of that order that lies there, and share of what lies there that has it.
    """

    metric: str
    strategy: str
    other: str
    says: str
    region: str
    coverage: float
    density: float


@dataclass(frozen=True)
class Verdict:
    """Whether an alternative has no less effect and less collateral, draw by draw.

    Attributes
    ----------
    verdict
        Settled better where it has both, settled worse where it lacks one, in at least 95 % of the
        weight of the draws by the lower 95 % bound of that share; otherwise not settled.
    n_draws, n_effective
        Finished draws, and how many of equal weight say as much; 0 where luck alone was simulated.
    share_better, share_worse
        Weighted shares of the draws in which it has both, and in which it lacks one. Draws in which
        effect or collateral is not known count as neither.
    bound_better, bound_worse
        Lower 95 % bounds of these.
    share_less_effect, share_no_less_collateral
        Weighted shares of the draws in which it lacks the one and the other.
    regions
        What decides the order in effect and in collateral, where that is told.
    """

    verdict: str
    n_draws: int
    n_effective: float
    share_better: float
    share_worse: float
    bound_better: float
    bound_worse: float
    share_less_effect: float
    share_no_less_collateral: float
    regions: tuple[Region, ...] = ()


OF_LUCK = Verdict(NOT_SETTLED, 0, 0.0, *(6 * (math.nan,)))
"""Where luck alone was simulated."""


def judge(draws: DrawnMeasures, label: str, other: str, efficacy: str, collateral: str) -> Verdict:
    """Judge whether ``other`` does as much as ``label`` for less collateral."""
    effect, harm = (
        draws.value[other, metric] - draws.value[label, metric] for metric in (efficacy, collateral)
    )
    weight = np.where(draws.is_finished, draws.weight, 0.0)
    weight = weight / weight.sum() if weight.sum() > 0 else weight
    is_known = ~np.isnan(effect) & ~np.isnan(harm)
    is_better = is_known & (effect >= 0) & (harm < 0)
    better, worse, less, no_less = (
        min(float(weight[holds].sum()), 1.0)
        for holds in (
            is_better,
            is_known & ~is_better,
            is_known & (effect < 0),
            is_known & (harm >= 0),
        )
    )
    size = effective_size(weight)
    bounds = share_bound(better, size), share_bound(worse, size)
    verdict = NOT_SETTLED
    if bounds[0] >= SETTLED:
        verdict = SETTLED_BETTER
    elif bounds[1] >= SETTLED:
        verdict = SETTLED_WORSE
    n_draws = int(draws.is_finished.sum())
    return Verdict(verdict, n_draws, size, better, worse, *bounds, less, no_less)


def read_regions(
    run: RunFolder, label: str, other: str, metrics: Sequence[str]
) -> tuple[Region, ...]:
    """What decides the order of two strategies, from ``verdicts.csv``.

    Raises
    ------
    DataError
        If the table cannot be read.
    """
    return tuple(
        Region(
            text(row, "metric"),
            text(row, "strategy"),
            text(row, "other"),
            text(row, "region_says"),
            text(row, "region"),
            number(row, "coverage"),
            number(row, "density"),
        )
        for row in read_rows(run, "verdicts.csv")
        if {text(row, "strategy"), text(row, "other")} == {label, other}
        and text(row, "metric") in metrics
        and text(row, "region")
    )
