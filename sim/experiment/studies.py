"""Sweeps, and sensitivity analyses: a scenario at many values of its inputs.

A sweep has the chosen measures at every combination of values. A sensitivity analysis moves each
assumption to both ends of its range, the others at point values. Chance is the same at every point,
so that answers differ by the inputs alone.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import COLLATERAL
from sim.errors import Mistakes, Problem, ScenarioError
from sim.experiment import outputs
from sim.experiment.pipeline import Answers, Execution
from sim.experiment.plan import Plan, choose_metrics
from sim.results.schema import Column
from sim.scenario.document import Value, hint, parse_scalar
from sim.scenario.overrides import split_at_commas
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, LeftOut, list_factors, list_ranges, point_of
from sim.scenario.variants import Point, is_whole

N_STEPS = 5
"""Values of a range, unless the axis says how many."""

MOST_POINTS = 20_000

_RANGE = re.compile(r"(log:)?([^:]+?)\.\.([^:]+?)(?::(\d+))?")


Axes: TypeAlias = Mapping[str, tuple[Value, ...]]
"""Values that each key takes, a full path of the scenario or ``table.column``: each once."""


def parse_axes(texts: Sequence[str]) -> Axes:
    """Read axes: ``key=v1,v2,…``, ``key=low..high[:n]`` or ``key=log:low..high[:n]``.

    Raises
    ------
    ScenarioError
        With all mistakes in them.
    """
    axes: dict[str, tuple[Value, ...]] = {}
    mistakes = Mistakes()
    for text in texts:
        origin = f"--over {text}"
        key, separator, written = (part.strip() for part in text.partition("="))
        with mistakes.of_part():
            if not separator or not key or not written:
                raise _problem(origin, "expected key=value,…, key=low..high[:n] or key=log:…")
            if key in axes:
                raise _problem(origin, f"expected each key once, got {key} again")
            if key in ("root_seed", "n_replicates"):
                raise _problem(origin, f"expected a key of the world, got {key}: say --seed or -n")
            axes[key] = _values(key, written, origin)
    mistakes.raise_any()
    return axes


def _values(key: str, written: str, origin: str) -> tuple[Value, ...]:
    match = _RANGE.fullmatch(written)
    if match is None:
        values = tuple(parse_scalar(part.strip(), origin) for part in split_at_commas(written))
        # By their text, since values may be lists, which are not hashable.
        if len({repr(value) for value in values}) < len(values):
            raise _problem(origin, "expected each value once")
        return values
    log, low_text, high_text, n_text = match.groups()
    ends = []
    for end in (parse_scalar(part.strip(), origin) for part in (low_text, high_text)):
        if isinstance(end, bool) or not isinstance(end, int | float):
            raise _problem(origin, f"expected numbers as ends of a range, got {end!r}")
        ends.append(end)
    low, high = ends
    if not low < high:
        raise _problem(origin, f"expected low < high, got {low:g}..{high:g}")
    if log and low <= 0:
        raise _problem(origin, f"expected low > 0 for logarithms, got {low:g}")
    n_steps = int(n_text) if n_text else N_STEPS
    if not 2 <= n_steps <= MOST_POINTS:
        raise _problem(origin, f"expected at least 2 steps, at most {MOST_POINTS}, got {n_steps}")
    dials = np.linspace(0, 1, n_steps).tolist()
    steps = [low + dial * (high - low) for dial in dials]
    if log:
        steps = [math.exp(math.log(low) + dial * math.log(high / low)) for dial in dials]
    steps = [min(max(step, float(low)), float(high)) for step in steps]
    # Whole numbers may come again.
    return tuple(dict.fromkeys(round(step) if is_whole(key) else step for step in steps))


def lay_points(axes: Axes) -> list[tuple[Value, ...]]:
    """Values of the axes at each point: every combination, the last axis varies fastest.

    Raises
    ------
    ScenarioError
        If there are more than ``MOST_POINTS``.
    """
    if (n_points := math.prod(map(len, axes.values()))) > MOST_POINTS:
        raise _problem("--over", f"expected at most {MOST_POINTS} points, got {n_points}")
    return list(itertools.product(*axes.values()))


def points_of(
    resolved: Resolved, axes: Axes, laid: Sequence[tuple[Value, ...]]
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
    problems = [
        problem
        for key, values in axes.items()
        if (factor := columns.get(key)) is not None
        for problem in _misfits(values, factor)
    ]
    ScenarioError.raise_any(problems)
    points = []
    for values in laid:
        pairs = list(zip(axes, values, strict=True))
        keys = tuple((key, value) for key, value in pairs if key not in columns)
        moved = [(columns[key], (float(str(value)),)) for key, value in pairs if key in columns]
        points.append(Point(keys, point_of(moved).columns))
    return tuple(points)


def _misfits(values: Sequence[Value], factor: Factor) -> Iterator[Problem]:
    origin = f"--over {factor.key}"
    if factor.n_dials > 1:
        message = f"expected a column that moves as one, got {factor.n_dials} separate weights"
        yield Problem(origin, message)
    for value in values:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if factor.scale == "times" and not (is_number and float(str(value)) > 0):
            yield Problem(origin, f"expected factors > 0 on the column, got {value!r}")
        if factor.scale == "position" and not (is_number and abs(float(str(value))) <= 1):
            yield Problem(origin, f"expected positions from -1 to 1, got {value!r}")


def _problem(origin: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(origin, message)])


_MEASURED = (
    outputs.COMPARED["strategy"],
    outputs.METRIC,
    outputs.UNIT,
    *(outputs.COMPARED[name] for name in ("median", "low", "high", "level")),
    Column("n_replicates", "integer", "replicates", "Replicates of the point"),
    outputs.COMPARED["n_known"],
    *(outputs.COMPARED[name] for name in ("denominator", "denominator_unit", "zero_at_most")),
)


@dataclass(frozen=True, eq=False)
class Sweep:
    """A scenario over ranges of its values."""

    plan: Plan
    """What is run."""
    axes: Axes
    """Keys and the values they take."""
    laid: tuple[tuple[Value, ...], ...]
    """Values of the axes at each point."""
    metrics: tuple[str, ...]
    """Measures of ``sweep.csv``."""

    @classmethod
    def of(
        cls,
        resolved: Resolved,
        root_seed: int,
        n_replicates: int,
        *,
        over: Sequence[str],
        metrics: Sequence[str] = (),
    ) -> Sweep:
        """Plan a sweep.

        Parameters
        ----------
        over
            Axes as `parse_axes` reads them.
        metrics
            Measures of ``sweep.csv``; the headlines when empty.

        Raises
        ------
        ScenarioError
            With the mistakes in them.
        """
        axes = parse_axes(over)
        chosen = choose_metrics(resolved, metrics)
        laid = lay_points(axes)
        points = points_of(resolved, axes, laid)
        described = {"over": list(over), "n_points": len(laid), "metrics": chosen}
        asked = {"over": list(over), "metrics": list(metrics)}
        plan = Plan(
            "sweep", resolved, root_seed, n_replicates, points=points, design=described, asked=asked
        )
        return cls(plan, axes, tuple(laid), tuple(chosen))

    def answer(self, ask: Execution) -> Answers:
        """Run all points."""
        return ask().answers()

    def write(self, folder: Path, found: Answers) -> outputs.Study:
        """Write ``sweep.csv`` and ``points.csv``."""
        sheets = [
            sweep_sheet(self.axes, self.laid, found, self.metrics),
            outputs.points_sheet(axis_columns(self.axes), self.laid, found),
        ]
        return outputs.write_study(folder, self.plan, found, sheets)


def axis_columns(axes: Axes) -> tuple[Column, ...]:
    """Columns for the values of the axes."""
    return tuple(Column(key, "any", "", f"Value of {key}") for key in axes)


def sweep_sheet(
    axes: Axes, points: Sequence[Sequence[Value]], answers: Answers, metrics: Sequence[str]
) -> outputs.Sheet:
    """The chosen measures at every point that has a result."""
    has_run = ~np.isnan(answers.value).all(axis=(1, 2))
    described = (outputs.POINT, *axis_columns(axes), *_MEASURED)
    rows = []
    for point in np.flatnonzero(has_run).tolist():
        at = {outputs.POINT.name: point, **dict(zip(axes, points[point], strict=True))}
        part = answers.at(point)
        for line in part.describe(metrics, part.sample()):
            cells = at | line | {"strategy": answers.label, "n_replicates": line["n_simulations"]}
            rows.append(tuple(cells[column.name] for column in described))
    return outputs.Sheet("sweep.csv", described, tuple(rows), (outputs.POINT.name, "metric"))


BY_ROW = "its rows move separately: an ensemble varies them"


def choose_factors(
    resolved: Resolved, only: Sequence[str] = ()
) -> tuple[list[Factor], list[LeftOut]]:
    """Return the factors named, or all unknowns if none is, and the assumptions that are left out.

    Raises
    ------
    ScenarioError
        With every name that is no factor.
    """
    unknown, left_out = list_factors(resolved)
    by_key = {factor.key: factor for factor in list_ranges(resolved)[0]}
    problems = [
        Problem(
            f"--only {name}",
            f"expected an assumption with a range, got no such{hint(name, by_key)}; see --list",
        )
        for name in only
        if name not in by_key
    ]
    ScenarioError.raise_any(problems)
    wanted = set(only) or {factor.key for factor in unknown}
    chosen = [factor for key, factor in by_key.items() if key in wanted]
    out = [LeftOut(key, "not asked for") for key in by_key if only and key not in only]
    named = {factor.key for factor in chosen} | {one.key for one in out}
    return chosen, [*out, *(one for one in left_out if one.key not in named)]


LINE = (
    outputs.METRIC,
    outputs.UNIT,
    outputs.FACTOR,
    Column.text("factor_unit", "Unit of the assumption"),
    Column.text("range", "Range declared with the assumption"),
    Column.measured("given", "The measure with every assumption at its point value"),
    Column.measured("at_low", "With this one at its low end, the others at point values"),
    Column.measured("at_high", "With this one at its high end, the others at point values"),
)
AMOUNT = Column.measured("amount", "Its value; the others are at their point values")
OUT = (Column.text("key", "Assumption that is not varied"), Column.text("why", "Why not"))


def known_means(answers: Answers, metric: str) -> NDArray[np.float64]:
    """Mean of a measure at each point; NaN where the sample of a point could not show any of it."""
    value = answers.mean(metric)
    row = answers.metrics.index(metric)
    measure = answers.measures[row]
    for point in np.flatnonzero(value == 0).tolist():
        sample = answers.at(point).sample()
        whole = float(np.median(answers.denominator[point, :, row]))
        if math.isnan(sample.bound(metric, measure.unit, measure.denominator_unit, whole)):
            value[point] = math.nan
    return value


def rank_factors(factors: Sequence[Factor], answers: Answers, metric: str) -> list[dict[str, Any]]:
    """Rows of ``sensitivity.csv`` for one measure, the factor first whose ends differ most.

    What a sample that could not have been hit would change is not known.
    """
    value = known_means(answers, metric).tolist()
    rows: list[dict[str, Any]] = [
        {
            "metric": metric,
            "unit": answers.measures[answers.metrics.index(metric)].unit,
            "factor": factor.key,
            "factor_unit": factor.unit,
            "range": factor.range_text,
            "given": value[0],
            "at_low": low,
            "at_high": high,
        }
        for factor, low, high in zip(factors, value[1::2], value[2::2], strict=True)
    ]
    three = np.array([[row[one] for one in ("at_low", "at_high", "given")] for row in rows])
    swing = np.nan_to_num(np.ptp(three.reshape(-1, 3), axis=1))
    return [rows[row] for row in np.argsort(-swing, kind="stable").tolist()]


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A sensitivity analysis of a scenario."""

    plan: Plan
    """What is run: the scenario itself, then each factor at its low and at its high end."""
    factors: tuple[Factor, ...]
    """Assumptions that are varied."""
    left_out: tuple[LeftOut, ...]
    """Assumptions that are not."""
    metrics: tuple[str, ...]
    """Measures analysed."""

    @classmethod
    def of(
        cls,
        resolved: Resolved,
        root_seed: int,
        n_replicates: int,
        *,
        metrics: Sequence[str] = (),
        only: Sequence[str] = (),
    ) -> Sensitivity:
        """Plan an analysis.

        Parameters
        ----------
        metrics
            Harm in business-hours when empty.
        only
            Keys of factors; all unknowns when empty.

        Raises
        ------
        ScenarioError
            With the mistakes in them.
        """
        chosen, left_out = choose_factors(resolved, only)
        factors = tuple(one for one in chosen if one.n_dials == 1)
        left_out += [LeftOut(one.key, BY_ROW) for one in chosen if one.n_dials > 1]
        asked = {"metrics": list(metrics), "only": list(only)}
        measures = tuple(choose_metrics(resolved, metrics, (COLLATERAL,)))
        described = {
            "metrics": list(measures),
            "factors": [{"key": f.key, "low": f.low, "high": f.high} for f in factors],
        }
        ends = [point_of([(one, [end])]) for one in factors for end in (one.low, one.high)]
        plan = Plan(
            "sensitivity",
            resolved,
            root_seed,
            n_replicates,
            points=(Point(), *ends),
            design=described,
            asked=asked,
        )
        return cls(plan, factors, tuple(left_out), measures)

    def answer(self, ask: Execution) -> Answers:
        """Run all points."""
        return ask().answers()

    def write(self, folder: Path, found: Answers) -> outputs.Study:
        """Write ``sensitivity.csv``, ``points.csv`` and ``left-out.csv``."""
        ends = [(one.key, end) for one in self.factors for end in (one.low, one.high)]
        rows = tuple(
            tuple(line[column.name] for column in LINE)
            for metric in self.metrics
            for line in rank_factors(self.factors, found, metric)
        )
        out = tuple((one.key, one.why) for one in self.left_out)
        sheets = [
            outputs.Sheet("sensitivity.csv", LINE, rows, ("metric", "factor")),
            outputs.points_sheet((outputs.FACTOR, AMOUNT), [(None, None), *ends], found),
            outputs.Sheet("left-out.csv", OUT, out, ("key",)),
        ]
        return outputs.write_study(folder, self.plan, found, sheets)
