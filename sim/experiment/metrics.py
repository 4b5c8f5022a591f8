"""Metrics of a scenario, and the conditions on them that users write.

All mistakes are found before anything runs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sim.catalogue.choices import HEADLINES, LISTED
from sim.catalogue.measures import MEASURES
from sim.errors import Problem, ScenarioError
from sim.experiment.comparison import ComparisonLine
from sim.measure.money.pricing import named_by
from sim.scenario.quantities import finite_number
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved

_CHECK = re.compile(r"(.*?)(>=|<=|>|<)([^<>=]*)", re.DOTALL)
_HOLDS = {
    ">": lambda value, bound: value > bound,
    "<": lambda value, bound: value < bound,
    ">=": lambda value, bound: value >= bound,
    "<=": lambda value, bound: value <= bound,
}


def metrics_of(resolved: Resolved) -> tuple[str, ...]:
    """Names of the metrics of a scenario, in the order of the tables."""
    shipped = (
        name
        for name, entry in MEASURES.items()
        if (not entry.needs or resolved.scenario.has(entry.needs))
        and (not entry.is_beside_figure or named_by(resolved, name).size)
    )
    return *shipped, *(one.name for one in resolved.scenario.measures or ())


@dataclass(frozen=True)
class FailOn:
    """A condition on the median of a metric that makes a command fail.

    Attributes
    ----------
    text
        As it was written.
    strategy
        Label; None for every strategy but the baseline.
    """

    text: str
    strategy: str | None
    metric: str
    operator: str
    bound: float

    def broken_by(self, lines: Sequence[ComparisonLine]) -> list[str]:
        """List the strategies that meet the condition, or whose metric is not known throughout."""
        found = []
        listed = [one for one in lines if one.metric in LISTED]
        is_idle = {one.strategy for one in listed} - {one.strategy for one in listed if one.high}
        for line in lines:
            is_meant = (
                line.strategy != line.baseline
                if self.strategy is None
                else line.strategy == self.strategy
            )
            if line.metric != self.metric or not is_meant:
                continue
            if line.n_known < line.n_simulations:
                found.append(
                    f"{line.strategy}: {self.metric} is not known in "
                    f"{line.n_simulations - line.n_known} of {line.n_simulations} simulations"
                )
            elif (
                line.strategy not in {line.baseline, *is_idle}
                and math.isnan(line.difference)
                and line.high == 0
            ):
                found.append(
                    f"{line.strategy}: {self.metric} is not known: what was listed could hardly "
                    "hit the sample"
                )
            elif _HOLDS[self.operator](line.median, self.bound):
                found.append(
                    f"{line.strategy}: median {self.metric} {line.median:g} {self.operator} "
                    f"{self.bound:g}"
                )
        return found


def check_metrics(
    known: Sequence[str],
    asked: Sequence[str],
    labels: Sequence[str] = (),
    fail_on: Sequence[str] = (),
) -> tuple[FailOn, ...]:
    """Read the conditions on metrics.

    Parameters
    ----------
    known
        Metrics of the scenario.
    asked
        Metrics that are compared; all if empty.
    labels
        Labels of the strategies.
    fail_on
        ``[strategy.]metric>bound``, with ``>``, ``<``, ``>=`` or ``<=``.

    Raises
    ------
    ScenarioError
        With all mistakes in them.
    """
    problems: list[Problem] = []
    for metric in asked:
        _check_metric(metric, known, f"--metric {metric}", problems)
    compared = asked or known
    checks = [_fail_on(text, compared, labels, problems) for text in fail_on]
    if problems:
        raise ScenarioError(problems)
    return tuple(one for one in checks if one is not None)


def choose_metrics(
    known: Sequence[str], asked: Sequence[str], otherwise: Sequence[str] = HEADLINES
) -> list[str]:
    """Return the metrics asked for, each once; if none, those of ``otherwise`` that are known.

    Raises
    ------
    ScenarioError
        With every name that is no metric of the scenario.
    """
    check_metrics(known, asked)
    return list(dict.fromkeys(asked)) or [name for name in otherwise if name in known]


def _fail_on(
    text: str, known: Sequence[str], labels: Sequence[str], problems: list[Problem]
) -> FailOn | None:
    origin = f"--fail-on {text}"
    match = _CHECK.fullmatch(text.strip())
    bound = finite_number(match[3]) if match else None
    if match is None or bound is None:
        problems.append(Problem(origin, "expected [strategy.]metric>number, with >, <, >= or <="))
        return None
    label, dot, metric = match[1].strip().rpartition(".")
    if dot and label not in labels:
        message = f"expected one of the strategies {', '.join(labels)}, got {label!r}"
        problems.append(Problem(origin, message))
    _check_metric(metric, known, origin, problems)
    return FailOn(text, label if dot else None, metric, match[2], bound)


def _check_metric(metric: str, known: Sequence[str], origin: str, problems: list[Problem]) -> None:
    if metric not in known:
        message = (
            f"expected one of the metrics {', '.join(known)}, got {metric!r}{hint(metric, known)}"
        )
        problems.append(Problem(origin, message))
