"""A resolved scenario with other values: keys of the scenario, or columns of its tables.

In: a resolved scenario and what is to differ. Out: another resolved scenario, checked as if it had
been read with these values. Nothing is read again, and nothing is written back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ValidationError

from sim.errors import DataError, Problem, ProblemsError
from sim.scenario.countries import take_pack
from sim.scenario.load import LoadedScenario, assume, validate
from sim.scenario.model import kinds_of
from sim.scenario.overrides import OFF, override_text, set_value
from sim.scenario.refusal import row_problems
from sim.scenario.resolve import Resolved, checked, read_tables, resolve
from sim.scenario.schema import Scenario
from sim.scenario.tables.seeds import Row, Table
from sim.scenario.tree import Place, Value

FINER = 100
"""Relative weights that are whole numbers are multiplied by this, so that rounding is small."""


@dataclass(frozen=True)
class ColumnChange:
    """Another course of one table column.

    Attributes
    ----------
    table, column
        Which, by the table's name in the scenario.
    kind
        ``times`` multiplies the cells; ``position`` moves them towards the ends of their range.
    amounts
        One for all rows, or one for each: a factor above 0, or a position from -1 (the low end)
        by 0 (as it stands) to 1 (the high end).
    low, high
        Ends of the range for each row, for ``position``; empty for ``times``.

    Notes
    -----
    Shares that are parts of a whole are divided by their new total, so that they still sum to 1.
    Whole numbers are rounded, but not to zero.
    """

    table: str
    column: str
    kind: Literal["times", "position"]
    amounts: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()


def change(
    resolved: Resolved, keys: Mapping[str, Value | None], columns: Sequence[ColumnChange] = ()
) -> Resolved:
    """Return the scenario with other values.

    Parameters
    ----------
    keys
        Values by full key path, as ``--set`` would give them; None for ``off``.
    columns
        Changes of table columns, each column once.

    Raises
    ------
    ScenarioError
        With everything that the scenario's keys may not be.
    DataError
        With everything that the tables may not hold, or not hold together.
    """
    if not columns:
        return resolve(_with_keys(resolved, keys), known=resolved) if keys else resolved
    changed = read_tables(_with_keys(resolved, keys), known=resolved) if keys else resolved
    by_table: dict[str, list[ColumnChange]] = {}
    for one in columns:
        by_table.setdefault(one.table, []).append(one)
    tables: dict[str, Any] = {
        column.name: _with_columns(table, by_table[table.name])
        for column in fields(changed)
        if isinstance(table := getattr(changed, column.name), Table) and table.name in by_table
    }
    return checked(replace(changed, **tables))


@dataclass(frozen=True)
class Point:
    """How the scenario is changed at one point of a design.

    Attributes
    ----------
    keys
        Scenario keys by full path, with their values.
    columns
        Changes of table columns.
    """

    keys: tuple[tuple[str, Value], ...] = ()
    columns: tuple[ColumnChange, ...] = ()

    def change(self, resolved: Resolved) -> Resolved:
        """Return the scenario at this point.

        Raises
        ------
        ScenarioError, DataError
            With everything that makes it impossible.
        """
        return change(resolved, dict(self.keys), self.columns)

    def is_possible(self, resolved: Resolved) -> bool:
        """Whether the scenario is possible at this point."""
        try:
            self.change(resolved)
        except ProblemsError:
            return False
        return True


def is_whole(scenario: Scenario, key: str) -> bool:
    """Whether a scenario key takes whole numbers only; False where there is no such key."""
    node: BaseModel | type[BaseModel] | None = scenario
    annotation: Any = None
    for part in key.split("."):
        if node is None:
            return False
        fields_of = (node if isinstance(node, type) else type(node)).model_fields
        names = {field.alias or name: name for name, field in fields_of.items()}
        if part not in names:
            return False
        annotation = fields_of[names[part]].annotation
        below = getattr(node, names[part], None) if isinstance(node, BaseModel) else None
        if not isinstance(below, BaseModel):
            # A section that the scenario leaves out is known by its type alone.
            below = next((k for k in kinds_of(annotation) if issubclass(k, BaseModel)), None)
        node = below
    return int in kinds_of(annotation)


def _with_keys(resolved: Resolved, keys: Mapping[str, Value | None]) -> LoadedScenario:
    loaded = resolved.loaded
    document = loaded.document.copied()
    texts = [override_text(key, value) for key, value in keys.items()]
    for (key, value), text in zip(keys.items(), texts, strict=True):
        set_value(document, tuple(key.split(".")), OFF if value is None else value, Place(text))
    take_pack(document)
    assumed = assume(document)
    return replace(
        loaded,
        scenario=validate(document),
        document=document,
        overrides=(*loaded.overrides, *texts),
        assumed=assumed,
    )


def _with_columns(table: Table[Any], changes: Sequence[ColumnChange]) -> Table[Any]:
    """Rows with moved cells, each validated as if it had been read."""
    cells = {one.column: _moved(one, _column(table, one.column)) for one in changes}
    model = type(table.rows[0])
    for name in set(model.parts_of_column) & set(cells):
        before = _column(table, name)
        if math.isclose(before.sum(), 1, rel_tol=1e-6):
            cells[name] /= cells[name].sum()
        elif _is_whole(table, name):
            cells[name] *= FINER
    if set(model.parts_of_row) & set(cells):
        shares = {name: cells.get(name, _column(table, name)) for name in model.parts_of_row}
        total = np.sum(list(shares.values()), axis=0)
        cells |= {name: share / total for name, share in shares.items()}
    rows: list[Row] = []
    problems: list[Problem] = []
    for number, row in enumerate(table.rows):
        update = {
            name: _rounded(float(value[number]), int(getattr(row, name)))
            if _is_whole(table, name)
            else float(value[number])
            for name, value in cells.items()
            # What a row does not have stays away.
            if getattr(row, name) is not None
        }
        try:
            rows.append(type(row).model_validate(row.model_dump(by_alias=True) | update))
        except ValidationError as error:
            problems += row_problems(error.errors(), str(table.path), table.lines[number])
    if problems:
        raise DataError(problems)
    return replace(table, rows=tuple(rows))


def _moved(change: ColumnChange, cells: NDArray[np.float64]) -> NDArray[np.float64]:
    amounts = np.array(change.amounts)
    if change.kind == "times":
        return np.asarray(cells * amounts)
    low, high = np.array(change.low), np.array(change.high)
    moved = cells + np.where(amounts < 0, cells - low, high - cells) * amounts
    # At the ends stands the end itself, without the rounding of the sum.
    return np.asarray(np.select([amounts <= -1, amounts >= 1], [low, high], moved))


def _rounded(value: float, before: int) -> int:
    """Nearest whole number; what there was at least one of does not vanish by rounding."""
    return max(round(value), min(before, 1)) if value > 0 else round(value)


def _column(table: Table[Any], name: str) -> NDArray[np.float64]:
    return np.array([getattr(row, name) for row in table.rows], dtype=float)


def _is_whole(table: Table[Any], name: str) -> bool:
    return int in kinds_of(type(table.rows[0]).model_fields[name].annotation)
