"""Which hosts and businesses of an inventory a blocklist hits.

A host is listed wholly, listed partly, not listed, or not known: not known is no zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.addresses.feeds.feed import Feed, Labels, members
from sim.addresses.sets.intervals import AddressSet
from sim.addresses.text.reading import FamilyEntries
from sim.blocklists.attribution import NOT_KNOWN, row_overlap

States = NDArray[np.int8]
Codes = NDArray[np.int32] | NDArray[np.int64]


class State(IntEnum):
    """Whether a host or a business is listed."""

    NOT_KNOWN = 0
    NOT_LISTED = 1
    PARTLY = 2
    WHOLLY = 3


@dataclass(frozen=True)
class Tally:
    """How many are in which state."""

    n_wholly: float
    n_partly: float
    n_not_listed: float
    n_not_known: float
    """They sum to ``n``. For weighted tallies these are sums of the weight, and ``n`` is the sum
    over all of those whose weight is known."""
    n: float
    """All."""
    n_without_weight: int = 0
    """Hosts or businesses whose weight is not known; they are in none of the sums."""


@dataclass(frozen=True, eq=False)
class Hits:
    """States of an inventory."""

    host_state: States
    """`State` of each host, a record of the inventory; shape (n_records,), int8."""
    business_state: States | None
    """`State` of each business, a distinct name; None where the inventory has no names. One is hit
    wholly when all addresses of all its hosts are listed; where some of its hosts are not known it
    is at most partly. Shape (n_names,), int8."""

    @property
    def is_hit(self) -> NDArray[np.bool_]:
        """Whether each host is hit, wholly or partly."""
        return np.asarray(self.host_state >= State.PARTLY, np.bool_)


def find_hits(inventory: Feed, listed: AddressSet) -> Hits:
    """Find what is hit."""
    host_state = _host_states(inventory, listed)
    host_state.flags.writeable = False
    if "name" not in inventory.labels:
        return Hits(host_state, None)
    name = inventory.labels["name"]
    named = np.flatnonzero(name.code >= 0)
    business_state = _business_states(name.code[named], len(name.names), host_state[named])
    business_state.flags.writeable = False
    return Hits(host_state, business_state)


def without_repeats(inventory: Feed) -> tuple[Feed, NDArray[np.int64]]:
    """Return an inventory with one row for each host, with a note on repeated rows.

    A row repeats an earlier one if all columns and the only address, prefix or range are the same.

    Returns
    -------
    inventory
        Its hosts.
    host : shape (n_records,), int64
        Host of each given row.
    """
    n, host = inventory.n_records, np.arange(inventory.n_records)
    key, n_ranges = -1 - host, np.zeros(n, np.int64)
    first = 0
    families: Sequence[tuple[FamilyEntries, NDArray[np.int64]]] = (
        (inventory.v4, inventory.record4),
        (inventory.v6, inventory.record6),
    )
    for rows, record in families:
        _, start = np.unique(rows.start, return_inverse=True)
        _, stop = np.unique(rows.stop, return_inverse=True)
        pair: NDArray[np.int64] = start * len(rows) + stop
        key[record] = np.unique(pair, return_inverse=True)[1] + first
        n_ranges += np.bincount(record, minlength=n)
        first += len(rows)
    key = np.where(n_ranges == 1, key, -1 - host)
    _, key, size = np.unique(key, return_inverse=True, return_counts=True)
    alike = np.flatnonzero(size[key] > 1)
    key = key[alike]
    codes = (labels.code for column, labels in inventory.labels.items() if column != "id")
    columns: list[NDArray[Any]] = [*codes, *inventory.numbers.values()]
    for column in columns:
        _, code = np.unique(column[alike], return_inverse=True)
        _, key = np.unique(key * alike.size + code, return_inverse=True)
    _, earliest, which = np.unique(key, return_index=True, return_inverse=True)
    host[alike] = alike[earliest[which]]
    is_first = host == np.arange(n)
    if is_first.all():
        return inventory, host
    n_repeats = n - int(np.count_nonzero(is_first))
    note = (
        f"{n_repeats:,} inventory rows repeat an earlier one in all columns: each host counts once"
    )
    once = inventory.of_records(is_first)
    return replace(once, notes=(*once.notes, note)), (np.cumsum(is_first) - 1)[host]


def count_states(state: States) -> Tally:
    """Count states."""
    return _tally(np.bincount(state, minlength=4))


def weigh_states(state: States, weight: NDArray[np.float64]) -> Tally:
    """Sum a weight by state; where it is NaN it is not known."""
    known = np.flatnonzero(~np.isnan(weight))
    total = np.bincount(state[known], weights=weight[known], minlength=4).tolist()
    n_without = int(state.size - known.size)
    return Tally(total[3], total[2], total[1], total[0], float(sum(total)), n_without)


@dataclass(frozen=True)
class HostGroup:
    """Hosts and businesses of one sector, provider, region, country or network."""

    name: str
    hosts: Tally
    businesses: Tally | None


def group_hits(inventory: Feed, hits: Hits, labels: Labels) -> list[HostGroup]:
    """Tally hosts and businesses by a column; most hosts hit first.

    A business counts in every group in which it has a host, with the state of its hosts there.
    """
    record, code, names = members(labels)
    unknown = np.flatnonzero(labels.code < 0)
    if unknown.size:
        record = np.concatenate((record, unknown))
        code = np.concatenate((code, np.full(unknown.size, len(names), np.int32)))
    names = [*names, NOT_KNOWN]
    state = hits.host_state[record]
    count = _counted(code, state, len(names))
    businesses = None
    if "name" in inventory.labels:
        name = inventory.labels["name"]
        business = name.code[record]
        del record
        businesses = _businesses_by(code, business, state, len(names), len(name.names))
    groups = [
        HostGroup(name, _tally(count[at]), None if businesses is None else _tally(businesses[at]))
        for at, name in enumerate(names)
        if count[at].any()
    ]
    groups.sort(key=lambda group: (-group.hosts.n_wholly, -group.hosts.n_partly, group.name))
    return groups


def _businesses_by(
    code: NDArray[np.int32],
    business: NDArray[np.int32],
    host_state: States,
    n_groups: int,
    n_businesses: int,
) -> NDArray[np.int64]:
    """Return how many businesses of each group are in each state, shape (n_groups, 4)."""
    named = slice(None) if (business >= 0).all() else np.flatnonzero(business >= 0)
    pair = code[named].astype(np.int64)
    pair *= n_businesses
    pair += business[named]
    state = host_state[named]
    # One number for pair and state, so that one sort brings together what belongs together.
    key = np.unique(pair * 4 + state)
    found, first = np.unique(key >> 2, return_index=True)
    bit_met = np.uint8(1) << (key & 3).astype(np.uint8)
    met = np.bitwise_or.reduceat(bit_met, first) if first.size else bit_met
    bit = [(met >> number & 1).astype(np.bool_) for number in range(4)]
    is_hit = bit[State.PARTLY] | bit[State.WHOLLY]
    is_open = bit[State.NOT_LISTED] | bit[State.PARTLY]
    state = _states(is_hit | is_open, is_hit, is_open, bit[State.NOT_KNOWN])
    return _counted(found // max(n_businesses, 1), state, n_groups)


def business_values(
    inventory: Feed, given: NDArray[np.float64], *, adds_up: bool
) -> NDArray[np.float64]:
    """Value of each business from those of its hosts; NaN where none of them has one.

    Parameters
    ----------
    adds_up
        Sum what each host has of its own; otherwise each row repeats a value of the business, and
        the largest one counts.
    """
    name = inventory.labels["name"]
    value = np.full(len(name.names), np.nan)
    row = np.flatnonzero((name.code >= 0) & ~np.isnan(given))
    value[name.code[row]] = 0
    (np.add if adds_up else np.maximum).at(value, name.code[row], given[row])
    return value


def names_once(
    inventory: Feed, of: NDArray[np.integer[Any]] | None = None
) -> tuple[NDArray[np.float64], str]:
    """Names of each host, 0 where a row before of its kind has its address; a note on others.

    Where rows of one address differ, the largest number counts, or that of the names on these rows
    where it is larger; NaN where none has one.
    """
    names = inventory.numbers["n_names"].copy()
    of = np.zeros(names.size, np.int64) if of is None else of
    address = -1 - np.arange(names.size)
    for record, bounds, family in (
        (inventory.record6, inventory.v6, 0), (inventory.record4, inventory.v4, 1)
    ):  # fmt: skip
        # Rows of the same addresses are numbered alike; of several ranges, the first counts.
        first, last = (np.unique(at, return_inverse=True)[1] for at in (bounds.start, bounds.stop))
        number = (first * (last.max(initial=0) + 1) + last) * 2 + family
        address[record[::-1]] = number[::-1]
    _, which = np.unique(address, return_inverse=True)
    most = np.full(names.size, -np.inf)
    np.fmax.at(most, which, names)
    n_differing = np.unique(which[names < most[which]]).size
    n_short = 0
    if "name" in inventory.labels:
        code = inventory.labels["name"].code
        named = np.unique(np.stack((which, code))[:, code >= 0], axis=1)[0]
        n_named = np.bincount(named, minlength=most.size)
        is_short = ~np.isinf(most) & (most < n_named)
        n_short, most = int(is_short.sum()), np.where(is_short, n_named, most)
    most = most[which]
    _, row = np.unique(which * (of.max(initial=0) + 2) + of, return_index=True)
    is_repeat = ~np.isinf(most)
    is_repeat[row] = False
    names[row] = np.where(np.isinf(most), np.nan, most)[row]
    names[is_repeat] = 0
    counted = (
        (n_differing, "have rows with different n_names: the largest counts"),
        (n_short, "have more names than their n_names: these count"),
    )
    return names, "; ".join(f"{n:,} addresses {what}" for n, what in counted if n)


def business_revenue(
    inventory: Feed, given: NDArray[np.float64], notes: list[str]
) -> NDArray[np.float64]:
    """Revenue of each business; a note is added where its rows disagree."""
    value = business_values(inventory, given, adds_up=False)
    code = inventory.labels["name"].code
    row = np.flatnonzero((code >= 0) & ~np.isnan(given))
    if differing := np.unique(code[row[given[row] != value[code[row]]]]).size:
        notes.append(
            f"{differing:,} businesses give different revenues on their rows: the largest counts"
        )
    return value


def _counted(code: Codes, state: States, n_groups: int) -> NDArray[np.int64]:
    """Return how many of each group are in each state, shape (n_groups, 4)."""
    count = np.bincount(code * np.int64(4) + state, minlength=4 * n_groups)
    return np.asarray(count.reshape(n_groups, 4), dtype=np.int64)


def _tally(count: NDArray[np.int64]) -> Tally:
    unknown, unlisted, partly, wholly = count.tolist()
    return Tally(wholly, partly, unlisted, unknown, sum(count.tolist()))


def _host_states(inventory: Feed, listed: AddressSet) -> States:
    """State of each record, from its rows."""
    is_whole4, is_any4, is_whole6, is_any6 = row_overlap(inventory.v4, inventory.v6, listed)
    n = inventory.n_records
    is_placed, is_hit, is_open, is_partly_unknown = (np.zeros(n, np.bool_) for _ in range(4))
    is_partly_unknown[inventory.known_in_part] = True
    for record, is_whole, is_any in (
        (inventory.record4, is_whole4, is_any4),
        (inventory.record6, is_whole6, is_any6),
    ):
        is_placed[record] = True
        is_hit[record[is_any]] = True
        is_open[record[~is_whole]] = True
    return _states(is_placed, is_hit, is_open, is_partly_unknown)


def _business_states(code: Codes, n: int, state: States) -> States:
    """State of each of n businesses, from the states of its hosts."""
    is_placed, is_hit, is_open, is_unknown = (np.zeros(n, np.bool_) for _ in range(4))
    is_placed[code[state != State.NOT_KNOWN]] = True
    is_hit[code[state >= State.PARTLY]] = True
    is_open[code[(state == State.NOT_LISTED) | (state == State.PARTLY)]] = True
    is_unknown[code[state == State.NOT_KNOWN]] = True
    return _states(is_placed, is_hit, is_open, is_unknown)


def _states(
    is_placed: NDArray[np.bool_],
    is_hit: NDArray[np.bool_],
    is_open: NDArray[np.bool_],
    is_partly_unknown: NDArray[np.bool_],
) -> States:
    """State from what is known: any address, any listed, any not listed, any not known."""
    state = np.full(is_placed.size, State.NOT_KNOWN, np.int8)
    # Not listed is claimed only where every address is known.
    state[is_placed & ~is_hit & ~is_partly_unknown] = State.NOT_LISTED
    state[is_hit] = State.PARTLY
    state[is_hit & ~is_open & ~is_partly_unknown] = State.WHOLLY
    return state
