"""Describes a run folder: its manifest and its Data Package.

Nothing here depends on when, where or how fast a run was made: that is in ``timing.json``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

from sim.catalogue.curves import CURVES
from sim.results.schema import Column
from sim.scenario.resolve import Resolved
from sim.scenario.schema import scenario_tree
from sim.scenario.tables.seeds import Table, note_path

Item = TypeVar("Item")
PACKAGES = ("numpy", "scipy", "simpy", "numba", "llvmlite", "pydantic", "ruamel.yaml", "duckdb")
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


def input_copy(table: Table[Any]) -> str:
    """Name of a table's copy in the run folder: with a hash, so that equal names do not collide."""
    # By no sign that a file system or a bundle takes for something else.
    stem = re.sub(r"[^\w.-]+", "-", table.path.stem).strip("-.") or "table"
    return f"inputs/{stem}-{table.sha256[:8]}{table.path.suffix or '.txt'}"


def write_inputs(folder: Path, tables: Iterable[Table[Any]]) -> dict[str, tuple[Path, int | None]]:
    """Write copies of tables and of their source notes into a run folder.

    Returns
    -------
    outputs
        Path and number of rows (None for a note) by name in the folder.
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


def build_package(
    name: str,
    title: str,
    tables: Mapping[str, tuple[Column, ...]],
    keys: Mapping[str, Sequence[str]],
    folder: Path,
) -> dict[str, Any]:
    """Return the description of the tables of one run folder.

    Parameters
    ----------
    tables
        Columns by file name.
    keys
        Columns that identify a row, by file name; none for a table in which rows may be alike.
    folder
        Where the finished files are.

    References
    ----------
    Data Package standard, version 2 (datapackage.org).
    """
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": name,
        "title": title,
        "licenses": [
            {"name": "CC0-1.0", "title": "Results of a simulation; no rights are claimed"}
        ],
        "metrics": [
            {"name": curve.name, "unit": curve.unit, "description": curve.description}
            for curve in CURVES.values()
        ],
        "resources": [
            _resource(folder / file, described, keys.get(file, ()))
            for file, described in tables.items()
        ],
    }


def _resource(path: Path, columns: Sequence[Column], key: Sequence[str]) -> dict[str, Any]:
    data = path.read_bytes()
    form, is_parquet = path.suffix.removeprefix("."), path.suffix == ".parquet"
    of_csv = {"encoding": "utf-8", "dialect": {"delimiter": ","}}
    return {
        "name": path.stem,
        "path": path.name,
        "type": "table",
        "format": form,
        "mediatype": "application/vnd.apache.parquet" if is_parquet else "text/csv",
        # The reference validator cannot count the bytes of a Parquet file, and would refuse it.
        **({} if is_parquet else of_csv | {"bytes": len(data)}),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": {
            "fields": [
                {"name": one.name, "type": one.type, "description": one.description}
                | ({"unit": one.unit} if one.unit else {})
                for one in columns
            ],
            "missingValues": [""],
            **({"primaryKey": list(key)} if key else {}),
        },
    }


def pandas_types(columns: Sequence[Column]) -> dict[str, str]:
    """Metadata that makes pandas read integers that may be missing as integers, not as floats.

    References
    ----------
    "Storing pandas DataFrame objects in Apache Parquet format", pandas developer documentation.
    """
    described = [
        {
            "name": column.name,
            "field_name": column.name,
            "pandas_type": "int64",
            "numpy_type": "Int64",
            "metadata": None,
        }
        for column in columns
        if column.can_miss
    ]
    document = {"index_columns": [], "column_indexes": [], "columns": described}
    return {"pandas": json.dumps(document)} if described else {}
