"""Refusals of the validator as messages, each with file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from sim.errors import Problem
from sim.scenario.document import Document, NodePath, format_path
from sim.scenario.quantities import describe

_EXPECTED: dict[str, str] = {
    "missing": "a value",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "string_type": "text",
    "bool_type": "true or false",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
    "list_type": "a list",
    "tuple_type": "a list",
    "too_short": "at least {min_length} of them",
    "too_long": "at most {max_length} of them",
    "greater_than": "a number > {gt}",
    "greater_than_equal": "a number >= {ge}",
    "less_than": "a number < {lt}",
    "less_than_equal": "a number <= {le}",
    "string_pattern_mismatch": "text that matches {pattern}",
    "string_too_short": "at least {min_length} character",
    "string_too_long": "at most {max_length} characters",
    "literal_error": "{expected}",
}


def explain(error: ErrorDetails) -> str:
    """Say one refusal as ``expected …, got …``."""
    kind, given, context = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "missing":
        return "expected a value, got nothing"
    if kind == "union_tag_not_found":
        tag = str(context["discriminator"]).strip("'")
        what = "the strategy" if tag == "id" else "which of them it is"
        return f"expected a key {tag} that names {what}, got none"
    if kind == "union_tag_invalid":
        known, word = _words(context["expected_tags"]), str(context["tag"])
        return f"expected one of {', '.join(known)}, got {word!r}{hint(word, known)}"
    wanted = _EXPECTED.get(kind, error["msg"]).format(**context)
    meant = hint(str(given), _words(context["expected"])) if kind == "literal_error" else ""
    return f"expected {wanted}, got {describe(given)}{meant}"


def _words(listed: str) -> list[str]:
    """Words of a list such as ``'best' or 'drawn'``."""
    return [part.strip(" '") for part in listed.replace(" or ", ",").split(",")]


def scenario_problems(
    errors: Iterable[ErrorDetails], document: Document, model: type[BaseModel]
) -> list[Problem]:
    """Turn refusals of a scenario into problems with their places, in the order of the file."""
    problems = []
    found = list(errors)
    for error in found:
        if error["type"] == "too_short" and any(
            other is not error and other["loc"][: len(error["loc"])] == error["loc"]
            for other in found
        ):
            continue  # too few because of a mistake in one of them, which is said
        path = _real_path(error["loc"], document.tree)
        if path in document.refused:
            continue  # said already, and what stands there now is not what was written
        if error["type"] == "extra_forbidden":
            place = document.key_place(path)
            message = _unknown_key(path, error["loc"], model)
        else:
            if error["type"] == "union_tag_invalid":
                path = (*path, str(error["ctx"]["discriminator"]).strip("'"))
            place = document.locate(path)
            message = explain(error)
        problems.append(Problem(place.file, message, place.line, place.column, format_path(path)))
    return by_place(problems)


def by_place(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems in the order of the file."""
    return sorted(problems, key=lambda problem: (problem.line, problem.column))


def _real_path(loc: tuple[int | str, ...], tree: Mapping[str, Any]) -> NodePath:
    """Drop the parts of a location that name a union's branch and not a key."""
    path: list[str | int] = []
    node: Any = tree
    for position, part in enumerate(loc):
        known = (isinstance(node, dict) and part in node) or (
            isinstance(node, list) and isinstance(part, int) and part < len(node)
        )
        is_last = position == len(loc) - 1
        is_branch = isinstance(node, dict) and part in (node.get("id"), node.get("kind"))
        if not known and (not is_last or is_branch):
            continue
        path.append(part)
        node = node[part] if known else None
    return tuple(path)


GONE = {"n_draws": "every simulation is a draw now; give their number with -n"}
"""Why keys of earlier versions are gone, and what takes their place."""


def _unknown_key(path: NodePath, loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    if why := GONE.get(format_path(path)):
        return f"unknown key: it is gone, as {why}"
    known = sorted(_keys_at(loc[:-1], model.model_json_schema()))
    return f"unknown key{hint(str(path[-1]), known)} (known: {', '.join(known)})"


def _keys_at(loc: tuple[int | str, ...], schema: dict[str, Any]) -> list[str]:
    """Keys that a model has at a location, read off its JSON Schema."""
    definitions = schema.get("$defs", {})

    def follow(node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node or "anyOf" in node:
            if "$ref" in node:
                node = definitions[node["$ref"].rsplit("/", 1)[-1]]
                continue
            # A section or a list that may be left out: the branch that has keys.
            branches = [one for one in node["anyOf"] if one.keys() & {"$ref", "items", "oneOf"}]
            if not branches:
                break
            node = branches[0]
        return node

    node = follow(schema)
    for part in loc:
        mapping = node.get("discriminator", {}).get("mapping", {})
        if part in mapping:
            node = follow({"$ref": mapping[part]})
        elif part in node.get("properties", {}):
            node = follow(node["properties"][part])
        elif isinstance(part, int) and "items" in node:
            node = follow(node["items"])
        elif "patternProperties" in node:
            node = follow(next(iter(node["patternProperties"].values())))
    return list(node.get("properties", {}))


def hint(word: str, known: Iterable[str]) -> str:
    """``; did you mean '…'?`` where one of the known words is close, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def row_problems(errors: Iterable[ErrorDetails], file: str, line: int) -> list[Problem]:
    """Turn refusals of one table row into problems at its line."""
    return [
        Problem(file, explain(error), line, 0, str(error["loc"][0]) if error["loc"] else "")
        for error in errors
    ]
