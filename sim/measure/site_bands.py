"""The wide band of each site of an inventory: over all draws of what is not known.

In: lines of sites, ``draw_sites.parquet``, and the weights of the draws. Out: the lines with low
end, median and high end of each site's hours, loss and lost visits. A site without a row in a draw
met nothing in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measure.site_draws import WIDE
from sim.measure.site_lines import SiteLine
from sim.measure.summary import LEVEL
from sim.results.parquet import numbers, read_columns
from sim.statistics.ensembles import weighted_quantiles

ENDS = ("low", "median", "high")
SHARES = np.array([(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])


def with_wide_bands(
    lines: Sequence[SiteLine],
    folder: Path,
    label: str,
    weight: NDArray[np.float64],
    n_per_draw: int,
) -> list[SiteLine]:
    """Lines of which those of a strategy, over all users, have wide bands.

    Parameters
    ----------
    weight : shape (n_draws,)
        Weights of the draws, which sum to 1; 0 for those that are not finished.
    n_per_draw
        Replicates of each draw, which share its weight.

    Raises
    ------
    DataError
        If the table cannot be read.
    """
    mine = [row for row, line in enumerate(lines) if line.strategy == label and not line.operator]
    bands = _bands(folder, label, [lines[row].site for row in mine], weight, n_per_draw)
    widened = list(lines)
    for place, row in enumerate(mine):
        wide: dict[str, Any] = {name: float(band[place]) for name, band in bands.items()}
        if math.isnan(lines[row].visits_lost):
            # What is not given is not known, though nothing was met in any draw.
            wide |= {f"visits_lost_all_{end}": math.nan for end in ENDS}
        widened[row] = replace(lines[row], n_draws=int((weight > 0).sum()), **wide)
    return widened


def _bands(
    folder: Path, label: str, sites: Sequence[str], weight: NDArray[np.float64], n_per_draw: int
) -> dict[str, NDArray[np.float64]]:
    """Bands by column of ``sites.csv``, shape (n_sites,) each."""
    found = read_columns(
        folder / "draw_sites.parquet",
        f"SELECT draw, replicate, site, {', '.join(WIDE)} FROM data WHERE strategy = ?",
        [label],
    )
    place = {name: row for row, name in enumerate(sites)}
    site = np.array([place[name] for name in found["site"].tolist()], np.int64)
    run = found["draw"].astype(np.int64) * n_per_draw + found["replicate"].astype(np.int64)
    weight_of_run = np.repeat(weight / n_per_draw, n_per_draw)
    bands: dict[str, NDArray[np.float64]] = {}
    for name in WIDE:
        values = np.zeros((weight_of_run.size, len(sites)))
        values[run, site] = np.nan_to_num(numbers(found[name]))
        quantiles = weighted_quantiles(values, weight_of_run, SHARES)
        bands |= {f"{name}_all_{end}": quantiles[row] for row, end in enumerate(ENDS)}
    return bands
