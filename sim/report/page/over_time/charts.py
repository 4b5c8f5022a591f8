"""The curves of the report page as plain values, thinned to what can be seen.

In: a run folder. Out: charts, each with panels of lines, as JSON values. It draws nothing: the page
does, in the colours of its reader. It is one file, since a chart, its panels and their titles come
from one reading of the curves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np

from sim.catalogue.curves import CURVES
from sim.errors import DataError, Problem
from sim.measure.bands import (
    Band,
    mean_denominator,
    share_points,
    thin,
    times_of,
    values_at,
)
from sim.report.figures.lines import band_of_line, is_unmoved, line_values
from sim.report.figures.marks import read_marks
from sim.report.figures.told import are_of_draws, lines_of
from sim.report.page.over_time.dated_events import event_marks
from sim.report.page.over_time.panels import (
    ADDRESSES,
    BY_OPERATORS,
    BY_USERS,
    DEGRADED,
    ENFORCING,
    LISTED,
    LOST,
    SPLIT_METRIC,
    STATES,
    USERS,
    Bands,
    finding,
    finding_of_each,
    lines_of_panel,
    panel_name,
    panel_values,
    say_statistic,
)
from sim.report.page.over_time.turns import turn_marks
from sim.report.page.sessions import sessions_of
from sim.report.words import findings
from sim.report.words.groups import group_words
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.plain import quoted, strategies_of, strategy_names
from sim.results.curves import CurveKey, read_curves
from sim.results.read import SPLITS, CurvePoints, RunFolder

MAX_SPLIT_TIMES = 160
MAX_GROUPS = 8
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
            ("Share of users whose operator enforces it", "share of users", BY_USERS),
            ("Share of operators that enforce it", "share of operators", BY_OPERATORS),
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
                panel = _split(run, split, strategy, mine, named, words)
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
    states = [bands[key] for key in bands if key[1] in STATES]
    days = turn_marks(run, words, sessions, listed, of_draws=are_of_draws(states))
    turns = sorted([*days, *events], key=lambda mark: int(mark["t"]))
    for name, title, panels in _CHARTS:
        drawn = []
        for panel_title, unit, metrics in panels:
            there = [m for m in metrics if any(metric == m for _, metric in bands)]
            if not there:
                continue
            if len(run.strategies) == 1:
                only = run.strategies[0]
                mine = {(only, metric): bands[only, metric] for metric in there}
                told = lines_of(mine)
                called = {key: words.say(CURVES[key[1]].label) for key in mine}
                lines = lines_of_panel(mine, called, unit, drawn_of.unmoved)
                own = run.has_own_addresses
                found = finding(told, only, there, run.start, words, has_own=own)
                drawn.append(panel_values(words.say(panel_title), unit, lines, found, words))
                top = SPLIT_METRIC if SPLIT_METRIC in there else there[-1 * (there[0] in ENFORCING)]
                say_statistic(
                    drawn[-1], run, bands, drawn_of.unmoved, {called[only, top]: only}, top, words
                )
                continue
            for metric in there:
                mine = {key: band for key, band in bands.items() if key[1] == metric}
                called = {key: names[key[0]] for key in mine}
                lines = lines_of_panel(mine, called, unit, drawn_of.unmoved)
                of_each = {quoted(called[key], words): band for key, band in lines_of(mine).items()}
                found = finding_of_each(of_each, metric, unit, run.start, words)
                drawn.append(panel_values(panel_name(metric, words), unit, lines, found, words))
                of = {called[key]: key[0] for key in mine}
                say_statistic(drawn[-1], run, bands, drawn_of.unmoved, of, metric, words)
        if drawn:
            if name == "addresses":
                drawn[0]["marks"] = _marks(run)
            if name in _WITH_EVENTS:
                for panel in drawn:
                    panel["turns"] = turns if name == "businesses" else events
            if name == "businesses" and len(run.strategies) > 1:
                # What the answer speaks of comes first.
                first = panel_name(SPLIT_METRIC, words)
                drawn.sort(key=lambda panel: panel["title"] != first)
            charts.append({"id": name, "title": words.say(title), "panels": drawn})
    return charts


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
    run: RunFolder,
    split: str,
    strategy: str,
    curves: Mapping[str, CurvePoints],
    named: Callable[[str], str],
    words: Language,
) -> dict[str, Any]:
    sizes = {name: mean_denominator(points) for name, points in curves.items()}
    names = sorted((n for n in sizes if sizes[n] > 0), key=lambda name: (-sizes[name], name))
    lines, bands = [], {}
    for name in names[:MAX_GROUPS]:
        points = share_points(curves[name])
        times = times_of(points, run.horizon_s, 2 * MAX_SPLIT_TIMES)
        mean = values_at(points, times).mean(axis=0)
        unknown = np.full(mean.size, np.nan)
        band = thin(Band(times, mean, unknown, unknown, sizes[name], 1), MAX_SPLIT_TIMES)
        shown = named(name)
        bands[shown] = band
        lines.append(line_values(shown, band, "share"))
    n_left_out = len(names) - len(lines)
    notes = [
        words.say(
            "Mean over replicates of the scenario as given: draws are kept of all businesses "
            "together alone."
            if run.n_draws
            else "Mean over replicates."
        )
    ]
    if n_left_out:
        rest = "The {n} largest; {left_out} are not shown."
        notes.append(words.say(rest, n=str(len(lines)), left_out=str(n_left_out)))
    if split == "role":
        notes.append(words.say(_ROLE_NOTE))
    title = words.say(_SPLIT_TITLES[split])
    what = words.say("Impaired at once")
    found = findings.most_of(
        bands, run.start, what, is_share=True, are_businesses=True, words=words
    )
    panel = panel_values(title, "share of businesses impaired", lines, found, words)
    return panel | {
        "strategy": strategy,
        "shows_size": split != "role",
        "note": "".join(f" {note}" for note in notes),
    }


def as_if_utc_ms(instant: datetime) -> int:
    """Milliseconds of the local clock, read as if it stood in UTC: axes show local time."""
    return int((instant.replace(tzinfo=None) - datetime(1970, 1, 1)).total_seconds() * 1000)
