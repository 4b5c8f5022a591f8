"""Where two documents, or two tables as text, differ.

In: what was found, and what was expected. Out: one line for each difference, with its place.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

MOST_LETTERS = 60
_NAMES = ("key", "name", "path", "label")
"""Keys whose value names an element of a list."""


def changed_values(held: object, expected: object, path: str = "") -> Iterator[str]:
    """Differences of two JSON values, each with its key path."""
    if isinstance(held, Mapping) and isinstance(expected, Mapping):
        for key in dict.fromkeys((*expected, *held)):
            below = f"{path}.{key}" if path else str(key)
            if key not in held:
                yield f"{below}: is not there, expected {_short(expected[key])}"
            elif key not in expected:
                yield f"{below}: is {_short(held[key])}, expected nothing"
            else:
                yield from changed_values(held[key], expected[key], below)
    elif isinstance(held, list | tuple) and isinstance(expected, list | tuple):
        ours, due = _by_name(held), _by_name(expected)
        for name in dict.fromkeys((*due, *ours)):
            below = f"{path}[{name}]"
            if name not in ours:
                yield f"{below}: is not there"
            elif name not in due:
                yield f"{below}: is there, expected nothing"
            else:
                yield from changed_values(ours[name], due[name], below)
    elif type(held) is not type(expected) or held != expected:
        yield f"{path}: is {_short(held)}, expected {_short(expected)}"


def changed_lines(held: bytes, expected: bytes) -> Iterator[str]:
    """Differences of two CSV texts, each with its line and column."""
    lines = [_rows(held), _rows(expected)]
    header = lines[1][0] if lines[1] else []
    for number, (one, other) in enumerate(zip_longest(*lines), start=1):
        if one == other:
            continue
        if one is None or other is None or len(one) != len(other):
            yield f"line {number}: expected {_short(other)}, got {_short(one)}"
            continue
        for row, (cell, due) in enumerate(zip(one, other, strict=True)):
            if cell != due:
                name = header[row] if row < len(header) else f"column {row + 1}"
                yield f"line {number}: {name}: is {_short(cell)}, comes to {_short(due)}"
    if lines[0] == lines[1]:
        yield "is written in another way"


def _rows(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8", errors="replace"), newline="")))


def _by_name(values: Sequence[object]) -> dict[str, object]:
    """Values by their names, numbered where a name occurs again."""
    found: dict[str, object] = {}
    for row, value in enumerate(values):
        names = [value[key] for key in _NAMES if key in value] if isinstance(value, Mapping) else []
        name = f"{names[0]}" if names else f"{row}"
        n_before = sum(other == name or other.startswith(f"{name} #") for other in found)
        found[f"{name} #{n_before + 1}" if n_before else name] = value
    return found


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
