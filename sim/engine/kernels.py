"""Compiled loops of the engine; needs numba.

Nothing imports this module but `sim.engine.compiled`, by its name: one import tells whether the
compiled path is there.
"""

from sim.engine.entries_kernel import count_entries, cut_pieces
from sim.engine.reach_kernel import evaluate, integrate, multiply_out
from sim.engine.states_kernel import hold, pass_demand, turn
from sim.engine.users_kernel import book, rates, relax

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
