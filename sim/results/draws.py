"""Measures of the draws of all that is not known, read from a run folder.

In: a run folder, strategies and metrics. Out: weights, and one value for each draw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, Problem
from sim.results.parquet import numbers, read_columns
from sim.results.read import RunFolder


@dataclass(frozen=True, eq=False)
class DrawnMeasures:
    """Measures of every draw, in the same order of draws.

    Attributes
    ----------
    weight : shape (n_draws,)
        Weights of the draws, which sum to 1.
    value : shape (n_draws,) each
        By strategy and metric, mean over the replicates of the draw; NaN where one is not known.
    is_finished : shape (n_draws,)
        Whether every strategy asked for has all replicates of the draw.
    """

    weight: NDArray[np.float64]
    value: Mapping[tuple[str, str], NDArray[np.float64]]
    is_finished: NDArray[np.bool_]


def read_draws(run: RunFolder, labels: Sequence[str], metrics: Sequence[str]) -> DrawnMeasures:
    """Read measures of all draws.

    Raises
    ------
    DataError
        If the files cannot be read, or hold draws of another folder.
    """
    query = "SELECT DISTINCT draw, weight FROM data ORDER BY draw"
    weight = numbers(read_columns(run.path / "draw_values.parquet", query)["weight"])
    columns = read_columns(
        run.path / "draw_measures.parquet",
        "SELECT draw, strategy, metric, count(*) AS n, "
        "CASE WHEN count(value) = count(*) THEN avg(value) END AS value FROM data "
        "WHERE list_contains($labels, strategy) AND list_contains($metrics, metric) "
        "GROUP BY draw, strategy, metric ORDER BY ALL",
        {"labels": list(labels), "metrics": list(metrics)},
    )
    draw, value = columns["draw"].astype(np.int64), numbers(columns["value"])
    there = np.unique(draw).tolist()
    if there and (there[-1] >= weight.size or len(there) < run.n_draws):
        file, expected = str(run.path / "draw_measures.parquet"), f"{run.n_draws} of {weight.size}"
        message = f"expected {expected} draws, got {len(there)}, the last of them {there[-1]}"
        raise DataError([Problem(file, message, key="draw")])
    is_whole = columns["n"].astype(np.int64) >= int(run.manifest["draws"]["per_draw"])
    values, is_finished = {}, np.ones(weight.size, np.bool_)
    for label in labels:
        is_there = np.zeros(weight.size, np.bool_)
        for metric in metrics:
            rows = (columns["strategy"] == label) & (columns["metric"] == metric) & is_whole
            found = np.full(weight.size, np.nan)
            found[draw[rows]] = value[rows]
            is_there[draw[rows]] = True
            values[label, metric] = found
        is_finished &= is_there
    return DrawnMeasures(weight, values, is_finished)
