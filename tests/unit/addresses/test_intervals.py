"""Sets: what is refused, and what is kept from call to call."""

import pickle

import numpy as np
import pytest

from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.intervals6 import IntervalSet6
from sim.addresses.sets.ipv6 import Addresses6
from sim.errors import DataError


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


@pytest.mark.parametrize("size", [0, -1])
def test_chunks_need_a_size(size):
    for addresses in (IntervalSet.universe(), IntervalSet6.universe()):
        for chunks in (addresses.chunks, addresses.address_chunks):
            with pytest.raises(ValueError, match="chunk size of at least 1"):
                next(chunks(size))


def test_the_whole_space_is_walked_in_bounded_pieces():
    assert next(IntervalSet.universe().address_chunks(3)).tolist() == [0, 1, 2]
    assert next(IntervalSet6.universe().address_chunks(3)).to_ints() == [0, 1, 2]


BAD_COLUMNS = {
    "reversed": np.array([[5], [4]]),
    "adjacent": np.array([[1, 3], [3, 4]]),
    "unordered": np.array([[7, 1], [9, 3]]),
    "outside": np.array([[7], [2**32 + 1]]),
    "negative": np.array([[-7], [1]]),
    "shape": np.array([[7, 8, 9]]),
    "type": np.array([[1.0], [2.0]]),
    "flat": np.array([1, 2]),
}


@pytest.mark.parametrize("name", BAD_COLUMNS)
def test_a_file_that_holds_no_set_is_refused(tmp_path, name):
    path = tmp_path / "set.npy"
    np.save(path, BAD_COLUMNS[name])
    with pytest.raises(
        DataError, match=r"set\.npy: expected (intervals in order|an array of shape)"
    ):
        IntervalSet.load(path)


def test_a_file_that_holds_no_ipv6_set_is_refused(tmp_path):
    path = tmp_path / "set.npy"
    for columns in ([[0], [5], [0], [4]], [[0, 0], [1, 3], [0, 0], [2, 4]], [[0, 0]] * 4):
        np.save(path, np.array(columns, np.uint64))
        with pytest.raises(DataError, match="expected intervals in order"):
            IntervalSet6.load(path)
    np.save(path, np.array([[1], [2]]))
    with pytest.raises(DataError, match=r"expected an array of shape \(4, n\) and type uint64"):
        IntervalSet6.load(path)


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "set.npy"
    with pytest.raises(DataError, match="expected a saved address set"):
        IntervalSet.load(path)
    for content in (b"", b"192.0.2.0/24\n", b"\x93NUMPY\x01\x00"):
        path.write_bytes(content)
        with pytest.raises(DataError, match="expected a saved address set"):
            IntervalSet.load(path)
    np.savez(tmp_path / "set.npz", np.zeros(1))
    with pytest.raises(DataError, match="got an archive of arrays"):
        IntervalSet.load(tmp_path / "set.npz")
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match="expected a saved address set"):
        IntervalSet.load(path)


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
