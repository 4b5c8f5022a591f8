"""Both address families on one line of whole numbers.

IPv4 lies on the line as itself. Behind it lies all of IPv6 that may be on the Internet, /64 after
/64: one number for each where nobody sits, and where somebody may, as many as there are parts of a
/64 that must be distinguished. So numbers keep the sequence of addresses and go back to them.

It is one long file, since the line makes sets and each set knows its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.blocks import IPV6_BITS, Numbers
from sim.addresses.sets.family_starts import IPV6_START
from sim.addresses.sets.intervals import (
    IPV4_STOP,
    AddressSet,
    Bounds,
    IntervalSet,
    IntervalSet6,
    Rule,
    combine,
    merge,
)
from sim.addresses.sets.notation import Prefix
from sim.addresses.sets.prefixes import prefix_bounds, prefix_set

FIRST_NETWORK, STOP_NETWORK = 0x2000 << 48, 0x4000 << 48
"""The /64 networks of 2000::/3; of no other are addresses given out (RFC 4291, section 2.4)."""
INTERNET6 = Prefix(6, FIRST_NETWORK << 64, 3)
"""All of them."""
_STOP = 2**62
"""The line must end here: set algebra keeps a bit for itself."""
N_SEATS_BITS = 16
"""Most bits of addresses that are given out in a prefix of 64 bits or more."""


def clip_prefix(prefix: Prefix) -> Prefix:
    """Return what of a prefix can be on the Internet: of IPv4 all, of IPv6 its part of 2000::/3.

    Raises
    ------
    ValueError
        If that is nothing.
    """
    if prefix.version == 4:
        return prefix
    if prefix.holds(INTERNET6):
        return INTERNET6
    if not INTERNET6.holds(prefix):
        raise ValueError(f"expected an IPv6 prefix within 2000::/3, got {str(prefix)!r}")
    return prefix


def length6(length: int) -> int:
    """Length of an IPv6 prefix that stands for one of IPv4 of a given length.

    Twice as long, and a single address for a single address: so /24 and /48 go together, the
    longest prefixes that networks take from each other, and /16 and /32, what a provider is given.

    References
    ----------
    RFC 7454, section 6.1.3 (IPv4 prefixes longer than /24 and IPv6 prefixes longer than /48 are
    generally neither announced nor accepted).
    """
    return 2 * length if length < 32 else 128


class Seats(NamedTuple):
    """Addresses that are given out, in runs."""

    start: NDArray[np.int64]
    size: NDArray[np.int64]
    step: NDArray[np.int64]
    """The run holds ``start + i * step`` on the line, for i from 0 to ``size - 1``; runs ascend;
    shape (n_runs,)."""

    @classmethod
    def of(cls, addresses: IntervalSet) -> Seats:
        """All IPv4 addresses of a set."""
        is_four = addresses.start < IPV4_STOP
        start = addresses.start[is_four]
        seats = cls(start, addresses.stop[is_four] - start, np.ones_like(start))
        for column in seats:
            column.flags.writeable = False
        return seats

    @property
    def n(self) -> int:
        """How many addresses."""
        return int(self.size.sum())

    @property
    def stop(self) -> NDArray[np.int64]:
        """Place on the line after the last address of each run; shape (n_runs,)."""
        return self.start + (self.size - 1) * self.step + 1

    def in_runs_of(self, most: int) -> Seats:
        """The same addresses in runs of at most so many each."""
        n_parts = np.maximum(1, -(-self.size // most))
        run = np.repeat(np.arange(self.size.size), n_parts)
        before = most * (np.arange(run.size) - np.repeat(np.cumsum(n_parts) - n_parts, n_parts))
        size = np.minimum(self.size[run] - before, most)
        return Seats(self.start[run] + before * self.step[run], size, self.step[run])

    def within(self, addresses: IntervalSet) -> Seats:
        """Those that lie in a set."""
        first = np.searchsorted(addresses.stop, self.start, side="right")
        n = np.searchsorted(addresses.start, self.stop) - first
        # Each run with each interval that it meets.
        run = np.repeat(np.arange(n.size), n)
        row = first[run] + np.arange(run.size) - np.repeat(np.cumsum(n) - n, n)
        start, size, step = (column[run] for column in self)
        low = np.maximum(0, -((start - addresses.start[row]) // step))
        high = np.minimum(size, -((start - addresses.stop[row]) // step))
        some = low < high
        return Seats((start + low * step)[some], (high - low)[some], step[some])


@dataclass(frozen=True, eq=False)
class Line:
    """Where addresses of both families lie."""

    start: NDArray[np.int64]
    """Where each segment of IPv6 begins on the line, and where the last ends; shape (n_segments +
    1,), or empty without IPv6."""
    network: NDArray[np.uint64]
    """The first /64 network of each segment: the first 64 bits of its addresses; shape
    (n_segments,)."""
    width: NDArray[np.int64]
    """Numbers that each /64 of a segment has on the line: 1, or as many as there are cuts; shape
    (n_segments,)."""
    cut: NDArray[np.uint64]
    """Where a /64 is cut, by the last 64 bits of addresses: ascending from 0; shape (n_cuts,)."""

    def __post_init__(self) -> None:
        for column in (self.start, self.network, self.width, self.cut):
            column.flags.writeable = False

    @classmethod
    def of(cls, seated: Iterable[Prefix], others: Iterable[Prefix] = ()) -> Line:
        """Return the line of a world.

        Parameters
        ----------
        seated
            Prefixes whose addresses are given out one by one.
        others
            Other prefixes that must be distinguished.

        Raises
        ------
        ValueError
            If an IPv6 prefix holds none of 2000::/3, or they are too many to be distinguished.
        """
        mine, theirs = _keep_ipv6(seated), _keep_ipv6(others)
        if not mine and not theirs:
            return IPV4
        narrow = [prefix for prefix in (*mine, *theirs) if prefix.length > 64]
        cut = {0}
        for _, address, length in narrow:
            low = address % 2**64
            cut |= {low, low + (1 << (128 - length))}
        for prefix in mine:
            address, n, step = _lattice(prefix) if prefix.length >= 64 else (1, 1, 1)
            low = address % 2**64
            cut.update(low + at * step + end for at in range(n) for end in (0, 1))
        cut.discard(2**64)
        return cls._of_blocks(_blocks([*mine, *narrow]), sorted(cut))

    @classmethod
    def _of_blocks(cls, blocks: Sequence[tuple[int, int]], cut: Sequence[int]) -> Line:
        """Lay all of IPv6 on the line: blocks of /64 networks, and what is between them."""
        network, width, start, at = [], [], [IPV6_START], FIRST_NETWORK
        for first, stop in (*blocks, (STOP_NETWORK, STOP_NETWORK)):
            for until, n in ((first, 1), (stop, len(cut))):
                if at < until:
                    network.append(at)
                    width.append(n)
                    start.append(start[-1] + (until - at) * n)
                    at = until
        if start[-1] > _STOP:
            raise ValueError(
                f"{sum(stop - first for first, stop in blocks)} /64 networks that are cut in "
                f"{len(cut)} parts each are too many to be told apart"
            )
        return cls(
            np.array(start, np.int64),
            np.array(network, np.uint64),
            np.array(width, np.int64),
            np.array(cut, np.uint64),
        )

    def __eq__(self, other: object) -> bool:
        """Return whether both put every address in the same place."""
        return self is other or (
            isinstance(other, Line)
            and all(
                np.array_equal(getattr(self, name), getattr(other, name))
                for name in ("start", "network", "width", "cut")
            )
        )

    def __hash__(self) -> int:
        """Hash by content."""
        return hash((self.end, self.start.size, self.cut.size))

    @property
    def has_ipv6(self) -> bool:
        """Whether there is any IPv6 in the world."""
        return self.start.size > 0

    @property
    def end(self) -> int:
        """Where the line ends."""
        return int(self.start[-1]) if self.has_ipv6 else IPV4_STOP

    @cached_property
    def everything(self) -> IntervalSet:
        """All addresses there are: all of IPv4 and, where there is any, all IPv6 of 2000::/3."""
        if not self.has_ipv6:
            return IntervalSet.universe()
        return LineSet(
            np.array([0, IPV6_START], np.int64), np.array([IPV4_STOP, self.end], np.int64), self
        )

    def prefix(self, prefix: Prefix) -> IntervalSet:
        """Return the set of one prefix; of IPv6 what lies in 2000::/3.

        Raises
        ------
        ValueError
            If that is nothing, or the line does not tell it apart.
        """
        if prefix.version == 4:
            return prefix_set(prefix.address, prefix.length)
        return LineSet(*self.bounds([prefix]), self)

    def union(self, prefixes: Iterable[Prefix]) -> IntervalSet:
        """Return the union of some prefixes, as ``prefix`` does."""
        start, stop = self.bounds(prefixes)
        if np.all(start < IPV6_START):
            return IntervalSet.from_bounds(start, stop)
        return LineSet(*_merge(start, stop), self)

    def bounds(self, prefixes: Iterable[Prefix]) -> Bounds:
        """Where each of some prefixes begins on the line and where it stops, as ``prefix`` does."""
        listed = list(prefixes)
        is_six = np.array([prefix.version == 6 for prefix in listed], np.bool_)
        if not is_six.any():
            # A table has thousands, and is read for each replicate; plain tuples are read faster.
            column = np.array([prefix[1:] for prefix in listed], np.int64).reshape(-1, 2)
            return prefix_bounds(column[:, 0], column[:, 1])
        six = _keep_ipv6(listed)
        first = np.array([prefix.address for prefix in six], object)
        size = np.array([1 << (IPV6_BITS - prefix.length) for prefix in six], object)
        bound = np.empty((2, len(listed)), np.int64)
        bound[:, ~is_six] = self.bounds(prefix for prefix in listed if prefix.version == 4)
        bound[:, is_six] = self.position_of(first), self.position_of(first + size)
        return bound[0], bound[1]

    def at(self, position: NDArray[np.int64]) -> IntervalSet:
        """Return the set of single addresses at some places of the line, in any sequence."""
        wanted = np.unique(position)
        bounds = merge(wanted, wanted + 1)
        return LineSet(*bounds, self) if self.has_ipv6 else IntervalSet(*bounds)

    def put(self, addresses: AddressSet) -> IntervalSet:
        """Return a set on the line.

        Raises
        ------
        ValueError
            If the line does not tell it apart, or IPv6 in it lies outside 2000::/3.
        """
        six = addresses.v6
        if not six:
            return addresses.v4
        if six.start[0] < FIRST_NETWORK << 64 or six.stop[-1] > STOP_NETWORK << 64:
            raise ValueError("IPv6 addresses must lie in 2000::/3")
        return LineSet(
            np.concatenate((addresses.v4.start, self.position_of(six.start))),
            np.concatenate((addresses.v4.stop, self.position_of(six.stop))),
            self,
        )

    def split(self, addresses: IntervalSet) -> AddressSet:
        """Return a set of the line by family: the inverse of ``put``."""
        is_four = addresses.start < IPV6_START
        if is_four.all():
            return AddressSet(IntervalSet(addresses.start, addresses.stop), IntervalSet6.empty())
        six = ~is_four
        return AddressSet(
            IntervalSet(addresses.start[is_four], addresses.stop[is_four]),
            IntervalSet6(self.address6(addresses.start[six]), self.address6(addresses.stop[six])),
        )

    def position_of(self, bound: Numbers) -> NDArray[np.int64]:
        """Where some IPv6 addresses of 2000::/3, or the one after its last, lie on the line.

        Raises
        ------
        ValueError
            If one is not the first of a part of its /64 that the line tells apart.
        """
        if not self.has_ipv6:
            raise ValueError("the line holds no IPv6")
        high, low = ((bound >> n & 2**64 - 1).astype(np.uint64) for n in (64, 0))
        segment = np.searchsorted(self.network, high, side="right") - 1
        width = self.width[segment]
        part = np.where(width > 1, np.searchsorted(self.cut, low, side="right") - 1, 0)
        if np.any(self.cut[part] != low):
            raise ValueError("the line does not tell these IPv6 addresses apart")
        offset = (high - self.network[segment]).astype(np.int64)
        return np.asarray(self.start[segment] + offset * width + part, np.int64)

    def address6(self, position: NDArray[np.int64]) -> Numbers:
        """IPv6 addresses at some places of the line."""
        segment, offset = self._within(position)
        width = self.width[segment]
        network = self.network[segment] + (offset // width).astype(np.uint64)
        found: Numbers = (network.astype(object) << 64) + self.cut[offset % width].astype(object)
        return found

    def numbers(self, position: NDArray[np.int64]) -> list[int]:
        """Addresses of either family at some places of the line, as whole numbers."""
        numbers: list[int] = position.tolist()
        six = np.flatnonzero(position >= IPV6_START)
        if six.size:
            for row, number in zip(
                six.tolist(), self.address6(position[six]).tolist(), strict=True
            ):
                numbers[row] = number
        return numbers

    def enclosing(self, position: int, length: int) -> IntervalSet:
        """Prefix around an address; ``length`` is that of IPv4, and ``length6`` of it for IPv6."""
        if position < IPV6_START:
            size = 1 << (32 - length)
            return prefix_set(position // size * size, length)
        return self.enclosing6(position, length6(length))

    def enclosing6(self, position: int, length: int) -> IntervalSet:
        """Prefix of a given length around an IPv6 address.

        Where nobody can be, single addresses are not distinguished: with the others of its part.
        """
        number, after = self.address6(np.array([position, position + 1], np.int64)).tolist()
        if length == IPV6_BITS and after - number > 1:
            start = np.array([position], np.int64)
            return LineSet(start, start + 1, self)
        size = 1 << (128 - length)
        return self.prefix(Prefix(6, number // size * size, length))

    def seats(self, prefixes: Iterable[Prefix]) -> Seats:
        """Single addresses that are given out of those of some prefixes that are of IPv6.

        Of each /64 of a prefix shorter than that the first address after the network's own: whoever
        rents there has a /64. A prefix of 64 bits or more gives all its addresses, or
        2**16 evenly spaced ones if it has more.
        """
        given = list(dict.fromkeys(_keep_ipv6(prefixes)))
        whole = self.union(prefix for prefix in given if prefix.length < 64)
        lattices = [_lattice(prefix) for prefix in given if prefix.length >= 64]
        narrow = [
            self.position_of(np.array(range(address, address + n * step, step), object))
            for address, n, step in lattices
        ]
        single = np.unique(np.concatenate([np.empty(0, np.int64), *narrow]))
        start, stop = merge(*(single[~whole.contains(single)] + np.array([[0], [1]])))
        segment, _ = self._within(whole.start)
        width = self.width[segment]
        first = np.concatenate((whole.start + 1, start))
        size = np.concatenate(((whole.stop - whole.start) // width, stop - start))
        step = np.concatenate((width, np.ones_like(start)))
        row = np.argsort(first)
        return Seats(first[row], size[row], step[row])

    def _within(self, position: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Segment of some places, and how far each lies behind its beginning."""
        segment = np.searchsorted(self.start[:-1], position, side="right") - 1
        return segment, position - self.start[segment]


@dataclass(frozen=True, eq=False)
class LineSet(IntervalSet):
    """A set of addresses of both families, on a line.

    It has the algebra of a set of IPv4 addresses. Sizes are kept apart by family.

    Attributes
    ----------
    start, stop : shape (n_intervals,)
        As for IPv4, on the line; no interval reaches from one family into the other.
    line
        The line they lie on.
    """

    line: Line

    @property
    def n_addresses(self) -> int:
        """Number of IPv4 addresses in the set."""
        return Seats.of(self).n

    @cached_property
    def v6(self) -> IntervalSet6:
        """IPv6 addresses of the set."""
        return self.line.split(self).v6

    def __eq__(self, other: object) -> bool:
        """Return whether both sets hold the same addresses: places of one line, or of IPv4."""
        is_same = super().__eq__(other)
        if is_same is not True or not isinstance(other, LineSet) or self.line is other.line:
            return is_same
        return not np.any(self.stop > IPV4_STOP) or self.line == other.line

    __hash__ = IntervalSet.__hash__

    @property
    def end_numbers(self) -> tuple[int, int]:
        """First and last address of the set as whole numbers, which must hold one."""
        last = self.stop[-1:]
        end = self.line.address6(last) if last > IPV4_STOP else last
        return self.line.numbers(self.start[:1])[0], int(end[0]) - 1

    @property
    def n_prefixes(self) -> int:
        """Number of prefixes that are needed to say the set, of both families."""
        split = self.line.split(self)
        return split.v4.n_prefixes + split.v6.n_prefixes

    def __reduce__(self) -> tuple[type[LineSet], tuple[NDArray[np.int64], NDArray[np.int64], Line]]:  # type: ignore[override]
        """Keep the line."""
        return LineSet, (self.start, self.stop, self.line)

    def _with(self, bounds: Bounds) -> LineSet:
        return LineSet(*bounds, self.line)

    def _combine(self, other: IntervalSet, rule: Rule) -> LineSet:
        bounds = combine((self.start, self.stop), (other.start, other.stop), rule)
        return LineSet(*bounds, self._line_with((other,)))

    def _union(self, members: Sequence[IntervalSet]) -> LineSet:
        line = self._line_with(members)
        start = np.concatenate([member.start for member in members])
        return LineSet(*_merge(start, np.concatenate([member.stop for member in members])), line)

    def _line_with(self, others: Iterable[IntervalSet]) -> Line:
        """Line on which all of the sets lie."""
        line, holds_six = self.line, self._holds_ipv6
        for other in others:
            if not isinstance(other, LineSet) or other.line is line or not other._holds_ipv6:
                continue
            if holds_six and other.line != line:
                raise ValueError("sets of two lines cannot be combined")
            line, holds_six = other.line, True
        return line

    @property
    def _holds_ipv6(self) -> bool:
        return bool(self.stop.size) and bool(self.stop[-1] > IPV4_STOP)


def n_networks(addresses: IntervalSet) -> int:
    """Number of /64 networks of IPv6 that have an address in a set."""
    return addresses.v6.n_networks if isinstance(addresses, LineSet) else 0


def n_below6(addresses: IntervalSet, bound: int) -> int:
    """IPv6 addresses of a set below a bound, exact."""
    if not isinstance(addresses, LineSet):
        return 0
    return int(addresses.v6.count_below(np.array([bound], object))[0])


def split(addresses: IntervalSet) -> AddressSet:
    """Return a set by family."""
    line = addresses.line if isinstance(addresses, LineSet) else IPV4
    return line.split(addresses)


def _merge(start: NDArray[np.int64], stop: NDArray[np.int64]) -> Bounds:
    """Union of intervals anywhere on a line."""
    # Ranks among the bounds in play are numbers as small as those of IPv4.
    bound, rank = np.unique(np.concatenate((start, stop)), return_inverse=True)
    first, last = merge(rank[: start.size], rank[start.size :])
    return bound[first], bound[last]


def _keep_ipv6(prefixes: Iterable[Prefix]) -> list[Prefix]:
    """Those of some prefixes that are of IPv6, as far as they can be on the Internet."""
    return [clip_prefix(prefix) for prefix in prefixes if prefix.version == 6]


def _blocks(prefixes: Iterable[Prefix]) -> list[tuple[int, int]]:
    """Runs of /64 networks that some prefixes touch, as half-open intervals, ascending."""
    blocks: list[tuple[int, int]] = []
    for _, address, length in sorted(prefixes):
        first, stop = address >> 64, (address + (1 << (128 - length)) - 1 >> 64) + 1
        if blocks and first <= blocks[-1][1]:
            blocks[-1] = blocks[-1][0], max(stop, blocks[-1][1])
        else:
            blocks.append((first, stop))
    return blocks


def _lattice(prefix: Prefix) -> tuple[int, int, int]:
    """First of the addresses given out of a prefix of 64 bits or more, how many, and their step."""
    _, address, length = prefix
    n_bits = min(128 - length, N_SEATS_BITS)
    return address, 1 << n_bits, 1 << (128 - length - n_bits)


IPV4 = Line(
    np.empty(0, np.int64), np.empty(0, np.uint64), np.empty(0, np.int64), np.zeros(1, np.uint64)
)
"""The line of a world without IPv6."""
