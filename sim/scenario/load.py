"""A scenario file to a ``Scenario``: form only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sim.errors import Problem, ScenarioError
from sim.files import note_read
from sim.scenario import library, schema
from sim.scenario.document import MAX_BYTES, Document, NodePath, Place, parse_document, validated
from sim.scenario.overrides import fill_in, override, take_pack
from sim.scenario.readings import reading_problems
from sim.scenario.strategies import Chase, Own
from sim.scenario.tables.column_changes import ColumnChange
from sim.scenario.tables.rows import AssumptionRow, read_assumptions
from sim.scenario.tables.seeds import find_table

FRONTS = "fronts or target.addresses"
"""Keys that give the target addresses; at most one of them is given."""
NEEDS = {
    "fronts": ("censor", "which discovers them"),
    "users": (FRONTS, "by which they reach the target"),
    "stances": ("fronts", "which providers let to the target"),
    "complaints": ("users", "who complain"),
}
"""Sections that need another, and what for."""
NEEDS_ATTENTION = ("pause_pressure", "end_pressure")
"""Keys of the censor that act on attention alone."""
_ALL_TIMES = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def _lone_sections(scenario: schema.Scenario) -> Iterator[tuple[NodePath, str]]:
    """Sections, shares and strategies without what they act on, each with what is wrong."""
    for section, (needed, why) in NEEDS.items():
        if scenario.has(section) and not scenario.has(needed):
            yield (section,), f"expected a section {needed} with it, {why}; got none"
    if scenario.fronts is not None and scenario.target.addresses is not None:
        yield ("target", "addresses"), "expected no section fronts with it; got both"
    if scenario.switching is not None and scenario.providers.shared is None:
        message = "expected providers.shared with it, whose ranges the programs leave; got none"
        yield ("switching",), message
    if scenario.switching is not None and scenario.tenancy is not None:
        message = (
            "expected no section tenancy with it: where a program comes back to, after the "
            "provider gave its site another address, is not modelled; got both"
        )
        yield ("switching",), message
    users, complaints = scenario.users, scenario.complaints
    asks_people = complaints is not None and bool(complaints.per_million_people_per_d)
    if users and users.share_target_users == 0 and asks_people:
        message = (
            "expected a share above 0 with complaints.per_million_people_per_d, which takes from "
            "it how many people there are; got 0"
        )
        yield ("users", "share_target_users"), message
    if not scenario.has(FRONTS) and isinstance(scenario.strategy, Chase):
        message = (
            f"expected a section {FRONTS} with the strategy {scenario.strategy.id}, which answers "
            "the fronts that are found; got none"
        )
        yield ("strategy", "id"), message


def _lone_keys(scenario: schema.Scenario) -> Iterator[tuple[NodePath, str]]:
    """Keys of the censor without the one that they go with, and the reverse."""
    if (censor := scenario.censor) is None:
        return
    narrow = (censor.under_pressure == "narrow", "under_pressure: narrow")
    review = (censor.review_every_d is not None, "review_every_d")
    outside = (censor.outside_withdrawals_per_d is not None, "outside_withdrawals_per_d")
    for key, (is_on, other), is_needed, acts_alone in (
        ("narrow_length", narrow, True, False),
        ("pause_pressure", narrow, True, True),
        ("review_silent_d", review, True, False),
        ("review_addresses", review, False, False),
        ("outside_withdrawal_share", outside, True, False),
    ):
        is_given = getattr(censor, key) is not None
        if is_on and is_needed and not is_given:
            yield ("censor",), f"expected {key} with {other}; got none"
        elif is_given and not (is_on or acts_alone):
            message = f"expected {other} with it, without which it has no effect; got none"
            yield ("censor", key), message
    has_attention = scenario.complaints is not None or censor.pressure_events is not None
    for key in () if has_attention else NEEDS_ATTENTION:
        if getattr(censor, key) is not None:
            message = (
                "expected a section complaints, or censor.pressure_events, with it: nothing else "
                "raises attention; got none"
            )
            yield ("censor", key), message


def _evidence_problems(scenario: schema.Scenario, document: Document) -> Iterator[Problem]:
    """Refuse evidence with one name twice, and what no run has to be read off."""
    # A run that is shortened for a question reads the evidence in time, or none.
    is_cut = document.is_replaced(("start",)) or document.is_replaced(("end",))
    ends = _ALL_TIMES if is_cut else (scenario.start, scenario.end)
    names: set[str] = set()
    for row, piece in enumerate(scenario.evidence or ()):
        found = reading_problems(piece, *ends)
        if piece.id in names:
            found.append(("id", f"expected each id once, got {piece.id!r} again"))
        names.add(piece.id)
        for key, message in found:
            yield document.problem(("evidence", row, key), message)


GIVEN_BY = {"population.n_businesses": "inventory"}
"""Keys that nothing is assumed for where another key of their section is given."""


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario and where it came from."""

    scenario: schema.Scenario
    """Validated in form; every key has a value."""
    document: Document
    """The places of the values."""
    source: bytes
    """The file's bytes, verbatim."""
    folder: Path
    """Folder that relative table paths start from."""
    overrides: tuple[str, ...]
    """``key.path=value`` as the user wrote it."""
    assumed: tuple[AssumptionRow, ...]
    """Rows of the assumption table whose value the scenario took, in table order."""
    copies: Mapping[str, Path] = field(default_factory=dict)
    """Where tables lie by name, for a scenario read from a run folder with its own copies; a table
    that is not among them lies where it always does."""
    columns: tuple[ColumnChange, ...] = ()
    """Assumed columns of tables that are set."""
    moved: tuple[ColumnChange, ...] = ()
    """Those of them that the copies have already."""

    def with_copies(
        self, copies: Mapping[str, Path], moved: Sequence[ColumnChange]
    ) -> LoadedScenario:
        """The scenario of a run, whose copies of the tables have what was set in them.

        Raises
        ------
        ScenarioError
            With columns that were set there and now are set again: where they stood is not known.
        """
        before = {one.key: one.amounts for one in moved}
        message = "expected a column that the folder has not set: run the scenario again"
        again = [one for one in self.columns if before.get(one.key, one.amounts) != one.amounts]
        ScenarioError.raise_any([Problem(one.origin, message, key=one.key) for one in again])
        return replace(self, copies=copies, moved=tuple(moved))

    def find_table(self, name: str) -> Path:
        """Path of a table that the scenario names."""
        return self.copies.get(name) or find_table(name, self.folder)

    def with_code(self, copies: Mapping[str, Path], names: Iterable[str]) -> LoadedScenario:
        """The scenario with more copies, none of which stands for another file that it names.

        Raises
        ------
        ScenarioError
            If one does.
        """
        for name in names:
            path = self.find_list(name)
            if (other := copies.get(name, path)).resolve() != path.resolve():
                message = f"expected Python files of distinct names, got {path} and {other}"
                raise ScenarioError([Problem(self.document.file, message)])
        return replace(self, copies={**self.copies, **copies})

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
        there, and ``off`` takes away what a scenario may leave out. A value that is set loses
        its note in the file. ``table.column=amount`` moves an assumed column; see `ColumnChange`.
    copies
        As of `LoadedScenario`.

    Raises
    ------
    ScenarioError
        With every mistake found in the file and in the overrides.
    """
    return _load(*_read(name), overrides, copies or {})


NAME = "scenario"
"""Name of a scenario without a file in messages."""


def load_values(
    tree: Mapping[str, Any], overrides: Sequence[str], copies: Mapping[str, Path]
) -> LoadedScenario:
    """Load a scenario from plain values; it has the text of a file that says the same.

    Parameters
    ----------
    tree
        Nested mappings, lists and scalars, as a scenario file holds them. Tables that are no
        shipped ones lie relative to the current folder.
    overrides, copies
        As for `load_scenario`.

    Raises
    ------
    ScenarioError
        With every mistake, each by the path of its key.
    """
    try:
        return _load(schema.dump_tree(tree).encode(), NAME, Path.cwd(), overrides, copies)
    except ScenarioError as error:
        # Lines and columns are those of a text that nobody wrote.
        placed = [
            replace(one, line=0, column=0) if one.file == NAME else one for one in error.problems
        ]
        raise ScenarioError(placed) from None


def _load(
    source: bytes, file: str, folder: Path, overrides: Sequence[str], copies: Mapping[str, Path]
) -> LoadedScenario:
    document = parse_document(source, file)
    changes = [override(document, text) for text in overrides]
    scenario, assumed = complete(document)
    # Of a column that is set twice the last setting counts, as of a key.
    by_key = {one.key: one for one in changes if one is not None}
    loaded = LoadedScenario(
        scenario, document, source, folder, tuple(overrides), assumed, {}, tuple(by_key.values())
    )
    strategy, measures = scenario.strategy, scenario.measures or ()
    names = [] if document.is_replaced(("measures",)) else [one.file for one in measures]
    if isinstance(strategy, Own) and not document.is_replaced(("strategy", "file")):
        names.append(strategy.file)
    return loaded.with_code(copies, names)


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
        message += " without the manifest.json of a run" if path.is_dir() else ""
        raise ScenarioError([Problem(str(path), message)]) from None


def validate(document: Document) -> schema.Scenario:
    """Validate what a document holds, with what its sections need of each other.

    Notes of the file on values that were set over the file's are dropped.

    Raises
    ------
    ScenarioError
        With every mistake, those of the reading too.
    """

    def problems(found: schema.Scenario) -> Iterator[Problem]:
        for path, message in (*_lone_sections(found), *_lone_keys(found)):
            yield document.problem(path, message, at_key=True)
        yield from _evidence_problems(found, document)
        notes = schema.without_stale_notes(found.provenance, document)
        yield from schema.note_problems(notes, schema.scenario_tree(found), document)

    scenario = validated(document, schema.Scenario, problems)
    notes = schema.without_stale_notes(scenario.provenance, document)
    # Of a run that was cut short, only evidence that it reaches.
    start, end = scenario.start, scenario.end
    reached = tuple(
        one
        for one in scenario.evidence or ()
        if all(time is None or start <= time <= end for time in (one.at, one.since, one.until))
    )
    return scenario.model_copy(update={"provenance": notes, "evidence": reached or None})


def complete(document: Document) -> tuple[schema.Scenario, tuple[AssumptionRow, ...]]:
    """Fill in the pack of the country and assumed values for keys left out, and validate.

    Returns
    -------
    scenario, assumed
        The rows of all assumptions taken, now or in a call before.
    """
    take_pack(document)
    table, taken = read_assumptions(), []
    for row, line in zip(table.rows, table.lines, strict=True):
        section, name = row.key.split(".")
        # A section acts if the scenario names it, or must have it.
        acts = section in document.tree or schema.Scenario.model_fields[section].is_required()
        stands = document.tree.get(section, {})
        if not acts or not isinstance(stands, dict):
            continue
        if GIVEN_BY.get(row.key) in stands and name not in stands:
            continue
        if fill_in(document, row.key, row.number, Place(str(table.path), line, 1)):
            taken.append(row)
    return validate(document), tuple(taken)
