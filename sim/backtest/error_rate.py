"""How often numbers of the same kind came true: published outcomes that set no parameter.

In: the scores that are shipped, and a scenario's name. Out: counts by what was predicted, with what
they are out of.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from sim.files import parse_json
from sim.results.read import RunFolder
from sim.scenario.library import shipped

HELD_OUT = "held-out"
SIMULATED = "run"
"""Predictor of the cases whose number comes from simulated runs, as those of a bundle do."""
JUDGED = ("inside", "outside")
RANK = "rank"
"""Relation of places in a ranking, which are scored as a whole."""

Spans: TypeAlias = Literal["luck", "ranges", "calibrated"]
"""What a range is over: luck; all that is not known, as declared; or as published figures weigh
it."""


@dataclass(frozen=True)
class ErrorRate:
    """Held-out published outcomes of one kind against predictions.

    A bound, or a span that was given in place of a number, is easily kept, and an estimate is what
    somebody else thought: these are counted apart.

    Attributes
    ----------
    kind
        What was predicted.
    n_judged, n_inside
        Counted or claimed numbers that could be held against a prediction; of these, inside the
        predicted range.
    n_apart
        The same numbers, where several that show one count once.
    n_weak, n_kept
        Published bounds, spans and estimates that could be; of these, those that agree with the
        prediction.
    median_factor
        Median of how many times too high or too low predictions were; None where none is known.
    """

    kind: str
    n_judged: int
    n_inside: int
    n_apart: int
    n_weak: int
    n_kept: int
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

    def of_unit(self, unit: str) -> ErrorRate | None:
        """Those of one unit; None where nothing was published in it."""
        return next((one for one in self.by_kind if one.kind == unit), None)


def scores_file() -> Path:
    """The shipped scores."""
    return shipped("docs") / "explanation" / "validation.json"


@lru_cache(maxsize=1)
def _parsed(text: str) -> dict[str, Any]:
    """Every page asks twice for the same half megabyte. Nobody changes it."""
    document: dict[str, Any] = parse_json(text)
    return document


def spans_of(run: RunFolder) -> Spans:
    """What the ranges of a run are over: its error rate is that of such ranges."""
    if not run.n_draws:
        return "luck"
    return "calibrated" if run.are_draws_weighed else "ranges"


def error_rates(scenario: str, spans: Spans, *, file: Path | None = None) -> ErrorRates:
    """Error rates from the scores.

    Parameters
    ----------
    scenario
        Name of a scenario.
    spans
        What the ranges are over. Where draws are weighed, those of this scenario are, and of the
        others those that runs take unasked; the rest are as declared.
    file
        The scores; those that are shipped when None.
    """
    document = _parsed((file or scores_file()).read_text(encoding="utf-8"))
    weighed = {f"scenario {scenario}"} | {
        f"scenario {one['scenario']}" for one in document.get("weighted", []) if one["is_taken"]
    }
    bands = {
        name: {one["id"]: one for one in band["scores"]} for name, band in document["bands"].items()
    }
    by_luck, by_range, by_weight = (
        bands.get(name, {}) for name in ("luck", "ranges", "calibrated")
    )

    def as_spanned(score: dict[str, Any]) -> dict[str, Any]:
        name = score["id"]
        if spans == "luck":
            return {**score, **by_luck.get(name, {})}
        is_weighed = spans == "calibrated" and score["subject"] in weighed
        weighed_score = by_weight.get(name, {}) if is_weighed else {}
        return {**score, **by_range.get(name, {}), **weighed_score}

    mine = [
        as_spanned(one)
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
    judged = [one for one in scores if one["verdict"] in JUDGED]
    numbers = [one for one in judged if _is_number(one["published"])]
    weak = [
        one
        for one in judged
        if one["published"]["relation"] != RANK and not _is_number(one["published"])
    ]
    errors = [abs(float(one["log10_error"])) for one in numbers if one["log10_error"] is not None]
    return ErrorRate(
        kind,
        n_judged=len(numbers),
        n_inside=sum(one["verdict"] == JUDGED[0] for one in numbers),
        n_apart=len({one["counts_as"] or one["id"] for one in numbers}),
        n_weak=len(weak),
        n_kept=sum(one["verdict"] == JUDGED[0] for one in weak),
        median_factor=10 ** statistics.median(errors) if errors else None,
    )


def _is_number(published: Mapping[str, Any]) -> bool:
    return bool(published["relation"] == "equal" and published["nature"] != "estimated")
