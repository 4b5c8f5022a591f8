"""Backtest cases as they stand in a file: read, checked against each other, chosen.

In: a YAML file, shipped or a stranger's. Out: frozen cases with the places of their keys. It
predicts nothing and scores nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, ValidationError, model_validator

from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.files import note_read
from sim.scenario import library
from sim.scenario.document import MAX_BYTES, Document, NodePath, parse_document
from sim.scenario.predictors import (
    ExposurePredictor,
    NamesPredictor,
    NationalPredictor,
    OvermatchPredictor,
    Predictor,
    RunPredictor,
)
from sim.scenario.quantities import Model, check_between
from sim.scenario.readings import Amount, Date, Text
from sim.scenario.refusal import by_place, hint, scenario_problems
from sim.scenario.schema import Line, Slug

FORMAT = "overblock/backtest/1"
MAX_CASES = 500
MAX_RANKINGS = 100
FEWEST_RANKED = 3
"""Cases of a ranking: two are in the right sequence half of the time."""

Role: TypeAlias = Literal["calibration", "known", "held-out"]
CHECKS: tuple[Role, ...] = ("known", "held-out")
"""Roles of figures that set nothing."""

Relation: TypeAlias = Literal["equal", "at_least", "at_most", "between", "rank"]
BOUNDS: tuple[Relation, ...] = ("at_least", "at_most", "between")
"""Relations that bound a quantity, from one side or from both."""


class Published(Model):
    """What was published."""

    value: float
    """The figure as published; where a range was, its middle or best value."""
    low: float | None = None
    """Lower end of the range that was published; the value when left out."""
    high: float | None = None
    """Upper end of the range that was published; the value when left out."""
    rounding: Amount
    """Half of the last digit given, or how far a word such as 'about' reaches; 0 if exact."""
    relation: Relation = "equal"
    """Whether the figure is the quantity, bounds it, is a range without a best value, or a rank."""
    nature: Literal["measured", "counted", "claimed", "estimated", "computed"]
    """Measured or counted by somebody, claimed by a party, estimated, or computed from others."""
    unit: Line
    """Unit of value, low, high and rounding."""
    source: Text
    """Where it was published: an address or a bibliographic reference."""
    date: Date
    """When it was published, or what time it is about."""

    @model_validator(mode="after")
    def check_range(self) -> Published:
        """Refuse a value outside its own range."""
        low = self.value if self.low is None else self.low
        high = self.value if self.high is None else self.high
        check_between(low, self.value, high)
        if self.relation == "between" and not low < high:
            raise ValueError("expected low and high with relation between, got no range")
        if self.relation == "rank" and not (self.value >= 1 and self.value.is_integer()):
            raise ValueError(
                f"expected a whole number from 1 on with relation rank, got {self.value:g}"
            )
        return self

    @property
    def interval(self) -> tuple[float, float]:
        """Values that the publication allows, rounding and relation counted in."""
        low = (self.value if self.low is None else self.low) - self.rounding
        high = (self.value if self.high is None else self.high) + self.rounding
        if self.relation == "at_least":
            high = float("inf")
        if self.relation == "at_most":
            low = float("-inf")
        return low, high


class Guess(Model):
    """A range within which a guess is spread evenly on a logarithmic scale."""

    low: Annotated[float, Field(gt=0, le=1e18)]
    """Lower end, in the unit of the published figure."""
    high: Annotated[float, Field(gt=0, le=1e18)]
    """Upper end."""

    @model_validator(mode="after")
    def check_range(self) -> Guess:
        """Refuse a range that is none."""
        if not self.low < self.high:
            raise ValueError(f"expected low < high, got {self.low:g}, {self.high:g}")
        return self


class Factor(Model):
    """What a prediction is multiplied by to come to the unit of the figure; triangular."""

    value: Annotated[float, Field(gt=0, le=1e18)]
    """The factor that is most likely."""
    low: Annotated[float, Field(gt=0, le=1e18)] | None = None
    """Least; the value when left out."""
    high: Annotated[float, Field(gt=0, le=1e18)] | None = None
    """Most; the value when left out."""
    why: Text
    """What it is, and its source."""

    @model_validator(mode="after")
    def check_range(self) -> Factor:
        """Refuse a value outside its range."""
        check_between(*self.ends)
        return self

    @property
    def ends(self) -> tuple[float, float, float]:
        """Least, most likely and most."""
        low = self.value if self.low is None else self.low
        return low, self.value, self.value if self.high is None else self.high


class Case(Model):
    """One published outcome and how it is predicted."""

    id: Slug
    """Short name."""
    title: Line
    """What was published, in a few words."""
    given: Text
    """What the prediction was told."""
    role: Role
    """calibration if a parameter of this predictor was set by this figure; known if none was, but
    whoever made the predictor knew the figure; held-out if nobody who made it did."""
    why_role: Text
    """Which parameter was set by it; or what its makers knew of it."""
    predictor: Predictor
    published: Published
    times: Factor | None = None
    """Factor between what is predicted and the unit of the figure; 1 when left out."""
    guess: Guess | None = None
    """Range of a guess that knows the quantity and not the case; it is scored beside."""
    floor: Annotated[float, Field(gt=0, le=1e18)] | None = None
    """Least number told from zero: what lies below, predicted or published, counts as it."""
    counts_as: Annotated[
        str, StringConstraints(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$", max_length=60)
    ] = ""
    """Name of the one number that several cases show: they count once in every mean."""
    before: Slug | None = None
    """Case of this file with the figure of the same quantity before this one; it stands before."""
    note: Annotated[str, StringConstraints(max_length=2000)] = ""
    """How the comparison is to be read."""
    why_missed: Annotated[str, StringConstraints(max_length=2000)] = ""
    """What is left where the figure lies outside: an error of structure or a wide assumption."""

    @property
    def subject(self) -> str:
        """What makes the prediction: the scenario, method, law or list; cases of one share it."""
        match self.predictor:
            case RunPredictor(scenario=scenario):
                return f"scenario {scenario}"
            case NationalPredictor(method=method):
                return f"method {method}"
            case NamesPredictor():
                return "law of names per address"
            case ExposurePredictor(blocklist=blocklist):
                return f"list {blocklist}"
            case OvermatchPredictor(rules=rules):
                return f"rules {rules}"
        return "nothing"


class Ranking(Model):
    """Several cases whose sequence is scored."""

    id: Slug
    """Short name."""
    title: Line
    """What is ranked."""
    cases: Annotated[list[Slug], Field(min_length=FEWEST_RANKED, max_length=MAX_CASES)]
    """Ids of cases of the same file."""
    note: Annotated[str, StringConstraints(max_length=2000)] = ""
    """How the sequence is to be read."""


class Shortfall(Model):
    """What is left where scores of one subject fall short of what was hoped for."""

    subject: Line
    """What predicts, as scores name it: 'scenario NAME', 'method NAME', 'list NAME', …."""
    why: Text
    """The error of structure, or the wide assumption, that is left, and what was ruled out."""


class CaseList(Model):
    """The content of a case file."""

    format: Literal["overblock/backtest/1"]
    """Version of this format."""
    cases: Annotated[list[Case], Field(min_length=1, max_length=MAX_CASES)]
    """The cases."""
    rankings: Annotated[list[Ranking], Field(max_length=MAX_RANKINGS, default_factory=list)]
    """Sequences of cases; none when left out."""
    shortfalls: Annotated[list[Shortfall], Field(max_length=MAX_CASES, default_factory=list)]
    """Why scores of what predicts cases of this file fall short; none when left out."""


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

    def problem(self, path: NodePath, message: str) -> Problem:
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
        path: NodePath = ("rankings", number)
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
