"""A scenario file to a ``Scenario``: form only.

In: a path or a shipped name, and overrides. Out: a frozen scenario with the place of each value.
What it means (tables that exist, shares that sum to one) is checked in ``resolve``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from sim.errors import Problem, ProblemsError, ScenarioError
from sim.scenario import library
from sim.scenario.document import MAX_BYTES, parse_document, parse_scalar
from sim.scenario.dump import scenario_tree
from sim.scenario.provenance import note_problems
from sim.scenario.refusal import by_place, scenario_problems
from sim.scenario.schema import Scenario
from sim.scenario.seeds import find_table, read_table
from sim.scenario.tables import AssumptionRow
from sim.scenario.tree import Document, Place, Value, format_path


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario and where it came from.

    Attributes
    ----------
    scenario
        Validated in form; every key has a value.
    document
        The places of the values.
    source
        The file's bytes, verbatim.
    folder
        Folder that relative table paths start from.
    overrides
        ``key.path=value`` as given.
    assumed
        Rows of the assumption table whose value the scenario took, in table order.
    copies
        Where tables lie by name, for a scenario read from a run folder with its own copies; a
        table that is not among them lies where it always does.
    """

    scenario: Scenario
    document: Document
    source: bytes
    folder: Path
    overrides: tuple[str, ...]
    assumed: tuple[AssumptionRow, ...]
    copies: Mapping[str, Path] = field(default_factory=dict)

    def find_table(self, name: str) -> Path:
        """Path of a table that the scenario names."""
        return self.copies.get(name) or find_table(name, self.folder)


def load_scenario(name: str, overrides: Sequence[str] = ()) -> LoadedScenario:
    """Read, complete and validate one scenario.

    Parameters
    ----------
    name
        Path of a YAML file, the name of a shipped scenario, or ``-`` for standard input.
    overrides
        ``key.path=value`` each, applied before validation.

    Raises
    ------
    ScenarioError
        With every mistake found in the file and in the overrides.
    """
    source, file, folder = _read(name)
    document = parse_document(source, file)
    for override in overrides:
        _override(document, override)
    assumed = _assume(document)
    try:
        scenario = Scenario.model_validate(document.tree)
    except ValidationError as error:
        problems = scenario_problems(error.errors(), document, Scenario)
        raise ScenarioError(by_place([*document.problems, *problems])) from None
    problems = [
        *document.problems,
        *note_problems(scenario.provenance, scenario_tree(scenario), document),
    ]
    if problems:
        raise ScenarioError(by_place(problems))
    return LoadedScenario(scenario, document, source, folder, tuple(overrides), assumed)


def _read(name: str) -> tuple[bytes, str, Path]:
    if name == "-":
        if sys.stdin.isatty():
            message = "expected a scenario on standard input, got a terminal"
            raise ScenarioError([Problem("-", message)])
        return sys.stdin.buffer.read(MAX_BYTES + 1), "-", Path.cwd()
    path = library.find_scenario(name)
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to see that there is too much.
            return file.read(MAX_BYTES + 1), str(path), path.resolve().parent
    except OSError as error:
        message = f"expected a readable scenario file, got an error: {error.strerror}"
        raise ScenarioError([Problem(str(path), message)]) from None


def _override(document: Document, override: str) -> None:
    """Set one value in the tree, and remember that it came from the command line.

    What is wrong with it is added to the problems of the document.
    """
    origin = f"--set {override}"
    key, separator, text = override.partition("=")
    parts = key.strip().split(".")
    if not separator or not all(parts):
        document.problems.append(Problem(origin, "expected key.path=value"))
        return
    try:
        value = parse_scalar(text.strip(), origin)
        put_value(document, tuple(parts), value, Place(origin))
    except ProblemsError as error:
        document.problems += [
            Problem(origin, problem.message, key=key.strip()) for problem in error.problems
        ]


def put_value(document: Document, path: tuple[str, ...], value: Value, place: Place) -> None:
    """Place a value in the tree, making the mappings above it where there are none."""
    node = document.tree
    for depth, part in enumerate(path[:-1]):
        if part not in node:
            node[part] = {}
            document.places[path[: depth + 1]] = place
            document.key_places[path[: depth + 1]] = place
        inner = node[part]
        if not isinstance(inner, dict):
            above = format_path(path[: depth + 1])
            message = f"expected a mapping of keys at {above}, got a single value"
            raise ScenarioError([Problem(place.file, message)])
        node = inner
    node[path[-1]] = value
    document.refused.discard(path)
    document.places[path] = place
    document.key_places[path] = place


def _assume(document: Document) -> tuple[AssumptionRow, ...]:
    """Fill in assumed values for the keys that the scenario leaves out."""
    path = library.shipped("seeds") / "assumptions.csv"
    table = read_table("assumptions", path, AssumptionRow)
    taken = []
    for row, line in zip(table.rows, table.lines, strict=True):
        parts = tuple(row.key.split("."))
        if parts[0] not in document.tree and not _is_required(parts[0]):
            continue
        section = document.tree.get(parts[0], {})
        if not isinstance(section, dict) or parts[1] in section:
            continue
        put_value(document, parts, row.number, Place(str(path), line, 1))
        taken.append(row)
    return tuple(taken)


def _is_required(section: str) -> bool:
    """Whether a section acts even if a scenario does not name it."""
    return Scenario.model_fields[section].is_required()
