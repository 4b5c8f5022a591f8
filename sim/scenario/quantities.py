"""The kinds of value a scenario and its tables speak: instants, shares, prefixes, names."""

from __future__ import annotations

import math
import re
import types
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Self, TypeVar, Union, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.fields import FieldInfo

from sim.addresses.sets import notation
from sim.addresses.sets.line import clip_prefix
from sim.addresses.sets.notation import parse_prefix


def beside(key: str) -> AfterValidator:
    """Refuse a value that says nothing without another key, which stands above it."""

    def check(value: Any, info: ValidationInfo) -> Any:
        # What is not among the data was refused itself.
        if value is not None and info.data.get(key, value) is None:
            raise ValueError(f"expected it with {key}, got no {key}")
        return value

    return AfterValidator(check)


class Checked(BaseModel):
    """Frozen, and refusing keys it does not know, and values that do not go together."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    def check_values(self) -> None:
        """Raise a ``ValueError`` where values do not go together."""

    @model_validator(mode="after")
    def _checked(self) -> Self:
        self.check_values()
        return self


class Model(Checked):
    """Strict in types, as what is read from YAML has them."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)


T = TypeVar("T")
Many = Annotated[tuple[T, ...], Field(min_length=1, max_length=1000, strict=False)]
"""One or more; a list in YAML stands for them, which strict validation would refuse."""
CodeFile = Annotated[str, Field(pattern=r"^[\w.-]+\.py$", max_length=100)]
"""Name of a Python file beside the scenario."""
CodeName = Annotated[str, Field(pattern=r"^[A-Za-z]\w*$", max_length=100)]
"""Name that such a file defines."""


def kinds_of(annotation: Any) -> list[type]:
    """Classes of an annotation: itself, or the members of a union."""
    if get_origin(annotation) is Annotated:
        return kinds_of(get_args(annotation)[0])
    if get_origin(annotation) in (types.UnionType, Union):
        return [kind for part in get_args(annotation) for kind in kinds_of(part)]
    return [annotation] if isinstance(annotation, type) else []


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Models of an annotation: itself, or those of its parts."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in models_in(part)]


def keys_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Fields of a model by the names that they have in a file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def fields_at(model: type[BaseModel], path: Sequence[str]) -> list[FieldInfo]:
    """Fields that a model has at a path of keys; of a union one for each part that has it."""
    models, fields = [model], list[FieldInfo]()
    for part in path:
        fields = [keys_of(one)[part] for one in models if part in keys_of(one)]
        models = [one for field in fields for one in models_in(field.annotation)]
    return fields


TIME_OF_DAY_PATTERN = r"^([01]\d|2[0-3]):[0-5]\d$"
DAY_PATTERN = r"^\d{4}-\d{2}-\d{2}$"
INSTANT_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$"


def parse_instant(value: object) -> datetime:
    """Read a date and time with an offset, to the whole second."""
    if isinstance(value, datetime):
        return value
    example = "2018-04-16T00:00+03:00"
    if not isinstance(value, str) or not re.match(INSTANT_PATTERN, value):
        is_local = isinstance(value, str) and re.match(INSTANT_PATTERN, f"{value}Z")
        hint = "; the offset is missing" if is_local else ""
        raise ValueError(
            f"expected a date and time with offset such as {example}, got {value!r}{hint}"
        )
    try:
        return datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"expected a date that exists, got {value!r} ({error})") from None


def format_instant(value: datetime) -> str:
    """Write an instant as it is read, without seconds when they are zero."""
    return value.isoformat(timespec="seconds" if value.second else "minutes")


def parse_time_of_day(value: object) -> time:
    """Read a time of day to the minute."""
    if isinstance(value, str) and re.fullmatch(TIME_OF_DAY_PATTERN, value):
        return time.fromisoformat(value)
    raise ValueError(f'expected a time of day from "00:00" to "23:59", in quotes, got {value!r}')


def parse_day(value: object) -> date:
    """Read a date without a time."""
    if isinstance(value, str) and re.fullmatch(DAY_PATTERN, value):
        try:
            return date.fromisoformat(value)
        except ValueError as error:
            raise ValueError(f"expected a date that exists, got {value!r} ({error})") from None
    raise ValueError(f"expected a date such as 2018-04-16, got {value!r}")


def check_printable(line: str) -> str:
    """Refuse line breaks and control characters in what is shown on one line."""
    if is_one_line(line):
        return line
    raise ValueError(f"expected one line of printable text, got {describe(line)}")


def check_time_zone(name: str) -> str:
    """Refuse what is no time zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"expected a time zone such as Europe/Madrid, got {describe(name)}"
        ) from None
    return name


@cache
def _countries() -> frozenset[str]:
    """Codes that ISO 3166-1 has given to countries."""
    table = files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text("utf-8")
    return frozenset(line[:2] for line in table.split("\n") if line and not line.startswith("#"))


def check_country(code: str) -> str:
    """Refuse what is no code of a country, nor EU."""
    if code != "EU" and code not in _countries():
        raise ValueError(f"expected a country of ISO 3166 such as ES, or EU, got {describe(code)}")
    return code


@cache
def zones_of(country: str, year: int) -> tuple[tuple[str, ...], ...]:
    """Time zones of a country, those together whose clocks agree in a year and the next.

    In the sequence of the IANA database, which puts populous ones first where it can.
    """
    table = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.split("\n"))
    first = datetime(min(max(year, 1970), 2200), 1, 1, 12, tzinfo=UTC)
    days = [first + timedelta(days=day) for day in range(731)]
    found: dict[tuple[timedelta | None, ...], tuple[str, ...]] = {}
    for name in [cells[2] for cells in rows if cells[0] == country]:
        zone = ZoneInfo(name)
        clock = tuple(day.astimezone(zone).utcoffset() for day in days)
        found[clock] = (*found.get(clock, ()), name)
    return tuple(found.values())


def only_zone(country: str, year: int) -> str:
    """Time zone of a country that has one; a ``ValueError`` names those of one with several."""
    if not (zones := zones_of(country, year)):
        raise ValueError(f"expected a time zone, as {country} has none")
    if len(zones) > 1:
        named = "; ".join(", ".join(alike) for alike in zones)
        raise ValueError(
            f"expected one, as {country} has several (those that agree stand together): {named}"
        )
    return zones[0][0]


def currencies_of(country: str, year: int, day: date | None = None) -> list[str]:
    """Currencies of ISO 4217 that a country uses as a year begins, that of its prices first.

    That is the one used longest from then on (the lev gave way to the euro); of several without an
    end the country's own (of Haiti the gourde, not the dollar), else the one adopted first. Others
    that are no longer used on a later day are left out.
    """
    from babel.numbers import get_territory_currencies

    begin = date(min(max(year, 1970), 2200), 1, 1)
    found = sorted(
        get_territory_currencies(country, begin, include_details=True),
        key=lambda one: (
            date.max - (one["to"] or date.max),
            not one["currency"].startswith(country),
            one["from"],
        ),
    )
    is_over = [day is not None and (one["to"] or date.max) < day for one in found]
    return [str(one["currency"]) for row, one in enumerate(found) if row == 0 or not is_over[row]]


def check_share(value: float) -> float:
    """Refuse what is not in [0, 1], and say so when it looks like a percentage."""
    if 0 <= value <= 1:
        return value
    hint = f"; did you mean {value / 100:g}?" if 1 < value <= 100 else ""
    raise ValueError(f"expected a share in [0, 1], got {value:g}{hint}")


def check_between(low: float, value: float, high: float, name: str = "value") -> None:
    """Refuse a value outside its own range."""
    if not low <= value <= high:
        raise ValueError(f"expected low <= {name} <= high, got {low:g}, {value:g}, {high:g}")


def read_prefix(value: object) -> notation.Prefix:
    """Read one prefix, as far as its addresses can be on the Internet.

    Raises
    ------
    ValueError
        If it is none, or one of IPv6 that holds none of 2000::/3.
    """
    if not isinstance(value, str):
        raise ValueError(
            f"expected a prefix such as 198.51.100.0/24 or 2001:db8::/32, got {value!r}"
        )
    return clip_prefix(parse_prefix(value, version=0))


Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    PlainSerializer(format_instant, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": INSTANT_PATTERN, "description": "ISO 8601 with offset"}
    ),
]
Day = Annotated[
    date,
    BeforeValidator(parse_day),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "pattern": DAY_PATTERN}),
]
Share = Annotated[
    float,
    AfterValidator(check_share),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 1}),
]
Hours = Annotated[float, Field(ge=0, le=100_000)]
PerDay = Annotated[float, Field(ge=0, le=1_000_000)]
Prefix = Annotated[
    notation.Prefix,
    PlainValidator(read_prefix),
    WithJsonSchema({"type": "string", "format": "prefix"}),
]


def check_table(name: str) -> str:
    """Accept the name of a shipped seed table or a path to a CSV file."""
    if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) or name.endswith(".csv"):
        return name
    raise ValueError(f"expected the name of a seed table or a path that ends in .csv, got {name!r}")


TABLE_FORMAT = "overblock-table"
"""Marks, in the JSON Schema, the keys that name a table."""

Table = Annotated[
    str, AfterValidator(check_table), WithJsonSchema({"type": "string", "format": TABLE_FORMAT})
]


def check_sites(name: str) -> str:
    """Accept the path of a file whose name has an ending."""
    if "." not in name:
        raise ValueError(f"expected a file whose name has an ending, such as .csv, got {name!r}")
    return name


SitesFile = Annotated[
    str, AfterValidator(check_sites), WithJsonSchema({"type": "string", "format": TABLE_FORMAT})
]


def is_one_line(text: str) -> bool:
    """Whether a text has no line break and no control character; joiners and odd spaces may be."""
    return not any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text)


def join_lines(text: str) -> str:
    """Text without line breaks, which would be markup on a page."""
    return " ".join(text.split())


def finite_number(text: str) -> float | None:
    """Number that a text writes; None if it writes none, or no finite one."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def describe(value: Any) -> str:
    """Quote a wrong value briefly for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
