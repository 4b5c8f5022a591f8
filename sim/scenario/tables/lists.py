"""Lists of addresses that a scenario names, addresses of a target given by names, and ranges.

The ranges of providers, from the files that they publish, make a table of ``providers.prefixes``.
Each address has one row: that of its most specific range. Places are those of the shipped tables of
hosting: AWS by region, others whole (``global``).
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import groupby, repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sim.addresses.feeds.feed import Feed, without_sinkholes
from sim.addresses.feeds.formats import read_feed, sniff
from sim.addresses.feeds.forms import DATED, FORM, RANGES
from sim.addresses.feeds.frames import feed_of_columns
from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.name_lists import check_answers, join_names
from sim.addresses.sets.blocks import split_ranges
from sim.addresses.sets.intervals import AddressSet
from sim.addresses.sets.line import clip_prefix
from sim.addresses.sets.notation import Prefix, shown
from sim.addresses.sets.prefixes import PrefixTable, PrefixTable6
from sim.errors import DataError, Problem, UsageError
from sim.scenario.quantities import parse_day
from sim.scenario.schema import dump_tree
from sim.scenario.strategies import is_name
from sim.scenario.tables.rows import SHARED, CloudPrefixRow, PrefixRow
from sim.scenario.tables.seeds import ANY, Table, read_bytes, read_note, read_shipped

_NAMED = 10


@dataclass(frozen=True)
class ListTable(Table[PrefixRow]):
    """A list of prefixes; its bytes are of whatever format it was read from."""

    notes: tuple[str, ...] = field(default=(), kw_only=True)
    """What the reader reports about the file, such as columns that it ignored."""


def read_list(name: str, path: Path) -> ListTable:
    """Read a list of prefixes, addresses and ranges: a row for each prefix, with its line.

    Raises
    ------
    DataError
        If it cannot be read, holds mistakes or dated orders, or IPv6 without an address of
        2000::/3.
    """
    return _table(name, path, read_feed(Input(path, str(path))))


def _table(name: str, path: Path, feed: Feed) -> ListTable:
    if feed.origin.format in DATED:
        message = (
            "expected a list without times, got dated orders: `overblock import FILE -o orders.csv`"
            " writes them as the strategy replay reads them"
        )
        raise DataError([Problem(str(path), message)])
    data, listed = read_bytes(path), list_prefixes(feed, str(path))
    return ListTable(
        name,
        path,
        data,
        hashlib.sha256(data).hexdigest(),
        # Checked as they were read.
        tuple(PrefixRow.model_construct(prefix=prefix) for _, _, prefix in listed),
        tuple(line for _, line, _ in listed),
        read_note(path),
        notes=feed.notes,
    )


def read_target(
    addresses: str | Sequence[str],
    names: str | None,
    find: Callable[[str], Path],
    sites: Feed | None,
) -> tuple[tuple[Prefix, ...], list[ListTable]]:
    """Read the addresses of a target, and of its names.

    Parameters
    ----------
    names
        File of names with their addresses.
    sites
        The user's sites with their addresses, for names that ``names`` lacks.

    Returns
    -------
    prefixes, files
        Addresses of the target, and the files read; each file has all of them as its rows.

    Raises
    ------
    DataError
        If a file cannot be read, or has none of the addresses of some name.
    """
    if isinstance(addresses, str):
        feed = _read_mixed(find(addresses))
    else:
        cells = [("", one) if not is_name(one) else (one, "") for one in addresses]
        columns = dict(zip(("name", "address"), zip(*cells, strict=True), strict=True))
        feed = feed_of_columns(columns, "target.addresses")
    answers = [] if names is None else [_read_mixed(find(names))]
    for one in answers:
        check_answers(one)
    for one in (*answers, *([] if sites is None else [sites])):
        feed, _ = join_names(feed, without_sinkholes(one))
    texts = feed.labels["name"].texts if "name" in feed.labels else [""] * feed.n_records
    bare = (texts[row] for row in np.flatnonzero(~feed.is_placed))
    if lacking := list(dict.fromkeys(filter(None, bare))):
        more = f" and {len(lacking) - _NAMED:,} more" if lacking[_NAMED:] else ""
        message = (
            f"expected an address for each name, got none for {len(lacking):,} of them: "
            f"{', '.join(map(shown, lacking[:_NAMED]))}{more}; nothing is looked up here: give a "
            "file as target.names, a CSV with the columns name,address or what `dig +noall +answer "
            "NAME A NAME AAAA >> answers.txt` adds for each name"
        )
        raise DataError([Problem(feed.origin.file, message)])
    files = [_table(addresses, find(addresses), feed)] if isinstance(addresses, str) else []
    for one in answers:
        table = _table(str(names), find(str(names)), feed)
        files.append(replace(table, notes=without_sinkholes(one).notes))
    return tuple(prefix for _, _, prefix in list_prefixes(feed, feed.origin.file)), files


def _read_mixed(path: Path) -> Feed:
    """Read a list in which some lines may be names."""
    given = Input(path, str(path))
    try:
        return read_feed(given, allow_empty=True)
    except DataError:
        if sniff(given) == "list":
            with suppress(DataError):
                return read_feed(given, "names", allow_empty=True)
        raise


def list_prefixes(feed: Feed, file: str) -> list[tuple[int, int, Prefix]]:
    """Return the prefixes of a list, each with its record and its line, IPv4 first.

    Raises
    ------
    DataError
        If IPv6 has no address of 2000::/3.
    """
    row4, address4, length4 = feed.v4.to_prefixes()
    row6, address6, length6 = feed.v6.to_prefixes()
    listed = [
        *map(Prefix, repeat(4), address4.tolist(), length4.tolist()),
        *map(Prefix, repeat(6), address6.tolist(), length6.tolist()),
    ]
    lines = [*feed.v4.line[row4].tolist(), *feed.v6.line[row6].tolist()]
    records = [*feed.record4[row4].tolist(), *feed.record6[row6].tolist()]
    found, problems = [], []
    for record, line, prefix in zip(records, lines, listed, strict=True):
        try:
            found.append((record, line, clip_prefix(prefix)))
        except ValueError as error:
            problems.append(Problem(file, str(error), line))
    DataError.raise_any(problems)
    return found


TODAY = "provider-prefixes-2026"
"""Shipped table of present ranges."""
WHOLE = "global"
"""Region of a provider whose regions the shipped tables do not distinguish."""
NETWORK_BITS = 64
"""Bits of a network of IPv6: a scenario gives out whole networks, and narrower ranges are none."""
_NAMES = {"Azure": "Microsoft"}
_PROXIES = {"Cloudflare": ("cloudflare", "list"), "Fastly": ("fastly",)}
"""Providers all of whose published ranges are a proxy's, and the forms of those files."""
_SHARED = {"CLOUDFRONT", "AzureFrontDoor.Frontend", "pages"}
"""Services that answer for many customers at one address."""
_MEANINGS = {
    "provider": "Who holds the range",
    "region": "Region of AWS; global where the tables of hosting distinguish none",
    "prefix": "Range, in no other row",
    "as_of": "Date of the file",
    "shared": "Whether many customers are at one address: yes, no, or empty (not known)",
    "kind": "Whether a reader can follow the source of the row",
    "source_id": "File, described in this note",
}


class Owner(NamedTuple):
    """Columns of a row beside its prefix."""

    provider: str
    region: str
    as_of: str
    shared: str
    kind: str
    source_id: str

    @classmethod
    def of(cls, row: CloudPrefixRow) -> Owner:
        """Of a row of a table."""
        return cls(*(getattr(row, name) for name in cls._fields))


Claim = tuple[Owner, Prefix]


def read_ranges(feed: Feed, source_id: str, day: str = "") -> tuple[list[Claim], str, int]:
    """Return the ranges of a provider's file, each with its owner, and where they are from.

    The number is that of ranges too narrow for a scenario, which are excluded.

    Parameters
    ----------
    day
        Date of a file that states none.

    Raises
    ------
    DataError
        If it is no file of a provider, or a row names none or has IPv6 outside 2000::/3.
    UsageError
        If neither the file nor the user states its day.
    """
    origin, n = feed.origin, feed.n_records
    form = FORM[origin.format]
    if form.name not in RANGES:
        message = f"expected dated orders, or ranges of a provider ({', '.join(RANGES)})"
        raise DataError([Problem(origin.file, f"{message}, got a file of the form {form.name}")])
    provider, region = (
        labels.texts if (labels := feed.labels.get(name)) else [""] * n
        for name in ("provider", "region")
    )
    if "" in provider:
        message = "expected whose ranges these are, got none: give the file as NAME=FILE"
        raise DataError([Problem(origin.file, message, key="provider")])
    stated = re.match(r"\d{4}-\d{2}-\d{2}", origin.date)
    as_of = stated[0] if stated else day
    try:
        parse_day(as_of)
    except ValueError as error:
        message = "the file states no day, and the present day is not assumed"
        raise UsageError(f"{origin.file}: {error}; {message}: give --date DAY") from None
    services = feed.labels.get("service")
    lists = [*((services and services.lists) or ()), ()]
    of_record = services.code.tolist() if services else [-1] * n
    owners = [
        _owner(name, place, set(lists[code]), form.name, as_of, source_id)
        for name, place, code in zip(provider, region, of_record, strict=True)
    ]
    listed = [(owners[row], prefix) for row, _, prefix in list_prefixes(feed, origin.file)]
    claims = [claim for claim in listed if claim[1].version == 4 or claim[1].length < NETWORK_BITS]
    if not claims:
        message = f"expected ranges of IPv4, or of IPv6 wider than /{NETWORK_BITS}; got none"
        raise DataError([Problem(origin.file, message)])
    told = ", ".join(dict.fromkeys(owner.provider for owner in owners))
    reference = f"{told}: {form.file.replace('`', '')}, {origin.date or f'{as_of} as given'}"
    return claims, reference, len(listed) - len(claims)


def _owner(
    provider: str, region: str, services: set[str], form: str, as_of: str, source_id: str
) -> Owner:
    """Return provider, place and sharing of a range."""
    shared = ""
    if services & _SHARED or form in _PROXIES.get(provider, ()):
        shared = "yes"
    elif form == "github":
        shared = "no"
    if provider == "Google" and services:
        provider = "Google Cloud"
    region = region if provider == "AWS" and region else WHOLE
    return Owner(_NAMES.get(provider, provider), region, as_of, shared, "fact", source_id)


def disjoint(claims: Sequence[Claim]) -> list[Claim]:
    """Give each address to its most specific range, of equal ones to the first."""
    # Google's file of all its ranges repeats those of its cloud, some of them in parts.
    google, cloud = (
        [claim for claim in claims if claim[0].provider == name]
        for name in ("Google", "Google Cloud")
    )
    rented = AddressSet.of(*(str(prefix) for _, prefix in cloud))
    repeated = {one for one in google if not AddressSet.of(str(one[1])).difference(rented)}
    claims = [claim for claim in claims if claim not in repeated]
    owners = list(dict.fromkeys(owner for owner, _ in claims))
    number = {owner: at for at, owner in enumerate(owners)}
    found: list[tuple[int, Prefix]] = []
    for version, kind in ((4, PrefixTable), (6, PrefixTable6)):
        mine = [(number[owner], prefix) for owner, prefix in claims if prefix.version == version]
        if not mine:
            continue
        held = kind.from_prefixes(*zip(*(prefix[1:] for _, prefix in mine), strict=True))
        of_segment = np.array([*(at for at, _ in mine), -1])[held.segment_row]
        is_first = np.append(True, of_segment[1:] != of_segment[:-1])
        start, owner = held.segment_start[is_first], of_segment[is_first]
        stop = np.append(start[1:], np.array([1 << kind.BITS], start.dtype))
        is_held = owner >= 0
        row, *columns = split_ranges(start[is_held], stop[is_held])
        prefixes = map(Prefix, repeat(version), *(column.tolist() for column in columns))
        found += zip(owner[is_held][row].tolist(), prefixes, strict=True)
    return [(owners[at], prefix) for at, prefix in sorted(found)]


def complete(table: Table[CloudPrefixRow]) -> tuple[str, str, str]:
    """Add the ranges of providers that a table lacks, from those of today.

    Returns
    -------
    table, note
        Texts of both.
    added
        Providers that were added.
    """
    base = read_shipped(TODAY, CloudPrefixRow)
    mine = [(Owner.of(row), row.prefix) for row in table.rows]
    taken = AddressSet.of(*(str(prefix) for _, prefix in mine))
    known = {owner.provider for owner, _ in mine}
    others = [(Owner.of(row), row.prefix) for row in base.rows if row.provider not in known]
    for owner, claims in groupby(others, lambda claim: claim[0]):
        left = AddressSet.of(*(str(prefix) for _, prefix in claims)).difference(taken)
        for version, of_family in ((4, left.v4), (6, left.v6)):
            for address, length in zip(*of_family.to_prefixes(), strict=True):
                mine.append((owner, Prefix(version, int(address), int(length))))
    notes = [note for note in (table.note, base.note if others else None) if note is not None]
    references = {key: text for note in notes for key, text in note.references.items()}
    licence = " ".join(note.licence for note in notes) or "Your own"
    added = ", ".join(dict.fromkeys(owner.provider for owner, _ in others))
    return ranges_text(mine), ranges_note(mine, references, licence), added


def ranges_text(claims: Iterable[Claim]) -> str:
    """Return the table as CSV."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(CloudPrefixRow.model_fields)
    for owner, prefix in claims:
        values = owner._asdict() | {"prefix": prefix}
        writer.writerow(values[name] for name in CloudPrefixRow.model_fields)
    return stream.getvalue()


def ranges_note(claims: Sequence[Claim], references: Mapping[str, str], licence: str) -> str:
    """Return the note beside the table."""
    owners = {owner for owner, _ in claims}
    days = sorted({owner.as_of for owner in owners})
    providers = ", ".join(dict.fromkeys(owner.provider for owner, _ in claims))
    support = {"kind": "fact", "source": "the source named by source_id", "date": " to ".join(days)}
    return dump_tree(
        {
            "title": f"Ranges of providers, {' to '.join(dict.fromkeys((days[0], days[-1])))}",
            "description": f"Provider, region and prefix, disjoint: {providers}.",
            "country": ANY,
            "time": "/".join(dict.fromkeys((days[0][:7], days[-1][:7]))),
            "licence": licence,
            "keys": ["provider", "region"],
            "rows": {"kind": "kind", "source": "source_id", "date": "as_of"},
            "references": dict(references),
            "columns": {
                name: {"unit": "text", "meaning": meaning, **support}
                for name, meaning in _MEANINGS.items()
            },
        }
    )


def shared_part(table: Table[CloudPrefixRow]) -> Table[CloudPrefixRow]:
    """Return the rows of shared ranges, as the region `SHARED`, of a table that marks them.

    Raises
    ------
    DataError
        If it marks none.
    """
    if not any(row.shared for row in table.rows):
        return table
    kept = [number for number, row in enumerate(table.rows) if row.shared == "yes"]
    if not kept:
        message = "expected a row with yes, as providers.shared names this table; got none"
        raise DataError([Problem(str(table.path), message, key="shared")])
    return replace(
        table,
        rows=tuple(table.rows[n].model_copy(update={"region": SHARED}) for n in kept),
        lines=tuple(table.lines[n] for n in kept),
    )
