"""Levers: the inputs on which harm, effect and cost depend most, of those that can be set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sim.experiment.plan import Plan
from sim.experiment.verdicts import JUDGED
from sim.measure.estimates import Estimate
from sim.scenario.quantities import finite_number
from sim.scenario.schema import meaning_of
from sim.scenario.unknowns import Factor
from sim.scenario.variants import is_whole

MOST = 6
"""Levers that are shown."""


@dataclass(frozen=True)
class Lever:
    """An input that can be moved.

    Attributes
    ----------
    key
        Its path in the scenario, or table and column.
    meaning, unit
        What it is.
    low, given, high
        Ends of its range, and its point value.
    is_whole
        Whether it takes whole numbers alone.
    """

    key: str
    meaning: str
    unit: str
    low: float
    given: float
    high: float
    is_whole: bool

    def override(self, text: str) -> str | None:
        """Return ``key=value`` of a value in its range; None of anything else."""
        value = finite_number(text)
        if value is None or not self.low <= value <= self.high:
            return None
        return f"{self.key}={round(value) if self.is_whole else f'{value:.6g}'}"


def levers_of(plan: Plan, estimates: Mapping[tuple[str, str], Estimate]) -> list[Lever]:
    """Levers of an ensemble, the most influential first; none of point values."""
    if plan.draws is None:
        return []
    shares: dict[str, float] = {}
    for (_, metric), estimate in estimates.items():
        if metric in JUDGED:
            for key, share in estimate.depends_on:
                shares[key] = max(shares.get(key, 0.0), share)
    settable = [one for one in plan.draws.unknowns if _can_be_set(one)]
    settable.sort(key=lambda one: -shares.get(one.key, 0.0))
    return [_lever(plan, one) for one in settable[:MOST]]


def _can_be_set(factor: Factor) -> bool:
    """Whether one number is meant, as ``--set`` takes it: of a key, or of a shipped table."""
    is_of_file = factor.scale != "value" and factor.key.rpartition(".")[0].endswith(".csv")
    return factor.n_dials == 1 and factor.low < factor.high and not is_of_file


def _lever(plan: Plan, factor: Factor) -> Lever:
    paths = {table.name: table.path for table in plan.resolved.tables}
    path = paths[factor.key.rpartition(".")[0]] if factor.scale != "value" else None
    is_of_key = factor.scale == "value"
    return Lever(
        factor.key,
        meaning_of(factor.key, path).replace("`", ""),
        factor.unit,
        factor.low,
        min(max(factor.given, factor.low), factor.high),
        factor.high,
        factor.is_whole or (is_of_key and is_whole(plan.resolved.scenario, factor.key)),
    )


def overrides_of(levers: Iterable[Lever], setting: Mapping[str, str]) -> list[str]:
    """Overrides of a setting, in the sequence of the levers; anything else in it is ignored."""
    found = (lever.override(setting[lever.key]) for lever in levers if lever.key in setting)
    return [one for one in found if one is not None]
