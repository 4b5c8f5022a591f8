"""An inventory: the sites a user cares for, with the addresses they really have.

In: what a file gave. Out: sites, their components and the hosts of these, as columns; whether a
scenario can hold them. What is not given is not filled in here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Labels
from sim.addresses.sets.ipv6 import Addresses6
from sim.addresses.sets.notation import Prefix
from sim.errors import Problem
from sim.scenario.refusal import hint
from sim.scenario.schema import Scenario
from sim.scenario.tables.consistency import check_unique
from sim.scenario.tables.rows import SectorRow, VisitRow
from sim.scenario.tables.seeds import MAX_PROBLEMS, Row, Table

MAX_WAYS = 2**22
"""Ways in which addresses may fail of which each user meets one, over all sizes of components."""
MAX_TOTAL_USD_PER_H = 1e9
"""Sums of revenue are kept in whole micro-dollars, which hold some billion dollars an hour."""
MODES = ("any", "spread")
NOT_GIVEN = -1


@dataclass(frozen=True, eq=False)
class Inventory(Table[Row]):
    """Sites of an inventory, as columns; as a table it has no rows of its own.

    Attributes
    ----------
    site
        Names, by site row, in the sequence of the file; of a row without a name its address.
    labels
        ``sector`` and ``country`` of each site.
    revenue_usd_per_h, visits_per_h : shape (n_sites,)
        NaN where not given.
    site_line : shape (n_sites,)
        First line of each site.
    component_site, component_role : shape (n_components,)
        Site and role of each component, ascending.
    component_mode : shape (n_components,)
        Row of ``MODES``; -1 where not given.
    host_component : shape (n_hosts,), ascending
        Component of each host.
    is_ipv6 : shape (n_hosts,)
        Family of its address.
    address4 : shape (n_hosts,)
        Its address if it is of IPv4.
    address6
        Addresses of those of IPv6, in their sequence.
    n_names : shape (n_hosts,)
        Names on the address; NaN where not given.
    host_line : shape (n_hosts,)
        Line of each host.
    n_without_address
        Rows that name a site and give it no address; what they say of the site counts.
    columns
        Columns the file has, by our names.
    told
        What the reader says of the file, such as columns that it ignored.
    """

    site: tuple[str, ...]
    labels: dict[str, Labels]
    revenue_usd_per_h: NDArray[np.float64]
    visits_per_h: NDArray[np.float64]
    site_line: NDArray[np.int64]
    component_site: NDArray[np.int64]
    component_role: NDArray[np.int64]
    component_mode: NDArray[np.int64]
    host_component: NDArray[np.int64]
    is_ipv6: NDArray[np.bool_]
    address4: NDArray[np.int64]
    address6: Addresses6
    n_names: NDArray[np.float64]
    host_line: NDArray[np.int64]
    n_without_address: int
    columns: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def n_rows(self) -> int:
        """Rows of the file that have an address: one for each host."""
        return int(self.host_component.size)

    @property
    def n_sites(self) -> int:
        """Number of sites."""
        return len(self.site)

    @cached_property
    def prefixes6(self) -> list[Prefix]:
        """Addresses of IPv6 as prefixes, each once."""
        return [Prefix(6, number, 128) for number in dict.fromkeys(self.address6.to_ints())]

    @cached_property
    def is_dual(self) -> NDArray[np.bool_]:
        """Whether each component has addresses of both families."""
        n = self.component_site.size
        n6 = np.bincount(self.host_component, self.is_ipv6, n)
        return np.asarray((n6 > 0) & (n6 < np.bincount(self.host_component, minlength=n)))

    @cached_property
    def is_by_visits(self) -> NDArray[np.bool_]:
        """Whether each site gives visits and no revenue."""
        return np.isnan(self.revenue_usd_per_h) & ~np.isnan(self.visits_per_h)

    @property
    def has_visits_alone(self) -> bool:
        """Whether any site gives visits and no revenue."""
        return bool(self.is_by_visits.any())

    def text_of(self, column: str) -> list[str]:
        """Text of a label of each site; empty where not given."""
        labels = self.labels.get(column)
        if labels is None:
            return [""] * self.n_sites
        names = [*labels.names, ""]
        return [names[code] for code in labels.code.tolist()]

    def problem_of(self, site_row: int, key: str, message: str) -> Problem:
        """Return a problem placed at the first line of a site."""
        return Problem(str(self.path), message, int(self.site_line[site_row]), 0, key)


def _many_ways(inventory: Inventory) -> Iterator[Problem]:
    """Refuse components of so many addresses that not each way to fail can be told apart."""
    n = inventory.component_site.size
    n6 = np.bincount(inventory.host_component, inventory.is_ipv6, n).astype(np.int64)
    n4 = np.bincount(inventory.host_component, minlength=n) - n6
    n_ways = (n4 + 1) ** 2 * (n6 + 1) ** 2
    n_ways[inventory.component_mode == MODES.index("any")] = 0
    sizes, first = np.unique(np.stack((n_ways, n4, n6)), axis=1, return_index=True)
    if int(sizes[0].sum()) > MAX_WAYS:
        component = int(first[np.argmax(sizes[0])])
        n_hosts = int(n4[component] + n6[component])
        yield inventory.problem_of(
            int(inventory.component_site[component]),
            "mode",
            f"expected any, or fewer addresses, where a site has {n_hosts:,} for a role: each user "
            "may meet another one of them, and that is too many ways to fail",
        )


def check_sites(
    inventory: Inventory, sectors: Table[SectorRow], scenario: Scenario
) -> Iterator[Problem]:
    """Refuse sites of a sector that nothing is known of, and what no user's family is known for."""
    if scenario.ipv6 is None and inventory.is_dual.any():
        line = inventory.host_line[inventory.is_dual[inventory.host_component]].min()
        message = (
            "expected a section ipv6 in the scenario beside a site with addresses of both "
            "families: it says how many users have IPv6 (ipv6: {} takes what is assumed); got none"
        )
        yield Problem(str(inventory.path), message, int(line), 0, "address")
    yield from _many_ways(inventory)
    known = [row.sector for row in sectors.rows]
    labels = inventory.labels.get("sector")
    if labels is None:
        return
    bad = [code for code, text in enumerate(labels.names) if text not in known]
    for site_row in np.flatnonzero(np.isin(labels.code, bad)).tolist()[:MAX_PROBLEMS]:
        text = labels.names[int(labels.code[site_row])]
        message = (
            f"expected a sector of {sectors.name} ({', '.join(known)}), or nothing, got {text!r}"
        )
        yield inventory.problem_of(site_row, "sector", f"{message}{hint(text, known)}")


def check_visits(
    inventory: Inventory, table: Table[VisitRow], sectors: Table[SectorRow]
) -> Iterator[Problem]:
    """Refuse what leaves open what a visit earns, and visits that earn more than sums hold."""
    named = [row.sector for row in table.rows]
    yield from check_unique(table, named, "sector")
    missing = [row.sector for row in sectors.rows if row.sector not in named]
    if missing and "" not in named:
        message = f"expected a row for {', '.join(missing)}, or one without a sector; got neither"
        yield Problem(str(table.path), message, key="sector")
    for number, row in enumerate(sectors.rows):
        if row.share_domestic == 0:
            message = "expected a share above 0 where visits from inside are given, got 0"
            yield sectors.problem(number, "share_domestic", message)
    visits = float(inventory.visits_per_h[inventory.is_by_visits].sum())
    # The mean of a lognormal is its median times exp(sigma^2 / 2).
    dearest = max(row.usd_per_visit * math.exp(row.sigma**2 / 2) for row in table.rows)
    if visits * dearest > MAX_TOTAL_USD_PER_H:
        most = MAX_TOTAL_USD_PER_H / dearest
        message = f"expected at most {most:g} in all where no revenue is given, got {visits:g}"
        yield Problem(str(inventory.path), message, key="visits_per_h")
