"""Keys of the scenario language: their page, and the symbols that they have in equations.

In: the schema, the assumption table and ``docs/reference/symbols.csv``. Out: Markdown.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import NoneType
from typing import Any

from sim.scenario.load import FRONTS, NEEDS
from sim.scenario.quantities import INSTANT_PATTERN, TABLE_FORMAT, TIME_OF_DAY_PATTERN, kinds_of
from sim.scenario.schema import Scenario
from sim.scenario.strategies import DECLARED, LIST_FORMAT, MOMENT_FORMAT, Chase, Own
from sim.scenario.tables.rows import CURRENCY, AssumptionRow, assumed_by_key, read_assumptions
from sim.scenario.tables.seeds import COUNTRY

EXPLAINED = ("model", "strategies")
"""Pages whose sections carry a list of their symbols."""
_NAMES = {"strategy.id", "strategy.file", "strategy.rule", "strategy.values"}
"""Keys of a strategy that name something, and set no parameter of an equation."""
_MARKED = re.compile(r"(<!-- symbols: (.+?) -->\n)(.*?)(<!-- end of symbols -->\n)", re.DOTALL)
_BY_ID = "` with `id: "
SCHEMA_ID = "urn:overblock:scenario:1"
"""Name of the schema, whatever file it lies in."""
_HEAD = """\
# Scenario keys

Every key of the scenario language, by its full path. This page is made from the schema by
`python -m tools.reference`; `scenarios/scenario.schema.json` has the same as JSON Schema for
editors, and `overblock init` writes it.

- A **required** key must be given if its section is there. An *assumed* one has the value of
  `seeds/assumptions.csv` by default. Each simulation of an ensemble draws it from the range and the
  distribution below. `overblock sensitivity SCENARIO --list` lists all inputs that a scenario
  draws, with reasons; [tables](tables.md) lists those in columns.
- A section that may be left out does not act then. One that needs another is refused without it,
  and so is a strategy: it would do nothing for want of what it acts on.
- Dates carry an offset: `2018-04-16T00:00+03:00`. Shares are numbers in [0, 1], never percentages.
- A *table* is the name of a shipped seed table, or a path to a CSV file that starts from the
  scenario's folder.
- Unknown keys, second keys, nulls, tags, anchors, aliases and `%` directives are refused, and so
  are numbers that are not plain decimals (`0x10`, `010`, `1_000`) or not finite. `NO` and `12:30`
  are text.
- `--set KEY.PATH=VALUE`, and `set` from Python, set values over those of the file. A mapping
  is merged into what stands there (`--set 'population={n_businesses: 60}'` leaves the other keys of
  `population` as they are), unless it names another `id`: `--set 'strategy={id: none}'` takes the
  place of the whole strategy. A list is one value. `off` (None from Python) takes away a section or
  a key that may be left out: `--set tenancy=off`. To replace a section, switch it off and set it
  anew: `--set fronts=off --set 'fronts={pools: mine.csv}'`. What is set loses the note of the file.

Across keys: `end` lies after `start` and within ten years of it;
`population.share_components_at_home` and `population.share_components_domestic` sum to at most 1;
`thresholds.affected` < `thresholds.impaired` < `thresholds.down`; `censor.pause_pressure` and
`censor.end_pressure` need a section `complaints` or `censor.pressure_events`, as nothing else
raises attention.
"""


@dataclass(frozen=True)
class Key:
    """One key of the language, in words."""

    path: str
    type: str
    unit: str
    need: str
    meaning: str


def json_schema() -> dict[str, Any]:
    """JSON Schema of scenario files, for editors.

    Keys whose value may be left to the assumption table are optional, with that value as default.
    """
    schema = Scenario.model_json_schema(by_alias=True)
    for node in (schema, *schema["$defs"].values()):
        for value in node["properties"].values():
            _forget_null(value)
    for row in read_assumptions().rows:
        section, key = row.key.split(".")
        model = schema["$defs"][section.capitalize()]
        model["properties"][key]["default"] = row.number
        model["properties"][key]["description"] += (
            f" Assumed: {row.low:g} to {row.high:g} {row.unit}."
        )
        if key not in model.get("required", []):
            continue  # without another key of its section
        model["required"] = [name for name in model["required"] if name != key]
        if not model["required"]:
            del model["required"]
            schema["required"] = [name for name in schema["required"] if name != section]
    schema["$id"] = SCHEMA_ID
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


def _forget_null(key: dict[str, Any]) -> None:
    """Take null out of what a key may hold: a file leaves the key out instead."""
    if {"type": "null"} in key.get("anyOf", []):
        (kept,) = (option for option in key.pop("anyOf") if option != {"type": "null"})
        del key["default"]
        key |= kept | key  # what the key says of itself goes before what its type says
    if isinstance(key.get("default"), dict):
        key["default"] = {
            name: value for name, value in key["default"].items() if value is not None
        }


def reference_page() -> str:
    """Return the page as Markdown."""
    sections: dict[str, list[Key]] = {}
    of: dict[Key, list[str]] = {}
    for heading, key in _all_keys():
        if _BY_ID not in heading:
            sections.setdefault(heading, []).append(key)
        elif key.path != "strategy.id":
            of.setdefault(key, []).append(_id(heading))
    page = [_HEAD]
    for heading, keys in sections.items():
        if heading.startswith("`target`"):
            page += [*_section(heading, keys), *_strategies(of)]
        else:
            page += _section(heading, keys)
    return "\n".join(page) + "\n"


def _strategies(of: Mapping[Key, Sequence[str]]) -> Iterator[str]:
    """Every strategy with the keys that it has, then each of these keys once."""
    yield from ("\n## `strategy`: what the censor orders\n",)
    yield from ("| `strategy.id` | what it does | needs | keys |", "| --- | --- | --- | --- |")
    kinds: dict[str, type] = {**DECLARED, "own": Own}
    for name, kind in kinds.items():
        short = [f"`{key.path[9:]}`" for key, names in of.items() if name in names]
        doc = (kind.__doc__ or "").split("\n")[0]
        yield f"| `{name}` | {doc} | {_needed(name, kind)} | {', '.join(short)} |"
    paths = Counter(key.path for key in of)
    keys = [
        replace(key, meaning=f"{key.meaning} ({', '.join(names)})") if paths[key.path] > 1 else key
        for key, names in sorted(of.items(), key=lambda one: one[0].path)
    ]
    yield from _section("Keys of `strategy`", keys)


def _needed(name: str, kind: type) -> str:
    return f"`{FRONTS.replace(' or ', '` or `')}`" if issubclass(kind, Chase) else ""


def keys_by_path() -> dict[str, Key]:
    """Every key by its path; where strategies share a key, with what each of them needs."""
    found: dict[str, Key] = {}
    needs: dict[str, dict[str, list[str]]] = {}
    for heading, key in _all_keys():
        found.setdefault(key.path, key)
        needs.setdefault(key.path, {}).setdefault(key.need, []).append(heading)
    for path, by_need in needs.items():
        if len(by_need) > 1:
            parts = (f"{need} ({', '.join(map(_id, of))})" for need, of in by_need.items())
            found[path] = replace(found[path], need="; ".join(parts))
    return found


def _id(heading: str) -> str:
    return heading.split("id: ")[1].split("`")[0]


def plain(number: float) -> str:
    """Write a number without an exponent."""
    return f"{number:.12f}".rstrip("0").rstrip(".")


def _all_keys() -> Iterator[tuple[str, Key]]:
    yield from _keys(json_schema(), assumed_by_key())


def _keys(
    schema: dict[str, Any], assumed: Mapping[str, AssumptionRow]
) -> Iterator[tuple[str, Key]]:
    """Keys in the sequence of the schema, each with the heading it stands under."""
    definitions = schema["$defs"]
    for name, node in schema["properties"].items():
        options = [_target(option, definitions) for option in node.get("oneOf", [node])]
        if "properties" not in options[0]:
            yield "Top level", _key(name, node, schema, assumed)
            if "$ref" in node.get("items", {}):
                each = _target(node["items"], definitions)
                heading = f"`{name}`, for each: {each['description']}"
                for key, part in each["properties"].items():
                    yield heading, _key(f"{name}.{key}", part, each, assumed)
                yield from _inner_keys(name, [each], schema, assumed)
            for inner in node.get("patternProperties", {}).values():
                note = _target(inner, definitions)
                heading = f"`{name}`, for each key path: {note['description']}"
                for key, part in note["properties"].items():
                    yield heading, _key(f"{name}.<key path>.{key}", part, note, assumed)
            continue
        for option in options:
            heading = f"`{name}`: {option['description']}"
            if len(options) > 1:
                chosen = option["properties"]["id"]["const"]
                heading = f"`{name}` with `id: {chosen}`: {option['description']}"
            for key, inner in option["properties"].items():
                yield heading, _key(f"{name}.{key}", inner, option, assumed)
        if len(options) > 1:
            yield from _inner_keys(name, options, schema, assumed)


def _inner_keys(
    section: str,
    options: list[dict[str, Any]],
    schema: dict[str, Any],
    assumed: Mapping[str, AssumptionRow],
) -> Iterator[tuple[str, Key]]:
    """Keys of the parts of a section that have keys of their own, each part once."""
    parts: dict[str, dict[str, Any]] = {}
    for option in options:
        for key, node in option["properties"].items():
            part = node.get("items", node)
            if "$ref" in part:
                parts.setdefault(key, _target(part, schema["$defs"]))
    for key, part in parts.items():
        heading = f"`{section}.{key}`: {part['description']}"
        for inner, node in part.get("properties", {}).items():
            yield heading, _key(f"{section}.{key}.{inner}", node, part, assumed)


def _target(node: dict[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any]:
    return dict(definitions[node["$ref"].rsplit("/", 1)[-1]]) if "$ref" in node else node


def _key(
    path: str, node: dict[str, Any], parent: dict[str, Any], assumed: Mapping[str, AssumptionRow]
) -> Key:
    row, name = assumed.get(path), path.rsplit(".", 1)[-1]
    meaning, unit = " ".join(node["description"].split()), ""
    if row is not None:
        unit = row.unit
        value, low, high = (plain(number) for number in (row.value, row.low, row.high))
        drawn = f", {row.distribution}" if row.distribution else ", not drawn"
        need = f"*assumed* {value} (range {low} to {high}{drawn})"
        meaning = meaning.split(" Assumed: ")[0]
    elif name in parent.get("required", []):
        need = "**required**"
    elif node.get("default") in (None, "", {}):
        need = "optional"
    else:
        need = f"default `{node['default']}`"
    return Key(path, _type(node), unit, need, meaning)


def _type(node: dict[str, Any]) -> str:
    """Say a JSON Schema type in words."""
    if "$ref" in node:
        return "mapping of the keys below"
    if "$ref" in node.get("items", {}):
        return "list of mappings"
    if node.get("format") == LIST_FORMAT:
        return "list of prefixes, or path of a file of them"
    if node.get("format") == MOMENT_FORMAT:
        return "time of day, or date and time with offset"
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return " or ".join(f"`{word}`" for word in node["enum"])
    if node["type"] == "boolean":
        return "`true` or `false`"
    if node["type"] == "integer":
        high = node["maximum"] if "maximum" in node else node["exclusiveMaximum"] - 1
        return f"whole number, {node['minimum']} to {high}"
    if node["type"] == "number":
        return _number(node)
    if node["type"] == "array":
        return "list"
    if node["type"] == "object":
        return "mapping from key paths" if "patternProperties" in node else "mapping"
    if node.get("pattern") == INSTANT_PATTERN:
        return "date and time with offset"
    if node.get("pattern") == TIME_OF_DAY_PATTERN:
        return "time of day"
    if node.get("format") == TABLE_FORMAT:
        return "table"
    if node.get("pattern") == f"^{COUNTRY}$":
        return "two capital letters"
    if node.get("pattern") == CURRENCY:
        return "three capital letters"
    if "py$" in node.get("pattern", ""):
        return "name of a Python file beside the scenario"
    if "pattern" in node and node["pattern"].startswith("^[A-Za-z]"):
        return "name in that file"
    if "pattern" in node:
        return f"small letters, digits and hyphens, at most {node['maxLength']}"
    return f"text of at most {node['maxLength']} characters"


def _number(node: dict[str, Any]) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    if (low, high) == (0, 1):
        return "share in [0, 1]"
    above = f"> {node['exclusiveMinimum']:g}" if low is None else f">= {low:g}"
    return f"number {above}, at most {high:g}"


def _section(heading: str, keys: Sequence[Key]) -> Iterator[str]:
    yield f"\n## {heading.rstrip('.')}\n"
    if needs := _needs(heading, keys[0].path.partition(".")[0]):
        yield f"{needs}\n"
    for key in keys:
        kind = f"{key.type}, {key.unit}" if key.unit else key.type
        yield f"- `{key.path}` ({kind}; {key.need}): {key.meaning}"


def _needs(heading: str, section: str) -> str:
    """Whether a section may be left out, and which other it needs."""
    field = Scenario.model_fields.get(section)
    if heading == "Top level" or field is None or NoneType not in kinds_of(field.annotation):
        return ""
    needed, why = NEEDS.get(section, ("", ""))
    needed = needed.replace(" or ", "` or `")
    return "May be left out." + (f" Needs the section `{needed}`, {why}." if needed else "")


@dataclass(frozen=True)
class Symbol:
    """One symbol of one section.

    Attributes
    ----------
    page, section
        Where it stands: a page of ``docs/explanation``, and a heading there. No page if no equation
        names it.
    symbol, unit
        As in the equation; the unit is empty where there is none.
    keys
        Scenario keys that set it, ``key:column`` for a column of a table; none if it is computed.
    meaning
        In words.
    """

    page: str
    section: str
    symbol: str
    unit: str
    keys: tuple[str, ...]
    meaning: str


def read_symbols(docs: Path) -> tuple[Symbol, ...]:
    """Symbols in the sequence of the file, then those of keys that have no row there."""
    with (docs / "reference" / "symbols.csv").open(encoding="utf-8", newline="") as file:
        written = tuple(
            Symbol(
                row["page"],
                row["section"],
                row["symbol"],
                row["unit"],
                tuple(row["key"].split()),
                row["meaning"],
            )
            for row in csv.DictReader(file)
        )
    named = {key for symbol in written for key in symbol.keys}
    return (
        *written,
        *(
            _declared(key)
            for path, key in keys_by_path().items()
            if _is_parameter(key) and path not in named
        ),
    )


def with_symbols(page: str, text: str, symbols: Sequence[Symbol]) -> str:
    """Return a page with the lists between its marks regenerated."""

    def table(found: re.Match[str]) -> str:
        mine = [s for s in symbols if (s.page, s.section) == (page, found[2])]
        return found[1] + "\n".join([*_symbol_list(mine), "", found[4]])

    return _MARKED.sub(table, text)


def _is_parameter(key: Key) -> bool:
    """Whether a key sets a number, or how a strategy decides."""
    is_number = re.match(r"number|whole number|share", key.type)
    return bool(is_number) or (
        key.path.startswith("strategy.") and key.path not in _NAMES and key.type != "table"
    )


def _declared(key: Key) -> Symbol:
    """Symbol of a key as the schema declares it: its name without the hours, and what it means.

    Keys of strategies stand with the symbols of their page. Of others nothing is known but that no
    equation names them.
    """
    name = key.path.rpartition(".")[2]
    meaning = key.meaning[:1].lower() + key.meaning[1:].rstrip(".")
    if key.path.startswith("strategy."):
        unit = "s" if name.endswith("_h") else key.unit
        return Symbol("strategies", "Symbols", name.removesuffix("_h"), unit, (key.path,), meaning)
    unit = "h" if name.endswith("_h") else key.unit
    return Symbol("", "In no equation", name, unit, (key.path,), meaning)


def _symbol_list(symbols: Sequence[Symbol]) -> Iterator[str]:
    yield ""
    for symbol in symbols:
        of = "; ".join(filter(None, (symbol.unit, ", ".join(f"`{key}`" for key in symbol.keys))))
        yield f"- `{symbol.symbol}`: {symbol.meaning}{f' ({of})' if of else ''}"
