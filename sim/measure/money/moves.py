"""Which provider each business paid, and for how long, from the moves that a run records.

In: a world and an outcome. Out: moves, their labour, and times by provider paid. Moving behind a
proxy, or to other addresses of the same provider, changes no bill.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.world.build import World

S_PER_H = 3600


@dataclass(frozen=True, eq=False)
class Stretches:
    """Times of businesses with, or after leaving, a provider; columns of shape (n_stretches,).

    Attributes
    ----------
    business_row, provider_row
        The business, and the provider.
    hours
        How long.

    Raises
    ------
    ValueError
        If a time is negative or not known.
    """

    business_row: NDArray[np.int64]
    provider_row: NDArray[np.int64]
    hours: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not (self.hours >= 0).all():
            raise ValueError("expected hours >= 0, got less")
        for column in fields(self):
            getattr(self, column.name).flags.writeable = False

    @classmethod
    def none(cls) -> Stretches:
        """Return no stretch."""
        return cls(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@dataclass(frozen=True, eq=False)
class Moves:
    """Moves of businesses in one run.

    Attributes
    ----------
    n_moves : shape (n_businesses,)
        Moves to other addresses, at the same provider or another.
    cost_usd : shape (n_businesses,)
        Labour of the responses it completed.
    first_row : shape (n_businesses,)
        Provider it began with.
    is_domestic : shape (n_providers,)
        Whether a provider is in the country.
    stays
        Times in which a business paid another provider than the one it began with.
    left
        For each time a business left a provider: the hours until it paid it again, or to the end.

    Raises
    ------
    ValueError
        If a number or a cost is negative, or a stay is with the first provider.
    """

    n_moves: NDArray[np.int64]
    cost_usd: NDArray[np.float64]
    first_row: NDArray[np.int64]
    is_domestic: NDArray[np.bool_]
    stays: Stretches
    left: Stretches

    def __post_init__(self) -> None:
        for name in ("n_moves", "cost_usd"):
            if not (getattr(self, name) >= 0).all():
                raise ValueError(f"expected {name} >= 0, got less")
        if (self.first_row[self.stays.business_row] == self.stays.provider_row).any():
            raise ValueError("expected stays with other providers than the first, got the first")
        for column in (self.n_moves, self.cost_usd, self.first_row, self.is_domestic):
            column.flags.writeable = False

    @classmethod
    def none(cls, first_row: NDArray[np.int64], n_providers: int) -> Moves:
        """Nobody moves."""
        n = first_row.size
        return cls(
            np.zeros(n, np.int64),
            np.zeros(n),
            first_row.copy(),
            np.zeros(n_providers, np.bool_),
            Stretches.none(),
            Stretches.none(),
        )


def moves_of(world: World, outcome: Outcome) -> Moves:
    """Moves of every business.

    Notes
    -----
    A business pays the provider of its home until its first move, and after each move the provider
    that the move's event names.
    """
    n = world.businesses.n_businesses
    first_row = world.places.provider_row[world.businesses.home_place_row]
    if world.moves is None:
        return Moves.none(first_row, len(world.places.provider))
    log = outcome.events
    is_move = log.kind == Kind.MOVED
    # One row for each stretch: from t = 0 with the first provider, then from move to move.
    row = np.concatenate((np.arange(n), log.business_row[is_move]))
    from_s = np.concatenate((np.zeros(n, np.int64), log.t_s[is_move]))
    payee = np.concatenate((first_row, log.provider_row[is_move]))
    order = np.lexsort((from_s, row))
    row, from_s, payee = row[order], from_s[order], payee[order]
    goes_on = np.append(row[1:] == row[:-1], False)
    to_s = np.where(goes_on, np.append(from_s[1:], 0), world.horizon_s)
    is_away = payee != first_row[row]
    turn = np.flatnonzero(goes_on)
    turn = turn[payee[turn + 1] != payee[turn]]
    back_s = np.full(turn.size, world.horizon_s)
    for later in range(world.moves.response.shape[1], 1, -1):
        # From the latest to the earliest return: the earliest, found last, is kept.
        there = np.minimum(turn + later, row.size - 1)
        is_back = (turn + later < row.size) & (row[there] == row[turn])
        is_back &= payee[there] == payee[turn]
        back_s = np.where(is_back, from_s[there], back_s)
    return Moves(
        n_moves=np.bincount(row) - 1,
        cost_usd=outcome.n_responses @ world.moves.cost_usd,
        first_row=first_row.copy(),
        is_domestic=world.moves.is_domestic.copy(),
        stays=Stretches(row[is_away], payee[is_away], (to_s - from_s)[is_away] / S_PER_H),
        left=Stretches(row[turn], payee[turn], (back_s - to_s[turn]) / S_PER_H),
    )
