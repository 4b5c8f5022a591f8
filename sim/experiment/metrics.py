"""Metrics of a scenario, and the conditions on them that users write.

In: a resolved scenario, and options as texts. Out: names of metrics, conditions on means, widths of
intervals. All mistakes are found before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.catalogue.choices import HEADLINES, RATIOS
from sim.catalogue.measures import MEASURES
from sim.errors import Problem, ScenarioError
from sim.experiment.comparison import (
    ComparisonLine,
    Measured,
    in_shared_replicates,
    ratio_of,
    ratio_to,
)
from sim.measure.money.providers import named_by
from sim.measure.summary import luck_of
from sim.scenario.quantities import finite_number
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.statistics.paired import (
    Interval,
    PairedDifference,
    mean_intervals,
    paired_differences,
)

_CHECK = re.compile(r"(.*?)(>=|<=|>|<)([^<>=]*)", re.DOTALL)
_WIDTH = re.compile(r"(difference:)?([^=]*)=([^%]*)(%?)", re.DOTALL)
_HOLDS = {
    ">": lambda value, bound: value > bound,
    "<": lambda value, bound: value < bound,
    ">=": lambda value, bound: value >= bound,
    "<=": lambda value, bound: value <= bound,
}


def metrics_of(resolved: Resolved) -> tuple[str, ...]:
    """Names of the metrics of a scenario, in the order of the tables."""
    return tuple(
        name
        for name, entry in MEASURES.items()
        if (not entry.needs or resolved.scenario.has(entry.needs))
        and (not entry.is_beside_figure or named_by(resolved, name).size)
    )


@dataclass(frozen=True)
class FailOn:
    """A condition on the mean of a metric that makes a command fail.

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
        """Say which strategies meet the condition, or have a mean that is not known."""
        found = []
        for line in lines:
            is_meant = (
                line.strategy != line.baseline
                if self.strategy is None
                else line.strategy == self.strategy
            )
            if line.metric != self.metric or not is_meant:
                continue
            if line.mean != line.mean:
                found.append(f"{line.strategy}: the mean of {self.metric} is not known")
            elif _HOLDS[self.operator](line.mean, self.bound):
                found.append(
                    f"{line.strategy}: mean {self.metric} {line.mean:g} {self.operator} "
                    f"{self.bound:g}"
                )
        return found


@dataclass(frozen=True)
class Width:
    """The largest width that an interval may have.

    Attributes
    ----------
    of_difference
        Whether the interval is that of the difference to the baseline; else that of the mean.
    width, is_share
        The width, and whether it is a share of the value itself.
    """

    text: str
    of_difference: bool
    metric: str
    width: float
    is_share: bool

    def excess(self, measured: Mapping[str, Measured], baseline: str, root_seed: int) -> float:
        """Width of the widest interval over the width allowed; at most 1 when all are narrow.

        A strategy whose mean or difference is not known has no interval and does not count.
        """
        widest = 0.0
        for label, part in measured.items():
            if self.of_difference and label == baseline:
                continue
            against = measured[baseline] if self.of_difference else None
            found = self._interval(part, against, root_seed)
            allowed = self.width * abs(found.mean) if self.is_share else self.width
            if found.high > found.low:
                width = found.high - found.low
                widest = max(widest, width / allowed if allowed > 0 else float("inf"))
        return widest

    def _interval(
        self, part: Measured, against: Measured | None, root_seed: int
    ) -> Interval | PairedDifference:
        """Interval of a mean, or of its difference to a baseline."""
        ratio, luck = RATIOS.get(self.metric), luck_of(root_seed)
        if against is None:
            if ratio is not None:
                return ratio_of(part, ratio, root_seed)
            return mean_intervals(part.values((self.metric,)), luck)[0]
        both = [*in_shared_replicates({"": part, "baseline": against}).values()]
        if not both:
            return PairedDifference.unknown(0)
        if ratio is not None:
            return ratio_to(both[0], both[1], ratio, root_seed)
        values, base = (one.values((self.metric,)) for one in both)
        return paired_differences(values, base, luck)[0]


def check_metrics(
    known: Sequence[str],
    asked: Sequence[str],
    labels: Sequence[str] = (),
    fail_on: Sequence[str] = (),
    widths: Sequence[str] = (),
) -> tuple[tuple[FailOn, ...], tuple[Width, ...]]:
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
    widths
        ``[difference:]metric=width`` or ``=width%``.

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
    wanted = [_width(text, compared, problems) for text in widths]
    if problems:
        raise ScenarioError(problems)
    return (
        tuple(one for one in checks if one is not None),
        tuple(one for one in wanted if one is not None),
    )


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


def _width(text: str, known: Sequence[str], problems: list[Problem]) -> Width | None:
    origin = f"--until-width {text}"
    match = _WIDTH.fullmatch(text.strip())
    width = finite_number(match[3]) if match else None
    if match is None or width is None or width <= 0:
        message = "expected [difference:]metric=width or =width%, with a width above 0"
        problems.append(Problem(origin, message))
        return None
    metric = match[2].strip()
    _check_metric(metric, known, origin, problems)
    is_share = bool(match[4])
    return Width(text, bool(match[1]), metric, width / 100 if is_share else width, is_share)


def _check_metric(metric: str, known: Sequence[str], origin: str, problems: list[Problem]) -> None:
    if metric not in known:
        message = (
            f"expected one of the metrics {', '.join(known)}, got {metric!r}{hint(metric, known)}"
        )
        problems.append(Problem(origin, message))
