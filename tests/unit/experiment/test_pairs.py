"""Members in pairs with the same inputs: what differs between both of a pair is chance."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import numpy as np
import pytest

from sim.errors import UsageError
from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.statistics.ensembles import FEWEST, chance_share
from tests.sites import TABLES, resolved

N = 2 * FEWEST


@pytest.mark.parametrize("share", [0.0, 0.25, 0.9, 1.0])
def test_the_share_of_chance_is_that_of_sums_whose_parts_are_known(share: float) -> None:
    rng = np.random.default_rng(5)
    of_inputs, of_chance = rng.normal(size=(20_000, 1)), rng.normal(size=(20_000, 2))
    found = chance_share(np.sqrt(1 - share) * of_inputs + np.sqrt(share) * of_chance)
    # Spearman's correlation of normal values: 6 / pi * arcsin(r / 2).
    assert found == pytest.approx(1 - 6 / np.pi * np.arcsin((1 - share) / 2), abs=0.01)


def test_few_pairs_and_no_spread_have_no_share_of_chance() -> None:
    pairs = np.random.default_rng(5).normal(size=(FEWEST, 2))
    assert chance_share(pairs) > 0
    pairs[0, 1] = np.nan
    assert np.isnan(chance_share(pairs))
    assert np.isnan(chance_share(np.ones((N, 2))))


def test_a_world_without_chance_has_pairs_of_equals(tmp_path: Path) -> None:
    prices = tuple(
        line.replace("1.0,1.0,1.0", "1.0,0.2,5.0") if line.startswith("revenue_level") else line
        for line in TABLES["money.parameters"]
    )
    plan = Plan.of_run(resolved(tmp_path, {"money.parameters": prices}), 7, 1)
    runs = Runs(plan.of_size(N, fixed=False, pairs=True))
    folder = carry_out(runs, folder=tmp_path / "out").folder
    with (folder / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["metric"]: row for row in csv.DictReader(file)}
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


def test_both_of_a_pair_have_the_same_inputs_each_with_its_own_chance(tmp_path: Path) -> None:
    world = resolve(load_scenario("austria-2022", ["population.n_businesses=400"]))
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


def test_what_pairs_cannot_be_of_is_refused(tmp_path: Path) -> None:
    plan = Plan.of_run(resolved(tmp_path), 7, 1)
    with pytest.raises(UsageError, match="even number of simulations, got 5"):
        plan.of_size(5, fixed=False, pairs=True)
    with pytest.raises(UsageError, match="--pairs: expected an ensemble"):
        plan.of_size(6, fixed=True, pairs=True)
    kept = resolve(load_scenario("telegram-2018"))
    with pytest.raises(UsageError, match=r"--kept none.*kept by the record"):
        Plan.of_run(kept, kept.scenario.root_seed or 0, 1).of_size(6, fixed=False, pairs=True)
