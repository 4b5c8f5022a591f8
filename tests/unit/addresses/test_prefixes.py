"""Tables of prefixes: what is refused, and what size must not change."""

import pickle

import numpy as np
import pytest

from sim.addresses.cover.tree import WeightedRanges
from sim.addresses.sets.intervals import AddressSet, IntervalSet, IntervalSet6
from sim.addresses.sets.prefixes import PrefixTable, PrefixTable6, prefix_set


@pytest.mark.parametrize("number", [-1, 2**32, -(2**63), 2**63 - 1])
@pytest.mark.parametrize(("n_queries", "at"), [(1, 0), (9, -1)])
def test_what_is_no_address_is_refused(number, n_queries, at):
    table = PrefixTable.from_prefixes([0], [0])
    asked = np.zeros(n_queries, np.int64)
    asked[at] = number
    with pytest.raises(ValueError, match="addresses must lie in"):
        table.longest_match(asked)


def test_many_equal_prefixes_over_many_others_take_no_more_than_their_number():
    """Painting each of the equal prefixes would take 10**10 steps."""
    n = 100_000
    address = np.concatenate((np.zeros(n, np.int64), np.arange(n) * 512))
    length = np.repeat([0, 32], n)
    table = PrefixTable.from_prefixes(address, length)
    assert table.longest_match([0, 1, 512, 513]).tolist() == [n, 0, n + 1, 0]


def test_an_empty_table_matches_nothing():
    table = PrefixTable.from_prefixes([], [])
    assert table.longest_match([0, 2**32 - 1]).tolist() == [-1, -1]
    assert table.count_by_row(IntervalSet.universe()).tolist() == [2**32]
    table6 = PrefixTable6.from_prefixes([], [])
    assert table6.longest_match([0, 2**128 - 1]).tolist() == [-1, -1]
    with pytest.raises(ValueError, match="addresses must lie in"):
        table6.longest_match([2**128])


def test_one_prefix_as_a_set():
    assert prefix_set(2**32 - 1, 32) == IntervalSet.of("255.255.255.255")
    assert prefix_set(0, 0) == IntervalSet.universe()


# Sets: what is refused, and what is kept from call to call.


@pytest.mark.parametrize(
    ("start", "stop"), [([5], [4]), ([-1], [4]), ([0], [2**32 + 1]), ([2**80], [2**81])]
)
def test_bounds_outside_the_space_or_reversed_are_refused(start, stop):
    with pytest.raises(ValueError, match="intervals must satisfy"):
        IntervalSet.from_bounds(start, stop)


def test_columns_of_different_lengths_are_refused():
    for family in (IntervalSet, IntervalSet6):
        with pytest.raises(ValueError, match="equally long"):
            family.from_bounds([1, 2], [3])


@pytest.mark.parametrize(("start", "stop"), [(5, 4), (-1, 4), (0, 2**128 + 1)])
def test_ipv6_bounds_outside_the_space_or_reversed_are_refused(start, stop):
    with pytest.raises(ValueError, match=r"0 <= start <= stop <= 2\*\*128"):
        IntervalSet6.from_bounds([start], [stop])
    with pytest.raises(ValueError, match=r"0 <= start < stop <= 2\*\*128"):
        WeightedRanges.of(np.array([start], object), np.array([stop], object), [1])


def test_prefixes_and_addresses_out_of_range_are_refused():
    for address, length in ((0, 33), (0, -1), (1, 31), (-256, 24), (2**32, 32)):
        with pytest.raises(ValueError, match=r"prefix lengths must|network addresses must"):
            PrefixTable.from_prefixes([address], [length])
        with pytest.raises(ValueError, match="must lie in"):
            prefix_set(address, length)
    for address, length in ((1, 64), (0, 129), (0, -1)):
        with pytest.raises(ValueError, match=r"prefix lengths must|network addresses must"):
            PrefixTable6.from_prefixes([address], [length])
    for table in (PrefixTable, PrefixTable6):
        with pytest.raises(ValueError, match="equally long"):
            table.from_prefixes([0], [8, 8])


def test_a_set_of_both_families_has_the_intervals_of_both():
    mixed = AddressSet.of(
        *("192.0.2.0/25", "192.0.2.128/25", "198.51.100.1"),
        *("2001:db8::/32", "2001:dba::/32", "2001:dbc::1", "2001:dbc::2"),
    )
    assert (mixed.v4.n_intervals, mixed.v6.n_intervals, mixed.n_intervals) == (2, 3, 5)


def test_columns_are_read_only_and_the_callers_stay_the_callers():
    start, stop = np.array([1, 5]), np.array([3, 9])
    addresses = IntervalSet.from_bounds(start, stop)
    with pytest.raises(ValueError, match="read-only"):
        addresses.start[0] = 0
    start[0] = 2
    assert addresses == IntervalSet.from_bounds([1, 5], [3, 9])


def test_sets_of_different_families_are_never_equal():
    assert IntervalSet.empty() != IntervalSet6.empty()
    assert IntervalSet6.empty() != IntervalSet.empty()


def test_single_numbers_and_tables_keep_their_shape():
    addresses = IntervalSet.of("0.0.0.0/30")
    assert addresses.contains(3)
    assert not addresses.contains(4)
    assert addresses.contains([[0, 9], [9, 3]]).tolist() == [[True, False], [False, True]]
    assert not IntervalSet.empty().contains([1]).any()


def test_a_set_sent_elsewhere_is_read_only_there():
    addresses = IntervalSet.of("192.0.2.0/24", "198.51.100.0/24")
    again = pickle.loads(pickle.dumps(addresses))
    assert again == addresses
    assert not again.start.flags.writeable


def test_sets_of_one_interval_answer_as_lists_of_their_addresses():
    bounds = [(start, stop) for start in range(20) for stop in range(start + 1, 40)]
    sets = [IntervalSet.from_bounds([start], [stop]) for start, stop in bounds]
    for (start, stop), addresses in zip(bounds, sets, strict=True):
        assert addresses.n_prefixes == addresses.to_prefixes()[0].size
        assert addresses.n_addresses == stop - start
        assert [a for a in range(-1, 42) if addresses.holds(a)] == [*range(start, stop)]
    for other, that in zip(bounds[::7], sets[::7], strict=True):
        assert [this == that for this in sets] == [mine == other for mine in bounds]
    two = IntervalSet.from_bounds([3, 9], [5, 12])
    assert [a for a in range(-1, 42) if two.holds(a)] == [3, 4, 9, 10, 11]
    assert not IntervalSet.empty().holds(0)
    assert two != sets[0]
