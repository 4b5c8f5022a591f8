"""The JSON document of scores: what ``--json`` prints, and pages and figures show.

It does not depend on when or how fast the scores were computed.
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sim.backtest.predictions import CALCULATION_TABLES, NotComputable, Prediction
from sim.backtest.scores import Backtest, RunGroup
from sim.backtest.tallies import tallies_of
from sim.backtest.verdicts import Score
from sim.results.manifest import canonical_json, list_assumptions
from sim.scenario.cases import CaseFile
from sim.scenario.resolve import Resolved
from sim.scenario.schema import scenario_tree
from sim.scenario.tables.seeds import find_table
from sim.scenario.unknowns import list_factors
from sim.version import __version__

SCHEMA = "overblock/backtest-scores/5"


def document(found: Backtest) -> dict[str, Any]:
    """Return the JSON document; None where a number is not known."""
    files = {id(score.placed.file): score.placed.file for score in found.scores}
    return {
        "schema": SCHEMA,
        "version": __version__,
        "n_members": found.n_members,
        "tallies": _tallies(found.scores),
        "tallies_prior": _tallies(found.prior),
        "scores": [
            {**_score(score), "prior": None if score is prior else _predicted(prior)}
            for score, prior in zip(found.scores, found.prior, strict=True)
        ],
        "made_from": made_from(list(files.values()), found.groups),
    }


def made_from(files: Iterable[CaseFile], groups: Sequence[RunGroup]) -> dict[str, Any]:
    """Hashes of what scores depend on: case files, scenarios with their tables, other tables."""
    return {
        "cases": [{"file": file.path.name, "sha256": file.sha256} for file in files],
        "runs": [
            {
                "scenario": Path(group.name).name,
                "overrides": [_one_line(each) for each in group.resolved.loaded.overrides],
                "root_seed": group.root_seed,
                "question_sha256": _question_hash(group.resolved),
                "inputs": [
                    {"name": table.name, "sha256": table.sha256}
                    for table in group.resolved.tables
                    if table not in (group.resolved.totals, group.resolved.figures)
                ],
                "n_assumptions": len(list_assumptions(group.resolved)),
                "unknowns_sha256": _unknowns_hash(group.resolved),
                "kept_sha256": None if group.kept is None else _hash(Path(group.kept.file)),
            }
            for group in groups
        ],
        "tables": [
            {"name": name, "sha256": _hash_values(find_table(name, Path()))}
            for name in CALCULATION_TABLES
        ],
    }


NO_DRIVERS = frozenset(
    [
        "name",
        "title",
        "description",
        "ordered_by",
        "purpose",
        "country",
        "n_replicates",
        "published",
        "experiment",
        "provenance",
    ]
)
"""Parts of a scenario on which no number of a run depends."""


def _question_hash(resolved: Resolved) -> str:
    """SHA-256 of what drives a run, so that a word about a source makes no score stale."""
    tree = scenario_tree(resolved.scenario)
    driving = {key: value for key, value in tree.items() if key not in NO_DRIVERS}
    return hashlib.sha256(canonical_json(driving).encode()).hexdigest()


def _unknowns_hash(resolved: Resolved) -> str:
    """SHA-256 of what is drawn, and from which range how."""
    factors, _ = list_factors(resolved)
    drawn = [[one.key, one.range_text, one.n_dials, one.distribution] for one in factors]
    return hashlib.sha256(canonical_json(drawn).encode()).hexdigest()


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


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _tallies(scores: Sequence[Score]) -> list[dict[str, Any]]:
    return [
        {**_without_nan(asdict(tally)), "intervals": dict(tally.intervals)}
        for tally in tallies_of(scores)
    ]


def _predicted(score: Score) -> dict[str, Any]:
    """What one ensemble predicts, and its scores."""
    predicted = None
    if isinstance(score.prediction, Prediction):
        predicted = _without_nan(asdict(score.prediction))
        del predicted["values"]  # thousands of draws
    return {
        "predicted": predicted,
        "verdict": score.verdict,
        "log10_error": _known(score.log10_error),
        "quality": _without_nan(asdict(score.quality)),
    }


def _score(score: Score) -> dict[str, Any]:
    case, prediction = score.placed.case, score.prediction
    published = case.published
    allowed_low, allowed_high = published.interval
    return {
        "id": case.id,
        "title": case.title,
        "subject": _one_line(case.subject),
        "predictor": case.predictor.kind,
        "given": _one_line(case.given),
        "role": score.role,
        "why_role": _one_line(case.why_role),
        "band": score.band,
        **_predicted(score),
        "why_not": _one_line(prediction.why) if isinstance(prediction, NotComputable) else "",
        "published": {
            "value": published.value,
            "low": published.low,
            "high": published.high,
            "rounding": published.rounding,
            "relation": published.relation,
            "allowed_low": allowed_low if math.isfinite(allowed_low) else None,
            "allowed_high": allowed_high if math.isfinite(allowed_high) else None,
            "nature": published.nature,
            "unit": published.unit,
            "source": _one_line(published.source),
            "date": published.date,
        },
        "guess": None if case.guess is None else [case.guess.low, case.guess.high],
        "floor": case.floor,
        "counts_as": case.counts_as,
        "note": _one_line(case.note),
        "why_missed": _one_line(case.why_missed),
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value


def _one_line(text: str) -> str:
    """Text of a case file without line breaks, which would be markup on a page."""
    return " ".join(text.split())


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    """Replace NaN by None."""
    return {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in values.items()
    }
