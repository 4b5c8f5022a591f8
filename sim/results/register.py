"""Reads the register of a run folder: what is listed, waits, entries placed and withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.text.text import parse_entries
from sim.errors import DataError, Problem
from sim.results.folder import RunFolder
from sim.results.parquet import read_columns

_AT_A_TIME = """
WITH own AS (
    SELECT entry, max(t_s) FILTER (kind = 'block') AS placed_s,
        max(t_s) FILTER (kind = 'unblock') AS withdrawn_s
    FROM data WHERE strategy = $strategy AND replicate = $replicate GROUP BY entry)
SELECT prefix, mechanism = 'exempt' AS is_exempt, placed_s IS NULL AS is_never,
    placed_s <= $t_s AND coalesce(withdrawn_s > $t_s, true) AS is_in_force
FROM entries LEFT JOIN own USING (entry)
WHERE strategy = $strategy AND replicate = $replicate
    AND mechanism IN ('drop', 'throttle', 'exempt')
"""


def read_listed(
    run: RunFolder, strategy: str | None = None, replicate: int = 0, t_s: int = 0
) -> IntervalSet:
    """Read the IPv4 addresses listed at the end of a second, the target's own among them.

    The union of the entries in force that drop or throttle, less the exempt ones.

    Raises
    ------
    UsageError
        If the folder has no such strategy or replicate.
    DataError
        If its files cannot be read, or contradict each other.
    """
    label = run.strategy(strategy)
    run.check_replicate(replicate, label)
    columns = read_columns(
        run.path / "events.parquet",
        _AT_A_TIME,
        {"strategy": label, "replicate": replicate, "t_s": t_s},
        others={"entries": run.path / "entries.parquet"},
    )
    if np.any(columns["is_never"]):
        message = "expected an order for every entry, got none for some"
        raise DataError([Problem(str(run.path / "events.parquet"), message)])
    is_in_force = np.ma.filled(columns["is_in_force"], False)
    listed, exempt = (
        _ipv4_of(columns["prefix"][is_in_force & (columns["is_exempt"] == is_of)].tolist(), run)
        for is_of in (False, True)
    )
    return listed.difference(exempt)


def _ipv4_of(texts: list[str], run: RunFolder) -> IntervalSet:
    """IPv4 addresses of prefixes of either family."""
    name = str(run.path / "entries.parquet")
    entries = parse_entries("\n".join(texts), name)
    if len(entries) != len(texts):
        message = f"expected a prefix in each of {len(texts):,} rows, got {len(entries):,}"
        raise DataError([Problem(name, message)])
    return IntervalSet.from_bounds(entries.v4.start, entries.v4.stop)


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
