"""A run folder as draws of all that is not known would leave it, made from one without.

The numbers are chosen: every wide range is from half the mean to twice it. The files have the form
of real ones.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from sim.files import hash_of
from sim.measure.even_bands import even_bands
from sim.results.columns import REGRETS, UNCERTAINTY, VERDICTS, Column
from sim.results.csvtext import lines_text
from sim.results.integrity import MANIFEST_HASH
from sim.results.parquet import PartWriter, merge_parts
from sim.results.read import open_run

N_DRAWS = 64
FIRST, SECOND = "operators-russia-2018.compliance", "population.n_businesses"


class Line:
    """A line of a table by the names of its columns; what is not named is missing."""

    def __init__(self, columns: Sequence[Column], values: Mapping[str, Any]) -> None:
        for column in columns:
            missing = "" if column.type == "string" else float("nan")
            setattr(self, column.name, values.get(column.name, missing))


def add_draws(folder: Path, into: Path, metrics: Sequence[str] = ()) -> Path:
    """Copy a folder and give it two bands; of a comparison, verdicts in some metrics as well."""
    shutil.copytree(folder, into)
    manifest = json.loads((into / "manifest.json").read_text(encoding="utf-8"))
    manifest |= {"n_draws": N_DRAWS, "draws": {"n": N_DRAWS, "per_draw": 1}}
    (into / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    if (into / "timing.json").is_file():
        timing = json.loads((into / "timing.json").read_text(encoding="utf-8"))
        timing |= {MANIFEST_HASH: hash_of(into / "manifest.json")}
        (into / "timing.json").write_text(json.dumps(timing), encoding="utf-8")
    with (into / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    _write(into / "uncertainty.csv", UNCERTAINTY, [_both(row) for row in rows])
    if metrics:
        labels = [one["label"] for one in manifest["strategies"]]
        pairs = [(a, b) for place, a in enumerate(labels) for b in labels[place + 1 :]]
        _write(into / "verdicts.csv", VERDICTS, [_verdict(m, *p) for m in metrics for p in pairs])
        regrets = [_regret(m, label) for m in metrics for label in labels[1:]]
        _write(into / "regrets.csv", REGRETS, regrets)
    _widen(into)
    return into


def _both(row: Mapping[str, str]) -> dict[str, Any]:
    mean = float(row["mean"] or "nan")
    return {
        "strategy": row["strategy"], "metric": row["metric"], "unit": row["unit"],
        "n_replicates": 2, "luck_median": mean, "luck_low": 0.9 * mean, "luck_high": 1.1 * mean,
        "n_draws": N_DRAWS, "n_effective": float(N_DRAWS), "share_known": 1.0,
        "median": 1.25 * mean, "low": mean / 2, "high": 2 * mean, "level": 0.9, "share_luck": 0.12,
        "hangs_on_1": FIRST, "hangs_on_1_share": 0.5, "hangs_on_2": SECOND,
        "hangs_on_2_share": 0.25,
    }  # fmt: skip


def _verdict(metric: str, strategy: str, other: str) -> dict[str, Any]:
    return {
        "metric": metric, "unit": "u", "strategy": strategy, "other": other, "n_draws": N_DRAWS,
        "n_effective": float(N_DRAWS), "share_known": 1.0, "share_less": 0.75, "share_equal": 0.0,
        "share_more": 0.25, "share_better_bound": 0.64, "share_worse_bound": 0.16,
        "verdict": "not settled", "difference": -5.0, "difference_low": -9.0,
        "difference_high": 3.0, "region": f"{FIRST} <= 0.3", "region_says": "not less",
        "coverage": 0.7, "density": 0.8,
    }  # fmt: skip


def _regret(metric: str, label: str) -> dict[str, Any]:
    return {
        "metric": metric, "unit": "u", "strategy": label, "n_draws": N_DRAWS,
        "expected_regret": 4.0, "most_regret": 40.0, "has_least_expected": True,
        "has_least_most": False, "share_without_effect": 0.6,
    }  # fmt: skip


def _write(path: Path, columns: Sequence[Column], lines: Sequence[Mapping[str, Any]]) -> None:
    text = lines_text(columns, [Line(columns, line) for line in lines])
    path.write_text(text, encoding="utf-8", newline="")


def _widen(folder: Path) -> None:
    """Give the curves of everybody their wide band."""
    path, once = folder / "bands.parquet", folder / "once.parquet"
    if not path.exists():
        run, writer = open_run(folder), PartWriter()
        writer.write(folder / "bands", even_bands(run, run.strategies))
        writer.close()
        merge_parts([folder / "bands"], path, {})
    whole = "provider IS NULL AND sector IS NULL AND role IS NULL"
    wide = ", ".join(
        f"CASE WHEN {whole} THEN mean * {factor} END AS {name}"
        for name, factor in (("all_median", 1.25), ("all_low", 0.5), ("all_high", 2))
    )
    duckdb.execute(f"COPY (SELECT * REPLACE ({wide}) FROM '{path}') TO '{once}'")
    once.replace(path)
