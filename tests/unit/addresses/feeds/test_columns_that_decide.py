"""Columns beside the addresses that decide what a row means: values say so where names do not.

Each file is made by hand, and what is right for it was written down before it was read: how many
addresses it lists, or which option settles what it does not say.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.addresses.feeds import verdicts
from sim.addresses.feeds.column_choice import ColumnChoice, plain_name
from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.feeds.inputs import Input
from sim.errors import DataError, UsageError

Rows = Sequence[Sequence[str]]
A, B = "198.51.100.0", "203.0.113.0"


def table(header: str, *rows: str) -> Rows:
    return [row.split(",") for row in (header, *rows)]


# What it is about: (table, what the refusal says has to be said).
REFUSED: dict[str, tuple[Rows, str]] = {
    "access": (table("ip,access", f"{A},allow", f"{B},deny"), "--ignore-column access"),
    "rule": (table("ip,rule", f"{A},permit", f"{B},block"), "--ignore-column rule"),
    "list": (table("ip,list", f"{A},whitelist", f"{B},blacklist"), "--ignore-column list"),
    "category": (table("ip,category", f"{A},pass", f"{B},drop"), "--ignore-column category"),
    "verdict": (table("ip,verdict", f"{A},allow", f"{B},deny"), "--ignore-column verdict"),
    "allow alone": (table("ip,what", f"{A},allow", f"{B},Allow"), "--ignore-column what"),
    "yes and no": (table("ip,cut", f"{A},yes", f"{B},no"), "--ignore-column cut"),
    "yes or nothing": (table("ip,cut", f"{A},yes", f"{B},"), "--ignore-column cut"),
    "one and zero": (table("ip,flag", f"{A},1", f"{B},0"), "--ignore-column flag"),
    "true and false": (table("ip,f", f"{A},TRUE", f"{B},FALSE"), "--ignore-column f"),
    "active, removed": (table("ip,now", f"{A},active", f"{B},removed"), "--ignore-column now"),
    "three words": (
        table("ip,note", f"{A},block", f"{B},allow", "192.0.2.1,unblock"),
        "--ignore-column note",
    ),
    "an exception among kinds": (
        table("ip,kind_of", f"{A},spam", f"{B},phishing", "192.0.2.1,white-list"),
        "--ignore-column kind_of",
    ),
    "in more words": (
        table("ip,taken", f"{A},Blocked by order 12/2026", f"{B},Not blocked (whitelisted)"),
        "--ignore-column taken",
    ),
    "blocked or watched": (table("ip,tag", f"{A},block", f"{B},monitor"), "--ignore-column tag"),
    "in force or planned": (
        table("ip,status", f"{A},active", f"{B},pending"),
        "--ignore-column status",
    ),
    "ticks": (table("ip,cut", f"{A},✔", f"{B},✘"), "--ignore-column cut"),
    "seconds of the end": (table("ip,expiry", f"{A},1767225600"), "--ignore-column expiry"),
    "Spanish dates of the end": (
        table("ip,fecha baja", f"{A},05/03/2026"),
        "--ignore-column fecha_baja",
    ),
    "Spanish": (table("ip,estado", f"{A},bloqueado", f"{B},permitido"), "--ignore-column estado"),
    "Italian": (table("ip,stato", f"{A},bloccato", f"{B},sbloccato"), "--ignore-column stato"),
    "Russian": (
        table("ip,состояние", f"{A},заблокирован", f"{B},разблокирован"),
        "--ignore-column состояние",
    ),
    "Russian yes and no": (table("ip,так", f"{A},да", f"{B},нет"), "--ignore-column так"),
    "verdicts as names": (table("ip,name", f"{A},allow", f"{B},deny"), "--ignore-column name"),
    "removed among names": (
        table("ip,isp", f"{A},Example Net", f"{B},Removed"),
        "--ignore-column isp",
    ),
    "a name with a verdict": (
        table("ip,name", f"{A},shop", f"{B},Safe (whitelisted)"),
        "--ignore-column name",
    ),
    "a label of what it is": (table("ip,label", f"{A},benign", f"{B},x"), "--ignore-column label"),
    "scores of abuse": (
        table("ip,abuseConfidenceScore", f"{A},100"),
        "--ignore-column abuseconfidencescore",
    ),
    "a number of thousands of digits": (
        table("ip,x", f"{A},{'9' * 5_000}", f"{B},"),
        "--ignore-column x",
    ),
    "end": (table("ip,end", f"{A},198.51.100.255"), "--column last=end"),
    "to": (table("ip,to", f"{A},198.51.100.255"), "--column last=to"),
    "last": (table("ip,last", f"{A},198.51.100.9", f"{B},"), "--column last=last"),
    "broadcast": (table("network,broadcast", f"{A},198.51.100.255"), "--column last=broadcast"),
    "ip_last": (table("ip,ip_last", f"{A},198.51.100.255"), "--column last=ip_last"),
    "length": (table("ip,length", f"{A},24", f"{B},25"), "--column mask=length"),
    "bits": (table("ip,bits", f"{A},24"), "--column mask=bits"),
    "netbits": (table("ip,netbits", f"{A},/24"), "--column mask=netbits"),
    "lengths without a name": (table("ip,x", f"{A},24", f"{B},32"), "--column mask=x"),
    "length of IPv6": (table("ip,plen", "2001:db8::,32"), "--column mask=plen"),
    "mask without a name": (table("ip,m", f"{A},255.255.255.0"), "--column mask=m"),
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
    "ends as numbers": (table("ip,int_end", f"{A},3325256959"), "--ignore-column int_end"),
    "how many": (table("ip,count", f"{A},256", f"{B},16"), "--ignore-column count"),
    "dates of the end": (
        table("ip,unblocked_on", f"{A},2026-03-01", f"{B},"),
        "--ignore-column unblocked_on",
    ),
    "an end beside a word": (
        table("ip,until", f"{A},2020-01-01", f"{B},permanent"),
        "--ignore-column until",
    ),
    "an end beside words": (
        table("ip,expires", f"{A},NULL", f"{B},N/A", "192.0.2.1,2020-01-01T10:00Z"),
        "--ignore-column expires",
    ),
    "an end by name of the month": (table("ip,to", f"{A},01-Jan-2020"), "--ignore-column to"),
    "an end in Spanish words": (
        table("ip,hasta", f"{A},2 de marzo de 2026"),
        "--ignore-column hasta",
    ),
    "an end in one word": (table("ip,validUntil", f"{A},2020/1/5"), "--ignore-column validuntil"),
    "an end of two digits": (table("ip,until", f"{A},01.01.20"), "--ignore-column until"),
    "seconds of the end beside a word": (
        table("ip,expires", f"{A},1577836800", f"{B},never"),
        "--ignore-column expires",
    ),
    "lengths beside a word": (table("ip,bits", f"{A},24", f"{B},n/a"), "--column mask=bits"),
    "lengths beside words": (
        table("ip,plen", f"{A},/24", f"{B},-", "192.0.2.1,?"),
        "--column mask=plen",
    ),
    "numbers beside words": (
        table("ip,hosts", f"{A},256", f"{B},one", "192.0.2.1,one"),
        "--ignore-column hosts",
    ),
    "ends beside words": (
        table("ip,end", f"{A},198.51.100.255", f"{B},-", "192.0.2.1,-"),
        "--column last=end",
    ),
    "a second family beside a word": (
        table("ip,x", f"{A},none", f"{B},none", "192.0.2.1,2001:db8::1"),
        "--column address=x",
    ),
    "ends beside other words": (
        table("ip,to", f"{A},single", f"{B},alone", "192.0.2.1,192.0.2.255"),
        "--column last=to",
    ),
    "a verdict with more": (
        table("ip,note", f"{A},court", f"{B},allow (temporary)"),
        "--ignore-column note",
    ),
    "no longer": (table("ip,note", f"{A},court", f"{B},No longer blocked"), "--ignore-column note"),
    "annulled": (table("ip,note", f"{A},court", f"{B},annulled"), "--ignore-column note"),
    "allowed among many": (
        table("ip,n", *(f"10.0.0.{n},case {n}" for n in range(40)), f"{B},allow"),
        "--ignore-column n",
    ),
    "an action that is not known": (
        table("ip,action", f"{A},block", f"{B},relinquish"),
        "--ignore-column action",
    ),
    "all or none": (table("ip,cut", f"{A},all", f"{B},none"), "--ignore-column cut"),
    "nomatch": (table("ip,nomatch", f"{A},", f"{B},nomatch"), "--ignore-column nomatch"),
    "a mark": (table("ip,mark", f"{A},", f"{B},!"), "--ignore-column mark"),
    "in force": (table("ip,in_force", f"{A},no", f"{B},no"), "--ignore-column in_force"),
    "valid": (table("ip,is_valid", f"{A},0", f"{B},0"), "--ignore-column is_valid"),
    "permit": (table("ip,permit", f"{A},yes", f"{B},yes"), "--ignore-column permit"),
    "an address within a prefix": (
        table("prefix,host", "198.51.100.0/24,198.51.100.9"),
        "--ignore-column host",
    ),
    "unlike lengths": (table("prefix,bits", "198.51.100.0/24,25"), "--ignore-column bits"),
    "one verdict": (table("ip,access", f"{A},deny", f"{B},deny"), "--ignore-column access"),
    "the same said twice": (table("ip,cut", f"{A},yes", f"{B},true"), "--ignore-column cut"),
    "numbers of reports": (
        table("ip,reports", f"{A},17", "203.0.113.7,3"),
        "--ignore-column reports",
    ),
    "ports": (table("ip,port", f"{A},443", f"{B},80"), "--ignore-column port"),
    "scores": (table("ip,score", f"{A},87.5", f"{B},12"), "--ignore-column score"),
    "ends in words": (table("ip,until", f"{A},permanent", f"{B},"), "--ignore-column until"),
    "ports of an end": (table("ip,to", f"{A},443", "203.0.113.7,x"), "--ignore-column to"),
    "numbers among words": (table("ip,x", f"{A},24", f"{B},a", "192.0.2.1,b"), "--ignore-column x"),
    "times of day": (table("ip,time", f"{A},12:30:45", f"{B},00:10:00"), "--ignore-column time"),
    "an address as a comment": (
        table("ip,note", f"{A},was 192.0.2.1", "192.0.2.1,192.0.2.2"),
        "--ignore-column note",
    ),
    "the length of another": (table("ip,note", f"{A},/24"), "--column mask=note"),
    "answers": (table("ip,comment", f"{A},yes", f"{B},see the order"), "--ignore-column comment"),
    "services that are ports": (table("ip,service", f"{A},tcp/443", f"{B},x"), "--ignore-column"),
    "ports of some": (table("ip,dst_port", f"{A},443", f"{B},"), "--ignore-column dst_port"),
    "protocols": (table("ip,protocol", f"{A},tcp", f"{B},tcp"), "--ignore-column protocol"),
    "numbers of protocols": (table("ip,proto", "192.0.2.1,1", f"{B},6"), "--ignore-column proto"),
    "spreadsheets' days": (table("ip,until", f"{A},43831"), "--ignore-column until"),
    "their days and hours": (table("ip,expires", f"{A},43831.5"), "--ignore-column expires"),
    "milliseconds": (table("ip,removed_at", f"{A},1577836800000"), "--ignore-column removed_at"),
    "seconds": (table("ip,removed_at", f"{A},1577836800"), "--ignore-column removed_at"),
    "spreadsheets' first days": (table("ip,date", f"{A},43831"), "--ignore-column date"),
    "an order of one operator": (table("ip,isp_id", f"{A},7", f"{B},"), "--ignore-column isp_id"),
}
# (table, addresses or the number of IPv6 rows where there are none, columns that are named).
READ: dict[str, tuple[Rows, int, str]] = {
    "comments": (table("ip,comment", f"{A},see the order", f"{B},court"), 2, "comment"),
    "kinds": (table("ip,category", f"{A},spam", f"{B},phishing"), 2, "category"),
    "dates of the start": (table("ip,date", f"{A},2026-03-01", f"{B},2026-03-02"), 2, "date"),
    "its own ends": (
        table("network,first,last", "198.51.100.0/24,198.51.100.0,198.51.100.255"),
        256,
        "first, last",
    ),
    "its own length": (table("prefix,bits", "198.51.100.0/24,24"), 256, "bits"),
    "whole lengths": (table("ip,bits", f"{A},32", f"{B},32"), 2, "bits"),
    "numbers of the address": (table("ip,int", f"{A},3325256704"), 1, "int"),
    "an address among comments": (table("ip,note", f"{A},was 192.0.2.1", f"{B},mail"), 2, "note"),
    "texts": (
        table("ip,url,as_name", f"{A},http://a.example,No Net", f"{B},x,y"),
        2,
        "url, as_name",
    ),
    "codes": (
        table("ip,cc,id,last_seen", f"{A},NO,1,2026-03-01", f"{B},SI,24,-"),
        2,
        "cc, id, last_seen",
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
    "AGCOM": (table("ip,numero,provvedimento", f"{A},12,12/26/CONS"), 1, "numero, provvedimento"),
    "CISA": (
        table("ip,attack_phase,observed_date,handling", f"{A},C2,20260301,TLP:CLEAR"),
        1,
        "attack_phase, observed_date, handling",
    ),
    "none or nothing": (table("ip,tags", f"{A},none", f"{B},"), 2, "tags"),
    "ends of its own as numbers": (table("ip,end", "64.0.0.0,1073741824"), 1, "end"),
}


def as_csv(rows: Rows, path: Path, delimiter: str) -> None:
    path.write_text("".join(delimiter.join(row) + "\n" for row in rows), encoding="utf-8")


def as_lines(rows: Rows, path: Path) -> None:
    header, *cells = rows
    entries = [dict(zip(header, row, strict=True)) for row in cells]
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")


def as_array(rows: Rows, path: Path) -> None:
    header, *cells = rows
    path.write_text(json.dumps([dict(zip(header, row, strict=True)) for row in cells]))


def as_parquet(rows: Rows, path: Path) -> None:
    header, *cells = rows
    names = ", ".join(f'"{name}"' for name in header)
    values = ", ".join(
        "(" + ", ".join(f"nullif('{cell}', '')" for cell in row) + ")" for row in cells
    )
    duckdb.execute(f"COPY (FROM (VALUES {values}) AS t({names})) TO '{path}' (FORMAT parquet)")


WRITERS: dict[str, Callable[[Rows, Path], None]] = {
    "commas": lambda rows, path: as_csv(rows, path, ","),
    "semicolons": lambda rows, path: as_csv(rows, path, ";"),
    "tabs": lambda rows, path: as_csv(rows, path, "\t"),
    "lines of JSON": as_lines,
    "an array": as_array,
    "Parquet": as_parquet,
}


QUICK = ("commas", "lines of JSON")
IN_ALL_FORMS = ("list", "yes and no", "end", "bits", "wildcard", "a second family", "Russian")


def read(path: Path, *columns: str, ignored: Sequence[str] = ()) -> Feed:
    return read_feed(Input(path, "given", ColumnChoice.of(columns, ignored)))


@pytest.mark.parametrize(
    ("name", "form"),
    [(name, form) for form in WRITERS for name in (REFUSED if form in QUICK else IN_ALL_FORMS)],
)
def test_a_column_that_may_decide_is_refused_with_what_settles_it(name, form, tmp_path):
    rows, option = REFUSED[name]
    path = tmp_path / "given"
    WRITERS[form](rows, path)
    with pytest.raises(DataError) as refused:
        read(path)
    (problem,) = refused.value.problems
    assert option in problem.message
    ignored = [rows[0][1]]
    feed = read(path, ignored=ignored)
    assert feed.n_records == len(rows) - 1
    notes = [plain_name(note) for note in feed.notes]
    assert f"columns_ignored_{plain_name(rows[0][1])}" in notes


@pytest.mark.parametrize("form", QUICK)
@pytest.mark.parametrize("name", READ)
def test_a_column_that_decides_nothing_is_ignored_and_named(name, form, tmp_path):
    rows, n_addresses, named = READ[name]
    path = tmp_path / "given"
    WRITERS[form](rows, path)
    feed = read(path)
    assert feed.to_set().v4.n_addresses == n_addresses
    assert f"columns ignored: {named}" in feed.notes


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
def test_what_was_said_of_columns_is_read(rows, columns, n_addresses, n_rows6, form, tmp_path):
    path = tmp_path / "given"
    WRITERS[form](rows, path)
    feed = read(path, *columns)
    assert feed.to_set().v4.n_addresses == n_addresses
    assert (len(feed.v6), feed.n_unplaced) == (n_rows6, 0)


def test_words_that_are_also_names_are_names(tmp_path):
    path = tmp_path / "given"
    header = "ip,name,provider,service,sector"
    as_csv(table(header, f"{A},Safe,Pass,Trust,Clean", f"{B},shop,Lift,Not,x"), path, ",")
    assert set(read(path).labels["provider"].names) == {"Pass", "Lift"}


@pytest.mark.parametrize("name", ["provider", "service", "name", "isp", "Org"])
@pytest.mark.parametrize(
    ("first", "second", "is_refused"),
    [
        ("permit", "deny", True),
        ("Accept", "DROP", True),
        ("pass", "block", True),
        ("permit", "permit", True),
        ("permit", "", True),
        ("deny", "deny", False),
        ("pass", "lift", False),
        ("Permit", "Hetzner", False),
    ],
)
def test_a_column_of_names_that_holds_verdicts_alone_decides(
    name, first, second, is_refused, tmp_path
):
    path = tmp_path / "given"
    as_csv(table(f"ip,{name}", f"{A},{first}", f"{B},{second}"), path, ",")
    if is_refused:
        with pytest.raises(DataError, match="expected rows that all list their address"):
            read(path)
    else:
        assert len(read(path).v4) == 2


def test_a_chosen_column_goes_before_one_with_a_known_name(tmp_path):
    path = tmp_path / "given"
    as_csv(table("ip,host_ip,network", f"{A},203.0.113.1,192.0.2.0/24"), path, ",")
    with pytest.raises(DataError, match="got ip, network"):
        read(path)
    with pytest.raises(DataError, match="--ignore-column ip"):
        read(path, "address=network", ignored=["host_ip"])
    feed = read(path, "address=network", ignored=["host_ip", "ip"])
    assert feed.to_set().v4.n_addresses == 256


def test_two_columns_of_no_known_name_may_be_the_ends_of_a_range(tmp_path):
    path = tmp_path / "given"
    as_csv(table("start,end", f"{A},198.51.100.99"), path, ",")
    with pytest.raises(DataError, match="--column address=start --column last=end if each row"):
        read(path)
    assert read(path, "address=start", "last=end").to_set().v4.n_addresses > 1


def test_a_second_family_is_met_in_the_last_entry_of_a_long_file(tmp_path):
    path = tmp_path / "given"
    rows = [f"198.{at >> 8}.{at & 255}.1,c{at}," for at in range(30_000)]
    as_csv(table("ip,comment,six", *rows, "192.0.2.1,c,2001:db8::1"), path, ",")
    with pytest.raises(DataError, match="--column address=six") as refused:
        read(path)
    assert refused.value.problems[0].line == 30_002


def test_a_key_that_only_later_entries_have_decides_as_well(tmp_path):
    path = tmp_path / "given"
    lines = [{"ip": A}, {"ip": B, "bits": 24}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(DataError, match="--column mask=bits"):
        read(path)
    lines = [{"ip": A}, {"ip": B, "mask": 24}]
    path.write_text(json.dumps(lines))
    with pytest.raises(DataError, match="expected a netmask"):
        read(path)


def test_addresses_within_objects_and_lists_are_met(tmp_path):
    path = tmp_path / "given"
    for more in (["203.0.113.5", "203.0.113.6"], {"start": "203.0.113.5", "end": "203.0.113.60"}):
        path.write_text(json.dumps([{"ip": A, "more": more}, {"ip": B, "more": None}]))
        with pytest.raises(DataError, match="--ignore-column more"):
            read(path)


@pytest.mark.parametrize(
    "meta", [{"removed": True}, {"blocked": False}, {"by": "court", "now": ["x", "delisted"]}]
)
def test_verdicts_within_objects_are_met(meta, tmp_path):
    path = tmp_path / "given"
    path.write_text(json.dumps([{"ip": A, "meta": {"by": "court"}}, {"ip": B, "meta": meta}]))
    with pytest.raises(DataError, match="--ignore-column meta"):
        read(path)


def test_blanks_around_names_do_not_make_others_of_them(tmp_path):
    path = tmp_path / "given"
    for end in ("", "\n"):
        path.write_text(f'name, ip\nshop, {A}\nshop , {B}\n"\t shop", 192.0.2.1{end}'.strip())
        assert list(read(path).labels["name"].names) == ["shop"]
    path.write_text(json.dumps([{"ip": A, "name": "shop "}, {"ip": B, "name": " shop"}]))
    labels = read(path).labels["name"]
    assert (list(labels.names), labels.code.tolist()) == (["shop"], [0, 0])


def test_without_options_a_message_names_none(tmp_path):
    path = tmp_path / "given"
    as_csv(REFUSED["end"][0], path, ",")
    with pytest.raises(DataError, match="name it end_ip, mask or address if") as refused:
        read_feed(Input(path, "given"))
    assert "--" not in str(refused.value)
    with pytest.raises(DataError, match="name it end_ip, mask or address if"):
        feed_of_columns({"ip": [A], "end": ["198.51.100.255"]}, "frame")
    with pytest.raises(DataError, match="leave it out if each row"):
        feed_of_columns({"ip": [A, B], "cut": [True, False]}, "frame")


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


@pytest.mark.parametrize(
    "text",
    [
        f"{A};24\n{B};25\n",
        f"{A};allow\n{B};deny\n",
        f"# a table\n{A};x;yes\n{B};y;no\n",
        "192.0.2.1\n" * 30 + f"{A};24\n{B};25\n",
        "192.0.2.1\n" * 30 + f"{A} ; court\n{B} ; unblocked\n",
        "192.0.2.1\n" * 40_000 + f"{A};x;allow\n{B};y;deny\n",
    ],
)
def test_cells_behind_semicolons_without_names_are_a_question(text, tmp_path):
    path = tmp_path / "given"
    path.write_text(text)
    with pytest.raises(
        DataError, match=r"in cells without names: name the columns|a comment that says"
    ):
        read(path)
    n_rows = len({line for line in text.splitlines() if not line.startswith("#")})
    assert read_feed(Input(path, "given"), "list").to_set().v4.n_addresses == n_rows


@pytest.mark.parametrize("text", [f"{A}/24 ; SBL1\n{B} ; SBL2\n", f"{A};\n{B};\n", f"{A};a;\n"])
def test_comments_behind_semicolons_are_no_question(text, tmp_path):
    path = tmp_path / "given"
    path.write_text(text)
    assert read(path).origin.format == "list"


@given(text=st.one_of(*(st.from_regex(form, fullmatch=True) for form in verdicts.FORMS)))
@settings(max_examples=300)
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
def test_nested_columns_of_parquet_say_what_is_in_them(name, tmp_path):
    value, told = NESTED[name]
    path = tmp_path / "given"
    rows = f"(VALUES ('{A}', {value}), ('{B}', NULL)) AS t(ip, COLUMN)"
    duckdb.execute(f"COPY (FROM {rows.replace('COLUMN', 'tags')}) TO '{path}' (FORMAT parquet)")
    with pytest.raises(DataError, match=told):
        read(path)
    assert read(path, ignored=["tags"]).n_records == 2
    duckdb.execute(f"COPY (FROM {rows.replace('COLUMN', 'what')}) TO '{path}' (FORMAT parquet)")
    with pytest.raises(DataError, match="what: expected"):
        read(path)
    duckdb.execute(f"COPY (FROM {rows.replace('COLUMN', 'provider')}) TO '{path}' (FORMAT parquet)")
    with pytest.raises(DataError, match="provider: expected one value in each row"):
        read(path)
    duckdb.execute(
        f"COPY (SELECT '{A}' AS ip, {{'by': 'court', 'at': ['x']}} AS tags) TO '{path}' "
        "(FORMAT parquet)"
    )
    assert read(path).n_records == 1


@pytest.mark.parametrize(
    ("role", "value"),
    [
        ("provider", "One"), ("region", "north"), ("service", "web|mail"), ("country", "RU"),
        ("name", "shop"), ("sector", "retail"), ("asn", "64496_64497"), ("n_names", "3"),
        ("revenue_usd_per_h", "12.5"),
    ],
)  # fmt: skip
def test_a_column_by_any_name_holds_what_its_role_says(role, value, tmp_path):
    """As a column of the role's own name does."""
    feeds = []
    for column, asked in ((role, ()), ("some thing", (f"{role}=Some Thing",))):
        path = tmp_path / "given"
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
def test_two_columns_do_not_share_a_role(header, columns, told, tmp_path):
    path = tmp_path / "given"
    path.write_text(f"{header}\n{A},24,24\n")
    with pytest.raises(DataError) as refusal:
        read(path, *columns)
    assert str(refusal.value) == f"given:1: {told}"
