"""Measures chosen from the catalogue for a purpose, and names as people say them.

In: the entries. Out: which measures are shown first, weighed, priced or divided, and labels. A name
that is in no entry is refused where it is written, on import.
"""

from __future__ import annotations

from sim.catalogue.curves import CURVES
from sim.catalogue.declaration import Aggregation, Ratio, Section
from sim.catalogue.measures import MEASURES


def measure_name(name: str) -> str:
    """Return a name that code refers to; refuse it where no measure has it.

    Raises
    ------
    KeyError
        If no measure has it.
    """
    return MEASURES[name].name


def curve_name(name: str) -> str:
    """Return a name that code refers to; refuse it where no curve has it.

    Raises
    ------
    KeyError
        If no curve has it.
    """
    return CURVES[name].name


HEADLINES = tuple(name for name, metric in MEASURES.items() if metric.is_headline)
"""What most readers ask for first."""
KEY_FIGURES = tuple(
    name
    for section in Section
    for name, metric in MEASURES.items()
    if metric.section is section and (metric.is_headline or metric.is_key_figure)
)
"""What stands at the head of a report, in the sequence of the documentation."""
COMPARED = tuple(
    name for name, metric in MEASURES.items() if metric.is_headline or metric.is_compared
)
"""What the tables of a comparison show when the user names nothing."""

EFFICACY = measure_name("target_user_hours_denied")
"""What the target lost."""
COLLATERAL = measure_name("business_hours_impaired")
"""What others lost, when nobody says."""
HARMS = (COLLATERAL, measure_name("names_hit"), measure_name("private_loss_usd"))
"""What others lost, in each of the ways in which it is weighed; the first is shown in figures."""

RATIOS = {name: metric for name, metric in MEASURES.items() if isinstance(metric, Ratio)}
"""Measures that are one measure over another, by name."""
PRICED = tuple(name for name, metric in MEASURES.items() if metric.aggregation is Aggregation.DRAWS)
"""Money: its range spans the draws of all prices, and not only luck."""


def is_over_draws(name: str) -> bool:
    """Whether the range of a measure is that of all draws of its prices: money, and money over."""
    return name in PRICED or (name in RATIOS and RATIOS[name].above in PRICED)


def label(name: str) -> str:
    """Name of a measure as people say it; any other name without its underscores and USD."""
    if name in MEASURES and MEASURES[name].label:
        return MEASURES[name].label
    words = name.removesuffix("_usd").replace("_", " ")
    return words.replace("business hours", "business-hours").replace("user hours", "user-hours")
