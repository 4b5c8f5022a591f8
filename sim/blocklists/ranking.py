"""The businesses and hosts hit, most important first.

What is important is said by the inventory: hit wholly before partly, then revenue, then names,
then hosts hit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed, Labels
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.format import format_lines4, format_lines6
from sim.addresses.text.entries import Entries4, Entries6
from sim.blocklists.hosts import Hits, State, business_values
from sim.blocklists.overlap import row_overlap
from sim.blocklists.rules import Rules

_TEXTS = ("sector", "provider", "region", "country")


@dataclass(frozen=True)
class Business:
    """One business hit.

    Attributes
    ----------
    name
        As in the inventory.
    state
        ``wholly`` or ``partly``.
    n_hosts_hit, n_hosts_not_known, n_hosts
        Hosts hit wholly or partly, hosts without a usable address, and all.
    n_names, revenue_usd_per_h
        Names on its hosts, and its revenue; None where not known.
    labels
        Sector, provider, region and country of its first host, where the inventory has them.
    """

    name: str
    state: str
    n_hosts_hit: int
    n_hosts_not_known: int
    n_hosts: int
    n_names: float | None
    revenue_usd_per_h: float | None
    labels: dict[str, str]


@dataclass(frozen=True)
class Host:
    """One host hit, and the rule that hits it.

    Attributes
    ----------
    address
        Its first address or prefix of which anything is listed.
    name
        Its business; empty where the inventory has no names.
    state
        ``wholly`` or ``partly``.
    rule, place
        Most specific rule over its first listed address, and where it stands.
    """

    address: str
    name: str
    state: str
    rule: str
    place: str


def rank_businesses(
    inventory: Feed, hits: Hits, wanted: NDArray[np.bool_], top: int
) -> list[Business]:
    """Rank businesses.

    Parameters
    ----------
    wanted : shape (n_names,), bool
        Which to rank.
    top
        How many to return.
    """
    assert hits.business_state is not None
    name = inventory.labels["name"]
    n_names, revenue = _value(inventory, "n_names"), _value(inventory, "revenue_usd_per_h")
    n_hosts = _hosts_of(name, np.ones(inventory.n_records, np.bool_))
    n_hit = _hosts_of(name, hits.is_hit)
    n_unknown = _hosts_of(name, hits.host_state == State.NOT_KNOWN)
    chosen = np.flatnonzero(wanted)
    order = np.lexsort(
        (
            chosen,
            -n_hit[chosen],
            -np.nan_to_num(n_names[chosen]),
            -np.nan_to_num(revenue[chosen]),
            -hits.business_state[chosen],
        )
    )
    chosen = chosen[order[:top]]
    first_host = _first_hosts(name, chosen)
    return [
        Business(
            name.names[at],
            State(int(hits.business_state[at])).name.lower().replace("_", " "),
            int(n_hit[at]),
            int(n_unknown[at]),
            int(n_hosts[at]),
            _or_none(n_names[at]),
            _or_none(revenue[at]),
            {
                column: _label(inventory.labels[column], int(host))
                for column in _TEXTS
                if column in inventory.labels
            },
        )
        for at, host in zip(chosen.tolist(), first_host.tolist(), strict=True)
    ]


def explain_hosts(
    inventory: Feed,
    hits: Hits,
    listed: AddressSet,
    rules: Rules,
    hitting: NDArray[np.int64],
    top: int,
) -> list[Host]:
    """Return hosts hit, in the order of the inventory, with the rule that hits each."""
    chosen = np.flatnonzero(hits.is_hit)[:top].tolist()
    text = _address_texts(inventory, chosen, listed)
    return [
        Host(
            text.get(at, ""),
            _label(inventory.labels["name"], at) if "name" in inventory.labels else "",
            State(int(hits.host_state[at])).name.lower(),
            rules.prefix(int(hitting[at])),
            rules.place(int(hitting[at])),
        )
        for at in chosen
    ]


def _value(inventory: Feed, column: str) -> NDArray[np.float64]:
    """Value of each business: the sum of its hosts' names; the largest revenue its rows give."""
    if column not in inventory.numbers:
        return np.full(len(inventory.labels["name"].names), np.nan)
    return business_values(inventory, column, adds_up=column == "n_names")


def _hosts_of(name: Labels, wanted: NDArray[np.bool_]) -> NDArray[np.int64]:
    row = np.flatnonzero(wanted & (name.code >= 0))
    return np.bincount(name.code[row], minlength=len(name.names)).astype(np.int64)


def _first_hosts(name: Labels, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """First record of each of some names."""
    first = np.full(len(name.names), -1, np.int64)
    row = np.flatnonzero(name.code >= 0)[::-1]
    first[name.code[row]] = row
    return first[chosen]


def _label(labels: Labels, record: int) -> str:
    code = int(labels.code[record])
    return labels.names[code] if code >= 0 else ""


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _address_texts(inventory: Feed, chosen: Sequence[int], listed: AddressSet) -> dict[int, str]:
    """Text of the first address or prefix of some records of which anything is listed."""
    wanted = np.array(chosen, np.int64)
    at4 = np.flatnonzero(np.isin(inventory.record4, wanted))
    at6 = np.flatnonzero(np.isin(inventory.record6, wanted))
    v4, v6 = inventory.v4, inventory.v6
    rows4 = Entries4(v4.start[at4], v4.stop[at4], v4.line[at4])
    rows6 = Entries6(v6.first.take(at6), v6.last.take(at6), v6.line[at6])
    _, is_any4, _, is_any6 = row_overlap(rows4, rows6, listed)
    text: dict[int, str] = {}
    row, address4, length = rows4.to_prefixes()
    lines = format_lines4(address4, length).decode("ascii").splitlines()
    for at, line in zip(row.tolist(), lines, strict=True):
        if is_any4[at]:
            text.setdefault(int(inventory.record4[at4[at]]), line.removesuffix("/32"))
    row, address6, length = rows6.to_prefixes()
    lines = format_lines6(address6, length).decode("ascii").splitlines()
    for at, line in zip(row.tolist(), lines, strict=True):
        if is_any6[at]:
            text.setdefault(int(inventory.record6[at6[at]]), line.removesuffix("/128"))
    return text
