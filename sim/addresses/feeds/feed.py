"""Records with columns, and the addresses of each record: what every imported file becomes.

`concatenate` joins feeds; a column that only some of them have is not known for the records of the
others. `without_sinkholes` and `special_note` deal with addresses at which nobody has a host.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import AddressSet, IntervalSet
from sim.addresses.sets.line import FIRST_NETWORK, STOP_NETWORK
from sim.addresses.text.reading import Entries4, Entries6
from sim.errors import Problem, UsageError

LABELS = ("provider", "region", "service", "country", "name", "sector", "asn")
"""Text columns a record may have; ``asn`` and ``service`` may be lists."""
LISTS = ("asn", "service")
NUMBERS = ("n_names", "revenue_usd_per_h")
"""Columns of numbers; NaN where not known."""

RESOLVE = (
    "resolve them where the blocking is (zdns A --input-file names.txt > answers.jsonl, or massdns "
    "-o J); exposure takes them by --names answers.jsonl"
)
"""What to do about names."""
UNPLACED = "rows have no usable address"
"""Text of the note about rows without an address."""


@dataclass(frozen=True, eq=False)
class Labels:
    """A text column as codes into distinct values."""

    code: NDArray[np.int32]
    """Row of ``names``; -1 where there is no value; shape (n_records,), int32, read-only."""
    names: Sequence[str]
    """Values as text, in the order of first appearance; distinct unless they are lists."""
    lists: Sequence[tuple[str, ...]] | None = None
    """Members of each value, where values are lists (origins of a prefix, services of a range);
    None where each value is one text."""

    @property
    def texts(self) -> list[str]:
        """Text of each record; empty where there is no value."""
        names = [*self.names, ""]
        return [names[code] for code in self.code.tolist()]

    @classmethod
    def of_lists(cls, code: NDArray[np.int32], lists: Sequence[tuple[str, ...]]) -> Labels:
        """Return a column of distinct lists, each shown with semicolons between its members."""
        return cls(code, [";".join(members) for members in lists], lists)

    def __post_init__(self) -> None:
        self.code.flags.writeable = False

    @property
    def n_known(self) -> int:
        """Records that have a value."""
        return int(np.count_nonzero(self.code >= 0))


@dataclass(frozen=True)
class Origin:
    """Where records came from."""

    file: str
    """As the user named it."""
    format: str
    """Name of the format it was read as."""
    date: str = ""
    """The file's own date in its own words; empty where it states none."""
    licence: str = ""
    """Known terms of the data; empty where none are known."""


_TABLES = ("inventory", "json-list", "json-lines", "parquet")
"""Forms whose columns the user named."""


@dataclass(frozen=True, eq=False)
class Feed:
    """An imported file."""

    origin: Origin
    """Where it came from."""
    n_records: int
    """Records, those without an address included."""
    v4: Entries4
    v6: Entries6
    """Addresses of the records: a row is one prefix, address or range."""
    record4: NDArray[np.int64]
    record6: NDArray[np.int64]
    """The record each row belongs to, in [0, n_records); shapes (len(v4),), (len(v6),), int64,
    read-only."""
    labels: Mapping[str, Labels] = field(default_factory=dict)
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    """Columns by name, each of shape (n_records,)."""
    n_lines: int = 0
    n_bad: int = 0
    """Lines (or entries of a document) met, and how many of them were refused."""
    problems: tuple[Problem, ...] = ()
    """The first of the refused ones, described."""
    notes: tuple[str, ...] = ()
    """Traps of the format that this file holds, in words for the user."""
    questions: tuple[Problem, ...] = ()
    """Ambiguous input: an error, unless the user names the form of the file."""
    known_in_part: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Records that have addresses besides theirs that are not known, in any sequence."""

    def __post_init__(self) -> None:
        for column in (self.record4, self.record6, *self.numbers.values()):
            column.flags.writeable = False
        assert self.record4.size == len(self.v4)
        assert self.record6.size == len(self.v6)
        assert all(column.code.size == self.n_records for column in self.labels.values())
        assert all(column.size == self.n_records for column in self.numbers.values())

    @property
    def is_placed(self) -> NDArray[np.bool_]:
        """Whether each record has a usable address; shape (n_records,)."""
        placed = np.zeros(self.n_records, np.bool_)
        placed[self.record4] = placed[self.record6] = True
        return placed

    @property
    def n_unplaced(self) -> int:
        """Records without a usable address: not known to any count of addresses."""
        return self.n_records - int(np.count_nonzero(self.is_placed))

    def to_set(self) -> AddressSet:
        """Return the union of all rows."""
        return AddressSet(self.v4.to_set(), self.v6.to_set())

    def using(self, *used: str) -> Feed:
        """Return the same with a note that names the user's columns besides those used."""
        left = [each for each in (*self.labels, *self.numbers) if each not in used]
        if not left or self.origin.format not in _TABLES:
            return self
        return replace(self, notes=(*self.notes, f"columns ignored: {', '.join(left)}"))

    def with_provider(self, provider: str) -> Feed:
        """Return the same with a provider for the records that name none.

        Raises
        ------
        UsageError
            If each names one.
        """
        given = self.labels.get("provider", Labels(np.full(self.n_records, -1, np.int32), []))
        if self.n_records and (given.code >= 0).all():
            named = ", ".join(dict.fromkeys(given.texts))
            raise UsageError(f"{self.origin.file}: names {named}: give it without {provider}=")
        names = list(dict.fromkeys([*given.names, provider]))
        code = np.where(given.code < 0, np.int32(names.index(provider)), given.code)
        return replace(self, labels={**self.labels, "provider": Labels(code, names)})

    def of_records(self, kept: NDArray[np.bool_]) -> Feed:
        """Return some of the records, with their rows and columns.

        Parameters
        ----------
        kept : shape (n_records,), bool
        """
        mask4, mask6 = kept[self.record4], kept[self.record6]
        number = np.cumsum(kept) - 1
        return replace(
            self,
            n_records=int(np.count_nonzero(kept)),
            v4=self.v4.take(mask4),
            v6=self.v6.take(mask6),
            record4=number[self.record4[mask4]],
            record6=number[self.record6[mask6]],
            known_in_part=number[self.known_in_part[kept[self.known_in_part]]],
            labels={
                name: replace(column, code=column.code[kept])
                for name, column in self.labels.items()
            },
            numbers={name: column[kept] for name, column in self.numbers.items()},
        )


def members(labels: Labels) -> tuple[NDArray[np.int64], NDArray[np.int32], list[str]]:
    """Write a column out, member by member where its values are lists.

    Returns
    -------
    record : shape (n_pairs,), int64
        Record of each pair, ascending; records without a value are excluded.
    code : shape (n_pairs,), int32
        Member of each pair.
    names
        Distinct members.
    """
    record = np.flatnonzero(labels.code >= 0)
    code = labels.code[record]
    if labels.lists is None:
        return record, code, list(labels.names)
    number: dict[str, int] = {}
    listed = [[number.setdefault(part, len(number)) for part in parts] for parts in labels.lists]
    n_members = np.array([len(parts) for parts in listed], np.int64)
    flat = np.array([part for parts in listed for part in parts], np.int32)
    first = np.cumsum(n_members) - n_members
    run = n_members[code]
    offset = np.arange(int(run.sum())) - np.repeat(np.cumsum(run) - run, run)
    return np.repeat(record, run), flat[np.repeat(first[code], run) + offset], list(number)


def concatenate(feeds: Sequence[Feed]) -> Feed:
    """Return one feed or more as one; lines are those of each record's own file."""
    if len(feeds) == 1:
        return feeds[0]
    first = np.cumsum([0, *(feed.n_records for feed in feeds)])
    columns = dict.fromkeys(column for feed in feeds for column in feed.labels)
    numbers = dict.fromkeys(column for feed in feeds for column in feed.numbers)
    return Feed(
        Origin(
            ", ".join(feed.origin.file for feed in feeds),
            ", ".join(dict.fromkeys(feed.origin.format for feed in feeds)),
        ),
        int(first[-1]),
        Entries4.concatenate([feed.v4 for feed in feeds]),
        Entries6.concatenate([feed.v6 for feed in feeds]),
        np.concatenate([feed.record4 + at for feed, at in zip(feeds, first, strict=False)]),
        np.concatenate([feed.record6 + at for feed, at in zip(feeds, first, strict=False)]),
        {column: _join_labels(feeds, column) for column in columns},
        {
            column: np.concatenate(
                [feed.numbers.get(column, np.full(feed.n_records, np.nan)) for feed in feeds]
            )
            for column in numbers
        },
        sum(feed.n_lines for feed in feeds),
        sum(feed.n_bad for feed in feeds),
        tuple(problem for feed in feeds for problem in feed.problems),
        tuple(f"{feed.origin.file}: {note}" for feed in feeds for note in feed.notes),
        known_in_part=np.concatenate(
            [feed.known_in_part + at for feed, at in zip(feeds, first, strict=False)]
        ),
    )


def _join_labels(feeds: Sequence[Feed], column: str) -> Labels:
    """One column of several, with one number for each distinct value."""
    given = [feed.labels[column] for feed in feeds if column in feed.labels]
    is_list = any(labels.lists is not None for labels in given)
    number: dict[str | tuple[str, ...], int] = {}
    pieces: list[NDArray[np.int32]] = []
    for feed in feeds:
        if column not in feed.labels:
            pieces.append(np.full(feed.n_records, -1, np.int32))
            continue
        labels = feed.labels[column]
        values: Sequence[str | tuple[str, ...]] = labels.names
        if is_list:
            values = labels.lists or [(name,) for name in labels.names]
        recoded = [number.setdefault(value, len(number)) for value in values]
        pieces.append(np.array([*recoded, -1], np.int32)[labels.code])
    code = np.concatenate(pieces)
    if is_list:
        return Labels.of_lists(code, [value for value in number if isinstance(value, tuple)])
    return Labels(code, [value for value in number if isinstance(value, str)])


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
SINKHOLES = IntervalSet.of("0.0.0.0/8", "127.0.0.0/8")
PRIVATE = IntervalSet.of("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
SPECIAL = NO_HOST.union(IntervalSet.of("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"))


def without_sinkholes(hosts: Feed, *, keeps_special: bool = False) -> Feed:
    """Return records without rows at which no public host is: loopback, private and the like.

    Those are where a resolver sends who asks for a blocked name, or inside a network. A record of
    which a resolver hid an address is known in part.
    """
    v4, v6 = hosts.v4, hosts.v6
    is_hidden4, is_hidden6 = _is_within(v4, SINKHOLES), np.asarray(v6.stop <= 2, np.bool_)
    is_lost4 = _is_within(v4, SINKHOLES.union(PRIVATE))
    is_lost6 = is_hidden6 | (v6.start >= 0xFC << 120) & (v6.stop <= 0xFE << 120)
    if not keeps_special:
        is_lost4 = _is_within(v4, NO_HOST)
        is_lost6 = (v6.stop <= FIRST_NETWORK << 64) | (v6.start >= STOP_NETWORK << 64)
    lost = np.union1d(hosts.record4[is_lost4], hosts.record6[is_lost6])
    if not lost.size:
        return hosts
    # Tables have private addresses beside public ones; an answer is one or the other.
    hidden = np.union1d(hosts.record4[is_hidden4], hosts.record6[is_hidden6])
    hidden = lost if hosts.origin.format == "zdns" else hidden
    note = (
        f"{lost.size:,} rows have addresses at which no public host is, as a resolver answers for "
        "a blocked name (0.0.0.0, 127.0.0.1, private): these addresses are taken as not known"
    )
    return replace(
        hosts,
        v4=v4.take(~is_lost4),
        v6=v6.take(~is_lost6),
        record4=hosts.record4[~is_lost4],
        record6=hosts.record6[~is_lost6],
        notes=(*hosts.notes, note),
        known_in_part=np.union1d(hosts.known_in_part, hidden),
    )


def _is_within(v4: Entries4, space: IntervalSet) -> NDArray[np.bool_]:
    """Whether each row is within one interval of a set."""
    at = np.searchsorted(space.start, v4.start, side="right") - 1
    return np.asarray((at >= 0) & (v4.stop <= space.stop[at]), np.bool_)


def special_note(feed: Feed) -> str:
    """Return what to tell the user of rows that touch such space; empty if none does."""
    v4, v6 = feed.v4, feed.v6
    # A row meets an interval unless as many intervals end before it as start before its end.
    started = np.searchsorted(SPECIAL.start, v4.stop, side="left")
    ended = np.searchsorted(SPECIAL.stop, v4.start, side="right")
    is_special = (v6.start < FIRST_NETWORK << 64) | (v6.stop > STOP_NETWORK << 64)
    # RFC 3849
    is_example = (v6.start < 0x20010DB9 << 96) & (v6.stop > 0x20010DB8 << 96)
    n_rows = np.count_nonzero(started > ended) + np.count_nonzero(is_special | is_example)
    if not n_rows:
        return ""
    return (
        f"{n_rows:,} rows hold addresses that are private, reserved, multicast or for "
        "documentation: no public host answers there"
    )
