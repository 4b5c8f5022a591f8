"""What if sites had other addresses: all else is the same in every simulation."""

from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import duckdb
import numpy as np
import pytest

from sim.api.runs import compare, run
from sim.assess.assessment import assess
from sim.catalogue.choices import COLLATERAL, PRIVATE_LOSS
from sim.errors import DataError, UsageError
from sim.experiment.executors import choose_executor
from sim.experiment.verification import verify_folder
from sim.measure import sites
from sim.report.page.document import render
from sim.report.words import what_if
from sim.report.words.answer import answer
from sim.report.words.commands import repeat_command
from sim.report.words.heading import strategy_words
from sim.report.words.languages import IN_ENGLISH
from sim.results.folder import open_run
from sim.scenario.sources import list_warnings
from sim.scenario.variants import WITHOUT, choose_what_ifs
from sim.world.placement import seat_sites, warnings_of_leaving
from sim.world.providers import build_places
from tests.csv_rows import csv_rows
from tests.sites import TABLES, overrides, resolved

MOVES = (
    "site,address,role",
    # Never listed. Its payment stays, and is listed for an hour.
    "shop.example,198.18.0.200,",
    # Listed from 10:00 to 14:00: a, with 3/4 of the users, drops it then and b, with 1/4, from
    # 12:00 to 15:00.
    "far.example,198.18.0.1,",
)
DRAWN = {"population.n_businesses": 30}
# Hits businesses that are drawn, and no address of a site.
WIDE = {
    "strategy.orders": (*TABLES["strategy.orders"], "2018-04-17T10:00Z,block,198.18.1.128/25"),
}
TWO_PROVIDERS = {
    "providers.prefixes": (*TABLES["providers.prefixes"], "beta,east,198.51.100.0/24"),
    "population.hosting": (*TABLES["population.hosting"], "beta,east,foreign,1"),
}


def compared(folder: Path, moves=(), *, tables=None, n=1, fixed=True, without=(), **more) -> Path:
    """Folder of a comparison of the sites as they are with each of some lists of moves."""
    files = []
    for row, lines in enumerate(moves):
        files.append(folder / f"moves{row}.csv")
        files[-1].write_text("\n".join(lines) + "\n")
    asked = overrides(folder, tables, **more)
    what_if = {"move": files, "without_provider": without}
    where = {"folder": folder / "cmp", "n_simulations": n, "fixed": fixed}
    compare("telegram-2018-replay", set=asked, **what_if, **where)
    return folder / "cmp"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    moves, into = (
        (MOVES, ("site,role,address", "far.example,storage,")),
        tmp_path_factory.mktemp("moves"),
    )
    return compared(into, moves, tables=WIDE, n=3, fixed=False, **DRAWN)


AS_TEXT = "COLUMNS(* EXCLUDE (strategy))::VARCHAR"
"""Old versions of DuckDB need another package for points in time."""


def rows(folder, label, table="site_runs", but="", columns=AS_TEXT) -> list[tuple]:
    """Rows of a table of runs under a label, without the label."""
    query = f"SELECT {columns} FROM '{folder}/{table}.parquet' WHERE strategy = ? {but}"
    return duckdb.execute(f"{query} ORDER BY ALL", [label]).fetchall()


def test_hours_and_money_of_moved_sites_are_those_worked_out_by_hand(tmp_path):
    lines = csv_rows(compared(tmp_path, [MOVES]) / "site_differences.csv")
    of_shop = "AND site = 'shop.example' AND operator IS NULL"
    own = "lost_demand_h_own_address, lost_demand_h_component_elsewhere"
    assert rows(tmp_path / "cmp", "move:moves0.csv", but=of_shop, columns=own) == [(0, 0.375)]
    found = {(one["site"], one["metric"]): one for one in lines}
    for site, metric, before, after in (
        ("shop.example", "affected_h", 6, 1),
        # Payment, half of what people do, fails for 3/4 of the users for half an hour more.
        ("shop.example", "lost_demand_h", 4.125, 0.375),
        ("shop.example", "loss_usd", 206.25, 18.75),
        ("shop.example", "visits_lost", 247.5, 22.5),
        ("far.example", "affected_h", 0.5, 5),
        ("far.example", "down_h", 0, 2),
        # 3/4 * 4 + 1/4 * 3 hours at 40 USD, of which half is made up for later.
        ("far.example", "lost_demand_h", 0.375, 3.75),
        ("far.example", "loss_usd", 7.5, 75),
        ("two.example", "lost_demand_h", 1.875, 1.875),
    ):
        row = found[site, metric]
        assert float(row["at_baseline"]) == pytest.approx(before, rel=1e-12)
        assert float(row["median"]) == pytest.approx(after, rel=1e-12)
        assert float(row["difference"]) == pytest.approx(after - before, rel=1e-12)
        shares = float(row["share_less"]), float(row["share_more"])
        assert shares == (after < before, after > before)
    assert ("two.example", "visits_lost") not in found
    # All sites together.
    assert float(found["", "down_h"]["difference"]) == pytest.approx(-2 + 2, abs=1e-12)
    assert float(found["", "loss_usd"]["difference"]) == pytest.approx(18.75 - 206.25 + 75 - 7.5)


def test_the_answer_and_the_page_lead_with_the_sites(tmp_path):
    found = open_run(compared(tmp_path, [MOVES]))
    lines = [IN_ENGLISH.write(line) for line in answer(found).lines()]
    # 6 and 0.5 hours are 1 and 5 then.
    start = "Your sites moved as in moves0.csv are cut off for less time than now"
    own = (
        "5 of your 5 sites are cut off from over 10% of customers, each in 1 of 1 simulations, for"
    )
    assert any(
        line.startswith(own) and line.endswith(f" {start}: median 0.5 hours less in all.")
        for line in lines
    )
    assert any(line.startswith("Your sites as they are: 5 of your 5 sites") for line in lines)
    assert any("lost by your sites; sales of 4 of 5 sites assumed" in line for line in lines)
    moved = "your sites moved as in moves0.csv"
    assert f"shop.example, {moved}: hours cut off 6 before, 1 then; difference -5" in lines
    assert f"far.example, {moved}: hours cut off 0.5 before, 5 then; difference 4.5" in lines
    assert repeat_command(found) == "overblock compare ."
    page = render(found)
    # -5 hours: 206.25 - 18.75 dollars at 62.5 roubles.
    cells = ('<td class="r">6</td><td class="r">1</td><td class="r">-5</td>', "1 / 0", "-12,000")
    row = page[page.index("What changes for each site?") :].partition("shop.example")[2][:300]
    assert all(cell in row for cell in cells)


def test_the_answer_is_about_each_what_if(folder, monkeypatch):
    assert IN_ENGLISH.write(strategy_words({"what_if": {WITHOUT: "X"}})) == "your sites without X"
    said = IN_ENGLISH.write(answer(open_run(folder)).sentence)
    own, first, last = said.split(". ")
    assert own.startswith("5 of your 5 sites are cut off")
    assert "our sites moved as in moves0.csv are cut off for less time than now" in first
    assert (
        last == "In 3 simulations your sites moved as in moves1.csv are cut off for as long as now."
    )
    # The range of the sites as they are is beside what it is of.
    now = "Sites are cut off for 3 hours.", "2 to 6 h"
    monkeypatch.setattr("sim.report.words.answer.sentence_of_sites", lambda *_: now)
    said = IN_ENGLISH.write(answer(open_run(folder)).sentence)
    assert said.startswith("Sites are cut off for 3 hours (2 to 6 h). Your sites moved")


@pytest.mark.parametrize(
    ("less", "more", "change", "said"),
    [
        (
            0.75,
            0.25,
            -2,
            "In 3 of 4 simulations b are cut off for less time than now, in 1 for more",
        ),
        (1, 0, -2, "B are cut off for less time than now"),
        (
            0.25,
            0.75,
            2,
            "In 3 of 4 simulations b are cut off for more time than now, in 1 for less",
        ),
        (0, 1, 2, "B are cut off for more time than now"),
    ],
)
def test_a_difference_in_some_or_all_simulations_is_a_sentence(
    less, more, change, said, monkeypatch
):
    row = {"site": "", "strategy": "b", "n_known": 1, "n_simulations": 4, "difference": change}
    row |= {"share_less": less, "share_more": more, "difference_low": -5.0, "difference_high": 5.0}
    monkeypatch.setattr(what_if, "_differences", lambda _: [(row | {"unit": "h"}, {})])
    run = SimpleNamespace(strategies=["a", "b"], manifest={"baseline": "a"}, scenario={})
    end = "less" if less > more else "more"
    # Hours of none, of both, now, or then are a bound.
    for bounded, marks in (("", ("", "")), ("ab", ("", "")), ("a", "≥≤"), ("b", "≤≥")):
        monkeypatch.setattr(
            what_if, "find_least", lambda _, one, of=bounded: {"s"} if one in of else set()
        )
        mark = marks[end == "more"]
        told = IN_ENGLISH.write(what_if.sentence_of_what_if(run, {"b": "b"})[0])
        told = told.replace("\N{NO-BREAK SPACE}", " ")
        assert told == f"{said}: median {mark}2 hours {end} in all."


def test_a_move_of_what_a_site_lacks_changes_nothing(folder):
    for table in ("site_runs", "businesses", "entries", "measures", "curves", "events"):
        assert rows(folder, "move:moves1.csv", table) == rows(folder, "as-is", table)
    for file in ("site_differences.csv", "comparison.csv"):
        mine = [one for one in csv_rows(folder / file) if one["strategy"] == "move:moves1.csv"]
        assert {float(one["difference"]) for one in mine if one["difference"]} == {0.0}
    changes = [one for one in answer(open_run(folder)).changes if "moves1" in one.name]
    assert {(*map(str, (one.hours, one.counts, one.loss)),) for one in changes} == {
        ("0", "0 / 0", "0")
    }


def test_rounding_is_no_difference(monkeypatch):
    def read(_folder, label, *_):
        # As a minute of a year: the last digit of 8,760 hours is a larger part of it.
        values = np.array([[0.0134, 1.0]]) + (label != "as-is") * np.array([[6e-14, 1e-6]])
        number = dict.fromkeys((*sites.TIMES, *sites.LOSSES), values)
        return SimpleNamespace(site=("a", "b"), replicate=np.arange(1), number=number)

    monkeypatch.setattr("sim.measure.sites.read_known", read)
    cases = dict.fromkeys(("as-is", "moved"), SimpleNamespace(inventory=None))
    lines = sites.compare_sites(Path(), cases, "as-is")
    found = {line.site: (line.difference, line.share_less, line.share_more) for line in lines}
    assert found["a"] == (0, 0, 0)
    assert found["b"] == (pytest.approx(1e-6), 0, 1)


def test_a_what_if_is_no_comparison_of_strategies(folder):
    with pytest.raises(UsageError, match="expected a comparison of strategies, got one of other"):
        assess(open_run(folder), None, ())


def test_sites_that_stay_and_drawn_businesses_are_the_same_in_every_simulation(folder):
    stay = "AND site NOT IN ('shop.example', 'far.example')"
    assert rows(folder, "move:moves0.csv", but=stay) == rows(folder, "as-is", but=stay)
    drawn = "AND business < 30"
    states = "replicate, business, affected_s, impaired_s, down_s"
    before = rows(folder, "as-is", "businesses", drawn, states)
    assert any(sum(one[2:]) for one in before)
    assert rows(folder, "move:moves0.csv", "businesses", drawn, states) == before
    assert rows(folder, "move:moves0.csv", "entries") == rows(folder, "as-is", "entries")
    assert rows(folder, "move:moves0.csv") != rows(folder, "as-is")


def test_moving_is_running_the_case_with_the_addresses_written_into_its_inventory(folder, tmp_path):
    edited = [
        line.replace("shop.example,198.18.0.1,", "shop.example,198.18.0.200,").replace(
            "far.example,8.8.8.8,", "far.example,198.18.0.1,"
        )
        for line in TABLES["population.inventory"]
    ]
    asked = overrides(tmp_path, WIDE | {"population.inventory": tuple(edited)}, **DRAWN)
    run("telegram-2018-replay", set=asked, folder=tmp_path / "run", n_simulations=3)
    assert rows(tmp_path / "run", "replay") == rows(folder, "move:moves0.csv")


def test_verify_computes_moves_and_differences_again(folder):
    with choose_executor(1) as executor:
        assert verify_folder(folder, executor, n_sample=3).differences == ()


def test_sites_without_a_provider_are_drawn_among_the_others(tmp_path):
    found = compared(tmp_path, tables=TWO_PROVIDERS, n=4, fixed=False, without="Alpha", **DRAWN)
    alone = "without:alpha"
    # It is at no provider that is left, and stays.
    stay, leave = "AND site = 'far.example'", "AND site <> 'far.example' AND operator IS NULL"
    assert rows(found, alone, but=stay) == rows(found, "as-is", but=stay)
    after = rows(found, alone, but=leave, columns="provider, drawn")
    assert {provider for provider, _ in after} == {"beta"}
    assert all("frontend" in drawn.split() for _, drawn in after)
    where = "businesses", "AND business < 30", "replicate, business, provider, region"
    assert rows(found, alone, *where) == rows(found, "as-is", *where)
    assert {"alpha", "beta"} == {provider for *_, provider, _ in rows(found, alone, *where)}
    # No address of beta is listed.
    own = "max(lost_demand_h_own_address)"
    assert rows(found, alone, but=leave, columns=own) == [(0.0,)]
    assert rows(found, "as-is", but=leave, columns=own) > [(0.0,)]
    # So it is not known where more is lost, nor how much.
    judged = {row["metric"]: row for row in csv_rows(found / "verdicts.csv")}
    for metric in (COLLATERAL, PRIVATE_LOSS):
        assert (judged[metric]["verdict"], judged[metric]["n_not_known"]) == ("not known", "4")
    changes = {row["metric"]: row["difference"] for row in csv_rows(found / "comparison.csv")}
    assert changes[COLLATERAL] == changes[PRIVATE_LOSS] == ""
    warnings = " ".join(open_run(found).manifest["warnings"])
    assert "without alpha: what a site has there alone is placed by chance" in warnings
    assert "without alpha: 1 of 5 sites keep addresses whose provider no table knows" in warnings


def test_the_hosts_that_leave_a_provider_are_those_that_are_there(tmp_path):
    hosts = "site,address", *(
        f"{site},{address}"
        for site, addresses in {
            "first": ("198.18.0.1", "8.8.8.8"), "last": ("8.8.8.8", "198.18.0.1"),
            "both": ("198.18.0.1", "2001:4860::1"), "six": ("2001:4860::1",),
        }.items()
        for address in addresses
    )  # fmt: skip
    case = resolved(tmp_path, TWO_PROVIDERS | {"population.inventory": hosts})
    (_, one) = choose_what_ifs(case, [], ["alpha"])
    places = build_places(one.resolved)
    seated = seat_sites(one.resolved, places)
    assert seated.is_given[-4:, 0].tolist() == [True, True, False, True]
    numbers = places.line.numbers(seated.host_address)
    assert numbers == [int(ip_address(one)) for one in ("8.8.8.8", "8.8.8.8", "2001:4860::1")]
    assert [*warnings_of_leaving(one.resolved)][-1] == (
        "without alpha: 2 of 4 sites keep their other addresses alone, without any in place of "
        "those there: first, last"
    )


def test_moves_do_not_change_the_fronts_that_a_chase_finds(tmp_path):
    sites, moves = tmp_path / "sites.csv", tmp_path / "moves.csv"
    sites.write_text("site,address\na.example,52.58.1.1\nb.example,192.0.2.1\n")
    moves.write_text("site,address\na.example,192.0.2.2\nb.example,52.58.1.9\n")
    asked = {"population.inventory": sites, "population.n_businesses": 5}
    # Who is cut off complains, and the censor may then do otherwise.
    silent = ("per_business_per_d", "per_million_people_per_d", "named_per_d")
    asked |= {"end": "2018-04-19T00:00Z", **{f"complaints.{name}": 0 for name in silent}}
    where = {"folder": tmp_path / "cmp", "n_simulations": 2, "fixed": True}
    columns = {"site": ["a.example", "b.example"], "address": ["192.0.2.2", "52.58.1.9"]}
    compare("telegram-2018", move=[moves, columns], set=asked, **where)
    listed = rows(tmp_path / "cmp", "as-is", "entries")
    assert listed
    for label in ("move:moves.csv", "move:move-1.csv"):
        assert rows(tmp_path / "cmp", label, "entries") == listed


def test_hosts_that_stay_keep_their_draws_whatever_others_have(tmp_path):
    case, moves = resolved(tmp_path), tmp_path / "moves.csv"
    moves.write_text(
        "site,address,provider\n"
        "shop.example,198.18.0.3,x\nshop.example,198.18.0.4,x\nfar.example,,x\n"
    )
    as_is, moved = choose_what_ifs(case, [moves], [])
    before, after = as_is.resolved.inventory, moved.resolved.inventory
    assert [
        [one.partition(":")[0] for one in list_warnings(variant.resolved) if "from its own" in one]
        for variant in (as_is, moved)
    ] == [[], ["move"]]
    assert before.host_draw.tolist() == list(range(9))
    assert after.host_draw.tolist() == [9, 10, 1, 2, 3, 4, 6, 7, 8]
    assert after.address4[:2].tolist() == [int.from_bytes((198, 18, 0, n)) for n in (3, 4)]
    far = after.site.index("far.example")
    assert far not in after.component_site[after.host_component]
    assert after.revenue_usd_per_h.tolist()[:1] == [100]


@pytest.mark.parametrize(
    ("moved", "without", "strategies", "message"),
    [
        ("shopp.example,198.18.0.9", (), (),
         "moves.csv:2: site: expected a site of the inventory, got 'shopp.example'; did you mean"),
        ([{"site": "shopp.example", "address": "198.18.0.9"}], (), (),
         "move: row 0, site: expected a site of the inventory"),
        ([5], (), (), "move.0: expected a frame, columns by name, or records"),
        ("shop.example,198.18.0.0/30", (), (), "expected a single address"),
        ("\n", (), (), "moves.csv: expected a row with a site, got none"),
        ("", "alfa", (), "expected one of alpha, home, got 'alfa'"),
        ("", "alpha", (), "expected another foreign provider"),
        ("", "alpha", ("none",), "expected no strategies"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(tmp_path, moved, without, strategies, message):
    moves = tmp_path / "moves.csv"
    moves.write_text(f"site,address\n{moved}\n")
    given = moves if isinstance(moved, str) else moved
    asked = {"move": given if moved else (), "without_provider": without}
    with pytest.raises((DataError, UsageError)) as refused:
        compare("telegram-2018-replay", strategies, set=overrides(tmp_path), **asked)
    assert message in str(refused.value)


def test_a_case_without_sites_cannot_move_them(tmp_path):
    (tmp_path / "moves.csv").write_text("site,address\na.example,198.18.0.9\n")
    with pytest.raises(UsageError, match="expected a scenario with sites of yours"):
        compare("telegram-2018-replay", move=tmp_path / "moves.csv")
