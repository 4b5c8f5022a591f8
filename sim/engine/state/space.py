"""The address space: who has entries over which pieces of it, and what follows.

In: entries that operators enforce, and that are in force in the register. Out: addresses each
blocks, addresses listed by provider, what of each pool is free; the target's fronts are told. It
does not know why an address is blocked.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.orders import Mechanism
from sim.engine.state import space_kernel as kernel
from sim.engine.state import target_kernel
from sim.engine.state.target import TargetState
from sim.world.build import World

IPV4_END = 2**32
Bounds: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Where intervals begin and end."""


class AddressSpace:
    """Pieces of the address space within which every entry holds all or nothing.

    Parameters
    ----------
    target
        The target's fronts, which are told of entries that meet them; None where it has none.

    Attributes
    ----------
    register_row
        Row of the register among those who hold entries, after all operators.
    n_blocked : shape (n_operators + 1, 2)
        Addresses each operator drops or throttles, and those that are listed: outside the target's
        own ranges, and all.
    n_listed_of : shape (n_providers + 1,)
        Addresses listed outside the target's own: of each provider, and of nobody.
    n_free_of : shape (n_pools,)
        Addresses of each of the target's pools that are not listed.
    """

    def __init__(self, world: World, target: TargetState | None) -> None:
        own = world.target.addresses
        start = np.unique(np.concatenate(([0], own.start, own.stop)))
        start = start[start < IPV4_END]
        edge, owner = world.places.segments
        pools = world.pools.addresses if world.pools is not None else ()
        self.register_row = world.operators.n_operators
        self.n_blocked = np.zeros((self.register_row + 1, 2), np.int64)
        self.n_listed_of = np.zeros(len(world.places.provider) + 1, np.int64)
        self.n_free_of = np.array([addresses.n_addresses for addresses in pools], np.int64)
        self._target = target
        self._handle = kernel.make_space(
            start,
            own.contains(start),
            self.n_blocked,
            IPV4_END,
            edge.copy(),
            owner.copy(),
            self.n_listed_of,
            np.concatenate([np.empty(0, np.int64), *(pool.start for pool in pools)]),
            np.concatenate([np.empty(0, np.int64), *(pool.stop for pool in pools)]),
            np.cumsum([0, *(pool.n_intervals for pool in pools)]),
            self.n_free_of,
        )

    def list(self, mechanism: Mechanism, addresses: IntervalSet, step: int) -> None:
        """Count an entry of the register more (+1) or less (-1)."""
        bounds = addresses.start, addresses.stop
        if step > 0:
            kernel.cut(self._handle, *bounds)
        self.count(self.register_row, mechanism, bounds, step)

    def count(self, holder_row: int, mechanism: Mechanism, bounds: Bounds, step: int) -> None:
        """Count entries more (+1) or less (-1) at one holder; they were listed before."""
        column = kernel.COLUMN[mechanism]
        kernel.count_pieces(self._handle, *bounds, holder_row, column, step)
        if self._target is not None:
            target_kernel.meet(self._target.handle, self._handle, *bounds, holder_row, column, step)

    def rent(self, target: TargetState, address: int, t_s: int) -> int:
        """Let the target have one more front at an address; return its row."""
        return int(target_kernel.add_front(target.handle, self._handle, address, t_s))

    def nth_free(self, pool_row: int, n: int) -> int:
        """The n-th address of a pool that is not listed, counted from 0 in ascending order."""
        return int(kernel.nth_free(self._handle, pool_row, n))
