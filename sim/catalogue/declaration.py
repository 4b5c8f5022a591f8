"""How a measure and a curve are declared: name, unit, meaning, and what readers see of them first.

In: nothing. Out: the types of the entries. Formulas stand in `sim.measure`; no value is known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Section(StrEnum):
    """Parts of ``docs/reference/measures.md``, in its sequence."""

    REGISTER = "register and enforcement"
    BUSINESSES = "businesses"
    USERS = "users of the target"
    RATIOS = "harm for each user-hour denied"
    MONEY = "money"


class Aggregation(StrEnum):
    """How the replicates of a measure come together."""

    MEAN = "mean over replicates"
    DRAWS = "mean over draws of all replicates"
    RATIO = "ratio of sums over replicates"


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
        Where it stands in the documentation.
    of
        Unit of what it is out of; empty where it is out of nothing.
    label
        As people say it; made from the name where empty.
    needs
        Section of the scenario without which nobody acts whom it is about; empty for every
        scenario.
    is_beside_figure
        Whether it is about the providers that a published figure beside it names, and is measured
        only with such a figure.
    aggregation
        How replicates come together.
    is_headline
        Whether it is among the few that are shown when nobody says which.
    is_key_figure, is_compared
        Whether it is shown besides at the head of a report, and in the tables of a comparison.
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
    aggregation: Aggregation = Aggregation.MEAN
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
        How much of what stands below it is for.
    """

    above: str
    below: str
    per: float
    aggregation: Aggregation = Aggregation.RATIO


@dataclass(frozen=True)
class Curve:
    """A measure at every moment of a run.

    Attributes
    ----------
    name, unit, description
        As in ``curves.parquet`` and its description.
    noun, label
        As people say it: what it counts, and what is so of them; no noun where the label says all.
    needs
        Section of the scenario without which there is none; empty for every scenario.
    """

    name: str
    unit: str
    description: str
    noun: str
    label: str
    needs: str = ""

    @property
    def full_label(self) -> str:
        """Noun and label."""
        return f"{self.noun} {self.label}".strip()
