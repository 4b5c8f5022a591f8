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

from sim.addresses.feeds.feed import LISTS, NUMBERS, Feed, Labels
from sim.addresses.sets.blocks import format_lines4, format_lines6, split_ranges, split_ranges6
from sim.addresses.sets.ipv6 import Addresses6, masked
from sim.files import new_file
from sim.sql import sql_path, sql_text

Texts = Mapping[str, NDArray[np.object_]]
Batch = tuple[NDArray[np.int64], dict[str, NDArray[Any]]]

SCHEMA = "overblock/normal-table/2"
_TEXTS = ("provider", "region", "service", "country", "name", "sector", "asn")
# Rows made into prefixes at a time, and prefixes written at a time: a range may be sixty of them.
_ROWS, _BATCH = 200_000, 500_000
# What the table may take of memory before it waits on disk.
_MEMORY = "512MB"
# Rows and bytes of text of a row group, which is written from memory in one piece.
_GROUP_ROWS, _GROUP_BYTES, _LEAST_ROWS = 122_880, 2**25, 2_048


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
                for family, batches in ((4, _prefixes4(feed)), (6, _prefixes6(feed))):
                    for record, columns in batches:
                        _insert(connection, feed, texts, columns, record, family)
                        n_rows[family] += record.size
                metadata = _metadata(feed, sha256, version, n_rows[4], n_rows[6])
                pairs = ", ".join(f"{key}: {sql_text(value)}" for key, value in metadata.items())
                connection.execute(
                    f"COPY normal TO {sql_path(partial)} (FORMAT parquet, COMPRESSION zstd, "
                    f"ROW_GROUP_SIZE {_group_rows(connection, feed)}, KV_METADATA {{{pairs}}})"
                )
        except (duckdb.IOException, duckdb.OutOfMemoryException) as error:
            raise OSError(str(error).splitlines()[0]) from None
    return sum(n_rows.values())


def _group_rows(connection: duckdb.DuckDBPyConnection, feed: Feed) -> int:
    """Rows of a row group, fewer where the texts of many rows in turn are long."""
    texts = [column for column in _TEXTS if column in feed.labels and column not in LISTS]
    lists = [column for column in LISTS if column in feed.labels]
    if not texts and not lists:
        return _GROUP_ROWS
    width = " + ".join(
        [
            *(f"coalesce(strlen({column}), 0)" for column in texts),
            *(f"coalesce(strlen(array_to_string({column}, ',')), 0)" for column in lists),
        ]
    )
    found = connection.execute(
        f"SELECT max(n_bytes) FROM (SELECT sum({width}) AS n_bytes FROM normal "
        f"GROUP BY rowid // {_LEAST_ROWS})"
    ).fetchone()
    most = int(found[0] or 0) if found else 0
    return max(min(_GROUP_ROWS, _GROUP_BYTES // max(most, 1) * _LEAST_ROWS), _LEAST_ROWS)


_CREATE = """
CREATE TABLE normal (
  prefix VARCHAR, ip_first BIGINT, ip_last BIGINT,
  ip6_first_high UBIGINT, ip6_first_low UBIGINT, ip6_last_high UBIGINT, ip6_last_low UBIGINT,
  family UTINYINT, asn BIGINT[], provider VARCHAR, region VARCHAR, service VARCHAR[],
  country VARCHAR, name VARCHAR, sector VARCHAR, n_names DOUBLE, revenue_usd_per_h DOUBLE,
  source VARCHAR)
"""


def _metadata(
    feed: Feed, sha256: str, version: str, n_rows4: int, n_rows6: int
) -> Mapping[str, str]:
    return {
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
        "n_rows_ipv4": str(n_rows4),
        "n_rows_ipv6": str(n_rows6),
    }


def _prefixes4(feed: Feed) -> Iterator[Batch]:
    """Yield the records and the columns of IPv4 prefixes."""
    for rows in _pieces(len(feed.v4), _ROWS):
        row, address, length = split_ranges(feed.v4.start[rows], feed.v4.stop[rows])
        record = feed.record4[rows][row]
        for piece in _pieces(row.size, _BATCH):
            yield (
                record[piece],
                {
                    "prefix": _lines(format_lines4(address[piece], length[piece])),
                    "ip_first": address[piece],
                    "ip_last": address[piece] + (np.int64(1) << (32 - length[piece])) - 1,
                },
            )


def _prefixes6(feed: Feed) -> Iterator[Batch]:
    """Yield the records and the columns of IPv6 prefixes."""
    for rows in _pieces(len(feed.v6), _ROWS):
        row, address, length = split_ranges6(feed.v6.first.take(rows), feed.v6.last.take(rows))
        record = feed.record6[rows][row]
        for piece in _pieces(row.size, _BATCH):
            network: Addresses6 = address.take(piece)
            _, last = masked(network, length[piece])
            yield (
                record[piece],
                {
                    "prefix": _lines(format_lines6(network, length[piece])),
                    "ip6_first_high": network.high,
                    "ip6_first_low": network.low,
                    "ip6_last_high": last.high,
                    "ip6_last_low": last.low,
                },
            )


def _insert(
    connection: duckdb.DuckDBPyConnection,
    feed: Feed,
    texts: Texts,
    columns: dict[str, NDArray[Any]],
    record: NDArray[np.int64],
    family: int,
) -> None:
    """Append rows of one family."""
    selected = {column: f'batch."{column}"' for column in columns}
    for column in _TEXTS:
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


def _lines(text: bytes) -> NDArray[np.object_]:
    return np.array(text.decode("ascii").splitlines(), dtype=object)


def _pieces(n_rows: int, size: int) -> list[slice]:
    return [slice(first, first + size) for first in range(0, n_rows, size)]
