"""The curves of the page: thinned, but every value that is left is a value of the run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.measure.bands import band_of, step_values
from sim.report.figures.lines import MAX_TIMES, plain
from sim.report.page.over_time.charts import chart_data, read_drawn
from sim.report.words.groups import group_words
from sim.report.words.plain import strategies_of, strategy_names
from sim.results.read import open_run


@pytest.fixture(scope="module")
def charts(shipped_run: Path) -> list[dict[str, Any]]:
    run = open_run(shipped_run)
    return chart_data(run, read_drawn(run))


def panel(charts: list[dict[str, Any]], chart: str, title: str) -> dict[str, Any]:
    (found,) = (
        panel
        for one in charts
        if one["id"] == chart
        for panel in one["panels"]
        if panel["title"] == title
    )
    return found


def test_lines_are_the_bands_of_the_run(shipped_run: Path, charts: list[dict[str, Any]]) -> None:
    run = open_run(shipped_run)
    lines = panel(charts, "businesses", "Businesses affected, impaired and down")["lines"]
    assert [line["name"] for line in lines] == ["affected", "impaired", "down"]
    for line in lines:
        band = band_of(run.curve(f"businesses_{line['name']}"), run.horizon_s)
        t_s = np.array(line["t"])
        assert t_s.size <= MAX_TIMES
        for name in ("mean", "low", "high"):
            values = np.array(line[name], float)
            exact = step_values(band.t_s, getattr(band, name), t_s)
            np.testing.assert_allclose(values, exact, atol=0.051)
            # Between the times that are left, the line is off by no more than can be seen.
            kept = step_values(t_s, values, band.t_s)
            assert np.abs(kept - getattr(band, name)).max() <= 0.02 * band.high.max()


def test_a_single_replicate_has_lines_without_a_band(shipped_single_run: Path) -> None:
    run = open_run(shipped_single_run)
    for chart in chart_data(run, read_drawn(run)):
        for one in chart["panels"]:
            assert all(line["low"] is None and line["high"] is None for line in one["lines"])


def test_published_totals_stand_beside_the_addresses(charts: list[dict[str, Any]]) -> None:
    marks = panel(charts, "addresses", "Addresses listed and dropped")["marks"]
    nine = 21 * 3600
    assert {"t": nine, "to": nine, "value": 1_835_008, "is_published": True} in marks
    # The source of 15.8 million tells a day, and no hour of it.
    day = 86_400
    assert {"t": day, "to": 2 * day, "value": 15_800_000, "is_published": True} in marks
    assert all(mark["t"] >= 0 for mark in marks)


def test_splits_are_shares_of_the_businesses_of_each(
    shipped_run: Path, charts: list[dict[str, Any]]
) -> None:
    run = open_run(shipped_run)
    split = panel(charts, "who", "By sector")
    curves = run.curves_by("businesses_impaired", "sector")
    assert split["strategy"] == "replay"
    assert len(split["lines"]) == len(curves)
    say = group_words(run, "sector")
    by_name = {say(name): points for name, points in curves.items()}
    assert "online shops" in by_name
    for line in split["lines"]:
        band = band_of(by_name[line["name"]], run.horizon_s, as_share=True)
        assert max(line["mean"]) == pytest.approx(band.mean.max(), abs=0.01)


def test_a_comparison_has_a_line_for_each_strategy_in_every_panel(comparison_folder: Path) -> None:
    run = open_run(comparison_folder)
    names = strategy_names(strategies_of(run))
    charts = chart_data(run, read_drawn(run))
    for chart in charts:
        for one in chart["panels"]:
            if chart["id"] != "who":
                assert [line["name"] for line in one["lines"]] == list(names.values())
    who = next(chart for chart in charts if chart["id"] == "who")
    assert {one["strategy"] for one in who["panels"]} == set(run.strategies)
    json.dumps(charts, allow_nan=False)  # no NaN is left: it is no JSON


def test_what_is_not_known_is_null() -> None:
    assert plain(np.array([1.0, np.nan, 0.25]), 1) == [1, None, 0.2]
