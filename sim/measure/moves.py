"""Whom each business paid, from the moves that a run records.

In: a world and an outcome. Out: number of moves, and hours away from the first provider and with
a domestic one. A proxy or other addresses of the same provider leave the bill where it is.
"""

from __future__ import annotations

import numpy as np

from sim.engine.eventlog import Kind
from sim.engine.run import Outcome
from sim.measure.losses import Moves
from sim.world.build import World
from sim.world.moves import DOMESTIC, FOREIGN, WAIT

S_PER_H = 3600


def moves_of(world: World, outcome: Outcome) -> Moves:
    """Moves of every business, one row each.

    Notes
    -----
    The n-th move of a business is the n-th of its drawn responses that is not to wait. From a move
    to another provider on it is away, from one to a domestic provider on it is domestic, until its
    next such move or the end of the run.
    """
    n = world.businesses.n_businesses
    if world.moves is None:
        return Moves.none(n)
    log = outcome.events
    is_move = log.kind == Kind.MOVED
    business_row, t_s = log.business_row[is_move], log.t_s[is_move]
    response = world.moves.response
    # Waiting takes a round and moves nobody: moves first, in their sequence.
    first = np.argsort(response == WAIT, axis=1, kind="stable")
    moving = np.take_along_axis(response, first, axis=1)
    n_moves, since_s = np.zeros(n, np.int64), np.zeros(n, np.int64)
    is_away, is_domestic = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    away_s, domestic_s = np.zeros(n, np.int64), np.zeros(n, np.int64)
    for _ in range(response.shape[1]):
        # One move of each business at a time, the earliest that is left.
        _, turn = np.unique(business_row, return_index=True)
        row, at_s = business_row[turn], t_s[turn]
        kind = moving[row, n_moves[row]]
        away_s[row] += np.where(is_away[row], at_s - since_s[row], 0)
        domestic_s[row] += np.where(is_domestic[row], at_s - since_s[row], 0)
        since_s[row] = at_s
        is_domestic[row] = (kind == DOMESTIC) | (is_domestic[row] & (kind != FOREIGN))
        is_away[row] |= (kind == DOMESTIC) | (kind == FOREIGN)
        n_moves[row] += 1
        business_row, t_s = np.delete(business_row, turn), np.delete(t_s, turn)
    away_s += np.where(is_away, world.horizon_s - since_s, 0)
    domestic_s += np.where(is_domestic, world.horizon_s - since_s, 0)
    return Moves(n_moves, away_s / S_PER_H, domestic_s / S_PER_H)
