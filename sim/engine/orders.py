"""What the censor asks for, and what it sees when it decides.

In and out of a strategy: ``Observation`` → ``Decision``. Plain values without behaviour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.prefixes import prefix_set
from sim.world.providers import Places

NO_ADDRESSES = IntervalSet.empty()


class Mechanism(StrEnum):
    """What an enforcing operator does to what an entry names."""

    DROP = "drop"
    THROTTLE = "throttle"
    NAME = "name"
    EXEMPT = "exempt"


BLOCKING = frozenset({Mechanism.DROP, Mechanism.THROTTLE})
"""Mechanisms that list addresses."""


@dataclass(frozen=True)
class Order:
    """One order of the censor.

    Attributes
    ----------
    action
        ``block`` makes an entry; ``unblock`` withdraws the oldest entry in force with the same
        mechanism and exactly the same addresses.
    addresses
        What it is about; empty for a name.
    mechanism
        By which means.
    overmatch
        For a name: share of other names that its pattern matches.
    reason
        For readers of the log.
    """

    action: Literal["block", "unblock"]
    addresses: IntervalSet = NO_ADDRESSES
    mechanism: Mechanism = Mechanism.DROP
    overmatch: float = 0.0
    reason: str = ""

    @classmethod
    def of_prefix(cls, action: Literal["block", "unblock"], address: int, length: int) -> Order:
        """Drop, or no longer drop, one prefix."""
        return cls(action, prefix_set(address, length))

    @property
    def key(self) -> tuple[Mechanism, IntervalSet]:
        """What an unblock order must share with the entry it withdraws."""
        return self.mechanism, self.addresses


@dataclass(frozen=True)
class Entry:
    """One block order in the register.

    Attributes
    ----------
    row
        Number of the entry in this run, from 0.
    order
        The order that made it.
    n_rules
        Rules it takes at an operator: prefixes of its addresses, none for a name.
    placed_s
        When it was placed.
    """

    row: int
    order: Order
    n_rules: int
    placed_s: int

    @property
    def addresses(self) -> IntervalSet:
        """All its addresses."""
        return self.order.addresses

    @property
    def mechanism(self) -> Mechanism:
        """By which means."""
        return self.order.mechanism

    @property
    def is_exemption(self) -> bool:
        """Whether it lets addresses pass."""
        return self.order.mechanism is Mechanism.EXEMPT

    @cached_property
    def luck_key(self) -> tuple[int, ...]:
        """What the luck of the entry hangs on: its first and last address; nothing for a name."""
        if not self.addresses:
            return ()
        return int(self.addresses.start[0]), int(self.addresses.stop[-1]) - 1


@dataclass(frozen=True, eq=False)
class KnownFronts:
    """Fronts of the target that the censor has discovered, in the sequence they were rented.

    Attributes
    ----------
    address, provider_row, discovered_s : shape (n_known,)
        Where each is, whose it is, and when it was learnt.
    """

    address: NDArray[np.int64]
    provider_row: NDArray[np.int64]
    discovered_s: NDArray[np.int64]


NO_FRONTS = KnownFronts(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))


@dataclass(frozen=True, eq=False)
class Observation:
    """What the censor knows when it decides: the state just before ``t_s``.

    Attributes
    ----------
    t_s
        Now.
    fronts
        Fronts discovered so far that are not gone.
    in_force
        Entries in force, oldest first.
    target_reached_share
        Share of the target's users who reach it without a VPN; NaN without a target that moves.
    pressure
        Attention, which complaints and public events raise, in [0, 1].
    stance
        Stance of each provider, by provider row; ``silent`` where nothing else is known.
    places
        Who holds which addresses, as a whois service tells.
    exempt
        Addresses that are cut out of every order.
    """

    t_s: int
    fronts: KnownFronts = NO_FRONTS
    in_force: tuple[Entry, ...] = ()
    target_reached_share: float = float("nan")
    pressure: float = 0.0
    stance: tuple[str, ...] = ()
    places: Places | None = None
    exempt: IntervalSet = NO_ADDRESSES


@dataclass(frozen=True)
class Decision:
    """What the censor does now, and when it looks again.

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


def n_rules_of(order: Order) -> int:
    """Rules an order takes: prefixes of its addresses, none for a name."""
    addresses = order.addresses
    if addresses.n_addresses == addresses.n_intervals:
        # Single addresses, none beside another: each is a prefix.
        return addresses.n_intervals
    return int(addresses.to_prefixes()[0].size)
