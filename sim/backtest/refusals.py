"""What is read off a run that its scenario has not: curves, groups, names, times.

In: what is read off a run, and the scenario of that run. Out: problems, each at its key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from sim.catalogue.choices import measure_name
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES
from sim.engine.eventlog import Kind
from sim.engine.record.curves import BUSINESS_METRICS, OVER_METRICS
from sim.errors import Problem
from sim.experiment.metrics import metrics_of
from sim.scenario.readings import BusinessesHit, Enforcing, Listed, RunReading, reading_problems
from sim.scenario.refusal import hint
from sim.scenario.resolve import Resolved
from sim.scenario.tables.roles import ROLES
from sim.world.providers import provider_names

COMPLAINTS = measure_name("complaints")
"""Complaints expected until the end of the run."""
EVENTS = tuple(kind.name.lower() for kind in Kind)
GROUPED = (*BUSINESS_METRICS, "demand_lost_share")
"""Curves that a run keeps by provider, sector and role."""
Placed: TypeAlias = Callable[[str, str], Problem]
"""Takes a key of what is read and a message; returns the problem at its place."""
MOST_NAMED = 40
"""Names that a refusal lists; more are in the tables of the scenario."""


def problems_of(reading: RunReading, resolved: Resolved, place: Placed) -> list[Problem]:
    """Curves, events, measures, groups, names and times that the run has not."""
    scenario = resolved.scenario
    problems = reading_problems(reading, scenario.start, scenario.end, place, EVENTS)
    problems += _group_problems(reading, resolved, place)
    for key in ("businesses", "listed", "operators"):
        counted = getattr(reading, key)
        if counted is not None:
            problems += _name_problems(key, counted, resolved, place)
    return problems


def why_not_measured(reading: RunReading, resolved: Resolved) -> str:
    """Why a scenario has no such measure or curve, though others have; empty where it has."""
    if name := reading.curve:
        curve = CURVES[name]
        is_there = not curve.needs or resolved.scenario.has(curve.needs)
        if is_there and (not curve.is_of_ipv6 or resolved.line.has_ipv6):
            return ""
        return f"the scenario has no curve {name}: {_needed(curve.needs)}"
    name = reading.measure
    # 0 for lack of IPv6 in the tables predicts nothing of what was counted.
    is_blank = name in MEASURES and MEASURES[name].is_of_ipv6 and not resolved.line.has_ipv6
    if not name or (name in metrics_of(resolved) and not is_blank):
        return ""
    if name == COMPLAINTS and resolved.scenario.has(COMPLAINTS):
        return ""
    entry = MEASURES[name]
    if entry.is_beside_figure:
        return f"the scenario has no {name}: no figure under published names providers"
    return f"the scenario has no {name}: {_needed(entry.needs)}"


def _needed(key: str) -> str:
    return f"it says nothing of {key}" if key else "its tables hold no IPv6"


def _close(name: str, known: Sequence[str]) -> str:
    """What was likely meant, or all that there is."""
    found = hint(name, known)
    if found or not known:
        return found
    few = list(dict.fromkeys(known))
    more = ", …" if len(few) > MOST_NAMED else ""
    return f" (known: {', '.join(few[:MOST_NAMED])}{more})"


def _group_problems(reading: RunReading, resolved: Resolved, place: Placed) -> list[Problem]:
    """A group that the scenario, or the curve, has not."""
    problems = []
    for key, known in (
        ("provider", provider_names(resolved)),
        ("sector", tuple(row.sector for row in resolved.sectors.rows)),
        ("role", ROLES),
    ):
        name, curve = getattr(reading, key), reading.curve
        by_provider = ("addresses_listed", *OVER_METRICS) if key == "provider" else ()
        if name and curve not in (*GROUPED, *by_provider):
            message = f"expected a curve that is kept by {key}, got {curve}"
            problems.append(place("curve", message))
        if name and name not in known:
            message = f"expected a {key} of the scenario, got {name!r}{_close(name, known)}"
            problems.append(place(key, message))
    return problems


def _name_problems(
    key: str, counted: Listed | BusinessesHit | Enforcing, resolved: Resolved, place: Placed
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
        for number, name in enumerate(getattr(counted, column, ())):
            if name not in names:
                message = f"expected {column} of the scenario, got {name!r}{_close(name, names)}"
                problems.append(place(f"{key}.{column}.{number}", message))
    return problems
