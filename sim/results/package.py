"""Data Package description of a run folder's tables: fields, types, units.

In: the column lists. Out: plain JSON values after the Data Package standard, version 2.
"""

from collections.abc import Mapping
from typing import Any

from sim.results.columns import METRICS, TABLES, Column

_FORMATS = {"parquet": "application/vnd.apache.parquet", "csv": "text/csv"}


def build_package(
    name: str, title: str, tables: Mapping[str, tuple[Column, ...]] = TABLES
) -> dict[str, Any]:
    """Return the description of the tables of one run folder.

    Parameters
    ----------
    tables
        Columns by file name.

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
            {"name": metric.name, "unit": metric.unit, "description": metric.description}
            for metric in METRICS
        ],
        "resources": [
            {
                "name": file.split(".")[0],
                "path": file,
                "format": file.split(".")[1],
                "mediatype": _FORMATS[file.split(".")[1]],
                "schema": {
                    "fields": [
                        {
                            "name": column.name,
                            "type": column.type,
                            "description": column.description,
                            **({"unit": column.unit} if column.unit else {}),
                        }
                        for column in columns
                    ],
                    "missingValues": [""],
                },
            }
            for file, columns in tables.items()
        ],
    }
