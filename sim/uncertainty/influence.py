"""Designs of a sensitivity analysis, and from their answers how much each assumption matters.

Only points at which the scenario is possible are run. Chance is the same at every point, so that
answers differ by the factors alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.errors import UsageError
from sim.experiment.execution import Answers
from sim.experiment.outputs import FACTOR, METRIC, UNIT, Sheet, points_sheet
from sim.measure.summary import luck_of
from sim.results.schema import Column, ends
from sim.scenario.resolve import Resolved
from sim.scenario.unknowns import Factor, LeftOut, point_of, settings
from sim.scenario.variants import Point
from sim.statistics.designs import morris_trajectories, saltelli, screen, variance_shares
from sim.streams import Stream, Streams

Dials = NDArray[np.float64]

MOST_DRAWS = 50
"""Most draws for each trajectory or base point wanted, to find a possible one."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One part of a design.

    Attributes
    ----------
    part
        ``ends``, ``morris`` or ``sobol``.
    factors
        Factors that are varied; the others keep their point values.
    points
        In the order of the design.
    amounts
        For each point the amounts of the factors that are not at their point value, by key.
    dials : shape (n_groups, n_in_group, n_dials)
        The design; empty for ``ends``.
    moved
        For ``morris``, as in ``Trajectories``.
    n_rejected
        Trajectories or base points that were drawn and not taken, since the scenario is not
        possible at one of their points.
    """

    part: str
    factors: tuple[Factor, ...]
    points: tuple[Point, ...]
    amounts: tuple[dict[str, tuple[float, ...]], ...]
    dials: Dials
    moved: NDArray[np.int64]
    n_rejected: int = 0


def ends_stage(resolved: Resolved, factors: Sequence[Factor]) -> Stage:
    """The scenario itself, then each factor of one dial at its low and at its high end."""
    settings_of: list[dict[str, tuple[float, ...]]] = [{}]
    points = [Point()]
    for factor in factors:
        if factor.n_dials == 1:
            for end in (factor.low, factor.high):
                settings_of.append({factor.key: (end,)})
                points.append(point_of(resolved, [(factor, (end,))]))
    nothing = np.empty((0, 0, 0))
    return Stage(
        "ends",
        tuple(factors),
        tuple(points),
        tuple(settings_of),
        nothing,
        np.empty((0, 0), np.int64),
    )


def morris_stage(
    resolved: Resolved, factors: Sequence[Factor], n_trajectories: int, root_seed: int
) -> Stage:
    """Morris trajectories over the ranges of all factors."""
    rng = Streams(root_seed, 0).generator(Stream.DESIGN, (0,))
    n_dials = [factor.n_dials for factor in factors]

    def draw(n: int) -> tuple[Dials, NDArray[np.int64]]:
        found = morris_trajectories(n, n_dials, rng)
        return found.dials, found.moved

    return _possible_stage("morris", resolved, factors, n_trajectories, draw)


def sobol_stage(
    resolved: Resolved, factors: Sequence[Factor], n_base: int, root_seed: int
) -> Stage:
    """Saltelli's base points over the ranges of all factors, and their crossings."""
    rng = Streams(root_seed, 0).generator(Stream.DESIGN, (1,))
    n_dials = [factor.n_dials for factor in factors]

    def draw(n: int) -> tuple[Dials, NDArray[np.int64]]:
        # A further draw has another scrambling of the sequence.
        return saltelli(n, n_dials, rng), np.zeros((n, 0), np.int64)

    return _possible_stage("sobol", resolved, factors, n_base, draw)


def _possible_stage(
    part: str,
    resolved: Resolved,
    factors: Sequence[Factor],
    n_wanted: int,
    draw: Callable[[int], tuple[Dials, NDArray[np.int64]]],
) -> Stage:
    """Draw groups of points until enough have only points at which the scenario is possible.

    Raises
    ------
    UsageError
        If there is no such group among ``MOST_DRAWS`` times as many.
    """
    points: list[Point] = []
    amounts: list[dict[str, tuple[float, ...]]] = []
    kept_dials: list[Dials] = []
    kept_moved: list[NDArray[np.int64]] = []
    n_drawn = 0
    while len(kept_dials) < n_wanted and n_drawn < MOST_DRAWS * n_wanted:
        dials, moved = draw(n_wanted if n_drawn == 0 else n_wanted - len(kept_dials))
        for group, steps in zip(dials, moved, strict=True):
            n_drawn += 1
            by_factor = settings(factors, group)
            rows = [
                {
                    factor.key: tuple(part[row].tolist())
                    for factor, part in zip(factors, by_factor, strict=True)
                }
                for row in range(len(group))
            ]
            found = [
                point_of(resolved, [(factor, row[factor.key]) for factor in factors])
                for row in rows
            ]
            if all(point.is_possible(resolved) for point in found):
                points += found
                amounts += rows
                kept_dials.append(group)
                kept_moved.append(steps)
    if not kept_dials:
        raise UsageError(
            f"{part}: expected settings of all factors at which the scenario can be, got none in "
            f"{n_drawn} draws: their ranges contradict each other"
        )
    return Stage(
        part,
        tuple(factors),
        tuple(points),
        tuple(amounts),
        np.array(kept_dials),
        np.array(kept_moved),
        n_drawn - len(kept_dials),
    )


_PART = Column.text("part", "ends, morris or sobol")
_LINE = (
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
    Column("n_trajectories", "integer", "trajectories", "Morris trajectories with all answers"),
    Column("first", "number", "share", "Share of variance by this one alone (Sobol' first order)"),
    *ends("first", "its 95 % BCa interval", "share"),
    Column("total", "number", "share", "Share of variance in which it has a part (total order)"),
    *ends("total", "its 95 % BCa interval", "share"),
    Column("n_base", "integer", "points", "Base points with all answers"),
)
_STAGE = (
    _PART,
    Column("n_points", "integer", "points", "Points that were run"),
    Column("n_groups", "integer", "groups", "Trajectories or base points; 0 for ends"),
    Column(
        "n_rejected",
        "integer",
        "groups",
        "Groups drawn and not taken: the scenario cannot be at one of their points",
    ),
    Column.text("factors", "Factors that moved, separated by blanks"),
)


@dataclass(frozen=True)
class Line:
    """Indices of one factor for one measure; the names are those of ``sensitivity.csv``."""

    metric: str
    unit: str
    factor: str
    factor_unit: str
    range: str
    n_dials: int
    given: float
    at_low: float
    at_high: float
    mu: float = np.nan
    mu_star: float = np.nan
    mu_star_low: float = np.nan
    mu_star_high: float = np.nan
    sigma: float = np.nan
    n_trajectories: int = 0
    first: float = np.nan
    first_low: float = np.nan
    first_high: float = np.nan
    total: float = np.nan
    total_low: float = np.nan
    total_high: float = np.nan
    n_base: int = 0

    @property
    def swing(self) -> float:
        """How far this factor moves the answer: over trajectories, or else between its ends."""
        if not np.isnan(self.mu_star):
            return self.mu_star
        ends = (self.at_low, self.at_high, self.given)
        return 0.0 if np.isnan(ends).any() else max(ends) - min(ends)


def judge(
    stages: Sequence[Stage], answers: Answers, metrics: Sequence[str], root_seed: int
) -> list[Line]:
    """Lines of all measures, for each the most influential factors first.

    Parameters
    ----------
    stages
        In the order in which their points were run; ``ends`` first.
    """
    lines: list[Line] = []
    for metric in metrics:
        value = answers.mean(metric)
        measure = answers.measures[answers.metrics.index(metric)]
        starts = np.cumsum([0, *(len(stage.points) for stage in stages)])
        parts = {
            stage.part: (stage, value[start : start + len(stage.points)])
            for stage, start in zip(stages, starts, strict=False)
        }
        found = _at_ends(*parts["ends"], metric, measure.unit)
        if "morris" in parts:
            found = _add_screening(found, *parts["morris"], root_seed)
        if "sobol" in parts:
            found = _add_shares(found, *parts["sobol"], root_seed)
        order = {line.factor: row for row, line in enumerate(found)}
        lines += sorted(
            found,
            key=lambda line: (
                -np.nan_to_num(line.total, nan=-1.0),
                -line.swing,
                order[line.factor],
            ),
        )
    return lines


def screened(lines: Sequence[Line], n_kept: int) -> list[str]:
    """Keys of the factors that matter most for the first measure."""
    first = [line for line in lines if line.metric == lines[0].metric]
    return [line.factor for line in sorted(first, key=lambda line: -line.swing)[:n_kept]]


def _at_ends(stage: Stage, value: NDArray[np.float64], metric: str, unit: str) -> list[Line]:
    row, found = 1, []
    for factor in stage.factors:
        low = high = np.nan
        if factor.n_dials == 1:
            low, high = float(value[row]), float(value[row + 1])
            row += 2
        found.append(
            Line(
                metric=metric,
                unit=unit,
                factor=factor.key,
                factor_unit=factor.unit,
                range=factor.range_text,
                n_dials=factor.n_dials,
                given=float(value[0]),
                at_low=low,
                at_high=high,
            )
        )
    return found


def _add_screening(
    lines: Sequence[Line], stage: Stage, value: NDArray[np.float64], root_seed: int
) -> list[Line]:
    n_dials = np.array([factor.n_dials for factor in stage.factors])
    rng = luck_of(root_seed)
    answers = value.reshape(-1, len(stage.factors) + 1)
    found = screen(answers, stage.dials, stage.moved, n_dials, rng)
    columns = {
        "mu": found.mu,
        "mu_star": found.mu_star,
        "mu_star_low": found.low,
        "mu_star_high": found.high,
        "sigma": found.sigma,
    }
    return _with_columns(lines, stage, columns, n_trajectories=found.n_trajectories)


def _add_shares(
    lines: Sequence[Line], stage: Stage, value: NDArray[np.float64], root_seed: int
) -> list[Line]:
    rng = luck_of(root_seed)
    found = variance_shares(value.reshape(-1, len(stage.factors) + 2), rng)
    names = ("first", "first_low", "first_high", "total", "total_low", "total_high")
    columns = {name: getattr(found, name) for name in names}
    return _with_columns(lines, stage, columns, n_base=found.n_base)


def _with_columns(
    lines: Sequence[Line], stage: Stage, columns: Mapping[str, NDArray[np.float64]], **more: Any
) -> list[Line]:
    """Lines with the indices of the factors that a stage varied; other lines stay as they are."""
    row_of = {factor.key: row for row, factor in enumerate(stage.factors)}
    found = []
    for line in lines:
        changed: dict[str, Any] = {}
        if line.factor in row_of:
            row = row_of[line.factor]
            changed = {name: float(column[row]) for name, column in columns.items()} | more
        found.append(replace(line, **changed))
    return found


def sheets_of(
    stages: Sequence[Stage],
    answers: Answers,
    lines: Sequence[Line],
    left_out: Sequence[LeftOut],
) -> list[Sheet]:
    """Tables ``sensitivity.csv``, ``stages.csv``, ``points.csv`` and ``left-out.csv``."""
    keys = [factor.key for factor in stages[0].factors]
    columns = (
        _PART,
        *(Column.text(key, f"{key}; missing at its point value") for key in keys),
    )
    points = [
        (stage.part, *(_amounts(amounts.get(key)) for key in keys))
        for stage in stages
        for amounts in stage.amounts
    ]
    names = [column.name for column in _LINE]
    rows = tuple(tuple(getattr(line, name) for name in names) for line in lines)
    out = tuple((one.key, one.why) for one in left_out)
    return [
        Sheet("sensitivity.csv", _LINE, rows, ("metric", "factor")),
        Sheet("stages.csv", _STAGE, tuple(_stage_row(stage) for stage in stages), ("part",)),
        points_sheet(columns, points, answers),
        Sheet(
            "left-out.csv",
            (
                Column.text("key", "Assumption that is not varied"),
                Column.text("why", "Why not"),
            ),
            out,
            ("key",),
        ),
    ]


def _stage_row(stage: Stage) -> tuple[object, ...]:
    keys = " ".join(factor.key for factor in stage.factors)
    return stage.part, len(stage.points), len(stage.dials), stage.n_rejected, keys


def _amounts(amounts: tuple[float, ...] | None) -> str | float | None:
    if amounts is None or len(amounts) == 1:
        return amounts[0] if amounts else None
    return " ".join(f"{amount:.6g}" for amount in amounts)
