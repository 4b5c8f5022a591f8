"""Names on the addresses of the modelled businesses, and how many of them were ever dropped.

In: a world, and what operators enforced. Out: names and active sites hit, out of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.eventlog import Kind
from sim.engine.orders import BLOCKING, Mechanism
from sim.engine.record.outcome import Outcome
from sim.world.build import World


@dataclass(frozen=True)
class NamesHit:
    """Names on the addresses in use at t = 0.

    Attributes
    ----------
    n_hit
        Names on those of the addresses that some operator with users dropped or throttled for a
        second or longer.
    n_names
        Names on all of them; parked names count.
    n_active_hit, n_active_sites
        The same without parked names.
    """

    n_hit: int
    n_names: int
    n_active_hit: int
    n_active_sites: int

    @property
    def share_hit(self) -> float:
        """Share of the names that were hit; at least one address is in use, with one name."""
        return self.n_hit / self.n_names

    @property
    def share_active_hit(self) -> float:
        """Share of the active sites that were hit; on each address in use there is one."""
        return self.n_active_hit / self.n_active_sites


def names_hit(world: World, outcome: Outcome) -> NamesHit:
    """Names hit in one run; an address that several businesses share is counted once."""
    address, n_names, n_active = names_in_use(world)
    is_hit = ever_dropped(world, outcome, address)
    return NamesHit(
        int(n_names[is_hit].sum()),
        int(n_names.sum()),
        int(n_active[is_hit].sum()),
        int(n_active.sum()),
    )


def names_in_use(
    world: World,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Distinct addresses of components at t = 0, ascending.

    Returns
    -------
    address, n_names, n_active_sites : shapes (n_addresses,)
    """
    return world.components.in_use(world.businesses.component_row)


def ever_dropped(world: World, outcome: Outcome, address: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether an operator with users ever dropped or throttled each address.

    Parameters
    ----------
    address : shape (n,), ascending, distinct

    Notes
    -----
    At an operator an address is dropped while a blocking entry contains it and no exempting one
    does, at the end of a second. An address in no exempting entry was dropped if any enforced
    blocking entry contains it; only the others need their history.
    """
    serving = np.flatnonzero(world.operators.share_users > 0)
    return ever_dropped_at(outcome, address, serving.tolist())


def ever_dropped_at(
    outcome: Outcome, address: NDArray[np.int64], operator_rows: Sequence[int]
) -> NDArray[np.bool_]:
    """Whether one of some operators ever dropped or throttled each address."""
    log = outcome.events
    mine = np.isin(log.operator_row, operator_rows)
    mine &= (log.kind == Kind.ENFORCED) | (log.kind == Kind.RELEASED)
    step = np.where(log.kind[mine] == Kind.ENFORCED, 1, -1)
    change = Change(log.t_s[mine], log.entry_row[mine], step, log.operator_row[mine])
    is_block = np.array([m in BLOCKING for m in outcome.entry_mechanism], np.bool_)
    is_exempt = np.array([m is Mechanism.EXEMPT for m in outcome.entry_mechanism], np.bool_)
    enforced = np.unique(change.entry)
    is_dropped = _union(outcome, enforced[is_block[enforced]]).contains(address)
    exempt = _union(outcome, enforced[is_exempt[enforced]])
    contested = np.flatnonzero(is_dropped & exempt.contains(address))
    if contested.size:
        is_dropped[contested] = change.hold_somewhere(
            outcome.entry_addresses, address[contested], is_block, is_exempt
        )
    return is_dropped


@dataclass(frozen=True, eq=False)
class Change:
    """Entries that come into force (+1) and leave it (-1), by time; at one holder, or at several.

    Attributes
    ----------
    t_s, entry, step, holder : shape (n_changes,)
        Without holders all are at one.
    """

    t_s: NDArray[np.int64]
    entry: NDArray[np.int64]
    step: NDArray[np.int64]
    holder: NDArray[np.int64] | None = None

    def hold_somewhere(
        self,
        entries: Sequence[IntervalSet],
        address: NDArray[np.int64],
        is_block: NDArray[np.bool_],
        is_exempt: NDArray[np.bool_],
    ) -> NDArray[np.bool_]:
        """Whether, at the end of some second, a holder blocks each address and does not exempt it.

        Parameters
        ----------
        entries
            Addresses of each entry.
        address : shape (n_addresses,), ascending, distinct
        is_block, is_exempt : shape (n_entries,)
        """
        counting = np.flatnonzero(is_block | is_exempt)
        sets = [entries[row] for row in counting.tolist()]
        start = np.concatenate([np.empty(0, np.int64), *(one.start for one in sets)])
        stop = np.concatenate([np.empty(0, np.int64), *(one.stop for one in sets)])
        of_interval = np.repeat(counting, [one.start.size for one in sets])
        first = np.searchsorted(address, start)
        n = np.searchsorted(address, stop) - first
        # Which addresses each entry holds, one entry after the other.
        place = np.repeat(first, n) + _counted_up(n)
        n_held = np.bincount(of_interval, n, len(entries)).astype(np.int64)
        # What each change does to each of the addresses that its entry holds.
        n = n_held[self.entry]
        change = np.repeat(np.arange(self.entry.size), n)
        place = place[np.repeat((np.cumsum(n_held) - n_held)[self.entry], n) + _counted_up(n)]
        pair = place if self.holder is None else self.holder[change] * address.size + place
        # One address at one holder after the other, and in each as time goes.
        in_turn = np.argsort(pair, kind="stable")
        change, place, pair = change[in_turn], place[in_turn], pair[in_turn]
        begins = np.diff(pair, prepend=-2 * address.size) != 0
        n_blocking, n_exempting = (
            _running(self.step[change] * is_so[self.entry[change]], begins)
            for is_so in (is_block, is_exempt)
        )
        ends_second = np.append(begins[1:] | (np.diff(self.t_s[change]) != 0), True)[: place.size]
        is_found = np.zeros(address.size, np.bool_)
        is_found[place[ends_second & (n_blocking > 0) & (n_exempting == 0)]] = True
        return is_found


def _counted_up(n: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, … for each of some numbers, as many as it says, one after the other."""
    return np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)


def _running(step: NDArray[np.int64], begins: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Sums of steps so far, each from where it begins anew."""
    total = np.cumsum(step)
    first = np.flatnonzero(begins)
    before = np.append(0, total)[first]
    return np.asarray(total - np.repeat(before, np.diff(first, append=step.size)))


def _union(outcome: Outcome, entry: NDArray[np.int64]) -> IntervalSet:
    return IntervalSet.union_all(outcome.entry_addresses[row] for row in entry.tolist())
