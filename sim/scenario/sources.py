"""Every value a scenario rests on, what that value rests on itself, and what to check of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from sim.addresses.sets.intervals import AddressSet
from sim.scenario.load import LoadedScenario
from sim.scenario.overrides import IANA, INDEX, ISO_4217, pack_name, rate_at, read_packs
from sim.scenario.quantities import finite_number, join_lines
from sim.scenario.resolve import Resolved, described, is_of_country, stand_ins, years
from sim.scenario.schema import USD, Cell, leaves, numbers_of, scenario_tree
from sim.scenario.strategies import windows_of_order
from sim.scenario.tables.inventory import Inventory
from sim.scenario.tables.lists import ListTable
from sim.scenario.tables.money import lack_sales
from sim.scenario.tables.rows import assumed_by_key
from sim.scenario.tables.seeds import (
    CodeTable,
    ColumnNote,
    SourceNote,
    Table,
    read_cells,
    table_rows,
)


@dataclass(frozen=True, kw_only=True)
class Source:
    """One value, or several that rest on the same thing."""

    key: str
    """Key path of the scenario, or ``table.column``."""
    lines: str = ""
    row: str = ""
    """Lines of the table, and what names the row where it is one; empty for a scenario key."""
    n_values: int = 1
    value: Cell | None
    """How many values, and which where they are all the same; else None."""
    values: tuple[float, float] | None = None
    """Lowest and highest, where they are numbers that differ."""
    unit: str
    """Unit of the value and of its range."""
    kind: str
    """``fact``, ``derived`` (see ``formula``), ``assumption`` (see ``range``), or ``choice``: what
    the scenario asks, and no claim about the world."""
    source: str = ""
    date: str = ""
    """Where it was published and when; for a choice of table, which."""
    formula: str = ""
    why: str = ""
    """How a derived value is computed; why an assumption or choice, or how to read a fact."""
    range: dict[str, list[Any]] | None = None
    """Lowest and highest value held possible, in one of three forms: ``{"absolute": [low, high]}``,
    ``{"times": [low, high]}`` of each value, ``{"columns": [low, high]}`` of each row."""

    @property
    def is_range_stated(self) -> bool:
        """Whether an assumed number says how far it may be off; true for all others."""
        is_number = self.values is not None or bool(numbers_of(self.value))
        return self.range is not None or not (is_number and self.kind == "assumption")

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values under the names above; what does not apply is left out."""
        plain = {name: value for name, value in vars(self).items() if value not in ("", None)}
        return plain if self.is_range_stated else plain | {"range": "not stated"}


UNITS_OF_SITES = {"revenue_usd_per_h": "USD/h", "visits_per_h": "visits/h", "n_names": "names"}
NO_NOTE = "A table without a source note"
_Rows: TypeAlias = "list[tuple[int, Mapping[str, str]]]"
"""Lines of a table, each with its cells."""


def table_sources(table: Table[Any], *, each_row: bool = False) -> Iterator[Source]:
    """Sources of a table's cells, by column; empty cells are left out.

    Parameters
    ----------
    each_row
        One for each cell, instead of one for all that rest on the same.
    """
    title = table.note.title if table.note else ""
    if isinstance(table, Inventory):
        # What its owner says of the sites.
        title = title or "The inventory, as its owner gives it"
        why = "Values that it omits are drawn, and marked as drawn in sites.csv"
        for column in table.columns:
            yield Source(
                key=f"{table.name}.{column}", n_values=table.n_rows, value=None,
                unit=UNITS_OF_SITES.get(column, ""), kind="fact", source=title, why=why,
            )  # fmt: skip
        return
    if isinstance(table, ListTable):
        yield Source(
            key=f"{table.name}.prefix", n_values=len(table.rows), value=None, unit="prefix",
            kind="choice", source=title, why="The question: the list of the user",
        )  # fmt: skip
        return
    if isinstance(table, CodeTable):
        why = f"What is asked: {table.title}"
        yield Source(key=table.name, value=None, unit="code", kind="choice", why=why)
        return
    # The table was read before, so its cells are sound.
    reader, _ = read_cells(table.data.decode("utf-8-sig"))
    header = next(reader)
    rows = [dict(zip(header, record, strict=True)) for record in reader if record]
    for column in claiming_columns(header, table.note):
        groups: dict[object, tuple[dict[str, str], _Rows]] = {}
        for line, row in zip(table.lines, rows, strict=True):
            if row[column]:
                support = _support(column, row, table.note)
                key = line if each_row else tuple(support.values())
                groups.setdefault(key, (support, []))[1].append((line, row))
        for support, found in groups.values():
            yield _summed_up(table, column, support, found)


def claiming_columns(header: Sequence[str], note: SourceNote | None) -> list[str]:
    """Columns that claim something: all but names of rows, bounds of ranges, and sources."""
    if note is None:
        return list(header)
    silent = {*note.keys, *note.rows.columns, *note.bounds}
    return [name for name in header if name not in silent]


def _support(column: str, row: Mapping[str, str], note: SourceNote | None) -> dict[str, str]:
    """Return the support of one cell: the one of its row, else the one of its column."""
    if note is None or column not in note.columns:
        return {"unit": "", "kind": "assumption", "why": NO_NOTE}
    about, rows = note.columns[column], note.rows
    unit, kind, source, date, why = (
        join_lines(row[name]) if name else ""
        for name in (rows.unit, rows.kind, rows.source, rows.date, rows.why)
    )
    kind = kind or about.kind
    unit = (unit if about.unit == f"as in the column {rows.unit}" else "") or about.unit
    if kind == "assumption":
        # A row that is assumed says why, in the column of sources where there is none for reasons.
        why = why or (source if rows.kind else "") or join_lines(about.why or about.source)
        return {"unit": unit, "kind": kind, "why": why}
    says_formula = kind == "derived" and bool(rows.kind)
    return {
        "unit": unit,
        "kind": kind,
        "source": note.references.get(source, source) or join_lines(about.source),
        "date": date or join_lines(about.date),
        "formula": (why if says_formula else "") or join_lines(about.formula),
        "why": "" if says_formula else why,
    }


def _summed_up(table: Table[Any], column: str, support: dict[str, str], found: _Rows) -> Source:
    """Cells of a column that rest on the same."""
    note, rows = table.note, [row for _, row in found]
    cells = [row[column] for row in rows]
    known = [number for cell in cells if (number := _number(cell)) is not None]
    is_number = len(known) == len(cells)
    value: str | int | float | None = None
    if len(set(cells)) == 1:
        value = known[0] if is_number else cells[0]
    keys = note.keys if note else ()
    name = " / ".join(cell for key, cell in rows[0].items() if key in keys and cell)
    return Source(
        key=f"{table.name}.{column}",
        lines=spans([line for line, _ in found]),
        row=name if len(rows) == 1 else "",
        n_values=len(cells),
        value=value,
        values=(min(known), max(known)) if is_number and value is None else None,
        range=_range(note.columns.get(column), known, rows) if note and is_number else None,
        **support,
    )


def _range(
    about: ColumnNote | None, numbers: Sequence[int | float], rows: Sequence[Mapping[str, str]]
) -> dict[str, list[Any]] | None:
    """Range of a column, in numbers where one value or one pair of bounds is meant."""
    if about is None or about.range is None:
        return None
    asked = about.range
    if asked.columns is not None:
        bounds = {tuple(_number(row[name]) for name in asked.columns) for row in rows}
        if len(bounds) == 1:
            return {"absolute": list(bounds.pop())}
        return {"columns": list(asked.columns)}
    if asked.times is not None and len(set(numbers)) == 1:
        # Twelve digits: a product of two short decimals, not of their nearest binary numbers.
        return {"absolute": [float(f"{numbers[0] * factor:.12g}") for factor in asked.times]}
    return {key: list(pair) for key, pair in asked.model_dump(exclude_none=True).items()}


def _number(cell: str) -> int | float | None:
    value = finite_number(cell)
    if value is not None and value.is_integer() and "e" not in cell.lower():
        return int(value)
    return value


def spans(lines: Sequence[int]) -> str:
    """Line numbers as spans: ``2-4, 7``."""
    runs = [[*run] for _, run in groupby(enumerate(lines), lambda pair: pair[1] - pair[0])]
    ends = ((run[0][1], run[-1][1]) for run in runs)
    return ", ".join(f"{first}" if first == last else f"{first}-{last}" for first, last in ends)


OVERRIDE = "--set "
"""How the place of a value from the command line begins."""
LABELS = ("format", "name", "title", "description", "ordered_by", "purpose", "target.name")
"""Keys that are words for readers: nothing is computed from them; listed where they have a note."""
ASKED = {"root_seed": "seed", "n_replicates": "replicates"}
"""Keys that say what is asked and claim nothing about the world, each with its unit."""
UNITS = {"_per_d": "1/d", "_h": "h", "_d": "d", "_min": "min", "_usd": "USD"}
"""Units that end a key's name."""


def list_sources(resolved: Resolved, *, each_row: bool = False) -> tuple[Source, ...]:
    """Every value of a scenario and of its tables, with what it rests on.

    Parameters
    ----------
    each_row
        One line for each cell of the tables, instead of one for all rows that rest on the same.

    Returns
    -------
    sources
        Scenario keys in the sequence of the language, then tables by name, columns and rows in the
        sequence of the file.
    """
    tables = {table.name: table for table in resolved.tables}
    of_tables = (table_sources(table, each_row=each_row) for table in resolved.tables)
    return (*_key_sources(resolved.loaded, tables), *chain.from_iterable(of_tables))


def _key_sources(loaded: LoadedScenario, tables: dict[str, Table[Any]]) -> Iterator[Source]:
    assumed = {row.key: row for row in loaded.assumed}
    # The table knows the unit of a key also where the scenario gives the value.
    units = {key: row.unit for key, row in assumed_by_key().items()}
    for key, value in leaves(scenario_tree(loaded.scenario)):
        if (note := loaded.scenario.provenance.get(key)) is not None:
            said = note.model_dump(include={"unit", "kind", "source", "date", "formula", "why"})
            yield _source(key, value, note.range, **said)
        elif key in LABELS:
            continue
        elif key in assumed and assumed[key].number == value:
            row, line = assumed[key], loaded.document.locate(tuple(key.split("."))).line
            source = f"seeds/assumptions.csv, line {line}"
            said = {"kind": "assumption", "unit": row.unit, "source": source, "why": row.why}
            yield _source(key, row.number, (row.low, row.high), **said)
        else:
            yield _bare(loaded, key, value, units.get(key, ""), tables)
    for piece in loaded.scenario.evidence or ():
        low, high = piece.window
        yield _source(
            f"evidence.{piece.id}",
            piece.value,
            (max(low, 0), high) if math.isfinite(high) else None,
            unit=piece.unit,
            kind="assumption" if piece.kind == "assumption" else "fact",
            source=piece.source,
            date=piece.date,
            why=piece.note,
        )


def _bare(
    loaded: LoadedScenario, key: str, value: Cell, unit: str, tables: dict[str, Table[Any]]
) -> Source:
    """A value without a note: an assumption whose range is not stated."""
    place = loaded.document.locate(tuple(key.split(".")))
    origin = f"given as {place.file}" if place.file.startswith(OVERRIDE) else ""
    if Path(place.file) == read_packs().path:
        whose = pack_name(loaded.scenario.country or "")
        origin = f"By the pack of {whose}, seeds/{INDEX}.csv, line {place.line}"
    elif place.file in (IANA, ISO_4217):
        origin = f"By the country: {place.file}"
    if isinstance(value, str) and value in tables:
        title = tables[value].title
        return _source(key, value, unit="table", kind="choice", source=title, why=origin)
    top = key.split(".")[0]
    kind, why = "choice", "What the scenario asks"
    if top in ASKED:
        unit, why = unit or ASKED[top], "What is asked: no claim about the world"
    elif numbers_of(value):
        unit = unit or next((one for ending, one in UNITS.items() if key.endswith(ending)), "")
        kind, why = "assumption", "A number of the scenario without provenance"
    return _source(key, value, unit=unit, kind=kind, why=origin or why)


def _source(key: str, value: Cell, ends: tuple[float, float] | None = None, **said: Any) -> Source:
    """Source of a scenario key, its texts on one line each."""
    said |= {name: join_lines(said[name]) for name in said.keys() & {"source", "formula", "why"}}
    return Source(key=key, value=value, range={"absolute": list(ends)} if ends else None, **said)


def list_warnings(resolved: Resolved) -> list[str]:
    """Warnings to check before trusting the result."""
    ways = _warn_of_clock, _warn_of_tables, _warn_of_orders, _warn_of_files
    return [one for warn in ways for one in warn(resolved)]


def _warn_of_tables(resolved: Resolved) -> Iterator[str]:
    """Name the tables of another country or time, and what they leave out."""
    scenario, economy = resolved.scenario, resolved.economy
    is_marked = any(row.shared == "yes" for row in resolved.cloud_prefixes.rows)
    if is_marked and resolved.shared_prefixes is None:
        name = resolved.cloud_prefixes.name
        yield (
            f"{name} says which ranges many customers share, but no range is treated as shared: "
            f"providers.shared: {name} treats these so"
        )
    if found := stand_ins(resolved):
        head = (
            f"tables of another country or time are used for {scenario.country} in "
            f"{years(scenario)}"
            if scenario.country
            else "the scenario names no country (key country), but these tables are of one, or of "
            f"a time other than {years(scenario)}"
        )
        yield f"{head}: {', '.join(f'{name} ({described(note)})' for name, note in found.items())}"
    of_sites = resolved.inventory.currency if resolved.inventory is not None else ""
    for currency in dict.fromkeys((scenario.money.currency, of_sites)):
        rate = rate_at(table_rows(resolved.rates), currency, scenario.start.year)
        if rate is not None and not 0 <= scenario.start.year - rate.of <= 1:
            yield (
                f"sums in {currency} take the exchange rate of {rate.of} for a run that starts in "
                f"{scenario.start.year}: the table has no nearer one (key money.rates)"
            )
    amounts = resolved.amounts
    if lack_sales(resolved.inventory, scenario.population.n_businesses):
        yield (
            "amounts are not computed: no site gives its revenue (revenue_per_h), its visits "
            "(visits_per_h) or its sector"
        )
    elif math.isnan(amounts.factor):
        yield (
            "amounts are not computed: what businesses earn and spend is assumed in USD, and there "
            f"is no exchange rate of {amounts.currency} (key money.rates); if no site gives its "
            "revenue, --set money.currency=USD computes dollars"
        )
    why = "no economy is named (key money.economy)" if economy is None else ""
    if economy is not None and not is_of_country(economy, scenario):
        assert economy.note is not None
        other = f"is of {scenario.country}" if scenario.country else "names no country"
        why = (
            f"{economy.name} is of {economy.note.country}, the scenario {other} (keys "
            "money.economy and country)"
        )
    elif economy is not None and amounts.currency != USD:
        why = f"{economy.name} is in USD, and there is no rate of {amounts.currency}"
    if why:
        yield f"losses by national methods are not computed: {why}"


def _warn_of_clock(resolved: Resolved) -> Iterator[str]:
    """Tell where the clock by which customers buy is not that of the scenario's time zone."""
    scenario = resolved.scenario
    days = range((scenario.end - scenario.start).days + 1)
    moments = [scenario.start.astimezone(UTC) + timedelta(days=day) for day in days]
    last = scenario.end - timedelta(seconds=1)
    if any(
        at.astimezone(scenario.zone).utcoffset() != scenario.start.utcoffset()
        for at in (*moments, last)
    ):
        yield (
            f"customers buy by the clock of the start, UTC{scenario.start.isoformat()[-6:]}, which "
            f"{scenario.zone} does not have for all of the run: their hours are shifted"
        )


def _warn_of_orders(resolved: Resolved) -> Iterator[str]:
    """Count orders that the run does not reach."""
    scenario, orders = resolved.scenario, resolved.given_orders
    start, end = scenario.start, scenario.end
    if late := sum(row.effective >= end for row in table_rows(resolved.orders)):
        yield f"{late} orders fall at or after the end of the run and are not placed"
    idle = sum(
        not any(first < end and last > start for first, last in windows_of_order(one, scenario))
        for one in orders
    )
    if idle:
        yield f"{idle} of {len(orders)} orders are in force at no time of the run"
    limits = ", ".join(
        f"censor.{key}"
        for key in ("orders_per_day", "max_rules", "max_addresses", "pause_pressure")
        if getattr(scenario.censor, key, None) is not None
    )
    if limits and (orders or table_rows(resolved.orders)):
        yield f"orders that {limits} refuses are not placed, and the run does not count them"
    vain = [
        str(day)
        for one in orders
        for day in sorted(set(one.except_ or ()))
        if day
        not in {
            first.astimezone(scenario.zone).date()
            for first, _ in windows_of_order(one.model_copy(update={"except_": None}), scenario)
        }
    ]
    if vain:
        yield f"no session of their order begins on these dates of except: {', '.join(vain)}"
    early = sum(
        isinstance(one.from_, datetime)
        and one.from_ < start
        and not (isinstance(one.to, datetime) and one.to <= start)
        for one in orders
    )
    if early:
        yield (
            f"{early} of {len(orders)} orders are from before the start of the run: "
            "they count from the start on"
        )


def _count_own(resolved: Resolved, inventory: Inventory) -> int:
    """How many sites have addresses of the target alone."""
    own, is_six = AddressSet.of(*map(str, resolved.target)), inventory.is_ipv6
    is_own = np.zeros(is_six.size, np.bool_)
    is_own[~is_six] = own.v4.contains(inventory.address4[~is_six])
    is_own[is_six] = own.v6.contains(inventory.address6)
    site = inventory.component_site[inventory.host_component]
    n_of, n_own = (np.bincount(site, one, inventory.n_sites) for one in (None, is_own))
    return int(((n_of > 0) & (n_of == n_own)).sum())


def _warn_of_files(resolved: Resolved) -> Iterator[str]:
    """Name data that a file of sites lacks, or has and a run ignores; then notes of the readers."""
    inventory = resolved.inventory
    if inventory is not None and resolved.target and (n := _count_own(resolved, inventory)):
        yield (
            f"{inventory.name}: sites with no address but those of target.addresses: {n}. What "
            "they lose counts as harm to others: leave out those that are the target's own"
        )
    is_elsewhere = inventory is not None and bool(inventory.away_from or resolved.moves)
    n_without = inventory.n_without_address if inventory is not None else 0
    # Of sites elsewhere it is reported for sites as they are.
    if inventory is not None and n_without and not is_elsewhere:
        yield (
            f"{inventory.name}: {n_without} of {inventory.n_hosts.sum()} rows have no address."
            " A site without any is placed by chance (column drawn of sites.csv); one with another "
            "row has fewer addresses here than in truth"
        )
    if inventory is not None and inventory.away_from:
        yield (
            f"without {inventory.away_from}: what a site has there alone is placed by chance among "
            f"the other providers of {resolved.hosting.name} (column drawn of sites.csv)"
        )
    if is_elsewhere and resolved.scenario.complaints is not None:
        yield (
            "sites that are cut off complain too, so that orders may differ between sites as they "
            "are and elsewhere; complaints.per_business_per_d, .per_million_people_per_d and "
            ".named_per_d, all set to 0, keep them the same"
        )
    for table in resolved.tables:
        if isinstance(table, ListTable | Inventory):
            yield from (f"{table.name}: {note}" for note in table.notes)
