"""Reads the register of a run folder: orders, enforcement, fronts, waits.

Sets of addresses hold IPv4 alone, on which maps and curves are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.text.entries import Entries4
from sim.addresses.text.text import parse_entries
from sim.errors import DataError, Problem
from sim.results.folder import RunFolder
from sim.results.parquet import read_columns

NEVER = -1
NOT_IPV4 = -1
_LISTING = ("drop", "throttle")


@dataclass(frozen=True, eq=False)
class Fronts:
    """The target's fronts in one replicate, by row.

    Attributes
    ----------
    address, rented_s : shape (n_fronts,)
        Where it is, and since when; of IPv6 ``NOT_IPV4`` stands for the address.
    discovered_s, gone_s : shape (n_fronts,)
        When the censor discovered it, and when its provider evicted it or the target gave it back;
        -1 where that did not happen in the run.
    """

    address: NDArray[np.int64]
    rented_s: NDArray[np.int64]
    discovered_s: NDArray[np.int64]
    gone_s: NDArray[np.int64]

    def at(self, t_s: int) -> NDArray[np.bool_]:
        """Which fronts are rented at a time."""
        is_gone = (self.gone_s != NEVER) & (self.gone_s <= t_s)
        return np.asarray((self.rented_s <= t_s) & ~is_gone, np.bool_)


@dataclass(frozen=True, eq=False)
class RegisterHistory:
    """Orders of one replicate.

    Attributes
    ----------
    addresses
        IPv4 addresses of each entry, by entry row; empty for an entry that blocks a name or holds
        IPv6 alone.
    is_listing, is_exempt : shape (n_entries,)
        Whether the entry lists its addresses, or lets them pass.
    placed_s, withdrawn_s : shape (n_entries,)
        When the entry came into force, and when it was withdrawn; -1 where it never was.
    fronts
        The target's fronts.
    """

    addresses: tuple[IntervalSet, ...]
    is_listing: NDArray[np.bool_]
    is_exempt: NDArray[np.bool_]
    placed_s: NDArray[np.int64]
    withdrawn_s: NDArray[np.int64]
    fronts: Fronts

    @property
    def change_s(self) -> NDArray[np.int64]:
        """Times at which orders were placed or withdrawn, ascending, and 0."""
        withdrawn = self.withdrawn_s[self.withdrawn_s != NEVER]
        return np.unique(np.concatenate(([0], self.placed_s, withdrawn)))

    def in_force(self, t_s: int) -> NDArray[np.bool_]:
        """Which entries are in force at the end of a second."""
        is_withdrawn = (self.withdrawn_s != NEVER) & (self.withdrawn_s <= t_s)
        return np.asarray((self.placed_s <= t_s) & ~is_withdrawn, np.bool_)

    def listed_at(self, t_s: int) -> IntervalSet:
        """Addresses listed at a time, the target's own among them.

        The union of the entries in force that drop or throttle, less the exempt ones.
        """
        force = self.in_force(t_s)
        listed = self._union(force & self.is_listing)
        return listed.difference(self._union(force & self.is_exempt))

    def _union(self, rows: NDArray[np.bool_]) -> IntervalSet:
        return IntervalSet.union_all(self.addresses[row] for row in np.flatnonzero(rows))


def read_register(
    run: RunFolder, strategy: str | None = None, replicate: int = 0
) -> RegisterHistory:
    """Read orders and fronts of one replicate.

    Raises
    ------
    UsageError
        If the folder has no such strategy or replicate.
    DataError
        If its files cannot be read, or contradict each other.
    """
    label = run.strategy(strategy)
    run.check_replicate(replicate, label)
    return register_in(run.path, label, replicate)


def register_in(folder: Path, strategy: str, replicate: int) -> RegisterHistory:
    """Read orders and fronts of one replicate from the files of a folder, whole or part of a run.

    Raises
    ------
    DataError
        If its files cannot be read, or contradict each other.
    """
    key = [strategy, replicate]
    where = "WHERE strategy = ? AND replicate = ?"
    events = read_columns(
        folder / "events.parquet",
        f"SELECT t_s, kind, entry, front, address FROM data {where} "
        "AND kind IN ('block', 'unblock', 'rented', 'discovered', 'evicted', 'cancelled') "
        "ORDER BY file_row_number",
        key,
    )
    entries = read_columns(
        folder / "entries.parquet",
        f"SELECT entry, mechanism, prefix FROM data {where} ORDER BY file_row_number",
        key,
    )
    kind = np.asarray(events["kind"], object)
    t_s = np.asarray(events["t_s"], np.int64)
    placed_s = _times(t_s, events["entry"], kind == "block")
    n = placed_s.size
    entry = np.asarray(entries["entry"], np.int64)
    if (placed_s == NEVER).any() or (entry >= n).any():
        message = "expected an order for every entry, got none for some"
        raise DataError([Problem(str(folder / "events.parquet"), message)])
    mechanism = np.full(n, "", object)
    mechanism[entry] = np.asarray(entries["mechanism"], object)
    return RegisterHistory(
        addresses=_sets(entry, np.asarray(entries["prefix"], object), n, folder),
        is_listing=np.isin(mechanism.astype(str), _LISTING),
        is_exempt=mechanism == "exempt",
        placed_s=placed_s,
        withdrawn_s=_times(t_s, events["entry"], kind == "unblock", n),
        fronts=_fronts(t_s, kind, events, folder),
    )


def _times(
    t_s: NDArray[np.int64], row: NDArray[np.int64], chosen: NDArray[np.bool_], n: int | None = None
) -> NDArray[np.int64]:
    """Time of the event about each row; -1 where there is none."""
    rows = np.ma.filled(np.ma.asarray(row)[chosen], NEVER).astype(np.int64)
    if n is None:
        n = int(rows.max()) + 1 if rows.size else 0
    times = np.full(n, NEVER, np.int64)
    times[rows] = t_s[chosen]
    return times


def _ipv4_of(texts: Sequence[str], name: str) -> Entries4:
    """IPv4 rows of a column of prefixes of either family, with the row of each from 1."""
    entries = parse_entries("\n".join(texts), name)
    if len(entries) != len(texts):
        message = f"expected a prefix in each of {len(texts):,} rows, got {len(entries):,}"
        raise DataError([Problem(name, message)])
    return entries.v4


def _sets(
    entry: NDArray[np.int64], prefix: NDArray[np.object_], n: int, folder: Path
) -> tuple[IntervalSet, ...]:
    """IPv4 addresses of each entry."""
    rows = _ipv4_of(prefix.tolist(), str(folder / "entries.parquet"))
    entry = entry[rows.line - 1]
    order = np.argsort(entry, kind="stable")
    cut = np.searchsorted(entry[order], np.arange(n + 1))
    start, stop = rows.start[order], rows.stop[order]
    return tuple(
        # Most entries are one prefix, with nothing to merge.
        IntervalSet(start[first:last], stop[first:last])
        if last - first == 1
        else IntervalSet.from_bounds(start[first:last], stop[first:last])
        for first, last in pairwise(cut.tolist())
    )


def _fronts(
    t_s: NDArray[np.int64],
    kind: NDArray[np.object_],
    events: dict[str, NDArray[np.int64]],
    folder: Path,
) -> Fronts:
    is_rented = kind == "rented"
    rented_s = _times(t_s, events["front"], is_rented)
    texts = np.ma.filled(np.ma.asarray(events["address"])[is_rented], "").tolist()
    address = np.full(rented_s.size, NOT_IPV4, np.int64)
    row = np.asarray(events["front"][is_rented], np.int64)
    four = _ipv4_of(texts, str(folder / "events.parquet"))
    address[row[four.line - 1]] = four.start
    return Fronts(
        address=address,
        rented_s=rented_s,
        discovered_s=_times(t_s, events["front"], kind == "discovered", rented_s.size),
        gone_s=_times(
            t_s, events["front"], (kind == "evicted") | (kind == "cancelled"), rented_s.size
        ),
    )


S_PER_H = 3600


def read_waits(
    run: RunFolder, strategy: str, since: str, until: str, by: str
) -> tuple[NDArray[np.float64], int]:
    """Read times from each event of one kind to the events of another kind that follow it.

    Parameters
    ----------
    since, until
        Kinds of events, such as ``complained`` and ``exempted``.
    by
        Column that both share: ``business`` or ``entry``. Exempting entries are left out, since
        they block nothing.

    Returns
    -------
    waits_h : shape (n_pairs,)
        Hours, over all replicates.
    n_open
        Events of the first kind that none of the second follows within the run.
    """
    assert by in ("business", "entry")
    columns = read_columns(
        run.path / "events.parquet",
        f"WITH {_BLOCKING}, "
        f"begun AS (SELECT replicate, {by}, t_s FROM blocking WHERE kind = ?), "
        f"done AS (SELECT replicate, {by}, t_s FROM blocking WHERE kind = ?) "
        "SELECT done.t_s - begun.t_s AS wait_s "
        f"FROM begun LEFT JOIN done ON done.replicate = begun.replicate AND done.{by} = begun.{by} "
        "AND done.t_s >= begun.t_s ORDER BY wait_s",
        [strategy, strategy, since, until],
        others={"entries": run.path / "entries.parquet"},
    )
    wait_s = columns["wait_s"]
    is_open = np.ma.getmaskarray(wait_s)
    return np.asarray(wait_s[~is_open], float) / S_PER_H, int(np.count_nonzero(is_open))


_BLOCKING = (
    "exempting AS (SELECT DISTINCT replicate, entry FROM entries "
    "WHERE strategy = ? AND mechanism = 'exempt'), "
    "blocking AS (SELECT * FROM data ANTI JOIN exempting USING (replicate, entry) "
    "WHERE strategy = ?)"
)
"""Events of one strategy without those of exempting entries; takes the strategy twice."""


@dataclass(frozen=True, eq=False)
class Entries:
    """Entries of the register under one strategy; arrays by replicate.

    Attributes
    ----------
    n_placed, n_withdrawn : shape (n_replicates,)
        Entries placed, and those of them withdrawn before the end of the run, without exempting
        ones, which block nothing.
    """

    n_placed: NDArray[np.float64]
    n_withdrawn: NDArray[np.float64]


def read_entries(run: RunFolder, strategy: str) -> Entries:
    """Count the entries placed and withdrawn in each replicate."""
    columns = read_columns(
        run.path / "events.parquet",
        f"WITH {_BLOCKING} SELECT replicate, count(*) FILTER (kind = 'block') AS placed, "
        "count(*) FILTER (kind = 'unblock') AS withdrawn FROM blocking "
        "GROUP BY replicate ORDER BY replicate",
        [strategy, strategy],
        others={"entries": run.path / "entries.parquet"},
    )
    return Entries(np.asarray(columns["placed"], float), np.asarray(columns["withdrawn"], float))
