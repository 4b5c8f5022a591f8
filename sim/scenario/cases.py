"""Backtest cases as they stand in a file: read, checked against each other, chosen.

In: a YAML file, shipped or a stranger's. Out: frozen cases with the places of their keys. It
predicts nothing and scores nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from pydantic import ValidationError

from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.files import note_read
from sim.scenario import library
from sim.scenario.case_format import BOUNDS, Case, CaseList, Role
from sim.scenario.document import MAX_BYTES, parse_document
from sim.scenario.refusal import by_place, hint, scenario_problems
from sim.scenario.tree import Document, Path


@dataclass(frozen=True)
class PlacedCase:
    """A case and where it stands.

    Attributes
    ----------
    case
        The case.
    file
        The file as given, with the places of its values.
    number
        Position in the file, from 0.
    """

    case: Case
    file: CaseFile
    number: int

    @property
    def before(self) -> list[Case]:
        """Cases with the figures of the same quantity before this one, the first of them first."""
        by_id = {case.id: case for case in self.file.content.cases}
        found: list[Case] = []
        case = self.case
        while case.before is not None:
            case = by_id[case.before]
            found.append(case)
        return found[::-1]

    def problem(self, key: str, message: str) -> Problem:
        """Return a problem placed at one key of the case."""
        return self.file.problem(("cases", self.number, *key.split(".")), message)


@dataclass(frozen=True, eq=False)
class CaseFile:
    """A case file.

    Attributes
    ----------
    path
        Where it was read; paths inside start from its folder.
    sha256
        Of the file's bytes.
    document
        The places of its values.
    content
        The cases.
    """

    path: FilePath
    sha256: str
    document: Document
    content: CaseList

    @property
    def cases(self) -> list[PlacedCase]:
        """The cases with their places."""
        return [PlacedCase(case, self, number) for number, case in enumerate(self.content.cases)]

    def problem(self, path: Path, message: str) -> Problem:
        """Return a problem placed at one key of the file."""
        place = self.document.place(path)
        return Problem(
            place.file, message, place.line, place.column, ".".join(str(part) for part in path)
        )


def read_files(paths: Sequence[FilePath]) -> list[CaseFile]:
    """Read case files and hold them against each other.

    Raises
    ------
    DataError
        With every file that cannot be read, if there is nothing else to say.
    ScenarioError
        With the mistakes of all files.
    """
    files: list[CaseFile] = []
    problems: list[Problem] = []
    refusal: type[ProblemsError] = DataError
    for path in paths:
        try:
            files.append(read_cases(path))
        except ProblemsError as error:
            problems += error.problems
            refusal = refusal if isinstance(error, DataError) else ScenarioError
    if problems:
        raise refusal(problems)
    check_disjoint(files)
    return files


def read_cases(path: FilePath) -> CaseFile:
    """Read one case file.

    Raises
    ------
    DataError
        If it cannot be read.
    ScenarioError
        With every mistake in it.
    """
    note_read(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"expected a readable case file, got an error: {error.strerror}"
        raise DataError([Problem(str(path), message)]) from None
    document = parse_document(data, str(path))
    try:
        content = CaseList.model_validate(document.tree)
    except ValidationError as error:
        problems = scenario_problems(error.errors(), document, CaseList)
        raise ScenarioError(by_place([*document.problems, *problems])) from None
    if document.problems:
        raise ScenarioError(by_place(document.problems))
    found = CaseFile(path, hashlib.sha256(data).hexdigest(), document, content)
    check_disjoint([found])
    return found


def shipped_cases() -> list[CaseFile]:
    """Read the shipped case files, by name."""
    return read_files(sorted((library.shipped("seeds") / "backtest").glob("*.yaml")))


def check_disjoint(files: list[CaseFile]) -> None:
    """Refuse equal ids, two roles of one figure, and cases before and rankings that cannot be.

    A subject has its shortfall said once, in a file that has a case of it.

    Raises
    ------
    ScenarioError
        With every such case, ranking and shortfall.
    """
    problems: list[Problem] = []
    ids: set[str] = set()
    roles: dict[tuple[str, float, str, str], Role] = {}
    numbers: dict[tuple[str, str], Role] = {}
    for placed in (placed for file in files for placed in file.cases):
        case = placed.case
        if case.id in ids:
            problems.append(placed.problem("id", f"expected each id once, got {case.id!r} again"))
        ids.add(case.id)
        published = case.published
        figure = (case.subject, published.value, published.unit, published.source)
        if roles.setdefault(figure, case.role) != case.role:
            message = (
                f"expected one role for one figure of {case.subject}, got {case.role} beside "
                f"{roles[figure]}"
            )
            problems.append(placed.problem("role", message))
        number = (case.subject, case.counts_as)
        if case.counts_as and numbers.setdefault(number, case.role) != case.role:
            message = (
                f"expected one role for the number {case.counts_as!r} of {case.subject}, got "
                f"{case.role} beside {numbers[number]}"
            )
            problems.append(placed.problem("role", message))
    said: set[str] = set()
    for file in files:
        problems += _check_before(file)
        problems += _check_rankings(file, ids)
        problems += _check_shortfalls(file, said)
    if problems:
        raise ScenarioError(problems)


def _check_before(file: CaseFile) -> list[Problem]:
    """Cases named as the one before that are none, or whose figures cannot be of one quantity."""
    problems = []
    earlier: dict[str, Case] = {}
    for placed in file.cases:
        case, name = placed.case, placed.case.before
        if name is not None:
            other = earlier.get(name)
            message = ""
            if other is None:
                message = (
                    "expected the id of a case of this file that stands before this one, got "
                    f"{name!r}{hint(name, earlier)}"
                )
            elif {case.published.relation, other.published.relation} != {"equal"}:
                message = "expected two figures with relation equal, got another relation"
            elif case.published.unit != other.published.unit:
                message = (
                    f"expected a figure in {case.published.unit}, got one in {other.published.unit}"
                )
            if message:
                problems.append(placed.problem("before", message))
        earlier[case.id] = case
    return problems


def _check_rankings(file: CaseFile, ids: set[str]) -> list[Problem]:
    """Rankings of unknown cases or of unlike figures, and ranks in no ranking."""
    problems = []
    by_id = {placed.case.id: placed.case for placed in file.cases}
    ranked: set[str] = set()
    for number, ranking in enumerate(file.content.rankings):
        path: Path = ("rankings", number)
        if ranking.id in ids:
            message = f"expected each id once, got {ranking.id!r} again"
            problems.append(file.problem((*path, "id"), message))
        ids.add(ranking.id)
        for row, name in enumerate(ranking.cases):
            place = (*path, "cases", row)
            if name not in by_id:
                message = f"expected the id of a case of this file, got {name!r}{hint(name, by_id)}"
                problems.append(file.problem(place, message))
            elif name in ranking.cases[:row]:
                problems.append(file.problem(place, f"expected each case once, got {name!r} again"))
        known = [by_id[name] for name in ranking.cases if name in by_id]
        ranked.update(case.id for case in known)
        kinds = {case.published.relation == "rank" for case in known}
        if len(kinds) > 1 or any(case.published.relation in BOUNDS for case in known):
            message = "expected figures that are all equal or all a rank, got others among them"
            problems.append(file.problem((*path, "cases"), message))
    for placed in file.cases:
        if placed.case.published.relation == "rank" and placed.case.id not in ranked:
            message = "expected a case with a rank in one of the rankings, got it in none"
            problems.append(placed.problem("published.relation", message))
    return problems


def _check_shortfalls(file: CaseFile, said: set[str]) -> list[Problem]:
    """Shortfalls of what predicts no case of the file, or of what was said before."""
    problems = []
    subjects = dict.fromkeys(each.case.subject for each in file.cases)
    for number, shortfall in enumerate(file.content.shortfalls):
        subject = shortfall.subject
        message = ""
        if subject not in subjects:
            message = (
                f"expected what predicts a case of this file, got {subject!r}"
                f"{hint(subject, subjects)}"
            )
        elif subject in said:
            message = f"expected each subject once, got {subject!r} again"
        if message:
            problems.append(file.problem(("shortfalls", number, "subject"), message))
        said.add(subject)
    return problems


def choose(files: list[CaseFile], ids: list[str]) -> list[PlacedCase]:
    """Choose cases by id; all where none is named.

    Raises
    ------
    ScenarioError
        If there is no such case.
    """
    placed = [placed for file in files for placed in file.cases]
    known = [each.case.id for each in placed]
    problems = [
        Problem(name, f"expected the id of a case, got no such{hint(name, known)}")
        for name in ids
        if name not in known
    ]
    if problems:
        raise ScenarioError(problems)
    return [each for each in placed if not ids or each.case.id in ids]
