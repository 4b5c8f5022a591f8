"""``overblock init`` keeps the dates of a list: from and until when an address is blocked."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import Result

from sim.errors import DataError
from sim.report.page.document import render
from sim.results.folder import open_run
from sim.scenario.tables.lists import read_list
from tests.commands import call, run
from tests.csv_rows import csv_rows
from tests.experiments import resolved_of
from tests.feeds import given

RUN = ("--country", "ES", "--from", "2026-03-27", "--to", "2026-04-03")
# Clocks in Spain went from +01:00 to +02:00 on 29 March 2026.
MARCH = {27: "2026-03-27T00:00:00+01:00", 29: "2026-03-29T00:00:00+01:00"}
MARCH |= {day: f"2026-03-{day}T00:00:00+02:00" for day in (30, 31)}


def init(folder: Path, text: str, *options: str, name: str = "list.csv", status: int = 0) -> Result:
    path = given(folder, text, name).path
    return run("init", folder / "case", "--blocklist", path, *options, status=status)


def periods(folder: Path) -> dict[str, tuple[str | None, str | None]]:
    """From when and until when each prefix is ordered in the case that was written."""
    case = resolved_of(str(folder / "case" / "scenario.yaml"))
    assert case.given is not None
    found = {}
    for row in case.given.rows:
        edges = [None if edge is None else edge.isoformat() for edge in (row.from_, row.to)]
        assert isinstance(row.addresses, tuple)
        found |= dict.fromkeys(row.addresses, tuple(edges))
    return found


def test_forty_addresses_on_four_days_are_blocked_on_four_days(tmp_path):
    days = [27, 29, 30, 31]
    rows = [f"2026-03-{days[at // 10]},198.51.100.{at}" for at in range(40)]
    init(tmp_path, "\n".join(["date,ip", *rows, ""]), *RUN)
    expected = {f"198.51.100.{at}/32": (MARCH[days[at // 10]], None) for at in range(40)}
    assert periods(tmp_path) == expected
    written = tmp_path / "case" / "blocklist.csv"
    found = json.loads(run("exposure", written, "--json").stdout)
    assert found["listed"]["n_addresses4"] == 40
    assert any("all rows are counted, whatever their times" in each for each in found["notes"])
    assert "distinct addresses" in run("import", written, "-o", tmp_path / "t.parquet").output
    told = (tmp_path / "case" / "README.md").read_text()
    assert "Dates of the list without a time: the start of that day in Europe/Madrid" in told


@pytest.mark.parametrize(
    ("header", "options"),
    [
        ("ip,blocked_on,unblocked_on", ()),
        ("ip,desde,hasta", ()),
        ("ip,дата блокировки,дата разблокировки", ()),
        ("ip,Data do bloqueio,Data do desbloqueio", ()),
        ("ip,Date de blocage,Date de levée", ()),
        ("IP ou faixa,Bloqueado em,Desbloqueado em", ()),
        ("Adresse IP,Bloquée le,Débloquée le", ()),
        ("IP-Adresse,Gesperrt ab,Gesperrt bis", ()),
        ("Adres IP lub zakres,Data wpisu,Data wykreślenia", ()),
        ("Indirizzo IP,Dal,Al", ()),
        ("Dirección IP,Desde,Hasta", ()),
        ("Prefiks,Od,Do", ()),
        ("Alamat IP,Tanggal mulai,Tanggal berakhir", ()),
        ("ip,added_to_list,date_revoked", ()),
        ("ip,first_seen,last_seen", ("--column", "from=first_seen", "--column", "until=last_seen")),
    ],
)
def test_the_end_of_a_row_is_kept_as_well_as_its_start(header, options, tmp_path):
    text = (
        f"{header}\n198.51.100.1,2026-03-30,2026-03-31\n203.0.113.0/24,2026-03-27,\n"
        "192.0.2.1,,2026-03-31\n2001:db8::1,2026-03-31 12:30+03,\n"
    )
    init(tmp_path, text, *RUN, *options)
    assert periods(tmp_path) == {
        "198.51.100.1/32": (MARCH[30], MARCH[31]),
        "203.0.113.0/24": (MARCH[27], None),
        "192.0.2.1/32": (None, MARCH[31]),
        "2001:db8::1/128": ("2026-03-31T11:30:00+02:00", None),
    }


@pytest.mark.parametrize(
    ("until", "options", "last", "why"),
    [
        ("2026-03-28", (), "2026-05-02", "Assumed, last date of the list plus 1 d"),
        ("2026-03-28", ("--to", "2026-04-03"), "2026-04-03", "Given"),
        ("", (), "2026-05-29", "Assumed, last date of the list plus 28 d"),
        ("", ("--to", "2026-04-03"), "2026-04-03", "Given"),
        ("9999-12-31", (), "2026-05-29", "Assumed, last date of the list plus 28 d"),
    ],
)
def test_a_run_reaches_the_last_date_of_a_list(until, options, last, why, tmp_path):
    text = f"ip,from,until\n192.0.2.1,2026-03-30,2026-05-01\n192.0.2.2,2026-03-27,{until}\n"
    told = init(tmp_path, text, "--country", "ES", *options).stderr
    scenario = resolved_of(str(tmp_path / "case" / "scenario.yaml")).scenario
    assert [str(at.date()) for at in (scenario.start, scenario.end)] == ["2026-03-27", last]
    whys = [scenario.provenance[key].why for key in ("start", "end")]
    assert whys == ["The first date of the list", why]
    is_open = (
        "1 of 2 rows of the list have no end: they are in force to the end of 2026-05-28" in told
    )
    assert is_open == ("03" not in until and not options)


@pytest.mark.parametrize(
    ("dates", "options", "starts"),
    [
        # 30 March shows that the day comes first, in whichever row it stands.
        (("29/03/2026", "30/03/2026"), (), (29, 30)),
        (("30-03-2026", "2026-03-31"), (), (30, 31)),
        (("03/29/2026", "3/30/2026"), (), (29, 30)),
        (("30.03.2026", "31.03.2026"), (), (30, 31)),
        (("29 Maret 2026", "30 de marzo de 2026"), (), (29, 30)),
        (("30-Mar-26", "31. März 2026"), (), (30, 31)),
        (("30 марта 2026 г.", '"March 31st, 2026"'), (), (30, 31)),
        (("30 Mart 2026", "31 marca 2026"), (), (30, 31)),
    ],
)
def test_days_tell_in_which_order_a_column_writes_its_dates(dates, options, starts, tmp_path):
    rows = "".join(f"198.51.100.{at},{date}\n" for at, date in enumerate(dates))
    result = init(tmp_path, f"ip,date\n{rows}", *RUN, *options)
    assert [one[0] for one in periods(tmp_path).values()] == [MARCH[day] for day in starts]
    is_open = re.search("[./ ]|Mar", dates[0].replace("/", "-")) is None
    assert (f"dates such as {dates[0]} are read with the" in result.output) == is_open
    two_digits = "from: dates such as 07-Mar-25 are read with the year last"
    assert (two_digits in result.output) == (dates[0] == "30-Mar-26")


@pytest.mark.parametrize("clock", ["9.05", "09:05", "09.05.00"])
def test_a_time_is_read_with_points_and_without_a_zero_before_the_hour(clock, tmp_path):
    # A month in digits and a day below 13 are still a question.
    told = init(tmp_path, f"ip,date\n198.51.100.1,03/04/2026 {clock}\n", *RUN, status=4).stderr
    assert "which can be read in two ways: say --dates dmy or --dates mdy" in told
    init(tmp_path, f"ip,date\n198.51.100.1,30/03/2026 {clock}\n", *RUN)
    assert periods(tmp_path) == {"198.51.100.1/32": ("2026-03-30T09:05:00+02:00", None)}


@pytest.mark.parametrize(
    ("more", "options", "first"),
    [
        ("13/03/2026", (), "2026-02-01"),
        ("03/13/2026", (), "2026-01-02"),
        ("02.02.2026\n198.51.100.3,13.02.2026", ("--dates", "mdy"), "2026-01-02"),
        ("02/02/2026", ("--dates", "dmy"), "2026-02-01"),
        # The clocks of New York skip this hour on 8 March, not on 3 August.
        ("8/3/2026 02:30\n192.0.2.1,8/25/2026", ("--time-zone", "America/New_York"), "2026-01-02"),
    ],
)
def test_a_date_that_can_be_read_twice_is_read_as_the_others(more, options, first, tmp_path):
    text = f"ip,date\n198.51.100.1,01/02/2026\n198.51.100.2,{more}\n"
    init(tmp_path, text, "--country", "ES", *options)
    assert periods(tmp_path)["198.51.100.1/32"][0][:19] == f"{first}T00:00:00"


@pytest.mark.parametrize(
    ("other", "options", "told"),
    [
        ("03/04/2026", (), "got '01/02/2026', which can be read in two ways: say --dates dmy or"),
        ("02/02/2026", (), "got '01/02/2026', which can be read in two ways: say --dates dmy or"),
        ("13/02/2026 x", (), "expected a date such as 2018-04-16"),
        ("13/13/2026", (), "got '13/13/2026'"),
        ("13/02/2026", ("--dates", "mdy"), "got '13/02/2026'"),
    ],
)
def test_dates_that_do_not_tell_day_from_month_are_refused(other, options, told, tmp_path):
    text = f"ip,date\n198.51.100.1,01/02/2026\n198.51.100.2,{other}\n"
    assert told in init(tmp_path, text, "--country", "ES", *options, status=4).output
    text = "ip,date\n198.51.100.1,13/02/2026\n198.51.100.2,02/14/2026\n"
    both = "got '13/02/2026' and '02/14/2026': write all as the first"
    assert both in init(tmp_path, text, "--country", "ES", status=4).output


def test_dated_orders_are_kept_with_their_parties(tmp_path):
    (tmp_path / "ops.csv").write_text("operator,share_users\nnorth,0.5\nsouth,0.5\n")
    text = (
        "effective,action,prefix,operators\n2026-03-29,block,198.51.100.1,north\n"
        "2026-03-30,block,198.51.100.1,\n2026-03-31,unblock,198.51.100.1,north\n"
    )
    init(tmp_path, text, *RUN, "--operators", str(tmp_path / "ops.csv"))
    case = resolved_of(str(tmp_path / "case" / "scenario.yaml"))
    assert case.given is not None
    rows = [(row.from_, row.to, row.operators) for row in case.given.rows]
    told = [(a and a.isoformat(), b and b.isoformat(), who) for a, b, who in rows]
    assert told == [(MARCH[29], MARCH[31], ("north",)), (MARCH[30], None, None)]


@pytest.mark.parametrize(
    ("header", "options"),
    [("ip,operators", ()), ("ip,Operator", ()), ("ip,isp", ("--column", "operators=isp"))],
)
def test_a_list_without_dates_keeps_who_each_row_is_for(header, options, tmp_path):
    text = f"{header}\n198.51.100.1,south north\n198.51.100.2,\n198.51.100.3,north;south\n"
    result = init(tmp_path, text, *RUN, *options, status=4)
    known = ", ".join(f"provider-{number}" for number in range(1, 10))
    assert f"list.csv: operators: expected one of {known}, got 'south' (rows: 2)" in result.output
    assert "got 'north' (rows: 2)" in result.output
    assert (
        "--operators FILE, a table with a column operator (blanks separate names" in result.output
    )
    assert not (tmp_path / "case").exists()
    # What the message advises leads to a case.
    (tmp_path / "ops.csv").write_text("operator\nnorth\nsouth\n")
    result = init(tmp_path, text, *RUN, *options, "--operators", str(tmp_path / "ops.csv"))
    case = resolved_of(str(tmp_path / "case" / "scenario.yaml"))
    found = {one: row.operators for row in case.given_orders for one in row.addresses or ()}
    both = ("north", "south")
    assert found == {
        "198.51.100.1/32": both, "198.51.100.2/32": None, "198.51.100.3/32": both
    }  # fmt: skip
    assert "Dates of the list" not in (tmp_path / "case" / "README.md").read_text()
    assert "have no beginning" not in result.output


@pytest.mark.parametrize(
    "text",
    [
        "ip,operators\n198.51.100.1,south\n",
        "effective,action,prefix,operators\n2026-03-29,block,198.51.100.1,south\n",
    ],
)
def test_operators_of_a_list_can_be_ignored(text, tmp_path):
    result = init(tmp_path, text, *RUN, "--ignore-column", "operators")
    assert "columns ignored: operators" in result.output
    case = resolved_of(str(tmp_path / "case" / "scenario.yaml"))
    assert [row.operators for row in case.given_orders] == [None]


def test_a_whole_country_is_cut_off_in_both_families(tmp_path):
    init(tmp_path, "0.0.0.0/0\n::/0\n", *RUN, name="list.txt")
    listed = read_list("list", tmp_path / "case" / "blocklist.txt")
    assert [str(row.prefix) for row in listed.rows] == ["0.0.0.0/0", "2000::/3"]


def test_rows_without_a_beginning_are_counted(tmp_path):
    rows = ("1,0001-01-01,", "2,2026-03-30,", "3,,2026-03-31")
    text = "".join(["ip,from,until\n", *(f"198.51.100.{row}\n" for row in rows)])
    told = "2 of 3 rows of the list have no beginning: they are in force from the beginning of the"
    assert told in init(tmp_path, text, *RUN).output
    assert told in (tmp_path / "case" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("heading", "given"),
    [
        ("data do bloqueio,data da liberação", ()),
        ("data do bloqueio,data da solução", ("--column", "until=data_da_solução")),
        ("data da decisão final,data da liberação", ("--column", "from=data_da_decisão_final")),
    ],
)
def test_one_column_of_dates_may_be_named_and_the_other_known(heading, given, tmp_path):
    text = f"ip,{heading}\n198.51.100.1,2026-03-28,2026-03-30\n"
    init(tmp_path, text, *RUN, *given)
    expected = ("2026-03-28T00:00:00+01:00", "2026-03-30T00:00:00+02:00")
    assert periods(tmp_path) == {"198.51.100.1/32": expected}


@pytest.mark.parametrize(("clock", "is_read"), [("CET", True), ("ISO", True), ("MSK", False)])
def test_a_heading_with_the_clocks_of_another_zone_is_refused(clock, is_read, tmp_path):
    text = f"ip,Blocked from ({clock})\n198.51.100.1,2026-03-28 12:00\n"
    asked = "--column", f"from=Blocked from ({clock})"
    told = init(tmp_path, text, *RUN, *asked, status=0 if is_read else 4).output
    assert ("expected times in UTC or by the clocks of Europe/Madrid" in told) != is_read


def test_rows_outside_the_run_are_counted(tmp_path):
    text = (
        "ip,from,until\n198.51.100.1,2026-01-01,2026-02-01\n198.51.100.2,2026-01-01,\n"
        "198.51.100.3,2026-05-01,\n198.51.100.4,2026-03-30,\n"
    )
    result = init(tmp_path, text, *RUN)
    assert "2 of 4 rows of the list are in force at no time of the run." in result.output
    assert "have no beginning" not in result.output
    late = [*RUN[:2], "--from", "2025-03-27", "--to", "2025-04-03"]
    (tmp_path / "late").mkdir()
    refused = init(tmp_path / "late", text, *late, status=2).output
    assert "on which none of its 4 rows is" in refused


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("last_seen,ip\n2026-03-30,198.51.100.1\n",
         "say --column from=last_seen or --column until=last_seen, or --ignore-column last_seen"),
        ("release_date,ip\n2026-03-30,198.51.100.1\n", "--column until=release_date, or --ignore"),
        ("date,added,ip\n2026-03-30,2026-03-30,198.51.100.1\n",
         "got date, added: say --column from=date, or --ignore-column date"),
        ("ip,from,until\n198.51.100.1,2026-03-30,2026-03-30\n",
         "list.csv:2: expected a row that ends after it begins"),
        ("198.51.100.1;2026-03-30\n", "name the columns in the first line"),
        ("ip,from,until\n203.0.113.9,2026-03-28,2026-03-30\n198.51.100.7,2026-03-28,permanent\n",
         "show once, got 'permanent'"),
        ("ip,from\n203.0.113.9,9999-12-31\n", "list.csv:2: from: expected a date from 1971 to"),
        # The clocks of Spain skip the one, and show the other twice.
        ("ip,from\n203.0.113.9,2026-03-29 02:30\n", "clocks in Europe/Madrid show once, got"),
        ("ip,from\n203.0.113.9,2025-10-26 02:30\n", "list.csv:2: from: expected a date"),
        ("ip,from,until\n203.0.113.9,1774652400,1774825200\n",
         "describe its rows, got '1774652400': write its times as 2026-03-07T13:00Z, or say --ig"),
        ("ip;gesperrt seit;entsperrt am\n203.0.113.9;28.03.2026;29.03.2026\n",
         "or say --column from=entsperrt_am or --column until=entsperrt_am if it says when;"),
        *((f"ip,tanggal,kategori,where\n203.0.113.9,{cell},scams,a court\n",
           "those without addresses or times: --ignore-column kategori --ignore-column where\n")
          for cell in ("7 Esfand 1403", "07/03/25", "03/03/2025 12h58", "2025.03.07.")),
        (
            "effective,action,prefix\n2026-03-28,block,203.0.113.0/24\n"
            "2026-03-29,unblock,203.0.113.9\n",
            "list.csv:3: prefix: expected an order that unblocks a prefix as",
        ),
    ],
)  # fmt: skip
def test_dates_that_are_not_clear_are_refused(text, told, tmp_path):
    assert told in init(tmp_path, text, *RUN, status=4).output
    assert not (tmp_path / "case").exists()


_HEADINGS = "expected a column named address, prefix, .*--column address=NAME"


@pytest.mark.parametrize(
    ("head", "told", "settled"),
    [
        ("IP ou faixa;Data do bloqueio;Processo", (), ()),
        # Other addresses, those that are no longer blocked, and those of which there are two.
        ("IP do servidor;Data do bloqueio;Processo", (_HEADINGS,), ("address=ip_do_servidor",)),
        ("IP desbloqueado;Data do bloqueio;Processo", (_HEADINGS,), ("address=ip_desbloqueado",)),
        (
            "Alvo;Primeira;Vara",
            (_HEADINGS, "--column from=primeira", "--ignore-column vara"),
            ("address=alvo", "from=primeira", "--ignore-column=vara"),
        ),
    ],
)
def test_a_list_that_is_refused_is_read_at_the_second_try(head, told, settled, tmp_path):
    text = f"{head}\n198.51.100.0/24;03/08/2026;1000-55.2026.8.26\n192.0.2.1;04/08/2026;1001\n"
    known = ("--country", "BR", "--to", "2026-08-20")
    refused = init(tmp_path, text, *known, status=2).stderr
    day_order = "'03/08/2026', which can be read in two ways: say --dates dmy"
    for one in ("--time-zone: expected one, as BR has several", *told, day_order):
        assert re.search(one, refused)
    assert len(refused.splitlines()) == 2 + len(told)
    options = [one if one.startswith("--") else f"--column={one}" for one in settled]
    zone = ("--time-zone", "America/Bahia", "--dates", "dmy")
    init(tmp_path, text, *known, *zone, *options)
    assert {key: value[0] for key, value in periods(tmp_path).items()} == {
        "198.51.100.0/24": "2026-08-03T00:00:00-03:00",
        "192.0.2.1/32": "2026-08-04T00:00:00-03:00",
    }


def test_a_mistake_of_forty_rows_is_told_once_with_how_many(tmp_path):
    rows = [f"2026-03-2{at // 10},block,198.51.100.{at}" for at in range(40)]
    path = given(tmp_path, "\n".join(["effective,action,prefix", *rows, ""]), "orders.csv").path
    result = run("exposure", str(path), status=4)
    assert result.output.count("expected a date and time with offset") == 1
    assert "orders.csv:2: effective: " in result.output
    assert "(and 39 more like it, to line 41)" in result.output


def test_ignored_columns_are_named_and_the_case_goes_without_them(tmp_path):
    text = "ip,list,seen\n198.51.100.1,allow,2026-03-30\n198.51.100.2,deny,2026-03-30\n"
    refused = init(tmp_path, text, *RUN, status=4)
    assert "--ignore-column seen" in refused.output or "--ignore-column list" in refused.output
    asked = ("--ignore-column", "list", "--ignore-column", "seen")
    result = init(tmp_path, text, *RUN, *asked)
    assert "list.csv: columns ignored: list, seen" in result.output
    case = resolved_of(str(tmp_path / "case" / "scenario.yaml"))
    assert [one.n_rows for one in case.lists] == [2]


@pytest.mark.parametrize("clock", ["(UTC)", "UTC", "GMT"])
def test_a_heading_that_says_utc_is_read_so_and_one_with_an_offset_is_refused(clock, tmp_path):
    text = f"ip,Blocked from {clock},Blocked to {clock}\n198.51.100.1,2026-03-30 12:30,2026-03-31\n"
    refused = init(tmp_path, text.replace(clock, "UTC-3"), *RUN, status=4).output
    assert "list.csv:2: from: expected a date and time with offset" in refused
    told = init(tmp_path, text, *RUN).stderr
    assert "blocked_from_" + clock.strip("()").lower() + ": times without an offset" in told
    readme = (tmp_path / "case" / "README.md").read_text()
    assert "start of that day in UTC where their heading says so, else in Europe/M" in readme
    expected = ("2026-03-30T14:30:00+02:00", "2026-03-31T02:00:00+02:00")
    assert periods(tmp_path) == {"198.51.100.1/32": expected}


def test_a_column_of_other_countries_is_a_question_and_labels_are_named_as_ignored(tmp_path):
    text = "ip,country,region,date\n198.51.100.1,es,x,2026-03-30\n198.51.100.2,PT,,2026-03-30\n"
    refused = init(tmp_path, text, *RUN, status=4).output
    assert "list.csv: country: expected rows of ES, got ES 1, PT 1: keep the rows of ES" in refused
    told = init(tmp_path, text, *RUN, "--ignore-column", "country").stderr
    assert "list.csv: columns ignored: country\n" in told
    assert "list.csv: columns ignored: region\n" in told
    told = run("exposure", tmp_path / "list.csv", "--by", "region").stderr
    assert "list.csv: columns ignored: country\n" in told
    sites = tmp_path / "sites.csv"
    sites.write_text("site,address,provider\na.example,198.51.100.7,A\n")
    text = text.replace("PT", "ES").replace("x", "")
    (tmp_path / "more").mkdir()
    told = init(tmp_path / "more", text, *RUN, "--inventory", sites).stderr
    assert "list.csv: columns ignored: country\n" in told
    assert "sites.csv: a run takes from its own tables, and not from the file: provider" in told


def test_what_was_polled_is_in_force_as_it_was_seen(tmp_path):
    turns = {
        "North": ("27T01:00:00Z", "28T10:00:00Z"),
        "South Net": ("28T00:00:00Z", "29T00:00:00Z"),
    }
    entries = [
        {"ip": "198.51.100.7", "isp": isp, "stateChanges": [
            {"timestamp": f"2026-03-{at}", "state": state}
            for at, state in zip(times, (True, False), strict=True)
        ]}
        for isp, times in turns.items()
    ]  # fmt: skip
    (tmp_path / "sites.csv").write_text("site,address\na.example,198.51.100.7\n")
    asked = ("--inventory", tmp_path / "sites.csv")
    init(tmp_path, json.dumps({"data": entries}), *RUN, *asked, name="data.json")
    case, out = tmp_path / "case" / "scenario.yaml", tmp_path / "out"
    run("run", case, "-n", "3", "-w", "1", "-o", out)
    hours = {
        row["operator"]: [float(row[f"affected_h{end}"]) for end in ("", "_low", "_high")]
        for row in csv_rows(out / "sites.csv")
    }
    # By hand: 33 h and 24 h, ten of them at both; nothing is added by lags or left out.
    assert hours == {"": [47] * 3, "north": [33] * 3, "south_net": [24] * 3}


def test_polls_without_days_last_to_the_last_poll_and_what_nobody_polled_is_not_known(tmp_path):
    entries = [
        {"ip": f"198.51.100.{at}", "isp": isp, "stateChanges": [
            {"timestamp": f"2026-03-28T{hour}:00:00Z", "state": state}
            for hour, state in turns.items()
        ]}
        for at, isp, turns in (
            (1, "One", {10: False, 12: True, 14: False}), (2, "Two", {10: False, 13: True}),
            (2, "One", {10: False}), (3, "Two", {10: False}),
        )
    ]  # fmt: skip
    data = json.dumps({"lastUpdate": "2026-03-30T12:00:00Z", "data": entries})
    (tmp_path / "sites.csv").write_text(
        "site,address\npartly,198.51.100.1\nboth,198.51.100.2\nfree,198.51.100.3\n"
        "nowhere,192.0.2.9\n"
    )
    asked = ("--country", "ES", "--inventory", tmp_path / "sites.csv")
    init(tmp_path, data, *asked, name="data.json")
    run("run", tmp_path / "case" / "scenario.yaml", "-n", "2", "-w", "1", "-o", tmp_path / "out")
    late = (*asked, "--from", "2026-03-31")
    told = run("init", tmp_path / "b", "--blocklist", tmp_path / "data.json", *late, status=2)
    assert "expected a day before the last poll, 2026-03-30 14:00" in told.output
    # By hand: from 12 to 14 o'clock, and from 13 o'clock to the last poll, 47 hours later.
    assert {
        (row["site"], row["operator"]): row["affected_h"]
        for row in csv_rows(tmp_path / "out" / "sites.csv")
    } == {
        ("partly", ""): "2.0", ("partly", "one"): "2.0", ("partly", "two"): "",
        ("both", ""): "47.0", ("both", "two"): "47.0",
        ("free", ""): "", ("free", "one"): "",
        ("nowhere", ""): "", ("nowhere", "one"): "", ("nowhere", "two"): "",
    }  # fmt: skip


def test_columns_of_sites_are_written_as_they_were_chosen(tmp_path):
    sites = tmp_path / "sites.csv"
    sites.write_text("site;host;backup\na.example;198.51.100.7;203.0.113.9\n")
    asked = ("--inventory", str(sites), "--column", "address=host")
    refused = init(tmp_path, "198.51.100.7\n", *RUN, *asked, name="list.txt", status=4)
    assert "--ignore-column backup" in refused.output
    asked = (*asked, "--ignore-column", "backup")
    result = init(tmp_path, "198.51.100.7\n", *RUN, *asked, name="list.txt")
    assert "sites.csv: columns ignored: backup" in result.output
    case = resolved_of(str(tmp_path / "case" / "scenario.yaml"))
    assert case.inventory is not None
    assert case.inventory.site == ("a.example",)


def test_dated_orders_are_no_list_of_addresses_of_a_scenario(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("effective,action,prefix\n2026-03-30T00:00+02:00,block,198.51.100.1\n")
    with pytest.raises(DataError, match="expected a list without times, got dated orders"):
        read_list("list.csv", path)


@pytest.mark.parametrize(
    "verb", [("exposure",), ("cover", "--targets"), ("import", "-o", "t.parquet")]
)
def test_verbs_that_read_tables_take_what_is_said_of_columns(verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("list.csv").write_text("ip,end,note\n198.51.100.0,198.51.100.255,x\n")

    def run(*options: str) -> Result:
        return call(*verb, "list.csv", *options)

    assert "--column last=end" in run().output
    assert "got oops" in run("--ignore-column", "end", "--ignore-column", "oops").output
    told = run("--column", "last=end")
    assert told.exit_code == 0, told.output
    assert "columns ignored: note" in told.output
    assert "256" in told.output or verb[0] == "cover"


@pytest.mark.parametrize(
    ("rows", "first"),
    [
        ("192.0.2.1 192.0.2.2,sat sun,21:00,23:00,provider-1\n", "2026-01-01"),
        ("192.0.2.1,sat,21:00,23:00,\n192.0.2.3,,2026-03-27T09:00+01:00,,\n", "2026-03-27"),
    ],
)
def test_a_table_of_orders_is_taken_as_it_is(rows, first, tmp_path):
    text = f"addresses,every,from,to,operators\n{rows}"
    init(tmp_path, text, "--country", "ES")
    assert (tmp_path / "case" / "blocklist.csv").read_text() == text
    case = resolved_of(str(tmp_path / "case" / "scenario.yaml"))
    assert case.given is not None
    assert case.given.rows[0].every is not None
    assert str(case.scenario.start.date()) == first
    assert "no beginning" not in (tmp_path / "case" / "README.md").read_text()
    wrong = init(tmp_path / "case", text.replace("sat", "Sat"), "--country", "ES", status=4).output
    assert "list.csv:2: every" in wrong


@pytest.mark.parametrize("dates", [("", "", "", ""), (",2026-03-27", ",", ",2026-03-27", ",")])
def test_names_of_a_list_stand_on_the_page_beside_the_entries_for_them(dates, tmp_path):
    header = "domain,ip" + (",date" if dates[0] else "")
    cells = ("Bet Fast,198.51.100.7", "b.example,198.51.100.7", "c.example,192.0.2.1", ",192.0.2.2")
    text = "\n".join([header, *map("".join, zip(cells, dates, strict=True)), ""])
    sites = given(tmp_path, "site,address\nours.example,198.51.100.7\n", "ours.csv").path
    init(tmp_path, text, *RUN, "--inventory", sites)
    case = resolved_of(str(tmp_path / "case" / "scenario.yaml"))
    assert case.given is not None
    found = {
        (address, name)
        for row in case.given.rows
        for address, name in zip(row.addresses or (), row.names or (), strict=True)
    }
    assert found == {
        ("198.51.100.7/32", "Bet_Fast"), ("198.51.100.7/32", "b.example"),
        ("192.0.2.1/32", "c.example"), ("192.0.2.2/32", "-"),
    }  # fmt: skip
    run("run", tmp_path / "case" / "scenario.yaml", "-n", "2", "-o", tmp_path / "out")
    page = render(open_run(tmp_path / "out"))
    assert "198.<wbr>51.<wbr>100.<wbr>7<wbr>/32 (Bet_Fast, b.example)" in page
    assert "Listed for: " in page
    # Nothing says when the orders end: the first screen does, for all readers.
    first = page.partition('<section id="detail"')[0].replace("\N{NO-BREAK SPACE}", " ")
    assert '<p class="order">Orders without an end are taken to last until 2 April 2026.' in first
    assert "c.example" in page
    table = tmp_path / "case" / "blocklist.csv"
    table.write_text("addresses,names\n192.0.2.1 192.0.2.2,c.example\n")
    told = call("validate", str(tmp_path / "case" / "scenario.yaml")).output
    assert "expected a name for each of 2 addresses, got 1" in told
