"""Targets of a calibration: published figures with a tolerance.

In: targets as written on a command line. Out: for each a measure, or a curve and a time, the number
that it should reach, the tolerance, and the source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sim.catalogue.curves import CURVES
from sim.errors import DataError, Problem, ProblemsError, ScenarioError
from sim.measure.curve_values import CurveTime
from sim.scenario.quantities import finite_number, parse_instant
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import FigureRow, PublishedTotalRow
from sim.scenario.tables.seeds import read_table

_TARGET = re.compile(r"([^=@]+)(?:@([^=]+))?=(.+?)\s*(?:±|\+-)\s*([^%]+)(%?)")
FORM = "expected METRIC[@TIME]=VALUE±TOLERANCE or =TABLE:ROW±TOLERANCE, a tolerance may end in %"


@dataclass(frozen=True)
class Target:
    """A number that the mean of a measure should reach.

    Attributes
    ----------
    name
        Name of the measure, or of the curve and its time.
    value, tolerance
        The mean over replicates may differ from ``value`` by at most ``tolerance``.
    source
        Where the value comes from; ``given with the command`` where it was written there.
    curve_time
        Curve and time; None for a measure of the whole run.
    """

    name: str
    value: float
    tolerance: float
    source: str
    curve_time: CurveTime | None = None

    @property
    def metric(self) -> str:
        """Name of the measure in the answers."""
        return self.curve_time.name if self.curve_time else self.name


def parse_targets(resolved: Resolved, texts: Sequence[str], metrics: Sequence[str]) -> list[Target]:
    """Read targets ``METRIC[@TIME]=VALUE±TOLERANCE`` or ``METRIC[@TIME]=TABLE:ROW±TOLERANCE``.

    Parameters
    ----------
    texts
        ROW is the id of a published figure, or the time of a published total, which is then the
        time of the curve unless the target gives one. A tolerance in per cent is of the value.
    metrics
        Measures of the scenario.

    Raises
    ------
    ScenarioError
        With all mistakes in them.
    """
    targets: list[Target] = []
    problems: list[Problem] = []
    for text in texts:
        try:
            targets.append(_target(resolved, text, metrics))
        except ProblemsError as error:
            problems += error.problems
    for name in sorted({target.name for target in targets}):
        if sum(target.name == name for target in targets) > 1:
            problems.append(Problem("--target", f"expected {name} once, got it again"))
    if problems:
        raise ScenarioError(problems)
    return targets


def _target(resolved: Resolved, text: str, metrics: Sequence[str]) -> Target:
    origin = f"--target {text}"
    match = _TARGET.fullmatch(text.strip())
    if match is None:
        raise _refusal(origin, FORM)
    metric, time, written, tolerance_text, is_share = (
        part and part.strip() for part in match.groups()
    )
    value, source, when = _value(resolved, written, origin)
    tolerance = finite_number(tolerance_text)
    if tolerance is None or tolerance <= 0:
        raise _refusal(origin, f"expected a tolerance above 0, got {tolerance_text!r}")
    if is_share:
        tolerance *= abs(value) / 100
        if tolerance == 0:
            raise _refusal(origin, "expected an absolute tolerance for the value 0")
    at = _instant(time, origin) if time else when if metric not in metrics else None
    if at is None:
        if metric not in metrics:
            if metric in CURVES:
                raise _refusal(origin, f"expected a time, since {metric} is a curve: {metric}@TIME")
            near = hint(metric, [*metrics, *CURVES])
            message = (
                f"expected a metric of the scenario, or a curve @ a time, got {metric!r}{near}"
            )
            raise _refusal(origin, message)
        return Target(metric, value, tolerance, source)
    if metric not in CURVES:
        message = f"expected one of the curves {', '.join(CURVES)}, got {metric!r}"
        raise _refusal(origin, message + hint(metric, CURVES))
    scenario = resolved.scenario
    t_s = int((at - scenario.start).total_seconds())
    if not 0 <= t_s < scenario.horizon_s:
        raise _refusal(origin, f"expected a time within the run, got {at.isoformat()}")
    name = f"{metric}@{at.isoformat(timespec='minutes')}"
    return Target(name, value, tolerance, source, CurveTime(metric, t_s))


def _value(resolved: Resolved, written: str, origin: str) -> tuple[float, str, datetime | None]:
    """The number, its source, and the time it belongs to."""
    number = finite_number(written)
    if number is not None:
        return number, "given with the command", None
    table, colon, row = written.partition(":")
    if not colon:
        raise _refusal(origin, FORM)
    path = resolved.loaded.find_table(table)
    if not path.exists():
        raise _refusal(origin, f"expected a seed table, got {table!r}")
    try:
        figures = read_table(table, path, FigureRow).rows
    except DataError:
        return _total(resolved, table, row, origin)
    found = {figure.id: figure for figure in figures}
    if row not in found:
        raise _refusal(origin, f"expected a row of {table}, got {row!r}{hint(row, found)}")
    number = finite_number(found[row].value)
    if number is None:
        raise _refusal(origin, f"expected a number in {table}:{row}, got {found[row].value!r}")
    return number, f"{table}:{row} ({found[row].source})", None


def _total(
    resolved: Resolved, table: str, row: str, origin: str
) -> tuple[float, str, datetime | None]:
    totals = read_table(table, resolved.loaded.find_table(table), PublishedTotalRow).rows
    found = [total for total in totals if total.when == row]
    if len(found) != 1:
        message = f"expected the time of one row of {table}, got {len(found)} rows at {row!r}"
        raise _refusal(origin, message + hint(row, [total.when for total in totals]))
    when = _instant(row, origin) if "T" in row else None
    return float(found[0].addresses), f"{table}:{row} ({found[0].source})", when


def _instant(text: str, origin: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise _refusal(origin, str(error)) from None


def _refusal(origin: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(origin, message)])
