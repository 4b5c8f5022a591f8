"""The curves of the report page as plain values, thinned to what can be seen.

In: a run folder. Out: charts, each with panels of lines, as JSON values. It draws nothing: the page
does, in the colours of its reader. It is one file, since a chart, its panels and their titles come
from one reading of the curves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from sim.catalogue.choices import curve_name
from sim.catalogue.curves import CURVES
from sim.engine.record.curves import BUSINESS_METRICS, USER_METRICS
from sim.errors import DataError, Problem
from sim.measure.bands import (
    Band,
    mean_denominator,
    share_points,
    thin,
    times_of,
    values_at,
)
from sim.report.figures.addresses import read_marks
from sim.report.figures.lines import band_of_line, is_unmoved, line_values
from sim.report.page.over_time.dated_events import event_marks
from sim.report.page.over_time.turns import turn_marks
from sim.report.page.sessions import sessions_of
from sim.report.words import findings
from sim.report.words.groups import group_words
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import capitalised, number, percent
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.curves import CurveKey, read_curves
from sim.results.read import SPLITS, CurvePoints, RunFolder

MAX_SPLIT_TIMES = 160
MAX_GROUPS = 8
SPLIT_METRIC = curve_name("businesses_impaired")
LISTED = curve_name("addresses_listed")
ADDRESSES = (LISTED, curve_name("addresses_dropped"))
STATES = tuple(map(curve_name, BUSINESS_METRICS))
USERS = tuple(map(curve_name, USER_METRICS))
LOST = curve_name("demand_lost_share")
REACHED = curve_name("target_reached_share")
DEGRADED = curve_name("target_degraded_share")
_BY_USERS, _BY_OPERATORS = (
    tuple(map(curve_name, (f"{who}_enforcing_share", f"{who}_enforcing_entry_share")))
    for who in ("users", "operators")
)

# Title, axis, measures that one strategy shows in one panel.
_CHARTS: tuple[tuple[str, str, tuple[tuple[str, str, tuple[str, ...]], ...]], ...] = (
    (
        "businesses",
        "Businesses cut off from domestic customers",
        (
            ("Businesses affected, impaired and down", "businesses", STATES),
            ("Share of domestic demand lost", "share of domestic demand", (LOST,)),
        ),
    ),
    (
        "addresses",
        "Addresses in the register, without the target's own",
        (("Addresses listed and dropped", "IPv4 addresses", ADDRESSES),),
    ),
    (
        "uptake",
        "How far the register is enforced",
        (
            ("Share of users whose operator enforces it", "share of users", _BY_USERS),
            ("Share of operators that enforce it", "share of operators", _BY_OPERATORS),
        ),
    ),
    (
        "target",
        "The target and its users",
        (
            (
                "Users who reach the target (by VPN too), are on a VPN, have left",
                "share of its users",
                USERS,
            ),
            ("Users who are cut off or changing fronts", "share of its users", (DEGRADED,)),
        ),
    ),
)
_COUNTED = {"businesses": "business", "IPv4 addresses": "address"}
"""What one of the lines' numbers counts, by the unit of a panel."""
_WITH_EVENTS = ("businesses", "addresses")
"""Charts on which dated events are marked: what was listed, and what that did."""
_WHO = "Who was hit"
_SPLIT_TITLES = {
    "provider": "By provider of the front end",
    "sector": "By sector",
    "role": "By role of the component",
}
_ROLE_NOTE = "Each role as if it alone failed: a business can count under several."
METRICS = (*STATES, LOST, *ADDRESSES, *USERS, DEGRADED)
ENFORCING = (*_BY_USERS, *_BY_OPERATORS)
"""Shown of one strategy alone: of several it would be as many charts more."""
Bands = Mapping[tuple[str, str], Band]


@dataclass(frozen=True, eq=False)
class Drawn:
    """What the page shows of a run's curves.

    Attributes
    ----------
    bands
        Over everybody, by strategy and measure.
    splits
        Panels of means by provider, sector and role, for each strategy.
    listed
        Change points of the addresses listed, by strategy.
    unmoved
        Strategy and measure of lines that are the same in every draw.
    """

    bands: Bands
    splits: Sequence[dict[str, Any]]
    listed: Mapping[str, CurvePoints]
    unmoved: frozenset[tuple[str, str]] = frozenset()


def read_drawn(run: RunFolder, words: Language = IN_ENGLISH) -> Drawn:
    """Read every curve that the page shows, strategy by strategy.

    Raises
    ------
    DataError
        If the run's curves cannot be read.
    """
    bands: dict[tuple[str, str], Band] = {}
    panels: dict[str, list[dict[str, Any]]] = {split: [] for split in SPLITS}
    listed = {}
    unmoved = set()
    metrics = METRICS if len(run.strategies) > 1 else (*METRICS, *ENFORCING)
    for strategy in run.strategies:
        curves = read_curves(run, strategy, metrics, (SPLIT_METRIC,))
        for key, points in curves.items():
            if not key.split:
                wide = run.wide_band(key.metric, strategy)
                band = band_of_line(points, run.horizon_s, wide)
                if wide is not None and is_unmoved(points, wide):
                    # Draws are kept at even times, the line at all at which it changes.
                    band = replace(band, wide=np.tile(band.mean, (3, 1)))
                    unmoved.add((strategy, key.metric))
                bands[strategy, key.metric] = band
        for split in SPLITS:
            mine = {key.name: points for key, points in curves.items() if key.split == split}
            if mine:
                named = group_words(run, split, words)
                panel = _split(split, strategy, mine, run.start, run.horizon_s, named, words)
                if run.n_draws:
                    panel["finding"] = findings.as_given(panel["finding"], words)
                panels[split].append(panel)
        if CurveKey(LISTED) not in curves:
            message = f"expected curves of {LISTED} for {strategy}, got none"
            raise DataError([Problem(str(run.path / "curves.parquet"), message)])
        listed[strategy] = curves[CurveKey(LISTED)]
    splits = [panel for split in SPLITS for panel in panels[split]]
    return Drawn(bands, splits, listed, frozenset(unmoved))


def chart_data(run: RunFolder, drawn: Drawn, words: Language = IN_ENGLISH) -> list[dict[str, Any]]:
    """Values of all charts of a page.

    Raises
    ------
    DataError
        If the run's published totals cannot be read.
    """
    panels = list(drawn.splits)
    who = [{"id": "who", "title": words.say(_WHO), "panels": panels}] if panels else []
    return [*_charts(run, drawn, words), *who]


def _charts(run: RunFolder, drawn_of: Drawn, words: Language) -> list[dict[str, Any]]:
    """One strategy: measures side by side. Several: strategies side by side, a panel a measure."""
    charts = []
    names = strategy_names(strategies_of(run), words)
    bands = drawn_of.bands
    listed = drawn_of.listed[run.strategies[0]]
    sessions = sessions_of(listed, run.horizon_s)
    events = event_marks(run, words)
    days = turn_marks(run, words, sessions, listed)
    turns = sorted([*days, *events], key=lambda mark: int(mark["t"]))
    for name, title, panels in _CHARTS:
        drawn = []
        for panel_title, unit, metrics in panels:
            there = [m for m in metrics if any(metric == m for _, metric in bands)]
            if not there:
                continue
            if len(run.strategies) == 1:
                lines = [
                    line_values(
                        words.say(CURVES[metric].label), bands[run.strategies[0], metric], unit
                    )
                    for metric in there
                ]
                found = finding(
                    bands, run.strategies[0], there, run.start, words, has_own=run.has_own_addresses
                )
                drawn.append(_panel(words.say(panel_title), unit, lines, found, words))
                top = SPLIT_METRIC if SPLIT_METRIC in there else there[-1 * (there[0] in ENFORCING)]
                _say_as_given(drawn[-1], run, drawn_of, run.strategies, top, words)
                continue
            for metric in there:
                lines = [
                    line_values(names[strategy], bands[strategy, metric], unit)
                    for strategy in run.strategies
                    if (strategy, metric) in bands
                ]
                of_each = {
                    quoted(names[name], words): bands[name, metric]
                    for name in run.strategies
                    if (name, metric) in bands
                }
                found = _finding_of_each(of_each, metric, unit, run.start, words)
                drawn.append(_panel(_panel_name(metric, words), unit, lines, found, words))
                _say_as_given(drawn[-1], run, drawn_of, run.strategies, metric, words)
        if drawn:
            if name == "addresses":
                drawn[0]["marks"] = _marks(run)
            if name in _WITH_EVENTS:
                for panel in drawn:
                    panel["turns"] = turns if name == "businesses" else events
            if name == "businesses" and len(run.strategies) > 1:
                # What the answer speaks of comes first.
                first = _panel_name(SPLIT_METRIC, words)
                drawn.sort(key=lambda panel: panel["title"] != first)
            charts.append({"id": name, "title": words.say(title), "panels": drawn})
    return charts


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
    if first in _BY_USERS or first in _BY_OPERATORS:
        who = "users" if first in _BY_USERS else "operators"
        return findings.enforcing(bands[strategy, metrics[-1]], who, words)
    if first == REACHED:
        return findings.reached(bands[strategy, first], start, words)
    if first == DEGRADED:
        return findings.degraded(bands[strategy, first], start, words)
    named = {words.say(CURVES[metric].label): bands[strategy, metric] for metric in metrics}
    what = _panel_name(first, words)
    return findings.most_of(named, start, what, is_share=True, words=words)


def _say_as_given(
    panel: dict[str, Any],
    run: RunFolder,
    drawn_of: Drawn,
    strategies: Sequence[str],
    metric: str,
    words: Language,
) -> None:
    """Say in the title that lines are as given, and below it where the draws lie then."""
    if not run.n_draws:
        return
    sign = -1.0 if metric == REACHED else 1.0
    bands = {name: drawn_of.bands[name, metric] for name in strategies}
    tops = {
        name: np.where(np.isnan(band.mean), -np.inf, sign * band.mean)
        for name, band in bands.items()
    }
    name = max(tops, key=lambda one: float(tops[one].max()))
    band, row, is_share = bands[name], int(np.argmax(tops[name])), bool(panel["is_share"])
    middle = ""
    # In every title alike, also where the draws hold the line: the two can lie far apart there too.
    if band.wide is not None and not np.isnan(band.wide[1, row]):
        value, of = float(band.wide[1, row]), band.denominator
        # As the title says it: businesses of one run as a share.
        is_part = metric == SPLIT_METRIC and len(run.strategies) == 1 and not math.isnan(of)
        share = value / of if is_part else value
        middle = words.digits(percent(share, 2) if is_share or is_part else number(value))
    panel["finding"] = findings.as_given(panel["finding"], words, middle)
    several = len(strategies) > 1
    line = strategy_names(strategies_of(run), words)[name]
    line = quoted(line if several else words.say(CURVES[metric].label), words)
    if (name, metric) in drawn_of.unmoved:
        said = words.say("The line {name} is the same in every draw.", name=line)
        panel["note"] = f" {said}"
    else:
        panel["note"] = findings.where_draws_lie(
            line, band, row, run.start, is_share=is_share, words=words
        )


def _finding_of_each(
    bands: Mapping[str, Band], metric: str, unit: str, start: datetime, words: Language
) -> str:
    """What one measure shows of several strategies, in a sentence."""
    if metric == REACHED:
        return findings.fewest_reach(bands, start, words)
    name = _panel_name(metric, words)
    return findings.most_of(bands, start, name, is_share=unit.startswith("share"), words=words)


def _panel_name(metric: str, words: Language) -> str:
    return capitalised(words.say(CURVES[metric].full_label))


def _panel(
    title: str, unit: str, lines: list[dict[str, Any]], found: str, words: Language
) -> dict[str, Any]:
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
    }


def _marks(run: RunFolder) -> list[dict[str, Any]]:
    """Published totals that fall into the run: a moment, or the day where no hour is told."""
    return [
        {
            "t": mark.from_s,
            "to": mark.to_s,
            "value": mark.addresses,
            "is_published": mark.is_published,
        }
        for mark in read_marks(run)
        if 0 <= (mark.from_s + mark.to_s) // 2 < run.horizon_s
    ]


def _split(
    split: str,
    strategy: str,
    curves: Mapping[str, CurvePoints],
    start: datetime,
    horizon_s: int,
    named: Callable[[str], str],
    words: Language,
) -> dict[str, Any]:
    sizes = {name: mean_denominator(points) for name, points in curves.items()}
    names = sorted((n for n in sizes if sizes[n] > 0), key=lambda name: (-sizes[name], name))
    lines, bands = [], {}
    for name in names[:MAX_GROUPS]:
        points = share_points(curves[name])
        times = times_of(points, horizon_s, 2 * MAX_SPLIT_TIMES)
        mean = values_at(points, times).mean(axis=0)
        unknown = np.full(mean.size, np.nan)
        band = thin(Band(times, mean, unknown, unknown, sizes[name], 1), MAX_SPLIT_TIMES)
        shown = named(name)
        bands[shown] = band
        lines.append(line_values(shown, band, "share"))
    n_left_out = len(names) - len(lines)
    notes = [words.say("Mean over replicates.")]
    if n_left_out:
        rest = "The {n} largest; {left_out} are not shown."
        notes.append(words.say(rest, n=str(len(lines)), left_out=str(n_left_out)))
    if split == "role":
        notes.append(words.say(_ROLE_NOTE))
    title = words.say(_SPLIT_TITLES[split])
    what = words.say("Impaired at once")
    found = findings.most_of(bands, start, what, is_share=True, are_businesses=True, words=words)
    panel = _panel(title, "share of businesses impaired", lines, found, words)
    return panel | {
        "strategy": strategy,
        "shows_size": split != "role",
        "note": "".join(f" {note}" for note in notes),
    }


def as_if_utc_ms(instant: datetime) -> int:
    """Milliseconds of the local clock, read as if it stood in UTC: axes show local time."""
    return int((instant.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds() * 1000)
