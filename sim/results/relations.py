"""The tables of a run folder as views of one DuckDB connection.

In: a run folder. Out: a connection with a view for each table: ``curves``, ``measures``,
``comparison`` … Columns have the types that the data package gives them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from sim.errors import DataError, Problem
from sim.results.columns import ALL_TABLES, Column
from sim.results.csvtext import GUARDED
from sim.results.parquet import connect
from sim.sql import parquet_rows, sql_pattern, sql_text

Connection = duckdb.DuckDBPyConnection

_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "datetime": "TIMESTAMPTZ",
}


def connect_tables(folder: Path, *names: str) -> Connection:
    """Connect to the tables that a run folder has.

    Parameters
    ----------
    names
        Those that are needed, which takes a twentieth of the time; all of them where none is named,
        in a database of its own.

    Raises
    ------
    DataError
        If one cannot be read.
    """
    # Only a database of its own may keep views, which all its cursors see.
    connection, kind = (connect(), "TEMP VIEW") if names else (duckdb.connect(), "VIEW")
    connection.execute("SET TimeZone = 'UTC'")
    for file, columns in ALL_TABLES.items():
        path = folder / file
        if not path.exists() or (names and path.stem not in names):
            continue
        try:
            connection.execute(
                f'CREATE {kind} "{path.stem}" AS SELECT * FROM {_source(path, columns)}'
            )
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            message = f"expected a readable table, got an error: {reason}"
            raise DataError([Problem(str(path), message)]) from None
    return connection


def _source(path: Path, columns: tuple[Column, ...]) -> str:
    if path.suffix == ".parquet":
        return parquet_rows(path)
    names = [f'"{one.name}"' for one in columns if one.type == "string"]
    plain = ", ".join(
        f"regexp_replace({name}, {sql_text(GUARDED)}, '\\1\\2', 'g') AS {name}" for name in names
    )
    types = ", ".join(f"{sql_text(one.name)}: {sql_text(_TYPES[one.type])}" for one in columns)
    held = (
        f"read_csv({sql_pattern(path)}, header = true, columns = {{{types}}}, "
        "hive_partitioning = false)"
    )
    return f"(SELECT * REPLACE ({plain}) FROM {held})"
