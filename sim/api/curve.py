"""One curve of a result on a grid of times, or at its change points.

In: a run folder, the name of a curve, a step. Out: columns. A curve is constant between its change
points, so that its value at any time is exact.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.api.columns import Columns
from sim.catalogue.curves import CURVES
from sim.errors import UsageError
from sim.measure.bands import Band, band_at
from sim.results.folder import SPLITS, CurvePoints, RunFolder

Every: TypeAlias = "str | float | timedelta | None"
"""Step of a grid: ``"1h"``, a ``timedelta``, seconds; None for change points."""
MOST_TIMES = 1_000_000
_STEP = re.compile(r"(\d+(?:\.\d+)?)\s*(s|min|h|d|w)")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}


def curve_columns(
    run: RunFolder, name: str, labels: Sequence[str], every: Every, by: str | None
) -> Columns:
    """Return a curve under some strategies as columns; see `Results.curve`.

    Raises
    ------
    UsageError
        If there is no such curve, group or step.
    """
    _check(run, name, by)
    grid = _grid(every, run.horizon_s)
    parts: list[tuple[str, str, Band]] = []
    for strategy in labels:
        if not run.has_curve(name, strategy):
            continue
        groups = _groups(run, name, by, strategy)
        for group, points in groups.items():
            times = _change_points(points) if grid is None else grid
            parts.append((strategy, group, band_at(points, times)))
    sizes = [band.t_s.size for _, _, band in parts]
    t_s = np.concatenate([band.t_s for _, _, band in parts])
    start = np.datetime64(run.start.astimezone(UTC).replace(tzinfo=None), "s")
    columns = Columns(strategy=np.repeat(_texts([one for one, _, _ in parts]), sizes))
    if by:
        columns[by] = np.repeat(_texts([group for _, group, _ in parts]), sizes)
    columns |= {
        "time": start + t_s.astype("timedelta64[s]"),
        "t_s": t_s,
        **{
            end: np.concatenate([getattr(band, end) for _, _, band in parts])
            for end in ("median", "low", "high")
        },
        "denominator": np.repeat([band.denominator for _, _, band in parts], sizes),
    }
    return columns


def _check(run: RunFolder, name: str, by: str | None) -> None:
    if not run.has_curve(name):
        known = [one for one in CURVES if run.has_curve(one)]
        close = difflib.get_close_matches(str(name), known, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise UsageError(f"name: expected one of the curves {', '.join(known)}, got {name!r}{hint}")
    if by is not None and by not in SPLITS:
        raise UsageError(f"by: expected one of {', '.join(SPLITS)}, got {by!r}")


def _groups(run: RunFolder, name: str, by: str | None, strategy: str) -> dict[str, CurvePoints]:
    if by is None:
        return {"": run.curve(name, strategy)}
    return run.curves_by(name, by, strategy)


def _grid(every: Every, horizon_s: int) -> NDArray[np.int64] | None:
    """Times from 0 to before the end; None for change points."""
    if every is None:
        return None
    step_s = _seconds(every)
    if not step_s >= 1 or step_s != int(step_s):
        raise UsageError(f"every: expected whole seconds above 0, got {every!r}")
    if horizon_s / step_s > MOST_TIMES:
        raise UsageError(f"every: expected at most {MOST_TIMES:,} steps, got {every!r}")
    return np.arange(0, horizon_s, int(step_s), dtype=np.int64)


def _seconds(every: str | float | timedelta) -> float:
    if isinstance(every, timedelta):
        return every.total_seconds()
    if isinstance(every, str):
        match = _STEP.fullmatch(every.strip())
        if match is None:
            known = ", ".join(_SECONDS)
            raise UsageError(f"every: expected a number with {known}, such as '1h', got {every!r}")
        return float(match[1]) * _SECONDS[match[2]]
    return float(every)


def _change_points(points: CurvePoints) -> NDArray[np.int64]:
    return np.unique(points.t_s)


def _texts(values: Sequence[str]) -> NDArray[np.object_]:
    return np.array(values, object)
