"""Sets: what is refused, and what is kept from call to call."""

import pickle

import numpy as np
import pytest

from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import Addresses6


@pytest.mark.parametrize(
    ("start", "stop"), [([5], [4]), ([-1], [4]), ([0], [2**32 + 1]), ([2**80], [2**81])]
)
def test_bounds_outside_the_space_or_reversed_are_refused(start, stop):
    with pytest.raises(ValueError, match="intervals must satisfy"):
        IntervalSet.from_bounds(start, stop)


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="equally long"):
        IntervalSet.from_bounds([1, 2], [3])
    with pytest.raises(ValueError, match="equally long"):
        IntervalSet6.from_bounds(Addresses6.from_ints([1, 2]), Addresses6.from_ints([3]))
    with pytest.raises(ValueError, match="equally long"):
        Addresses6(np.zeros(1, np.uint64), np.zeros(2, np.uint64))
    with pytest.raises(ValueError, match="16 bytes"):
        Addresses6.from_packed(bytes(17))


def test_reversed_ipv6_bounds_are_refused():
    with pytest.raises(ValueError, match="first <= last"):
        IntervalSet6.from_bounds(Addresses6.from_ints([5]), Addresses6.from_ints([4]))


def test_a_set_of_both_families_has_the_intervals_of_both():
    mixed = AddressSet.of(
        *("192.0.2.0/25", "192.0.2.128/25", "198.51.100.1"),
        *("2001:db8::/32", "2001:dba::/32", "2001:dbc::1", "2001:dbc::2"),
    )
    assert (mixed.v4.n_intervals, mixed.v6.n_intervals, mixed.n_intervals) == (2, 3, 5)


@pytest.mark.parametrize("number", [-1, 2**128])
def test_numbers_outside_ipv6_are_refused(number):
    with pytest.raises(ValueError, match=r"must lie in \[0, 2\*\*128\)"):
        Addresses6.from_ints([number])


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


def test_a_set_sent_elsewhere_leaves_its_look_up_table_behind():
    addresses = IntervalSet.of("192.0.2.0/24", "198.51.100.0/24")
    addresses.contains(np.arange(2**19)[::-1])
    assert "_pages" in addresses.__dict__
    sent = pickle.dumps(addresses)
    assert len(sent) < 10_000
    again = pickle.loads(sent)
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
