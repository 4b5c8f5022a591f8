"""Ranges whose last address stands in a column of its own."""

from __future__ import annotations

from collections.abc import Sequence

from sim.addresses.feeds.gather import Gathering, Line
from sim.addresses.sets.notation import shown

LAST_OF = {
    "start_ip": "end_ip", "ip_start": "ip_end", "start_address": "end_address",
    "first_ip": "last_ip", "first_address": "last_address", "range_start": "range_end",
    "ip_range_start": "ip_range_end",
}  # fmt: skip
"""Names of the column of last addresses, by those of the first ones."""


def with_last(
    gathering: Gathering, first: Sequence[str], last: Sequence[str], line: Line
) -> list[str]:
    """Return a range for each two addresses, an address where there is no last one.

    What is refused is left empty: a last address beside a prefix, a range or nothing.

    Parameters
    ----------
    first, last
        Both of each row.
    line : shape (n,), int64
        Line of each row.
    """
    ranges = []
    for row, cells in enumerate(zip(first, last, strict=True)):
        begin, end = (cell.strip() for cell in cells)
        if not end:
            ranges.append(begin)
        elif begin and not any(mark in cell for cell in (begin, end) for mark in "/-"):
            ranges.append(f"{begin}-{end}")
        else:
            got = " and ".join(map(shown, cells))
            message = f"expected the first and the last address of a range, got {got}"
            gathering.refuse(message, int(line[row]), "last")
            ranges.append("")
    return ranges
