"""A country brings its tables, what stands in for them is said, and money has its currency."""

from datetime import date
from pathlib import Path

import pytest

from sim.errors import DataError, ScenarioError
from sim.measure.estimates import Estimate
from sim.measure.money.pricing import economy_keys
from sim.report.words.heading import currency_name, in_currency
from sim.scenario.library import table_names
from sim.scenario.load import load_scenario
from sim.scenario.overrides import countries, pack_of, rate_at, read_packs
from sim.scenario.quantities import currencies_of, zones_of
from sim.scenario.resolve import ROWS_OF, resolve
from sim.scenario.sources import list_sources, list_warnings
from sim.scenario.starter.case import _money_of_case
from sim.scenario.tables.rows import RateRow

SPAIN = """\
format: overblock/scenario/1
name: own
title: A case of one's own
country: ES
BORROW
start: 2026-03-01T00:00+01:00
end: 2026-03-02T00:00+01:00
target: {name: streams}
strategy: {id: none}
population: {n_businesses: 20}
"""
BORROWED = (
    "assumptions, components-2018, hosting-choice-europe, provider-prefixes-2018, sectors-europe, "
    "services-europe-2018, sharing-2018"
)


def write(folder: Path, borrow: str = BORROWED) -> str:
    path = folder / "own.yaml"
    path.write_text(SPAIN.replace("BORROW", f"borrow: [{borrow}]" if borrow else ""))
    return str(path)


def test_there_are_packs_of_four_countries_and_all_they_name_is_there():
    assert countries() == ["AT", "ES", "IT", "RU"]
    for row in read_packs().rows:
        if row.key in ROWS_OF:
            assert row.value in (*table_names(), "none")
        else:
            assert row.key in ("time_zone", "money.currency")


def test_a_country_brings_what_a_scenario_leaves_out(tmp_path):
    resolved = resolve(load_scenario(write(tmp_path)))
    scenario = resolved.scenario
    assert scenario.time_zone == "Europe/Madrid"
    assert scenario.money.currency == "EUR"
    assert resolved.operators.name == "operators-spain-2026"
    assert resolved.economy.name == "economy-spain-2026"
    assert resolved.hosting.name == "hosting-choice-europe"
    (source,) = (one for one in list_sources(resolved) if one.key == "operators.groups")
    assert source.why.startswith("By the pack of ES, seeds/country-packs.csv, line ")


def test_what_a_scenario_says_goes_before_its_country(tmp_path):
    path = write(tmp_path)
    own = resolve(load_scenario(path, ["money.currency=USD", "time_zone=Atlantic/Canary"]))
    assert own.scenario.time_zone == "Atlantic/Canary"
    assert own.rates is None
    assert own.rate is None
    assert load_scenario(path, ["time_zone=off"]).scenario.time_zone is None


def test_of_several_packs_the_latest_that_is_not_later_is_taken():
    assert pack_of("KE", 2026)["population.sectors"][0] == "sectors-europe"
    assert pack_of("ES", 2030) == pack_of("ES", 2026) == pack_of("ES", 1999)
    rates = [
        RateRow(currency="EUR", of=of, per_usd=1, low=1, high=1, kind="assumption", why="x")
        for of in (2022, 2024)
    ]
    assert [rate_at(rates, "EUR", year).of for year in (2021, 2022, 2023, 2024, 2030)] == [  # type: ignore[union-attr]
        2022, 2022, 2022, 2024, 2024
    ]  # fmt: skip
    assert rate_at(rates, "KES", 2024) is None


def test_a_rate_of_another_year_is_named(tmp_path):
    path, rates = write(tmp_path), tmp_path / "rates.csv"
    year, told = load_scenario(path).scenario.start.year, {}
    for of in (1990, year - 1, year, year + 1):
        rates.write_text(
            "currency,of,per_usd,low,high,kind,source,date,why\n"
            f"EUR,{of},0.9,0.8,1,assumption,,,x\n"
        )
        found = list_warnings(resolve(load_scenario(path, [f"money.rates={rates}"])))
        told[of] = f"sums in EUR take the exchange rate of {of} for a run that" in " ".join(found)
    assert told == {1990: True, year - 1: False, year: False, year + 1: True}
    (tmp_path / "sites.csv").write_text("site,address,revenue_rub_per_h\na,192.0.2.1,625\n")
    asked = [f"population.inventory={tmp_path / 'sites.csv'}"]
    found = " ".join(list_warnings(resolve(load_scenario(path, asked))))
    assert "sums in RUB take the exchange rate of 2018 for a run that starts in 2026" in found


def test_tables_of_another_country_are_refused_unless_they_are_borrowed(tmp_path):
    with pytest.raises(DataError, match=r"own\.yaml:4:10: borrow: expected borrow to na") as caught:
        resolve(load_scenario(write(tmp_path, "")))
    assert f"hint: borrow: [{BORROWED}]" in str(caught.value)
    (sentence,) = list_warnings(resolve(load_scenario(write(tmp_path))))
    assert all(f"{name} (" in sentence for name in BORROWED.split(", "))


@pytest.mark.parametrize(
    ("borrow", "told"),
    [
        (BORROWED.replace("sectors-europe, ", ""),
         r"borrow to name.*: sectors-europe \(EU\); hint: borrow: \[assumptions, "),
        (f"{BORROWED}, sector-europe", "the name of a table, got 'sector-europe'; did"),
    ],
)  # fmt: skip
def test_a_table_that_is_not_borrowed_or_not_there_is_named_alone(borrow, told, tmp_path):
    with pytest.raises(DataError, match=f"expected {told}"):
        resolve(load_scenario(write(tmp_path, borrow)))


def test_a_country_without_a_pack_takes_nothing_silently(write_scenario):
    with pytest.raises(DataError, match=r"of KE in 2018: .*provider-prefixes-2018") as caught:
        resolve(load_scenario(str(write_scenario(add="country: KE\n"))))
    for name in ("operators-", "economy-", "sectors-russia", "hosting-russia", "services-russia"):
        assert name not in str(caught.value)


def test_a_country_without_a_pack_has_its_own_zone_and_currency(tmp_path):
    path = write(tmp_path)
    resolved = resolve(load_scenario(path, ["country=KE"]))
    scenario = resolved.scenario
    assert (scenario.time_zone, scenario.money.currency) == ("Africa/Nairobi", "KES")
    assert resolved.operators.name == "operators-unknown"
    assert resolved.rate is None
    assert resolved.economy is None
    assert economy_keys(resolved) == []
    assert "no economy is named (key money.economy)" in list_warnings(resolved)[-1]
    whys = {one.key: one.why for one in list_sources(resolved)}
    assert whys["time_zone"] == "By the country: IANA time zone database, zone.tab"
    assert whys["money.currency"] == "By the country: ISO 4217, by the CLDR"
    # Several: it is for the user to say which.
    assert load_scenario(path, ["country=US"]).scenario.time_zone is None
    own = load_scenario(path, ["country=KE", "money.currency=off", "time_zone=Asia/Tokyo"])
    assert (own.scenario.money.currency, own.scenario.time_zone) == (None, "Asia/Tokyo")


def test_zones_that_agree_stand_together_the_populous_first():
    assert zones_of("DE", 2026) == (("Europe/Berlin", "Europe/Busingen"),)
    # Since 1 March 2024 all of Kazakhstan has one time.
    assert [len(zones_of("KZ", year)) for year in (2023, 2024, 2025)] == [2, 2, 1]
    assert [alike[0] for alike in zones_of("ID", 2026)] == [
        "Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"
    ]  # fmt: skip
    assert zones_of("BV", 2026) == ()


@pytest.mark.parametrize(
    ("country", "year", "currency"),
    [
        ("IN", 2026, "INR"), ("FR", 2026, "EUR"), ("FR", 1999, "EUR"), ("FR", 1998, "FRF"),
        ("BG", 2025, "BGN"), ("BG", 2026, "EUR"), ("LS", 2026, "LSL"), ("HT", 2026, "HTG"),
        ("PS", 2026, "ILS"), ("VE", 2008, "VEF"), ("CU", 2012, "CUP"), ("AQ", 2026, None),
    ],
)  # fmt: skip
def test_the_currency_is_that_of_the_year_and_of_several_the_own(country, year, currency):
    assert next(iter(currencies_of(country, year)), None) == currency


def test_a_case_names_the_other_currencies_of_its_country():
    (said, *_) = _money_of_case("PA", date(2026, 3, 1), None)[1]
    assert said.startswith("The currency: PAB; PA also uses USD")
    # Two weeks in which both were taken.
    assert currencies_of("HR", 2023, date(2023, 1, 14)) == ["EUR", "HRK"]
    assert currencies_of("HR", 2023, date(2023, 3, 1)) == ["EUR"]


def test_a_loss_in_dollars_is_printed_in_the_currency_of_the_country(tmp_path):
    rate = resolve(load_scenario(write(tmp_path))).rate
    assert rate is not None
    assert (rate.currency, rate.of) == ("EUR", 2026)
    rate = rate.model_copy(update={"per_usd": 0.5})
    loss = Estimate(4e6, 2e6, 8e6, "USD")
    # Half a euro to the dollar.
    found = in_currency(loss, rate)
    assert (found.median, found.low, found.high, found.unit) == (2e6, 1e6, 4e6, "EUR")
    assert currency_name("EUR") == "euros"
    assert in_currency(loss, None) is loss


@pytest.mark.parametrize("code", ["ZZ", "XX", "AA", "QZ", "UK"])
def test_a_country_that_no_table_of_iso_3166_has_is_refused(code, write_scenario):
    with pytest.raises(ScenarioError, match=f"country: expected a country of ISO 3166.* '{code}'"):
        load_scenario(str(write_scenario(add=f"country: {code}\n")))
