"""The section ``money`` of a case in a country without a pack, and what to know of it."""

from __future__ import annotations

import numpy as np

from sim.scenario.overrides import rate_at
from sim.scenario.quantities import currencies_of
from sim.scenario.schema import USD, Money
from sim.scenario.tables.inventory import Inventory
from sim.scenario.tables.rows import RateRow
from sim.scenario.tables.seeds import read_shipped

SECTION = """\
# Amounts are in this currency. Others are converted only by a rate with its source: a table like
# seeds/exchange-rates.csv next to this file, with a row for this currency.
money:
  currency: {currency}
  # rates: rates.csv"""


def money_of_case(country: str, year: int, inventory: Inventory | None) -> tuple[str, list[str]]:
    """Return the section and what is assumed: the currency of the sites' revenue goes first."""
    currencies, notes = currencies_of(country, year), list[str]()
    currency = currencies[0] if currencies else None
    given = inventory.currency if inventory and not np.isnan(inventory.revenue_per_h).all() else ""
    if given and given != currency:
        currency = given
        notes.append(f"The currency: {given}, as the revenue of your sites is in it.")
    elif not given and (others := ", ".join(currencies[1:])):
        notes.append(f"The currency: {currency}; {country} also uses {others} (money.currency).")
    if currency is None:
        return "", notes
    rates = read_shipped(Money().rates, RateRow).rows
    if currency != USD and rate_at(rates, currency, year) is None:
        notes.append(
            f"No exchange rate of {currency} is shipped: amounts are in it where every site gives "
            "its revenue (a column revenue_per_h), and not known where some is assumed in USD. "
            "A rate of yours (money.rates) makes all known."
        )
    return SECTION.format(currency=currency), notes
