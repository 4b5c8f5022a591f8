"""Which measures no head of a result quotes, and why: the same for page, terminal and notebook.

In: rows with both bands, and a run folder. Out: names of measures, and a sentence or two.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.catalogue.choices import COLLATERAL, EFFICACY, HARM_PER_EFFECT, TARGET_LOST, label
from sim.catalogue.curves import CURVES
from sim.measure.bands import values_at
from sim.report.page.bands import lost_measure
from sim.report.page.course import own_label
from sim.report.page.head.how_sure import FEWEST_DRAWS, HIT_FOR, HIT_SHARE
from sim.report.page.target_lost import outside_draws
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.money import PRIVATE
from sim.report.words.numbers import quantity
from sim.results.read import RunFolder
from sim.results.tables import Row, text
from sim.scenario.tables.facts import FactRow, facts_of

_STANDS_IN = {TARGET_LOST: EFFICACY, PRIVATE: HARM_PER_EFFECT}
"""Measures that a head quotes where a folder has not the first."""


@dataclass(frozen=True)
class Withheld:
    """Measures that no head quotes.

    Attributes
    ----------
    metrics
        Their names, and those of what would stand in for them.
    why
        The reason of each, in a sentence or two; empty where there is none.
    """

    metrics: frozenset[str] = frozenset()
    why: str = ""


def withheld(
    run: RunFolder,
    rows: Sequence[Row],
    metrics: Sequence[str] = (),
    words: Language = IN_ENGLISH,
) -> Withheld:
    """Find which of some measures the record contradicts, or whose point value no draws support.

    A point value is held against the range of the draws where these are enough for one.

    Parameters
    ----------
    rows
        With both bands; those of a baseline that blocks nothing are ignored.
    metrics
        Those that page and terminal quote first, when empty.
    """
    if not metrics:
        several = "baseline" in run.manifest
        ofs = (COLLATERAL, HIT_SHARE, HIT_FOR, PRIVATE) if several else (HIT_SHARE, HIT_FOR)
        metrics = (*ofs, lost_measure(rows))
    is_ranged = run.n_draws >= FEWEST_DRAWS
    reasons = [
        (
            "Not quoted here, since the record contradicts it: {parts}.",
            _contradicted(run, metrics, words),
        ),
        (
            "Not quoted here, since the value as given lies outside the draws' range: {parts}.",
            outside_draws(rows, metrics, run.idle_strategy, words) if is_ranged else {},
        ),
    ]
    said = [words.say(text, parts="; ".join(found.values())) for text, found in reasons if found]
    names = {metric for _, found in reasons for metric in found}
    names |= {_STANDS_IN[metric] for metric in names if metric in _STANDS_IN}
    return Withheld(frozenset(names), " ".join(said))


def quotable(run: RunFolder, rows: Sequence[Row]) -> list[Row]:
    """Rows of the measures that a picture below the head may show."""
    hidden = withheld(run, rows).metrics
    return [row for row in rows if text(row, "metric") not in hidden]


def _contradicted(run: RunFolder, metrics: Sequence[str], words: Language) -> dict[str, str]:
    """Measures that a dated fact contradicts, each with the fact."""
    own = own_label(run) if "baseline" in run.manifest else run.strategies[0]
    if any(one.startswith("strategy") for one in run.manifest["scenario"].get("overrides", ())):
        own = ""  # the record is of the strategy that was used, and of no other
    found: dict[str, str] = {}
    for fact in facts_of(str(run.manifest["scenario"]["name"])) if own else ():
        value = _value_then(run, fact, own)
        if not value > fact.at_most:
            continue
        curve = CURVES[fact.curve]
        told = words.say(
            "{curve} on {day}: {value} in the model, but records allow at most {most}",
            curve=words.name(curve.full_label),
            day=words.date(fact.at),
            value=words.digits(quantity(value, curve.unit)),
            most=words.digits(quantity(fact.at_most, curve.unit)),
        )
        found |= {
            metric: f"{words.name(label(metric))} ({told}; {fact.source})"
            for metric in metrics
            if metric in fact.metric_names
        }
    return found


def _value_then(run: RunFolder, fact: FactRow, strategy: str) -> float:
    """The value of a curve at the time of a fact: the draws' median, else the mean; NaN without."""
    at_s = (fact.at - run.start).total_seconds()
    if not 0 <= at_s < run.horizon_s or not run.has_curve(fact.curve, strategy):
        return math.nan
    wide = run.wide_band(fact.curve, strategy)
    if wide is None:
        points = run.curve(fact.curve, strategy)
        return float(values_at(points, np.array([int(at_s)])).mean())
    return float(wide.ends[1, np.searchsorted(wide.t_s, at_s, side="right") - 1])
