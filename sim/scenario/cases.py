"""Backtest cases in a file: read, checked against each other, chosen by id."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from sim.errors import DataError, Mistakes, Problem, ScenarioError
from sim.scenario import library
from sim.scenario.document import MAX_BYTES, Document, hint, parse_document, validated
from sim.scenario.quantities import Instant, Model, Share, check_between
from sim.scenario.readings import Amount, Date, Named, RunReading, Text
from sim.scenario.schema import Line, Slug
from sim.scenario.tables.seeds import read_bytes
from sim.scenario.tables.sharing import Kind, LawQuantity

MAX_CASES = 500

Role: TypeAlias = Literal["calibration", "known", "held-out"]
CHECKS: tuple[Role, ...] = ("known", "held-out")
"""Roles of figures that set nothing."""

Relation: TypeAlias = Literal["equal", "at_least", "at_most", "between"]
BOUNDS: tuple[Relation, ...] = ("at_least", "at_most", "between")
"""Relations that bound a quantity, from one side or from both."""


class RunPredictor(RunReading):
    """A number read off a simulated scenario, in each replicate."""

    kind: Literal["run"]
    scenario: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Shipped scenario, or a file relative to the case file."""
    overrides: Annotated[list[Text], Field(max_length=50, default_factory=list)]
    """``key.path=value`` each, as for --set."""


class Ranged(Model):
    """A value and how far it may lie; a point where neither end is given."""

    value: float
    low: float | None = None
    high: float | None = None

    def check_values(self) -> None:
        """Refuse a value outside its range."""
        check_between(*self.ends)

    @property
    def ends(self) -> tuple[float, float, float]:
        """Least, most likely and most."""
        low = self.value if self.low is None else self.low
        return low, self.value, self.value if self.high is None else self.high


class Constant(Ranged):
    """A number that a national method takes."""

    value: Amount
    low: Amount
    high: Amount
    source: Text
    date: Date


class NationalPredictor(Model):
    """A published method for a whole country, over draws of its constants."""

    kind: Literal["national-method"]
    method: Named
    """Identifier of the method, as in money.csv."""
    duration_d: Amount
    """Days."""
    share_affected: Share = 1.0
    """Share of users or demand cut off."""
    economy: Annotated[str, StringConstraints(max_length=1000)] = ""
    """Table of constants; none by default."""
    constants: Annotated[dict[str, Constant], Field(max_length=50, default_factory=dict)]
    """Constants of this case, in place of the table's."""


MOST_DRAWN = 100_000
"""Addresses that a case draws at most."""


class NamesPredictor(Model):
    """The law of names per address."""

    kind: Literal["names-law"]
    quantity: Literal[LawQuantity, "names_on_addresses"]
    """Which quantity of the law; ``names_on_addresses`` draws addresses of one kind."""
    n_addresses: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """How many addresses, for share_top and names_on_addresses."""
    address_kind: Kind | None = None
    """Kind of the addresses drawn, for names_on_addresses."""
    universe: Ranged | None = None
    """Share of all names that the study counts, triangular over its range; all by default."""
    universe_of: Literal["any", "popular"] = "any"
    """Whether these are a random part of all names, or the most popular ones."""

    def check_values(self) -> None:
        """Reject addresses or a universe with a quantity that ignores them, and their absence."""
        is_drawn = self.quantity == "names_on_addresses"
        if is_drawn and self.universe is not None:
            raise ValueError("expected no universe with names_on_addresses")
        low, _, high = self.universe.ends if self.universe is not None else (1.0, 1.0, 1.0)
        if not 0 < low <= high <= 1:
            raise ValueError("expected a universe above 0 and of at most 1")
        if self.universe_of == "popular" and high == 1:
            raise ValueError("expected a universe below 1 with universe_of: popular")
        if (is_drawn or self.quantity == "share_top") != (self.n_addresses is not None):
            raise ValueError("expected n_addresses with share_top and names_on_addresses only")
        if is_drawn != (self.address_kind is not None):
            raise ValueError("expected address_kind with names_on_addresses only")
        if is_drawn and (self.n_addresses or 0) > MOST_DRAWN:
            raise ValueError(f"expected at most {MOST_DRAWN} addresses to draw, got more")


class ExposurePredictor(Model):
    """Addresses that a blocklist lists, without a simulation."""

    kind: Literal["exposure"]
    blocklist: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Shipped table, or a file relative to the case file."""
    at: Instant | None = None
    """When dated orders are in force."""
    count: Literal["distinct", "summed"] = "distinct"
    """Distinct IPv4 addresses, or the sum over rules."""


class NoPredictor(Model):
    """Nothing in the model predicts it."""

    kind: Literal["none"]
    why: Text
    """What is missing."""


Predictor: TypeAlias = Annotated[
    RunPredictor | NationalPredictor | NamesPredictor | ExposurePredictor | NoPredictor,
    Field(discriminator="kind"),
]


class Published(Ranged):
    """What was published."""

    value: float
    """The figure as published; where a range was, its middle or best value."""
    low: float | None = None
    """Lower end of the range that was published; the value by default."""
    high: float | None = None
    """Upper end of the range that was published; the value by default."""
    rounding: Amount
    """Half of the last digit given, or how far a word such as 'about' reaches; 0 if exact."""
    relation: Relation = "equal"
    """Whether the figure is the quantity, bounds it, or is a range without a best value."""
    nature: Literal["measured", "counted", "claimed", "estimated", "computed"]
    """Measured or counted by somebody, claimed by a party, estimated, or computed from others."""
    unit: Line
    """Unit of value, low, high and rounding."""
    source: Text
    """Where it was published: an address or a bibliographic reference."""
    date: Date
    """When it was published, or what time it is about."""

    def check_values(self) -> None:
        """Refuse a range without one."""
        super().check_values()
        if self.relation == "between" and not self.ends[0] < self.ends[2]:
            raise ValueError("expected low and high with relation between, got no range")

    @property
    def interval(self) -> tuple[float, float]:
        """Values that the publication allows, rounding and relation counted in."""
        low, high = self.ends[0] - self.rounding, self.ends[2] + self.rounding
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

    def check_values(self) -> None:
        """Refuse a range that is none."""
        if not self.low < self.high:
            raise ValueError(f"expected low < high, got {self.low:g}, {self.high:g}")


class Case(Model):
    """One published outcome and how it is predicted."""

    id: Slug
    """Short name."""
    title: Line
    """The published figure, in a few words."""
    given: Text
    """Inputs of the prediction."""
    role: Role
    """calibration if a parameter of this predictor was set by this figure; known if none was, but
    whoever made the predictor knew the figure; held-out if nobody who made it did."""
    why_role: Text
    """Which parameter was set by it; or what its makers knew of it."""
    predictor: Predictor
    published: Published
    guess: Guess | None = None
    """Range of a guess by someone who knows the quantity but not the case; scored as well."""
    floor: Annotated[float, Field(gt=0, le=1e18)] | None = None
    """Smallest number distinguished from zero: lower ones, predicted or published, become it."""
    counts_as: Annotated[
        str, StringConstraints(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*)?$", max_length=60)
    ] = ""
    """Name of the one number that several cases show: they count once in every mean."""
    note: Annotated[str, StringConstraints(max_length=2000)] = ""
    """How the comparison is to be read."""
    why_missed: Annotated[str, StringConstraints(max_length=2000)] = ""
    """Explanation of a figure outside the range: an error of structure or a wide assumption."""

    @property
    def subject(self) -> str:
        """Source of the prediction: the scenario, method, law or list; its cases share it."""
        match self.predictor:
            case RunPredictor(scenario=scenario):
                return f"scenario {scenario}"
            case NationalPredictor(method=method):
                return f"method {method}"
            case NamesPredictor():
                return "law of names per address"
            case ExposurePredictor(blocklist=blocklist):
                return f"list {blocklist}"
        return "nothing"


class CaseList(Model):
    """The content of a case file."""

    format: Literal["overblock/backtest/1"]
    """Version of this format."""
    cases: Annotated[list[Case], Field(min_length=1, max_length=MAX_CASES)]
    """The cases."""


@dataclass(frozen=True)
class PlacedCase:
    """A case and its position in a file."""

    case: Case
    """The case."""
    file: CaseFile
    """The file, with the places of its values."""
    number: int
    """Position in the file, from 0."""

    def problem(self, key: str, message: str) -> Problem:
        """Return a problem placed at one key of the case."""
        return self.file.document.problem(("cases", self.number, *key.split(".")), message)


@dataclass(frozen=True, eq=False)
class CaseFile:
    """A case file."""

    path: FilePath
    """Where it was read; paths inside start from its folder."""
    sha256: str
    """Hash of the file's bytes."""
    document: Document
    """The places of its values."""
    content: CaseList
    """The cases."""

    @property
    def cases(self) -> list[PlacedCase]:
        """The cases with their places."""
        return [PlacedCase(case, self, number) for number, case in enumerate(self.content.cases)]


def read_files(paths: Sequence[FilePath]) -> list[CaseFile]:
    """Read case files and compare them with each other.

    Raises
    ------
    DataError
        With every file that cannot be read, if there is no other mistake.
    ScenarioError
        With the mistakes of all files.
    """
    files: list[CaseFile] = []
    mistakes = Mistakes(DataError)
    for path in paths:
        with mistakes.of_part():
            files.append(read_cases(path))
    mistakes.raise_any()
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
    data = read_bytes(path, MAX_BYTES, "case file")
    document = parse_document(data, str(path))
    content = validated(document, CaseList)
    found = CaseFile(path, hashlib.sha256(data).hexdigest(), document, content)
    check_disjoint([found])
    return found


def shipped_cases() -> list[CaseFile]:
    """Read the shipped case files, by name."""
    return read_files(sorted((library.shipped("seeds") / "backtest").glob("*.yaml")))


def check_disjoint(files: list[CaseFile]) -> None:
    """Reject equal ids, and two roles of one figure or number.

    Raises
    ------
    ScenarioError
        With every such case.
    """
    problems: list[Problem] = []
    ids: set[str] = set()
    roles: dict[tuple[object, ...], Role] = {}
    for placed in (placed for file in files for placed in file.cases):
        case, published, of = placed.case, placed.case.published, placed.case.subject
        if case.id in ids:
            problems.append(placed.problem("id", f"expected each id once, got {case.id!r} again"))
        ids.add(case.id)
        shown: dict[str, tuple[object, ...]]
        shown = {f"one figure of {of}": (of, published.value, published.unit, published.source)}
        if case.counts_as:
            shown[f"the number {case.counts_as!r} of {of}"] = (of, case.counts_as)
        for what, key in shown.items():
            if (first := roles.setdefault(key, case.role)) != case.role:
                message = f"expected one role for {what}, got {case.role} and {first}"
                problems.append(placed.problem("role", message))
    ScenarioError.raise_any(problems)


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
    ScenarioError.raise_any(problems)
    return [each for each in placed if not ids or each.case.id in ids]
