"""Measures chosen for a purpose (headlines, trade-off, ratios, money), and their labels."""

from __future__ import annotations

from collections.abc import Container

from sim.catalogue.measures import MEASURES, Ratio, Section

HEADLINES = tuple(name for name, metric in MEASURES.items() if metric.is_headline)
"""Measures that are shown first."""
KEY_FIGURES = tuple(
    name
    for section in Section
    for name, metric in MEASURES.items()
    if metric.section is section and (metric.is_headline or metric.is_key_figure)
)
"""Measures at the head of a report, in the order of the documentation."""
COMPARED = tuple(
    name for name, metric in MEASURES.items() if metric.is_headline or metric.is_compared
)
"""Measures in the tables of a comparison, unless the user names others."""


def is_key_figure(name: str) -> bool:
    """Whether a measure is at the head of a report, or a user's own."""
    return name in KEY_FIGURES or name not in MEASURES


def is_compared(name: str) -> bool:
    """Whether tables of a comparison show a measure unless others are named, as a user's own."""
    return name in COMPARED or name not in MEASURES


RULES = MEASURES["rules_in_force_peak"].name
"""Measure of the budget that a way of blocking needs."""
EFFICACY = MEASURES["target_user_hours_denied"].name
"""Measure of what the target's users were denied."""
TARGET_LOST = MEASURES["target_user_hours_lost_share"].name
"""Measure of what the target lost in all, with the hours of users who had left."""
ADDRESSES_LOST = MEASURES["target_addresses_lost_share"].name
"""Measure of what fails at the addresses that the target is given."""
EFFECTS = (EFFICACY, ADDRESSES_LOST)
"""Measures of the effect on the target; more is better."""


def effect_in(measured: Container[str]) -> str:
    """Measure of the effect on the target: on a list of its addresses, where users are not counted.

    Users of a service reach it while any of its addresses is open; those on a list may be anything.
    """
    return ADDRESSES_LOST if ADDRESSES_LOST in measured and EFFICACY not in measured else EFFICACY


COLLATERAL = MEASURES["business_hours_impaired"].name
"""Measure of what others lost, unless another is named."""
LISTED = (MEASURES["addresses_listed_peak"].name, MEASURES["networks_listed_peak"].name)
"""Measures of how much was listed, by family."""
EXPECTED = MEASURES["businesses_expected_listed"].name
"""Measure of how many businesses of a sample are expected to be listed."""
AFFECTED = MEASURES["businesses_ever_affected"].name
EVER_SHARE = MEASURES["businesses_ever_impaired_share"].name
UNPOLLED = MEASURES["businesses_not_known"].name, MEASURES["businesses_known_in_part"].name
"""Measures of whether any business was hit, how many were cut off, and how many are not known."""
SHARES_OF_BUSINESSES = tuple(
    name
    for name, metric in MEASURES.items()
    if metric.section is Section.BUSINESSES and metric.unit.startswith("share")
)
"""Measures that are not known where businesses are not."""
PRIVATE_LOSS = MEASURES["private_loss_usd"].name
"""Measure of what others lost in money."""
HARMS = (COLLATERAL, MEASURES["names_hit"].name, PRIVATE_LOSS)
"""Measures of what others lost, in the trade-off; figures show the first."""

RATIOS = {name: metric for name, metric in MEASURES.items() if isinstance(metric, Ratio)}
"""Measures that are one measure over another, by name."""
PRICED = tuple(name for name, metric in MEASURES.items() if metric.section is Section.MONEY)
"""Measures of money."""
OF_SAMPLE = tuple(
    name
    for name, metric in MEASURES.items()
    if metric.section in (Section.BUSINESSES, Section.MONEY) and name not in (EXPECTED, *UNPOLLED)
)
"""Measures of harm and cost; a sample may show none although there is some."""


def harm_of(name: str) -> str:
    """Measure that a ratio is of, which stands above its line; any other measure itself."""
    return RATIOS[name].above if name in RATIOS else name


def says_unit(name: str, unit: str) -> bool:
    """Whether a measure says its unit itself: ``business_hours_impaired``, not ``names_hit``."""
    said, words = (one.lower().replace("-", " ") for one in (label(name), unit))
    return words in said or set(words.split()) <= set(said.split())


def label_with_unit(name: str, unit: str) -> str:
    """Label of a measure for an axis: with its unit, where it does not say that itself."""
    return label(name) if says_unit(name, unit) else f"{label(name)}, {unit}"


def label(name: str) -> str:
    """Label of a measure; of any other name, the name without underscores and USD."""
    if name in MEASURES and MEASURES[name].label:
        return MEASURES[name].label
    words = name.removesuffix("_usd").replace("_", " ")
    return words.replace("business hours", "business-hours").replace("user hours", "user-hours")
