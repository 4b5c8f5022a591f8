"""One panel of a chart over time: its lines, its finding, and of which statistic that is.

In: bands of curves. Out: a panel as JSON values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sim.catalogue.choices import curve_name
from sim.catalogue.curves import CURVES
from sim.engine.record.curves import BUSINESS_METRICS, USER_METRICS
from sim.measure.bands import Band
from sim.report.figures.lines import line_values
from sim.report.figures.told import are_of_draws, with_statistic
from sim.report.words import findings
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import capitalised
from sim.report.words.plain import quoted
from sim.results.read import RunFolder

SPLIT_METRIC = curve_name("businesses_impaired")
LISTED = curve_name("addresses_listed")
ADDRESSES = (LISTED, curve_name("addresses_dropped"))
STATES = tuple(map(curve_name, BUSINESS_METRICS))
USERS = tuple(map(curve_name, USER_METRICS))
LOST = curve_name("demand_lost_share")
REACHED = curve_name("target_reached_share")
DEGRADED = curve_name("target_degraded_share")
BY_USERS, BY_OPERATORS = (
    tuple(map(curve_name, (f"{who}_enforcing_share", f"{who}_enforcing_entry_share")))
    for who in ("users", "operators")
)
ENFORCING = (*BY_USERS, *BY_OPERATORS)
"""Shown of one strategy alone: of several it would be as many charts more."""
_COUNTED = {"businesses": "business", "IPv4 addresses": "address"}
"""What one of the lines' numbers counts, by the unit of a panel."""
Key = tuple[str, str]
"""Strategy and measure."""
Bands = Mapping[Key, Band]


def finding(
    bands: Bands,
    strategy: str,
    metrics: Sequence[str],
    start: datetime,
    words: Language = IN_ENGLISH,
    *,
    has_own: bool = True,
) -> str:
    """What the first of the measures of one panel shows, in a sentence.

    Parameters
    ----------
    has_own
        Whether the target has addresses of its own.
    """
    first = metrics[0]
    if SPLIT_METRIC in metrics:
        return findings.impaired(bands[strategy, SPLIT_METRIC], start, words)
    if first == LOST:
        return findings.lost(bands[strategy, first], start, words)
    if first == LISTED:
        return findings.listed(bands[strategy, first], start, words, has_own=has_own)
    if first in BY_USERS or first in BY_OPERATORS:
        who = "users" if first in BY_USERS else "operators"
        return findings.enforcing(bands[strategy, metrics[-1]], who, words)
    if first == REACHED:
        return findings.reached(bands[strategy, first], start, words)
    if first == DEGRADED:
        return findings.degraded(bands[strategy, first], start, words)
    named = {words.say(CURVES[metric].label): bands[strategy, metric] for metric in metrics}
    what = panel_name(first, words)
    return findings.most_of(named, start, what, is_share=True, words=words)


def lines_of_panel(
    mine: Bands, called: Mapping[Key, str], unit: str, unmoved: Collection[Key]
) -> list[dict[str, Any]]:
    """Lines of a panel as JSON values, each with whether it is the draws' median."""
    of_draws = are_of_draws(mine.values())
    return [
        line_values(
            called[key],
            band,
            unit,
            # Of what is the same in every draw, the mean as given is the draws' median.
            of_draws=of_draws and band.wide is not None and key not in unmoved,
        )
        for key, band in mine.items()
    ]


def say_statistic(
    panel: dict[str, Any],
    run: RunFolder,
    all_bands: Bands,
    unmoved: Collection[Key],
    of: Mapping[str, str],
    metric: str,
    words: Language,
) -> None:
    """Say in the title of what statistic it is, and below the chart where the draws lie then.

    Parameters
    ----------
    all_bands
        Of the whole page.
    unmoved
        What is the same in every draw.
    of
        Strategy of each line that the title may be about, by the line's name.
    """
    if not run.n_draws:
        return
    bands = {name: all_bands[strategy, metric] for name, strategy in of.items()}
    of_draws = any(line["of_draws"] for line in panel["lines"])
    said = with_statistic(
        panel["finding"],
        bands,
        of_draws=of_draws,
        is_lowest=metric == REACHED,
        is_share=bool(panel["is_share"]),
        # As the title says it: businesses of one run as a share.
        is_part=metric == SPLIT_METRIC and len(run.strategies) == 1,
        words=words,
    )
    panel["finding"], panel["told"] = said.title, said.name
    line, band = quoted(said.name, words), bands[said.name]
    if (of[said.name], metric) in unmoved:
        told = words.say("The line {name} is the same in every draw.", name=line)
        panel["note"] = f" {told}"
    else:
        panel["note"] = findings.where_draws_lie(
            line,
            band,
            said.row,
            run.start,
            is_share=bool(panel["is_share"]),
            of_draws=of_draws,
            words=words,
        )


def finding_of_each(
    bands: Mapping[str, Band], metric: str, unit: str, start: datetime, words: Language
) -> str:
    """What one measure shows of several strategies, in a sentence."""
    if metric == REACHED:
        return findings.fewest_reach(bands, start, words)
    name = panel_name(metric, words)
    return findings.most_of(bands, start, name, is_share=unit.startswith("share"), words=words)


def panel_name(metric: str, words: Language) -> str:
    """Name of a measure as the title of a panel."""
    return capitalised(words.say(CURVES[metric].full_label))


def panel_values(
    title: str, unit: str, lines: list[dict[str, Any]], found: str, words: Language
) -> dict[str, Any]:
    """Values of a panel without what is said of draws."""
    of = {line["of"] for line in lines} - {None}
    return {
        "title": title,
        "finding": found,
        "unit": words.say(unit),
        "is_share": unit.startswith("share"),
        "of": of.pop() if len(of) == 1 and unit == "businesses" else None,
        "lines": lines,
        "nouns": words.forms(_COUNTED[unit]) if unit in _COUNTED else None,
        "marks": [],
        "turns": [],
        "strategy": "",
        "shows_size": False,
        "note": "",
        "told": "",
    }
