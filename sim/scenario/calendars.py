"""When orders are in force, whom they are for and what they name: sessions and given orders."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from sim.scenario.quantities import (
    INSTANT_PATTERN,
    TIME_OF_DAY_PATTERN,
    Day,
    Instant,
    Many,
    Model,
    Share,
    format_instant,
    parse_instant,
    parse_time_of_day,
    read_prefix,
)
from sim.scenario.tables.seeds import Row

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
"""From Monday on."""
CALENDARS = ("windows", "sessions")
"""Keys for the times of sessions; a strategy that acts in sessions gives one of them."""
LIST_FORMAT = "overblock-list"
"""Marks, in the JSON Schema, a list of prefixes or the path of a file of them."""
MOMENT_FORMAT = "overblock-moment"
"""Marks, in the JSON Schema, a time of day or a date and time."""
# A list in YAML stands for these, which strict validation would refuse.
Window = Annotated[tuple[Instant, Instant], Field(strict=False)]
Weekdays = Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7, strict=False)]
Days = Annotated[tuple[Day, ...], Field(max_length=1000, strict=False)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Names = Many[Name]


def read_addresses(value: object) -> str | tuple[str, ...]:
    """Read prefixes and addresses, or the path of a file of them."""
    if isinstance(value, str):
        if value and not _is_prefix(value):
            return value
        raise ValueError(
            f"expected the path of a file, or a list such as [192.0.2.1], got {value!r}"
        )
    if not isinstance(value, list | tuple) or not value:
        raise ValueError(f"expected prefixes, or the path of a file of them, got {value!r}")
    for text in value:
        read_prefix(text)
    return tuple(value)


def _is_prefix(text: str) -> bool:
    try:
        read_prefix(text)
    except ValueError:
        return False
    return True


def _read_moment(value: object) -> datetime | time:
    is_time = isinstance(value, time) or (isinstance(value, str) and len(value) <= len("00:00"))
    return parse_time_of_day(value) if is_time else parse_instant(value)


Addresses = Annotated[
    str | tuple[str, ...],
    BeforeValidator(read_addresses),
    WithJsonSchema(
        {
            "format": LIST_FORMAT,
            "anyOf": [
                {"type": "string", "minLength": 1},
                {"type": "array", "items": {"type": "string"}, "minItems": 1},
            ],
        }
    ),
]
Moment = Annotated[
    datetime | time,
    BeforeValidator(_read_moment),
    PlainSerializer(
        lambda at: at.isoformat("minutes") if isinstance(at, time) else format_instant(at),
        return_type=str,
    ),
    WithJsonSchema(
        {
            "type": "string",
            "format": MOMENT_FORMAT,
            "pattern": f"{TIME_OF_DAY_PATTERN}|{INSTANT_PATTERN}",
        }
    ),
]


def check_beside(value: Any, info: ValidationInfo, key: str) -> Any:
    """Refuse a value that says nothing without another key."""
    # What is not among the data was refused itself.
    if value is not None and key in info.data and info.data[key] is None:
        raise ValueError(f"expected it with {key}, got no {key}")
    return value


class _Given(BaseModel):
    """Keys of one order, in a scenario or in a row of a table."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    addresses: Addresses | None = None
    """Prefixes and addresses, or a file of them; left out for a name."""
    mechanism: Literal["drop", "throttle", "name"] = "drop"
    """What operators do to them."""
    overmatch: Share | None = None
    """Share of other names that an entry for a name matches by accident."""
    operators: Names | None = None
    """Groups of operators that it is for, by their names in the table; left out, all."""
    every: Weekdays | None = None
    """Weekdays on which it comes into force, in the scenario's time zone; once by default."""
    from_: Annotated[Moment | None, Field(alias="from")] = None
    """Time of day at which it does, or date and time; the start of the run by default."""
    to: Moment | None = None
    """Time of withdrawal: the next such time with `every`; never by default."""
    except_: Annotated[Days | None, Field(alias="except")] = None
    """Dates on which it does not come into force."""

    @field_validator("except_")
    @classmethod
    def check_company(cls, value: object, info: ValidationInfo) -> object:
        """Refuse a key that says nothing without another."""
        return check_beside(value, info, "every")

    @model_validator(mode="after")
    def check_order(self) -> _Given:
        """Refuse an order of nothing, a name without a pattern, and times that do not fit."""
        is_name = self.mechanism == "name"
        if is_name != (self.addresses is None):
            raise ValueError("expected addresses, or mechanism name without any")
        if is_name != (self.overmatch is not None):
            raise ValueError("expected overmatch with mechanism name, and there alone")
        edges = [edge for edge in (self.from_, self.to) if edge is not None]
        if self.every is not None:
            if len(edges) < 2 or not all(isinstance(edge, time) for edge in edges):
                raise ValueError("expected from and to as times of day with every")
            if self.from_ == self.to:
                raise ValueError("expected from and to that differ, got the same time of day")
        elif any(isinstance(edge, time) for edge in edges):
            raise ValueError("expected from and to as dates and times, or every with them")
        elif len(edges) == 2 and not edges[0] < edges[1]:  # type: ignore[operator]
            raise ValueError("expected a withdrawal after the order")
        return self


class GivenOrder(_Given, Model):
    """One order: what is blocked, when, how and by whom."""

    model_config = ConfigDict(serialize_by_alias=True)


def _split(value: object) -> object:
    """Parts of a cell, between spaces, commas or semicolons."""
    return tuple(filter(None, re.split(r"[\s,;]+", value))) if isinstance(value, str) else value


class GivenOrderRow(_Given, Row):
    """One order of a table, with the keys of a scenario; a cell holds several values."""

    @field_validator("every", "except_", "operators", mode="before")
    @classmethod
    def check_parts(cls, value: object) -> object:
        """Take a cell apart."""
        return _split(value)

    @field_validator("addresses", mode="before")
    @classmethod
    def check_addresses(cls, value: object) -> object:
        """Take a cell of prefixes apart; the path of a file stays."""
        parts = _split(value)
        is_file = isinstance(parts, tuple) and len(parts) == 1 and not _is_prefix(parts[0])
        return value if is_file else parts


Groups = Annotated[Names | None, BeforeValidator(_split)]
"""Groups of operators in a cell of a table."""


def windows_of_order(
    order: GivenOrder | GivenOrderRow, start: datetime, end: datetime, zone: tzinfo
) -> Sequence[tuple[datetime, datetime]]:
    """When a given order is in force; until the end of the run where it is never withdrawn.

    Sessions that recur start on weekdays from the day before the run to its end.

    Parameters
    ----------
    start, end
        Of the run.
    zone
        Whose clock times of day are read from.

    Notes
    -----
    A time of day that comes twice as clocks change is the first of them; one that does not
    exist is read by the offset before the change (RFC 5545, section 3.3.5). A session that
    would end before it starts by that rule does not take place.
    """
    from_, to = order.from_, order.to
    if not (isinstance(from_, time) and isinstance(to, time)):
        first = from_ if isinstance(from_, datetime) else start
        return [(first, to if isinstance(to, datetime) else max(end, first + timedelta(seconds=1)))]
    overnight = timedelta(days=int(to < from_))
    first_day = start.astimezone(zone).date() - timedelta(days=1)
    n_days = (end.astimezone(zone).date() - first_day).days + 1
    days = (first_day + timedelta(days=number) for number in range(n_days))
    windows = [
        (
            datetime.combine(day, from_, zone).astimezone(UTC),
            datetime.combine(day + overnight, to, zone).astimezone(UTC),
        )
        for day in days
        if WEEKDAYS[day.weekday()] in (order.every or ()) and day not in (order.except_ or ())
    ]
    return [(first, last) for first, last in windows if first < last]
