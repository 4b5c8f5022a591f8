"""How often numbers of the same kind came true: published outcomes that set no parameter.

In: the scores that are shipped, and a scenario's name. Out: counts by what was predicted, with what
they are out of.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.scenario.library import shipped

HELD_OUT = "held-out"
SIMULATED = "run"
"""Predictor of the cases whose number comes from simulated runs, as those of a bundle do."""
JUDGED = ("inside", "outside")


@dataclass(frozen=True)
class ErrorRate:
    """Held-out published outcomes of one kind against predictions.

    Attributes
    ----------
    kind
        What was predicted.
    n_cases, n_judged, n_inside
        Published figures; those that could be held against a prediction; of these, inside the
        predicted range.
    median_factor
        Median of how many times too high or too low predictions were; None where none is known.
    """

    kind: str
    n_cases: int
    n_judged: int
    n_inside: int
    median_factor: float | None


@dataclass(frozen=True)
class ErrorRates:
    """All of them.

    Attributes
    ----------
    version, level
        Version of the program that made the predictions; the share that their ranges are meant to
        hold.
    all
        Of all numbers that come from simulated runs.
    by_kind
        The same by unit.
    of_scenario
        Of this scenario; None where nothing published is held against it.
    """

    version: str
    level: float
    all: ErrorRate
    by_kind: tuple[ErrorRate, ...]
    of_scenario: ErrorRate | None


def scores_file() -> Path:
    """The shipped scores."""
    return shipped("docs") / "explanation" / "validation.json"


def error_rates(scenario: str, *, has_draws: bool, file: Path | None = None) -> ErrorRates:
    """Error rates from the scores.

    Parameters
    ----------
    scenario
        Name of a scenario.
    has_draws
        Take ranges over all that is not known, as declared; else those by luck alone.
    file
        The scores; those that are shipped when None.
    """
    document = json.loads((file or scores_file()).read_text(encoding="utf-8"))
    band = document["bands"].get("ranges" if has_draws else "luck", {"scores": []})
    own_band = {one["id"]: one for one in band["scores"]}
    mine = [
        one | own_band.get(one["id"], {})
        for one in document["scores"]
        if one["role"] == HELD_OUT and one["predictor"] == SIMULATED
    ]
    kinds = sorted({str(one["published"]["unit"]) for one in mine})
    own = [one for one in mine if one["subject"] == f"scenario {scenario}"]
    levels = {one["predicted"]["level"] for one in mine if one["predicted"]}
    return ErrorRates(
        str(document["version"]),
        float(min(levels)),
        _rate("all of them", mine),
        tuple(
            _rate(kind, [one for one in mine if one["published"]["unit"] == kind]) for kind in kinds
        ),
        _rate(f"scenario {scenario}", own) if own else None,
    )


def _rate(kind: str, scores: Sequence[Mapping[str, Any]]) -> ErrorRate:
    errors = [abs(float(one["log10_error"])) for one in scores if one["log10_error"] is not None]
    return ErrorRate(
        kind,
        len(scores),
        sum(one["verdict"] in JUDGED for one in scores),
        sum(one["verdict"] == JUDGED[0] for one in scores),
        10 ** statistics.median(errors) if errors else None,
    )
