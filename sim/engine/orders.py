"""What the censor asks for, and what it sees when it decides.

In and out of a strategy: ``Observation`` → ``Decision``. Plain values without behaviour.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from sim.addresses.intervals import IntervalSet


@dataclass(frozen=True)
class Order:
    """One order of the censor.

    Attributes
    ----------
    action
        ``block`` enters the prefix; ``unblock`` withdraws the oldest entry in force that holds
        exactly this prefix.
    address, length
        The prefix.
    """

    action: Literal["block", "unblock"]
    address: int
    length: int

    @property
    def prefix(self) -> tuple[int, int]:
        """The prefix as one value."""
        return self.address, self.length


@dataclass(frozen=True)
class Entry:
    """One block order in the register.

    Attributes
    ----------
    row
        Number of the entry in this run, from 0.
    prefix
        Network address and length.
    addresses, collateral_addresses
        All addresses of the prefix, and those outside the target's own ranges.
    """

    row: int
    prefix: tuple[int, int]
    addresses: IntervalSet
    collateral_addresses: IntervalSet


@dataclass(frozen=True)
class Observation:
    """What the censor knows when it decides.

    Attributes
    ----------
    t_s
        Now.
    """

    t_s: int


@dataclass(frozen=True)
class Decision:
    """What the censor does now, and when it looks again.

    Attributes
    ----------
    orders
        Placed now, in this sequence.
    next_look_s
        When the strategy wants to decide again; None for never.
    """

    orders: tuple[Order, ...]
    next_look_s: int | None


Strategy: TypeAlias = Callable[[Observation], Decision]
