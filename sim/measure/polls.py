"""What a record of polls leaves open: operators that were not polled for a site, and its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_network

import numpy as np

from sim.catalogue.choices import EVER_SHARE, SHARES_OF_BUSINESSES, UNPOLLED
from sim.engine.record.outcome import Outcome
from sim.measure.groups import state_times_s
from sim.measure.measures import UNKNOWN, Measure, measured
from sim.scenario.resolve import Resolved
from sim.scenario.tables.inventory import SEEN, Inventory, polls_ipv4_alone
from sim.scenario.tables.seeds import table_rows
from sim.world.build import World


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
