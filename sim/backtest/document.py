"""The JSON document of scores, with means over roles and subjects.

It does not depend on when or how fast the scores were computed. Cases that show one number are
counted once in every mean.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from sim.backtest.predictions import CALCULATION_TABLES, NotComputable, Prediction
from sim.backtest.scores import INSIDE, OUTSIDE, ROLES, Backtest, RunGroup, Score, ScoredRole
from sim.experiment.draws import model_hash
from sim.files import hash_of, without_nan
from sim.results.manifest import canonical_json
from sim.scenario.cases import BOUNDS, CaseFile
from sim.scenario.quantities import format_instant, join_lines
from sim.scenario.tables.seeds import find_table
from sim.version import __version__

OF_FIGURES = ("crps", "crps_guess", "coverage")
OF_BOUNDS = ("probability", "brier", "brier_guess")


def tallies_of(scores: Sequence[Score]) -> tuple[dict[str, Any], ...]:
    """Each role over all subjects, then each role of each subject, in the sequence they come."""
    subjects = dict.fromkeys(["", *(each.placed.case.subject for each in scores)])
    found = (tally(role, subject, scores) for subject in subjects for role in ROLES)
    return tuple(each for each in found if each["n_cases"])


def tally(role: ScoredRole, subject: str, scores: Sequence[Score]) -> dict[str, Any]:
    """Count the scores of one role; of one subject, where it is named.

    Returns
    -------
    tally
        Cases, those that are computable, and those of them inside; the same of bounds alone, which
        are easily kept. Median of the absolute log errors that are known, and their number.
        ``n_figures`` and ``n_bounds``: numbers with a CRPS and with a probability, each counted
        once; means over them, NaN without any; ``coverage``, the share inside; ``log10_width``, the
        median of log10 of the upper over the lower end.
    """
    mine = [
        each for each in scores if each.role == role and subject in ("", each.placed.case.subject)
    ]
    errors = [abs(each.log10_error) for each in mine if not math.isnan(each.log10_error)]
    computable = [each for each in mine if each.verdict in (INSIDE, OUTSIDE)]
    bounds = [each for each in computable if each.placed.case.published.relation in BOUNDS]
    figures = [each for each in computable if not math.isnan(each.quality.crps)]
    of = {**dict.fromkeys(OF_FIGURES, figures), **dict.fromkeys(OF_BOUNDS, bounds)}
    mean = {name: mean_once(each, _reader(name)) for name, each in of.items()}
    return {
        "role": role,
        "subject": subject,
        "n_cases": len(mine),
        "n_computable": len(computable),
        "n_inside": sum(each.verdict == INSIDE for each in computable),
        "n_computable_bounds": len(bounds),
        "n_inside_bounds": sum(each.verdict == INSIDE for each in bounds),
        "median_abs_log10_error": _median(errors),
        "n_errors": len(errors),
        "n_figures": n_numbers(figures),
        **{name: mean[name] for name in OF_FIGURES},
        "log10_width": _median([each.quality.log10_width for each in figures]),
        "n_bounds": n_numbers(bounds),
        **{name: mean[name] for name in OF_BOUNDS},
    }


def _reader(name: str) -> Callable[[Score], float]:
    if name == "coverage":
        return lambda each: float(each.verdict == INSIDE)
    return lambda each: float(getattr(each.quality, name))


def _number(score: Score) -> str:
    """The number a case shows: a name that several may share, or its own id."""
    case = score.placed.case
    return f"number {case.counts_as}" if case.counts_as else f"case {case.id}"


def n_numbers(scores: Sequence[Score]) -> int:
    """Different numbers that cases show."""
    return len({_number(each) for each in scores})


def mean_once(scores: Sequence[Score], value: Callable[[Score], float]) -> float:
    """Mean over numbers, each the mean of the cases that show it; NaN without any."""
    if not scores:
        return math.nan
    count = Counter(_number(each) for each in scores)
    weight = [1 / count[_number(each)] for each in scores]
    return float(np.average([value(each) for each in scores], weights=weight))


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.median(known)) if known else math.nan


SCHEMA = "overblock/backtest-scores/6"


def document(found: Backtest) -> dict[str, Any]:
    """Return the JSON document; None where a number is not known."""
    files = {id(score.placed.file): score.placed.file for score in found.scores}
    known: dict[str, Any] = without_nan(
        {
            "schema": SCHEMA,
            "version": __version__,
            "n_members": found.n_members,
            "tallies": tallies_of(found.scores),
            "tallies_prior": tallies_of(found.prior),
            "scores": [
                {**_score(score), "prior": None if score is prior else _predicted(prior)}
                for score, prior in zip(found.scores, found.prior, strict=True)
            ],
            "made_from": made_from(list(files.values()), found.groups),
        }
    )
    return known


def made_from(files: Iterable[CaseFile], groups: Sequence[RunGroup]) -> dict[str, Any]:
    """Hashes of what scores depend on: case files, scenarios with their tables, other tables."""
    return {
        "cases": [{"file": file.path.name, "sha256": file.sha256} for file in files],
        "runs": [
            {
                "scenario": Path(group.name).name,
                "overrides": [join_lines(each) for each in group.resolved.loaded.overrides],
                "root_seed": group.root_seed,
                "end": format_instant(group.resolved.scenario.end),
                "model_sha256": model_hash(group.resolved),
                "inputs": [
                    {"name": table.name, "sha256": table.sha256}
                    for table in group.resolved.tables
                    if table not in (group.resolved.totals, group.resolved.figures)
                ],
                "kept_sha256": None if group.kept is None else hash_of(Path(group.kept.file)),
            }
            for group in groups
        ],
        "tables": [
            {"name": name, "sha256": _hash_values(find_table(name, Path()))}
            for name in CALCULATION_TABLES
        ],
    }


WORDS = {"why", "source", "note"}
"""Columns on which no number depends."""


def _hash_values(path: Path) -> str:
    """SHA-256 of a table without its words."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [
            {key: value for key, value in row.items() if key not in WORDS}
            for row in csv.DictReader(file)
        ]
    return hashlib.sha256(canonical_json(rows).encode()).hexdigest()


def _predicted(score: Score) -> dict[str, Any]:
    """The prediction of one ensemble, and its scores."""
    predicted = None
    if isinstance(score.prediction, Prediction):
        predicted = asdict(score.prediction)
        del predicted["values"]  # thousands of draws
    return {
        "predicted": predicted,
        "verdict": score.verdict,
        "log10_error": score.log10_error,
        "quality": asdict(score.quality),
    }


def _score(score: Score) -> dict[str, Any]:
    case, prediction = score.placed.case, score.prediction
    published = case.published
    allowed_low, allowed_high = published.interval
    return {
        "id": case.id,
        "title": case.title,
        "subject": join_lines(case.subject),
        "predictor": case.predictor.kind,
        "given": join_lines(case.given),
        "role": score.role,
        "why_role": join_lines(case.why_role),
        "band": score.band,
        **_predicted(score),
        "why_not": join_lines(prediction.why) if isinstance(prediction, NotComputable) else "",
        "published": {
            "value": published.value,
            "low": published.low,
            "high": published.high,
            "rounding": published.rounding,
            "relation": published.relation,
            "allowed_low": allowed_low,
            "allowed_high": allowed_high,
            "nature": published.nature,
            "unit": published.unit,
            "source": join_lines(published.source),
            "date": published.date,
        },
        "guess": None if case.guess is None else [case.guess.low, case.guess.high],
        "floor": case.floor,
        "counts_as": case.counts_as,
        "note": join_lines(case.note),
        "why_missed": join_lines(case.why_missed),
    }
