"""What is known of the days of a run, and what only the model says.

In: a run folder. Out: rows of a strip, as JSON values: stretches that rest on dated records, and
moments of which a total was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim.report.figures.addresses import read_marks
from sim.report.page.sessions import sessions_of
from sim.report.words.languages import IN_ENGLISH, Language
from sim.results.read import CurvePoints, RunFolder

_AS_DATED = ("replay", "orders")
_BY_CLOCK = "time-window"


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
        Of each its name, its dated stretches in seconds, and the seconds of published totals with
        whether each was published as such.
    """
    marks = [
        [(mark.from_s + mark.to_s) // 2, mark.is_published]
        for mark in read_marks(run)
        if 0 <= (mark.from_s + mark.to_s) // 2 < run.horizon_s
    ]
    spans, what = _dated(run, listed)
    rows: list[dict[str, Any]] = [
        {"name": words.say(what), "spans": spans, "marks": marks},
        {"name": words.say("Who dropped it, and when"), "spans": [], "marks": []},
        {"name": words.say("What failed for customers"), "spans": [], "marks": []},
    ]
    return rows if spans or marks else []


def _dated(run: RunFolder, listed: Mapping[str, CurvePoints]) -> tuple[list[tuple[int, int]], str]:
    """Stretches in which the orders are those of a dated table, and the row's name, in English."""
    if len(run.strategies) > 1:
        return [], "What was listed"
    strategy = run.scenario.get("strategy") or {}
    if strategy.get("id") in _AS_DATED:
        return [(0, run.horizon_s)], "What was listed: orders as they were dated"
    if strategy.get("id") == _BY_CLOCK and strategy.get("sessions"):
        found = sessions_of(listed[run.strategies[0]], run.horizon_s)
        return [(one.from_s, one.to_s) for one in found], "What was listed: when, not which"
    return [], "What was listed"
