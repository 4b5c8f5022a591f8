"""Lists: what is read, what is refused, and in which words."""

import tracemalloc

import pytest

from sim.addresses.feeds.gather import parse_entries
from sim.addresses.sets.intervals import AddressSet, IntervalSet
from sim.addresses.sets.notation import parse_prefix
from sim.addresses.text.source import Limits
from sim.errors import DataError

MIXED = """\
# a list of both families
198.51.100.0/24
192.0.2.7 ; one address

2001:db8::/32\t# documentation
203.0.113.4 - 203.0.113.9
2001:db9::1-2001:db9::3
192.0.2.8
::/95
"""


def test_a_mixed_list_is_sorted_into_families_with_its_lines():
    entries = parse_entries(MIXED)
    assert entries.v4.line.tolist() == [2, 3, 6, 8]
    assert entries.v6.line.tolist() == [5, 7, 9]
    assert entries.to_set() == AddressSet.of(
        "198.51.100.0/24", "192.0.2.7", "192.0.2.8", "203.0.113.4-203.0.113.9",
        "2001:db8::/32", "2001:db9::1 - 2001:db9::3", "::/95",
    )  # fmt: skip
    assert (entries.n_lines, entries.n_records, entries.n_bad) == (9, 7, 0)


def test_what_holds_more_than_the_mapped_addresses_is_ipv6_and_so_is_what_lies_around_them():
    around = ["::fffe:0:0/95", "::fffe:ffff:ffff", "::1:0:0:0", "::/0", "::ffff:0:0-::1:0:0:0"]
    assert parse_entries("\n".join(around)).v6.line.tolist() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("line", [".1.2.3", "/1.2.3", "1.2.3.", ".1.2.3/8", "00.1.2.3"])
def test_a_part_that_is_missing_is_no_zero_wherever_the_line_stands(line):
    """The first byte of a block has no byte before it that could tell."""
    for content in (f"{line}\n192.0.2.1\n", f"192.0.2.1\n{line}\n"):
        entries = parse_entries(content, skip_bad=True)
        assert (entries.n_bad, entries.n_records) == (1, 1)


REFUSED = {
    "198.51.100.7/24": "has host bits set; did you mean 198.51.100.0/24?",
    "2001:db8::1/32": "has host bits set; did you mean 2001:db8::/32?",
    "198.51.100.007": "expected numbers without leading zeros, got '198.51.100.007'",
    "198.51.100.256": "expected numbers from 0 to 255, got '198.51.100.256'",
    "198.51.100.0/33": "expected a prefix length from 0 to 32, got '198.51.100.0/33'",
    "0.0.0.0/33": "expected a prefix length from 0 to 32, got '0.0.0.0/33'",
    "0.0.0.0/99": "expected a prefix length from 0 to 32, got '0.0.0.0/99'",
    "198.51.100.0/024": "expected a prefix length from 0 to 32, got",
    "2001:db8::/129": "expected a prefix length from 0 to 128, got '2001:db8::/129'",
    "198.51.100.0/255.255.255.0": "did you mean 198.51.100.0/24?",
    "fe80::1%eth0": "expected an address without a zone, got 'fe80::1%eth0'",
    "198.51.100.9-198.51.100.3": "expected a range whose first address comes first, got",
    "2001:db8::9-2001:db8::3": "expected a range whose first address comes first, got",
    "198.51.100.9-2001:db8::3": "expected a range within one address family, got",
    "198.51.100.0/25-198.51.100.255": "expected two addresses around the dash, got",
    "18446744073709551617.0.0.1": "got '18446744073709551617.0.0.1'",
    "198.51.100.0/18446744073709551617": "expected a prefix length from 0 to 32, got",
    "198.51.100.0/24/24": "expected a prefix length from 0 to 32, got",
    "198.51/100.0/24": "got '198.51/100.0/24'",
    "198.51.100": "expected a prefix such as 198.51.100.0/24 or 2001:db8::/32, got '198.51.100'",
    "::ffff:198.51.100.1": "expected an IPv4 address as such, got IPv4-mapped "
    "'::ffff:198.51.100.1'; write 198.51.100.1",
    "::ffff:198.51.100.0/120": "write 198.51.100.0/24",
    "::ffff:0:0/96": "write 0.0.0.0/0",
    "::ffff:0:0-::ffff:ffff:ffff": "write 0.0.0.0-255.255.255.255",
    "::ffff:198.51.100.1-::ffff:198.51.100.9": "write 198.51.100.1-198.51.100.9",
    "::-::ffff:198.51.100.9": "expected a range that leaves ::ffff:0:0/96 out or takes it whole",
    "::ffff:0.0.0.1-2001:db8::": "expected a range that leaves ::ffff:0:0/96 out or takes it whole",
    "example.org": "expected a prefix such as",
    "198.51.100.1 198.51.100.2": "expected a prefix such as",
    "19\0008.51.100.1": "expected text, got NUL bytes in",
    "caf\xae": "expected UTF-8 text, got 'caf\\xae'",
    "x" * 100: "got 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'…",
}
assert len(REFUSED) > 10


@pytest.mark.parametrize("line", REFUSED)
def test_a_bad_line_is_refused_with_its_place_and_reason(line):
    content = (f"192.0.2.0/24\n{line}\n192.0.2.0/24\n" + 20 * "10.0.0.0/8\n").encode("latin-1")
    with pytest.raises(DataError) as refused:
        parse_entries(content, "list.txt")
    (problem,) = refused.value.problems
    assert str(problem).startswith("list.txt:2: expected ")
    assert REFUSED[line] in problem.message
    assert refused.value.exit_code == 4


@pytest.mark.parametrize(
    "bad", [b"1.2.3.4/8\n", b"no\n", b"::1/8\n", b"2.2.2.2-1.1.1.1\n", b"1::1::\n"]
)
def test_thousands_of_bad_lines_are_counted_and_few_described(bad):
    n_lines = 20_000
    with pytest.raises(DataError) as refused:
        parse_entries(b"192.0.2.0/24\n" + bad * n_lines, limits=Limits(max_problems=10))
    assert len(refused.value.problems) == 11
    assert str(refused.value.problems[-1]) == "<text>: 19,990 more mistakes, 20,000 in all"
    assert [problem.line for problem in refused.value.problems[:10]] == list(range(2, 12))


def test_lines_that_are_too_long_are_bad_lines():
    limits = Limits(max_line_bytes=64)
    content = b"192.0.2.1\n" + b"# " + b"x" * 100 + b"\n192.0.2.2\nno\n"
    entries = parse_entries(content, skip_bad=True, limits=limits)
    assert entries.v4.line.tolist() == [1, 3]
    assert entries.n_bad == 2
    assert list(map(str, entries.problems)) == [
        "<text>:2: expected at most 64 bytes in a line, got more",
        "<text>:4: expected a prefix such as 198.51.100.0/24 or 2001:db8::/32, got 'no'",
    ]


def test_a_line_of_a_list_is_held_once_while_it_is_read():
    """Three columns of eight bytes that grow, then a record of eight; 50 bytes if held twice."""
    n_lines = 20_000
    text = "".join(f"198.51.{row >> 8}.{row & 255}\n" for row in range(n_lines)).encode()
    limits = Limits(max_line_bytes=2**13)
    tracemalloc.start()
    try:
        entries = parse_entries(text, limits=limits)
        assert tracemalloc.get_traced_memory()[1] < 40 * n_lines
    finally:
        tracemalloc.stop()
    assert entries.v4.line.tolist() == list(range(1, n_lines + 1))


def test_sets_of_one_family_refuse_the_other():
    with pytest.raises(ValueError, match="expected an IPv4 prefix, got the IPv6 prefix '::/0'"):
        IntervalSet.of("192.0.2.0/24", "::/0")


def test_what_is_no_prefix_of_ipv4_is_refused():
    for text, message in {
        "198.51.100.0-198.51.100.255": "expected an IPv4 prefix, got the range",
        "no": "expected an IPv4 prefix such as 198.51.100.0/24, got 'no'",
    }.items():
        with pytest.raises(ValueError, match=message):
            parse_prefix(text)
