"""When operators drop addresses of others: spells, days and waits after sessions, by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from sim.measure.by_operator import DROPPED, operator_curves, read_operators
from sim.report.page import cut_off, operators
from sim.report.page.cut_off import CutOff, Spell, cut_offs, told_of_most, when_dropped
from sim.report.page.document import render
from sim.report.page.head.questions import questions
from sim.report.words.languages import language
from sim.results.read import CurvePoints, RunFolder, open_run

H = 3600
START = datetime(2018, 4, 16, 11, tzinfo=timezone(timedelta(hours=3)))


def points(*replicates: Sequence[tuple[int, float]]) -> CurvePoints:
    """Step curves of some replicates, by hour of the run."""
    rows = [(row, hour, value) for row, one in enumerate(replicates) for hour, value in one]
    replicate, hour, value = (np.array(column) for column in zip(*rows, strict=True))
    return CurvePoints(replicate, hour * H, value.astype(float), np.full(hour.size, np.nan))


def found_in(
    monkeypatch: pytest.MonkeyPatch, dropped: CurvePoints, listed: CurvePoints, horizon_h: int = 100
) -> tuple[CutOff, RunFolder]:
    n = int(dropped.replicate.max()) + 1
    run = SimpleNamespace(
        finished=lambda strategy: range(n),
        horizon_s=horizon_h * H,
        start=START,
        curve=lambda name, strategy: listed,
    )
    monkeypatch.setattr(cut_off, "operator_curves", lambda *_: {"big": dropped})
    return cut_offs(cast("RunFolder", run), "any")["big"], cast("RunFolder", run)


def test_spells_are_those_of_most_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    # Two of three drop some from 3 h on, and until 90 h; half of their own most from 6 h to 50 h.
    found, run = found_in(
        monkeypatch,
        points(
            [(0, 0), (2, 10), (6, 100), (40, 60), (50, 20), (90, 0)],
            [(0, 0), (3, 1), (4, 8), (60, 3)],
            [(0, 0), (30, 400), (40, 0)],
        ),
        points([(0, 1.0)]),
    )
    assert found.some == (Spell(3 * H, 90 * H),)
    assert found.much == (Spell(6 * H, 50 * H),)
    assert found.most == pytest.approx((100 + 8 + 400) / 3)
    # 6 h and 4 h after eleven are the same day, 30 h after it the next.
    assert found.most_day == datetime(2018, 4, 16, tzinfo=START.tzinfo)
    assert found.after_begin_s is None
    assert when_dropped(found, run) == "from 16 April 2018, 14:00 to 20 April 2018, 05:00"
    assert told_of_most(found, run) == [
        "half of its most or more from 16 April 2018, 17:00 to 18 April 2018, 13:00",
        "most at once on 16 April 2018",
    ]


def test_what_lasts_ends_with_the_run_and_many_spells_are_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found, run = found_in(monkeypatch, points([(0, 0), (1, 5)]), points([(0, 1.0)]))
    assert when_dropped(found, run) == "from 16 April 2018, 12:00 to the end"
    on_and_off = [(2 * step, step % 2) for step in range(9)]
    found, run = found_in(monkeypatch, points(on_and_off), points([(0, 1.0)]))
    assert len(found.some) == 4
    assert when_dropped(found, run) == (
        "4 times, first from 16 April 2018, 13:00 to 16 April 2018, 15:00, last from 17 April "
        "2018, 01:00 to 17 April 2018, 03:00"
    )


def test_a_short_gap_is_none_and_what_is_the_same_is_said_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of 1,000 hours ten are a hundredth: the gap of ten is none, that of eleven is one.
    on = points([(0, 0), (100, 5), (200, 0), (210, 5), (300, 0), (311, 5), (400, 0)])
    found, run = found_in(monkeypatch, on, points([(0, 1.0)]), 1000)
    assert found.some == (Spell(100 * H, 300 * H), Spell(311 * H, 400 * H))
    assert found.much == found.some
    assert told_of_most(found, run) == ["most at once on 20 April 2018"]


def test_who_drops_nothing_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    found, run = found_in(monkeypatch, points([(0, 0)], [(0, 0)]), points([(0, 1.0)]))
    assert when_dropped(found, run) == "never in most replicates"
    assert found.most_day is None
    assert told_of_most(found, run) == []


def test_within_sessions_it_is_told_how_soon_after_they_begin_and_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Sessions from 10 h to 20 h and from 40 h to 50 h.
    listed = points([(0, 0), (10, 3), (20, 0), (40, 3), (50, 0)])
    late = points([(0, 0), (12, 1), (21, 0), (44, 1), (55, 0)])
    found, run = found_in(monkeypatch, late, listed)
    assert (found.after_begin_s, found.after_end_s) == (3 * H, 3 * H)
    told = "from three hours after a session begins until three hours after it ends"
    assert when_dropped(found, run) == told
    # What sessions say is not said of half of it once more.
    assert told_of_most(found, run) == ["most at once on 16 April 2018"]
    early, run = found_in(monkeypatch, points([(0, 0), (12, 1), (18, 0)]), listed)
    assert when_dropped(early, run).endswith(" until two hours before it ends")
    one, _ = found_in(monkeypatch, late, points([(0, 0), (10, 3), (20, 0)]))
    assert one.after_begin_s is None


def test_of_a_run_it_is_what_its_curves_say(chase_run: Path) -> None:
    run = open_run(chase_run)
    found = cut_offs(run, run.strategies[0])
    curves = operator_curves(run, DROPPED[0], run.strategies[0])
    assert list(found) == [one.operator for one in read_operators(run)]
    n_told = 0
    for name, one in found.items():
        begins = []
        for row in range(run.n_replicates):
            mine = curves[name].replicate == row
            on = curves[name].t_s[mine][curves[name].value[mine] > 0]
            begins.append(int(on[0]) if on.size else run.horizon_s)
        # So many that they are more than half.
        expected = sorted(begins)[run.n_replicates // 2]
        if expected < run.horizon_s:
            assert one.some[0].from_s >= expected
            n_told += one.some[0].from_s == expected
        else:
            assert one.some == ()
    assert n_told > 0


def test_it_is_asked_of_the_largest_operator(chase_run: Path) -> None:
    run = open_run(chase_run)
    found = cut_offs(run, run.strategies[0])
    (told,) = (
        one
        for one in questions(run, {}, "", "", dropped=found)
        if one.asked == "When were customers of Rostelecom (fixed) cut off?"
    )
    when = when_dropped(found["rostelecom"], run)
    assert told.said.startswith(
        "As given Rostelecom (fixed), the largest that drops any (23\N{NBSP}% "
    )
    assert f" drops addresses of others {when}; half of its most or more from " in told.said
    assert told.places[0][0] == "operators"
    under = [one.said for one in questions(run, {}, "", "", dropped=found, who_drops="“wide”")]
    assert f"Under “wide”: {told.said}" in under
    # Of one that drops nothing there is nothing to ask.
    nothing = {name: replace(one, some=()) for name, one in found.items()}
    assert not [
        one for one in questions(run, {}, "", "", dropped=nothing) if "cut off" in one.asked
    ]
    page = render(run)
    assert page.count(when) >= 2  # asked first, and below its strip


@pytest.mark.parametrize(
    ("labels", "is_named"),
    [
        (["provider 1", "provider 2"], False),
        (["mobile operators"], False),
        (["provider 1", "TIM"], True),
    ],
)
def test_a_real_name_is_told_of_only_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, labels: list[str], is_named: bool
) -> None:
    rows = [SimpleNamespace(label=label) for label in labels]
    monkeypatch.setattr(operators, "read_operators", lambda run: rows)
    assert operators.has_named(cast("RunFolder", None)) is is_named


def test_the_page_says_it_of_real_names_where_there_are_some(
    chase_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "also where it has a real name"
    run = open_run(chase_run)
    assert told in render(run)
    monkeypatch.setattr("sim.report.page.document.has_named", lambda run: False)
    assert told not in render(run)


def test_it_is_said_in_other_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    found, run = found_in(monkeypatch, points([(0, 0), (1, 5)]), points([(0, 1.0)]))
    assert (
        when_dropped(found, run, language("es"))
        == "desde el 16 de abril de 2018, 12:00 hasta el final"
    )


def test_what_the_end_of_the_run_cuts_has_no_length_of_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two sessions, after the second it still drops when the run ends: no median is known."""
    listed = points([(0, 0.0), (10, 5.0), (20, 0.0), (50, 5.0), (60, 0.0)])
    found, run = found_in(monkeypatch, points([(0, 0), (11, 9), (23, 0), (51, 9)]), listed)
    assert (found.after_begin_s, found.after_end_s) == (None, None)
    assert "to the end" in when_dropped(found, run)
    # Of three, it ceases after 3, 5 and never within the run.
    listed = points([(0, 0), (10, 5), (20, 0), (40, 5), (50, 0), (80, 5), (90, 0)])
    dropped = points([(0, 0), (11, 9), (23, 0), (41, 9), (55, 0), (81, 9)])
    found, _ = found_in(monkeypatch, dropped, listed)
    assert found.after_end_s == 5 * H
