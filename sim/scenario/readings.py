"""What a backtest case, or a piece of evidence, reads off a run.

A measure, a curve at a time, events, businesses, or what is listed. These models read nothing; they
report names and times that no run has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    StringConstraints,
    model_serializer,
)

from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.scenario.document import hint
from sim.scenario.quantities import Instant, Model, Share, check_between

Text: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Named: TypeAlias = Annotated[str, StringConstraints(max_length=80)]
"""A name of something that the program has; the reader checks whether it has it."""
Amount: TypeAlias = Annotated[float, Field(ge=0, le=1e18)]


def read_date(value: object) -> object:
    """Take a bare year, which YAML reads as a number, as text."""
    return str(value) if type(value) is int else value


Date: TypeAlias = Annotated[
    str, BeforeValidator(read_date), StringConstraints(min_length=4, max_length=40)
]


Name: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=200)]


Names: TypeAlias = Annotated[list[Name], Field(max_length=200, default_factory=list)]


class Listed(Model):
    """Distinct addresses outside the target's own that the register lists: at a time, or ever."""

    providers: Names
    """Providers of the scenario whose addresses count; all by default."""


class BusinessesHit(Model):
    """How many businesses lose more than a share of their domestic demand."""

    above: Share
    """Share of demand that fails: any, or at a time one of the scenario's thresholds."""
    providers: Names
    """Providers of the front end; all by default."""
    sectors: Names
    """Sectors."""
    is_share: bool = False
    """Divide by all businesses of these groups."""


EvidenceKind: TypeAlias = Literal["fact", "claim", "assumption"]
MOST_EVIDENCE = 50


class RunReading(Model):
    """A reading of a simulated scenario."""

    measure: Named = ""
    """Measure of the whole run, as in summary.csv."""
    curve: Named = ""
    """Curve, as in curves.parquet."""
    event: Named = ""
    """Kind of event to count, as in events.parquet."""
    first_outage: bool = False
    """Count the businesses that were affected at least once."""
    businesses: BusinessesHit | None = None
    """Count businesses that lose more than a share of demand: ever, or at once with a time."""
    listed: Listed | None = None
    """Count addresses that the register lists: at a time, or ever in a span."""
    at: Instant | None = None
    """When the curve is read."""
    since: Instant | None = None
    """From when on; the start of the run by default."""
    until: Instant | None = None
    """Until when, not included; the end of the run by default."""
    take: Literal["max", "min", "mean"] = "max"
    """What is taken of a curve over a span, without ``at``; the mean is over time."""
    is_relative_to_start: bool = False
    """Divide by the curve's value at the start of the run."""

    def check_values(self) -> None:
        """Refuse several things to read, none, and times that do not go with them."""
        wanted = {key: bool(getattr(self, key)) for key in READ_OFF}
        if sum(wanted.values()) != 1:
            raise ValueError(f"expected one of {', '.join(wanted)}, got {sum(wanted.values())}")
        if self.at and not (self.curve or self.businesses or self.listed is not None):
            raise ValueError("expected at with curve, businesses or listed only, got another")
        if self.at and (self.since or self.until):
            raise ValueError("expected at, or since and until, got both")
        if (self.since or self.until) and self.measure:
            raise ValueError("expected no time with measure: set the scenario's end, got one")
        is_span = self.businesses is not None and (self.since or self.until)
        if "take" in self.model_fields_set and (self.at or not (self.curve or is_span)):
            raise ValueError(
                "expected take with a curve, or businesses with since or until, and no at"
            )
        hit = self.businesses
        if hit and self.is_timed and hit.providers and hit.sectors:
            raise ValueError("expected providers or sectors with a time, got both")
        if self.is_relative_to_start and not self.curve:
            raise ValueError("expected is_relative_to_start with curve only, got it elsewhere")

    @property
    def is_timed(self) -> bool:
        """Whether it is of a time or a span, and not of the whole run."""
        return bool(self.at or self.since or self.until)

    @property
    def is_read_by(self) -> datetime | None:
        """When it has been read; None where it is of the whole run."""
        return self.until if self.at is None else self.at + timedelta(seconds=1)

    @property
    def is_of_a_group(self) -> bool:
        """Whether it needs providers or sectors apart, and not everybody together."""
        return self.businesses is not None or self.listed is not None


READ_OFF = ("measure", "curve", "event", "first_outage", "businesses", "listed")
"""Readings; exactly one is given."""


class Evidence(RunReading):
    """A figure that a simulation agrees with, or is not kept."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
    """Short name, used in tables."""
    value: Amount
    """The figure as published."""
    factor: Annotated[float, Field(gt=1, le=1e6)] | None = None
    """A simulation agrees within the value over and times this; in place of low and high."""
    low: Amount | None = None
    """Least with which a simulation agrees; no bound by default."""
    high: Amount | None = None
    """Most with which a simulation agrees; no bound by default."""
    kind: EvidenceKind
    """Counted or measured, claimed by a party, or assumed."""
    unit: Text
    """Unit of value, low and high."""
    source: Text
    """Where the figure was published."""
    date: Date
    """When it was published, or what time it is about."""
    note: Text
    """Why this window."""

    def check_values(self) -> None:
        """Refuse a window that is none, two in one, and a value outside its window."""
        super().check_values()
        bounds = self.low, self.high
        if (self.factor is None) == (bounds == (None, None)):
            raise ValueError("expected factor, or low and high or one of them, got both or neither")
        if self.factor is not None and not self.value:
            raise ValueError("expected a value above 0 with factor, got 0")
        check_between(self.window[0], self.value, self.window[1])

    @model_serializer(mode="wrap")
    def write_given(self, write: SerializerFunctionWrapHandler) -> dict[str, object]:
        """Return the keys that were given: some others exclude them."""
        return {key: one for key, one in write(self).items() if key in self.model_fields_set}

    @property
    def window(self) -> tuple[float, float]:
        """Least and most with which a simulation agrees."""
        if self.factor is not None:
            return self.value / self.factor, self.value * self.factor
        low = -math.inf if self.low is None else self.low
        return low, math.inf if self.high is None else self.high


def reading_problems(
    reading: RunReading, start: datetime, end: datetime, events: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Names of measures, curves and events that there are not, times outside the run, empty spans.

    Parameters
    ----------
    events
        Kinds of events; not checked where there are none.

    Returns
    -------
    problems
        Keys of the reading, each with what is wrong.
    """
    problems = []
    names = {"curve": tuple(CURVES), "event": tuple(events), "measure": tuple(MEASURES)}
    for key, known in names.items():
        value = getattr(reading, key)
        if value and known and value not in known:
            elsewhere = [other for other in names if value in names[other]]
            is_a = f"; it is a {elsewhere[0]}: {elsewhere[0]}: {value}" if elsewhere else ""
            message = (
                f"expected one of {', '.join(known)}, got {value!r}{is_a or hint(value, known)}"
            )
            problems.append((key, message))
    for key in ("at", "since", "until"):
        time = getattr(reading, key)
        if time is not None and not start <= time <= end:
            message = (
                f"expected a time within the run, {start.isoformat()} to {end.isoformat()}, got "
                f"{time.isoformat()}; an override of start or end moves it"
            )
            problems.append((key, message))
    since, until = reading.since or start, reading.until or end
    if not problems and since >= until:
        message = f"expected since before until, got {since.isoformat()} and {until.isoformat()}"
        problems.append(("until" if reading.until else "since", message))
    return problems
