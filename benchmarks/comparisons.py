"""A comparison folder made from one run: strategies and replicates by scaling and jitter.

In: the folder of a real run. Out: a folder as ``overblock compare`` writes it, of any size. The
numbers mean nothing; the files have the form and the size of real ones.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

EFFICACY = "target_user_hours_denied"
COLLATERAL = "business_hours_impaired"
COMPARISON = [
    "strategy",
    "metric",
    "unit",
    "n_replicates",
    "mean",
    "median",
    "low",
    "high",
    "level",
    "mean_low",
    "mean_high",
    "baseline",
    "difference",
    "difference_low",
    "difference_high",
    "difference_t_low",
    "difference_t_high",
    "p_value",
    "p_holm",
    "confidence",
    "denominator",
    "denominator_unit",
]
TRADEOFF = [
    "strategy",
    "efficacy_metric",
    "efficacy",
    "efficacy_low",
    "efficacy_high",
    "collateral_metric",
    "collateral",
    "collateral_low",
    "collateral_high",
    "collateral_per_efficacy",
    "ratio_low",
    "ratio_high",
    "is_dominated",
    "dominated_by",
    "is_on_frontier",
    "share_of_draws_on_frontier",
    "n_draws",
    "n_replicates",
]


@dataclass(frozen=True)
class Made:
    """One strategy of the folder: label, identifier, and what its numbers are scaled by."""

    label: str
    id: str
    scale: float
    parameters: dict[str, object] | None = None


EIGHT = (
    Made("exact", "exact", 0.05),
    Made("aggregate:length=24", "aggregate", 0.12, {"length": 24}),
    Made("aggregate:length=16", "aggregate", 0.4, {"length": 16}),
    Made("covering-prefix", "covering-prefix", 1.0),
    Made("provider-region", "provider-region", 0.9),
    Made("escalate", "escalate", 0.7),
    Made("cover", "cover", 0.08),
    Made("none", "none", 0.0),
)


def write_comparison(
    run: Path, folder: Path, strategies: Sequence[Made] = EIGHT, n_replicates: int = 6
) -> Path:
    """Write a comparison folder.

    Parameters
    ----------
    run
        A run folder with at least one replicate; the last strategy is the baseline.
    """
    folder.mkdir(parents=True)
    for file in ("scenario.yaml", "scenario.resolved.json", "datapackage.json"):
        shutil.copy(run / file, folder / file)
    shutil.copytree(run / "inputs", folder / "inputs")
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    n_base = manifest["n_replicates"]
    manifest.pop("strategy")
    manifest |= {
        "kind": "comparison",
        "strategies": [
            {"label": made.label, "id": made.id, "parameters": made.parameters or {}}
            for made in strategies
        ],
        "baseline": strategies[-1].label,
        "n_replicates": n_replicates,
        "n_replicates_asked": n_replicates,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    _write_tables(run, folder, strategies, n_base, n_replicates)
    measures = _measures(run, strategies, n_replicates)
    _write_measures(folder, measures)
    _write_comparison(folder, measures, strategies[-1].label, n_replicates)
    _write_tradeoff(folder, measures, n_replicates)
    for name in ("summary", "money"):
        _repeat_csv(run / f"{name}.csv", folder / f"{name}.csv", strategies)
    return folder


def _write_tables(
    run: Path, folder: Path, strategies: Sequence[Made], n_base: int, n_replicates: int
) -> None:
    """Repeat the tables for each strategy and replicate, in the sequence of their keys."""
    # One thread: the rows of a run stay in sequence.
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table in ("curves", "businesses", "events", "entries"):
            value = "value * scale * (0.95 + 0.1 * ((luck * 37) % 101) / 101.0)"
            columns = (
                f"REPLACE (label AS strategy, luck AS replicate{{}}) FROM '{run}/{table}.parquet'"
            )
            change = f", {value} AS value" if table == "curves" else ""
            kept = " AND scale > 0" if table in ("entries", "events") else ""
            parts = [
                f"SELECT * EXCLUDE (label, scale, luck) {columns.format(change)}, "
                f"(SELECT {_text(made.label)} AS label, {made.scale} AS scale, {luck} AS luck) "
                f"WHERE replicate = {luck % n_base}{kept}"
                for made in strategies
                for luck in range(n_replicates)
            ]
            for row in range(0, len(parts), 50):
                query = " UNION ALL ".join(parts[row : row + 50])
                verb = f'INSERT INTO "{table}"' if row else f'CREATE TABLE "{table}" AS'
                connection.execute(f"{verb} {query}")
            connection.execute(
                f"COPY \"{table}\" TO '{folder}/{table}.parquet' "
                "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
            )
            connection.execute(f'DROP TABLE "{table}"')


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


Measures = dict[tuple[str, str], tuple[str, np.ndarray, str, str]]


def _measures(run: Path, strategies: Sequence[Made], n_replicates: int) -> Measures:
    """Values over replicates by strategy and metric, with unit, denominator and its unit."""
    with (run / "summary.csv").open(encoding="utf-8", newline="") as file:
        base = list(csv.DictReader(file))
    rng = np.random.default_rng(1)
    luck = rng.lognormal(0, 0.15, n_replicates)
    found: Measures = {}
    for made in strategies:
        own = rng.lognormal(0, 0.05, n_replicates)
        for row in base:
            mean = float(row["mean"])
            scale = made.scale**0.3 if row["metric"] == EFFICACY else made.scale
            values = mean * scale * luck * own
            if "_per_" in row["metric"] and made.scale == 0:
                values = np.full(n_replicates, np.nan)
            unit = row["unit"], row["denominator"], row["denominator_unit"]
            found[made.label, row["metric"]] = (unit[0], values, unit[1], unit[2])
    return found


def _write_measures(folder: Path, measures: Measures) -> None:
    rows = [
        (label, replicate, metric, unit, value, denominator, of)
        for (label, metric), (unit, values, denominator, of) in measures.items()
        for replicate, value in enumerate(values.tolist())
    ]
    names = ("strategy", "replicate", "metric", "unit", "value", "denominator", "denominator_unit")
    with duckdb.connect() as connection:
        batch = {name: [row[place] for row in rows] for place, name in enumerate(names)}
        columns = {
            name: np.array(cells, float if name == "value" else None)
            for name, cells in batch.items()
        }
        connection.register("batch", columns)
        connection.execute(
            "COPY (SELECT * REPLACE (CASE WHEN isnan(value) THEN NULL ELSE value END AS value, "
            "try_cast(denominator AS DOUBLE) AS denominator) FROM batch) "
            f"TO '{folder}/measures.parquet' (FORMAT parquet)"
        )


def _interval(values: np.ndarray, width: float = 2.0) -> tuple[float, float, float]:
    mean = float(values.mean())
    error = width * float(values.std(ddof=1)) / values.size**0.5 if values.size > 1 else np.nan
    return mean, mean - error, mean + error


def _write_comparison(folder: Path, measures: Measures, baseline: str, n_replicates: int) -> None:
    rows = []
    for (label, metric), (unit, values, denominator, of) in measures.items():
        mean, mean_low, mean_high = _interval(values)
        low, high = np.quantile(values, [0.05, 0.95]) if values.size > 1 else (np.nan, np.nan)
        row: dict[str, object] = {
            "strategy": label, "metric": metric, "unit": unit, "n_replicates": n_replicates,
            "mean": mean, "median": float(np.median(values)), "low": low, "high": high,
            "level": 0.9, "mean_low": mean_low, "mean_high": mean_high, "baseline": baseline,
            "confidence": 0.95, "denominator": denominator, "denominator_unit": of,
        }  # fmt: skip
        if label != baseline:
            difference = _interval(values - measures[baseline, metric][1])
            row |= dict(
                zip(("difference", "difference_low", "difference_high"), difference, strict=True)
            )
            row |= {
                "difference_t_low": difference[1], "difference_t_high": difference[2],
                "p_value": 0.0004, "p_holm": 0.0312,
            }  # fmt: skip
        rows.append(row)
    _write_csv(folder / "comparison.csv", COMPARISON, rows)


def _write_tradeoff(folder: Path, measures: Measures, n_replicates: int) -> None:
    labels = list(dict.fromkeys(label for label, _ in measures))
    points = {}
    for label in labels:
        if (label, EFFICACY) not in measures:
            return
        points[label] = (
            _interval(measures[label, EFFICACY][1]),
            _interval(measures[label, COLLATERAL][1]),
        )
    rows = []
    for label, (efficacy, collateral) in points.items():
        better = [
            other
            for other, (other_efficacy, other_collateral) in points.items()
            if other_efficacy[0] >= efficacy[0] and other_collateral[0] <= collateral[0]
            and other != label
        ]  # fmt: skip
        ratio = collateral[0] / efficacy[0] if efficacy[0] else np.nan
        rows.append(
            {
                "strategy": label,
                "efficacy_metric": EFFICACY,
                "efficacy": efficacy[0],
                "efficacy_low": efficacy[1],
                "efficacy_high": efficacy[2],
                "collateral_metric": COLLATERAL,
                "collateral": collateral[0],
                "collateral_low": collateral[1],
                "collateral_high": collateral[2],
                "collateral_per_efficacy": ratio,
                "ratio_low": ratio * 0.8,
                "ratio_high": ratio * 1.3,
                "is_dominated": bool(better),
                "dominated_by": ";".join(better),
                "is_on_frontier": not better,
                "share_of_draws_on_frontier": 0.1 if better else 0.97,
                "n_draws": 2000,
                "n_replicates": n_replicates,
            }
        )
    _write_csv(folder / "tradeoff.csv", TRADEOFF, rows)


def _repeat_csv(source: Path, path: Path, strategies: Sequence[Made]) -> None:
    """Repeat a table of one strategy for each, its numbers scaled."""
    with source.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
        names = list(reader.fieldnames or ())
    scaled = ("mean", "median", "low", "high")
    repeated = [
        {
            name: made.label
            if name == "strategy"
            else str(float(cell) * made.scale)
            if name in scaled and cell
            else cell
            for name, cell in row.items()
        }
        for made in strategies
        for row in rows
    ]
    _write_csv(path, names, repeated)


def _write_csv(path: Path, names: Sequence[str], rows: Sequence[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n", restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow(
                {
                    name: str(cell).lower()
                    if isinstance(cell, bool)
                    else ""
                    if isinstance(cell, float) and np.isnan(cell)
                    else cell
                    for name, cell in row.items()
                }
            )
