"""Tables of cited numbers: a CSV file, and a note that says where each column comes from."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeAlias, TypeVar, get_args

from pydantic import ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from sim.addresses.feeds.gather import odd_number, with_point
from sim.addresses.feeds.inputs import SAMPLE_BYTES, delimiter_of
from sim.errors import DataError, Problem, ProblemsError
from sim.files import note_read
from sim.scenario import library
from sim.scenario.document import decode, hint, parse_document, row_problems, validated
from sim.scenario.quantities import Checked, check_between

ANY = "any"
"""Country or time of a table that is of none in particular."""
COUNTRY = r"[A-Z]{2}"
"""Two capital letters of ISO 3166, or EU."""
_MONTH = r"\d{4}(-(0[1-9]|1[0-2]))?"


Nature: TypeAlias = Literal["unknown", "definition", "computation", "choice"]
"""What an assumption is. Only what is unknown is drawn."""
Distribution: TypeAlias = Literal["uniform", "log-uniform"]
"""Distribution of an unknown over its range."""


def check_drawn(nature: Nature, distribution: str | None, low: float | None) -> None:
    """Refuse a distribution of what is not drawn, and a logarithmic one from 0 or below."""
    if distribution and nature != "unknown":
        raise ValueError(f"expected no distribution for a {nature}, got {distribution}")
    if distribution == "log-uniform" and low is not None and low <= 0:
        raise ValueError(f"expected a range above 0 for {distribution}, got {low:g}")


def check_support(kind: str, given: Mapping[str, Any]) -> None:
    """Refuse a fact without source, a derivation without formula, a bare assumption or choice."""
    needed = {
        "fact": ("source", "date"),
        "derived": ("formula", "source", "date"),
        "assumption": ("why",),
        "choice": ("why",),
    }[kind]
    absent = [name for name in needed if not given[name].strip()]
    if absent:
        raise ValueError(f"expected {' and '.join(absent)} for kind {kind}, got none")


class Range(Checked):
    """How far an assumed column may be off: bounds, factors, or two columns of the table."""

    absolute: tuple[float, float] | None = None
    times: tuple[float, float] | None = None
    columns: tuple[str, str] | None = None

    def check_values(self) -> None:
        """Refuse more than one kind of range, none, or one that falls."""
        kinds = [kind for kind in (self.absolute, self.times, self.columns) if kind is not None]
        if len(kinds) != 1:
            raise ValueError(f"expected one of absolute, times, columns, got {len(kinds)}")
        for bounds in (self.absolute, self.times):
            if bounds is not None and bounds[0] > bounds[1]:
                raise ValueError(f"expected low, high, got {bounds[0]:g}, {bounds[1]:g}")


class ColumnNote(Checked):
    """Meaning and source of one column."""

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

    def check_values(self) -> None:
        """Refuse a fact without source, a derivation without formula, a bare assumption."""
        check_support(self.kind, vars(self))
        # A column with ends of its own is drawn between them, as a position.
        is_times = self.range is not None and self.range.times is not None
        check_drawn(self.nature, self.distribution, None if is_times else -1.0)


class RowSupport(Checked):
    """Columns in which each row says what it rests on, over the note of the column.

    A cell that is empty leaves the matter to the note of the column.
    """

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
        return tuple(filter(None, vars(self).values()))


class SourceNote(Checked):
    """The note beside a table."""

    title: Annotated[str, Field(min_length=1)]
    description: str
    licence: str
    country: Annotated[str, Field(pattern=rf"^({COUNTRY}|{ANY}|)$")] = ""
    """Country the table is of, as in ISO 3166 (RU), or EU, or any; not known by default."""
    time: Annotated[str, Field(pattern=rf"^({_MONTH}(/{_MONTH})?|{ANY}|)$")] = ""
    """Time it is of: 2018, 2018-04, 2020/2022, or any; not known by default."""
    columns: dict[str, ColumnNote]
    target: Annotated[str, Field(pattern=r"^[a-z0-9-]*$")] = ""
    """Table, in the same folder, of the ranges of the service that the orders were meant for."""
    keys: tuple[str, ...] = ()
    """Columns that name a row and claim nothing."""
    rows: RowSupport = RowSupport()
    """Columns in which each row says what it rests on."""
    references: dict[str, str] = Field(default_factory=dict)
    """References in full, by their short names in the source column of the rows."""

    @property
    def bounds(self) -> frozenset[str]:
        """Columns that are an end of another column's range."""
        ranges = [column.range.columns for column in self.columns.values() if column.range]
        return frozenset(end for ends in ranges for end in ends or ())

    @field_validator("time")
    @classmethod
    def check_time(cls, time: str) -> str:
        """Refuse a time that ends before it begins."""
        first, _, last = time.partition("/")
        if last and last < first:
            raise ValueError(f"expected first/last, got {time}")
        return time

    def check_values(self) -> None:
        """Refuse keys and supports that are no columns."""
        for name in (*self.keys, *self.rows.columns):
            if name not in self.columns:
                raise ValueError(f"expected a column of the table, got {name!r}")


MAX_TABLE_BYTES = 64 * 1024 * 1024
MAX_KEPT_BYTES = 2 * 1024 * 1024
"""A table of this size is parsed once in a process, and again only if its bytes changed."""
MAX_PROBLEMS = 100
SHARE_TOLERANCE = 1e-6


class Row(Checked):
    """Base of table rows: text cells converted by declared type, unknown columns refused."""

    model_config = ConfigDict(allow_inf_nan=False)
    parts_of_column: ClassVar[tuple[str, ...]] = ()
    """Columns whose cells are parts of a whole, or weights relative to each other."""
    parts_of_row: ClassVar[tuple[str, ...]] = ()
    """Columns that are together the parts of a whole in each row."""
    names_row: ClassVar[tuple[str, ...]] = ()
    """Columns that together name a row: each combination once in a table."""
    sums_to_one: ClassVar[str] = ""
    """Column of shares that sum to 1 over a table."""
    complete: ClassVar[tuple[str, tuple[str, ...]]] = ("", ())
    """Column, and its values that each need a row."""

    @field_validator("*", mode="before")
    @classmethod
    def check_number(cls, value: object, info: ValidationInfo) -> object:
        """Refuse ``1_000``, which Python reads and a spreadsheet does not; take ``0,5``."""
        # The type is asked last: a table has thousands of cells.
        if not isinstance(value, str) or not ("_" in value or "," in value):
            return value
        if not _is_number(cls.model_fields[str(info.field_name)].annotation):
            return value
        if "_" in value:
            raise ValueError(f"expected a plain decimal number, got {value!r}")
        return with_point(value)


def _is_number(kind: object) -> bool:
    """Whether values of a type are numbers, or some of them."""
    return kind in (int, float) or any(map(_is_number, get_args(kind)))


def check_all_or_none(row: Row, *columns: str) -> None:
    """Refuse some of several cells that say nothing without the others."""
    n = sum(getattr(row, column) is not None for column in columns)
    if n not in (0, len(columns)):
        names = f"{', '.join(columns[:-1])} and {columns[-1]}"
        raise ValueError(f"expected {names} together, got {n} of them")


class RangedRow(Row):
    """Base of rows with a value between ``low`` and ``high``."""

    ranged: ClassVar[str] = "value"
    """Column of the value."""

    def check_values(self) -> None:
        """Refuse a value outside its own range, and one end of a range alone."""
        check_all_or_none(self, "low", "high")
        low, high = (getattr(self, end) for end in ("low", "high"))
        if low is not None:
            check_between(low, getattr(self, self.ranged), high, self.ranged)


class SupportedRow(RangedRow):
    """Base of ranged rows that each name their source, or the reason of an assumption."""

    low: float
    high: float
    kind: Literal["fact", "derived", "assumption"]
    source: str = ""
    date: str = ""
    why: str = ""

    def check_values(self) -> None:
        """Refuse a row without source and date, or without the reason that its kind needs."""
        super().check_values()
        if self.kind != "assumption" and not (self.source and self.date):
            raise ValueError(f"expected source and date for a row of kind {self.kind}, got none")
        if self.kind != "fact" and not self.why:
            raise ValueError(f"expected why for a row of kind {self.kind}, got none")


RowType = TypeVar("RowType", bound=Row)


@dataclass(frozen=True)
class Table(Generic[RowType]):
    """Rows of one table with their lines in the file."""

    name: str
    """As the scenario names it."""
    path: Path
    """Where it was read."""
    data: bytes
    sha256: str
    """Hash of the file's bytes; for a moved table, of the bytes that it would have."""
    rows: tuple[RowType, ...]
    lines: tuple[int, ...]
    """Equally long."""
    note: SourceNote | None
    """The source note; None for a user's table without one."""
    set_columns: tuple[str, ...] = field(default=(), kw_only=True)
    """Columns that a setting moved: what they hold is not varied any more."""

    @property
    def title(self) -> str:
        """Title of its note, or that it has none."""
        return self.note.title if self.note else "a table without a source note"

    @property
    def drawn(self) -> dict[str, Any]:
        """Range and distribution of each drawn column, from its note."""
        columns = self.note.columns if self.note else {}
        of = {"kind", "range", "nature", "distribution"}
        return {name: one.model_dump(include=of) for name, one in columns.items() if one.range}

    @property
    def n_rows(self) -> int:
        """How many rows the file has."""
        return len(self.rows)

    @cached_property
    def contradictions(self) -> tuple[Problem, ...]:
        """Problems of `check_rows`, found once: most members of an ensemble share a table."""
        return tuple(check_rows(self))

    def problem(self, row: int, key: str, message: str) -> Problem:
        """Return a problem placed at one row."""
        return Problem(str(self.path), message, self.lines[row], 0, key)


def table_rows(table: Table[RowType] | None) -> tuple[RowType, ...]:
    """Rows of a table; none where there is none."""
    return table.rows if table is not None else ()


class CodeTable(Table[Any]):
    """A Python file of a user's own: an input without rows."""

    @property
    def title(self) -> str:
        """Name where a table has the title of its note."""
        return "Python code of the user's own"


def check_rows(table: Table[Any]) -> Iterator[Problem]:
    """Refuse rows that contradict what their kind declares: names, sums, values that need a row."""
    if not table.rows:
        return
    model = type(table.rows[0])
    seen: dict[tuple[object, ...], int] = {}
    for number, row in enumerate(table.rows if model.names_row else ()):
        # North and "north " are one name to whoever reads the table.
        said = [getattr(row, column) for column in model.names_row]
        cells = tuple(
            " ".join(cell.casefold().split()) if isinstance(cell, str) else cell for cell in said
        )
        seen[cells] = seen.get(cells, 0) + 1
        if seen[cells] == 2:
            name = " ".join(map(str, said)).strip()
            message = f"expected each once, got {name!r} again"
            yield table.problem(number, model.names_row[-1], message)
    if column := model.sums_to_one:
        total = sum(getattr(row, column) for row in table.rows)
        if abs(total - 1) > SHARE_TOLERANCE:
            message = f"expected shares that sum to 1, got {total:g}"
            yield Problem(str(table.path), message, key=column)
    column, values = model.complete
    there = {getattr(row, column) for row in table.rows} if column else set()
    for value in values:
        if value not in there:
            message = f"expected a row for the {column} {value}, got none"
            yield Problem(str(table.path), message, key=column)


def find_table(name: str, folder: Path) -> Path:
    """Path of a shipped table by name, or of a file relative to the scenario's folder."""
    return folder / name if "." in name else library.shipped("seeds") / f"{name}.csv"


def read_table(name: str, path: Path, model: type[RowType]) -> Table[RowType]:
    """Read one table.

    Parameters
    ----------
    name
        As the scenario names it.
    path
        CSV file in UTF-8 with a header line; empty cells count as absent.
    model
        Declares the columns.

    Raises
    ------
    DataError
        With the problems of all rows, at most ``MAX_PROBLEMS`` of them and how many more.
    """
    data = read_bytes(path)
    rows_of = _rows_of if len(data) <= MAX_KEPT_BYTES else _rows_of.__wrapped__
    rows, lines = rows_of(data, path, model)
    return Table(name, path, data, hashlib.sha256(data).hexdigest(), rows, lines, read_note(path))


def read_cells(text: str, *, strict: bool = True) -> tuple[Any, str]:
    """Return a reader of the cells of a table, and what stands between them."""
    delimiter = delimiter_of(text[:SAMPLE_BYTES].split("\n"))
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict), delimiter


@lru_cache(maxsize=256)
def _rows_of(
    data: bytes, path: Path, model: type[RowType]
) -> tuple[tuple[RowType, ...], tuple[int, ...]]:
    """Rows and their lines. Each of a process's scenarios reads the same few small tables."""
    text = decode(data, str(path), DataError)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError([Problem(str(path), "expected text, got a NUL byte", line)])
    rows: list[RowType] = []
    lines: list[int] = []
    problems: list[Problem] = []
    n_problems = 0
    reader, delimiter = read_cells(text)
    met = dict[int, str]()
    try:
        header: list[str] = next(reader, [])
        _check_header(header, path, model)
        line = reader.line_num + 1
        for record in reader:
            found = []
            try:
                if record and len(record) != len(header):
                    message = f"expected {len(header)} cells, got {len(record)}"
                    found = [Problem(str(path), message, line)]
                elif message := odd_number(record, delimiter, met):
                    found = [Problem(str(path), message, line)]
                elif record:
                    cells = zip(header, record, strict=True)
                    rows.append(model.model_validate({key: cell for key, cell in cells if cell}))
                    lines.append(line)
            except ValidationError as error:
                found = row_problems(error.errors(), str(path), line)
            n_problems += len(found)
            problems += found[: MAX_PROBLEMS - len(problems)]
            line = reader.line_num + 1
    except csv.Error as error:
        message = f"expected CSV, got an error: {error}"
        problems.append(Problem(str(path), message, reader.line_num))
        n_problems += 1
    if not rows and not problems:
        problems.append(Problem(str(path), "expected at least one row, got none"))
    raise_problems(problems, n_problems, path)
    return tuple(rows), tuple(lines)


def raise_problems(problems: Sequence[Problem], n_problems: int, path: Path) -> None:
    """Refuse a table with problems: some of them, and how many more there are."""
    if problems:
        more = n_problems - len(problems)
        rest = [Problem(str(path), f"and {more} more problems")] if more > 0 else []
        raise DataError([*problems, *rest])


def read_shipped(name: str, model: type[RowType]) -> Table[RowType]:
    """Read a shipped table by its name."""
    return read_table(name, find_table(name, Path()), model)


def note_path(path: Path) -> Path:
    """Path of the note of a table, in the same folder."""
    return path.with_suffix(".source.yaml")


def read_note(path: Path) -> SourceNote | None:
    """Read the note beside a table, ``<table>.source.yaml``; None where there is no such file."""
    note = note_path(path)
    return _note_of(read_bytes(note), str(note)) if note.exists() else None


@lru_cache(maxsize=256)
def _note_of(data: bytes, file: str) -> SourceNote:
    """Read a note. Every variant of a scenario reads the same ones, and YAML takes its time."""
    try:
        # From text, as rows are: a list in YAML stands for a pair.
        return validated(parse_document(data, file), SourceNote)
    except ProblemsError as error:
        raise DataError(error.problems) from None


def read_bytes(path: Path, max_bytes: int | None = None, what: str = "table") -> bytes:
    """Read a file of bounded size: ``MAX_TABLE_BYTES`` where no other bound is given.

    Raises
    ------
    DataError
        If it cannot be read, or is larger.
    """
    max_bytes = MAX_TABLE_BYTES if max_bytes is None else max_bytes
    note_read(path)
    try:
        with path.open("rb") as file:
            data = file.read(max_bytes + 1)
    except OSError as error:
        message = f"expected a readable {what}, got an error: {error.strerror}"
        raise DataError([Problem(str(path), message)]) from None
    if len(data) > max_bytes:
        message = f"expected at most {max_bytes} bytes, got more"
        raise DataError([Problem(str(path), message)])
    return data


def _check_header(header: list[str], path: Path, model: type[Row]) -> None:
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    problems = [
        Problem(str(path), "expected each column once, got it again", 1, 0, name)
        for name in sorted({name for name in header if header.count(name) > 1})
    ]
    for name in header:
        if name not in fields:
            message = f"unknown column{hint(name, fields)} (known: {', '.join(fields)})"
            problems.append(Problem(str(path), message, 1, 0, name))
    for name, declared in fields.items():
        if declared.is_required() and name not in header:
            problems.append(Problem(str(path), "expected this column, got none", 1, 0, name))
    DataError.raise_any(problems)
