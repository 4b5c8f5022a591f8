"""Inventories and attribute tables of a user's own: columns told by name.

A row without an address is a record whose addresses are not known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sim.addresses.feeds.coding import CellBytes
from sim.addresses.feeds.column_choice import (
    OF_SITES,
    PERIODS,
    ROLES,
    plain_name,
)
from sim.addresses.feeds.delimited import Records, read_headed
from sim.addresses.feeds.extents import (
    LAST_OF,
    MASK_COLUMNS,
    add_dates,
    holds_dates,
    role_of,
    with_last,
    with_lengths,
)
from sim.addresses.feeds.feed import LABELS, NUMBERS, RESOLVE, UNPLACED, Feed
from sim.addresses.feeds.gather import Gathering, Line, add_amounts, add_countries, add_origins
from sim.addresses.feeds.inputs import Sample
from sim.addresses.feeds.neighbours import NAME_KINDS, Neighbours
from sim.addresses.feeds.verdicts import told_of
from sim.addresses.text.source import Stream
from sim.errors import DataError, Problem
from sim.sql import parquet_rows, sql_pattern

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ADDRESS_COLUMNS = ("address", "prefix", "ip", "cidr", "network", "ip_address", "ip_prefix")
REVENUE = "_usd_per_h"
# Columns of our own normal table that say again what the prefix says, or where it came from.
_IMPLIED = (
    "ip_first",
    "ip_last",
    "ip6_first_high",
    "ip6_first_low",
    "ip6_last_high",
    "ip6_last_low",
    "family",
    "source",
)
# What columns may be lists, as DuckDB spells their types.
_LIST_KINDS = {
    "asn": r"(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|VARCHAR)\[\]",
    "service": r"VARCHAR\[\]",
}
# Rows and bytes of text read at a time, and what DuckDB may take of memory while it unpacks them: a
# small file may stand for a text of megabytes in each of millions of rows.
_BATCH, _BATCH_BYTES, _MEMORY = 500_000, 2**24, "1GB"
# Columns that weigh or name hosts, and forms whose records have times: a normal table has neither
# the records without an address nor the times. Earlier versions read BGP updates.
_OF_HOSTS, _DATED = ("name", "n_names", "revenue_usd_per_h"), ("orders", "polls", "bgp-updates")
# Rows by whose cells columns of dates are told.
_SAMPLED = 1000


def read_inventory(source: Stream, gathering: Gathering) -> Feed:
    """Read an inventory from CSV with a header line.

    Where a column ``type`` says that a row is a name (``fqdn``, ``domain``, ``hostname``), what
    stands for its address is taken for its name.

    Raises
    ------
    DataError
        If no column holds addresses, or several might.
    """
    n_names = 0
    for chosen, header, records in _chosen_records(source, gathering):
        found = {ours: records.columns[header[theirs]] for ours, theirs in chosen.items()}
        if "type" in header and "name" not in chosen and "address" in found:
            address = records.cells[header[chosen["address"]]]
            is_name = [kind.strip().lower() in NAME_KINDS for kind in records.cells[header["type"]]]
            both = list(zip(address, is_name, strict=True))
            found["address"] = ["" if named else cell for cell, named in both]
            found["name"] = [cell.strip().lower() if named else "" for cell, named in both]
            n_names += sum(is_name)
        add_cells(gathering, found, records.line)
    if n_names:
        gathering.note(f"{n_names:,} rows are names, as their type says: {RESOLVE}")
    return _finish(gathering, "inventory")


def _chosen_records(
    source: Stream, gathering: Gathering, more: Sequence[str] = (), *, needs_address: bool = False
) -> Iterator[tuple[Mapping[str, str], Mapping[str, int], Records]]:
    """Yield records whose other columns decide nothing, with the columns that are read."""
    chosen: dict[str, str] = {}
    others: Neighbours | None = None
    for header, records in read_headed(source, gathering):
        if others is None:
            chosen = choose_columns(list(header), gathering, more, needs_address=needs_address)
            first = {column: records.cells[at] for column, at in header.items()}
            chosen |= choose_periods(first, chosen, gathering)
            others = Neighbours(gathering, header, chosen, _implied(header))
            others.name_ignored()
        found = {ours: records.columns[header[theirs]] for ours, theirs in chosen.items()}
        told = {one: records.columns[header[one]] for one in others.unread}
        others.check(told, found, records.line, records.distinct)
        yield chosen, header, records


def read_parquet(path: Path, gathering: Gathering) -> Feed:
    """Read an inventory or a normal table from Parquet; rows are counted from 1 as lines are.

    Raises
    ------
    DataError
        As for `read_inventory`, or if the file is no Parquet.
    """
    import duckdb  # slow to import, and only Parquet needs it

    name, zone, max_bytes = gathering.name, gathering.columns.zone, gathering.limits.max_bytes
    rows, numbered = parquet_rows(path), parquet_rows(path, "file_row_number = true")
    try:
        with duckdb.connect(config={"threads": 2, "memory_limit": _MEMORY}) as connection:
            connection.execute("SET TimeZone = 'UTC'; SET temp_directory = ''")
            described = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
            types = {str(row[0]): str(row[1]) for row in described}
            chosen = choose_columns(list(types), gathering)
            if zone is not None:
                texts = {each: _as_text("", each, types[each]) for each in types}
                sampled = connection.execute(
                    f"SELECT {', '.join(texts.values())} FROM {rows} LIMIT {_SAMPLED}"
                ).fetchall()
                sample = dict(zip(texts, map(list, zip(*sampled, strict=True)), strict=False))
                chosen |= choose_periods(sample, chosen, gathering)
            others = Neighbours(gathering, types, chosen, _implied(types))
            others.name_ignored()
            lists = _list_columns(chosen, types, gathering)
            texts = {ours: _as_text(ours, theirs, types[theirs]) for ours, theirs in chosen.items()}
            # Labels are among both, and are read once.
            label_of = {theirs: ours for ours, theirs in chosen.items()}
            told = [each for each in others.unread if each not in label_of]
            texts |= {f"told_{at}": _as_text("", each, types[each]) for at, each in enumerate(told)}
            selected = ", ".join(f"{text} AS {ours}" for ours, text in texts.items())
            questions = _ask_of_loss(connection, path, chosen, lists, gathering)
            n_rows, n_bytes, longest = _sizes(connection, rows, texts.values())
            if n_bytes > max_bytes:
                expected = f"expected at most {max_bytes:,} bytes of text in its columns"
                raise DataError([Problem(name, f"{expected}, got {n_bytes:,}")])
            n_batch = max(min(_BATCH, _BATCH_BYTES // max(longest, 1)), 1)
            for first in range(0, n_rows, n_batch):
                batch = connection.execute(
                    f"SELECT {selected} FROM {numbered} "
                    "WHERE file_row_number >= ? AND file_row_number < ? ORDER BY file_row_number",
                    [first, first + n_batch],
                ).fetchnumpy()
                cells = {column: values.tolist() for column, values in batch.items()}
                n_read = len(next(iter(cells.values())))
                line = np.arange(first + 1, first + 1 + n_read, dtype=np.int64)
                gathering.n_lines += n_read
                meant = {
                    each: _leaves(cells.pop(f"told_{at}"), types[each])
                    for at, each in enumerate(told)
                }
                meant |= {each: cells[label_of[each]] for each in others.unread if each in label_of}
                listed = {column: cells.pop(column) for column in lists}
                others.check(meant, cells, line)
                add_cells(gathering, cells, line)
                for column, values in listed.items():
                    members = {each: json.loads(each or "[]") for each in dict.fromkeys(values)}
                    gathering.add_lists(column, values, members)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            [Problem(name, f"expected readable Parquet, got an error: {reason}")]
        ) from None
    return replace(_finish(gathering, "parquet"), questions=questions)


def read_sites(source: Stream, gathering: Gathering) -> Feed:
    """Read an inventory whose sites are to be simulated, from CSV with a header line.

    The columns of `read_inventory`, and with them ``role``, ``mode`` and ``visits_per_h``; and
    ``line``, that of each record.

    Raises
    ------
    DataError
        As for `read_inventory`.
    """
    for chosen, header, records in _chosen_records(source, gathering, OF_SITES, needs_address=True):
        if "address_2" in chosen:
            message = "expected one column of addresses: give each address of a site a row"
            raise gathering.wrong(message, 1)
        found = {ours: records.columns[header[theirs]] for ours, theirs in chosen.items()}
        add_cells(gathering, found, records.line)
        gathering.add_numbers("line", records.line.astype(np.float64))
    return gathering.finish("sites")


def choose_periods(
    cells: Mapping[str, Sequence[str]],
    chosen: Mapping[str, str],
    gathering: Gathering,
) -> dict[str, str]:
    """Return the columns from when and until when a row lists its address, where that is asked.

    Parameters
    ----------
    cells
        First cells of each column, by the user's names.

    Raises
    ------
    DataError
        If the meaning of a column of dates is not known.
    """
    choice = gathering.columns
    if choice.zone is None or chosen.keys() & {*PERIODS}:
        return {}
    dated: dict[str, list[str]] = {"from": [], "until": [], "": []}
    for column, values in cells.items():
        plain = plain_name(column)
        is_free = column not in chosen.values() and plain not in choice.ignored
        role = role_of(plain)
        if is_free and (
            any(holds_dates([each]) for each in values) if role else holds_dates(values)
        ):
            dated[role].append(column)
    unclear = dated.pop("")
    if any(dated.values()):
        unclear = []
    for role, columns in (("from", unclear), *dated.items()):
        if len(columns) > 1 or (columns and columns == unclear):
            message = (
                f"expected one column of dates that is known to say {role} when rows are listed, "
                f"got {', '.join(columns)}: say --column {role}={plain_name(columns[0])}, or "
                f"--ignore-column {plain_name(columns[0])}"
            )
            raise gathering.wrong(message, 1)
    return {role: columns[0] for role, columns in dated.items() if columns}


def _implied(given: Iterable[str]) -> Sequence[str]:
    """Columns of a normal table of ours that say again what others say; none of another table."""
    return _IMPLIED if {*_IMPLIED} <= {*given} else ()


def choose_columns(
    given: Sequence[str],
    gathering: Gathering,
    more: Sequence[str] = (),
    *,
    needs_address: bool = True,
) -> dict[str, str]:
    """Return the user's column for each of ours, without regard to capitals, blanks and marks.

    A column ``site`` is that of names where there is no ``name``.

    Parameters
    ----------
    more
        Columns of ours that this file may have beside those of every inventory.
    needs_address
        Refuse a table without a column of addresses even if it has one of names.
    Returns
    -------
    chosen
        Where the user named several columns of addresses, the others are ``address_2`` and so on.

    Raises
    ------
    DataError
        If no column holds addresses, or several might, or two hold revenue, or two have a name.
    """
    named: dict[str, str] = {}
    for column in given:
        if named.setdefault(plain_name(column), column) != column:
            raise gathering.wrong("expected each column once, got it again", 1, column)
    asked = _asked(named, gathering)
    if "site" in named and "name" not in named:
        named["name"] = named["site"]
    placed = asked["address"][:1] or [named[each] for each in ADDRESS_COLUMNS if each in named]
    # Beside a column of addresses, first and last ones say again what it says.
    ranges = [pair for pair in LAST_OF.items() if not placed and named.keys() >= {*pair}]
    placed += [named[first] for first, _ in ranges]
    has_names = not needs_address and _names_rows(named)
    if len(placed) != 1 and not has_names:
        wanted = f"expected one of the columns {', '.join(ADDRESS_COLUMNS)}"
        got = ", ".join(placed or given)[:200]
        way = ": say which by --column address=NAME" if gathering.columns.has_options else ""
        raise gathering.wrong(f"{wanted}, got {got}{way}", 1)
    chosen = dict(zip(("address",), placed, strict=False))
    known = (*LABELS, "n_names", *more)
    chosen |= {column: named[column] for column in known if column in named}
    chosen |= {f"address_{at}": each for at, each in enumerate(asked["address"][1:], 2)}
    chosen |= {role: each for role in ("wildcard", *PERIODS) for each in asked[role]}
    if ranges or (placed and not named.keys() & LAST_OF.keys()):
        ends = asked["last"] or [named[last] for last in LAST_OF.values() if last in named]
        gathering.check_one("column of last addresses", ends)
        chosen |= {"last": ends[0]} if ends else {}
    elif asked["last"]:
        chosen["last"] = asked["last"][0]
    masks = asked["mask"] or [named[column] for column in MASK_COLUMNS if column in named]
    gathering.check_one("column of netmasks", masks)
    if masks and placed:
        chosen["mask"] = masks[0]
    bounds = [chosen[each] for each in ("mask", "wildcard", "last") if each in chosen]
    if len(bounds) > 1:
        got = ", ".join(bounds)[:200]
        wanted = "expected a column of netmasks or one of last addresses"
        raise gathering.wrong(f"{wanted}, got both: {got}", 1)
    revenue = [theirs for column, theirs in named.items() if column.endswith(REVENUE)]
    gathering.check_one("column of revenue", revenue)
    if revenue:
        chosen["revenue_usd_per_h"] = revenue[0]
    if bounds and "address_2" in chosen:
        raise gathering.wrong(
            f"expected one column of addresses beside {bounds[0]}, got several", 1
        )
    return chosen


def _asked(named: dict[str, str], gathering: Gathering) -> dict[str, list[str]]:
    """Columns by the role that the user gave them; take them and ignored ones from the named."""
    choice = gathering.columns
    asked: dict[str, list[str]] = {role: [] for role in ROLES}
    for plain in [*named]:
        if plain in choice.ignored or plain in choice.roles:
            choice.met.add(plain)
            column = named.pop(plain)
            if plain in choice.roles:
                asked[choice.roles[plain]].append(column)
    for role, columns in asked.items():
        if role != "address":
            gathering.check_one(f"column for {role}", columns)
        if columns and role in (*LABELS, *NUMBERS, *OF_SITES):
            named[role] = columns[0]
    return asked


def add_cells(
    gathering: Gathering,
    cells: Mapping[str, Sequence[str]],
    line: Line,
    record: Line | None = None,
) -> None:
    """Add one record for each row.

    Parameters
    ----------
    cells
        Columns under our names.
    line : shape (n,), int64
        Line of each row.
    record : shape (n,), int64
        The records, where room for them has been made already.
    """
    if record is None:
        record = np.arange(gathering.add_records(line.size), gathering.n_records, dtype=np.int64)
    for column, values in cells.items():
        match column:
            case "address" if "mask" in cells or "wildcard" in cells:
                masks = _texts(cells.get("mask") or cells["wildcard"])
                are_wildcards = "wildcard" in cells
                prefixes = with_lengths(
                    gathering, _texts(values), masks, line, are_wildcards=are_wildcards
                )
                gathering.add_texts(prefixes, record, line, key="address", may_be_empty=True)
            case "address" if "last" in cells:
                ranges = with_last(gathering, _texts(values), _texts(cells["last"]), line)
                gathering.add_texts(ranges, record, line, key="address", may_be_empty=True)
            case "mask" | "wildcard" | "last":
                continue
            case "from" | "until":
                add_dates(gathering, column, _texts(values), line)
            case _ if column.startswith("address"):
                gathering.add_texts(values, record, line, key="address", may_be_empty=True)
            case "asn":
                add_origins(gathering, values, line)
            case "country":
                add_countries(gathering, values, line)
            case "n_names" | "revenue_usd_per_h" | "visits_per_h":
                add_amounts(gathering, column, values, line)
            case _:
                gathering.add_labels(column, values)


def _texts(values: Sequence[str]) -> Sequence[str]:
    return values.texts() if isinstance(values, CellBytes) else values


def _finish(gathering: Gathering, form: str) -> Feed:
    """Return the feed, and say how many rows have no usable address."""
    feed = gathering.finish(form)
    if not feed.n_unplaced:
        return feed
    note = f"{feed.n_unplaced:,} {UNPLACED}: not known, not unblocked"
    gathering.note(f"{note}; {RESOLVE}" if feed.n_unplaced == feed.n_records else note)
    return replace(feed, notes=tuple(gathering.notes))


def _sizes(connection: DuckDBPyConnection, rows: str, texts: Iterable[str]) -> tuple[int, int, int]:
    """Rows of a table, the bytes of its texts, and those of its longest row."""
    width = " + ".join(f"strlen({text})" for text in texts)
    found = connection.execute(
        "SELECT count(*), coalesce(sum(width), 0), coalesce(max(width), 0) "
        f"FROM (SELECT {width} AS width FROM {rows})"
    ).fetchone()
    assert found is not None
    n_rows, n_bytes, longest = map(int, found)
    return n_rows, n_bytes, longest


def _list_columns(
    columns: Mapping[str, str], types: Mapping[str, str], gathering: Gathering
) -> tuple[str, ...]:
    """Return our columns that are given as lists of texts; lists of origins are read as text."""
    kinds = {ours: types[theirs] for ours, theirs in columns.items() if _is_nested(types[theirs])}
    message = "expected one value in each row (only asn may be a list of numbers, and service one"
    problems = [
        Problem(gathering.name, f"{message} of texts), got {kind}", key=columns[ours])
        for ours, kind in kinds.items()
        if not re.fullmatch(_LIST_KINDS.get(ours, ""), kind)
    ]
    if problems:
        raise DataError(problems)
    return tuple(ours for ours in kinds if ours == "service")


def _ask_of_loss(
    connection: DuckDBPyConnection,
    path: Path,
    chosen: Mapping[str, str],
    lists: Sequence[str],
    gathering: Gathering,
) -> tuple[Problem, ...]:
    """Return what a normal table has lost of its source; note lists that an older version made."""
    metadata = dict(
        connection.execute(
            f"SELECT decode(key), decode(value) FROM parquet_kv_metadata({sql_pattern(path)})"
        ).fetchall()
    )
    if not metadata.get("schema", "").startswith("overblock/normal-table/"):
        return ()
    source, form = metadata.get("source", "the source"), metadata.get("source_format", "")
    if lists and form in ("inventory", "parquet") and metadata["schema"].endswith("/1"):
        gathering.note(
            "an earlier version wrote this table and split services at '|': import "
            f"{source} again if their names hold one"
        )
    n_records, n_unplaced, *n_rows = (
        int(metadata.get(key, "0"))
        for key in ("n_records", "n_records_without_address", "n_rows_ipv4", "n_rows_ipv6")
    )
    held = [f'"{chosen[each]}" IS NOT NULL' for each in _OF_HOSTS if each in chosen]
    any_held = f"SELECT 1 FROM {parquet_rows(path)} WHERE {' OR '.join(held) or 'false'} LIMIT 1"
    lost = ""
    if form in _DATED:
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


def _as_text(ours: str, theirs: str, kind: str) -> str:
    """SQL for a column as text, empty where it is missing; a list of texts as JSON."""
    quoted = '"' + theirs.replace('"', '""') + '"'
    if _is_nested(kind):
        text = f"array_to_string({quoted}, '_')" if ours == "asn" else f"to_json({quoted})"
        return f"coalesce(CAST({text} AS VARCHAR), '')"
    return f"coalesce(CAST({quoted} AS VARCHAR), '')"


def _is_nested(kind: str) -> bool:
    """Whether values of a type, as DuckDB spells it, are lists, objects or maps."""
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP", "UNION"))


def _leaves(cells: Sequence[str], kind: str) -> Sequence[str]:
    """Cells of a column that is not read; of what is nested, given as JSON, all that is in it."""
    if not _is_nested(kind):
        return cells
    said = {cell: told_of(json.loads(cell)) if cell else "" for cell in dict.fromkeys(cells)}
    return [said[cell] for cell in cells]


def _names_rows(header: Iterable[str]) -> bool:
    """Return whether a table has names, no addresses, and another column that we know."""
    columns = set(header)
    others = {*LABELS, *OF_SITES, "n_names", f"revenue{REVENUE}"} - {"name"}
    has_names = bool(columns & {"name", "site"}) and not columns & {*ADDRESS_COLUMNS}
    return has_names and bool(columns & others)


def fits_inventory(sample: Sample) -> bool:
    """Return whether the first line names a column of addresses, or of names among others."""
    header = sample.header
    has_ranges = any(first in header and last in header for first, last in LAST_OF.items())
    return has_ranges or any(column in header for column in ADDRESS_COLUMNS) or _names_rows(header)
