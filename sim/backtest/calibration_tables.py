"""Tables of a calibration of draws: weights, what was ruled out by which figure, what was informed.

In: draws that were run, and what figures leave of them. Out: tables. Nothing is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.experiment.draws import Draws
from sim.experiment.study import Sheet
from sim.experiment.weighted_draws import COLUMNS as WEIGHTED
from sim.experiment.weighted_draws import weighted_rows
from sim.measure.summary import LEVEL
from sim.results.columns import DRAW_VALUES, Column
from sim.scenario.cases import PlacedCase
from sim.statistics.ensembles import effective_size, weighted_quantiles
from sim.statistics.matching import RULED_OUT, distance_by_chance, kolmogorov_distance
from sim.uncertainty.history import History

ENDS = np.array([0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2])
WEIGHTS = (
    Column("draw", "integer", "", "Number of the draw in the sequence of the root seed, from 0"),
    Column("weight", "number", "", "Weight of the draw; weights sum to 1"),
    Column("root_seed", "integer", "", "Root of the sequence"),
    Column.text("unknowns", "Hash of the unknowns that were drawn"),
)
DRAWS = (
    Column("draw", "integer", "", "Number of the draw"),
    Column("wave", "integer", "", "1, or 2: not ruled out by the emulators of the first"),
    Column("weight", "number", "", "Weight of the draw; 0 where it is ruled out"),
    Column(
        "implausibility",
        "number",
        "standard deviations",
        "Greatest distance of an expected figure from the published one",
    ),
    Column.text("ruled_out_by", "Number that is farthest off, where it is ruled out"),
)
_SIX = tuple(
    Column.measured(f"{which}_{name}", f"{meaning} {over}")
    for which, over in (
        ("prior", "over the first wave, all weighing alike"),
        ("posterior", "over the weighted draws"),
    )
    for name, meaning in (
        ("median", "Median"),
        ("low", "5th percentile"),
        ("high", "95th percentile"),
    )
)
FIGURES = (
    Column.text("case", "Id of the case"),
    Column.text("number", "The number it shows: figures of one number count once"),
    Column.text("unit", "Unit of the figure"),
    Column.measured("published_low", "Least that the publication allows; missing without such"),
    Column.measured("published_high", "Most that the publication allows; missing without such"),
    *_SIX,
    Column("tolerance", "number", "log10", "Standard deviation of what the publication allows"),
    Column("discrepancy", "number", "log10", "Standard deviation stated of the model: assumed"),
    Column(
        "noise",
        "number",
        "log10",
        "Standard deviation of luck and of unknowns that the emulator does not have",
    ),
    Column(
        "explained",
        "number",
        "share",
        "Variance that the emulator explains at draws left out one at a time",
    ),
    Column("inside", "number", "share", "Of these, results within its 95 % interval"),
    Column.text("hangs_on", "Unknowns that the emulator has"),
    Column("n_known", "integer", "draws", "Draws in which the figure is known"),
    Column("n_ruled_out", "integer", "draws", "Draws of the first wave that the number rules out"),
    Column("n_ruled_out_alone", "integer", "draws", "Those that no other number rules out"),
)
UNKNOWNS = (
    Column.text("unknown", "Scenario key, or table and column"),
    Column("part", "integer", "", "Which of its amounts, from 0, where rows move separately"),
    Column.text("unit", "Unit of the assumption"),
    Column.text("scale", "value; times: factors on a column; position: -1 to 1"),
    *(Column(one.name, "number", "by unknown", one.description) for one in _SIX),
    Column("distance", "number", "share", "Kolmogorov distance of the two distributions"),
    Column(
        "by_chance",
        "number",
        "share",
        "Distance that all of them stay below in 95 % of cases where nothing was informed",
    ),
    Column.flag("is_informed", "Whether the distance is greater than by chance"),
)


def sheets_of(
    history: History, draws: Draws, root_seed: int, cases: Mapping[str, PlacedCase]
) -> list[Sheet]:
    """All tables of a calibration of draws.

    Parameters
    ----------
    draws
        All that were laid, from the declared ranges.
    """
    return [
        _weights(history, draws, root_seed),
        _draws(history),
        _figures(history, draws, cases),
        _unknowns(history, draws),
        _values(history, draws),
    ]


def _weights(history: History, draws: Draws, root_seed: int) -> Sheet:
    weight = np.zeros(draws.n)
    weight[history.draw] = history.weight
    assert tuple(column.name for column in WEIGHTS) == WEIGHTED
    rows = tuple(tuple(row) for row in weighted_rows(draws, root_seed, weight))
    return Sheet("weights.csv", WEIGHTS, rows, ("draw",))


def _draws(history: History) -> Sheet:
    worst = history.implausible.argmax(axis=1)
    rows = [
        (
            draw,
            int(history.wave[row]),
            float(history.weight[row]),
            float(history.implausible[row].max()),
            history.numbers[worst[row]] if history.is_ruled_out[row] else "",
        )
        for row, draw in enumerate(history.draw.tolist())
    ]
    return Sheet("draws.csv", DRAWS, tuple(rows), ("draw",))


def _three(values: NDArray[np.float64], weight: NDArray[np.float64]) -> list[float]:
    is_known = ~np.isnan(values) & (weight > 0)
    return [float(one) for one in weighted_quantiles(values[is_known], weight[is_known], ENDS)]


def _figures(history: History, draws: Draws, cases: Mapping[str, PlacedCase]) -> Sheet:
    keys = [factor.key for factor in draws.unknowns for _ in range(factor.n_dials)]
    is_first = history.wave == 1
    even = is_first / max(int(is_first.sum()), 1)
    rules_out = history.implausible[is_first] > RULED_OUT
    rows = []
    for column, figure in enumerate(history.figures):
        published = cases[figure.name].case.published
        values, one = history.values[:, column], history.emulated[column]
        low, high = (end if np.isfinite(end) else None for end in published.interval)
        mine = rules_out[:, history.numbers.index(figure.number)]
        rows.append(
            (
                figure.name,
                figure.number,
                published.unit,
                low,
                high,
                *_three(values, even),
                *_three(values, history.weight),
                figure.tolerance,
                history.discrepancy,
                None if one is None else one.noise**0.5,
                None if one is None else one.explained,
                None if one is None else one.inside,
                "" if one is None else " ".join(dict.fromkeys(keys[row] for row in one.inputs)),
                int((~np.isnan(values)).sum()),
                int(mine.sum()),
                int((mine & (rules_out.sum(axis=1) == 1)).sum()),
            )
        )
    return Sheet("figures.csv", FIGURES, tuple(rows), ("case",))


def _unknowns(history: History, draws: Draws) -> Sheet:
    n_effective = effective_size(history.weight)
    first, weight = history.draw[history.wave == 1], history.weight
    even = np.full(first.size, 1 / max(first.size, 1))
    n_dials = sum(factor.n_dials for factor in draws.unknowns)
    chance = distance_by_chance(n_effective, n_dials) if n_effective else np.nan
    rows: list[tuple[Any, ...]] = []
    for factor, amounts in zip(draws.unknowns, draws.amounts, strict=True):
        for part in range(factor.n_dials):
            amount = amounts[:, part]
            ours = amount[history.draw]
            distance = kolmogorov_distance(ours, weight, amount) if n_effective else np.nan
            rows.append(
                (
                    factor.key,
                    part,
                    factor.unit,
                    factor.scale,
                    *_three(amount[first], even),
                    *_three(ours, weight),
                    distance,
                    float(chance),
                    distance > chance if n_effective else None,
                )
            )
    rows.sort(key=lambda row: (-row[-3] if n_effective else 0.0, row[0], row[1]))
    return Sheet("unknowns.csv", UNKNOWNS, tuple(rows), ("unknown", "part"))


def _values(history: History, draws: Draws) -> Sheet:
    left = np.flatnonzero(history.weight > 0)
    rows = [
        (int(history.draw[row]), float(history.weight[row]), factor.key, part, amount)
        for row in left
        for factor, amounts in zip(draws.unknowns, draws.amounts, strict=True)
        for part, amount in enumerate(amounts[history.draw[row]].tolist())
    ]
    return Sheet("draw_values.csv", DRAW_VALUES, tuple(rows), ("draw", "unknown", "part"))
