"""What an assessment says in one sentence: the short answers, and the words and numbers in them.

In: an assessment, ids, names of measures. Out: text.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sim.assess.assessment import Alternative, Assessment
from sim.assess.estimates import Estimate
from sim.assess.verdicts import NOT_SETTLED, SETTLED_BETTER, SETTLED_WORSE, Region, Verdict
from sim.catalogue.choices import COLLATERAL, EFFICACY, measure_name
from sim.measure.summary import LEVEL
from sim.report.words.numbers import (
    estimate,
    in_percent,
    listing,
    percent_estimate,
    span,
)
from sim.scenario.strategies import DECLARED
from sim.statistics.paired import PairedDifference

UNITS = {
    EFFICACY: "user-hours denied to the target",
    COLLATERAL: "business-hours impaired",
}
PRIVATE = measure_name("private_loss_usd")


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
        f"ranges of assumptions. {_over_draws(found)} overblock "
        f"{run.manifest['tool']['version']}, result {str(run.manifest['result_id'])[:12]}.{partial}"
    )


def _over_draws(found: Assessment) -> str:
    if not found.n_draws:
        return "No draws of what is not known were made, so that nothing is settled."
    return (
        f"What is called settled holds over {found.n_draws:,} draws of all that is not known, each "
        "the same for every strategy."
    )


def wide_text(found: Assessment, metric: str) -> str:
    """Say the range of a measure over all that is not known; nothing without draws."""
    low, high = found.wide.get(metric, (math.nan, math.nan))
    if math.isnan(low):
        return ""
    return f" ({span(low, high)} with all that is not known, in {in_percent(found.level)} of draws)"


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
        f"{target_text(found)} were denied, {share_text(found.efficacy)} of all"
        f"{wide_text(found, EFFICACY)}."
        if found.efficacy_metric == EFFICACY
        else f"{found.label}: {unit_name(found.efficacy_metric)} "
        f"{with_interval(found.efficacy, found.efficacy_unit)}."
    )


def necessity_answer(found: Assessment) -> str:
    """Say whether less would have done, where that is settled over all that is not known."""
    if not found.alternatives:
        return "Necessity is not assessed: nothing was compared."
    by: dict[str, list[Alternative]] = {}
    for one in found.alternatives:
        by.setdefault(one.verdict.verdict, []).append(one)
    if better := by.get(SETTLED_BETTER):
        best = min(better, key=lambda one: one.collateral.mean)
        return (
            f"A narrower measure does as much for less, settled over all that is not known: "
            f"{best.label} has no less effect and less collateral in "
            f"{_of_draws(best.verdict.share_better, best.verdict.bound_better, best.verdict)}."
        )
    if NOT_SETTLED not in by:
        return (
            "No strategy compared does as much for less, settled over all that is not known: each "
            "has less effect or no less collateral."
        )
    names = listing([one.label for one in by[NOT_SETTLED]])
    why = "" if found.n_draws else ": luck alone was simulated"
    text = f"Whether {names} would do as much for less is not settled{why}"
    mildest = min(found.alternatives, key=lambda one: _or_inf(one.collateral_ratio.mean))
    if is_known(mildest.efficacy_ratio) and is_known(mildest.collateral_ratio):
        text += (
            f"; at the values as given {mildest.label} keeps {ratio_text(mildest.efficacy_ratio)} "
            f"of the effect at {ratio_text(mildest.collateral_ratio)} of the collateral"
        )
    return f"{text}."


def burden_answer(found: Assessment) -> str:
    """Say what others bore."""
    text = f"Others bore {with_interval(found.collateral, found.collateral_unit)}"
    if found.collateral_metric.startswith("business_hours"):
        state = found.collateral_metric.removeprefix("business_hours_")
        text += f" in which a business was {state}, {share_text(found.collateral)} of all"
    text += wide_text(found, found.collateral_metric)
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
    """Say whether another strategy does no less for less collateral, where it is settled."""
    judged = one.verdict
    effect, collateral = one.efficacy_difference, one.collateral_difference
    by_how_much = (
        f"at the values as given: effect {difference_text(effect)}, collateral "
        f"{difference_text(collateral)}, against {label}"
    )
    if not judged.n_draws:
        over = (
            "not known; two replicates at least, with known values, are needed"
            if math.isnan(one.share_both)
            else f"in {in_percent(one.share_both)} of bootstrap resamples"
        )
        return (
            f"{one.label}: not settled: luck alone was simulated. Over luck, no less effect and "
            f"less collateral: {over} ({by_how_much})."
        )
    if judged.verdict == SETTLED_WORSE:
        return (
            f"{one.label}: {judged.verdict}. Less effect or no less collateral in "
            f"{_of_draws(judged.share_worse, judged.bound_worse, judged)}: less effect in "
            f"{in_percent(judged.share_less_effect)}, no less collateral in "
            f"{in_percent(judged.share_no_less_collateral)} ({by_how_much})."
        )
    decides = "".join(f" {_region_text(region)}" for region in judged.regions)
    return (
        f"{one.label}: {judged.verdict}. No less effect and less collateral in "
        f"{_of_draws(judged.share_better, judged.bound_better, judged)} ({by_how_much})."
        f"{decides if judged.verdict == NOT_SETTLED else ''}"
    )


def _of_draws(share: float, bound: float, judged: Verdict) -> str:
    return (
        f"{in_percent(share)} of {judged.n_draws:,} weighted draws (at least {in_percent(bound)} "
        "by the lower 95 % bound)"
    )


def _region_text(region: Region) -> str:
    what = "effect" if region.metric == EFFICACY else unit_name(region.metric)
    return (
        f"{region.strategy} has {region.says} {what} than {region.other} where {region.region} "
        f"(coverage {in_percent(region.coverage)}, density {in_percent(region.density)})."
    )


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
