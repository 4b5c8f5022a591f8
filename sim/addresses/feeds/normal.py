"""The normal table: what every imported file becomes on disk.

Ranges that are no prefix become several rows; records without an address become none.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import LABELS, LISTS, NUMBERS, Feed, Labels
from sim.addresses.sets.blocks import format_prefixes, masked, split_ranges
from sim.files import new_file
from sim.sql import sql_path, sql_text

SCHEMA = "overblock/normal-table/2"
# Rows made into prefixes at a time: a range may be sixty of them.
_ROWS = 50_000
# What the table may take of memory before it waits on disk.
_MEMORY = "512MB"


def write_normal(feed: Feed, path: Path, *, sha256: str, version: str, force: bool = False) -> int:
    """Write a feed as a normal table, and return its number of rows.

    Parameters
    ----------
    path
        Of the Parquet file; it is written under another name and moved into place when whole.
    sha256
        Of the file the feed was read from.
    version
        Of this program.
    force
        Replace a file that is there.

    Raises
    ------
    UsageError
        If the path is taken and ``force`` was not given, or cannot be written.
    """
    with new_file(path, force=force) as partial:
        try:
            with (
                tempfile.TemporaryDirectory(prefix="overblock-") as spill,
                duckdb.connect(config={"threads": 1, "memory_limit": _MEMORY}) as connection,
            ):
                connection.execute(f"SET temp_directory = {sql_text(spill)}")
                connection.execute(_CREATE)
                texts = {column: _texts(labels) for column, labels in feed.labels.items()}
                n_rows = {4: 0, 6: 0}
                for family, record, columns in _prefixes(feed):
                    _insert(connection, feed, texts, columns, record, family)
                    n_rows[family] += record.size
                metadata = {
                    "schema": SCHEMA,
                    "tool": f"overblock {version}",
                    "source": feed.origin.file,
                    "source_sha256": sha256,
                    "source_format": feed.origin.format,
                    "source_date": feed.origin.date,
                    "source_licence": feed.origin.licence,
                    "n_records": str(feed.n_records),
                    "n_records_without_address": str(feed.n_unplaced),
                    "n_bad": str(feed.n_bad),
                    "n_rows_ipv4": str(n_rows[4]),
                    "n_rows_ipv6": str(n_rows[6]),
                }
                pairs = ", ".join(f"{key}: {sql_text(value)}" for key, value in metadata.items())
                connection.execute(
                    f"COPY normal TO {sql_path(partial)} (FORMAT parquet, COMPRESSION zstd, "
                    # A row group is written from memory in one piece, with texts of any length.
                    f"ROW_GROUP_SIZE {2**14}, KV_METADATA {{{pairs}}})"
                )
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise OSError(str(error).splitlines()[0]) from None
    return sum(n_rows.values())


_CREATE = """
CREATE TABLE normal (
  prefix VARCHAR, ip_first BIGINT, ip_last BIGINT,
  ip6_first_high UBIGINT, ip6_first_low UBIGINT, ip6_last_high UBIGINT, ip6_last_low UBIGINT,
  family UTINYINT, asn BIGINT[], provider VARCHAR, region VARCHAR, service VARCHAR[],
  country VARCHAR, name VARCHAR, sector VARCHAR, n_names DOUBLE, revenue_usd_per_h DOUBLE,
  source VARCHAR)
"""


def _prefixes(feed: Feed) -> Iterator[tuple[int, NDArray[np.int64], dict[str, NDArray[Any]]]]:
    """Yield the family, the records and the columns of prefixes."""
    for family, v, record in ((4, feed.v4, feed.record4), (6, feed.v6, feed.record6)):
        for rows in (slice(at, at + _ROWS) for at in range(0, len(v), _ROWS)):
            row, address, length = split_ranges(v.start[rows], v.stop[rows])
            text = format_prefixes(address, length)
            ends = {"first": address, "last": masked(address, length)[1] - 1}
            columns = {"prefix": np.array(text, object)}
            if family == 4:
                columns |= {f"ip_{end}": numbers for end, numbers in ends.items()}
            else:
                for end, numbers in ends.items():
                    columns[f"ip6_{end}_high"] = (numbers >> 64).astype(np.uint64)
                    columns[f"ip6_{end}_low"] = (numbers & 2**64 - 1).astype(np.uint64)
            yield family, record[rows][row], columns


def _insert(
    connection: duckdb.DuckDBPyConnection,
    feed: Feed,
    texts: Mapping[str, NDArray[np.object_]],
    columns: dict[str, NDArray[Any]],
    record: NDArray[np.int64],
    family: int,
) -> None:
    """Append rows of one family."""
    selected = {column: f'batch."{column}"' for column in columns}
    for column in LABELS:
        if column not in feed.labels:
            continue
        labels = feed.labels[column]
        selected[column] = f'batch."{column}"'
        if labels.lists is not None:
            kind = "BIGINT" if column == "asn" else "VARCHAR"
            selected[column] = f'from_json(batch."{column}", \'["{kind}"]\')'
        elif column in LISTS:
            selected[column] = (
                f'CASE WHEN batch."{column}" IS NULL THEN NULL ELSE [batch."{column}"] END'
            )
        columns[column] = texts[column][labels.code[record]]
    for column in NUMBERS:
        if column in feed.numbers:
            columns[column] = feed.numbers[column][record]
            selected[column] = (
                f'CASE WHEN isnan(batch."{column}") THEN NULL ELSE batch."{column}" END'
            )
    connection.register("batch", columns)
    expressions = ", ".join(f"{sql} AS {column}" for column, sql in selected.items())
    connection.execute(
        f"INSERT INTO normal BY NAME SELECT {expressions}, {family} AS family, ? AS source "
        "FROM batch",
        [feed.origin.file],
    )
    connection.unregister("batch")


def _texts(labels: Labels) -> NDArray[np.object_]:
    """Values as text, and None for code -1; lists as JSON, which keeps any members apart."""
    if labels.lists is None:
        return np.array([*labels.names, None], dtype=object)
    listed = [json.dumps(members, ensure_ascii=False) for members in labels.lists]
    return np.array([*listed, None], dtype=object)
