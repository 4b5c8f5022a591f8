"""Each format in the form it is documented in, with the traps it is known for.

Addresses are of the ranges set aside for documentation, or of ranges nobody is named for.
"""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import FORMATS, read_feed, sniff
from sim.addresses.feeds.forms import EXPORTS
from sim.addresses.feeds.inputs import Input, plain_name
from sim.addresses.feeds.inventories import ADDRESS_COLUMNS
from sim.addresses.sets.intervals import AddressSet
from sim.errors import DataError, UsageError
from tests.feeds import given
from tests.forms import RENDERED
from tests.refusals import problems_of

AWS = {
    "syncToken": "1",
    "createDate": "2026-01-02-03-04-05",
    "prefixes": [
        {"ip_prefix": "198.51.100.0/24", "region": "r1", "service": "AMAZON"},
        {"ip_prefix": "198.51.100.0/24", "region": "r1", "service": "S3"},
        {"ip_prefix": "203.0.113.0/24", "region": "r2", "service": "AMAZON"},
    ],
    "ipv6_prefixes": [{"ipv6_prefix": "2001:db8::/32", "region": "r1", "service": "EC2"}],
}
GOOGLE = {
    "syncToken": "1",
    "creationTime": "2026-01-02T03:04:05",
    "prefixes": [
        {"ipv4Prefix": "198.51.100.0/24", "service": "Google Cloud", "scope": "s1"},
        {"ipv6Prefix": "2001:db8::/32", "service": "Google Cloud", "scope": "s2"},
    ],
}
AZURE = {
    "changeNumber": 7,
    "cloud": "Public",
    "values": [
        {
            "name": "Storage",
            "properties": {
                "region": "",
                "platform": "Azure",
                "addressPrefixes": ["198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"],
            },
        },
        {
            "name": "Storage.West",
            "properties": {"region": "west", "addressPrefixes": ["198.51.100.0/24"]},
        },
    ],
}
REGISTER = (
    "Updated: 2018-04-20 12:00:00 +0000\n"
    "198.51.100.1 | 203.0.113.0/24;;;ФСКН;1;2012-01-01\n"
    "192.0.2.1 | 192.0.2.2;name.example;http://name.example/a;b;ФСКН;1;2012-01-01\n"
    "192.0.2.3;*.other.example;;ФСКН;1;2012-01-01\n"
    ";only-a-name.example;;organ;1;2012-01-01\n"
)
FIREHOL = (
    "#\n# firehol_level1\n#\n# ipv4 hash:net ipset\n#\n# Source File Date: Fri Jan 2 2026\n"
    "# License         : unknown\n#\n0.0.0.0/8\n198.51.100.0/24\n"
)
ZDNS = (
    '{"name":"a.example","results":{"A":{"status":"NOERROR","data":{"answers":['
    '{"type":"CNAME","answer":"b.example"},{"type":"A","answer":"198.51.100.1"}]}}}}\n'
    '{"name":"old.example","status":"NOERROR","data":{"answers":'
    '[{"type":"AAAA","answer":"2001:db8::1"}]}}\n'
    '{"name":"none.example","status":"NXDOMAIN","data":{}}\n'
)
INVENTORY = (
    "name,address,provider,revenue_usd_per_h,n_names,country,postal_code\n"
    "shop,198.51.100.1,P,10.5,1,NA,44\n"
    "shop,,P,,,us,44\n"
    '"bank, the",2001:db8::/64,,5,7,,44\n'
)
ORDERS = (
    "effective,action,prefix,source\n"
    "2018-04-16T11:00+03:00,block,198.51.100.0/24,a\n"
    '2018-04-17T11:00+03:00,unblock,198.51.100.0/24,"a, b"\n'
)
CASE = "addresses,from,to\n198.51.100.0/24 192.0.2.1,2018-04-16,\n2001:db8::/32,,\n"
LIST = "# a list\n198.51.100.1\r\n203.0.113.0/24 ; a comment\n2001:db8::/32\n192.0.2.1-192.0.2.9\n"

# name: (content, format, IPv4 addresses, IPv6 rows, records)
SAMPLES = {
    "ip-ranges.json": (json.dumps(AWS), "aws", 512, 1, 3),
    "cloud.json": (json.dumps(GOOGLE, indent=1), "google", 256, 1, 2),
    "ServiceTags.json": (json.dumps(AZURE), "azure", 512, 1, 3),
    "pfx2as": (
        "198.51.100.0\t24\t64496\n203.0.113.0\t25\t38803_56203\n203.0.113.128\t25\t64496,64497\n",
        "pfx2as",
        512,
        0,
        3,
    ),
    "ip2asn.tsv": (
        "198.51.100.0\t198.51.100.255\t64496\tUS\tONE\n"
        "198.51.101.0\t198.51.101.255\t0\tNone\tNot routed\n"
        "203.0.113.0\t203.0.113.9\t64497\tNone\tTWO\n",
        "iptoasn",
        522,
        0,
        3,
    ),
    "dump.csv": (REGISTER.encode("windows-1251"), "z-i", 257, 0, 4),
    "level1.netset": (FIREHOL, "list", 2**24 + 256, 0, 2),
    "zdns.jsonl": (ZDNS, "zdns", 1, 1, 3),
    "hosts.csv": (INVENTORY, "inventory", 1, 1, 3),
    "orders.csv": (ORDERS, "orders", 256, 0, 2),
    "case.csv": (CASE, "case-orders", 257, 1, 3),
    "list.txt": (LIST, "list", 266, 1, 4),
}
OTHERS = {"parquet", "zone", *RENDERED, *(form.name for form in EXPORTS)}
assert {sample[1] for sample in SAMPLES.values()} == set(FORMATS) - OTHERS


@pytest.fixture
def read(tmp_path: Path):
    def read_sample(name: str, content: str | bytes, read_as: str = "", **options: bool) -> Feed:
        return read_feed(given(tmp_path, content, name), read_as, **options)

    return read_sample


@pytest.mark.parametrize("name", SAMPLES)
def test_the_format_is_told_by_the_file_and_read(name, tmp_path, read):
    content, expected, n_addresses4, n_rows6, n_records = SAMPLES[name]
    feed = read(name, content)
    assert sniff(Input(tmp_path / name, name)) == expected
    assert feed.origin.format == expected
    assert feed.to_set().v4.n_addresses == n_addresses4
    assert (len(feed.v6), feed.n_records, feed.n_bad) == (n_rows6, n_records, 0)


def test_amazon_is_not_added_twice(read):
    feed = read("ip-ranges.json", json.dumps(AWS))
    assert sum((feed.v4.stop - feed.v4.start).tolist()) == 512
    assert feed.labels["service"].texts == ["AMAZON;S3", "AMAZON", "EC2"]
    assert any("AMAZON is the superset" in note for note in feed.notes)


def test_goog_json_is_not_taken_for_customer_space(read):
    document = {"creationTime": "t", "prefixes": [{"ipv4Prefix": "198.51.100.0/24"}]}
    feed = read("goog.json", json.dumps(document))
    assert any("what customers rent is in cloud.json" in note for note in feed.notes)


def test_regional_azure_tags_do_not_repeat_the_global_one(read):
    feed = read("ServiceTags.json", json.dumps(AZURE))
    assert feed.labels["region"].texts == ["", "", "west"]
    assert len(feed.v4) == 2


def test_several_origins_and_as_sets_stay_lists(read):
    feed = read("pfx2as", SAMPLES["pfx2as"][0])
    assert feed.labels["asn"].texts == ["64496", "38803;56203", "64496;64497"]


def test_unannounced_ranges_are_listed_and_unknown_countries_are_left_out(read):
    feed = read("ip2asn.tsv", SAMPLES["ip2asn.tsv"][0])
    assert feed.labels["country"].texts == ["US", "", ""]
    assert feed.labels["provider"].texts == ["ONE", "", "TWO"]
    assert feed.labels["asn"].texts == ["64496", "", "64497"]


def test_register_entries_hold_addresses_prefixes_and_names(read):
    feed = read("dump.csv", REGISTER.encode("windows-1251"))
    names = ["", "name.example", "*.other.example", "only-a-name.example"]
    assert feed.labels["name"].texts == names
    assert feed.record4.tolist() == [0, 0]
    assert feed.n_unplaced == 3
    assert feed.origin.date == "2018-04-20 12:00:00 +0000"


def test_addresses_beside_a_url_or_a_name_are_not_listed(read):
    ordered = read("dump.csv", REGISTER.encode("windows-1251"))
    assert ordered.to_set() == AddressSet.of("198.51.100.1", "203.0.113.0/24")
    told = "warning: addresses of 2 entries that block a name or a URL are not counted as listed"
    assert any(note.startswith(told) for note in ordered.notes)
    raw = b"Updated: 2018\n192.0.2.1;name.example;https://name.example/;organ;1;2018-04-16\n"
    with pytest.raises(DataError, match=r"expected at least one address, .*warning: addresses of"):
        read("dump.csv", raw)
    assert read("dump.csv", raw, allow_empty=True).n_unplaced == 1


def test_a_geofeed_is_read_with_its_countries(read):
    content = (
        '# a comment\n198.51.100.0/24,NA,NA-KH,"Wind, hoek",\n2001:db8::/32,US\n203.0.113.0/24,,\n'
    )
    feed = read("FILE", content)
    assert feed.origin.format == "geofeed"
    assert feed.to_set() == AddressSet.of("198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    assert feed.labels["country"].texts == ["NA", "US", ""]
    assert feed.labels["region"].texts == ["NA-KH", "", ""]
    with pytest.raises(DataError, match=r"it looks like a geofeed \(RFC 8805\): leave --as out"):
        read("FILE", content, "list", skip_bad=True)


@pytest.mark.parametrize(
    ("cells", "form", "told"),
    [
        (("si", "no", "si"), "geofeed", "got no and si: name the columns in the first line"),
        (("ES,phishing", "FR,spam", "IT"), "geofeed", "got 'phishing': name the columns"),
        (("UA,203.0.113.255", "UA,", "UA"), "geofeed", "got '203.0.113.255': name the"),
        (("ES,,removed", "FR,,active", "IT"), "", "city: expected rows that all list"),
        (("ES,,,,1,no", "FR,,,,2,yes", "IT"), "", "expected at most 5 cells, got"),
        (("24\t1", "24\t0", "25\t1"), "pfx2as", "got 0 and 1 alone: name the columns"),
    ],
)
def test_a_table_without_headings_is_no_geofeed_or_list_of_origins(cells, form, told, read):
    mark = "\t" if form == "pfx2as" else ","
    rows = "".join(f"198.51.{100 + n}.0{mark}{cell}\n" for n, cell in enumerate(cells))
    with pytest.raises(DataError, match=told):
        read("FILE", rows)
    if form:
        assert read("FILE", rows, form).n_records == 3


UNKNOWN_JSON = {
    '{"hosts": [{"ip": "198.51.100.1"}]}': "with keys hosts, ip",
    '[{"host": "198.51.100.1"}]': "with keys host",
    '\n {"CreationToken": "x", "prefixes": []}': "with keys CreationToken, prefixes",
    "{}": "without keys",
}


@pytest.mark.parametrize("text", UNKNOWN_JSON)
def test_json_of_no_known_kind_is_refused_with_the_kinds_that_are_known(text, read):
    (problem,) = problems_of(DataError, read, "file.json", text, skip_bad=True, allow_empty=True)
    for known in ("ip-ranges.json", "cloud.json", "ServiceTags", "ZDNS", UNKNOWN_JSON[text]):
        assert known in problem.message


@pytest.mark.parametrize("format_name", ["aws", "google", "azure"])
def test_a_document_without_the_keys_of_its_kind_is_refused_by_name(format_name, read):
    with pytest.raises(DataError, match=r"expected .*\.json with the key .*, got keys 'ranges'"):
        read("file.json", '{"ranges": []}', format_name, skip_bad=True, allow_empty=True)


EMPTY = {
    "an empty file": "",
    "blank lines": "\n\n",
    "comments alone": "# nothing\n",
    "a header alone": "address,provider\n",
    "rows without an address": "address,provider\n,A\n",
    "no prefix": '{"createDate": "t", "prefixes": []}',
    "orders of nothing": "effective,action,prefix\n",
    "bad lines alone": "198.51.100.300\n",
}


@pytest.mark.parametrize("skip_bad", [False, True])
@pytest.mark.parametrize("text", EMPTY.values(), ids=EMPTY)
def test_a_file_that_gives_no_address_is_an_error_unless_allowed(text, skip_bad, read):
    with pytest.raises(DataError) as refused:
        read("file", text, skip_bad=skip_bad)
    if skip_bad or "300" not in text:
        first = refused.value.problems[0].message
        assert first.startswith("expected at least one address, got ")
        assert "import, cover and exposure take --allow-empty" in first
        assert len(read("file", text, skip_bad=skip_bad, allow_empty=True).v4) == 0
    assert refused.value.exit_code == 4


LIKENESSES = {
    "a router's configuration": (
        "ip prefix-list a seq 5 permit 198.51.100.0/24\nip prefix-list a seq 6 deny 0.0.0.0/0\n"
    ),
    "a web server's access rules": "deny 198.51.100.0/24;\ndeny 203.0.113.1;\nallow all;\n",
    "addresses with netmasks": "198.51.100.0 255.255.255.0\n203.0.113.0 255.255.255.128\n",
    "several addresses a line": "198.51.100.1, 198.51.100.2\n" + "203.0.113.1 " * 99 + "\n",
    "addresses with wildcards": "198.51.100.*\n203.0.*.*\n",
    "addresses with ports": "198.51.100.1:443\n203.0.113.1:80\n",
    "addresses with brackets around their dots": "198[.]51[.]100[.]1\n203[.]0[.]113[.]1\n",
    "addresses with marks around them": "- '198.51.100.0/24'\n- 203.0.113.1\n",
    "a PeerGuardian (P2P) list": "Org:198.51.100.0-198.51.100.9\nOther:203.0.113.1-203.0.113.2\n",
    "addresses with ports: leave": "[2001:db8::1]:443\n",
    "delegations of a registry: iptoasn": "apnic|JP|ipv4|198.51.100.0|256|20110811|assigned\n",
    "addresses with the AS of each: write a table": (
        "198.51.100.0/24 AS64496 Name\n64496 | 198.51.100.1 | NAME\n"
    ),
    "answers of massdns as text: run massdns with -o J": "a.example. A 198.51.100.1\n",
    "YAML": "blocked:\n  - name: a\n    net: x\n",
    "JSON": '  "198.51.100.0/24": 1,\n  "203.0.113.1": 2,\n',
    "a table: name the column": "name;198.51.100.1\nother;203.0.113.1\n",
    "a table: name": "a,198.51.100.1\nb,203.0.113.1\n",
    "a table": "a\t198.51.100.1\nb\t203.0.113.1\n",
    "a table with bars (|)": "a|198.51.100.1\nb|203.0.113.1\n",
    "an HTML page": "<!DOCTYPE html>\n<html><head><title>404</title></head>\n</html>\n",
    "XML": "<?xml version='1.0'?>\n<a>\n</a>\n",
    "UTF-16 text or a binary file": "198.51.100.1\n".encode("utf-16-le"),
}


@pytest.mark.parametrize("kind", LIKENESSES)
def test_a_file_of_another_kind_is_told_by_what_it_looks_like_once(kind, read):
    content = LIKENESSES[kind]
    content = content if isinstance(content, bytes) else content.encode()
    first, *others = problems_of(DataError, read, "file", content * 50)
    assert "lines that are none" in first.message
    assert f"it looks like {kind}" in first.message
    assert len(others) <= 3
    with pytest.raises(DataError, match=re.escape(f"it looks like {kind}")):
        read("file", content * 50, skip_bad=True)
    with_some = b"203.0.113.9\n" + content * 50
    (note,) = read("file", with_some, "list", skip_bad=True).notes
    assert note.startswith(f"most of its lines are no addresses; it looks like {kind}")


@pytest.mark.parametrize(
    ("content", "asked", "told"),
    [
        ('{"other": 1,\n' + '"x": 2,\n' * 50 + '"y": 3}\n', "list", "it looks like JSON"),
        ('{"other": 1,\n' + '"x": 2,\n' * 50 + '"y": 3}\n', "names",
         "leave --as out or name that form"),
    ],
)  # fmt: skip
def test_a_file_that_is_hardly_of_its_form_is_told_once(content, asked, told, read):
    first, *others = problems_of(DataError, read, "file", content, asked)
    assert told in first.message
    assert 1 <= len(others) <= 3
    assert len({problem.message.partition(", got ")[0] for problem in others}) == len(others)


def test_few_bad_lines_are_told_one_by_one(read):
    (problem,) = problems_of(DataError, read, "file", "198.51.100.1\n198.51.100.2\nname.example\n")
    assert (problem.line, "looks like" in problem.message) == (3, False)
    assert read("file", "198.51.100.1\nname.example\n", skip_bad=True).notes == ()


@pytest.mark.parametrize(
    "header",
    ["domain,ip_address", "ip", "address", "City,Address", "IP Address;Name", "Domain\tCIDR"],
)
def test_columns_of_addresses_are_known_however_they_are_spelt(header, read):
    delimiter = next((mark for mark in ",;\t" if mark in header), ",")
    cells = [
        "198.51.100.1" if plain_name(column) in ADDRESS_COLUMNS else "x"
        for column in header.split(delimiter)
    ]
    feed = read("hosts", f"{header}\n{delimiter.join(cells)}\n")
    assert feed.origin.format == "inventory"
    assert feed.to_set() == AddressSet.of("198.51.100.1")


@pytest.mark.parametrize(("delimiter", "named"), {",": "commas", ";": "semicolons"}.items())
def test_a_header_without_a_column_we_know_is_named_and_not_read_past(delimiter, named, read):
    """As a list, lines would be read up to the semicolon, and the header be one bad line."""
    lines = ["cible,pays", "198.51.100.1,FR", "198.51.100.2,DE"]
    text = "".join(f"{line}\n" for line in lines).replace(",", delimiter)
    with pytest.raises(DataError) as refused:
        read("table.csv", text, skip_bad=True)
    told = f"expected a column named address, .*, got cible, pays between {named}"
    assert re.search(told, str(refused.value))
    assert refused.value.problems[0].line == 1


def test_decimal_commas_are_read_where_they_can_mean_nothing_else(read):
    cells = {
        "10,5": 10.5,
        "0,125": 0.125,
        "1.234,56": 1234.56,
        "1234,567": 1234.567,
        "3": 3,
        "": None,
    }
    rows = "".join(f"198.51.100.{at};{cell}\n" for at, cell in enumerate(cells))
    feed = read("hosts.csv", f"address;revenue_usd_per_h\n{rows}")
    expected = [np.nan if value is None else value for value in cells.values()]
    assert np.array_equal(feed.numbers["revenue_usd_per_h"], expected, equal_nan=True)
    assert "revenue_usd_per_h: the comma is read as the decimal mark" in feed.notes


def test_a_comma_that_may_mean_thousands_is_a_question_to_the_user(read):
    with pytest.raises(DataError, match=r"hosts.csv:2: .*'1,500', whose comma may stand before"):
        read("hosts.csv", "address;n_names\n198.51.100.1;1,500\n")


@pytest.mark.parametrize("cells", [("10,5", "1.500"), ("1.5", "10,5")])
def test_two_decimal_marks_in_a_column_are_refused_even_with_skip_bad(cells, read):
    rows = "".join(f"198.51.100.{at};{cell}\n" for at, cell in enumerate(cells))
    with pytest.raises(DataError, match=r"hosts.csv:3: n_names: expected one decimal mark"):
        read("hosts.csv", f"address;n_names\n{rows}", skip_bad=True)


def test_text_that_begins_with_a_colon_is_no_key_of_json(read):
    assert read("list.json", '["::1", "::2","::/3"]').to_set() == AddressSet.of("::/3")


def test_cname_answers_are_skipped_and_unresolved_names_are_not_known(read):
    feed = read("zdns.jsonl", ZDNS)
    assert feed.labels["name"].texts == ["a.example", "old.example", "none.example"]
    assert (feed.record4.tolist(), feed.record6.tolist(), feed.n_unplaced) == ([0], [1], 1)
    assert any("1 answers are no addresses" in note for note in feed.notes)


def test_an_inventory_row_without_an_address_is_not_known_and_not_zero(read):
    feed = read("hosts.csv", INVENTORY)
    assert feed.n_unplaced == 1
    assert feed.labels["name"].texts == ["shop", "shop", "bank, the"]
    assert feed.labels["country"].texts == ["NA", "US", ""]
    assert np.array_equal(feed.numbers["n_names"], [1, np.nan, 7], equal_nan=True)
    assert "columns ignored: postal_code" in feed.notes


def test_a_bad_address_becomes_not_known_only_when_asked(read):
    text = "name,address\na,198.51.100.1\nb,198.51.100.300\nc,198.51.100.7/24\n"
    assert [problem.line for problem in problems_of(DataError, read, "hosts.csv", text)] == [3, 4]
    feed = read("hosts.csv", text, skip_bad=True)
    assert (feed.n_records, feed.n_unplaced, feed.n_bad) == (3, 2, 2)


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("n_names", "-1"),
        ("n_names", "many"),
        ("revenue_usd_per_h", "inf"),
        ("country", "USA"),
        ("asn", "x1"),
    ],
)
def test_cells_of_the_wrong_kind_are_refused_with_line_and_column(column, cell, read):
    with pytest.raises(DataError, match=rf"hosts.csv:3: {column}: expected .*, got '{cell}'"):
        read("hosts.csv", f"address,{column}\n198.51.100.1,\n198.51.100.2,{cell}\n")


def test_codes_of_a_country_that_iso_lacks_are_read_as_its_own(read):
    feed = read("hosts.csv", "ip,country\n198.51.100.1,uk\n198.51.100.2,GB\n198.51.100.3,EL\n")
    assert feed.labels["country"].texts == ["GB", "GB", "GR"]


def test_two_columns_of_addresses_are_a_question_to_the_user(read):
    with pytest.raises(DataError, match="expected one of the columns address, prefix"):
        read("hosts.csv", "address,prefix\n198.51.100.1,198.51.100.0/24\n", "inventory")


def test_a_format_that_does_not_exist_is_named_with_those_that_do(read):
    with pytest.raises(UsageError, match=r"expected one of parquet, .*, got 'amazon'"):
        read("list.txt", LIST, "amazon")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Домен;Адрес\nа.example;198.51.100.1\n", "windows-1251"),
        ("site,address\nБулочная,198.51.100.1\n", "windows-1251"),
        ("site,address\nKavárna Bílý Kůň,198.51.100.1\n", "windows-1250"),
        ('[{"ip": "198.51.100.1", "city": "Málaga"}]', "windows-1252"),
        ("site,address\r\na,198.51.100.1\r\n", "utf-16"),
    ],
)
def test_a_file_of_other_letters_is_refused_once_with_how_to_make_it_utf_8(text, code, read):
    (problem,) = problems_of(DataError, read, "file", text.encode(code))
    assert "UTF-8" in problem.message
    assert f"`iconv -f {code} -t utf-8 FILE > NEW`" in problem.message


@pytest.mark.parametrize(
    ("text", "code", "name"),
    [
        ("Dirección IP;Dominio\n198.51.100.1;Peña\n198.51.100.2;a\n", "windows-1252", "Peña"),
        ("site,address\n“São João”,198.51.100.1\nb,198.51.100.2", "windows-1252", "“São João”"),
        ("site;ip\nSöğüş;198.51.100.1\nİğne;198.51.100.2\n", "windows-1254", "Söğüş"),
        ("nazwa;ip\nsklep Ęą;198.51.100.1\nŻółw;198.51.100.2\n", "windows-1250", "sklep Ęą"),
    ],
)
def test_a_spreadsheet_of_a_language_is_read_as_in_utf_8_and_says_so(text, code, name, read):
    feed, plain = (read("sites.csv", text.encode(one)) for one in (code, "utf-8"))
    assert feed.labels["name"].texts == plain.labels["name"].texts
    assert (feed.labels["name"].texts[0], len(feed.v4)) == (name, 2)
    assert feed.notes[0].startswith(f"not UTF-8: read as {code}, such as ")
    assert feed.notes[1:] == plain.notes


def test_bytes_that_are_not_windows_1251_are_replaced_and_counted(read):
    raw = REGISTER.encode("windows-1251").replace(b"name.example;http", b"na\x98me;http")
    assert any("1 bytes are not windows-1251" in note for note in read("dump.csv", raw).notes)
