"""Experiments from begin to end: the same bytes however they were carried out."""

import html
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from sim.assess.assessment import assess
from sim.errors import UsageError
from sim.experiment.executors.task import Key
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan, metrics_of
from sim.experiment.runs import Runs, RunsResult
from sim.experiment.saved_plans import find_unfinished, forget_unfinished, read_question
from sim.measure.facts import read_measures
from sim.report.documents.assessment import write_assessment
from sim.report.page.document import render
from sim.results.folder import open_run
from sim.results.integrity import EXPERIMENT, PARTS, n_runs
from sim.scenario.variants import choose_variants
from tests.experiments import Scripted, files_of, locked, resolved_of

pytestmark = pytest.mark.laws

BRIEF = ["population.n_businesses=30", "end=2018-04-16T20:00+03:00"]
STRATEGIES = ["exact", "twin=exact", "aggregate:length=12"]
STRATEGY_LABELS = ("none", "exact", "twin", "aggregate:length=12")


def plan_for(n_replicates: int = 4, overrides: Sequence[str] = BRIEF) -> Plan:
    resolved = resolved_of("telegram-2018", overrides)
    variants, baseline = choose_variants(resolved, STRATEGIES)
    return Plan.of_comparison(resolved, variants, baseline, (), 11, n_replicates)


def again(parts: Path) -> Runs:
    return read_question(parts).ask_again(Runs.again)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunsResult:
    """A comparison carried out in one go; do not write into it."""
    return carry_out(Runs(plan_for()), folder=tmp_path_factory.mktemp("whole") / "out")


@pytest.fixture(scope="module")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, interrupted after six runs; do not write into it."""
    folder = tmp_path_factory.mktemp("six") / "out"
    carry_out(Runs(plan_for()), folder=folder, executor=Scripted(interrupt_after=6))
    return folder


def test_the_folder_says_what_was_compared(whole):
    run = open_run(whole.folder)
    assert run.strategies == ("none", "exact", "twin", "aggregate:length=12")
    assert run.manifest["kind"] == "comparison"
    assert run.manifest["baseline"] == "none"
    assert "strategy" not in run.manifest
    assert run.manifest["strategies"][3] == {
        "label": "aggregate:length=12", "id": "aggregate", "parameters": {"length": 12},
    }  # fmt: skip
    assert (whole.status, run.n_replicates) == ("complete", 4)
    assert not (whole.folder / PARTS).exists()
    for table in ("curves", "businesses", "measures"):
        rows = duckdb.execute(
            f"SELECT DISTINCT strategy, replicate FROM '{whole.folder}/{table}.parquet'"
        ).fetchall()
        assert set(rows) == {(label, n) for label in run.strategies for n in range(4)}, table
    # The scenario's own strategy is not compared, and stands in the scenario all the same.
    assert run.scenario["strategy"]["id"] == "escalate"


def test_curves_and_measures_are_read_by_strategy(whole):
    run = open_run(whole.folder)
    exact, wide = (run.curve("addresses_listed", label) for label in ("exact", run.strategies[3]))
    assert 0 < exact.value.max() < 1000 < wide.value.max()
    with pytest.raises(UsageError, match="expected the label of a strategy; known: none, exact"):
        run.curve("addresses_listed")
    measures = read_measures(run.path)
    metrics = metrics_of(resolved_of("telegram-2018", BRIEF))
    assert [len(found) for found in measures.values()] == [4] * 4
    for runs in measures.values():
        assert {tuple(one.metric for one in of_run) for of_run in runs.values()} == {metrics}
    peaks = [one.value for of_run in measures["exact"].values() for one in of_run
             if one.metric == "addresses_listed_peak"]  # fmt: skip
    assert max(peaks) == exact.value.max()
    assert list(measures["exact"]) == [0, 1, 2, 3]


def test_tables_that_take_too_long_after_an_interrupt_are_left_to_the_next_attempt(
    whole, tmp_path, monkeypatch
):
    write = Runs.write
    monkeypatch.setattr("sim.experiment.pipeline.MOST_WRITING_S", 0.05)
    with monkeypatch.context() as patched:
        patched.setattr(Runs, "write", lambda *given: [time.sleep(10), write(*given)][1])
        begun, cut = time.monotonic(), Scripted(interrupt_after=6)
        with pytest.raises(KeyboardInterrupt) as caught:
            carry_out(Runs(plan_for()), folder=tmp_path / "out", executor=cut)
        assert time.monotonic() - begun < 5
    (kept,) = tmp_path.iterdir()
    assert caught.value.__notes__ == [
        "6 of 16 simulations are finished",
        f"what is finished is kept in {kept}; --resume {kept} goes on",
    ]
    parts, folder = find_unfinished(tmp_path / "out")
    carry_out(again(parts), folder=folder, executor=Scripted(), earlier=parts)
    assert files_of(folder) == files_of(whole.folder)


@pytest.mark.parametrize(
    ("lacks", "shown", "n"),
    [
        ({"none": (0, 2, 3), "exact": (1,), "twin": (1,), "aggregate:length=12": (1,)},
         STRATEGY_LABELS, 0),
        ({"none": (0, 1, 2, 3), "twin": (0, 1, 2, 3), "exact": (3,)},
         ("exact", "aggregate:length=12"), 3),
    ],
)  # fmt: skip
def test_a_page_shows_what_is_there_of_a_comparison_without_all_strategies(
    lacks, shown, n, tmp_path
):
    """Of none replicate 1 alone is finished, of the others all but that; or some have none."""
    fails: tuple[Key, ...] = tuple((0, label, n) for label, all_ in lacks.items() for n in all_)
    executor = Scripted(fails=fails)
    folder = carry_out(Runs(plan_for()), folder=tmp_path / "out", executor=executor).folder
    run = open_run(folder)
    assert run.strategies == shown
    page = render(run)
    text = write_assessment(assess(run, "exact", []), [])
    for told in (page, text):
        assert f"This result is partial: {n} of 4 simulations." in told
        assert ("No simulation is finished under these strategies" in told) == (n > 0)
        assert ("No simulation is common to all strategies" in told) == (n == 0)
        assert "median of 0 sim" not in told
    assert f"the median of {n or 'its strategy'}" in text
    query = f"SELECT DISTINCT n_simulations FROM '{folder}/summary.csv' ORDER BY ALL"
    assert duckdb.execute(query).fetchall() == ([(n,)] if n else [(1,), (3,)])
    # Whoever repeats it compares all that were asked for.
    assert all(
        f"--strategy {label}" in html.unescape(page) for label in ("none", "exact", "twin=exact")
    )


def test_failed_runs_are_named_and_the_rest_is_there(whole, tmp_path):
    folder = tmp_path / "out"
    fails: tuple[Key, ...] = ((0, "exact", 1), (0, "twin", 1), (0, "exact", 3))
    partial = carry_out(Runs(plan_for()), folder=folder, executor=Scripted(fails=fails))
    assert partial.status == "partial"
    assert partial.manifest["failures"] == [
        {"strategy": "exact", "replicate": 1, "error": "ValueError: told to"},
        {"strategy": "exact", "replicate": 3, "error": "ValueError: told to"},
        {"strategy": "twin", "replicate": 1, "error": "ValueError: told to"},
    ]
    assert partial.manifest["n_replicates"] == 2
    # Replicates 0 and 2 are there under every strategy: these are compared.
    assert {line.n_simulations for line in partial.lines["comparison"]} == {2}
    found = {(line.strategy, line.metric): line for line in partial.lines["comparison"]}
    own = duckdb.execute(
        "SELECT strategy, metric, median(value) FROM read_parquet(?) WHERE replicate IN (0, 2) "
        "GROUP BY ALL HAVING count(value) = 2",
        [str(whole.folder / "measures.parquet")],
    ).fetchall()
    assert len(own) > 200
    for strategy, metric, value in own:
        line = found[strategy, metric]
        # A zero of a sample that could hardly be hit is not known.
        assert line.median == pytest.approx(value) if line.n_known else value == 0
    # When the reason is gone, what failed is run again.
    parts, _ = find_unfinished(folder)
    executor = Scripted()
    carry_out(
        again(parts), folder=folder, force=True, executor=executor,
        earlier=parts,
    )  # fmt: skip
    assert sorted(executor.asked) == sorted(fails)
    assert files_of(folder) == files_of(whole.folder)


def test_what_a_killed_process_left_is_found(six, tmp_path):
    folder = shutil.copytree(six, tmp_path / "out")
    left = tmp_path / ".out.partial-999999999"
    folder.rename(left)
    (left / "manifest.json").unlink()
    for path in (folder, left):
        assert find_unfinished(path) == (left / PARTS, folder)
    # Its number belongs to another process by now, which is not at it: nobody holds the lock.
    left = left.rename(tmp_path / ".out.partial-1")
    assert find_unfinished(folder) == (left / PARTS, folder)
    with locked(left), pytest.raises(UsageError, match="process 1 is still at it"):
        find_unfinished(folder)


@pytest.mark.long
def test_of_several_attempts_at_a_question_the_one_with_most_runs_is_gone_on_with(tmp_path):
    folder = tmp_path / "out"
    lefts = []
    for n_kept, seed in ((1, 1), (3, 1), (5, 2)):
        plan = replace(plan_for(2), root_seed=seed)
        carry_out(Runs(plan), folder=folder, executor=Scripted(interrupt_after=n_kept))
        lefts.append(folder.rename(tmp_path / f".out.partial-99999999{n_kept}"))
    first, most, other = lefts
    first.rename(folder)
    # The folder that is named says which question is meant.
    parts, place = find_unfinished(folder)
    assert (parts, place) == (most / PARTS, folder)
    done = carry_out(again(parts), folder=folder, force=True, earlier=parts)
    forget_unfinished(parts, str(done.manifest["result_id"]), is_complete=True)
    assert sorted(tmp_path.iterdir()) == sorted([other, folder])
    assert n_runs(other) == 5
    # Without what was asked, a folder cannot be resumed.
    (other / PARTS / EXPERIMENT).unlink()
    assert n_runs(other) == 0
