"""Values set over those of a scenario file: merged, replaced, or switched off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from types import NoneType
from typing import Any

from pydantic import BaseModel

from sim.errors import Problem, ProblemsError, ScenarioError
from sim.scenario import quantities
from sim.scenario.document import Document, NodePath, Place, Value, format_path, parse_scalar
from sim.scenario.library import table_names
from sim.scenario.schema import Scenario
from sim.scenario.tables.column_changes import ColumnChange
from sim.scenario.tables.rows import PackRow, RateRow
from sim.scenario.tables.seeds import Table, read_shipped

OFF = "off"
"""Takes away a section, or a single key, that a scenario may leave out."""


def override(document: Document, text: str) -> ColumnChange | None:
    """Set ``key.path=value``, or read ``table.column=amount``, as of the command line.

    What is wrong with it is added to the problems of the document.
    """
    origin = f"--set {text}"
    key, separator, written = (part.strip() for part in text.partition("="))
    path = tuple(key.split("."))
    table, _, column = key.rpartition(".")
    try:
        # A column of a shipped table: one's own is edited.
        if separator and column and path[0] not in Scenario.model_fields and table in table_names():
            if (amount := quantities.finite_number(written)) is None:
                raise ScenarioError([Problem(origin, f"expected a number, got {written!r}")])
            return ColumnChange(table, column, (amount,), origin)
        if separator and all(path):
            set_value(document, path, parse_scalar(written, origin), Place(origin))
        else:
            document.problems.append(Problem(origin, "expected key.path=value"))
    except ProblemsError as error:
        document.problems += [Problem(origin, one.message, key=key) for one in error.problems]
    return None


def override_text(key: str, value: Any) -> str:
    """Write a value from Python as ``key.path=value``; None switches off."""
    if value is None:
        return f"{key}={OFF}"
    if isinstance(value, bool | dict | list | tuple):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return f"{key}={value}"


def split_at_commas(text: str) -> Iterator[str]:
    """Split at commas outside brackets."""
    depth, start = 0, 0
    for position, letter in enumerate(text):
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0:
            yield text[start:position]
            start = position + 1
    yield text[start:]


def parse_parameters(text: str, origin: str, taken: str = "") -> dict[str, Value]:
    """Read ``parameter=value,…``.

    Parameters
    ----------
    taken
        Name that is given already.

    Raises
    ------
    ScenarioError
        With all that is wrong with any of them.
    """
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    for pair in split_at_commas(text):
        key, separator, value = (part.strip() for part in pair.partition("="))
        if not separator or not key or key in (*values, taken):
            message = f"expected parameter=value once for each, got {quantities.describe(pair)}"
            problems.append(Problem(origin, message))
            continue
        try:
            values[key] = parse_scalar(value, origin)
        except ProblemsError as error:
            problems += [Problem(origin, one.message, key=key) for one in error.problems]
    ScenarioError.raise_any(problems)
    return values


def set_value(document: Document, path: tuple[str, ...], value: Value, place: Place) -> None:
    """Set a value over what the document holds.

    A mapping is merged into the one that stands there, unless it names another ``id`` and so
    another thing. Everything else, lists too, takes the place of what stood there, and ``off``
    takes away what may be absent.

    Raises
    ------
    ScenarioError
        If a single value stands where a mapping is needed.
    """
    if isinstance(value, dict):
        stands = value_at(document, path)
        if not isinstance(stands, dict) or value.get("id", stands.get("id")) != stands.get("id"):
            put_value(document, path, {}, place)
            document.replaced.add(path)
        for key, inner in value.items():
            set_value(document, (*path, key), inner, place)
    elif value == OFF and _may_be_absent(path):
        above = value_at(document, path[:-1])
        if isinstance(above, dict):
            above.pop(path[-1], None)
        document.forget(path)
        document.replaced.add(path)
    elif value == OFF and _sections_at(path):
        message = (
            "expected a mapping of keys, got 'off': where this section is left out its defaults "
            "hold, so that it cannot be switched off"
        )
        raise ScenarioError([Problem(place.file, message)])
    else:
        put_value(document, path, value, place)
        document.replaced.add(path)


def put_value(document: Document, path: tuple[str, ...], value: Value, place: Place) -> None:
    """Place a value in the tree, making the mappings above it where there are none.

    Raises
    ------
    ScenarioError
        If a single value stands where a mapping is needed.
    """
    node = document.tree
    for depth, part in enumerate(path[:-1], 1):
        if part not in node:
            node[part] = {}
            document.places[path[:depth]] = document.key_places[path[:depth]] = place
        inner = node[part]
        if not isinstance(inner, dict):
            above = format_path(path[:depth])
            message = f"expected a mapping of keys at {above}, got a single value"
            raise ScenarioError([Problem(place.file, message)])
        node = inner
    if document.refused or isinstance(node.get(path[-1]), dict | list):
        # Else nothing is below it, and its own place is written here.
        document.forget(path)
    node[path[-1]] = value
    document.places[path] = document.key_places[path] = place


def value_at(document: Document, path: NodePath) -> Value | None:
    """Value that stands at a path; None where there is none."""
    node: Value = document.tree
    for part in path:
        if not isinstance(node, dict) or part not in node:
            return None
        node = node[str(part)]
    return node


def _may_be_absent(path: tuple[str, ...]) -> bool:
    """Whether a scenario may leave a key out, and then has no such value, or a section of none."""
    return any(
        NoneType in quantities.kinds_of(field.annotation)
        for field in quantities.fields_at(Scenario, path)
    ) or any(
        not any(field.is_required() for field in kind.model_fields.values())
        and not any(vars(kind()).values())
        for kind in _sections_at(path)
    )


def _sections_at(path: tuple[str, ...]) -> list[type[BaseModel]]:
    """Sections that a scenario may leave out, at a path."""
    return [
        kind
        for field in quantities.fields_at(Scenario, path)
        if not field.is_required()
        for kind in quantities.kinds_of(field.annotation)
        if issubclass(kind, BaseModel)
    ]


INDEX = "country-packs"
ELSEWHERE = "ZZ"
"""Stands in the index for every country without a pack (ISO 3166 leaves it to users)."""
IANA, ISO_4217 = "IANA time zone database, zone.tab", "ISO 4217, by the CLDR"
"""Sources of time zone and currency of a country without a pack."""


def read_packs() -> Table[PackRow]:
    """Read the index of packs."""
    return read_shipped(INDEX, PackRow)


def countries() -> list[str]:
    """Countries that have a pack, sorted."""
    return sorted({row.country for row in read_packs().rows} - {ELSEWHERE})


def pack_name(country: str) -> str:
    """Country of the pack that a country takes: its own, or that of all without one."""
    return country if country in countries() else ELSEWHERE


def pack_of(country: str, year: int) -> dict[str, tuple[str, int]]:
    """Values of the pack that a country takes for a run that starts in a year, with their lines.

    Of several packs it is the latest that is not of a later year, else the earliest.
    """
    table, name = read_packs(), pack_name(country)
    of = nearest((row.of for row in table.rows if row.country == name), year)
    return {
        row.key: (row.value, line)
        for row, line in zip(table.rows, table.lines, strict=True)
        if (row.country, row.of) == (name, of)
    }


def nearest(years: Iterable[int], year: int) -> int:
    """The latest of some years that is not after a given one, else the earliest."""
    ascending = sorted(years)
    return max((of for of in ascending if of <= year), default=ascending[0])


def rate_at(rows: Iterable[RateRow], currency: str | None, year: int) -> RateRow | None:
    """The row of a currency for a year; None where there is none."""
    mine = {row.of: row for row in rows if row.currency == currency}
    return mine[nearest(mine, year)] if mine else None


def take_pack(document: Document) -> None:
    """Fill in the keys left out: from the pack of its country, then its zone and currency.

    A country with several time zones has none filled in.
    """
    country, start = document.tree.get("country"), document.tree.get("start")
    begins = re.match(r"\d{4}", start) if isinstance(start, str) else None
    if not isinstance(country, str) or begins is None:
        return
    year, file = int(begins[0]), str(read_packs().path)
    pack = pack_of(country, year)
    for key, (value, line) in pack.items():
        fill_in(document, key, value, Place(file, line, 1))
    if "time_zone" not in pack and len(zones := quantities.zones_of(country, year)) == 1:
        fill_in(document, "time_zone", zones[0][0], Place(IANA))
    if "money.currency" not in pack and (currencies := quantities.currencies_of(country, year)):
        fill_in(document, "money.currency", currencies[0], Place(ISO_4217))


def fill_in(document: Document, key: str, value: Value, place: Place) -> bool:
    """Fill in a value from a table for a key left out; whether what stands there is of the table.

    What was switched off stays off.
    """
    path = tuple(key.split("."))
    is_there = path[0] in document.tree
    above = value_at(document, path[:-1]) if is_there else {}
    is_off = path in document.replaced or (not is_there and path[:1] in document.replaced)
    is_free = isinstance(above, dict) and path[-1] not in above and not is_off
    if not is_free and document.locate(path).file != place.file:
        return False
    put_value(document, path, value, place)
    return True
