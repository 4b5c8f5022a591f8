"""The observation on which a censor decides, and its decision.

In and out of a strategy: ``Observation`` → ``Decision``. Plain values without behaviour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import IPV4, Line
from sim.engine.in_force import InForce
from sim.engine.orders import NO_ADDRESSES, Groups, Key, Mechanism, Order
from sim.world.providers import Places

SetOfFront: TypeAlias = Callable[[int, int], IntervalSet]
"""Set of addresses to block for a front, given its address and the row of its provider."""


@dataclass(slots=True, eq=False)
class KnownFronts:
    """Fronts of the target that the censor has discovered, in the sequence they were rented.

    Attributes
    ----------
    address, provider_row, discovered_s : shape (n_known,)
        Where each is, whose it is, and when it was learnt.
    is_exempt : shape (n_known,)
        Whether no order would hold it, as its address is cut out of every order.
    is_held
        Tells of a mechanism that blocks whether an entry in force holds each by it;
        shape (n_known,).
    open_rows
        Rows of those that no entry by a mechanism holds and that are not exempt, once asked for.
    """

    address: NDArray[np.int64]
    provider_row: NDArray[np.int64]
    discovered_s: NDArray[np.int64]
    is_exempt: NDArray[np.bool_]
    is_held: Callable[[Mechanism], NDArray[np.bool_]]
    open_rows: dict[Mechanism, NDArray[np.int64]] = field(default_factory=dict, init=False)

    @classmethod
    def none(cls) -> KnownFronts:
        """Return no front."""
        row, flag = np.empty(0, np.int64), np.empty(0, np.bool_)
        return cls(row, row, row, flag, lambda mechanism: flag)


def _unknown_reach() -> float:
    return float("nan")


@dataclass(slots=True, eq=False)
class Observation:
    """The knowledge of the censor when it decides: the state just before ``t_s``.

    Fronts and entries are shown as they are kept, not copied: they hold until the decision is made.

    Attributes
    ----------
    t_s
        Now.
    fronts
        Fronts discovered so far that are not gone.
    in_force
        Entries in force, oldest first.
    reach
        Tells `target_reached_share`, which most strategies do not ask for.
    pressure
        Attention, which complaints and public events raise, in [0, 1].
    stance
        Stance of each provider, by provider row; ``silent`` where nothing else is known.
    places
        Who holds which addresses, as a whois service tells.
    exempt
        Addresses that are cut out of every order.
    operators
        Groups of operators that the strategy's orders are for.
    """

    t_s: int
    fronts: KnownFronts = field(default_factory=KnownFronts.none)
    in_force: InForce = field(default_factory=InForce)
    reach: Callable[[], float] = _unknown_reach
    pressure: float = 0.0
    stance: tuple[str, ...] = ()
    places: Places | None = None
    exempt: IntervalSet = NO_ADDRESSES
    operators: Groups = None

    def key(self, mechanism: Mechanism, addresses: IntervalSet) -> Key:
        """Key of an entry that the strategy had placed by a mechanism for some addresses."""
        return mechanism, addresses, self.operators

    @property
    def target_reached_share(self) -> float:
        """Share of the target's users who reach it without a VPN; NaN without moving target."""
        return self.reach()

    @property
    def line(self) -> Line:
        """The line on which addresses lie."""
        return self.places.line if self.places is not None else IPV4


@dataclass(slots=True)
class Decision:
    """The orders that the censor places now, and when it looks again.

    Attributes
    ----------
    orders
        Placed now, in this sequence.
    next_look_s
        When the strategy wants to decide again even if nothing is discovered; None for never.
    is_whole
        Whether the orders belong together: all of them are placed, or none. So is a replacement.
    """

    orders: tuple[Order, ...] = field(default=())
    next_look_s: int | None = None
    is_whole: bool = False


Strategy: TypeAlias = Callable[[Observation], Decision]
