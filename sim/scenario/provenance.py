"""What a value of a scenario rests on, as the scenario itself says it.

In: one entry of the section ``provenance``. Out: a frozen note. It does not know the value; whether
the two fit is for ``sources``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from sim.scenario.model import Model

Kind = Literal["fact", "derived", "assumption", "choice"]
KeyPath = Annotated[
    str, StringConstraints(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z0-9_]+)*$", max_length=120)
]
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

    @model_validator(mode="after")
    def check_support(self) -> Provenance:
        """Refuse a fact without source, a derivation without formula, a bare assumption."""
        needed = {
            "fact": ("source", "date"),
            "derived": ("formula", "source", "date"),
            "assumption": ("why",),
            "choice": ("why",),
        }[self.kind]
        absent = [name for name in needed if not getattr(self, name).strip()]
        if absent:
            raise ValueError(f"expected {' and '.join(absent)} for kind {self.kind}, got none")
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError(f"expected low, high, got {self.range[0]:g}, {self.range[1]:g}")
        return self
