"""Who knows a front that works, where hundreds come and go: the product over all of them."""

from __future__ import annotations

import math
import random

import pytest

from sim.addresses.sets.prefixes import prefix_set
from sim.engine.orders import Entry, Mechanism, Order
from sim.engine.state.entries_kernel import count as count_entries
from sim.engine.state.reach_kernel import unreached
from sim.engine.state.space import AddressSpace
from sim.engine.state.states import States
from sim.engine.state.target import COLUMN, TargetState
from sim.engine.state.target_kernel import settle
from tests.loops import called
from tests.sections import Fronts
from tests.worlds import Actor, SmallWorld

# It compiles a loop for each that Python cannot call.
pytestmark = pytest.mark.laws

TAU_S = 3600
SMALL = SmallWorld(
    actors=(Actor(0.6), Actor(0.4)),
    fronts=Fronts(
        pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=1.0, share_told=0.3
    ),
)
WORLD = SMALL.world()
MECHANISMS = (Mechanism.DROP, Mechanism.THROTTLE)
N_FRONTS, REGISTER = 400, 2
EVERY_S = (60, 900)
"""Many are known to few yet; or most to all, after thirty time constants."""


@pytest.mark.parametrize("every_s", EVERY_S)
def test_reach_is_the_product_over_all_fronts_that_work(every_s: int) -> None:
    luck = random.Random(every_s)
    target = TargetState(WORLD)
    space = AddressSpace(WORLD, target, States(WORLD))
    rented_s: dict[int, int] = {}
    held: dict[tuple[int, int], Mechanism] = {}
    severity = WORLD.effects.throttle_severity

    def none_known(operator: int, but: tuple[Mechanism, ...], t_s: int) -> float:
        return math.prod(
            0.7 + 0.3 * math.exp(-(t_s - since_s) / TAU_S)
            for front, since_s in rented_s.items()
            if held.get((front, operator)) not in but
        )

    for row in range(N_FRONTS):
        t_s = (row + 1) * every_s
        rented_s[space.rent(2 * row, t_s)] = t_s
        of_row = Order("block", prefix_set(2 * row, 32))
        for mechanism in MECHANISMS:
            _count(space, REGISTER, of_row, mechanism, +1)
        # What is at an operator comes and goes; a front that is gone works nowhere.
        for _ in range(2):
            front, operator = luck.choice(list(rented_s)), luck.randrange(REGISTER)
            order = Order("block", prefix_set(2 * front, 32))
            known = held.pop((front, operator), None)
            if known is not None:
                _count(space, operator, order, known, -1)
            else:
                held[front, operator] = mechanism = luck.choice(MECHANISMS)
                _count(space, operator, order, mechanism, +1)
        if row % 7 == 0:
            gone = luck.choice(list(rented_s))
            target.evict(gone)
            del rented_s[gone]
        called(settle)(target.handle, t_s)
        at_s = t_s + luck.randrange(every_s)
        for operator in range(REGISTER):
            clean = none_known(operator, MECHANISMS, at_s)
            either = none_known(operator, (Mechanism.DROP,), at_s)
            found = called(unreached)(target.handle, operator, at_s)
            wanted = clean - (1 - severity) * (clean - either)
            assert found == pytest.approx(wanted, rel=1e-9, abs=0)


def _count(
    space: AddressSpace,
    holder: int,
    order: Order,
    mechanism: Mechanism,
    step: int,
) -> None:
    """Count an entry more or less at a holder, as the calendar of operators does."""
    entry = Entry(0, order, 0)
    start, stop = entry.addresses.start.copy(), entry.addresses.stop.copy()
    called(count_entries)(space.scene, start, stop, holder, COLUMN[mechanism], step)
