"""Start narrow and widen step by step while the target stays reached."""

from collections.abc import Sequence

import numpy as np

from sim.engine.orders import Decision, Mechanism, Observation, Strategy
from sim.engine.strategies.coverage import ADDRESS_BITS, block_around, enclosing_front, open_fronts


def escalate(lengths: Sequence[int], patience_s: int, goal: float) -> Strategy:
    """Widen the prefix around every known front after each patience, while the goal is missed.

    Really used: April 2018, from single addresses to /15, /12 and /10 in two days.

    Parameters
    ----------
    lengths
        Prefix lengths from narrow to wide.
    patience_s
        Time a step is given before the next.
    goal
        Share of the target's users reached below which the censor is content.

    Notes
    -----
    The step is read off the register: it is the widest prefix in force, and it began when the first
    entry of that width was placed.
    """
    sizes = [1 << (ADDRESS_BITS - length) for length in lengths]

    def decide(observation: Observation) -> Decision:
        step, since_s = _step(observation, sizes)
        is_missed = not observation.target_reached_share < goal
        is_over = since_s is not None and observation.t_s >= since_s + patience_s
        if is_missed and is_over and step + 1 < len(lengths):
            step, since_s = step + 1, observation.t_s
            rows = np.arange(observation.fronts.address.size)
        else:
            rows = open_fronts(observation)
        around = enclosing_front(observation, lengths[step])
        orders = block_around(observation, rows, around)
        begun_s = since_s if since_s is not None else observation.t_s
        has_more = step + 1 < len(lengths) and (orders or since_s is not None)
        look_s = max(begun_s + patience_s, observation.t_s + patience_s // 4, observation.t_s + 1)
        return Decision(orders, look_s if has_more else None)

    return decide


def _step(observation: Observation, sizes: Sequence[int]) -> tuple[int, int | None]:
    """Step that the register shows, and when it began; the first step and None before it."""
    dropped = [e for e in observation.in_force if e.mechanism is Mechanism.DROP]
    for step in range(len(sizes) - 1, -1, -1):
        mine = [entry.placed_s for entry in dropped if entry.addresses.n_addresses == sizes[step]]
        if mine:
            return step, min(mine)
    return 0, None
