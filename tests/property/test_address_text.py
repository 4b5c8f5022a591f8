"""Text in bulk against text read one line at a time, and both against the standard library."""

import csv
import io
import ipaddress
import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.addresses.feeds.delimited import read_headed
from sim.addresses.feeds.gather import Coder, Gathering, parse_entries
from sim.addresses.sets.blocks import format_lines
from sim.addresses.sets.intervals import AddressSet, format_set
from sim.addresses.sets.notation import parse_prefix, read_notation
from sim.addresses.text.reading import read_block
from sim.addresses.text.source import Block, Limits
from sim.errors import DataError
from tests.edges import V4, V6, numbers, prefixes, read_prefixes
from tests.examples import n_examples

octet = st.sampled_from(["0", "1", "9", "10", "99", "100", "199", "255", "256", "999", "00", "01"])
odd_octet = st.one_of(octet, octet, octet, st.sampled_from(["", "1000", "-1", "a", " 1", "0255"]))
v4_text = st.lists(odd_octet, min_size=3, max_size=5).map(".".join) | numbers(V4).map(
    lambda n: str(ipaddress.IPv4Address(n))
)
v6_text = numbers(V6).map(lambda n: str(ipaddress.IPv6Address(n))) | st.text(
    "0123456789abcdefABCDEF:.%g", max_size=12
)
length = st.sampled_from(["", "/", "/0", "/24", "/32", "/33", "/127", "/128", "/129", "/08", "/2a"])
prefix_text = st.one_of(
    prefixes(V4).map(lambda p: str(ipaddress.IPv4Network(p))),
    prefixes(V6).map(lambda p: str(ipaddress.IPv6Network(p))),
)
entry_text = st.one_of(
    prefix_text,
    prefix_text,
    v4_text,
    v6_text,
    st.tuples(v4_text, length).map("".join),
    st.tuples(v6_text, length).map("".join),
    st.tuples(v4_text, st.sampled_from(["-", " - ", "--", "- "]), v4_text).map("".join),
    st.tuples(v6_text, st.sampled_from(["-", "\t-"]), v6_text | v4_text).map("".join),
    st.text("0123456789./:-abc \t", max_size=20),
    st.sampled_from(
        [
            *("", "-", "1.2.3.4-", "\0", "é", "1.2.3.4 5", "::ffff:1.2.3.4", "::ffff:0:0/96"),
            *("::ffff:0:0/97", "::ffff:0:0/95", "::ffff:0:0-::1:0:0:0"),
        ]
    ),
)
# A line that lets an address through (`-::`) ends the reading of all; see test_sets_that_say_no.
line_text = st.tuples(
    st.sampled_from(["", "", "", " ", "\t "]),
    entry_text.filter(lambda text: not re.match(r"\s*[-!~@]", text)),
    st.sampled_from(["", "", "", " ", "\t", "# note", " ; 1.2.3.4", "#;#", "\r"]),
).map("".join)


def read_alone(line):
    """What one line says: nothing, an entry, or None where it is bad, as with a byte of 0."""
    if "\0" in line:
        return None
    entry = line.split("#")[0].split(";")[0].strip(" \t\r")
    if not entry:
        return ()
    try:
        return read_notation(entry)
    except ValueError:
        return None


def as_rows(entries):
    v4 = zip(
        entries.v4.line.tolist(), entries.v4.start.tolist(), entries.v4.stop.tolist(), strict=True
    )
    v6 = zip(
        entries.v6.line.tolist(), entries.v6.start.tolist(), entries.v6.stop.tolist(), strict=True
    )
    return sorted(
        [(line, 4, first, stop - 1) for line, first, stop in v4]
        + [(line, 6, first, stop - 1) for line, first, stop in v6]
    )


def expected_rows(lines):
    rows, bad = [], []
    for number, line in enumerate(lines, start=1):
        match read_alone(line):
            case None:
                bad.append(number)
            case (version, first, last):
                rows.append((number, version, first, last))
    return rows, bad


@given(lines=st.lists(line_text, max_size=12), ending=st.sampled_from(["\n", "\r\n"]))
@example(lines=["1.2.3.4", "0.0.0.0/0", "::/0", "255.255.255.255"], ending="\n")
@example(lines=["1.2.3.4", "1.2.3.4/33", "300.1.1.1", "1.1.1"], ending="\n")
@settings(max_examples=n_examples(150))
def test_bulk_reading_is_reading_line_by_line(lines, ending):
    text = "".join(line + ending for line in lines)
    rows, bad = expected_rows(lines)
    entries = parse_entries(text, skip_bad=True)
    assert as_rows(entries) == rows
    assert [problem.line for problem in entries.problems] == bad
    assert entries.n_bad == len(bad)
    assert entries.n_lines == len(lines)
    assert entries.n_records == len(rows)
    assert entries.v4.line.tolist() == sorted(entries.v4.line.tolist())


@pytest.mark.parametrize("line", ["203.0.113.4/24", "10.20.30.40", "0.0.0.0/0", "1.22.255.192/27"])
def test_one_byte_put_in_or_changed_is_seen_wherever_it_stands(line):
    after = "198.51.100.0/24\n" * 8
    for at in range(len(line) + 1):
        for byte in map(chr, range(128)):
            for text in {line[:at] + byte + line[at:], line[:at] + byte + line[at + 1 :]}:
                if set(text) <= set("0123456789./"):
                    rows = read_block(Block(f"{text}\n{after}".encode(), 1, 9))
                    alone = read_alone(text)
                    assert len(rows.bad) == (alone is None), text
                    assert rows.v4.start.tolist()[-8:] == [0xC6336400] * 8
                    assert alone is None or (4, rows.v4.start[0], rows.v4.stop[0] - 1) == alone


# What a line of digits, dots and slashes may be: good, nearly good, or of any length.
plain_text = st.one_of(
    prefixes(V4).map(lambda p: str(ipaddress.IPv4Network(p))),
    numbers(V4).map(lambda n: str(ipaddress.IPv4Address(n))),
    st.tuples(st.lists(octet, min_size=3, max_size=5).map(".".join), length).map("".join),
    st.text("0129./", max_size=24),
    st.text("0./\n", max_size=24),
).filter(lambda text: set(text) <= set("0123456789./"))


@given(lines=st.lists(plain_text, min_size=1, max_size=4))
@example(lines=["1.2.3.4/24/1.2.3.5", "24"])
@example(lines=["1.2.3.4/24/1.2.3.5", ""])
@example(lines=["1.2.3.4/33", "1.2.3.4/032", "1.2.3.4/3/2", "1.2.3.4.", "1.2.3.4/", "0256.1.1.1"])
@settings(max_examples=n_examples(300))
def test_plain_lines_read_at_once_are_what_they_are_one_by_one(lines):
    rows = read_block(Block("".join(f"{line}\n" for line in lines).encode(), 1, len(lines)))
    expected, bad = expected_rows(lines)
    got = zip(rows.v4.line.tolist(), rows.v4.start.tolist(), rows.v4.stop.tolist(), strict=True)
    assert [(line, 4, start, stop - 1) for line, start, stop in got] == expected
    assert [each.number for each in rows.bad] == bad


@example(content=b"192.0.2.1\n-::\n")
@example(content=b";\0")
@given(
    content=st.binary(max_size=60) | st.text("0129./:-#;\n\r \t\0af", max_size=60).map(str.encode)
)
def test_any_bytes_are_read_or_refused(content):
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    rows, bad = expected_rows([line.decode("utf-8", "backslashreplace") for line in lines])
    try:
        entries = parse_entries(content, skip_bad=True)
    except DataError:
        assert re.search(rb"-[0-9a-f]*[.:]|\r[^\n]", content)
        return
    assert as_rows(entries) == rows
    assert [problem.line for problem in entries.problems] == bad


@given(
    lines=st.lists(line_text.filter(lambda t: len(t.encode()) < 40), max_size=30),
    size=st.integers(64, 200),
)
def test_where_the_blocks_fall_changes_nothing(lines, size):
    text = "".join(f"{line}\n" for line in lines)
    whole = parse_entries(text, skip_bad=True)
    blocks = parse_entries(text, skip_bad=True, limits=Limits(max_line_bytes=size))
    assert as_rows(blocks) == as_rows(whole)
    counted = [(one.n_lines, one.n_records, one.n_bad, one.problems) for one in (blocks, whole)]
    assert counted[0] == counted[1]


@given(v4=st.lists(prefixes(V4), max_size=8), v6=st.lists(read_prefixes(V6), max_size=8))
def test_written_sets_are_read_back(v4, v6):
    addresses = AddressSet(
        V4.build((n, n + (1 << (32 - k))) for n, k in v4),
        V6.build((n, n + (1 << (128 - k))) for n, k in v6),
    )
    text = format_set(addresses)
    assert parse_entries(text).to_set() == addresses
    assert format_set(parse_entries(text).to_set()) == text


@given(listed=st.lists(prefixes(V4), max_size=10))
def test_ipv4_text_is_that_of_the_standard_library(listed):
    text = format_lines(
        np.array([n for n, _ in listed], np.int64), np.array([k for _, k in listed], np.int64)
    )
    assert text.decode() == "".join(f"{ipaddress.IPv4Network(pair)}\n" for pair in listed)


@given(listed=st.lists(prefixes(V6), max_size=10))
@example(listed=[(0xFFFF << 32, 96), (1 << 16, 128), (0x10203 << 8, 128), (0, 96), (1, 128)])
def test_ipv6_text_means_what_the_standard_library_reads(listed):
    text = format_lines(
        np.array([n for n, _ in listed], object), np.array([k for _, k in listed], np.int64)
    )
    lines = text.decode().splitlines()
    assert [ipaddress.IPv6Network(line) for line in lines] == [
        ipaddress.IPv6Network(pair) for pair in listed
    ]
    for line, pair in zip(lines, listed, strict=True):
        if pair[0] >> 32 != 0xFFFF:
            assert line == str(ipaddress.IPv6Network(pair))


@given(text=st.one_of(prefix_text, st.tuples(v4_text | v6_text, length).map("".join)))
def test_one_prefix_is_read_as_the_standard_library_reads_it(text):
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"expected .*, got "):
            read_notation(text)
        return
    if "/08" in text or "%" in text:
        # Accepted there; refused here as misspelt, or as naming no host on the Internet.
        with pytest.raises(ValueError, match=r"expected .*, got "):
            read_notation(text)
        return
    entry = read_notation(text)
    assert (entry.first, entry.last) == (int(network[0]), int(network[-1]))
    prefix = parse_prefix(text, version=0)
    assert prefix == (network.version, int(network.network_address), network.prefixlen)
    assert str(prefix) == str(network)
    if network.version == 6:
        with pytest.raises(ValueError, match="expected an IPv4 prefix, got the IPv6"):
            parse_prefix(text)


# Columns read in bulk are what a reader of one cell at a time would give.


CELLS = st.text(
    st.characters(blacklist_characters='\n\r\0",', blacklist_categories=["Cs"]), max_size=9
)
LONG = st.integers(0, 80).map(lambda n: "x" * n)
COLUMNS = st.lists(st.lists(CELLS | LONG, max_size=12), max_size=4)


@given(COLUMNS)
def test_numbers_of_texts_are_those_of_a_dictionary(batches):
    coder, known, expected = Coder(), {}, []
    for batch in batches:
        coder.add(batch)
        bare = [text.strip(" \t") for text in batch]
        expected += [known.setdefault(text, len(known)) if text else -1 for text in bare]
    labels = coder.finish()
    assert labels.code.tolist() == expected
    assert list(labels.names) == list(known)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8), st.integers(4, 300))
def test_records_of_any_block_size_are_those_of_the_csv_module(rows, max_line_bytes):
    text = "a,b,c\n" + "".join(f"{','.join(row)}\n" for row in rows)
    limits = Limits(
        max_line_bytes=max(max_line_bytes, *(len(line.encode()) + 1 for line in text.split("\n")))
    )
    gathering = Gathering("file", skip_bad=False, limits=limits)
    found = list(read_headed(io.BytesIO(text.encode()), gathering))
    got = [row for columns, _ in found for row in zip(*columns.values(), strict=True)]
    lines = [line for _, numbers in found for line in numbers.tolist()]
    # A row of delimiters and blanks alone, as spreadsheets leave below a table, is none.
    every = [*csv.reader(io.StringIO(text, newline=""))]
    wanted = [n for n, row in enumerate(every) if n and "".join(row).strip(" \t\f\v")]
    # Nor is one that is taken out a record: it is refused.
    out = [n for n in wanted if every[n][0].lstrip(" \t").startswith(("#", "//"))]
    wanted = [n for n in wanted if n not in out]
    assert got == [tuple(every[n]) for n in wanted]
    assert lines == [n + 1 for n in wanted]
    assert gathering.n_bad == len(out)


# As many delimiters in all as three good lines have, and not one of the lines is good.
@example(["a,b,c,d", "a,b", "a,b,c,d", "a,b"])
@given(
    st.lists(
        st.sampled_from(["a,b,c", "a,b", "a,b,c,d", "", '"a,b",c,d', '"a', "a\0,b,c"]), max_size=9
    )
)
def test_every_line_is_a_record_or_blank_or_refused(lines):
    gathering = Gathering("file", skip_bad=True, limits=Limits())
    source = io.BytesIO("".join(f"{line}\n" for line in ["x,y,z", *lines]).encode())
    good = [line for _, numbers in read_headed(source, gathering) for line in numbers.tolist()]
    expected = [at for at, line in enumerate(lines, 2) if line in ("a,b,c", '"a,b",c,d')]
    n_bad = sum(line in ("a,b", "a,b,c,d", '"a', "a\0,b,c") for line in lines)
    assert (good, gathering.n_bad) == (expected, n_bad)
