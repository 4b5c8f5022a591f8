"""One value, or several, and what they rest on.

In: what is known of a value. Out: the same as plain JSON. It does not know where it is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sim.scenario.provenance.provenance import Cell


@dataclass(frozen=True, kw_only=True)
class Source:
    """One value, or several that rest on the same thing.

    Attributes
    ----------
    key
        Key path of the scenario, or ``table.column``.
    lines, row
        Lines of the table, and what names the row where it is one; empty for a scenario key.
    n_values, value
        How many values, and which where they are all the same; else None.
    values
        Lowest and highest, where they are numbers that differ.
    unit
        Unit of the value and of its range.
    kind
        ``fact``, ``derived`` (see ``formula``), ``assumption`` (see ``range``), or ``choice``: what
        the scenario asks, and no claim about the world.
    source, date
        Where it was published and when; for a choice of table, which.
    formula, why
        How a derived value is computed; why an assumption or choice, or how to read a fact.
    range
        Lowest and highest value held possible, in one of three forms:
        ``{"absolute": [low, high]}``, ``{"times": [low, high]}`` of each value,
        ``{"columns": [low, high]}`` of each row.
    needs_range
        Whether it is an assumed number, which must have a range.
    """

    key: str
    lines: str = ""
    row: str = ""
    n_values: int = 1
    value: Cell | None
    values: tuple[float, float] | None = None
    unit: str
    kind: str
    source: str = ""
    date: str = ""
    formula: str = ""
    why: str = ""
    range: dict[str, list[Any]] | None = None
    needs_range: bool

    @property
    def is_range_stated(self) -> bool:
        """Whether an assumed number says how far it may be off; true for all others."""
        return self.range is not None or not self.needs_range

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values under the names above; what does not apply is left out."""
        plain = {name: value for name, value in vars(self).items() if value not in ("", None)}
        del plain["needs_range"]
        if not self.is_range_stated:
            plain["range"] = "not stated"
        return plain
