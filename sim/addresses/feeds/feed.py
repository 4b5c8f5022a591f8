"""What every imported file becomes: records with columns, and the addresses of each record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.families import AddressSet
from sim.addresses.text.entries import Entries4, Entries6
from sim.errors import Problem

LABELS = ("provider", "region", "service", "country", "name", "sector", "asn")
"""Text columns a record may have; ``asn`` and ``service`` may be lists."""
LISTS = ("asn", "service")
NUMBERS = ("n_names", "revenue_usd_per_h")
"""Columns of numbers; NaN where not known."""

RESOLVE = (
    "resolve them where the blocking is (zdns A --input-file names.txt > answers.jsonl, or massdns "
    "-o J), and say --names answers.jsonl; which names of a list such rules match, says 'overblock "
    "overmatch'"
)
"""What to do about names."""
UNPLACED = "rows have no usable address"
"""What a note says of rows that no address is known of."""


@dataclass(frozen=True, eq=False)
class Labels:
    """A text column as codes into distinct values.

    Attributes
    ----------
    code : shape (n_records,), int32, read-only
        Row of ``names``; -1 where there is no value.
    names
        Values as text, in the order of first appearance; distinct unless they are lists.
    lists
        Members of each value, where values are lists (origins of a prefix, services of a range);
        None where each value is one text.
    """

    code: NDArray[np.int32]
    names: Sequence[str]
    lists: Sequence[tuple[str, ...]] | None = None

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
    """Where records came from.

    Attributes
    ----------
    file
        As the user named it.
    format
        Name of the format it was read as.
    date
        The file's own date in its own words; empty where it states none.
    licence
        What is known of the terms the data come under; empty where nothing is.
    """

    file: str
    format: str
    date: str = ""
    licence: str = ""


@dataclass(frozen=True, eq=False)
class Feed:
    """An imported file.

    Attributes
    ----------
    origin
        Where it came from.
    n_records
        Records, those without an address included.
    v4, v6
        Addresses of the records: a row is one prefix, address or range.
    record4, record6 : shapes (len(v4),), (len(v6),), int64, read-only
        The record each row belongs to, in [0, n_records).
    labels, numbers
        Columns by name, each of shape (n_records,).
    n_lines, n_bad
        Lines (or entries of a document) met, and how many of them were refused.
    problems
        The first of the refused ones, described.
    notes
        Traps of the format that this file holds, in words for the user.
    questions
        What may be meant in another way: an error, unless the user said what the file is.
    """

    origin: Origin
    n_records: int
    v4: Entries4
    v6: Entries6
    record4: NDArray[np.int64]
    record6: NDArray[np.int64]
    labels: Mapping[str, Labels] = field(default_factory=dict)
    numbers: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    n_lines: int = 0
    n_bad: int = 0
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()
    questions: tuple[Problem, ...] = ()

    def __post_init__(self) -> None:
        for column in (self.record4, self.record6, *self.numbers.values()):
            column.flags.writeable = False
        assert self.record4.size == len(self.v4)
        assert self.record6.size == len(self.v6)
        assert all(column.code.size == self.n_records for column in self.labels.values())
        assert all(column.size == self.n_records for column in self.numbers.values())

    @property
    def n_unplaced(self) -> int:
        """Records without a usable address: not known to any count of addresses."""
        placed = np.zeros(self.n_records, np.bool_)
        placed[self.record4] = True
        placed[self.record6] = True
        return self.n_records - int(np.count_nonzero(placed))

    def to_set(self) -> AddressSet:
        """Return the union of all rows."""
        return AddressSet(self.v4.to_set(), self.v6.to_set())

    def with_provider(self, provider: str) -> Feed:
        """Return the same with a provider for the records that name none."""
        given = self.labels.get("provider")
        code = np.zeros(self.n_records, np.int32)
        if given is None:
            named = Labels(code, [provider])
        else:
            names = list(given.names)
            at = names.index(provider) if provider in names else len(names)
            known = given.code >= 0
            code[:] = np.where(known, given.code, np.int32(at))
            named = Labels(code, names if at < len(names) else [*names, provider])
        return replace(self, labels={**self.labels, "provider": named})

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
            v4=Entries4(self.v4.start[mask4], self.v4.stop[mask4], self.v4.line[mask4]),
            v6=Entries6(self.v6.first.take(mask6), self.v6.last.take(mask6), self.v6.line[mask6]),
            record4=number[self.record4[mask4]],
            record6=number[self.record6[mask6]],
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
        Record of each pair, ascending; records without a value are left out.
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
