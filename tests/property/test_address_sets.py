"""Sets of addresses against plain sets and the standard library, in both families and ways."""

from ipaddress import IPv4Address, IPv6Address, collapse_addresses, summarize_address_range
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.addresses.sets.intervals import AddressSet, IntervalSet, IntervalSet6
from tests.edges import FAMILIES, any_bounds, numbers, prefixes, small_bounds

pytestmark = pytest.mark.parametrize("family", FAMILIES)

OPERATIONS = {"union": set.union, "intersection": set.intersection, "difference": set.difference}


def assert_canonical(family, addresses):
    """Sorted, disjoint and not adjacent: equal sets have equal columns."""
    bounds = family.bounds(addresses)
    assert all(0 <= a < b <= 2**family.bits for a, b in bounds)
    assert all(b < c for (_, b), (c, _) in pairwise(bounds))


@given(data=st.data())
def test_union_of_bounds_in_any_order_is_the_plain_union(family, data):
    bounds = data.draw(st.lists(small_bounds(family), max_size=12))
    addresses = family.build(bounds)
    assert_canonical(family, addresses)
    plain = {number for a, b in bounds for number in range(a, b)}
    assert family.members(addresses) == plain
    assert addresses.n_addresses == len(plain)
    assert bool(addresses) == bool(plain)
    assert family.build(reversed(bounds)) == addresses
    assert hash(family.build(reversed(bounds))) == hash(addresses)


@given(data=st.data())
def test_algebra_is_that_of_plain_sets(family, data):
    one, two = (
        family.build(data.draw(st.lists(small_bounds(family), max_size=8))) for _ in range(2)
    )
    for name, plain in OPERATIONS.items():
        result = getattr(one, name)(two)
        assert_canonical(family, result)
        assert family.members(result) == plain(family.members(one), family.members(two)), name
    together = family.interval_set.union_all([one, two, one])
    assert together == one.union(two)


@given(data=st.data())
def test_algebra_keeps_its_laws_at_any_size(family, data):
    one, two = (family.build(data.draw(st.lists(any_bounds(family), max_size=6))) for _ in range(2))
    everything = family.interval_set.universe()
    common, either = one.intersection(two), one.union(two)
    assert one.n_addresses + two.n_addresses == common.n_addresses + either.n_addresses
    assert either.difference(common) == one.difference(two).union(two.difference(one))
    rest, others = everything.difference(one), everything.difference(two)
    assert everything.difference(rest) == one
    assert one.union(rest) == everything
    assert rest.n_addresses == 2**family.bits - one.n_addresses
    assert one.difference(two) == one.intersection(others)


@given(data=st.data())
def test_contains_is_membership(family, data):
    addresses = family.build(data.draw(st.lists(small_bounds(family), max_size=8)))
    wanted = data.draw(st.lists(numbers(family), max_size=40))
    found = addresses.contains(family.column(wanted))
    plain = family.members(addresses)
    assert found.tolist() == [number in plain for number in wanted]


@given(data=st.data())
def test_prefixes_are_the_fewest_and_the_standard_librarys(family, data):
    addresses = family.build(data.draw(st.lists(any_bounds(family), max_size=5)))
    network, length = addresses.to_prefixes()
    got = list(zip(family.numbers(network), length.tolist(), strict=True))
    address_type = IPv4Address if family.bits == 32 else IPv6Address
    expected = [
        (int(block.network_address), block.prefixlen)
        for a, b in family.bounds(addresses)
        for block in summarize_address_range(address_type(a), address_type(b - 1))
    ]
    assert got == expected
    assert addresses.n_prefixes == len(expected)


@given(data=st.data())
def test_union_of_prefixes_is_that_of_collapse_addresses(family, data):
    listed = data.draw(st.lists(prefixes(family), max_size=12))
    networks = [family.network((number, length)) for number, length in listed]
    addresses = family.build((int(n[0]), int(n[-1]) + 1) for n in networks)
    network, length = addresses.to_prefixes()
    assert list(zip(family.numbers(network), length.tolist(), strict=True)) == [
        (int(block.network_address), block.prefixlen) for block in collapse_addresses(networks)
    ]


@given(data=st.data())
def test_networks_of_64_bits_are_counted_once(family, data):
    if family.bits == 32:
        pytest.skip("IPv4 has no /64 networks")
    addresses = family.build(data.draw(st.lists(small_bounds(family), max_size=8)))
    assert addresses.n_networks == len({number >> 64 for number in family.members(addresses)})


def test_the_whole_space_is_one_interval(family):
    everything = family.interval_set.universe()
    middle = 2 ** (family.bits - 1)
    assert family.build([(middle, 2**family.bits), (0, middle)]) == everything
    assert everything.n_intervals == 1
    assert everything.n_addresses == 2**family.bits
    assert everything.difference(everything) == family.interval_set.empty()
    network, length = everything.to_prefixes()
    assert family.numbers(network) == [0]
    assert length.tolist() == [0]


def test_a_large_set_answers_like_a_small_one(family):
    """Every way to look up, of which size and order choose one, gives the same answer."""
    rng = np.random.default_rng(5)
    start = rng.integers(0, 2**31, 30_000)
    stop = start + rng.integers(1, 2**12, start.size)
    wanted = np.concatenate((start, stop, start - 1, stop - 1, rng.integers(0, 2**32, 600_000)))
    wanted = np.maximum(wanted, 0)
    plain = IntervalSet.from_bounds(start, stop)
    row = np.searchsorted(plain.start, wanted, side="right") - 1
    expected = (row >= 0) & (wanted < plain.stop[row])
    if family.bits == 32:
        addresses, column = IntervalSet.from_bounds(start, stop), wanted
        assert addresses == plain
    else:
        addresses = IntervalSet6.from_bounds(wide(start), wide(stop))
        column = wide(wanted)
    assert np.array_equal(addresses.contains(column[:5_000]), expected[:5_000])
    assert np.array_equal(addresses.contains(column), expected)


def wide(numbers):
    """IPv6 addresses that differ in both halves."""
    return (numbers.astype(object) >> 12 << 64) + (numbers & 0xFFF | 1 << 62).astype(object)


@given(data=st.data())
@settings(max_examples=30)
def test_a_set_of_both_families_is_its_two_sets(family, data):
    bounds = [data.draw(st.lists(small_bounds(family), max_size=4)) for _ in range(2)]
    other = AddressSet.of("192.0.2.0/24", "2001:db8::/32")
    one, two = (
        AddressSet(family.build(b), IntervalSet6.empty())
        if family.bits == 32
        else AddressSet(IntervalSet.empty(), family.build(b))
        for b in bounds
    )
    for name in OPERATIONS:
        result = getattr(one.union(other), name)(two)
        assert result.v4 == getattr(one.v4.union(other.v4), name)(two.v4)
        assert result.v6 == getattr(one.v6.union(other.v6), name)(two.v6)
    everything = AddressSet.universe()
    assert everything.difference(everything.difference(one)) == one
    assert AddressSet.union_all([one, two, other]) == one.union(two).union(other)
