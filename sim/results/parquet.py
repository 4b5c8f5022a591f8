"""Writes columns to Parquet files and reads them back, with DuckDB."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
from numpy.typing import NDArray

from sim.errors import DataError, Problem
from sim.sql import parquet_rows, sql_path, sql_text

_NUMBERED = "file_row_number = true"


@dataclass(frozen=True, eq=False)
class Coded:
    """A text column as codes into names; a negative code is missing."""

    code: NDArray[np.int64]
    names: Sequence[str]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Coded:
        """Code texts with few distinct values; an empty one is missing."""
        code = {text: row for row, text in enumerate(dict.fromkeys(filter(None, texts)))}
        return cls(np.array([code.get(text, -1) for text in texts], np.int64), list(code))


@dataclass(frozen=True, eq=False)
class Instants:
    """A column of points in time, as whole seconds since 1970 UTC."""

    epoch_s: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Optional:
    """A column of whole numbers in which one value means missing."""

    value: NDArray[np.int64]
    missing: int


ColumnData: TypeAlias = "NDArray[Any] | Coded | Instants | Optional | str | int"
"""A column; text or a number that all rows have."""


def write_part(path: Path, columns: Mapping[str, ColumnData]) -> None:
    """Write columns, all of one length, to a Parquet file of their own: a part of a table."""
    batch: dict[str, NDArray[Any]] = {}
    selected = []
    for name, column in columns.items():
        expression = f'batch."{name}"'
        match column:
            case Coded(code, names):
                # Row -1 is the last one, where nothing is.
                batch[name] = np.array([*names, None], object)[np.maximum(code, -1)]
            case Instants(epoch_s):
                batch[name] = epoch_s
                expression = f'to_timestamp(batch."{name}")'
            case Optional(value, missing):
                batch[name] = value
                expression = f'nullif(batch."{name}", {missing})'
            case str():
                expression = sql_text(column)
            case int():
                expression = f"{column}::BIGINT"
            case _:
                batch[name] = column
                if np.issubdtype(column.dtype, np.floating):
                    known = f'batch."{name}"'
                    expression = f"CASE WHEN isnan({known}) THEN NULL ELSE {known} END"
        selected.append(f'{expression} AS "{name}"')
    with connect() as connection:
        # Object columns are text, even where most of it is missing.
        connection.execute("SET pandas_analyze_sample = 0").register("batch", batch)
        try:
            connection.execute(
                f"COPY (SELECT {', '.join(selected)} FROM batch) TO {sql_path(path)} "
                "(FORMAT parquet)"
            )
        except duckdb.IOException as error:
            raise _not_written(path, error) from None


def merge_parts(parts: Sequence[Path], path: Path, metadata: Mapping[str, str]) -> int:
    """Write parts of a table one after the other into one Parquet file; return its number of rows.

    Parts are streamed: memory does not grow with their number.

    Raises
    ------
    OSError
        If the file cannot be written, or a part not be read.
    DataError
        If DuckDB cannot take a file name.
    """
    pairs = ", ".join(f"{key}: {sql_text(value)}" for key, value in metadata.items())
    # DuckDB before 2.0 cannot read an empty list of pairs.
    noted = f", KV_METADATA {{{pairs}}}" if pairs else ""
    with connect() as connection:
        try:
            connection.execute(
                f"COPY (SELECT * FROM {parquet_rows(parts)}) TO {sql_path(path)} "
                # With the encodings of format 2 times and floats take a sixth to a third less room.
                "(FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, "
                f"ROW_GROUP_SIZE 122880{noted})"
            )
            row = connection.execute(f"SELECT count(*) FROM {parquet_rows(path)}").fetchone()
        except duckdb.Error as error:
            raise _not_written(path, error) from None
    assert row is not None
    return int(row[0])


def _not_written(path: Path, error: duckdb.Error) -> OSError:
    """What DuckDB says of a file, in one line: a full disk or a limit on the size of files."""
    reason = re.search(r'": ([^"\\]+)', str(error))
    said = reason[1] if reason else str(error).splitlines()[0]
    return OSError(f"{path.name}: {said}")


def is_part_of(part: Path, table: Path, condition: str, parameters: Sequence[object]) -> bool:
    """Whether the rows of a table for which an SQL condition holds are those of a part.

    Values are compared, not bytes: a file also says which columns happen to have no nulls.
    """
    with connect() as connection:
        try:
            held, other = (
                connection.execute(
                    f"SELECT * EXCLUDE (file_row_number) FROM {parquet_rows(file, _NUMBERED)} "
                    f"WHERE {where} ORDER BY file_row_number",
                    values,
                ).fetchnumpy()
                for file, where, values in ((table, condition, parameters), (part, "true", ()))
            )
        except duckdb.Error:
            return False
    return list(held) == list(other) and all(_is_same(held[name], other[name]) for name in held)


def numbers(column: NDArray[Any]) -> NDArray[np.float64]:
    """Column of numbers with NaN for what is missing."""
    return np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan)


def _is_same(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Whether two columns are equal, missing values included."""
    mask, theirs = map(np.ma.getmaskarray, (one, other))
    return one.dtype == other.dtype and np.array_equal(mask, theirs) and np.ma.allequal(one, other)


def connect(n_threads: int | None = 1) -> duckdb.DuckDBPyConnection:
    """Connection of its own: temporary views and settings are not seen by others."""
    connection = _database(n_threads).cursor()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


@cache
def _database(n_threads: int | None) -> duckdb.DuckDBPyConnection:
    """An empty database in memory, shared since opening one takes longer than most queries."""
    # One thread by default, so that the order of rows and row groups is always the same.
    config: dict[str, str | bool | int | float | list[str]] = (
        {} if n_threads is None else {"threads": n_threads}
    )
    return duckdb.connect(config=config)


def read_columns(
    path: Path | Sequence[Path],
    query: str,
    parameters: Sequence[object] | Mapping[str, object] = (),
    *,
    n_threads: int | None = 1,
    others: Mapping[str, Path] | None = None,
) -> dict[str, Any]:
    """Columns of a query over one Parquet file, or over several of the same columns.

    Parameters
    ----------
    query
        SQL in which ``data`` stands for the rows of the files.
    n_threads
        Threads; None for as many as there are processors. With more than one, rows come in any
        order unless the query sorts them.
    others
        More files, by the name that stands for each.

    Returns
    -------
    columns
        Numpy arrays by name; masked where values are missing.

    Raises
    ------
    DataError
        If the file is missing, or not what the query expects.
    """
    given = {"data": path, **(others or {})}
    files = {name: [one] if isinstance(one, Path) else one for name, one in given.items()}
    with connect(n_threads) as connection:
        try:
            for name, of_name in files.items():
                connection.execute(
                    f"CREATE TEMP VIEW {name} AS SELECT * FROM {parquet_rows(of_name, _NUMBERED)}"
                )
            return connection.execute(query, parameters).fetchnumpy()
        except duckdb.BinderException as error:
            for name, of_name in files.items():
                check_columns(of_name[0], columns_of(connection, name))
            raise _not_read(files.values(), error) from None
        except duckdb.Error as error:
            raise _not_read(files.values(), error) from None


def _not_read(files: Iterable[Sequence[Path]], error: duckdb.Error) -> DataError:
    message = f"expected a readable Parquet file, got an error: {str(error).splitlines()[0]}"
    # DuckDB does not always say which it is.
    return DataError([Problem(" or ".join(str(one[0]) for one in files), message)])


def columns_of(connection: duckdb.DuckDBPyConnection, view: str) -> list[str]:
    """Names of the columns of a view."""
    rows = connection.execute(f'SELECT * FROM "{view}" LIMIT 0').description or ()
    return [str(name) for name, *_ in rows]


def check_columns(path: Path, held: Collection[str]) -> None:
    """Refuse a table of a run folder that lacks columns, as that of an earlier version may.

    Parameters
    ----------
    held
        Columns that it has.

    Raises
    ------
    DataError
        If it does; the error names them.
    """
    from sim.results.schema import ALL_TABLES

    absent = [one.name for one in ALL_TABLES.get(path.name, ()) if one.name not in held]
    if absent:
        message = (
            f"expected the columns {', '.join(absent)}, got none: another version of overblock "
            "wrote this table; run the scenario again, or use the version that manifest.json names"
        )
        raise DataError([Problem(str(path), message)])
