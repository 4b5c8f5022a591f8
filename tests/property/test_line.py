"""Both families on one line, against ``ipaddress`` and plain sets of whole numbers."""

import ipaddress
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import AddressSet, IntervalSet
from sim.addresses.sets.line import (
    IPV4,
    IPV6_START,
    Line,
    LineSet,
    Seats,
    clip_prefix,
    length6,
    n_networks,
    split,
)
from sim.addresses.sets.notation import Prefix
from tests.edges import V4, V6, prefixes

BASE = int(ipaddress.ip_address("2001:db8::"))
"""Drawn prefixes lie close to it, so that they meet and touch each other."""
INTERNET = ipaddress.IPv6Network("2000::/3")
LENGTHS = (0, 1, 2, 3, 32, 61, 62, 63, 64, 112, 125, 126, 127, 128)


@st.composite
def sixes(draw: st.DrawFn) -> Prefix:
    """An IPv6 prefix among a few /64 networks and a few parts of each, or a wide one."""
    network, low = draw(st.integers(0, 5)), draw(st.integers(0, 7))
    length = draw(st.sampled_from(LENGTHS))
    return masked(BASE + (network << 64) + low, length)


@st.composite
def fours(draw: st.DrawFn) -> Prefix:
    length = draw(st.sampled_from([0, 8, 29, 30, 31, 32]))
    number = draw(st.sampled_from([0, 2**32 - 8])) + draw(st.integers(0, 7))
    size = 1 << (32 - length)
    return Prefix(4, number // size * size, length)


def masked(number: int, length: int) -> Prefix:
    size = 1 << (128 - length)
    return Prefix(6, number // size * size, length)


def network(prefix: Prefix) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """What the standard library makes of a prefix; of IPv6 what lies in 2000::/3."""
    if prefix.version == 4:
        return ipaddress.IPv4Network(prefix[1:])
    return max(ipaddress.IPv6Network(prefix[1:]), INTERNET, key=lambda one: one.prefixlen)


def text(prefix: Prefix) -> str:
    return str(network(prefix))


PREFIXES = st.lists(fours() | sixes(), max_size=6)
ALL = sorted(
    {
        masked(BASE + (n << 64) + low, length)
        for n in range(6)
        for low in range(8)
        for length in LENGTHS
    }
)
LINE = Line.of([], ALL)
"""A line that tells apart whatever is drawn."""
LINE_OF_NETWORKS = Line.of([], [masked(BASE, 64)])


@given(PREFIXES)
def test_what_is_put_on_the_line_comes_back(prefixes):
    wanted = AddressSet.of(*map(text, prefixes))
    assert LINE.split(LINE.put(wanted)) == wanted
    assert split(LINE.union(prefixes)) == wanted


@given(PREFIXES, PREFIXES)
def test_algebra_on_the_line_is_that_of_the_families(some, others):
    one, two = LINE.union(some), LINE.union(others)
    first, second = AddressSet.of(*map(text, some)), AddressSet.of(*map(text, others))
    for operation in ("union", "intersection", "difference"):
        found = getattr(one, operation)(two)
        assert split(found) == getattr(first, operation)(second)
        assert found == LINE.put(split(found))
        assert hash(found) == hash(LINE.put(split(found)))


@given(PREFIXES)
def test_sizes_by_family_and_the_number_of_rules_are_those_of_the_standard_library(prefixes):
    held = LINE.union(prefixes)
    four = list(ipaddress.collapse_addresses(network(one) for one in prefixes if one.version == 4))
    six = list(ipaddress.collapse_addresses(network(one) for one in prefixes if one.version == 6))
    networks = {
        (int(one[0]) >> 64) + step
        for one in six
        if one.prefixlen > 32
        for step in range(((int(one[-1]) >> 64) - (int(one[0]) >> 64)) + 1)
    }
    assert held.n_prefixes == len(four) + len(six)
    assert held.n_addresses == sum(one.num_addresses for one in four)
    if all(one.prefixlen > 32 for one in six) and six:
        assert n_networks(held) == len(networks)
    for one in six:
        if one.prefixlen <= 32:
            assert n_networks(held) >= 2 ** (64 - one.prefixlen)


@given(PREFIXES, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7)), min_size=1))
def test_members_are_those_of_the_prefixes(prefixes, points):
    number = [BASE + (one << 64) + low for one, low in points]
    position = np.concatenate([LINE.prefix(masked(one, 128)).start for one in number])
    assert LINE.numbers(position) == number
    expected = [
        any(
            ipaddress.ip_address(one) in network(prefix)
            for prefix in prefixes
            if prefix.version == 6
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
    has_ipv6 = any(prefix.version == 6 for prefix in prefixes)
    assert (held == same_places) is not has_ipv6
    assert held == LineSet(held.start, held.stop, Line.of([], ALL))
    assert (held == IntervalSet(held.start, held.stop)) is True


@given(PREFIXES)
def test_the_sequence_of_addresses_is_kept(prefixes):
    first = [prefix for prefix in prefixes if prefix.version == 6]
    position = [int(LINE.prefix(prefix).start[0]) for prefix in first]
    ordered = sorted(range(len(first)), key=lambda row: int(network(first[row])[0]))
    assert [position[row] for row in ordered] == sorted(position)
    assert all(one >= IPV6_START for one in position)


def test_a_line_without_ipv6_is_the_line_of_ipv4():
    line = Line.of([Prefix(4, 0, 8)], [Prefix(4, 2**31, 1)])
    assert line is IPV4
    assert type(line.prefix(Prefix(4, 2**31, 1))) is IntervalSet
    assert line.everything == IntervalSet.universe()


def test_what_is_not_told_apart_is_refused():
    line = Line.of([masked(BASE, 48)])
    with pytest.raises(ValueError, match="apart"):
        line.prefix(masked(BASE + 5, 128))
    with pytest.raises(ValueError, match="apart"):
        line.prefix(masked(BASE + (1 << 80) + 1, 128))
    with pytest.raises(ValueError, match="too many"):
        Line.of([masked(0x2000 << 112, 3), masked(BASE, 64)])
    with pytest.raises(ValueError, match="two lines"):
        line.prefix(masked(BASE, 48)).union(LINE.prefix(masked(BASE, 48)))


FOURS = st.lists(prefixes(V4).map(lambda one: Prefix(4, *one)), max_size=4)


@given(FOURS, FOURS, st.booleans())
def test_ipv4_lies_alike_on_every_line(mine, theirs, has_six):
    """Sets of IPv4 alone are equal whatever line they were made on, and so they combine."""
    one = Line.of([masked(BASE, 48)]).union(mine)
    assert one == LINE.union(mine)
    two = LINE.union([*theirs, *[masked(BASE, 48)] * has_six])
    for left, right in ((one, two), (two, one)):
        a, b = split(left), split(right)
        assert split(left.union(right)) == a.union(b)
        assert split(left.intersection(right)) == a.intersection(b)
        assert split(left.difference(right)) == a.difference(b)
        assert split(IntervalSet.union_all([left, right, left])) == a.union(b)


def test_all_there_is_ends_where_the_families_end():
    everything = split(LINE.everything)
    assert everything == AddressSet.of("0.0.0.0/0", "2000::/3")
    assert n_networks(LINE.everything) == 2**61
    rest = LINE.prefix(masked(BASE, 32))
    assert isinstance(rest, LineSet)
    assert split(LINE.everything.difference(rest)) == everything.difference(
        AddressSet.of("2001:db8::/32")
    )


def test_prefixes_around_an_address_go_as_far_as_the_line_tells_it_apart():
    line = Line.of([masked(BASE, 48), masked(BASE + (1 << 80), 126)])
    seventh = masked(BASE + (7 << 64), 64)
    (first,) = line.prefix(seventh).start.tolist()
    (last,) = (line.prefix(seventh).stop - 1).tolist()
    for position, length, expected in (
        (first, 128, masked(seventh.address, 128)),
        (first, 126, masked(seventh.address, 126)),
        (last, 64, seventh),
        (last, 48, masked(BASE, 48)),
    ):
        found = line.enclosing6(position, length)
        assert split(found) == AddressSet.of(text(expected)), (position, length)
    # All that lies behind the addresses that are told apart is one part.
    few = AddressSet.of(text(masked(seventh.address, 126)))
    assert split(line.enclosing6(last, 128)) == AddressSet.of(text(seventh)).difference(few)
    wide = last
    four = int(ipaddress.ip_address("198.51.100.7"))
    assert split(line.enclosing(four, 24)) == AddressSet.of("198.51.100.0/24")
    assert split(line.enclosing(wide, 24)) == AddressSet.of(text(masked(BASE, 48)))


def test_a_set_on_a_line_is_sent_with_its_line():
    some = LINE.union([Prefix(4, 0, 8), Prefix(4, 2**31, 32), masked(BASE, 64)])
    again = pickle.loads(pickle.dumps(some))
    assert (type(again), again.line, again) == (LineSet, some.line, some)


def test_what_lies_on_no_line_is_refused():
    with pytest.raises(ValueError, match="IPv6 addresses must lie in 2000::/3"):
        LINE.put(AddressSet.of("fe80::/64"))
    with pytest.raises(ValueError, match="IPv6 addresses must lie in 2000::/3"):
        LINE.put(AddressSet.of("4000::/64"))
    with pytest.raises(ValueError, match="the line holds no IPv6"):
        IPV4.put(AddressSet.of(text(masked(BASE, 64))))


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
    assert given_out(line, whole) == [narrow.address + n for n in range(256)]
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


ANY_SIX = prefixes(V6).map(lambda one: Prefix(6, *one))


@given(ANY_SIX | sixes())
def test_of_a_prefix_of_ipv6_its_part_of_the_internet_is_taken(prefix):
    if ipaddress.IPv6Network(prefix[1:]).overlaps(INTERNET):
        assert ipaddress.IPv6Network(clip_prefix(prefix)[1:]) == network(prefix)
        assert clip_prefix(prefix).version == 6
    else:
        for refused in (clip_prefix, lambda one: Line.of([], [one])):
            with pytest.raises(ValueError, match="2000::/3"):
                refused(prefix)


@given(prefixes(V4), prefixes(V6))
def test_no_prefix_is_taken_for_one_of_the_other_family(four, six):
    for prefix in (Prefix(4, *four), Prefix(6, *six)):
        other = Prefix(10 - prefix.version, 0, 0)
        assert str(prefix) == str(ipaddress.ip_network(str(prefix)))
        assert not other.holds(prefix)
        assert not prefix.holds(other)
    assert clip_prefix(Prefix(4, *four)) == Prefix(4, *four)
    held = LINE.prefix(Prefix(4, *four))
    assert split(held) == AddressSet.of(str(Prefix(4, *four)))
    assert not split(held).v6


@given(prefixes(V6), prefixes(V6))
def test_a_prefix_holds_what_the_standard_library_says(one, two):
    mine, theirs = ipaddress.IPv6Network(one), ipaddress.IPv6Network(two)
    assert Prefix(6, *one).holds(Prefix(6, *two)) == theirs.subnet_of(mine)


def test_all_of_one_family_is_nothing_of_the_other():
    four, six = LINE.prefix(Prefix(4, 0, 0)), LINE.prefix(Prefix(6, 0, 0))
    assert split(four) == AddressSet.of("0.0.0.0/0")
    assert split(six) == AddressSet.of("2000::/3")
    assert four.union(six) == LINE.everything
    assert LINE.prefix(Prefix(6, 0, 1)) == LINE.prefix(Prefix(6, 0, 2)) == six
    # Around an address the shortest prefix is all of its family.
    position = int(LINE.prefix(masked(BASE, 128)).start[0])
    assert LINE.enclosing(position, 0) == six
    assert LINE.enclosing(5, 0) == four


def one_by_one(seats: Seats) -> list[int]:
    runs = zip(*(column.tolist() for column in seats), strict=True)
    return [start + i * step for start, size, step in runs for i in range(size)]


def test_runs_within_a_set_have_those_of_their_addresses_that_are_in_it():
    rng = np.random.default_rng(20180416)
    for n in rng.integers(0, 6, 200):
        size, step = rng.integers(1, 7, n), rng.integers(1, 4, n)
        length = (size - 1) * step + 1
        seats = Seats(np.cumsum(length + rng.integers(0, 4, n)) - length, size, step)
        bounds = np.unique(rng.integers(0, 40, 2 * rng.integers(0, 5)))
        some = IntervalSet.from_bounds(bounds[:-1:2], bounds[1::2])
        found = seats.within(some)
        assert one_by_one(found) == [one for one in one_by_one(seats) if some.contains([one])[0]]
        assert (found.size > 0).all()
