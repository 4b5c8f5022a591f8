"""Local files to read, the roles of their columns, and the first bytes that show their form.

`Input` opens a file as often as it is needed, plain or decompressed. `Sample` is its beginning as
text, lines, rows and JSON keys, as far as each makes sense.
"""

from __future__ import annotations

import csv
import io
import re
import sys
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from functools import cache, cached_property
from pathlib import Path

from sim.addresses.feeds.feed import LABELS, NUMBERS
from sim.addresses.sets.notation import find_notation
from sim.addresses.text.source import Limits, Readable, Source
from sim.errors import DataError, Problem, UsageError
from sim.files import note_read, to_utf8

PERIODS = ("from", "until")
"""Roles of columns with the first and the last date of a row."""
OF_SITES = ("role", "mode", "visits_per_h")
"""Columns that sites which are simulated may have beside those of every inventory."""
OF_ORDERS = (*PERIODS, "operators")
"""Roles of columns that say when a row is in force, and at which operators."""
OF_OPERATORS = ("operators", "share_users")
"""Roles of columns of a table of operators: its names have that of the operators of an order."""
ROLES = (
    *("address", "last", "mask", "wildcard"),
    *(*OF_ORDERS, "share_users", *LABELS, *NUMBERS, *OF_SITES),
)
"""What a column may hold."""


def plain_name(column: str) -> str:
    """Return a column's name without regard to capitals, blanks and marks: ``IP address`` too."""
    # A capital İ becomes an i and a mark of its own, as accents are on a Mac: both are one letter.
    composed = unicodedata.normalize("NFC", column.lower()).replace("\u0307", "")
    return "_".join(re.findall(r"\w+", composed))


@dataclass(frozen=True)
class ColumnChoice:
    """Roles of columns as the user's options assign them."""

    roles: Mapping[str, str] = field(default_factory=dict)
    """Role of each column, by its plain name."""
    ignored: frozenset[str] = frozenset()
    """Plain names of columns that mean nothing here."""
    zone: tzinfo | None = None
    """Time zone of dates without a time; None where dates and operators of rows are not asked
    for."""
    has_options: bool = False
    """Whether it comes from options, so that a message may name them."""
    met: set[str] = field(default_factory=set, compare=False)
    """Plain names of columns that some table had."""
    day_order: str = ""
    """``dmy`` or ``mdy``: how dates such as 25/06/2025 are read; empty where dates must show it."""
    days_met: dict[str, str] = field(default_factory=dict, compare=False)
    """A date met that can be read in one way alone, by that way, and one that can in both."""

    @classmethod
    def of(
        cls, columns: Iterable[str], ignored: Iterable[str], zone: tzinfo | None = None
    ) -> ColumnChoice:
        """Read ``ROLE=NAME`` and names.

        Raises
        ------
        UsageError
            If there is no such role, or a column has two.
        """
        roles: dict[str, str] = {}
        for text in columns:
            role, _, name = text.partition("=")
            if role not in ROLES or not plain_name(name):
                raise UsageError(
                    f"--column: expected ROLE=NAME with a role of {', '.join(ROLES)}; got {text!r}"
                )
            if role in (*OF_ORDERS, *OF_OPERATORS) and zone is None:
                message = "only init reads dates of rows, and operators"
                raise UsageError(f"--column: {message}, got {text!r}")
            if roles.setdefault(plain_name(name), role) != role:
                raise UsageError(f"--column: expected one role for each column, got {text!r} too")
        left = frozenset(map(plain_name, ignored))
        if both := sorted(left & roles.keys()):
            raise UsageError(f"--ignore-column: {both[0]} has a role by --column")
        return cls(roles, left, zone, has_options=True)

    def check_met(self) -> None:
        """Refuse columns that no table had.

        Raises
        ------
        UsageError
            With their names.
        """
        if unmet := sorted({*self.roles, *self.ignored} - self.met):
            raise UsageError(f"expected columns of a table that is read, got {', '.join(unmet)}")


AS_NAMED = ColumnChoice()
"""Columns are what their names say; there are no options to say otherwise."""


_PIECE = 2**20
STDIN = "<stdin>"
DELIMITERS = (",", ";", "\t")
"""Between the cells of a table that names its columns."""


@dataclass(frozen=True)
class Input:
    """A local file to read, and what to call it."""

    path: Path
    """Where it is."""
    name: str
    """As the user named it; standard input is read from a copy."""
    columns: ColumnChoice = AS_NAMED
    """Roles of its columns as the user states them, if it is a table."""

    def open(self, limits: Limits) -> Source:
        """Open it, decompressing where its first bytes call for it.

        Raises
        ------
        DataError
            If it cannot be opened.
        """
        note_read(self.path)
        return Source(self.path, limits.max_bytes, self.name)


@contextmanager
def spooled(stream: Readable, name: str, limits: Limits) -> Iterator[Input]:
    """Give a stream that can be read once as a file, for as long as the block lasts.

    Raises
    ------
    DataError
        If it holds more than the limits allow.
    """
    with tempfile.NamedTemporaryFile(prefix="overblock-") as copy:
        n_bytes = 0
        while piece := stream.read(_PIECE):
            n_bytes += len(piece)
            if n_bytes > limits.max_bytes:
                message = f"expected at most {limits.max_bytes:,} bytes, got more"
                raise DataError([Problem(name, message)])
            copy.write(piece)
        copy.flush()
        yield Input(Path(copy.name), name)


SAMPLE_BYTES = 2**16
_TAIL_BYTES = 2**17
_MOST_LINES = 20
# What stands before it sets a key apart from the text between two values such as "::1" and "::2".
_KEY = re.compile(r'[{,]\s*"([^"\\]{1,60})"\s*:')
_JSON = re.compile(r"\s*(\{\s*[\"}]|\[\s*(?:[\[{\"\]]|\d+\s*[,\]]))")


@dataclass(frozen=True)
class Sample:
    """The parts of a file by which its form is recognised."""

    data: bytes
    """First bytes, decompressed."""
    tail: bytes = b""
    """Last bytes of the file as it is."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Names that the user gave columns, by their plain names."""

    @cached_property
    def text(self) -> str:
        """The first bytes as text, without what may be half a line."""
        cut = self.data.rfind(b"\n") + 1 if len(self.data) == SAMPLE_BYTES else len(self.data)
        return to_utf8(self.data[: cut or len(self.data)])[0].decode("utf-8-sig", "replace")

    @cached_property
    def is_json(self) -> bool:
        """Whether it begins as a JSON object or array does."""
        return _JSON.match(self.text) is not None

    @cached_property
    def is_array(self) -> bool:
        """Whether it begins as a JSON array does."""
        return self.is_json and self.text.lstrip().startswith("[")

    @cached_property
    def keys(self) -> dict[str, None]:
        """Keys of JSON, in the order they come, wherever they stand; empty for other text."""
        keys = _KEY.findall(self.text) if self.is_json else []
        return dict.fromkeys(self.roles.get(plain_name(key), key) for key in keys)

    @cached_property
    def lines(self) -> list[str]:
        """First lines that say something: neither blank nor begun by ``#``."""
        return self.first_lines("#")

    def first_lines(self, *comments: str) -> list[str]:
        """Return first lines that are neither blank nor begun by a mark of comments."""
        lines = (line.strip("\r") for line in self.text.split("\n"))
        kept = (line for line in lines if line.strip() and not line.lstrip().startswith(comments))
        return [line for line, _ in zip(kept, range(_MOST_LINES), strict=False)]

    @cached_property
    def header(self) -> list[str]:
        """Plain names of the cells of the first line, if it were a header."""
        if not self.lines:
            return []
        found = cut_lines(self.lines[:1], delimiter_of(self.lines))
        names = map(plain_name, found[0]) if found else ()
        return [self.roles.get(name, name) for name in names]

    def most_lines(self, form: str, *comments: str) -> bool:
        """Return whether more than half of the lines that say something have a form."""
        lines = self.first_lines(*comments)
        n_found = sum(re.fullmatch(form, line.strip(), re.I) is not None for line in lines)
        return 2 * n_found > len(lines)


Fits = Callable[[Sample], bool]
"""Tells whether a file is of a form."""


def take_sample(given: Input, limits: Limits) -> Sample:
    """Return what is looked at of a file.

    Raises
    ------
    DataError
        If the file cannot be read.
    """
    # A file that is read in place, and not through a stream, may be larger than the limit.
    with given.open(replace(limits, max_bytes=sys.maxsize)) as source:
        data = source.read(SAMPLE_BYTES)
    with given.path.open("rb") as file:
        file.seek(max(0, file.seek(0, io.SEEK_END) - _TAIL_BYTES))
        return Sample(data, file.read(_TAIL_BYTES), given.columns.roles)


def delimiter_of(lines: Sequence[str]) -> str:
    """Return what stands between the cells of a table: it cuts most lines as it cuts the first."""
    first, *rest = [line for line in lines if line.strip()][:_MOST_LINES] or [""]

    def score(mark: str) -> tuple[int, int, bool]:
        rows = [row for line in (first, *rest) for row in cut_lines([line], mark) or [[]]]
        width, *widths = map(len, rows)
        n = first.count(mark)
        return widths.count(width) if width > 1 else 0, n, n > 0 and mark != ","

    return max(DELIMITERS, key=score)


def cut_lines(lines: list[str], delimiter: str) -> list[list[str]]:
    """Cells of lines; none where quotes do not close."""
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return []


_NAMED = re.compile(
    r"(?:([0-9]{1,2})(?:st|nd|rd|th|er|º)?\W+)?(?:de )?([^\W\d_]+)\.?\W+"
    r"(?:([0-9]{1,2})(?:st|nd|rd|th)?\W+)?(?:del? )?([0-9]{2}|[0-9]{4})(?: г\.?)?( .*)?"
)


@cache
def _months() -> dict[str, int]:
    """Numbers of months by their names in some languages, but for a name that is of two."""
    from babel import Locale

    found: dict[str, set[int]] = {}
    languages = map(Locale, ["en", "es", "it", "pt", "fr", "de", "pl", "tr", "ru", "uk", "id"])
    for forms in (form for one in languages for form in one.months.values()):
        for number, name in (*forms["wide"].items(), *forms["abbreviated"].items()):
            found.setdefault(name.lower().rstrip("."), set()).add(number)
    return {name: number for name, (number, *others) in found.items() if not others}


def month_in_digits(text: str) -> str:
    """Write a date with the name of a month, such as 7 Maret 2025 or 07-Mar-25, as 7.3.2025."""
    matched = _NAMED.fullmatch(text.strip())
    month = _months().get(matched[2].lower()) if matched else None
    if matched is None or month is None or bool(matched[1]) == bool(matched[3]):
        return text
    year = matched[4] if len(matched[4]) > len("25") else f"20{matched[4]}"
    return f"{matched[1] or matched[3]}.{month}.{year}{matched[5] or ''}"


def is_address(text: str) -> bool:
    """Return whether a text is one prefix, address or range."""
    return find_notation(text.strip()) is not None
