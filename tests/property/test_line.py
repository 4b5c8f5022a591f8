"""Both families on one line, against ``ipaddress`` and plain sets of whole numbers."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import IPV4, IPV6_START, Line, LineSet, is_on_line, length6, split
from sim.addresses.sets.seats import Seats
from tests.edges import V4, prefixes

BASE = int(ipaddress.ip_address("2001:db8::"))
"""Drawn prefixes lie close to it, so that they meet and touch each other."""


@st.composite
def sixes(draw: st.DrawFn) -> tuple[int, int]:
    """An IPv6 prefix among a few /64 networks and a few parts of each, or a wide one."""
    network, low = draw(st.integers(0, 5)), draw(st.integers(0, 7))
    length = draw(st.sampled_from([3, 32, 61, 62, 63, 64, 112, 125, 126, 127, 128]))
    return masked(BASE + (network << 64) + low, length)


@st.composite
def fours(draw: st.DrawFn) -> tuple[int, int]:
    length = draw(st.sampled_from([0, 8, 29, 30, 31, 32]))
    number = draw(st.sampled_from([0, 2**32 - 8])) + draw(st.integers(0, 7))
    size = 1 << (32 - length)
    return number // size * size, length


def masked(number: int, length: int) -> tuple[int, int]:
    size = 1 << (128 - length)
    return number // size * size, length


def network(prefix: tuple[int, int]) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    kind = ipaddress.IPv4Network if prefix[0] < 2**32 else ipaddress.IPv6Network
    return kind((prefix[0], prefix[1]))


def text(prefix: tuple[int, int]) -> str:
    return str(network(prefix))


PREFIXES = st.lists(fours() | sixes(), max_size=6)
ALL = sorted(
    {
        masked(BASE + (n << 64) + low, length)
        for n in range(6)
        for low in range(8)
        for length in (3, 32, 61, 62, 63, 64, 112, 125, 126, 127, 128)
    }
)
LINE = Line.of([], ALL)
"""A line that tells apart whatever is drawn."""
LINE_OF_NETWORKS = Line.of([], [(BASE, 64)])


@given(PREFIXES)
def test_what_is_put_on_the_line_comes_back(prefixes):
    wanted = AddressSet.of(*map(text, prefixes))
    assert LINE.split(LINE.put(wanted)) == wanted
    assert split(LINE.union(prefixes)) == wanted


@given(PREFIXES, PREFIXES)
def test_algebra_on_the_line_is_that_of_the_families(some, others):
    one, two = LINE.union(some), LINE.union(others)
    first, second = AddressSet.of(*map(text, some)), AddressSet.of(*map(text, others))
    for operation in ("union", "intersection", "difference", "symmetric_difference"):
        found = getattr(one, operation)(two)
        assert split(found) == getattr(first, operation)(second)
        assert found == LINE.put(split(found))
        assert hash(found) == hash(LINE.put(split(found)))


@given(PREFIXES)
def test_sizes_by_family_are_those_of_the_standard_library(prefixes):
    held = LINE.union(prefixes)
    four = ipaddress.collapse_addresses(network(one) for one in prefixes if one[0] < 2**32)
    six = list(ipaddress.collapse_addresses(network(one) for one in prefixes if one[0] >= 2**32))
    networks = {
        (int(one[0]) >> 64) + step
        for one in six
        if one.prefixlen > 32
        for step in range(((int(one[-1]) >> 64) - (int(one[0]) >> 64)) + 1)
    }
    assert held.n_addresses == sum(one.num_addresses for one in four)
    if all(one.prefixlen > 32 for one in six) and six:
        assert held.n_networks == len(networks)
    for one in six:
        if one.prefixlen <= 32:
            assert held.n_networks >= 2 ** (64 - one.prefixlen)


@given(PREFIXES)
def test_rules_are_the_fewest_prefixes_of_both_families(prefixes):
    four = list(ipaddress.collapse_addresses(network(one) for one in prefixes if one[0] < 2**32))
    six = list(ipaddress.collapse_addresses(network(one) for one in prefixes if one[0] >= 2**32))
    assert LINE.union(prefixes).n_prefixes == len(four) + len(six)


@given(PREFIXES, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=1))
def test_members_are_those_of_the_prefixes(prefixes, points):
    number = [BASE + (one << 64) + low for one, low in points]
    position = np.concatenate([LINE.prefix(one, 128).start for one in number])
    assert LINE.numbers(position) == number
    expected = [
        any(
            ipaddress.ip_address(one) in network(prefix) for prefix in prefixes if prefix[0] > 2**32
        )
        for one in number
    ]
    held = LINE.union(prefixes)
    assert held.contains(position).tolist() == expected
    assert [held.holds(int(place)) for place in position] == expected
    assert split(LINE.at(position)) == AddressSet.of(
        *(str(ipaddress.ip_address(one)) for one in number)
    )


@given(PREFIXES)
def test_the_same_places_of_two_lines_are_the_same_addresses_of_ipv4_alone(prefixes):
    # The other line cuts no /64, so that all behind the first network lies elsewhere.
    held, other = LINE.union(prefixes), LINE_OF_NETWORKS
    same_places = LineSet(held.start, held.stop, other)
    has_ipv6 = any(prefix[0] >= 2**32 for prefix in prefixes)
    assert (held == same_places) is not has_ipv6
    assert held == LineSet(held.start, held.stop, Line.of([], ALL))
    assert (held == IntervalSet(held.start, held.stop)) is True


@given(PREFIXES)
def test_the_sequence_of_addresses_is_kept(prefixes):
    first = [prefix for prefix in prefixes if prefix[0] >= 2**32]
    position = [int(LINE.prefix(*prefix).start[0]) for prefix in first]
    ordered = sorted(range(len(first)), key=lambda row: first[row][0])
    assert [position[row] for row in ordered] == sorted(position)
    assert all(one >= IPV6_START for one in position)


def test_a_line_without_ipv6_is_the_line_of_ipv4():
    line = Line.of([(0, 8)], [(2**31, 1)])
    assert line is IPV4
    assert type(line.prefix(2**31, 1)) is IntervalSet
    assert line.everything == IntervalSet.universe()


def test_what_is_not_told_apart_is_refused():
    line = Line.of([(BASE, 48)])
    with pytest.raises(ValueError, match="apart"):
        line.prefix(BASE + 5, 128)
    with pytest.raises(ValueError, match="apart"):
        line.prefix(BASE + (1 << 96) + 1, 128)
    with pytest.raises(ValueError, match="2000::/3"):
        Line.of([(0xFE80 << 112, 10)])
    with pytest.raises(ValueError, match="too many"):
        Line.of([(0x2000 << 112, 3), (BASE, 64)])
    with pytest.raises(ValueError, match="two lines"):
        line.prefix(BASE, 48).union(LINE.prefix(BASE, 48))


FOURS = st.lists(prefixes(V4), max_size=4)


@given(FOURS, FOURS, st.booleans())
def test_ipv4_lies_alike_on_every_line(mine, theirs, has_six):
    """Sets of IPv4 alone are equal whatever line they were made on, and so they combine."""
    other = Line.of([(BASE, 48)])
    one = other.union(mine)
    assert one == LINE.union(mine)
    two = LINE.union([*theirs, *[(BASE, 48)] * has_six])
    for left, right in ((one, two), (two, one)):
        a, b = split(left), split(right)
        assert split(left.union(right)) == a.union(b)
        assert split(left.intersection(right)) == a.intersection(b)
        assert split(left.difference(right)) == a.difference(b)
        assert split(left.symmetric_difference(right)) == a.symmetric_difference(b)
        assert split(IntervalSet.union_all([left, right, left])) == a.union(b)


def test_all_there_is_ends_where_the_families_end():
    everything = split(LINE.everything)
    assert everything == AddressSet.of("0.0.0.0/0", "2000::/3")
    assert LINE.everything.n_networks == 2**61
    rest = LINE.prefix(BASE, 32)
    assert isinstance(rest, LineSet)
    assert split(rest.complement()) == everything.difference(AddressSet.of("2001:db8::/32"))


def given_out(line: Line, seats: Seats) -> list[int]:
    runs = zip(seats.start.tolist(), seats.size.tolist(), seats.step.tolist(), strict=True)
    position = [start + i * step for start, size, step in runs for i in range(size)]
    return line.numbers(np.array(position))


def test_single_addresses_are_given_out_by_the_width_of_a_prefix():
    wide, narrow = masked(BASE, 56), masked(BASE + (1 << 80), 120)
    line = Line.of([wide, narrow, masked(BASE + (2 << 80), 64)], [masked(BASE + 128, 121)])
    seats = line.seats([wide])
    assert seats.n == 2**8
    assert given_out(line, seats) == [BASE + (n << 64) + 1 for n in range(256)]
    whole = line.seats([narrow])
    assert given_out(line, whole) == [narrow[0] + n for n in range(256)]
    spaced = line.seats([masked(BASE + (2 << 80), 64)])
    assert given_out(line, spaced) == [BASE + (2 << 80) + (n << 48) for n in range(2**16)]
    # A part of what is given out anyway adds nothing.
    assert given_out(line, line.seats([wide, masked(BASE + 128, 121)])) == given_out(line, seats)


@pytest.mark.parametrize("most", [1, 3, 7, 256, 1000])
def test_shorter_runs_give_out_the_same_addresses(most):
    line = Line.of([masked(BASE, 56), masked(BASE + (1 << 80), 120)])
    seats = line.seats([masked(BASE, 56), masked(BASE + (1 << 80), 120)])
    assert len(set(seats.step.tolist())) == 2
    shorter = seats.in_runs_of(most)
    assert given_out(line, shorter) == given_out(line, seats)
    assert shorter.size.max() <= most
    assert (shorter.stop[:-1] <= shorter.start[1:]).all()
    assert seats.in_runs_of(10**6).start.tolist() == seats.start.tolist()
    assert Seats.of(IntervalSet.empty()).in_runs_of(most).n == 0


@pytest.mark.parametrize(("four", "six"), [(32, 128), (31, 62), (24, 48), (16, 32), (0, 0)])
def test_lengths_go_together(four, six):
    assert length6(four) == six


def test_what_may_be_on_the_internet():
    assert is_on_line((0, 0))
    assert is_on_line((0x2000 << 112, 3))
    assert not is_on_line((0x2000 << 112, 2))
    assert not is_on_line((0xFC00 << 112, 7))
