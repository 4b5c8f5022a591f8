"""The shipped tables on names, services and components, read for tests."""

from functools import cache
from pathlib import Path

from sim.names.law import NamesLaw, fit_names_law
from sim.names.sharing import build_kinds
from sim.scenario.tables.rows import AssumptionRow, CloudPrefixRow
from sim.scenario.tables.seeds import RowType, Table, find_table, read_table
from sim.scenario.tables.sharing import ConcentrationRow, ParkedRow, SharingRow


def shipped_table(name: str, model: type[RowType]) -> Table[RowType]:
    return read_table(name, find_table(name, Path()), model)


@cache
def census_rows() -> tuple[ConcentrationRow, ...]:
    return shipped_table("hosting-concentration", ConcentrationRow).rows


@cache
def census_law() -> NamesLaw:
    return fit_names_law(census_rows())


@cache
def assumptions() -> dict[str, float]:
    rows = shipped_table("names-assumptions", AssumptionRow).rows
    return {row.key: row.value for row in rows}


@cache
def address_kinds() -> tuple[NamesLaw, ...]:
    return build_kinds(census_law(), assumptions())


@cache
def sharing_rows() -> tuple[SharingRow, ...]:
    return shipped_table("sharing-2018", SharingRow).rows


@cache
def parked_rows() -> tuple[ParkedRow, ...]:
    return shipped_table("parked-names", ParkedRow).rows


@cache
def cloud_places() -> dict[tuple[str, str], int]:
    """Provider regions of the prefix table with their number of addresses."""
    n_addresses: dict[tuple[str, str], int] = {}
    for row in shipped_table("provider-prefixes-2018", CloudPrefixRow).rows:
        place = row.provider, row.region
        n_addresses[place] = n_addresses.get(place, 0) + 2 ** (32 - row.prefix.length)
    return n_addresses


def share_top(law: NamesLaw, n_addresses: int) -> float:
    """Share of all names on the most crowded addresses."""
    return law.quantity("share_top", 1.0, n_addresses)


def share_single(law: NamesLaw) -> float:
    """Share of addresses that carry one name."""
    return float(law.count[law.size == 1].sum() / law.n_addresses)
