"""Data Package description of a run folder's tables: fields, types, units, keys, hashes.

In: lists of columns, and the files. Out: plain JSON values as in the Data Package standard,
version 2.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sim.catalogue.curves import CURVES
from sim.results.columns import Column

_FORMATS = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}
_REFERENCES = (
    ("measures", ("strategy", "metric"), "summary", ("strategy", "metric")),
    ("comparison", ("strategy", "metric"), "summary", ("strategy", "metric")),
    ("tradeoff", ("strategy", "efficacy_metric"), "summary", ("strategy", "metric")),
    ("tradeoff", ("strategy", "collateral_metric"), "summary", ("strategy", "metric")),
    ("measures", ("point",), "points", ("point",)),
    ("sweep", ("point",), "points", ("point",)),
)
"""Foreign keys: table, columns, other table, its columns; where a folder has both tables."""


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

    Raises
    ------
    OSError
        If a file cannot be read.

    References
    ----------
    Data Package standard, version 2 (datapackage.org).
    """
    columns = {Path(file).stem: {column.name for column in tables[file]} for file in tables}
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
            _resource(folder / file, described, keys.get(file, ()), columns)
            for file, described in tables.items()
        ],
    }


def _resource(
    path: Path,
    columns: Sequence[Column],
    key: Sequence[str],
    others: Mapping[str, set[str]],
) -> dict[str, Any]:
    data = path.read_bytes()
    is_parquet = path.suffix == ".parquet"
    references = list(_references(path.stem, others))
    return {
        "name": path.stem,
        "path": path.name,
        "type": "table",
        "format": path.suffix.removeprefix("."),
        "mediatype": _FORMATS[path.suffix.removeprefix(".")],
        # The reference validator cannot count the bytes of a Parquet file, and would refuse it.
        **({} if is_parquet else {"encoding": "utf-8", "dialect": {"delimiter": ","}}),
        **({} if is_parquet else {"bytes": len(data)}),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": {
            "fields": [_field(column) for column in columns],
            "missingValues": [""],
            **({"primaryKey": list(key)} if key else {}),
            **({"foreignKeys": references} if references else {}),
        },
    }


def _field(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "description": column.description,
        **({"unit": column.unit} if column.unit else {}),
    }


def _references(table: str, columns: Mapping[str, set[str]]) -> Iterator[dict[str, Any]]:
    for one, fields, other, there in _REFERENCES:
        if table == one and other in columns and columns[one] >= set(fields):
            yield {
                "fields": list(fields),
                "reference": {"resource": other, "fields": list(there)},
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
