"""A sweep: one scenario over ranges of its values, with the chosen measures at every point.

In: a scenario and axes, then the answers. Out: a plan, then tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.experiment.answers import Answers
from sim.experiment.execution import Execution
from sim.experiment.metrics import choose_metrics, metrics_of
from sim.experiment.plan import Plan
from sim.experiment.study import POINT, Sheet, Study, write_study
from sim.measure.summary import LEVEL, spreads_of
from sim.results.schema import Column
from sim.scenario.document import Value
from sim.scenario.resolve import Resolved
from sim.streams import Stream, Streams
from sim.uncertainty.axes import Axis, Design, lay_points, parse_axes, points_of
from sim.uncertainty.columns import COMPARED, METRIC, UNIT, points_sheet

_MEASURED = (
    COMPARED["strategy"],
    METRIC,
    UNIT,
    *(COMPARED[name] for name in ("median", "low", "high", "level")),
    Column("n_replicates", "integer", "replicates", "Replicates of the point"),
    COMPARED["n_known"],
    *(COMPARED[name] for name in ("denominator", "denominator_unit")),
)


@dataclass(frozen=True, eq=False)
class Sweep:
    """A scenario over ranges of its values.

    Attributes
    ----------
    plan
        What is run.
    axes
        Keys and the values they take.
    laid
        Values of the axes at each point.
    metrics
        Measures of ``sweep.csv``.
    """

    plan: Plan
    axes: tuple[Axis, ...]
    laid: tuple[tuple[Value, ...], ...]
    metrics: tuple[str, ...]

    @classmethod
    def of(
        cls,
        resolved: Resolved,
        root_seed: int,
        n_replicates: int,
        *,
        over: Sequence[str],
        design: Design = "grid",
        n_points: int | None = None,
        strategies: Sequence[str] = (),
        metrics: Sequence[str] = (),
    ) -> Sweep:
        """Plan a sweep.

        Parameters
        ----------
        over
            Axes as `parse_axes` reads them.
        design, n_points
            As `lay_points` takes them.
        strategies
            Run at each point; the scenario's own when empty.
        metrics
            Measures of ``sweep.csv``; the headlines when empty.

        Raises
        ------
        ScenarioError
            With the mistakes in them.
        """
        axes = parse_axes(resolved, over)
        chosen = choose_metrics(metrics_of(resolved), metrics)
        luck = Streams(root_seed, 0).generator(Stream.DESIGN)
        laid = lay_points(axes, design, n_points, luck)
        points = points_of(resolved, axes, laid)
        described = {
            "over": list(over),
            "design": design,
            "n_points": len(laid),
            "metrics": chosen,
        }
        asked = described | {
            "n_points": n_points,
            "metrics": list(metrics),
            "strategies": list(strategies),
        }
        plan = Plan(
            "sweep",
            resolved,
            root_seed,
            n_replicates,
            points=points,
            strategies=tuple(strategies),
            design=described,
            asked=asked,
        )
        return cls(plan, tuple(axes), tuple(laid), tuple(chosen))

    def answer(self, ask: Execution) -> Answers:
        """Run all points."""
        return ask(self.plan).answers()

    def write(self, folder: Path, found: Answers) -> Study:
        """Write ``sweep.csv`` and ``points.csv``."""
        sheets = [
            sweep_sheet(self.axes, self.laid, found, self.metrics),
            points_sheet(axis_columns(self.axes), self.laid, found),
        ]
        return write_study(folder, self.plan, found, sheets)


def axis_columns(axes: Sequence[Axis]) -> tuple[Column, ...]:
    """Columns for the values of the axes."""
    return tuple(Column(axis.key, "any", "", f"Value of {axis.key}") for axis in axes)


def sweep_sheet(
    axes: Sequence[Axis],
    points: Sequence[Sequence[Value]],
    answers: Answers,
    metrics: Sequence[str],
) -> Sheet:
    """The chosen measures under every strategy, at every point that has a result."""
    column = [answers.metrics.index(metric) for metric in metrics]
    has_run = ~np.isnan(answers.value).all(axis=(1, 2, 3))
    keys = [
        (point, strategy, metric)
        for point in np.flatnonzero(has_run).tolist()
        for strategy in range(len(answers.labels))
        for metric in column
    ]
    values = np.array([answers.value[p, s, :, m] for p, s, m in keys])
    whole = np.array([answers.denominator[p, s, :, m] for p, s, m in keys])
    known = np.where(np.isnan(values), np.nan, whole)
    rows = []
    for (point, strategy, metric), value, spread, of in zip(
        keys, values, spreads_of(values), spreads_of(known), strict=True
    ):
        measure = answers.measures[metric]
        rows.append(
            (
                point,
                *points[point],
                answers.labels[strategy],
                measure.metric,
                measure.unit,
                *spread,
                LEVEL,
                int(value.size),
                int((~np.isnan(value)).sum()),
                of.median,
                measure.denominator_unit,
            )
        )
    described = (POINT, *axis_columns(axes), *_MEASURED)
    return Sheet("sweep.csv", described, tuple(rows), (POINT.name, "strategy", "metric"))
