"""The page ``docs/reference/tables.md``: the columns of every table that a scenario may name.

In: the rows that each key of a scenario asks for, and a shipped table of each kind with its note.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from sim.scenario.library import shipped
from sim.scenario.overrides import INDEX
from sim.scenario.resolve import ROWS_OF
from sim.scenario.tables.rows import AssumptionRow, PackRow
from sim.scenario.tables.seeds import ColumnNote, Row, SourceNote, note_path, read_note
from tools.scenario_page import plain

_HEAD = """\
# Tables

Every table that a scenario may name, made from the declarations of their rows by
`python -m tools.reference`.

- A table is a CSV file in UTF-8 with a header line. A scenario names a shipped one (`seeds/`)
  without an ending, and one of its own by a path that ends in `.csv` and starts from the scenario's
  folder. Columns have any sequence. Columns that are not required may be absent or empty. Unknown
  columns are refused.
- A note `NAME.source.yaml` in the same folder has sources, units and ranges
  ([how to](../how-to/say-what-numbers-rest-on.md)).
- *Range* is what the simulations of an ensemble draw from: `x` multiplies all cells. Without a
  distribution, a factor and a range of 10 times or more are drawn log-uniform, others uniform.
- Times carry an offset (`2018-04-16T00:00+03:00`), shares are numbers in [0, 1], prefixes are of
  either family.
- A file of addresses (`strategy.addresses`, `addresses` of an order) and an inventory
  (`population.inventory`) may have any [format that is read](imports.md).

Units, meanings and ranges are those of the example.
"""
NOTES = ("source", "date", "kind", "why")
"""Columns for readers."""
EXAMPLES = {
    "target.prefixes": "telegram-prefixes-2018",
    "providers.prefixes": "provider-prefixes-2018",
    "providers.shared": "shared-proxy-2024",
    "register.cadence": "register-cadence-2018",
    "operators.groups": "operators-spain-2026",
    "population.sectors": "sectors-europe",
    "population.revenue_per_visit": "revenue-per-visit",
    "population.demand_profiles": "demand-profiles",
    "population.hosting": "hosting-choice-europe",
    "population.components": "components-2018",
    "population.services": "services-europe-2018",
    "names.census": "hosting-concentration",
    "names.kinds": "names-assumptions",
    "names.sharing": "sharing-2018",
    "names.parked": "parked-names",
    "money.parameters": "money-parameters",
    "money.economy": "economy-spain-2026",
    "money.rates": "exchange-rates",
    "strategy.orders": "austria-2022-orders",
    "strategy.table": "samples/orders.csv",
    "strategy.allowed": "allow-list-russia-2025",
    "strategy.sessions": "spain-sessions-2025-26",
    "fronts.pools": "front-pools-2018",
    "stances.events": "stances-2018",
    "reactions.responses": "responses-2018",
    "censor.exempt": "exempt-shared-2018",
    "censor.pressure_events": "pressure-events-2018",
    "published.totals": "telegram-2018-published-totals",
    "published.figures": "article-figures",
}
"""A shipped table of each kind, by the key that names one."""


def tables_page() -> str:
    """Return the page as Markdown."""
    kinds: list[tuple[str, type[Row], str]] = [
        *((f"`{key}`", model, EXAMPLES.get(key, "")) for key, model in ROWS_OF.items()),
        ("The index of country packs", PackRow, INDEX),
        ("Assumed values", AssumptionRow, "assumptions"),
    ]
    return _HEAD + "".join("\n".join(_section(*kind)) + "\n" for kind in kinds)


def _section(title: str, model: type[Row], example: str) -> Iterator[str]:
    first, note = _example(example) if example else ({}, None)
    doc = (model.__doc__ or "").split("\n")[0]
    shown = f" Example: `{example}`." if example else ""
    yield f"\n## {title}\n\nA row: {doc[0].lower()}{doc[1:]}{shown}\n"
    schema = model.model_json_schema(by_alias=True)
    for name, node in schema["properties"].items():
        if name in NOTES:
            continue
        need = ", **required**" if name in schema.get("required", []) else ""
        column = note.columns.get(name) if note is not None else None
        unit, meaning = (
            (column.unit, column.meaning) if column else ("", str(node.get("description", "")))
        )
        kind = _values(node)
        kind += f", {unit}" if unit and unit not in ("text", kind) else ""
        parts = [" ".join(meaning.split()).rstrip(".") + ".", _range(column)]
        if need and first.get(name) and kind.startswith("text"):
            parts.append(f"Such as {_shown(first[name])}.")
        yield f"- `{name}` ({kind}{need}): {' '.join(filter(None, parts))}"
    if notes := [f"`{name}`" for name in NOTES if name in schema["properties"]]:
        yield f"- {', '.join(notes)}: what the row rests on."


def _range(column: ColumnNote | None) -> str:
    """Range that an ensemble draws a column from, and how."""
    if column is None or column.range is None:
        return ""
    ((kind, pair),) = column.range.model_dump(exclude_none=True).items()
    if kind == "columns":
        return f"Range: `{pair[0]}` to `{pair[1]}`."
    ends = " to ".join(plain(number) for number in pair)
    drawn = f", {column.distribution}" if column.distribution else ""
    return f"Range: {'x ' if kind == 'times' else ''}{ends}{drawn}."


def _example(name: str) -> tuple[dict[str, str], SourceNote | None]:
    """First row of a shipped table, or of a sample, and its note."""
    is_sample = name.endswith(".csv")
    folder = shipped("samples" if is_sample else "seeds")
    path = folder / (name.removeprefix("samples/") if is_sample else f"{name}.csv")
    text = path.read_text(encoding="utf-8")
    note = read_note(path) if note_path(path).exists() else None
    return next(csv.DictReader(io.StringIO(text))), note


def _values(node: dict[str, Any]) -> str:
    """Say what a cell may hold."""
    options = [option for option in node.get("anyOf", [node]) if option.get("type") != "null"]
    words = [_of_type(option) for option in options]
    return " or ".join(dict.fromkeys(filter(None, words)))


def _of_type(node: dict[str, Any]) -> str:
    if "enum" in node:
        return ", ".join(f"`{word}`" for word in node["enum"] if word)
    if "const" in node:
        return f"`{node['const']}`" if node["const"] else ""
    if node.get("type") == "array":
        return "several, between spaces or commas"
    if node.get("format") == "prefix":
        return "prefix"
    if node.get("description") == "ISO 8601 with offset":
        return "date and time with offset"
    if node.get("type") not in ("integer", "number"):
        return "text"
    what = "whole number" if node["type"] == "integer" else "number"
    ends = [
        f"{sign} {node[key]:g}"
        for key, sign in (
            ("minimum", ">="),
            ("exclusiveMinimum", ">"),
            ("maximum", "<="),
            ("exclusiveMaximum", "<"),
        )
        if key in node
    ]
    return " ".join([what, *ends])


def _shown(text: str) -> str:
    """An example, no longer than a cell should be."""
    if not text:
        return ""
    return f"`{text if len(text) <= 40 else f'{text[:39]}…'}`"
