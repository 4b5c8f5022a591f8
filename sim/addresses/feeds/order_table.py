"""Dated orders as rows of the table that strategies and ``exposure --at`` read.

Ranges that are no prefix become several rows.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from sim.addresses.feeds.orders import Orders
from sim.addresses.sets.blocks import split_ranges, split_ranges6
from sim.addresses.sets.format import format_lines4, format_lines6

COLUMNS = ("effective", "action", "prefix", "mechanism", "operators", "owner", "source")


def order_rows(orders: Orders) -> list[list[str]]:
    """Return the rows of the table, their cells as ``COLUMNS``.

    Rows are sorted by time; at the same second in the sequence of the file. Orders without a usable
    prefix have none.
    """
    feed = orders.feed
    row4, address4, length4 = split_ranges(feed.v4.start, feed.v4.stop)
    row6, address6, length6 = split_ranges6(feed.v6.first, feed.v6.last)
    prefixes = format_lines4(address4, length4) + format_lines6(address6, length6)
    record = np.concatenate((feed.record4[row4], feed.record6[row6]))
    text = prefixes.decode("ascii").splitlines()
    sequence = np.lexsort((record, orders.epoch_s[record]))
    times, blocks = orders.epoch_s.tolist(), orders.is_block.tolist()
    rows = []
    for at in sequence.tolist():
        order = int(record[at])
        effective = datetime.fromtimestamp(times[order], UTC).isoformat()
        action = "block" if blocks[order] else "unblock"
        party = orders.parties.code[order]
        operators, _, mechanism = (orders.parties.names[party] if party >= 0 else "").partition("(")
        rows.append(
            [
                effective,
                action,
                text[at],
                mechanism.removesuffix(")") or "drop",
                operators.strip(),
                "",
                feed.origin.file,
            ]
        )
    return rows
