"""Inventories are read whole, or refused with every mistake at its line."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from sim.errors import DataError, ScenarioError
from sim.scenario.library import shipped
from sim.scenario.load import load_scenario
from sim.scenario.overrides import override_text
from sim.scenario.resolve import resolve
from sim.scenario.sources import list_warnings
from sim.scenario.tables import inventory as tables
from sim.scenario.tables.inventory import read_inventory
from sim.scenario.tables.lists import read_list
from sim.scenario.tables.roles import ROLES
from tests.feeds import given
from tests.refusals import problems_of
from tests.sites import TABLES, overrides, resolved


def problems(folder: Path, *lines: str) -> list[str]:
    path = given(folder, "\n".join(lines) + "\n", "hosts.csv").path
    found = problems_of(DataError, read_inventory, "hosts.csv", path)
    return [str(one).removeprefix(f"{path}:") for one in found]


def test_every_bad_row_is_told_at_once(tmp_path):
    found = problems(
        tmp_path,
        "site,address,role,revenue_usd_per_h,mode,n_names,visits_per_h",
        "a,198.18.0.1,frontent,1,any,1,",
        "a,198.18.0.0/24,,,,,",
        "a,999.1.1.1,,,,,",
        ",,payment,,,,",
        "b,198.18.0.1,,0,,,0",
        "b,198.18.0.2,,-1,,,",
        "c,198.18.0.2,,,every,,",
        "c,fe80::1,,,,,",
        "c,198.18.0.3,,,,1.5,",
        "c,198.18.0.4,,1e9,,0,",
        "d,198.18.0.5 255.255.255.0,,,,,",
        'd,"198.18.0.6 198.18.0.0/24",,,,,',
    )
    assert found == [
        f"2: role: expected one of {', '.join(ROLES)}, got 'frontent'; did you mean 'frontend'?",
        "3: address: expected a single address of 'a', got a prefix or a range: give each address "
        "that visitors reach",
        "4: address: expected numbers from 0 to 255, got '999.1.1.1'",
        "5: address: expected an address, or a site; got neither",
        "6: visits_per_h: expected a number above 0, or nothing; got 0",
        "7: revenue_usd_per_h: expected a number of 0 or more, got '-1'",
        "8: mode: expected one of any, spread, got 'every'",
        "9: address: expected an IPv6 address within 2000::/3, got another",
        "10: n_names: expected a whole number of 0 or more, got '1.5'",
        "11: revenue_usd_per_h: expected a number from 0 to 1e+08, got 1e+09",
        "11: n_names: expected a number from 1 to 1e+07, got 0",
        "12: address: expected a prefix such as 198.51.100.0/24 or 2001:db8::/32, got "
        "'198.18.0.5 255.255.255.0'",
        "13: address: expected a single address of 'd', got a prefix or a range: give each address "
        "that visitors reach",
    ]


def test_names_have_one_line(tmp_path):
    names = ["a" * 254, "a\x85b", "a" * 253]
    found = problems(
        tmp_path, "name,address", *(f"{name},198.18.0.{at}" for at, name in enumerate(names))
    )
    expected = "name: expected one line of at most 253 printable letters, got "
    assert [text.partition("'")[0] for text in found] == [f"2: {expected}", f"3: {expected}"]


def test_rows_of_one_site_must_not_contradict_each_other(tmp_path):
    found = problems(
        tmp_path,
        "site,address,role,sector,revenue_usd_per_h,mode",
        "a,198.18.0.1,,shops,1,any",
        "b,198.18.0.1,,news,,",
        "a,198.18.0.1,frontend,shops,,",
        "a,198.18.0.2,,news,2,spread",
        "b,,,,,any",
        "b,,,,,spread",
        "b,,payment,,,any",
    )
    assert [text.split(":")[:2] for text in found] == [
        ["2", " mode"],
        ["4", " address"],
        ["5", " sector"],
        ["5", " revenue_usd_per_h"],
        ["6", " mode"],
        ["8", " mode"],
    ]


def test_what_an_inventory_says(tmp_path):
    path = tmp_path / "hosts.csv"
    path.write_text(
        "Name;IP;Sector;Visits per h;mode\n"
        "b;2001:db8::1;;;\n"
        'a;"198.18.0.1;198.18.0.3, 2001:db8::3 198.18.0.1";news;12,5;\n'
        "b;198.18.0.1;shops;;any\n"
        ";2001:db8::2;;;\n"
    )
    found = read_inventory("hosts.csv", path)
    assert found.site == ("b", "a", "2001:db8::2")
    assert found.n_rows == 6
    assert "cells with several addresses: each is read as one, no two as a range" in found.notes
    assert found.text_of("sector") == ["shops", "news", ""]
    assert found.visits_per_h.tolist()[1] == 12.5
    assert found.component_mode.tolist() == [0, -1, -1]
    assert found.host_line.tolist() == [2, 4, 3, 3, 3, 5]
    assert found.is_ipv6.tolist() == [True, False, False, False, True, True]
    assert found.is_dual.tolist() == [True, True, False]


def test_a_row_without_an_address_says_the_rest_of_its_site(tmp_path):
    path = tmp_path / "hosts.csv"
    path.write_text(
        "site,address,role,sector,revenue_usd_per_h\n"
        "a,,frontend,shops,40\n"
        "b,,,news,\n"
        "a,198.18.0.1,payment,,\n"
        "c,198.18.0.2,,,\n"
        "c,,,,9\n"
    )
    found = read_inventory("hosts.csv", path)
    assert found.site == ("a", "b", "c")
    assert found.text_of("sector") == ["shops", "news", ""]
    assert found.revenue_usd_per_h.tolist()[::2] == [40, 9]
    assert (found.n_rows, found.n_without_address) == (2, 3)
    # Neither the front end of a nor anything of b is given.
    assert found.component_site.tolist() == [0, 2]
    assert [ROLES[role] for role in found.component_role] == ["payment", "frontend"]
    assert found.host_line.tolist() == [4, 5]
    told = problems(
        tmp_path, "site,address,sector", "a,,shops", "a,198.18.0.1,news", "b,198.18.0.2,"
    )
    assert [text.split(":")[:2] for text in told] == [["3", " sector"]]


def test_one_file_serves_exposure_and_a_run():
    """Of the shipped sample a run leaves nothing out unsaid."""
    path = shipped("samples") / "hosts.csv"
    asked = ("population.n_businesses=0", f"population.inventory={path}")
    found = resolve(load_scenario("telegram-2018-replay", asked))
    assert found.inventory is not None
    assert found.inventory.site == ("shop.example", "paper.example")
    of_file = [text for text in list_warnings(found) if text.startswith(str(path))]
    assert len(of_file) == 2
    assert "1 of 3 rows have no address" in of_file[0]
    assert of_file[1].endswith("not from the file: provider")


def test_sites_that_are_the_target_s_own_are_counted(tmp_path):
    rows = ("site,address", "a,198.18.0.1", "b,198.18.0.1", "b,198.18.0.9", "c,198.18.0.2", "d,")
    target = {"target.addresses": ["198.18.0.0/30"], "target.prefixes": None}
    found = resolved(tmp_path, {"population.inventory": rows}, **target)
    (told,) = [text for text in list_warnings(found) if "target.addresses" in text]
    assert "no address but those of target.addresses: 2. What they lose" in told


def test_a_sector_that_nothing_is_known_of_is_refused(tmp_path):
    rows = ("site,address,sector", "a,198.18.0.1,shop", "b,198.18.0.2,news")
    with pytest.raises(DataError, match=r"csv:2: sector: expected a sector of .* 'shops'\?"):
        resolved(tmp_path, {"population.inventory": rows})


def test_both_families_need_to_be_told_apart(tmp_path):
    rows = ("site,address", "a,198.18.0.1", "b,198.18.0.1", "b,2001:db8::1")
    with pytest.raises(DataError, match=r"csv:3: address: expected a section ipv6"):
        resolved(tmp_path, {"population.inventory": rows}, ipv6=None)


def test_of_a_record_that_polls_ipv4_alone_ipv6_is_ignored_and_said(tmp_path):
    rows = "site,address\na,198.18.0.1\na,2001:db8::1\nb,2001:db8::2\nc,198.18.0.2\n"
    path = given(tmp_path, rows, "sites.csv").path
    found = resolve(load_scenario("spain-record", [f"population.inventory={path}"]))
    assert found.inventory is not None
    hosts = found.inventory.component_site[found.inventory.host_component]
    assert [found.inventory.site[site] for site in hosts] == ["a", "b", "c"]
    assert [str(one) for one in found.inventory.numbers] == [
        str(int(ip_address(text))) for text in ("198.18.0.1", "2001:db8::2", "198.18.0.2")
    ]
    (said,) = [text for text in list_warnings(found) if "IPv6 addresses: 2" in text]
    assert "whether they were blocked is not known" in said


def test_of_a_record_with_ipv6_both_families_need_to_be_told_apart(tmp_path):
    sites = given(tmp_path, "site,address\na,198.18.0.1\na,2001:db8::1\n", "sites.csv").path
    record = "addresses,from,to\n{},2025-12-01T00:00Z,2025-12-02T00:00Z\n"
    polled = given(tmp_path, "operator,addresses\npolled,2001:db8::1\n", "polled.csv").path
    # Seen blocked, or polled and free.
    for one, more in (("2001:db8::1", []), ("198.18.0.9", [f"strategy.polled={polled}"])):
        path = given(tmp_path, record.format(one), "record.csv").path
        texts = [f"population.inventory={sites}", f"strategy.table={path}", *more]
        with pytest.raises(DataError, match=r"csv:2: address: expected a section ipv6"):
            resolve(load_scenario("spain-record", texts))


def test_too_many_addresses_of_which_each_user_meets_one_are_refused(tmp_path):
    many = [f"a,9.0.{row // 250}.{row % 250 + 1}" for row in range(2048)]
    with pytest.raises(DataError, match=r"csv:2: mode: expected any, or fewer addresses"):
        resolved(tmp_path, {"population.inventory": ("site,address", *many)})
    fine = ("site,address,mode", *(f"{line},any" for line in many))
    assert resolved(tmp_path, {"population.inventory": fine}).inventory is not None


def test_what_visits_earn_is_known_for_each_sector_and_bounded(tmp_path):
    visits = problems(
        tmp_path, "site,address,visits_per_h", *(f"a{v},198.18.0.1,{v}" for v in ("0", "-1", "2e9"))
    )
    assert [text.split(":")[:2] for text in visits] == [
        [str(line), " visits_per_h"] for line in (2, 3, 4)
    ]

    def refused(*rows: str, visits: float = 60, key: str = "population.revenue_per_visit") -> str:
        sites = ("site,address,sector,visits_per_h", f"a,198.18.0.1,shops,{visits}")
        tables = {"population.inventory": sites, key: rows}
        (problem,) = problems_of(DataError, resolved, tmp_path, tables)
        return str(problem)

    head = "sector,usd_per_visit,sigma"
    assert "expected a row for news, or one without a sector" in refused(head, "shops,1,0")
    assert ":3: sector: expected each once, got '' again" in refused(head, ",1,0", ",2,0")
    assert ":2: usd_per_visit: expected a number > 0" in refused(head, ",0,0")
    assert "visits_per_h: expected at most 5e+08 in all" in refused(head, ",2,0", visits=6e8)
    sectors = [line.replace(",0,1,flat", ",0,0,flat") for line in TABLES["population.sectors"][:2]]
    sectors.append(TABLES["population.sectors"][2])
    text = refused(*sectors, key="population.sectors")
    assert ":2: share_domestic: expected a share above 0" in text


def test_an_inventory_of_nobody_is_refused(tmp_path):
    for rows in ((), ("a,",)):
        (text,) = problems(tmp_path, "site,address", *rows)
        assert "expected an address in at least one row, got none" in text


def test_a_large_file_is_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "MAX_INVENTORY_BYTES", 40)
    (text,) = problems(tmp_path, "site,address", *["a,198.18.0.1"] * 4)
    assert "expected at most 40 bytes" in text


def test_beside_an_inventory_nobody_is_drawn_unless_asked_for(tmp_path):
    asked = overrides(tmp_path)
    del asked["population.n_businesses"]
    texts = [override_text(key, value) for key, value in asked.items()]
    loaded = load_scenario("telegram-2018-replay", texts)
    assert loaded.scenario.population.n_businesses == 0
    assert "population.n_businesses" not in {row.key for row in loaded.assumed}


def test_a_population_of_nobody_is_refused():
    with pytest.raises(ScenarioError, match="or an inventory; got neither"):
        load_scenario("telegram-2018-replay", ["population.n_businesses=0"])


# Lists of addresses that a scenario names, as tables of prefixes.


def test_each_family_stays_what_it_is(tmp_path):
    path = given(tmp_path, "::/0\n0.0.0.0/0\n2001:db8::-2001:db8::2\n0.0.0.1\n", "list.txt").path
    table = read_list("list.txt", path)
    assert [str(row.prefix) for row in table.rows] == [
        "0.0.0.0/0",
        "0.0.0.1/32",
        "2000::/3",
        "2001:db8::/127",
        "2001:db8::2/128",
    ]
    assert table.lines == (2, 4, 1, 3, 3)


def test_ipv6_that_is_not_on_the_internet_is_refused_with_its_line(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("::1\n198.51.100.0/24\n::/3\n::/2\n::192.0.2.1\n64:ff9b::/96\n")
    found = problems_of(DataError, read_list, "list.txt", path)
    assert [(one.line, one.message.partition("got ")[2]) for one in found] == [
        (1, "'::1/128'"),
        (3, "'::/3'"),
        (5, "'::c000:201/128'"),
        (6, "'64:ff9b::/96'"),
    ]


def test_what_is_seldom_meant_is_noted(tmp_path):
    rows = "site,address,n_names\na.example,8.8.8.8;8.8.8.9,4\nA.example.,8.8.4.4,\nb,224.0.0.7,\n"
    more = "c,127.0.0.1,\nd,192.168.1.7,\nd,8.8.8.10,\ne,fd00::1,\n"
    path = given(tmp_path, f"{rows}{more}", "hosts.csv").path
    inventory = read_inventory("hosts.csv", path)
    # Of c and e no public address is known; d has one beside a private one.
    assert (inventory.n_without_address, inventory.n_rows) == (3, 5)
    assert inventory.notes[1].startswith("3 rows have addresses at which no public host is")
    assert inventory.notes[-3:] == (
        "n_names of a host with several addresses counts at each of them in a run",
        "sites that are another one, spelt otherwise, and count apart: 1",
        "rows with special addresses, taken as given: 1",
    )
