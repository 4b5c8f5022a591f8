"""Amounts in the country's currency: by a rate with its source, or without any rate as given."""

import math
from pathlib import Path

import pytest

from sim.experiment.pipeline import carry_out
from sim.experiment.plan import Plan
from sim.experiment.runs import Runs
from sim.measure.money.accounts import SHUTDOWN
from sim.measure.money.pricing import economy_keys
from sim.measure.sites import read_sites
from sim.report.page.document import render
from sim.results.folder import open_run
from sim.results.parquet import read_columns
from sim.scenario.resolve import Resolved
from sim.scenario.sources import list_warnings
from sim.scenario.tables.money import Amounts
from tests.commands import call, run
from tests.csv_rows import csv_rows
from tests.experiments import resolved_of

RATE = (
    "currency,of,per_usd,low,high,kind,source,date,why\n{},2026,{},1,999,fact,A bank,2026-01-05,\n"
)
MANY = "".join(f"s{at}.example,192.0.2.{at},1e8\n" for at in range(10, 19))


def case(folder: Path, sites: str, country: str = "KE", *options: str) -> Path:
    """A case of some sites, of which the first is listed."""
    folder.mkdir()
    (folder / "list.txt").write_text("192.0.2.0/24\n")
    (folder / "ours.csv").write_text(sites)
    run("init", folder / "case", "--country", country, "--blocklist", folder / "list.txt",
        "--inventory", folder / "ours.csv", *options)  # fmt: skip
    return folder / "case"


def given(column: str, first: str = "4000", other: str = "1000") -> str:
    return f"site,address,{column}\na.example,192.0.2.7,{first}\nb.example,198.51.100.4,{other}\n"


def rated(folder: Path, currency: str, per_usd: float) -> Resolved:
    (folder / "rates.csv").write_text(RATE.format(currency, per_usd))
    return resolved_of(str(folder / "scenario.yaml"), ["money.rates=rates.csv"])


def simulated(resolved: Resolved, folder: Path) -> Path:
    carry_out(Runs(Plan.of_run(resolved, 5, 4).of_size(4, fixed=False)), folder=folder)
    return folder


def summary_of(folder: Path) -> dict[str, dict[str, str]]:
    return {row["metric"]: row for row in csv_rows(folder / "summary.csv")}


def test_without_a_rate_amounts_are_those_of_any_rate_in_the_currency_given(tmp_path):
    folder = case(tmp_path / "x", given("revenue_per_h"))
    said = run("init", tmp_path / "y", "--country", "KE").stderr
    assert "No exchange rate of KES is shipped" in (folder / "README.md").read_text()
    assert "No exchange rate of KES is shipped" in said
    # The lines to write are those of a table that works.
    assert f"`{RATE.partition(chr(10))[0]}`" in said
    bare = resolved_of(str(folder / "scenario.yaml"))
    assert bare.amounts == Amounts("KES", 1.0)
    out = simulated(bare, tmp_path / "bare")
    by_rate = simulated(rated(folder, "KES", 100), tmp_path / "rated")
    loss, other = summary_of(out)["private_loss_usd"], summary_of(by_rate)["private_loss_usd"]
    assert (loss["unit"], other["unit"]) == ("KES", "USD")
    assert loss["denominator_unit"].startswith("KES of domestic demand")
    assert float(loss["median"]) > 0
    assert float(loss["median"]) == pytest.approx(100 * float(other["median"]), rel=1e-5)
    for mine, theirs in zip(*(csv_rows(one / "sites.csv") for one in (out, by_rate)), strict=True):
        if mine["operator"]:
            continue
        assert (mine["currency"], mine["currency_per_usd"], mine["loss_usd"]) == ("KES", "", "")
        local = float(mine["loss_in_currency"])
        assert local == pytest.approx(float(theirs["loss_in_currency"]), rel=1e-5)
        assert mine["revenue_usd_per_h"] == ""
    assert "USD" not in (out / "money.csv").read_text() + (out / "summary.csv").read_text()
    page = render(open_run(out))
    assert "Kenyan shillings lost by your sites" in page
    assert "USD" not in page.partition("<body")[2]
    assert "dollars" not in page.partition("<body")[2]
    # Of a thousand times the revenue losses are as much more, and names on addresses the same.
    (folder / "hosts.csv").write_text(given("revenue_per_h", "4e6", "1e6"))
    more = summary_of(simulated(resolved_of(str(folder / "scenario.yaml")), tmp_path / "more"))
    assert float(more["private_loss_usd"]["median"]) == pytest.approx(1000 * float(loss["median"]))
    assert more["names_hit"] == summary_of(out)["names_hit"]
    found = read_columns(out / "businesses.parquet", "SELECT revenue_usd_per_h FROM data", [])
    assert found["revenue_usd_per_h"].mask.all()
    assert math.isnan(read_sites(out, "orders").number["loss_usd"].max())


def test_sums_of_a_currency_of_small_units_are_held(tmp_path):
    folder = case(tmp_path / "x", given("revenue_irr_per_h", "90000000000", "10"), "IR")
    resolved = resolved_of(str(folder / "scenario.yaml"))
    assert resolved.amounts == Amounts("IRR", 100.0)
    assert resolved.inventory is not None
    assert resolved.inventory.revenue_usd_per_h.tolist() == [9e8, 0.1]


def test_what_is_assumed_in_dollars_is_not_known_without_a_rate_and_said(tmp_path):
    sites = "site,address,sector\na.example,192.0.2.7,saas-edtech\nb.example,198.51.100.4,b2b\n"
    folder = case(tmp_path / "x", sites)
    resolved = resolved_of(str(folder / "scenario.yaml"))
    assert list_warnings(resolved)[1].startswith("amounts are not computed: what businesses earn ")
    out = simulated(resolved, tmp_path / "out")
    loss = summary_of(out)["private_loss_usd"]
    assert (loss["unit"], loss["median"], loss["n_known"]) == ("KES", "", "0")
    # A site that nothing cut off lost nothing, whatever it earns.
    losses = [row["loss_in_currency"] for row in csv_rows(out / "sites.csv") if not row["operator"]]
    assert losses == ["", "0.0"]
    page = render(open_run(out))
    assert "there is no exchange rate of KES (key money.rates)" in page
    # What the messages name works: the loss in dollars is that of any rate.
    way = "--set money.currency=USD"
    assert all(way in text for text in (page, list_warnings(resolved)[1]))
    assert way in (folder / "README.md").read_text()
    dollars = resolved_of(str(folder / "scenario.yaml"), [way.removeprefix("--set ")])
    for key, priced in (("dollars", dollars), ("by_rate", rated(folder, "KES", 100))):
        simulated(priced, tmp_path / key)
    loss, other = (summary_of(tmp_path / key)["private_loss_usd"] for key in ("dollars", "by_rate"))
    assert (loss["unit"], loss["median"]) == ("USD", other["median"])
    assert float(loss["median"]) > 0
    assert rated(folder, "KES", 100).amounts == Amounts()
    # The economy of a country is in dollars too.
    spain = resolved_of("match-days", ["money.currency=KES"])
    assert economy_keys(spain) == []
    assert list_warnings(spain)[-1].endswith(
        "economy-spain-2026 is in USD, and there is no rate of KES"
    )


@pytest.mark.parametrize("country", ["KE", "ES"])
def test_nothing_is_lost_by_sites_of_which_nothing_says_what_they_earn(country, tmp_path):
    folder = case(tmp_path / "x", "site,address\na.example,192.0.2.7\n", country)
    path = str(folder / "scenario.yaml")
    out = simulated(resolved_of(path), tmp_path / "out")
    assert summary_of(out)["private_loss_usd"]["n_known"] == "0"
    row = csv_rows(out / "sites.csv")[0]
    assert row["loss_usd"] == row["loss_in_currency"] == row["revenue_usd_per_h"] == ""
    # But methods of a whole country take nothing of them.
    national = [one for one in csv_rows(out / "money.csv") if one["scope"] == SHUTDOWN]
    assert [bool(float(one["median"] or 0)) for one in national] == [True] * len(national)
    assert bool(national) == (country == "ES")
    ways = ("--strategy", "none", "--strategy", "exact", "--set", "target.addresses=[192.0.2.9]")
    run("compare", path, "-n", 4, *ways, "-o", tmp_path / "two")
    for page in (render(open_run(out)), render(open_run(tmp_path / "two"))):
        assert "Not computed: no site gives its revenue, its visits or its sector" in page
        assert "no exchange rate" not in page
        assert "so few businesses" not in page
    # What drawn businesses earn is an assumption with a range.
    drawn = resolved_of(path, ["population.n_businesses=9"]).amounts
    assert math.isfinite(drawn.factor) == (country == "ES")


@pytest.mark.parametrize("other", ["86", "0"])
def test_a_site_that_sells_nothing_is_cut_off_and_loses_nothing(other, tmp_path):
    sites = given("revenue_eur_per_h", "0", other) + f"c.example,192.0.2.8,{other}\n"
    folder = case(tmp_path / "x", sites, "ES")
    out = simulated(resolved_of(str(folder / "scenario.yaml")), tmp_path / "out")
    sells_nothing, _, c = (row for row in csv_rows(out / "sites.csv") if not row["operator"])
    assert float(sells_nothing["lost_demand_h_low"]) > 0
    assert float(sells_nothing["loss_in_currency_high"]) == 0
    assert "revenue" not in sells_nothing["drawn"].split()
    assert (float(c["loss_in_currency_low"]) > 0) == (other == "86")
    all_of = summary_of(out)
    assert float(all_of["private_loss_usd"]["median"]) == pytest.approx(float(c["loss_usd"]))
    # Shares of sales are of none where nobody sells.
    assert (all_of["demand_lost_share"]["median"] == "") == (other == "0")
    assert "euros lost by your sites" in render(open_run(out))


def test_revenue_is_converted_by_the_rate_of_its_column(tmp_path):
    folder = case(tmp_path / "x", given("revenue_per_h", "86", ""), "ES")
    resolved = resolved_of(str(folder / "scenario.yaml"))
    assert resolved.inventory is not None
    # 0.86 euros to the dollar of 2026, as the shipped table has it.
    assert resolved.inventory.revenue_usd_per_h[0] == pytest.approx(100)
    folder = case(tmp_path / "y", given("revenue_eur_per_h", "86", ""))
    assert "The currency: EUR, as the revenue" in (folder / "README.md").read_text()
    assert resolved_of(str(folder / "scenario.yaml")).amounts == Amounts()


@pytest.mark.parametrize(
    ("sites", "settings", "said"),
    [
        (given("revenue_per_h", other=""), [], "ours.csv:3: revenue_per_h: expected the revenue"),
        (given("revenue_per_h"), ["population.n_businesses=9"], "population.n_businesses: expec"),
        (given("revenue_per_h"), ["money.currency=off"], "expected a currency in its name"),
        (given("revenue_usd_per_h"), ["money.currency=KES"], "revenue in KES, or a row of KES in"),
        (given("revenue_kes_per_h"), ["money.currency=EUR"], "row of KES in money.rates; got none"),
        (given("revenue_per_h,revenue_usd_per_h", "1,2", "1,2"), [], "one column of revenue, got"),
        (given("revenue_usd_per_h", "1e8", "1e8") + MANY, [],
         "at most 1e+09 USD in all, got 1.1e+"),
        (given("revenue_per_h").replace("b.ex", "a.ex"), [], "expected what an earlier row says"),
    ],
)  # fmt: skip
def test_a_mix_that_nothing_converts_is_refused_by_name(sites, settings, said, tmp_path):
    (tmp_path / "ours.csv").write_text(sites)
    made = call("init", tmp_path / "case", "--country", "KE", "--inventory", tmp_path / "ours.csv")
    if settings:
        options = [word for one in settings for word in ("--set", one)]
        made = call("validate", tmp_path / "case" / "scenario.yaml", *options)
    assert said in made.output


def test_exposure_reads_the_same_file_and_names_what_it_ignores(tmp_path):
    (tmp_path / "list.txt").write_text("192.0.2.0/24\n")
    columns = ("revenue_per_h", "visits_per_h", "role", "mode")
    (tmp_path / "ours.csv").write_text(given(",".join(columns), "9,9,frontend,any", "9,9,,"))
    told = run("exposure", tmp_path / "list.txt", "--inventory", tmp_path / "ours.csv").output
    assert all(column in told for column in columns)
