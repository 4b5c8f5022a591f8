"""A resolved scenario with other values: keys of the scenario, or columns of its tables.

In: a resolved scenario and what is to differ. Out: another resolved scenario, checked as if it had
been read with these values. Nothing is read again, and nothing is written back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pydantic import BaseModel

from sim.errors import ProblemsError
from sim.scenario.countries import take_pack
from sim.scenario.load import LoadedScenario, assume, validate
from sim.scenario.model import kinds_of
from sim.scenario.overrides import OFF, override_text, set_value
from sim.scenario.resolve import Resolved, checked, read_tables, resolve
from sim.scenario.schema import Scenario
from sim.scenario.tables.columns import ColumnChange, with_columns
from sim.scenario.tables.seeds import Table
from sim.scenario.tree import Place, Value


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
        column.name: with_columns(table, by_table[table.name])
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
