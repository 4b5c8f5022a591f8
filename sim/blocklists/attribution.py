"""Whose addresses a blocklist lists.

An address belongs to the most specific prefix over it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import LABELS, Feed, Labels, members
from sim.addresses.sets.blocks import Numbers, masked
from sim.addresses.sets.intervals import AddressSet, Intervals, IntervalSet, IntervalSet6
from sim.addresses.sets.prefixes import PrefixTable, PrefixTable6
from sim.addresses.text.reading import Entries4, Entries6, FamilyEntries
from sim.errors import UsageError

Claims = NDArray[np.bool_]


def row_overlap(
    v4: Entries4, v6: Entries6, addresses: AddressSet
) -> tuple[Claims, Claims, Claims, Claims]:
    """Return for IPv4 rows, then for IPv6 rows, whether all and whether any of each is held."""
    return *overlap(v4, addresses.v4), *overlap(v6, addresses.v6)


def first_held(entries: FamilyEntries, addresses: Intervals) -> Numbers:
    """First address of each row that a set holds; without meaning where it holds none."""
    first = entries.start.copy()
    later = np.flatnonzero(~addresses.contains(first))
    later = later[entries.stop[later] - first[later] > 1]
    place = np.searchsorted(addresses.start, first[later], side="left")
    first[later] = np.append(addresses.start, -1)[place]
    return first


def overlap(entries: FamilyEntries, addresses: Intervals) -> tuple[Claims, Claims]:
    """Return whether all and whether any of each row is held."""
    is_any = addresses.contains(entries.start)
    wide = np.flatnonzero(entries.stop - entries.start > 1)
    if not wide.size:
        return is_any, is_any
    is_whole = is_any.copy()
    start, stop = entries.start[wide], entries.stop[wide]
    if addresses:
        row = np.searchsorted(addresses.start, start, side="right") - 1
        reach = np.where(row >= 0, addresses.stop[row], 0)
        is_whole[wide] = reach >= stop
        # Held where an interval reaches into the row from before, or starts inside it.
        inside = np.searchsorted(addresses.start, stop, side="left") > row + 1
        is_any[wide] = (reach > start) | inside
    return is_whole, is_any


NOT_KNOWN = "(not known)"
NOT_COVERED = "(in no prefix of the table)"
TOGETHER = "+"
BETWEEN = " / "
"""Separates the values of several columns."""


@dataclass(frozen=True)
class Group:
    """Listed addresses of one provider, region, country or network.

    Attributes
    ----------
    name
        Value of the column; `NOT_KNOWN` where the table has none, `NOT_COVERED` for listed
        addresses outside the table.
    n_addresses4, n_addresses6
        Addresses listed.
    n_addresses4_of, n_addresses6_of
        Out of how many; None outside the table.
    n_prefixes4_wholly, n_prefixes4_partly, n_prefixes4_of
        IPv4 prefixes of the table all, or some, of whose addresses are listed, out of how many. A
        range is treated as the fewest prefixes it consists of, so that a table has as many whether
        its file is read or the normal table made of it; a prefix that comes again counts once.
    n_prefixes6_wholly, n_prefixes6_partly, n_prefixes6_of
        The same of IPv6.
    """

    name: str
    n_addresses4: int
    n_addresses4_of: int | None
    n_addresses6: int
    n_addresses6_of: int | None
    n_prefixes4_wholly: int = 0
    n_prefixes4_partly: int = 0
    n_prefixes4_of: int = 0
    n_prefixes6_wholly: int = 0
    n_prefixes6_partly: int = 0
    n_prefixes6_of: int = 0

    @property
    def share4(self) -> float | None:
        """Share of the group's IPv4 addresses that is listed; None where it has none."""
        return self.n_addresses4 / self.n_addresses4_of if self.n_addresses4_of else None

    @property
    def share6(self) -> float | None:
        """Share of the group's IPv6 addresses that is listed; None where it has none."""
        return self.n_addresses6 / self.n_addresses6_of if self.n_addresses6_of else None

    @property
    def is_touched(self) -> bool:
        """Whether anything of it is listed."""
        return self.n_addresses4 > 0 or self.n_addresses6 > 0


@dataclass(frozen=True)
class Breakdown:
    """Listed addresses by one column."""

    by: str
    """Name of the column, or of several with ``+`` between them."""
    groups: tuple[Group, ...]
    """Most listed IPv4 addresses first; groups without listed addresses are included."""
    is_list: bool
    """Whether the column is a list: an address then counts under each of its values."""


@dataclass(frozen=True, eq=False)
class Attributes:
    """Attribute tables, ready for look-ups."""

    feed: Feed
    """The table."""
    table4: PrefixTable
    table6: PrefixTable6
    """Longest-prefix match to rows of prefixes."""
    record4: NDArray[np.int64]
    record6: NDArray[np.int64]
    """Record of each row of prefixes."""
    first4: NDArray[np.bool_]
    first6: NDArray[np.bool_]
    """Whether each row of prefixes is the first of its prefix."""

    @property
    def n_repeated(self) -> int:
        """Prefixes that came a second time; the first row counts."""
        return int(np.count_nonzero(~self.first4) + np.count_nonzero(~self.first6))

    @classmethod
    def of(cls, feed: Feed) -> Attributes:
        """Prepare a table."""
        row4, address4, length4 = feed.v4.to_prefixes()
        row6, address6, length6 = feed.v6.to_prefixes()
        return cls(
            feed,
            PrefixTable.from_prefixes(address4, length4),
            PrefixTable6.from_prefixes(address6, length6),
            feed.record4[row4],
            feed.record6[row6],
            first_rows(address4, length4),
            first_rows(address6, length6),
        )

    def prefixes(self) -> tuple[Entries4, Entries6]:
        """Return the prefixes as rows of a list."""
        line4, line6 = (np.zeros(record.size, np.int64) for record in (self.record4, self.record6))
        return (
            Entries4(*masked(self.table4.address, self.table4.length), line4),
            Entries6(*masked(self.table6.address, self.table6.length), line6),
        )


def break_down(listed: AddressSet, attributes: Attributes, by: Sequence[str]) -> list[Breakdown]:
    """Count what is listed by each column, or combination of columns, that the table has."""
    n_records = attributes.feed.n_records
    columns: list[Numbers] = []
    outside: list[int] = []
    families = (
        (attributes.table4, attributes.record4, listed.v4, IntervalSet.universe()),
        (attributes.table6, attributes.record6, listed.v6, IntervalSet6.universe()),
    )
    for table, record, addresses, everything in families:
        counted = table.count_by_row(addresses)
        outside.append(int(counted[-1]))
        by_row = (counted, table.count_by_row(everything))
        columns += [_summed(each[:-1], record, n_records) for each in by_row]
    is_whole4, is_any4, is_whole6, is_any6 = row_overlap(*attributes.prefixes(), listed)
    for record, is_first, is_whole, is_any in (
        (attributes.record4, attributes.first4, is_whole4, is_any4),
        (attributes.record6, attributes.first6, is_whole6, is_any6),
    ):
        kinds = (is_whole, is_any & ~is_whole, np.ones(record.size, np.bool_))
        columns += [np.bincount(record[is_first & chosen], minlength=n_records) for chosen in kinds]
    found = []
    for name in by:
        if (labels := labels_of(attributes.feed, name)) is None:
            continue
        record, code, names = members(labels)
        unknown = np.flatnonzero(labels.code < 0)
        record = np.concatenate((record, unknown))
        code = np.concatenate((code, np.full(unknown.size, len(names), np.int32)))
        names = [*names, NOT_KNOWN]
        summed = (_summed(column[record], code, len(names)).tolist() for column in columns)
        groups = [Group(*values) for values in zip(names, *summed, strict=True)]
        n_unnamed = groups[-1].n_prefixes4_of + groups[-1].n_prefixes6_of
        groups = groups if n_unnamed else groups[:-1]
        if any(outside):
            groups.append(Group(NOT_COVERED, outside[0], None, outside[1], None))
        groups.sort(key=lambda group: (-group.n_addresses4, -group.n_addresses6, group.name))
        is_list = any(len(each) > 1 for each in labels.lists or ())
        found.append(Breakdown(name, tuple(groups), is_list))
    return found


def check_columns(by: Sequence[str]) -> None:
    """Refuse what is no column, or combination of columns, of any table.

    Raises
    ------
    UsageError
        If a name is no such column.
    """
    for name in by:
        for part in name.split(TOGETHER):
            if part not in LABELS:
                raise UsageError(f"--by: expected {', '.join(LABELS)}, got {part!r}")


def labels_of(feed: Feed, by: str) -> Labels | None:
    """Column of a feed, or several as one; None where it lacks one of them."""
    names = by.split(TOGETHER)
    if any(name not in feed.labels for name in names):
        return None
    if len(names) == 1:
        return feed.labels[names[0]]
    return _together([feed.labels[name] for name in names])


def _together(columns: Sequence[Labels]) -> Labels:
    """Several columns as one: a value for each combination; none where all are missing."""
    code = np.stack([column.code for column in columns], axis=1).astype(np.int64)
    distinct, inverse = np.unique(code, axis=0, return_inverse=True)
    # Codes are at least -1, so that the combination of unknown values alone is the first.
    n_unknown = int((distinct < 0).all(axis=1).sum())
    names = [
        BETWEEN.join(
            (column.names[at] if at >= 0 else NOT_KNOWN)
            for column, at in zip(columns, combination, strict=True)
        )
        for combination in distinct[n_unknown:].tolist()
    ]
    return Labels((inverse.reshape(-1) - n_unknown).astype(np.int32), names)


def _summed(value: Numbers, group: NDArray[Any], n_groups: int) -> Numbers:
    """Sum of values by group, exact."""
    total = np.zeros(n_groups, value.dtype)
    np.add.at(total, group, value)
    return total


def first_rows(*columns: Numbers) -> NDArray[np.bool_]:
    """Whether each row is the first of its kind."""
    ranks = [
        np.unique(column, return_inverse=True)[1] if column.dtype == object else column
        for column in columns
    ]
    order = np.lexsort(ranks[::-1])
    is_first = np.ones(order.size, np.bool_)
    if order.size:
        differs = [rank[order][1:] != rank[order][:-1] for rank in ranks]
        is_first[order[1:]] = np.logical_or.reduce(differs)
    return is_first
