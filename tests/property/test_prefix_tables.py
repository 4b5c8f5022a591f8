"""Tables of prefixes against the standard library, in both families."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.edges import FAMILIES, any_bounds, numbers, prefixes

both = pytest.mark.parametrize("family", FAMILIES)


def build(family, listed):
    return family.prefix_table.from_prefixes(
        family.column(n for n, _ in listed), np.array([k for _, k in listed], np.int64)
    )


def naive_match(family, listed, number):
    """Row of the longest prefix that covers a number; of equal prefixes the first."""
    best, best_length = -1, -1
    for row, (network, length) in enumerate(listed):
        covers = number >> (family.bits - length) == network >> (family.bits - length)
        if covers and length > best_length:
            best, best_length = row, length
    return best


def some_prefixes(family):
    """Few prefixes, with repeats and nesting made likely."""
    one = prefixes(family)
    return st.lists(one, max_size=12).flatmap(lambda listed: st.permutations(listed + listed[:3]))


def near(family, listed):
    """Addresses at and just beyond the bounds of prefixes."""
    top = 2**family.bits - 1
    for network, length in listed:
        last = network + (1 << (family.bits - length)) - 1
        yield from (network, last, max(network - 1, 0), min(last + 1, top))


@both
@given(data=st.data())
def test_the_longest_prefix_wins_and_of_equal_ones_the_first(family, data):
    listed = data.draw(some_prefixes(family))
    wanted = data.draw(st.lists(numbers(family), max_size=10)) + list(near(family, listed))
    row = build(family, listed).longest_match(family.column(wanted))
    assert row.tolist() == [naive_match(family, listed, number) for number in wanted]


@both
@given(data=st.data())
def test_segments_are_in_order_and_maximal(family, data):
    table = build(family, data.draw(some_prefixes(family)))
    start = family.numbers(table.segment_start)
    assert start[0] == 0
    assert start == sorted(set(start))
    assert not np.any(table.segment_row[1:] == table.segment_row[:-1])


@both
@given(data=st.data())
def test_addresses_counted_by_row_are_those_of_each_segment(family, data):
    listed = data.draw(some_prefixes(family))
    addresses = family.build(data.draw(st.lists(any_bounds(family), max_size=5)))
    table = build(family, listed)
    counted = list(map(int, table.count_by_row(addresses)))
    start = family.numbers(table.segment_start)
    expected = [0] * (len(listed) + 1)
    for row, first, stop in zip(
        table.segment_row.tolist(), start, [*start[1:], 2**family.bits], strict=True
    ):
        expected[row] += addresses.intersection(family.build([(first, stop)])).n_addresses
    assert counted == expected
    assert sum(counted) == addresses.n_addresses
