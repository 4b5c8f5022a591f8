"""The rows of the tables that price lost demand, and what they mean together."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

from pydantic import field_validator, model_validator

from sim.errors import Problem
from sim.scenario.tables.rows import SectorRow
from sim.scenario.tables.seeds import Row, Table

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
OPTIONAL_ECONOMY_KEYS = (
    "internet_economy_usd_per_year",
    "cost_share_of_gdp",
    "cost_growth_per_year",
    "cost_years",
    "method_error",
)
"""Constants that no source has, or that do not apply, for some countries; the methods that need
them are left out."""

_SHARES = ("recaptured_share", "leaving_share", "transfer_share", "hosting_spend_share")
_POSITIVE = (*FACTORS, "recovery_time_d", "churn_window_d")
_BY_SECTOR = ("sensitivity", "recovery_time_d")
_BY_CLASS = ("recaptured_share",)
_BY_BOTH = ("leaving_share", "transfer_share")


class RangedRow(Row):
    """A value with a range, and what it rests on."""

    value: float
    low: float
    high: float
    unit: str
    kind: Literal["fact", "derived", "assumption"]
    source: str = ""
    date: str = ""
    why: str = ""

    @model_validator(mode="after")
    def check_range(self) -> RangedRow:
        """Refuse a value outside its range, a negative one, and one that rests on nothing."""
        if not 0 <= self.low <= self.value <= self.high:
            raise ValueError(
                f"expected 0 <= low <= value <= high, got {self.low:g}, {self.value:g}, "
                f"{self.high:g}"
            )
        if self.kind != "assumption" and not (self.source and self.date):
            raise ValueError(f"expected source and date for a row of kind {self.kind}, got none")
        if self.kind != "fact" and not self.why:
            raise ValueError(f"expected why for a row of kind {self.kind}, got none")
        return self


class MoneyParameterRow(RangedRow):
    """One parameter of the firm-level method, for a sector and a class of spell length."""

    key: FirmKey
    sector: str = ""
    spell_class: SpellClass | Literal[""] = ""

    @field_validator("key", mode="before")
    @classmethod
    def refuse_old_key(cls, key: object) -> object:
        """Refuse the key of version 0.1 by which all moves cost the same; name the new one."""
        if key == "migration_labour_usd":
            raise ValueError(
                "expected 'response_cost_level', a factor on the column cost_usd of responses, "
                f"which takes its place since 0.2, got {key!r}"
            )
        return key

    @model_validator(mode="after")
    def check_meaning(self) -> MoneyParameterRow:
        """Refuse shares above 1, factors and times of 0, and a sector or class the key lacks."""
        if self.key in _SHARES and self.high > 1:
            raise ValueError(f"expected a share in [0, 1], got {self.high:g}")
        if self.key in _POSITIVE and self.low <= 0:
            raise ValueError(f"expected {self.key} above 0, got {self.low:g}")
        if self.sector and self.key not in (*_BY_SECTOR, *_BY_BOTH):
            raise ValueError(f"expected no sector for {self.key}, got {self.sector!r}")
        if self.spell_class and self.key not in (*_BY_CLASS, *_BY_BOTH):
            raise ValueError(f"expected no spell class for {self.key}, got {self.spell_class!r}")
        return self


class EconomyRow(RangedRow):
    """One constant of the country's economy or of a published national method."""

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
    """Refuse parameters given twice, absent ones, and recapture that rises with the spell."""
    names = [f"{row.key} {row.sector} {row.spell_class}" for row in table.rows]
    for name, count in Counter(names).items():
        if count > 1:
            again = [number for number, other in enumerate(names) if other == name][1]
            yield table.problem(again, "key", f"expected each once, got {name.strip()!r} again")
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
    yield from _check_falls(table)


def _check_falls(table: Table[MoneyParameterRow]) -> Iterator[Problem]:
    cells = by_cell(table.rows)
    found = [find_row(cells, "recaptured_share", "", name) for name in SPELL_CLASSES]
    rows = [row for row in found if row is not None]
    for shorter, longer in itertools.pairwise(rows):
        for column in ("low", "value", "high"):
            before, after = (getattr(row, column) for row in (shorter, longer))
            if after > before:
                message = f"expected at most {before:g}, as for shorter spells, got {after:g}"
                yield table.problem(table.rows.index(longer), column, message)


def check_economy(table: Table[EconomyRow]) -> Iterator[Problem]:
    """Refuse constants given twice, and absent ones that no country lacks."""
    keys = [row.key for row in table.rows]
    for number, key in enumerate(keys):
        if key in keys[:number]:
            yield table.problem(number, "key", f"expected each once, got {key!r} again")
    for name in ECONOMY_KEYS:
        if name not in keys and name not in OPTIONAL_ECONOMY_KEYS:
            yield Problem(str(table.path), f"expected a row of {name}, got none", key="key")
