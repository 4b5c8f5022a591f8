"""What the sites of an inventory met in the runs of a folder, as columns by replicate and site.

In: the tables of runs, and the label of a strategy. Out: numbers and texts; missing where a table
has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES
from sim.results.parquet import numbers, read_columns

TIMES = ("affected_h", "impaired_h", "down_h", "lost_demand_h")
BY_CAUSE = tuple(f"lost_demand_h_{cause.name}" for cause in CAUSES)
TEXTS = ("sector", "provider", "region", "country", "drawn")
LOSSES = ("loss_usd", "visits_lost")


@dataclass(frozen=True, eq=False)
class SiteRuns:
    """The runs of a strategy.

    Attributes
    ----------
    site
        Names, by site row.
    number
        Numbers by column, each of shape (n_replicates, n_sites); NaN where missing.
    text
        Texts by column, in the same shape; empty where missing.
    """

    site: tuple[str, ...]
    number: Mapping[str, NDArray[np.float64]]
    text: Mapping[str, NDArray[np.object_]]


def read_sites(folder: Path, label: str) -> SiteRuns:
    """What each site met in each run over all users."""
    columns = (*TIMES, *BY_CAUSE, *LOSSES, "revenue_usd_per_h", "first_outage_s", "last_outage_s")
    found = read_columns(
        folder / "site_runs.parquet",
        f"SELECT site, replicate, {', '.join((*columns, *TEXTS))} FROM data "
        "WHERE strategy = ? AND operator IS NULL ORDER BY replicate, business",
        [label],
    )
    shape = np.unique(found["replicate"]).size, -1
    names = found["site"].reshape(shape)[0].tolist()
    return SiteRuns(
        tuple(names),
        {name: numbers(found[name]).reshape(shape) for name in columns},
        {name: np.ma.filled(found[name], "").reshape(shape) for name in TEXTS},
    )


def read_operators(folder: Path, label: str) -> dict[str, dict[str, dict[int, list[float]]]]:
    """``TIMES`` of each site at each operator in each replicate in which it failed there."""
    found = read_columns(
        folder / "site_runs.parquet",
        f"SELECT site, operator, replicate, {', '.join(TIMES)} FROM data "
        "WHERE strategy = ? AND operator IS NOT NULL ORDER BY file_row_number",
        [label],
    )
    columns = [found[name].tolist() for name in ("site", "operator", "replicate", *TIMES)]
    by_site: dict[str, dict[str, dict[int, list[float]]]] = {}
    for site, operator, replicate, *values in zip(*columns, strict=True):
        by_site.setdefault(site, {}).setdefault(operator, {})[replicate] = values
    return by_site
