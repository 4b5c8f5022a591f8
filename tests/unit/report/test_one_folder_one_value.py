"""Every page and figure of one folder with draws shows the same value of a measure."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

import sim
from sim.catalogue.choices import COLLATERAL, EFFICACY
from sim.report.figures import style
from sim.report.figures.differences import draw_differences
from sim.report.figures.tradeoff import draw_tradeoff
from sim.report.figures.waterfall import STEPS, draw_money
from sim.report.page.bands import with_bands
from sim.report.page.first_picture.bars import bars_of_comparison
from sim.report.page.over_time.charts import chart_data, read_drawn
from sim.report.page.tables import strategy_table, summary_table
from sim.report.words.money import PRIVATE, loss_sentences, millions
from sim.report.words.numbers import number
from sim.results.read import RunFolder, open_run
from sim.results.tables import read_rows


@pytest.fixture(autouse=True)
def in_house_style() -> Iterator[None]:
    with style.house_style():
        yield
    plt.close("all")


SMALL = {"population.n_businesses": 60}
DRAWN = {"n_replicates": 2, "n_draws": 4, "draws_from": "none"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("one-folder") / "run"
    days = {"end": "2018-04-19T00:00+03:00"}
    sim.run("telegram-2018-replay", set=SMALL | days, folder=folder, **DRAWN)
    return open_run(folder)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    folder = tmp_path_factory.mktemp("one-folder") / "comparison"
    days = {"end": "2018-04-18T00:00+03:00"}
    chase = ["exact", "aggregate:length=16"]
    sim.compare("telegram-2018", chase, set=SMALL | days, folder=folder, **DRAWN)
    return open_run(folder)


def medians(run: RunFolder, metric: str, name: str = "median") -> dict[str, float]:
    """Of each strategy, from the file itself."""
    with (run.path / "uncertainty.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] == metric]
    return {row["strategy"]: float(row[name]) for row in rows}


def given(run: RunFolder, metric: str) -> list[float]:
    rows = read_rows(run, "summary.csv")
    return [float(str(row["mean"])) for row in rows if row["metric"] == metric]


def test_the_figure_of_money_has_the_loss_of_the_page(run: RunFolder) -> None:
    rows = with_bands(run, read_rows(run, "summary.csv"))
    drawing = draw_money(run)
    table, (ax,) = drawing.table, drawing.figure.axes
    row = table.columns["metric"].index(PRIVATE)
    shown = table.numbers("all_median_usd")
    (loss,) = medians(run, PRIVATE).values()
    assert shown[row] == loss
    # The two lie apart here: a figure of means would say another number than the page.
    assert abs(given(run, PRIVATE)[0] / loss - 1) > 0.05
    assert f"{number(loss)} USD" in loss_sentences(run, rows)
    as_given = number(given(run, PRIVATE)[0])
    assert ax.get_title(loc="left") == (
        f"The modelled businesses lost {number(loss)} USD (median of the draws; mean as given: "
        f"{as_given})"
    )
    # Each step has the number, the bar and the range of the page's table of measures.
    of_page = {str(row["metric"]): row for row in rows}
    cells = {line.cells[1].text for line in summary_table(rows).rows if len(line.cells) > 1}
    for place, (metric, _, _) in enumerate(STEPS):
        (value,), (low,), (high,) = (
            medians(run, metric, name).values() for name in ("median", "low", "high")
        )
        bar = ax.patches[place]
        assert (bar.get_y(), bar.get_height()) == (0, pytest.approx(value / 1e6))  # type: ignore[attr-defined]
        assert (table.numbers("all_low_usd")[place], table.numbers("all_high_usd")[place]) == (
            low, high,
        )  # fmt: skip
        assert of_page[metric]["mean"] == value
        assert not value or number(value) in cells  # rows of nothing are folded into one
    assert millions(shown[row]) in drawing.alt


def test_the_trade_off_has_effect_and_harm_of_the_page(comparison: RunFolder) -> None:
    drawing = draw_tradeoff(comparison)
    table, (ax,) = drawing.table, drawing.figure.axes
    rows = with_bands(comparison, read_rows(comparison, "summary.csv"))
    strategies = comparison.manifest["strategies"]
    names = {label: label for label in comparison.strategies}
    page = {
        line.cells[0].text: [cell.text for cell in line.cells]
        for line in strategy_table(rows, names, "none").rows
    }
    bars = bars_of_comparison(rows, strategies, "none")
    for axis, metric in (("efficacy", EFFICACY), ("collateral", COLLATERAL)):
        of_draws = medians(comparison, metric)
        shown = table.numbers(f"{axis}_all_median")
        in_file = [of_draws[str(one)] for one in table.columns["strategy"]]
        # Its sample could hardly be hit: what it harms is not known, and no zero.
        missed = table.columns["strategy"].index("exact")
        assert in_file[missed] == (0 if metric == COLLATERAL else max(in_file))
        in_file[missed] = np.nan if metric == COLLATERAL else in_file[missed]
        np.testing.assert_array_equal(shown, in_file)
        at = {"efficacy": 0, "collateral": 1}[axis]
        points = sorted(
            np.asarray(line.get_xydata())[0, at] for line in ax.lines if line.get_marker() in "os"
        )
        drawn = [value for label, value in of_draws.items() if label != "exact"]
        assert points == pytest.approx(sorted(drawn))
        for label, value in of_draws.items():
            assert number(value) in page[label.capitalize()]
    harm = medians(comparison, COLLATERAL)
    assert {own[0].value for _, _, own in bars.rows} == {number(value) for value in harm.values()}
    effect = medians(comparison, EFFICACY)
    assert given(comparison, EFFICACY) != list(effect.values())
    assert f"{number(effect['exact'])}; none is settled to be beaten" in ax.get_title(
        loc="left"
    ).replace("\n", " ")
    # Four draws settle no order, and luck alone is no claim about them.
    assert not any(table.columns["beaten_in_draws_by"])
    assert "%" not in "".join(text.get_text() for text in ax.texts)
    differences = draw_differences(comparison).figure
    assert "(mean as given)" in "".join(text.get_text() for text in differences.texts)


def test_events_give_no_number_that_their_line_contradicts(run: RunFolder) -> None:
    def told(of: RunFolder) -> list[str]:
        charts = {chart["id"]: chart for chart in chart_data(of, read_drawn(of))}
        panel = charts["businesses"]["panels"][0]
        return [mark["text"] for mark in panel["turns"] if mark.get("is_counted")]

    # Events are kept of the scenario as given; with draws the line is their median.
    assert told(run)
    assert not [text for text in told(run) if "impaired" in text]
    # Without draws the line is the mean, and they say by how much it moved.
    alone = RunFolder(run.path, run.manifest | {"n_draws": 0}, run.scenario)
    assert all("; businesses impaired: " in text for text in told(alone))
