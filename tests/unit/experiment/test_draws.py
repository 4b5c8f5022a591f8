"""Joint draws of what is not known: in a run folder, the same however they were carried out."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sim.errors import UsageError
from sim.experiment.draws import BLOCK, lay_dials, lay_draws, luck_of_draw
from sim.experiment.executors.pool import PoolExecutor
from sim.experiment.executors.serial import SerialExecutor
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.question import find_unfinished, read_question
from sim.experiment.runs import Runs, RunsResult
from sim.experiment.verification import verify_folder
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.unknowns import Factor
from sim.scenario.variants import choose_variants
from tests.experiments import Scripted, files_of

pytestmark = pytest.mark.laws

BRIEF = ["population.n_businesses=40", "end=2018-04-16T20:00+03:00"]
N_DRAWS = 6


def plan_for(n_draws: int = N_DRAWS, n_per_draw: int = 1) -> Plan:
    resolved = resolve(load_scenario("telegram-2018", BRIEF))
    variants, baseline = choose_variants(resolved, ["escalate", "twin=escalate", "exact"])
    plan = Plan.of_comparison(resolved, variants, baseline, (), 7, 2)
    return plan.with_draws(n_draws, n_per_draw)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunsResult:
    """A comparison with draws carried out in one go; do not write into it."""
    return carry_out(Runs(plan_for()), folder=tmp_path_factory.mktemp("whole") / "out")


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    table = query.split("FROM ")[1].split()[0]
    return duckdb.sql(query.replace(table, f"'{folder}/{table}.parquet'", 1)).fetchall()


def values(folder: Path, label: str, where: str = "true") -> list[tuple[Any, ...]]:
    return rows(
        folder,
        "SELECT draw, metric, value FROM draw_measures "
        f"WHERE strategy = '{label}' AND {where} ORDER BY draw, metric",
    )


def test_more_draws_only_add() -> None:
    variants = plan_for().variants
    few, many = (lay_draws(variants, n, 7) for n in (5, 40))
    assert [factor.key for factor in few.unknowns] == [factor.key for factor in many.unknowns]
    for one, other in zip(few.amounts, many.amounts, strict=True):
        assert_array_equal(one, other[:5])
    assert few.weight.tolist() == [1 / 5] * 5


def test_draws_lie_in_their_ranges_and_fill_them() -> None:
    draws = lay_draws(plan_for().variants, 256, 7)
    assert len(draws.unknowns) > 60
    for factor, amount in zip(draws.unknowns, draws.amounts, strict=True):
        assert (factor.low <= amount).all(), factor.key
        assert (amount <= factor.high).all(), factor.key
        if factor.n_dials == 1 and not factor.is_whole:
            dials = np.array([factor.dial(float(one)) for one in amount[:, 0]])
            assert dials.min() < 0.02, factor.key
            assert dials.max() > 0.9, factor.key  # one is bounded by another


def test_every_draw_has_luck_of_its_own_that_no_number_of_draws_changes() -> None:
    numbers = {luck_of_draw(draw, replicate) for draw in range(100) for replicate in range(5)}
    assert len(numbers) == 500
    assert luck_of_draw(3, 0) == 3


@pytest.mark.long
def test_later_draws_leave_earlier_ones_as_they_were(whole: RunsResult, tmp_path: Path) -> None:
    fewer = carry_out(Runs(plan_for(2)), folder=tmp_path / "out")
    earlier = values(fewer.folder, "escalate")
    assert len(earlier) > 100
    # NaN is missing in a table, so that rows can be compared.
    assert values(whole.folder, "escalate", "draw < 2") == earlier


def test_luck_of_a_draw_is_the_same_for_every_strategy(whole: RunsResult) -> None:
    assert values(whole.folder, "twin") == values(whole.folder, "escalate")
    assert values(whole.folder, "exact") != values(whole.folder, "escalate")


def test_draws_differ_from_each_other_and_what_is_no_unknown_of_a_rule_does_not_move_it(
    whole: RunsResult,
) -> None:
    draws = plan_for().draws
    assert draws is not None
    assert "strategy.purity" in draws.own["escalate"]
    assert not [key for key in draws.own["exact"] if key.startswith("strategy.")]
    by_draw: dict[int, list[object]] = {}
    for draw, _, value in values(whole.folder, "escalate"):
        by_draw.setdefault(draw, []).append(value)
    assert len({tuple(found) for found in by_draw.values()}) == N_DRAWS


def test_every_strategy_keeps_its_own_rule_in_the_draws(whole: RunsResult) -> None:
    """No blocking orders nothing in any draw, and drops of single addresses list no others."""
    orders = "metric = 'orders_placed'"
    assert {value for _, _, value in values(whole.folder, "none", orders)} == {0.0}
    assert min(value for _, _, value in values(whole.folder, "exact", orders)) > 0
    listed = "metric = 'addresses_listed_peak'"
    exact, escalate = (
        np.array([value for _, _, value in values(whole.folder, label, listed)])
        for label in ("exact", "escalate")
    )
    assert (exact < escalate / 100).all()


def test_the_scenario_as_given_is_what_it_was_without_draws(
    whole: RunsResult, tmp_path: Path
) -> None:
    plain = carry_out(Runs(plan_for(0)), folder=tmp_path / "out")
    for table in ("measures", "curves", "businesses", "events"):
        # As text: DuckDB before 2.0.1 needs pytz to hand out times.
        select = f"SELECT COLUMNS(*)::VARCHAR FROM {table} ORDER BY ALL"
        assert rows(plain.folder, select) == rows(whole.folder, select), table
    assert (plain.folder / "summary.csv").read_bytes() == (
        whole.folder / "summary.csv"
    ).read_bytes()
    assert not (plain.folder / "uncertainty.csv").exists()


def test_what_was_stopped_is_gone_on_with_by_processes_to_the_same_bytes(
    whole: RunsResult, tmp_path: Path
) -> None:
    expected = files_of(whole.folder)
    assert {"draw_values.parquet", "draw_curves.parquet", "uncertainty.csv"} <= set(expected)
    stopped = carry_out(
        Runs(plan_for()), folder=tmp_path / "out", executor=Scripted(interrupt_after=12)
    )
    assert stopped.status == "interrupted"
    assert "draws are finished" in " ".join(stopped.manifest["warnings"])
    parts, folder = find_unfinished(stopped.folder)
    carry_out(
        read_question(parts).ask_again(Runs.again),
        folder=folder, force=True, executor=PoolExecutor(2), earlier=parts,
    )  # fmt: skip
    assert files_of(folder) == expected


@pytest.mark.long
def test_interrupted_before_any_draw_a_folder_is_whole_and_gone_on_with_backwards(
    whole: RunsResult, tmp_path: Path
) -> None:
    stopped = carry_out(
        Runs(plan_for()), folder=tmp_path / "out", executor=Scripted(interrupt_after=3)
    )
    assert stopped.status == "interrupted"
    assert "0 of 6 draws are finished" in stopped.manifest["warnings"]
    assert not list(stopped.folder.glob("draw_*"))
    verified = verify_folder(stopped.folder, SerialExecutor(), n_sample=12)
    assert verified.differences == ()
    assert verified.n_runs == 3
    parts, folder = find_unfinished(stopped.folder)
    done = Scripted(backwards=True)
    carry_out(
        read_question(parts).ask_again(Runs.again),
        folder=folder, force=True, executor=done, earlier=parts,
    )  # fmt: skip
    assert len(done.asked) == 4 * (2 + N_DRAWS) - 3
    assert files_of(folder) == files_of(whole.folder)


def test_bands_over_draws_are_those_of_its_table(whole: RunsResult) -> None:
    with (whole.folder / "uncertainty.csv").open(encoding="utf-8") as file:
        line = next(
            row
            for row in csv.DictReader(file)
            if (row["strategy"], row["metric"]) == ("exact", "business_hours_impaired")
        )
    found = sorted(
        value
        for _, metric, value in values(whole.folder, "exact")
        if metric == "business_hours_impaired"
    )
    assert len(found) == N_DRAWS
    # Of six values, the first, the middle of the two in the middle, and the last.
    assert [float(line[name]) for name in ("low", "median", "high")] == [
        found[0], (found[2] + found[3]) / 2, found[5],
    ]  # fmt: skip
    assert line["n_draws"] == "6"
    assert float(line["share_known"]) == pytest.approx(1)
    luck = rows(
        whole.folder,
        "SELECT value FROM measures WHERE strategy = 'exact' "
        "AND metric = 'business_hours_impaired' ORDER BY value",
    )
    assert float(line["luck_median"]) == pytest.approx(sum(value for (value,) in luck) / 2)


def test_wide_bands_of_curves_are_those_of_the_draws(whole: RunsResult) -> None:
    (peak,) = rows(
        whole.folder,
        "SELECT t_s, all_low, all_median, all_high FROM bands WHERE strategy = 'exact' AND "
        "metric = 'addresses_listed' AND provider IS NULL AND sector IS NULL AND role IS NULL "
        "ORDER BY all_high DESC, t_s LIMIT 1",
    )
    held = rows(
        whole.folder,
        "SELECT value FROM draw_curves WHERE strategy = 'exact' AND metric = 'addresses_listed' "
        f"AND t_s = {peak[0]} ORDER BY value",
    )
    assert [value for (value,) in held][:: N_DRAWS - 1] == [peak[1], peak[3]]
    assert peak[2] == (held[2][0] + held[3][0]) / 2
    assert peak[3] > 0


def test_bands_of_counts_are_as_if_there_were_as_many_businesses_as_given(tmp_path: Path) -> None:
    """Their number is drawn from 600 to 2,000: a band of counts would show that alone."""
    resolved = resolve(load_scenario("telegram-2018", ["end=2018-04-18T00:00+03:00"]))
    plan = Plan.of_run(resolved, 7, 1).with_draws(5)
    folder = carry_out(Runs(plan), folder=tmp_path / "out").folder
    where = "metric = 'businesses_affected' AND t_s = 108000"
    drawn = rows(folder, f"SELECT value, denominator FROM draw_curves WHERE {where}")
    assert len({of for _, of in drawn}) == 5
    shares = sorted(1000 * value / of for value, of in drawn)
    band = "SELECT all_low, all_median, all_high, denominator FROM bands"
    ((*ends, given),) = rows(folder, f"{band} WHERE {where} AND provider IS NULL AND role IS NULL "
                             "AND sector IS NULL")  # fmt: skip
    assert given == 1000
    assert ends == pytest.approx([shares[0], shares[2], shares[4]])
    assert shares[4] > shares[0] > 0


def test_draws_are_verified_and_what_was_changed_is_found(
    whole: RunsResult, tmp_path: Path
) -> None:
    same = verify_folder(whole.folder, SerialExecutor(), n_sample=4)
    assert same.differences == ()
    assert same.n_runs == 4 * (2 + N_DRAWS)
    assert any(len(key) == 3 for key in same.checked)
    folder = tmp_path / "out"
    shutil.copytree(whole.folder, folder)
    for table, changed in (
        ("draw_measures", "value + (metric = 'spells')::INT AS value"),
        ("draw_values", "weight * 2 AS weight"),
        ("draw_curves", "value + 1 AS value"),
    ):
        file = folder / f"{table}.parquet"
        duckdb.execute(
            f"COPY (SELECT * REPLACE ({changed}) FROM '{file}') TO '{tmp_path}/changed' "
            "(FORMAT parquet)"
        )
        (tmp_path / "changed").rename(file)
    said = "\n".join(verify_folder(folder, SerialExecutor(), n_sample=4).differences)
    assert "uncertainty.csv: does not follow from the runs: line " in said
    assert "draw_values.parquet: does not follow from the runs" in said
    assert "bands.parquet: does not follow from the runs" in said
    assert ": draw_measures.parquet: has other rows" in said
    assert ": draw_curves.parquet: has other rows" in said


def test_several_replicates_of_a_draw_share_its_values_and_not_their_luck(
    whole: RunsResult, tmp_path: Path
) -> None:
    twice = carry_out(Runs(plan_for(2, 2)), folder=tmp_path / "out")
    once = values(whole.folder, "exact", "draw < 2")
    assert values(twice.folder, "exact", "replicate = 0") == once
    assert values(twice.folder, "exact", "replicate = 1") != once
    select = "SELECT draw, * EXCLUDE (draw, weight) FROM draw_values WHERE draw < 2 ORDER BY ALL"
    assert rows(twice.folder, select) == rows(whole.folder, select) != []


@pytest.mark.parametrize(("n_draws", "n_per_draw"), [(-1, 1), (2**20 + 1, 1), (4, 0)])
def test_a_number_of_draws_that_cannot_be_is_refused(n_draws: int, n_per_draw: int) -> None:
    with pytest.raises(UsageError, match="expected"):
        plan_for(n_draws, n_per_draw)


def test_each_block_of_draws_is_even_in_every_unknown_and_no_two_go_together() -> None:
    """A Sobol' sequence has, among as many dials, pairs with a correlation above 0.6."""
    unknowns = [unknown(f"k.{n}") for n in range(150)] + [unknown("t.share", 80)]
    dials = lay_dials(unknowns, 4 * BLOCK, 7)
    for block in np.split(dials, 4):
        parts = np.sort(np.floor(block * BLOCK), axis=0)
        assert_array_equal(parts, np.repeat(np.arange(BLOCK)[:, None], 230, axis=1))
    together = np.corrcoef(dials, rowvar=False) - np.eye(230)
    assert np.abs(together).max() < 0.35  # of 26,000 pairs of chance, one in some 10^8 exceeds it
    assert_array_equal(lay_dials(unknowns, 70, 7), dials[:70])
    assert (lay_dials(unknowns, 70, 8) != dials[:70]).all()


def unknown(key: str, n_dials: int = 1) -> Factor:
    return Factor(key, "", "value", 0, 1, 2, "", "", n_dials)


def test_what_else_is_unknown_moves_no_draw() -> None:
    first, second, third = unknown("k.first"), unknown("k.second", 3), unknown("k.third")
    alone = lay_dials([second], 70, 7)
    assert_array_equal(lay_dials([first, second, third], 70, 7)[:, 1:4], alone)
    assert_array_equal(lay_dials([third, second], 70, 7)[:, 1:4], alone)


def test_a_strategy_that_is_compared_as_well_moves_no_draw_of_the_others() -> None:
    resolved = resolve(load_scenario("telegram-2018", BRIEF))
    few, _ = choose_variants(resolved, ["exact"])
    many, _ = choose_variants(resolved, ["escalate", "exact"])
    mine, theirs = lay_draws(few, 5, 7), lay_draws(many, 5, 7)
    amounts = {one.key: each for one, each in zip(theirs.unknowns, theirs.amounts, strict=True)}
    assert len(amounts) > len(mine.unknowns)
    for one, each in zip(mine.unknowns, mine.amounts, strict=True):
        assert_array_equal(amounts[one.key], each)
