"""Bands of all curves at even times: the rows of ``bands.parquet``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.curves import CURVES
from sim.measure.bands import Band, bands_at
from sim.measure.summary import LEVEL
from sim.results.curves import CurveKey, group_names, read_curves
from sim.results.folder import SPLITS, RunFolder
from sim.results.parquet import Coded, ColumnData, Instants, n_rows_of

S_PER_H, S_PER_D = 3600, 86_400
MOST_TIMES = 1500
MOST_AT_ONCE = 2**20
"""Rows of a file of which all measures of a strategy are read in one scan, which is for each."""
_STEPS_S = (
    (4 * S_PER_D, 600),
    (62 * S_PER_D, S_PER_H),
    (366 * S_PER_D, 6 * S_PER_H),
    (MOST_TIMES * S_PER_D, S_PER_D),
)
"""Length of a run, at most, and the step between its times."""


def even_times(horizon_s: int) -> NDArray[np.int64]:
    """Times from 0 to the end of a run: every hour in a run of up to two months.

    The step is ten minutes for four days, six hours for a year, a day for four years, and whole
    weeks for longer runs.
    """
    n_weeks = -(-horizon_s // (MOST_TIMES * 7 * S_PER_D))
    step_s = next((step for most, step in _STEPS_S if horizon_s <= most), 7 * S_PER_D * n_weeks)
    return np.arange(0, horizon_s, step_s)


def even_bands(run: RunFolder, labels: Sequence[str]) -> dict[str, ColumnData]:
    """Columns of ``bands.parquet``.

    Parameters
    ----------
    labels
        Strategies that have a run.

    Raises
    ------
    DataError
        If the curves cannot be read.
    """
    at_s = even_times(run.horizon_s)
    found = [
        (row, key, band)
        for row, label in enumerate(labels)
        for key, band in _bands_of(run, label, at_s)
    ]
    names = {
        split: sorted({key.name for _, key, _ in found if key.split == split}) for split in SPLITS
    }
    metrics = list(CURVES)
    n = at_s.size

    def code(rows: Sequence[int]) -> NDArray[np.int64]:
        return np.repeat(np.array(rows, np.int64), n)

    def group(split: str) -> Coded:
        rows = [names[split].index(key.name) if key.split == split else -1 for _, key, _ in found]
        return Coded(code(rows), names[split])

    t_s = np.tile(at_s, len(found))
    denominator = np.array([band.denominator for _, _, band in found], np.float64)
    lines = [np.array([band.median, band.low, band.high]) for _, _, band in found]
    median, low, high = np.concatenate([np.empty((3, 0)), *lines], axis=1)
    return {
        "strategy": Coded(code([row for row, _, _ in found]), labels),
        "t_s": t_s,
        "time_utc": Instants(t_s + int(run.start.timestamp())),
        "metric": Coded(code([metrics.index(key.metric) for _, key, _ in found]), metrics),
        **{split: group(split) for split in SPLITS},
        "median": median,
        "low": low,
        "high": high,
        "level": np.full(t_s.size, LEVEL),
        "n_simulations": code([band.n_simulations for _, _, band in found]),
        "denominator": np.repeat(denominator, n),
    }


def _bands_of(
    run: RunFolder, label: str, at_s: NDArray[np.int64]
) -> Iterator[tuple[CurveKey, Band]]:
    """Bands of one strategy; of many points, those of one measure are in memory at a time."""
    names = group_names(run, label, list(CURVES))
    held = [metric for metric in CURVES if run.has_curve(metric, label)]
    is_small = n_rows_of(run.path / "curves.parquet") <= MOST_AT_ONCE
    for together in [held] if is_small and held else [[metric] for metric in held]:
        curves = read_curves(run, label, together, together, names)
        for _, keys in groupby(curves, key=attrgetter("metric")):
            of_one = list(keys)
            yield from zip(of_one, bands_at([curves[key] for key in of_one], at_s), strict=True)
