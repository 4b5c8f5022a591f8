"""Measures by group: sector, provider and region, operator, cause.

A number of a group is defined as that of the whole run, for the group alone. A record of polls
leaves open what happened at operators that were not polled for a site.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_network

import numpy as np
from numpy.typing import NDArray

from sim.catalogue.causes import CAUSES
from sim.catalogue.choices import EVER_SHARE, SHARES_OF_BUSINESSES, UNPOLLED
from sim.catalogue.measures import BUSINESSES, MEASURES, OF_HOSTING, USD
from sim.engine.record.outcome import Outcome
from sim.engine.state.ledger import SLACK
from sim.measure.measures import UNKNOWN, Measure, demand_micro_usd, measured
from sim.measure.money.pricing import GAIN
from sim.measure.summary import CERTAIN, LEVEL, NOT_KNOWN, Sample, is_zero, spreads_of
from sim.results.tables import Line
from sim.scenario.resolve import Resolved
from sim.scenario.tables.inventory import SEEN, Inventory, polls_ipv4_alone
from sim.scenario.tables.money import Amounts
from sim.scenario.tables.seeds import table_rows
from sim.world.build import MICRO, S_PER_H, World
from sim.world.providers import NOT_KNOWN as UNNAMED


def is_above(outcome: Outcome, share: float) -> NDArray[np.bool_]:
    """Whether more than a share of a business's attempts ever failed at once.

    Notes
    -----
    Of attempts from everywhere, were nobody on a VPN: the largest, over the run, of
    ``sum over k of share(k) m(i, k)``, when it lasted for a second or longer.
    """
    return np.asarray(outcome.ledger.worst_share > share + SLACK, np.bool_)


STATES = ("affected", "impaired", "down")


def state_times_s(outcome: Outcome) -> dict[str, NDArray[np.int64]]:
    """Time of each business in each state."""
    return {state: getattr(outcome.ledger, f"{state}_s") for state in STATES}


@dataclass(frozen=True)
class GroupCount:
    """A number of one group in one run."""

    by: str
    """Kind of group: ``sector``, ``provider``, ``operator`` or ``cause``."""
    group: str
    """Name of the group."""
    metric: str
    """A measure of the catalogue, which has its units."""
    value: float
    denominator: float
    """Denominator: businesses of the group; for an operator or a cause all businesses, since all
    have users there; for a share of demand all demand, so that shares add up."""


def count_groups(world: World, outcome: Outcome) -> tuple[GroupCount, ...]:
    """Businesses ever affected, impaired and down by group; more by operator, provider and cause.

    Notes
    -----
    A business is affected at an operator while more of the attempts of its users without a VPN
    fail than the threshold, and put down to the cause by which it lost most. Sectors and providers
    without a business are excluded. The sector of a site is not known where it is drawn.
    """
    businesses, places = world.businesses, world.places
    home = businesses.home_place_row
    sector_row = businesses.sector_row.astype(np.int64)
    if businesses.sites is not None:
        is_drawn = ["sector" in drawn.split() for drawn in businesses.sites.drawn]
        sector_row[home.size - len(is_drawn) :][is_drawn] = len(businesses.sector)
    times_s = state_times_s(outcome)
    ever = {f"businesses_ever_{state}": time_s > 0 for state, time_s in times_s.items()}
    found: list[GroupCount] = []
    for by, names, row in (
        ("sector", (*businesses.sector, UNNAMED), sector_row),
        ("provider", places.provider, places.provider_row[home]),
    ):
        n = np.bincount(row, minlength=len(names))
        for metric, is_so in ever.items():
            n_so = np.bincount(row, is_so, minlength=len(names))
            found += [
                GroupCount(by, names[group], metric, float(n_so[group]), float(n[group]))
                for group in np.flatnonzero(n).tolist()
            ]
    demand = demand_micro_usd(world)
    found += _by_operator(world, outcome, demand)
    main, whole = outcome.at_operators.main_cause, float(home.size)
    lost = outcome.at_operators.lost_micro_usd.sum(axis=0)
    for at, cause in enumerate(CAUSES):
        for metric, is_so in ever.items():
            n_by = float(np.count_nonzero((main == at) & is_so))
            found.append(GroupCount("cause", cause.name, metric, n_by, whole))
        found.append(_share_lost(demand, "cause", cause.name, lost[at]))
    return tuple(found)


def _by_operator(world: World, outcome: Outcome, demand: float) -> Iterator[GroupCount]:
    """Outages and demand lost at each operator; mean over its users for a group in cohorts."""
    found, n = outcome.at_operators, float(world.businesses.n_businesses)
    hours = n * world.horizon_s / S_PER_H
    operators = world.operators
    for name in dict.fromkeys(operators.group):
        rows = np.flatnonzero([group == name for group in operators.group])
        share = operators.share_users[rows]
        # A group without users is split evenly: it has no mean over them.
        weight = share / share.sum() if share.sum() > 0 else np.full(rows.size, 1 / rows.size)
        n_ever, time_s = (
            (counts[:, rows] * weight).sum(axis=1) for counts in (found.n_ever, found.time_s)
        )
        for level, state in enumerate(STATES):
            for metric, value, whole in (
                (f"businesses_ever_{state}", n_ever[level], n),
                (f"business_hours_{state}", time_s[level] / S_PER_H, hours),
            ):
                yield GroupCount("operator", name, metric, float(value), whole)
        yield _share_lost(demand, "operator", name, found.lost_micro_usd[rows].sum())


def _share_lost(demand: float, by: str, group: str, lost_micro_usd: float) -> GroupCount:
    """Share of all demand that a group lost; 0 out of 0 where there is no demand."""
    share = lost_micro_usd / demand if demand > 0 else 0.0
    return GroupCount(by, group, "demand_lost_share", float(share), demand / MICRO)


METHOD_LOSS = "method_loss_usd"
"""Loss by one of the methods."""


def unit_of(metric: str, currency: str = USD) -> tuple[str, str]:
    """Units of a number by group and of what it is out of; counts of earlier versions too."""
    unit, of = BUSINESSES, BUSINESSES
    if metric in MEASURES:
        unit, of = MEASURES[metric].unit, MEASURES[metric].of
    elif metric.endswith("_usd"):
        unit, of = USD, OF_HOSTING if metric == GAIN else ""
    return unit.replace(USD, currency), of.replace(USD, currency)


def count_in(amounts: Amounts, counts: Iterable[GroupCount]) -> Iterator[GroupCount]:
    """Return counts with sums of dollars given in the currency of results."""
    for one in counts:
        value, whole = (amounts.factor if USD in unit else 1.0 for unit in unit_of(one.metric))
        if one.metric == METHOD_LOSS and one.denominator == 1.0:
            value = 1.0  # a method for a whole country takes nothing of what businesses earn
        yield replace(one, value=one.value * value, denominator=one.denominator * whole)


def summarise_groups(
    strategy: str,
    simulations: Sequence[Sequence[GroupCount]],
    sample: Sample = CERTAIN,
    currency: str = USD,
) -> tuple[Line, ...]:
    """Summarise the numbers of each group, money in a currency: rows of ``groups.csv``.

    A simulation without the group counts 0 out of 0. Where no business of the sample was hit, a
    zero of a group is not known. Where not all sites were polled, nor is a share.
    """
    counted: dict[tuple[str, str, str], dict[int, GroupCount]] = {}
    for row, counts in enumerate(simulations):
        for count in counts:
            counted.setdefault((count.by, count.group, count.metric), {})[row] = count
    n = len(simulations)
    value, whole = np.zeros((2, len(counted), n))
    for row, found in enumerate(counted.values()):
        for column, count in found.items():
            value[row, column], whole[row, column] = count.value, count.denominator
    lines = [
        Line.of(
            "groups.csv",
            strategy=strategy,
            by=by,
            group=group,
            metric=metric,
            unit=unit_of(metric, currency)[0],
            **(NOT_KNOWN if is_zero(one) and sample.has_missed else one)._asdict(),
            level=LEVEL,
            n_simulations=n,
            denominator=of.median,
            denominator_unit=unit_of(metric, currency)[1],
        )
        for (by, group, metric), spread, of in zip(
            counted, spreads_of(value), spreads_of(whole), strict=True
        )
        for is_share in [unit_of(metric)[0].startswith("share")]
        for one in [NOT_KNOWN if is_share and math.isnan(sample.at_most) else spread]
    ]
    return tuple(sorted(lines, key=lambda line: (line.by, line.group)))


def addresses_of(inventory: Inventory) -> dict[str, list[str]]:
    """Addresses of each site of an inventory that has any, each once."""
    found: dict[str, list[str]] = {}
    hosts = inventory.host_component, inventory.is_ipv6, inventory.numbers
    for component, is_ipv6, number in zip(*(one.tolist() for one in hosts), strict=True):
        mine = found.setdefault(inventory.site[inventory.component_site[component]], [])
        if (address := str((IPv6Address if is_ipv6 else IPv4Address)(number))) not in mine:
            mine.append(address)
    return found


def find_unpolled(resolved: Resolved) -> dict[str, list[str]]:
    """Operators not polled for every address of a site; none without a record of polls.

    No operator was polled for a site without an address of a family that the record polls.
    """
    if resolved.inventory is None:
        return {}
    scenario, of = resolved.scenario, dict[str, set[str]]()
    for row in table_rows(resolved.polled):
        of.setdefault(row.operator, set()).update(map(str, row.addresses))
    tables = resolved.given, resolved.orders
    is_record = scenario.register_.cadence == SEEN and any(one is not None for one in tables)
    if not (of or is_record):
        return {}
    mine_of = addresses_of(resolved.inventory)
    texts = {site: {str(ip_network(one)) for one in some} for site, some in mine_of.items()}
    only4 = is_record and polls_ipv4_alone(resolved.given, resolved.polled)
    names = of or dict.fromkeys(row.operator for row in resolved.operators.rows)
    return {
        site: [name for name in names if not mine or (of and not mine <= of[name]) or is_out]
        for site in dict.fromkeys(resolved.inventory.site)
        for mine in [texts.get(site, set())]
        for is_out in [only4 and any(":" in one for one in mine)]
    }


def count_unknown(
    found: Iterable[Measure], resolved: Resolved, world: World, outcome: Outcome
) -> Iterator[Measure]:
    """Measures of a run, with how many sites are not known; shares are then not known either.

    Counts and sums are of what was seen, so that they are lower bounds.
    """
    if (sites := world.businesses.sites) is None:
        yield from found
        return
    unpolled, n_all = find_unpolled(resolved), world.businesses.n_businesses
    is_open = np.array([bool(unpolled.get(name)) for name in sites.name], np.bool_)
    is_seen = {state: t_s[n_all - sites.n :] > 0 for state, t_s in state_times_s(outcome).items()}
    for one in found:
        is_unsure = is_open
        if one.metric == EVER_SHARE:
            is_unsure = is_open & ~is_seen["impaired"]
            for name, is_so in zip(
                UNPOLLED, (~is_seen["affected"], is_seen["affected"]), strict=True
            ):
                yield measured(name, float((is_open & is_so).sum()), float(n_all))
        is_share = one.metric in SHARES_OF_BUSINESSES
        yield replace(one, value=UNKNOWN) if is_share and is_unsure.any() else one
