"""Addresses that were listed at some time of a run, and what a sample of businesses meets of them.

In: entries of a run's register with their times. Out: the addresses that were listed and not
exempt at the end of some second; how many businesses are expected to have one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.addresses.sets.intervals import IPV4_STOP, IntervalSet
from sim.engine.eventlog import Kind
from sim.engine.orders import BLOCKING, Mechanism
from sim.engine.record.outcome import Outcome
from sim.measure.names import Change
from sim.world.build import World


def ever_listed(
    entries: Sequence[IntervalSet], mechanism: Sequence[Mechanism], change: Change
) -> IntervalSet:
    """Addresses that were listed, and not exempt, at the end of some second.

    Parameters
    ----------
    entries, mechanism
        Addresses of each entry, and by which means.
    change
        When entries came into the register and left it; needed where one exempts.
    """
    is_block = np.array([one in BLOCKING for one in mechanism], np.bool_)
    is_exempt = np.array([one is Mechanism.EXEMPT for one in mechanism], np.bool_)
    listed = IntervalSet.union_all(entries[row] for row in np.flatnonzero(is_block).tolist())
    exempt = IntervalSet.union_all(entries[row] for row in np.flatnonzero(is_exempt).tolist())
    contested = listed.intersection(exempt)
    if not contested.n_intervals:
        return listed
    # Between two ends of entries all addresses have one history: that of the first.
    edges = np.unique(np.concatenate([end for one in entries for end in (one.start, one.stop)]))
    start, stop = edges[:-1], edges[1:]
    mine = contested.contains(start)
    start, stop = start[mine], stop[mine]
    held = change.hold_somewhere(entries, start, is_block, is_exempt)
    found = IntervalSet.from_bounds(start[held], stop[held])
    return listed.difference(contested).union(found)


def expected_businesses(world: World, outcome: Outcome) -> float:
    """Modelled businesses expected to have an address in use among those ever listed.

    Notes
    -----
    Businesses are seated evenly on the addresses of their place: where n of the N of a place are
    listed, an address there is one of them with the chance ``f = n / N``. Expected are
    ``sum over businesses of 1 - product over its addresses of (1 - f)``, at t = 0, services among
    them. Sites of an inventory have addresses that are given, and do not count. NaN where a
    business sits on IPv6 at a place of which some is listed: how much of it is used is not known.
    """
    log = outcome.events
    is_order = (log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)
    step = np.where(log.kind[is_order] == Kind.BLOCK, 1, -1)
    change = Change(log.t_s[is_order], log.entry_row[is_order], step)
    listed = ever_listed(outcome.entry_addresses, outcome.entry_mechanism, change)
    n_modelled = world.businesses.n_businesses - world.businesses.n_sites
    start, stop, place_row = world.places.pieces
    n_places = len(world.places.addresses)
    if not n_modelled or not listed.n_intervals or not start.size:
        return 0.0
    is_four = start < IPV4_STOP
    n_listed = listed.count_below(stop) - listed.count_below(start)
    four, all_four, six = (
        np.bincount(place_row[mine], weight[mine], n_places)
        for mine, weight in (
            (is_four, n_listed),
            (is_four, stop - start),
            (~is_four, n_listed),
        )
    )
    share = np.where(all_four > 0, four / np.maximum(all_four, 1), 0.0)
    components = world.components
    row = np.maximum(start.searchsorted(components.address, side="right") - 1, 0)
    has_place = (components.address >= start[row]) & (components.address < stop[row])
    chance = np.where(has_place, share[place_row[row]], 0.0)
    on_six = components.address >= IPV4_STOP
    chance[on_six] = np.where(six[place_row[row[on_six]]] > 0, np.nan, 0.0)
    with np.errstate(divide="ignore"):
        missed = np.bincount(components.component_row, np.log1p(-chance), components.is_spread.size)
    of_business = missed[world.businesses.component_row[:n_modelled]].sum(axis=1)
    return float(-np.expm1(of_business).sum())
