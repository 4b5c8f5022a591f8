"""Tables and lists whose rows say more than an address: a netmask, an action, a second address."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.addresses.feeds import verdicts
from sim.addresses.feeds.verdicts import rows_with_stems
from sim.addresses.sets.intervals import AddressSet
from tests.feeds import read, refused


@pytest.mark.parametrize(
    ("text", "line", "cell"),
    [
        ("198.51.100.1;203.0.113.1", 1, "203.0.113.1"),
        ("192.0.2.9;203.0.113.1;note\n192.0.2.8;;note2\n", 1, "203.0.113.1"),
        ("192.0.2.9\n192.0.2.8;note;2001:db8::/32 # x\n", 2, "2001:db8::/32"),
        ("192.0.2.9\r\n192.0.2.8 ; 198.51.100.1 - 198.51.100.9\r\n", 2,
         "198.51.100.1 - 198.51.100.9"),
        ("192.0.2.9 ; SBL1\n192.0.2.8 ; 24\n", 2, "24"),
        ("192.0.2.9 ; 2026-01-02T03:04Z\n", 1, "2026-01-02T03:04Z"),
        ("192.0.2.9 ; yes\n", 1, "yes"),
        ("192.0.2.9 ; monitor\n", 1, "monitor"),
    ],
)  # fmt: skip
def test_cells_behind_semicolons_that_may_decide_are_a_question(text, line, cell, tmp_path):
    told = (
        f"given:{line}: expected a comment in words behind a semicolon, got {cell!r}: name the "
        "columns in the first line, or say --as list to ignore what is behind semicolons"
    )
    assert refused(text, tmp_path) == [told]
    assert refused(text, tmp_path, skip_bad=True) == [told]
    assert read(text, tmp_path, "list").n_records == len(text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "198.51.100.0/24 ; SBL1\n192.0.2.9 ; see 203.0.113.1\n",
        "198.51.100.0/24\n;203.0.113.1\n; 203.0.113.1; 203.0.113.2\n",
        "198.51.100.0/24 # was; 203.0.113.1\n",
        "192.0.2.8 ; dead\n192.0.2.7;\n",
    ],
)
def test_a_comment_behind_a_semicolon_is_one(text, tmp_path):
    notes = read(text, tmp_path).notes
    assert [note.partition(":")[0] for note in notes] == ["comments ignored"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# Licence: x\n198.51.100.1 \n# end of list, exceptions follow\n192.0.2.1\n",
         "'end of list, exceptions follow' (line 3)"),
        ("198.51.100.1 ; SBL1\n198.51.100.2 ; SBL22\n192.0.2.1 ; port 443\n",
         "'port 443' (line 3), 'SBL1' (line 1) and 1 more"),
        ("#a\n198.51.100.1 #b\n; c\n192.0.2.1 # d\n192.0.2.2;e\n",
         "'b' (line 2), 'c' (line 3), 'd' (line 4) and 1 more"),
        # More lines than a block holds.
        ("# x\n" * 100_000 + "192.0.2.1\n# good bots\n", "'good bots' (line 100,002)"),
        ("# only\n# a head\n192.0.2.1\n192.0.2.2 # \n", ""),
        ("# a head\n# Sperre aufgehoben am 3.3.2026\n# Déblocage du 3 mars\n192.0.2.1\n",
         "'Sperre aufgehoben am 3.3.2026' (line 2), 'Déblocage du 3 mars' (line 3)"),
    ],
)  # fmt: skip
def test_comments_below_the_first_entry_or_that_turn_it_round_are_named(text, told, tmp_path):
    notes = [note for note in read(text, tmp_path).notes if note.startswith("comments")]
    assert notes == ([f"comments ignored: {told}"] if told else [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_column_of_netmasks_makes_prefixes(delimiter, tmp_path):
    rows = [
        "ip,Mask",
        "198.51.100.0,255.255.255.0",
        "192.0.2.128,25",
        "192.0.2.1,/32",
        "2001:db8::,32",
    ]
    feed = read("".join(f"{row}\n" for row in rows).replace(",", delimiter), tmp_path)
    assert feed.to_set() == AddressSet.of(
        "198.51.100.0/24", "192.0.2.128/25", "192.0.2.1", "2001:db8::/32"
    )
    assert feed.notes == ()


def test_netmasks_that_make_no_prefix_are_told_all_at_once(tmp_path):
    text = (
        "address,netmask\n198.51.100.0,255.0.255.0\n198.51.100.0/24,24\n198.51.100.0,\n"
        "198.51.100.7,255.255.255.0\n"
    )
    wanted = "expected a netmask such as 255.255.255.0, or a length such as 24, got"
    told = refused(text, tmp_path)
    assert told[:3] == [
        f"given:2: mask: {wanted} '255.0.255.0'",
        "given:3: mask: expected an address and its netmask, got '198.51.100.0/24' and '24': leave "
        "the netmask out",
        f"given:4: mask: {wanted} ''",
    ]
    assert "198.51.100.0/24" in told[3]
    assert told[3].startswith("given:5: address: ")
    twice = refused("address,mask,prefixlen\n198.51.100.0,255.255.255.0,24\n", tmp_path)
    assert twice == ["given:1: expected one column of netmasks, got mask, prefixlen"]


RANGES = (
    ("198.51.100.1", "198.51.100.9"), ("192.0.2.0", "192.0.2.255"), ("192.0.2.7", ""),
    ("203.0.113.5", "203.0.113.5"), ("2001:db8::1", "2001:db8::ff"),
)  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("ip", "end_ip"), ("Address", "Last IP"), ("start_ip", "end_ip"), ("ip_start", "ip_end"),
        ("First address", "Last address"), ("ip_range_start", "ip_range_end"),
        ("range_start", "range_end"), ("first_ip", "last_ip"), ("start_address", "end_address"),
    ],
)  # fmt: skip
def test_a_column_of_last_addresses_makes_ranges(first, last, delimiter, tmp_path):
    rows = [(last, "asn", first), *((b, "64496", a) for a, b in RANGES)]
    feed = read("".join(delimiter.join(row) + "\n" for row in rows), tmp_path)
    assert feed.to_set() == AddressSet.of(
        "198.51.100.1-198.51.100.9", "192.0.2.0/24", "203.0.113.5", "2001:db8::1-2001:db8::ff"
    )
    assert feed.n_records == len(RANGES)
    assert feed.notes == ()


def test_last_addresses_that_make_no_range_are_told_all_at_once(tmp_path):
    text = (
        "ip,end_ip\n198.51.100.0/24,198.51.100.255\n,198.51.100.255\n198.51.100.9,198.51.100.1\n"
        "198.51.100.9,2001:db8::1\n198.51.100.9,198.51.100.0/24\n"
    )
    wanted = "expected the first and the last address of a range, got"
    told = refused(text, tmp_path)
    assert len(told) == 5
    by_line = {int(one.split(":")[1]): one.partition(": ")[2] for one in told}
    assert by_line[2] == f"last: {wanted} '198.51.100.0/24' and '198.51.100.255'"
    assert by_line[3] == f"last: {wanted} '' and '198.51.100.255'"
    assert by_line[6] == f"last: {wanted} '198.51.100.9' and '198.51.100.0/24'"
    assert all(by_line[line].startswith("address: ") for line in (4, 5))
    twice = refused("ip,end_ip,last_ip\n198.51.100.0,198.51.100.9,198.51.100.9\n", tmp_path)
    assert twice == ["given:1: expected one column of last addresses, got end_ip, last_ip"]
    assert refused("ip,end_ip,mask\n198.51.100.0,198.51.100.9,24\n", tmp_path) == [
        "given:1: expected a column of netmasks or one of last addresses, got both: mask, end_ip"
    ]


def test_ends_beside_a_column_of_addresses_and_first_ones_say_it_again(tmp_path):
    text = "network,start_ip,end_ip\n198.51.100.0/24,198.51.100.0,198.51.100.255\n"
    feed = read(text, tmp_path)
    assert feed.to_set() == AddressSet.of("198.51.100.0/24")
    assert feed.notes == ("columns ignored: start_ip, end_ip",)


VERDICTS = ("allow", "whitelist", "removed", "whitelisted", "allowlist")


def told_of(column: str, values: str, line: int) -> str:
    return (
        f"given:{line}: {column}: expected rows that all list their address, got {values}: keep "
        f"the rows that are meant, and leave the column '{column}' out"
    )


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        ("action", ["deny", "allow"]),
        ("Action", ["BLOCK", "Whitelist"]),
        ("blocked", ["yes", "no"]),
        ("blocked", ["1", "0"]),
        ("status", ["listed", "removed"]),
        ("type", ["blacklist", "whitelisted"]),
        ("enabled", ["true", "False"]),
        ("list_type", ["deny", "allowlist"]),
        ("removed", ["", "2026-01-02"]),
        ("disabled", ["no", "yes"]),
    ],
)
def test_a_row_that_says_it_lists_nothing_is_never_counted(column, cells, tmp_path):
    rows = "".join(f"198.51.100.{at},{cell}\n" for at, cell in enumerate(cells))
    name, is_verdict = column.lower(), cells[1].lower() in VERDICTS
    values = ", ".join(f"'{cell}' 1" for cell in cells)
    row = 1 if is_verdict or not cells[0] else 0
    unknown = (
        f"{name}: expected a column that is known to describe its rows, got {cells[row]!r}: leave "
        "it out if each row lists its address whatever stands there; name it end_ip, mask or "
        "address if it says which addresses a row lists"
    )
    listed = [{"ip": f"198.51.100.{at}", name: cell} for at, cell in enumerate(cells)]
    lines = "".join(json.dumps(entry) + "\n" for entry in listed)
    for text, line in [(f"address,{column}\n{rows}", 2), (json.dumps(listed), 1), (lines, 1)]:
        at = line + row
        told = [told_of(name, values, at) if is_verdict else f"given:{at}: {unknown}"]
        assert refused(text, tmp_path) == refused(text, tmp_path, skip_bad=True) == told


@pytest.mark.parametrize(
    ("column", "cells"),
    [("type", ["prefix", "ipv4"]), ("comment", ["list of ACME", "not yet known"])],
)
def test_a_column_in_which_no_row_says_so_is_left_aside(column, cells, tmp_path):
    rows = "".join(f"198.51.100.{at},{cell}\n" for at, cell in enumerate(cells))
    assert read(f"address,{column}\n{rows}", tmp_path).n_records == 2


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "type,ip\nip,192.0.2.1\ndomain,192.0.2.2\n",
            "type: expected ip beside an address, got 'd",
        ),
        ("name,ip\na,192.0.2.1\n#b,192.0.2.2\n", "expected a record, or a line of nothing"),
        ("name;ip\na;192.0.2.1\n//b;192.0.2.2\n", "expected a record, or a line of nothing"),
        ("name,ip\na,192.0.2.1\n!b,192.0.2.2\n", "name: expected a record, or a line of nothing"),
        ("name,ip\na (Trust),192.0.2.1\nb (removed),192.0.2.2\n", "name: expected rows that all"),
        ("name,ip\nA - B,192.0.2.1\nb - desbloqueado,192.0.2.2\n", "name: expected rows that all"),
    ],
)
def test_a_row_that_is_taken_out_or_lists_a_name_is_not_counted(text, told, tmp_path):
    (found,) = refused(text, tmp_path)
    assert found.startswith(f"given:3: {told}")


@pytest.mark.parametrize("cell", ["1.234", "12.500", "999.000"])
@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_point_that_may_mean_thousands_is_a_question_without_commas(cell, mark, tmp_path):
    text = f"address{mark}revenue_usd_per_h\n198.51.100.1{mark}{cell}\n"
    assert refused(text, tmp_path) == [
        f"given:2: revenue_usd_per_h: expected a number of 0 or more, got '{cell}', whose point "
        "may stand before decimals or between thousands"
    ]
    assert read(text.replace(mark, ","), tmp_path).numbers["revenue_usd_per_h"] == [float(cell)]


@pytest.mark.parametrize("cell", ["$1.234,50", "1.234,50 $", "USD 1234,5", "1234,5"])
def test_an_amount_may_have_the_sign_of_its_currency_and_no_other(cell, tmp_path):
    text = f"página web;ip pública;revenue_usd_per_h\na;198.51.100.1 / 198.51.100.2;{cell}\n"
    feed = read(text, tmp_path)
    assert (len(feed.v4), feed.numbers["revenue_usd_per_h"], feed.labels["name"].texts) == (
        2,
        [1234.5],
        ["a"],
    )
    (told,) = refused(text.replace(cell, "5 €"), tmp_path)
    assert "revenue_usd_per_h: expected a number of 0 or more, got '5 €'" in told


@pytest.mark.parametrize("cell", ["1_000", "1_0.5", "١٢"])
def test_what_only_python_takes_for_a_number_is_refused(cell, tmp_path):
    rows = f"address,revenue_usd_per_h\n198.51.100.1,{cell}\n198.51.100.2,1e308\n"
    *told, most = refused(rows, tmp_path)
    assert most.endswith("expected a number of 0 or more and at most 1e+15, got '1e308'")
    assert told == [f"given:2: revenue_usd_per_h: expected a number of 0 or more, got {cell!r}"]


def test_rows_of_nothing_and_of_sums_are_no_hosts_and_a_dash_is_no_name(tmp_path):
    rows = 'name;address\na;198.51.100.7\n;\n"";""\n-;203.0.113.9\nN/A;203.0.113.10\n'
    assert read(rows, tmp_path).labels["name"].texts == ["a", "", ""]
    assert read(rows.replace("\n", ";;\n"), tmp_path).notes == read(rows, tmp_path).notes
    (told,) = refused(rows.replace("\n", ";;\n").replace("9;;", "9;x;y"), tmp_path)
    assert "expected a name for each column, got 2 that hold cells" in told
    told = "given:7: name: expected a host, got 'Total:' without an address: leave sums out"
    assert refused(f"{rows}Total:;\n", tmp_path) == [told]


def test_a_heading_that_is_no_utf_8_is_named_above_cells_of_several_addresses(tmp_path):
    text = "Адрес;Год\n198.51.100.7, 198.51.100.8;1\n".encode("cp1251")
    (told,) = refused(text, tmp_path)
    assert "expected UTF-8 text, got the byte 0xc0" in told


@pytest.mark.parametrize(("first", "got"), [("", "a blank line"), ("#", "a comment")])
def test_a_header_below_another_line_is_named(first, got, tmp_path):
    told = refused(f"{first}\naddress,name\n198.51.100.1,a\n", tmp_path)
    wanted = f"expected the names of the columns in the first line, got {got}: take it out"
    assert told == [f"given:1: {wanted}"]


@pytest.mark.parametrize(
    "text",
    [
        "IP;Comment (frei, intern)\n198.51.100.7;x\n198.51.100.8;y\n",
        "IP\tNote, date, more\n198.51.100.7\tx\n198.51.100.8\ty\n",
        'IP;"Name, Ort"\n198.51.100.7;"shop, Bern"\n198.51.100.8;y\n',
        "IP;USD (1,0)\n198.51.100.7;1,5\n198.51.100.8;2,5\n",
        "IP,a;b\n198.51.100.7,x\n198.51.100.8,y\n",
    ],
)
def test_a_heading_may_hold_what_stands_between_other_cells(text, tmp_path):
    (told,) = refused(text, tmp_path)
    assert told.startswith("given:2: ")
    assert "known to describe its rows" in told


def test_an_answer_of_cloudflare_that_failed_is_refused(tmp_path):
    document = {"result": {"ipv4_cidrs": ["198.51.100.0/24"], "ipv6_cidrs": []}, "success": False}
    assert refused(json.dumps(document), tmp_path) == [
        "given: success: expected an answer that succeeded, got false: the download failed"
    ]
    document["success"] = True
    assert read(json.dumps(document), tmp_path).n_records == 1


ENTRIES = "192.0.2.1\n198.51.100.7{}\n192.0.2.9 # court order 7\n"


@pytest.mark.parametrize(
    ("comment", "word"),
    [
        (" # removed", "removed"),
        ("# expired", "expired"),
        (" #whitelisted by the court", "whitelisted"),
        ("\t# unblocked 2026-03-01", "unblocked"),
        (" ; spam, unblocked on request", "unblocked"),
        (" ## spam source, delisted on request", "delisted"),
        (" # no longer in force", "no longer"),
        (" # исключён из реестра", "исключён"),
        ("\n# Whitelist:\n203.0.113.1", "Whitelist"),
        ("\n; --- removed ---\n203.0.113.1", "removed"),
        *(
            (f"{mark}{word}{end}", word)
            for word in ("Exclusions", "False positives", "Lista bianca", "Исключения")
            for mark, end in ((" # ", ""), ("\n# ", ":\n203.0.113.1"))
        ),
    ],
)
def test_a_comment_that_lets_through_is_a_question_to_the_user(comment, word, tmp_path):
    line = 3 if comment.startswith("\n") else 2
    told = f"given:{line}: expected entries that are blocked, got a comment that says {word!r}: "
    hosts = "0.0.0.0 a.example\n0.0.0.0 b.example{}\n0.0.0.0 c.example\n"
    of_hosts = comment.replace(" ;", " #").replace("203.0.113.1", "d.example")
    texts = [(ENTRIES, "list", comment), (hosts, "names", of_hosts)]
    for text, form, behind in texts:
        given = text.format(behind if form != "names" or behind[0].isspace() else f" {behind}")
        for skip_bad in (False, True):
            (problem,) = refused(given, tmp_path, skip_bad=skip_bad)
            assert problem.startswith(told)
        n_entries = sum(not one.startswith(("#", ";")) for one in given.splitlines())
        assert read(given, tmp_path, form, allow_empty=True).n_records == n_entries


@pytest.mark.parametrize(
    "comment",
    [
        " # SBL123",
        "; spam",
        " # Net Removers Ltd",
        " # passed on 2026-03-01",
        " # note",
        "\n# A list",
    ],
)
def test_ordinary_comments_are_no_question(comment, tmp_path):
    assert len(read(ENTRIES.format(comment), tmp_path).v4) == 3
    header = "# Entries expire after a day. Removed ones are not in it: see the allow list.\n"
    assert len(read(header + ENTRIES.format(comment), tmp_path).v4) == 3


def test_comments_in_columns_and_keys_are_read_like_those_behind_entries(tmp_path):
    rows = [("192.0.2.1", "spam source, removed on 3 March"), ("192.0.2.2", "court")]
    for name, n_bad in (("comment", 1), ("Notes", 1), ("descripción", 1), ("org", 0)):
        csv = f"ip,{name}\n" + "".join(f'{ip},"{text}"\n' for ip, text in rows)
        lines = "".join(json.dumps({"ip": ip, name: text}) + "\n" for ip, text in rows)
        for text in (csv, lines):
            if n_bad:
                (problem,) = refused(text, tmp_path)
                assert "expected rows that all list their address" in problem
            else:
                assert read(text, tmp_path).n_records == 2


PHRASES = (verdicts._WITHIN, verdicts._LETS_THROUGH)


@given(said=st.one_of(*(st.from_regex(form, fullmatch=True) for form in PHRASES)))
@example(said="no block")
@example(said="no  bloquear")
@example(said="no listed")
@example(said="no dropped")
@example(said="no ban")
def test_each_phrase_that_lets_through_has_a_stem_that_is_searched_for(said):
    for text in (said, said.lower(), said.upper()):
        assert rows_with_stems(f"Example Hosting\n{text}\nExample") == [1]
    if verdicts._WITHIN.fullmatch(said):
        assert verdicts.verdicts_among(["Example Hosting", f"it is {said} today"]) == {
            f"it is {said} today"
        }


FIXED = {
    "iptoasn": "198.51.100.0\t198.51.100.9\t1\tAT\tA\n203.0.113.0\t203.0.113.9\t1\tAT\t{}\n",
    "iptoasn unrouted": "192.0.2.0\t192.0.2.9\t1\tAT\tA\n203.0.113.0\t203.0.113.9\t0\tNone\t{}\n",
}


@pytest.mark.parametrize("form", FIXED)
def test_labels_of_forms_without_names_of_columns_take_no_row_back_in_silence(form, tmp_path):
    for word in ("removed", "Withdrawn", "delisted (2020)", "REVOKED"):
        (told,) = refused(FIXED[form].format(word), tmp_path)
        assert told.startswith("given:2: ")
        assert "expected rows that all list their address, got" in told
        assert repr(word) in told
        assert refused(FIXED[form].format(word), tmp_path, skip_bad=True) == [told]
    for word in ("Lift", "Removals Ltd", "Not routed"):
        assert read(FIXED[form].format(word), tmp_path).n_records == 2
