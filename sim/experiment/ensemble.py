"""What an ensemble of draws says: for each measure luck alone, all that is not known, and what it
hangs on.

In: a plan with draws, the measures of its replicates, and the table of the measures of its draws.
Out: lines of ``uncertainty.csv``, and the values of each draw as columns. Luck is that of the
scenario as given; the wide band holds luck and every unknown at once. It is one file, since each
line needs both bands of the same draws.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.curves import BUSINESSES, CURVES
from sim.experiment.draws import Draws, luck_of_draw
from sim.experiment.plan import Plan
from sim.measure.measures import Measure
from sim.measure.money.money_parameters import drawn_dials
from sim.measure.summary import LEVEL, spread_of
from sim.results.parquet import Coded, ColumnData, numbers, read_columns
from sim.statistics.ensembles import (
    effective_size,
    luck_share,
    rank_shares,
    ranks_of,
    weighted_quantiles,
)
from sim.streams import Streams

DRAW_MEASURES = "draw_measures"
N_NAMED = 3
"""Assumptions that are named for each measure, of those that matter most."""
ENDS = np.array([(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])


@dataclass(frozen=True)
class UncertaintyLine:
    """One measure of one strategy: a row of ``uncertainty.csv``, whose columns have these names."""

    strategy: str
    metric: str
    unit: str
    n_replicates: int
    luck_median: float
    luck_low: float
    luck_high: float
    n_draws: int
    n_effective: float
    share_known: float
    median: float
    low: float
    high: float
    level: float
    share_luck: float
    hangs_on_1: str = ""
    hangs_on_1_share: float = math.nan
    hangs_on_2: str = ""
    hangs_on_2_share: float = math.nan
    hangs_on_3: str = ""
    hangs_on_3_share: float = math.nan


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Measures of the draws of a plan.

    Attributes
    ----------
    plan
        With draws.
    labels
        Labels of the strategies.
    measures
        Name, unit and unit of the denominator of each measure.
    value : shape (n_draws, n_strategies, n_per_draw, n_measures)
        NaN where not known, and where a run failed or is not finished.
    is_finished : shape (n_draws, n_strategies)
        Whether all replicates of a draw are there.
    """

    plan: Plan
    labels: tuple[str, ...]
    measures: tuple[Measure, ...]
    value: NDArray[np.float64]
    is_finished: NDArray[np.bool_]

    @property
    def draws(self) -> Draws:
        """The draws."""
        assert self.plan.draws is not None
        return self.plan.draws

    @property
    def n_finished(self) -> int:
        """Draws of which every strategy has all its replicates."""
        return int(self.is_finished.all(axis=1).sum())

    def weight_of(self, is_used: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Weights of the draws that are used, which sum to 1; 0 for the others."""
        weight = np.where(is_used, self.draws.weight, 0.0)
        total = weight.sum()
        return np.asarray(weight / total if total > 0 else weight)

    def of(self, metric: str, label: str) -> NDArray[np.float64]:
        """Values of one measure under one strategy, shape (n_draws, n_per_draw)."""
        names = [measure.metric for measure in self.measures]
        return self.value[:, self.labels.index(label), :, names.index(metric)]

    def inputs(self) -> tuple[list[str], NDArray[np.float64], NDArray[np.int64]]:
        """All that was drawn, as one table.

        Returns
        -------
        keys
            Names of the unknowns, those of money last.
        inputs : shape (n_draws, n_inputs)
            One column for each dial.
        owner : shape (n_inputs,)
            Row among the keys.
        """
        draws, root_seed = self.draws, self.plan.root_seed
        keys = [factor.key for factor in draws.unknowns]
        money = [drawn_dials(Streams(root_seed, luck_of_draw(draw, 0))) for draw in range(draws.n)]
        keys += [f"{self.plan.resolved.money_parameters.name}.{key}" for key in money[0]]
        columns = [*draws.amounts, *np.array([list(one.values()) for one in money]).T[:, :, None]]
        owner = np.repeat(np.arange(len(keys)), [column.shape[1] for column in columns])
        return keys, np.concatenate(columns, axis=1), owner


def read_ensemble(folder: Path, plan: Plan) -> Ensemble:
    """Read the measures of all draws of a folder.

    Raises
    ------
    DataError
        If they cannot be read.
    """
    assert plan.draws is not None
    names = ("draw", "strategy", "replicate", "metric", "unit", "value", "denominator_unit")
    columns = read_columns(
        folder / f"{DRAW_MEASURES}.parquet",
        f"SELECT {', '.join(names)} FROM data ORDER BY file_row_number",
        [],
    )
    texts = {
        name: np.ma.filled(columns[name], "").astype(str)
        for name in ("strategy", "metric", "unit", "denominator_unit")
    }
    metric, first, row = np.unique(texts["metric"], return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    measures = tuple(
        Measure(
            str(metric[one]),
            str(texts["unit"][first[one]]),
            math.nan,
            math.nan,
            str(texts["denominator_unit"][first[one]]),
        )
        for one in order
    )
    labels = plan.labels
    strategy = np.array([labels.index(label) for label in texts["strategy"]], np.int64)
    shape = (plan.draws.n, len(labels), plan.n_per_draw, len(measures))
    value, is_there = np.full(shape, np.nan), np.zeros(shape[:3], np.bool_)
    draw, replicate = (columns[name].astype(np.int64) for name in ("draw", "replicate"))
    value[draw, strategy, replicate, place[row]] = numbers(columns["value"])
    is_there[draw, strategy, replicate] = True
    return Ensemble(plan, labels, measures, value, np.asarray(is_there.all(axis=2)))


def uncertainty_lines(
    ensemble: Ensemble, measures: Mapping[str, Mapping[int, Sequence[Measure]]]
) -> tuple[UncertaintyLine, ...]:
    """Both bands of every measure of every strategy, and what the wide one hangs on.

    Parameters
    ----------
    measures
        Of the replicates of the scenario as given, by strategy and replicate.
    """
    keys, inputs, owner = ensemble.inputs()
    ranks_by: dict[bytes, NDArray[np.float64]] = {}

    def ranks(is_known: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.float64]:
        # Nearly all measures are known in the same draws.
        key = is_known.tobytes()
        if key not in ranks_by:
            ranks_by[key] = ranks_of(inputs[is_known], weight)
        return ranks_by[key]

    lines = []
    for label in ensemble.labels:
        runs = list(measures.get(label, {}).values())
        own = {
            measure.metric: np.array([run[row].value for run in runs])
            for row, measure in enumerate(runs[0] if runs else ())
        }
        for measure in ensemble.measures:
            again = own.get(measure.metric, np.empty(0))
            lines.append(_line(ensemble, label, measure, again, keys, owner, ranks))
    return tuple(lines)


def _line(
    ensemble: Ensemble,
    label: str,
    measure: Measure,
    again: NDArray[np.float64],
    keys: Sequence[str],
    owner: NDArray[np.int64],
    ranks: Callable[[NDArray[np.bool_], NDArray[np.float64]], NDArray[np.float64]],
) -> UncertaintyLine:
    found = ensemble.of(measure.metric, label)
    finished = ensemble.is_finished[:, ensemble.labels.index(label)]
    is_known = finished & ~np.isnan(found).any(axis=1)
    weight = ensemble.weight_of(is_known)
    asked = ensemble.weight_of(finished)
    each = found.shape[1]
    quantiles = weighted_quantiles(
        np.where(is_known[:, None], found, 0.0).ravel(), np.repeat(weight / each, each), ENDS
    )
    first = found[is_known, 0]
    within = each > 1
    shares = {}
    luck = math.nan
    if is_known.sum() > 1:
        rest = weight[is_known]
        repeated = found[is_known] if within else again[~np.isnan(again)]
        luck = luck_share(first, rest, repeated, within=within)
        share = rank_shares(first, ranks(is_known, rest), rest)
        total = np.bincount(owner, share, minlength=len(keys))
        best = np.argsort(-total, kind="stable")[:N_NAMED]
        shares = {keys[row]: float(total[row]) for row in best if total[row] > 0}
    named: dict[str, str | float] = {}
    for row, (key, one) in enumerate(shares.items(), 1):
        named |= {f"hangs_on_{row}": key, f"hangs_on_{row}_share": one}
    spread = spread_of(again[~np.isnan(again)])
    return UncertaintyLine(
        label,
        measure.metric,
        measure.unit,
        int(again.size),
        spread.median,
        spread.low,
        spread.high,
        int(finished.sum()),
        effective_size(asked),
        min(float(asked[is_known].sum()), 1.0),
        float(quantiles[1]),
        float(quantiles[0]) if is_known.sum() > 1 else math.nan,
        float(quantiles[2]) if is_known.sum() > 1 else math.nan,
        LEVEL,
        luck,
        **named,  # type: ignore[arg-type]
    )


def draw_columns(ensemble: Ensemble) -> dict[str, ColumnData]:
    """Columns of ``draw_values.parquet``: weight and values of every draw."""
    keys, inputs, owner = ensemble.inputs()
    n_draws, n_inputs = inputs.shape
    part = np.arange(n_inputs) - np.searchsorted(owner, owner)
    return {
        "draw": np.repeat(np.arange(n_draws), n_inputs),
        "weight": np.repeat(ensemble.draws.weight, n_inputs),
        "unknown": Coded(np.tile(owner, n_draws), keys),
        "part": np.tile(part, n_draws),
        "amount": inputs.ravel(),
    }


def wide_bands(
    folder: Path, plan: Plan, finished: Ensemble, label: str
) -> dict[str, NDArray[np.float64]]:
    """Low end, median and high end of every curve over everybody, over all draws.

    How many businesses there are is drawn as well. Counts of them are shares here, of those of each
    draw: else a curve would show how many there may be, and hide how many of them are hit.

    Parameters
    ----------
    finished
        Of the same folder: a draw that is not finished counts in no curve.

    Returns
    -------
    bands
        By name of the curve, shape (3, n_times); times are those of ``bands.parquet``.

    Raises
    ------
    DataError
        If the curves cannot be read.
    """
    path = folder / "draw_curves.parquet"
    names = read_columns(path, "SELECT DISTINCT metric FROM data ORDER BY metric", [])["metric"]
    is_used = finished.is_finished[:, finished.labels.index(label)]
    bands = {}
    for name in names.tolist():
        columns = read_columns(
            path,
            "SELECT draw, value, denominator FROM data WHERE strategy = ? AND metric = ? "
            "ORDER BY draw, replicate, t_s",
            [label, name],
        )
        draw, first = np.unique(columns["draw"], return_index=True)
        if not draw.size:
            continue
        n_each = np.diff([*first, columns["draw"].size])
        n_times = int(n_each[0]) // plan.n_per_draw
        draw = np.repeat(draw, plan.n_per_draw)
        found = numbers(columns["value"])
        if CURVES[name].unit == BUSINESSES:
            found = found / numbers(columns["denominator"])
        values = found.reshape(draw.size, n_times)
        # A draw in which the curve is not known at some time has none of it.
        is_known = ~np.isnan(values).any(axis=1)
        weight = np.where(is_known, finished.weight_of(is_used)[draw], 0.0)
        bands[name] = weighted_quantiles(np.nan_to_num(values), weight, ENDS)
    return bands
