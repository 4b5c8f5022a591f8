"""What is on record of the days of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.report.figures.addresses import read_marks
from sim.report.page.known_days import known
from sim.results.read import CurvePoints, RunFolder, open_run


def listed(run: RunFolder) -> dict[str, CurvePoints]:
    return {name: run.curve("addresses_listed", name) for name in run.strategies}


def under(run: RunFolder, **strategy: Any) -> RunFolder:
    return RunFolder(run.path, run.manifest, {**run.scenario, "strategy": strategy})


def test_orders_of_a_dated_table_are_on_record_from_start_to_end(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    first, *others = known(run, listed(run))
    assert first["spans"] == [(0, run.horizon_s)]
    n = sum(0 <= (one.from_s + one.to_s) // 2 < run.horizon_s for one in read_marks(run))
    assert len(first["marks"]) == n > 5
    assert [one["spans"] + one["marks"] for one in others] == [[], []]


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
