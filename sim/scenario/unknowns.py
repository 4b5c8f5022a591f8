"""Uncertain inputs of a scenario: assumptions with a range, each as a dial from low to high."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.scenario.document import Value
from sim.scenario.resolve import Resolved
from sim.scenario.tables.column_changes import ColumnChange
from sim.scenario.tables.rows import assumed_by_key
from sim.scenario.tables.seeds import ColumnNote, Distribution, Nature, Range, Table
from sim.scenario.variants import Point, is_whole

LOG_FROM = 10.0
"""A range whose high end is this many times its low end, or more, is drawn in its logarithm unless
its row says otherwise: all orders of magnitude are then equally likely."""

DRAWN_ALREADY = "drawn over its ranges in every run; the money metrics carry it"
END_OF_RANGE = "an end of another column's range"
ONE_REVENUE = "revenue_level of the money parameters is the same uncertainty, drawn in every run"
SET = "set for this run"
CONDITIONS = "a window of the evidence: simulations are kept by it, and none draws it"
NATURES: Mapping[str, str] = {
    "definition": "a definition: what a word means is not unknown",
    "computation": "a matter of computation",
    "choice": "a choice of the scenario",
}
"""Why an assumption of another nature than unknown is not varied."""

AT_MOST: tuple[tuple[str, str, Callable[[float], float]], ...] = (
    (
        "population.share_components_domestic",
        "population.share_components_at_home",
        lambda at_home: 1 - at_home,
    ),
    ("fronts.n_known", "fronts.n_fronts", lambda n_fronts: n_fronts),
)
"""Unknowns that another one bounds: the first is drawn from what the second leaves it."""

Scale = Literal["value", "times", "position"]


@dataclass(frozen=True)
class Factor:
    """One assumption that can be dialled through its range."""

    key: str
    """Full path of a scenario key, or ``table.column``."""
    unit: str
    """Unit of the assumption."""
    scale: Scale
    """Meaning of amounts: the ``value`` of a key; a factor by which the cells of a column are
    multiplied (``times``); or a ``position`` between the low (-1) and the high end (1) of the range
    of each cell; 0 is the value of the table."""
    low: float
    given: float
    high: float
    """Ends of the range and what the scenario has, as amounts."""
    range_text: str
    why: str
    """The range as text, and why it is this one."""
    n_dials: int = 1
    """1, or one for each row where the cells of a column are parts of a whole: moving all of them
    alike would change nothing."""
    is_whole: bool = False
    """Whether only whole numbers are taken."""
    stated: Distribution | None = None
    """Distribution over the range, where its row states one."""
    nature: Nature = "unknown"
    """Its nature; only unknown values are varied, unless one is asked for by name."""

    @property
    def distribution(self) -> Distribution:
        """How it is drawn: as stated, else by the width of the range."""
        if self.stated is not None:
            return self.stated
        is_wide = self.low > 0 and (self.scale == "times" or self.high / self.low >= LOG_FROM)
        return "log-uniform" if is_wide else "uniform"

    def amount(self, dial: NDArray[np.float64]) -> NDArray[np.float64]:
        """Quantiles of the distribution at settings from 0 (low end) to 1 (high end).

        Every whole number has the part of the dial that is nearer to it than to others; the numbers
        of a uniform range have equal parts.
        """
        low, high = self.low, self.high
        if self.is_whole:
            low, high = math.ceil(low) - 0.5, math.floor(high) + 0.5
        if self.distribution == "log-uniform":
            first, last = np.log([low, high]).tolist()
            amount = np.exp(first + dial * (last - first))
        else:
            amount = low + dial * (high - low)
        if self.is_whole:
            amount = np.minimum(np.floor(amount + 0.5), math.floor(self.high))
        return np.asarray(np.clip(amount, self.low, self.high))


@dataclass(frozen=True)
class LeftOut:
    """An assumption with a range that is not varied, and why."""

    key: str
    why: str


def list_factors(resolved: Resolved) -> tuple[list[Factor], list[LeftOut]]:
    """All that a scenario does not know, as factors, and the other assumptions with a range."""
    found, left_out = list_ranges(resolved)
    factors = [one for one in found if one.nature == "unknown"]
    others = [LeftOut(one.key, NATURES[one.nature]) for one in found if one.nature != "unknown"]
    return factors, [*others, *left_out]


def list_ranges(resolved: Resolved) -> tuple[list[Factor], list[LeftOut]]:
    """All assumptions of a scenario that have a range, as factors or with the reason why not."""
    factors: list[Factor] = []
    known = assumed_by_key()

    def add(key: str, unit: str, ends: tuple[float, float, float], why: str, **more: Any) -> None:
        if ends[0] < ends[2]:
            text = f"{ends[0]:g} to {ends[2]:g}"
            more["is_whole"] = is_whole(key)
            factors.append(Factor(key, unit, "value", *ends, text, " ".join(why.split()), **more))

    for row in resolved.assumed:
        more = {"stated": row.distribution or None, "nature": row.nature}
        add(row.key, row.unit, (row.low, row.value, row.high), row.why, **more)
    for key, note in resolved.scenario.provenance.items():
        given = value_at(resolved, key)
        # What is computed from what was published is as uncertain as its range says.
        if note.kind in {"assumption", "derived"} and note.range is not None and given is not None:
            # What a key is does not depend on which scenario says its value.
            nature = known[key].nature if key in known else note.nature
            more = {"stated": note.distribution, "nature": nature}
            ends = note.range[0], given, note.range[1]
            add(key, note.unit, ends, note.why or note.formula, **more)
    left_out = [
        LeftOut(f"evidence.{piece.id}", CONDITIONS)
        for piece in resolved.scenario.evidence or ()
        if piece.kind == "assumption"
    ]
    for table in resolved.tables:
        columns, none = _column_factors(resolved, table)
        factors += columns
        left_out += none
    return factors, left_out


def _column_factors(resolved: Resolved, table: Table[Any]) -> tuple[list[Factor], list[LeftOut]]:
    """Factors among the columns of a table."""
    if table.note is None:
        return [], [LeftOut(table.path.name, "a table without a source note has no ranges")]
    factors: list[Factor] = []
    left_out: list[LeftOut] = []
    money = {one.name for one in (resolved.money_parameters, resolved.economy) if one}
    for name, column in table.note.columns.items():
        if column.kind != "assumption" or column.range is None:
            continue
        key = f"{table.name}.{name}"
        if name in table.set_columns:
            left_out.append(LeftOut(key, SET))
        elif table.name in money:
            left_out.append(LeftOut(key, DRAWN_ALREADY))
        elif name in table.note.bounds:
            left_out.append(LeftOut(key, END_OF_RANGE))
        elif name in ("revenue_median_usd_per_h", "usd_per_visit"):
            left_out.append(LeftOut(key, ONE_REVENUE))
        else:
            n_dials = len(table.rows) if (name in type(table.rows[0]).parts_of_column) else 1
            factors.append(_column_factor(key, column, column.range, n_dials))
    return factors, left_out


def _column_factor(key: str, column: ColumnNote, interval: Range, n_dials: int) -> Factor:
    why, more = " ".join(column.why.split()), (n_dials, False, column.distribution, column.nature)
    if interval.times is not None:
        low, high = interval.times
        text = f"x {low:g} to x {high:g}"
        return Factor(key, column.unit, "times", low, 1.0, high, text, why, *more)
    ends = interval.absolute or interval.columns or ()
    text = " to ".join(end if isinstance(end, str) else f"{end:g}" for end in ends)
    return Factor(key, column.unit, "position", -1.0, 0.0, 1.0, text, why, *more)


def joint_amounts(
    resolved: Resolved, factors: Sequence[Factor], dials: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Amounts of each factor as of `settings`, where some bound others (``AT_MOST``)."""
    amounts = settings(factors, dials)
    row_of = {factor.key: row for row, factor in enumerate(factors)}
    for key, other, limit_of in AT_MOST:
        if (row := row_of.get(key)) is None:
            continue
        factor, dial = factors[row], _parts(factors, dials)[row]
        bounds = [value_at(resolved, other)] * len(dials)
        if other in row_of:
            bounds = amounts[row_of[other]][:, 0].tolist()
        for point, bound in enumerate(bounds):
            if bound is not None and (high := limit_of(bound)) < factor.high:
                bounded = replace(factor, high=max(high, factor.low))
                amounts[row][point] = bounded.amount(dial[point])
    return amounts


def settings(factors: Sequence[Factor], dials: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Amounts of each factor at points of the unit cube.

    Parameters
    ----------
    dials : shape (n_points, n_dials)
        Columns in the order of the factors, those of one factor side by side.

    Returns
    -------
    amounts
        For each factor, shape (n_points, factor.n_dials).
    """
    return [one.amount(part) for one, part in zip(factors, _parts(factors, dials), strict=True)]


def _parts(factors: Sequence[Factor], dials: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return np.split(dials, np.cumsum([factor.n_dials for factor in factors])[:-1], axis=1)


def point_of(amounts: Sequence[tuple[Factor, Sequence[float]]]) -> Point:
    """Return the changes of a scenario that set factors to given amounts."""
    keys: list[tuple[str, Value]] = []
    columns: list[ColumnChange] = []
    for factor, amount in amounts:
        if factor.scale == "value":
            keys.append((factor.key, int(amount[0]) if factor.is_whole else float(amount[0])))
        else:
            table, column = factor.key.rsplit(".", 1)
            columns.append(ColumnChange(table, column, tuple(map(float, amount))))
    return Point(tuple(keys), tuple(columns))


def value_at(resolved: Resolved, key: str) -> float | None:
    """Number that a scenario key holds; None if it holds none."""
    node: object = resolved.scenario
    for part in key.split("."):
        node = getattr(node, "register_" if part == "register" else part, None)
    is_number = isinstance(node, int | float) and not isinstance(node, bool)
    return float(node) if is_number else None  # type: ignore[arg-type]
