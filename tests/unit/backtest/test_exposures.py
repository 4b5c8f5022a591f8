"""Counts of a list by prefix, group and inventory, and what is refused, by place."""

from __future__ import annotations

import csv
from ipaddress import IPv4Network, collapse_addresses
from pathlib import Path

import pytest

from sim.addresses.feeds.formats import read_feed
from sim.backtest.prediction import NotComputable, Prediction
from sim.backtest.scores import backtest
from sim.blocklists.blocklists import find_input
from sim.blocklists.expected_names import expect_names, shipped_owners
from sim.errors import DataError, ScenarioError
from sim.scenario.cases import read_cases, read_files

CASE = """\
format: overblock/backtest/1
cases:
  - id: one
    title: T
    given: G
    role: held-out
    why_role: W
    predictor: {{{predictor}}}
    published: {{value: 1, rounding: 0, nature: counted, unit: u, source: s, date: 2018}}
"""
LIST = "198.51.100.0/24\n203.0.113.0/25\n192.0.2.1\n"
TABLE = """\
prefix,provider,region
198.51.100.0/25,A,x
198.51.100.128/25,A,y
203.0.113.0/24,A,y
192.0.2.0/24,B,x
"""
HOSTS = """\
name,address,sector
shop,198.51.100.7,retail
shop,192.0.2.9,retail
bank,203.0.113.4,finance
paper,203.0.113.200,media
kiosk,,retail
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("list.txt", LIST), ("table.csv", TABLE), ("hosts.csv", HOSTS)):
        (tmp_path / name).write_text(text)
    return tmp_path


def predict(folder: Path, predictor: str) -> float:
    path = folder / "cases.yaml"
    path.write_text(CASE.format(predictor=predictor))
    (found,) = backtest(read_cases(path).cases, 1).scores
    assert isinstance(found.prediction, Prediction)
    return found.prediction.median


LISTED = "kind: exposure, blocklist: list.txt"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("", 256 + 128 + 1),
        ("count: prefixes_wholly, attribute: table.csv", 2),
        ("count: prefixes_partly, attribute: table.csv", 2),
        ("count: prefixes_wholly, attribute: table.csv, is_share: true", 0.5),
        ("count: prefixes_wholly, attribute: table.csv, provider: A", 2),
        ("count: prefixes_wholly, attribute: table.csv, provider: A, region: y", 1),
        ("count: prefixes_partly, attribute: table.csv, region: x, is_share: true", 0.5),
        ("count: prefixes_partly, attribute: table.csv, provider: B", 1),
        ("count: prefixes_wholly, attribute: table.csv, provider: B", 0),
        ("attribute: table.csv, region: y", 128 + 128),
        ("attribute: table.csv, provider: A, is_share: true", 384 / 512),
        ("attribute: table.csv, provider: A, is_share_of_list: true", 384 / 385),
        ("count: hosts, inventory: hosts.csv", 2),
        ("count: businesses, inventory: hosts.csv", 2),
        ("count: businesses, inventory: hosts.csv, state: wholly", 1),
        ("count: businesses, inventory: hosts.csv, state: partly", 1),
        ("count: businesses, inventory: hosts.csv, sector: retail", 1),
        ("count: hosts, inventory: hosts.csv, sector: retail, is_share: true", 1 / 3),
        ("count: businesses, inventory: hosts.csv, is_share: true", 0.5),
    ],
)
def test_counts_by_hand(folder, keys, expected):
    predictor = f"{LISTED}, {keys}" if keys else LISTED
    assert predict(folder, predictor) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("count", "column"),
    [
        ("names", "names"),
        ("active_sites", "active"),
        pytest.param("names_hit", "hit", marks=pytest.mark.long),
        pytest.param("names_wholly", "wholly", marks=pytest.mark.long),
    ],
)
def test_names_on_a_list_are_those_that_exposure_expects(folder, count, column):
    (folder / "clouds.txt").write_text("52.16.0.0/16\n34.240.1.1\n192.0.2.1\n")
    feed = read_feed(find_input(str(folder / "clouds.txt")))
    expected = expect_names([feed], shipped_owners(), 1_000_000)
    assert expected.all.names.median > 0
    path = folder / "cases.yaml"
    keys = f"kind: exposure, blocklist: clouds.txt, count: {count}, universe: 1000000"
    for more, of in (("", expected.all), (", provider: AWS", expected.providers[0])):
        path.write_text(CASE.format(predictor=keys + more))
        (found,) = backtest(read_cases(path).cases, 1).scores
        band = getattr(of, column)
        assert isinstance(found.prediction, Prediction)
        assert found.prediction.low == pytest.approx(band.low, rel=1e-12)
        assert found.prediction.high == pytest.approx(band.high, rel=1e-12)
        assert found.prediction.median == pytest.approx(band.median, rel=1e-12)
        assert found.prediction.unknown_part == (
            "" if more else "a lower bound: names are not known on 1 of 65,538 listed addresses, "
            "whose use no table tells"
        )  # fmt: skip


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ("count: names", "names are not known on 385 of 385 listed addresses, whose use no table"),
        ("count: names_wholly, attribute: table.csv, provider: B", "on 1 of 1 listed addresses"),
        ("count: hosts, inventory: part.csv, sector: b", "no address is known of 1 of 1 hosts"),
    ],
)
def test_what_no_table_tells_of_is_not_computable_and_never_zero(folder, keys, why):
    (folder / "part.csv").write_text("name,address,sector\nshop,198.51.100.7,a\nbank,,b\n")
    path = folder / "cases.yaml"
    path.write_text(CASE.format(predictor=f"{LISTED}, {keys}"))
    (found,) = backtest(read_cases(path).cases, 1).scores
    assert isinstance(found.prediction, NotComputable), found.prediction
    assert why in found.prediction.why
    assert found.verdict == "not computable"


def test_hosts_of_which_no_address_is_known_make_a_count_a_lower_bound(folder):
    path = folder / "cases.yaml"
    path.write_text(CASE.format(predictor=f"{LISTED}, count: hosts, inventory: hosts.csv"))
    (found,) = backtest(read_cases(path).cases, 1).scores
    assert isinstance(found.prediction, Prediction)
    assert found.prediction.unknown_part == "a lower bound: no address is known of 1 of 5 hosts"


def test_shipped_prefixes_are_counted_as_the_standard_library_does(folder, repository):
    at = "2018-04-18T12:00+03:00"
    orders = (repository / "seeds/telegram-2018-orders.csv").read_text().splitlines()
    in_force: list[IPv4Network] = []
    for row in csv.DictReader(orders):
        if row["effective"] <= at:
            network = IPv4Network(row["prefix"])
            (in_force.append if row["action"] == "block" else in_force.remove)(network)
    table = (repository / "seeds/cloud-prefixes-2018.csv").read_text().splitlines()
    mine = {IPv4Network(r["prefix"]) for r in csv.DictReader(table) if r["provider"] == "AWS"}
    listed = list(collapse_addresses(in_force))
    wholly = sum(any(one.subnet_of(each) for each in listed) for one in mine)
    assert wholly > 10
    found = predict(
        folder,
        f"kind: exposure, blocklist: telegram-2018-orders, at: {at}, count: prefixes_wholly, "
        "attribute: cloud-prefixes-2018, provider: AWS",
    )
    assert found == wholly


@pytest.mark.parametrize(
    ("predictor", "message"),
    [
        (f"{LISTED}, count: hosts", ":8:16: cases.0.predictor: expected inventory with hosts and"),
        (f"{LISTED}, inventory: hosts.csv", "expected inventory with hosts and businesses only"),
        (f"{LISTED}, state: wholly", "expected state with hosts and businesses only"),
        (f"{LISTED}, sector: retail", "expected sector with hosts and businesses only"),
        (f"{LISTED}, provider: A", "expected attribute and provider together"),
        (f"{LISTED}, attribute: table.csv", "expected attribute and provider together"),
        (f"{LISTED}, count: prefixes_wholly", "expected attribute and provider together"),
        (f"{LISTED}, is_share: true", "expected is_share with hosts, businesses, prefixes or a"),
        (f"{LISTED}, count: summed, attribute: table.csv, provider: A",
         "expected no group with the sum over rules"),
        (f"{LISTED}, universe: 5", "expected universe with names only"),
        (f"{LISTED}, count: names, is_share: true", "expected no group but a provider with names"),
        (f"{LISTED}, count: names, region: x", "expected no group but a provider with names"),
        (f"{LISTED}, count: names, universe: 999999999",
         "cases.0.predictor.universe: expected at most 255,315,270 names, got 999,999,999"),
        (f"{LISTED}, count: names, provider: AWS",
         "cases.0.predictor.provider: expected a provider with listed addresses, got 'AWS'"),
        (f"{LISTED}, attribute: table.csv, region: z",
         "cases.0.predictor.region: expected a region of the table, got 'z'"),
        (f"{LISTED}, attribute: table.csv, country: z",
         "cases.0.predictor.country: expected a table with country, got 'z'"),
        (f"{LISTED}, count: hosts, inventory: hosts.csv, sector: retale",
         "cases.0.predictor.sector: expected a sector of the inventory, got 'retale'; did you mean "
         "'retail'?"),
        (f"{LISTED}, count: businesses, inventory: table.csv",
         "cases.0.predictor.inventory: expected a column name, got none"),
        ("kind: names-law, quantity: names_on_addresses, n_addresses: 5000, address_kind: proxy",
         "cases.0.predictor.n_addresses: expected at most 4"),
        ("kind: names-law, quantity: names_on_addresses, draws: [{address_kind: rented, "
         "n_addresses: 2}, {address_kind: proxy, n_addresses: 5000}]",
         "cases.0.predictor.draws.1.n_addresses: expected at most 4"),
        ("kind: names-law, quantity: mean_names, draws: [{address_kind: rented, n_addresses: 2}]",
         "expected draws with names_on_addresses only"),
        ("kind: names-law, quantity: mean_names, universe: {value: 0}",
         "expected a universe above 0"),
        ("kind: names-law, quantity: mean_names, universe_of: popular",
         "expected a universe below 1 beside universe_of: popular"),
        ("kind: names-law, quantity: names_on_addresses",
         "expected n_addresses with share_top and names_on_addresses only"),
        ("kind: names-law, quantity: names_on_addresses, n_addresses: 3, draws: [{address_kind: "
         "rented, n_addresses: 2}]", "expected draws, or n_addresses and address_kind, got both"),
        ("kind: names-law, quantity: names_on_addresses, draws: [{address_kind: rented, "
         "n_addresses: 2, share_by_names: {value: 0.5, low: 0.6}}]",
         "cases.0.predictor.draws.0.share_by_names: expected low <= value <= high, got 0.6, 0.5"),
        ("kind: names-law, quantity: names_on_addresses, draws: [{address_kind: rented, "
         "n_addresses: 2}], universe: {value: 4}", "expected a share in [0, 1], got 4; did you"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_place(folder, predictor, message):
    with pytest.raises(ScenarioError) as refusal:
        predict(folder, predictor)
    assert message in str(refusal.value)


RUN = (
    'kind: run, scenario: telegram-2018-replay, overrides: ["population.n_businesses=5", '
    '"end=2018-04-17T00:00+03:00"]'
)
AT = "at: 2018-04-16T12:00+03:00"


@pytest.mark.parametrize(
    ("keys", "messages"),
    [
        (f"listed: {{providers: [AWS, Amazom], regions: [AWS/x]}}, {AT}",
         ["expected providers or regions, got both"]),
        (f"listed: {{providers: [AWS, Gogle Cloud]}}, {AT}",
         ["cases.0.predictor.listed.providers.1: expected providers of the scenario, got 'Gogle "
          "Cloud'; did you mean 'Google Cloud'?"]),
        (f"listed: {{is_share: true}}, {AT}", ["expected providers or regions with a share of"]),
        ("operators: {}", ["expected at beside operators, got none"]),
        (f"operators: {{entries: 0.5, count: entries}}, {AT}",
         ["expected no least share of entries with count entries, got one"]),
        ("listed: {providers: [AWS], is_share: true, is_share_of_list: true}",
         ["expected is_share_of_list with addresses of providers or regions, and no is_share"]),
        ("listed: {}, take: mean", ["expected take beside a curve, or businesses with since"]),
        (f"curve: addresses_listed, take: max, {AT}", ["expected take beside a curve"]),
        ("curve: addresses_listed, take: hours_at_least",
         ["expected level with take hours_at_least or hours_until_at_least only"]),
        ("curve: addresses_listed, level: 5", ["expected level with take"]),
        ("curve: demand_lost_share, take: hours_at_least, level: 0.1, is_complement: true",
         ["expected no complement and no is_share with take hours_at_least"]),
        (f"operators: {{operators: [rostelekom]}}, {AT}",
         ["cases.0.predictor.operators.operators.0: expected operators of the scenario, got "
          "'rostelekom'; did you mean 'rostelecom'?"]),
        (f"operators: {{entries: 0}}, {AT}",
         ["predictor.operators.entries: expected a number > 0"]),
        ("curve: businesses_impaired, sector: bank",
         ["cases.0.predictor.sector: expected a sector of the scenario, got 'bank'"]),
        ("curve: vpn_share, provider: AWS",
         ["cases.0.predictor.curve: expected a curve that is kept by provider, got vpn_share"]),
        ("curve: addresses_listed, sector: finance",
         ["cases.0.predictor.curve: expected a curve that is kept by sector, got addresses_li"]),
        ("curve: businesses_impaired, sector: finance, role: payment",
         ["expected one of provider, sector, role, got several"]),
        ("event: block, sector: finance", ["expected provider, sector or role beside curve only"]),
        ("businesses: {above: 0.3, sectors: [bank]}",
         ["cases.0.predictor.businesses.sectors.0: expected sectors of the scenario, got 'bank'"]),
        ("businesses: {above: 0.1, providers: [AWSS], regions: [AWS/x]}",
         ["cases.0.predictor.businesses.providers.0: expected providers of the scenario, got "
          "'AWSS'; did you mean 'AWS'?",
          "cases.0.predictor.businesses.regions.0: expected regions of the scenario, got 'AWS/x'"]),
        (f"businesses: {{above: 0.1, regions: [AWS/eu-west-1]}}, {AT}",
         ["expected no time beside regions of businesses, got one"]),
        (f"businesses: {{above: 0.1, providers: [AWS], sectors: [finance]}}, {AT}",
         ["expected providers or sectors beside a time, got both"]),
        (f"businesses: {{above: 0.1}}, listed: {{}}, {AT}",
         ["businesses, listed, operators, got 2"]),
    ],
)  # fmt: skip
def test_readings_that_cannot_be_are_refused_all_at_once(folder, keys, messages):
    with pytest.raises(ScenarioError) as refusal:
        predict(folder, f"{RUN}, {keys}")
    for message in messages:
        assert message in str(refusal.value)
    assert len(refusal.value.problems) == len(messages)


def test_a_threshold_that_no_run_keeps_over_time_is_computable_over_the_whole_run(folder):
    path = folder / "cases.yaml"
    asked = f"{RUN}, businesses: {{above: 0.2}}"
    path.write_text(CASE.format(predictor=f"{asked}, at: '2018-04-17T00:00+03:00'"))
    (found,) = backtest(read_cases(path).cases, 1).scores
    assert found.prediction == NotComputable(
        "a run keeps who loses more than 0.01, 0.1, 0.3, 0.5, 0.9 of demand at a time, "
        "not more than 0.2"
    )
    n = []
    for above in (0.02, 0.3, 0.99):
        path.write_text(CASE.format(predictor=f"{RUN}, businesses: {{above: {above}}}"))
        (found,) = backtest(read_cases(path).cases, 1).scores
        n.append(found.prediction.median)
    assert n[0] > n[1] > n[2] == 0


def test_lists_that_cannot_be_read_are_named_with_all_other_mistakes(folder):
    one = CASE.format(predictor="kind: exposure, blocklist: nowhere.txt")
    two = CASE.format(predictor="kind: exposure, blocklist: telegram-2018-orders")
    two = two.split("cases:\n")[1].replace("id: one", "id: two").replace("s,", "s2,")
    path = folder / "cases.yaml"
    path.write_text(one)
    with pytest.raises(DataError, match=r"nowhere\.txt: expected a file") as alone:
        backtest(read_cases(path).cases, 1)
    assert alone.value.exit_code == 4
    path.write_text(one + two)
    with pytest.raises(ScenarioError) as refusal:
        backtest(read_cases(path).cases, 1)
    first, second = map(str, refusal.value.problems)
    assert "nowhere.txt: expected a file" in first
    assert second == (
        f"{path}:15:16: cases.1.predictor.at: expected a time, as the list holds dated orders, got "
        "none"
    )


def test_mistakes_of_all_files_are_named_at_once(folder):
    paths = [folder / name for name in ("a.yaml", "b.yaml", "none.yaml")]
    for path in paths[:2]:
        path.write_text(CASE.format(predictor=LISTED).replace("role: held-out", "role: heldout"))
    with pytest.raises(ScenarioError) as refusal:
        read_files(paths)
    assert [problem.file for problem in refusal.value.problems] == list(map(str, paths))
    with pytest.raises(DataError, match=r"none\.yaml: expected a readable case file"):
        read_files(paths[2:])
