"""One strategy assessed along the questions that courts ask, against narrower ones.

In: a comparison folder, the strategy under assessment, its alternatives. Out: one frozen value:
what the target lost, what others lost, whether another strategy does as much for less, who bore it,
how remedies worked. It judges nothing beyond the numbers, and writes no text. It is one file, since
half of it says what each field is, and the rest fills these fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from sim.assess.estimates import (
    UNKNOWN,
    Estimate,
    PairedMeasures,
    bootstrap_luck,
    estimate_difference,
    estimate_mean,
    estimate_ratio,
)
from sim.assess.safeguards import Safeguards, read_safeguards
from sim.assess.verdicts import OF_LUCK, Verdict, judge, read_regions
from sim.catalogue.choices import COLLATERAL, EFFICACY, measure_name
from sim.errors import UsageError
from sim.measure.missed import NEEDED
from sim.measure.summary import LEVEL
from sim.results.burdens import Burden, read_burdens
from sim.results.draws import DrawnMeasures, read_draws
from sim.results.read import RunFolder
from sim.results.tables import number, read_rows, text
from sim.scenario.refusal import hint
from sim.statistics.paired import PairedDifference
from sim.statistics.resampling import CONFIDENCE, bootstrap_means
from sim.streams import Streams

BY_VPN, LEFT, LISTED, AFFECTED, *MONEY = map(
    measure_name,
    (
        "target_user_hours_by_vpn",
        "target_users_left_at_end",
        "addresses_listed_peak",
        "businesses_ever_affected",
        "private_loss_usd",
        "net_social_loss_usd",
        "provider_loss_usd",
        "domestic_gain_usd",
    ),
)


@dataclass(frozen=True)
class Alternative:
    """Another strategy held against the one under assessment, replicate by replicate.

    Attributes
    ----------
    label
        Its label.
    efficacy, collateral
        Its own means.
    efficacy_difference, collateral_difference
        Its value minus that of the strategy under assessment.
    efficacy_ratio, collateral_ratio
        Its mean over that of the strategy under assessment; NaN where that is zero.
    share_no_less_effect, share_less_collateral, share_both
        Shares of the bootstrap resamples of replicates in which its mean effect is no less, its
        mean collateral less, and both: luck alone, which settles nothing; NaN with a single
        replicate or unknown values.
    n_replicates_both
        Replicates in which its effect is no less and its collateral less.
    verdict
        Whether that is settled over all that is not known.
    """

    label: str
    efficacy: Estimate
    collateral: Estimate
    efficacy_difference: PairedDifference
    collateral_difference: PairedDifference
    efficacy_ratio: Estimate
    collateral_ratio: Estimate
    share_no_less_effect: float
    share_less_collateral: float
    share_both: float
    n_replicates_both: int
    verdict: Verdict = OF_LUCK


@dataclass(frozen=True)
class Assessment:
    """All that is said of one strategy.

    Attributes
    ----------
    label, baseline
        The strategy under assessment, and the one that effects are measured against.
    efficacy_metric, collateral_metric, efficacy_unit, collateral_unit
        What counts as effect and as collateral.
    efficacy, collateral, by_vpn, left
        Effect, collateral, user-hours by VPN and users gone at the end.
    efficacy_difference, collateral_difference, by_vpn_difference
        To the baseline.
    collateral_per_million
        Collateral for each million of the effect's unit.
    alternatives
        The others.
    burdens
        Who bore it, by ``sector`` and ``provider``.
    money
        Rows of ``summary.csv`` on money: mean, low and high over draws and replicates.
    listed_peak, businesses_affected
        Addresses listed at most, businesses affected at least once.
    safeguards
        Lags, remedies, and what was left at the end.
    n_replicates
        Replicates that all strategies share.
    wide
        By metric, the 5th and 95th percentile over all that is not known; empty without draws.
    """

    run: RunFolder
    label: str
    baseline: str
    efficacy_metric: str
    collateral_metric: str
    efficacy_unit: str
    collateral_unit: str
    efficacy: Estimate
    collateral: Estimate
    by_vpn: Estimate
    left: Estimate
    efficacy_difference: PairedDifference
    collateral_difference: PairedDifference
    by_vpn_difference: PairedDifference
    collateral_per_million: Estimate
    alternatives: tuple[Alternative, ...]
    burdens: Mapping[str, Sequence[Burden]]
    money: Mapping[str, Estimate]
    listed_peak: Estimate
    businesses_affected: Estimate
    safeguards: Safeguards
    n_replicates: int
    wide: Mapping[str, tuple[float, float, float]]

    @property
    def n_draws(self) -> int:
        """Draws of all that is not known; 0 where luck alone was simulated."""
        return self.run.n_draws

    @property
    def level(self) -> float:
        """Share of replicates, or draws, in intervals that are not of means."""
        return LEVEL

    @property
    def confidence(self) -> float:
        """Confidence of intervals of means."""
        return CONFIDENCE


def assess(
    run: RunFolder,
    label: str | None = None,
    versus: Sequence[str] = (),
    efficacy: str = EFFICACY,
    collateral: str = COLLATERAL,
) -> Assessment:
    """Assess one strategy of a comparison.

    Parameters
    ----------
    label
        The strategy; the first that is not the baseline when left out.
    versus
        Its alternatives; when empty all others, but for a baseline that blocks nothing.
    efficacy, collateral
        Metrics that count as effect on the target and as collateral.

    Raises
    ------
    UsageError
        If the folder holds no comparison, or no such strategy or metric.
    DataError
        If the folder cannot be read.
    """
    label, versus, baseline = _check_labels(run, label, versus)
    labels, n_drawn = (label, *versus, baseline), float(run.scenario["population"]["n_businesses"])
    values = PairedMeasures(run.measures(), labels, efficacy, collateral, n_drawn)
    luck = Streams(int(run.manifest["root_seed"]), 0)
    own = values.rows(label)
    alternatives = tuple(_alternative(values, label, other, luck) for other in versus)
    alternatives = _judged(run, values, label, alternatives, (efficacy, collateral))
    return Assessment(
        run=run,
        label=label,
        baseline=baseline,
        efficacy_metric=efficacy,
        collateral_metric=collateral,
        efficacy_unit=values.units.get(efficacy, ""),
        collateral_unit=values.units.get(collateral, ""),
        efficacy=estimate_mean(values, label, efficacy, luck),
        collateral=estimate_mean(values, label, collateral, luck),
        by_vpn=estimate_mean(values, label, BY_VPN, luck),
        left=estimate_mean(values, label, LEFT, luck),
        efficacy_difference=estimate_difference(values, label, baseline, efficacy, luck),
        collateral_difference=estimate_difference(values, label, baseline, collateral, luck),
        by_vpn_difference=estimate_difference(values, label, baseline, BY_VPN, luck),
        collateral_per_million=estimate_ratio(own[1] * 1e6, own[0], luck),
        alternatives=alternatives,
        burdens={split: read_burdens(run, label, split) for split in ("sector", "provider")},
        money=_money(run, label),
        listed_peak=estimate_mean(values, label, LISTED, luck),
        businesses_affected=estimate_mean(values, label, AFFECTED, luck),
        safeguards=read_safeguards(run, label),
        n_replicates=values.n_replicates,
        wide=_wide(run, label),
    )


def _judged(
    run: RunFolder,
    values: PairedMeasures,
    label: str,
    others: tuple[Alternative, ...],
    metrics: tuple[str, str],
) -> tuple[Alternative, ...]:
    """Alternatives with their verdicts over draws; as they are where there are none."""
    if not run.n_draws or not others:
        return others
    labels, collateral = (label, *(one.label for one in others)), metrics[1]
    draws = read_draws(run, labels, (*metrics, *NEEDED))
    unknown = np.full(draws.weight.size, np.nan)
    missed = {
        (one, collateral): unknown
        for one in labels
        if values.has_missed(partial(_drawn, draws, one))
    }
    draws = replace(draws, value={**draws.value, **missed})
    return tuple(
        replace(
            one,
            verdict=replace(
                judge(draws, label, one.label, *metrics),
                regions=read_regions(run, label, one.label, metrics),
            ),
        )
        for one in others
    )


def _drawn(draws: DrawnMeasures, label: str, metric: str) -> NDArray[np.float64]:
    return draws.value[label, metric]


def _wide(run: RunFolder, label: str) -> dict[str, tuple[float, float, float]]:
    if not run.n_draws:
        return {}
    return {
        text(row, "metric"): (number(row, "low"), number(row, "median"), number(row, "high"))
        for row in read_rows(run, "uncertainty.csv")
        if text(row, "strategy") == label
    }


def _check_labels(
    run: RunFolder, label: str | None, versus: Sequence[str]
) -> tuple[str, list[str], str]:
    if run.manifest.get("kind") != "comparison":
        raise UsageError(
            f"{run.path}: holds no comparison; compare strategies first, or name a scenario"
        )
    known, baseline = list(run.strategies), str(run.manifest["baseline"])
    others = [name for name in known if name != baseline]
    if not others:
        raise UsageError(f"{run.path}: holds no strategy but the baseline")
    for name in ([label] if label else []) + list(versus):
        if name not in known:
            message = f"expected one of the strategies {', '.join(known)}, got {name!r}"
            raise UsageError(f"{run.path}: {message}{hint(name, known)}")
    chosen = label or others[0]
    if chosen == baseline:
        raise UsageError(f"{run.path}: expected a strategy other than the baseline, got it")
    # What it is compared with by default: a baseline that blocks something is an alternative too.
    rivals = versus or [name for name in known if name != run.idle_strategy]
    return chosen, [name for name in rivals if name != chosen], baseline


def _alternative(values: PairedMeasures, label: str, other: str, luck: Streams) -> Alternative:
    own, its = values.rows(label), values.rows(other)
    efficacy, collateral = values._wanted
    n_both = int(np.count_nonzero((its[0] >= own[0]) & (its[1] < own[1])))
    shares = (UNKNOWN, UNKNOWN, UNKNOWN)
    if values.n_replicates > 1 and not np.isnan([own, its]).any():
        draws = bootstrap_means(np.concatenate([own, its]), bootstrap_luck(luck)).draws
        no_less, less = draws[2] >= draws[0], draws[3] < draws[1]
        shares = (float(no_less.mean()), float(less.mean()), float((no_less & less).mean()))
    return Alternative(
        label=other,
        efficacy=estimate_mean(values, other, efficacy, luck),
        collateral=estimate_mean(values, other, collateral, luck),
        efficacy_difference=estimate_difference(values, other, label, efficacy, luck),
        collateral_difference=estimate_difference(values, other, label, collateral, luck),
        efficacy_ratio=estimate_ratio(its[0], own[0], luck),
        collateral_ratio=estimate_ratio(its[1], own[1], luck),
        share_no_less_effect=shares[0],
        share_less_collateral=shares[1],
        share_both=shares[2],
        n_replicates_both=n_both,
    )


def _money(run: RunFolder, label: str) -> dict[str, Estimate]:
    """Money of the strategy: mean and range over draws and replicates."""
    rows = [row for row in read_rows(run, "summary.csv") if text(row, "strategy") == label]
    return {
        text(row, "metric"): Estimate(
            number(row, "mean"),
            number(row, "low"),
            number(row, "high"),
            number(row, "denominator"),
        )
        for row in rows
        if text(row, "metric") in MONEY
    }
