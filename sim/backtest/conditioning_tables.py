"""Tables of conditioning: what is kept, what the evidence excludes, and what the answer rests on.

In: draws that were run, and what was read off them. Out: tables. Nothing is run.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.measures import MEASURES
from sim.experiment.draws import lay_draws
from sim.experiment.executors.task import Failure, Key
from sim.experiment.kept import TABLE, kept_rows
from sim.experiment.study import Sheet
from sim.measure.summary import LEVEL
from sim.results.schema import Column
from sim.scenario.readings import Evidence
from sim.scenario.resolve import Resolved
from sim.scenario.variants import own_variant
from sim.statistics.distances import distance_by_chance, kolmogorov_distance

ENDS = (0.5, (1 - LEVEL) / 2, (1 + LEVEL) / 2)
NOTHING, EVERYTHING = "nothing", "all evidence"
"""What is left out of the evidence, where it is no single piece."""
KEPT = (
    Column("draw", "integer", "", "Number of the draw, and of its chance, from 0"),
    Column("root_seed", "integer", "", "Root of the sequence"),
    Column.text("model", "Hash of the uncertain inputs, the other values and the tables"),
    Column.text("evidence", "Hash of the evidence"),
)
EVIDENCE = (
    Column.text("evidence", "Name of the piece"),
    Column.text("kind", "fact, claim or assumption"),
    Column.text("unit", "Unit of value, low and high"),
    Column.measured("value", "The figure as published"),
    Column.measured("low", "Least with which a simulation agrees; missing without such"),
    Column.measured("high", "Most with which a simulation agrees; missing without such"),
    Column("n_read", "integer", "draws", "Draws in which it was read, whatever the others gave"),
    Column("n_met", "integer", "draws", "Those that agree with it"),
    Column("n_others", "integer", "draws", "Draws that agree with all other pieces"),
    Column("n_all", "integer", "draws", "Those that agree with it as well"),
)


def _three(which: str, over: str) -> tuple[Column, ...]:
    return tuple(
        Column(f"{which}{name}", "number", "as the row says", f"{meaning} over {over}")
        for name, meaning in (
            ("median", "Median"),
            ("low", "5th percentile"),
            ("high", "95th percentile"),
        )
    )


INPUTS = (
    Column.text("input", "Scenario key, or table and column"),
    Column("part", "integer", "", "Which of its amounts, from 0, where rows move separately"),
    Column.text("unit", "Unit of the assumption"),
    Column.text("scale", "value; times: factors on a column; position: -1 to 1"),
    *_three("before_", "all draws"),
    *_three("after_", "the kept ones"),
    Column("distance", "number", "share", "Kolmogorov distance of the two distributions"),
    Column("by_chance", "number", "share",
           "Distance that all inputs stay below in 95 % of cases where nothing was learnt"),
    Column.flag("is_moved", "Whether the distance is greater than by chance"),
)  # fmt: skip
RESTS_ON = (
    Column.text("measure", "Name of the measure"),
    Column.text("unit", "Its unit"),
    Column.text("without", "What is left out of the evidence: nothing, a piece, or all of it"),
    Column("n", "integer", "draws", "Draws that agree with the rest, and ran to the end"),
    *_three("", "these"),
)


@dataclass
class Judged:
    """Draws that were run, and what was read off them.

    Attributes
    ----------
    pieces, measures
        What was read.
    value
        Numbers by draw, then by evidence and measure; NaN where it was not read or is not known.
    whole
        Draws that ran to the end.
    failures
        Draws without a result, which are not kept.
    n
        Draws that were run, from 0.
    """

    pieces: tuple[Evidence, ...]
    measures: tuple[str, ...]
    value: dict[int, dict[str, float]] = field(default_factory=dict)
    whole: set[int] = field(default_factory=set)
    failures: dict[Key, Failure] = field(default_factory=dict)
    n: int = 0

    def read(self, draw: int, name: str) -> float:
        """Return a number read off a draw; NaN where there is none."""
        return self.value.get(draw, {}).get(name, math.nan)

    def failed(self, draw: int, pieces: Sequence[Evidence]) -> list[str]:
        """Names of the evidence that a draw does not agree with."""
        return [
            one.id
            for one in pieces
            if not one.window[0] <= self.read(draw, one.id) <= one.window[1]
        ]

    @cached_property
    def failing(self) -> dict[int, tuple[str, ...]]:
        """Names of the evidence that each draw which ran to the end does not agree with."""
        return {draw: tuple(self.failed(draw, self.pieces)) for draw in sorted(self.whole)}

    @property
    def agreeing(self) -> list[int]:
        """Draws that agree with all evidence, ascending."""
        return [draw for draw, failed in self.failing.items() if not failed]

    def alone(self, name: str) -> list[int]:
        """Draws that fail one piece of evidence alone, ascending."""
        return [draw for draw, failed in self.failing.items() if failed == (name,)]


def sheets_of(
    found: Judged,
    kept: Sequence[int],
    resolved: Resolved,
    root_seed: int,
    n_prior: int,
    n_alone: int,
) -> list[Sheet]:
    """All tables of conditioning.

    Parameters
    ----------
    kept
        Draws that are kept.
    n_prior
        Draws, the first ones, that ran to the end whatever they gave.
    n_alone
        Draws that failed a piece alone of which no more ran to the end.
    """
    rows = tuple(tuple(row) for row in kept_rows(resolved, root_seed, kept))
    return [
        Sheet(TABLE, KEPT, rows, ("draw",)),
        _evidence(found, n_prior, n_alone),
        inputs_sheet(found.n, kept, resolved, root_seed),
        _rests_on(found, n_prior, n_alone),
    ]


def _without(found: Judged, piece: str, n_alone: int) -> list[int]:
    """Draws that agree with all other pieces, as far as all such draws ran to the end."""
    alone = found.alone(piece)
    limit = alone[n_alone - 1] + 1 if len(alone) >= n_alone else found.n
    return [one for one in sorted([*found.agreeing, *alone]) if one < limit]


def _evidence(found: Judged, n_prior: int, n_alone: int) -> Sheet:
    rows = []
    agreeing = set(found.agreeing)
    for piece in found.pieces:
        low, high = (end if np.isfinite(end) else None for end in piece.window)
        is_early = sum(piece.id in one for one in found.value.values()) > len(found.whole)
        of = range(found.n if is_early else min(n_prior, found.n))
        read = [one for one in of if not np.isnan(found.read(one, piece.id))]
        met = [one for one in read if not found.failed(one, [piece])]
        others = _without(found, piece.id, n_alone)
        rows.append(
            (piece.id, piece.kind, piece.unit, piece.value, low, high, len(read), len(met),
             len(others), len(agreeing.intersection(others)))
        )  # fmt: skip
    return Sheet("evidence.csv", EVIDENCE, tuple(rows), ("evidence",))


def inputs_sheet(n: int, kept: Sequence[int], resolved: Resolved, root_seed: int) -> Sheet:
    """Each uncertain input over the first ``n`` draws, and over the kept ones."""
    laid = lay_draws([own_variant(resolved)], n, root_seed)
    n_dials = sum(factor.n_dials for factor in laid.unknowns)
    chance = distance_by_chance(len(kept), n_dials) if kept else np.nan
    rows: list[tuple[Any, ...]] = []
    for factor, amounts in zip(laid.unknowns, laid.amounts, strict=True):
        for part in range(factor.n_dials):
            before, after = amounts[:, part], amounts[list(kept), part]
            distance = kolmogorov_distance(after, before) if kept else np.nan
            rows.append(
                (factor.key, part, factor.unit, factor.scale, *_quantiles(before),
                 *_quantiles(after), distance, chance, distance > chance if kept else None)
            )  # fmt: skip
    if kept:
        rows.sort(key=lambda row: -float(row[-3]))
    return Sheet("inputs.csv", INPUTS, tuple(rows), ("input", "part"))


def _rests_on(found: Judged, n_prior: int, n_alone: int) -> Sheet:
    def ensembles() -> Iterator[tuple[str, list[int]]]:
        yield NOTHING, found.agreeing
        for piece in found.pieces:
            yield piece.id, _without(found, piece.id, n_alone)
        yield EVERYTHING, [one for one in range(min(n_prior, found.n)) if one in found.whole]

    rows = []
    for name in found.measures:
        for without, draws in ensembles():
            values = np.array([found.read(draw, name) for draw in draws])
            known = values[~np.isnan(values)]
            rows.append((name, MEASURES[name].unit, without, known.size, *_quantiles(known)))
    return Sheet("rests_on.csv", RESTS_ON, tuple(rows), ("measure", "without"))


def _quantiles(values: NDArray[np.float64]) -> list[float | None]:
    if not values.size:
        return [None] * len(ENDS)
    return [float(one) for one in np.quantile(values, ENDS)]
