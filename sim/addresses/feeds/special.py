"""Special-purpose addresses, at which nobody has a host.

In: rows of a list. Out: a note when some of them are set aside by the standards, since such rows
inflate every total.
"""

from __future__ import annotations

import numpy as np

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.text.entries import Entries4

# IANA IPv4 Special-Purpose Address Registry (RFC 6890), the blocks that are not globally
# reachable; multicast (RFC 5771) and the space once called class E (RFC 1112).
SPECIAL = IntervalSet.of(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
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
