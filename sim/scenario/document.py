"""YAML text to a plain tree that remembers where every value stood.

In: bytes from a file that nobody vouches for. Out: dicts, lists and scalars, with the line and
column of each. It refuses before it builds: size, depth and number of nodes are bounded, and
anchors, aliases, tags, duplicate keys and nulls are errors. It does not know any scenario key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.nodes import ScalarNode

from sim.errors import Problem, ScenarioError

MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 20

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | float | bool"
Path: TypeAlias = tuple[str | int, ...]

_WHOLE_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True)
class Place:
    """Where a value stands: file, line and column, the latter two counted from 1."""

    file: str
    line: int = 0
    column: int = 0


@dataclass
class Document:
    """A tree of plain values and the places they came from.

    Attributes
    ----------
    file
        Path as the user gave it.
    tree
        Nested dicts with text keys, lists and scalars.
    places
        Place of each value by its path; of a key as well, under the same path.
    """

    file: str
    tree: dict[str, Value] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    key_places: dict[Path, Place] = field(default_factory=dict)

    def place(self, path: Path) -> Place:
        """Place of a value, or of the nearest enclosing one that is known."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(self.file)

    def key_place(self, path: Path) -> Place:
        """Place of a key, or of the value where the key's is not known."""
        return self.key_places.get(path) or self.place(path)


def parse_document(data: bytes, file: str) -> Document:
    """Read one YAML document.

    Raises
    ------
    ScenarioError
        With every problem found; a syntax error ends the search.
    """
    if len(data) > MAX_BYTES:
        message = f"expected at most {MAX_BYTES} bytes, got {len(data)}; long tables belong in CSV"
        raise ScenarioError([Problem(file, message)])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"expected UTF-8 text, got the byte 0x{data[error.start]:02x}"
        raise ScenarioError([Problem(file, message, line)]) from None
    return _Builder(file, text).build()


def parse_scalar(text: str, file: str) -> Value:
    """Read one value written on a command line, by the same rules as in a file."""
    document = parse_document(f"value: {text}\n".encode(), file)
    return document.tree["value"]


class _Builder:
    """Turns parse events into a document, checking as it goes."""

    def __init__(self, file: str, text: str) -> None:
        self.document = Document(file)
        self.problems: list[Problem] = []
        self.yaml = YAML(typ="safe", pure=True)
        self.text = text
        self.n_nodes = 0

    def build(self) -> Document:
        try:
            events = iter(self.yaml.parse(self.text))
            root = self._first_node(events)
            if not isinstance(root, MappingStartEvent):
                self._stop(root, "expected a mapping of scenario keys")
            self.document.tree = self._mapping(root, events, ())
            for event in events:
                if isinstance(event, DocumentStartEvent):
                    self._stop(event, "expected one document, got a second one")
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            reason = " ".join(str(error.problem or error.context).split())
            message = f"expected valid YAML, got a syntax error: {reason}"
            self.problems.append(Problem(self.document.file, message, line, column))
        except YAMLError as error:
            reason = " ".join(str(error).split())
            message = f"expected valid YAML, got an error: {reason}"
            self.problems.append(Problem(self.document.file, message))
        if self.problems:
            raise ScenarioError(self.problems)
        return self.document

    def _first_node(self, events: Iterator[Event]) -> Event:
        for event in events:
            if isinstance(event, NodeEvent):
                return event
        raise ScenarioError([Problem(self.document.file, "expected a scenario, got an empty file")])

    def _place(self, event: Event) -> Place:
        mark = event.start_mark
        return Place(self.document.file, mark.line + 1, mark.column + 1)

    def _problem(self, event: Event, message: str, path: Path = ()) -> None:
        place = self._place(event)
        key = format_path(path)
        self.problems.append(Problem(place.file, message, place.line, place.column, key))

    def _stop(self, event: Event, message: str, path: Path = ()) -> None:
        self._problem(event, message, path)
        raise ScenarioError(self.problems)

    def _mapping(self, start: Event, events: Iterator[Event], path: Path) -> dict[str, Value]:
        self._enter(start, path)
        mapping: dict[str, Value] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                self._stop(event, "expected a key written as plain text", path)
                break
            key = str(event.value)
            inner = (*path, key)
            if event.tag is not None or event.anchor is not None:
                self._problem(event, "expected a plain key, got a tag or an anchor", inner)
            if key in mapping:
                first = self.document.key_places[inner].line
                self._problem(
                    event, f"expected each key once, got it again (first in line {first})", inner
                )
                # Read past the second value without letting it win, or overwrite a place.
                self._value(next(events), events, (*path, f"{key} (again)"))
                continue
            self.document.key_places[inner] = self._place(event)
            mapping[key] = self._value(next(events), events, inner)
        return mapping

    def _sequence(self, start: Event, events: Iterator[Event], path: Path) -> list[Value]:
        self._enter(start, path)
        items: list[Value] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            items.append(self._value(event, events, (*path, len(items))))
        return items

    def _enter(self, event: Event, path: Path) -> None:
        self.document.places[path] = self._place(event)
        if len(path) > MAX_DEPTH:
            self._stop(event, f"expected at most {MAX_DEPTH} levels, got more")

    def _value(self, event: Event, events: Iterator[Event], path: Path) -> Value:
        self.n_nodes += 1
        if self.n_nodes > MAX_NODES:
            self._stop(event, f"expected at most {MAX_NODES} values, got more")
        self.document.places[path] = self._place(event)
        if isinstance(event, AliasEvent):
            self._problem(
                event, f"expected the value written out, got the alias *{event.anchor}", path
            )
            return ""
        if isinstance(event, NodeEvent) and event.anchor is not None:
            self._problem(event, f"expected a value without an anchor, got &{event.anchor}", path)
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._problem(event, f"expected a value without a tag, got {tag}", path)
        if isinstance(event, MappingStartEvent):
            return self._mapping(event, events, path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(event, events, path)
        assert isinstance(event, ScalarEvent)
        return self._scalar(event, path)

    def _scalar(self, event: ScalarEvent, path: Path) -> Value:
        text = str(event.value)
        if not event.implicit[0]:
            return text
        tag = str(self.yaml.resolver.resolve(ScalarNode, text, event.implicit)).removeprefix(_TAG)
        if tag == "null":
            self._problem(event, "expected a value, got nothing; leave the key out instead", path)
            return ""
        if tag == "bool":
            return text.lower() == "true"
        if tag == "int":
            # Octal, hexadecimal, underscored and zero-padded forms mean different numbers to
            # different readers.
            if len(text) <= 40 and _WHOLE_NUMBER.fullmatch(text):
                return int(text)
            self._problem(event, f"expected a plain decimal number, got {text!r}", path)
            return 0
        if tag == "float":
            try:
                return float(text)
            except ValueError:
                self._problem(event, f"expected a finite number, got {text!r}", path)
                return 0.0
        # Dates are text here; the schema says which keys hold one.
        return text


def format_path(path: Path) -> str:
    """Dotted form of a path: ``population.n_businesses``, ``orders.3.prefix``."""
    return ".".join(str(part) for part in path)
