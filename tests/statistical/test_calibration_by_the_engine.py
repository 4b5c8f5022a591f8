"""Simulation-based calibration with the engine: truths are draws of a tiny world.

Every draw is run once. Each of many draws is then the truth in turn: its figures, moved by the
discrepancy, calibrate all the others, and the ranks of what it drew, and of what it came to
otherwise, must be uniform. Luck of the scenario as given is the control.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.backtest.runs import BY_LUCK, OVER_DRAWS, Reading, group_runs
from sim.experiment.draws import lay_draws
from sim.experiment.executors import choose_executor
from sim.experiment.executors.task import Failure
from sim.scenario.cases import read_cases
from sim.scenario.variants import own_variant
from sim.uncertainty.history import Figure, match_history
from tests.statistical.test_calibration_ranks import SPREAD, p_uniform, rank

pytest.importorskip("sklearn")

OVERRIDES = ("population.n_businesses=20", "end=2018-04-17T12:00+03:00")
N_DRAWS, N_FIRST, N_TRUTHS, N_LUCK = 160, 96, 100, 40
CASE = """
  - id: at-{hour}
    title: Addresses in the register
    given: The scenario.
    role: calibration
    why_role: So that it is tried.
    predictor:
      kind: run
      scenario: telegram-2018
      curve: addresses_listed
      at: 2018-04-{day}T{hour}:00+03:00
    published:
      value: 1
      rounding: 0
      nature: computed
      unit: IPv4 addresses
      source: made up
      date: 2018-04-16
"""
HOURS = (("16", "15"), ("16", "20"), ("17", "11"))
"""Two are figures, the last is predicted."""


@pytest.mark.long
def test_ranks_of_truths_of_the_engine_are_uniform(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    text = "".join(CASE.format(day=day, hour=hour) for day, hour in HOURS)
    path.write_text(f"format: overblock/backtest/1\ncases:{text}", encoding="utf-8")
    (group,) = group_runs(read_cases(path).cases, OVERRIDES)
    draws = lay_draws([own_variant(group.resolved)], N_DRAWS, group.root_seed)
    keys = [(0, draw, OVER_DRAWS) for draw in range(N_DRAWS)]
    keys += [(0, 1000 + number, BY_LUCK) for number in range(N_LUCK)]
    found = {}
    with choose_executor(None) as executor:
        for key, result in executor.run(Reading((group,), (draws,)), keys):
            assert not isinstance(result, Failure), result
            found[key] = [result[f"at-{hour}"][0] for _, hour in HOURS]
    ran = np.log10(np.maximum([found[key] for key in keys], 100.0))
    drawn, by_luck = ran[:N_DRAWS], ran[N_DRAWS:, 2]
    assert np.isfinite(ran).all()
    rng = np.random.default_rng(8)
    column = [factor.key for factor in draws.unknowns].index("fronts.n_fronts")
    row = sum(factor.n_dials for factor in draws.unknowns[:column])
    unknown, predicted, luck = [], [], []
    for truth in range(N_TRUTHS):
        others = np.delete(np.arange(N_DRAWS), truth)
        dials, values = draws.dials[others], 10 ** drawn[others, :2]

        def run(
            rows: NDArray[np.int64], values: NDArray[np.float64] = values
        ) -> NDArray[np.float64]:
            return np.asarray(values[rows])

        published = 10 ** (drawn[truth, :2] + SPREAD * rng.normal(size=2))
        figures = [Figure.of(str(one), value, value) for one, value in enumerate(published)]
        history = match_history(dials, run, figures, N_FIRST, N_DRAWS - 1 - N_FIRST, SPREAD)
        ours, weight = dials[history.draw], history.weight
        unknown.append(rank(ours[:, row], weight, draws.dials[truth, row], rng.random()))
        predicted.append(
            rank(drawn[others][history.draw, 2], weight, drawn[truth, 2], rng.random())
        )
        luck.append(rank(by_luck, np.full(N_LUCK, 1 / N_LUCK), drawn[truth, 2], rng.random()))
    assert p_uniform(np.array(unknown)) > 0.002
    assert p_uniform(np.array(predicted)) > 0.002
    assert p_uniform(np.array(luck)) < 1e-4
