"""Orders of the censor, and the entries that the register makes of them.

Plain values without behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from sim.addresses.sets.intervals import IntervalSet

NO_ADDRESSES = IntervalSet.empty()


class Mechanism(StrEnum):
    """Ways in which an operator enforces an entry."""

    DROP = "drop"
    THROTTLE = "throttle"
    NAME = "name"
    EXEMPT = "exempt"

    # The hash of Enum is a function of Python, and each order and entry is looked up by it.
    __hash__ = str.__hash__


BLOCKING = frozenset({Mechanism.DROP, Mechanism.THROTTLE})
"""Mechanisms that list addresses."""
Groups: TypeAlias = frozenset[str] | None
"""Groups of operators, by their names in the table; None for all."""
Key: TypeAlias = tuple[Mechanism, IntervalSet, Groups]
"""Key that an unblock order shares with the entry it withdraws."""


@dataclass(slots=True, unsafe_hash=True)
class Order:
    """One order of the censor.

    Attributes
    ----------
    action
        ``block`` makes an entry; ``unblock`` withdraws the oldest entry in force with the same
        mechanism, exactly the same addresses, and for the same operators.
    addresses
        What it is about; empty for a name.
    mechanism
        By which means.
    overmatch
        For a name: share of other names that its pattern matches.
    operators
        Groups of operators that are to enforce it.
    """

    action: Literal["block", "unblock"]
    addresses: IntervalSet = NO_ADDRESSES
    mechanism: Mechanism = Mechanism.DROP
    overmatch: float = 0.0
    operators: Groups = None
    _n_rules: int = field(default=-1, init=False, repr=False, compare=False)

    @property
    def key(self) -> Key:
        """Key that an unblock order shares with the entry it withdraws."""
        return self.mechanism, self.addresses, self.operators

    @property
    def n_rules(self) -> int:
        """Rules it takes at an operator: prefixes of its addresses, none for a name."""
        if self._n_rules < 0:
            self._n_rules = self.addresses.n_prefixes
        return self._n_rules


@dataclass(slots=True, eq=False)
class Entry:
    """One block order in the register; it stays as it is.

    Attributes
    ----------
    row
        Number of the entry in this run, from 0.
    order
        The order that made it.
    placed_s
        When it was placed.
    addresses, mechanism, n_rules
        All its addresses, by which means, and the rules it takes at an operator.
    """

    row: int
    order: Order
    placed_s: int
    addresses: IntervalSet = field(init=False)
    mechanism: Mechanism = field(init=False)
    n_rules: int = field(init=False)

    def __post_init__(self) -> None:
        order = self.order
        self.addresses, self.mechanism = order.addresses, order.mechanism
        self.n_rules = order.n_rules

    @property
    def withdrawal(self) -> Order:
        """The order that withdraws it, or an entry before it of the same key."""
        order = self.order
        return Order(
            "unblock",
            order.addresses,
            order.mechanism,
            order.overmatch,
            operators=order.operators,
        )

    @property
    def is_exemption(self) -> bool:
        """Whether it lets addresses pass."""
        return self.mechanism is Mechanism.EXEMPT

    @property
    def luck_key(self) -> tuple[int, ...]:
        """Key of the draws of the entry: its first and last address; empty for a name."""
        if not self.addresses:
            return ()
        return self.addresses.end_numbers
