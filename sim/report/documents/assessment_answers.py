"""What an assessment says in one sentence: the short answers, and the words and numbers in them.

In: an assessment, ids, names of measures. Out: text.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.assess.assessment import Alternative, Assessment
from sim.assess.estimates import Estimate
from sim.catalogue.choices import COLLATERAL, EFFICACY, measure_name
from sim.measure.summary import LEVEL
from sim.report.words.numbers import (
    estimate,
    in_percent,
    percent_estimate,
)
from sim.scenario.strategies import DECLARED
from sim.statistics.paired import PairedDifference

UNITS = {
    EFFICACY: "user-hours denied to the target",
    COLLATERAL: "business-hours impaired",
}
PRIVATE = measure_name("private_loss_usd")
SURE, UNSURE = 0.95, 0.05
"""Shares of bootstrap draws above which a comparison is called sure, and below which it fails."""


def target_text(found: Assessment) -> str:
    """Name of the target."""
    return str(found.run.scenario.get("target", {}).get("name", "the target"))


def frame_text(found: Assessment) -> str:
    """What was compared, over how long, how often."""
    run = found.run
    days = run.horizon_s / 86_400
    others = ", ".join(one.label for one in found.alternatives) or "no other strategy"
    status = str(run.manifest["status"])
    partial = "" if status == "complete" else f" The comparison is {status}."
    return (
        f"{run.scenario['start']} to {run.scenario['end']} ({days:,.0f} days). Held against: "
        f"{others}; effects are differences to {found.baseline}. {found.n_replicates} replicates, "
        "each the same world with the same luck for every strategy. Intervals of means are "
        f"{in_percent(found.confidence)} BCa intervals over replicates; they span luck, not the "
        f"ranges of assumptions. overblock {run.manifest['tool']['version']}, result "
        f"{str(run.manifest['result_id'])[:12]}.{partial}"
    )


def with_interval(found: Estimate, unit: str = "") -> str:
    """Say an estimate with its interval and unit."""
    return estimate(found.mean, found.low, found.high, unit)


def share_text(found: Estimate) -> str:
    """Share of the denominator, with its interval."""
    of = found.denominator if found.denominator > 0 else math.nan
    return percent_estimate(found.mean / of, found.low / of, found.high / of)


def is_known(found: Estimate) -> bool:
    """Whether an estimate is known."""
    return not math.isnan(found.mean)


def suitability_answer(found: Assessment) -> str:
    """Say whether it reaches its aim."""
    if not is_known(found.efficacy):
        return (
            f"Suitability is not known: the runs have no {unit_name(found.efficacy_metric)} in all "
            "replicates."
        )
    return (
        f"Under {found.label} {with_interval(found.efficacy, found.efficacy_unit)} of "
        f"{target_text(found)} were denied, {share_text(found.efficacy)} of all."
        if found.efficacy_metric == EFFICACY
        else f"{found.label}: {unit_name(found.efficacy_metric)} "
        f"{with_interval(found.efficacy, found.efficacy_unit)}."
    )


def necessity_answer(found: Assessment) -> str:
    """Say whether less would have done."""
    settled = [one for one in found.alternatives if one.share_both >= SURE]
    if not found.alternatives:
        return "Necessity is not assessed: nothing was compared."
    if settled:
        best = min(settled, key=lambda one: one.collateral.mean)
        return (
            f"A narrower measure does as much: {best.label} has no less effect and less collateral "
            f"in {in_percent(best.share_both)} of bootstrap draws."
        )
    mildest = min(found.alternatives, key=lambda one: _or_inf(one.collateral_ratio.mean))
    if is_known(mildest.efficacy_ratio) and is_known(mildest.collateral_ratio):
        return (
            "No strategy compared is sure to have no less effect and less collateral; "
            f"{mildest.label} keeps {ratio_text(mildest.efficacy_ratio)} of the effect at "
            f"{ratio_text(mildest.collateral_ratio)} of the collateral."
        )
    return "No strategy compared is sure to have no less effect and less collateral."


def burden_answer(found: Assessment) -> str:
    """Say what others bore."""
    text = f"Others bore {with_interval(found.collateral, found.collateral_unit)}"
    if found.collateral_metric.startswith("business_hours"):
        state = found.collateral_metric.removeprefix("business_hours_")
        text += f" in which a business was {state}, {share_text(found.collateral)} of all"
    loss = found.money.get(PRIVATE)
    if loss is not None and not math.isnan(loss.low):
        text += (
            f"; private loss {estimate(loss.mean, loss.low, loss.high, 'USD')} (mean, "
            f"{in_percent(found.level)} of draws and replicates)"
        )
    return f"{text}."


def _or_inf(value: float) -> float:
    return math.inf if math.isnan(value) else value


def ratio_text(found: Estimate) -> str:
    """Say a ratio in per cent."""
    return percent_estimate(found.mean, found.low, found.high)


def difference_text(pair: PairedDifference) -> str:
    """Say a difference with its sign."""
    sign = "+" if pair.mean > 0 else ""
    return sign + estimate(pair.mean, pair.low, pair.high)


def verdict(one: Alternative, label: str) -> str:
    """Say whether another strategy does no less for less collateral, and how sure that is."""
    if math.isnan(one.share_both):
        return f"{one.label}: not known; two replicates at least, with known values, are needed."
    effect, collateral = one.efficacy_difference, one.collateral_difference
    by_how_much = (
        f"effect {difference_text(effect)}, collateral {difference_text(collateral)}, "
        f"against {label}"
    )
    if one.share_both >= SURE:
        return (
            f"{one.label}: yes. No less effect and less collateral in "
            f"{in_percent(one.share_both)} of draws ({by_how_much})."
        )
    if one.share_both > UNSURE:
        return (
            f"{one.label}: not settled. No less effect and less collateral in "
            f"{in_percent(one.share_both)} of draws ({by_how_much})."
        )
    reasons = []
    if one.share_no_less_effect < SURE:
        reasons.append(f"less effect in {in_percent(1 - one.share_no_less_effect)} of draws")
    if one.share_less_collateral < SURE:
        reasons.append(
            f"no less collateral in {in_percent(1 - one.share_less_collateral)} of draws"
        )
    return f"{one.label}: no, {' and '.join(reasons)} ({by_how_much})."


def describe_strategy(strategy_id: str) -> str:
    """First line of a strategy's description in the scenario language."""
    if strategy_id not in DECLARED:
        return "not described."
    return (DECLARED[strategy_id].__doc__ or "").splitlines()[0].lower().rstrip(".") + "."


def unit_name(metric: str) -> str:
    """Name of a measure for readers."""
    return UNITS.get(metric, metric.replace("_", " "))


def range_of(by_replicate: NDArray[np.float64]) -> tuple[float, float]:
    """5th and 95th percentile over replicates; NaN with a single one."""
    if by_replicate.size < 2:
        return math.nan, math.nan
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(by_replicate, [tail, 1 - tail]).tolist()
    return low, high
