"""A report page as lines of text: what it says, and the values that its scripts draw.

In: HTML. Out: one line for each heading, sentence, row of a table, mark of a picture and line of
a chart. Of a long table some rows are shown, and of all rows what the columns come to. Styles,
scripts and files to download are left out; what they are called is not.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from tests.golden.reports.lines import series

VOID = ("meta", "link", "input", "br", "line", "circle", "polyline", "polygon", "rect")
BLOCKS = (
    "button", "caption", "dd", "dt", "figcaption", "h1", "h2", "h3", "input", "label", "li", "meta",
    "option", "p", "pre", "section", "summary", "table", "text", "title", "tr",
)  # fmt: skip
"""Elements that begin a line."""
MARKS = ("circle", "line", "polygon", "polyline", "rect")
"""What a picture is drawn of: told together, kind by kind."""
CELLS = ("th", "td")
SILENT = ("style", "script")
SHOWN = (
    "lang", "class", "style", "aria-label", "title", "data-group", "x", "y", "x1", "x2", "y1", "y2",
    "cx", "cy", "r", "points", "width", "height", "viewbox", "text-anchor", "min", "max", "value",
    "content", "name", "id", "selected",
)  # fmt: skip
"""Attributes that a reader sees or hears, or by which a page is sorted, chosen from or styled."""
MOST_ROWS = 12
OF_SEEDS = ("assumptions", "inputs", "sources", "published")
"""Tables of what seeds say: how long their texts are is no matter of a report."""
MOST_MARKS = 12
_POINT = re.compile(r"(-?[\d.]+),(-?[\d.]+)")
_BLANKS = re.compile(r"\s+")


def page_lines(page: str) -> list[str]:
    """Lines of a whole page: the document first, then the values of its charts and its map."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    data = json.loads(reader.data) if reader.data else {}
    return [*reader.lines(), *(line for key in data for line in _values(key, data[key]))]


@dataclass
class _Line:
    """A block of the page as it is read: its head, its words, and of a row also its cells."""

    tag: str
    head: str
    words: str = ""
    table: str = ""
    cells: list[_Cell] = field(default_factory=list)

    def text(self) -> str:
        if self.tag != "tr":
            return _flat(f"{self.head}: {self.words}")
        return _flat(f"{self.head}: " + " | ".join(cell.text() for cell in self.cells))


@dataclass
class _Cell:
    sort: str
    words: str = ""

    def text(self) -> str:
        # What a column is sorted by, where it is not what stands there.
        return f"{_flat(self.words)}{f' {{{_short(self.sort)}}}' if self.sort else ''}"


class _Reader(HTMLParser):
    """Collects a line for every block, in the sequence in which they begin."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.data = ""
        self._found: list[_Line] = [_Line("html", "html")]
        self._open: list[tuple[str, _Line]] = [("html", self._found[0])]
        self._table = ""
        self._marks: dict[str, list[dict[str, str]]] = {}

    def lines(self) -> list[str]:
        """Everything read, with the rows of long tables told by some of them."""
        told: list[str] = []
        rows: list[_Line] = []
        for line in [*self._found, _Line("", "")]:
            if rows and (line.tag != "tr" or line.table != rows[0].table):
                told += _rows(rows)
                rows = []
            if line.tag == "tr":
                rows.append(line)
            elif line.words.strip() or "[" in line.head:
                told.append(line.text().removesuffix(":"))
        return told

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        within = self._open[-1][1]
        if tag == "table":
            self._table = given.get("id", "")
        if tag in MARKS:
            self._marks.setdefault(f"{tag}.{given.get('class', '')}", []).append(given)
        elif tag in BLOCKS or (tag == "svg" and within.tag != "tr"):
            within = _Line(tag, f"{tag}{_shown(given)}", table=self._table)
            self._found.append(within)
        elif tag in CELLS:
            within.cells.append(_Cell(given.get("data-sort", "")))
            self._add(within, _mark(given, ("lang",)))
        elif tag not in SILENT:
            self._add(within, _mark(given, SHOWN))
        if tag == "script" and given.get("id") == "report-data":
            tag = "data"
        if tag not in VOID:
            self._open.append((tag, within))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        _, line = self._open.pop()
        if tag == "svg":
            self._add(line, "; ".join(_marks(kind, of) for kind, of in self._marks.items()))
            self._marks = {}

    def handle_data(self, data: str) -> None:
        tag, line = self._open[-1]
        if tag == "data":
            self.data += data
        elif tag not in SILENT:
            self._add(line, data)

    def _add(self, line: _Line, text: str) -> None:
        if line.cells:
            line.cells[-1].words += text
        else:
            line.words += text


def _rows(rows: Sequence[_Line]) -> list[str]:
    """Rows of a table; of a long one some of them, and what its columns come to."""
    if len(rows) <= MOST_ROWS + 1:
        return [row.text() for row in rows]
    head, body = rows[0], rows[1:]
    step = math.ceil(len(body) / MOST_ROWS)
    told = [head.text(), *(row.text() for row in body[::step])]
    shown = len(told) - 1
    told.append(f"rows: {len(body)}, of which shown {shown}")
    for place, name in enumerate(_flat(cell.words) for cell in head.cells):
        cells = [row.cells[place] for row in body if place < len(row.cells)]
        numbers = [float(cell.sort) for cell in cells if _is_number(cell.sort)]
        parts = [f"column {name}:"]
        if numbers:
            parts.append(series(numbers))
        if head.table not in OF_SEEDS:
            parts.append(f"letters {sum(len(_flat(cell.words)) for cell in cells)}")
        if len(parts) > 1:
            told.append(" ".join(parts))
    return told


def _marks(kind: str, marks: Sequence[dict[str, str]]) -> str:
    """Marks of one kind of a picture: where they stand, attribute by attribute."""
    told = [
        f"{name} {series([float(mark[name]) for mark in marks])}"
        for name in ("x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height")
        if name in marks[0]
    ]
    told += [_points(mark["points"]) for mark in marks if "points" in mark]
    return f"{len(marks)} {kind} {', '.join(told)}"


def _shown(given: dict[str, str]) -> str:
    parts = [
        f"{name}={_points(given[name]) if name == 'points' else given[name]}"
        for name in SHOWN
        if given.get(name) and "sha256" not in given[name]
    ]
    return f"[{' '.join(parts)}]" if parts else ""


def _mark(given: dict[str, str], names: Sequence[str]) -> str:
    return _shown({name: given[name] for name in names if name in given})


def _points(text: str) -> str:
    found = _POINT.findall(text)
    xs, ys = ([float(point[axis]) for point in found] for axis in (0, 1))
    return f"x {series(xs)}, y {series(ys)}"


def _values(name: str, value: Any) -> Iterator[str]:
    """Yield a line for each value of what the scripts draw; long lists as what they come to."""
    if isinstance(value, dict):
        flat = {key: one for key, one in value.items() if not isinstance(one, dict | list)}
        if flat:
            yield f"{name}: " + ", ".join(f"{key}={_plain(one)}" for key, one in flat.items())
        for key, one in value.items():
            if key not in flat:
                yield from _values(f"{name}/{key}", one)
    elif isinstance(value, list) and all(isinstance(one, int | float | None) for one in value):
        yield f"{name}: {series([math.nan if one is None else float(one) for one in value])}"
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        yield f"{name}: {' | '.join(value)}"
    elif isinstance(value, list):
        yield from _list(name, value)
    else:
        yield f"{name}: {_plain(value)}"


def _list(name: str, values: Sequence[Any]) -> Iterator[str]:
    """Yield a line for each value of a list, or for some, and then what all come to."""
    step = math.ceil(len(values) / MOST_MARKS)
    for place, one in list(enumerate(values))[::step]:
        yield from _values(f"{name}/{place}", one)
    if step > 1 and isinstance(values[0], dict):
        for key, one in values[0].items():
            if isinstance(one, int | float):
                numbers = [math.nan if row[key] is None else float(row[key]) for row in values]
                yield f"{name}/*/{key}: {series(numbers)}"
            elif isinstance(one, str | list):
                yield f"{name}/*/{key}, lengths: {series([float(len(row[key])) for row in values])}"


def _plain(value: Any) -> str:
    if isinstance(value, str) and len(value) > 64 and " " not in value:
        return f"bytes {series([float(one) for one in base64.b64decode(value)])}"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _short(text: str) -> str:
    return f"{float(text):.7g}" if _is_number(text) else text


def _flat(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()
