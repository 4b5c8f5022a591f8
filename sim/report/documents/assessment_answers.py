"""What an assessment says in one sentence: the short answers, and the words and numbers in them.

In: an assessment, ids, names of measures, a language. Out: text. It is one file, since it is the
list of these sentences.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sim.assess.assessment import Alternative, Assessment
from sim.assess.estimates import Estimate
from sim.assess.verdicts import NOT_SETTLED, SETTLED_BETTER, SETTLED_WORSE, Region, Verdict
from sim.catalogue.choices import COLLATERAL, EFFICACY, measure_name
from sim.catalogue.choices import label as label_of
from sim.measure.money.ceilings import Spread
from sim.measure.summary import LEVEL
from sim.report.words.expected_names import bound_words, is_nothing_listed, names_by_strategy
from sim.report.words.languages import ENGLISH, IN_ENGLISH, Language
from sim.report.words.money import amount_text, rate_of
from sim.report.words.numbers import (
    at_least,
    estimate,
    in_percent,
    number,
    percent_estimate,
    span,
)
from sim.scenario.strategies import DECLARED
from sim.statistics.paired import PairedDifference

LEAST_LEFT = 0.001
"""Share of the users below which hardly anybody is said to have left."""
UNITS = {
    EFFICACY: "user-hours denied to the target",
    COLLATERAL: "business-hours impaired",
}
PRIVATE = measure_name("private_loss_usd")


def target_text(found: Assessment, words: Language = IN_ENGLISH) -> str:
    """Name of the target."""
    name = found.run.scenario.get("target", {}).get("name")
    return words.say("the target") if name is None else str(name)


def frame_text(found: Assessment, words: Language = IN_ENGLISH) -> str:
    """What was compared, over how long, how often."""
    run = found.run
    status = str(run.manifest["status"])
    texts = [
        words.say(
            "{start} to {end} ({days} days). Held against: {others}; effects are differences to "
            "{baseline}. {n} replicates, each the same world with the same luck for every "
            "strategy. Intervals of means are {confidence} BCa intervals over replicates; they "
            "span luck, not the ranges of assumptions.",
            start=words.moment(str(run.scenario["start"])),
            end=words.moment(str(run.scenario["end"])),
            days=words.digits(f"{run.horizon_s / 86_400:,.0f}"),
            others=", ".join(one.label for one in found.alternatives)
            or words.say("no other strategy"),
            baseline=found.baseline,
            n=str(found.n_replicates),
            confidence=words.digits(in_percent(found.confidence)),
        ),
        _over_draws(found, words),
        words.say(
            "overblock {version}, result {id}.",
            version=run.manifest["tool"]["version"],
            id=str(run.manifest["result_id"])[:12],
        ),
    ]
    if status != "complete":
        texts.append(words.say("The comparison is {status}.", status=words.name(status)))
    return " ".join(texts)


def _over_draws(found: Assessment, words: Language) -> str:
    if not found.n_draws:
        return words.say("No draws of what is not known were made, so that nothing is settled.")
    return words.say(
        "What is called settled holds over {n} draws of all that is not known, each the same for "
        "every strategy.",
        n=words.digits(f"{found.n_draws:,}"),
    )


def wide_text(found: Assessment, metric: str, words: Language = IN_ENGLISH) -> str:
    """Say median and range of a measure over all that is not known; nothing without draws."""
    low, middle, high = found.wide.get(metric, (math.nan,) * 3)
    if math.isnan(low):
        return ""
    return words.say(
        " (median {n}, {range} with all that is not known, in {level} of draws)",
        n=words.digits(number(middle)),
        range=words.digits(span(low, high)),
        level=words.digits(in_percent(found.level)),
    )


def with_interval(found: Estimate, unit: str = "", words: Language = IN_ENGLISH) -> str:
    """Say an estimate with its interval and unit."""
    said = words.digits(estimate(found.mean, found.low, found.high))
    if not unit or math.isnan(found.mean):
        return said
    return words.amount(said, unit)


def scaled(found: Estimate, times: float) -> Estimate:
    """An amount in a unit of which there are some to its own."""
    return replace(found, mean=found.mean * times, low=found.low * times, high=found.high * times)


def share_text(found: Estimate, words: Language = IN_ENGLISH) -> str:
    """Share of the denominator, with its interval."""
    of = found.denominator if found.denominator > 0 else math.nan
    return words.digits(percent_estimate(found.mean / of, found.low / of, found.high / of))


def is_known(found: Estimate) -> bool:
    """Whether an estimate is known."""
    return not math.isnan(found.mean)


def suitability_answer(found: Assessment, words: Language = IN_ENGLISH) -> str:
    """Say whether it reaches its aim."""
    measure = unit_name(found.efficacy_metric, words)
    if not is_known(found.efficacy):
        return words.say(
            "Suitability is not known: the runs have no {measure} in all replicates.",
            measure=measure,
        )
    n = with_interval(found.efficacy, found.efficacy_unit, words)
    if found.efficacy_metric != EFFICACY:
        return words.say("{strategy}: {measure} {n}.", strategy=found.label, measure=measure, n=n)
    denied = words.say(
        "Under {strategy} {n} of {target} were denied, {share} of all{wide}.",
        strategy=found.label,
        n=n,
        target=target_text(found, words),
        share=share_text(found.efficacy, words),
        wide=wide_text(found, EFFICACY, words),
    )
    return " ".join(filter(None, (denied, who_left(found, words))))


def who_left(found: Assessment, words: Language = IN_ENGLISH) -> str:
    """Say that hours denied are of users who still try; empty where hardly anybody left."""
    share = found.left.mean / found.left.denominator if found.left.denominator > 0 else math.nan
    if not share >= LEAST_LEFT:
        return ""
    return words.say(
        "That is of users who still tried: when the run ended, {share} of all users had left, and "
        "what they lost is not among it.",
        share=share_text(found.left, words),
    )


def necessity_answer(found: Assessment, words: Language = IN_ENGLISH) -> str:
    """Say whether less would have done, where that is settled over all that is not known."""
    if not found.alternatives:
        return words.say("Necessity is not assessed: nothing was compared.")
    by: dict[str, list[Alternative]] = {}
    for one in found.alternatives:
        by.setdefault(one.verdict.verdict, []).append(one)
    if better := by.get(SETTLED_BETTER):
        best = min(better, key=lambda one: one.collateral.mean)
        judged = best.verdict
        return words.say(
            "A narrower measure does as much for less, settled over all that is not known: {best} "
            "has no less effect and less collateral in {draws}.",
            best=best.label,
            draws=_of_draws(judged.share_better, judged.bound_better, judged, words),
        )
    if NOT_SETTLED not in by:
        return words.say(
            "No strategy compared does as much for less, settled over all that is not known: each "
            "has less effect or no less collateral."
        )
    names = words.listing([one.label for one in by[NOT_SETTLED]])
    said = words.say(
        "Whether {names} would do as much for less is not settled"
        if found.n_draws
        else "Whether {names} would do as much for less is not settled: luck alone was simulated",
        names=names,
    )
    mildest = min(found.alternatives, key=lambda one: _or_inf(one.collateral_ratio.mean))
    if not (is_known(mildest.efficacy_ratio) and is_known(mildest.collateral_ratio)):
        return f"{said}."
    kept = words.say(
        "at the values as given {strategy} keeps {effect} of the effect at {collateral} of the "
        "collateral",
        strategy=mildest.label,
        effect=ratio_text(mildest.efficacy_ratio, words),
        collateral=ratio_text(mildest.collateral_ratio, words),
    )
    return f"{said}; {kept}."


def burden_answer(found: Assessment, words: Language = IN_ENGLISH) -> str:
    """Say what others bore."""
    values = {
        "n": with_interval(found.collateral, found.collateral_unit, words),
        "wide": wide_text(found, found.collateral_metric, words),
    }
    if found.collateral_metric.startswith("business_hours"):
        state = found.collateral_metric.removeprefix("business_hours_")
        said = words.say(
            "Others bore {n} in which a business was {state}, {share} of all{wide}",
            state=words.name(state),
            share=share_text(found.collateral, words),
            **values,
        )
    else:
        said = words.say("Others bore {n}{wide}", **values)
    if found.collateral.mean == 0:
        said = f"{said} ({_of_none(found, words)})"
    loss = found.money.get(PRIVATE)
    if loss is None or math.isnan(loss.low):
        return f"{said}."
    lost = words.say(
        "private loss {n} (mean, {level} of draws and replicates)",
        n=with_interval(loss, "USD", words),
        level=words.digits(in_percent(found.level)),
    )
    local = amount_text(rate_of(found.run), Spread(loss.mean, loss.low, loss.high), words)
    return f"{said}; {lost}.{f' {local}.' if local else ''}"


def _of_none(found: Assessment, words: Language) -> str:
    """What it shows that nobody of the sample bore anything."""
    if is_nothing_listed(names_by_strategy(found.run).get(found.label)):
        return words.say("no address listed")
    return bound_words(found.businesses_affected.denominator, words)


def _or_inf(value: float) -> float:
    return math.inf if math.isnan(value) else value


def ratio_text(found: Estimate, words: Language = IN_ENGLISH) -> str:
    """Say a ratio in per cent."""
    return words.digits(percent_estimate(found.mean, found.low, found.high))


def difference_text(pair: PairedDifference, words: Language = IN_ENGLISH) -> str:
    """Say a difference with its sign."""
    sign = "+" if pair.mean > 0 else ""
    return words.digits(sign + estimate(pair.mean, pair.low, pair.high))


def verdict(one: Alternative, label: str, words: Language = IN_ENGLISH) -> str:
    """Say whether another strategy does no less for less collateral, where it is settled."""
    judged = one.verdict
    by_how_much = words.say(
        "at the values as given: effect {effect}, collateral {collateral}, against {label}",
        effect=difference_text(one.efficacy_difference, words),
        collateral=difference_text(one.collateral_difference, words),
        label=label,
    )
    if not judged.n_draws:
        unknown = "not known; two replicates at least, with known values, are needed"
        over = (
            words.say(unknown)
            if math.isnan(one.share_both)
            else words.say(
                "in {share} of bootstrap resamples",
                share=words.digits(in_percent(one.share_both)),
            )
        )
        return words.say(
            "{strategy}: not settled: luck alone was simulated. Over luck, no less effect and less "
            "collateral: {over} ({by_how_much}).",
            strategy=one.label,
            over=over,
            by_how_much=by_how_much,
        )
    settled = words.name(judged.verdict)
    if judged.verdict == SETTLED_WORSE:
        return words.say(
            "{strategy}: {verdict}. Less effect or no less collateral in {draws}: less effect in "
            "{less_effect}, no less collateral in {no_less} ({by_how_much}).",
            strategy=one.label,
            verdict=settled,
            draws=_of_draws(judged.share_worse, judged.bound_worse, judged, words),
            less_effect=words.digits(in_percent(judged.share_less_effect)),
            no_less=words.digits(in_percent(judged.share_no_less_collateral)),
            by_how_much=by_how_much,
        )
    said = words.say(
        "{strategy}: {verdict}. No less effect and less collateral in {draws} ({by_how_much}).",
        strategy=one.label,
        verdict=settled,
        draws=_of_draws(judged.share_better, judged.bound_better, judged, words),
        by_how_much=by_how_much,
    )
    regions = judged.regions if judged.verdict == NOT_SETTLED else ()
    return " ".join([said, *(_region_text(region, words) for region in regions)])


def _of_draws(share: float, bound: float, judged: Verdict, words: Language) -> str:
    return words.say(
        "{share} of {n} weighted draws (at least {bound} by the lower 95 % bound)",
        share=words.digits(in_percent(share)),
        n=words.digits(f"{judged.n_draws:,}"),
        bound=words.digits(at_least(bound)),
    )


def _region_text(region: Region, words: Language) -> str:
    is_effect = region.metric == EFFICACY
    return words.say(
        "{strategy} has {says} {what} than {other} where {region} (coverage {coverage}, density "
        "{density}).",
        strategy=region.strategy,
        says=words.name(region.says),
        what=words.say("effect") if is_effect else unit_name(region.metric, words),
        other=region.other,
        region=region.region,
        coverage=words.digits(in_percent(region.coverage)),
        density=words.digits(in_percent(region.density)),
    )


def describe_strategy(strategy_id: str) -> str:
    """First line of a strategy's description in the scenario language, which is English."""
    if strategy_id not in DECLARED:
        return "not described."
    return (DECLARED[strategy_id].__doc__ or "").splitlines()[0].lower().rstrip(".") + "."


def unit_name(metric: str, words: Language = IN_ENGLISH) -> str:
    """Name of a measure for readers."""
    if metric in UNITS or words.code == ENGLISH:
        return words.say(UNITS.get(metric, metric.replace("_", " ")))
    return words.name(label_of(metric))


def range_of(by_replicate: NDArray[np.float64]) -> tuple[float, float]:
    """5th and 95th percentile over replicates; NaN with a single one."""
    if by_replicate.size < 2:
        return math.nan, math.nan
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(by_replicate, [tail, 1 - tail]).tolist()
    return low, high
