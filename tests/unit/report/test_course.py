"""What a scenario takes for its course, and whom its end cuts off, are said where numbers stand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import pytest

from sim.catalogue.choices import COLLATERAL
from sim.report.page.at_end import StillImpaired, still_impaired, still_impaired_in_words
from sim.report.page.course import are_orders_given, nobody_reacts, own_course
from sim.report.page.first_picture.bars import bars_of_comparison
from sim.report.page.hangs_on import (
    hang_most_on,
    hangs_first_on,
    hangs_on,
    shares_of,
    telling_shares_of,
    unknown_in_words,
)
from sim.report.page.head.answer import answer_run
from sim.report.page.head.headline import headline_of_run
from sim.report.page.head.how_sure import _time_span
from sim.report.page.head.opening import _down
from sim.report.page.key_figures import key_figures
from sim.report.page.operators import _impaired
from sim.report.page.sites import _when
from sim.report.words.languages import IN_ENGLISH, language
from sim.results.read import RunFolder, open_run
from sim.results.tables import Row
from tests.unit.report.test_answer import summary_row

NBSP = "\N{NO-BREAK SPACE}"
HIT_SHARE, HIT_FOR = "businesses_ever_impaired_share", "hours_impaired_median"


def _run(scenario: dict[str, Any], *strategies: dict[str, Any]) -> RunFolder:
    labels = [one["label"] for one in strategies]
    manifest = {"strategies": list(strategies)}
    return cast(
        "RunFolder", SimpleNamespace(scenario=scenario, manifest=manifest, strategies=labels)
    )


def test_a_comparison_without_the_scenario_s_own_strategy_says_so() -> None:
    own = {"id": "aggregate", "length": 24, "purity": 0.9}
    other = {"label": "exact", "id": "exact", "parameters": {}}
    said = own_course(_run({"strategy": own}, other))
    assert said == (
        "The scenario's own strategy, \u201cwhole /24 networks\u201d, is not among those compared: "
        "the course that the scenario itself takes is not shown."
    )
    mine = {"label": "aggregate", "id": "aggregate", "parameters": {"length": 24}}
    assert own_course(_run({"strategy": own}, other, mine)) == ""
    wider = {**mine, "parameters": {"length": 16}}
    assert own_course(_run({"strategy": own}, other, wider)) == said
    assert own_course(_run({"strategy": None}, other)) == ""
    # Of other orders in the same words, it is the one that is called so where it is added.
    mine = {"label": "orders", "id": "orders", "parameters": {"orders": ["a"]}}
    given = {"id": "orders", "orders": ["b"]}
    said = own_course(_run({"strategy": given}, mine))
    assert "\u201cthe orders given (own)\u201d" in said


def test_the_head_of_a_comparison_says_what_it_lacks(comparison_folder: Path) -> None:
    from sim.report.page.document import render
    from sim.report.page.head.headline import headline

    run = open_run(comparison_folder)
    ids = {one["id"] for one in run.manifest["strategies"]}
    foreign = "geoblock" if "exact" in ids else "exact"
    without = replace(run, scenario={**run.scenario, "strategy": {"id": foreign}})
    lacks = headline(without).lacks
    assert "is not among those compared" in lacks
    assert "is not among those compared" in render(without)
    (first, *_) = run.manifest["strategies"]
    inside = {**run.scenario, "strategy": {"id": first["id"], **first.get("parameters", {})}}
    assert headline(replace(run, scenario=inside)).lacks == ""


def _curves(path: Path, name: str, column: str, rows: list[tuple[int, int, float, float]]) -> None:
    """Rows of a run or a draw: which, second, businesses impaired, out of how many."""
    others = "0 AS replicate, " if column == "draw" else ""
    splits = "NULL AS provider, NULL AS sector, NULL AS role, "
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE c (which BIGINT, t_s BIGINT, v DOUBLE, d DOUBLE)")
        connection.executemany("INSERT INTO c VALUES (?, ?, ?, ?)", rows)
        connection.execute(
            f"COPY (SELECT which AS {column}, {others}{splits} 's' AS strategy, t_s, "
            "'businesses_impaired' AS metric, v AS value, d AS denominator FROM c) "
            f"TO '{path / name}'"
        )


def test_who_is_still_impaired_at_the_end_is_read_off_the_curves(tmp_path: Path) -> None:
    _curves(tmp_path, "curves.parquet", "replicate", [
        (0, 0, 0, 10), (0, 50, 8, 10), (0, 90, 6, 10), (1, 0, 0, 10), (1, 20, 4, 10),
    ])  # fmt: skip
    start = datetime(2018, 6, 4, 23, 58, 20, tzinfo=UTC)
    run = SimpleNamespace(
        path=tmp_path, strategies=["s"], n_draws=0, start=start, horizon_s=100, manifest={}
    )
    found = still_impaired(cast("RunFolder", run))
    assert found is not None
    assert (found.said, found.given) == pytest.approx((0.5, 0.5))
    assert math.isnan(found.low)
    # Who was hit is not kept.
    assert math.isnan(found.of_hit)
    assert not found.is_median_cut
    # It ends at midnight.
    assert found.last_day is not None
    assert found.last_day.day == 4
    with duckdb.connect() as connection:
        # Hit are eight and four; for 1, 1, 1, 1, 2, 2, 2, 2 hours and for 3, 3, 3, 9.
        connection.execute(
            "COPY (SELECT 's' AS strategy, 3600 * unnest([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 9, 0]) "
            f"AS impaired_s) TO '{tmp_path / 'businesses.parquet'}'"
        )
    found = still_impaired(cast("RunFolder", run))
    assert found is not None
    assert (found.of_hit, found.median_h) == pytest.approx((10 / 12, 2.0))
    assert found.is_median_cut
    assert still_impaired_in_words(found).replace(NBSP, " ") == (
        "When the run ended, 50 % of the businesses were still impaired: its end is chosen, and "
        "how long they were impaired is at least what is told."
    )
    _curves(tmp_path, "draw_curves.parquet", "draw", [
        (0, 0, 9, 20), (0, 90, 4, 20), (1, 90, 12, 20), (2, 90, 16, 20),
    ])  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT * FROM (VALUES (0, 0.2), (1, 0.6), (2, 0.2)) AS w(draw, weight)) "
            f"TO '{tmp_path / 'draw_values.parquet'}'"
        )
        # Of 20 each, 16, 15 and 16 were hit at some time.
        connection.execute(
            "COPY (SELECT 's' AS strategy, 'businesses_ever_impaired' AS metric, * FROM "
            "(VALUES (0, 16.0), (1, 15.0), (2, 16.0)) AS m(draw, value)) "
            f"TO '{tmp_path / 'draw_measures.parquet'}'"
        )
    run.n_draws = 3
    found = still_impaired(cast("RunFolder", run))
    assert found is not None
    assert (found.low, found.said, found.high) == pytest.approx((0.2, 0.6, 0.8))
    # A quarter, four in five, all: each out of those of its own draw.
    assert (found.of_hit, found.of_hit_high) == pytest.approx((0.8, 1.0))
    assert "60 % of the businesses (20 to 80 % with all that is not known; as given 50 %)" in (
        still_impaired_in_words(found).replace(NBSP, " ")
    )
    assert still_impaired_in_words(StillImpaired(0.0, 0.1, 0.0, 0.2)) == ""
    assert still_impaired_in_words(None) == ""


LAST = datetime(2018, 6, 4, tzinfo=UTC)


def cut(of_hit: float, of_hit_high: float = math.nan, median_h: float = math.nan) -> StillImpaired:
    return StillImpaired(
        0.4, 0.4, math.nan, math.nan, of_hit, of_hit_high, median_h=median_h, last_day=LAST
    )


def test_a_time_that_the_end_cuts_is_no_length_of_time(shipped_run: Path) -> None:
    """In the head, of strategies, among the figures, and as the end of a range."""
    run = open_run(shipped_run)
    told: dict[str, Row] = {
        HIT_SHARE: {"mean": 0.8},
        HIT_FOR: {"metric": HIT_FOR, "mean": 200.0, "unit": "h"},
    }
    still = "three in four of them were still hit when the simulation ends on 4 June 2018"
    says = headline_of_run(run, told, at_end=cut(0.75)).says
    assert f"were hit; {still}" in says
    assert "half for" not in says
    says = headline_of_run(run, told, at_end=cut(0.49)).says
    assert "half for eight days or more in all" in says
    assert "still" not in says
    (figure,) = key_figures(told, at_end=cut(0.75))[-1:]
    assert figure.value.replace(NBSP, " ") == "at least 200 h (8 days)"
    assert figure.of == f"T{still[1:]}"
    # A lower bound is rounded down: 1,199.6 h are 49.98 days.
    cut_off = {**told, HIT_FOR: {"metric": HIT_FOR, "mean": 1199.6, "unit": "h"}}
    (figure,) = key_figures(cut_off, at_end=cut(0.75))[-1:]
    assert figure.value.replace(NBSP, " ") == "at least 1,199 h (49 days)"
    (figure,) = key_figures(told, at_end=cut(0.49))[-1:]
    assert (figure.value.replace(NBSP, " "), figure.of) == ("200 h (8 days)", "")
    strategies = [{"label": "exact", "id": "exact", "parameters": {}}]
    rows: list[Row] = [
        {"strategy": "exact", "metric": COLLATERAL, "mean": 9.0},
        {"strategy": "exact", "metric": HIT_SHARE, "mean": 0.8},
        {"strategy": "exact", "metric": HIT_FOR, "mean": 200.0, "all_low": 30.0, "all_high": 400.0},
    ]
    for at_end, said in (
        (cut(0.75, 0.9), still),
        (cut(0.3, 0.9), "half of them for eight days or more (30 hours to the simulation's end)"),
        (cut(0.3, 0.4), "half of them for eight days or more (30 hours to 17 days)"),
    ):
        ((_, _, (_, hit)),) = bars_of_comparison(
            rows, strategies, "none", at_end={"exact": at_end}
        ).rows
        assert hit.more == said
    # Of a comparison that was asked for this measure and no share.
    alone = [rows[0], rows[2]]
    ((_, _, (_, hit)),) = bars_of_comparison(
        alone, strategies, "none", at_end={"exact": cut(0.75)}
    ).rows
    assert hit.more == still
    row: Row = {"all_low": 30.0, "all_high": 400.0}
    assert _time_span(row, cut(0.75, 0.9), IN_ENGLISH) == ""
    assert _time_span(row, cut(0.3, 0.9), IN_ENGLISH) == "30 hours to the simulation's end"
    assert "simulation" not in _time_span(row, cut(0.3, 0.4), IN_ENGLISH)


def test_the_end_of_the_run_ends_no_outage_of_a_site() -> None:
    start = datetime(2018, 5, 31, 21, tzinfo=UTC)
    run = cast("RunFolder", SimpleNamespace(start=start, horizon_s=3 * 86_400))
    row = {"first_outage_utc": "2018-06-01T10:00:00Z", "last_outage_utc": "2018-06-03T21:00:00Z"}
    assert _when(row, run, IN_ENGLISH).range == (
        "still affected when the simulation ends on 3 June 2018"
    )
    row["last_outage_utc"] = "2018-06-03T20:59:59Z"
    assert _when(row, run, IN_ENGLISH).range == "to 2018-06-03 20:59:59 UTC"


def test_hours_at_an_operator_are_of_the_hours_of_the_simulation() -> None:
    run = cast("RunFolder", SimpleNamespace(horizon_s=50 * 86_400))
    by = {
        ("s", "o", "businesses_ever_impaired"): summary_row("n", 10.0),
        ("s", "o", "business_hours_impaired"): summary_row("h", 10 * 48.0 * 24),
    }
    (*_, of_whole) = _impaired(by, "s", "o", run, IN_ENGLISH).all.split(", ")
    assert of_whole == "of the simulation's 50 days"


def test_half_of_the_businesses_are_those_of_all_replicates(shipped_run: Path) -> None:
    """A mean of medians may be a time for which no business was hit."""
    told: dict[str, Row] = {HIT_SHARE: {"mean": 0.8}, HIT_FOR: {"mean": 50.0 * 24, "unit": "h"}}
    at_end = cut(0.1, median_h=35.0 * 24)
    says = headline_of_run(open_run(shipped_run), told, at_end=at_end).says
    assert "half for five weeks or more in all" in says
    # Of 72, 72, 72 and 48 hours none is more than three days.
    at_end = cut(0.0, median_h=72.0)
    said = [headline_of_run(open_run(shipped_run), told, language(code), at_end).says
            for code in ("en", "es", "it", "ru")]  # fmt: skip
    lengths = ("for three days or more", "3 días o más", "3 giorni o più", "3 дня или дольше")
    for length, says in zip(lengths, said, strict=True):
        assert length in says.replace(NBSP, " ")
    # Over draws it is their median.
    told[HIT_FOR] = {**told[HIT_FOR], "all_low": 1.0, "all_high": 2000.0}
    says = headline_of_run(open_run(shipped_run), told, at_end=at_end).says
    assert "half for seven weeks or more in all" in says
    # Among the figures it is named what it is.
    row = summary_row(HIT_FOR, 40.0, 35.0, 45.0) | {"unit": "h"}
    (figure,) = key_figures({HIT_FOR: row})
    assert figure.range.replace(NBSP, " ") == (
        "mean of each replicate's median; 35 to 45 in 90 % of replicates"
    )


@pytest.mark.parametrize(
    ("population", "said"),
    [
        ({"n_businesses": 9}, "modelled businesses in foreign clouds were hit"),
        ({"n_businesses": 9, "inventory": "x"}, "of the sites named and businesses modelled were"),
        ({"n_businesses": 0, "inventory": "x"}, "of the sites named were hit"),
    ],
)
def test_the_head_names_whom_it_counts(
    shipped_run: Path, population: dict[str, Any], said: str
) -> None:
    run = open_run(shipped_run)
    asked = replace(run, scenario={**run.scenario, "population": population})
    for rows in ({HIT_SHARE: {"mean": 0.8}}, {HIT_SHARE: {"mean": 0.8}, HIT_FOR: {"mean": 9.0}}):
        assert said in headline_of_run(asked, cast("dict[str, Row]", rows)).says


def test_harm_is_said_to_be_an_upper_bound_where_nobody_reacts() -> None:
    (alone,) = nobody_reacts(_run({"reactions": None}))
    assert "no customer takes to a VPN" in alone
    assert "upper bound" in alone
    (users,) = nobody_reacts(_run({"users": {"vpn_max": 0.1}}))
    assert "VPN" not in users
    assert "upper bound" in users
    assert nobody_reacts(_run({"reactions": {"responses": "r"}})) == []


def test_a_program_or_a_complaint_is_not_said_to_be_no_reaction() -> None:
    users = {"vpn_max": 0.1}
    (programs,) = nobody_reacts(_run({"users": users, "switching": {}}))
    assert "No business reacts" not in programs
    assert "a program takes some sites off a shared range" in programs
    assert "what it costs to be without protection meanwhile is not in it" in programs
    (heard,) = nobody_reacts(_run({"users": users, "complaints": {}, "switching": None}))
    assert "No business reacts" not in heard
    assert "No business moves its site" in heard
    both = nobody_reacts(_run({"switching": {"share_businesses": 0.1}}))
    assert both == [programs, "No customer takes to a VPN."]
    assert nobody_reacts(_run({"reactions": {"responses": "r"}, "switching": {}})) == []


def test_orders_that_are_given_are_not_called_sure() -> None:
    assert are_orders_given(
        _run({"strategy": {"id": "replay", "orders": "t", "order_times": "best"}})
    )
    assert not are_orders_given(
        _run({"strategy": {"id": "replay", "orders": "t", "order_times": "drawn"}})
    )
    # Another strategy has orders of its own, on weekdays and at hours, as the world answers.
    assert not are_orders_given(_run({"strategy": {"id": "orders", "orders": "t"}}))
    assert not are_orders_given(_run({"strategy": {"id": "exact"}}))
    listed: Row = {
        "mean": 5.0, "low": 5.0, "high": 5.0, "all_low": 5.0, "all_high": 5.0, "given": 5.0,
        "unit": "addresses",
    }  # fmt: skip
    rows = {"addresses_listed_peak": listed}
    assert (
        "(the orders are given here, and not varied)"
        in (answer_run(rows, 0.1, are_orders_given=True)[0])
    )
    assert "given here" not in answer_run(rows, 0.1)[0]


def test_a_count_is_not_said_to_hang_on_how_many_there_are(drawn_run: Path) -> None:
    row: Row = {
        "metric": COLLATERAL, "unit": "business-hours",
        "hangs_on_1": "population.n_businesses", "hangs_on_1_share": 0.8,
        "hangs_on_2": "fronts.monitor_lag_h", "hangs_on_2_share": 0.1,
    }  # fmt: skip
    assert telling_shares_of(row) == [("fronts.monitor_lag_h", 0.1)]
    assert len(telling_shares_of({**row, "unit": "share of businesses"})) == 2
    run = open_run(drawn_run)
    said = hang_most_on(run, [row], [COLLATERAL])
    assert "businesses hosted" not in said
    # The key figures name it first: who leaves it aside says so.
    assert said.startswith(
        "What each number hangs on most, how many businesses and users there are left aside: "
    )
    first, second = (unknown_in_words(run, key) for key, _ in shares_of(row))
    assert f"{first} for 80" in hangs_on(run, {**row, "share_luck": 0.1})
    assert second in said
    head = hangs_first_on(run, row, is_harm=True)
    assert head == f"Harm hangs most on, how many businesses there are left aside: {second}."
    other: Row = {**row, "hangs_on_1": "fronts.monitor_lag_h", "hangs_on_2": ""}
    assert hang_most_on(run, [other], [COLLATERAL]).startswith("What each number hangs on most: ")
    assert hangs_first_on(run, other, is_harm=True).startswith("Harm hangs most on: ")
    assert said.endswith("(business-hours impaired).")


def test_who_was_down_is_out_of_all_and_of_the_draws() -> None:
    row: Row = {
        "mean": 140.0, "given": 300.0, "denominator": 1000.0, "all_share": 0.14,
        "all_share_low": 0.04, "all_share_high": 0.372,
    }  # fmt: skip
    found = _down(row, IN_ENGLISH)
    assert found is not None
    assert [one.replace(NBSP, " ") for one in found] == [
        "14 %", " (the median of the draws, of which nine in ten have 4 to 37 %; as given 30 %)"
    ]  # fmt: skip
