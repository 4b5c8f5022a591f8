"""A sensitivity analysis: how far each assumption moves the answer over its range.

Each goes to both ends, the others at point values. Chance is the same at every point, so that
answers differ by the assumptions alone. Shares of variance, all inputs varied, are an ensemble's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import COLLATERAL
from sim.errors import Mistakes, Problem, ScenarioError
from sim.experiment.comparison import choose_metrics
from sim.experiment.execution import Answers, Execution
from sim.experiment.outputs import FACTOR, METRIC, UNIT, Sheet, Study, points_sheet, write_study
from sim.experiment.plan import Plan
from sim.results.schema import Column
from sim.scenario.quantities import finite_number
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import (
    Factor,
    LeftOut,
    list_factors,
    list_ranges,
    point_of,
    value_at,
)
from sim.scenario.variants import Point, is_whole

BY_ROW = "its rows move separately: an ensemble varies them"
_RANGE = re.compile(r"(.+?)\.\.(.+)")


def choose_factors(
    resolved: Resolved, only: Sequence[str] = (), ranges: Sequence[str] = ()
) -> tuple[list[Factor], list[LeftOut]]:
    """Return the factors named, or all unknowns if none is, and the assumptions that are left out.

    Parameters
    ----------
    only
        Keys of factors.
    ranges
        ``key=low..high`` for a factor, or for another key of the scenario that holds a number; for
        a column that is multiplied, low and high are factors on it.

    Raises
    ------
    ScenarioError
        With every name that is no factor and every text that is no range.
    """
    unknown, left_out = list_factors(resolved)
    by_key = {factor.key: factor for factor in list_ranges(resolved)[0]}
    wanted = set(only) or {factor.key for factor in unknown}
    mistakes = Mistakes()
    for text in ranges:
        with mistakes.of_part():
            factor = given_factor(resolved, by_key, text, f"--range {text}")
            by_key[factor.key] = factor
            if not only:
                wanted.add(factor.key)
    mistakes += [
        Problem(
            f"--only {name}",
            f"expected an assumption with a range, got no such{hint(name, by_key)}; see --list",
        )
        for name in only
        if name not in by_key
    ]
    mistakes.raise_any()
    chosen = [factor for key, factor in by_key.items() if key in wanted]
    out = [LeftOut(key, "not asked for") for key in by_key if only and key not in only]
    named = {factor.key for factor in chosen} | {one.key for one in out}
    return chosen, [*out, *(one for one in left_out if one.key not in named)]


def given_factor(
    resolved: Resolved, by_key: Mapping[str, Factor], text: str, origin: str
) -> Factor:
    """Read ``key=low..high``, or ``key`` for its own range.

    Raises
    ------
    ScenarioError
        If it is no range, or the key holds no number.
    """
    key, separator, written = (part.strip() for part in text.partition("="))
    if not separator and key in by_key:
        return by_key[key]
    match = _RANGE.fullmatch(written)
    low, high = (finite_number(part) for part in match.groups()) if match else (None, None)
    if low is None or high is None or not low < high:
        near = "" if separator else hint(key, by_key)
        message = f"expected key=low..high with low < high, or an assumption with a range{near}"
        raise ScenarioError([Problem(origin, message)])
    known = by_key.get(key)
    if known is not None:
        if known.scale == "position":
            raise ScenarioError([Problem(origin, f"{key} has a range for each row; none is taken")])
        if known.scale == "times" and low <= 0:
            raise ScenarioError([Problem(origin, "expected factors > 0")])
        words = "x {:g} to x {:g}" if known.scale == "times" else "{:g} to {:g}"
        # How the declared range is drawn need not be possible over another.
        return replace(known, low=low, high=high, range_text=words.format(low, high), stated=None)
    given = value_at(resolved, key)
    if given is None:
        message = f"expected a key that holds a number, got {key!r}{hint(key, by_key)}"
        raise ScenarioError([Problem(origin, message)])
    text, why = f"{low:g} to {high:g}", "given with the command"
    return Factor(key, "", "value", low, given, high, text, why, is_whole=is_whole(key))


LINE = (
    METRIC,
    UNIT,
    FACTOR,
    Column.text("factor_unit", "Unit of the assumption"),
    Column.text("range", "Range declared with the assumption"),
    Column.measured("given", "The measure with every assumption at its point value"),
    Column.measured("at_low", "With this one at its low end, the others at point values"),
    Column.measured("at_high", "With this one at its high end, the others at point values"),
)
OUT = (Column.text("key", "Assumption that is not varied"), Column.text("why", "Why not"))


def known_means(answers: Answers, metric: str) -> NDArray[np.float64]:
    """Mean of a measure at each point; NaN where the sample of a point could not show any of it."""
    value = answers.mean(metric)
    row = answers.metrics.index(metric)
    measure = answers.measures[row]
    for point in np.flatnonzero(value == 0).tolist():
        sample = answers.at(point, 0).sample()
        whole = float(np.median(answers.denominator[point, 0, :, row]))
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
    return sorted(rows, key=lambda row: -_swing(row))


def _swing(row: Mapping[str, float]) -> float:
    three = (row["at_low"], row["at_high"], row["given"])
    return 0.0 if any(map(math.isnan, three)) else max(three) - min(three)


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A sensitivity analysis of a scenario.

    Attributes
    ----------
    plan
        What is run: the scenario itself, then each factor at its low and at its high end.
    factors
        Assumptions that are varied.
    left_out
        Assumptions that are not.
    metrics
        Measures analysed.
    """

    plan: Plan
    factors: tuple[Factor, ...]
    left_out: tuple[LeftOut, ...]
    metrics: tuple[str, ...]

    @classmethod
    def of(
        cls,
        resolved: Resolved,
        root_seed: int,
        n_replicates: int,
        *,
        metrics: Sequence[str] = (),
        only: Sequence[str] = (),
        ranges: Sequence[str] = (),
        strategies: Sequence[str] = (),
    ) -> Sensitivity:
        """Plan an analysis.

        Parameters
        ----------
        metrics
            Harm in business-hours when empty.
        only, ranges
            As `choose_factors` takes them.
        strategies
            None for the scenario's own, or one.

        Raises
        ------
        ScenarioError
            With the mistakes in them.
        """
        chosen, left_out = choose_factors(resolved, only, ranges)
        factors = tuple(one for one in chosen if one.n_dials == 1)
        left_out += [LeftOut(one.key, BY_ROW) for one in chosen if one.n_dials > 1]
        asked = {
            "metrics": list(metrics),
            "only": list(only),
            "ranges": list(ranges),
            "strategies": list(strategies),
        }
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
            strategies=tuple(strategies),
            design=described,
            asked=asked,
        )
        return cls(plan, factors, tuple(left_out), measures)

    def answer(self, ask: Execution) -> Answers:
        """Run all points."""
        return ask(self.plan).answers()

    def write(self, folder: Path, found: Answers) -> Study:
        """Write ``sensitivity.csv``, ``points.csv`` and ``left-out.csv``."""
        factors = self.factors
        columns = [
            Column.text(one.key, f"{one.key}; missing at its point value") for one in factors
        ]
        points: list[list[float | None]] = [[None] * len(factors)]
        points += [
            [end if one is moved else None for one in factors]
            for moved in factors
            for end in (moved.low, moved.high)
        ]
        rows = tuple(
            tuple(line[column.name] for column in LINE)
            for metric in self.metrics
            for line in rank_factors(factors, found, metric)
        )
        out = tuple((one.key, one.why) for one in self.left_out)
        sheets = [
            Sheet("sensitivity.csv", LINE, rows, ("metric", "factor")),
            points_sheet(columns, points, found),
            Sheet("left-out.csv", OUT, out, ("key",)),
        ]
        return write_study(folder, self.plan, found, sheets)
