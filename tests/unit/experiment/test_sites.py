"""Named sites: hours and money as worked out by hand, and how they stand in a run folder."""

import re
from pathlib import Path

import duckdb
import pytest

from sim.api.runs import compare, run
from sim.experiment.executors import choose_executor
from sim.experiment.verification import verify_folder
from sim.report.page.document import render
from sim.report.words.answer import answer
from sim.report.words.languages import IN_ENGLISH
from sim.results.folder import open_run
from tests.csv_rows import csv_rows
from tests.sites import overrides

pytestmark = pytest.mark.laws

BY_HAND = {
    # The front end's address is listed from 10:00 to 14:00: a, with 3/4 of the users, drops it then
    # and b, with 1/4, from 12:00 to 15:00. The next day that of payment, half of what people do, is
    # listed from 6:00 to 7:00, which b is too slow for: 3/4 * 2 + 2 + 1/4 + 3/4 / 2 hours.
    ("shop.example", ""): {
        "affected_h": 6,
        "impaired_h": 6,
        "down_h": 2,
        "lost_demand_h": 4.125,
        "lost_demand_h_own_address": 3.75,
        "lost_demand_h_component_elsewhere": 0.375,
        "lost_demand_h_bought_service": 0,
        "first_outage_utc": "2018-04-16T10:00:00Z",
        "last_outage_utc": "2018-04-17T07:00:00Z",
        # 100 USD an hour, of which half is made up for later.
        "loss_usd": 206.25,
        # At 62.5 RUB to the dollar.
        "loss_in_currency": 12890.625,
        "currency": "RUB",
        "currency_per_usd": 62.5,
        "visits_lost": 247.5,
        "provider": "alpha",
        "region": "one",
        "country": "ES",
        "drawn": "storage customer_service other",
    },
    ("shop.example", "a"): {"affected_h": 5, "down_h": 4, "lost_demand_h": 3.375},
    ("shop.example", "b"): {"affected_h": 3, "down_h": 3, "lost_demand_h": 0.75},
    # One of its two addresses is listed, and each user meets one of them.
    ("two.example", ""): {
        "affected_h": 5,
        "down_h": 0,
        "lost_demand_h": 1.875,
        "loss_usd": 93.75,
        "visits_lost": "",
        "drawn": "revenue storage customer_service other",
    },
    ("two.example", "a"): {"affected_h": 4, "impaired_h": 4, "down_h": 0, "lost_demand_h": 1.5},
    ("two.example", "b"): {"affected_h": 3, "lost_demand_h": 0.375},
    # Its address is in nobody's table; b is too slow for half an hour.
    ("far.example", ""): {
        "affected_h": 0.5,
        "lost_demand_h": 0.375,
        "loss_usd": 7.5,
        "sector": "news",
        "provider": "(not known)",
        "drawn": "revenue provider storage payment customer_service other",
    },
    ("far.example", "a"): {"affected_h": 0.5, "down_h": 0.5, "lost_demand_h": 0.375},
    # Two in five users have IPv6, and fall back to IPv4. IPv6 is listed from 10:00 to 14:00, which
    # alone does nothing; IPv4 from 12:00 to 13:00, while a drops both, and b is too slow; and from
    # 20:00 to 23:00, when who has IPv6 is served: 3/4 + 3/5 * (3/4 * 3 + 1/4 * 2) hours.
    ("both.example", ""): {
        "affected_h": 5, "impaired_h": 5, "down_h": 0, "lost_demand_h": 2.4, "loss_usd": 120,
        "first_outage_utc": "2018-04-16T12:00:00Z", "last_outage_utc": "2018-04-17T00:00:00Z",
    },
    ("both.example", "a"): {"affected_h": 4, "down_h": 1, "lost_demand_h": 2.1},
    ("both.example", "b"): {"affected_h": 2, "down_h": 0, "lost_demand_h": 0.3},
    # On IPv6 alone: all its users have that.
    ("six.example", ""): {"affected_h": 5, "down_h": 2, "lost_demand_h": 3.75, "loss_usd": 75},
    ("six.example", "a"): {"affected_h": 4, "down_h": 4, "lost_demand_h": 3},
    ("six.example", "b"): {"affected_h": 3, "down_h": 3, "lost_demand_h": 0.75},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sites")
    return simulate(folder, overrides(folder), 2)


def simulate(folder: Path, asked: dict[str, object], n: int = 1) -> Path:
    run("telegram-2018-replay", set=asked, folder=folder / "run", n_simulations=n, fixed=True)
    return folder / "run"


def rows_of(folder: Path) -> dict[tuple[str, str], dict[str, str]]:
    return {(row["site"], row["operator"]): row for row in csv_rows(folder / "sites.csv")}


def test_hours_and_money_of_named_sites_are_those_worked_out_by_hand(folder):
    found = rows_of(folder)
    assert list(found) == list(BY_HAND)
    for key, expected in BY_HAND.items():
        for column, value in expected.items():
            cell = found[key][column]
            if isinstance(value, str):
                assert cell == value, (key, column)
            else:
                assert float(cell) == pytest.approx(value, rel=1e-12), (key, column)
            if f"{column}_low" in found[key]:
                # Nothing is drawn that would make a difference: the interval is a point.
                ends = {found[key][f"{column}_{end}"] for end in ("low", "high")}
                assert ends == {cell}, (key, column)


def test_verify_computes_the_sites_again(folder):
    with choose_executor(1) as executor:
        assert verify_folder(folder, executor, n_sample=1).differences == ()
    path = folder / "sites.csv"
    held = path.read_text()
    try:
        path.write_text(held.replace(",206.25,", ",207.25,", 1))
        with choose_executor(1) as executor:
            found = verify_folder(folder, executor, n_sample=0).differences
    finally:
        path.write_text(held)
    assert any("sites.csv: does not follow from the runs" in text for text in found)


def test_losses_of_all_sites_sum_to_that_of_all_businesses(tmp_path):
    # Nobody but sites, who respond and leave providers; prices with their ranges.
    reactions = {"responses": "responses-2018", "patience_median_h": 0.5}
    prices = {"money.parameters": "money-parameters"}
    asked = overrides(tmp_path, end="2018-05-06T00:00Z", reactions=reactions, **prices)
    orders = tmp_path / "strategy.orders.csv"
    lines = (line for line in orders.read_text().splitlines() if "unblock" not in line)
    orders.write_text("\n".join(lines) + "\n")
    results = compare(
        "telegram-2018-replay",
        ["none", f"dated=replay:orders={orders}"],
        set=asked,
        folder=tmp_path / "run",
        n_simulations=3,
        fixed=True,
    )
    with results.to_duckdb() as connection:
        found = connection.execute(
            "SELECT value, sum(loss_usd), count(*) FROM measures JOIN site_runs "
            "USING (strategy, replicate) WHERE strategy = 'dated' AND operator IS NULL "
            "AND metric = 'private_loss_usd' GROUP BY replicate, value"
        ).fetchall()
    assert len(found) == 3
    for whole, losses, n_sites in found:
        assert n_sites == 5
        assert losses == pytest.approx(whole, rel=1e-12)
        assert losses > 0


def test_a_site_that_gives_visits_alone_loses_what_these_earn(tmp_path):
    tables = {
        "population.inventory": (
            "site,address,role,sector,visits_per_h",
            "seen.example,198.18.0.1,frontend,shops,60",
            "seen.example,198.18.1.8,payment,shops,60",
            "placed.example,,,shops,60",
        ),
        "population.revenue_per_visit": ("sector,usd_per_visit,sigma", "shops,2,0", ",1,0"),
    }
    found = rows_of(simulate(tmp_path, overrides(tmp_path, tables)))
    row = found["seen.example", ""]
    # The hours of the front end of shop.example, 60 visits of 2 USD in each; half is made up for.
    assert float(row["lost_demand_h"]) == 3.75
    assert float(row["visits_lost"]) == 225
    assert float(row["revenue_usd_per_h"]) == 120
    assert float(row["loss_usd"]) == 225
    assert row["drawn"] == "revenue_per_visit storage customer_service other"
    # Wherever it is, nothing was listed there in the only simulation: its state is not known.
    of = {row["metric"]: row["median"] for row in csv_rows(tmp_path / "run" / "summary.csv")}
    known = (
        of["businesses_not_known"],
        of["businesses_ever_impaired"],
        found["placed.example", ""],
    )
    assert (*known[:2], known[2]["impaired_h"]) == ("1.0", "1.0", "")
    assert of["businesses_ever_impaired_share"] == of["demand_lost_share"] == ""


@pytest.mark.parametrize("listed", ["198.18.0.0/15", "198.18.0.0/24"])
def test_a_site_without_an_address_is_not_known_whatever_chance_lists(listed, tmp_path):
    tables = {
        "population.inventory": (
            "site,address,role,sector",
            "seen.example,198.18.0.1,frontend,shops",
            "placed.example,,frontend,shops",
        ),
        "strategy.orders": (
            "effective,action,prefix",
            f"2018-04-16T10:00Z,block,{listed}",
            f"2018-04-16T14:00Z,unblock,{listed}",
        ),
    }
    folder = simulate(tmp_path, overrides(tmp_path, tables), 6)
    # Its place is listed in all simulations, or in some.
    runs = f"'{folder}/site_runs.parquet' WHERE site = 'placed.example' AND operator IS NULL"
    n_hit = duckdb.sql(f"SELECT count(*) FROM {runs} AND affected_h > 0").fetchall()[0][0]
    assert n_hit == 6 if listed.endswith("15") else 0 < n_hit < 6
    found = rows_of(folder)
    assert [key for key in found if key[0] == "placed.example"] == [("placed.example", "")]
    row = found["placed.example", ""]
    hidden = ("affected_h", "impaired_h_low", "loss_usd", "n_affected", "first_outage_utc")
    assert not "".join(row[name] for name in (*hidden, "open_ends"))
    of = {row["metric"]: row["median"] for row in csv_rows(folder / "summary.csv")}
    assert (of["businesses_not_known"], of["demand_lost_share"]) == ("1.0", "")
    unknown = "It is not known whether 1 of your 2 sites was blocked."
    of_seen = "In 6 of 6 simulations one of your 2 sites is cut off from over 10% of customers"
    said = IN_ENGLISH.write(answer(open_run(folder)).whole)
    assert f"1 has no address. {unknown} {of_seen}" in said
    page = " ".join(re.sub("<[^>]*>", " ", render(open_run(folder))).split())
    assert "placed.example no address of its website: placed by chance" in page
    assert not re.search(r"placed\.example[^%]{0,90} \d+%", page)


def test_orders_of_some_operators_give_the_hours_and_money_of_these(tmp_path):
    # Only b, with a quarter of the users, is told: two hours late, and it lets go one hour late.
    told = {"addresses": ["198.18.0.1", "2001:db8:0:5::1"], "operators": ["b"]}
    told |= {"from": "2018-04-16T10:00Z", "to": "2018-04-16T14:00Z"}
    asked = overrides(tmp_path, strategy={"id": "orders", "orders": [told]})
    del asked["strategy.orders"]
    found = rows_of(simulate(tmp_path, asked))
    assert ("shop.example", "a") not in found
    for site, lost_h, loss_usd in (
        ("shop.example", 0.75, 37.5),
        ("two.example", 0.375, 18.75),
        ("six.example", 0.75, 15),
        ("both.example", 0, 0),
    ):
        assert float(found[site, ""]["lost_demand_h"]) == lost_h, site
        assert float(found[site, ""]["loss_usd"]) == pytest.approx(loss_usd), site
    assert float(found["shop.example", "b"]["down_h"]) == 3


def test_who_moves_keeps_its_families_and_is_met_by_them(tmp_path):
    responses = tmp_path / "responses.csv"
    responses.write_text("response,share,time_median_h,time_sigma,cost_usd\nsame,1,1,0,0\n")
    tables = {
        "population.inventory": (
            "site,address,sector",
            "both.example,198.18.0.50,news",
            "both.example,2001:db8:0:5::1,news",
            "four.example,198.18.0.60,news",
            "six.example,2001:db8:0:6::1,news",
        ),
        "strategy.orders": (
            "effective,action,prefix",
            *(
                f"2018-04-16T{hour}:00Z,{action},{prefix}"
                for hour, action in ((10, "block"), (14, "unblock"))
                for prefix in (
                    *("198.18.0.50/32", "198.18.0.60/32"),
                    *("2001:db8:0:5::/64", "2001:db8:0:6::/64"),
                )
            ),
            "2018-04-16T20:00Z,block,198.18.0.0/24",
            "2018-04-16T23:00Z,unblock,198.18.0.0/24",
            "2018-04-17T06:00Z,block,2001:db8::/48",
            "2018-04-17T07:00Z,unblock,2001:db8::/48",
        ),
        # Where all moves lead: to the place that they are in.
        "population.hosting": (
            "provider,region,side,weight",
            "alpha,one,foreign,1",
            "home,here,domestic,1",
        ),
    }
    reactions = {"responses": str(responses), "n_rounds": 1}
    reactions |= {"patience_median_h": 1, "patience_sigma": 0}
    found = rows_of(simulate(tmp_path, overrides(tmp_path, tables, reactions=reactions)))
    # a, with 3/4 of the users, drops what is listed at once; b two hours later, and lets go one
    # hour late. All three bear it for an hour, move in another, and are elsewhere when b begins:
    # 3/4 * 2. Then all IPv4 addresses are listed from 20:00 to 23:00, and all of IPv6 for an hour,
    # too short for b. Who has both loses by the first those without IPv6, 3 in 5.
    moved = 0.75 * 2
    assert float(found["four.example", ""]["lost_demand_h"]) == moved + 0.75 * 3 + 0.25 * 2
    assert float(found["both.example", ""]["lost_demand_h"]) == pytest.approx(
        moved + 0.6 * (0.75 * 3 + 0.25 * 2), rel=1e-12
    )
    assert float(found["six.example", ""]["lost_demand_h"]) == moved + 0.75


# A national shutdown, from the table of orders to what is written about sites.


FOUR, SIX = "0.0.0.0/0", "::/0"
ON_IPV4 = {"shop.example", "two.example", "far.example"}


@pytest.mark.parametrize(
    ("prefixes", "down", "listed"),
    [
        # Whoever has IPv6 still reaches the site of both families, by its IPv6.
        ((FOUR,), ON_IPV4, {FOUR}),
        # The site of both families is reached by its IPv4.
        ((SIX,), {"six.example"}, {"2000::/3"}),
        ((FOUR, SIX), {*ON_IPV4, "six.example", "both.example"}, {FOUR, "2000::/3"}),
    ],
)
def test_a_shutdown_is_of_the_families_it_names(tmp_path, prefixes, down, listed):
    orders = (
        "effective,action,prefix",
        *(f"2018-04-16T10:00Z,block,{prefix}" for prefix in prefixes),
        *(f"2018-04-16T14:00Z,unblock,{prefix}" for prefix in prefixes),
    )
    rows = rows_of(simulate(tmp_path, overrides(tmp_path, {"strategy.orders": orders})))
    # Operator a enforces at once. Sites that meet nothing have no row.
    hours = {
        site: float(row["down_h"]) for (site, operator), row in rows.items() if operator == "a"
    }
    assert {site: spent for site, spent in hours.items() if spent} == dict.fromkeys(down, 4.0)
    entries = duckdb.execute(f"SELECT prefix FROM '{tmp_path}/run/entries.parquet'").fetchall()
    assert {prefix for (prefix,) in entries} == listed
