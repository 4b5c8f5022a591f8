"""How a backtest case is predicted: by a run, a national method, the law of names, or a list."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from sim.scenario.quantities import Instant, Model, Share, check_between
from sim.scenario.readings import Amount, Date, Named, RunReading, Text
from sim.scenario.tables.sharing import Kind, LawQuantity


class RunPredictor(RunReading):
    """A number read off a simulated scenario, in each replicate."""

    kind: Literal["run"]
    scenario: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    """Shipped scenario, or a file relative to the case file."""
    overrides: Annotated[list[Text], Field(max_length=50, default_factory=list)]
    """``key.path=value`` each, as for --set."""


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


class ShareRange(Model):
    """A share and how far it may lie; triangular over the range, a point without one."""

    value: Share
    """The share that is most likely."""
    low: Share | None = None
    """Least; the value by default."""
    high: Share | None = None
    """Most; the value by default."""

    @model_validator(mode="after")
    def check_range(self) -> ShareRange:
        """Refuse a value outside its range."""
        low, value, high = self.ends
        check_between(low, value, high)
        return self

    @property
    def ends(self) -> tuple[float, float, float]:
        """Least, most likely and most."""
        low = self.value if self.low is None else self.low
        return low, self.value, self.value if self.high is None else self.high


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
    universe: ShareRange | None = None
    """Share of all names that the study counts; all by default."""
    universe_of: Literal["any", "popular"] = "any"
    """Whether these are a random part of all names, or the most popular ones."""

    @model_validator(mode="after")
    def check_addresses(self) -> NamesPredictor:
        """Reject addresses or a universe with a quantity that ignores them, and their absence."""
        is_drawn = self.quantity == "names_on_addresses"
        if is_drawn and self.universe is not None:
            raise ValueError("expected no universe with names_on_addresses")
        if self.universe is not None and self.universe.ends[0] <= 0:
            raise ValueError("expected a universe above 0")
        if self.universe_of == "popular" and (self.universe is None or self.universe.ends[2] >= 1):
            raise ValueError("expected a universe below 1 with universe_of: popular")
        if (is_drawn or self.quantity == "share_top") != (self.n_addresses is not None):
            raise ValueError("expected n_addresses with share_top and names_on_addresses only")
        if is_drawn != (self.address_kind is not None):
            raise ValueError("expected address_kind with names_on_addresses only")
        if is_drawn and (self.n_addresses or 0) > MOST_DRAWN:
            raise ValueError(f"expected at most {MOST_DRAWN} addresses to draw, got more")
        return self


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
