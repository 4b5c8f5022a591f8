"""What the target lost in all: worked out by hand, draw by draw, with those who left."""

from __future__ import annotations

import html
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import duckdb
import pytest

from sim.catalogue.choices import COLLATERAL, EFFICACY, TARGET_LOST
from sim.report.page.bands import LEFT, n_drawn
from sim.report.page.document import render
from sim.report.page.first_picture.bars import bars_of_comparison
from sim.report.page.hangs_on import hang_most_on
from sim.report.page.head.headline import headline_of_comparison, headline_of_run
from sim.report.page.head.questions import questions
from sim.report.page.key_figures import key_figures
from sim.report.page.target_lost import how_often_half, is_enough, outside_in_words
from sim.results.read import RunFolder, open_run
from sim.results.tables import Row

NBSP = "\N{NO-BREAK SPACE}"
# Shares lost in each draw.
WITHOUT, BLOCKED = (0.0, 0.2), (0.7, 0.45)


def _folder(path: Path, weights: tuple[float, float]) -> RunFolder:
    shares = [
        (draw, strategy, metric, share)
        for strategy, draws in (("none", WITHOUT), ("wide", BLOCKED))
        for draw, share in enumerate(draws)
        for metric in (TARGET_LOST, "demand_lost_share")
    ]
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE m (draw BIGINT, strategy TEXT, metric TEXT, value DOUBLE)")
        connection.executemany("INSERT INTO m VALUES (?, ?, ?, ?)", shares)
        connection.execute("CREATE TABLE w (draw BIGINT, weight DOUBLE)")
        connection.executemany("INSERT INTO w VALUES (?, ?)", list(enumerate(weights)))
        connection.execute(f"COPY m TO '{path / 'draw_measures.parquet'}'")
        connection.execute(f"COPY w TO '{path / 'draw_values.parquet'}'")
    return cast("RunFolder", SimpleNamespace(path=path, n_draws=2))


def test_how_often_half_of_the_hours_is_lost_is_told_by_weight(tmp_path: Path) -> None:
    often = how_often_half(_folder(tmp_path, (0.6, 0.2)))
    assert often == {"none": 0.0, "wide": pytest.approx(0.75)}
    # Of a quarter of the hours, half is lost where an eighth of all is.
    assert how_often_half(_folder(tmp_path, (0.6, 0.2)), 0.25)["wide"] == pytest.approx(1.0)
    assert how_often_half(cast("RunFolder", SimpleNamespace(path=tmp_path, n_draws=0))) == {}


def _lost(strategy: str, middle: float, low: float = 0.2, high: float = 0.9) -> Row:
    row: Row = {"strategy": strategy, "metric": TARGET_LOST, "unit": "share of user-hours"}
    return row | {"mean": middle, "all_low": low, "all_high": high, "denominator": 100.0}


def _share(strategy: str, metric: str, share: float) -> Row:
    row: Row = {"strategy": strategy, "metric": metric, "unit": "user-hours", "mean": 30.0}
    return row | {
        "denominator": 100.0, "all_share": share, "all_share_low": 0.1, "all_share_high": 0.45
    }  # fmt: skip


def test_whether_a_goal_is_reached_rests_on_those_who_left_too() -> None:
    """Three tenths of the hours were denied, and three quarters were lost."""
    rows = [
        *(_lost("wide", 0.75), _lost("exact", 0.73), _lost("none", 0.0, 0.0, 0.0)),
        *(_share(name, EFFICACY, n) for name, n in (("wide", 0.3), ("exact", 0.28), ("none", 0.1))),
        *(_share(name, LEFT, 0.5) for name in ("wide", "exact", "none")),
    ]
    often = {"wide": 0.86, "exact": 0.8, "none": 0.0}
    verdicts: list[Row] = [
        {"metric": TARGET_LOST, "strategy": one, "other": other, "difference": middle,
         "difference_low": low, "difference_high": high}
        for one, other, middle, low, high in (
            ("none", "wide", -0.7, -0.9, -0.6),
            ("exact", "none", 0.68, 0.48, 0.78),
            ("wide", "exact", 0.02, -0.1, 0.1),
        )
    ]  # fmt: skip
    told = (
        "With the strategies compared, the target lost 73 to 75 % of all its users' hours, in the "
        "median of the draws (20 to 90 % in nine of ten); half of them or more in 80 to 86 % of "
        "them. Users who left are counted in that; those who still tried were denied 28 to 30 % of "
        "all hours (10 to 45 %)."
    )
    assert is_enough(rows, verdicts, often, "none").replace(NBSP, " ") == told
    rows[2] = _lost("none", 0.0, 0.0, 0.25)
    # Held against wide, none loses from 0.9 to 0.6 less.
    assert is_enough(rows, verdicts, often, "none").replace(NBSP, " ") == (
        f"{told} Beyond what they lacked with none in the same draw, they lost 68 to 70 % of all "
        "hours (48 to 90 %)."
    )
    stayed = [_lost("wide", 0.3), _share("wide", EFFICACY, 0.3), _share("wide", LEFT, 0.0)]
    assert "had left; denied were" in is_enough(stayed, [], {"wide": 0.0}, "none")
    assert is_enough([_lost("none", 0.4)], [], often, "none") == ""


def test_the_head_says_what_was_lost_in_all(comparison_folder: Path, shipped_run: Path) -> None:
    run = open_run(comparison_folder)
    labels = [name for name in run.strategies if name != run.manifest["baseline"]][:2]
    harm: list[Row] = [
        {"strategy": name, "metric": COLLATERAL, "mean": mean}
        for name, mean in zip(labels, (4.0, 1.0), strict=True)
    ]
    drawn = RunFolder(run.path, {**run.manifest, "n_draws": 64}, run.scenario)

    def end(*middles: float, run: RunFolder = drawn, verdict: str = "better") -> str:
        lost = [_lost(name, one) for name, one in zip(labels, middles, strict=True)]
        pair: Row = {"strategy": labels[0], "other": labels[1], "verdict": verdict}
        # What is settled of hours denied settles nothing of what was lost.
        verdicts = [
            pair | {"metric": TARGET_LOST},
            pair | {"metric": EFFICACY, "verdict": "better"},
        ]
        return headline_of_comparison(run, [*harm, *lost], verdicts).says.partition("; ")[2]

    assert end(0.75, 0.73) == (
        "each cost the target's users three in four (one in five to nine in ten) of their hours."
    )
    # Few draws have no range to tell, as elsewhere at the head.
    few = RunFolder(run.path, {**run.manifest, "n_draws": 19}, run.scenario)
    assert end(0.75, 0.73, run=few) == "each cost the target's users three in four of their hours."
    assert end(0.9, 0.3, verdict="not settled") == "which costs the target most is not settled."
    assert end(0.9, 0.3).endswith("cost the target most.")
    assert end(0.0, 0.0) == "none cost the target anything."
    rows: dict[str, Row] = {
        TARGET_LOST: _lost("a", 0.75), "businesses_ever_impaired_share": {"mean": 0.5}
    }  # fmt: skip
    says = headline_of_run(open_run(shipped_run), rows).says
    assert "the target's users lost three in four of their hours" in says


def test_a_folder_of_an_earlier_version_is_told_by_hours_denied(
    comparison_folder: Path, shipped_run: Path
) -> None:
    """And that they were denied is said: those who left are not in it."""
    run = open_run(comparison_folder)
    labels = [name for name in run.strategies if name != run.manifest["baseline"]][:2]
    rows: list[Row] = [
        {"strategy": name, "metric": metric, "mean": mean}
        for metric, means in ((COLLATERAL, (4.0, 1.0)), (EFFICACY, (100.0, 99.0)))
        for name, mean in zip(labels, means, strict=True)
    ]
    says = headline_of_comparison(run, rows, []).says
    assert says.endswith("; the target lost about as much with each.")
    own = open_run(shipped_run)
    told: dict[str, Row] = {
        EFFICACY: {"mean": 25.0, "denominator": 100.0},
        "businesses_ever_impaired_share": {"mean": 0.5},
    }
    assert headline_of_run(own, told).says.endswith(
        "; the target's users were denied one in four of their hours."
    )
    with_users = RunFolder(own.path, own.manifest, {**own.scenario, "users": {"tick_h": 1}})
    for run, said in (
        (with_users, "Not told: an earlier version made this result; a new run tells it."),
        (own, "Not known: the scenario has no users of the target."),
    ):
        assert said in [one.said for one in questions(run, {}, "", "")]


def test_what_is_as_given_outside_the_draws_is_said_by_numbers() -> None:
    rows: list[Row] = [
        {"metric": metric, "strategy": "a", "unit": "x", "given": given, "all_low": 2.0,
         "all_high": 4.0, "mean": 3.0}
        for metric, given in ((COLLATERAL, 4.0), (EFFICACY, 5.0))
    ]  # fmt: skip
    rows.append(_lost("a", 0.75) | {"given": 0.04})
    said = outside_in_words(rows).replace(NBSP, " ")
    assert said.startswith(
        "Of the key figures, the scenario as given lies outside what nine in ten draws have in "
        "these: target: user-hours denied (5 as given, 2 to 4 in the draws); target: share of "
        "user-hours lost (4 % as given, 20 to 90 % in the draws). What is told as given, the map "
        "among it, shows another world"
    )
    inside = _lost("a", 0.75) | {"given": 0.2}
    assert outside_in_words([*rows[:1], inside]) == ""
    # With no blocking nothing is lost: of what the others are held against nothing is said.
    assert outside_in_words(rows, "a") == ""
    # Of a baseline that blocks something it is said, as of the others.
    both = [*rows, *({**row, "strategy": "b"} for row in rows)]
    assert "under all strategies or some" in outside_in_words(both)


def test_the_share_lost_is_a_key_figure_by_which_the_head_can_be_traced() -> None:
    row: Row = {"metric": EFFICACY, "unit": "user-hours", "mean": 30.0, "denominator": 100.0}
    lost = _lost("a", 0.75) | {
        "given": 0.04, "low": 0.03, "high": 0.05, "denominator_unit": "user-hours"
    }  # fmt: skip
    _, figure = key_figures({TARGET_LOST: lost, EFFICACY: row})
    told = [one.replace(NBSP, " ") for one in (figure.value, figure.range, figure.all)]
    assert figure.label == "Target: share of user-hours lost"
    assert told == [
        "75 %",
        "As given 4 % out of 100 user-hours, by luck 3 to 5 %",
        "With all that is not known: 20 to 90 %; as given it lies below the range of nine in ten "
        "draws",
    ]


def test_the_first_picture_shows_what_was_lost_in_all() -> None:
    strategies = [{"label": one, "id": one, "parameters": {}} for one in ("exact", "none")]
    rows: list[Row] = [
        {"strategy": one, "metric": EFFICACY, "mean": 30.0, "denominator": 100.0, "all_share": 0.3}
        for one in ("exact", "none")
    ]
    bars = bars_of_comparison([*rows, _lost("exact", 0.75)], strategies, "none")
    assert bars.heads == ("Target: share of its users' hours lost",)
    (_, _, (bar,)), _ = bars.rows
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
