"""A sensitivity analysis: how far each assumption moves the answer over its range.

Each goes to both ends, the others at point values, and through all ranges in trajectories. Only
points at which the scenario is possible are run. Chance is the same at every point, so that answers
differ by the assumptions alone.
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
from sim.errors import Problem, ScenarioError, UsageError
from sim.experiment.comparison import choose_metrics
from sim.experiment.execution import Answers, Execution
from sim.experiment.outputs import FACTOR, METRIC, UNIT, Sheet, Study, points_sheet, write_study
from sim.experiment.plan import Plan
from sim.results.schema import Column, ends
from sim.scenario.quantities import finite_number
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import (
    Factor,
    LeftOut,
    list_factors,
    list_ranges,
    point_of,
    settings,
    value_at,
)
from sim.scenario.variants import Point, is_whole
from sim.statistics.designs import morris_trajectories, screen
from sim.streams import Stream, Streams

MOST_DRAWS = 50
"""Most draws for each trajectory wanted, to find a possible one."""
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
    problems: list[Problem] = []
    for text in ranges:
        try:
            factor = given_factor(resolved, by_key, text, f"--range {text}")
            by_key[factor.key] = factor
            if not only:
                wanted.add(factor.key)
        except ScenarioError as error:
            problems += error.problems
    problems += [
        Problem(
            f"--only {name}",
            f"expected an assumption with a range, got no such{hint(name, by_key)}; see --list",
        )
        for name in only
        if name not in by_key
    ]
    if problems:
        raise ScenarioError(problems)
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
    return Factor(
        key,
        "",
        "value",
        low,
        given,
        high,
        f"{low:g} to {high:g}",
        "given with the command",
        is_whole=is_whole(key),
    )


@dataclass(frozen=True, eq=False)
class Design:
    """Points at which the answers are compared.

    Attributes
    ----------
    factors
        Factors that are varied.
    points
        The scenario itself, each factor of one dial at its low and at its high end, and then the
        trajectories, one after the other.
    amounts
        For each point the amounts of the factors that are not at their point value, by key.
    n_ends
        How many of the points come before the trajectories.
    dials : shape (n_trajectories, n_factors + 1, n_dials)
    moved : shape (n_trajectories, n_factors)
        As `morris_trajectories` returns them.
    n_rejected
        Trajectories that were drawn and not taken, since the scenario is not possible at one of
        their points.
    """

    factors: tuple[Factor, ...]
    points: tuple[Point, ...]
    amounts: tuple[dict[str, tuple[float, ...]], ...]
    n_ends: int
    dials: NDArray[np.float64]
    moved: NDArray[np.int64]
    n_rejected: int


def lay_design(
    resolved: Resolved, factors: Sequence[Factor], n_trajectories: int, root_seed: int
) -> Design:
    """Lay both ends of each factor, and trajectories over the ranges of all.

    Raises
    ------
    UsageError
        If no trajectory among ``MOST_DRAWS`` times as many has only points at which the scenario is
        possible.
    """
    amounts: list[dict[str, tuple[float, ...]]] = [{}]
    amounts += [{one.key: (end,)} for one in factors if one.n_dials == 1
                for end in (one.low, one.high)]  # fmt: skip
    by_key = {factor.key: factor for factor in factors}

    def at(row: Mapping[str, Sequence[float]]) -> Point:
        return point_of([(by_key[key], amount) for key, amount in row.items()])

    points = [at(row) for row in amounts]
    n_ends, n_drawn = len(points), 0
    rng = Streams(root_seed, 0).generator(Stream.DESIGN, (0,))
    kept: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
    while len(kept) < n_trajectories and n_drawn < MOST_DRAWS * n_trajectories:
        n_dials = [factor.n_dials for factor in factors]
        for dials, moved in zip(
            *morris_trajectories(n_trajectories - len(kept), n_dials, rng), strict=True
        ):
            n_drawn += 1
            by_factor = settings(factors, dials)
            rows = [
                {
                    factor.key: tuple(part[row].tolist())
                    for factor, part in zip(factors, by_factor, strict=True)
                }
                for row in range(len(dials))
            ]
            found = [at(row) for row in rows]
            if all(point.is_possible(resolved) for point in found):
                points += found
                amounts += rows
                kept.append((dials, moved))
    if n_trajectories and not kept:
        raise UsageError(
            "expected settings of all factors at which the scenario can be, got none in "
            f"{n_drawn} draws: their ranges contradict each other"
        )
    return Design(
        tuple(factors),
        tuple(points),
        tuple(amounts),
        n_ends,
        np.array([dials for dials, _ in kept]),
        np.array([moved for _, moved in kept]),
        n_drawn - len(kept),
    )


PART = Column.text("part", "ends or morris")
LINE = (
    METRIC,
    UNIT,
    FACTOR,
    Column.text("factor_unit", "Unit of the assumption"),
    Column.text("range", "Range declared with the assumption"),
    Column("n_dials", "integer", "", "1, or the number of rows that move separately"),
    Column.measured("given", "The measure with every assumption at its point value"),
    Column.measured("at_low", "With this one at its low end, the others at point values"),
    Column.measured("at_high", "With this one at its high end, the others at point values"),
    Column.measured("mu", "Mean change from low to high end, others anywhere"),
    Column.measured("mu_star", "Mean size of that change (Morris)"),
    *ends("mu_star", "its 95 % BCa interval"),
    Column.measured("sigma", "Standard deviation of that change: curvature, joint effects"),
    Column("n_trajectories", "integer", "trajectories", "Trajectories with all answers"),
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


def rank_factors(
    design: Design, answers: Answers, metric: str, root_seed: int
) -> list[dict[str, Any]]:
    """Rows of ``sensitivity.csv`` for one measure, the most influential factor first.

    By the size of its change over trajectories, or else between its ends. What a sample that could
    not have been hit would change is not known.
    """
    value, factors = known_means(answers, metric), design.factors
    n_dials = np.array([factor.n_dials for factor in factors])
    columns, n_trajectories = screen(
        value[design.n_ends :].reshape(-1, len(factors) + 1),
        design.dials,
        design.moved,
        n_dials,
        Streams(root_seed, 0).generator(Stream.BOOTSTRAP),
    )
    at_ends = iter(value[1 : design.n_ends].tolist())
    rows: list[dict[str, Any]] = []
    for number, factor in enumerate(factors):
        low = next(at_ends) if factor.n_dials == 1 else math.nan
        high = next(at_ends) if factor.n_dials == 1 else math.nan
        rows.append(
            {
                "metric": metric,
                "unit": answers.measures[answers.metrics.index(metric)].unit,
                "factor": factor.key,
                "factor_unit": factor.unit,
                "range": factor.range_text,
                "n_dials": factor.n_dials,
                "given": float(value[0]),
                "at_low": low,
                "at_high": high,
                **{name: float(column[number]) for name, column in columns.items()},
                "n_trajectories": n_trajectories,
            }
        )
    return sorted(rows, key=lambda row: -_swing(row))


def _swing(row: Mapping[str, float]) -> float:
    if not math.isnan(row["mu_star"]):
        return row["mu_star"]
    ends = (row["at_low"], row["at_high"], row["given"])
    return 0.0 if any(map(math.isnan, ends)) else max(ends) - min(ends)


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """A sensitivity analysis of a scenario.

    Attributes
    ----------
    plan
        What is run.
    design
        Assumptions that are varied, and its points.
    left_out
        Assumptions that are not.
    metrics
        Measures analysed.
    """

    plan: Plan
    design: Design
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
        trajectories: int = 10,
        strategies: Sequence[str] = (),
    ) -> Sensitivity:
        """Plan an analysis.

        Parameters
        ----------
        metrics
            Harm in business-hours when empty.
        only, ranges
            As `choose_factors` takes them.
        trajectories
            How many; none for both ends of each assumption alone.
        strategies
            None for the scenario's own, or one.

        Raises
        ------
        ScenarioError
            With the mistakes in them.
        UsageError
            As `lay_design`.
        """
        factors, left_out = choose_factors(resolved, only, ranges)
        chosen = choose_metrics(resolved, metrics, (COLLATERAL,))
        asked = {
            "metrics": list(metrics),
            "only": list(only),
            "ranges": list(ranges),
            "trajectories": trajectories,
            "strategies": list(strategies),
        }
        laid = lay_design(resolved, factors, trajectories, root_seed)
        described = {
            "metrics": chosen,
            "trajectories": trajectories,
            "drawn_again": laid.n_rejected,
            "factors": [{"key": f.key, "low": f.low, "high": f.high} for f in factors],
        }
        plan = Plan(
            "sensitivity",
            resolved,
            root_seed,
            n_replicates,
            points=laid.points,
            strategies=tuple(strategies),
            design=described,
            asked=asked,
        )
        return cls(plan, laid, tuple(left_out), tuple(chosen))

    def answer(self, ask: Execution) -> Answers:
        """Run all points."""
        return ask(self.plan).answers()

    def write(self, folder: Path, found: Answers) -> Study:
        """Write ``sensitivity.csv``, ``points.csv`` and ``left-out.csv``."""
        design, keys = self.design, [factor.key for factor in self.design.factors]
        columns = (PART, *(Column.text(key, f"{key}; missing at its point value") for key in keys))
        points = [
            (
                "ends" if row < design.n_ends else "morris",
                *(_amounts(amounts.get(key)) for key in keys),
            )
            for row, amounts in enumerate(design.amounts)
        ]
        seed = self.plan.root_seed
        rows = tuple(
            tuple(line[column.name] for column in LINE)
            for metric in self.metrics
            for line in rank_factors(design, found, metric, seed)
        )
        out = tuple((one.key, one.why) for one in self.left_out)
        sheets = [
            Sheet("sensitivity.csv", LINE, rows, ("metric", "factor")),
            points_sheet(columns, points, found),
            Sheet("left-out.csv", OUT, out, ("key",)),
        ]
        return write_study(folder, self.plan, found, sheets)


def _amounts(amounts: tuple[float, ...] | None) -> str | float | None:
    if amounts is None or len(amounts) == 1:
        return amounts[0] if amounts else None
    return " ".join(f"{amount:.6g}" for amount in amounts)
