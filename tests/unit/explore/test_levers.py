"""Levers are the assumptions that a second look at the draws tells as well, and that can be set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

import sim
from sim.explore.levers import MOST, levers_of_run
from sim.results.read import open_run
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.unknowns import list_factors

SHORT = {"population.n_businesses": 30, "end": "2018-04-18T00:00+03:00"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("levers") / "out"
    sim.run("telegram-2018-replay", n_replicates=1, n_draws=40, set=SHORT, folder=folder)
    return folder


def test_levers_are_those_of_a_second_look_at_the_draws(folder: Path) -> None:
    levers = levers_of_run(open_run(folder))
    assert 0 < len(levers) <= MOST
    with sim.open_results(folder).to_duckdb() as tables:
        drawn = tables.execute(
            "SELECT unknown, part, list(amount ORDER BY draw) FROM draw_values GROUP BY ALL"
        ).fetchall()
        harm = np.array(
            tables.execute(
                "SELECT value FROM draw_measures WHERE metric = 'business_hours_impaired' "
                "ORDER BY draw"
            ).fetchall()
        ).ravel()
    texts = [f"{key}={value}" for key, value in SHORT.items()]
    factors, _ = list_factors(resolve(load_scenario("telegram-2018-replay", texts)))
    settable = {one.key for one in factors if one.n_dials == 1}
    assert any(one.scale != "value" for one in factors if one.key in settable)
    squared = {
        key: float(spearmanr(amounts, harm).statistic) ** 2
        for key, _, amounts in drawn
        if key in settable and np.ptp(amounts) > 0
    }
    assert {one.key for one in levers} <= settable
    # This scenario has harm alone; what is not told by the regression stands in this sequence.
    untold = [one for one in levers if not one.is_told]
    for one in untold:
        assert one.share == pytest.approx(squared[one.key], abs=1e-9)
    shares = [one.share for one in untold]
    assert shares == sorted(shares, reverse=True)
    left_out = squared.keys() - {one.key for one in levers}
    assert max((squared[key] for key in left_out), default=0) <= min(shares, default=1)


def test_a_lever_moves_within_its_range_and_can_be_set(folder: Path) -> None:
    for lever in levers_of_run(open_run(folder)):
        assert lever.low <= lever.given <= lever.high
        assert lever.meaning
        for value in (lever.low, lever.high):
            number = round(value) if lever.is_whole else value
            assert resolve(load_scenario("telegram-2018-replay", [f"{lever.key}={number}"]))


def test_a_run_without_draws_has_no_levers(shipped_single_run: Path) -> None:
    assert levers_of_run(open_run(shipped_single_run)) == []
