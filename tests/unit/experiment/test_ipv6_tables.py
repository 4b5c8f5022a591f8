"""IPv6 in the tables of a scenario: from the file to what is written about a run."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import duckdb
import pytest

from sim.api.runs import compare
from sim.errors import DataError
from sim.experiment.plan import metrics_of
from sim.scenario.overrides import override_text
from tests.experiments import resolved_of
from tests.sites import written

TABLES = {
    "providers.prefixes": (
        "provider,region,prefix",
        "alpha,four,198.18.0.0/20",
        "alpha,six,2001:db8::/48",
        "beta,both,198.19.0.0/24",
        "beta,both,2001:db8:1::/48",
        "beta,home,203.0.113.0/24",
    ),
    "providers.shared": ("provider,region,prefix", "alpha,crowd,2001:db8:0:ffff::/120"),
    "population.hosting": (
        "provider,region,side,weight",
        "alpha,four,foreign,1",
        "alpha,six,foreign,2",
        "alpha,crowd,foreign,1",
        "beta,both,foreign,1",
        "beta,home,domestic,1",
    ),
    "fronts.pools": ("provider,region,weight", "alpha,four,1", "alpha,six,1"),
    "target.prefixes": ("prefix", "203.0.112.0/24", "2001:db8:f::/64"),
    "population.services": (
        "service,label,role,provider,region,n_addresses,mode,popularity,low,high,evidence,source,why",
        "pay,Pay,payment,alpha,six,2,any,1,0,2,assumed,,for the test",
    ),
}
SETTINGS: dict[str, object] = {
    "population.n_businesses": 60, "end": "2018-04-20T00:00:00+03:00", "stances": None,
    "published.figures": None, "censor.pressure_events": None,
}  # fmt: skip


def overrides(folder: Path, **more: str) -> dict[str, object]:
    """Settings that name tables written into a folder."""
    return SETTINGS | more | written(folder, TABLES)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ipv6")
    orders = folder / "orders.csv"
    # The second is of a /64 where nobody can be: the other strategy's world need not tell it apart.
    orders.write_text(
        "effective,action,prefix\n"
        "2018-04-16T12:00+03:00,block,2001:db8::/49\n"
        "2018-04-17T12:00+03:00,block,2001:db8:77:1::4/126\n"
    )
    compare(
        "telegram-2018",
        ["exact", f"dated=replay:orders={orders}"],
        baseline="exact",
        n_simulations=2,
        fixed=True,
        set=overrides(folder),
        folder=folder / "run",
    )
    return folder / "run"


def ask(run: Path, what: str) -> list[tuple]:
    return duckdb.execute(what.replace("$", f"{run}/")).fetchall()


def test_what_is_written_names_addresses_of_both_families(run):
    fronts = {
        text
        for (text,) in ask(
            run,
            "SELECT address FROM '$events.parquet' WHERE kind = 'rented' AND strategy = 'exact'",
        )
    }
    assert {ip_address(text).version for text in fronts} == {4, 6}
    for address in map(ip_address, fronts):
        if address.version == 6:
            # The first address after that of its /64, and in none that many share.
            assert int(address) % 2**64 == 1
            assert address in ip_network("2001:db8::/48")
            assert address not in ip_network("2001:db8:0:ffff::/64")
    entries = {
        text
        for (text,) in ask(
            run,
            "SELECT prefix FROM '$entries.parquet' WHERE strategy = 'exact' AND mechanism = 'drop'",
        )
    }
    assert {ip_network(text).prefixlen for text in entries if ":" in text} == {128}
    assert entries <= {f"{text}/{32 if '.' in text else 128}" for text in fronts}
    replayed = ask(
        run,
        "SELECT DISTINCT prefix FROM '$entries.parquet' "
        "WHERE strategy = 'dated' AND mechanism = 'drop' ORDER BY prefix",
    )
    assert replayed == [("2001:db8:77:1::4/126",), ("2001:db8::/49",)]


def test_networks_are_measured_beside_addresses(run):
    found = ask(
        run,
        "SELECT metric, value FROM '$measures.parquet' WHERE strategy = 'dated' "
        "AND replicate = 0 AND metric IN ('addresses_listed_peak', "
        "'networks_listed_peak', 'rules_in_force_peak') ORDER BY metric",
    )
    assert found == [
        ("addresses_listed_peak", 0.0),
        ("networks_listed_peak", 2.0**15 + 1),
        ("rules_in_force_peak", 2.0),
    ]


def test_every_scenario_has_the_measures_of_ipv6(tmp_path):
    asked = [override_text(key, value) for key, value in overrides(tmp_path).items()]
    with_ipv6 = metrics_of(resolved_of("telegram-2018", asked))
    without = metrics_of(resolved_of("telegram-2018", []))
    more = {"networks_listed_peak", "networks_dropped_peak", "networks_listed_at_end"}
    assert set(with_ipv6) & set(without) >= more


def test_more_ipv6_than_can_be_told_apart_is_refused(tmp_path):
    given = overrides(tmp_path)
    path = Path(str(given["providers.prefixes"]))
    path.write_text(path.read_text() + "beta,all,2000::/3\nbeta,one,2001:db8:2::/64\n")
    asked = [override_text(key, value) for key, value in given.items()]
    with pytest.raises(DataError, match="fewer or longer IPv6 prefixes"):
        resolved_of("telegram-2018", asked)
