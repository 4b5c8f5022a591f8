"""Country packs: what the key ``country`` brings where a scenario leaves it out.

In: the plain tree of a scenario that names its country. Out: the tree with the values of the pack
filled in. It reads the index of packs, not the tables that this names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from sim.scenario.library import shipped
from sim.scenario.overrides import put_value
from sim.scenario.tables.rows import PackRow, RateRow
from sim.scenario.tables.seeds import Table, read_table
from sim.scenario.tree import Document, Place

INDEX = "country-packs"
ELSEWHERE = "ZZ"
"""Stands in the index for a country that has no pack (ISO 3166 leaves it to users)."""


def index_path() -> Path:
    """Where the index of packs lies."""
    return shipped("seeds") / f"{INDEX}.csv"


def read_packs() -> Table[PackRow]:
    """Read the index of packs."""
    return read_table(INDEX, index_path(), PackRow)


def countries() -> list[str]:
    """Countries that have a pack, sorted."""
    return sorted({row.country for row in read_packs().rows} - {ELSEWHERE})


def pack_year(country: str) -> int:
    """Year of the latest pack of a country that has one."""
    return max(row.of for row in read_packs().rows if row.country == country)


def pack_of(country: str, year: int) -> dict[str, tuple[str, int]]:
    """Values of the pack of a country for a run that starts in a year, each with its line.

    Of several packs it is the latest that is not of a later year, else the earliest; empty where
    the country has none.
    """
    table = read_packs()
    times = [row.of for row in table.rows if row.country == country]
    if not times:
        return {}
    of = nearest(times, year)
    return {
        row.key: (row.value, line)
        for row, line in zip(table.rows, table.lines, strict=True)
        if (row.country, row.of) == (country, of)
    }


def nearest(years: Iterable[int], year: int) -> int:
    """The latest of some years that is not after a given one, else the earliest."""
    ascending = sorted(years)
    return max((of for of in ascending if of <= year), default=ascending[0])


def rate_at(rows: Iterable[RateRow], currency: str | None, year: int) -> RateRow | None:
    """The row of a currency for a year; None where there is none."""
    mine = {row.of: row for row in rows if row.currency == currency}
    return mine[nearest(mine, year)] if mine else None


def take_pack(document: Document) -> None:
    """Fill in what the pack of a scenario's country says of the keys left out."""
    country, start = document.tree.get("country"), document.tree.get("start")
    begins = re.match(r"\d{4}", start) if isinstance(start, str) else None
    if not isinstance(country, str) or country == ELSEWHERE or begins is None:
        return
    file = str(index_path())
    for key, (value, line) in pack_of(country, int(begins[0])).items():
        path = tuple(key.split("."))
        place = Place(file, line, 1)
        section: object = document.tree
        for name in path[:-1]:
            section = section.get(name, {}) if isinstance(section, dict) else None
        if not isinstance(section, dict):
            continue
        is_ours = document.place(path).file == file
        # What was switched off stays off.
        if is_ours or (path[-1] not in section and not document.is_replaced(path)):
            put_value(document, path, value, place)
