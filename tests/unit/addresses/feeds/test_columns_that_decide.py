"""Columns beside the addresses that decide what a row means: values say so where names do not.

Each file is made by hand, and what is right for it was written down before it was read: how many
addresses it lists, or which option settles what it does not say.
"""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.addresses.feeds import verdicts
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.feeds.inputs import ColumnChoice, Input, plain_name
from sim.errors import DataError, UsageError
from tests.refusals import problems_of

Rows = Sequence[Sequence[str]]
A, B = "198.51.100.0", "203.0.113.0"


def table(header: str, *rows: str) -> Rows:
    return [row.split(",") for row in (header, *rows)]


# Columns beside ``ip``, with a cell for each of three addresses: what settles them is to ignore the
# column, or to say that it holds last addresses or lengths.
IGNORED = {
    "access": ("access", "allow", "deny"),
    "a mode of a firewall": ("mode", "block", "log only", "monitor"),
    "a mode that is on": ("mode", "on", "off"),
    "a role of a firewall": ("role", "block", "monitor"),
    "allow alone": ("what", "allow", "Allow"),
    "yes and no": ("cut", "yes", "no"),
    "yes or nothing": ("cut", "yes", ""),
    "one and zero": ("flag", "1", "0"),
    "three words": ("note", "block", "allow", "unblock"),
    "an exception among kinds": ("kind_of", "spam", "phishing", "white-list"),
    "in more words": ("taken", "Blocked by order 12/2026", "Not blocked (whitelisted)"),
    "an exception among several tags": ("tags", "c2;malware", "cdn;allowlist"),
    "one with a hyphen": ("tags", "c2;malware", "cdn;not-blocked"),
    "an exception behind a bar": ("label", "c2", "cdn|Allow"),
    "in force or planned": ("status", "active", "pending"),
    "ticks": ("cut", "✔", "✘"),
    "seconds of the end": ("expiry", "1767225600"),
    "Spanish dates of the end": ("fecha baja", "05/03/2026"),
    "dates of an end in French": ("date de retrait", "2026-03-01"),
    "dates of something": ("release_date", "2026-03-01"),
    "Spanish": ("estado", "bloqueado", "permitido"),
    "Russian": ("состояние", "заблокирован", "разблокирован"),
    "Portuguese": ("observação", "processo 12", "removido em 3 de março"),
    "Polish": ("uwagi", "sąd", "usunięto 3 marca"),
    **{
        over: ("comentario", "court", over)
        for over in (
            *("engel kaldırıldı", "KALDIRILDI", "izin verildi", "artık engellenmiyor", "iptal"),
            *("blocage levé", "mesure caduque", "fin de blocage", "mesures levées", "expirée"),
            *("bloqueo finalizado", "dado de baja", "caducado", "vencida", "expirado"),
            *("bloqueio encerrado em 03/02/2026", "bloqueio cessado", "ordem caducada"),
            *("nicht mehr aktiv", "Sperrung beendet", "abgelaufen", "Anordnung widerrufen"),
            *("riabilitato con delibera", "ordine scaduto", "blocco cessato"),
            *("block ended", "order lapsed", "the listing has ceased", "known good", "goodware"),
        )
    },
    "a number and a word": ("Nº", "24", "a"),
    "verdicts as names": ("name", "allow", "deny"),
    "a name with a verdict": ("name", "shop", "Safe (whitelisted)"),
    "a label of what it is": ("label", "benign", "x"),
    "scores of abuse": ("abuseConfidenceScore", "100"),
    "ends as numbers": ("int_end", "3325256959"),
    "how many": ("count", "256", "16"),
    "how many in French": ("Nombre", "3", "1"),
    "dates of the end": ("unblocked_on", "2026-03-01", ""),
    "an end beside a word": ("until", "2020-01-01", "permanent"),
    "an end by name of the month": ("to", "01-Jan-2020"),
    "an end in one word": ("validUntil", "2020/1/5"),
    "seconds of the end beside a word": ("expires", "1577836800", "never"),
    "numbers beside words": ("hosts", "256", "one", "one"),
    "a verdict with more": ("note", "court", "allow (temporary)"),
    "an action that is not known": ("action", "block", "relinquish"),
    "all or none": ("cut", "all", "none"),
    "nomatch": ("nomatch", "", "nomatch"),
    "a mark": ("mark", "", "!"),
    "the same said twice": ("cut", "yes", "true"),
    "ports": ("port", "443", "80"),
    "ends in words": ("until", "permanent", ""),
    "numbers among words": ("x", "24", "a", "b"),
    "times of day": ("time", "12:30:45", "00:10:00"),
    "answers": ("comment", "yes", "see the order"),
    "spreadsheets' days": ("until", "43831"),
    "seconds": ("removed_at", "1577836800"),
    "an order of one operator": ("isp_id", "7", ""),
    "numbers of some cases": ("processo sei", "53500.012345/2025-11", "", "53500.012346/2025-12"),
    "cases beside a month": ("court order", "12345/2025", "12/2026"),
    "days of a year": ("order code", "2025-123", "2025-124"),
    "seasons of cases": ("case season", "2024-2025", "2025-2026"),
    "dates of cases": ("processo sei", "2025-11-03", "03/11/2025"),
    "times of cases": ("case time", "2025-11-03T10:00", "2025-11-04T10:00"),
    "figures of cases": ("case cost", "12345.2025", "1234.2025"),
    "whole numbers of orders": ("orders per year", "12345", "2025"),
    "numbers of orders that lift": ("order lifted", "12345/2025", "12346/2025"),
    "numbers of orders to free": ("ordem de desbloqueio", "12345/2025", "12346/2025"),
    "letters of cases": ("case kind", "A-12345/2025", "R-12346/2025"),
    "verdicts of cases": ("case state", "allow", "2025-12345"),
    "words of cases": ("case state", "Open 12345/2025", "Closed 12346/2025"),
    "cases without a heading": ("x", "53500.012345/2025-11", "53500.012346/2025-12"),
}
LAST = {
    "end": ("end", "198.51.100.255"),
    "to": ("to", "198.51.100.255"),
    "ends called orders": ("order_no_sei", "198.51.100.255"),
    "ends of cases in digits": ("case range", "3325256959", "3405803776"),
    "ends in digits with a length": ("case range", "3325256959/24", "3405803776/32"),
    "ends of cases with a year": ("case range", "198.51.100.255/2025", "203.0.113.2/2025"),
    "last": ("last", "198.51.100.9", ""),
    "ip_last": ("ip_last", "198.51.100.255"),
    "ends beside words": ("end", "198.51.100.255", "-", "-"),
    "ends beside other words": ("to", "single", "alone", "192.0.2.255"),
}
MASKS = {
    "length": ("length", "24", "25"),
    "lengths of cases": ("case length", "/24", "/25"),
    "masks of cases": ("case mask", "255.255.255.0"),
    "ranges in digits": ("case range", "3325256704-3325256959", "3405803776-3405803777"),
    "bits": ("bits", "24"),
    "netbits": ("netbits", "/24"),
    "lengths without a name": ("x", "24", "32"),
    "mask without a name": ("m", "255.255.255.0"),
    "lengths beside a word": ("bits", "24", "n/a"),
    "lengths beside words": ("plen", "/24", "-", "?"),
    "the length of another": ("note", "/24"),
}
# What it is about: (table, what the refusal says has to be said).
REFUSED: dict[str, tuple[Rows, str]] = {
    "a number of thousands of digits": (
        table("ip,x", f"{A},{'9' * 5_000}", f"{B},"),
        "--ignore-column x",
    ),
    "broadcast": (table("network,broadcast", f"{A},198.51.100.255"), "--column last=broadcast"),
    "length of IPv6": (table("ip,plen", "2001:db8::,32"), "--column mask=plen"),
    "wildcard": (table("ip,wildcard", f"{A},0.0.0.255"), "--column wildcard=wildcard"),
    "a second family": (
        table("ip,ipv6", f"{A},2001:db8::1", f"{B},"),
        "--column address=ip --column address=ipv6 if both are listed",
    ),
    "a second family in few rows": (
        table("ip,six", f"{A},", f"{B},", "192.0.2.1,2001:db8::1"),
        "--column address=ip --column address=six if both are listed",
    ),
    "several addresses in a cell": (
        table("ip,more", f"{A},203.0.113.1 203.0.113.2"),
        "--column address=more",
    ),
    "a second family beside a word": (
        table("ip,x", f"{A},none", f"{B},none", "192.0.2.1,2001:db8::1"),
        "--column address=x",
    ),
    "allowed among many": (
        table("ip,n", *(f"10.0.0.{n},case {n}" for n in range(40)), f"{B},allow"),
        "--ignore-column n",
    ),
    "an address within a prefix": (
        table("prefix,host", "198.51.100.0/24,198.51.100.9"),
        "--ignore-column host",
    ),
    "unlike lengths": (table("prefix,bits", "198.51.100.0/24,25"), "--ignore-column bits"),
    "numbers of reports": (
        table("ip,reports", f"{A},17", "203.0.113.7,3"),
        "--ignore-column reports",
    ),
    "ports of an end": (table("ip,to", f"{A},443", "203.0.113.7,x"), "--ignore-column to"),
    "an address as a comment": (
        table("ip,note", f"{A},was 192.0.2.1", "192.0.2.1,192.0.2.2"),
        "--ignore-column note",
    ),
    "services that are ports": (table("ip,service", f"{A},tcp/443", f"{B},x"), "--ignore-column"),
    "numbers of protocols": (table("ip,proto", "192.0.2.1,1", f"{B},6"), "--ignore-column proto"),
    **{
        name: (
            [("ip", column), *zip((A, B, "192.0.2.1"), cells, strict=False)],
            f"--{option}{plain_name(column)}",
        )
        for option, group in (
            ("ignore-column ", IGNORED), ("column last=", LAST), ("column mask=", MASKS),
        )
        for name, (column, *cells) in group.items()
    },
}  # fmt: skip
# (table, addresses or the number of IPv6 rows where there are none, columns that are named).
READ: dict[str, tuple[Rows, int, str]] = {
    "comments": (table("ip,comment", f"{A},see the order", f"{B},court"), 2, "comment"),
    "kinds": (table("ip,category", f"{A},spam", f"{B},phishing"), 2, "category"),
    **{
        heading: (table(f"ip,{heading}", f"{A},{form}", f"{B},{form[:-1]}9"), 2, heading)
        for heading, form in (
            ("processo_sei", "53500.012345/2025-11"),
            ("court_docket", "CV-2025-012345"),
            ("nº_do_processo_cnj", "0012345-67.2025.8.26.0100"),
            ("дела_суда", "А40-12345/2025"),
            ("orden_judicial", "RG 12345/2015"),
        )
    },
    "dates of the start": (table("ip,date", f"{A},2026-03-01", f"{B},2026-03-02"), 2, "date"),
    "dates on a list": (table("ip,added_to_list", f"{A},2026-03-01"), 1, "added_to_list"),
    "its own ends": (
        table("network,first,last", "198.51.100.0/24,198.51.100.0,198.51.100.255"),
        256,
        "first, last",
    ),
    "its own length": (table("prefix,bits", "198.51.100.0/24,24"), 256, "bits"),
    "numbers of the address": (table("ip,int", f"{A},3325256704"), 1, "int"),
    "an address among comments": (table("ip,note", f"{A},was 192.0.2.1", f"{B},mail"), 2, "note"),
    "texts": (
        table("ip,url,as_name", f"{A},http://a.example,No Net", f"{B},x,y"),
        2,
        "url, as_name",
    ),
    "places that are words": (
        table("ip,city,isp,org", f"{A},Si,On,Trust", f"{B},No,True,Monitor"),
        2,
        "city, isp, org",
    ),
    "GeoLite2, autonomous systems": (
        table(
            "network,autonomous_system_number,autonomous_system_organization",
            "198.51.100.0/24,64496,Example",
        ),
        256,
        "autonomous_system_number, autonomous_system_organization",
    ),
    "GeoLite2, places": (
        table(
            "network,geoname_id,registered_country_geoname_id,represented_country_geoname_id,"
            "is_anonymous_proxy,is_satellite_provider,postal_code,latitude,longitude,"
            "accuracy_radius,is_anycast",
            "198.51.100.0/24,2782113,2782113,,0,0,1010,48.2,16.3,20,",
        ),
        256,
        "geoname_id, registered_country_geoname_id, represented_country_geoname_id, "
        "is_anonymous_proxy, is_satellite_provider, postal_code, latitude, longitude, "
        "accuracy_radius, is_anycast",
    ),
    "AbuseIPDB": (
        table(
            "ip,country_code,usage_type,last_reported_at",
            f"{A},NO,Data Center,2026-03-01T10:00:00+00:00",
        ),
        1,
        "country_code, usage_type, last_reported_at",
    ),
    "ends of its own as numbers": (table("ip,end", "64.0.0.0,1073741824"), 1, "end"),
}


def as_csv(rows: Rows, path: Path, delimiter: str) -> None:
    path.write_text("".join(delimiter.join(row) + "\n" for row in rows), encoding="utf-8")


def objects(rows: Rows) -> list[str]:
    header, *cells = rows
    return [json.dumps(dict(zip(header, row, strict=True))) for row in cells]


def as_parquet(rows: Rows, path: Path) -> None:
    header, *cells = rows
    names = ", ".join(f'"{name}"' for name in header)
    values = ", ".join(
        "(" + ", ".join(f"nullif('{cell}', '')" for cell in row) + ")" for row in cells
    )
    duckdb.execute(f"COPY (FROM (VALUES {values}) AS t({names})) TO '{path}' (FORMAT parquet)")


WRITERS: dict[str, Callable[[Rows, Path], object]] = {
    "commas": lambda rows, path: as_csv(rows, path, ","),
    "semicolons": lambda rows, path: as_csv(rows, path, ";"),
    "tabs": lambda rows, path: as_csv(rows, path, "\t"),
    "lines of JSON": lambda rows, path: path.write_text("\n".join([*objects(rows), ""])),
    "an array": lambda rows, path: path.write_text(f"[{','.join(objects(rows))}]"),
    "Parquet": as_parquet,
}


QUICK = ("commas", "lines of JSON")
IN_ALL_FORMS = ("access", "yes and no", "end", "bits", "wildcard", "a second family", "Russian")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "given"


def read(path: Path, *columns: str, ignored: Sequence[str] = ()) -> Feed:
    return read_feed(Input(path, "given", ColumnChoice.of(columns, ignored)))


@pytest.mark.parametrize(
    ("name", "form"),
    [(name, form) for form in WRITERS for name in (REFUSED if form in QUICK else IN_ALL_FORMS)],
)
def test_a_column_that_may_decide_is_refused_with_what_settles_it(name, form, path):
    rows, option = REFUSED[name]
    WRITERS[form](rows, path)
    (problem,) = problems_of(DataError, read, path)
    assert option in problem.message
    ignored = [rows[0][1]]
    feed = read(path, ignored=ignored)
    assert feed.n_records == len(rows) - 1
    notes = [plain_name(note) for note in feed.notes]
    assert f"columns_ignored_{plain_name(rows[0][1])}" in notes


@pytest.mark.parametrize("form", QUICK)
@pytest.mark.parametrize("name", READ)
def test_a_column_that_decides_nothing_is_ignored_and_named(name, form, path):
    rows, n_addresses, named = READ[name]
    WRITERS[form](rows, path)
    feed = read(path)
    assert feed.to_set().v4.n_addresses == n_addresses
    assert f"columns ignored: {named}" in feed.notes


@pytest.mark.parametrize(
    "header",
    [
        "No,Domain,Case No,Remarks", "Nº,Dominio,Número de expediente,Observaciones",
        "N.,Nome di dominio,Numero della pratica,Note", "Item,Domínio,Nº do processo,Observação",
        "N°,Nom de domaine,N° du dossier,Remarques", "Lfd. Nr.,Domäne,Aktenzeichen,Bemerkung",
        "Lp.,Domena,Sygnatura,Uwagi", "№ п/п,Доменное имя,Номер дела,Примечание",
    ],
)  # fmt: skip
def test_headings_of_a_list_are_known_in_eight_languages(header, path):
    rows = (f"1,a.example,12/2026,court,{A}", f"2,b.example,13,,{B}")
    as_csv(table(f"{header},ip", *rows), path, ";")
    feed = read(path)
    assert feed.labels["name"].texts == ["a.example", "b.example"]
    assert len(feed.v4) == 2


@pytest.mark.parametrize(
    "header",
    ["Sitio", "Nombre", "nome", "Sito web", "Nom du site", "Сайт", "hostname,type", "Host,type"],
)
def test_a_heading_of_another_language_names_the_sites_of_a_user(header, path):
    kind = {"hostname,type": ",ipv4", "Host,type": ",host"}.get(header, "")
    as_csv(table(f"{header},ip", f"a.example{kind},{A}", f"b.example{kind},{B}"), path, ";")
    assert read(path).labels["name"].texts == ["a.example", "b.example"]


@pytest.mark.parametrize(
    ("rows", "columns", "n_addresses", "n_rows6"),
    [
        (table("ip,end", f"{A},198.51.100.9", f"{B},"), ["last=end"], 11, 0),
        (table("from,to", f"{A},198.51.100.9"), ["address=from", "last=to"], 10, 0),
        (table("ip,bits", f"{A},24", f"{B},/25"), ["mask=bits"], 384, 0),
        (table("ip,w", f"{A},0.0.0.255", f"{B},0.0.0.0"), ["wildcard=w"], 257, 0),
        (table("ip,w", f"{A},0.0.0.255", f"{B},0.0.0.0"), ["address=w", "address=ip"], 4, 0),
        (table("ip,ipv6", f"{A},2001:db8::1", f"{B},"), ["address=ip", "address=ipv6"], 2, 1),
        (table("ip,ipv6", ",2001:db8::1", f"{B},"), ["address=ip", "address=ipv6"], 1, 1),
        (table("Host IP,note", f"{A},se"), ["address=host_ip"], 1, 0),
    ],
)
@pytest.mark.parametrize("form", WRITERS)
def test_what_was_said_of_columns_is_read(rows, columns, n_addresses, n_rows6, form, path):
    WRITERS[form](rows, path)
    feed = read(path, *columns)
    assert feed.to_set().v4.n_addresses == n_addresses
    assert (len(feed.v6), feed.n_unplaced) == (n_rows6, 0)


@pytest.mark.parametrize("name", ["provider", "service", "name", "isp", "Org"])
@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ("permit", "deny", True),
        ("Accept", "DROP", True),
        ("pass", "block", True),
        ("block", "monitor", True),
        ("permit", "permit", True),
        ("permit", "", True),
        ("deny", "deny", False),
        ("pass", "lift", False),
        ("Permit", "Hetzner", False),
    ],
)
def test_a_column_of_names_that_holds_verdicts_alone_decides(name, first, second, is_refused, path):
    as_csv(table(f"ip,{name}", f"{A},{first}", f"{B},{second}"), path, ",")
    if is_refused:
        with pytest.raises(DataError, match="expected rows that all list their address"):
            read(path)
    else:
        assert len(read(path).v4) == 2


def test_a_chosen_column_goes_before_one_with_a_known_name(path):
    as_csv(table("ip,host_ip,network", f"{A},203.0.113.1,192.0.2.0/24"), path, ",")
    with pytest.raises(DataError, match="got ip, network"):
        read(path)
    with pytest.raises(DataError, match="--ignore-column ip"):
        read(path, "address=network", ignored=["host_ip"])
    feed = read(path, "address=network", ignored=["host_ip", "ip"])
    assert feed.to_set().v4.n_addresses == 256


def test_two_columns_of_no_known_name_may_be_the_ends_of_a_range(path):
    as_csv(table("start,end", f"{A},198.51.100.99"), path, ",")
    with pytest.raises(DataError, match="--column address=start --column last=end if each row"):
        read(path)
    assert read(path, "address=start", "last=end").to_set().v4.n_addresses > 1


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        # A key that only later entries have decides as well.
        ({}, {"bits": 24}, "--column mask=bits"),
        ({}, {"mask": 24}, "expected a netmask"),
        ({"more": ["203.0.113.5", "203.0.113.6"]}, {"more": None}, "--ignore-column more"),
        ({"more": {"start": "203.0.113.5", "end": "203.0.113.60"}}, {"more": None},
         "--ignore-column more"),
        *(({"meta": {"by": "court"}}, {"meta": meta}, "--ignore-column meta")
          for meta in ({"removed": True}, {"blocked": False},
                       {"by": "court", "now": ["x", "delisted"]})),
    ],
)  # fmt: skip
def test_keys_and_what_is_within_them_decide_as_columns_do(first, second, told, path):
    entries = [{"ip": A, **first}, {"ip": B, **second}]
    for text in (json.dumps(entries), "".join(json.dumps(each) + "\n" for each in entries)):
        path.write_text(text)
        with pytest.raises(DataError, match=told):
            read(path)


def test_a_refusal_shows_the_cells_that_are_not_known(path):
    rows = table("ip,date,No,type", f"{A},2026-01-01,1,ip", f"{B},n/a,6a,subnet")
    as_csv(rows, path, ",")
    told = [(one.key, one.line) for one in problems_of(DataError, read, path) if one.key]
    assert told == [("date", 3), ("no", 3), ("type", 3)]


def test_without_options_a_message_names_none(path):
    as_csv(REFUSED["end"][0], path, ",")
    with pytest.raises(DataError, match="name it end_ip, mask or address if") as refused:
        read_feed(Input(path, "given"))
    assert "--" not in str(refused.value)
    with pytest.raises(DataError, match="name it end_ip, mask or address if"):
        feed_of_columns({"ip": [A], "end": ["198.51.100.255"]}, "frame")
    with pytest.raises(DataError, match="leave it out if each row"):
        feed_of_columns({"ip": [A, B], "cut": [True, False]}, "frame")
    with pytest.raises(DataError, match="a row lists, visits_per_h or revenue_eur_per_h if"):
        feed_of_columns({"ip": [A, B], "ingresos": [35, 50]}, "frame")
    with pytest.raises(DataError, match="a row lists, site if it names the row"):
        feed_of_columns({"ip": [A], "comercio": ["Flores"]}, "frame")
    feed = feed_of_columns({"IP ADRESİ": [A], "tienda": ["Flores"]}, "frame")
    assert feed.labels["name"].texts == ["Flores"]
    for heading in ("IP de Cloudflare", "nueva IP"):
        assert feed_of_columns({heading: [A]}, "frame").n_records == 1


def test_whole_numbers_called_addresses_count_them(path):
    path.write_text("Start address;Addresses;Holder\n198.51.100.0;256;Foo\n")
    with pytest.raises(DataError, match="say which by --column address=NAME"):
        read(path)
    with pytest.raises(DataError, match="--ignore-column addresses beside a column end_ip") as told:
        read(path, "address=start_address")
    assert "to ignore" not in str(told.value)
    path.write_text("Start address;Addresses;end_ip\n198.51.100.0;256;198.51.100.255\n")
    feed = read(path, "address=start_address", ignored=["addresses"])
    assert feed.to_set().v4.n_addresses == 256


def test_without_a_column_of_addresses_none_is_named(path):
    path.write_text("Name,PublicIPv4,Memory,Region\nd1,198.51.100.7,1024,fra1\n")
    with pytest.raises(DataError) as told:
        read(path)
    assert "say --column address=publicipv4 if rows list what it holds" in str(told.value)
    assert "address=address" not in str(told.value)
    assert "address=memory" not in str(told.value)


def test_whole_numbers_called_names_may_count_them(path):
    path.write_text(f"IP address,Company,names\n{A},Acme Ltd,3\n{B},Bolt Inc,12\n")
    with pytest.raises(DataError, match="say --column n_names=names if it counts names; --ignore"):
        read(path)


@pytest.mark.parametrize(
    ("columns", "ignored", "told"),
    [
        (["end"], [], "expected ROLE=NAME with a role of address, last"),
        (["stop=end"], [], "expected ROLE=NAME"),
        (["last=end", "mask=end"], [], "expected one role for each column"),
        (["last=end"], ["End"], "end has a role by --column"),
        (["from=date"], [], "only init reads dates"),
    ],
)
def test_what_cannot_be_said_of_columns_is_refused(columns, ignored, told):
    with pytest.raises(UsageError, match=told):
        ColumnChoice.of(columns, ignored)


@given(text=st.one_of(*(st.from_regex(form, fullmatch=True) for form in verdicts.FORMS)))
@settings(max_examples=25)
def test_no_verdict_is_passed_over_by_how_it_begins(text):
    plain = " ".join(text.lower().replace("_", " ").replace("-", " ").split())
    is_verdict = any(form.fullmatch(plain) for form in verdicts.FORMS)
    assert verdicts.words_against([text], are_texts=True) == ({text} if is_verdict else set())


NESTED = {
    "a struct": ("{'by': 'court', 'action': 'allow'}", "expected rows that all list"),
    "a list": ("['court', 'removed']", "expected rows that all list"),
    "a list of structs": ("[{'n': {'verdict': 'whitelisted'}}]", "expected rows that all list"),
    "a map": ("MAP {'state': 'expired'}", "expected rows that all list"),
    "a truth": ("{'blocked': false}", "expected rows that all list"),
    "addresses": ("['203.0.113.9']", "--column address=tags"),
}


@pytest.mark.parametrize("name", NESTED)
def test_nested_columns_of_parquet_say_what_is_in_them(name, path):
    value, told = NESTED[name]

    def write(column: str, first: str, second: str) -> None:
        rows = f"(VALUES ('{A}', {first}), ('{B}', {second})) AS t(ip, {column})"
        duckdb.execute(f"COPY (FROM {rows}) TO '{path}' (FORMAT parquet)")

    for column, refusal in (
        ("what", "what: expected"),
        ("provider", r"provider: expected (one value|rows that all list)"),
        ("tags", told),
    ):
        write(column, value, "NULL")
        with pytest.raises(DataError, match=refusal):
            read(path)
    assert read(path, ignored=["tags"]).n_records == 2
    write("tags", "{'by': 'court', 'at': ['x']}", "NULL")
    assert read(path).n_records == 2


@pytest.mark.parametrize(
    ("role", "value"),
    [
        ("provider", "One"), ("region", "north"), ("service", "web|mail"), ("country", "RU"),
        ("name", "shop"), ("sector", "retail"), ("asn", "64496_64497"), ("n_names", "3"),
        ("revenue_usd_per_h", "12.5"),
    ],
)  # fmt: skip
def test_a_column_by_any_name_holds_what_its_role_says(role, value, path):
    """As a column of the role's own name does."""
    feeds = []
    for column, asked in ((role, ()), ("some thing", (f"{role}=Some Thing",))):
        path.write_text(f"address,{column}\n{A},{value}\n{B},\n")
        feeds.append(read(path, *asked))
    own, renamed = feeds
    assert [*own.labels, *own.numbers] == [role]
    if role in own.numbers:
        assert own.numbers[role][0] == float(value)
        assert np.isnan(own.numbers[role][1])
        assert own.numbers[role].tobytes() == renamed.numbers[role].tobytes()
    else:
        for labels in (own.labels[role], renamed.labels[role]):
            assert labels.code.tolist() == [0, -1]
            assert [*labels.names, labels.lists] == [
                *own.labels[role].names,
                own.labels[role].lists,
            ]


@pytest.mark.parametrize(
    ("header", "columns", "told"),
    [
        ("ip,a,b", ["provider=a", "provider=b"], "expected one column for provider, got a, b"),
        ("ip,a,b", ["mask=a", "mask=b"], "expected one column for mask, got a, b"),
        ("ip,a,mask", ["address=ip", "address=a"],
         "expected one column of addresses beside mask, got several"),
        ("ip,a,b", ["mask=a", "last=b"],
         "expected a column of netmasks or one of last addresses, got both: a, b"),
        ("ip,a,wildcard", ["mask=a", "wildcard=wildcard"],
         "expected a column of netmasks or one of last addresses, got both: a, wildcard"),
    ],
)  # fmt: skip
def test_two_columns_do_not_share_a_role(header, columns, told, path):
    path.write_text(f"{header}\n{A},24,24\n")
    with pytest.raises(DataError) as refusal:
        read(path, *columns)
    assert str(refusal.value) == f"given:1: {told}"
