"""Runs over weighted draws: a table gives numbers and weights, the draws are laid again."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sim.errors import DataError
from sim.experiment.draws import Draws, lay_draws
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.question import find_unfinished, read_question
from sim.experiment.runs import Runs, RunsResult
from sim.experiment.verification import verify_folder
from sim.experiment.weighted_draws import (
    WeightedDraws,
    _picked,
    lay_weighted,
    read_weighted_draws,
    unknowns_hash,
    weighted_rows,
    weighted_text,
)
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.scenario.variants import choose_variants, own_variant
from tests.experiments import Scripted, files_of

BRIEF = ["population.n_businesses=40", "end=2018-04-16T20:00+03:00"]
WEIGHT = {2: 0.5, 3: 0.25, 7: 0.25}


def scenario(*overrides: str) -> Resolved:
    return resolve(load_scenario("telegram-2018", [*BRIEF, *overrides]))


def laid(n: int = 8, root_seed: int = 5) -> Draws:
    return lay_draws([own_variant(scenario())], n, root_seed)


def table_text() -> str:
    weight = np.array([WEIGHT.get(draw, 0.0) for draw in range(8)])
    return weighted_text(weighted_rows(laid(), 5, weight))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> WeightedDraws:
    path = tmp_path_factory.mktemp("table") / "weights.csv"
    path.write_text(table_text(), encoding="utf-8")
    return read_weighted_draws(path)


def plan_for(table: WeightedDraws, n: int | None = None) -> Plan:
    return Plan.of_run(scenario(), 7, 2).with_draws(n, 1, table)


@pytest.fixture(scope="module")
def whole(table: WeightedDraws, tmp_path_factory: pytest.TempPathFactory) -> RunsResult:
    return carry_out(Runs(plan_for(table)), folder=tmp_path_factory.mktemp("weighted") / "out")


def test_a_table_names_what_weighs_something_and_is_read_as_it_was_written(
    table: WeightedDraws,
) -> None:
    assert table.draw.tolist() == [2, 3, 7]
    assert_allclose(table.weight, [0.5, 0.25, 0.25])
    assert (table.root_seed, table.unknowns) == (5, unknowns_hash(laid().unknowns))


def test_draws_of_a_table_are_those_of_its_sequence(table: WeightedDraws) -> None:
    draws = plan_for(table).draws
    assert draws is not None
    for again, amount in zip(draws.amounts, laid(64).amounts, strict=True):
        assert_array_equal(again, amount[[2, 3, 7]])
    assert draws.origin == table.sha256


@pytest.mark.parametrize(
    ("n", "draw", "weight"),
    [
        (1, [2], [1]),
        # At 0 and 1/2 of the weights: of 0.5, 0.25 and 0.25 the first and the second.
        (2, [2, 3], [1 / 2, 1 / 2]),
        (3, [2, 3, 7], [1 / 2, 1 / 4, 1 / 4]),
        (64, [2, 3, 7], [1 / 2, 1 / 4, 1 / 4]),
    ],
)
def test_fewer_draws_are_picked_by_weight(
    table: WeightedDraws, n: int, draw: list[int], weight: list[float]
) -> None:
    draws = plan_for(table, n).draws
    assert draws is not None
    assert_allclose(draws.weight, weight)
    for again, amount in zip(draws.amounts, laid(64).amounts, strict=True):
        assert_array_equal(again, amount[draw])


def test_picks_come_as_often_as_draws_weigh_and_more_only_add() -> None:
    weight = np.random.default_rng(1).exponential(size=500)
    row, times = _picked(weight, 4096)
    share = np.zeros(500)
    share[row] = times / 4096
    assert np.abs(share - weight / weight.sum()).max() < 2 / 4096
    few, _ = _picked(weight, 64)
    assert_array_equal(row[: few.size], few)
    # A pick counts for each time that it is met.
    assert _picked(np.array([0.9, 0.1]), 16)[1].tolist() == [15, 1]


def test_rules_of_other_strategies_are_drawn_beside(table: WeightedDraws) -> None:
    resolved = scenario()
    variants, _ = choose_variants(resolved, ["escalate", "exact", "aggregate:length=24"])
    draws = lay_weighted(variants, resolved, table, 7)
    by_key = {factor.key: one for factor, one in zip(draws.unknowns, draws.amounts, strict=True)}
    own = {factor.key: one for factor, one in zip(laid().unknowns, laid().amounts, strict=True)}
    assert set(own) <= set(by_key)
    for key, amount in own.items():
        assert_array_equal(by_key[key], amount[[2, 3, 7]])


def test_the_weights_are_in_the_bands_and_their_effective_number(whole: RunsResult) -> None:
    with (whole.folder / "uncertainty.csv").open(encoding="utf-8") as file:
        line = next(csv.DictReader(file))
    assert line["n_draws"] == "3"
    # One over the sum of squares: a quarter, a sixteenth and a sixteenth.
    assert float(line["n_effective"]) == pytest.approx(8 / 3)


def test_the_table_is_part_of_what_a_result_is(table: WeightedDraws, tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text(table_text().replace(",0.5,", ",0.4,"), encoding="utf-8")
    other = plan_for(read_weighted_draws(path))
    plain = Plan.of_run(scenario(), 7, 2).with_draws(3)
    names = {one.result_id for one in (plan_for(table), other, plain, plan_for(table, 2))}
    assert len(names) == 4


def test_a_run_over_a_table_is_verified_by_its_copy(whole: RunsResult) -> None:
    verdict = verify_folder(whole.folder, SerialExecutor())
    assert verdict.differences == ()
    assert [key for key in verdict.checked if len(key) == 3] == [
        (draw, "escalate", 0) for draw in range(3)
    ]
    (copy,) = (whole.folder / "inputs").glob("weighted-draws-*.csv")
    before = copy.read_bytes()
    try:
        copy.write_bytes(before.replace(b",0.5,", b",0.4,"))
        found = verify_folder(whole.folder, SerialExecutor(), n_sample=0).differences
        assert any(copy.name in one for one in found)
        assert any("result_id" in one for one in found)
    finally:
        copy.write_bytes(before)


def test_a_run_over_a_table_is_gone_on_with(
    whole: RunsResult, table: WeightedDraws, tmp_path: Path
) -> None:
    stopped = carry_out(
        Runs(plan_for(table)), folder=tmp_path / "out", executor=Scripted(interrupt_after=3)
    )
    parts, folder = find_unfinished(stopped.folder)
    again = read_question(parts).ask_again(Runs.again)
    carry_out(again, folder=folder, force=True, earlier=parts)
    assert files_of(folder) == files_of(whole.folder)


def test_other_unknowns_than_those_of_the_table_are_refused(table: WeightedDraws) -> None:
    # A key that the scenario is given is none of its unknowns.
    other = scenario("fronts.n_fronts=20")
    with pytest.raises(DataError, match="unknowns: expected draws of the") as refused:
        Plan.of_run(other, 7, 2).with_draws(None, 1, table)
    assert table.file in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "got nothing"),
        ("draw,weight\n", "expected the columns draw, weight, root_seed, unknowns"),
        ("draw,weight,root_seed,unknowns\n", "expected at least one draw"),
        ("draw,weight,root_seed,unknowns\n-1,1,5,{h}\n", ":2:1: draw: expected a number"),
        ("draw,weight,root_seed,unknowns\n3,1,5,{h}\n3,1,5,{h}\n", ":3:1: draw: expected a numb"),
        ("draw,weight,root_seed,unknowns\n3,nan,5,{h}\n", ":2:2: weight: expected a weight"),
        ("draw,weight,root_seed,unknowns\n3,1,5,{h}\n4,1,6,{h}\n", ":3:3: root_seed: expected one"),
        ("draw,weight,root_seed,unknowns\n3,1,5,abc\n", ":2:4: unknowns: expected one hash"),
        ("draw,weight,root_seed,unknowns\n3,1,5\n", ":2:1: expected 4 cells, got 3"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_place(
    text: str, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "weights.csv"
    path.write_text(text.replace("{h}", "a" * 64), encoding="utf-8")
    with pytest.raises(DataError) as refused:
        read_weighted_draws(path)
    assert said in str(refused.value)
