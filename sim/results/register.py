"""Reads the register of a run folder: waits, entries placed and withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.results.folder import RunFolder
from sim.results.parquet import read_columns

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
        f"WITH {_BLOCKING}, runs AS (SELECT DISTINCT replicate FROM measures WHERE strategy = ?) "
        "SELECT replicate, count(*) FILTER (kind = 'block') AS placed, "
        "count(*) FILTER (kind = 'unblock') AS withdrawn FROM runs LEFT JOIN blocking "
        "USING (replicate) GROUP BY replicate ORDER BY replicate",
        [strategy, strategy, strategy],
        others={name: run.path / f"{name}.parquet" for name in ("entries", "measures")},
    )
    return Entries(np.asarray(columns["placed"], float), np.asarray(columns["withdrawn"], float))
