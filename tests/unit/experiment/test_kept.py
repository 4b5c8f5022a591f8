"""Tables of kept simulations: whether they are of a scenario, and what is refused where."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sim.errors import DataError, PartialError, ScenarioError, UsageError
from sim.experiment.draws import is_shipped, kept_rows, model_hash, read_kept, shipped_kept
from sim.experiment.executors.task import Executor, Failure, SerialExecutor
from sim.experiment.pipeline import INTERRUPTED, PARTIAL, Answers, Execution
from sim.experiment.plan import Plan
from sim.experiment.saved_plans import find_unfinished, read_question
from sim.experiment.simulation import Simulation
from sim.results.csvtext import csv_text
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import Point
from sim.version import __version__
from tests.conftest import REPOSITORY

SEED = 20180416
SHIPPED = [path.stem for path in sorted((REPOSITORY / "seeds" / "kept").glob("*.csv"))]
HEAD = "draw,root_seed,model,evidence\n"
A, B = "a" * 64, "b" * 64


def chase(*overrides: str) -> Resolved:
    return resolve(load_scenario("telegram-2018", overrides))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "kept.csv"
    columns = HEAD.strip().split(",")
    path.write_text(csv_text(columns, kept_rows(chase(), SEED, [2, 5, 300])), encoding="utf-8")
    return path


def test_a_table_reads_as_it_was_written(table):
    kept = read_kept(table)
    assert (kept.draw, kept.root_seed) == ((2, 5, 300), SEED)
    assert read_kept(table.parent).draw == kept.draw
    assert kept.first(2) == (2, 5)
    assert kept.first(None) == (2, 5, 300)
    with pytest.raises(UsageError, match=r"at most 3 simulations.*got 4; overblock condition"):
        kept.first(4)


@pytest.mark.parametrize(
    ("overrides", "seed", "why"),
    [
        ([], SEED, ""),
        (["end=2018-05-01T00:00+03:00"], SEED, ""),
        (["n_replicates=3", "title=Another"], SEED, ""),
        ([], 7, "another root seed"),
        (["fronts.n_fronts=7"], SEED, "other inputs, values or tables"),
        (["censor.narrow_length=25"], SEED, "other inputs, values or tables"),
        (["strategy={id: exact}"], SEED, "other inputs, values or tables"),
        (["stances.events=stances-zello-2018"], SEED, "other inputs, values or tables"),
        (["evidence=off"], SEED, "other evidence"),
        (["evidence=off", "end=2018-05-01T00:00+03:00"], SEED, "other evidence"),
    ],
)
def test_it_holds_for_the_scenario_as_it_is(table, overrides, seed, why):
    found = read_kept(table).why_not(chase(*overrides), seed)
    assert (found == "") == (why == "")
    assert why in found


PIECE = """evidence:
  - {id: one, curve: addresses_listed, at: 2018-04-19T12:00+03:00, value: 5, high: 9,
     kind: fact, unit: addresses, source: none, date: 2018-04-19, note: none}
"""


def test_an_end_that_is_set_excuses_no_other_evidence(write_scenario, tmp_path):
    def scenario(text: str, *overrides: str) -> Resolved:
        return resolve(load_scenario(str(write_scenario(add=text)), overrides))

    def why_not(of: Resolved, now: Resolved) -> str:
        path = tmp_path / "of.csv"
        path.write_text(csv_text(HEAD.strip().split(","), kept_rows(of, 7, [1])), encoding="utf-8")
        return read_kept(path).why_not(now, 7)

    early, late = "end=2018-04-18T00:00+03:00", "end=2018-04-21T00:00+03:00"
    edited, whole = PIECE.replace("9,", "8,"), PIECE.replace("at:", "since:")
    assert [why_not(scenario(PIECE), scenario(PIECE, end)) for end in (early, late)] == ["", ""]
    assert why_not(scenario(whole, late), scenario(whole, late)) == ""
    for of, now in (
        (scenario(PIECE), scenario(edited, early)),
        (scenario(PIECE), scenario(edited, late)),
        (scenario(PIECE, early), scenario(PIECE)),
        (scenario(whole), scenario(whole, late)),
        (scenario(whole, late), scenario(whole)),
    ):
        assert why_not(of, now) == "they are of other evidence"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_simulations_are_of_the_scenario_as_it_is(name):
    resolved = resolve(load_scenario(name))
    kept = shipped_kept(resolved)
    assert kept is not None
    about = json.loads(Path(kept.file).with_suffix(".json").read_text(encoding="utf-8"))
    assert kept.why_not(resolved, resolved.scenario.root_seed or 0) == "", (
        f"run {about['command']} -o FOLDER again, then python -m tests.shipped_kept FOLDER"
    )
    assert len(kept.draw) == about["n_kept"]
    assert is_shipped(resolved, kept.root_seed, kept.draw[:9])
    assert not is_shipped(resolved, kept.root_seed, kept.draw[1:9])
    assert not is_shipped(resolved, kept.root_seed + 1, kept.draw)
    pieces = [piece.id for piece in resolved.scenario.evidence or ()]
    assert [row["evidence"] for row in about["evidence"]] == pieces


def test_an_input_with_another_range_is_another_model(tmp_path):
    text = Path(load_scenario("telegram-2018").document.file).read_text(encoding="utf-8")
    wider = tmp_path / "telegram-2018.yaml"
    assert text.count("range: [0.01, 0.14]") == 1
    wider.write_text(text.replace("range: [0.01, 0.14]", "range: [0.01, 0.2]"), encoding="utf-8")
    assert model_hash(resolve(load_scenario(str(wider)))) != model_hash(chase())
    found = resolve(load_scenario(str(wider)))
    assert shipped_kept(found) is None
    ensemble = Plan.of_run(found, SEED, 1).of_size(2, fixed=False).asked["ensemble"]
    assert ensemble["not_conditioned"] == "they are of other inputs, values or tables"


def test_a_copy_of_a_scenario_has_what_is_kept_of_it(tmp_path):
    copy = tmp_path / "telegram-2018.yaml"
    copy.write_bytes(Path(load_scenario("telegram-2018").document.file).read_bytes())
    own = resolve(load_scenario(str(copy), ["end=2018-04-18T00:00+03:00"]))
    ensemble = Plan.of_run(own, SEED, 1).of_size(2, fixed=False).asked["ensemble"]
    assert ensemble["draws"] == list(shipped_kept(chase()).draw[:2])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (f"2,7,{A}\n", "2: expected 4 cells, got 3"),
        (f"2,7,{A},{A}\n2,7,{A},{A}\n", "3: draw: expected a number of a draw above 2, got 2"),
        (f"-1,7,{A},{A}\n", "2: draw: expected a number >= 0, got '-1'"),
        (f"2,7,{A},{A}\n3,8,{A},{A}\n", "3: root_seed: expected the same in all rows"),
        (f"2,7,{A},{A}\n3,7,{B},{A}\n", "3: model: expected the same in all rows"),
        (f"2,7,{A},{A}\n3,7,{A},{B}\n", "3: evidence: expected the same in all rows"),
        (f"2,7,abc,{A}\n", "2: model: expected text that matches"),
        ("", " expected at least one row, got none"),
    ],
)
def test_mistakes_are_refused_where_they_stand(tmp_path, rows, message):
    path = tmp_path / "kept.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_kept(path)
    assert str(caught.value).startswith(f"{path}:{message}")
    with pytest.raises(DataError, match=r"missing\.csv"):
        read_kept(tmp_path / "missing.csv")
    path.write_text("draw,weight\n1,1\n", encoding="utf-8")
    with pytest.raises(DataError, match=":1: weight: unknown column"):
        read_kept(path)


# A scenario at many points: the same luck everywhere, failures by key, nothing lost.


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
        return Execution(Path(folder), asked, executor)().answers()


def test_each_point_is_the_scenario_that_would_have_been_written_so(small):
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
            assert_array_equal(answers.value[row, replicate], expected)
    assert (answers.value[0] != answers.value[1]).any()


def test_a_point_that_cannot_be_is_reported_and_the_others_are_run(small):
    answers = ask(
        plan(small, at(thresholds__impaired=2), at(thresholds__impaired=0.3)),
        SerialExecutor(),
    )
    assert list(answers.failures) == [(0,)]
    assert "expected a share in [0, 1], got 2" in str(answers.failures[(0,)])
    assert answers.status == PARTIAL
    assert np.isnan(answers.value[0]).all()
    assert not np.isnan(answers.mean("business_hours_impaired")[1])


def test_why_a_point_cannot_be_names_a_table_without_the_folder_it_lies_in(small):
    cases = plan(small, Point(), at(start="2018-04-17T00:00+03:00")).cases()
    message = cases.impossible[(1,)].message
    assert message.startswith("telegram-2018-orders.csv:2: effective: expected a time from the")
    assert str(small.tables[0].path.parent) not in message


def test_a_scenario_that_can_be_at_no_point_is_refused(small):
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


def test_a_run_that_fails_is_reported_by_key_and_its_mean_is_not_known(small):
    asked = plan(small, Point(), at(thresholds__impaired=0.3))
    answers = ask(asked, Breaking([(0, "replay", 1)]))
    assert {key: str(why) for key, why in answers.failures.items()} == {
        (0, "replay", 1): "ValueError: broken"
    }
    means = answers.mean("business_hours_impaired")
    assert np.isnan(means[0])
    assert not np.isnan(means[1])


def test_an_interrupt_keeps_what_is_finished(small):
    asked = plan(small, Point(), at(thresholds__impaired=0.3))
    executor = Breaking([], stop=(1, "replay", 0))
    answers = ask(asked, executor)
    assert answers.status == INTERRUPTED
    assert executor.stopped[:1] == [True], "nobody waits for what is under way"
    assert not np.isnan(answers.value[0]).all()
    assert np.isnan(answers.value[1]).all()
    with pytest.raises(KeyboardInterrupt):
        ask(asked, Breaking([], stop=(0, "replay", 0)))


def test_when_every_run_fails_the_reason_is_raised(small):
    broken = [(0, "replay", replicate) for replicate in range(2)]
    with pytest.raises(PartialError, match="ValueError: broken"):
        ask(plan(small, Point()), Breaking(broken))


# Questions that were begun: what is found of them, and what is put in order.


def test_what_a_kill_left_of_an_earlier_run_goes_when_nothing_is_left_to_do(shipped_run, tmp_path):
    """Killed after the new run was in its place, and before the earlier one was gone."""
    for name in ("out", ".out.replaced-7"):
        shutil.copytree(shipped_run, tmp_path / name)
    with pytest.raises(UsageError, match="is complete; there is nothing to resume"):
        find_unfinished(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_folder_in_which_nothing_was_begun_is_refused(tmp_path):
    with pytest.raises(UsageError, match="expected an experiment that was begun, got none"):
        find_unfinished(tmp_path)


def test_a_question_of_another_form_is_refused_with_its_file(tmp_path):
    (tmp_path / "experiment.json").write_text(f'{{"version": "{__version__}"}}')
    with pytest.raises(DataError, match=r"experiment\.json: expected the question .*'tables'"):
        read_question(tmp_path)


def test_a_table_that_is_lost_is_named_and_the_result_not_called_complete(shipped_run, tmp_path):
    folder = shutil.copytree(shipped_run, tmp_path / "out")
    (folder / "summary.csv").unlink()
    with pytest.raises(UsageError, match=r"is complete, but summary\.csv is not there, and "):
        find_unfinished(folder)
