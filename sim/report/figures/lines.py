"""One line of a chart as plain values, thinned to what can be seen.

In: change points of a curve, and where draws of all that is not known lie. Out: its band, and JSON
values.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.measure.bands import Band, band_at, thin, times_of, values_at
from sim.results.read import CurvePoints, WideBand

MAX_TIMES = 400
"""Times of one line on the page; what is left out could not be seen."""
_BUDGET = 200_000


def band_of_line(points: CurvePoints, horizon_s: int, wide: WideBand | None = None) -> Band:
    """Band of one curve as the page shows it."""
    n_replicates = int(np.unique(points.replicate).size)
    n_times = int(np.clip(_BUDGET // n_replicates, 2 * MAX_TIMES, 10 * MAX_TIMES))
    times = times_of(points, horizon_s, n_times)
    if wide is not None:
        times = np.union1d(times, wide.t_s)
    return thin(band_at(points, times, wide), MAX_TIMES)


def is_unmoved(points: CurvePoints, wide: WideBand) -> bool:
    """Whether a curve as given is that of every draw, wherever these are kept."""
    given = values_at(points, wide.t_s)
    return np.allclose(wide.ends[[0, 2]], given.mean(axis=0), rtol=1e-9, atol=1e-12) and (
        np.allclose(given, given[0], rtol=1e-9, atol=1e-12)
    )


def line_values(name: str, band: Band, unit: str, *, of_draws: bool = False) -> dict[str, Any]:
    """One line of a panel, as JSON values.

    Parameters
    ----------
    of_draws
        Whether the draws' median is the line, with the mean as given beside it.
    """
    decimals = 4 if unit.startswith("share") else _decimals(band.mean)
    has_band = not np.isnan(band.low).all()
    return {
        "name": name,
        "t": band.t_s.tolist(),
        "mean": plain(band.mean, decimals),
        "low": plain(band.low, decimals) if has_band else None,
        "high": plain(band.high, decimals) if has_band else None,
        "all": None if band.wide is None else [plain(end, decimals) for end in band.wide],
        "of_draws": of_draws,
        "of": None if math.isnan(band.denominator) else round(band.denominator, 2),
    }


def _decimals(values: NDArray[np.float64]) -> int:
    """Decimals that leave an error no eye can see."""
    known = values[~np.isnan(values)]
    top = float(np.abs(known).max()) if known.size else 0.0
    return max(0, 4 - math.floor(math.log10(top))) if top > 0 else 0


def plain(values: NDArray[np.float64], decimals: int) -> list[float | int | None]:
    """Numbers for JSON: rounded, whole ones without a point, and null where not known."""
    rounded = np.round(values, decimals)
    return [
        None if math.isnan(value) else int(value) if value.is_integer() else value
        for value in rounded.tolist()
    ]
