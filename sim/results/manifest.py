"""What a run was made from and what it made, so that it can be made again.

In: a resolved scenario and the files written. Out: plain JSON values. Nothing in it depends on
when, where or how fast the run was made: that stands in ``timing.json``.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from sim.results.folder import MANIFEST_SCHEMA
from sim.scenario.cautions import list_warnings
from sim.scenario.dump import scenario_tree
from sim.scenario.provenance.sources import Source, list_sources
from sim.scenario.resolve import Resolved
from sim.scenario.tables.seeds import Table, note_path
from sim.version import __version__

Item = TypeVar("Item")
_PACKAGES = (
    "numpy",
    "scipy",
    "simpy",
    "numba",
    "llvmlite",
    "pydantic",
    "ruamel.yaml",
    "duckdb",
    "optuna",
)
"""Packages that shape numbers, whether they are there or not."""
ABSENT = "none"
STREAM_RULE = "SeedSequence(root_seed, spawn_key=(replicate, source[, address, length]))"


def canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces, the same text for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def scenario_hash(resolved: Resolved) -> str:
    """SHA-256 of the scenario with all defaults filled in."""
    return hashlib.sha256(canonical_json(scenario_tree(resolved.scenario)).encode()).hexdigest()


def package_version(name: str) -> str:
    """Version of an installed package, or that there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT


def build_manifest(
    variants: Sequence[Resolved],
    *,
    identity: str,
    kind: str,
    comparison: Mapping[str, Any],
    root_seed: int,
    n_replicates_asked: int,
    n_replicates: int,
    status: str,
    warnings: Sequence[str] = (),
    failures: Sequence[Mapping[str, Any]] = (),
    outputs: Mapping[str, tuple[Path, int | None]],
) -> dict[str, Any]:
    """Return the manifest of one run folder.

    Parameters
    ----------
    variants
        The scenario under its own strategy, then under each of those that were run.
    identity
        Identity of the result.
    kind, comparison
        ``run`` or ``comparison``, and what the latter adds: strategies, baseline, metrics.
    n_replicates_asked, n_replicates
        How many were wanted, and how many are whole: finished under every strategy.
    status
        ``complete``, ``interrupted`` or ``partial`` (runs failed).
    warnings
        To be added to those of the scenario.
    failures
        Runs that have no result, and why.
    outputs
        Path and number of rows (None for files that are no tables) by name in the folder.
    """
    resolved = variants[0]
    scenario = resolved.scenario
    # A run has its scenario twice among them, and sources take a while to be listed.
    distinct = list({id(variant): variant for variant in variants}.values())
    sources = [list_sources(variant) for variant in distinct]
    assumptions = [
        one
        for variant, found in zip(distinct, sources, strict=True)
        for one in list_assumptions(variant, found)
    ]
    return {
        "schema": MANIFEST_SCHEMA,
        "kind": kind,
        "result_id": identity,
        "status": status,
        "tool": {"name": "overblock", "version": __version__},
        "python": platform.python_version(),
        "packages": {name: package_version(name) for name in _PACKAGES},
        "scenario": {
            "name": scenario.name,
            "title": scenario.title,
            "file": Path(resolved.loaded.document.file).name,
            "sha256": hashlib.sha256(resolved.loaded.source).hexdigest(),
            "resolved_sha256": scenario_hash(resolved),
            "overrides": list(resolved.loaded.overrides),
        },
        **(comparison or {"strategy": scenario.strategy.id}),
        "root_seed": root_seed,
        "streams": STREAM_RULE,
        "n_replicates_asked": n_replicates_asked,
        "n_replicates": n_replicates,
        "inputs": [_input(table) for table in all_tables(variants)],
        "assumptions": _once(assumptions),
        "sources": _once(one.as_dict() for found in sources for one in found),
        "warnings": [*_once(one for v in distinct for one in list_warnings(v)), *warnings],
        **({"failures": list(failures)} if failures else {}),
        "outputs": [
            {
                "file": name,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                **({} if n_rows is None else {"n_rows": n_rows}),
            }
            for name, (path, n_rows) in sorted(outputs.items())
        ],
    }


def all_tables(variants: Iterable[Resolved]) -> list[Table[Any]]:
    """Tables of all variants of a scenario, each once, by name."""
    found = {table.name: table for resolved in variants for table in resolved.tables}
    return [found[name] for name in sorted(found)]


def _once(values: Iterable[Item]) -> list[Item]:
    """Leave out what was there before."""
    kept: list[Item] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def list_assumptions(
    resolved: Resolved, sources: Sequence[Source] | None = None
) -> list[dict[str, Any]]:
    """Everything in a scenario that has no source: its value or table column, and its range.

    Values that the scenario gives and nobody vouches for have no range.

    Parameters
    ----------
    sources
        Its sources, where they are listed already.
    """
    assumed: list[dict[str, Any]] = [
        {
            "key": source.key,
            "value": source.value,
            "unit": source.unit,
            **({} if source.range is None else {"range": source.range}),
            "why": source.why,
        }
        for source in (list_sources(resolved) if sources is None else sources)
        if source.kind == "assumption" and not source.lines
    ]
    for table in resolved.tables:
        if table.note is None:
            assumed.append({"key": table.path.name, "why": "a table without a source note"})
            continue
        for name, column in table.note.columns.items():
            if column.kind == "assumption" and column.range is not None:
                interval = column.range.model_dump(exclude_none=True, mode="json")
                assumed.append(
                    {
                        "key": f"{table.name}.{name}",
                        "unit": column.unit,
                        "range": interval,
                        "why": " ".join(column.why.split()),
                    }
                )
    return assumed


def input_copy(table: Table[Any]) -> str:
    """Name of a table's copy in the run folder: with a hash, so that equal names do not collide."""
    return f"inputs/{table.path.stem}-{table.sha256[:8]}.csv"


def write_inputs(folder: Path, tables: Iterable[Table[Any]]) -> dict[str, tuple[Path, int | None]]:
    """Write copies of tables and of their source notes into a run folder.

    Returns
    -------
    outputs
        Path and number of rows (None for a note) by name in the folder.

    Raises
    ------
    OSError
        If one cannot be written, or a note not be read.
    """
    (folder / "inputs").mkdir()
    outputs: dict[str, tuple[Path, int | None]] = {}
    for table in tables:
        copy = input_copy(table)
        (folder / copy).write_bytes(table.data)
        outputs[copy] = folder / copy, len(table.rows)
        if table.note is not None:
            note = note_path(Path(copy)).as_posix()
            (folder / note).write_bytes(note_path(table.path).read_bytes())
            outputs[note] = folder / note, None
    return outputs


def _input(table: Table[Any]) -> dict[str, Any]:
    return {
        "name": table.name,
        "copy": input_copy(table),
        "sha256": table.sha256,
        "n_rows": len(table.rows),
        "title": table.note.title if table.note else "",
    }
