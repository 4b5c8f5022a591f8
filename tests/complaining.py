"""Attention and those who raise it, without a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim.engine.actors.complaints import Attention, Plaintiffs
from sim.engine.state.pressure_kernel import _turn_impaired
from sim.engine.state.target import TargetState
from sim.scenario.reactions import Complaints
from sim.world.build import World
from tests.loops import called
from tests.worlds import SmallWorld


def quiet_attention(half_life_d: float | None) -> Attention:
    """Attention that nobody's complaints raise."""
    world = SmallWorld().world()
    return Attention(Plaintiffs(None, world, TargetState(world)), half_life_d)


def attention_of(rules: Complaints, world: World) -> tuple[Attention, Plaintiffs]:
    """Attention that those raise who complain in a world, nobody yet."""
    plaintiffs = Plaintiffs(rules, world, TargetState(world))
    return Attention.of(rules, plaintiffs), plaintiffs


def turn_impaired(
    attention: Attention, beginning: Sequence[int], ending: Sequence[int], t_s: int
) -> None:
    """Let some businesses become impaired, and others no longer be."""
    rows = (np.array(row, np.int64) for row in (beginning, ending))
    called(_turn_impaired)(attention.pressure, *rows)
