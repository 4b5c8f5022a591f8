"""Units in which a block is counted: addresses, names, businesses, demand, dollars.

Weights have to add up over addresses. So a business is shared evenly among its hosts, and each
part of it counts as hit on its own; whoever loses all hosts counts as one, whoever loses one of
two as a half. An inventory row that is a prefix is shared evenly among its addresses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.addresses.cover.weights import WeightedRanges, Weights
from sim.addresses.feeds.feed import Feed
from sim.addresses.sets.blocks import IPV4_BITS
from sim.addresses.sets.families import AddressSet
from sim.addresses.sets.ipv6 import IPV6_BITS
from sim.blocklists.hosts import business_values

REVENUE = "revenue_usd_per_h"
ADDRESSES4, ADDRESSES6 = "addresses4", "addresses6"
UNIT_NAMES = {
    ADDRESSES4: "IPv4 addresses",
    ADDRESSES6: "IPv6 addresses",
    "names": "names",
    "businesses": "businesses",
    "demand": "share of the inventory's demand",
    "usd": "USD per hour of revenue",
}


@dataclass(frozen=True)
class Units:
    """Weights by unit.

    Attributes
    ----------
    weights
        ``addresses4`` and ``addresses6`` always; ``names``, ``businesses``, ``demand`` (share of
        the inventory's revenue) and ``usd`` (revenue per hour) where the inventory has the columns
        they need.
    notes
        What is not known, in words for the user.
    """

    weights: Mapping[str, Weights]
    notes: tuple[str, ...]


def units_of(inventory: Feed | None) -> Units:
    """Return the units that an inventory allows."""
    every = Weights.per_address()
    weights = {
        ADDRESSES4: replace(every, v6=WeightedRanges.none(IPV6_BITS)),
        ADDRESSES6: replace(every, v4=WeightedRanges.none(IPV4_BITS)),
    }
    if inventory is None:
        return Units(weights, ())
    notes = []
    n_rows = _rows_of_records(inventory)
    if inventory.n_unplaced:
        notes.append(
            f"{inventory.n_unplaced:,} of {inventory.n_records:,} inventory rows have no usable "
            "address and weigh nothing"
        )
    names = inventory.numbers.get("n_names", np.full(inventory.n_records, np.nan))
    weights["names"] = _on_rows(inventory, np.where(np.isnan(names), 1.0, names), n_rows)
    is_placed = n_rows > 0
    if "name" in inventory.labels:
        share, n_unnamed = _business_shares(inventory, is_placed)
        weights["businesses"] = _on_rows(inventory, share, n_rows)
        if n_unnamed:
            notes.append(f"{n_unnamed:,} inventory rows have no name and count as no business")
    if REVENUE in inventory.numbers:
        revenue, n_without = _revenue(inventory, is_placed)
        weights["usd"] = _on_rows(inventory, revenue, n_rows)
        total = float(revenue[is_placed].sum())
        weights["demand"] = _on_rows(inventory, revenue / total if total else revenue, n_rows)
        if n_without:
            notes.append(f"{n_without:,} inventory rows have no revenue and weigh nothing in usd")
    return Units(weights, tuple(notes))


def row_worth(targets: Feed) -> Weights:
    """Weight of one on each distinct row of a list of targets, shared among its addresses."""
    v4, v6 = targets.v4, targets.v6
    first4 = first_rows(v4.start, v4.stop)
    first6 = first_rows(v6.first.high, v6.first.low, v6.last.high, v6.last.low)
    return Weights.on_rows(v4, first4.astype(np.int64), v6, first6.astype(np.int64))


def count_rules(orders: list[Feed]) -> int:
    """Number of distinct prefixes that lists consist of; a range may take several."""
    n_rules = 0
    rows4 = [feed.v4.to_prefixes() for feed in orders]
    if rows4:
        address = np.concatenate([row[1] for row in rows4])
        length = np.concatenate([row[2] for row in rows4])
        n_rules += int(first_rows(address, length).sum())
    rows6 = [feed.v6.to_prefixes() for feed in orders]
    if rows6:
        high = np.concatenate([row[1].high for row in rows6])
        low = np.concatenate([row[1].low for row in rows6])
        n_rules += int(first_rows(high, low, np.concatenate([row[2] for row in rows6])).sum())
    return n_rules


def first_rows(*columns: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether each row is the first of its kind."""
    order = np.lexsort(columns[::-1])
    is_first = np.ones(order.size, np.bool_)
    if order.size:
        differs = [column[order][1:] != column[order][:-1] for column in columns]
        is_first[order[1:]] = np.logical_or.reduce(differs)
    return is_first


def weigh_all(weights: Mapping[str, Weights], addresses: AddressSet) -> dict[str, int | float]:
    """Weight of a set in each unit."""
    return {name: weight.inside(addresses) for name, weight in weights.items()}


def _rows_of_records(inventory: Feed) -> NDArray[np.int64]:
    """Address rows of each record; 0 where its address is not known."""
    n = inventory.n_records
    four = np.bincount(inventory.record4, minlength=n)
    return four + np.bincount(inventory.record6, minlength=n)


def _on_rows(inventory: Feed, by_record: NDArray[np.float64], n_rows: NDArray[np.int64]) -> Weights:
    """Weights by record as weights on its rows, whole numbers as such."""
    shared = by_record / np.maximum(n_rows, 1)
    column = shared.astype(np.int64) if np.all(shared == np.floor(shared)) else shared
    v4, v6 = inventory.v4, inventory.v6
    return Weights.on_rows(v4, column[inventory.record4], v6, column[inventory.record6])


def _business_shares(
    inventory: Feed, is_placed: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], int]:
    """Part of its business that each record is, and how many records have no name."""
    code = inventory.labels["name"].code
    named = np.flatnonzero((code >= 0) & is_placed)
    n_hosts = np.bincount(code[named], minlength=len(inventory.labels["name"].names))
    share = np.zeros(inventory.n_records)
    share[named] = 1 / n_hosts[code[named]]
    return share, int(np.count_nonzero(code < 0))


def _revenue(inventory: Feed, is_placed: NDArray[np.bool_]) -> tuple[NDArray[np.float64], int]:
    """Revenue of each record, and how many have none.

    Rows of one business repeat its revenue, and share it; rows without a name have their own.
    """
    given = inventory.numbers[REVENUE]
    revenue = np.nan_to_num(given, nan=0.0)
    unknown = np.isnan(given)
    if "name" in inventory.labels:
        code = inventory.labels["name"].code
        share, _ = _business_shares(inventory, is_placed)
        of_business = business_values(inventory, REVENUE, adds_up=False)
        named = np.flatnonzero(code >= 0)
        revenue[named] = np.nan_to_num(of_business[code[named]], nan=0.0) * share[named]
        unknown[named] = np.isnan(of_business[code[named]])
    return revenue, int(np.count_nonzero(unknown))
