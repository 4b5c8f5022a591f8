"""Which of two strategies does more harm, more to the target, or costs more: verdicts.

Two strategies are compared simulation by simulation. A verdict is that all simulations agree, that
they differ, that they are too few to say, or that the order is not known in too many of them. A
simulation in which it is not known is none that agrees.

References
----------
Clopper and Pearson, Biometrika 26 (1934): if all of n simulations agree, an order holds in at least
95 % of all possible ones with confidence 1 - 0.95 ** n; if all but k of them do, with the
probability that more than k of n lack it where one in twenty does. Bonferroni's correction makes
the confidence that of the whole family of verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import nbdtrik

from sim.catalogue.choices import COLLATERAL, EFFECTS, EFFICACY, PRIVATE_LOSS
from sim.experiment.comparison import Measured, in_shared_replicates
from sim.experiment.ensemble import Inputs
from sim.experiment.plan import Plan
from sim.measure.summary import has_missed, spread_of
from sim.statistics.peeling import Box, peel

JUDGED = (COLLATERAL, EFFICACY, PRIVATE_LOSS)
"""Measures by which strategies are judged: harm, effect and cost."""
AGREE, DIFFER, TOO_FEW, NOT_KNOWN = "agree", "differ", "too few", "not known"
LEAST_SHARE, RISK = 0.95, 0.05
"""Share of all possible simulations in which a certified order holds, and the probability that some
verdict of the family is certified and does not."""
N_SCREENED = 20
"""Inputs among which a region is searched: those that go most with the order."""
LEAST_FEWER = 10
"""Fewest simulations of either order in which a region is searched."""
LEAST_DENSITY = 2 / 3
"""Share of a region's simulations that have its order; a region with less decides nothing."""


@dataclass(frozen=True)
class VerdictLine:
    """Two strategies in one measure: a row of ``verdicts.csv``, whose columns have these names."""

    metric: str
    unit: str
    strategy: str
    other: str
    n_simulations: int
    n_less: int
    n_equal: int
    n_more: int
    n_not_known: int
    n_needed: int
    verdict: str
    difference: float
    difference_low: float
    difference_high: float
    region: str = ""
    region_order: str = ""
    coverage: float = math.nan
    density: float = math.nan


def n_needed(n_verdicts: int, n_not_known: int = 0) -> int:
    """Return of how many simulations all that are known have to agree, to certify a verdict.

    Parameters
    ----------
    n_verdicts
        Verdicts of the family.
    n_not_known
        Simulations among them in which the order is not known.

    Notes
    -----
    The least n for which ``0.95 ** n <= 0.05 / n_verdicts`` where all are known: 59 for one
    verdict, 107 for 12, 129 for 36. One that is not known makes them 93, 150 and 174.
    """
    n_agreeing = nbdtrik(1 - RISK / n_verdicts, n_not_known + 1, 1 - LEAST_SHARE)
    return math.ceil(float(n_agreeing)) + n_not_known + 1


def judge_pairs(
    plan: Plan, measured: Mapping[str, Measured], inputs: Inputs | None
) -> tuple[VerdictLine, ...]:
    """Judge every pair of strategies by harm, effect and cost.

    Parameters
    ----------
    measured
        Measures by label of the strategy.
    inputs
        Inputs of the members; None where all simulations are of the point values.

    Notes
    -----
    The order is not known in a simulation in which a measure is not known under one of the two. Two
    strategies that harm none of a sample are not known to be equal: it may have missed both.
    Where the order is not known in more than one simulation of twenty, no number of them certifies
    it.
    """
    shared = in_shared_replicates(measured)
    labels = list(shared)
    metrics = [name for name in JUDGED if all(name in part.row for part in shared.values())]
    pairs = [(one, other) for row, one in enumerate(labels) for other in labels[row + 1 :]]
    n_verdicts = len(pairs) * len(metrics)
    return tuple(
        _judge(plan, shared, metric, *pair, n_verdicts, inputs)
        for metric in metrics
        for pair in pairs
    )


def _judge(
    plan: Plan,
    measured: Mapping[str, Measured],
    metric: str,
    one: str,
    other: str,
    n_verdicts: int,
    inputs: Inputs | None,
) -> VerdictLine:
    values = [measured[label].values((metric,))[0] for label in (one, other)]
    for value, label in zip(values, (one, other), strict=True):
        if has_missed_sample(plan, measured[label], metric):
            value[:] = np.nan
    difference = values[0] - values[1]
    if is_of_sample(plan, metric):
        difference[(values[0] == 0) & (values[1] == 0)] = np.nan
    is_known = ~np.isnan(difference)
    known = difference[is_known]
    n, n_not_known = int(difference.size), int(difference.size - known.size)
    n_less, n_equal, n_more = (int(np.sum(is_so)) for is_so in (known < 0, known == 0, known > 0))
    needed = n_needed(n_verdicts, n_not_known)
    if max(n_less, n_equal, n_more) < known.size:
        verdict = DIFFER
    elif n >= needed:
        verdict = AGREE
    else:
        verdict = TOO_FEW if n_not_known <= (1 - LEAST_SHARE) * n else NOT_KNOWN
    part = measured[one]
    spread = spread_of(known)
    region: tuple[str, str, float, float] = ("", "", math.nan, math.nan)
    if verdict == DIFFER and inputs is not None:
        member = part.replicate[is_known]
        region = _region(known < 0, inputs.amount[member], inputs.names())
    return VerdictLine(
        metric,
        part.metrics[part.row[metric]].unit,
        one,
        other,
        n,
        n_less,
        n_equal,
        n_more,
        n_not_known,
        needed,
        verdict,
        spread.median,
        spread.low,
        spread.high,
        *region,
    )


def _region(
    is_less: NDArray[np.bool_], inputs: NDArray[np.float64], names: Sequence[str]
) -> tuple[str, str, float, float]:
    """Where the rarer of two orders holds: conditions, which order, coverage and density."""
    is_rarer = is_less.mean() <= 0.5
    is_case = is_less if is_rarer else ~is_less
    if min(int(is_case.sum()), int((~is_case).sum())) < LEAST_FEWER:
        return "", "", math.nan, math.nan
    centred = inputs - inputs.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = np.abs((is_case - is_case.mean()) @ centred) / np.sqrt((centred**2).sum(axis=0))
    screened = np.sort(np.argsort(-np.nan_to_num(moved), kind="stable")[:N_SCREENED])
    box = peel(inputs[:, screened], is_case, np.full(is_case.size, 1 / is_case.size))
    said = " and ".join(_conditions(box, [names[row] for row in screened.tolist()]))
    if not said or box.density < LEAST_DENSITY:
        return "", "", math.nan, math.nan
    return said, "less" if is_rarer else "not less", box.coverage, box.density


def _conditions(box: Box, names: Sequence[str]) -> Iterator[str]:
    for one in box.conditions:
        below = f" <= {one.high:.3g}" if math.isfinite(one.high) else ""
        above = f"{one.low:.3g} <= " if math.isfinite(one.low) and below else ""
        only = f" >= {one.low:.3g}" if math.isfinite(one.low) and not below else ""
        yield f"{above}{names[one.row]}{below}{only}"


def is_of_sample(plan: Plan, metric: str) -> bool:
    """Whether a measure counts harm to a sample, which a strategy may have missed."""
    return metric not in EFFECTS and plan.resolved.scenario.population.n_businesses > 0


def has_missed_sample(plan: Plan, part: Measured, metric: str) -> bool:
    """Whether the sample of a strategy shows no harm because it could hardly be hit."""
    return has_missed(
        metric,
        part.metrics[part.row[metric]].unit,
        plan.resolved.scenario.population.n_businesses,
        lambda name: part.values((name,))[0],
    )
