"""``overblock init``: a folder that runs at once, and says what it assumes."""

import json
from pathlib import Path

import pytest

from sim.scenario.overrides import countries
from sim.scenario.resolve import Resolved
from tests.commands import call, run
from tests.experiments import resolved_of

LIST = "198.51.100.7\n2001:db8::7\n"


def init(folder: Path, *options: str) -> str:
    return run("init", str(folder), *options).output


def resolved(folder: Path) -> Resolved:
    return resolved_of(str(folder / "scenario.yaml"))


def refusal(tmp_path: Path, *options: str) -> str:
    result = call("init", str(tmp_path / "case"), *options)
    assert result.exit_code in (2, 4)
    assert not (tmp_path / "case").exists()
    return result.output


def test_all_that_is_known_stands_in_the_folder(tmp_path):
    (tmp_path / "list.txt").write_text(LIST)
    sites = (
        "site,address,visits_per_h\nshop.example,198.51.100.7,9\nshop.example,2001:db8::7,\n"
        "somewhere.example,,3\n"
    )
    (tmp_path / "ours.csv").write_text(sites)
    (tmp_path / "ops.csv").write_text("operator,compliance\nnorth,1\nsouth,0.5\neast,\n")
    init(tmp_path / "case", "--country", "ES", "--from", "2026-03-28", "--to", "2026-04-01",
         "--blocklist", str(tmp_path / "list.txt"), "--inventory", str(tmp_path / "ours.csv"),
         "--operators", str(tmp_path / "ops.csv"))  # fmt: skip
    case = resolved(tmp_path / "case")
    # Clocks went forward on 29 March.
    assert case.scenario.start.isoformat() == "2026-03-28T00:00:00+01:00"
    assert case.scenario.end.isoformat() == "2026-04-01T00:00:00+02:00"
    assert [len(one.rows) for one in case.lists] == [2]
    assert case.inventory is not None
    assert list(case.inventory.site) == ["shop.example", "somewhere.example"]
    # Users who have IPv6 are assumed where a site has both families.
    assert case.scenario.ipv6 is not None
    north, south, east = case.operators.rows
    assert (north.compliance, south.compliance) == (1, 0.5)
    # What is not given is as for the first of the country's own operators.
    assert (east.compliance, east.poll_interval_h) == (0.95, 0.1)
    assert north.share_users + south.share_users + east.share_users == pytest.approx(1, abs=1e-9)
    assert case.operators.note is not None
    assert case.operators.note.country == "ES"
    # East's is assumed, so that all have a range.
    assert case.operators.note.columns["compliance"].range is not None
    schema = json.loads((tmp_path / "case" / "scenario.schema.json").read_text())
    assert schema["$id"] == "urn:overblock:scenario:1"
    readme = (tmp_path / "case" / "README.md").read_text()
    assert "2 hosts named shop.example are one site: 3 hosts are 2 sites" in readme
    assert "Of the operators: share_users, poll_interval_h, apply_lag_median_h" in readme
    assert "release_lag_sigma, compliance of some (operators.source.yaml)" in readme
    assert "- `hosts.csv`: your sites" in readme
    assert "Revenue of 2 of your sites, which give visits alone" in readme
    assert "Where some of your sites sit: 1 of their rows have no address" in readme
    assert case.visit_values is not None


def test_columns_of_all_files_are_settled_at_once_and_percent_are_shares(tmp_path):
    files = {
        "blocklist": "Sr No,ip,ruling,appeal\n1,198.51.100.7,12/2025,open\n",
        "inventory": "site,ip,county\na.example,198.51.100.7,Kwale\n",
        "operators": "Network,Market share,Kind\nNorth,66.0%,x\nSouth,%33.9,y\nTotal,99.9%,\n",
    }
    options = ["--country", "KE"]
    for option, text in files.items():
        (tmp_path / f"{option}.csv").write_text(text)
        options += [f"--{option}", str(tmp_path / f"{option}.csv")]
    told = refusal(tmp_path, *options)
    options_of_all = "to ignore all of these: --ignore-column ruling --ignore-column appeal"
    assert told.splitlines()[0].endswith(options_of_all)
    assert "say --ignore-column county if" in told
    # A column of addresses is not ignored by a line to copy.
    v6 = "site,ip,county,v6_address_of_it,crew\na.example,198.51.100.7,Kwale,2001:db8::7,core\n"
    (tmp_path / "v6.csv").write_text(v6)
    told_of_v6 = refusal(tmp_path, "--country", "KE", "--inventory", str(tmp_path / "v6.csv"))
    settled = "to ignore those without addresses: --ignore-column county --ignore-column crew\n"
    assert settled in told_of_v6
    way = "say --column address=ip --column address=v6_address_of_it if both are listed; "
    assert f"got '2001:db8::7': {way}--column last=" in told_of_v6
    way = "unknown column: say --ignore-column market_share to leave it out, or --column "
    assert f"{way}operators=market_share, or --column share_users=market_share" in told
    settled = [f"--ignore-column={name}" for name in ("ruling", "appeal", "county", "kind")]
    output = init(tmp_path / "case", *options, *settled, "--column", "share_users=market share",
                  "--column", "operators=network")  # fmt: skip
    assert "share_users adds up to 99.9: read as percent" in output
    assert "operators.csv: a row of sums is left out" in output
    north, south = resolved(tmp_path / "case").operators.rows
    assert north.share_users == pytest.approx(66.0 / 99.9)
    note = resolved(tmp_path / "case").operators.note
    assert note is not None
    kinds = [note.columns[name].kind for name in ("share_users", "poll_interval_h")]
    assert kinds == ["fact", "assumption"]
    assert south.share_users == pytest.approx(33.9 / 99.9)
    readme = (tmp_path / "case" / "README.md").read_text()
    said = "blocks 1 h (0.2 to 12) after it sees one, unblocks 2 h (0.2 to 48) after it sees a"
    assert f"{said} release, and enforces 90% (0% to 100%) of the entries" in readme
    assert "- `operators.csv`: share_users adds up to 99.9: read as percent" in readme


def test_headings_of_turkey_are_read_and_two_columns_of_operators_told_by_values(tmp_path):
    files = {
        "blocklist": "Tarih;Alan adı;IP adresi\n2026-03-02;a.example;198.51.100.7\n",
        "inventory": "Site;IP adresi;Açıklama\na.example;198.51.100.7;-\n",
        "operators": "İşletmeci;Pazar payı (%)\nKuzey;62,5%\nGüney;37,5%\n",
    }
    options = ["--country", "TR"]
    for option, text in files.items():
        (tmp_path / f"{option}.csv").write_text(text)
        options += [f"--{option}", str(tmp_path / f"{option}.csv")]
    # Numbers that are no shares of all users, or two columns of texts, stay for the user to say.
    for rows in ("Kuzey;62,5\nGüney;30\n", "Kuzey;a\nGüney;b\n", "1;0,4\n2;0,6\n"):
        (tmp_path / "operators.csv").write_text(f"İşletmeci;Pazar payı\n{rows}")
        assert "or --column operators=işletmeci" in refusal(tmp_path, *options)
    (tmp_path / "operators.csv").write_text(files["operators"])
    output = init(tmp_path / "case", *options)
    for told in ("işletmeci read as operator", "pazar_payı read as share_users"):
        assert told in output
    case = resolved(tmp_path / "case")
    assert [row.share_users for row in case.operators.rows] == [0.625, 0.375]
    assert str(case.given_orders[0].from_).startswith("2026-03-02")


def test_nothing_is_said_to_be_assumed_of_operators_whose_columns_are_all_given(tmp_path):
    columns = (
        "operator;label;stands_for;share_users;poll_interval_h;apply_lag_median_h;apply_lag_sigma;"
        "release_lag_median_h;release_lag_sigma;compliance"
    )
    (tmp_path / "o.csv").write_text(f"{columns}\nnorth;North;itself;1;0,5;0;0;0;0;1\n")
    init(tmp_path / "case", "--country", "ES", "--operators", tmp_path / "o.csv")
    assert "Of the operators" not in (tmp_path / "case" / "README.md").read_text()
    for cell, told in (("1.500", "got '1.500'"), ("0.5", "got '0,5' and '0.5'")):
        row = f"north;North;itself;0,5;{cell};0;0;0;0;1\n"
        (tmp_path / "bad.csv").write_text(f"{columns}\n{row.replace(cell, '0,5')}{row}")
        ways = ("--country", "ES", "--operators", str(tmp_path / "bad.csv"))
        assert told in call("init", str(tmp_path / "bad"), *ways).output
    # Nor is anything drawn in place of it.
    note = resolved(tmp_path / "case").operators.note
    assert note is not None
    assert [name for name, one in note.columns.items() if one.range is not None] == []
    assert [row.poll_interval_h for row in resolved(tmp_path / "case").operators.rows] == [0.5]


def test_a_country_without_a_pack_runs_and_says_what_it_takes(tmp_path):
    init(tmp_path / "case", "--country", "KE")
    case = resolved(tmp_path / "case")
    assert len(case.operators.rows) == 3
    readme = (tmp_path / "case" / "README.md").read_text()
    assert (
        "The run's first day (2026-01-01) and last day (2026-01-14), as none was given." in readme
    )
    init(tmp_path / "ended", "--country", "KE", "--to", "2026-01-09")
    ended = (tmp_path / "ended" / "README.md").read_text()
    assert "The run's first day (2026-01-01), as none was given." in ended
    assert "There is no pack of KE" in readme
    for name in case.scenario.borrow:
        assert name in readme
    assert {"sectors-europe", "hosting-choice-europe", "assumptions"} < set(case.scenario.borrow)
    assert "sectors-russia-2018" not in case.scenario.borrow


COUNTRIES = {
    "KE": ("Africa/Nairobi", "KES"), "IN": ("Asia/Kolkata", "INR"),
    "TR": ("Europe/Istanbul", "TRY"), "IR": ("Asia/Tehran", "IRR"),
    "PK": ("Asia/Karachi", "PKR"), "EG": ("Africa/Cairo", "EGP"), "DE": ("Europe/Berlin", "EUR"),
    "FR": ("Europe/Paris", "EUR"), "NG": ("Africa/Lagos", "NGN"), "KZ": ("Asia/Almaty", "KZT"),
    "BR": ("America/Sao_Paulo", "BRL"), "US": ("America/Chicago", "USD"),
    "ID": ("Asia/Jayapura", "IDR"), "ES": ("Europe/Madrid", "EUR"),
}  # fmt: skip


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_country_has_its_time_zone_and_currency_and_no_population_of_russia(country, tmp_path):
    zone, currency = COUNTRIES[country]
    asked = ["--time-zone", zone] if country in ("BR", "US", "ID") else []
    init(tmp_path / "case", "--country", country, *asked)
    case = resolved(tmp_path / "case")
    assert (case.scenario.time_zone, case.scenario.money.currency) == (zone, currency)
    for table in (case.sectors, case.hosting, case.services, case.operators, case.cadence):
        assert table is not None
        assert table.note is not None
        assert table.note.country != "RU"
    assert case.economy is None or case.economy.name == "economy-spain-2026"
    text = (tmp_path / "case" / "scenario.yaml").read_text()
    assert (f"currency: {currency}" in text) == (country != "ES")


def test_a_country_of_several_time_zones_asks_for_one(tmp_path):
    told = refusal(tmp_path, "--country", "BR")
    assert "--time-zone: expected one, as BR has several" in told
    assert "America/Noronha; America/Belem, " in told
    assert "--time-zone: expected a time zone, as EU has none" in refusal(
        tmp_path, "--country", "EU"
    )
    wrong = refusal(tmp_path, "--country", "BR", "--time-zone", "Brasilia")
    assert "--time-zone: expected a time zone such as Europe/Madrid, got 'Brasilia'" in wrong


@pytest.mark.parametrize("country", [*countries(), "DE"])
def test_without_days_a_case_of_any_country_is_valid(country, tmp_path):
    (tmp_path / "list.txt").write_text("198.51.100.7\n")
    words = ["init", str(tmp_path / "case"), "--country", country, "--blocklist"]
    run(*words, str(tmp_path / "list.txt"))


def test_what_cannot_be_is_refused_and_nothing_left(tmp_path):
    (tmp_path / "ops.csv").write_text("name,share\na,1\n")
    (tmp_path / "list.txt").write_text("198.51.100.300\n")
    assert "Missing option '--country'" in refusal(tmp_path)
    assert "packs of AT, ES, IT, RU" in refusal(tmp_path, "--country", "Spain")
    told = refusal(tmp_path, "--country", "es")
    assert "--country: expected a country of ISO 3166 such as ES, or EU, got 'es'" in told
    early = refusal(tmp_path, "--country", "WS", "--from", "2011-12-25", "--to", "2012-01-05")
    assert "--from: expected 2012-01-02 or later, when cadence-at-once begins" in early
    assert "--to: expected a day after" in refusal(
        tmp_path, "--country", "ES", "--from", "2026-03-01", "--to", "2026-03-01"
    )
    for n, (dates, why) in enumerate((
        ("2005-03-01,2026-03-01", "got 2005-03-01 (the first date of the list)"),
        ("2026-03-01,2050-12-31", "within ten years, got 2051-01-01 (assumed, last date of"),
    )):  # fmt: skip
        (path := tmp_path / f"{n}.csv").write_text(f"ip,from,until\n198.51.100.7,{dates}\n")
        assert why in refusal(tmp_path, "--country", "ES", "--blocklist", str(path))
    missing = refusal(tmp_path, "--country", "ES", "--blocklist", "x")
    assert "'--blocklist': file 'x' does not exist" in missing.replace("File", "file")
    (tmp_path / "ours.csv").write_text("site,ip,sector,visits_per_h\na,198.51.100.7,x,-3\n")
    names = ("operators", "ops.csv", "ranges", "ops.csv", "blocklist", "list.txt", "inventory")
    options = [f"--{one}" if "." not in one else str(tmp_path / one) for one in names]
    options += [str(tmp_path / "ours.csv"), "--from", "x", "--to", "y", "--column", "foo=bar"]
    told = refusal(tmp_path, "--country", "ES", *options)
    for wrong in ("--from: expected a", "--to: expected a", "--column: expected ROLE=NAME",
                  "list.txt:1", "ours.csv:2: sector: expected one of e-commerce",
                  "ours.csv:2: visits_per_h: expected", "operator: expected this column",
                  "name: unknown column", "ops.csv:1: prefix: expected this column"):  # fmt: skip
        assert wrong in told


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("--operators", "operator,share_users\nA,0.5\nB,0.6\n", ": share_users: expected shares"),
        ("--inventory", "site,role,address\na,frontend,203.0.113.5\na,frontend,203.0.113.5\n",
         ":3: address: expected each address"),
        ("--blocklist", "203.0.113.0/24\nsomewhere\n", ":2: expected a prefix"),
    ],
)  # fmt: skip
def test_a_mistake_is_blamed_on_the_file_that_the_user_gave(name, text, said, tmp_path):
    given = {"--operators": "operator\nA\n", "--blocklist": "203.0.113.0/24\n"}
    given["--inventory"] = "site,address\na,203.0.113.5\n"
    options = ["--country", "AT"]
    for number, (option, content) in enumerate((given | {name: text}).items()):
        (tmp_path / f"mine{number}.csv").write_text(content)
        options += [option, str(tmp_path / f"mine{number}.csv")]
    file = options[options.index(name) + 1]
    assert f"{file}{said}" in refusal(tmp_path, *options)


def test_a_case_keeps_of_an_export_what_a_run_reads(tmp_path):
    path = tmp_path / "instances.csv"
    path.write_text("Name,Instance ID,Public IPv4 address\nweb,i-0a,198.51.100.7\n")
    init(tmp_path / "case", "--country", "ES", "--inventory", str(path))
    kept = (tmp_path / "case" / "hosts.csv").read_text()
    assert kept == "site,address\nweb,198.51.100.7\n"


def test_an_export_of_netbox_is_read_with_both_families_and_without_lengths_of_networks(tmp_path):
    path = tmp_path / "devices.csv"
    path.write_text(
        "name,status,site,role,primary_ip4,primary_ip6\n"
        "web01,Active,AMS1,Web,203.0.113.7/24,2001:db8::7/64\ndb01,Active,AMS1,Database,,\n"
    )
    given = ("--country", "ES", "--inventory", str(path), "--ignore-column", "status")
    told = "2: role: expected one of frontend, storage, payment, customer_service, other, got 'Web'"
    assert f"{told}; or say --ignore-column role" in refusal(tmp_path, *given)
    init(tmp_path / "case", *given, "--ignore-column", "role")
    inventory = resolved(tmp_path / "case").inventory
    assert inventory is not None
    assert (inventory.site, inventory.n_without_address) == (("web01", "db01"), 1)
    assert inventory.host_line.tolist() == [2, 2]
    assert [str(one) for one in inventory.prefixes6] == ["2001:db8::7/128"]
    # The same with headings of families alone, and as the case keeps it.
    plain = "name,ipv4,ipv6\nweb01,203.0.113.7,2001:db8::7\n"
    path.write_text(plain)
    init(tmp_path / "other", *given[:-2])
    assert (tmp_path / "other" / "hosts.csv").read_text() == plain
    other = resolved(tmp_path / "other").inventory
    assert other is not None
    assert other.numbers.tolist() == inventory.numbers.tolist()
