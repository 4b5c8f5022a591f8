"""Types that declare measures and curves: name, unit, meaning, label, where they are shown.

Formulas are in `sim.measure`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """Sections of ``docs/reference/measures.md``, in its order."""

    REGISTER = "register and enforcement"
    BUSINESSES = "businesses"
    USERS = "users of the target"
    RATIOS = "harm for each user-hour denied"
    MONEY = "money"


@dataclass(frozen=True)
class Metric:
    """A measure of a whole run.

    Attributes
    ----------
    name, unit
        As in the tables.
    what
        What is counted, in a few words.
    formula
        Function that computes it, from ``sim.measure`` on.
    section
        Its section in the documentation.
    of
        Unit of its denominator; empty where it has none.
    label
        Name for people; made from ``name`` where empty.
    needs
        Section of the scenario without which it is not measured; empty where it always is.
    is_beside_figure
        Whether it is about the providers that a published figure names, and measured only with such
        a figure.
    is_of_ipv6
        Whether it is 0 where the tables of the scenario hold no IPv6.
    is_headline
        Whether it is among the few that are shown by default.
    is_key_figure, is_compared
        Whether it is also shown at the head of a report, or in the tables of a comparison.
    """

    name: str
    unit: str
    what: str
    formula: str
    section: Section
    of: str = ""
    label: str = ""
    needs: str = ""
    is_beside_figure: bool = False
    is_of_ipv6: bool = False
    is_headline: bool = False
    is_key_figure: bool = False
    is_compared: bool = False


@dataclass(frozen=True, kw_only=True)
class Ratio(Metric):
    """A measure that is one measure over another.

    Attributes
    ----------
    above, below
        Names of the two measures.
    per
        Number of units of the denominator that it is for.
    """

    above: str
    below: str
    per: float


@dataclass(frozen=True)
class Curve:
    """A measure at every moment of a run.

    Attributes
    ----------
    name, unit, description
        As in ``curves.parquet`` and its description.
    noun, label
        For people: what it counts, and which of these; no noun where the label says all.
    needs
        Section of the scenario without which there is none; empty where there always is.
    is_of_ipv6
        Whether there is one only where the tables of the scenario hold IPv6.
    """

    name: str
    unit: str
    description: str
    noun: str
    label: str
    needs: str = ""
    is_of_ipv6: bool = False

    @property
    def full_label(self) -> str:
        """Noun and label."""
        return f"{self.noun} {self.label}".strip()
