"""A tree of plain values, and where each of them stood.

In and out: the values of a YAML document with their files, lines and columns. It does not read text
and does not know any scenario key.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from sim.errors import Problem
from sim.scenario.quantities import describe

Value: TypeAlias = "dict[str, Value] | list[Value] | str | int | float | bool"
Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """Where a value stands: file, line and column, the latter two counted from 1."""

    file: str
    line: int = 0
    column: int = 0


@dataclass
class Document:
    """A tree of plain values and the places they came from.

    Attributes
    ----------
    file
        Path as the user gave it.
    tree
        Nested dicts with text keys, lists and scalars.
    places, key_places
        Place of each value, and of each key, by its path.
    problems
        What was refused while reading, in the order of the file.
    refused
        Paths of the refused values; each stands as empty text in the tree.
    replaced
        Paths of values that were set over those of the file, or taken away.
    """

    file: str
    tree: dict[str, Value] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    key_places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    refused: set[Path] = field(default_factory=set)
    replaced: set[Path] = field(default_factory=set)

    def copied(self) -> Document:
        """Return the same document, into which can be written without writing into this one."""
        return replace(
            self,
            tree=copy.deepcopy(self.tree),
            places=dict(self.places),
            key_places=dict(self.key_places),
            problems=list(self.problems),
            refused=set(self.refused),
            replaced=set(self.replaced),
        )

    def is_replaced(self, path: Path) -> bool:
        """Whether a value, or a section it is in, is not that of the file."""
        return any(path[:length] in self.replaced for length in range(1, len(path) + 1))

    def forget(self, path: Path) -> None:
        """Drop what is known of a value and of all below it."""
        for places in (self.places, self.key_places):
            for below in [one for one in places if one[: len(path)] == path]:
                del places[below]
        self.refused = {one for one in self.refused if one[: len(path)] != path}

    def renamed(self, file: str) -> Document:
        """Return the same document under another name; what came from elsewhere stays there."""

        def moved(places: dict[Path, Place]) -> dict[Path, Place]:
            return {
                path: replace(place, file=file) if place.file == self.file else place
                for path, place in places.items()
            }

        return replace(
            self, file=file, places=moved(self.places), key_places=moved(self.key_places)
        )

    def place(self, path: Path) -> Place:
        """Place of a value, or of the nearest enclosing one that is known."""
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(self.file)

    def key_place(self, path: Path) -> Place:
        """Place of a key, or of the value where the key's is not known."""
        return self.key_places.get(path) or self.place(path)


def format_path(path: Path) -> str:
    """Dotted form of a path: ``population.n_businesses``, ``orders.3.prefix``.

    A key that is empty, long or not printable is quoted: it comes from a file and goes to a
    terminal.
    """
    return ".".join(
        part if (part := str(raw)) and part.isprintable() and len(part) <= 60 else describe(part)
        for raw in path
    )
