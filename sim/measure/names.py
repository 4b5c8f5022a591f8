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
    changes = [Change.of(outcome, row) for row in operator_rows]
    is_block = np.array([m in BLOCKING for m in outcome.entry_mechanism], np.bool_)
    is_exempt = np.array([m is Mechanism.EXEMPT for m in outcome.entry_mechanism], np.bool_)
    enforced = np.unique(np.concatenate([np.empty(0, np.int64), *(c.entry for c in changes)]))
    is_dropped = _union(outcome, enforced[is_block[enforced]]).contains(address)
    exempt = _union(outcome, enforced[is_exempt[enforced]])
    contested = np.flatnonzero(is_dropped & exempt.contains(address))
    if contested.size:
        held = Held(outcome.entry_addresses, address[contested])
        is_dropped[contested] = False
        for change in changes:
            is_dropped[contested] |= change.holds_somewhere(held, is_block, is_exempt)
            # An address dropped at one operator need not be looked at elsewhere.
            if is_dropped[contested].all():
                break
    return is_dropped


class Held:
    """Which of some addresses each entry of a run contains.

    Parameters
    ----------
    entries
        Addresses of each entry.
    address : shape (n,), ascending, distinct

    Attributes
    ----------
    is_any : shape (n_entries,)
        Whether each entry contains any of the addresses.
    """

    def __init__(self, entries: Sequence[IntervalSet], address: NDArray[np.int64]) -> None:
        self.n_addresses = address.size
        entry = np.repeat(np.arange(len(entries)), [one.start.size for one in entries])
        nothing = np.empty(0, np.int64)
        start = np.concatenate([nothing, *(one.start for one in entries)])
        stop = np.concatenate([nothing, *(one.stop for one in entries)])
        low, high = np.searchsorted(address, start), np.searchsorted(address, stop)
        some = np.flatnonzero(high > low)
        self.is_any = np.zeros(len(entries), np.bool_)
        self.is_any[entry[some]] = True
        self._parts: dict[int, list[slice]] = {}
        for row, first, end in zip(entry[some].tolist(), low[some], high[some], strict=True):
            self._parts.setdefault(row, []).append(slice(first, end))

    def parts_of(self, entry: int) -> list[slice]:
        """Slices of the addresses that an entry contains; it contains some."""
        return self._parts[entry]


@dataclass(frozen=True, eq=False)
class Change:
    """Entries that one operator starts (+1) and stops (-1) enforcing, by time."""

    t_s: NDArray[np.int64]
    entry: NDArray[np.int64]
    step: NDArray[np.int64]

    @classmethod
    def of(cls, outcome: Outcome, operator_row: int) -> Change:
        """Changes at one operator."""
        log = outcome.events
        mine = log.operator_row == operator_row
        mine &= (log.kind == Kind.ENFORCED) | (log.kind == Kind.RELEASED)
        step = np.where(log.kind[mine] == Kind.ENFORCED, 1, -1)
        return cls(log.t_s[mine], log.entry_row[mine], step)

    def holds_somewhere(
        self, held: Held, is_block: NDArray[np.bool_], is_exempt: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Whether, at the end of some second, each address is blocked and not exempt."""
        n_blocking, n_exempting = np.zeros((2, held.n_addresses), np.int64)
        found = np.zeros(held.n_addresses, np.bool_)
        touched: list[slice] = []
        # Most entries hold none of the addresses.
        mine = ((is_block | is_exempt) & held.is_any)[self.entry]
        t_s = self.t_s[mine]
        is_last = np.append(t_s[1:] != t_s[:-1], True).tolist()
        changes = zip(self.entry[mine].tolist(), self.step[mine].tolist(), is_last, strict=False)
        for entry, step, ends_second in changes:
            n_entries = n_blocking if is_block[entry] else n_exempting
            for part in held.parts_of(entry):
                n_entries[part] += step
                touched.append(part)
            if ends_second:
                for part in touched:
                    found[part] |= (n_blocking[part] > 0) & (n_exempting[part] == 0)
                touched.clear()
        return found


def _union(outcome: Outcome, entry: NDArray[np.int64]) -> IntervalSet:
    return IntervalSet.union_all(outcome.entry_addresses[row] for row in entry.tolist())
