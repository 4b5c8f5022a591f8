"""Members of an ensemble: each has its own inputs and chance, however they were carried out."""

import shutil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import triang

from sim.errors import UsageError
from sim.experiment.draws import BLOCK, MOST_DRAWS, lay_dials, lay_draws
from sim.experiment.executors.pool import PoolExecutor
from sim.experiment.executors.task import SerialExecutor
from sim.experiment.pipeline import Execution, carry_out
from sim.experiment.plan import N_COMPARED, N_MEMBERS, Plan
from sim.experiment.runs import Runs, RunsResult
from sim.experiment.saved_plans import find_unfinished, read_question
from sim.experiment.simulation import measure_outcome
from sim.experiment.verification import make_again, verify_folder
from sim.results.folder import open_run
from sim.scenario.unknowns import Factor, list_factors, point_of
from sim.scenario.variants import choose_variants
from sim.statistics.designs import FEWEST, chance_share
from sim.streams import Stream, Streams
from tests.csv_rows import csv_rows
from tests.experiments import Scripted, dial_of, files_of, resolved_of, simulated
from tests.sites import TABLES, resolved

BRIEF = ["population.n_businesses=40", "end=2018-04-16T20:00+03:00"]
N_MADE = 3


def plan_for(n_members: int | None = N_MADE) -> Plan:
    resolved = resolved_of("telegram-2018", BRIEF)
    variants, baseline = choose_variants(resolved, ["escalate", "twin=escalate", "exact"])
    plan = Plan.of_comparison(resolved, variants, baseline, (), 7, 2)
    return (
        plan
        if n_members is None
        else plan.with_ensemble({"n_members": n_members, "is_conditioned": False})
    )


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunsResult:
    """A comparison of members carried out in one go; do not write into it."""
    return carry_out(Runs(plan_for()), folder=tmp_path_factory.mktemp("whole") / "out")


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    table = query.split("FROM ")[1].split()[0]
    return duckdb.sql(query.replace(table, f"'{folder}/{table}.parquet'", 1)).fetchall()


def values(folder: Path, label: str, where: str = "true") -> list[tuple[Any, ...]]:
    return rows(
        folder,
        "SELECT replicate, metric, value FROM measures "
        f"WHERE strategy = '{label}' AND {where} ORDER BY replicate, metric",
    )


def test_more_members_only_add():
    variants = plan_for(None).variants
    few, many = (lay_draws(variants, range(n), 7) for n in (5, 70))
    assert [factor.key for factor in few.unknowns] == [factor.key for factor in many.unknowns]
    for one, other in zip(few.amounts, many.amounts, strict=True):
        assert_array_equal(one, other[:5])
    assert many.number.tolist() == list(range(70))
    fifth = [draws.streams(4).generator(Stream.BOOTSTRAP).random() for draws in (few, many)]
    assert fifth[0] == fifth[1] != many.streams(5).generator(Stream.BOOTSTRAP).random()


def test_members_that_are_kept_are_those_of_their_numbers():
    """Of whatever blocks, in whatever sequence, with their own chance."""
    variants, numbers = plan_for(None).variants, (3, 130, 66, 5)
    all_, kept = lay_draws(variants, range(192), 9), lay_draws(variants, numbers, 9)
    for one, other in zip(kept.amounts, all_.amounts, strict=True):
        assert_array_equal(one, other[list(numbers)])
    chance = [draws.streams(row).generator(Stream.BOOTSTRAP).random()
              for draws, row in ((all_, 130), (kept, 1))]  # fmt: skip
    assert chance[0] == chance[1]
    # Another strategy of the same kept list has the same members.
    plan = plan_for(None).with_ensemble(
        {"n_members": len(numbers), "is_conditioned": True, "draws": [*numbers], "root_seed": 9}
    )
    assert plan.draws.number.tolist() == plan.asked["ensemble"]["draws"] == list(numbers)
    assert plan.draws.root_seed == 9


def test_inputs_lie_in_their_ranges_and_fill_them():
    draws = lay_draws(plan_for(None).variants, range(256), 7)
    assert len(draws.unknowns) > 60
    for factor, amount in zip(draws.unknowns, draws.amounts, strict=True):
        assert (factor.low <= amount).all(), factor.key
        assert (amount <= factor.high).all(), factor.key
        if factor.n_dials == 1 and not factor.is_whole:
            dials = np.array([dial_of(factor, float(one)) for one in amount[:, 0]])
            assert dials.min() < 0.02, factor.key
            assert dials.max() > 0.9, factor.key  # one is bounded by another


def test_a_run_has_64_members_a_comparison_128_and_fixed_none():
    compared = plan_for(None)
    alone = Plan.of_run(compared.resolved, 7, 3)
    for plan, n in ((alone, N_MEMBERS), (compared, N_COMPARED)):
        members = plan.of_size(None, fixed=False)
        assert (
            members.n_replicates == members.draws.n == members.asked["ensemble"]["n_members"] == n
        )
        assert plan.of_size(5, fixed=False).draws.n == 5
        fixed = plan.of_size(None, fixed=True)
        assert (fixed.n_replicates, fixed.draws) == (plan.n_replicates, None)
        assert "ensemble" not in fixed.asked
        assert plan.of_size(5, fixed=True).n_replicates == 5
        # The same number of simulations is another result.
        assert plan.of_size(5, fixed=True).result_id != plan.of_size(5, fixed=False).result_id
    assert (N_MEMBERS, N_COMPARED) == (64, 128)


@pytest.mark.parametrize("n_members", [0, MOST_DRAWS + 1])
def test_a_number_of_members_that_cannot_be_is_refused(n_members):
    with pytest.raises(UsageError, match="expected 1 to"):
        plan_for(n_members)


def test_each_block_of_draws_is_even_in_every_input_and_no_two_go_together():
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


def test_other_inputs_move_no_draw():
    first, second, third = unknown("k.first"), unknown("k.second", 3), unknown("k.third")
    alone = lay_dials([second], 70, 7)
    assert_array_equal(lay_dials([first, second, third], 70, 7)[:, 1:4], alone)
    assert_array_equal(lay_dials([third, second], 70, 7)[:, 1:4], alone)


@pytest.mark.laws
@pytest.mark.parametrize("member", [0, N_MADE - 1])
def test_a_member_is_the_run_of_the_inputs_in_its_table(whole, member):
    """Simulated again from ``inputs.parquet``, number and root seed, as a single run."""
    held: dict[str, list[float]] = {}
    select = f"SELECT input, amount FROM inputs WHERE replicate = {member} ORDER BY input, part"
    for key, amount in rows(whole.folder, select):
        held.setdefault(key, []).append(amount)
    (resolved,) = (one.resolved for one in plan_for(None).variants if one.label == "escalate")
    factors, _ = list_factors(resolved)
    assert len(factors) > 60
    changed = point_of([(one, held[one.key]) for one in factors]).change(resolved)
    streams = Streams(7, member)
    world, outcome = simulated(changed, streams)
    found, _ = measure_outcome(changed, streams, 1, world=world, outcome=outcome)
    # Missing in a table is None.
    again = sorted(
        (member, one.metric, None if np.isnan(one.value) else one.value) for one in found
    )
    mine = values(whole.folder, "escalate", f"replicate = {member}")
    assert len(again) > 60
    assert [one for one in mine if one[1] in {metric for _, metric, _ in again}] == again
    # The share of its distribution that lies below the level of revenue, drawn like all prices.
    rng = streams.generator(Stream.MONEY_PARAMETERS, tuple(b"revenue_level"))
    assert held["money-parameters.revenue_level"] == [rng.random()]


@pytest.mark.laws
def test_whatever_a_member_draws_for_its_money_is_in_its_inputs(tmp_path, monkeypatch):
    """Prices, and the economy of the country by which national methods price."""
    used: dict[int, dict[str, float]] = {}
    generator = Streams.generator

    def seen(self: Streams, source: Stream, entry: tuple[int, ...] = ()) -> np.random.Generator:
        if source is Stream.MONEY_PARAMETERS:
            first = generator(self, source, entry).random()
            used.setdefault(self.replicate, {})[bytes(entry).decode()] = first
        return generator(self, source, entry)

    resolved = resolved_of("telegram-2018", BRIEF)
    plan = Plan.of_run(resolved, 7, 1).with_ensemble({"n_members": 2, "is_conditioned": False})
    with monkeypatch.context() as watched:
        watched.setattr(Streams, "generator", seen)
        Execution(tmp_path / "parts", plan, SerialExecutor())()
    assert {"revenue_level", "gdp_usd_per_year"} <= used[0].keys()
    folder = carry_out(Runs(plan), folder=tmp_path / "out").folder
    select = "SELECT replicate, input, amount FROM inputs WHERE input SIMILAR TO '(money|econ).*'"
    held: dict[int, dict[str, float]] = {0: {}, 1: {}}
    for member, key, amount in rows(folder, select):
        held[member][key.partition(".")[2]] = amount
    assert held == used
    # A national method, recomputed: a share of GDP, with values triangular over their ranges.
    economy = {row.key: row for row in resolved.economy.rows}
    select = (
        "SELECT replicate, value FROM hits WHERE \"by\" = 'method' AND "
        "\"group\" = 'oecd_2011/country, total shutdown'"
    )
    losses = dict(rows(folder, select))
    days = (resolved.scenario.end - resolved.scenario.start).total_seconds() / 86_400
    for member, inputs in held.items():
        gdp, share = (
            triang.ppf(inputs[key], (row.value - row.low) / (row.high - row.low), row.low,
                       row.high - row.low) if row.high > row.low else row.value
            for key in ("gdp_usd_per_year", "oecd_share_of_gdp") for row in [economy[key]]
        )  # fmt: skip
        # The error of the method: the same in logarithms, from a third to three times.
        low, high = np.log([economy["method_error"].low, economy["method_error"].high])
        error = np.exp(triang.ppf(inputs["method_error"], -low / (high - low), low, high - low))
        assert losses[member] == pytest.approx(gdp / 365 * share * days * error, rel=1e-9)


@pytest.mark.laws
def test_inputs_and_chance_are_the_same_for_every_strategy(whole):
    assert values(whole.folder, "twin") == values(whole.folder, "escalate")
    assert values(whole.folder, "exact") != values(whole.folder, "escalate")
    by_member: dict[int, list[object]] = {}
    for member, _, value in values(whole.folder, "escalate"):
        by_member.setdefault(member, []).append(value)
    assert len({tuple(found) for found in by_member.values()}) == N_MADE


@pytest.mark.laws
def test_the_number_of_members_and_other_strategies_change_no_member(whole, tmp_path):
    resolved = resolved_of("telegram-2018", BRIEF)
    fewer = Runs(
        Plan.of_run(resolved, 7, 1).with_ensemble({"n_members": 2, "is_conditioned": False})
    )
    folder = carry_out(fewer, folder=tmp_path / "out").folder
    label = open_run(folder).strategy()
    assert values(folder, label) == values(whole.folder, "escalate", "replicate < 2") != []


@pytest.mark.laws
def test_replicates_of_the_point_values_have_no_inputs(whole, tmp_path):
    fixed = carry_out(Runs(plan_for(None)), folder=tmp_path / "out")
    assert not (fixed.folder / "inputs.parquet").exists()
    assert (fixed.folder / "uncertainty.csv").exists() is False
    for folder, is_ensemble in ((fixed.folder, False), (whole.folder, True)):
        run = open_run(folder)
        assert run.is_ensemble == is_ensemble
        assert ("ensemble" in run.manifest) == is_ensemble
    assert {line.depends_on_1 for line in fixed.lines["summary"]} == {""}
    assert values(fixed.folder, "exact") != values(whole.folder, "exact", "replicate < 2")


@pytest.mark.laws
def test_what_was_stopped_is_resumed_by_processes_to_the_same_bytes(whole, tmp_path):
    stopped = carry_out(
        Runs(plan_for()), folder=tmp_path / "out", executor=Scripted(interrupt_after=9)
    )
    assert stopped.status == "interrupted"
    assert "exact: 2 of 3 simulations are finished" in stopped.manifest["warnings"]
    verified = verify_folder(stopped.folder, SerialExecutor(), n_sample=2)
    assert (verified.differences, verified.n_runs) == ((), 9)
    parts, folder = find_unfinished(stopped.folder)
    planned = read_question(parts).ask_again(Runs.again)
    carry_out(planned, folder=folder, force=True, executor=PoolExecutor(2), earlier=parts)
    assert files_of(folder) == files_of(whole.folder)


@pytest.mark.laws
def test_a_folder_is_made_again_to_the_same_bytes_and_what_was_changed_is_named(whole, tmp_path):
    """In whatever sequence; nothing differs but the two files that were changed."""
    folder = shutil.copytree(whole.folder, tmp_path / "out")
    with (folder / "summary.csv").open("a") as file:
        file.write("\n")
    (folder / "money.csv").unlink()
    made = make_again(folder, tmp_path / "again", Scripted(backwards=True))
    assert len(made.checked) == 4 * N_MADE
    assert made.n_files > 20
    assert made.differences == ("money.csv: is not in the folder", "summary.csv: has other bytes")
    with pytest.raises(UsageError, match="again: holds an earlier run"):
        make_again(folder, tmp_path / "again", SerialExecutor())


@pytest.mark.laws
def test_what_was_changed_in_an_ensemble_is_found(whole, tmp_path):
    same = verify_folder(whole.folder, SerialExecutor(), n_sample=3)
    assert (same.differences, same.n_runs) == ((), 4 * N_MADE)
    folder = shutil.copytree(whole.folder, tmp_path / "out")
    for table, changed in (
        ("inputs", "amount + (input = 'fronts.n_fronts')::INT AS amount"),
        ("curves", "value + 1 AS value"),
    ):
        file = folder / f"{table}.parquet"
        duckdb.execute(
            f"COPY (SELECT * REPLACE ({changed}) FROM '{file}') TO '{tmp_path}/changed' "
            "(FORMAT parquet)"
        )
        (tmp_path / "changed").rename(file)
    for table, cell in (("summary", ",0.9,3,3,"), ("verdicts", "too few"), ("groups", ",0.9,3,")):
        file = folder / f"{table}.csv"
        text = file.read_text(encoding="utf-8")
        assert cell in text
        file.write_text(text.replace(cell, cell.replace("3", "4").replace("few", "many"), 1))
    said = "\n".join(verify_folder(folder, SerialExecutor(), n_sample=2).differences)
    assert "inputs.parquet: does not follow from the runs" in said
    assert ": curves.parquet: has other rows" in said
    for table in ("summary", "verdicts", "groups"):
        assert f"{table}.csv: does not follow from the runs, first in line " in said


# Members in pairs with the same inputs: what differs between both of a pair is chance.


N = 2 * FEWEST


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9, 1.0])
def test_the_share_of_chance_is_that_of_sums_whose_parts_are_known(share):
    rng = np.random.default_rng(5)
    of_inputs, of_chance = rng.normal(size=(20_000, 1)), rng.normal(size=(20_000, 2))
    found = chance_share(np.sqrt(1 - share) * of_inputs + np.sqrt(share) * of_chance)
    # Spearman's correlation of normal values: 6 / pi * arcsin(r / 2).
    assert found == pytest.approx(1 - 6 / np.pi * np.arcsin((1 - share) / 2), abs=0.01)


def test_few_pairs_and_no_spread_have_no_share_of_chance():
    pairs = np.random.default_rng(5).normal(size=(FEWEST, 2))
    assert chance_share(pairs) > 0
    pairs[0, 1] = np.nan
    assert np.isnan(chance_share(pairs))
    assert np.isnan(chance_share(np.ones((N, 2))))


def test_pairs_that_differ_more_than_by_chance_are_all_chance():
    # Each pair has one low and one high result: nothing is left for the inputs.
    pairs = np.column_stack((np.arange(N), 2 * N - np.arange(N)))
    assert chance_share(pairs.astype(float)) == 1


@pytest.mark.long
def test_a_world_without_chance_has_pairs_of_equals(tmp_path):
    prices = tuple(
        line.replace("1.0,1.0,1.0", "1.0,0.2,5.0") if line.startswith("revenue_level") else line
        for line in TABLES["money.parameters"]
    )
    plan = Plan.of_run(resolved(tmp_path, {"money.parameters": prices}), 7, 1)
    runs = Runs(plan.of_size(N, fixed=False, pairs=True))
    folder = carry_out(runs, folder=tmp_path / "out").folder
    rows = {row["metric"]: row for row in csv_rows(folder / "summary.csv")}
    # Listed by hand, so that a loss differs by its prices alone, and hours do not differ.
    loss = rows["private_loss_usd"]
    assert float(loss["low"]) < float(loss["high"])
    assert float(loss["chance_share"]) == pytest.approx(0, abs=1e-12)
    assert float(loss["low_error"]) > 0
    assert rows["business_hours_impaired"]["chance_share"] == ""
    # The plan of the folder is that which wrote it.
    again = Plan.as_described(plan.resolved, runs.plan.asked, 7, N)
    assert again.result_id == runs.plan.result_id
    assert plan.of_size(N, fixed=False).result_id != runs.plan.result_id


def test_both_of_a_pair_have_the_same_inputs_each_with_its_own_chance(tmp_path):
    world = resolved_of("austria-2022", ["population.n_businesses=400"])
    runs = Runs(Plan.of_run(world, 7, 1).of_size(6, fixed=False, pairs=True))
    folder = carry_out(runs, folder=tmp_path / "out").folder
    amount, hours = (
        duckdb.sql(f"SELECT {value} AS x FROM '{folder}/{table}").fetchnumpy()["x"]
        for value, table in (
            ("amount", "inputs.parquet' ORDER BY input, part, replicate"),
            ("value", "measures.parquet' WHERE metric = 'business_hours_impaired'"),
        )
    )
    by_pair = amount.reshape(-1, 3, 2)
    assert (by_pair[..., 0] == by_pair[..., 1]).all()
    assert (by_pair[:, 0] != by_pair[:, 1]).any()
    assert (hours[::2] != hours[1::2]).all()


def test_what_pairs_cannot_be_of_is_refused(tmp_path):
    plan = Plan.of_run(resolved(tmp_path), 7, 1)
    with pytest.raises(UsageError, match="even number of simulations, got 5"):
        plan.of_size(5, fixed=False, pairs=True)
    with pytest.raises(UsageError, match="--pairs: expected an ensemble"):
        plan.of_size(6, fixed=True, pairs=True)
    kept = resolved_of("telegram-2018")
    with pytest.raises(UsageError, match=r"--kept none.*kept by the record"):
        Plan.of_run(kept, kept.scenario.root_seed or 0, 1).of_size(6, fixed=False, pairs=True)
