"""Each figure's table against the run's files, read in SQL or by hand, and against its marks."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from sim.engine.state.ledger import SPELL_NAMES
from sim.measure.bands import band_of, step_values
from sim.report.figures import style
from sim.report.figures.drawing import FigureTable
from sim.report.figures.durations import CLASSES, LABELS, draw_recovery, draw_spells, spells_table
from sim.report.figures.layers import OTHERS, TOTAL, draw_layers, layers_table
from sim.report.figures.outages import draw_outages
from sim.report.figures.reach import draw_reach
from sim.report.figures.uptake import draw_uptake
from sim.report.figures.waterfall import STEPS, draw_money, money_table
from sim.results.read import open_run
from sim.results.tables import read_rows


@pytest.fixture(autouse=True)
def in_house_style() -> Iterator[None]:
    with style.house_style():
        yield


def query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    return duckdb.execute(sql.replace("$", f"{folder}/")).fetchall()


def test_columns_of_a_table_are_equally_long_and_what_is_not_known_is_empty(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="columns of one length"):
        FigureTable.of(a=[1], b=[1, 2])
    table = FigureTable.of(name=["x, y", "z"], share=np.array([0.5, math.nan]), known=[True, None])
    table.write(tmp_path / "table.csv")
    text = (tmp_path / "table.csv").read_text(encoding="utf-8")
    assert text == 'name,share,known\n"x, y",0.5,true\nz,,\n'
    assert table.where("name", "z").columns["share"][0] is not None
    assert np.isnan(table.numbers("known")[1])


def test_outages_are_the_bands_of_the_curves(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    table = draw_outages(run).table
    down = table.where("state", "down")
    band = band_of(run.curve("businesses_down"), run.horizon_s)
    assert np.array_equal(down.numbers("mean"), band.mean)
    assert np.array_equal(down.numbers("high"), band.high)
    assert down.columns["time"][0] == "2018-04-16T00:00:00+03:00"
    assert set(down.columns["denominator"]) == {1000.0}


@pytest.mark.parametrize("split", ["sector", "provider"])
def test_layers_add_up_to_all_businesses_at_every_time(shipped_run: Path, split: str) -> None:
    run = open_run(shipped_run)
    table = layers_table(run, split)
    names = list(dict.fromkeys(table.columns[split]))
    assert names[-2:] == [OTHERS, TOTAL]
    means = table.numbers("mean").reshape(len(names), -1)
    assert means[:-1].sum(axis=0) == pytest.approx(means[-1], abs=1e-9)
    t_s = table.numbers("t_s").reshape(len(names), -1)[0]
    curve = run.curve("businesses_impaired")
    expected = [
        step_values(curve.t_s[mine], curve.value[mine], t_s)
        for mine in (curve.replicate == 0, curve.replicate == 1)
    ]
    assert means[-1] == pytest.approx(np.mean(expected, axis=0))
    # Falling order of business-hours, so that the largest layer lies at the bottom.
    held = np.diff(np.append(t_s, run.horizon_s))
    assert sorted(means[:-2] @ held, reverse=True) == (means[:-2] @ held).tolist()


def test_layers_are_drawn_as_high_as_the_table_says(shipped_run: Path) -> None:
    drawing = draw_layers(open_run(shipped_run), "sector", "By sector")
    (ax,) = drawing.figure.axes
    tops = [path.vertices[:, 1].max() for each in ax.collections for path in each.get_paths()]
    total = drawing.table.where("sector", TOTAL)
    assert max(tops) == pytest.approx(total.numbers("mean").max())
    edges = [np.asarray(line.get_ydata(), float).max() for line in ax.lines[-2:]]
    assert edges == pytest.approx([total.numbers("low").max(), total.numbers("high").max()])
    words = {text.get_text() for text in ax.texts}
    assert {"online shops", OTHERS} <= words


def test_spells_hold_all_demand_lost(shipped_run: Path) -> None:
    table = spells_table(open_run(shipped_run))
    assert table.columns["spell"] == ["below_threshold", *SPELL_NAMES]
    assert len(LABELS) == len(CLASSES)
    for row, name in enumerate(CLASSES):
        sums = [
            value
            for (value,) in query(
                shipped_run,
                f"SELECT sum(lost_demand_h_{name}) FROM '$businesses.parquet' GROUP BY replicate",
            )
        ]
        assert table.numbers("mean_h")[row] == pytest.approx(np.mean(sums))
        assert table.numbers("high_h")[row] == pytest.approx(np.quantile(sums, 0.95))
    assert table.numbers("share").sum() == pytest.approx(1)


def test_bars_of_spells_are_as_long_as_the_table_says(shipped_run: Path) -> None:
    drawing = draw_spells(open_run(shipped_run))
    (ax,) = drawing.figure.axes
    widths = [bar.get_width() for bar in ax.patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx(drawing.table.numbers("mean_h").tolist())
    assert drawing.spread.startswith("Bars: mean of 2 replicates")
    # Below the picture too, and not only for who cannot see it.
    so_far = "An outage that was running when the run ended counts with its length so far."
    assert so_far in drawing.spread
    assert so_far in drawing.alt


def test_recovery_counts_the_businesses_of_the_file(shipped_run: Path) -> None:
    drawing = draw_recovery(open_run(shipped_run))
    ((hit, still),) = query(
        shipped_run,
        "SELECT count(first_outage_s) / 2, sum(is_affected_at_end::INT) / 2 FROM "
        "'$businesses.parquet'",
    )
    assert drawing.table.columns["businesses_hit"][0] == hit
    assert drawing.table.columns["businesses_not_recovered"][0] == still
    assert f"{still:,.0f} of {hit:,.0f} businesses hit had not recovered at the end" in drawing.alt


def test_the_waterfall_is_the_summary_and_adds_up(chase_run: Path) -> None:
    run = open_run(chase_run)
    drawing = draw_money(run)
    summary = {row["metric"]: row for row in read_rows(run, "summary.csv", ("metric",))}
    table = money_table(run)
    assert table.columns["metric"] == [metric for metric, _, _ in STEPS]
    mean = dict(zip(table.columns["metric"], table.numbers("mean_usd"), strict=True))
    for metric, value in mean.items():
        assert value == summary[str(metric)]["mean"]
    gross, lost_again, churn, response, private, rivals, social = mean.values()
    assert gross - lost_again + churn + response == pytest.approx(private)
    assert private - rivals == pytest.approx(social)
    # Each bar begins where the one before ended.
    (ax,) = drawing.figure.axes
    ends = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in ax.patches]  # type: ignore[attr-defined]
    assert ends[0] == (0, pytest.approx(gross / 1e6))
    assert ends[3][1] == pytest.approx(private / 1e6)
    assert ends[4] == (0, pytest.approx(private / 1e6))
    assert ends[5] == (pytest.approx(social / 1e6), pytest.approx(private / 1e6))


def test_reach_shows_the_shares_of_the_curves(chase_run: Path) -> None:
    run = open_run(chase_run)
    drawing = draw_reach(run)
    band = band_of(run.curve("businesses_impaired"), run.horizon_s, as_share=True)
    assert drawing.table.where("metric", "businesses_impaired").numbers("mean").max() == (
        band.mean.max()
    )
    reached = drawing.table.where("metric", "target_reached_share")
    at = int(np.argmin(reached.numbers("mean")))
    mean, low, high = (reached.numbers(name)[at] for name in ("mean", "low", "high"))
    assert f"lowest {mean:.1%} ({low:.1%} to {high:.1%})" in drawing.alt


def test_uptake_names_every_operator_and_its_share_at_the_end(chase_run: Path) -> None:
    run = open_run(chase_run)
    drawing = draw_uptake(run)
    path = run.input_path("operators-russia-2018")
    assert path is not None
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    whole = drawing.table.where("panel", "whole run")
    assert set(whole.columns["operator"]) == {row["operator"] for row in rows}
    never = whole.where("operator", "fixed-unfiltered")
    if len(never):
        assert never.numbers("share_of_listed_dropped")[-1] == 0
    for row in rows:
        end = whole.where("operator", row["operator"]).numbers("share_of_listed_dropped")[-1]
        assert f"{row['label']} {end:.0%}" in drawing.alt
