"""Businesses, their burdens and their waits, read from a run folder.

In: a run folder. Out: columns of businesses, sums over them by sector or provider, and times from
one event to the next about the same thing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder

SPLITS = ("sector", "provider")
S_PER_H = 3600


def read_businesses(
    run: RunFolder, names: Sequence[str], strategy: str | None = None
) -> dict[str, NDArray[np.float64]]:
    """Columns of numbers by name, and ``replicate``: a row per business and replicate.

    Raises
    ------
    UsageError
        If the folder has no such strategy.
    DataError
        If the file cannot be read.
    """
    wanted = ", ".join(("replicate", *names))
    columns = read_columns(
        run.path / "businesses.parquet",
        f"SELECT {wanted} FROM data WHERE strategy = ? ORDER BY file_row_number",
        [run.strategy(strategy)],
    )
    return {name: numbers(column) for name, column in columns.items()}


@dataclass(frozen=True, eq=False)
class Burden:
    """Impairment of one group of businesses under one strategy; arrays by replicate.

    Attributes
    ----------
    name
        The sector, or the provider of the front end.
    n_businesses, n_impaired : shape (n_replicates,)
        Businesses of the group, and those impaired at least once.
    impaired_h : shape (n_replicates,)
        Business-hours impaired.
    """

    name: str
    n_businesses: NDArray[np.float64]
    n_impaired: NDArray[np.float64]
    impaired_h: NDArray[np.float64]


def read_burdens(run: RunFolder, strategy: str, split: str) -> list[Burden]:
    """Read the burdens of groups of businesses, the greatest first.

    Parameters
    ----------
    strategy
        Label.
    split
        ``sector`` or ``provider``.

    Raises
    ------
    DataError
        If the table cannot be read.
    """
    assert split in SPLITS
    columns = read_columns(
        run.path / "businesses.parquet",
        f"SELECT {split} AS name, replicate, count(*) AS n, "
        "count(*) FILTER (impaired_s > 0) AS n_impaired, sum(impaired_s) AS impaired_s "
        "FROM data WHERE strategy = ? GROUP BY ALL ORDER BY name, replicate",
        [strategy],
    )
    replicate = np.asarray(columns["replicate"], np.int64)
    known = np.unique(replicate)
    names = np.asarray(np.ma.filled(columns["name"].astype(object), ""), dtype=object)
    found = []
    for name in dict.fromkeys(names.tolist()):
        mine = names == name
        # A group without a business in a replicate has no row there, and no burden.
        row = np.searchsorted(known, replicate[mine])
        table = np.zeros((3, known.size))
        for target, column in zip(table, ("n", "n_impaired", "impaired_s"), strict=True):
            target[row] = np.asarray(columns[column][mine], float)
        found.append(Burden(str(name), table[0], table[1], table[2] / S_PER_H))
    return sorted(found, key=lambda burden: (-float(burden.impaired_h.mean()), burden.name))


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
