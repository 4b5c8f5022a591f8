"""Start narrow and widen step by step while the target stays reached."""

from collections.abc import Sequence

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.decisions import Decision, Observation, Strategy
from sim.engine.orders import Mechanism, Order
from sim.engine.strategies.coverage import (
    answerable_fronts,
    block_around,
    cut,
    enclosing,
    enclosing_front,
    open_fronts,
)
from sim.engine.strategies.registry import register, seconds
from sim.scenario import strategies as ask


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
    The step is read off the register: it is the widest prefix in force, less what is exempt, and it
    began when the first entry of that width was placed. A step that would list nothing that is not
    listed likewise is skipped.
    """

    def decide(observation: Observation) -> Decision:
        step, since_s = _step(observation, lengths)
        is_missed = not observation.target_reached_share < goal
        is_over = since_s is not None and observation.t_s >= since_s + patience_s
        wider: tuple[int, tuple[Order, ...]] | None = None
        if is_missed and is_over:
            wider = _wider(observation, lengths, step)
        if wider is not None:
            (step, orders), since_s = wider, observation.t_s
        else:
            around = enclosing_front(observation, lengths[step])
            orders = block_around(observation, open_fronts(observation), around)
        # Before a step's patience is over it looks when it will be, however often it is asked
        # meanwhile; later a step may be refused or the goal missed at any time, and it looks often.
        over_s = (since_s if since_s is not None else observation.t_s) + patience_s
        often_s = observation.t_s + max(patience_s // 4, 1)
        is_last = step + 1 == len(lengths) and wider is None
        has_more = not is_last and (orders or since_s is not None)
        look_s = over_s if over_s > observation.t_s else often_s
        return Decision(orders, look_s if has_more else None)

    return decide


def _wider(
    observation: Observation, lengths: Sequence[int], step: int
) -> tuple[int, tuple[Order, ...]] | None:
    """Next step that lists something new around the known fronts, and its orders; None without."""
    held = set(_dropped(observation))
    for wider in range(step + 1, len(lengths)):
        around = enclosing_front(observation, lengths[wider])
        orders = block_around(observation, answerable_fronts(observation), around)
        new = tuple(order for order in orders if order.addresses not in held)
        if new:
            return wider, new
    return None


def _step(observation: Observation, lengths: Sequence[int]) -> tuple[int, int | None]:
    """Step that the register shows, and when it began; the first step and None before it."""
    begun_s: dict[int, int] = {}
    for addresses, placed_s in _dropped(observation).items():
        step = _step_of(observation, addresses, lengths)
        if step is not None:
            begun_s[step] = min(placed_s, begun_s.get(step, placed_s))
    step = max(begun_s, default=0)
    return step, begun_s.get(step)


def _step_of(
    observation: Observation, addresses: IntervalSet, lengths: Sequence[int]
) -> int | None:
    """First step whose prefix, less what is exempt, is this set; None if there is none."""
    first = int(addresses.start[0])
    for step, length in enumerate(lengths):
        if cut(observation, enclosing(first, length, observation.line)) == addresses:
            return step
    return None


def _dropped(observation: Observation) -> dict[IntervalSet, int]:
    """Sets that entries in force drop, and when each was first placed."""
    first_s: dict[IntervalSet, int] = {}
    for entry in observation.in_force.of(Mechanism.DROP):
        first_s.setdefault(entry.addresses, entry.placed_s)
    return first_s


register(
    ask.Escalate,
    escalate,
    lambda asked, _: escalate(asked.lengths, seconds(asked.patience_h), asked.goal),
)
