"""Which trials of a calibration are acceptable: a set of them, not a best one.

In: factors, targets, and the answers at all trials. Out: which trials meet all targets, and the
range of each factor among those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.experiment.answers import Answers
from sim.experiment.study import Sheet
from sim.measure.summary import luck_of
from sim.results.columns import Column
from sim.scenario.unknowns import Factor
from sim.statistics.paired import mean_intervals
from sim.uncertainty.columns import FACTOR, STATUS
from sim.uncertainty.targets import Target

NEAR_END = 0.02
"""Share of a factor's range within which the acceptable set counts as reaching an end."""


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials of a calibration and their answers.

    Attributes
    ----------
    amounts : shape (n_trials, n_factors)
        Amounts of the factors; in the first trial those of the scenario.
    """

    amounts: NDArray[np.float64]
    answers: Answers


@dataclass(frozen=True, eq=False)
class Fits:
    """How close each trial comes to the targets.

    Attributes
    ----------
    mean, low, high : shape (n_trials, n_targets)
        Mean over replicates with its 95 % BCa interval.
    miss : shape (n_trials, n_targets)
        Distance of the mean from the target, in tolerances; NaN where not known.
    is_acceptable : shape (n_trials,)
        Whether every target is met.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    miss: NDArray[np.float64]
    is_acceptable: NDArray[np.bool_]

    @property
    def worst(self) -> NDArray[np.float64]:
        """Greatest miss of each trial; NaN where one is not known."""
        worst: NDArray[np.float64] = self.miss.max(axis=1)
        return worst


def misses(answers: Answers, targets: Sequence[Target]) -> NDArray[np.float64]:
    """Distance of the means from the targets, in tolerances.

    Returns
    -------
    miss : shape (n_points, n_targets)
        NaN where not known.
    """
    return np.stack(
        [
            np.abs(answers.mean(target.metric) - target.value) / target.tolerance
            for target in targets
        ],
        axis=1,
    )


def judge_fits(answers: Answers, targets: Sequence[Target], root_seed: int) -> Fits:
    """Compare the answers with the targets."""
    column = [answers.metrics.index(target.metric) for target in targets]
    values = answers.value[:, 0][:, :, column].transpose(0, 2, 1)
    rng = luck_of(root_seed)
    n_trials, n_targets = values.shape[:2]
    found = mean_intervals(values.reshape(n_trials * n_targets, -1), rng)
    table = np.array([(one.mean, one.low, one.high) for one in found])
    mean, low, high = table.reshape(n_trials, n_targets, 3).transpose(2, 0, 1)
    miss = misses(answers, targets)
    # A trial that is not known is not acceptable: comparisons with NaN are false.
    return Fits(mean, low, high, miss, np.asarray((miss <= 1).all(axis=1)))


def sheets_of(
    factors: Sequence[Factor], targets: Sequence[Target], trials: Trials, fits: Fits
) -> list[Sheet]:
    """Tables ``calibration.csv``, ``targets.csv`` and ``trials.csv``."""
    return [
        _ranges(factors, trials, fits),
        _targets_sheet(targets, fits),
        _trials(factors, targets, trials, fits),
    ]


def _ranges(factors: Sequence[Factor], trials: Trials, fits: Fits) -> Sheet:
    columns = (
        FACTOR,
        Column.text("unit", "Unit of the assumption"),
        Column.text("scale", "value; times: factors on a column; position: -1 to 1"),
        Column("asked_low", "number", "by factor", "Lower end of the range searched"),
        Column("asked_high", "number", "by factor", "Upper end of the range searched"),
        Column("given", "number", "by factor", "As the scenario has it"),
        Column("acceptable_low", "number", "by factor", "Least value among acceptable trials"),
        Column("acceptable_high", "number", "by factor", "Greatest value among acceptable trials"),
        Column.flag("reaches_low", "Whether that is the end of the range searched"),
        Column.flag("reaches_high", "Whether that is the end of the range searched"),
        Column("n_acceptable", "integer", "trials", "Trials that meet every target"),
        Column("n_trials", "integer", "trials", "Trials with an answer"),
    )
    n_acceptable = int(fits.is_acceptable.sum())
    n_answered = int((~np.isnan(fits.worst)).sum())
    rows = []
    for column, factor in enumerate(factors):
        amounts = trials.amounts[fits.is_acceptable, column]
        low, high = (amounts.min(), amounts.max()) if amounts.size else (np.nan, np.nan)
        reaches: tuple[bool | None, bool | None] = (None, None)
        if amounts.size:
            reaches = (
                factor.dial(float(low)) <= NEAR_END,
                factor.dial(float(high)) >= 1 - NEAR_END,
            )
        rows.append(
            (
                factor.key,
                factor.unit,
                factor.scale,
                factor.low,
                factor.high,
                factor.given,
                float(low),
                float(high),
                *reaches,
                n_acceptable,
                n_answered,
            )
        )
    return Sheet("calibration.csv", columns, tuple(rows), ("factor",))


def _targets_sheet(targets: Sequence[Target], fits: Fits) -> Sheet:
    columns = (
        Column.text("target", "Measure, or curve and time"),
        Column.measured("value", "Number to be met"),
        Column.measured("tolerance", "How far the mean may be off"),
        Column.text("source", "Where the number comes from"),
        Column.measured("as_given", "Mean over replicates of the scenario as it is"),
        Column.measured("nearest", "Mean over replicates that comes nearest"),
        Column("n_met", "integer", "trials", "Trials that meet this target"),
    )
    rows = []
    for column, target in enumerate(targets):
        miss, mean = fits.miss[:, column], fits.mean[:, column]
        nearest = mean[np.nanargmin(miss)] if not np.isnan(miss).all() else np.nan
        rows.append(
            (
                target.name,
                target.value,
                target.tolerance,
                target.source,
                float(mean[0]),
                float(nearest),
                int((miss <= 1).sum()),
            )
        )
    return Sheet("targets.csv", columns, tuple(rows), ("target",))


def _trials(
    factors: Sequence[Factor], targets: Sequence[Target], trials: Trials, fits: Fits
) -> Sheet:
    columns = [
        Column("trial", "integer", "", "Number of the trial; 0 is the scenario as given"),
        *(Column(factor.key, "number", factor.unit, "Amount tried") for factor in factors),
    ]
    for target in targets:
        columns += [
            Column.measured(target.name, "Mean over replicates"),
            Column.measured(f"{target.name} low", "Lower end of its BCa interval"),
            Column.measured(f"{target.name} high", "Upper end of its BCa interval"),
        ]
    columns += [
        Column("worst_miss", "number", "tolerances", "Greatest distance from a target"),
        Column.flag("is_acceptable", "Whether every target is met"),
        *STATUS,
    ]
    rows = []
    for row, amounts in enumerate(trials.amounts.tolist()):
        is_known = not np.isnan(fits.worst[row])
        bounds = zip(fits.mean[row], fits.low[row], fits.high[row], strict=True)
        rows.append(
            (
                row,
                *amounts,
                *(float(number) for triple in bounds for number in triple),
                float(fits.worst[row]),
                bool(fits.is_acceptable[row]) if is_known else None,
                "complete" if is_known else "failed",
                trials.answers.reason(row),
            )
        )
    return Sheet("trials.csv", tuple(columns), tuple(rows), ("trial",))
