"""Marks of the axis of time: days whose orders or withdrawals changed most, worked out by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import numpy as np
import pytest

from sim.report.page.over_time.turns import Turn, turn_marks, turns
from sim.report.page.sessions import sessions_of
from sim.report.words.languages import language
from sim.results.columns import TABLES
from sim.results.read import CurvePoints, RunFolder

DAY_S = 86_400
LAST = 10 * DAY_S
# Entries 0 and 1 are ordered within a minute, entry 2 ten days later lets addresses pass, and entry
# 0 is withdrawn then. In between a business moves away at 400,000 s: no order did that.
EVENTS = [
    (1_000, "block", 0), (1_060, "block", 1), (2_000, "enforced", 0), (3_000, "enforced", 0),
    (3_000, "enforced", 1), (LAST, "unblock", 0), (LAST, "block", 2), (LAST + 600, "released", 0),
    (LAST + 600, "enforced", 2),
]  # fmt: skip
CURVE = [(0, 0), (2_000, 10), (3_000, 16), (400_000, 15), (LAST + 600, 4)]


def write(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """A table of the folder, with the columns that it always has."""
    kinds = {"string": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE"}
    kinds["datetime"] = "TIMESTAMPTZ"
    with duckdb.connect() as connection:
        columns = ", ".join(f'"{one.name}" {kinds[one.type]}' for one in TABLES[name])
        connection.execute(f"CREATE TABLE made ({columns})")
        for row in rows:
            values = [row.get(one.name) for one in TABLES[name]]
            connection.execute(f"INSERT INTO made VALUES ({', '.join('?' * len(values))})", values)
        connection.execute(f"COPY made TO '{folder / name}' (FORMAT parquet)")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Two replicates: in the second one nothing happens."""
    mine = {"strategy": "chase", "replicate": 0}
    write(
        tmp_path, "events.parquet",
        [mine | {"t_s": t_s, "kind": kind, "entry": entry} for t_s, kind, entry in EVENTS],
    )  # fmt: skip
    mechanisms = ("drop", "drop", "exempt")
    write(
        tmp_path, "entries.parquet",
        [mine | {"entry": row, "mechanism": how} for row, how in enumerate(mechanisms)],
    )  # fmt: skip
    curve = [(0, t_s, value) for t_s, value in CURVE] + [(1, 0, 0)]
    write(
        tmp_path, "curves.parquet",
        [
            {"strategy": "chase", "replicate": replicate, "t_s": t_s, "value": float(value),
             "metric": "businesses_impaired"}
            for replicate, t_s, value in curve
        ],
    )  # fmt: skip
    points = SimpleNamespace(
        replicate=np.array([row[0] for row in curve]),
        value=np.array([row[2] for row in curve], float),
    )
    found = SimpleNamespace(
        strategies=("chase",), path=tmp_path, horizon_s=30 * DAY_S, curve=lambda metric: points,
        start=datetime.fromisoformat("2018-04-16T11:30+03:00"),
    )  # fmt: skip
    return cast("RunFolder", found)


def test_a_day_has_what_its_orders_and_withdrawals_changed(run: RunFolder) -> None:
    first, last = turns(run)
    # 10 and half of 6 by entry 0, half of 6 by entry 1; over two replicates.
    assert first == Turn(at_s=1_000, is_withdrawal=False, n_entries=1.0, change=8.0)
    assert last == Turn(at_s=LAST, is_withdrawal=True, n_entries=0.5, change=-5.5)


def test_a_mark_says_the_day_and_what_was_done(run: RunFolder) -> None:
    marks = turn_marks(run)
    assert [mark["t"] for mark in marks] == [1_000, LAST]
    # An entry that hit nobody is none of them.
    ordered = "16 Apr: entries ordered that hit businesses: 1; businesses impaired: +8"
    assert marks[0]["text"] == ordered
    withdrawn = "26 Apr: entries withdrawn that freed businesses: <1; businesses impaired: \u22126"
    assert marks[1]["text"] == withdrawn
    assert (
        "отозвано записей, освободивших предприятия: <1"
        in turn_marks(run, language("ru"))[1]["text"]
    )


def test_what_changes_little_or_stands_close_has_no_mark(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.report.page.over_time.turns.LEAST", 0.4)
    assert [one.at_s for one in turns(run)] == [1_000]
    monkeypatch.setattr("sim.report.page.over_time.turns.LEAST", 0.0)
    monkeypatch.setattr("sim.report.page.over_time.turns.APART", 2)
    assert [one.at_s for one in turns(run)] == [1_000]


def test_several_strategies_share_an_axis_and_have_no_marks(run: RunFolder) -> None:
    several = SimpleNamespace(strategies=("a", "b"), path=run.path)
    assert turns(cast("RunFolder", several)) == []


def test_a_session_s_mark_says_what_the_table_by_session_says(run: RunFolder) -> None:
    """What its orders did, added up, exceeds the curve where a business is hit twice."""
    # Both on one day, over two replicates; in the first one business is off and hit again.
    hit = points([(0, 0), (1_000, 10), (1_100, 9), (1_200, 10), (LAST, 0), (LAST + 9, 4)], [(0, 0)])
    listed = points(
        [(0, 0), (1_000, 7), (LAST - 1, 0), (LAST, 5)], [(0, 0), (1_000, 3), (1_300, 0)]
    )
    found = cast("Any", SimpleNamespace(**vars(run)))
    found.curve = lambda metric: hit
    sessions = sessions_of(listed, run.horizon_s)
    marks = turn_marks(cast("RunFolder", found), sessions=sessions, listed=listed)
    assert marks == [
        {
            "t": 1_000,
            "text": "16 Apr, 11:46: most addresses listed at once: 5; most businesses impaired: 5",
            "is_counted": True,
        },
        {
            "t": LAST,
            "text": "26 Apr, 11:30: most addresses listed at once: 2.50; "
            "most businesses impaired: 2",
            "is_counted": True,
        },
    ]
    found.strategies = ("a", "b")
    assert turn_marks(cast("RunFolder", found), sessions=sessions, listed=listed) == []


def points(*replicates: list[tuple[int, float]]) -> CurvePoints:
    flat = [(row, t, value) for row, one in enumerate(replicates) for t, value in one]
    replicate, t_s, value = (np.array(column) for column in zip(*flat, strict=True))
    return CurvePoints(replicate, t_s, value.astype(float), np.full(value.size, np.nan))
