"""Scores over weighted draws beside those by luck and over all ranges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sim.backtest.document import document
from sim.backtest.prediction import Prediction
from sim.backtest.scores import backtest
from sim.backtest.weights import read_tables
from sim.errors import DataError
from sim.experiment.draws import lay_draws
from sim.experiment.weighted_draws import WeightedDraws, weighted_rows, weighted_text
from sim.report.documents.validation import page
from sim.scenario.cases import PlacedCase
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.scenario.variants import own_variant
from sim.statistics.ensembles import weighted_quantiles
from tests.cases import NAMES_LAW, case_file

N = 4


def cases_of(folder: Path, *cases: dict[str, object], names: bool = True) -> list[PlacedCase]:
    listed = {
        "predictor": "{kind: run, scenario: telegram-2018, curve: addresses_listed, "
        'overrides: ["end=2018-04-17T12:00+03:00"], at: 2018-04-17T11:00+03:00}',
        "guess": "{low: 100000, high: 100000000}",
        "floor": 100,
        "value": 1_000_000,
    }
    law = {"id": "names", "predictor": NAMES_LAW, "value": 16, "rounding": 0.5}
    return case_file(folder, *(listed | case for case in cases), *([law] if names else [])).cases


def table_of(folder: Path, weight: list[float], scenario: str = "telegram-2018") -> Path:
    """Table of the first draws of a scenario, from its own root seed."""
    resolved = resolve(load_scenario(scenario, []))
    root_seed = resolved.scenario.root_seed or 0
    draws = lay_draws([own_variant(resolved)], len(weight), root_seed)
    folder.mkdir(exist_ok=True)
    text = weighted_text(weighted_rows(draws, root_seed, np.array(weight)))
    (folder / "weights.csv").write_text(text, encoding="utf-8")
    return folder


def read(*folders: Path) -> list[WeightedDraws]:
    return read_tables(folders)


def test_equal_weights_of_all_draws_are_the_ranges_themselves(tmp_path: Path) -> None:
    placed = cases_of(tmp_path, {})
    tables = read(table_of(tmp_path / "even", [1 / N] * N))
    found = backtest(placed, 2, n_draws=N, tables=tables)
    assert [band.name for band in found.bands] == ["luck", "ranges", "calibrated"]
    _, ranges, calibrated = (band.scores[0].prediction for band in found.bands)
    assert isinstance(ranges, Prediction)
    assert isinstance(calibrated, Prediction)
    assert np.ptp(ranges.values) > 0
    assert_array_equal(calibrated.values, ranges.values)
    assert (calibrated.low, calibrated.high) == (ranges.low, ranges.high)
    # What is scored over is the last band that a case has; a calculation has no weighted one.
    assert found.scores[0].prediction is calibrated
    assert len(found.bands[2].scores) == 1
    assert found.scores[1].prediction == found.bands[1].scores[1].prediction
    assert [len(band.scores) for band in found.side_by_side] == [1, 1, 1]


def test_weights_of_a_table_reach_the_scores_and_the_documents(tmp_path: Path) -> None:
    placed = cases_of(tmp_path, {}, {"role": "calibration", "value": 2_000_000})
    weight = [0.0, 0.7, 0.0, 0.3]
    folder = table_of(tmp_path / "weighed", weight)
    found = backtest(placed, 2, n_draws=N, tables=read(folder / "weights.csv"))
    band = {one.name: one for one in found.bands}
    calibrated = band["calibrated"].scores[0].prediction
    assert isinstance(calibrated, Prediction)
    assert calibrated.weight is not None
    assert_allclose(calibrated.weight, [0.7, 0.3])
    assert "2 joint draws, weighed by the calibration figures to say as much as 2" in (
        calibrated.spans
    )
    ends = weighted_quantiles(calibrated.values, calibrated.weight, np.array([0.5, 0.05, 0.95]))
    assert [calibrated.median, calibrated.low, calibrated.high] == ends.tolist()
    (weighted,) = found.weighted
    assert (weighted.scenario, weighted.n_draws) == ("telegram-2018", 2)
    assert weighted.n_effective == pytest.approx(1 / (0.49 + 0.09))
    stored = document(found)
    assert list(stored["bands"]) == ["luck", "ranges", "calibrated"]
    assert [one["band"] for one in stored["scores"]] == ["calibrated", "calibrated", "ranges"]
    text = page(stored)
    held_out, calibration = text.split("## Side by side")[1].split("Calibration: ")[:2]
    assert held_out.count("| calibrated draws |") == 2  # over all, and of the scenario
    assert "draws weighed, by these figures" in calibration
    assert "| calibrated draws | 1 |" in calibration
    assert f"sha256 {weighted.sha256[:12]}" in text


def test_tables_of_no_scenario_and_two_of_one_are_refused(tmp_path: Path) -> None:
    placed = cases_of(tmp_path, {}, names=False)
    other = table_of(tmp_path / "other", [0.5, 0.5], "telegram-2018-replay")
    with pytest.raises(DataError, match=r"weights.csv:2:4: unknowns: expected draws of the"):
        backtest(placed, 1, tables=read(other))
    mine = table_of(tmp_path / "mine", [0.5, 0.5])
    with pytest.raises(DataError, match="expected one table for a scenario, got one beside"):
        backtest(placed, 1, tables=read(mine, mine))
    with pytest.raises(DataError, match="expected a readable table of weighted draws") as refusal:
        read(tmp_path / "none", tmp_path)
    assert len(refusal.value.problems) == 2


def test_shipped_weights_are_taken_unless_luck_alone_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = cases_of(tmp_path, {}, names=False)
    shipped = table_of(tmp_path / "shipped", [0.5, 0.5]) / "weights.csv"
    monkeypatch.setattr(
        "sim.backtest.weights.shipped_table",
        lambda name: shipped if name == "telegram-2018" else tmp_path / "none",
    )
    assert [band.name for band in backtest(placed, 1).bands] == ["luck"]
    both = backtest(placed, 1, n_draws=2)
    assert [band.name for band in both.bands] == ["luck", "ranges", "calibrated"]
    assert both.scores == both.bands[2].scores
    # Shipped to be scored alone: what is predicted is what a run says unasked.
    shipped.with_suffix(".json").write_text('{"why_not_taken": "too narrow"}')
    beside = backtest(placed, 1, n_draws=2)
    assert [band.name for band in beside.bands] == ["luck", "ranges", "calibrated"]
    assert beside.scores == beside.bands[1].scores != beside.bands[2].scores
    assert not beside.weighted[0].is_taken
    given = table_of(tmp_path / "given", [0.1, 0.9])
    own = backtest(placed, 1, n_draws=2, tables=read(given))
    assert own.weighted[0].is_taken
    assert own.weighted[0].sha256 == read(given)[0].sha256 != both.weighted[0].sha256
    # One that was made of other unknowns is refused: a range has moved since.
    text = shipped.read_text()
    digest = text.splitlines()[1].split(",")[3]
    shipped.write_text(text.replace(digest, "0" * 64))
    with pytest.raises(DataError, match="got draws of others"):
        backtest(placed, 1, n_draws=2)
