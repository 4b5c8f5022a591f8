"""Attention and those who raise it, without a run."""

import math
from collections.abc import Sequence

import numpy as np

from sim.engine.actors.reactions import Attention
from sim.engine.state.pressure_kernel import FADE_PER_D, _turn_impaired
from sim.engine.state.space import TargetState
from sim.scenario.reactions import Complaints
from sim.world.build import World
from tests.loops import called
from tests.worlds import SmallWorld


def quiet_attention(half_life_d: float | None) -> Attention:
    """Attention that nobody's complaints raise."""
    attention = attention_of(None, SmallWorld().world())
    if half_life_d is not None:
        attention.columns.rates[FADE_PER_D] = math.log(2) / half_life_d
    return attention


def attention_of(rules: Complaints | None, world: World) -> Attention:
    """Attention that those raise who complain in a world, nobody yet."""
    return Attention(rules, world, TargetState(world))


def turn_impaired(
    attention: Attention, beginning: Sequence[int], ending: Sequence[int], t_s: int
) -> None:
    """Let some businesses become impaired, and others no longer be."""
    rows = (np.array(row, np.int64) for row in (beginning, ending))
    called(_turn_impaired)(attention.pressure, *rows)
