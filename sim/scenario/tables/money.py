"""The rows of the tables that price lost demand, and what they mean together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, Literal, NamedTuple, TypeAlias, get_args

import numpy as np

from sim.errors import Problem
from sim.scenario.document import Document
from sim.scenario.overrides import rate_at
from sim.scenario.schema import USD, Scenario
from sim.scenario.tables.inventory import Inventory
from sim.scenario.tables.rows import NonNegative, RateRow, SectorRow
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
BY_SECTOR = ("sensitivity", "recovery_time_d")
BY_CLASS = ("recaptured_share",)
BY_BOTH = ("leaving_share", "transfer_share")


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
        if self.sector and self.key not in (*BY_SECTOR, *BY_BOTH):
            raise ValueError(f"expected no sector for {self.key}, got {self.sector!r}")
        if self.spell_class and self.key not in (*BY_CLASS, *BY_BOTH):
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


MAX_TOTAL_USD_PER_H = 1e9
"""Sums of revenue are kept in whole micro-dollars, which hold some billion dollars an hour."""


class Amounts(NamedTuple):
    """How results give amounts, which are computed in dollars."""

    currency: str = USD
    """Currency of ISO 4217."""
    factor: float = 1.0
    """A dollar of the computation in it; NaN where amounts are not known in it."""


def amounts_of(
    scenario: Scenario, inventory: Inventory | None, rates: Sequence[RateRow], responses: object
) -> Amounts:
    """Amounts in USD, or, without an exchange rate, in the currency of the scenario.

    Without a rate they are known where nothing is in dollars: no business is drawn, every site
    gives its revenue, and there are no responses, which cost dollars. The dollar of the computation
    is then a unit of account of that currency. With a rate, too, they are not known if all
    businesses are sites whose revenue, visits and sector are not given.
    """
    wanted = scenario.money.currency
    if wanted is None or _per_usd(wanted, scenario, rates) is not None:
        return Amounts(
            factor=math.nan if lack_sales(inventory, scenario.population.n_businesses) else 1.0
        )
    if inventory is None or np.isnan(inventory.revenue_per_h).any() or responses is not None:
        return Amounts(wanted, math.nan)
    is_known = not scenario.population.n_businesses
    return Amounts(wanted, _unit_of_account(inventory) if is_known else math.nan)


def lack_sales(inventory: Inventory | None, n_drawn: int | None) -> bool:
    """Whether all businesses are sites whose revenue, visits and sector are not given."""
    if inventory is None or n_drawn:
        return False
    is_given = ~np.isnan(inventory.revenue_per_h) | ~np.isnan(inventory.visits_per_h)
    return not is_given.any() and not any(inventory.text_of("sector"))


def _per_usd(currency: str | None, scenario: Scenario, rates: Sequence[RateRow]) -> float | None:
    """Exchange rate of the dollar in a currency at a scenario's time; None where there is none."""
    if currency == USD:
        return 1.0
    row = rate_at(rates, currency, scenario.start.year)
    return None if row is None else row.per_usd


def _unit_of_account(inventory: Inventory) -> float:
    """Power of ten of a currency without a rate that sums of revenue are counted in."""
    most = max(float(np.nansum(inventory.revenue_per_h)), MAX_TOTAL_USD_PER_H)
    return float(10.0 ** math.ceil(math.log10(most / MAX_TOTAL_USD_PER_H)))


def in_dollars(inventory: Inventory, scenario: Scenario, rates: Sequence[RateRow]) -> Inventory:
    """Convert the revenue of an inventory: at its rate, else into the unit of account."""
    currency = inventory.currency or scenario.money.currency
    per_usd = _per_usd(currency, scenario, rates) or _unit_of_account(inventory)
    return replace(inventory, revenue_usd_per_h=inventory.revenue_per_h / per_usd)


def check_revenue(
    inventory: Inventory, scenario: Scenario, rates: Sequence[RateRow], document: Document
) -> Iterator[Problem]:
    """Refuse revenue in a currency that nothing converts into that of the amounts."""
    is_given = ~np.isnan(inventory.revenue_per_h)
    if not is_given.any():
        return
    key, path = f"revenue_{inventory.currency.lower()}_per_h", str(inventory.path)
    key = key.replace("__", "_")
    wanted = amounts_of(scenario, inventory, rates, None).currency
    given, rate = inventory.currency or scenario.money.currency, "a row of {} in money.rates"
    message, got = "", f"revenue in {given}"
    if given is None:
        got = "neither"
        message = "a currency in its name, as in revenue_eur_per_h, or the key money.currency"
    elif given != wanted and _per_usd(given, scenario, rates) is None:
        message, got = rate.format(given), "none"
    elif given != wanted and wanted != USD:
        message = f"revenue in {wanted}, or {rate.format(wanted)}, or money.currency: {given}"
    if message:
        yield Problem(path, f"expected {message}; got {got}", 1, 0, key)
    elif wanted == USD:
        if (total := float(np.nansum(inventory.revenue_usd_per_h))) > MAX_TOTAL_USD_PER_H:
            message = f"expected at most {MAX_TOTAL_USD_PER_H:g} USD in all, got {total:g}"
            yield Problem(path, message, key=key)
    else:
        why = f"as what is drawn is in USD; or else {rate.format(wanted)}"
        if not is_given.all():
            message = f"expected the revenue of every site, {why}; got none"
            yield inventory.problem_of(int(np.argmin(is_given)), key, message)
        if n := scenario.population.n_businesses:
            message = f"expected 0 beside sites with revenue in {wanted}, {why}; got {n:,}"
            yield document.problem(("population", "n_businesses"), message)
