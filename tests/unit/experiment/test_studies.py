"""Experiments of every kind that end early: finished runs are kept, and never run again."""

import json
import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sim.errors import PartialError, UsageError
from sim.experiment.outputs import Study
from sim.experiment.pipeline import carry_out
from sim.experiment.runs import Runs
from sim.experiment.saved_plans import find_unfinished, read_question
from sim.experiment.studies import Sensitivity, Sweep
from sim.results.integrity import PARTS, Checkpoints
from sim.scenario.resolve import Resolved
from tests.borrowed import BORROW
from tests.experiments import Scripted, files_of, resolved_of

pytestmark = pytest.mark.laws

Wholes = Callable[[str], Study]

BRIEF = [
    "population.n_businesses=8", "end=2018-04-17T00:00+03:00", "fronts={pools: front-pools-2018}",
    "censor={}", BORROW,
]  # fmt: skip
KEYS = ["thresholds.impaired", "operators-russia-2018.compliance"]
ASKED: dict[str, dict[str, Any]] = {
    "comparison": {
        "strategies": [
            {"label": "none", "id": "none", "parameters": {}},
            {"label": "exact", "id": "exact", "parameters": {}},
            *(
                {"label": f"wide{n}", "id": "aggregate", "parameters": {"length": n}}
                for n in (12, 16, 20)
            ),
        ],
        "baseline": "none",
        "metrics": [],
    },
    # The last point cannot be: its table does not exist. The one before has another table.
    "sweep": {
        "over": [
            "thresholds.impaired=0.05,0.1,0.2,0.3",
            "operators.groups=operators-russia-2018,operators-russia-2021,no-such",
        ],
    },
    "sensitivity": {"only": KEYS},
}
MAKE: dict[str, Callable[..., Any]] = {
    "comparison": Runs.again,
    "sweep": Sweep.of,
    "sensitivity": Sensitivity.of,
}
N_RUNS = {"comparison": 5, "sweep": 8, "sensitivity": 5}


def scenario(overrides: Sequence[str] = BRIEF) -> Resolved:
    return resolved_of("telegram-2018-replay", overrides)


def study(
    kind: str,
    folder: Path,
    executor: Scripted | None = None,
    parts: Path | None = None,
    scenario_asked: Resolved | None = None,
) -> Study:
    """Carry out a study, or go on with it from its parts."""
    make = MAKE[kind]
    if parts is None:
        experiment = make(scenario_asked or scenario(), 5, 1, **ASKED[kind])
    else:
        question = read_question(parts)
        assert question.kind == kind
        experiment = question.ask_again(make)
    return carry_out(
        experiment,
        folder=folder,
        force=parts is not None,
        executor=executor or Scripted(),
        earlier=parts,
    )


@pytest.fixture(scope="module")
def wholes(tmp_path_factory: pytest.TempPathFactory) -> Wholes:
    """A study of a kind carried out in one go, when it is asked for; do not write into it."""
    folder = tmp_path_factory.mktemp("whole")
    return cache(lambda kind: study(kind, folder / kind))


@pytest.mark.parametrize(
    ("kind", "first"),
    [
        pytest.param("comparison", 2, marks=pytest.mark.long),
        ("sweep", -3),
        ("sensitivity", 1),
        pytest.param("sensitivity", -3, marks=pytest.mark.long),
    ],
)
def test_an_interrupted_study_is_gone_on_with_and_nothing_is_run_twice(
    wholes, tmp_path, kind, first
):
    whole, folder = wholes(kind), tmp_path / "out"
    n_first = first % N_RUNS[kind]
    executors = [Scripted(interrupt_after=n_first), Scripted(interrupt_after=1), Scripted()]
    assert study(kind, folder, executors[0]).status == "interrupted"
    assert json.loads((folder / "manifest.json").read_text())["status"] == "interrupted"
    for executor in executors[1:]:
        parts, destination = find_unfinished(folder)
        assert destination == folder
        done = study(kind, folder, executor, parts)
    assert [len(executor.asked) for executor in executors] == [
        n_first,
        1,
        N_RUNS[kind] - n_first - 1,
    ]
    assert done.status == whole.status
    assert files_of(folder) == files_of(whole.folder)
    assert not (folder / PARTS).exists()


@pytest.mark.parametrize(
    "kind",
    [kind if kind == "sweep" else pytest.param(kind, marks=pytest.mark.long) for kind in ASKED],
)
def test_runs_that_failed_are_run_again_and_no_others(wholes, tmp_path, kind):
    folder = tmp_path / "out"
    failed = study(kind, folder, Scripted(fails=(1,)))
    assert failed.status == "partial"
    executor = Scripted()
    study(kind, folder, executor, find_unfinished(folder)[0])
    (key,) = [key for key in failed.failures if len(key) == 3]
    assert executor.asked == [key]
    assert files_of(folder) == files_of(wholes(kind).folder)


@pytest.mark.parametrize("kind", [pytest.param("comparison", marks=pytest.mark.long), "sweep"])
def test_a_full_disk_costs_the_run_that_finds_no_room(wholes, tmp_path, monkeypatch, kind):
    real, n_kept, folder = Checkpoints.keep, [], tmp_path / "out"

    def keep(self: Checkpoints, *arguments: Any) -> None:
        n_kept.append(1)
        if len(n_kept) == 3:
            raise OSError(28, "No space left on device")
        real(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Checkpoints, "keep", keep)
        partial = study(kind, folder)
    assert [str(why) for key, why in partial.failures.items() if len(key) == 3] == [
        "OSError: [Errno 28] No space left on device"
    ]
    executor = Scripted()
    study(kind, folder, executor, find_unfinished(folder)[0])
    assert len(executor.asked) == 1
    assert files_of(folder) == files_of(wholes(kind).folder)


def test_a_disk_that_is_full_at_the_end_costs_no_run(wholes, tmp_path, monkeypatch):
    folder = tmp_path / "out"

    def csv_text(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("sim.experiment.outputs.csv_text", csv_text)
        with pytest.raises(PartialError, match=r"cannot be written: .*No space left") as caught:
            study("sweep", folder)
    (left,) = tmp_path.iterdir()
    assert f"--resume {left} goes on" in caught.value.__notes__[0]
    # As if that process had ended.
    left = left.rename(tmp_path / ".out.partial-999999999")
    executor = Scripted()
    study("sweep", folder, executor, find_unfinished(folder)[0])
    assert executor.asked == []
    assert files_of(folder) == files_of(wholes("sweep").folder)


def test_measures_that_were_changed_are_measured_again(wholes, tmp_path):
    folder = tmp_path / "out"
    study("sweep", folder, Scripted(interrupt_after=4))
    parts, _ = find_unfinished(folder)
    one, other = sorted(parts.glob("*-*.json"))[:2]
    document = json.loads(one.read_text())
    document["facts"]["measures"][0][2] += 1
    one.write_text(json.dumps(document, separators=(",", ":")))
    other.write_text(other.read_text()[:-9])
    executor = Scripted()
    study("sweep", folder, executor, parts)
    assert len(executor.asked) == N_RUNS["sweep"] - 2
    assert files_of(folder) == files_of(wholes("sweep").folder)


def test_what_is_asked_is_kept_with_the_tables_of_every_point(tmp_path):
    folder = tmp_path / "out"
    study("sweep", folder, Scripted(interrupt_after=1))
    parts, _ = find_unfinished(folder)
    kept = {path.name for path in (parts / "inputs").rglob("*.csv")}
    assert {"operators-russia-2018.csv", "operators-russia-2021.csv"} <= kept
    question = read_question(parts)
    places = [question.resolved.loaded.find_table(name) for name in ("operators-russia-2021",)]
    assert all(parts in place.parents for place in places)


@pytest.mark.parametrize(
    ("kind", "table", "other"),
    [
        pytest.param(
            *("comparison", "operators-russia-2018.csv", {"baseline": "exact"}),
            marks=pytest.mark.long,
        ),
        pytest.param(
            *("sweep", "operators-russia-2018.csv", {"over": ["thresholds.down=0.7,0.8"]}),
            marks=pytest.mark.long,
        ),
        ("sweep", "operators-russia-2021.csv", {"over": ["thresholds.down=0.7,0.8"]}),
    ],
)
def test_another_question_is_not_gone_on_with(tmp_path, kind, table, other):
    folder = tmp_path / "out"
    study(kind, folder, Scripted(interrupt_after=1))
    parts, _ = find_unfinished(folder)
    copy = next((parts / "inputs").rglob(table))
    text = copy.read_text()
    copy.write_text(text.replace("0.", "0.0", 1))
    with pytest.raises(UsageError, match="has changed since this was begun"):
        study(kind, folder, parts=parts)
    copy.write_text(text)
    question = json.loads((parts / "experiment.json").read_text())
    for change, said in (
        ({"asked": question["asked"] | other}, "has changed since this was begun"),
        ({"overrides": [*BRIEF, "thresholds.down=0.8"]}, "has changed since this was begun"),
        ({"version": "0.0.9"}, r"begun by overblock 0\.0\.9"),
    ):
        (parts / "experiment.json").write_text(json.dumps(question | change))
        with pytest.raises(UsageError, match=said):
            study(kind, folder, parts=parts)


def test_points_that_cannot_be_are_nothing_to_go_on_with(wholes, tmp_path):
    folder = shutil.copytree(wholes("sweep").folder, tmp_path / "out")
    assert wholes("sweep").status == "partial"
    with pytest.raises(UsageError, match="is partial; there is nothing to resume"):
        find_unfinished(folder)
