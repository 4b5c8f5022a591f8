"""What the target lost in all: worked out by hand, draw by draw, with those who left."""

from __future__ import annotations

import html
import math
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import pytest

from sim.catalogue.choices import COLLATERAL, EFFICACY
from sim.report.page.bands import n_drawn
from sim.report.page.document import render
from sim.report.page.first_picture.bars import bars_of_comparison
from sim.report.page.hangs_on import hang_most_on
from sim.report.page.head.headline import headline_of_comparison, headline_of_run
from sim.report.page.key_figures import key_figures
from sim.report.page.use_lost import Lost, is_enough, outside_in_words, use_lost
from sim.results.read import RunFolder, open_run
from sim.results.tables import Row

NBSP = "\N{NO-BREAK SPACE}"
# Of 100 hours each: reached, on a VPN, of who had left; the rest was denied.
WITHOUT, BLOCKED = ((80, 0, 0), (50, 0, 0)), ((10, 10, 60), (20, 10, 50))


def _folder(path: Path, baseline: str, weights: tuple[float, float]) -> RunFolder:
    hours = [
        (draw, strategy, f"target_user_hours_{fate}", float(value), 100.0)
        for strategy, draws in (("none", WITHOUT), ("wide", BLOCKED))
        for draw, fates in enumerate(draws)
        for fate, value in zip(("reached", "by_vpn", "left"), fates, strict=True)
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE m (draw BIGINT, strategy TEXT, metric TEXT, value DOUBLE, "
            "denominator DOUBLE)"
        )
        connection.executemany("INSERT INTO m VALUES (?, ?, ?, ?, ?)", hours)
        connection.execute("CREATE TABLE w (draw BIGINT, weight DOUBLE)")
        connection.executemany("INSERT INTO w VALUES (?, ?)", list(enumerate(weights)))
        connection.execute(f"COPY m TO '{path / 'draw_measures.parquet'}'")
        connection.execute(
            f"COPY (SELECT * RENAME (draw AS replicate) FROM m) TO '{path / 'measures.parquet'}'"
        )
        connection.execute(f"COPY w TO '{path / 'draw_values.parquet'}'")
    strategies = [{"label": "none", "id": "none"}, {"label": "wide", "id": "exact"}]
    manifest = {"baseline": baseline, "strategies": strategies}
    return cast("RunFolder", SimpleNamespace(path=path, n_draws=2, manifest=manifest))


def test_what_is_lost_is_held_against_what_there_was_without_a_block(tmp_path: Path) -> None:
    lost = use_lost(_folder(tmp_path, "none", (0.9, 0.1)))
    # 20 of 80 and 30 of 50 hours are kept: 0.75 and 0.4 are lost.
    assert lost["wide"].middle == pytest.approx(0.75)
    assert (lost["wide"].low, lost["wide"].high) == pytest.approx((0.4, 0.75))
    assert lost["wide"].often == pytest.approx(0.9)
    assert lost["wide"].left == pytest.approx(0.6)
    assert lost["none"].high == 0


def test_it_is_out_of_all_hours_where_no_blocking_was_not_compared(tmp_path: Path) -> None:
    lost = use_lost(_folder(tmp_path, "wide", (0.1, 0.9)))
    assert lost["wide"].middle == pytest.approx(0.7)
    assert lost["none"].middle == pytest.approx(0.5)
    luck = use_lost(cast("RunFolder", SimpleNamespace(path=tmp_path, n_draws=0, manifest={})))[
        "wide"
    ]
    # 20 and 30 of 100 hours are kept: nine in ten lie from 0.705 to 0.795, between 0.7 and 0.8.
    assert luck.middle == luck.given == pytest.approx(0.75)
    assert (luck.luck_low, luck.luck_high) == pytest.approx((0.705, 0.795))
    assert math.isnan(luck.low)
    assert math.isnan(luck.often)


def _lost(middle: float, often: float, left: float = 0.5) -> Lost:
    return Lost(0.2, middle, 0.9, often, left)


def test_whether_a_goal_is_reached_rests_on_those_who_left_too() -> None:
    """Three tenths of the hours were denied, and three quarters of the use was lost."""
    denied: Row = {"denominator": 100.0, "mean": 30.0}
    denied |= {"all_share": 0.3, "all_share_low": 0.1, "all_share_high": 0.45}
    effect = {"wide": denied, "exact": denied | {"all_share": 0.28}, "none": denied}
    lost = {"wide": _lost(0.75, 0.86), "exact": _lost(0.73, 0.8), "none": _lost(0.0, 0.0)}
    assert is_enough(lost, effect, "none").replace(NBSP, " ") == (
        "With the strategies compared, the target lost 73 to 75 % of the use there would have been "
        "with none, in the median of the draws (20 to 90 % in nine of ten); half of it or more in "
        "80 to 86 % of them. Users who left are counted in that; those who still tried were denied "
        "28 to 30 % of all hours (10 to 45 %)."
    )
    stayed = {"wide": _lost(0.3, 0.0, 0.0)}
    said = is_enough(stayed, effect, "none", is_against_nothing=False)
    assert "lost 30" in said
    assert "of all its users' hours" in said
    assert "had left; denied were" in said
    assert is_enough({"none": _lost(0.4, 0.0)}, effect, "none") == ""


def test_the_head_says_what_was_lost_in_all(comparison_folder: Path, shipped_run: Path) -> None:
    run = open_run(comparison_folder)
    labels = [name for name in run.strategies if name != run.manifest["baseline"]][:2]
    told: list[Row] = [
        {"strategy": name, "metric": metric, "mean": mean}
        for metric, means in ((COLLATERAL, (4.0, 1.0)), (EFFICACY, (100.0, 50.0)))
        for name, mean in zip(labels, means, strict=True)
    ]

    drawn = RunFolder(run.path, {**run.manifest, "n_draws": 64}, run.scenario)

    def end(*middles: float, run: RunFolder = drawn) -> str:
        lost = {name: _lost(one, 1.0) for name, one in zip(labels, middles, strict=True)}
        return headline_of_comparison(run, told, [], lost=lost).says.partition("; ")[2]

    assert end(0.75, 0.73) == (
        "the target lost three in four (one in five to nine in ten) of its use with each."
    )
    # Few draws have no range to tell, as elsewhere at the head.
    few = RunFolder(run.path, {**run.manifest, "n_draws": 19}, run.scenario)
    assert end(0.75, 0.73, run=few) == "the target lost three in four of its use with each."
    # The one that denies most is another than the one under which most is lost.
    assert end(0.3, 0.9) == "which costs the target most is not settled."
    assert end(0.9, 0.3).endswith("cost the target most.")
    rows: dict[str, Row] = {
        EFFICACY: {"mean": 30.0, "denominator": 100.0},
        "businesses_ever_impaired_share": {"mean": 0.5},
    }
    says = headline_of_run(open_run(shipped_run), rows, lost={"a": _lost(0.75, 1.0)}).says
    assert "the target's users lost three in four of their hours" in says


def test_what_is_as_given_outside_the_draws_is_said_by_numbers() -> None:
    rows: list[Row] = [
        {"metric": metric, "strategy": "a", "unit": "x", "given": given, "all_low": 2.0,
         "all_high": 4.0, "mean": 3.0}
        for metric, given in ((COLLATERAL, 4.0), (EFFICACY, 5.0))
    ]  # fmt: skip
    lost = {"a": replace(_lost(0.75, 0.9), given=0.04)}
    said = outside_in_words(rows, lost).replace(NBSP, " ")
    assert said.startswith(
        "Of the key figures, the scenario as given lies outside what nine in ten draws have in "
        "these: target: use lost (4 % as given, 20 to 90 % in the draws); target: user-hours "
        "denied (5 as given, 2 to 4 in the draws). What is told as given, charts and map among "
        "it, shows another world"
    )
    inside = {"a": replace(_lost(0.75, 0.9), given=0.2)}
    assert outside_in_words(rows[:1], inside) == ""
    # With no blocking nothing is lost: of what the others are held against nothing is said.
    assert outside_in_words(rows, lost, "a") == ""


def test_use_lost_is_a_key_figure_by_which_the_head_can_be_traced() -> None:
    row: Row = {"metric": EFFICACY, "unit": "user-hours", "mean": 30.0, "denominator": 100.0}
    lost = Lost(0.2, 0.75, 0.9, 0.8, 0.5, 0.04, 0.03, 0.05)
    _, figure = key_figures({EFFICACY: row}, lost=lost)
    told = [one.replace(NBSP, " ") for one in (figure.value, figure.range, figure.all)]
    assert figure.label == "Target: use lost"
    assert told == [
        "75 %",
        "As given 4 %, by luck 3 to 5 %",
        "With all that is not known: 20 to 90 %; as given it lies below the range of nine in ten "
        "draws",
    ]
    luck = Lost(math.nan, 0.04, math.nan, math.nan, 0.01, 0.04, 0.03, 0.05)
    _, figure = key_figures({EFFICACY: row}, lost=luck)
    assert (figure.range.replace(NBSP, " "), figure.all) == ("3 to 5 % by luck (90 %)", "")
    assert len(key_figures({EFFICACY: row})) == 1


def test_the_first_picture_shows_what_was_lost_in_all() -> None:
    strategies = [{"label": one, "id": one, "parameters": {}} for one in ("exact", "none")]
    rows: list[Row] = [
        {"strategy": one, "metric": EFFICACY, "mean": 30.0, "denominator": 100.0, "all_share": 0.3}
        for one in ("exact", "none")
    ]
    lost = {"exact": _lost(0.75, 0.9)}
    bars = bars_of_comparison(rows, strategies, "none", lost=lost)
    assert bars.heads == ("Target: share of its use lost",)
    ((_, _, (bar,)),) = bars.rows
    assert (bar.value.replace(NBSP, " "), bar.range.replace(NBSP, " ")) == ("75 %", "20 to 90 %")
    without = bars_of_comparison(rows, strategies, "none")
    assert without.heads == ("Target: share of its users' hours denied",)


def test_an_unknown_on_which_several_numbers_hang_is_named_once(drawn_run: Path) -> None:
    rows: list[Row] = [
        {"metric": metric, "hangs_on_1": key, "hangs_on_1_share": 0.5, "unit": "x"}
        for metric, key in (
            (COLLATERAL, "compliance"), (EFFICACY, "share"), ("names_hit", "compliance")
        )
    ]  # fmt: skip
    said = hang_most_on(open_run(drawn_run), rows, (COLLATERAL, EFFICACY, "names_hit"))
    assert said == (
        "What each number hangs on most: compliance (business-hours impaired, names "
        "hit); share (target: user-hours denied)."
    )


def test_draws_say_how_many_numbers_they_vary_and_where_counts_hang(
    drawn_run: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(drawn_run, folder)
    # Two draws of two parts of one unknown, and of how many businesses there are.
    drawn = [
        (draw, 1.0, *one, amount)
        for draw, many in enumerate((700.0, 1900.0))
        for one, amount in (
            (("a", 0), 0.5), (("a", 1), 0.5), (("population.n_businesses", 0), many)
        )
    ]  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute(
            "CREATE TABLE v (draw BIGINT, weight DOUBLE, unknown TEXT, part BIGINT, amount DOUBLE)"
        )
        connection.executemany("INSERT INTO v VALUES (?, ?, ?, ?, ?)", drawn)
        connection.execute(f"COPY v TO '{folder / 'draw_values.parquet'}'")
    run = open_run(folder)
    assert n_drawn(run) == 3
    page = html.unescape(render(run))
    assert "each with other values of 3 assumed numbers" in page
    assert "3 numbers are drawn from their ranges" in page
    assert "which the draws vary from 700 to 1,900" in page
    luck = RunFolder(run.path, {**run.manifest, "n_draws": 0}, run.scenario)
    assert "No range here holds another number." in html.unescape(render(luck))


def test_a_folder_that_keeps_no_hours_says_nothing_of_them(tmp_path: Path) -> None:
    run = SimpleNamespace(path=tmp_path, n_draws=0, manifest={})
    assert use_lost(cast("RunFolder", run)) == {}
