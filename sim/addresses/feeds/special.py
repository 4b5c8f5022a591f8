"""Special-purpose addresses, at which nobody has a host."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import FIRST_NETWORK, STOP_NETWORK
from sim.addresses.text.entries import Entries4, Entries6

# IANA IPv4 Special-Purpose Address Registry (RFC 6890), the blocks that are not globally
# reachable; multicast (RFC 5771) and the space once called class E (RFC 1112).
NO_HOST = IntervalSet.of(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
)
"""Without the blocks for documentation, which stand for public ones in examples."""
SPECIAL = NO_HOST.union(IntervalSet.of("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))


def without_sinkholes(hosts: Feed) -> Feed:
    """Return records without rows at which no public host is: loopback, private and the like.

    Those are where a resolver sends who asks for a blocked name, or inside a network.
    """
    v4, v6 = hosts.v4, hosts.v6
    at = np.searchsorted(NO_HOST.start, v4.start, side="right") - 1
    is_host4 = (at < 0) | (v4.stop > NO_HOST.stop[at])
    is_host6 = v6.last.high >= np.uint64(FIRST_NETWORK)
    is_host6 &= v6.first.high < np.uint64(STOP_NETWORK)
    if is_host4.all() and is_host6.all():
        return hosts
    n = np.union1d(hosts.record4[~is_host4], hosts.record6[~is_host6]).size
    note = (
        f"{n:,} rows have addresses at which no public host is, as a resolver answers for a "
        "blocked name (0.0.0.0, 127.0.0.1, private): these addresses are taken as not known"
    )
    return replace(
        hosts,
        v4=Entries4(v4.start[is_host4], v4.stop[is_host4], v4.line[is_host4]),
        v6=Entries6(v6.first.take(is_host6), v6.last.take(is_host6), v6.line[is_host6]),
        record4=hosts.record4[is_host4],
        record6=hosts.record6[is_host6],
        notes=(*hosts.notes, note),
    )


def special_note(entries: Entries4) -> str:
    """Return what to tell the user of rows that touch such space; empty if none does."""
    # A row meets an interval unless as many intervals end before it as start before its end.
    started = np.searchsorted(SPECIAL.start, entries.stop, side="left")
    ended = np.searchsorted(SPECIAL.stop, entries.start, side="right")
    n_rows = int(np.count_nonzero(started > ended))
    if not n_rows:
        return ""
    return (
        f"{n_rows:,} rows hold IPv4 addresses that are private, reserved, multicast or for "
        "documentation: no public host answers there"
    )
