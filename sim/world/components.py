"""Components of businesses, third-party services, and the addresses these sit on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.scenario.tables.roles import ROLES
from sim.world.frozen import FrozenColumns

N_ROLES = len(ROLES)


@dataclass(frozen=True, eq=False)
class Components(FrozenColumns):
    """Components as columns, each with one or more hosts."""

    is_spread: NDArray[np.bool_]
    """Whether each user meets one of the addresses (``spread``); else one working address is enough
    (``any``); shape (n_components,)."""
    address: NDArray[np.int64]
    """Address of each host; shape (n_hosts,), ascending."""
    component_row: NDArray[np.int32]
    """Component of each host; shape (n_hosts,)."""
    n_names: NDArray[np.int64]
    """Names that share the host's address, parked ones among them; hosts on one address have the
    same number; shape (n_hosts,)."""
    n_active_sites: NDArray[np.int64]
    """Those of them that are not parked; shape (n_hosts,)."""
    host_order: NDArray[np.int32]
    host_start: NDArray[np.int32]
    """Hosts of component c are rows ``host_order[host_start[c]:host_start[c + 1]]``; shapes
    (n_hosts,), (n_components + 1,)."""
    business_order: NDArray[np.int32]
    business_start: NDArray[np.int32]
    """Businesses that sit, or may come to sit, on component c, in the same form, ascending; one
    that may in two ways is there twice; shapes (n_links,), (n_components + 1,)."""

    @classmethod
    def by_address(
        cls,
        is_spread: NDArray[np.bool_],
        component: NDArray[np.int32],
        address: NDArray[np.int64],
        link_component: NDArray[np.int32],
        link_business: NDArray[np.int32],
        n_names: NDArray[np.int64],
        n_active_sites: NDArray[np.int64],
    ) -> Components:
        """Index hosts, which are sorted by address, and businesses by component.

        Parameters
        ----------
        is_spread : shape (n_components,)
        component, address, n_names, n_active_sites : shape (n_hosts,)
            Of each host: its component, its address, names that share that, and those not parked.
        link_component, link_business : shape (n_links,)
            Which businesses may sit on which components.
        """
        every_host = np.arange(component.size, dtype=np.int32)
        return cls(
            is_spread,
            address,
            component,
            n_names,
            n_active_sites,
            *_grouped(component, every_host, is_spread.size),
            *_grouped(link_component, link_business, is_spread.size),
        )

    @property
    def n_components(self) -> int:
        """Number of components."""
        return int(self.is_spread.size)

    def hosts_of(
        self, component: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Hosts of some components, one component after the other.

        Returns
        -------
        host : shape (n,)
            Rows of hosts.
        first : shape (n_components,)
            Where each component's hosts start in ``host``.
        n_hosts : shape (n_components,)
            How many each has; never zero for a component that a host lies on.
        """
        first = self.host_start[component].astype(np.int64)
        count = self.host_start[component + 1] - first
        begin = np.cumsum(count) - count
        position = np.repeat(first - begin, count) + np.arange(int(count.sum()))
        return self.host_order[position].astype(np.int64), begin, count

    def addresses_of(self, component: NDArray[np.int64]) -> NDArray[np.int64]:
        """Addresses of some components, one component after the other."""
        return self.address[self.hosts_of(component)[0]]

    def in_use(
        self, component: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Distinct addresses of some components, ascending, with names and active sites on each.

        Parameters
        ----------
        component : any shape
            One may be there several times.

        Returns
        -------
        address, n_names, n_active_sites : shapes (n_addresses,)
        """
        host, _, _ = self.hosts_of(np.unique(component))
        host = np.sort(host)  # hosts are sorted by address
        address, first = np.unique(self.address[host], return_index=True)
        row = host[first]
        return address, self.n_names[row], self.n_active_sites[row]

    def names_on(self, component: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Names, and active sites, that share the addresses of each of some components.

        An address of a component is counted once; both have the shape of ``component``.
        """
        host, _, n_hosts = self.hosts_of(component)
        owner = np.repeat(np.arange(component.size), n_hosts)
        pairs, first = np.unique(np.stack((owner, self.address[host])), axis=1, return_index=True)
        names, active = np.zeros((2, component.size), np.int64)
        np.add.at(names, pairs[0], self.n_names[host[first]])
        np.add.at(active, pairs[0], self.n_active_sites[host[first]])
        return names, active


def stable_order(key: NDArray[np.int64]) -> NDArray[np.int32]:
    """Rows in ascending sequence of a key, those of one key as they come; shape (n,).

    Parameters
    ----------
    key : shape (n,)
        From 0 on; n is below 2**31.
    """
    if key.size and int(key.max()) >= 2**32:
        # With the row beside it, an address of IPv6 would not fit in one number.
        return np.argsort(key, kind="stable").astype(np.int32)
    return _sorted_values(key, np.arange(key.size, dtype=np.int32))


def _grouped(
    key: NDArray[np.int32], value: NDArray[np.int32], n_keys: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Values sorted by key, and where each key's begin, shape (n_keys + 1,); ascending in each."""
    start = np.zeros(n_keys + 1, np.int32)
    np.cumsum(np.bincount(key, minlength=n_keys), out=start[1:])
    return _sorted_values(key, value), start


def _sorted_values(key: NDArray[Any], value: NDArray[np.int32]) -> NDArray[np.int32]:
    """Values by key, those of one key ascending."""
    # Both in one number: sorting numbers is faster than sorting rows by what they point to.
    n_bits = int(value.max(initial=0)).bit_length()
    pair = key.astype(np.int64)
    pair <<= n_bits
    pair |= value
    pair.sort()
    pair &= (1 << n_bits) - 1
    return pair.astype(np.int32)
