"""What is on record of the days of a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.report.figures.marks import read_marks
from sim.report.page.document import _first_frame, render
from sim.report.page.over_time.known_days import is_listed_alike, known
from sim.results.read import CurvePoints, RunFolder, open_run


def listed(run: RunFolder) -> dict[str, CurvePoints]:
    return {name: run.curve("addresses_listed", name) for name in run.strategies}


def under(run: RunFolder, **strategy: Any) -> RunFolder:
    return RunFolder(run.path, run.manifest, {**run.scenario, "strategy": strategy})


def test_orders_of_a_dated_table_are_on_record_from_the_first_to_the_last(
    shipped_run: Path,
) -> None:
    run = open_run(shipped_run)
    first, *others = known(run, listed(run))
    # Of seeds/telegram-2018-orders.csv: the first order came between 11:30 and 12:30 on 16 April,
    # then some between 15:00 and 18:00; within these windows it is open what was listed.
    half_past_eleven, h = 23 * 1800, 3600
    assert first["unsure"][0] == (half_past_eleven, half_past_eleven + h)
    assert first["spans"][0] == (half_past_eleven + h, 15 * h)
    assert first["unsure"][1][0] == 15 * h
    stretches = sorted(first["spans"] + first["unsure"])
    assert all(one[1] == other[0] for one, other in pairwise(stretches))
    # After the last order nothing is on record.
    last = max(stop for _, stop in stretches)
    assert run.start + timedelta(seconds=last) == datetime.fromisoformat("2018-05-19T23:00+03")
    n = sum(0 <= (one.from_s + one.to_s) // 2 < run.horizon_s for one in read_marks(run))
    assert len(first["marks"]) == n > 5
    assert [one["spans"] + one["unsure"] + one["marks"] for one in others] == [[], []]


def test_orders_without_a_table_are_what_was_asked(shipped_run: Path) -> None:
    run = under(
        open_run(shipped_run),
        id="orders",
        orders=[{"at": "2018-04-17T00:00+03:00", "prefixes": ["192.0.2.0/24"]}],
    )
    first = known(run, listed(run))[0]
    assert (first["spans"], first["unsure"]) == ([(0, run.horizon_s)], [])


def test_what_a_censor_decides_is_on_record_nowhere(shipped_run: Path) -> None:
    run = under(open_run(shipped_run), id="exact")
    assert known(run, listed(run))[0]["spans"] == []


@pytest.mark.parametrize(("sessions", "n"), [("spain-sessions-2025-26", 1), (None, 0)])
def test_of_sessions_the_times_are_on_record(
    shipped_run: Path, sessions: str | None, n: int
) -> None:
    run = under(open_run(shipped_run), id="time-window", sessions=sessions)
    first = known(run, listed(run))[0]
    assert len(first["spans"]) == n
    if n:
        assert first["name"].endswith("when, not which")
        assert first["spans"][0][0] > 0  # nothing was listed at the start


def test_of_a_comparison_only_published_totals_are_on_record(comparison_folder: Path) -> None:
    run = open_run(comparison_folder)
    first = known(run, listed(run))[0]
    assert (first["spans"], len(first["marks"]) > 0) == ([], True)


def test_the_map_says_whether_other_replicates_list_the_same(
    shipped_run: Path, comparison_folder: Path
) -> None:
    run = open_run(shipped_run)
    assert is_listed_alike(run, listed(run))
    assert "in all of them the same is listed" in render(run)
    assert not is_listed_alike(under(run, id="exact"), listed(run))
    # Orders whose times are drawn.
    points = listed(run)["replay"]
    later = replace(points, t_s=np.where(points.t_s, points.t_s + 60 * points.replicate, 0))
    assert not is_listed_alike(run, {"replay": later})
    other = open_run(comparison_folder)
    assert not is_listed_alike(other, listed(other))
    assert "in the others, other addresses are listed" in render(other)


def test_the_map_opens_at_the_moment_of_the_charts() -> None:
    map_ = {"t": [0, 10, 20, 30], "strategies": {"a": {"frames": [{"n": n} for n in (0, 3, 5, 9)]}}}
    assert [_first_frame(map_, "a", at) for at in (10, 19, 29, 99)] == [1, 1, 2, 3]
    assert _first_frame(map_, "a", 5) == 3  # nothing is listed yet
