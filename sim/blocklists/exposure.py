"""The exposure of a blocklist: counts, breakdowns, hosts, changes and expected names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sim.addresses.feeds.feed import Feed, concatenate, without_sinkholes
from sim.addresses.feeds.formats import read_feed
from sim.addresses.feeds.frames import feed_of_addresses, feed_of_columns
from sim.addresses.sets.intervals import AddressSet
from sim.blocklists.attribution import Attributes, Breakdown, break_down, check_columns, labels_of
from sim.blocklists.blocklists import find_input
from sim.blocklists.hosts import find_hits
from sim.blocklists.inventory import InventoryHits, Rules, assess_inventory
from sim.blocklists.listed import Changes, Listed, compare, count_listed, union
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
    return expect_listed(
        [ListedAddresses.of_rules(start, stop)],
        Owners.of_prefixes(places, place_row[row], address, length),
        shipped_tables(),
        _listed6(lists, owners),
        n_networks6=sum(feed.v6.to_set().n_networks for feed in lists),
        luck=luck,
    )


def _listed6(lists: Sequence[Feed], owners: Feed) -> dict[str, int]:
    """Listed IPv6 addresses by provider."""
    if not any(len(feed.v6) for feed in lists):
        return {}
    (by_provider,) = break_down(union(lists), Attributes.of(owners), ["provider"])
    return {group.name: group.n_addresses6 for group in by_provider.groups if group.n_addresses6}


def _read_places(owners: Feed) -> tuple[list[NamedPlace], NDArray[np.int64]]:
    """Places of a table, and the row of the place of each of its rows of prefixes."""
    provider = owners.labels.get("provider")
    if provider is None:
        raise UsageError(f"{owners.origin.file}: expected a column provider, got none")
    region = owners.labels.get("region")
    names = [
        (
            provider.names[code] if code >= 0 else "",
            region.names[region.code[record]] if region and region.code[record] >= 0 else "",
        )
        for record, code in enumerate(provider.code.tolist())
    ]
    places = list(dict.fromkeys(names))
    row_of = {name: row for row, name in enumerate(places)}
    of_record = np.array([row_of[name] for name in names], np.int64)
    return places, of_record[owners.record4]


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


def exposure(
    blocklist: ArrayLike,
    inventory: Mapping[str, ArrayLike] | None = None,
    attribute: Mapping[str, ArrayLike] | None = None,
    *,
    by: Sequence[str] = (),
    against: ArrayLike | None = None,
    own: ArrayLike | None = None,
    explain: bool = False,
    top: int = DEFAULT_TOP,
    expect_names: bool = False,
) -> Exposure:
    """Return what a blocklist hits, from columns.

    Parameters
    ----------
    blocklist : shape (n_rules,)
        Prefixes, addresses or ``first-last`` ranges as text, or IPv4 addresses as integers.
    inventory
        Columns of equal length by name: ``address`` (or ``prefix``) as for ``blocklist``, and any
        of ``name, provider, region, service, country, sector, asn, n_names, revenue_usd_per_h``.
        Empty text and NaN are not known.
    attribute
        Columns of equal length: ``prefix``, and any of ``provider, region, service, country,
        asn``.
    by
        Columns to break down by; ``provider+region`` for combinations.
    against : shape (n_rules_before,)
        A blocklist to compare with.
    own : shape (n,)
        The target's own addresses.
    explain
        Find the rule that hits each host.
    top
        How many businesses, hosts and rules to name.
    expect_names
        Expect names on the listed addresses of the providers of ``attribute``, or of the shipped
        table where there is none.

    Raises
    ------
    DataError
        With every value that cannot be read, row by row.
    UsageError
        If ``by`` names no column.

    Examples
    --------
    >>> import overblock
    >>> found = overblock.exposure(["198.51.100.0/24"], {"address": ["198.51.100.7", "192.0.2.1"]})
    >>> found.listed.n_addresses4, found.inventory.host_state.tolist()
    (256, [3, 1])
    """
    owners = None if attribute is None else feed_of_columns(attribute, "attribute")
    names_at = None
    if expect_names:
        names_at = owners if owners is not None else shipped_owners()
    hosts = None
    if inventory is not None:
        hosts = without_sinkholes(feed_of_columns(inventory, "inventory"))
    found = assess(
        [feed_of_addresses(blocklist, "blocklist")],
        hosts,
        owners,
        by=by,
        before=None
        if against is None
        else ("against", feed_of_addresses(against, "against").to_set()),
        own=None if own is None else feed_of_addresses(own, "own").to_set(),
        explain=explain,
        top=top,
        names_at=names_at,
    )
    return found if hosts is None else replace(found, notes=(*found.notes, *hosts.notes))


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
    """Return what blocklists hit, from feeds; see `exposure`.

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
    hits = None if inventory is None else find_hits(inventory, listed)
    found_hits = None
    if inventory is not None and hits is not None:
        rules = Rules.of(blocklists) if explain else None
        found_hits = assess_inventory(inventory, hits, listed, attributes, by, rules, top)
    for name in by:
        is_known = any(found.by == name for found in breakdowns)
        if not is_known and (found_hits is None or name not in found_hits.groups):
            notes.append(f"neither the attribute table nor the inventory has {name}: left out")
    changes = None
    if before is not None:
        changes = compare(before[1], listed, before[0], inventory, hits, top)
    return Exposure(
        count_listed(blocklists, listed, own),
        breakdowns,
        found_hits,
        changes,
        None if names_at is None else expect_names(blocklists, names_at),
        tuple(notes),
    )
