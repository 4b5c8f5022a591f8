"""Columns in memory to Parquet files and back, through DuckDB.

In: numpy columns, names for codes. Out: files that are the same, byte for byte, when the columns
are. It does not know what the columns mean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, Problem


@dataclass(frozen=True, eq=False)
class Coded:
    """A text column as codes into names; a negative code is missing."""

    code: NDArray[np.int64]
    names: Sequence[str]


@dataclass(frozen=True, eq=False)
class Instants:
    """A column of points in time, as whole seconds since 1970 UTC."""

    epoch_s: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Optional:
    """A column of whole numbers in which one value means missing."""

    value: NDArray[np.int64]
    missing: int


ColumnData: TypeAlias = "NDArray[Any] | Coded | Instants | Optional"


class TableWriter:
    """Collects batches of rows for several tables and writes each to one Parquet file."""

    def __init__(self) -> None:
        # One thread: rows and row groups come out in one sequence.
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute("SET TimeZone = 'UTC'")
        self._tables: set[str] = set()

    def add(self, table: str, columns: Mapping[str, ColumnData]) -> None:
        """Append rows to a table; every batch has the same columns."""
        batch: dict[str, NDArray[Any]] = {}
        selected = []
        for name, column in columns.items():
            expression = f'batch."{name}"'
            match column:
                case Coded(code, names):
                    # Sent as a list literal of names: a code picks its name, 1-based.
                    batch[name] = np.where(code < 0, 0, code + 1)
                    expression = f'list_extract({_text_list(names)}, batch."{name}")'
                case Instants(epoch_s):
                    batch[name] = epoch_s
                    expression = f'to_timestamp(batch."{name}")'
                case Optional(value, missing):
                    batch[name] = value
                    expression = f'nullif(batch."{name}", {missing})'
                case _:
                    batch[name] = column
                    if np.issubdtype(column.dtype, np.floating):
                        expression = (
                            f'CASE WHEN isnan(batch."{name}") THEN NULL ELSE batch."{name}" END'
                        )
            selected.append(f'{expression} AS "{name}"')
        self._connection.register("batch", batch)
        query = f"SELECT {', '.join(selected)} FROM batch"
        if table in self._tables:
            self._connection.execute(f'INSERT INTO "{table}" {query}')
        else:
            self._connection.execute(f'CREATE TABLE "{table}" AS {query}')
            self._tables.add(table)
        self._connection.unregister("batch")

    def write(self, table: str, path: Path, metadata: Mapping[str, str]) -> int:
        """Write a table in the sequence its rows were added, and return how many there are."""
        pairs = ", ".join(f"{key}: {_text(value)}" for key, value in metadata.items())
        self._connection.execute(
            f'COPY "{table}" TO {_text(str(path))} '
            f"(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880, KV_METADATA {{{pairs}}})"
        )
        row = self._connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
        assert row is not None
        return int(row[0])

    def forget(self, condition: str) -> None:
        """Drop the rows of all tables for which an SQL condition holds."""
        for table in sorted(self._tables):
            self._connection.execute(f'DELETE FROM "{table}" WHERE {condition}')

    def close(self) -> None:
        """Free the memory."""
        self._connection.close()


def read_columns(
    path: Path,
    query: str,
    parameters: Sequence[object] | Mapping[str, object] = (),
    *,
    n_threads: int | None = 1,
) -> dict[str, Any]:
    """Columns of a query over one Parquet file.

    Parameters
    ----------
    query
        SQL in which ``data`` stands for the file.
    n_threads
        How many may read; None for as many as there are processors. With more than one, rows come
        in any sequence unless the query orders them.

    Returns
    -------
    columns
        Numpy arrays by name; masked where values are missing.

    Raises
    ------
    DataError
        If the file is missing, or not what the query expects.
    """
    config: dict[str, str | bool | int | float | list[str]] = (
        {} if n_threads is None else {"threads": n_threads}
    )
    with duckdb.connect(config=config) as connection:
        try:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(
                "CREATE VIEW data AS SELECT * "
                f"FROM read_parquet({_text(_literal(path))}, file_row_number = true)"
            )
            return connection.execute(query, parameters).fetchnumpy()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            message = f"expected a readable Parquet file, got an error: {reason}"
            raise DataError([Problem(str(path), message)]) from None


def _literal(path: Path) -> str:
    """Path in which no character is a wildcard to DuckDB."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _text_list(names: Sequence[str]) -> str:
    return f"[{', '.join(_text(name) for name in names)}]" if names else "CAST([] AS VARCHAR[])"
