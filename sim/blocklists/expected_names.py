"""How many names a blocklist is expected to hit, at providers whose use of addresses is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed
from sim.addresses.feeds.formats import read_feed
from sim.blocklists.attribution import Attributes, break_down
from sim.blocklists.blocklists import find_input
from sim.blocklists.listed import union
from sim.errors import UsageError
from sim.names.expected import NamedPlace
from sim.names.listed import (
    LUCK,
    Expectation,
    ListedAddresses,
    ListedNames,
    Owners,
    draw_listed_names,
    expectation_of,
    shipped_tables,
)
from sim.names.names import fit_names_law
from sim.streams import Streams

OWNERS = "cloud-prefixes-2018"
"""Table of who holds which prefix where no other is given; that of the shipped kinds of use."""


def shipped_owners() -> Feed:
    """Read the shipped table of who holds which prefix."""
    return read_feed(find_input(OWNERS))


def expect_names(lists: Sequence[Feed], owners: Feed, universe: int | None = None) -> Expectation:
    """Expect names on listed addresses.

    Parameters
    ----------
    lists
        Blocklists.
    owners
        Table with columns ``provider`` and ``prefix``, and ``region`` if it has them.
    universe
        Number of names that are counted, as a study that looks at some names does; they are taken
        for a random part of the names of the census. None to count all.

    Raises
    ------
    UsageError
        If the universe is larger than the census, or ``owners`` names no provider.
    """
    found = draw_names_of_lists(lists, owners, universe)
    return expectation_of(found, sum(feed.v6.to_set().n_networks for feed in lists), universe)


def draw_names_of_lists(
    lists: Sequence[Feed], owners: Feed, universe: int | None, luck: Streams = LUCK
) -> ListedNames:
    """Draw names on listed addresses; other parameters and errors as for ``expect_names``.

    Parameters
    ----------
    luck
        Luck of the draws.
    """
    tables = shipped_tables()
    n_names = fit_names_law(tables.census).n_names
    if universe is not None and universe > n_names:
        raise UsageError(f"--universe: expected at most {n_names:,} names, got {universe:,}")
    places, place_row = _places(owners)
    row, address, length = owners.v4.to_prefixes()
    held = Owners.of_prefixes(places, place_row[row], address, length)
    start = np.concatenate([np.empty(0, np.int64), *(np.asarray(feed.v4.start) for feed in lists)])
    stop = np.concatenate([np.empty(0, np.int64), *(np.asarray(feed.v4.stop) for feed in lists)])
    listed = ListedAddresses.of_rules(start, stop)
    return draw_listed_names([listed], held, tables, _listed6(lists, owners), universe, luck)


def _listed6(lists: Sequence[Feed], owners: Feed) -> dict[str, int]:
    """ListedAddresses IPv6 addresses by provider."""
    if not any(len(feed.v6) for feed in lists):
        return {}
    (by_provider,) = break_down(union(lists), Attributes.of(owners), ["provider"])
    return {group.name: group.n_addresses6 for group in by_provider.groups if group.n_addresses6}


def _places(owners: Feed) -> tuple[list[NamedPlace], NDArray[np.int64]]:
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
