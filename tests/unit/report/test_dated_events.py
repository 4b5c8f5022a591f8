"""Events that a scenario dates are marks of the axis of time."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from sim.report.page.over_time.dated_events import event_marks
from sim.report.words.languages import language
from sim.results.read import RunFolder
from tests.conftest import REPOSITORY

DAY_S = 86_400


def run(days: int, **scenario: Any) -> RunFolder:
    made = SimpleNamespace(
        start=datetime.fromisoformat("2018-04-16T11:30+03:00"),
        horizon_s=days * DAY_S,
        scenario=scenario,
        input_path=lambda name: REPOSITORY / "seeds" / f"{name}.csv",
    )
    return cast("RunFolder", made)


def test_what_a_scenario_dates_is_told_in_its_sequence_within_the_run() -> None:
    # As seeds/stances-2018.csv and seeds/pressure-events-2018.csv have it; AWS is silent from
    # before the start on, and Microsoft complies on 24 May, after the end.
    dated = run(
        30, stances={"events": "stances-2018"}, censor={"pressure_events": "pressure-events-2018"}
    )
    marks = event_marks(dated)
    assert [mark["text"] for mark in marks] == [
        "18 Apr, given: Google Cloud talks with the censor",
        "25 Apr, given: a public event that draws attention to the block",
        "8 May, given: Google Cloud complies, and gives the target no more addresses",
    ]
    assert [mark["t"] for mark in marks] == [n * DAY_S + 1800 for n in (2, 9, 22)]
    assert "Google Cloud подчиняется" in event_marks(dated, language("ru"))[2]["text"]


def test_a_scenario_that_dates_nothing_has_no_marks() -> None:
    assert event_marks(run(30)) == []
    assert event_marks(run(30, censor={"pause_pressure": 0.5}, stances={})) == []
