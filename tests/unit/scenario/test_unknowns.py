"""Assumptions as dials: which there are, and what a setting means."""

import csv
import hashlib
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import sim
from sim.errors import ProblemsError, ScenarioError
from sim.experiment.plan import Plan
from sim.experiment.saved_plans import plan_of_folder, read_question, write_question
from sim.experiment.studies import choose_factors
from sim.results.folder import open_run
from sim.scenario.resolve import Resolved
from sim.scenario.sources import list_sources
from sim.scenario.tables.column_changes import ColumnChange
from sim.scenario.tables.rows import OperatorRow, read_assumptions
from sim.scenario.tables.seeds import read_table
from sim.scenario.unknowns import Factor, joint_amounts, list_factors, point_of, settings
from sim.scenario.variants import Point
from tests.experiments import dial_of, resolved_of


@pytest.fixture(scope="module", params=["telegram-2018", "telegram-2018-replay"])
def resolved(request: pytest.FixtureRequest) -> Resolved:
    return resolved_of(request.param)


def factor(low: float, high: float, scale: str = "value", **more: object) -> Factor:
    return Factor("k.k", "h", scale, low, low, high, "", "", **more)


def test_every_assumption_with_a_range_is_a_factor_or_says_why_not(resolved):
    factors, left_out = list_factors(resolved)
    accounted = [one.key for one in (*factors, *left_out)]
    assert len(accounted) == len(set(accounted))
    sources = [one for one in list_sources(resolved) if one.kind == "assumption" and one.range]
    assert {one.key for one in sources} <= set(accounted)
    assert len(factors) > 25
    drawn = {one.key: one.stated for one in factors}
    stated = {row.key: row.distribution or None for row in resolved.assumed if row.key in drawn}
    assert {key: drawn[key] for key in stated} == stated
    assert {"uniform", "log-uniform"} <= set(stated.values())


def test_what_a_scenario_notes_is_a_factor_unless_the_command_sets_it():
    for overrides, expected in (
        ([], (0.1, 0.5, 0.9)),
        (["censor.pause_pressure=0.3"], None),
        (["censor={pause_pressure: 0.3}"], None),
    ):
        factors, _ = list_factors(resolved_of("telegram-2018", overrides))
        found = {one.key: (one.low, one.given, one.high) for one in factors}
        assert found.get("censor.pause_pressure") == expected


def test_what_is_derived_is_a_factor_within_the_range_that_its_note_gives():
    """Computed from what was published, of which the sample is small."""
    factors, _ = list_factors(resolved_of("spain-2025-26"))
    found = {one.key: one for one in factors}["strategy.share_at_start"]
    assert (found.low, found.given, found.high) == (0.27, 0.33, 0.39)
    assert "1,031 of 3,110" in found.why
    # A fact has no range, and what is derived without one is as sure as a fact.
    noted = resolved_of("spain-2025-26").scenario.provenance
    keys = {one.key for one in factors}
    assert not any(key in keys for key, note in noted.items() if note.range is None)


def test_the_scenario_can_be_at_both_ends_of_every_factor(resolved):
    """Each alone; a range that the tables refuse would be one that was never checked."""
    n_tried = 0
    for one in list_factors(resolved)[0]:
        for end in (one.low, one.high):
            point = point_of([(one, (end,) * one.n_dials)])
            point.change(resolved)
            n_tried += 1
    assert n_tried > 50


def test_factors_as_given_change_nothing(resolved):
    factors, _ = list_factors(resolved)
    dialled = [one for one in factors if one.key != "demand-profiles.weight"]
    point = point_of([(one, (one.given,) * one.n_dials) for one in dialled])
    found = point.change(resolved)
    # What is set loses its note, and nothing else.
    notes = {"provenance": found.scenario.provenance}
    assert found.scenario == resolved.scenario.model_copy(update=notes)
    for before, after in zip(resolved.tables, found.tables, strict=True):
        for old, new in zip(before.rows, after.rows, strict=True):
            numbers = [
                (getattr(old, name), getattr(new, name))
                for name in type(old).model_fields
                if isinstance(getattr(old, name), float)
            ]
            for was, now in numbers:
                assert now == pytest.approx(was, rel=1e-12)


def test_a_dial_goes_evenly_from_low_to_high():
    dial = np.array([0, 0.25, 1])
    assert_allclose(factor(2, 10).amount(dial), [2, 4, 10])
    assert_allclose(factor(1, 16).amount(dial), [1, 2, 16])
    assert_allclose(factor(0.25, 4, "times").amount(dial), [0.25, 0.5, 4])
    assert_allclose(factor(0, 100).amount(dial), [0, 25, 100])
    assert_allclose(factor(-1, 1, "position").amount(dial), [-1, -0.5, 1])
    for one in (factor(2, 10), factor(1, 16), factor(0.25, 4, "times")):
        assert_allclose([dial_of(one, float(a)) for a in one.amount(dial)], dial, atol=1e-12)


def test_whole_numbers_have_equal_parts_of_the_dial():
    dial = (np.arange(3000) + 0.5) / 3000
    amounts = factor(1, 3, is_whole=True).amount(dial)
    assert_array_equal(np.unique(amounts, return_counts=True), [[1, 2, 3], [1000, 1000, 1000]])
    assert_array_equal(factor(3, 30, is_whole=True).amount(np.array([0.0, 1.0])), [3, 30])


def test_dials_of_one_factor_stand_side_by_side():
    factors = [factor(0, 1), factor(0, 10, n_dials=2), factor(0, 100)]
    first, second, third = settings(factors, np.array([[0.1, 0.2, 0.3, 0.4]]))
    assert_allclose(first, [[0.1]])
    assert_allclose(second, [[2, 3]])
    assert_allclose(third, [[40]])


def test_named_factors_are_chosen_and_the_others_said_to_be_left_out(replay):
    chosen, left_out = choose_factors(replay, ["thresholds.impaired"])
    assert [one.key for one in chosen] == ["thresholds.impaired"]
    assert ("thresholds.down", "not asked for") in [(one.key, one.why) for one in left_out]


def test_all_that_is_no_factor_is_refused_at_once(replay):
    with pytest.raises(ScenarioError) as caught:
        choose_factors(replay, ["thresholds.impared", "target.name"])
    first, second = str(caught.value).splitlines()
    assert "--only thresholds.impared: expected an assumption with a range, got no such" in first
    assert "did you mean 'thresholds.impaired'?" in first
    assert second.startswith("--only target.name")


def test_what_is_no_unknown_is_varied_only_by_name(replay):
    unknown = {one.key for one in list_factors(replay)[0]}
    why = {one.key: one.why for one in list_factors(replay)[1]}
    assert "effects.throttle_severity" in unknown
    for key in ("thresholds.affected", "thresholds.impaired", "thresholds.down"):
        assert key not in unknown
        assert why[key].startswith("a definition")
    assert "thresholds.impaired" not in [one.key for one in choose_factors(replay)[0]]
    assert why["sectors-russia-2018.revenue_median_usd_per_h"].startswith("revenue_level")


def test_a_tick_is_a_matter_of_computation_whoever_says_its_range():
    for name in ("telegram-2018", "piracy-shield", "snowball"):
        assert "users.tick_h" not in [one.key for one in list_factors(resolved_of(name))[0]]


def test_an_unknown_is_drawn_as_its_row_states():
    dial = np.linspace(0, 1, 21)
    for stated, quantile in (("uniform", 1 + 9 * dial), ("log-uniform", 10**dial)):
        one = Factor("k.k", "h", "value", 1, 2, 10, "", "", stated=stated)
        assert_allclose(one.amount(dial), quantile, rtol=1e-9)


def test_whole_numbers_of_a_logarithmic_range_are_rounded():
    one = Factor("k.k", "", "value", 3, 6, 30, "", "", is_whole=True, stated="log-uniform")
    dial = (np.arange(100_000) + 0.5) / 100_000
    n, found = np.unique(one.amount(dial), return_counts=True)
    assert_array_equal(n, np.arange(3, 31))
    expected = np.log((n + 0.5) / (n - 0.5)) / math.log(30.5 / 2.5)
    assert_allclose(found / dial.size, expected, atol=2e-5)


@pytest.mark.parametrize(
    ("name", "n_draws"),
    [
        ("telegram-2018", 24),
        *(
            pytest.param(name, 64, marks=pytest.mark.long)
            for name in ("telegram-2018", "spain-2025-26", "piracy-shield")
        ),
    ],
)
def test_the_scenario_can_be_at_every_joint_draw(name, n_draws):
    """Of 64 draws without bounds between unknowns, some eight are impossible."""
    resolved = resolved_of(name)
    factors, _ = list_factors(resolved)
    dials = np.random.default_rng(5).random((n_draws, sum(one.n_dials for one in factors)))
    amounts = joint_amounts(resolved, factors, dials)
    n_impossible = [0, 0]
    for row, found in enumerate((amounts, settings(factors, dials))):
        for point in range(len(dials)):
            setting = [
                (one, part[point].tolist()) for one, part in zip(factors, found, strict=True)
            ]
            try:
                point_of(setting).change(resolved)
            except ProblemsError:
                n_impossible[row] += 1
    assert n_impossible[0] == 0
    assert n_impossible[1] > n_draws // 20


def test_every_assumed_unknown_states_how_it_is_drawn():
    rows = read_assumptions().rows
    assert len(rows) > 40
    for row in rows:
        assert bool(row.distribution) == (row.nature == "unknown"), row.key


# A column of a table that is set: what a file with the moved cells would have said.


COMPLIANCE, SPREAD = "operators-russia-2018.compliance", "components-2018.share_spread"


def with_(*texts: str) -> Resolved:
    return resolved_of("telegram-2018", texts)


def test_a_factor_multiplies_every_cell_and_the_text_says_so(repository, tmp_path):
    table = with_(f"{COMPLIANCE}=0.9").operators
    with (repository / "seeds" / "operators-russia-2018.csv").open(encoding="utf-8") as lines:
        before = [float(row["compliance"]) for row in csv.DictReader(lines)]
    assert [row.compliance for row in table.rows] == [0.9 * cell for cell in before]
    copy = tmp_path / "copy.csv"
    copy.write_bytes(table.data)
    assert read_table("copy", copy, OperatorRow).rows == table.rows
    assert table.sha256 == hashlib.sha256(table.data).hexdigest()


def test_it_is_the_change_that_a_draw_of_the_same_amount_makes():
    moved = ColumnChange("operators-russia-2018", "compliance", (0.9,))
    drawn = Point(columns=(moved,)).change(with_())
    assert with_(f"{COMPLIANCE}=0.9").operators.rows == drawn.operators.rows


def test_what_is_set_is_not_varied_any_more_and_the_last_setting_counts():
    resolved = with_(f"{COMPLIANCE}=0.8", f"{COMPLIANCE}=0.9")
    factors, left_out = list_factors(resolved)
    assert COMPLIANCE not in {one.key for one in factors}
    assert COMPLIANCE in {one.key for one in list_factors(with_())[0]}
    assert {one.key: one.why for one in left_out}[COMPLIANCE] == "set for this run"
    assert resolved.operators.rows == with_(f"{COMPLIANCE}=0.9").operators.rows


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("operators-russia-2018.complianc=1", "did you mean 'compliance'"),
        ("operators-russia-2018.label=1", "expected an assumed column"),
        ("operators-russia-2018.share_users=1.1", "expected an assumed column"),
        (f"{COMPLIANCE}=0", "expected a factor above 0, got 0"),
        (f"{COMPLIANCE}=1.2", "compliance: expected"),
        (f"{COMPLIANCE}=much", "expected a number, got 'much'"),
        (f"{COMPLIANCE}=nan", "expected a number, got 'nan'"),
        (f"{SPREAD}=1.5", "expected a position from -1 to 1, got 1.5"),
        ("operators-spain-2026.compliance=1", "did you mean 'operators-russia-2018'"),
        ("money-parameters.revenue_level=1", "drawn over its ranges in every run"),
    ],
)
def test_what_cannot_be_set_is_refused_once(text, said):
    with pytest.raises(ProblemsError) as caught:
        with_(text)
    assert said in str(caught.value)
    assert sum(one.file.startswith("--set") for one in caught.value.problems) <= 1


def test_a_folder_has_the_moved_cells_and_is_not_moved_again(tmp_path):
    folder = tmp_path / "out"
    short = {"population.n_businesses": 20, "end": "2018-04-16T14:00+03:00"}
    overrides = {**short, COMPLIANCE: 0.9}
    sim.run("telegram-2018", n_simulations=1, fixed=True, set=overrides, folder=folder)
    run = open_run(folder)
    plan = plan_of_folder(run, tmp_path)
    assert plan.result_id == run.manifest["result_id"]
    assert COMPLIANCE not in {one.key for one in list_factors(plan.resolved)[0]}


def test_a_run_that_is_resumed_is_not_moved_again(tmp_path):
    plan = Plan.of_run(with_(f"{COMPLIANCE}=0.9"), 1, 1)
    write_question(plan, [plan.resolved], tmp_path)
    assert read_question(tmp_path).resolved.operators.rows == plan.resolved.operators.rows


def test_a_setting_beside_a_folder_moves_what_the_folder_has_not(tmp_path):
    folder = tmp_path / "out"
    lag = COMPLIANCE.rpartition(".")[0] + ".apply_lag_median_h"
    short = {"population.n_businesses": 20, "end": "2018-04-16T14:00+03:00"}
    sim.run("telegram-2018", n_simulations=1, fixed=True, set=short, folder=folder)
    plan = plan_of_folder(open_run(folder), tmp_path / "a", more=[f"{lag}=2"])
    wanted = with_(f"{lag}=2").operators
    assert plan.resolved.operators.rows == wanted.rows
    assert plan.resolved.operators.sha256 == wanted.sha256
    folder = tmp_path / "set"
    sim.run("telegram-2018", n_simulations=1, fixed=True, set={**short, lag: 2}, folder=folder)
    same = plan_of_folder(open_run(folder), tmp_path / "b", more=[f"{lag}=2", f"{COMPLIANCE}=0.9"])
    assert same.resolved.operators.rows == with_(f"{lag}=2", f"{COMPLIANCE}=0.9").operators.rows
    with pytest.raises(ScenarioError, match="a column that the folder has not set"):
        plan_of_folder(open_run(folder), tmp_path / "c", more=[f"{lag}=3"])
