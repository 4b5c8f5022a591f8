"""The page by operator: who drops how much of the register, when, and what its users lose.

In: a run folder. Out: a table. What is dropped is counted exactly, from when each operator began
and ceased to enforce each entry; what users lose is in ``groups.csv``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES
from sim.measure.by_operator import read_operators
from sim.report.figures.drawing import Choice as Chosen
from sim.report.figures.uptake import mean_share, uptake
from sim.report.page.cells import Cell, Line, PageTable, Strip, columns, sort_key
from sim.report.page.cut_off import CutOff, cut_offs, n_counted, told_of_most, when_dropped
from sim.report.page.first_picture.curve import days_of
from sim.report.page.groups import (
    EVER,
    LOST_SHARE,
    by_luck,
    cell_of,
    rows_by_group,
    table_of_groups,
)
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import number, percent
from sim.report.words.plain import days_words, duration_words
from sim.results.read import RunFolder
from sim.results.relations import connect_tables
from sim.results.tables import Row
from sim.results.tables import number as cell
from sim.scenario.tables.rows import OperatorRow

_NUMBERED = re.compile(r"provider (\d+)")
MOST_ON_STRIP = 5
"""Days that are named above strips: more find no room."""
N_STEPS = 60
"""Parts of a strip."""
MOST_HISTORIES = 20
"""Replicates, over all strategies together, of which strips show what was dropped."""
HOURS = tuple(f"business_hours_{state}" for state in ("affected", "impaired", "down"))


def operator_table(
    run: RunFolder,
    groups: Sequence[Row],
    shown_first: str = "",
    words: Language = IN_ENGLISH,
    dropped: Mapping[str, CutOff] | None = None,
) -> PageTable | None:
    """What each operator drops, and what its users meet; none where a folder has no such rows.

    Parameters
    ----------
    groups
        Rows of ``groups.csv``.
    shown_first
        The strategy of which rows are shown at first.
    dropped
        When each operator drops addresses of others under that strategy, where it is counted.
    """
    by, causes = rows_by_group(groups, "operator"), rows_by_group(groups, "operator and cause")
    if not any(metric == LOST_SHARE for _, _, metric in by):
        return None
    operators = read_operators(run)
    t_s = np.unique(np.linspace(0, run.horizon_s, N_STEPS, endpoint=False).astype(np.int64))
    n = max(1, MOST_HISTORIES // len(run.strategies))
    enforced = _enforced(run, operators)
    axis = _days(run, words)
    ticks = tuple(place for place, _ in axis)
    lines = []
    for strategy in run.strategies:
        share = mean_share(uptake(run, t_s, Chosen(strategy=strategy), n))
        when = dropped if dropped and strategy == shown_first else cut_offs(run, strategy)
        for row, operator in enumerate(operators):
            name = operator.operator
            if (strategy, name, LOST_SHARE) not in by:
                continue
            lost = cell(by[strategy, name, LOST_SHARE], "mean")
            failed = lost / operator.share_users if operator.share_users > 0 else math.nan
            lines.append(
                Line.of(
                    Cell(
                        name_of(operator, words),
                        range=words.say(
                            "{share} of users", share=words.digits(percent(operator.share_users, 2))
                        ),
                        is_english=not _NUMBERED.fullmatch(operator.label),
                    ),
                    _strip(share[row], ticks, when[name], run, words),
                    *_how_soon(enforced.get((strategy, name)), words),
                    Cell(words.digits(number(when[name].most)), when[name].most),
                    _impaired(by, strategy, name, run, words),
                    Cell(
                        words.digits(percent(failed, 2)),
                        sort_key(failed),
                        _first_cause(causes, strategy, name, words),
                        all=words.say(
                            "{share} of the country's demand",
                            share=words.digits(percent(lost, 2)),
                        ),
                    ),
                    group=strategy,
                )
            )
    titles = (
        "Operator",
        "How much of the list it drops, and when it drops addresses of others",
        "Orders it enforces",
        "Half of these within, from the order",
        "Most addresses it drops at once",
        "Businesses impaired for its users",
        "Share of what its users try that fails",
    )
    said = [words.say(title) for title in titles]
    n = max(n_counted(run, strategy) for strategy in run.strategies)
    if n < max(len(run.finished(strategy)) for strategy in run.strategies):
        first = "{title} (the first {n} replicates)"
        said[4] = words.say(first, title=said[4], n=str(n))
    said[5] = by_luck(said[5], words)
    heads = columns(*said, numbers=(2, 3, 4, 5, 6))
    heads[1] = replace(heads[1], axis=axis)
    caption = words.say("Who drops what, when, and what its users meet")
    return table_of_groups("operators", caption, heads, lines, run.strategies, shown_first)


def has_numbered(run: RunFolder) -> bool:
    """Whether some operators have a number in place of a name."""
    return any(_NUMBERED.fullmatch(one.label) for one in read_operators(run))


def has_named(run: RunFolder) -> bool:
    """Whether some operators have the name of a company: others have a number, or are a group."""
    return any(
        one.label[:1].isupper() and not _NUMBERED.fullmatch(one.label)
        for one in read_operators(run)
    )


def name_of(operator: OperatorRow, words: Language) -> str:
    """What an operator is called; a hosting provider is called provider elsewhere on the page."""
    numbered = _NUMBERED.fullmatch(operator.label)
    return words.say("operator {n}", n=numbered[1]) if numbered else operator.label


def _days(run: RunFolder, words: Language) -> tuple[tuple[float, str], ...]:
    """Some days of a run, and where they begin on a strip, in percent of it."""
    found = days_of(run.start, run.horizon_s)
    if len(found) > MOST_ON_STRIP:
        found = found[:: len(found) - 1] if len(found) < 5 else found[::2]
    return tuple(
        (round(100 * at_s / run.horizon_s, 1), words.short_day(moment)) for at_s, moment in found
    )


def _strip(
    share: NDArray[np.float64],
    ticks: tuple[float, ...],
    when: CutOff,
    run: RunFolder,
    words: Language,
) -> Cell:
    """Shades from start to end, and when it drops; nothing is listed where there is no share."""
    known = share[~np.isnan(share)]
    end = float(known[-1]) if known.size else math.nan
    said = (
        words.say("{share} at the last", share=words.digits(percent(min(end, 1.0), 2)))
        if known.size
        else words.say("nothing was listed")
    )
    steps = [None if math.isnan(one) else round(min(one, 1.0), 2) for one in share.tolist()]
    return Cell(
        said,
        sort_key(end),
        when_dropped(when, run, words),
        strip=Strip.of(steps, ticks),
        all="; ".join(told_of_most(when, run, words)),
    )


def _impaired(
    by: Mapping[tuple[str, str, str], Row],
    strategy: str,
    name: str,
    run: RunFolder,
    words: Language,
) -> Cell:
    """Businesses impaired for its users, and how long each of them on average."""
    found = cell_of(by[strategy, name, EVER[1]], words)
    n = cell(by[strategy, name, EVER[1]], "mean")
    hours = cell(by.get((strategy, name, HOURS[1]), {}), "mean")
    if math.isnan(hours) or not n > 0:
        return found
    each = days_words(hours / n, words)
    whole = days_words(run.horizon_s / 3600, words)
    text_ = "on average {length} each, of the simulation's {whole}"
    return replace(found, all=words.say(text_, length=each, whole=whole))


@dataclass(frozen=True)
class _Enforced:
    """What an operator did of the orders placed, over all replicates.

    Attributes
    ----------
    share
        Of the orders, those that it ever enforced; of a group in cohorts the mean.
    median_s
        Time from an order to its enforcement, median of those enforced.
    """

    share: float
    median_s: float


def _enforced(run: RunFolder, operators: Sequence[OperatorRow]) -> dict[tuple[str, str], _Enforced]:
    """What each operator enforced, by strategy and operator, from every event of the run."""
    pairs = [(actor, row.operator) for row in operators for actor in row.actors]
    with connect_tables(run.path, "events", "entries") as connection:
        # Addresses that are let pass are placed as an entry too, which everybody takes; that is no
        # order to block.
        connection.execute(
            "CREATE TEMP TABLE orders AS SELECT * FROM events WHERE kind IN ('block', 'enforced') "
            "AND (strategy, replicate, entry) NOT IN (SELECT (strategy, replicate, entry) "
            "FROM entries WHERE mechanism = 'exempt')"
        )
        placed = dict(
            connection.execute(
                "SELECT strategy, count(*) FROM orders WHERE kind = 'block' GROUP BY strategy"
            ).fetchall()
        )
        # An entry that is ordered again is enforced again: each time counts from its own order.
        found = connection.execute(
            "SELECT begun.strategy, part.operator, count(*), median(begun.t_s - placed.t_s) "
            "FROM (SELECT * FROM orders WHERE kind = 'enforced') AS begun "
            "ASOF JOIN (SELECT * FROM orders WHERE kind = 'block') AS placed "
            "ON begun.strategy = placed.strategy AND begun.replicate = placed.replicate "
            "AND begun.entry = placed.entry AND begun.t_s >= placed.t_s "
            "JOIN (SELECT unnest(?) AS actor, unnest(?) AS operator) AS part "
            "ON part.actor = begun.operator GROUP BY ALL",
            [[actor for actor, _ in pairs], [operator for _, operator in pairs]],
        ).fetchall()
    n_actors = {row.operator: len(row.actors) for row in operators}
    return {
        (strategy, operator): _Enforced(n / (placed[strategy] * n_actors[operator]), middle)
        for strategy, operator, n, middle in found
    }


def _how_soon(done: _Enforced | None, words: Language) -> tuple[Cell, Cell]:
    if done is None:
        return Cell(words.digits(percent(0.0)), 0.0), Cell(words.say("never"), "")
    at_once = done.median_s == 0
    soon = (
        words.say("at once")
        if at_once
        else duration_words(done.median_s / 3600, words, rounded="up")
    )
    return Cell(words.digits(percent(done.share, 2)), done.share), Cell(soon, done.median_s)


def _first_cause(
    by: dict[tuple[str, str, str], Row], strategy: str, operator: str, words: Language
) -> str:
    """Cause of most of the demand lost at an operator, and its part."""
    lost = {
        cause.label: cell(by[strategy, f"{operator}/{cause.name}", LOST_SHARE], "mean")
        for cause in CAUSES
    }
    first, whole = max(lost, key=lambda label: lost[label]), sum(lost.values())
    if not whole > 0:
        return ""
    share = words.digits(percent(lost[first] / whole, 2))
    return words.say("{share} of it by {cause}", share=share, cause=words.say(first))
