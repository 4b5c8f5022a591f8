"""The moment at which a page opens, and the strategy it speaks of.

In: bands of a run's curves. Out: a label and a second.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sim.measure.bands import Band
from sim.report.figures.told import lines_of
from sim.report.page.over_time.panels import LISTED, SPLIT_METRIC, Bands
from sim.results.read import RunFolder

NEARLY = 0.9
"""Share of the most impaired at once from which on a moment is one of the worst."""


def worst_moment(run: RunFolder, bands: Bands) -> tuple[str, int]:
    """Strategy and second at which most businesses are impaired, by the lines that are told.

    These are medians of draws where draws are kept, and means over replicates elsewhere.

    Where little is listed then, the moment of most listed at which nearly as many are: where a
    block ends by the clock, most are impaired when nothing is listed any more.
    """
    worst = (run.strategies[0], 0)
    most = -1.0
    bands = {**_told(bands, SPLIT_METRIC), **_told(bands, LISTED)}
    for strategy in run.strategies:
        band = bands.get((strategy, SPLIT_METRIC))
        if band is not None and band.mean.max() > most:
            most = float(band.mean.max())
            near = band.t_s[band.mean >= NEARLY * most]
            listed = bands.get((strategy, LISTED))
            at = int(band.t_s[np.argmax(band.mean)])
            if listed is not None and near.size:
                held = _values_of(listed, near)
                if _values_of(listed, np.array([at]))[0] < held.max() / 2:
                    at = int(near[np.argmax(held)])
            worst = strategy, at
    return worst


def _told(bands: Bands, metric: str) -> dict[tuple[str, str], Band]:
    return lines_of({key: band for key, band in bands.items() if key[1] == metric})


def _values_of(band: Band, t_s: NDArray[np.int64]) -> NDArray[np.float64]:
    """Mean of a band at some seconds: its last value up to each."""
    return band.mean[np.maximum(np.searchsorted(band.t_s, t_s, side="right") - 1, 0)]
