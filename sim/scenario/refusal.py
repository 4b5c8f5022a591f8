"""Refusals of the validator as messages, each with file, line and key."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sim.errors import Problem, ScenarioError
from sim.scenario.document import Document, NodePath
from sim.scenario.quantities import describe, fields_at, keys_of, models_in

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


ModelType = TypeVar("ModelType", bound=BaseModel)


def validated(
    document: Document,
    model: type[ModelType],
    check: Callable[[ModelType], Iterable[Problem]] = lambda found: (),
) -> ModelType:
    """Return what a document holds, as a model.

    Parameters
    ----------
    check
        Finds what else is wrong with it.

    Raises
    ------
    ScenarioError
        With every mistake, those of the reading too, in the order of the file.
    """
    try:
        found = model.model_validate(document.tree)
        problems = [*document.problems, *check(found)]
    except ValidationError as error:
        problems = [*document.problems, *_problems_of(error.errors(), document, model)]
    ScenarioError.raise_any(sorted(problems, key=lambda one: (one.line, one.column)))
    return found


def _problems_of(
    errors: Sequence[ErrorDetails], document: Document, model: type[BaseModel]
) -> Iterator[Problem]:
    """Refusals of the validator as problems with their places."""
    for error in errors:
        if error["type"] == "too_short" and any(
            other is not error and other["loc"][: len(error["loc"])] == error["loc"]
            for other in errors
        ):
            continue  # too few because of a mistake in one of them, which is said
        path = _real_path(error["loc"], document.tree)
        if path in document.refused:
            continue  # said already, and what stands there now is not what was written
        if is_unknown := error["type"] == "extra_forbidden":
            known = _keys_at(model, error["loc"][:-1])
            message = f"unknown key{hint(str(path[-1]), known)} (known: {', '.join(known)})"
        else:
            message = explain(error)
        if error["type"] == "union_tag_invalid":
            path = (*path, str(error["ctx"]["discriminator"]).strip("'"))
        yield document.problem(path, message, at_key=is_unknown)


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


def _keys_at(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Keys that a model has at a location of the validator, sorted."""
    models = [model]
    for part in loc:
        # Parts of a union are chosen by their ids or kinds.
        branches = [
            one
            for one in models
            for name in ("id", "kind")
            if name in one.model_fields and part in get_args(one.model_fields[name].annotation)
        ]
        if len(models) > 1 and branches:
            models = branches
        elif isinstance(part, str):
            inside = [one for kind in models for one in fields_at(kind, [part])]
            models = [one for field in inside for one in models_in(field.annotation)] or models
    return sorted({key for one in models for key in keys_of(one)})


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
