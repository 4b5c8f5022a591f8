"""One strategy assessed along the questions that courts ask, against narrower ones.

In: a comparison folder, the strategy under assessment, its alternatives. Out: one frozen value:
what the target lost, what others lost, whether another strategy does as much for less, who bore
it, how remedies worked. It judges nothing beyond the numbers, and writes no text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, Problem, UsageError
from sim.measure.comparison import COLLATERAL, EFFICACY
from sim.measure.paired import PairedDifference, mean_intervals, paired_differences
from sim.measure.resampling import CONFIDENCE, bootstrap_means
from sim.measure.safeguards import Safeguards, read_safeguards
from sim.measure.summary import LEVEL
from sim.results.burdens import Burden, read_burdens
from sim.results.read import Measures, RunFolder
from sim.results.tables import number, read_rows, text
from sim.scenario.refusal import hint
from sim.streams import Stream, Streams

UNKNOWN = float("nan")
MONEY = (
    "private_loss_usd",
    "net_social_loss_usd",
    "provider_loss_usd",
    "domestic_gain_usd",
)


@dataclass(frozen=True)
class Estimate:
    """A mean over replicates with its interval.

    Attributes
    ----------
    mean, low, high
        BCa interval of the mean; NaN where not known.
    denominator
        What it is out of, mean over replicates; NaN where there is nothing.
    """

    mean: float
    low: float
    high: float
    denominator: float = UNKNOWN


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
        Shares of the bootstrap draws of replicates in which its mean effect is no less, its mean
        collateral less, and both; NaN with a single replicate or unknown values.
    n_replicates_both
        Replicates in which its effect is no less and its collateral less.
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
        Rows of ``summary.csv`` on money: median, low and high over draws and replicates.
    listed_peak, businesses_affected
        Addresses listed at most, businesses affected at least once.
    safeguards
        Lags, remedies, and what was left at the end.
    n_replicates
        Replicates that all strategies share.
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
        Its alternatives; all others but the baseline when empty.
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
    values = _Values(run.measures(), (label, *versus, baseline), efficacy, collateral)
    luck = Streams(int(run.manifest["root_seed"]), 0)
    own = values.rows(label)
    alternatives = tuple(_alternative(values, label, other, luck) for other in versus)
    return Assessment(
        run=run,
        label=label,
        baseline=baseline,
        efficacy_metric=efficacy,
        collateral_metric=collateral,
        efficacy_unit=values.units.get(efficacy, ""),
        collateral_unit=values.units.get(collateral, ""),
        efficacy=_estimate(values, label, efficacy, luck),
        collateral=_estimate(values, label, collateral, luck),
        by_vpn=_estimate(values, label, "target_user_hours_by_vpn", luck),
        left=_estimate(values, label, "target_users_left_at_end", luck),
        efficacy_difference=_difference(values, label, baseline, efficacy, luck),
        collateral_difference=_difference(values, label, baseline, collateral, luck),
        by_vpn_difference=_difference(values, label, baseline, "target_user_hours_by_vpn", luck),
        collateral_per_million=_ratio(own[1] * 1e6, own[0], luck),
        alternatives=alternatives,
        burdens={split: read_burdens(run, label, split) for split in ("sector", "provider")},
        money=_money(run, label),
        listed_peak=_estimate(values, label, "addresses_listed_peak", luck),
        businesses_affected=_estimate(values, label, "businesses_ever_affected", luck),
        safeguards=read_safeguards(run, label),
        n_replicates=values.n_replicates,
    )


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
    return chosen, [name for name in (versus or others) if name != chosen], baseline


class _Values:
    """Measures by strategy and metric, in the replicates that all strategies share."""

    def __init__(
        self, measures: Measures, labels: Sequence[str], efficacy: str, collateral: str
    ) -> None:
        self._measures = measures
        self._wanted = (efficacy, collateral)
        self.units: dict[str, str] = dict(
            zip(measures.metric.tolist(), measures.unit.tolist(), strict=True)
        )
        known = sorted(self.units)
        for metric in self._wanted:
            if metric not in self.units and metric != EFFICACY:
                raise UsageError(
                    f"expected one of the metrics {', '.join(known)}, got {metric!r}"
                    f"{hint(metric, known)}"
                )
        shared: NDArray[np.int64] | None = None
        for label in labels:
            mine = np.unique(measures.replicate[measures.strategy == label])
            shared = mine if shared is None else np.intersect1d(shared, mine)
        if shared is None or not shared.size:
            problem = Problem("measures.parquet", "expected a replicate that all strategies share")
            raise DataError([problem])
        self.replicates = shared

    @property
    def n_replicates(self) -> int:
        return int(self.replicates.size)

    def of(self, label: str, metric: str) -> tuple[NDArray[np.float64], float]:
        """Values in the shared replicates and mean denominator; NaN where not measured."""
        measures = self._measures
        row = (measures.strategy == label) & (measures.metric == metric)
        row &= np.isin(measures.replicate, self.replicates)
        if np.count_nonzero(row) != self.n_replicates:
            return np.full(self.n_replicates, np.nan), UNKNOWN
        order = np.argsort(measures.replicate[row])
        return measures.value[row][order], float(measures.denominator[row].mean())

    def rows(self, label: str) -> NDArray[np.float64]:
        """Effect and collateral, shape (2, n_replicates)."""
        return np.array([self.of(label, metric)[0] for metric in self._wanted])


def _luck(streams: Streams) -> np.random.Generator:
    """Luck of one resampling: always the same, so that a number does not hang on another."""
    return streams.generator(Stream.BOOTSTRAP)


def _estimate(values: _Values, label: str, metric: str, luck: Streams) -> Estimate:
    row, denominator = values.of(label, metric)
    (found,) = mean_intervals(row[None], _luck(luck))
    return Estimate(found.mean, found.low, found.high, denominator)


def _difference(
    values: _Values, label: str, other: str, metric: str, luck: Streams
) -> PairedDifference:
    rows = [values.of(name, metric)[0][None] for name in (label, other)]
    (found,) = paired_differences(rows[0], rows[1], _luck(luck))
    return found


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64], luck: Streams) -> Estimate:
    """Ratio of two means with its BCa interval; NaN where the lower one may be zero."""
    both = np.array([above, below])
    if np.isnan(both).any() or not below.mean() > 0:
        return Estimate(UNKNOWN, UNKNOWN, UNKNOWN)

    def over(means: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((means[0] / means[1])[None])

    found = bootstrap_means(both, _luck(luck), statistic=over)
    return Estimate(float(above.mean() / below.mean()), float(found.low[0]), float(found.high[0]))


def _alternative(values: _Values, label: str, other: str, luck: Streams) -> Alternative:
    own, its = values.rows(label), values.rows(other)
    efficacy, collateral = values._wanted
    n_both = int(np.count_nonzero((its[0] >= own[0]) & (its[1] < own[1])))
    shares = (UNKNOWN, UNKNOWN, UNKNOWN)
    if values.n_replicates > 1 and not np.isnan([own, its]).any():
        draws = bootstrap_means(np.concatenate([own, its]), _luck(luck)).draws
        no_less, less = draws[2] >= draws[0], draws[3] < draws[1]
        shares = (float(no_less.mean()), float(less.mean()), float((no_less & less).mean()))
    return Alternative(
        label=other,
        efficacy=_estimate(values, other, efficacy, luck),
        collateral=_estimate(values, other, collateral, luck),
        efficacy_difference=_difference(values, other, label, efficacy, luck),
        collateral_difference=_difference(values, other, label, collateral, luck),
        efficacy_ratio=_ratio(its[0], own[0], luck),
        collateral_ratio=_ratio(its[1], own[1], luck),
        share_no_less_effect=shares[0],
        share_less_collateral=shares[1],
        share_both=shares[2],
        n_replicates_both=n_both,
    )


def _money(run: RunFolder, label: str) -> dict[str, Estimate]:
    """Money of the strategy: median and range over draws and replicates."""
    rows = [row for row in read_rows(run, "summary.csv") if text(row, "strategy") == label]
    return {
        text(row, "metric"): Estimate(
            number(row, "median"),
            number(row, "low"),
            number(row, "high"),
            number(row, "denominator"),
        )
        for row in rows
        if text(row, "metric") in MONEY
    }


def parameters_of(run: RunFolder, label: str) -> dict[str, Any]:
    """Id and parameters of a strategy of a comparison."""
    for one in run.manifest["strategies"]:
        if one["label"] == label:
            return {"id": one["id"], **one.get("parameters", {})}
    return {}
