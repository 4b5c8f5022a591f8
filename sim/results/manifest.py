"""Parts of a manifest: hashes, versions, input tables and assumptions.

In: a resolved scenario and its tables. Out: plain JSON values, and copies of the tables. Nothing
depends on when, where or how fast a run was made: that is in ``timing.json``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from sim.scenario.dump import scenario_tree
from sim.scenario.provenance.source import Source
from sim.scenario.provenance.sources import list_sources
from sim.scenario.resolve import Resolved
from sim.scenario.tables.seeds import Table, note_path

Item = TypeVar("Item")
PACKAGES = (
    "numpy",
    "scipy",
    "simpy",
    "numba",
    "llvmlite",
    "pydantic",
    "ruamel.yaml",
    "duckdb",
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


@cache
def package_version(name: str) -> str:
    """Version of an installed package, or that there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ABSENT


def all_tables(variants: Iterable[Resolved]) -> list[Table[Any]]:
    """Tables of all variants of a scenario, each once, by name."""
    found = {table.name: table for resolved in variants for table in resolved.tables}
    return [found[name] for name in sorted(found)]


def once(values: Iterable[Item]) -> list[Item]:
    """Return values without repetitions; they need not be hashable."""
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
    return f"inputs/{table.path.stem}-{table.sha256[:8]}{table.path.suffix or '.txt'}"


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
        outputs[copy] = folder / copy, table.n_rows
        if table.note is not None:
            note = note_path(Path(copy)).as_posix()
            (folder / note).write_bytes(note_path(table.path).read_bytes())
            outputs[note] = folder / note, None
    return outputs


def describe_input(table: Table[Any]) -> dict[str, Any]:
    """Entry of an input table in the manifest."""
    return {
        "name": table.name,
        "copy": input_copy(table),
        "sha256": table.sha256,
        "n_rows": table.n_rows,
        "title": table.note.title if table.note else "",
    }
