"""The format of backtest cases: what was given, what predicts it, what was published.

In: the content of a case file. Out: frozen models. Files are not read here, nothing is predicted.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from sim.scenario.model import Model
from sim.scenario.predictors import (
    ExposurePredictor,
    NamesPredictor,
    NationalPredictor,
    OvermatchPredictor,
    Predictor,
    RunPredictor,
)
from sim.scenario.quantities import check_between
from sim.scenario.readings import Amount, Date, Text
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
