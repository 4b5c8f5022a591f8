"""Frames, columns, records and lists that are given in Python, and Parquet, as feeds.

Rows count from 1. A value that is None, NaN or empty text is not known.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import UNPLACED, Feed
from sim.addresses.feeds.gather import Gathering
from sim.addresses.feeds.inventories import Table, implied
from sim.addresses.sets.blocks import format_prefixes
from sim.addresses.sets.intervals import IPV4_STOP
from sim.addresses.text.source import Limits
from sim.errors import DataError, Problem
from sim.sql import parquet_rows, sql_pattern

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# Rows and bytes of text read at a time, and what DuckDB may take of memory while it unpacks them: a
# small file may stand for a text of megabytes in each of millions of rows.
_BATCH, _BATCH_BYTES, _MEMORY = 500_000, 2**24, "1GB"
# Columns that weigh or name hosts, and forms whose records have times: a normal table has neither
# the records without an address nor the times.
_OF_HOSTS, _DATED = ("name", "n_names", "revenue_usd_per_h"), ("orders", "polls")


def is_frame(value: object) -> bool:
    """Whether a value is a frame of pandas or polars, an Arrow table or a relation of DuckDB."""
    package, name = type(value).__module__.partition(".")[0], type(value).__name__
    is_ours = package in ("pandas", "polars", "pyarrow", "duckdb", "_duckdb")
    return is_ours and name in ("DataFrame", "Table", "RecordBatch", "DuckDBPyRelation")


def is_unknown(value: object) -> bool:
    """Whether a cell is None, NaN, or pandas' NaT or NA, which equals nothing."""
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def lists_of(frame: Any, name: str) -> dict[str, list[Any]]:
    """Columns of a frame as lists of plain values, by name; an index with a name is one.

    Raises
    ------
    DataError
        If two columns have the same name, or an index that is no numbers has none.
    """
    package = type(frame).__module__.partition(".")[0]
    is_pandas = package == "pandas"
    index = [one for one in frame.index.names if one is not None] if is_pandas else []
    # Numbers of rows, as pandas gives them, say nothing.
    if (
        is_pandas
        and len(frame)
        and None in frame.index.names
        and frame.index.dtype.kind not in "iu"
    ):
        got = f"expected an index with a name, got {frame.index[0]!r} in one without: reset_index()"
        raise DataError([Problem(name, got)])
    is_arrow = package == "pyarrow"
    names = [*map(str, (*index, *(frame.schema.names if is_arrow else frame.columns)))]
    if twice := sorted({one for one in names if names.count(one) > 1}):
        got = f"more than one {', '.join(twice)}"
        raise DataError([Problem(name, f"expected columns of distinct names, got {got}")])
    if is_pandas:
        whole = frame.reset_index(index) if index else frame
        return {str(key): whole[key].tolist() for key in whole.columns}
    if package == "polars" or is_arrow:
        return dict(frame.to_pydict() if is_arrow else frame.to_dict(as_series=False))
    rows = frame.fetchall()
    return {key: [row[at] for row in rows] for at, key in enumerate(names)}


def columns_of(given: Any, name: str) -> Mapping[str, Any]:
    """Columns by name of a frame, a mapping or records; a key that a record lacks is not known.

    Raises
    ------
    DataError
        If it is none of these, or as `lists_of`; and if Series of pandas differ in their index.
    """
    if is_frame(given):
        return lists_of(given, name)
    if isinstance(given, Mapping):
        index = {
            key: one.index
            for key, one in given.items()
            if type(one).__name__ == "Series" and type(one).__module__.startswith("pandas")
        }
        other = [key for key in index if not index[key].equals(next(iter(index.values())))]
        if other:
            message = f"expected Series of one index, got another in {other[0]}: pass a DataFrame"
            raise DataError([Problem(name, message)])
        return {str(key): values for key, values in given.items()}
    rows = _listed(given)
    if not _are_records(rows):
        kinds = sorted({type(row).__name__ for row in rows}) if isinstance(rows, list) else []
        got = f"list of {', '.join(kinds)}" if kinds else type(given).__name__
        message = f"expected a frame, columns by name, or records with names, got {got}"
        raise DataError([Problem(name, message)])
    keys = {key: 0 for row in rows for key in row}
    return {str(key): [row.get(key) for row in rows] for key in keys}


def _listed(given: Any) -> Any:
    """A value as a list, if it is many values in no array."""
    is_whole = isinstance(given, str | bytes | Mapping) or hasattr(given, "__array__")
    return list(given) if isinstance(given, Iterable) and not is_whole else given


def _are_records(rows: Any) -> bool:
    """Whether all of a list are mappings."""
    return isinstance(rows, list) and bool(rows) and all(isinstance(one, Mapping) for one in rows)


def _array(values: Any, name: str, column: str) -> NDArray[Any]:
    """One column as an array of one dimension, 0 where it is masked."""
    values = _listed(values)
    held = values if isinstance(values, list) else []
    inner = [row for row, one in enumerate(held) if _is_many(one)]
    if any(isinstance(one, str) for one in held) and not inner:
        # Else NumPy makes a text of a missing value beside texts: the name 'nan'.
        return np.array(held, object)
    array = None if inner else np.asarray(np.ma.filled(values, 0))
    if array is not None and array.ndim == 1:
        return array
    got = f"{held[inner[0]]!r} in row {inner[0] + 1}" if inner else type(values).__name__
    raise DataError([Problem(name, f"expected a list of single values, got {got}", key=column)])


def _is_many(value: object) -> bool:
    """Whether a value is no single one."""
    is_scalar = isinstance(value, str | bytes) or getattr(value, "ndim", 1) == 0
    return isinstance(value, Iterable) and not is_scalar


def feed_of_columns(columns: Any, name: str) -> Feed:
    """Return columns as a feed.

    Parameters
    ----------
    columns
        Equally long by name, a frame, or records. Addresses are text, or IPv4 addresses as
        integers; None, NaN and empty text are not known.
    name
        What to call them in messages.

    Raises
    ------
    DataError
        With every value that cannot be read, or if the columns differ in length.
    """
    gathering = Gathering(name, skip_bad=False, limits=Limits())
    columns = columns_of(columns, name)
    arrays = {column: _array(values, name, column) for column, values in columns.items()}
    sizes = {values.size for values in arrays.values()}
    if len(sizes) != 1:
        got = ", ".join(f"{column} {values.size}" for column, values in arrays.items())
        message = f"expected columns of one length, got {got or 'none'}"
        raise DataError([Problem(name, message)])
    line = np.arange(1, next(iter(arrays.values())).size + 1, dtype=np.int64)
    gathering.n_lines = line.size
    table = Table(gathering, needs_address=True)
    table.choose(dict.fromkeys(arrays, ()))
    cells = {column: _texts(values) for column, values in arrays.items()}
    address = arrays[table.chosen["address"]]
    is_known, whole = _whole(address)
    if whole is not None:
        address = whole
        for row in np.flatnonzero((address < 0) | (address >= IPV4_STOP)).tolist():
            message = f"expected an IPv4 address in [0, 2**32), got {address[row]}"
            gathering.refuse(message, row + 1)
        number = np.clip(address, 0, IPV4_STOP - 1).astype(np.int64)
        texts = format_prefixes(number, np.full(number.size, 32))
        cells[table.chosen["address"]] = np.where(is_known, texts, "").tolist()
    for column, values in columns.items():
        if np.ma.isMaskedArray(values):
            cells[column] = np.where(np.ma.getmaskarray(values), "", cells[column]).tolist()
    table.add(cells, line)
    return table.finish("columns")


def _whole(values: NDArray[Any]) -> tuple[NDArray[np.bool_], NDArray[Any] | None]:
    """Which values are known, and integers with 0 for the others; None if some are none."""
    if values.dtype.kind in "iu":
        return np.ones(values.size, np.bool_), values
    known = np.array([not is_unknown(one) for one in values.tolist()], np.bool_)
    held = values[known].tolist()
    is_whole = [
        isinstance(one, int | float | np.integer)
        and not isinstance(one, bool)
        and float(one).is_integer()
        for one in held
    ]
    if not held or not all(is_whole):
        return known, None
    whole = np.zeros(values.size, object)
    whole[known] = [*map(int, held)]
    return known, whole


def feed_of_addresses(values: Any, name: str) -> Feed:
    """Return addresses as a feed: a list of them, or as for `feed_of_columns`.

    Raises
    ------
    DataError
        With every value that cannot be read, or if no row of any holds an address.
    """
    values = _listed(values)
    is_table = is_frame(values) or _are_records(values)
    feed = feed_of_columns(values if is_table else {"prefix": values}, name)
    if feed.n_records and not len(feed.v4) + len(feed.v6):
        message = f"expected at least one address, got none in {feed.n_records:,} rows"
        raise DataError([Problem(name, message)])
    return feed


def _texts(values: NDArray[np.generic]) -> Sequence[str]:
    """Values as text; what is missing is empty."""
    if values.dtype.kind in "US":
        return [str(value) for value in values.tolist()]
    return ["" if is_unknown(value) else str(value) for value in values.tolist()]


def read_parquet(path: Path, gathering: Gathering) -> Feed:
    """Read an inventory or a normal table from Parquet; rows are counted from 1 as lines are.

    Raises
    ------
    DataError
        As for `read_inventory`, or if the file is no Parquet.
    """
    import duckdb  # slow to import, and only Parquet needs it

    max_bytes = gathering.limits.max_bytes
    rows, numbered = parquet_rows(path), parquet_rows(path, "file_row_number = true")
    table = Table(gathering, needs_address=True)
    try:
        with duckdb.connect(config={"threads": 2, "memory_limit": _MEMORY}) as connection:
            connection.execute("SET TimeZone = 'UTC'; SET temp_directory = ''")
            described = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
            kinds = {str(row[0]): str(row[1]) for row in described}
            kinds = {each: kind for each, kind in kinds.items() if each not in implied(kinds)}
            texts = [_as_text(column, kind) for column, kind in kinds.items()]
            width = " + ".join(f"strlen({text})" for text in texts)
            found = connection.execute(
                "SELECT count(*), coalesce(sum(width), 0), coalesce(max(width), 0) "
                f"FROM (SELECT {width} AS width FROM {rows})"
            ).fetchall()
            n_rows, n_bytes, longest = map(int, found[0])
            if n_bytes > max_bytes:
                message = f"expected at most {max_bytes:,} bytes of text in its columns"
                raise gathering.wrong(f"{message}, got {n_bytes:,}")
            n_batch = max(1, min(_BATCH, _BATCH_BYTES // max(longest, 1)))
            selected = ", ".join(f"{text} AS c{at}" for at, text in enumerate(texts))
            for first in range(0, max(n_rows, 1), n_batch):
                batch = connection.execute(
                    f"SELECT {selected} FROM {numbered} "
                    "WHERE file_row_number >= ? AND file_row_number < ? ORDER BY file_row_number",
                    [first, first + n_batch],
                ).fetchnumpy()
                cells = [batch[f"c{at}"].tolist() for at in range(len(kinds))]
                line = np.arange(first + 1, first + 1 + len(cells[0]), dtype=np.int64)
                gathering.n_lines += line.size
                values = {
                    column: _parsed(each) if _is_nested(kind) else each
                    for (column, kind), each in zip(kinds.items(), cells, strict=True)
                }
                table.add_values(values, line)
            questions = _ask_of_loss(connection, path, table.chosen, gathering)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise gathering.wrong(f"expected readable Parquet, got an error: {reason}") from None
    return replace(table.finish("parquet"), questions=questions)


def _ask_of_loss(
    connection: DuckDBPyConnection, path: Path, chosen: Mapping[str, str], gathering: Gathering
) -> tuple[Problem, ...]:
    """Return what a normal table has lost of its source."""
    metadata = dict(
        connection.execute(
            f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({sql_pattern(path)})"
        ).fetchall()
    )
    if not metadata.get("schema", "").startswith("overblock/normal-table/"):
        return ()
    source, form = metadata.get("source", "the source"), metadata.get("source_format", "")
    n_records, n_unplaced, *n_rows = (
        int(metadata.get(key, "0"))
        for key in ("n_records", "n_records_without_address", "n_rows_ipv4", "n_rows_ipv6")
    )
    held = [f'"{chosen[each]}" IS NOT NULL' for each in _OF_HOSTS if each in chosen]
    any_held = f"SELECT 1 FROM {parquet_rows(path)} WHERE {' OR '.join(held) or 'false'} LIMIT 1"
    lost = ""
    if metadata["schema"].endswith("/1") and "service" in chosen:
        lost = "where a service ends"
    elif form in _DATED:
        lost = "the times and withdrawals of orders"
    elif (n_unplaced or sum(n_rows) != n_records) and connection.execute(any_held).fetchone():
        lost = "rows without an address" if n_unplaced else "which of its rows are one host"
    elif n_unplaced:
        gathering.note(f"{n_unplaced:,} {UNPLACED}: {source} has them, this table has not")
    message = (
        f"expected a table that keeps all that its source says, got one that lost {lost}: read "
        f"{source} itself, or say --as parquet if only the addresses matter"
    )
    return (Problem(gathering.name, message),) if lost else ()


def _as_text(column: str, kind: str) -> str:
    """SQL for a column as text, empty where it is missing; what is nested as JSON."""
    quoted = '"' + column.replace('"', '""') + '"'
    text = f"to_json({quoted})" if _is_nested(kind) else quoted
    return f"coalesce(CAST({text} AS VARCHAR), '')"


def _is_nested(kind: str) -> bool:
    """Whether values of a type, as DuckDB spells it, are lists, objects or maps."""
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def _parsed(cells: Sequence[str]) -> list[Any]:
    """Values of cells that are JSON."""
    found = {cell: json.loads(cell) if cell else None for cell in dict.fromkeys(cells)}
    return [found[cell] for cell in cells]
