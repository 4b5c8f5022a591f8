"""Start narrow and widen step by step while the target stays reached."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import TypeAlias

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.coverage import (
    answerable_fronts,
    around_front,
    block_around,
    cut,
    open_fronts,
)
from sim.engine.decisions import (
    NO_ADDRESSES,
    Decision,
    InForce,
    Mechanism,
    Observation,
    Order,
    SetOfFront,
    Strategy,
)
from sim.engine.state.ledger import SLACK
from sim.engine.strategies.registry import register, seconds
from sim.engine.strategies.single_rule import SetOf, set_by
from sim.scenario import strategies as ask
from sim.world.providers import Places

StepOf: TypeAlias = Callable[[IntervalSet], int | None]
"""Step that asked for a set of addresses, the first of several; None if none did."""


def escalate(
    rules: Sequence[int | str],
    patience_s: int,
    goal: float,
    purity: float = ask.NEARLY_ALL,
    shortest: int = ask.SHORTEST,
) -> Strategy:
    """Answer every known front by a wider rule after each patience, while the goal is missed.

    Really used: April 2018, from single addresses to /15, /12 and /10 in two days.

    Parameters
    ----------
    rules
        From narrow to wide: lengths of prefixes, and rules that whois tells a censor, as
        ``Escalate.rules`` of ``sim.scenario.strategies`` names them.
    patience_s
        Time a step is given before the next.
    goal
        Share of the target's users reached below which the censor is content.
    purity, shortest
        As for the covering prefix, for rules that ask for the largest prefix.

    Notes
    -----
    The step is read off the register: it is the widest rule that an entry in force follows, and it
    began when the first entry of that rule was placed. A step that would list nothing that is not
    listed likewise is skipped.
    """
    sets = [set_by(rule, purity, shortest) for rule in rules]

    # Who holds what, and what is exempt, stays as it is in a run: what is around an address does
    # too, and entries keep their steps. Under pressure the same is asked for at every decision.
    @cache
    def known_in(places: Places | None, exempt: IntervalSet) -> tuple[StepOf, list[SetOfFront]]:
        seen = Observation(0, places=places, exempt=exempt)
        step_of: dict[IntervalSet, int] = {}
        set_at: list[SetOfFront] = [
            cache(partial(_set_at, seen, sets[: step + 1], step_of)) for step in range(len(sets))
        ]
        return step_of.get, set_at

    def decide(observation: Observation) -> Decision:
        step_of, set_at = known_in(observation.places, observation.exempt)
        step, since_s = _step(observation.in_force, step_of)
        is_over = since_s is not None and observation.t_s >= since_s + patience_s
        wider: tuple[int, tuple[Order, ...]] | None = None
        may_widen = is_over and step + 1 < len(sets)
        if may_widen and not observation.target_reached_share < goal - SLACK:
            wider = _wider(observation, set_at, step)
        if wider is not None:
            (step, orders), since_s = wider, observation.t_s
        else:
            around = around_front(observation, set_at[step])
            orders = block_around(observation, open_fronts(observation), around)
        # Before a step's patience is over it looks when it will be, however often it is asked
        # meanwhile; later a step may be refused or the goal missed at any time, and it looks often.
        over_s = (since_s if since_s is not None else observation.t_s) + patience_s
        often_s = observation.t_s + max(patience_s // 4, 1)
        is_last = step + 1 == len(sets) and wider is None
        has_more = not is_last and (orders or since_s is not None)
        look_s = over_s if over_s > observation.t_s else often_s
        return Decision(orders, look_s if has_more else None)

    return decide


def _set_at(
    observation: Observation,
    sets: Sequence[SetOf],
    step_of: dict[IntervalSet, int],
    address: int,
    provider_row: int,
) -> IntervalSet:
    """Set of the last rule around a front; notes which step asks first for this and narrower."""
    around = NO_ADDRESSES
    for step, set_of in enumerate(sets):
        around = set_of(observation, address, provider_row)
        step_of.setdefault(cut(observation, around), step)
    return around


def _wider(
    observation: Observation, set_at: Sequence[SetOfFront], step: int
) -> tuple[int, tuple[Order, ...]] | None:
    """Next step that lists something new around the known fronts, and its orders; None without."""
    n_held, rows = observation.in_force.count, answerable_fronts(observation)
    for wider in range(step + 1, len(set_at)):
        around = around_front(observation, set_at[wider])
        orders = block_around(observation, rows, around)
        new = tuple(order for order in orders if not n_held(order.key))
        if new:
            return wider, new
    return None


def _step(in_force: InForce, step_of: StepOf) -> tuple[int, int | None]:
    """Step that the register shows, and when it began; the first step and None before it."""
    begun_s = in_force.begun_s(Mechanism.DROP, step_of)
    step = max((step for step in begun_s if step is not None), default=0)
    return step, begun_s.get(step)


register(
    ask.Escalate,
    escalate,
    lambda asked, _: escalate(
        asked.lengths or asked.rules or (),
        seconds(asked.patience_h),
        asked.goal,
        asked.purity if asked.purity is not None else ask.NEARLY_ALL,
        asked.shortest if asked.shortest is not None else ask.SHORTEST,
    ),
)
