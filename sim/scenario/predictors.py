"""How the outcome of a backtest case is predicted: by a run, a national method, a law, an exposure.

In: the part of a case that says how. Out: frozen models, one for each kind. It predicts nothing.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from sim.scenario.model import Model
from sim.scenario.quantities import Instant, Share, check_between

Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Slugged: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]*$", max_length=80)]
Amount: TypeAlias = Annotated[float, Field(ge=0, le=1e18)]


def read_date(value: object) -> object:
    """Take a bare year, which YAML reads as a number, as text."""
    return str(value) if type(value) is int else value


Date: TypeAlias = Annotated[
    str, BeforeValidator(read_date), StringConstraints(min_length=4, max_length=40)
]


class RunPredictor(Model):
    """A number read off a simulated scenario, in each replicate."""

    kind: Literal["run"]
    scenario: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Shipped scenario, or a file relative to the case file."""
    overrides: Annotated[list[Text], Field(max_length=50, default_factory=list)]
    """``key.path=value`` each, as for --set."""
    measure: Slugged = ""
    """Measure of the whole run, as in summary.csv; money is its median over draws."""
    curve: Slugged = ""
    """Curve, as in curves.parquet."""
    event: Slugged = ""
    """Kind of event to count, as in events.parquet."""
    first_outage: bool = False
    """Count the businesses that were affected at least once."""
    at: Instant | None = None
    """When the curve is read."""
    since: Instant | None = None
    """From when on; the start of the run when left out."""
    until: Instant | None = None
    """Until when, not included; the end of the run when left out."""
    take: Literal["max", "min"] = "max"
    """What is taken of a curve over a time, without ``at``."""
    is_complement: bool = False
    """Take 1 less the value, of a share."""
    is_relative_to_start: bool = False
    """Divide by the curve's value at the start of the run."""

    @model_validator(mode="after")
    def check_one(self) -> RunPredictor:
        """Refuse several things to read, none, and times that do not go with them."""
        wanted = [bool(self.measure), bool(self.curve), bool(self.event), self.first_outage]
        if sum(wanted) != 1:
            raise ValueError(
                f"expected one of measure, curve, event, first_outage, got {sum(wanted)}"
            )
        if self.at and not self.curve:
            raise ValueError("expected at beside curve only, got it elsewhere")
        if self.at and (self.since or self.until):
            raise ValueError("expected at, or since and until, got both")
        if (self.since or self.until) and self.measure:
            raise ValueError("expected no time beside measure: set the scenario's end, got one")
        if self.is_relative_to_start and not self.curve:
            raise ValueError("expected is_relative_to_start beside curve only, got it elsewhere")
        return self


class Constant(Model):
    """A number that a national method takes."""

    value: Amount
    low: Amount
    high: Amount
    source: Text
    date: Date

    @model_validator(mode="after")
    def check_range(self) -> Constant:
        """Refuse a value outside its range."""
        check_between(self.low, self.value, self.high)
        return self


class NationalPredictor(Model):
    """A published method for a whole country, over draws of its constants."""

    kind: Literal["national-method"]
    method: Slugged
    """Identifier of the method, as in money.csv."""
    duration_d: Amount
    """Days."""
    share_affected: Share = 1.0
    """Share of users or demand cut off."""
    economy: Annotated[str, StringConstraints(max_length=1000)] = ""
    """Table of constants; none when left out."""
    constants: Annotated[dict[str, Constant], Field(max_length=50, default_factory=dict)]
    """Constants of this case, in place of the table's."""


class NamesPredictor(Model):
    """The law of names per address."""

    kind: Literal["names-law"]
    quantity: Literal[
        "n_names",
        "n_addresses",
        "share_single",
        "share_top",
        "mean_names",
        "max_names",
        "share_sites_crowded",
        "share_sites_alone",
        "names_on_addresses",
    ]
    """Which quantity of the law; ``names_on_addresses`` draws addresses of one kind."""
    n_addresses: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """How many addresses, for share_top and names_on_addresses."""
    address_kind: Literal["rented", "web_hosting", "proxy", "parking"] | None = None
    """Kind of the addresses drawn, for names_on_addresses."""

    @model_validator(mode="after")
    def check_addresses(self) -> NamesPredictor:
        """Refuse a number or kind of addresses where there is no use for it, and its absence."""
        wants_number = self.quantity in ("share_top", "names_on_addresses")
        if wants_number != (self.n_addresses is not None):
            raise ValueError("expected n_addresses with share_top and names_on_addresses only")
        if (self.quantity == "names_on_addresses") != (self.address_kind is not None):
            raise ValueError("expected address_kind with names_on_addresses only")
        if self.address_kind is not None and (self.n_addresses or 0) > 100_000:
            raise ValueError("expected at most 100000 addresses to draw, got more")
        return self


class ExposurePredictor(Model):
    """A count of what blocklists list, without a simulation."""

    kind: Literal["exposure"]
    blocklist: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Shipped table, or a file relative to the case file."""
    at: Instant | None = None
    """When dated orders are in force."""
    count: Literal["distinct", "summed", "outside_target"] = "distinct"
    """Distinct addresses, the sum over rules, or distinct ones outside the target's own."""
    attribute: Annotated[str, StringConstraints(max_length=1000)] = ""
    """Table that says whose prefixes are, for provider."""
    provider: Annotated[str, StringConstraints(max_length=200)] = ""
    """Count the distinct addresses of this provider alone."""

    @model_validator(mode="after")
    def check_provider(self) -> ExposurePredictor:
        """Refuse a provider without a table, and a table without a provider."""
        if bool(self.attribute) != bool(self.provider):
            raise ValueError("expected attribute and provider together, got one of them")
        return self


class NoPredictor(Model):
    """Nothing in the model predicts it."""

    kind: Literal["none"]
    why: Text
    """What is missing."""


Predictor: TypeAlias = Annotated[
    RunPredictor | NationalPredictor | NamesPredictor | ExposurePredictor | NoPredictor,
    Field(discriminator="kind"),
]
