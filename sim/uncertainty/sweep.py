"""A sweep: one scenario over ranges of its values, with the chosen measures at every point."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from sim.errors import Problem, ProblemsError, ScenarioError
from sim.experiment.execution import Answers, Execution
from sim.experiment.metrics import choose_metrics, metrics_of
from sim.experiment.outputs import (
    COMPARED,
    METRIC,
    POINT,
    UNIT,
    Sheet,
    Study,
    points_sheet,
    write_study,
)
from sim.experiment.plan import Plan
from sim.measure.summary import LEVEL, spreads_of
from sim.results.schema import Column
from sim.scenario.document import Value, parse_scalar
from sim.scenario.overrides import split_at_commas
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, list_factors, point_of
from sim.scenario.variants import Point, is_whole
from sim.statistics.designs import grid, latin_hypercube, sobol_points
from sim.streams import Stream, Streams

Design = Literal["grid", "lhs", "sobol"]

N_STEPS = 5
"""Values of a range in a grid, unless the axis says how many."""

MOST_POINTS = 20_000

_RANGE = re.compile(r"(log:)?([^:]+?)\.\.([^:]+?)(?::(\d+))?")


@dataclass(frozen=True)
class Axis:
    """One key and the values it takes.

    Attributes
    ----------
    key
        Full path of a scenario key, or ``table.column``.
    values
        The values listed; none for a range.
    low, high
        Ends of the range.
    n_steps
        Number of values of the range in a grid; None when not given.
    is_log
        Whether values are spaced evenly in their logarithm.
    is_whole
        Whether only whole numbers are taken.
    """

    key: str
    values: tuple[Value, ...] = ()
    low: float = 0.0
    high: float = 0.0
    n_steps: int | None = None
    is_log: bool = False
    is_whole: bool = False

    @property
    def n_levels(self) -> int:
        """Number of values in a grid."""
        return len(self.values) or self.n_steps or N_STEPS

    def at(self, dial: float) -> Value:
        """Value at a setting from 0 to 1, which listed values share in equal parts."""
        if self.values:
            return self.values[min(int(dial * len(self.values)), len(self.values) - 1)]
        if self.is_log:
            value = math.exp(math.log(self.low) + dial * math.log(self.high / self.low))
        else:
            value = self.low + dial * (self.high - self.low)
        value = min(max(value, self.low), self.high)
        return round(value) if self.is_whole else value


def parse_axes(resolved: Resolved, texts: Sequence[str]) -> list[Axis]:
    """Read axes: ``key=v1,v2,…``, ``key=low..high[:n]`` or ``key=log:low..high[:n]``.

    Raises
    ------
    ScenarioError
        With all mistakes in them.
    """
    axes: list[Axis] = []
    problems: list[Problem] = []
    for text in texts:
        origin = f"--over {text}"
        key, separator, written = (part.strip() for part in text.partition("="))
        try:
            if not separator or not key or not written:
                raise _problem(origin, "expected key=value,…, key=low..high[:n] or key=log:…")
            if key in [axis.key for axis in axes]:
                raise _problem(origin, f"expected each key once, got {key} again")
            axes.append(_axis(resolved, key, written, origin))
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(problems)
    return axes


def _axis(resolved: Resolved, key: str, written: str, origin: str) -> Axis:
    whole = is_whole(key)
    match = _RANGE.fullmatch(written)
    if match is None:
        values = tuple(parse_scalar(part.strip(), origin) for part in split_at_commas(written))
        if len({repr(value) for value in values}) < len(values):
            raise _problem(origin, "expected each value once")
        return Axis(key, values, is_whole=whole)
    log, low_text, high_text, n_text = match.groups()
    low, high = (parse_scalar(part.strip(), origin) for part in (low_text, high_text))
    for end in (low, high):
        if isinstance(end, bool) or not isinstance(end, int | float):
            raise _problem(origin, f"expected numbers as ends of a range, got {end!r}")
    assert isinstance(low, int | float)
    assert isinstance(high, int | float)
    if not low < high:
        raise _problem(origin, f"expected low < high, got {low:g}..{high:g}")
    if log and low <= 0:
        raise _problem(origin, f"expected low > 0 for logarithms, got {low:g}")
    n_steps = int(n_text) if n_text else None
    if n_steps is not None and n_steps < 2:
        raise _problem(origin, f"expected at least 2 steps, got {n_steps}")
    return Axis(key, (), float(low), float(high), n_steps, bool(log), whole)


def lay_points(
    axes: Sequence[Axis], design: Design, n_points: int | None, rng: np.random.Generator
) -> list[tuple[Value, ...]]:
    """Values of the axes at each point, without duplicates.

    Parameters
    ----------
    n_points
        Number of points of a Latin hypercube or a Sobol' sequence; None for a grid.

    Raises
    ------
    ScenarioError
        If the number of points is missing, not wanted, or too large.
    """
    if design == "grid":
        if n_points is not None:
            raise _problem("--points", "expected none for a grid: its axes say how many")
        n_points = math.prod(axis.n_levels for axis in axes)
    elif n_points is None:
        raise _problem("--points", f"expected a number of points for --design {design}, got none")
    elif any(axis.n_steps for axis in axes):
        raise _problem("--over", f"expected no :n with --design {design}: --points says how many")
    if not 1 <= n_points <= MOST_POINTS:
        raise _problem("--points", f"expected 1 to {MOST_POINTS} points, got {n_points}")
    dials = _dials(axes, design, n_points, rng)
    points = [
        tuple(axis.at(float(dial)) for axis, dial in zip(axes, row, strict=True)) for row in dials
    ]
    # By their text, since values may be lists, which are not hashable.
    return list({repr(point): point for point in points}.values())


def points_of(
    resolved: Resolved, axes: Sequence[Axis], laid: Sequence[tuple[Value, ...]]
) -> tuple[Point, ...]:
    """How the scenario is changed at each point.

    An axis may name a table column that has a range, ``table.column``; its values are then factors
    on the column, or positions between the low (-1) and the high end (1) of its range.

    Raises
    ------
    ScenarioError
        If a value for a column is not such a number.
    """
    columns = {
        factor.key: factor for factor in list_factors(resolved)[0] if factor.scale != "value"
    }
    problems = [problem for axis in axes for problem in _misfits(axis, columns.get(axis.key))]
    if problems:
        raise ScenarioError(problems)
    points = []
    for values in laid:
        pairs = [(axis.key, value) for axis, value in zip(axes, values, strict=True)]
        keys = tuple((key, value) for key, value in pairs if key not in columns)
        moved = [(columns[key], (float(str(value)),)) for key, value in pairs if key in columns]
        points.append(Point(keys, point_of(resolved, moved).columns))
    return tuple(points)


def _misfits(axis: Axis, factor: Factor | None) -> Iterator[Problem]:
    if factor is None:
        return
    origin = f"--over {axis.key}"
    if factor.n_dials > 1:
        message = f"expected a column that moves as one, got {factor.n_dials} separate weights"
        yield Problem(origin, message)
    for value in axis.values or (axis.low, axis.high):
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if factor.scale == "times" and not (is_number and float(str(value)) > 0):
            yield Problem(origin, f"expected factors > 0 on the column, got {value!r}")
        if factor.scale == "position" and not (is_number and abs(float(str(value))) <= 1):
            yield Problem(origin, f"expected positions from -1 to 1, got {value!r}")


def _dials(
    axes: Sequence[Axis], design: Design, n_points: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    if design == "grid":
        return grid([axis.n_levels for axis in axes])
    if design == "lhs":
        return latin_hypercube(n_points, len(axes), rng)
    return sobol_points(n_points, len(axes), rng)


def _problem(origin: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(origin, message)])


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
