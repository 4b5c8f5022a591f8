"""What is known of the days of a run, and what only the model says.

In: a run folder. Out: rows of a strip, as JSON values: stretches that rest on dated records, those
within which the sources leave open when an order came, and moments of which a total was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from sim.measure.bands import values_at
from sim.report.figures.marks import read_marks
from sim.report.page.sessions import sessions_of
from sim.report.words.languages import IN_ENGLISH, Language
from sim.results.inputs import input_rows
from sim.results.read import CurvePoints, RunFolder
from sim.scenario.tables.rows import OrderRow

_FROM_TABLE = "replay"
_AS_DATED = (_FROM_TABLE, "orders")
_BY_CLOCK = "time-window"
_Span = tuple[int, int]


def known(
    run: RunFolder, listed: Mapping[str, CurvePoints], words: Language = IN_ENGLISH
) -> list[dict[str, Any]]:
    """Rows of the strip.

    Parameters
    ----------
    listed
        Change points of the addresses listed, by strategy.

    Returns
    -------
    rows
        Of each its name, its dated stretches and those of which the time is not sure, in seconds,
        and from when to when each published total holds, which is a day where no hour is told, with
        whether it was published as such.
    """
    marks = [
        [mark.from_s, mark.to_s, mark.is_published]
        for mark in read_marks(run)
        if 0 <= (mark.from_s + mark.to_s) // 2 < run.horizon_s
    ]
    spans, unsure, what = _dated(run, listed)
    nothing: dict[str, Any] = {"spans": [], "unsure": [], "marks": []}
    rows: list[dict[str, Any]] = [
        {"name": words.say(what), "spans": spans, "unsure": unsure, "marks": marks},
        {"name": words.say("Who dropped it, and when")} | nothing,
        {"name": words.say("What failed for customers")} | nothing,
    ]
    return rows if spans or unsure or marks else []


def is_listed_alike(run: RunFolder, listed: Mapping[str, CurvePoints]) -> bool:
    """Whether the orders are those of a dated table, and placed alike in all replicates."""
    if len(run.strategies) > 1 or (run.scenario.get("strategy") or {}).get("id") not in _AS_DATED:
        return False
    points = listed[run.strategies[0]]
    values = values_at(points, np.unique(points.t_s))
    return bool((values == values[0]).all())


def _dated(
    run: RunFolder, listed: Mapping[str, CurvePoints]
) -> tuple[list[_Span], list[_Span], str]:
    """Stretches in which the orders are those of a dated table, sure and not, and a name."""
    if len(run.strategies) > 1:
        return [], [], "What was listed"
    strategy = run.scenario.get("strategy") or {}
    if strategy.get("id") in _AS_DATED:
        # Orders that stand in the scenario itself have no windows: they are what was asked.
        whole: tuple[list[_Span], list[_Span]] = [(0, run.horizon_s)], []
        found = _stretches(run) if strategy["id"] == _FROM_TABLE else whole
        return *found, "What was listed: orders as they were dated"
    if strategy.get("id") == _BY_CLOCK and strategy.get("sessions"):
        sessions = sessions_of(listed[run.strategies[0]], run.horizon_s)
        return [(one.from_s, one.to_s) for one in sessions], [], "What was listed: when, not which"
    return [], [], "What was listed"


def _stretches(run: RunFolder) -> tuple[list[_Span], list[_Span]]:
    """From the first order of a table to its last; in the windows of their sources, not sure."""
    rows = input_rows(run, "strategy", "orders", OrderRow)

    def second(at: datetime) -> int:
        return min(max((at - run.start) // timedelta(seconds=1), 0), run.horizon_s)

    windows = sorted(
        (second(row.earliest or row.effective), second(row.latest or row.effective)) for row in rows
    )
    sure: list[_Span] = []
    unsure: list[_Span] = []
    until = windows[0][0] if windows else 0
    for start, stop in windows:
        if start > until:
            sure.append((until, start))
        if stop > max(start, until):
            unsure.append((max(start, until), stop))
        until = max(until, stop)
    return sure, unsure
