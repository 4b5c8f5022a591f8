"""What is shown under way: the same table as of the finished result, and what it rests on."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sim
from sim.catalogue.choices import RATIOS, label
from sim.engine.record.curves import Series
from sim.engine.state.tally import Group
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.runs import Runs
from sim.experiment.simulation import Simulation
from sim.explore.answer import answer_of
from sim.explore.live_curves import LiveCurves, beside
from sim.explore.live_figures import LiveFigures
from sim.explore.setting import Setting, Source
from sim.measure.bands import Band, step_values
from sim.measure.measures import Measure
from sim.report.words.numbers import capitalised
from sim.results.read import open_run

SHORT = {"population.n_businesses": 30, "end": "2018-04-18T00:00+03:00"}


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("live") / "out"
    sim.compare(
        "telegram-2018", ["exact", "covering-prefix"], n_replicates=2, n_draws=0, set=SHORT,
        folder=folder,
    )  # fmt: skip
    return folder


def test_strategies_under_way_are_those_of_the_answer_but_for_ratios(compared: Path) -> None:
    run = open_run(compared)
    live = LiveFigures(run.manifest["strategies"], str(run.manifest["baseline"]))
    assert live.table() == {"heads": [], "rows": []}
    measures = run.measures()
    for name in run.strategies:
        for replicate in (0, 1):
            mine = (measures.strategy == name) & (measures.replicate == replicate)
            found = [
                Measure(*row)
                for row in zip(
                    measures.metric[mine],
                    measures.unit[mine],
                    measures.value[mine],
                    measures.denominator[mine],
                    measures.denominator_unit[mine],
                    strict=True,
                )
            ]
            live.finish((0, name, replicate), found)
            live.finish((1, name, replicate), [])  # a draw counts for nothing here
    told, answer = live.table(), answer_of(compared)["figures"]
    ratios = {capitalised(label(name)) for name in RATIOS}
    kept = [place for place, head in enumerate(answer["heads"]) if head not in ratios]
    assert len(kept) > 3
    assert told["heads"] == [answer["heads"][place] for place in kept]

    def without_times(row: list[str]) -> list[str]:
        # Whose time the end of the run cuts is known when it has ended.
        return [cell.partition(";")[0] for cell in row]

    assert [without_times(row) for row in told["rows"]] == [
        without_times([row[place] for place in kept]) for row in answer["rows"]
    ]


def test_while_the_baseline_alone_has_finished_strategies_stand_without_numbers() -> None:
    shown = [{"label": one, "id": one, "parameters": {}} for one in ("none", "exact", "provider")]
    live = LiveFigures(shown, "none")
    live.finish((0, "none", 0), [Measure("business_hours_impaired", "business-hours", 0.0)])
    told = live.table()
    assert told["heads"] == ["Blocking", "Business-hours impaired"]
    assert [row[1] for row in told["rows"]] == ["not known", "not known", "0"]


def test_a_picture_under_way_says_what_it_rests_on() -> None:
    start = datetime(2018, 4, 16, tzinfo=UTC)
    live = LiveCurves(("own",), start, 10 * 86_400, 2)
    assert live.pictures() == []
    series = (Series("demand_lost_share", Group(), 1.0),)
    live.note((0, "own", 0), [0, 3 * 86_400], np.array([[0.0], [0.3]]), series)
    (first,) = live.pictures()
    assert first["note"].startswith("So far one replicate of 2, up to 19 April; the rest follows.")
    live.finish((0, "own", 0))
    assert live.pictures()[0]["note"].startswith("So far 1 of 2 replicates.")
    live.note((0, "own", 1), [0], np.array([[0.1]]), series)
    live.finish((0, "own", 1))
    assert live.pictures()[0]["note"].startswith("All replicates as given.")


def test_under_way_the_strategy_of_most_harm_so_far_is_shown_first() -> None:
    live = LiveCurves(("none", "exact", "wide"), datetime(2018, 4, 16, tzinfo=UTC), 86_400, 1)
    series = (Series("demand_lost_share", Group(), 1.0),)
    shown = []
    for name, peak in (("none", 0.0), ("exact", 0.1), ("wide", 0.3)):
        live.note((0, name, 0), [0, 3600, 7200], np.array([[0.0], [peak], [0.0]]), series)
        live.finish((0, name, 0))
        shown.append([one["strategy"] for one in live.pictures()])
    assert shown == [["none"], ["exact", "none"], ["wide", "exact", "none"]]
    maps = [{"strategy": one} for one in ("other", "none", "exact", "wide")]
    assert [one["strategy"] for one in beside(maps, live.pictures())] == [*shown[-1], "other"]


class _Seen(SerialExecutor):
    """Runs of a plan, and the picture after each note of the engine."""

    def __init__(self, live: LiveCurves, label: str) -> None:
        super().__init__()
        self.live, self.label = live, label
        self.bands: list[Band] = []

    def run(self, job: Any, keys: Any) -> Generator[Any, None, None]:
        assert isinstance(job, Simulation)
        yield from super().run(replace(job, watch=self._note), keys)

    def _note(self, *told: Any) -> None:
        self.live.note(*told)
        band = self.live.band(self.label)
        if band is not None:
            self.bands.append(band)


def test_a_picture_of_the_beginning_is_the_beginning_of_the_result(tmp_path: Path) -> None:
    end = "end=2018-05-10T00:00+03:00"
    setting = Setting("telegram-2018", (), ("population.n_businesses=200", end), 1)
    plan = setting.plan({"telegram-2018": Source("telegram-2018")})
    scenario = plan.resolved.scenario
    (label,) = plan.labels
    seen = _Seen(LiveCurves(plan.labels, scenario.start, scenario.horizon_s, 1), label)
    carry_out(Runs(plan), folder=tmp_path / "out", executor=seen)
    kept = open_run(tmp_path / "out").curve("demand_lost_share", label)
    ends = [int(band.t_s[-1]) for band in seen.bands]
    assert len(ends) > 3
    assert ends == sorted(ends)
    assert ends[0] < scenario.horizon_s / 4
    for band in seen.bands:
        assert np.array_equal(band.mean, step_values(kept.t_s, kept.value, band.t_s))
    assert np.ptp(seen.bands[-1].mean) > 0
