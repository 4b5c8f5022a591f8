"""``overblock import``: a file of any known format as one normal table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli import console
from sim.cli.options import (
    FORCE_FILE,
    JSON,
    QUIET,
    TableOptions,
    argument,
    option,
    takes_shared_options,
)
from sim.errors import UsageError
from sim.files import check_free, hash_of, new_file
from sim.version import __version__

if TYPE_CHECKING:
    from sim.addresses.feeds.feed import Feed

SCHEMA = "overblock/import/1"


@takes_shared_options
def import_file(
    file: str = argument("FILE", "A local file, or the name of a shipped table."),
    output: Path = option(
        "-o --output TABLE",
        "Table to write: TABLE.parquet, or TABLE.csv for dated orders with their times.",
        default=...,
    ),
    read_as: str = option(
        "--as FORMAT",
        "Form of the file, such as aws, ipset or list; by default its content shows it. 'overblock "
        "doctor' names all.",
        default="",
    ),
    force: bool = FORCE_FILE,
    as_json: bool = JSON,
    quiet: bool = QUIET,
    *,
    options: TableOptions,
) -> None:
    """Read a file and write one normal table, a row per prefix, or a table of dated orders.

    Nothing is fetched. Files may be compressed with gzip.

    Examples:

      overblock import ip-ranges.json -o aws.parquet

      overblock import data.json -o orders.csv
    """
    with console.reports_errors(as_json=as_json):
        from sim.addresses.feeds.feed import Feed
        from sim.addresses.feeds.formats import read_file
        from sim.addresses.feeds.forms import DATED, FORMATS
        from sim.addresses.feeds.normal import write_normal
        from sim.addresses.feeds.orders import COLUMNS, Orders, order_rows
        from sim.addresses.text.source import Limits
        from sim.blocklists.blocklists import find_input
        from sim.results.csvtext import csv_text

        if output.suffix not in (".parquet", ".csv"):
            raise UsageError(f"{output}: expected a table TABLE.parquet or TABLE.csv, got neither")
        check_free(output, force=force)
        given = replace(find_input(file), columns=options.columns)
        sha256, is_dated = hash_of(given.path), output.suffix == ".csv"
        found = read_file(
            given,
            read_as,
            only=DATED if is_dated else FORMATS,
            skip_bad=options.skip_bad,
            limits=Limits(max_bytes=options.max_bytes),
            allow_empty=options.allow_empty,
        )
        if isinstance(found, Orders) and not is_dated:
            message = "expected a table TABLE.csv of dated orders, whose times it keeps"
            raise UsageError(f"{output}: {message}, got .parquet")
        options.columns.check_met()
        if isinstance(found, Feed):
            feed = found
            n_rows = write_normal(feed, output, sha256=sha256, version=__version__, force=force)
        else:
            feed, rows = found.feed, order_rows(found)
            n_rows = len(rows)
            with new_file(output, force=force) as partial:
                table = csv_text(COLUMNS, rows).encode("utf-8", "backslashreplace")
                partial.write_bytes(table)
        understood = _understood(feed, sha256, n_rows)
        for line in _in_words(understood, feed):
            console.say(line, quiet=quiet)
        if as_json:
            console.print_json({"schema": SCHEMA, "table": str(output), **understood})
        else:
            print(output)


def _understood(feed: Feed, sha256: str, n_rows: int) -> dict[str, Any]:
    """Summary of the file."""
    from sim.addresses.feeds.feed import special_note

    addresses = feed.to_set()
    special = special_note(feed)
    return {
        "file": feed.origin.file,
        "format": feed.origin.format,
        "date": feed.origin.date or None,
        "licence": feed.origin.licence or None,
        "sha256": sha256,
        "n_lines": feed.n_lines,
        "n_bad": feed.n_bad,
        "n_records": feed.n_records,
        "n_records_without_address": feed.n_unplaced,
        "n_entries4": len(feed.v4),
        "n_entries6": len(feed.v6),
        "n_addresses4": addresses.v4.n_addresses,
        "n_addresses6": addresses.v6.n_addresses,
        "n_networks6": addresses.v6.n_networks,
        "n_rows": n_rows,
        "columns": [*feed.labels, *feed.numbers],
        "notes": [*feed.notes, *([special] if special else [])],
    }


def _in_words(understood: dict[str, Any], feed: Feed) -> list[str]:
    """The same for people, line by line."""
    lines = [
        f"format: {understood['format']}",
        f"records: {understood['n_records']:,} in {understood['n_lines']:,} lines or entries",
        f"IPv4: {understood['n_entries4']:,} entries, "
        f"{understood['n_addresses4']:,} distinct addresses",
        f"IPv6: {understood['n_entries6']:,} entries, "
        f"{understood['n_networks6']:,} distinct /64 networks",
        f"rows written, one per prefix: {understood['n_rows']:,}",
    ]
    if understood["date"]:
        lines.insert(1, f"date: {understood['date']}")
    if understood["licence"]:
        lines.append(f"licence: {understood['licence']}")
    if understood["columns"]:
        lines.append(f"columns: {', '.join(understood['columns'])}")
    if understood["n_bad"]:
        lines.append(f"bad lines ignored: {understood['n_bad']:,}, such as")
        lines += [f"  {problem}" for problem in feed.problems[:5]]
    return lines + [f"note: {note}" for note in understood["notes"]]
