"""Figures of a comparison draw the rows of its tables, and say what is not known."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import duckdb
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox

from sim.errors import DataError, UsageError
from sim.measure.bands import Band
from sim.report.figures import style
from sim.report.figures.differences import differences_table, draw_differences
from sim.report.figures.drawing import Choice
from sim.report.figures.figures import caption, plot_run
from sim.report.figures.kinds import FIGURES, choose
from sim.report.figures.panels import do_cross
from sim.report.figures.strategies import draw_strategies, looks_of
from sim.report.figures.tradeoff import draw_tradeoff, first_harm, tradeoff_table
from sim.report.page import tables
from sim.report.page.document import render
from sim.results.read import RunFolder, open_run
from sim.results.tables import read_rows


@pytest.fixture(autouse=True)
def in_house_style() -> Iterator[None]:
    with style.house_style():
        yield


@pytest.fixture
def comparison(comparison_run: Path) -> RunFolder:
    return open_run(comparison_run)


def test_all_strategies_of_a_comparison_are_drawn_with_their_curves(comparison: RunFolder) -> None:
    drawing = draw_strategies(comparison)
    (ax,) = drawing.figure.axes
    assert ax.get_title(loc="left").startswith("Businesses impaired: most with “wide”, ")
    wide = drawing.table.where("strategy", "wide").numbers("mean")
    narrow = drawing.table.where("strategy", "narrow, odd").numbers("mean")
    assert wide.max() > 0
    assert narrow == pytest.approx(wide / 4)
    assert {text.get_text() for text in ax.texts} == {"wide", "narrow, odd", "no blocking"}
    heights = sorted(np.asarray(line.get_ydata(), float).max() for line in ax.lines[:3])
    assert heights == pytest.approx([0, narrow.max(), wide.max()])


@pytest.mark.parametrize("cells", ["", "narrow,hours,,,,harm,2,1,3,,,,,,,,,2\n"])
def test_a_trade_off_without_users_of_the_target_is_refused_with_its_reason(
    comparison_run: Path, tmp_path: Path, tradeoff_text: str, cells: str
) -> None:
    folder = tmp_path / "untargeted"
    shutil.copytree(comparison_run, folder)
    (folder / "tradeoff.csv").write_text(f"{tradeoff_text.splitlines()[0]}\n{cells}")
    with pytest.raises(UsageError, match=r"tradeoff: .*: the scenario has no users of the target"):
        choose(open_run(folder), ["tradeoff"])
    assert "tradeoff" not in choose(open_run(folder), [])


def test_lines_that_cross_are_told_from_lines_that_touch() -> None:
    def band(*values: float) -> Band:
        unknown = np.full(len(values), np.nan)
        return Band(np.arange(len(values)), np.array(values), unknown, unknown, 100.0, 1)

    low, high = band(0.0, 20.0, 10.0), band(0.0, 40.0, 20.0)
    assert not do_cross({"low": low, "high": high})
    assert do_cross({"low": low, "high": high, "late": band(0.0, 5.0, 60.0)})
    # By less than can be seen.
    assert not do_cross({"high": high, "same": band(0.1, 39.9, 20.1)})


def test_lines_that_cross_get_a_panel_each_with_dates_below(
    comparison: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sim.report.figures.panels.do_cross", lambda _: True)
    figure = draw_strategies(comparison).figure
    figure.draw_without_rendering()
    assert [ax.get_title(loc="left") for ax in figure.axes] == [
        "wide", "narrow, odd", "no blocking",
    ]  # fmt: skip
    days = [label.get_text() for label in figure.axes[-1].get_xticklabels()]
    assert len(days) > 1
    # As people say it: 17 Apr.
    assert all(re.fullmatch(r"\d{1,2} (Apr|May|Jun)", day) for day in days), days


def test_a_strategy_without_a_finished_replicate_is_not_known(
    comparison_run: Path, tmp_path: Path
) -> None:
    for path in comparison_run.iterdir():
        if path.name != "curves.parquet":
            (tmp_path / path.name).symlink_to(path)
    duckdb.execute(
        f"COPY (SELECT * FROM '{comparison_run}/curves.parquet' WHERE strategy <> 'none') "
        f"TO '{tmp_path}/curves.parquet' (FORMAT parquet)"
    )
    drawing = draw_strategies(open_run(tmp_path))
    assert set(drawing.table.columns["strategy"]) == {"wide", "narrow, odd"}
    assert drawing.alt.endswith(" Not known: no blocking.")


def test_up_to_28_strategies_look_different_and_the_baseline_is_grey() -> None:
    looks = looks_of([*"abcdefghijklmnopqrstuvwxyzAB", "none"], "none")
    assert looks["none"]["color"] == style.GREY
    pairs = {(look["color"], str(look["linestyle"])) for look in looks.values()}
    assert len(pairs) == 29


def test_the_frontier_joins_the_strategies_on_it_and_greys_the_others(
    comparison: RunFolder,
) -> None:
    drawing = draw_tradeoff(comparison)
    (ax,) = drawing.figure.axes
    points = {
        (float(line.get_xdata()[0]), float(line.get_ydata()[0])): to_hex(line.get_color())  # type: ignore[index,arg-type]
        for line in ax.lines
        if line.get_marker() in ("o", "s")
    }
    assert points == {
        (900, 5000): style.PALE,
        (950, 40): style.BLUE.lower(),
        (0, 0): style.BLUE.lower(),
    }
    (frontier,) = [line for line in ax.lines if line.get_drawstyle() == "steps-pre"]
    assert np.asarray(frontier.get_xdata()).tolist() == [0, 950]
    assert np.asarray(frontier.get_ydata()).tolist() == [0, 40]
    intervals = {tuple(np.asarray(line.get_xdata()).tolist()) for line in ax.lines}
    assert (850, 950) in intervals
    assert "wide: 900 for 5,000, dominated by narrow, odd" in drawing.alt
    assert "blind: not known" in drawing.alt


def test_what_is_not_known_is_not_zero(comparison: RunFolder) -> None:
    table = tradeoff_table(comparison)
    row = table.columns["strategy"].index("blind")
    assert np.isnan(table.numbers("efficacy")[row])
    assert table.columns["is_on_frontier"][row] is None


def test_names_of_points_cover_neither_each_other_nor_the_points(comparison: RunFolder) -> None:
    drawing = draw_tradeoff(comparison)
    drawing.finish()
    (ax,) = drawing.figure.axes
    canvas = drawing.figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    renderer = canvas.get_renderer()
    names = [text for text in ax.texts if isinstance(text, Annotation)]
    assert sorted(text.get_text() for text in names) == [
        "narrow, odd  99%",
        "no blocking  100%",
        "wide  2%",
    ]
    # What no other strategy beats in both is named in black, the rest in grey.
    assert {text.get_text()[:4]: text.get_color() for text in names} == {
        "narr": "#222222",
        "no b": "#222222",
        "wide": "#7a7a7a",
    }
    boxes = [text.get_window_extent(renderer) for text in names]
    for one, other in combinations(boxes, 2):
        assert Bbox.intersection(one, other) is None


def test_differences_are_the_rows_of_the_comparison_without_the_baseline(
    comparison: RunFolder,
) -> None:
    table = differences_table(comparison)
    assert (
        table.columns["metric"]
        == ["business_hours_impaired"] * 2 + ["target_user_hours_denied"] * 2
    )
    assert table.columns["strategy"] == ["wide", "narrow, odd"] * 2
    assert table.numbers("difference_high").tolist()[:3] == [5500, 50, 950]
    assert table.columns["n_replicates"] == [2] * 4
    drawing = draw_differences(comparison)
    left, right = drawing.figure.axes
    words = [text.get_text() for text in left.texts]
    assert words == ["+5,000 [+4,500, +5,500]", "+40 [−10, +50]"]
    assert [text.get_text() for text in right.texts][1] == "not known"
    # Blue where the interval is off zero, grey where it holds it.
    points = [to_hex(line.get_color()) for line in left.lines if line.get_marker() in ("o", "D")]  # type: ignore[arg-type]
    assert points == [style.BLUE.lower(), style.GREY]


def test_a_comparison_has_its_own_figures_and_each_strategy_the_usual_ones(
    comparison: RunFolder, tmp_path: Path
) -> None:
    assert choose(comparison, ()) == ["strategies", "tradeoff", "differences"]
    alone = choose(comparison, (), Choice(strategy="wide"))
    assert alone == [
        name for name, kind in FIGURES.items() if not (kind.shows_all_strategies or kind.is_film)
    ]
    with pytest.raises(
        UsageError, match=r"outages: does not apply to .*: it shows one strategy; g"
    ):
        choose(comparison, ["outages", "tradeoff"])
    plot_run(comparison, tmp_path, ["outages"], Choice(strategy="narrow, odd"), ["svg"])
    assert "strategy narrow, odd, root seed" in caption(comparison, Choice("narrow, odd"))
    assert "strategies wide, narrow, odd, “no blocking” (none), root seed" in caption(comparison)


def test_a_table_that_is_damaged_is_refused(
    comparison_run: Path, tradeoff_text: str, tmp_path: Path
) -> None:
    for path in comparison_run.iterdir():
        if path.name != "tradeoff.csv":
            (tmp_path / path.name).symlink_to(path)
    run = open_run(tmp_path)
    with pytest.raises(UsageError, match=r"tradeoff: .* the folder holds no tradeoff\.csv"):
        choose(run, ["tradeoff"])
    file = tmp_path / "tradeoff.csv"
    with pytest.raises(DataError, match="expected a readable table, got an error"):
        tradeoff_table(run)
    file.write_text("strategy\nx\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"tradeoff\.csv:1: expected a column efficacy, got none"):
        tradeoff_table(run)
    file.write_text(tradeoff_text.replace("5000", "much"), encoding="utf-8")
    with pytest.raises(DataError, match=r"csv:2: collateral: expected a number, got 'much'"):
        tradeoff_table(run)


def test_the_figure_draws_one_kind_of_harm_and_the_page_lets_one_choose(
    comparison_run: Path, tradeoff_text: str, tmp_path: Path
) -> None:
    for path in comparison_run.iterdir():
        if path.name != "tradeoff.csv":
            (tmp_path / path.name).symlink_to(path)
    names = [
        line.replace("business_hours_impaired", "names_hit")
        for line in tradeoff_text.splitlines(keepends=True)[1:]
    ]
    (tmp_path / "tradeoff.csv").write_text(tradeoff_text + "".join(names), encoding="utf-8")
    run = open_run(tmp_path)
    table = tradeoff_table(run)
    assert set(table.columns["collateral_metric"]) == {"business_hours_impaired"}
    assert len(table.columns["strategy"]) == len(names) == 4
    rows = read_rows(run, "tradeoff.csv")
    page = tables.tradeoff_table(rows)
    assert [choice.value for choice in page.choices] == ["business_hours_impaired", "names_hit"]
    assert [choice.is_chosen for choice in page.choices] == [True, False]
    assert [line.group for line in page.rows] == [
        *["business_hours_impaired"] * 4, *["names_hit"] * 4
    ]  # fmt: skip
    text = render(run)
    assert text.count('select data-filters="tradeoff"') == 1
    points = json.loads(re.search(r'"tradeoff": ?(\[.*?\])', text)[1])
    assert len(points) == len(first_harm(rows)) == 4
