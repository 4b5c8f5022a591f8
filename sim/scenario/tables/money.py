"""The rows of the tables that price lost demand, and what they mean together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal, TypeAlias, get_args

from sim.errors import Problem
from sim.scenario.tables.rows import NonNegative, SectorRow
from sim.scenario.tables.seeds import SupportedRow, Table

SpellClass: TypeAlias = Literal[
    "under_1_h", "1_h_to_6_h", "6_h_to_24_h", "1_d_to_3_d", "3_d_to_14_d", "over_14_d"
]
SPELL_CLASSES: tuple[str, ...] = get_args(SpellClass)
"""Classes of spell length, shortest first; the ledger has the same."""

FirmKey: TypeAlias = Literal[
    "revenue_level",
    "sensitivity",
    "recaptured_share",
    "leaving_share",
    "recovery_time_d",
    "churn_window_d",
    "transfer_share",
    "hosting_spend_share",
    "response_cost_level",
    "dual_running_months",
]
FIRM_KEYS: tuple[str, ...] = get_args(FirmKey)
FACTORS = ("revenue_level", "response_cost_level", "method_error")
"""Keys whose range is one of factors around the central value."""

EconomyKey: TypeAlias = Literal[
    "gdp_usd_per_year",
    "internet_economy_usd_per_year",
    "oecd_share_of_gdp",
    "cost_share_of_gdp",
    "cost_growth_per_year",
    "cost_years",
    "method_error",
]
ECONOMY_KEYS: tuple[str, ...] = get_args(EconomyKey)
NEEDED_ECONOMY_KEYS = ("gdp_usd_per_year", "oecd_share_of_gdp")
"""Constants that every table has; methods whose constants a table lacks are omitted."""

_SHARES = ("recaptured_share", "leaving_share", "transfer_share", "hosting_spend_share")
_POSITIVE = (*FACTORS, "recovery_time_d", "churn_window_d")
_BY_SECTOR = ("sensitivity", "recovery_time_d")
_BY_CLASS = ("recaptured_share",)
_BY_BOTH = ("leaving_share", "transfer_share")


class PricedRow(SupportedRow):
    """A value with a range, and its source."""

    value: float
    low: NonNegative
    unit: str


class MoneyParameterRow(PricedRow):
    """One parameter of the firm-level method, for a sector and a class of spell length."""

    names_row: ClassVar[tuple[str, ...]] = ("key", "sector", "spell_class")
    key: FirmKey
    sector: str = ""
    spell_class: SpellClass | Literal[""] = ""

    def check_values(self) -> None:
        """Refuse shares above 1, factors and times of 0, and a sector or class the key lacks."""
        super().check_values()
        if self.key in _SHARES and self.high > 1:
            raise ValueError(f"expected a share in [0, 1], got {self.high:g}")
        if self.key in _POSITIVE and self.low <= 0:
            raise ValueError(f"expected {self.key} above 0, got {self.low:g}")
        if self.sector and self.key not in (*_BY_SECTOR, *_BY_BOTH):
            raise ValueError(f"expected no sector for {self.key}, got {self.sector!r}")
        if self.spell_class and self.key not in (*_BY_CLASS, *_BY_BOTH):
            raise ValueError(f"expected no spell class for {self.key}, got {self.spell_class!r}")


class EconomyRow(PricedRow):
    """One constant of the country's economy or of a published national method."""

    names_row: ClassVar[tuple[str, ...]] = ("key",)
    complete: ClassVar[tuple[str, tuple[str, ...]]] = ("key", NEEDED_ECONOMY_KEYS)
    key: EconomyKey


Cell: TypeAlias = tuple[str, str, str]


def by_cell(rows: Sequence[MoneyParameterRow]) -> dict[Cell, MoneyParameterRow]:
    """Rows by key, sector and spell class."""
    return {(row.key, row.sector, row.spell_class): row for row in rows}


def find_row(
    cells: Mapping[Cell, MoneyParameterRow], key: str, sector: str, spell_class: str
) -> MoneyParameterRow | None:
    """Row that holds for a sector and a spell class: its own, else the nearest general one.

    Looked up in this sequence: sector and class, sector, class, everybody; an empty cell stands
    for all.
    """
    for cell in (
        (key, sector, spell_class),
        (key, sector, ""),
        (key, "", spell_class),
        (key, "", ""),
    ):
        if cell in cells:
            return cells[cell]
    return None


def check_money_parameters(
    table: Table[MoneyParameterRow], sectors: Table[SectorRow]
) -> Iterator[Problem]:
    """Refuse absent parameters, and recapture that rises with the spell."""
    cells = by_cell(table.rows)
    for key in FIRM_KEYS:
        absent = [
            f"{row.sector} {spell_class}"
            for row in sectors.rows
            for spell_class in SPELL_CLASSES
            if find_row(cells, key, row.sector, spell_class) is None
        ]
        if absent:
            rest = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
            message = f"expected a row of {key} for {absent[0]}{rest}, got none"
            yield Problem(str(table.path), message, key="key")
    found = [find_row(cells, "recaptured_share", "", name) for name in SPELL_CLASSES]
    rows = [row for row in found if row is not None]
    for shorter, longer in itertools.pairwise(rows):
        for column in ("low", "value", "high"):
            before, after = (getattr(row, column) for row in (shorter, longer))
            if after > before:
                message = f"expected at most {before:g}, as for shorter spells, got {after:g}"
                yield table.problem(table.rows.index(longer), column, message)
