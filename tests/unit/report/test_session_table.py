"""The table by session: what is on record beside it, and hours denied, worked out by hand."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from sim.report.page.cells import PageTable
from sim.report.page.sessions import SEEN, Session, session_table, windows
from sim.results.read import CurvePoints, RunFolder

SEED = Path(__file__).parents[3] / "seeds" / "spain-sessions-2025-26.csv"
H = 3600
LENGTH_S, SECOND_S, HORIZON_S = 2 * H, 23_470, 40_000
HOURS = 2 * 0.4 + 2 * 0.4
"""Of each user: in both sessions half do not reach the target, a tenth of all have left it."""


def points(*corners: tuple[int, float], of: float = 1000.0) -> CurvePoints:
    t_s, value = np.array(corners).T
    zeros = np.zeros(t_s.size, np.int64)
    return CurvePoints(zeros, t_s.astype(np.int64), value, np.full(t_s.size, of))


def steps(inside: float, outside: float) -> CurvePoints:
    """One value in both sessions, another outside."""
    return points(
        (0, outside), (100, inside), (100 + LENGTH_S, outside),
        (SECOND_S, inside), (SECOND_S + LENGTH_S, outside),
    )  # fmt: skip


def table_of(denied: float, sessions: str | None = "sessions", reached: float = 0.5) -> PageTable:
    # The run begins a hundred seconds before the eighteenth session of the table.
    with SEED.open(encoding="utf-8") as file:
        starts = [datetime.fromisoformat(row["start"]) for row in csv.DictReader(file)]
    first = next(at for at in starts if at.isoformat() == "2026-01-10T13:19:12+00:00")
    curves = {
        "businesses_impaired": steps(3.0, 0.0),
        "demand_lost_share": steps(0.01, 0.0),
        "target_reached_share": steps(reached, 0.9),
        "target_left_share": points((0, 0.1)),
    }
    measures = SimpleNamespace(
        strategy=np.array(["window"], object), replicate=np.array([0]), value=np.array([denied]),
        metric=np.array(["target_user_hours_denied"], object),
    )  # fmt: skip
    run = SimpleNamespace(
        strategies=("window",), horizon_s=HORIZON_S, start=first - timedelta(seconds=100),
        scenario={"strategy": {"id": "time-window", "sessions": sessions}},
        curve=lambda name, strategy: curves[name], has_curve=lambda name, strategy: name in curves,
        measures=lambda: measures, input_path=lambda name: SEED,
    )  # fmt: skip
    found = session_table(cast("RunFolder", run), {"window": steps(50.0, 0.0)})
    assert found is not None
    return found


def column(table: PageTable, title: str) -> list[str]:
    (place,) = (row for row, one in enumerate(table.columns) if one.title == title)
    return [line.cells[place].text for line in table.rows]


def test_what_a_record_has_of_a_session_stands_beside_what_the_model_lists() -> None:
    table = table_of(1000 * HOURS)
    with SEED.open(encoding="utf-8") as file:
        peaks = {row["start"]: row["n_peak"] for row in csv.DictReader(file)}
    on_record = [peaks[f"2026-01-10T{clock}+00:00"] for clock in ("13:19:12", "19:48:42")]
    assert column(table, SEEN) == on_record
    assert column(table, "Most addresses listed at once") == ["50", "50"]
    # The table says which were used to set values: these are from before February.
    (place,) = (row for row, one in enumerate(table.columns) if one.title == SEEN)
    assert {line.cells[place].range for line in table.rows} == {"set values of the scenario"}
    undated = table_of(1000 * HOURS, sessions=None)
    assert SEEN not in [one.title for one in undated.columns]


def test_hours_denied_are_of_those_who_neither_reach_the_target_nor_left_it() -> None:
    assert column(table_of(1000 * HOURS), "User-hours denied the target's users") == ["800", "800"]


def test_hours_denied_are_told_as_a_share_of_those_of_the_session() -> None:
    table = table_of(1000 * HOURS)
    # Each of 1,000 users is denied two times 0.4 hours in two sessions of two hours each.
    assert [line.cells[-1].all for line in table.rows] == ["40\N{NBSP}% of their hours in it"] * 2


def test_a_window_of_some_first_days_cuts_no_session_and_leaves_much_out() -> None:
    day = 24 * H
    cut, before = Session(3 * day - H, 3 * day + H, 9 * day), Session(day, 2 * day, 9 * day)
    assert windows(30 * day, [before, cut]) == {3: 3 * day + H, 14: 14 * day}
    assert windows(30 * day, [before]) == {3: 3 * day, 14: 14 * day}
    # A block that goes on is no session to wait for.
    assert windows(30 * day, [Session(H, 30 * day, 30 * day)]) == {3: 3 * day, 14: 14 * day}
    assert windows(15 * day, []) == {3: 3 * day}
    # Three of four days would leave one session out of four.
    assert windows(4 * day, [before]) == {}


@pytest.mark.parametrize("off", [0.9, 1.1])
def test_hours_that_the_curves_do_not_come_to_are_not_told(off: float) -> None:
    titles = [one.title for one in table_of(off * 1000 * HOURS).columns]
    assert "User-hours denied the target's users" not in titles


def test_what_rounding_leaves_of_a_share_is_no_hour_denied() -> None:
    table = table_of(0.0, reached=0.9 - 1e-10)
    assert column(table, "User-hours denied the target's users") == ["0", "0"]
