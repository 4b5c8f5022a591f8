"""A scenario file to a ``Scenario``: form only.

In: a path or a shipped name, and overrides. Out: a frozen scenario with the place of each value.
What it means (tables that exist, shares that sum to one) is checked in ``resolve``.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sim.errors import Problem, ScenarioError
from sim.files import note_read
from sim.scenario import library
from sim.scenario.countries import take_pack
from sim.scenario.document import MAX_BYTES, parse_document
from sim.scenario.dump import dump_tree, scenario_tree
from sim.scenario.overrides import column_setting, is_column, override, put_value
from sim.scenario.provenance.provenance import note_problems, without_stale_notes
from sim.scenario.refusal import by_place, scenario_problems
from sim.scenario.schema import Scenario
from sim.scenario.sections import section_problems
from sim.scenario.tables.assumptions import assumptions_path, read_assumptions
from sim.scenario.tables.columns import ColumnSetting
from sim.scenario.tables.rows import AssumptionRow
from sim.scenario.tables.seeds import find_table
from sim.scenario.tree import Document, Place

GIVEN_BY = {
    "population.n_businesses": "inventory",
    # Where stances are dated, no provider turns by itself.
    "stances.compliance_hazard_per_d": "events",
}
"""Keys that nothing is assumed for where another key of their section is given."""


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
    columns
        Assumed columns of tables that are set.
    are_columns_moved
        Whether the copies have the moved columns already.
    """

    scenario: Scenario
    document: Document
    source: bytes
    folder: Path
    overrides: tuple[str, ...]
    assumed: tuple[AssumptionRow, ...]
    copies: Mapping[str, Path] = field(default_factory=dict)
    columns: tuple[ColumnSetting, ...] = ()
    are_columns_moved: bool = False

    def with_copies(self, copies: Mapping[str, Path]) -> LoadedScenario:
        """The scenario of a run, whose copies of the tables have what was set in them."""
        return replace(self, copies=copies, are_columns_moved=True)

    def find_table(self, name: str) -> Path:
        """Path of a table that the scenario names."""
        return self.copies.get(name) or find_table(name, self.folder)

    def find_list(self, name: str) -> Path:
        """Path of a file of addresses that the scenario names."""
        return self.copies.get(name) or self.folder / name


def load_scenario(
    name: str, overrides: Sequence[str] = (), copies: Mapping[str, Path] | None = None
) -> LoadedScenario:
    """Read, complete and validate one scenario.

    Parameters
    ----------
    name
        Path of a YAML file, the name of a shipped scenario, or ``-`` for standard input.
    overrides
        ``key.path=value`` each, applied before validation: a mapping is merged into what stands
        there, and ``off`` takes away what a scenario may leave out. What is set loses the note of
        the file. ``table.column=amount`` moves an assumed column; see `ColumnSetting`.
    copies
        As of `LoadedScenario`.

    Raises
    ------
    ScenarioError
        With every mistake found in the file and in the overrides.
    """
    return _load(*_read(name), overrides, copies or {})


def load_values(
    tree: Mapping[str, Any],
    name: str,
    overrides: Sequence[str] = (),
    copies: Mapping[str, Path] | None = None,
) -> LoadedScenario:
    """Load a scenario from plain values; it has the text of a file that says the same.

    Parameters
    ----------
    tree
        Nested mappings, lists and scalars, as a scenario file holds them. Tables that are no
        shipped ones lie relative to the current folder.
    name
        What to call it in messages.
    overrides, copies
        As for `load_scenario`.

    Raises
    ------
    ScenarioError
        With every mistake, each by the path of its key.
    """
    try:
        return _load(dump_tree(tree).encode(), name, Path.cwd(), overrides, copies or {})
    except ScenarioError as error:
        # Lines and columns are those of a text that nobody wrote.
        placed = [
            replace(one, line=0, column=0) if one.file == name else one for one in error.problems
        ]
        raise ScenarioError(placed) from None


def _load(
    source: bytes,
    file: str,
    folder: Path,
    overrides: Sequence[str],
    copies: Mapping[str, Path],
) -> LoadedScenario:
    document = parse_document(source, file)
    columns = []
    for text in overrides:
        if is_column(text):
            columns.append(column_setting(document, text))
        else:
            override(document, text)
    take_pack(document)
    assumed = assume(document)
    scenario = validate(document)
    # Of a column that is set twice the last setting counts, as of a key.
    by_key = {one.key: one for one in columns if one is not None}
    return LoadedScenario(
        scenario, document, source, folder, tuple(overrides), assumed, copies,
        tuple(by_key.values()),
    )  # fmt: skip


def _read(name: str) -> tuple[bytes, str, Path]:
    if name == "-":
        if sys.stdin.isatty():
            message = "expected a scenario on standard input, got a terminal"
            raise ScenarioError([Problem("-", message)])
        return sys.stdin.buffer.read(MAX_BYTES + 1), "-", Path.cwd()
    path = library.find_scenario(name)
    note_read(path)
    try:
        with path.open("rb") as file:
            # One byte more than allowed is enough to see that there is too much.
            return file.read(MAX_BYTES + 1), str(path), path.resolve().parent
    except OSError as error:
        message = f"expected a readable scenario file, got an error: {error.strerror}"
        raise ScenarioError([Problem(str(path), message)]) from None


def validate(document: Document) -> Scenario:
    """Validate what a document holds, with what its sections need of each other.

    Notes of the file on values that were set over the file's are dropped.

    Raises
    ------
    ScenarioError
        With every mistake, those of the reading too.
    """
    try:
        scenario = Scenario.model_validate(document.tree)
    except ValidationError as error:
        problems = scenario_problems(error.errors(), document, Scenario)
        raise ScenarioError(by_place([*document.problems, *problems])) from None
    problems = [
        *document.problems,
        *section_problems(scenario, document),
        *note_problems(scenario.provenance, scenario_tree(scenario), document),
    ]
    if problems:
        raise ScenarioError(by_place(problems))
    notes = without_stale_notes(scenario.provenance, document)
    # Of a run that was cut short, only evidence that it reaches.
    ends = scenario.start, scenario.end
    reached = tuple(one for one in scenario.evidence or () if one.lies_within(*ends))
    return scenario.model_copy(update={"provenance": notes, "evidence": reached or None})


def assume(document: Document) -> tuple[AssumptionRow, ...]:
    """Fill in assumed values for keys left out; return all rows taken, now or in a call before."""
    path, table = assumptions_path(), read_assumptions()
    taken = []
    for row, line in zip(table.rows, table.lines, strict=True):
        parts = tuple(row.key.split("."))
        if parts[0] not in document.tree and not _is_required(parts[0]):
            continue
        section = document.tree.get(parts[0], {})
        place = Place(str(path), line, 1)
        if not isinstance(section, dict):
            continue
        if GIVEN_BY.get(row.key) in section and parts[1] not in section:
            continue
        if parts[1] not in section:
            put_value(document, parts, row.number, place)
        if document.place(parts) == place:
            taken.append(row)
    return tuple(taken)


def _is_required(section: str) -> bool:
    """Whether a section acts even if a scenario does not name it."""
    return Scenario.model_fields[section].is_required()
