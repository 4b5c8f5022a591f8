"""Compiled loops of the engine; needs numba.

Nothing imports this module but `compiled` beside it, by its name: one import tells whether the
compiled path is there.
"""

from sim.engine.state.entries_kernel import count_entries, cut_pieces
from sim.engine.state.reach_kernel import evaluate, integrate, multiply_out
from sim.engine.state.states_kernel import hold, pass_demand, turn
from sim.engine.state.users_kernel import book, rates, relax

__all__ = [
    "book",
    "count_entries",
    "cut_pieces",
    "evaluate",
    "hold",
    "integrate",
    "multiply_out",
    "pass_demand",
    "rates",
    "relax",
    "turn",
]
