"""The address space: who has entries over which pieces of it, and what follows."""

from __future__ import annotations

import numpy as np

from sim.addresses.sets.family_starts import IPV6_START
from sim.addresses.sets.intervals import IPV4_STOP
from sim.addresses.sets.line import FIRST_NETWORK
from sim.engine.state import calendar_kernel
from sim.engine.state import space_kernel as kernel
from sim.engine.state.states import States
from sim.engine.state.target import TargetState
from sim.world.build import World

SHORTEST_RUN, MOST_RUNS = 64, 1024
"""Runs in which addresses of a pool are counted: of at least so many, and about as many of them."""


class AddressSpace:
    """Pieces of the address space within which every entry holds all or nothing.

    Parameters
    ----------
    target
        The target's fronts, whose state follows from entries that hold them.
    states
        Businesses, whose hosts are.

    Attributes
    ----------
    handle
        All of it as the compiled loops take it.
    scene
        The same with the target and businesses.
    register_row
        Row of the register among those who hold entries, after all operators.
    n_blocked : shape (n_operators + 1, 1 or 2)
        IPv4 addresses outside the target's own ranges that each operator drops or throttles, and
        those that are listed. With IPv6 the /64 networks likewise, in one column more.
    n_listed_of : shape (n_providers + 1,)
        IPv4 addresses listed outside the target's own: of each provider, and of nobody.
    n_free_of : shape (n_pools,)
        Addresses that each of the target's pools gives out and that are not listed.
    """

    def __init__(self, world: World, target: TargetState, states: States) -> None:
        own = world.target_addresses
        line = world.places.line
        # Nothing lies between the families, and no piece reaches from one into the other.
        families = [0, IPV4_STOP, IPV6_START] if line.has_ipv6 else [0]
        start = np.unique(np.concatenate((families, own.start, own.stop)))
        start = start[start < line.end]
        edge, owner = world.places.segments
        given_out = world.pools.seats if world.pools is not None else ()
        # Of each run is known what is free, so that pieces are looked through in one of them alone.
        pools = [pool.in_runs_of(max(SHORTEST_RUN, pool.n // MOST_RUNS)) for pool in given_out]
        self.register_row = world.operators.n_operators
        self.n_blocked = np.zeros((self.register_row + 1, 2 if line.has_ipv6 else 1), np.int64)
        self.n_listed_of = np.zeros(len(world.places.provider) + 1, np.int64)
        self.n_free_of = np.array([pool.n for pool in pools], np.int64)
        run_start, run_stop, run_step = (
            np.concatenate([np.empty(0, np.int64), *(getattr(pool, name) for pool in pools)])
            for name in ("start", "stop", "step")
        )
        self.handle = kernel.make_space(
            kernel.SpaceColumns(
                n_pieces=start.size,
                start=start,
                is_targets=own.contains(start),
                slot=np.arange(start.size),
                n_entries=np.zeros((start.size, self.register_row + 1, 3), np.int32),
                n_blocked=self.n_blocked,
                end=line.end,
                edge=edge.copy(),
                owner=owner.copy(),
                n_listed_of=self.n_listed_of,
                pool_start=run_start,
                pool_stop=run_stop,
                pool_step=run_step,
                pool_first=np.cumsum([0, *(pool.start.size for pool in pools)]),
                n_free_of=self.n_free_of,
                n_free_in=-((run_start - run_stop) // run_step),
                line_start=line.start[:-1].copy(),
                line_network=(line.network - np.uint64(FIRST_NETWORK)).astype(np.int64),
                line_width=line.width.copy(),
            )
        )
        self.scene = calendar_kernel.make_scene(self.handle, target.handle, states.handle)
