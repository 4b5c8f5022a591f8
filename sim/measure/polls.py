"""What a record of polls leaves open: operators that were not polled for a site, and its state."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

from sim.scenario.resolve import Resolved
from sim.scenario.tables.inventory import SEEN, Inventory, polls_ipv4_alone
from sim.scenario.tables.seeds import table_rows


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
