"""Reads many curves of one strategy in one pass over the file.

In: a run folder, a strategy, names of measures. Out: change points by measure and group. A folder
of many replicates has tens of millions of rows: one scan for each curve would be slow, and one for
all strategies would not fit into a small memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, Problem
from sim.results.folder import IS_WHOLE, SPLITS, CurvePoints, RunFolder, rescaled
from sim.results.parquet import numbers, read_columns

_SPLIT = "CASE " + " ".join(f"WHEN {name} IS NOT NULL THEN '{name}'" for name in SPLITS) + " END"
_NAME = f"coalesce({', '.join(SPLITS)})"
_IS_SPLIT = " + ".join(f"({name} IS NOT NULL)::TINYINT" for name in SPLITS) + " = 1"


@dataclass(frozen=True, order=True)
class CurveKey:
    """Measure and group of one curve.

    Attributes
    ----------
    metric
        Name of the measure.
    split, name
        ``provider``, ``sector`` or ``role``, and which; both empty where it is about everybody.
    """

    metric: str
    split: str = ""
    name: str = ""


def read_curves(
    run: RunFolder,
    strategy: str,
    metrics: Sequence[str],
    split_metrics: Sequence[str] = (),
    names: Sequence[tuple[str, str]] | None = None,
) -> dict[CurveKey, CurvePoints]:
    """Read curves over everybody, and for some measures by provider, sector and role as well.

    Parameters
    ----------
    strategy
        Label of the strategy.
    metrics
        Measures to read over everybody; those that the folder does not have are left out.
    split_metrics
        Measures to read by provider, by sector and by role as well.
    names
        Splits and names that may occur, as of `group_names`, by who reads one measure after the
        other; looked up when left out.

    Returns
    -------
    curves
        By key, sorted by measure, split and name. The points of each are sorted by replicate and
        time; a value that is not known is NaN.

    Raises
    ------
    DataError
        If the file cannot be read, or holds none of these curves.
    UsageError
        If the folder has no such strategy.
    """
    label = run.strategy(strategy)
    path = run.path / "curves.parquet"
    numbered = list(dict.fromkeys((*metrics, *split_metrics)))
    if names is None:
        names = group_names(run, label, split_metrics) if split_metrics else []
    columns = read_columns(
        path,
        # The three texts of a row's key are numbered in SQL: millions of Python strings would take
        # longer than the scan.
        f"""
        SELECT
            list_position($metrics, metric)::INTEGER AS metric,
            coalesce(list_position($groups, {_SPLIT} || ' ' || {_NAME}), 0)::INTEGER AS "group",
            replicate::INTEGER AS replicate, t_s, value::DOUBLE AS value,
            denominator::DOUBLE AS denominator
        FROM data
        WHERE strategy = $strategy AND (
            (list_contains($whole, metric) AND {IS_WHOLE})
            OR (list_contains($split_metrics, metric) AND {_IS_SPLIT}))
        ORDER BY file_row_number
        """,
        {
            "strategy": label,
            "metrics": numbered,
            "whole": list(metrics),
            "groups": [f"{split} {name}" for split, name in names],
            "split_metrics": list(split_metrics),
        },
        n_threads=None,
    )
    if not columns["t_s"].size:
        message = f"expected curves of {', '.join(numbered)} for {label}, got none"
        raise DataError([Problem(str(path), message)])
    groups = [("", ""), *names]
    shape = (len(numbered), len(groups))
    code = np.ravel_multi_index(
        (np.asarray(columns["metric"]) - 1, np.asarray(columns["group"])), shape
    )
    value, denominator = numbers(columns["value"]), numbers(columns["denominator"])
    curves = {}
    for number, rows in _rows_by_code(code, int(np.prod(shape))):
        metric, group = np.unravel_index(number, shape)
        key = CurveKey(numbered[metric], *groups[group])
        points = CurvePoints(
            replicate=columns["replicate"][rows].astype(np.int64),
            t_s=columns["t_s"][rows].astype(np.int64),
            value=value[rows],
            denominator=denominator[rows],
        )
        curves[key] = rescaled(key.metric, points) if run.is_ensemble else points
    return curves


def group_names(run: RunFolder, strategy: str, metrics: Sequence[str]) -> list[tuple[str, str]]:
    """Splits and names that occur in curves of these measures, sorted."""
    columns = read_columns(
        run.path / "curves.parquet",
        f"""
        SELECT DISTINCT {_SPLIT} AS split, {_NAME} AS name FROM data
        WHERE strategy = $strategy AND list_contains($metrics, metric) AND {_IS_SPLIT}
        ORDER BY ALL
        """,
        {"strategy": strategy, "metrics": list(metrics)},
    )
    pairs = zip(columns["split"].tolist(), columns["name"].tolist(), strict=True)
    return [(str(split), str(name)) for split, name in pairs]


def _rows_by_code(code: NDArray[np.int64], n_codes: int) -> list[tuple[int, NDArray[np.int64]]]:
    """Rows of each code that occurs, in the order of the file."""
    sizes = np.bincount(code, minlength=n_codes)
    # 16-bit integers are sorted by their digits, in one pass over the rows.
    rank = (np.cumsum(sizes > 0) - 1).astype(np.int16 if n_codes < 2**15 else np.int64)[code]
    order = np.argsort(rank, kind="stable")
    present = np.flatnonzero(sizes)
    ends = np.cumsum(sizes[present])
    return [
        (int(number), order[end - sizes[number] : end])
        for number, end in zip(present, ends, strict=True)
    ]
