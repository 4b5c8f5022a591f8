"""Conditioning: what is kept, how often each piece was met, what the answer rests on, resuming."""

import math
import random
import statistics
from collections.abc import Callable
from pathlib import Path

import pytest

from sim.backtest import conditioning
from sim.backtest.conditioning import EARLY, WHOLE, Conditioning, Trial, early_until
from sim.backtest.predictions import read_run
from sim.errors import ScenarioError, UsageError
from sim.experiment.draws import read_kept
from sim.experiment.executors.task import Key, Watch
from sim.experiment.outputs import Study
from sim.experiment.pipeline import carry_out
from sim.experiment.saved_plans import find_unfinished, read_question
from sim.experiment.verification import make_again
from sim.results.integrity import n_runs
from sim.results.output import partial_folders
from sim.scenario.readings import BusinessesHit, RunReading
from sim.scenario.resolve import Resolved
from tests.csv_rows import csv_rows
from tests.experiments import Scripted, files_of, resolved_of

WriteScenario = Callable[..., Path]
PIECE = """  - id: {name}
    curve: addresses_listed
    at: {at}
    value: 0.5
    low: {low}
    high: 1
    kind: fact
    unit: addresses
    source: none
    date: 2018-04-17
    note: none
"""
SOON, LATE = "2018-04-16T02:00+03:00", "2018-04-19T23:00+03:00"
EVIDENCE = "evidence:\n" + "".join(
    PIECE.format(name=name, at=at, low=low)
    for name, at, low in (("one", SOON, 0.3), ("two", SOON, 0.4), ("late", LATE, 0.2))
)
LOW = {"one": 0.3, "two": 0.4, "late": 0.2}
MEASURE = "business_hours_impaired"


def numbers(draw: int) -> dict[str, float]:
    """What a draw gives, by its number."""
    luck = random.Random(draw)
    return {name: luck.random() for name in (*LOW, MEASURE)}


def failed(draw: int, *pieces: str) -> set[str]:
    found = numbers(draw)
    return {name for name in pieces or LOW if found[name] < LOW[name]}


@pytest.fixture
def resolved(write_scenario: WriteScenario, monkeypatch: pytest.MonkeyPatch) -> Resolved:
    """A scenario with evidence, of whose draws nothing is simulated."""

    def begin(trial: Trial) -> Callable[[Key], dict[str, float]]:
        def work(key: Key) -> dict[str, float]:
            found = numbers(int(key[0]))
            names = trial.early if key[1] == EARLY else trial.whole
            return {name: found.get(name, math.nan) for name in names}

        return work

    monkeypatch.setattr(Trial, "begin", begin)
    for name, n in (("AT_ONCE", 16), ("N_PRIOR", 8), ("N_ALONE", 5)):
        monkeypatch.setattr(conditioning, name, n)
    return resolved_of(str(write_scenario(add=EVIDENCE)))


def made_in(
    folder: Path, resolved: Resolved, n_keep: int, n_most: int = 500, **how: object
) -> tuple[Study, list[Key]]:
    executor = Scripted(**how)
    asked = Conditioning.of(resolved, 7, n_keep, n_most)
    steps: list[tuple[int, int]] = []
    made = carry_out(
        asked, folder=folder, executor=executor, watch=Watch(lambda *step: steps.append(step))
    )
    # What failed is not counted as finished in the next batch.
    assert how or [n for n, _ in steps] == sorted(n for n, _ in steps)
    assert all(n <= of for n, of in steps)
    return made, executor.asked


def rows_of(made: Study, name: str) -> list[dict[str, str]]:
    return csv_rows(made.folder / name)


def test_the_first_draws_that_agree_with_all_evidence_are_kept(resolved, tmp_path):
    made, asked = made_in(tmp_path / "out", resolved, 20)
    agreeing = [draw for draw in range(500) if not failed(draw)]
    n = -(-(agreeing[19] + 1) // 16) * 16
    kept = read_kept(made.folder)
    assert list(kept.draw) == agreeing[:20]
    assert kept.root_seed == 7
    assert kept.why_not(resolved, 7) == ""
    found = made.manifest["conditioned"]
    assert found["n_draws"] == n
    assert found["n_agreeing"] == sum(draw < n for draw in agreeing)
    assert found["acceptance"] == found["n_agreeing"] / n
    assert [key for key in asked if key[1] == EARLY] == [(draw, EARLY) for draw in range(n)]
    # Nobody runs to the end for nothing.
    for draw, stage in asked:
        if stage == WHOLE:
            assert draw < 8 or len(failed(draw, "one", "two")) <= 1
    assert not [one for one in made.manifest["warnings"] if "evidence" in one]


def test_each_piece_of_evidence_is_counted_alone_and_beside_the_others(resolved, tmp_path):
    made, _ = made_in(tmp_path / "out", resolved, 20)
    n = made.manifest["conditioned"]["n_draws"]
    for row in rows_of(made, "evidence.csv"):
        name = row["evidence"]
        of = range(8 if name == "late" else n)
        assert int(row["n_read"]) == len(of)
        assert int(row["n_met"]) == sum(not failed(draw, name) for draw in of)
        others = without(name, n)
        assert int(row["n_others"]) == len(others)
        assert int(row["n_all"]) == sum(not failed(draw) for draw in others)
        assert (float(row["low"]), float(row["high"])) == (LOW[name], 1)


def test_what_every_draw_met_was_read_in_all_of_them(resolved, tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "numbers", lambda _draw: dict.fromkeys((*LOW, MEASURE), 0.9))
    made, _ = made_in(tmp_path / "out", resolved, 20)
    assert {int(row["n_read"]) for row in rows_of(made, "evidence.csv")} == {32}


def without(name: str, n: int) -> list[int]:
    """Draws that agree with the other pieces, until the fifth of them that fails this one."""
    found, n_alone = [], 0
    for draw in range(n):
        if failed(draw) <= {name}:
            found.append(draw)
            n_alone += bool(failed(draw))
        if n_alone == 5:
            break
    return found


def test_the_answer_is_told_without_each_piece_and_without_any(resolved, tmp_path):
    made, _ = made_in(tmp_path / "out", resolved, 20)
    n = made.manifest["conditioned"]["n_draws"]
    ensembles = {
        "nothing": [draw for draw in range(n) if not failed(draw)],
        **{name: without(name, n) for name in LOW},
        "all evidence": list(range(8)),
    }
    rows = {row["without"]: row for row in rows_of(made, "rests_on.csv")
            if row["measure"] == MEASURE}  # fmt: skip
    assert list(rows) == list(ensembles)
    for name, draws in ensembles.items():
        values = [numbers(draw)[MEASURE] for draw in draws]
        assert int(rows[name]["n"]) == len(draws)
        assert float(rows[name]["median"]) == pytest.approx(statistics.median(values))


def test_inputs_are_told_before_and_after(resolved, tmp_path):
    made, _ = made_in(tmp_path / "out", resolved, 20)
    rows = rows_of(made, "inputs.csv")
    distances = [float(row["distance"]) for row in rows]
    assert distances == sorted(distances, reverse=True)
    (row,) = [row for row in rows if row["input"] == "population.share_components_at_home"]
    assert 0.4 <= float(row["before_low"]) < float(row["before_median"]) < 0.9
    assert row["before_median"] != row["after_median"]
    # Nothing here depends on any input.
    assert {row["is_moved"] for row in rows} == {"false"}


def test_what_cannot_be_reached_is_given_up_and_said(resolved, tmp_path):
    made, _ = made_in(tmp_path / "out", resolved, 400)
    found = made.manifest["conditioned"]
    assert found["n_draws"] < 500
    assert found["n_kept"] == found["n_agreeing"] == len(read_kept(made.folder).draw)
    warning = made.manifest["warnings"][-1]
    assert f"{found['n_kept']} of {found['n_draws']} draws agree" in warning
    assert "where 400 were to be kept" in warning
    assert made.status == "complete"


@pytest.mark.laws
def test_an_interrupted_one_is_resumed_to_the_same_bytes(resolved, tmp_path):
    whole, asked = made_in(tmp_path / "whole", resolved, 20)
    folder = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        made_in(folder, resolved, 20, interrupt_after=37)
    (left,) = [one for one in partial_folders(folder) if n_runs(one) == 37]
    left.rename(tmp_path / ".out.partial-999999991")
    parts, _ = find_unfinished(folder)
    again = read_question(parts).ask_again(Conditioning.again)
    executor = Scripted()
    made = carry_out(again, folder=folder, executor=executor, earlier=parts)
    assert len(executor.asked) == len(asked) - 37
    assert files_of(made.folder) == files_of(whole.folder)


@pytest.mark.laws
def test_a_folder_is_made_again_to_the_same_bytes(resolved, tmp_path):
    made, asked = made_in(tmp_path / "out", resolved, 20)
    executor = Scripted(backwards=True)
    how = {"again": Conditioning.of_folder, "kinds": ("condition",)}
    again = make_again(made.folder, tmp_path / "again", executor, **how)
    assert (again.differences, len(executor.asked)) == ((), len(asked))
    evidence = made.folder / "evidence.csv"
    evidence.write_text(evidence.read_text(encoding="utf-8").replace(",", ";", 1))
    again = make_again(made.folder, tmp_path / "more", Scripted(), **how)
    assert again.differences == ("evidence.csv: has other bytes",)


def test_a_draw_that_fails_is_not_kept(resolved, tmp_path):
    first = next(draw for draw in range(500) if not failed(draw))
    made, _ = made_in(tmp_path / "out", resolved, 20, fails=((first, WHOLE),))
    assert first not in read_kept(made.folder).draw
    assert (made.status, list(made.failures)) == ("partial", [(first, WHOLE)])


def test_the_early_stage_ends_before_the_longest_wait(resolved):
    pieces = resolved.scenario.evidence
    assert pieces is not None
    end = early_until(pieces, resolved)
    assert end == pieces[0].is_read_by
    assert early_until(pieces[2:], resolved) is None


def test_what_cannot_be_conditioned_is_refused(write_scenario, resolved):
    plain = resolved_of(str(write_scenario()))
    with pytest.raises(UsageError, match="expected a section evidence, got none"):
        Conditioning.of(plain, 7)
    with pytest.raises(UsageError, match="expected 1 <= keep <= most"):
        Conditioning.of(resolved, 7, 20, 10)
    curve = EVIDENCE.replace("addresses_listed", "target_left_share", 1)
    path = write_scenario(add=curve)
    with pytest.raises(ScenarioError, match="no curve target_left_share: it has no section users"):
        Conditioning.of(resolved_of(str(path)), 7)


@pytest.mark.laws
def test_what_is_read_of_everybody_is_read_without_groups_too(monkeypatch):
    few = ["population.n_businesses=20", "end=2018-04-17T13:00+03:00"]
    resolved = resolved_of("telegram-2018", few)
    everybody = {"listed": RunReading(curve="addresses_listed", at=resolved.scenario.end)}
    everybody |= {name: RunReading(measure=name) for name in Conditioning.of(
        resolved, 5).plan.design["measures"]}  # fmt: skip
    some = BusinessesHit(above=resolved.scenario.thresholds.affected, providers=["AWS"])
    group = RunReading(businesses=some, at=resolved.scenario.end)
    assert [group.is_of_a_group, everybody["listed"].is_of_a_group] == [True, False]
    alone = read_run(resolved, 5, 0, everybody)
    beside = read_run(resolved, 5, 0, everybody | {"group": group})
    assert beside.pop("group") >= 0
    assert alone == beside
    assert len(alone) > 6


@pytest.mark.laws
def test_what_is_read_early_is_what_a_whole_run_has_then():
    few = ["population.n_businesses=20", "end=2018-04-21T00:00+03:00"]
    asked = Conditioning.of(resolved_of("telegram-2018", few), 5)
    early = [piece.id for piece in asked.pieces][:1]
    trial = asked.trial
    trial = Trial(
        trial.resolved, 5, asked.pieces[0].is_read_by,
        {name: trial.whole[name] for name in early}, trial.whole,
    )  # fmt: skip
    work = trial.begin()
    for draw in (0, 70):
        soon, late = work((draw, EARLY)), work((draw, WHOLE))
        assert soon[early[0]] == late[early[0]] > 0
