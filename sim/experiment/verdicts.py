"""Which strategy is better, over all that is not known: settled or not, and what decides it.

In: an ensemble of draws of a comparison. Out: the rows of ``verdicts.csv``, each a pair of
strategies in a measure, and of ``regrets.csv``. A draw is the same world with the same luck for
every strategy, so that the order of two is known draw by draw.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import EFFECTS, EFFICACY, HARMS, RATIOS
from sim.experiment.ensemble import Ensemble
from sim.measure.missed import has_missed
from sim.measure.summary import LEVEL
from sim.scenario.strategies import NoBlocking
from sim.statistics.ensembles import (
    SETTLED,
    effective_size,
    share_bound,
    weighted_quantiles,
)
from sim.statistics.peeling import Box, peel

N_SCREENED = 20
"""Unknowns among which the region is looked for: those that go most with the order."""
LEAST_FEWER = 10
"""Fewest draws of either order in which a region is looked for."""
LEAST_DENSITY = 2 / 3
"""Share of a region that has to have its order: one that tells less decides nothing."""
BETTER, WORSE, ALIKE = "better", "worse", "alike"
NOT_SETTLED, NOT_KNOWN = "not settled", "not known"
ENDS = np.array([(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])


@dataclass(frozen=True)
class VerdictLine:
    """Two strategies in one measure: a row of ``verdicts.csv``, whose columns have these names."""

    metric: str
    unit: str
    strategy: str
    other: str
    n_draws: int
    n_effective: float
    share_known: float
    share_less: float
    share_equal: float
    share_more: float
    share_better_bound: float
    share_worse_bound: float
    verdict: str
    difference: float
    difference_low: float
    difference_high: float
    region: str = ""
    region_says: str = ""
    coverage: float = math.nan
    density: float = math.nan


@dataclass(frozen=True)
class RegretLine:
    """One strategy among those that block: a row of ``regrets.csv``."""

    metric: str
    unit: str
    strategy: str
    n_draws: int
    expected_regret: float
    most_regret: float
    has_least_expected: bool
    has_least_most: bool
    share_without_effect: float


def judged_metrics(ensemble: Ensemble) -> list[str]:
    """Measures by which strategies are judged: effects, harms, and harm per effect."""
    known = {measure.metric for measure in ensemble.measures}
    ratios = [name for name, ratio in RATIOS.items() if ratio.below == EFFICACY]
    return [name for name in (*EFFECTS, *HARMS, *ratios) if name in known]


def judge_pairs(ensemble: Ensemble) -> tuple[VerdictLine, ...]:
    """Judge every pair of strategies by every measure.

    Notes
    -----
    Better is less harm, less harm per effect, and more effect. With k = n_effective times the
    weighted share in which an order holds, the bound of that share is the one-sided
    Clopper-Pearson bound of k in n_effective at 95 %; an order whose bound is at least 0.95 is
    settled. Draws in which a measure is not known of both count as neither order. The order of a
    strategy whose sample could hardly be hit is not known (`sim.measure.missed`).

    References
    ----------
    Clopper and Pearson, Biometrika 26 (1934).
    """
    keys, inputs, owner = ensemble.inputs()
    names = [
        key if (owner == owner[column]).sum() == 1 else f"{key} #{part}"
        for column, (key, part) in enumerate(_columns(keys, owner))
    ]
    labels = ensemble.labels
    pairs = [(one, other) for row, one in enumerate(labels) for other in labels[row + 1 :]]
    return tuple(
        _judge(ensemble, metric, *pair, names, inputs)
        for metric in judged_metrics(ensemble)
        for pair in pairs
    )


def weigh_regrets(ensemble: Ensemble) -> tuple[RegretLine, ...]:
    """Regret of each strategy that blocks: how much worse it is than the best, draw by draw."""
    return tuple(line for metric in judged_metrics(ensemble) for line in _regrets(ensemble, metric))


def _columns(keys: Sequence[str], owner: NDArray[np.int64]) -> Iterator[tuple[str, int]]:
    first = np.searchsorted(owner, owner)
    for column, row in enumerate(owner.tolist()):
        yield keys[row], column - int(first[column])


def _means(ensemble: Ensemble, metric: str, label: str) -> NDArray[np.float64]:
    """Mean over the replicates of each draw; NaN where one is not known, or not finished."""
    means = ensemble.of(metric, label).mean(axis=1)
    finished = ensemble.is_finished[:, ensemble.labels.index(label)]
    return np.asarray(np.where(finished, means, np.nan))


def _judge(
    ensemble: Ensemble,
    metric: str,
    one: str,
    other: str,
    names: Sequence[str],
    inputs: NDArray[np.float64],
) -> VerdictLine:
    rows = [ensemble.labels.index(label) for label in (one, other)]
    finished = np.asarray(ensemble.is_finished[:, rows].all(axis=1))
    weight = ensemble.weight_of(finished)
    values = [_means(ensemble, metric, label) for label in (one, other)]
    unit = next(each.unit for each in ensemble.measures if each.metric == metric)
    n_drawn = ensemble.plan.resolved.scenario.population.n_businesses
    is_unknown = any(_has_missed(ensemble, metric, unit, label) for label in (one, other))
    difference = np.full_like(values[0], np.nan) if is_unknown else values[0] - values[1]
    is_known = finished & ~np.isnan(difference)
    less, equal, more = (
        float(weight[is_known & holds].sum())
        for holds in (difference < 0, difference == 0, difference > 0)
    )
    is_same = is_known & (difference == 0)
    if metric not in EFFECTS and (n_drawn or unit.startswith("names")):
        # Two that harm none of a sample may both have missed it.
        is_same &= values[0] != 0
    size = effective_size(weight)
    good, bad = (more, less) if metric in EFFECTS else (less, more)
    bounds = share_bound(good, size), share_bound(bad, size)
    verdict = NOT_KNOWN if is_unknown else NOT_SETTLED
    if bounds[0] >= SETTLED:
        verdict = BETTER
    elif bounds[1] >= SETTLED:
        verdict = WORSE
    elif share_bound(float(weight[is_same].sum()), size) >= SETTLED:
        verdict = ALIKE
    low, median, high = weighted_quantiles(
        np.where(is_known, difference, 0.0), ensemble.weight_of(is_known), ENDS
    ).tolist()
    line = (
        metric,
        unit,
        one,
        other,
        int(finished.sum()),
        size,
        float(weight[is_known].sum()),
        less,
        equal,
        more,
        *bounds,
        verdict,
        median,
        low,
        high,
    )
    region: tuple[str, str, float, float] = ("", "", math.nan, math.nan)
    if verdict == NOT_SETTLED:
        is_less = (difference < 0)[is_known]
        region = _region(is_less, inputs[is_known], weight[is_known], names)
    return VerdictLine(*line, *region)


def _region(
    is_less: NDArray[np.bool_],
    inputs: NDArray[np.float64],
    weight: NDArray[np.float64],
    names: Sequence[str],
) -> tuple[str, str, float, float]:
    """Where the rarer of two orders holds: conditions, which order, coverage and density."""
    is_rarer = float(weight[is_less].sum()) <= 0.5 * float(weight.sum())
    is_case = is_less if is_rarer else ~is_less
    n_fewer = min(int(is_case.sum()), int((~is_case).sum()))
    if n_fewer < LEAST_FEWER:
        return "", "", math.nan, math.nan
    centred = inputs - inputs.mean(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = np.abs((is_case - is_case.mean()) @ centred) / np.sqrt((centred**2).sum(axis=0))
    screened = np.sort(np.argsort(-np.nan_to_num(moved), kind="stable")[:N_SCREENED])
    box = peel(inputs[:, screened], is_case, weight)
    said = _said(box, [names[row] for row in screened.tolist()])
    if not said or box.density < LEAST_DENSITY:
        return "", "", math.nan, math.nan
    return said, "less" if is_rarer else "not less", box.coverage, box.density


def _said(box: Box, names: Sequence[str]) -> str:
    parts = []
    for one in box.conditions:
        below = f" <= {one.high:.3g}" if math.isfinite(one.high) else ""
        above = f"{one.low:.3g} <= " if math.isfinite(one.low) and below else ""
        only = f" >= {one.low:.3g}" if math.isfinite(one.low) and not below else ""
        parts.append(f"{above}{names[one.row]}{below}{only}")
    return " and ".join(parts)


def _regrets(ensemble: Ensemble, metric: str) -> Iterator[RegretLine]:
    variants = {variant.label: variant for variant in ensemble.plan.variants}
    labels = [
        label
        for label in ensemble.labels
        if not isinstance(variants[label].resolved.scenario.strategy, NoBlocking)
    ]
    if not labels:
        return
    unit = next(each.unit for each in ensemble.measures if each.metric == metric)
    missed = {label for label in labels if _has_missed(ensemble, metric, unit, label)}
    judged = [label for label in labels if label not in missed]
    expected, most = dict.fromkeys(labels, math.nan), dict.fromkeys(labels, math.nan)
    n_known = 0
    if len(judged) > 1 or not missed:
        values = np.stack([_means(ensemble, metric, label) for label in judged])
        is_known = np.asarray(~np.isnan(values).any(axis=0))
        weight, n_known = ensemble.weight_of(is_known)[is_known], int(is_known.sum())
        if not n_known:
            return
        known = values[:, is_known]
        best = known.max(axis=0) if metric in EFFECTS else known.min(axis=0)
        regret = np.abs(known - best)
        expected |= dict(zip(judged, (regret @ weight).tolist(), strict=True))
        most |= dict(zip(judged, regret.max(axis=1).tolist(), strict=True))
    has_effect = any(each.metric == EFFICACY for each in ensemble.measures)
    for label in labels:
        without = math.nan
        if has_effect:
            effect = _means(ensemble, EFFICACY, label)
            without = float(ensemble.weight_of(~np.isnan(effect))[effect == 0].sum())
        yield RegretLine(
            metric,
            unit,
            label,
            n_known,
            expected[label],
            most[label],
            expected[label] == min(expected[one] for one in judged or labels),
            most[label] == min(most[one] for one in judged or labels),
            without,
        )


def _has_missed(ensemble: Ensemble, metric: str, unit: str, label: str) -> bool:
    names = {each.metric for each in ensemble.measures}
    return has_missed(
        metric,
        unit,
        ensemble.plan.resolved.scenario.population.n_businesses,
        lambda name: _means(ensemble, name, label) if name in names else np.empty(0),
    )
