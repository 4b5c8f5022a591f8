"""Metrics of a scenario, and strategies side by side: medians, ranges, differences from a baseline.

Differences are paired: a simulation has the same inputs and the same chance under every strategy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.choices import HEADLINES, OF_SAMPLE, harm_of
from sim.catalogue.measures import MEASURES
from sim.errors import Problem, ScenarioError
from sim.measure.money.pricing import named_by
from sim.measure.summary import Measured, ends, has_missed, spreads_of
from sim.results.tables import Line
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved

Values = NDArray[np.float64]


def metrics_of(resolved: Resolved) -> tuple[str, ...]:
    """Names of the metrics of a scenario, in the order of the tables."""
    shipped = (
        name
        for name, entry in MEASURES.items()
        if (not entry.needs or resolved.scenario.has(entry.needs))
        and (not entry.is_beside_figure or named_by(resolved, name).size)
    )
    return *shipped, *(one.name for one in resolved.scenario.measures or ())


def choose_metrics(
    resolved: Resolved, asked: Sequence[str], otherwise: Sequence[str] = HEADLINES
) -> list[str]:
    """Return the metrics asked for, each once; if none, those of ``otherwise`` that are known.

    Raises
    ------
    ScenarioError
        With every name that is no metric of the scenario.
    """
    known = metrics_of(resolved)
    problems = [
        Problem(
            f"--metric {name}",
            f"expected one of the metrics {', '.join(known)}, got {name!r}{hint(name, known)}",
        )
        for name in asked
        if name not in known
    ]
    if problems:
        raise ScenarioError(problems)
    return list(dict.fromkeys(asked)) or [name for name in otherwise if name in known]


def in_shared_replicates(measured: Mapping[str, Measured]) -> dict[str, Measured]:
    """Measures in the simulations that all strategies have; nothing where there are none."""
    parts = [part.replicate for part in measured.values()]
    shared = reduce(np.intersect1d, parts) if parts else np.empty(0, np.int64)
    return {label: part.only(shared) for label, part in measured.items() if shared.size}


def compare_strategies(
    measured: Mapping[str, Measured],
    baseline: str,
    metrics: Sequence[str],
    n_drawn: float = 0,
) -> tuple[Line, ...]:
    """Compare every strategy with the baseline: rows of ``comparison.csv``.

    Parameters
    ----------
    measured
        Measures by label; one without finished runs is left out.
    metrics
        Metrics compared; all if empty.
    n_drawn
        Businesses that are drawn; without any only names are a sample.

    Notes
    -----
    All are over the simulations that every strategy has. A difference is the median of the
    differences of single simulations, which need not be the difference of the medians. A share of
    simulations with less or more is out of all of them: where it is not known, there is no order.
    As in verdicts, a difference of harm or cost is not known under a strategy that could hardly hit
    the sample, nor where neither of the two hits any of it.
    """
    measured = in_shared_replicates(measured)
    against = measured.get(baseline)
    lines: list[Line] = []
    for label, part in measured.items():
        rows = [name for name in part.row if not metrics or name in metrics]
        less = np.full((len(rows), part.replicate.size), np.nan)
        if against is not None and label != baseline:
            gaps = [paired_difference(name, part, against, n_drawn) for name in rows]
            less = np.reshape(gaps, less.shape)
        is_compared = (~np.isnan(less)).any(axis=1)
        described = part.describe(rows, part.sample())
        for row, (line, gap) in enumerate(zip(described, spreads_of(less), strict=True)):
            order = [float(np.mean(is_so)) for is_so in (less[row] < 0, less[row] > 0)]
            lines.append(
                Line.of(
                    "comparison.csv",
                    strategy=label,
                    baseline=baseline,
                    **ends("difference", gap),
                    share_less=order[0] if is_compared[row] else math.nan,
                    share_more=order[1] if is_compared[row] else math.nan,
                    **line,
                )
            )
    return tuple(lines)


def paired_difference(metric: str, part: Measured, against: Measured, n_drawn: float) -> Values:
    """Value of one strategy less that of another, shape (n_simulations,); NaN where not known.

    Harm or cost is not known of a strategy that could hardly hit the sample, nor which of two has
    more where neither hits any of it.
    """
    value, other = (one.values((metric,))[0] for one in (part, against))
    difference: Values = value - other
    if harm_of(metric) in OF_SAMPLE:
        if any(has_missed_sample(metric, one, n_drawn) for one in (part, against)):
            difference[:] = np.nan
        difference[(value == 0) & (other == 0) & (n_drawn > 0)] = np.nan
    return difference


def has_missed_sample(metric: str, part: Measured, n_drawn: float) -> bool:
    """Whether the sample of a strategy shows no harm because it could hardly be hit."""
    if metric not in part.row:
        return False
    unit = part.metrics[part.row[metric]].unit
    return has_missed(metric, unit, n_drawn, lambda name: part.values((name,))[0])
