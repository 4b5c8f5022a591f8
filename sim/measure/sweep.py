"""What a sweep found: the chosen measures at every point.

In: axes, points and the answers there. Out: tables. It runs nothing and chooses no points.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.measure.axes import Axis
from sim.measure.paired import mean_intervals
from sim.measure.points import Answers
from sim.measure.resampling import CONFIDENCE
from sim.measure.study import POINT, Sheet
from sim.measure.summary import LEVEL
from sim.results.columns import Column
from sim.scenario.tree import Value
from sim.streams import Stream, Streams

STATUS = (
    Column("status", "string", "", "complete, failed (no run has a result) or partial"),
    Column("error", "string", "", "Why not; missing where nothing failed"),
)
_MEASURED = (
    Column("strategy", "string", "", "Label of the strategy"),
    Column("metric", "string", "", "Name of the measure"),
    Column("unit", "string", "", "Unit of the measure"),
    Column("n_replicates", "integer", "replicates", "Replicates in which the measure is known"),
    Column("mean", "number", "by metric", "Mean over replicates; missing if any is not known"),
    Column("median", "number", "by metric", "Median over replicates; missing likewise"),
    Column("low", "number", "by metric", "Lower end of the share 'level' of replicates"),
    Column("high", "number", "by metric", "Upper end of the share 'level' of replicates"),
    Column("level", "number", "share", "Share of replicates between low and high"),
    Column("mean_low", "number", "by metric", "Lower end of the BCa interval of the mean"),
    Column("mean_high", "number", "by metric", "Upper end of the BCa interval of the mean"),
    Column("confidence", "number", "share", "Nominal coverage of that interval"),
    Column("denominator", "number", "by metric", "What the value is out of (mean over replicates)"),
    Column("denominator_unit", "string", "", "Unit of the denominator"),
)


def axis_columns(axes: Sequence[Axis]) -> tuple[Column, ...]:
    """Columns for the values of the axes."""
    return tuple(Column(axis.key, "any", "", f"Value of {axis.key}") for axis in axes)


def points_sheet(
    columns: Sequence[Column], points: Sequence[Sequence[object]], answers: Answers
) -> Sheet:
    """Every point, and what became of it."""
    rows = []
    for row, cells in enumerate(points):
        errors = [message for key, message in answers.failures.items() if key[0] == row]
        has_run = ~np.isnan(answers.value[row]).all(axis=-1)
        status = "complete" if has_run.all() else "partial" if has_run.any() else "failed"
        rows.append((row, *cells, status, "; ".join(dict.fromkeys(errors)) or None))
    return Sheet("points.csv", (POINT, *columns, *STATUS), tuple(rows))


def sweep_sheet(
    axes: Sequence[Axis],
    points: Sequence[Sequence[Value]],
    answers: Answers,
    metrics: Sequence[str],
    root_seed: int,
) -> Sheet:
    """The chosen measures at every point under every strategy, points that failed left out."""
    column = [answers.metrics.index(metric) for metric in metrics]
    has_run = ~np.isnan(answers.value).all(axis=(1, 2, 3))
    keys = [
        (point, strategy, metric)
        for point in np.flatnonzero(has_run).tolist()
        for strategy in range(len(answers.labels))
        for metric in column
    ]
    values = np.array([answers.value[p, s, :, m] for p, s, m in keys])
    found = mean_intervals(values, Streams(root_seed, 0).generator(Stream.BOOTSTRAP))
    tail = (1 - LEVEL) / 2
    rows = []
    for (point, strategy, metric), value, mean in zip(keys, values, found, strict=True):
        measure = answers.measures[metric]
        has_interval = value.size > 1
        low, high = np.quantile(value, [tail, 1 - tail]) if has_interval else (np.nan, np.nan)
        rows.append(
            (
                point,
                *points[point],
                answers.labels[strategy],
                measure.metric,
                measure.unit,
                mean.n_known,
                mean.mean,
                float(np.median(value)),
                float(low),
                float(high),
                LEVEL,
                mean.low,
                mean.high,
                CONFIDENCE,
                float(answers.denominator[point, strategy, :, metric].mean()),
                measure.denominator_unit,
            )
        )
    return Sheet("sweep.csv", (POINT, *axis_columns(axes), *_MEASURED), tuple(rows))
