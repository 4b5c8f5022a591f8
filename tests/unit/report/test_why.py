"""Why businesses were hit: by cause, provider, operator and session, counted a second time."""

from __future__ import annotations

import csv
import math
import re
import shutil
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import numpy as np
import pytest

from sim.catalogue.causes import CAUSES, OWN_ADDRESS
from sim.measure.by_operator import read_operators
from sim.report.figures.map_frames import map_data
from sim.report.page.by_provider import (
    hit_by_provider,
    stand_ins_in_words,
    unlisted_in_words,
)
from sim.report.page.cells import Choice, Strip
from sim.report.page.document import render
from sim.report.page.groups import nothing_by
from sim.report.page.operators import name_of, operator_table
from sim.report.page.sessions import Session, integral_h, most_in, session_table, sessions_of
from sim.report.page.why import (
    chains,
    drawn_parts,
    orders_in_words,
    unprotected_in_words,
)
from sim.report.words.languages import IN_ENGLISH, language
from sim.report.words.numbers import NBSP
from sim.results.read import CurvePoints, RunFolder, open_run
from sim.results.tables import Row, read_rows
from sim.scenario.tables.rows import OperatorRow
from tests.unit.report.test_group_tables import rows


def row_of(cause: str, metric: str, mean: float) -> Row:
    return {
        "strategy": "exact", "by": "cause", "group": cause, "metric": metric, "mean": mean,
        "low": mean, "high": mean, "denominator": 1000.0, "unit": "businesses",
    }  # fmt: skip


def test_chains_go_from_the_order_to_the_business_the_largest_first() -> None:
    lost = {"own_address": 0.02, "component_elsewhere": 0.0, "bought_service": 0.06, "name": 0.0}
    made = [row_of(cause, "demand_lost_share", share) for cause, share in lost.items()]
    made += [
        row_of(cause, "businesses_ever_impaired", 1000 * share) for cause, share in lost.items()
    ]
    found = chains(made, "exact")
    assert [one.label for one in found] == ["Bought service", "Own address"]
    assert found[0].steps[0] == "an order lists an address"
    assert "a service it buys stands there" in found[0].steps[2]
    assert found[0].part.replace(NBSP, " ") == "75 % of what failed"
    assert found[0].length == 75
    # What counts under the cause is a part of the site in the front end's place too.
    assert "or a part of its own in the same place" in found[1].steps[2]
    assert "component of one's own in the front end's place" in CAUSES[OWN_ADDRESS].what
    assert found[0].hit == "hit, mostly in this way: 60 of 1,000 businesses"
    assert sum(one.length for one in found) == pytest.approx(100)


def test_there_is_no_chain_where_nothing_failed() -> None:
    assert chains([row_of("name", "demand_lost_share", 0.0)], "exact") == ()
    assert chains(rows(), "another") == ()


def test_causes_by_which_nothing_failed_are_named() -> None:
    made = [row_of(cause.name, "demand_lost_share", 0.0) for cause in CAUSES]
    assert nothing_by(made, "exact", 0, IN_ENGLISH) == ""
    made[0] = row_of(CAUSES[0].name, "demand_lost_share", 0.2)
    none = ", ".join(cause.label for cause in CAUSES[1:])
    assert nothing_by(made, "exact", 1, IN_ENGLISH) == f"Nothing failed by: {none}."
    # Draws have a chain of what as given is nothing.
    assert nothing_by(made, "exact", 2, IN_ENGLISH) == ""


def test_orders_are_told_as_far_as_they_are_known() -> None:
    made: dict[str, Row] = {
        name: {"mean": mean}
        for name, mean in (
            ("orders_placed", 80.0), ("addresses_listed_peak", 1.5e6),
            ("addresses_dropped_peak", 1e6),
        )
    }  # fmt: skip
    said = orders_in_words(made).replace(NBSP, " ")
    # The measure counts withdrawals too, and these put nothing on the register.
    assert said.startswith(
        "80 orders placed or withdrew entries; at the peak 1.50 million addresses stood on the "
        "register; "
    )
    del made["orders_placed"]
    assert (
        orders_in_words(made)
        .replace(NBSP, " ")
        .startswith("At the peak 1.50 million addresses stood on the register")
    )
    assert orders_in_words({}) == ""


def test_peaks_of_replicates_are_not_peaks_of_a_mean_curve() -> None:
    made: dict[str, Row] = {
        name: {"mean": 10.0} for name in ("addresses_listed_peak", "addresses_dropped_peak")
    }
    alone, of_several = (orders_in_words(made, is_of_several=one) for one in (False, True))
    assert alone.endswith("an average user's operator dropped 10.")
    assert of_several == (
        f"{alone} Addresses are the most at any time of a replicate, mean over replicates: curves, "
        "which are means at each time, have lower peaks."
    )


def test_an_operator_without_a_name_is_not_called_like_a_hosting_provider() -> None:
    numbered, named = (
        cast("OperatorRow", SimpleNamespace(label=label))
        for label in ("provider 3", "Orange (fixed)")
    )
    assert [name_of(one, language("en")) for one in (numbered, named)] == [
        "operator 3", "Orange (fixed)"
    ]  # fmt: skip
    assert name_of(numbered, language("it")) == "operatore 3"


def test_orders_are_medians_of_draws_with_their_ranges_where_draws_are_kept() -> None:
    made: dict[str, Row] = {
        "addresses_listed_peak": {"mean": 1.5e6, "given": 1e6, "all_low": 2e5, "all_high": 3e6},
        "addresses_dropped_peak": {"mean": 1e6, "given": 9e5, "all_low": 1e5, "all_high": 2e6},
    }
    said = orders_in_words(made, has_draws=True).replace(NBSP, " ")
    assert said == (
        "Medians of the draws, with their ranges: addresses on the register at the peak: 1.50 "
        "million (200,000 to 3.00 million); dropped by an average user's operator: 1.00 million "
        "(100,000 to 2.00 million)."
    )


def test_parts_of_causes_are_weighted_medians_over_draws_of_each_draws_own_parts(
    shipped_run: Path, tmp_path: Path
) -> None:
    """Of three draws, the second of which weighs as much as both others, worked out by hand."""
    lost = {  # own address, bought service
        0: (0.03, 0.01, 1.0), 1: (0.10, 0.30, 2.0), 2: (0.01, 0.01, 1.0), 3: (0.0, 0.0, 5.0),
    }  # fmt: skip
    rows = [
        (draw, "replay", f"demand_lost_{cause}_share", value)
        for draw, (own, bought, _) in lost.items()
        for cause, value in (("own_address", own), ("bought_service", bought))
    ]
    duckdb.sql("CREATE OR REPLACE TEMP TABLE m(draw INT, strategy TEXT, metric TEXT, value DOUBLE)")
    duckdb.executemany("INSERT INTO m VALUES (?, ?, ?, ?)", rows)
    duckdb.sql(f"COPY m TO '{tmp_path}/draw_measures.parquet'")
    duckdb.sql("CREATE OR REPLACE TEMP TABLE w(draw INT, weight DOUBLE)")
    duckdb.executemany("INSERT INTO w VALUES (?, ?)", [(d, w) for d, (_, _, w) in lost.items()])
    duckdb.sql(f"COPY w TO '{tmp_path}/draw_values.parquet'")
    of = open_run(shipped_run)
    run = RunFolder(tmp_path, {**of.manifest, "n_draws": 4}, of.scenario)
    parts = drawn_parts(run, "replay")
    # Nothing failed in the last one, whatever it weighs: 0.75, 0.25 and 0.5 of the others.
    low, middle, high = parts["own_address"]
    assert 0.25 <= low <= middle <= 0.5 <= high <= 0.75
    assert low < high
    assert middle < 0.5
    assert parts["bought_service"][1] > 0.5
    assert parts["name"] == (0.0, 0.0, 0.0)
    assert drawn_parts(of, "replay") == {}
    assert drawn_parts(run, "none") == {}


def test_chains_tell_the_draws_and_say_what_is_as_given() -> None:
    lost = {"own_address": 0.02, "component_elsewhere": 0.0, "bought_service": 0.06, "name": 0.0}
    made = [row_of(cause, "demand_lost_share", share) for cause, share in lost.items()]
    made += [
        row_of(cause, "businesses_ever_impaired", 1000 * share) for cause, share in lost.items()
    ]
    nothing = (0.0, 0.0, 0.0)
    drawn = {"own_address": (0.3, 0.7, 0.9), "bought_service": (0.1, 0.25, 0.7),
             "component_elsewhere": (0.0, 0.0, 0.02), "name": nothing}  # fmt: skip
    found = chains(made, "exact", drawn=drawn)
    # What the draws put first comes first, and what some of them know of is told.
    assert [one.label for one in found] == ["Own address", "Bought service", "Component elsewhere"]
    assert [one.length for one in found] == [70.0, 25.0, 0.0]
    assert found[0].part.replace(NBSP, " ") == "70 % of what failed (30 to 90 %; as given 25 %)"
    assert found[0].hit == "as given, hit mostly in this way: 20 of 1,000 businesses"


def test_what_draws_do_not_keep_says_so_at_its_place(shipped_run: Path, drawn_run: Path) -> None:
    told = "As given: the draws keep none of this."
    page, alone = (render(open_run(folder)) for folder in (drawn_run, shipped_run))
    assert told not in alone
    places = ["By provider: ", "By sector: who was hit", "By operator: who drops", "The map of the"]
    for place in places:
        (after,) = re.findall(rf"<h[23][^>]*>{place}[^<]*</h[23]>(.{{100}})", page, re.DOTALL)
        assert told in after, place
    assert "From here on" not in page


def test_businesses_of_a_provider_are_counted_by_what_hit_them(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    table, _ = hit_by_provider(run, map_of(run), "replay")
    assert table is not None
    whole: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    by: Counter[tuple[str, str]] = Counter()
    for provider, cause, impaired_s in duckdb.execute(
        "SELECT provider, main_cause, impaired_s FROM read_parquet(?)",
        [str(shipped_run / "businesses.parquet")],
    ).fetchall():
        whole[provider] += 1
        if impaired_s > 0:
            hit[provider] += 1
            by[provider, cause] += 1
    n = run.n_replicates
    assert {line.cells[0].text for line in table.rows} == set(whole)
    heads = [column.title for column in table.columns]
    own = heads.index("mostly by their own address")
    for line in table.rows:
        provider = line.cells[0].text
        assert line.cells[1].sort == pytest.approx(whole[provider] / n)
        assert line.cells[2].sort == pytest.approx(hit[provider] / whole[provider])
        assert line.cells[own].sort == pytest.approx(by[provider, "own_address"] / n)
    assert sum(hit.values()) > 10


def test_a_provider_that_is_hit_without_being_listed_is_named(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    map_ = map_of(run)
    table, _ = hit_by_provider(run, map_, "replay")
    assert table is not None
    own = [one.title for one in table.columns].index("mostly by their own address")
    by_share = sorted(
        (line for line in table.rows if float(line.cells[1].sort or 0) > 3),
        key=lambda line: -float(line.cells[2].sort or 0),
    )
    first = next(line.cells[0].text for line in by_share if not line.cells[own].sort)
    listed = next(line.cells[0].text for line in by_share if line.cells[own].sort)
    for frame in map_["strategies"]["replay"]["frames"]:
        frame["by"] = [1] * len(map_["providers"])
    assert hit_by_provider(run, map_, "replay")[1] == {}
    for frame in map_["strategies"]["replay"]["frames"]:
        frame["by"][map_["providers"].index(first)] = 0
    said = hit_by_provider(run, map_, "replay")[1]["replay"]
    assert said.startswith(f"{first}: none of its addresses was listed, and ")
    # In another replicate than that of the map its own addresses hit some.
    for frame in map_["strategies"]["replay"]["frames"]:
        frame["by"] = [int(name != listed) for name in map_["providers"]]
    assert hit_by_provider(run, map_, "replay")[1] == {}


@pytest.mark.parametrize(
    ("moves", "said"),
    [
        ("0", "another may, and hit its businesses by their own address"),
        ("1", "all of these had moved to another provider"),
        ("business % 2", " of these had moved to another provider; of the others, another"),
    ],
)
def test_who_moved_was_hit_by_own_addresses_at_another_provider(
    shipped_run: Path, tmp_path: Path, moves: str, said: str
) -> None:
    for path in shipped_run.iterdir():
        if path.name != "businesses.parquet":
            (tmp_path / path.name).symlink_to(path)
    duckdb.execute(
        f"COPY (SELECT * REPLACE ({moves} AS n_responses_foreign, 0 AS n_responses_proxy, "
        f"0 AS n_responses_domestic) FROM '{shipped_run}/businesses.parquet') "
        f"TO '{tmp_path}/businesses.parquet' (FORMAT parquet)"
    )
    run = open_run(tmp_path)
    map_ = map_of(run)
    frames = map_["strategies"]["replay"]["frames"]
    for frame in frames:
        frame["by"] = [0] * len(map_["providers"])
    assert said in unlisted_in_words(run, map_)
    # Where all of them moved, the provider is hit without being listed.
    puzzle = hit_by_provider(run, map_, "replay")[1].get("replay", "")
    hit = duckdb.execute(
        f"SELECT provider FROM '{tmp_path}/businesses.parquet' WHERE impaired_s > 0 "
        "AND main_cause = 'own_address'"
    ).fetchall()
    assert hit
    of_these = any(puzzle.startswith(f"{name}: none") for (name,) in hit)
    assert of_these == (moves == "1")
    for frame in frames:
        frame["by"] = [1] * len(map_["providers"])
    assert unlisted_in_words(run, map_) == ""


def test_providers_that_stand_for_the_country_are_named_where_they_are_listed(
    shipped_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = open_run(shipped_run)
    map_ = map_of(run)
    map_["providers"] = [*map_["providers"], "Home"]
    frames = map_["strategies"]["replay"]["frames"]
    for frame in frames:
        frame["by"] = [*([1] * (len(map_["providers"]) - 1)), 0]
    (first,) = duckdb.execute(
        f"SELECT provider FROM '{shipped_run}/businesses.parquet' LIMIT 1"
    ).fetchone() or ("",)
    hosting = [
        SimpleNamespace(provider=name, side=side)
        for name, side in (("Abroad", "foreign"), ("Home", "domestic"), (first, "domestic"))
    ]
    monkeypatch.setattr("sim.report.page.by_provider.input_rows", lambda *_: hosting)
    assert stand_ins_in_words(run, map_) == ""
    frames[0]["by"][-1] = 3
    said = stand_ins_in_words(run, map_)
    assert "are told as domestic: Home." in said
    assert "No front end is there at the start" in said


def map_of(run: RunFolder) -> dict[str, Any]:
    return map_data(run, {name: run.curve("addresses_listed", name) for name in run.strategies})


def test_operators_are_told_what_they_enforce_and_how_soon(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    groups = read_rows(run, "groups.csv")
    table = operator_table(run, groups)
    assert table is not None
    placed: dict[tuple[int, int], int] = {}
    waits: dict[str, list[int]] = defaultdict(list)
    events = duckdb.execute(
        "SELECT replicate, entry, kind, operator, t_s FROM read_parquet(?) "
        "WHERE kind IN ('block', 'enforced') ORDER BY replicate, t_s, kind",
        [str(shipped_run / "events.parquet")],
    ).fetchall()
    n_orders = 0
    for replicate, entry, kind, operator, t_s in events:
        if kind == "block":
            placed[replicate, entry] = t_s
            n_orders += 1
        else:
            waits[operator].append(t_s - placed[replicate, entry])
    path = next((shipped_run / "inputs").glob("operators-russia-2018-*.csv"))
    with path.open(encoding="utf-8") as file:
        operators = {one["label"]: one for one in csv.DictReader(file)}
    assert {line.cells[0].text for line in table.rows} == set(operators)
    lost = 0.0
    for line in table.rows:
        operator = operators[line.cells[0].text]
        lost += float(operator["share_users"]) * float(line.cells[6].sort or 0)
        if operator.get("cohorts"):
            continue  # its parts have names of their own
        mine = waits[operator["operator"]]
        assert line.cells[2].sort == pytest.approx(len(mine) / n_orders)
        if mine:
            assert line.cells[3].sort == median(mine)
        else:
            assert line.cells[3].text == "never"
    # What fails for the users of each, weighted by their number, is what fails in all.
    summary = {one["metric"]: one for one in read_rows(run, "summary.csv")}
    assert lost == pytest.approx(float(str(summary["demand_lost_share"]["mean"])), rel=1e-6)
    assert operator_table(run, []) is None


def test_what_operators_drop_at_once_is_no_less_than_what_an_average_user_meets(
    shipped_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The highest point of a weighted mean is no higher than the mean of the highest points."""
    # Strips look at some moments; between them a session of hours comes and goes.
    monkeypatch.setattr("sim.report.page.operators.N_STEPS", 1)
    run = open_run(shipped_run)
    table = operator_table(run, read_rows(run, "groups.csv"))
    assert table is not None
    share = {name_of(one, language("en")): one.share_users for one in read_operators(run)}
    most = sum(share[line.cells[0].text] * float(line.cells[4].sort or 0) for line in table.rows)
    summary = {one["metric"]: float(str(one["mean"])) for one in read_rows(run, "summary.csv")}
    assert summary["addresses_dropped_peak"] <= most * (1 + 1e-9)
    # Here nothing is withdrawn: none drops more than was listed.
    assert most <= summary["addresses_listed_peak"]
    assert table.columns[4].title == "Most addresses it drops at once"
    monkeypatch.setattr("sim.report.page.cut_off.MOST_REPLICATES", 1)
    fewer = operator_table(run, read_rows(run, "groups.csv"))
    assert fewer is not None
    assert fewer.columns[4].title == "Most addresses it drops at once (the first 1 replicate)"


def test_what_is_let_pass_is_no_order(shipped_run: Path, tmp_path: Path) -> None:
    """An exemption is an entry that all operators take, those too that enforce nothing."""
    folder = tmp_path / "out"
    shutil.copytree(shipped_run, folder)
    entries = folder / "entries.parquet"
    mechanism = "CASE WHEN entry % 2 = 0 THEN 'exempt' ELSE mechanism END AS mechanism"
    duckdb.execute(
        f"COPY (SELECT * REPLACE ({mechanism}) FROM '{shipped_run / 'entries.parquet'}') "
        f"TO '{entries}' (FORMAT parquet)"
    )
    run = open_run(folder)
    table = operator_table(run, read_rows(run, "groups.csv"))
    assert table is not None
    counted = "SELECT count(*) FROM read_parquet(?) WHERE entry % 2 = 1 AND kind = "
    events = [str(folder / "events.parquet")]
    (n_orders,) = duckdb.execute(f"{counted} 'block'", events).fetchone() or (0,)
    (n_done,) = duckdb.execute(
        f"{counted} 'enforced' AND operator = 'mts-mobile'", events
    ).fetchone() or (0,)
    assert n_orders > n_done > 0
    (line,) = (one for one in table.rows if one.cells[0].text == "MTS (mobile)")
    assert line.cells[2].sort == pytest.approx(n_done / n_orders)


def test_a_strip_joins_steps_of_one_shade() -> None:
    assert Strip.of([None, 0.5, 0.5, 1.0]).parts == ((0, 25, None), (25, 50, 0.5), (75, 25, 1.0))
    assert Strip.of([None, None]).parts == ((0, 100, None),)
    assert Strip.of([]).parts == ()


def points(*replicates: list[tuple[int, float]]) -> CurvePoints:
    flat = [(row, t, value) for row, one in enumerate(replicates) for t, value in one]
    replicate, t_s, value = (np.array(column) for column in zip(*flat, strict=True))
    return CurvePoints(replicate, t_s, value.astype(float), np.full(value.size, math.nan))


def test_sessions_are_stretches_in_which_any_replicate_lists_something() -> None:
    listed = points(
        [(0, 0), (10, 5), (20, 0), (50, 1), (60, 0)],
        [(0, 0), (15, 3), (30, 0), (55, 2), (90, 0)],
    )
    assert sessions_of(listed, 100) == (Session(10, 30, 50), Session(50, 90, 100))
    assert sessions_of(points([(0, 2)]), 100) == (Session(0, 100, 100),)
    assert sessions_of(points([(0, 0), (7, 1), (9, 0), (50, 4)]), 100)[-1] == Session(50, 100, 100)
    assert sessions_of(points([(0, 0)]), 100) == ()


def test_a_session_is_measured_until_the_next_begins() -> None:
    curve = points([(0, 1.0), (3600, 5.0), (7200, 0.0)], [(0, 0.0), (5400, 2.0)])
    assert integral_h(curve, 1800, 9000).tolist() == pytest.approx([0.5 + 5.0, 2.0])
    assert most_in(curve, 1800, 9000).tolist() == [5, 2]
    assert most_in(curve, 7200, 9000).tolist() == [0, 2]
    # Nothing is counted twice, and nothing is lost.
    parts = [integral_h(curve, *ends) for ends in ((0, 4000), (4000, 5400), (5400, 9999))]
    assert sum(parts) == pytest.approx(integral_h(curve, 0, 9999))


def test_one_stretch_of_listing_makes_no_table(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    assert session_table(run, {"replay": run.curve("addresses_listed")}) is None


def test_a_register_that_empties_makes_a_table_by_session(shipped_run: Path) -> None:
    run = open_run(shipped_run)
    day = 86_400
    listed = points(*([[(0, 0), (day, 7), (2 * day, 0), (4 * day, 9)]] * run.n_replicates))
    table = session_table(run, {"replay": listed})
    assert table is not None
    assert [line.cells[2].text for line in table.rows] == ["7", "9"]
    assert table.rows[0].cells[0].text == "17 April 2018, 00:00"
    assert table.rows[0].cells[1].text == f"24.0{NBSP}h"
    curve = run.curve("businesses_impaired")
    hours = [float(integral_h(curve, start, stop).mean())
             for start, stop in ((day, 4 * day), (4 * day, run.horizon_s))]  # fmt: skip
    assert [line.cells[4].sort for line in table.rows] == pytest.approx(hours)


@pytest.mark.parametrize("shown_first", ["narrow", "exact", "none", "another"])
def test_strategies_with_sessions_are_what_rows_are_chosen_by(shown_first: str) -> None:
    day = 86_400
    often = points([(0, 0), (day, 7), (2 * day, 0), (4 * day, 9)])
    listed = {"exact": often, "none": points([(0, 0), (day, 7)]), "narrow": often}
    run: Any = SimpleNamespace(
        strategies=tuple(listed), horizon_s=5 * day, start=datetime.fromisoformat("2018-04-16"),
        curve=lambda metric, strategy: often, scenario={}, has_curve=lambda *_: False,
    )  # fmt: skip
    table = session_table(run, listed, shown_first)
    assert table is not None
    assert [line.group for line in table.rows] == ["exact", "exact", "narrow", "narrow"]
    # One without sessions cannot be shown first: then it is the first that has some.
    is_narrow = shown_first == "narrow"
    assert list(table.choices) == [
        Choice("exact", "exact", not is_narrow), Choice("narrow", "narrow", is_narrow)
    ]  # fmt: skip


@pytest.mark.parametrize("change", ["no file", "no column"])
def test_a_folder_that_does_not_say_what_hit_businesses_has_no_table_of_it(
    shipped_run: Path, tmp_path: Path, change: str
) -> None:
    for path in shipped_run.iterdir():
        if path.is_file() and path.name != "businesses.parquet":
            (tmp_path / path.name).symlink_to(path)
    if change == "no column":
        duckdb.execute(
            f"COPY (SELECT * EXCLUDE main_cause FROM '{shipped_run}/businesses.parquet') "
            f"TO '{tmp_path}/businesses.parquet' (FORMAT parquet)"
        )
    run = open_run(tmp_path)
    assert hit_by_provider(run, {"providers": [], "strategies": {}}, "replay") == (None, {})


def test_businesses_off_a_shared_range_are_told_with_their_ranges() -> None:
    made: dict[str, Row] = {
        "businesses_ever_unprotected": {
            "mean": 13.0, "given": 18.2, "low": 12.2, "high": 23.6, "all_low": 1.0, "all_high": 40.0
        },
        "business_hours_unprotected": {
            "mean": 107.0, "given": 152.0, "low": 105.0, "high": 194.0, "all_low": 3.0,
            "all_high": 2524.0,
        },
    }  # fmt: skip
    said = unprotected_in_words(made).replace(NBSP, " ")
    assert "13 (1 to 40 with all that is not known; as given 18.2, 12.2 to 23.6 by luck)" in said
    assert "107 (3 to 2,524 with all that is not known; as given 152, 105 to 194 by luck)" in said
    alone = {
        name: {k: v for k, v in row.items() if k in ("mean", "low", "high")}
        for name, row in made.items()
    }
    assert "13 (12.2 to 23.6 by luck)" in unprotected_in_words(alone).replace(NBSP, " ")
    assert unprotected_in_words({}) == ""
