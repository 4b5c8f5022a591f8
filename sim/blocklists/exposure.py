"""The exposure of a blocklist: counts, breakdowns, hosts, changes and expected names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed, concatenate
from sim.addresses.feeds.formats import read_feed
from sim.addresses.sets.intervals import IPV4_STOP, AddressSet
from sim.blocklists.attribution import Attributes, Breakdown, break_down, check_columns, labels_of
from sim.blocklists.blocklists import find_input
from sim.blocklists.hosts import Hits, State, find_hits, without_repeats
from sim.blocklists.inventory import (
    Business,
    InventoryHits,
    Rules,
    assess_inventory,
    rank_businesses,
)
from sim.errors import UsageError
from sim.names.expected import NamedPlace
from sim.names.listed import (
    LUCK,
    Expectation,
    ListedAddresses,
    Owners,
    expect_listed,
    shipped_tables,
)
from sim.streams import Streams

N_IPV4 = IPV4_STOP
N_IPV6 = 2**128


@dataclass(frozen=True)
class ListTotals:
    """One blocklist."""

    file: str
    format: str
    """Where it came from."""
    n_entries: int
    """Entries in force, those without an address included."""
    n_without_address: int
    """Entries that list no address, such as names and URLs: in no count of addresses."""
    n_bad: int
    """Lines ignored as mistakes."""
    n_rules4: int
    n_rules6: int
    """Prefixes, addresses and ranges."""
    n_addresses4: int
    n_addresses6: int
    """Distinct addresses."""


@dataclass(frozen=True)
class Listed:
    """All blocklists together."""

    n_addresses4: int
    n_addresses6: int
    """Distinct addresses."""
    n_own4: int | None
    n_own6: int | None
    n_outside4: int | None
    n_outside6: int | None
    """Of these, the target's own, and those outside; None where its ranges are not known."""
    n_summed4: int
    n_summed6: int
    """Sum over rules: overlapping rules count an address several times."""
    n_rules4: int
    n_rules6: int
    """Prefixes, addresses and ranges as listed."""
    n_prefixes4: int
    n_prefixes6: int
    """Fewest prefixes that list the same addresses."""
    n_networks6: int
    """/64 networks with at least one listed address."""
    share4: float
    share6: float
    """Distinct addresses out of the whole family (``N_IPV4``, ``N_IPV6``)."""
    lists: tuple[ListTotals, ...]
    """Each blocklist alone."""


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
        sum(int(feed.v4.stop.sum() - feed.v4.start.sum()) for feed in feeds),
        sum(int(feed.v6.stop.sum() - feed.v6.start.sum()) for feed in feeds),
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
    """Addresses that were added, or removed."""

    n_addresses4: int
    n_addresses6: int
    """Distinct addresses."""
    n_prefixes4: int
    n_prefixes6: int
    """Fewest prefixes they make."""


@dataclass(frozen=True)
class HitChange:
    """Hosts and businesses newly hit, or hit no longer, wholly or partly."""

    n_hosts: int
    """Hosts."""
    n_businesses: int | None
    """Businesses; None where the inventory has no names."""
    businesses: tuple[Business, ...]
    """The first of them, ranked."""


@dataclass(frozen=True)
class Changes:
    """What was added and removed."""

    before: str
    """Description of the list that the blocklist is compared with."""
    added: AddressChange
    removed: AddressChange
    """Addresses listed now and not before, and the reverse."""
    newly_hit: HitChange | None
    no_longer_hit: HitChange | None
    """Hosts and businesses of the inventory, in the same way; None without one."""


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
    named = tuple(rank_businesses(inventory, hits, wanted, top))
    return HitChange(n_hosts, int(np.count_nonzero(wanted)), named)


OWNERS = "cloud-prefixes-2018"
"""Table of who holds which prefix where no other is given; that of the shipped kinds of use."""


def shipped_owners() -> Feed:
    """Read the shipped table of who holds which prefix."""
    return read_feed(find_input(OWNERS))


def expect_names(lists: Sequence[Feed], owners: Feed, luck: Streams = LUCK) -> Expectation:
    """Expect names on listed addresses.

    Parameters
    ----------
    lists
        Blocklists.
    owners
        Table with columns ``provider`` and ``prefix``, and ``region`` if it has them.
    luck
        Random numbers of the draws.

    Raises
    ------
    UsageError
        If ``owners`` names no provider.
    """
    places, place_row = _read_places(owners)
    row, address, length = owners.v4.to_prefixes()
    start = np.concatenate([np.empty(0, np.int64), *(np.asarray(feed.v4.start) for feed in lists)])
    stop = np.concatenate([np.empty(0, np.int64), *(np.asarray(feed.v4.stop) for feed in lists)])
    listed6: dict[str, int] = {}
    if any(len(feed.v6) for feed in lists):
        (found,) = break_down(union(lists), Attributes.of(owners), ["provider"])
        listed6 = {one.name: one.n_addresses6 for one in found.groups if one.n_addresses6}
    return expect_listed(
        [ListedAddresses.of_rules(start, stop)],
        Owners.of_prefixes(places, place_row[row], address, length),
        shipped_tables(),
        listed6,
        n_networks6=sum(feed.v6.to_set().n_networks for feed in lists),
        luck=luck,
    )


def _read_places(owners: Feed) -> tuple[list[NamedPlace], NDArray[np.int64]]:
    """Places of a table, and the row of the place of each of its rows of prefixes."""
    provider = owners.labels.get("provider")
    if provider is None:
        raise UsageError(f"{owners.origin.file}: expected a column provider, got none")
    region = owners.labels.get("region")
    regions = region.texts if region else [""] * owners.n_records
    row_of: dict[NamedPlace, int] = {}
    of_record = [
        row_of.setdefault(place, len(row_of)) for place in zip(provider.texts, regions, strict=True)
    ]
    return list(row_of), np.array(of_record, np.int64)[owners.record4]


DEFAULT_TOP = 20


@dataclass(frozen=True, eq=False)
class Exposure:
    """What a blocklist hits.

    Attributes
    ----------
    listed
        Addresses and rules.
    breakdowns
        Addresses by provider, region, country or network.
    inventory
        What is hit of the inventory; None without one.
    changes
        What was added and removed; None without anything to compare with.
    expected
        Names expected on the listed addresses; None unless asked for.
    notes
        What to know before trusting the numbers.
    """

    listed: Listed
    breakdowns: Sequence[Breakdown]
    inventory: InventoryHits | None
    changes: Changes | None
    expected: Expectation | None
    notes: Sequence[str]


def assess(
    blocklists: Sequence[Feed],
    inventory: Feed | None,
    attribute: Feed | None,
    *,
    by: Sequence[str] = (),
    before: tuple[str, AddressSet] | None = None,
    own: AddressSet | None = None,
    explain: bool = False,
    top: int = DEFAULT_TOP,
    names_at: Feed | None = None,
) -> Exposure:
    """Return what blocklists hit, from feeds; see `sim.api.runs.exposure`.

    Parameters
    ----------
    before
        What to compare with: its name and its addresses.
    names_at
        Table of providers at whose addresses names are expected; None for no expectation.
    """
    check_columns(by)
    listed = union(blocklists)
    notes = []
    attributes = None if attribute is None else Attributes.of(attribute)
    breakdowns: Sequence[Breakdown] = ()
    if attributes is not None:
        breakdowns = break_down(listed, attributes, by)
        if attributes.n_repeated:
            notes.append(
                f"{attributes.n_repeated:,} prefixes of the attribute table come more than once: "
                "the first row counts"
            )
        notes += [
            f"{found.by} is a list: an address with several counts under each, so that rows may "
            "not be added up"
            for found in breakdowns
            if found.is_list
        ]
    missing = [name for name in by if all(found.by != name for found in breakdowns)]
    carried = concatenate(blocklists) if missing and blocklists else None
    if carried is not None and any(labels_of(carried, name) is not None for name in missing):
        told = break_down(listed, Attributes.of(carried), missing)
        breakdowns = [*breakdowns, *told]
        notes += [
            f"{found.by} is what the list itself says of its entries: all that it names is listed"
            for found in told
        ]
    hits = found_hits = None
    if inventory is not None:
        inventory, host = without_repeats(inventory)
        hits = find_hits(inventory, listed)
        rules = Rules.of(blocklists) if explain else None
        found_hits = assess_inventory(inventory, hits, listed, attributes, by, rules, top)
        states, rule = found_hits.host_state[host], found_hits.host_rule
        rule = None if rule is None else rule[host]
        found_hits = replace(found_hits, host_state=states, host_rule=rule)
    for name in by:
        is_known = any(found.by == name for found in breakdowns)
        if not is_known and (found_hits is None or name not in found_hits.groups):
            notes.append(f"neither the attribute table nor the inventory has {name}: left out")
    changes = None
    if before is not None:
        name, then = before
        newly_hit = no_longer_hit = None
        if inventory is not None and hits is not None:
            hits_before = find_hits(inventory, then)
            newly_hit = _hit_change(inventory, hits, hits_before, top)
            no_longer_hit = _hit_change(inventory, hits_before, hits, top)
        added, removed = _change(listed.difference(then)), _change(then.difference(listed))
        changes = Changes(name, added, removed, newly_hit, no_longer_hit)
    return Exposure(
        count_listed(blocklists, listed, own),
        breakdowns,
        found_hits,
        changes,
        None if names_at is None else expect_names(blocklists, names_at),
        tuple(notes),
    )
