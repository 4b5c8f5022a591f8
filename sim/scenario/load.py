"""A scenario file to a ``Scenario``: form only.

In: a path or a shipped name, and overrides. Out: a frozen scenario with the place of each value.
What it means (tables that exist, shares that sum to one) is checked in ``resolve``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from sim.errors import Problem, ProblemsError, ScenarioError
from sim.scenario import library
from sim.scenario.document import MAX_BYTES, Document, Place, Value, parse_document, parse_scalar
from sim.scenario.refusal import scenario_problems
from sim.scenario.schema import Scenario
from sim.scenario.seeds import read_table
from sim.scenario.tables import AssumptionRow


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
    """

    scenario: Scenario
    document: Document
    source: bytes
    folder: Path
    overrides: tuple[str, ...]
    assumed: tuple[AssumptionRow, ...]


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
        raise ScenarioError(scenario_problems(error.errors(), document, Scenario)) from None
    return LoadedScenario(scenario, document, source, folder, tuple(overrides), assumed)


def _read(name: str) -> tuple[bytes, str, Path]:
    if name == "-":
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
    """Set one value in the tree, and remember that it came from the command line."""
    origin = f"--set {override}"
    key, separator, text = override.partition("=")
    parts = key.strip().split(".")
    if not separator or not all(parts):
        raise ScenarioError([Problem(origin, "expected key.path=value")])
    try:
        value = parse_scalar(text.strip(), origin)
    except ProblemsError as error:
        problems = [Problem(origin, problem.message) for problem in error.problems]
        raise ScenarioError(problems) from None
    _put(document, tuple(parts), value, Place(origin))


def _put(document: Document, path: tuple[str, ...], value: Value, place: Place) -> None:
    """Place a value in the tree, making the mappings above it where there are none."""
    node = document.tree
    for depth, part in enumerate(path[:-1]):
        if part not in node:
            node[part] = {}
            document.places[path[: depth + 1]] = place
            document.key_places[path[: depth + 1]] = place
        inner = node[part]
        if not isinstance(inner, dict):
            message = "expected a mapping to set a key in, got a single value"
            raise ScenarioError([Problem(place.file, message, key=".".join(path[: depth + 1]))])
        node = inner
    node[path[-1]] = value
    document.places[path] = place
    document.key_places[path] = place


def _assume(document: Document) -> tuple[AssumptionRow, ...]:
    """Fill in assumed values for the keys that the scenario leaves out."""
    path = library.shipped("seeds") / "assumptions.csv"
    table = read_table("assumptions", path, AssumptionRow)
    taken = []
    for row, line in zip(table.rows, table.lines, strict=True):
        parts = tuple(row.key.split("."))
        section = document.tree.get(parts[0], {})
        if not isinstance(section, dict) or parts[1] in section:
            continue
        _put(document, parts, row.number, Place(str(path), line, 1))
        taken.append(row)
    return tuple(taken)
