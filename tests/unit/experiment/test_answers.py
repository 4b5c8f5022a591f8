"""A scenario at many points: the same luck everywhere, failures by key, nothing lost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sim.errors import PartialError, ScenarioError
from sim.experiment.execution import INTERRUPTED, PARTIAL, Answers, Execution
from sim.experiment.executors.task import Executor, Failure, SerialExecutor
from sim.experiment.plan import Plan
from sim.experiment.simulation import Simulation
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import Point

WriteScenario = Callable[..., Path]
DAY = 86_400


@pytest.fixture
def small(write_scenario: WriteScenario) -> Resolved:
    path = write_scenario({"end: 2018-04-20T00:00+03:00": "end: 2018-04-18T00:00+03:00"})
    return resolve(load_scenario(str(path), ["population.n_businesses=8"]))


def at(**keys: object) -> Point:
    return Point(tuple((key.replace("__", "."), value) for key, value in keys.items()))


def plan(small: Resolved, *points: Point, n: int = 2) -> Plan:
    return Plan("sweep", small, 7, n, points=points)


def ask(asked: Plan, executor: Executor) -> Answers:
    with tempfile.TemporaryDirectory() as folder:
        return Execution(Path(folder), asked, executor)(asked).answers()


def test_each_point_is_the_scenario_that_would_have_been_written_so(small: Resolved) -> None:
    answers = ask(plan(small, Point(), at(thresholds__impaired=0.3)), SerialExecutor())
    written = resolve(
        load_scenario(
            small.loaded.document.file, ["population.n_businesses=8", "thresholds.impaired=0.3"]
        )
    )
    for row, scenario in enumerate((small, written)):
        for replicate in range(2):
            work = Simulation({("x",): scenario}, 7, with_tables=False).begin()
            expected = [measure.value for measure in work(("x", replicate)).measures]
            assert_array_equal(answers.value[row, 0, replicate], expected)
    assert (answers.value[0] != answers.value[1]).any()


def test_strategies_are_run_at_every_point(small: Resolved) -> None:
    asked = replace(
        plan(small, Point(), at(thresholds__impaired=0.3)),
        strategies=("same=replay", "replay", "none"),
    )
    answers = ask(asked, SerialExecutor())
    assert answers.labels == ("same", "replay", "none")
    assert_array_equal(answers.value[:, 0], answers.value[:, 1])
    listed = answers.metrics.index("addresses_listed_peak")
    assert (answers.value[:, 2, :, listed] == 0).all()


def test_an_execution_runs_each_plan_it_is_asked_for_at_the_same_points(
    small: Resolved, tmp_path: Path
) -> None:
    first = plan(small, Point(), n=1)
    execution = Execution(tmp_path, first, SerialExecutor())
    replayed = execution(first).answers()
    idle = execution(replace(first, strategies=("none",))).answers()
    assert (replayed.labels, idle.labels) == (("replay",), ("none",))
    listed = idle.metrics.index("addresses_listed_peak")
    assert replayed.value[0, 0, 0, listed] > 0
    assert idle.value[0, 0, 0, listed] == 0
    # The same strategies with other members: kept lists of the same length are not mixed up.
    members = [
        Plan.of_run(small, 7, 2).with_ensemble(
            {"n_members": 2, "is_conditioned": False, "draws": numbers}
        )
        for numbers in ((0, 1), (2, 3), (0, 3))
    ]
    execution = Execution(tmp_path, members[0], SerialExecutor())
    found = [execution(one).answers().value[0, 0] for one in members]
    assert (found[0] != found[1]).any()
    assert_array_equal(found[2], [found[0][0], found[1][1]])


def test_a_point_that_cannot_be_is_reported_and_the_others_are_run(small: Resolved) -> None:
    answers = ask(
        plan(small, at(thresholds__impaired=2), at(thresholds__impaired=0.3)),
        SerialExecutor(),
    )
    assert list(answers.failures) == [(0,)]
    assert "expected a share in [0, 1], got 2" in str(answers.failures[(0,)])
    assert answers.status == PARTIAL
    assert np.isnan(answers.value[0]).all()
    assert not np.isnan(answers.mean("business_hours_impaired")[1])


def test_why_a_point_cannot_be_names_a_table_without_the_folder_it_lies_in(small: Resolved) -> None:
    cases = plan(small, Point(), at(start="2018-04-17T00:00+03:00")).cases()
    message = cases.impossible[(1,)].message
    assert message.startswith("telegram-2018-orders.csv:2: effective: expected a time from the")
    assert str(small.tables[0].path.parent) not in message


def test_a_scenario_that_can_be_at_no_point_is_refused(small: Resolved) -> None:
    with pytest.raises(ScenarioError) as caught:
        ask(plan(small, at(a__b=1), at(thresholds__impaired=2)), SerialExecutor())
    assert len(caught.value.problems) == 2


class Breaking(SerialExecutor):
    """Fails at some keys, and is interrupted at another."""

    def __init__(self, broken: Sequence[tuple[object, ...]], stop: object = None) -> None:
        super().__init__()
        self.broken, self.stops_at = broken, stop
        self.stopped: list[bool] = []

    def stop(self, *, at_once: bool = False) -> None:
        self.stopped.append(at_once)

    def run(self, job: object, keys: Sequence[tuple[object, ...]]) -> Iterator[object]:
        for key in keys:
            if key == self.stops_at:
                raise KeyboardInterrupt
            if key in self.broken:
                yield key, Failure("ValueError", "broken")
            else:
                yield from super().run(job, [key])


def test_a_run_that_fails_is_reported_by_key_and_its_mean_is_not_known(small: Resolved) -> None:
    asked = plan(small, Point(), at(thresholds__impaired=0.3))
    answers = ask(asked, Breaking([(0, "replay", 1)]))
    assert {key: str(why) for key, why in answers.failures.items()} == {
        (0, "replay", 1): "ValueError: broken"
    }
    means = answers.mean("business_hours_impaired")
    assert np.isnan(means[0])
    assert not np.isnan(means[1])


def test_an_interrupt_keeps_what_is_finished(small: Resolved) -> None:
    asked = plan(small, Point(), at(thresholds__impaired=0.3))
    executor = Breaking([], stop=(1, "replay", 0))
    answers = ask(asked, executor)
    assert answers.status == INTERRUPTED
    assert executor.stopped[:1] == [True], "nobody waits for what is under way"
    assert not np.isnan(answers.value[0]).all()
    assert np.isnan(answers.value[1]).all()
    with pytest.raises(KeyboardInterrupt):
        ask(asked, Breaking([], stop=(0, "replay", 0)))


def test_when_every_run_fails_the_reason_is_raised(small: Resolved) -> None:
    broken = [(0, "replay", replicate) for replicate in range(2)]
    with pytest.raises(PartialError, match="ValueError: broken"):
        ask(plan(small, Point()), Breaking(broken))
