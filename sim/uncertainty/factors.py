"""Factors of a sensitivity analysis: assumptions with a range, each as a dial from low to high.

In: a resolved scenario. Out: one factor per scenario key or table column that has a range, and how
a setting of the dials changes the scenario.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sim.experiment.plan import Point
from sim.scenario.changes import ColumnChange, is_whole
from sim.scenario.resolve import Resolved
from sim.scenario.tables.notes import Range
from sim.scenario.tables.seeds import Table
from sim.scenario.tree import Value

LOG_FROM = 10.0
"""A range whose high end is this many times its low end, or more, is dialled in its logarithm."""

DRAWN_ALREADY = "drawn over its ranges in every run; the money metrics carry it"
END_OF_RANGE = "an end of another column's range"

Scale = Literal["value", "times", "position"]


@dataclass(frozen=True)
class Factor:
    """One assumption that can be dialled through its range.

    Attributes
    ----------
    key
        Full path of a scenario key, or ``table.column``.
    unit
        Unit of the assumption.
    scale
        Meaning of amounts: the ``value`` of a key; a factor by which the cells of a column are
        multiplied (``times``); or a ``position`` between the low (-1) and the high end (1) of the
        range of each cell, 0 being the cell as given.
    low, given, high
        Ends of the range and what the scenario has, as amounts.
    range_text, why
        The range as text, and why it is this one.
    n_dials
        1, or one for each row where the cells of a column are parts of a whole: moving all of them
        alike would change nothing.
    is_whole
        Whether only whole numbers are taken.
    """

    key: str
    unit: str
    scale: Scale
    low: float
    given: float
    high: float
    range_text: str
    why: str
    n_dials: int = 1
    is_whole: bool = False

    @property
    def is_log(self) -> bool:
        """Whether the dial is even in the logarithm."""
        return self.low > 0 and (self.scale == "times" or self.high / self.low >= LOG_FROM)

    def amount(self, dial: NDArray[np.float64]) -> NDArray[np.float64]:
        """Amounts at settings from 0 (low end) to 1 (high end), even in value or its logarithm."""
        if self.is_whole:
            # Every whole number of the range has an equal part of the dial.
            ends = math.ceil(self.low), math.floor(self.high)
            whole = np.minimum(ends[0] + np.floor(dial * (ends[1] - ends[0] + 1)), ends[1])
            return np.asarray(whole)
        if self.is_log:
            amount = np.exp(math.log(self.low) + dial * math.log(self.high / self.low))
        else:
            amount = self.low + dial * (self.high - self.low)
        return np.asarray(np.clip(amount, self.low, self.high))

    def dial(self, amount: float) -> float:
        """Where in the range an amount stands: 0 at the low end, 1 at the high end."""
        if self.is_log:
            return math.log(amount / self.low) / math.log(self.high / self.low)
        return (amount - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class LeftOut:
    """An assumption with a range that is not varied, and why."""

    key: str
    why: str


def list_factors(resolved: Resolved) -> tuple[list[Factor], list[LeftOut]]:
    """All assumptions of a scenario that have a range, as factors or with the reason why not."""
    factors = [
        Factor(
            row.key,
            row.unit,
            "value",
            row.low,
            row.value,
            row.high,
            f"{row.low:g} to {row.high:g}",
            row.why,
            is_whole=is_whole(resolved.scenario, row.key),
        )
        for row in resolved.assumed
        if row.low < row.high
    ]
    factors += _noted_factors(resolved)
    left_out: list[LeftOut] = []
    money = {resolved.money_parameters.name, resolved.economy.name}
    for table in resolved.tables:
        if table.note is None:
            left_out.append(LeftOut(table.path.name, "a table without a source note has no ranges"))
            continue
        ends = {
            end
            for column in table.note.columns.values()
            if column.range and column.range.columns
            for end in column.range.columns
        }
        for name, column in table.note.columns.items():
            if column.kind != "assumption" or column.range is None:
                continue
            key = f"{table.name}.{name}"
            if table.name in money:
                left_out.append(LeftOut(key, DRAWN_ALREADY))
            elif name in ends:
                left_out.append(LeftOut(key, END_OF_RANGE))
            else:
                is_part = name in type(table.rows[0]).parts_of_column
                n_dials = len(table.rows) if is_part else 1
                why = " ".join(column.why.split())
                factors.append(_column_factor(key, column.unit, column.range, why, n_dials))
    return factors, left_out


def _noted_factors(resolved: Resolved) -> Iterator[Factor]:
    """Assumptions whose range is in the scenario's own provenance."""
    for key, note in resolved.scenario.provenance.items():
        given = value_at(resolved, key)
        if note.kind == "assumption" and note.range is not None and given is not None:
            low, high = note.range
            if low < high:
                why = " ".join(note.why.split())
                whole = is_whole(resolved.scenario, key)
                text = f"{low:g} to {high:g}"
                yield Factor(key, note.unit, "value", low, given, high, text, why, is_whole=whole)


def _column_factor(key: str, unit: str, interval: Range, why: str, n_dials: int) -> Factor:
    if interval.times is not None:
        low, high = interval.times
        return Factor(key, unit, "times", low, 1.0, high, f"x {low:g} to x {high:g}", why, n_dials)
    ends = interval.absolute or interval.columns or ()
    text = " to ".join(end if isinstance(end, str) else f"{end:g}" for end in ends)
    return Factor(key, unit, "position", -1.0, 0.0, 1.0, text, why, n_dials)


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
    ends = np.cumsum([factor.n_dials for factor in factors])
    parts = np.split(dials, ends[:-1], axis=1)
    return [factor.amount(part) for factor, part in zip(factors, parts, strict=True)]


def point_of(resolved: Resolved, amounts: Sequence[tuple[Factor, Sequence[float]]]) -> Point:
    """Return the changes of a scenario that set factors to given amounts."""
    keys: list[tuple[str, Value]] = []
    columns: list[ColumnChange] = []
    for factor, amount in amounts:
        if factor.scale == "value":
            keys.append((factor.key, int(amount[0]) if factor.is_whole else float(amount[0])))
            continue
        table, column = factor.key.rsplit(".", 1)
        low, high = _ends(resolved, table, column) if factor.scale == "position" else ((), ())
        moved = tuple(float(one) for one in amount)
        columns.append(ColumnChange(table, column, factor.scale, moved, low, high))
    return Point(tuple(keys), tuple(columns))


def _ends(
    resolved: Resolved, name: str, column: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Low and high end of the range of each cell of a column."""
    table: Table[Any] = next(table for table in resolved.tables if table.name == name)
    assert table.note is not None
    interval = table.note.columns[column].range
    assert interval is not None
    if interval.absolute is not None:
        low, high = interval.absolute
        n = len(table.rows)
        return (low,) * n, (high,) * n
    assert interval.columns is not None
    below, above = interval.columns
    return (
        tuple(float(getattr(row, below)) for row in table.rows),
        tuple(float(getattr(row, above)) for row in table.rows),
    )


def value_at(resolved: Resolved, key: str) -> float | None:
    """Number that a scenario key holds; None if it holds none."""
    node: object = resolved.scenario
    for part in key.split("."):
        node = getattr(node, "register_" if part == "register" else part, None)
    is_number = isinstance(node, int | float) and not isinstance(node, bool)
    return float(node) if is_number else None  # type: ignore[arg-type]
