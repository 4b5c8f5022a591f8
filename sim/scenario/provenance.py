"""Notes of a scenario on the sources of its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from sim.errors import Problem
from sim.scenario.document import Document
from sim.scenario.quantities import Model
from sim.scenario.refusal import hint
from sim.scenario.tables.seeds import Distribution, Nature, check_drawn, check_support

Kind = Literal["fact", "derived", "assumption", "choice"]
KeyPath = Annotated[
    str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=120)
]
Cell: TypeAlias = "str | int | float | bool | list[Any]"
Text = Annotated[str, StringConstraints(max_length=1000)]


class Provenance(Model):
    """What one value rests on."""

    kind: Kind
    """Published, computed from what was published, assumed, or what the scenario asks."""
    unit: Text = ""
    """Unit of the value and of its range."""
    source: Text = ""
    """Where it was published, or what it is computed from; required for fact and derived."""
    date: Text = ""
    """When it was published, or what time it is about; required for fact and derived."""
    formula: Text = ""
    """How it is computed; required for derived."""
    why: Text = ""
    """Why this value and this range; required for assumption and choice."""
    range: Annotated[tuple[float, float], Field(strict=False)] | None = None
    """Lowest and highest value held possible; for a list, of each of its numbers."""
    nature: Nature = "unknown"
    """Nature of an assumption: only unknowns are drawn."""
    distribution: Distribution | None = None
    """How it is drawn; by the width of its range by default (explanation/ensembles.md)."""

    @model_validator(mode="after")
    def check_support(self) -> Provenance:
        """Refuse a fact without source, a derivation without formula, a bare assumption."""
        check_support(self.kind, vars(self))
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError(f"expected low, high, got {self.range[0]:g}, {self.range[1]:g}")
        check_drawn(self.nature, self.distribution, self.range[0] if self.range else None)
        return self


def leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Cell]]:
    """Key paths and values of a scenario's tree without its provenance and its evidence, which say
    themselves what they rest on; a list is one value."""
    for name, value in tree.items():
        path = f"{above}{name}"
        if path in ("provenance", "evidence"):
            continue
        if isinstance(value, dict):
            yield from leaves(value, f"{path}.")
        else:
            yield path, value


def numbers_of(value: object) -> list[float]:
    """Numbers of a value: itself, or those in a list."""
    if isinstance(value, list):
        return [number for item in value for number in numbers_of(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def note_problems(
    notes: Mapping[str, Provenance], tree: Mapping[str, Any], document: Document
) -> Iterator[Problem]:
    """Refuse notes on what the scenario does not have, and values outside their own range.

    Parameters
    ----------
    tree
        The whole scenario, defaults among it.
    """
    values = dict(leaves(tree))
    for key, note in notes.items():
        if key not in values:
            message = (
                f"expected the key path of a value of this scenario, got {key!r}{hint(key, values)}"
            )
            yield document.key_place(("provenance", key)).problem(message, "provenance")
        elif note.range is not None:
            low, high = note.range
            for number in numbers_of(values[key]):
                if not low <= number <= high:
                    message = f"expected a value in its range, {low:g} to {high:g}, got {number:g}"
                    yield document.locate(tuple(key.split("."))).problem(message, key)


def without_stale_notes(
    notes: Mapping[str, Provenance], document: Document
) -> dict[str, Provenance]:
    """Notes but for those of the file on values that were set over the file's."""
    noted = {path[:2] for path in document.replaced}
    return {
        key: note
        for key, note in notes.items()
        if ("provenance", key) in noted or not document.is_replaced(tuple(key.split(".")))
    }
