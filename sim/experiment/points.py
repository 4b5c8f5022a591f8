"""One scenario at many points: other values, the same luck.

In: a resolved scenario, points that each change some of its values, strategies. Out: the scenario
at every point, and the points at which it cannot be. It does not know why these points.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from sim.errors import Problem, ProblemsError, ScenarioError
from sim.experiment.executors.task import Key
from sim.measure.curve_values import Reading
from sim.scenario.changes import ColumnChange, change
from sim.scenario.resolve import Resolved
from sim.scenario.tree import Value
from sim.scenario.variants import choose_variants, own_variant


@dataclass(frozen=True)
class Point:
    """What differs from the scenario at one point.

    Attributes
    ----------
    keys
        Scenario keys by full path, and their values.
    columns
        Changes of table columns.
    """

    keys: tuple[tuple[str, Value], ...] = ()
    columns: tuple[ColumnChange, ...] = ()


@dataclass(frozen=True)
class Question:
    """A scenario, where it is looked at, and with what luck.

    Attributes
    ----------
    resolved
        The scenario as it stands.
    points
        Where to look.
    strategies
        As for ``overblock compare``; the scenario's own when empty.
    root_seed, n_replicates
        Replicates 0, 1, … of the same root seed at every point.
    readings
        Values of curves to be measured besides.
    """

    resolved: Resolved
    points: tuple[Point, ...]
    strategies: tuple[str, ...]
    root_seed: int
    n_replicates: int
    readings: tuple[Reading, ...] = ()


def is_possible(resolved: Resolved, point: Point) -> bool:
    """Whether the scenario can be so at a point; it is not run."""
    try:
        change(resolved, dict(point.keys), point.columns)
    except ProblemsError:
        return False
    return True


def cases_of(question: Question) -> tuple[dict[Key, Resolved], tuple[str, ...], dict[Key, str]]:
    """Scenarios by point and strategy, the strategies' labels, and points that cannot be.

    Raises
    ------
    ScenarioError
        With what is wrong at all points, if the scenario can be at none of them.
    """
    cases: dict[Key, Resolved] = {}
    labels: tuple[str, ...] = ()
    failures: dict[Key, str] = {}
    refused: list[ProblemsError] = []
    tables = {str(table.path) for table in question.resolved.tables}
    for row, point in enumerate(question.points):
        try:
            resolved = change(question.resolved, dict(point.keys), point.columns)
            if question.strategies:
                first = _label(question.strategies[0])
                variants, _ = choose_variants(resolved, question.strategies, baseline=first)
            else:
                variants = (own_variant(resolved),)
        except ProblemsError as error:
            failures[(row,)] = _reason(error, tables)
            refused.append(error)
            continue
        labels = tuple(variant.label for variant in variants)
        # Runs need no places in the file: all points share those of the scenario.
        document = question.resolved.loaded.document
        for variant in variants:
            loaded = replace(variant.resolved.loaded, document=document)
            cases[row, variant.label] = replace(variant.resolved, loaded=loaded)
    if not cases:
        once = {problem: None for error in refused for problem in error.problems}
        raise ScenarioError(list(once))
    return cases, labels, failures


def _reason(error: ProblemsError, tables: Collection[str]) -> str:
    """What an error says on one line, tables by their names: the same wherever they lie."""
    said: list[Problem] = [
        replace(one, file=Path(one.file).name) if one.file in tables else one
        for one in error.problems
    ]
    return " ".join(" ".join(str(one) for one in said).split())


def _label(text: str) -> str:
    """Label of a strategy written as ``[label=]id[:parameter=value,…]``."""
    match = re.fullmatch(r"([^=:]*)=.*", text.strip(), re.DOTALL)
    return (match[1] if match else text).strip()
