"""A scenario back to YAML, and the language itself as JSON Schema.

In: a ``Scenario``. Out: text that loads to the same scenario. It adds nothing and hides nothing.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, FoldedScalarString

from sim.scenario.quantities import is_one_line
from sim.scenario.schema import Scenario
from sim.scenario.tables.assumptions import read_assumptions

SCHEMA_ID = "urn:overblock:scenario:1"
"""Name of the schema, whatever file it lies in."""
_NO_CHARACTERS = frozenset("\ufffe\uffff")
"""What Unicode says is no character, and YAML holds as an escape alone."""


def scenario_tree(scenario: Scenario) -> dict[str, Any]:
    """Return all keys with their values, as plain JSON types."""
    return scenario.model_dump(mode="json", by_alias=True, exclude_none=True)


def dump_scenario(scenario: Scenario) -> str:
    """Write a scenario as YAML with every value spelled out.

    Loading the text gives an equal scenario.
    """
    tree = scenario_tree(scenario)
    yaml = YAML()
    yaml.width = 100
    # An empty mapping carries no value; leaving it out says the same.
    tree = {key: value for key, value in tree.items() if value != {}}
    description = tree["description"]
    if not is_one_line(description.replace("\n", "")) or not _NO_CHARACTERS.isdisjoint(description):
        # Tabs, carriage returns and the like survive only as escapes.
        tree["description"] = DoubleQuotedScalarString(description)
    elif "\n" in description.strip():
        tree["description"] = FoldedScalarString(description)
    stream = io.StringIO()
    yaml.dump(tree, stream)
    return stream.getvalue()


def dump_tree(tree: Mapping[str, Any]) -> str:
    """Write plain values as YAML, whatever they say."""
    yaml = YAML()
    yaml.width = 100
    stream = io.StringIO()
    yaml.dump(dict(tree), stream)
    return stream.getvalue()


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
