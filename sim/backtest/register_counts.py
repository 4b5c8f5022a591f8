"""What a register lists in one run, and who enforces it.

In: a world, an outcome, and what a case wants to know. Out: one number; NaN where it is not known.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.eventlog import Kind
from sim.engine.orders import BLOCKING, Mechanism
from sim.engine.record.outcome import Outcome
from sim.scenario.readings import Enforcing, Listed
from sim.scenario.resolve import Resolved
from sim.world.build import World

Span = tuple[int, int]
"""From one second to another, not included."""
NEVER = np.iinfo(np.int64).max


def count_listed(
    reading: Listed, resolved: Resolved, world: World, outcome: Outcome, span_s: Span
) -> float:
    """Addresses, or prefixes of providers, that the register lists at any time of a span.

    Notes
    -----
    Addresses are those of the curve ``addresses_listed``: without the target's own ranges. A
    prefix of the scenario's table is listed wholly when every address of it is, the target's own
    among them.
    """
    listed = _listed(outcome, span_s)
    if reading.count == "addresses":
        return _count_addresses(reading, world, listed.difference(world.target.addresses))
    rows = [
        row
        for row in resolved.cloud_prefixes.rows
        if (not reading.providers or row.provider in reading.providers)
        and (not reading.regions or f"{row.provider}/{row.region}" in reading.regions)
    ]
    start, stop = resolved.line.bounds({row.prefix for row in rows})
    n_listed = listed.count_below(stop) - listed.count_below(start)
    is_wholly = n_listed == stop - start
    is_meant = is_wholly if reading.count == "prefixes_wholly" else (n_listed > 0) & ~is_wholly
    n = float(np.count_nonzero(is_meant))
    return n / start.size if reading.is_share else n


def _count_addresses(reading: Listed, world: World, listed: IntervalSet) -> float:
    places = world.places
    if reading.providers:
        row = [places.provider.index(name) for name in reading.providers]
        n = float(places.count_by_provider(listed)[row].sum())
        of = float(places.count_by_provider(IntervalSet.universe())[row].sum())
    elif reading.regions:
        names = region_names(places.provider, places.provider_row.tolist(), places.region)
        whose = IntervalSet.union_all(
            places.addresses[row] for row, name in enumerate(names) if name in reading.regions
        )
        n, of = float(listed.intersection(whose).n_addresses), float(whose.n_addresses)
    else:
        return float(listed.n_addresses)
    if reading.is_share_of_list:
        return n / listed.n_addresses if listed.n_addresses else float("nan")
    return n / of if reading.is_share else n


def _listed(outcome: Outcome, span_s: Span) -> IntervalSet:
    """Addresses that blocking entries list, and none exempts, at the end of a second of a span."""
    start_s, stop_s = _times(outcome)
    mechanism = outcome.entry_mechanism
    is_within = (start_s < span_s[1]) & (stop_s > span_s[0])
    blocking, exempting = (
        np.flatnonzero(is_within & np.array([one in of for one in mechanism], np.bool_))
        for of in (BLOCKING, frozenset({Mechanism.EXEMPT}))
    )
    # Between these times the same addresses are exempt.
    edge = np.concatenate([span_s, start_s[exempting], stop_s[exempting]])
    edge = np.unique(np.clip(edge, *span_s))
    found = IntervalSet.empty()
    for first, until in pairwise(edge.tolist()):
        blocked, exempt = (
            IntervalSet.union_all(
                outcome.entry_addresses[row]
                for row in rows[(start_s[rows] < until) & (stop_s[rows] > first)].tolist()
            )
            for rows in (blocking, exempting)
        )
        found = found.union(blocked.difference(exempt))
    return found


def _times(outcome: Outcome) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """When each entry was placed and withdrawn; ``NEVER`` where it was not."""
    log = outcome.events
    start_s, stop_s = (np.full(len(outcome.entry_mechanism), NEVER) for _ in range(2))
    for time_s, kind in ((start_s, Kind.BLOCK), (stop_s, Kind.UNBLOCK)):
        is_of = log.kind == kind
        time_s[log.entry_row[is_of]] = log.t_s[is_of]
    return start_s, stop_s


def _in_force(outcome: Outcome, at_s: int) -> list[int]:
    """Entries of the register that were placed and not withdrawn, ascending."""
    start_s, stop_s = _times(outcome)
    rows: list[int] = np.flatnonzero((start_s <= at_s) & (stop_s > at_s)).tolist()
    return rows


def share_enforcing(reading: Enforcing, world: World, outcome: Outcome, at_s: int) -> float:
    """Share of operators, or of their users, that enforce entries at a time.

    Notes
    -----
    Counting entries, it is the mean over these operators, or users, of the share of entries in
    force that an operator applies, and not known while none is in force.
    With a least share of entries, those in force count, and an operator enforces them that
    applies at least that share of them; it is not known while none is in force. Without one, an
    operator enforces that applies any entry, one among them that the register no longer has.
    """
    operators = world.operators
    log = outcome.events
    chosen = np.flatnonzero(
        [not reading.operators or name in reading.operators for name in operators.group]
    )
    by = operators.share_users if reading.weigh == "users" else operators.stands_for.astype(float)
    weight = by[chosen]
    in_force = [
        row
        for row in _in_force(outcome, at_s)
        if outcome.entry_mechanism[row] is not Mechanism.EXEMPT
    ]
    is_of_entries = reading.count == "entries"
    if weight.sum() == 0 or ((is_of_entries or reading.entries is not None) and not in_force):
        return float("nan")
    is_turn = (log.t_s <= at_s) & ((log.kind == Kind.ENFORCED) | (log.kind == Kind.RELEASED))
    step = np.where(log.kind == Kind.ENFORCED, 1, -1)
    enforced: list[float] = []
    for operator_row in chosen.tolist():
        mine = is_turn & (log.operator_row == operator_row)
        n = np.zeros(len(outcome.entry_mechanism), np.int64)
        np.add.at(n, log.entry_row[mine], step[mine])
        if is_of_entries:
            enforced.append(float((n[in_force] > 0).mean()))
        elif reading.entries is None:
            enforced.append(float((n > 0).any()))
        else:
            enforced.append(float((n[in_force] > 0).mean() >= reading.entries))
    return float((weight * np.array(enforced)).sum() / weight.sum())


def region_names(
    provider: Sequence[str], provider_row: Iterable[int], region: Sequence[str]
) -> list[str]:
    """Names of places, as ``provider/region``."""
    return [f"{provider[row]}/{name}" for row, name in zip(provider_row, region, strict=True)]
