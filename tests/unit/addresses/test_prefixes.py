"""Tables of prefixes: what is refused, and what size must not change."""

import pickle

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.sets.pages import OwnerPages
from sim.addresses.sets.prefixes import PrefixTable, PrefixTable6, prefix_set


@pytest.mark.parametrize(
    ("address", "length"), [([1], [24]), ([0], [33]), ([0], [-1]), ([2**32], [32]), ([-256], [24])]
)
def test_what_is_no_prefix_is_refused(address, length):
    with pytest.raises(ValueError, match=r"prefix lengths must|network addresses must"):
        PrefixTable.from_prefixes(address, length)


@pytest.mark.parametrize(("address", "length"), [(1, 64), (0, 129), (0, -1)])
def test_what_is_no_ipv6_prefix_is_refused(address, length):
    with pytest.raises(ValueError, match=r"prefix lengths must|network addresses must"):
        PrefixTable6.from_prefixes(Addresses6.from_ints([address]), [length])


@pytest.mark.parametrize("number", [-1, 2**32, -(2**63), 2**63 - 1])
@pytest.mark.parametrize(
    ("n_queries", "at"), [(1, 0), (600_000, 0), (600_000, 2**10), (600_000, -1)]
)
def test_what_is_no_address_is_refused(number, n_queries, at):
    table = PrefixTable.from_prefixes([0], [0])
    asked = np.zeros(n_queries, np.int64)
    asked[at] = number
    with pytest.raises(ValueError, match="addresses must lie in"):
        table.longest_match(asked)


@pytest.mark.parametrize("n_cuts", [2, 3, 4, 7, 8, 30, 31, 32, 33, 63, 64, 95, 96, 97, 254, 255])
def test_pages_cut_any_number_of_times_tell_every_address(n_cuts):
    """Neighbouring single addresses; before and behind them what holds around the page."""
    cut = np.arange(n_cuts - 1) + np.random.default_rng(n_cuts).integers(1, 257 - n_cuts)
    page = np.array([3, 4, 40, 2**24 - 1]) << 8
    address = np.concatenate(([0], (page[:, np.newaxis] + cut).reshape(-1)))
    length = np.where(np.arange(address.size), 32, 20)
    asked = np.concatenate([first + np.arange(-256, 512) for first in page])
    asked = asked[asked < 2**32]
    table = PrefixTable.from_prefixes(address, length)
    expected = table.segment_row[np.searchsorted(table.segment_start, asked, "right") - 1]
    table.longest_match(np.zeros(2**19, np.int64))
    assert np.array_equal(table.longest_match(asked), expected)


def test_small_questions_use_the_table_that_is_there():
    table = PrefixTable.from_prefixes([0], [8])
    assert table.longest_match([5, 2**31]).tolist() == [0, -1]
    assert "_pages" not in table.__dict__
    table.longest_match(np.zeros(2**19, np.int64))
    assert "_pages" in table.__dict__
    table.__dict__["_pages"] = OwnerPages.build(table.segment_start, table.segment_row + 7)
    assert table.longest_match([5, 2**31]).tolist() == [7, 6]


def test_many_equal_prefixes_over_many_others_take_no_more_than_their_number():
    """Painting each of the equal prefixes would take 10**10 steps."""
    n = 100_000
    address = np.concatenate((np.zeros(n, np.int64), np.arange(n) * 512))
    length = np.repeat([0, 32], n)
    table = PrefixTable.from_prefixes(address, length)
    assert table.longest_match([0, 1, 512, 513]).tolist() == [n, 0, n + 1, 0]


def test_a_large_table_answers_like_a_search():
    rng = np.random.default_rng(3)
    length = rng.integers(6, 33, 50_000)
    address = rng.integers(0, 2**32, length.size) & -(1 << (32 - length))
    wanted = np.concatenate((address, address - 1, address + 1, rng.integers(0, 2**32, 500_000)))
    wanted = np.clip(wanted, 0, 2**32 - 1)
    plain = PrefixTable.from_prefixes(address, length)
    expected = plain.segment_row[np.searchsorted(plain.segment_start, wanted, "right") - 1]
    table = PrefixTable.from_prefixes(address, length)
    assert np.array_equal(table.longest_match(wanted), expected)
    assert np.array_equal(table.longest_match(wanted[:100]), expected[:100])
    assert table.longest_match(wanted[0]) == expected[0]


def test_a_table_sent_elsewhere_leaves_its_look_up_table_behind():
    table = PrefixTable.from_prefixes([0], [8])
    table.longest_match(np.zeros(2**19, np.int64))
    assert "_pages" in table.__dict__
    again = pickle.loads(pickle.dumps(table))
    assert "_pages" not in again.__dict__
    assert again.longest_match([5, 2**31]).tolist() == [0, -1]
    assert not again.address.flags.writeable


def test_an_empty_table_matches_nothing():
    table = PrefixTable.from_prefixes([], [])
    assert table.longest_match([0, 2**32 - 1]).tolist() == [-1, -1]
    assert table.count_by_row(IntervalSet.universe()).tolist() == [2**32]
    table6 = PrefixTable6.from_prefixes(Addresses6.empty(), [])
    assert table6.longest_match(Addresses6.from_ints([0, 2**128 - 1])).tolist() == [-1, -1]


def test_one_prefix_as_a_set():
    assert prefix_set(2**32 - 1, 32) == IntervalSet.of("255.255.255.255")
    assert prefix_set(0, 0) == IntervalSet.universe()
