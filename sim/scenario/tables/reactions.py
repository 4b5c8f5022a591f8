"""The rows of the tables that let actors react, with their units.

In: cells of a CSV row. Out: typed, frozen rows.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from sim.scenario.quantities import Instant, Prefix, Share
from sim.scenario.tables.rows import NonNegative
from sim.scenario.tables.seeds import Row

RENTAL, DOMAIN_FRONTING = "rental", "domain-fronting"
ENDS_FRONTING = "ends-domain-fronting"
STANCES = ("hostile", "silent", "constructive", "compliant")
RESPONSES = ("wait", "same", "foreign", "domestic", "proxy")


class PoolRow(Row):
    """Addresses of a provider at which the target has fronts, by what right, and where."""

    parts_of_column: ClassVar[tuple[str, ...]] = ("weight",)
    provider: str
    region: str = ""
    weight: NonNegative
    by: Literal["rental", "domain-fronting"] = "rental"
    share_by_names: Share = 0.0
    source: str = ""


class StanceRow(Row):
    """A provider's stance from a time on, and what it does then besides; empty for nothing."""

    at: Instant
    provider: str
    stance: Literal["hostile", "silent", "constructive", "compliant"]
    act: Literal["", "ends-domain-fronting"] = ""
    source: str = ""


class PressureRow(Row):
    """A public event and the share of what attention lacks to 1 that it adds."""

    at: Instant
    adds: Share
    what: str
    source: str = ""


class WithdrawalRow(Row):
    """A withdrawal decided by others than the censor: in whose ranges, and how much of them.

    Without a provider and a prefix it is about all that is listed.
    """

    at: Instant
    provider: str = ""
    prefix: Prefix | None = None
    share: Annotated[Share, Field(gt=0)] = 1.0
    source: str = ""

    @model_validator(mode="after")
    def check_scope(self) -> WithdrawalRow:
        """Refuse a provider and a prefix in one row."""
        if self.provider and self.prefix is not None:
            raise ValueError("expected a provider or a prefix, got both")
        return self


class ResponseRow(Row):
    """What an impaired business does, and what it takes."""

    parts_of_column: ClassVar[tuple[str, ...]] = ("share",)
    response: Literal["wait", "same", "foreign", "domestic", "proxy"]
    share: Share
    time_median_h: NonNegative
    time_sigma: NonNegative
    cost_usd: NonNegative


class PrefixRow(Row):
    """A prefix, and why it is listed."""

    prefix: Prefix
    why: Annotated[str, Field(max_length=400)] = ""
