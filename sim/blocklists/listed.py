"""How much a blocklist lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.algebra import Intervals
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.intervals import IPV4_STOP

N_IPV4 = IPV4_STOP
N_IPV6 = 2**128


@dataclass(frozen=True)
class ListTotals:
    """One blocklist.

    Attributes
    ----------
    file, format
        Where it came from.
    n_entries
        Entries in force, those without an address included.
    n_without_address
        Entries that list no address, such as names and URLs: in no count of addresses, though one
        may stand beside them.
    n_bad
        Lines left out as mistakes.
    n_rules4, n_rules6
        Prefixes, addresses and ranges.
    n_addresses4, n_addresses6
        Distinct addresses.
    """

    file: str
    format: str
    n_entries: int
    n_without_address: int
    n_bad: int
    n_rules4: int
    n_rules6: int
    n_addresses4: int
    n_addresses6: int


@dataclass(frozen=True)
class Listed:
    """All blocklists together.

    Attributes
    ----------
    n_addresses4, n_addresses6
        Distinct addresses.
    n_own4, n_own6, n_outside4, n_outside6
        Of these, the target's own, and those outside; None where its ranges are not known.
    n_summed4, n_summed6
        Sum over rules: overlapping rules count an address several times.
    n_rules4, n_rules6
        Prefixes, addresses and ranges as listed.
    n_prefixes4, n_prefixes6
        Fewest prefixes that list the same addresses.
    n_networks6
        /64 networks of which at least one address is listed.
    share4, share6
        Distinct addresses out of the whole family (``N_IPV4``, ``N_IPV6``).
    lists
        Each blocklist alone.
    """

    n_addresses4: int
    n_addresses6: int
    n_own4: int | None
    n_own6: int | None
    n_outside4: int | None
    n_outside6: int | None
    n_summed4: int
    n_summed6: int
    n_rules4: int
    n_rules6: int
    n_prefixes4: int
    n_prefixes6: int
    n_networks6: int
    share4: float
    share6: float
    lists: tuple[ListTotals, ...]


def union(feeds: Sequence[Feed]) -> AddressSet:
    """Addresses of any of the feeds."""
    sets = [feed.to_set() for feed in feeds]
    return sets[0] if len(sets) == 1 else AddressSet.union_all(sets)


def count_listed(feeds: Sequence[Feed], listed: AddressSet, own: AddressSet | None) -> Listed:
    """Count what blocklists list.

    Parameters
    ----------
    feeds
        The blocklists.
    listed
        Their union.
    own
        The target's own addresses; None where they are not known.
    """
    owned = None if own is None else listed.intersection(own)
    n_addresses4, n_addresses6 = listed.v4.n_addresses, listed.v6.n_addresses
    own4 = None if owned is None else owned.v4.n_addresses
    own6 = None if owned is None else owned.v6.n_addresses
    return Listed(
        n_addresses4,
        n_addresses6,
        own4,
        own6,
        None if own4 is None else n_addresses4 - own4,
        None if own6 is None else n_addresses6 - own6,
        sum(int(np.sum(feed.v4.stop - feed.v4.start)) for feed in feeds),
        sum(_n_summed6(feed) for feed in feeds),
        sum(len(feed.v4) for feed in feeds),
        sum(len(feed.v6) for feed in feeds),
        count_prefixes(listed.v4),
        count_prefixes(listed.v6),
        listed.v6.n_networks,
        n_addresses4 / N_IPV4,
        n_addresses6 / N_IPV6,
        # Of one list alone the union is its own.
        tuple(_totals(feed, listed if len(feeds) == 1 else feed.to_set()) for feed in feeds),
    )


def count_prefixes(addresses: Intervals) -> int:
    """Fewest prefixes of a set, counted piece by piece."""
    return sum(int(piece.to_prefixes()[1].size) for piece in addresses.chunks())


def _totals(feed: Feed, addresses: AddressSet) -> ListTotals:
    n_unplaced = feed.n_unplaced
    return ListTotals(
        feed.origin.file,
        feed.origin.format,
        feed.n_records,
        n_unplaced,
        feed.n_bad,
        len(feed.v4),
        len(feed.v6),
        addresses.v4.n_addresses,
        addresses.v6.n_addresses,
    )


def _n_summed6(feed: Feed) -> int:
    """Sum of the sizes of IPv6 rules, exact."""
    span = feed.v6.last.minus(feed.v6.first)
    return (_exact_sum(span.high) << 64) + _exact_sum(span.low) + len(feed.v6)


def _exact_sum(column: NDArray[np.uint64]) -> int:
    """Sum that does not wrap at 2**64."""
    upper, lower = column >> np.uint64(32), column & np.uint64(2**32 - 1)
    return (int(np.sum(upper)) << 32) + int(np.sum(lower))
