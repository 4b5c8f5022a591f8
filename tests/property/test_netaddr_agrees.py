"""Sets, prefixes and text against netaddr, which shares no code with ours or with `ipaddress`."""

from __future__ import annotations

import re
from typing import Any

import netaddr
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.addresses.sets.notation import read_notation
from sim.addresses.text.text import parse_entries
from tests.edges import FAMILIES, V4, V6, Family, any_bounds, is_read, numbers, read_prefixes

OPERATIONS = ("union", "intersection", "difference", "symmetric_difference")


def version(family: Family) -> int:
    return 4 if family.bits == 32 else 6


def theirs(family: Family, bounds: list[tuple[int, int]]) -> netaddr.IPSet:
    """Half-open bounds as a set of netaddr's."""
    found = netaddr.IPSet()
    for start, stop in bounds:
        if start < stop:
            ends = [netaddr.IPAddress(number, version(family)) for number in (start, stop - 1)]
            found.add(netaddr.IPRange(*ends))
    return found


def blocks(addresses: netaddr.IPSet) -> list[tuple[int, int]]:
    return [(int(block.first), int(block.prefixlen)) for block in addresses.iter_cidrs()]


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
@settings(max_examples=25)
def test_algebra_and_fewest_prefixes_are_netaddrs(family: Family, data: Any) -> None:
    pair = [data.draw(st.lists(any_bounds(family), max_size=3)) for _ in range(2)]
    ours = [family.build(bounds) for bounds in pair]
    found = {name: getattr(ours[0], name)(ours[1]) for name in OPERATIONS}
    columns = {name: result.to_prefixes() for name, result in found.items()}
    other = [theirs(family, bounds) for bounds in pair]
    for name in OPERATIONS:
        expected = getattr(other[0], name)(other[1])
        network, length = columns[name]
        got = list(zip(family.numbers(network), length.tolist(), strict=True))
        assert got == blocks(expected), name
        assert found[name].n_addresses == expected.size


octet = st.sampled_from(["0", "1", "99", "255", "256", "00", "01", "0x1", "", "1e1", " 1"])
address_text = st.one_of(
    numbers(V4).map(lambda number: str(netaddr.IPAddress(number, 4))),
    numbers(V6).map(lambda number: str(netaddr.IPAddress(number, 6))),
    st.lists(octet, min_size=1, max_size=5).map(".".join),
    st.tuples(numbers(V4), st.sampled_from([" {}", "{} ", "{}\n", "{}.", "0{}"])).map(
        lambda pair: pair[1].format(netaddr.IPAddress(pair[0], 4))
    ),
    st.text("0123456789abcdefABCDEF:.g", max_size=14),
)


@given(text=address_text)
@example(text="::ffff:192.0.2.1")
@example(text="1::2::3")
def test_what_an_address_is_is_told_alike(text: str) -> None:
    try:
        expected = netaddr.IPAddress(text, flags=netaddr.INET_PTON)
    except (netaddr.AddrFormatError, ValueError):
        with pytest.raises(ValueError, match="expected"):
            read_notation(text)
        return
    if expected.is_ipv4_mapped():
        with pytest.raises(ValueError, match=re.escape(f"write {expected.ipv4()}")):
            read_notation(text)
        return
    entry = read_notation(text)
    assert (entry.version, entry.first) == (expected.version, int(expected))
    assert entry.first == entry.last


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_prefixes_and_ranges_are_read_alike(family: Family, data: Any) -> None:
    """A list of what people write, in netaddr's own spelling."""
    written = [
        *(
            netaddr.IPNetwork((number, length), version=version(family))
            for number, length in data.draw(st.lists(read_prefixes(family), max_size=4))
        ),
        *(
            netaddr.IPRange(*(netaddr.IPAddress(n, version(family)) for n in (start, stop - 1)))
            for start, stop in data.draw(st.lists(any_bounds(family), max_size=4))
            if start < stop and is_read(family, start, stop)
        ),
    ]
    entries = parse_entries("".join(f"{each}\n" for each in written))
    rows = entries.v4 if family.bits == 32 else entries.v6
    firsts = family.numbers(rows.start if family.bits == 32 else rows.first)
    lasts = [stop - 1 for stop in rows.stop.tolist()] if family.bits == 32 else rows.last.to_ints()
    assert list(zip(firsts, lasts, strict=True)) == [
        (int(each.first), int(each.last)) for each in written
    ]
