"""Where draws are kept, charts and figures tell their median: line, label, title and moment."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import duckdb
import numpy as np
import pytest

from sim.measure.bands import Band, thin, whole_band
from sim.report.figures import style
from sim.report.figures.drawing import DEFAULT, Drawing
from sim.report.figures.kinds import FIGURES
from sim.report.figures.told import are_of_draws, line_of, median_of, with_statistic
from sim.report.page.over_time.charts import chart_data, read_drawn
from sim.report.page.over_time.panels import SPLIT_METRIC
from sim.report.page.over_time.worst_moment import worst_moment
from sim.report.words.findings import where_draws_lie
from sim.report.words.languages import IN_ENGLISH
from sim.results.read import RunFolder, open_run
from tests.drawn_folders import add_draws

NBSP = "\N{NO-BREAK SPACE}"
DAY_S = 86_400
WORST_S = 20 * DAY_S
"""When the draws' median is at its worst in the folder of these tests: its mean was long before."""
WHOLE = "provider IS NULL AND sector IS NULL AND role IS NULL"


@pytest.fixture(autouse=True)
def in_house_style() -> Iterator[None]:
    with style.house_style():
        yield


@pytest.fixture(scope="module")
def late(chase_run: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run whose draws are at their worst long after the scenario as given."""
    folder = add_draws(chase_run, tmp_path_factory.mktemp("late") / "run")
    bands, once = folder / "bands.parquet", folder / "once.parquet"
    top = f"max(mean) FILTER (WHERE {WHOLE}) OVER (PARTITION BY metric, strategy)"
    is_worst = f"t_s BETWEEN {WORST_S} AND {WORST_S + DAY_S}"
    of_reached = f"CASE WHEN {is_worst} THEN 0.25 ELSE 0.75 END"
    of_others = f"CASE WHEN {is_worst} THEN 0.75 ELSE 0.25 END * {top}"
    told = f"CASE metric WHEN 'target_reached_share' THEN {of_reached} ELSE {of_others} END"
    medians = f"CASE WHEN {WHOLE} THEN {told} END AS all_median"
    duckdb.execute(f"COPY (SELECT * REPLACE ({medians}) FROM '{bands}') TO '{once}'")
    once.replace(bands)
    return open_run(folder)


@pytest.fixture(scope="module")
def panels(late: RunFolder) -> Mapping[tuple[str, str], dict[str, Any]]:
    charts = chart_data(late, read_drawn(late))
    return {(one["id"], panel["title"]): panel for one in charts for panel in one["panels"]}


def day_of(run: RunFolder, t_s: int) -> str:
    return IN_ENGLISH.date(run.start + timedelta(seconds=t_s))


def test_a_chart_tells_the_worst_of_the_draws_median_on_its_own_day(
    late: RunFolder, panels: Mapping[tuple[str, str], dict[str, Any]]
) -> None:
    worst = day_of(late, WORST_S)
    told = {
        ("businesses", "Businesses affected, impaired and down"): SPLIT_METRIC,
        ("businesses", "Share of domestic demand lost"): "demand_lost_share",
        ("addresses", "Addresses listed and dropped"): "addresses_listed",
        ("target", "Users who reach the target (by VPN too), are on a VPN, have left"): "",
    }
    for place, metric in told.items():
        found = panels[place]["finding"].replace(NBSP, " ")
        assert worst in found, place
        assert re.search(r"\(median of the draws; mean as given then: [\d.,]+.*\)$", found), place
        if metric:
            mean = whole_band(late, metric).mean
            assert day_of(late, int(whole_band(late, metric).t_s[np.argmax(mean)])) != worst
    lost = panels["businesses", "Share of domestic demand lost"]["finding"].replace(NBSP, " ")
    highest = float(lost[lost.index(worst) + len(worst) :].split()[1])
    top = duckdb.execute(
        f"SELECT 75 * max(mean) FROM '{late.path}/bands.parquet' "
        f"WHERE metric = 'demand_lost_share' AND {WHOLE}"
    ).fetchone()
    assert top is not None
    assert highest == pytest.approx(top[0], rel=0.05)


def test_lines_say_whether_they_are_medians_and_the_title_names_one(
    panels: Mapping[tuple[str, str], dict[str, Any]],
) -> None:
    of_all = panels["businesses", "Businesses affected, impaired and down"]
    assert of_all["told"] == "impaired"
    assert [line["of_draws"] for line in of_all["lines"]] == [True, True, True]
    by_sector = panels["who", "By sector"]
    assert not any(line["of_draws"] for line in by_sector["lines"])
    assert by_sector["finding"].endswith("(mean as given)")
    assert "draws are kept of all businesses together alone" in by_sector["note"]


def test_a_run_without_draws_has_no_medians(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    for chart in chart_data(run, read_drawn(run)):
        for panel in chart["panels"]:
            assert not any(line["of_draws"] for line in panel["lines"])
            assert "draws" not in panel["finding"] + panel["note"]


def test_a_page_opens_where_the_draws_are_at_their_worst(late: RunFolder) -> None:
    _, moment_s = worst_moment(late, read_drawn(late).bands)
    assert WORST_S <= moment_s <= WORST_S + DAY_S


def band(mean: list[float], median: list[float]) -> Band:
    wide = np.array([np.array(median) / 2, median, np.array(median) * 2])
    of = np.array(mean)
    return Band(np.arange(len(mean)) * DAY_S, of, of * 0.9, of * 1.1, 200.0, 4, wide)


def test_a_median_of_nothing_throughout_is_no_line_unless_others_of_its_picture_are() -> None:
    hardly = band([0.0, 4.0], [0.0, 0.0])
    assert median_of(hardly) is None
    assert not are_of_draws([hardly])
    assert are_of_draws([hardly, band([0.0, 4.0], [0.0, 2.0])])
    assert not are_of_draws([replace(hardly, wide=None)])
    assert line_of(hardly, of_draws=False) is hardly
    assert line_of(hardly).mean.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("is_part", "is_share", "said"),
    [
        (True, False, "X (median of the draws; mean as given then: 25 %)"),
        (False, False, "X (median of the draws; mean as given then: 50)"),
        (False, True, "X (median of the draws; mean as given then: 5,000 %)"),
    ],
)
def test_the_other_number_stands_behind_a_finding_as_the_finding_says_its_own(
    is_part: bool, is_share: bool, said: str
) -> None:
    bands = {"one": band([90.0, 50.0], [10.0, 80.0]), "other": band([99.0, 99.0], [70.0, 60.0])}
    told = with_statistic("X", bands, of_draws=True, is_part=is_part, is_share=is_share)
    assert told.title.replace(NBSP, " ") == said
    assert (told.name, told.row) == ("one", 1)
    given = with_statistic("X", bands, of_draws=False)
    assert given.title == "X (mean as given; median of the draws then: 70)"
    lowest = with_statistic("X", bands, of_draws=True, is_lowest=True)
    assert (lowest.name, lowest.row) == ("one", 0)


def test_below_a_chart_stands_where_the_draws_lie_and_when_the_thin_line_does_not(
    late: RunFolder,
) -> None:
    def told(mean: float) -> str:
        one = band([mean, mean], [40.0, 40.0])
        return where_draws_lie("“a”", one, 0, late.start, is_share=False, of_draws=True).strip()

    assert told(50.0).endswith("nine in ten draws lie from 20 to 80.")
    assert told(10.0).endswith("the thin line, which is as given, lies below that range, at 10.")
    assert told(90.0).endswith("the thin line, which is as given, lies above that range, at 90.")


def test_a_thinned_curve_keeps_the_moment_at_which_the_median_is_highest_and_lowest() -> None:
    n = 4000
    rng = np.random.default_rng(7)
    median = 0.5 + 0.1 * rng.random(n)
    median[[1234, 3210]] = 0.9, 0.1
    noise = rng.random(n)
    whole = Band(
        np.arange(n) * 60, noise, noise, noise, np.nan, 4, np.array([median - 0.05, median, median])
    )
    kept = thin(whole, 400)
    assert kept.t_s.size <= 400
    assert {1234 * 60, 3210 * 60} <= set(kept.t_s.tolist())
    # Also where it is so by less than can be seen: the title names its day.
    ramp, flat = np.linspace(0, 1, n), np.full(n, 0.50001)
    flat[777] = 0.50002
    calm = replace(whole, mean=ramp, low=ramp, high=ramp, wide=np.array([flat, flat, flat]))
    assert 777 * 60 in thin(calm, 400).t_s


@pytest.mark.parametrize(
    ("name", "metric"),
    [("outages", SPLIT_METRIC), ("addresses", "addresses_listed"), ("reach", "demand_lost_share")],
)
def test_a_figure_has_the_titles_of_the_page_and_the_median_as_its_line(
    name: str, metric: str, late: RunFolder, panels: Mapping[tuple[str, str], dict[str, Any]]
) -> None:
    drawing = cast("Drawing", FIGURES[name].draw(late, DEFAULT))
    above = [drawing.figure.get_suptitle(), *(ax.get_title("left") for ax in drawing.figure.axes)]
    titles = " ".join(above).replace("\n", " ")
    found = {
        "outages": [("businesses", "Businesses affected, impaired and down")],
        "addresses": [("addresses", "Addresses listed and dropped")],
        "reach": [
            ("businesses", "Share of domestic demand lost"),
            ("target", "Users who reach the target (by VPN too), are on a VPN, have left"),
        ],
    }[name]
    for place in found:
        assert panels[place]["finding"] in titles
    median = whole_band(late, metric).wide
    assert median is not None
    highest = median[1].max()
    lines = [
        (line, np.asarray(line.get_ydata(), float).max())
        for ax in drawing.figure.axes
        for line in ax.lines
        if len(np.atleast_1d(line.get_ydata())) > 2
    ]
    scale = 1e6 if name == "addresses" else 1.0
    told = [line for line, top in lines if top * scale == pytest.approx(highest)]
    assert any(line.get_linewidth() > 1 for line in told)
    assert any(line.is_dashed() and line.get_linewidth() < 1 for line, _ in lines)
    legend = [text.get_text() for text in drawing.figure.legends[0].get_texts()]
    assert legend[0] == "mean as given"
    assert "Medians of" in drawing.alt


def test_a_figure_whose_medians_are_nothing_has_lines_of_means_and_says_so(
    drawn_run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(drawn_run, folder)
    bands, once = folder / "bands.parquet", folder / "once.parquet"
    nothing = "CASE WHEN all_median IS NOT NULL THEN 0.0 END AS all_median"
    duckdb.execute(f"COPY (SELECT * REPLACE ({nothing}) FROM '{bands}') TO '{once}'")
    once.replace(bands)
    drawing = cast("Drawing", FIGURES["outages"].draw(open_run(folder), DEFAULT))
    assert "Lines: mean of 2 replicates at the values as given" in drawing.spread
    assert "whose median is nothing throughout" in drawing.spread
    assert not any(line.is_dashed() and line.get_linewidth() < 1 for ax in drawing.figure.axes
                   for line in ax.lines)  # fmt: skip
    assert "Means over 2 replicates" in drawing.alt


@pytest.mark.parametrize(
    "name", ["outages-by-sector", "layers-by-sector", "uptake", "spells", "recovery"]
)
def test_a_figure_without_draws_says_that_it_is_as_given(name: str, late: RunFolder) -> None:
    drawing = cast("Drawing", FIGURES[name].draw(late, DEFAULT))
    above = [drawing.figure.get_suptitle(), *(ax.get_title("left") for ax in drawing.figure.axes)]
    assert re.search(r"\(mean as given[;)]", " ".join(above).replace("\n", " "))
