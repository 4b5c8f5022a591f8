"""What a run predictor may read off a run beside measures, curves and events.

In: the part of a case that says what is counted. Out: frozen models. Nothing is counted here.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from sim.scenario.model import Model
from sim.scenario.quantities import Share

Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def _names() -> list[str]:
    return []


Names: TypeAlias = Annotated[list[Name], Field(max_length=200, default_factory=_names)]


class Listed(Model):
    """What the register lists: at one time, or at any time of a span."""

    count: Literal["addresses", "prefixes_wholly", "prefixes_partly"] = "addresses"
    """Distinct addresses outside the target's own; or prefixes listed wholly or in part."""
    providers: Names
    """Providers of the scenario whose addresses or prefixes count; all when left out."""
    regions: Names
    """Regions, as ``provider/region``; in place of providers."""
    is_share: bool = False
    """Divide by all addresses or prefixes of these providers or regions."""
    is_share_of_list: bool = False
    """Divide addresses of these providers or regions by all that is listed."""

    @model_validator(mode="after")
    def check_whose(self) -> Listed:
        """Refuse providers beside regions, and a share of all addresses there are."""
        if self.providers and self.regions:
            raise ValueError("expected providers or regions, got both")
        if self.is_share and self.count == "addresses" and not (self.providers or self.regions):
            raise ValueError("expected providers or regions with a share of addresses, got neither")
        is_of_some = self.count == "addresses" and bool(self.providers or self.regions)
        if self.is_share_of_list and (self.is_share or not is_of_some):
            raise ValueError(
                "expected is_share_of_list with addresses of providers or regions, and no is_share"
            )
        return self


class BusinessesHit(Model):
    """How many businesses lose more than a share of their domestic demand."""

    above: Share
    """Share of demand that fails: any, or at a time one of the scenario's thresholds."""
    providers: Names
    """Providers of the front end; all when left out."""
    regions: Names
    """Regions of the front end, as ``provider/region``."""
    sectors: Names
    """Sectors."""
    is_share: bool = False
    """Divide by all businesses of these groups."""


class Enforcing(Model):
    """Operators that enforce the register at one time."""

    operators: Names
    """Operator groups that count; all when left out."""
    count: Literal["enforcing", "entries"] = "enforcing"
    """Share of these operators that enforce; or share of entries that one enforces, in the mean."""
    entries: Annotated[float, Field(gt=0, le=1)] | None = None
    """Least share of the entries in force that one enforces; any entry at all when left out."""
    weigh: Literal["users", "operators"] = "users"
    """Share of these operators' users, or of their number (`n_operators`, else one a row)."""

    @model_validator(mode="after")
    def check_count(self) -> Enforcing:
        """Refuse a least share of entries where their share is what is counted."""
        if self.count == "entries" and self.entries is not None:
            raise ValueError("expected no least share of entries with count entries, got one")
        return self
