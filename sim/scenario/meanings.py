"""What a key means, in a few words: of the scenario, or ``table.column``.

In: a key, and where its table lies. Out: the first clause of its documentation; the key's own words
where nothing says what it means.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from sim.scenario.schema import Scenario
from sim.scenario.tables.seeds import read_note


def meaning_of(key: str, table: Path | None) -> str:
    """Meaning of a key, without a capital at its beginning.

    Parameters
    ----------
    key
        Full path of a scenario key, or table and column.
    table
        Where the table of the key lies, with its note beside it; None where it is no table's.

    Raises
    ------
    DataError
        If the note of the table cannot be read.
    """
    column = key.rpartition(".")[2]
    note = None if table is None else read_note(table)
    if note is None:
        said = _documented(Scenario, key.split("."))
    else:
        said = note.columns[column].meaning if column in note.columns else ""
    for end in (". ", "; ", ": "):
        said = said.partition(end)[0]
    said = said.strip(" .")
    return said[:1].lower() + said[1:] if said else column.replace("_", " ")


def _documented(model: Any, parts: list[str]) -> str:
    """Documentation of a key of the scenario; of a union, of the first part that has the key."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return next((said for one in get_args(model) if (said := _documented(one, parts))), "")
    field = model.model_fields.get(parts[0])
    if field is None:
        return ""
    if len(parts) == 1:
        return field.description or ""
    return _documented(field.annotation, parts[1:])
