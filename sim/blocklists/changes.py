"""What changed between two blocklists, or between two dates of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.families import AddressSet
from sim.blocklists.hosts import Hits, State, find_hits
from sim.blocklists.listed import count_prefixes
from sim.blocklists.ranking import Business, rank_businesses


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
        count_prefixes(addresses.v4),
        count_prefixes(addresses.v6),
    )


def _hit_change(inventory: Feed, hits: Hits, other: Hits, top: int) -> HitChange:
    """Return what is hit in one and not in the other."""
    n_hosts = int(np.count_nonzero(hits.is_hit & ~other.is_hit))
    if hits.business_state is None or other.business_state is None:
        return HitChange(n_hosts, None, ())
    wanted = (hits.business_state >= State.PARTLY) & (other.business_state < State.PARTLY)
    named: Sequence[Business] = rank_businesses(inventory, hits, wanted, top)
    return HitChange(n_hosts, int(np.count_nonzero(wanted)), tuple(named))
