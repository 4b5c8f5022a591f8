"""YAML text to a plain tree that remembers where every value stood, and refusals by that place."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any, NoReturn, TypeAlias, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
)
from ruamel.yaml.nodes import ScalarNode

from sim.errors import Problem, ProblemsError, ScenarioError
from sim.files import not_utf8
from sim.scenario.quantities import describe, fields_at, finite_number, keys_of, models_in

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | float | bool"
NodePath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where a value stands: file, line and column, the latter two counted from 1."""

    file: str
    line: int = 0
    column: int = 0

    def problem(self, message: str, key: str = "") -> Problem:
        """Return a problem that stands here."""
        return Problem(self.file, message, self.line, self.column, key)


@dataclass
class Document:
    """A tree of plain values and the places they came from."""

    file: str
    """NodePath as the user gave it."""
    tree: dict[str, Value] = field(default_factory=dict)
    """Nested dicts with text keys, lists and scalars."""
    places: dict[NodePath, Place] = field(default_factory=dict)
    key_places: dict[NodePath, Place] = field(default_factory=dict)
    """Place of each value, and of each key, by its path."""
    problems: list[Problem] = field(default_factory=list)
    """Problems found while reading, in the order of the file."""
    refused: set[NodePath] = field(default_factory=set)
    """Paths of the refused values; each stands as empty text in the tree."""
    replaced: set[NodePath] = field(default_factory=set)
    """Paths of values that were set over those of the file, or taken away."""

    def copied(self) -> Document:
        """Return the same document, into which can be written without writing into this one."""
        own = {name: copy.copy(value) for name, value in vars(self).items()}
        return Document(**own | {"tree": copy.deepcopy(self.tree)})

    def is_replaced(self, path: NodePath) -> bool:
        """Whether a value, or a section it is in, is not that of the file."""
        return any(path[:length] in self.replaced for length in range(1, len(path) + 1))

    def forget(self, path: NodePath) -> None:
        """Drop what is known of a value and of all below it."""
        for places in (self.places, self.key_places):
            for below in [one for one in places if one[: len(path)] == path]:
                del places[below]
        self.refused = {one for one in self.refused if one[: len(path)] != path}

    def renamed(self, file: str) -> Document:
        """Return the same document under another name; what came from elsewhere stays there."""

        def moved(places: dict[NodePath, Place]) -> dict[NodePath, Place]:
            return {
                path: replace(place, file=file) if place.file == self.file else place
                for path, place in places.items()
            }

        return replace(
            self, file=file, places=moved(self.places), key_places=moved(self.key_places)
        )

    def locate(self, path: NodePath) -> Place:
        """Place of a value, or of the nearest enclosing one that is known."""
        lengths = range(len(path), -1, -1)
        return next(self.places[path[:n]] for n in lengths if path[:n] in self.places)

    def key_place(self, path: NodePath) -> Place:
        """Place of a key, or of the value where the key's is not known."""
        return self.key_places.get(path) or self.locate(path)

    def problem(self, path: NodePath, message: str, *, at_key: bool = False) -> Problem:
        """Return a problem with a value, or with its key."""
        place = self.key_place(path) if at_key else self.locate(path)
        return place.problem(message, format_path(path))


def format_path(path: NodePath) -> str:
    """Dotted form of a path: ``population.n_businesses``, ``orders.3.prefix``.

    A key that is empty, long or not printable is quoted: it comes from a file and goes to a
    terminal.
    """
    return ".".join(
        part if (part := str(raw)) and part.isprintable() and len(part) <= 60 else describe(part)
        for raw in path
    )


MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 20

_WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_CONTROL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff"
_NOT_TEXT = re.compile(f"[{_CONTROL}]")
_NOT_PLAIN = re.compile(f"[{_CONTROL}\x85\u2028\u2029]")
"""Text may have line ends of Unicode where they are escaped; a comment may hide them."""
REFUSED = ""
_TAG = "tag:yaml.org,2002:"


def parse_document(data: bytes, file: str) -> Document:
    """Read one YAML document.

    Values that are refused are listed in the document, so that the reader can go on to look for
    other mistakes; a document with ``problems`` must not be used for anything else.

    Raises
    ------
    ScenarioError
        If the text cannot be read to its end: with that, and all problems found before.
    """
    if len(data) > MAX_BYTES:
        message = f"expected at most {MAX_BYTES} bytes, got {len(data)}; long tables belong in CSV"
        raise ScenarioError([Problem(file, message)])
    return _Builder(file, decode(data, file)).build()


def decode(data: bytes, file: str, refusal: type[ProblemsError] = ScenarioError) -> str:
    """Return the text of a file; raise a refusal with its line where it is no UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = not_utf8(data, f"the byte 0x{data[error.start]:02x}")
        raise refusal([Problem(file, message, line)]) from None


def parse_scalar(text: str, file: str) -> Value:
    """Read one value written on a command line, by the same rules as in a file.

    Raises
    ------
    ScenarioError
        If it is no single value, or a value that is refused.
    """
    document = _Builder(file, f"value: {text}\n").build()
    if list(document.tree) != ["value"]:
        document.problems.append(Problem(file, "expected a single value, got several lines"))
    if document.problems:
        raise ScenarioError(document.problems)
    return document.tree["value"]


class _Builder:
    """Turns parse events into a document, checking as it goes."""

    def __init__(self, file: str, text: str) -> None:
        self.document = Document(file)
        self.problems = self.document.problems
        self.yaml = YAML(typ="safe", pure=True)
        self.text = text
        self.n_nodes = 0

    def build(self) -> Document:
        if (found := _NOT_PLAIN.search(self.text)) is not None:
            line = self.text.count("\n", 0, found.start()) + 1
            column = found.start() - self.text.rfind("\n", 0, found.start())
            message = f"expected text, got the character U+{ord(found.group()):04X}"
            raise ScenarioError([Problem(self.document.file, message, line, column)])
        try:
            events = iter(self.yaml.parse(self.text))
            root = self._first_node(events)
            if not isinstance(root, MappingStartEvent):
                self._stop(root, "expected a mapping of keys")
            tree = self._value(root, events, ())
            assert isinstance(tree, dict)
            self.document.tree = tree
            for event in events:
                if isinstance(event, DocumentStartEvent):
                    self._stop(event, "expected one document, got a second one")
        except YAMLError as error:
            told = vars(error)
            mark = told.get("problem_mark") or told.get("context_mark")
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            reason = told.get("problem") or told.get("context") or error
            message = f"expected valid YAML, got a syntax error: {' '.join(str(reason).split())}"
            self.problems.append(Problem(self.document.file, message, line, column))
            raise ScenarioError(self.problems) from None
        return self.document

    def _first_node(self, events: Iterator[Event]) -> Event:
        for event in events:
            if isinstance(event, DocumentStartEvent) and (event.version or event.tags):
                # A directive could make NO false and 12:30 a number again.
                self._stop(event, "expected a document without % directives, got one")
            if isinstance(event, NodeEvent):
                return event
        raise ScenarioError([Problem(self.document.file, "expected keys, got an empty file")])

    def _locate(self, event: Event) -> Place:
        mark = event.start_mark
        return Place(self.document.file, mark.line + 1, mark.column + 1)

    def _problem(
        self, event: Event, message: str, path: NodePath = (), place: Place | None = None
    ) -> None:
        place = place or self._locate(event)
        self.problems.append(place.problem(message, format_path(path)))
        self.document.refused.add(path)

    def _stop(self, event: Event, message: str, path: NodePath = ()) -> NoReturn:
        self._problem(event, message, path)
        raise ScenarioError(self.problems)

    def _mapping(self, events: Iterator[Event], path: NodePath) -> dict[str, Value]:
        mapping: dict[str, Value] = {}
        for event in takewhile(lambda one: not isinstance(one, MappingEndEvent), events):
            if not isinstance(event, ScalarEvent):
                self._stop(event, "expected a key written as plain text", path)
            key = str(event.value)
            inner = (*path, key)
            if event.tag is not None or event.anchor is not None:
                self._problem(event, "expected a plain key, got a tag or an anchor", inner)
            if key in mapping:
                line, place = self.document.key_places[inner].line, self._locate(event)
                message = f"expected each key once, got it again (first in line {line})"
                self.problems.append(place.problem(message, format_path(inner)))
                # Read past the second value without letting it win, or overwrite a place.
                self._value(next(events), events, (*path, f"{key} (again)"))
                continue
            self.document.key_places[inner] = self._locate(event)
            mapping[key] = self._value(next(events), events, inner)
        return mapping

    def _value(self, event: Event, events: Iterator[Event], path: NodePath) -> Value:
        self.n_nodes += bool(path)
        self.document.places[path] = self._locate(event)
        if self.n_nodes > MAX_NODES:
            self._stop(event, f"expected at most {MAX_NODES} values, got more", path)
        if isinstance(event, AliasEvent):
            alias = describe(f"*{event.anchor}")
            self._problem(event, f"expected the value written out, got the alias {alias}", path)
            return REFUSED
        if isinstance(event, NodeEvent) and event.anchor is not None:
            anchor = describe(f"&{event.anchor}")
            self._problem(event, f"expected a value without an anchor, got {anchor}", path)
        if (tag := getattr(event, "tag", None)) is not None:
            self._problem(event, f"expected a value without a tag, got {describe(str(tag))}", path)
        if isinstance(event, ScalarEvent):
            return self._scalar(event, path)
        if len(path) >= MAX_DEPTH:
            self._stop(event, f"expected at most {MAX_DEPTH} levels, got more")
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, path)
        items = takewhile(lambda one: not isinstance(one, SequenceEndEvent), events)
        return [self._value(one, events, (*path, number)) for number, one in enumerate(items)]

    def _scalar(self, event: ScalarEvent, path: NodePath) -> Value:
        text = str(event.value)
        if _NOT_TEXT.search(text):
            self._problem(event, f"expected text, got control characters in {describe(text)}", path)
            return REFUSED
        if not event.implicit[0]:
            return text
        tag = str(self.yaml.resolver.resolve(ScalarNode, text, event.implicit)).removeprefix(_TAG)
        if tag == "null":
            if not text and path in self.document.key_places:
                # The parser sees an absent value only at what comes after it.
                self.document.places[path] = self.document.key_places[path]
            message = "expected a value, got nothing; leave the key out instead"
            self._problem(event, message, path, self.document.places[path])
            return REFUSED
        if tag == "bool":
            return text.lower() == "true"
        if tag not in ("int", "float"):
            # Dates are text here; the schema says which keys hold one.
            return text
        # Octal, hexadecimal, underscored and zero-padded forms mean different numbers to different
        # readers.
        is_whole = tag == "int"
        is_plain = (
            len(text) <= 40 and _WHOLE_NUMBER.fullmatch(text) if is_whole else "_" not in text
        )
        number = finite_number(text) if is_plain else None
        if number is None:
            wanted = "finite" if is_plain else "plain decimal"
            self._problem(event, f"expected a {wanted} number, got {describe(text)}", path)
            return REFUSED
        return int(text) if is_whole else number


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
