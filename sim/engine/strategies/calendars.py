"""Blocks that come and go with the clock."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IPV4_STOP
from sim.engine.coverage import (
    ADDRESS_BITS,
    SetAround,
    answerable_fronts,
    block_around,
    cut,
    enclosing_front,
    open_fronts,
)
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import Mechanism, Order
from sim.engine.strategies.registry import Given, register, seconds
from sim.scenario import strategies as ask


def time_window(windows_s: Sequence[tuple[int, int]], length: int) -> Strategy:
    """Drop discovered addresses only during the windows of a calendar.

    Really used: match days in Spain and Italy; exam hours in Iraq.

    Parameters
    ----------
    windows_s
        Half-open ``[start, stop)`` of each window, ascending.
    length
        Length of the prefix dropped around each address.
    """
    edges = sorted(edge for window in windows_s for edge in window)

    def decide(observation: Observation) -> Decision:
        t_s = observation.t_s
        look_s = next((edge for edge in edges if edge > t_s), None)
        if any(start <= t_s < stop for start, stop in windows_s):
            around = enclosing_front(observation, length)
            return Decision(block_around(observation, open_fronts(observation), around), look_s)
        return Decision(_withdraw_all(observation), look_s)

    return decide


def rolling(ttl_s: int, gap_s: int, length: int) -> Strategy:
    """Release each entry after a time to live, and place it again after a gap.

    Really used: none on record; the anti-monopoly service doubted "rolling blackouts" in 2018.

    Parameters
    ----------
    ttl_s, gap_s
        A front's prefix is in force for ``ttl_s`` from its discovery, out of it for ``gap_s``, and
        so on. Without a gap entries are never released.
    length
        Length of the prefix dropped around each address.
    """
    cycle_s = ttl_s + gap_s

    def decide(observation: Observation) -> Decision:
        rows = answerable_fronts(observation)
        fronts = observation.fronts
        prefix = _prefix_numbers(observation, rows, length)
        phase_s = (observation.t_s - fronts.discovered_s[rows]) % cycle_s
        is_wanted = phase_s < ttl_s
        is_held = fronts.is_held(Mechanism.DROP)[rows]
        around = enclosing_front(observation, length)
        releases = _releases(observation, rows, prefix, is_held, prefix[is_wanted], around)
        blocks = block_around(observation, rows[is_wanted & ~is_held], around)
        if phase_s.size == 0 or gap_s == 0:
            return Decision(releases + blocks)
        left_s = np.where(is_wanted, ttl_s - phase_s, cycle_s - phase_s)
        return Decision(releases + blocks, observation.t_s + int(left_s.min()))

    return decide


def _prefix_numbers(
    observation: Observation, front_row: NDArray[np.int64], length: int
) -> NDArray[np.int64]:
    """Number of the prefix around each of some fronts; those of the two families differ."""
    address = observation.fronts.address[front_row]
    number = address >> (ADDRESS_BITS - length)
    around = enclosing_front(observation, length)
    for place in np.flatnonzero(address >= IPV4_STOP).tolist():
        number[place] = around(int(front_row[place])).start[0]
    return number


def _withdraw_all(observation: Observation) -> tuple[Order, ...]:
    dropped = observation.in_force.of(Mechanism.DROP)
    return tuple(Order("unblock", entry.addresses) for entry in dropped)


def _releases(
    observation: Observation,
    front_row: NDArray[np.int64],
    prefix: NDArray[np.int64],
    is_held: NDArray[np.bool_],
    wanted: NDArray[np.int64],
    around: SetAround,
) -> tuple[Order, ...]:
    """Withdraw the entries around no front that is wanted, oldest first.

    Parameters
    ----------
    front_row, prefix, is_held : shape (n,)
        Known fronts, number of the prefix around each, and whether an entry holds it.
    wanted
        Prefixes of those that are wanted.
    """
    dropped = observation.in_force.of(Mechanism.DROP)
    held, first = np.unique(prefix[is_held], return_index=True)
    if held.size < len(dropped):
        # Some entries are around no front that is known: it is gone.
        kept = {
            cut(observation, around(row)) for row in front_row[np.isin(prefix, wanted)].tolist()
        }
        stale = [entry for entry in dropped if entry.addresses not in kept]
    else:
        row = front_row[is_held][first[~np.isin(held, wanted)]]
        keys = [(Mechanism.DROP, cut(observation, around(one))) for one in row.tolist()]
        stale = sorted(map(observation.in_force.oldest, keys), key=attrgetter("row"))
    return tuple(Order("unblock", entry.addresses) for entry in stale)


def _windows_s(asked: ask.TimeWindow, given: Given) -> list[tuple[int, int]]:
    """Start and end of each window in seconds since the scenario's start."""
    start = given.resolved.scenario.start
    return [
        (int((first - start).total_seconds()), int((last - start).total_seconds()))
        for first, last in asked.windows
    ]


register(
    ask.TimeWindow,
    time_window,
    lambda asked, given: time_window(_windows_s(asked, given), asked.length),
)
register(
    ask.Rolling,
    rolling,
    lambda asked, _: rolling(seconds(asked.ttl_h), seconds(asked.gap_h), asked.length),
)
