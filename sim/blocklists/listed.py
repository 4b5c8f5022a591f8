"""How much a blocklist lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.intervals import IPV4_STOP, AddressSet
from sim.blocklists.hosts import Hits, State, find_hits
from sim.blocklists.inventory import Business, rank_businesses

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
        Entries that list no address, such as names and URLs: in no count of addresses.
    n_bad
        Lines ignored as mistakes.
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
        /64 networks with at least one listed address.
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
        sum(int(np.sum(feed.v6.stop - feed.v6.start)) for feed in feeds),
        sum(len(feed.v4) for feed in feeds),
        sum(len(feed.v6) for feed in feeds),
        listed.v4.n_prefixes,
        listed.v6.n_prefixes,
        listed.v6.n_networks,
        n_addresses4 / N_IPV4,
        n_addresses6 / N_IPV6,
        # Of one list alone the union is its own.
        tuple(_totals(feed, listed if len(feeds) == 1 else feed.to_set()) for feed in feeds),
    )


def _totals(feed: Feed, addresses: AddressSet) -> ListTotals:
    return ListTotals(
        feed.origin.file,
        feed.origin.format,
        feed.n_records,
        feed.n_unplaced,
        feed.n_bad,
        len(feed.v4),
        len(feed.v6),
        addresses.v4.n_addresses,
        addresses.v6.n_addresses,
    )


@dataclass(frozen=True)
class AddressChange:
    """Addresses that were added, or removed.

    Attributes
    ----------
    n_addresses4, n_addresses6
        Distinct addresses.
    n_prefixes4, n_prefixes6
        Fewest prefixes they make.
    """

    n_addresses4: int
    n_addresses6: int
    n_prefixes4: int
    n_prefixes6: int


@dataclass(frozen=True)
class HitChange:
    """Hosts and businesses newly hit, or hit no longer, wholly or partly.

    Attributes
    ----------
    n_hosts
        Hosts.
    n_businesses
        Businesses; None where the inventory has no names.
    businesses
        The first of them, ranked.
    """

    n_hosts: int
    n_businesses: int | None
    businesses: tuple[Business, ...]


@dataclass(frozen=True)
class Changes:
    """What was added and removed.

    Attributes
    ----------
    before
        What the blocklist is compared with, in words.
    added, removed
        Addresses listed now and not before, and the reverse.
    newly_hit, no_longer_hit
        Of the inventory; None without one.
    """

    before: str
    added: AddressChange
    removed: AddressChange
    newly_hit: HitChange | None
    no_longer_hit: HitChange | None


def compare(
    before: AddressSet,
    now: AddressSet,
    name: str,
    inventory: Feed | None,
    hits: Hits | None,
    top: int,
) -> Changes:
    """Compare two sets of listed addresses.

    Parameters
    ----------
    inventory, hits
        An inventory, and what is hit of it now.
    top
        How many businesses to name.
    """
    added, removed = _change(now.difference(before)), _change(before.difference(now))
    if inventory is None or hits is None:
        return Changes(name, added, removed, None, None)
    hits_before = find_hits(inventory, before)
    return Changes(
        name,
        added,
        removed,
        _hit_change(inventory, hits, hits_before, top),
        _hit_change(inventory, hits_before, hits, top),
    )


def _change(addresses: AddressSet) -> AddressChange:
    return AddressChange(
        addresses.v4.n_addresses,
        addresses.v6.n_addresses,
        addresses.v4.n_prefixes,
        addresses.v6.n_prefixes,
    )


def _hit_change(inventory: Feed, hits: Hits, other: Hits, top: int) -> HitChange:
    """Return what is hit in one and not in the other."""
    n_hosts = int(np.count_nonzero(hits.is_hit & ~other.is_hit))
    if hits.business_state is None or other.business_state is None:
        return HitChange(n_hosts, None, ())
    wanted = (hits.business_state >= State.PARTLY) & (other.business_state < State.PARTLY)
    named: Sequence[Business] = rank_businesses(inventory, hits, wanted, top)
    return HitChange(n_hosts, int(np.count_nonzero(wanted)), tuple(named))
