"""Warnings to check before trusting the result of a scenario."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from sim.addresses.sets.intervals import AddressSet
from sim.scenario.overrides import rate_at
from sim.scenario.resolve import Resolved, described, is_of_country, stand_ins, years
from sim.scenario.schema import USD
from sim.scenario.strategies import windows_of_order
from sim.scenario.tables.inventory import OF_TABLES, Inventory
from sim.scenario.tables.lists import ListTable
from sim.scenario.tables.money import lack_sales
from sim.scenario.tables.seeds import table_rows


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
            f"is no exchange rate of {amounts.currency} (key money.rates)"
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
    moments = (scenario.start.astimezone(UTC) + timedelta(days=day) for day in days)
    if any(
        at.astimezone(scenario.zone).utcoffset() != scenario.start.utcoffset() for at in moments
    ):
        yield (
            f"customers buy by the clock of the start, UTC{scenario.start.isoformat()[-6:]}, which "
            f"{scenario.zone} does not have for all of the run: their hours are shifted"
        )


def _warn_of_orders(resolved: Resolved) -> Iterator[str]:
    """Count orders that the run does not reach."""
    start, end = resolved.scenario.start, resolved.scenario.end
    if late := sum(row.effective >= end for row in table_rows(resolved.orders)):
        yield f"{late} orders fall at or after the end of the run and are not placed"
    idle = sum(
        not any(
            first < end and last > start
            for first, last in windows_of_order(one, start, end, resolved.scenario.zone)
        )
        for one in resolved.given_orders
    )
    if idle:
        yield f"{idle} of {len(resolved.given_orders)} orders are in force at no time of the run"
    zone = resolved.scenario.zone
    vain = [
        str(day)
        for one in resolved.given_orders
        for day in sorted(set(one.except_ or ()))
        if day
        not in {
            first.astimezone(zone).date()
            for first, _ in windows_of_order(
                one.model_copy(update={"except_": None}), start, end, zone
            )
        }
    ]
    if vain:
        yield f"no session of their order begins on these dates of except: {', '.join(vain)}"
    early = sum(
        isinstance(one.from_, datetime)
        and one.from_ < start
        and not (isinstance(one.to, datetime) and one.to <= start)
        for one in resolved.given_orders
    )
    if early:
        yield (
            f"{early} of {len(resolved.given_orders)} orders are from before the start of the run: "
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
    for given in filter(None, (inventory, resolved.moves)):
        if unused := [name for name in OF_TABLES if name in given.columns]:
            yield (
                f"{given.name}: a run takes from its own tables, and not from the file: "
                f"{', '.join(unused)}"
            )
    for table in resolved.tables:
        if isinstance(table, ListTable | Inventory):
            yield from (f"{table.name}: {note}" for note in table.notes)
