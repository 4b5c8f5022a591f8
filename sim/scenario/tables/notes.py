"""What a source note says of a table: columns, units, ranges, sources.

In: plain values. Out: a checked note. It reads no file.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

ANY = "any"
"""Country or time of a table that is of none in particular."""
COUNTRY = r"[A-Z]{2}"
"""Two capital letters of ISO 3166, or EU."""
_MONTH = r"\d{4}(-(0[1-9]|1[0-2]))?"


Nature: TypeAlias = Literal["unknown", "definition", "computation", "choice"]
"""What an assumption is. Only what is unknown is drawn."""
Distribution: TypeAlias = Literal["uniform", "log-uniform", "triangular", "log-triangular", "beta"]
"""How an unknown is drawn from its range; the last three have the value as given as their mode."""


def check_drawn(nature: Nature, distribution: str | None, low: float | None) -> None:
    """Refuse a distribution of what is not drawn, and a logarithmic one from 0 or below."""
    if distribution and nature != "unknown":
        raise ValueError(f"expected no distribution for a {nature}, got {distribution}")
    if distribution and distribution.startswith("log-") and low is not None and low <= 0:
        raise ValueError(f"expected a range above 0 for {distribution}, got {low:g}")


class Range(BaseModel):
    """How far an assumed column may be off: bounds, factors, or two columns of the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    absolute: tuple[float, float] | None = None
    times: tuple[float, float] | None = None
    columns: tuple[str, str] | None = None

    @model_validator(mode="after")
    def check_bounds(self) -> Range:
        """Refuse more than one kind of range, none, or one that falls."""
        kinds = [kind for kind in (self.absolute, self.times, self.columns) if kind is not None]
        if len(kinds) != 1:
            raise ValueError(f"expected one of absolute, times, columns, got {len(kinds)}")
        for bounds in (self.absolute, self.times):
            if bounds is not None and bounds[0] > bounds[1]:
                raise ValueError(f"expected low, high, got {bounds[0]:g}, {bounds[1]:g}")
        return self


class ColumnNote(BaseModel):
    """What one column means and what it rests on."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    unit: str
    meaning: str
    kind: Literal["fact", "derived", "assumption"]
    source: str = ""
    date: str = ""
    formula: str = ""
    why: str = ""
    range: Range | None = None
    nature: Nature = "unknown"
    distribution: Distribution | None = None

    @model_validator(mode="after")
    def check_support(self) -> ColumnNote:
        """Refuse a fact without source, a derivation without formula, a bare assumption."""
        needed = {
            "fact": {"source": self.source, "date": self.date},
            "derived": {"formula": self.formula, "source": self.source, "date": self.date},
            "assumption": {"why": self.why},
        }[self.kind]
        absent = [key for key, value in needed.items() if not value]
        if absent:
            raise ValueError(
                f"expected {' and '.join(absent)} for a column of kind {self.kind}, got none"
            )
        # A column with ends of its own is drawn between them, as a position.
        is_times = self.range is not None and self.range.times is not None
        check_drawn(self.nature, self.distribution, None if is_times else -1.0)
        return self


class RowSupport(BaseModel):
    """Columns in which each row says what it rests on, over the note of the column.

    A cell that is empty leaves the matter to the note of the column.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
    unit: str = ""
    """Column of the unit of the row's value."""
    kind: str = ""
    """Column of fact, derived or assumption."""
    source: str = ""
    """Column of where the row was published."""
    date: str = ""
    """Column of when."""
    why: str = ""
    """Column of the reason of an assumption, or how to read a fact."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns named."""
        named = (self.unit, self.kind, self.source, self.date, self.why)
        return tuple(name for name in named if name)


class SourceNote(BaseModel):
    """The note beside a table."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: Annotated[str, Field(min_length=1)]
    description: str
    licence: str
    country: Annotated[str, Field(pattern=rf"^({COUNTRY}|{ANY}|)$")] = ""
    """Country the table is of, as in ISO 3166 (RU), or EU, or any; not known when left out."""
    time: Annotated[str, Field(pattern=rf"^({_MONTH}(/{_MONTH})?|{ANY}|)$")] = ""
    """Time it is of: 2018, 2018-04, 2020/2022, or any; not known when left out."""
    columns: dict[str, ColumnNote]
    target: Annotated[str, Field(pattern=r"^[a-z0-9-]*$")] = ""
    """Table, in the same folder, of the ranges of the service that the orders were meant for."""
    keys: tuple[str, ...] = ()
    """Columns that name a row and claim nothing."""
    rows: RowSupport = RowSupport()
    """Columns in which each row says what it rests on."""
    references: dict[str, str] = Field(default_factory=dict)
    """What short names in the rows' source column stand for."""

    @field_validator("time")
    @classmethod
    def check_time(cls, time: str) -> str:
        """Refuse a time that ends before it begins."""
        first, _, last = time.partition("/")
        if last and last < first:
            raise ValueError(f"expected first/last, got {time}")
        return time

    @model_validator(mode="after")
    def check_columns(self) -> SourceNote:
        """Refuse keys and supports that are no columns."""
        for name in (*self.keys, *self.rows.columns):
            if name not in self.columns:
                raise ValueError(f"expected a column of the table, got {name!r}")
        return self
