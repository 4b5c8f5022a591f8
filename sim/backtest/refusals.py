"""What a case asks for that its scenario has not: curves, groups, names, times.

In: a case that is read off a run, and the scenario of that run. Out: problems, each at its key.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.catalogue.choices import measure_name
from sim.catalogue.curves import CURVES
from sim.engine.eventlog import Kind
from sim.engine.record.curves import BUSINESS_METRICS, OVER_METRICS
from sim.errors import Problem
from sim.experiment.metrics import metrics_of
from sim.scenario.cases import PlacedCase
from sim.scenario.counts import BusinessesHit, Enforcing, Listed
from sim.scenario.predictors import RunPredictor
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.tables.rows import ROLES
from sim.world.providers import provider_names

COMPLAINTS = measure_name("complaints")
"""Complaints expected until the end of the run."""
EVENTS = tuple(kind.name.lower() for kind in Kind)
GROUPED = (*BUSINESS_METRICS, "demand_lost_share")
"""Curves that a run keeps by provider, sector and role."""


def problems_of(placed: PlacedCase, predictor: RunPredictor, resolved: Resolved) -> list[Problem]:
    """Curves, events, measures, groups, names and times that the run has not."""
    scenario = resolved.scenario
    problems = []
    for key, value, known in (
        ("curve", predictor.curve, CURVES),
        ("event", predictor.event, EVENTS),
        ("measure", predictor.measure, (*metrics_of(resolved), COMPLAINTS)),
    ):
        if value and value not in known:
            message = f"expected one of {', '.join(known)}, got {value!r}{hint(value, known)}"
            problems.append(placed.problem(f"predictor.{key}", message))
    problems += _group_problems(placed, predictor, resolved)
    for key in ("businesses", "listed", "operators"):
        reading = getattr(predictor, key)
        if reading is not None:
            problems += _name_problems(placed, key, reading, resolved)
    for key in ("at", "since", "until"):
        time = getattr(predictor, key)
        if time is not None and not scenario.start <= time <= scenario.end:
            message = (
                f"expected a time within the run, {scenario.start.isoformat()} to "
                f"{scenario.end.isoformat()}, got {time.isoformat()}"
            )
            problems.append(placed.problem(f"predictor.{key}", message))
    return problems


def _group_problems(
    placed: PlacedCase, predictor: RunPredictor, resolved: Resolved
) -> list[Problem]:
    """A group that the scenario, or the curve, has not."""
    problems = []
    for key, known in (
        ("provider", provider_names(resolved)),
        ("sector", tuple(row.sector for row in resolved.sectors.rows)),
        ("role", ROLES),
    ):
        name, curve = getattr(predictor, key), predictor.curve
        by_provider = ("addresses_listed", *OVER_METRICS) if key == "provider" else ()
        if name and curve not in (*GROUPED, *by_provider):
            message = f"expected a curve that is kept by {key}, got {curve}"
            problems.append(placed.problem("predictor.curve", message))
        if name and name not in known:
            message = f"expected a {key} of the scenario, got {name!r}{hint(name, known)}"
            problems.append(placed.problem(f"predictor.{key}", message))
    return problems


def _name_problems(
    placed: PlacedCase, key: str, reading: Listed | BusinessesHit | Enforcing, resolved: Resolved
) -> list[Problem]:
    """Names that the scenario has not."""
    shared = resolved.shared_prefixes.rows if resolved.shared_prefixes else ()
    known: dict[str, Sequence[str]] = {
        "providers": provider_names(resolved),
        "regions": [
            f"{row.provider}/{row.region}" for row in (*resolved.cloud_prefixes.rows, *shared)
        ],
        "sectors": [row.sector for row in resolved.sectors.rows],
        "operators": [row.operator for row in resolved.operators.rows],
    }
    problems = []
    for column, names in known.items():
        for number, name in enumerate(getattr(reading, column, ())):
            if name not in names:
                message = f"expected {column} of the scenario, got {name!r}{hint(name, names)}"
                problems.append(placed.problem(f"predictor.{key}.{column}.{number}", message))
    return problems
