"""The length of a tick is a matter of computation: the same world, whatever it is."""

from __future__ import annotations

import math
from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from sim.engine.actors.attention import Attention
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.state.tally import Group
from sim.engine.strategies.single_rule import aggregate
from tests.chases import chase_world, run
from tests.sections import Censor
from tests.worlds import DAY, HOUR

TICKS_H = (1.0, 3.0, 12.0, 24.0)
SEEDS = range(6)
PAUSE, END = 0.2, 0.3


def chased(seed: int, tick_h: float, fatigue_half_life_d: float | None = None) -> Outcome:
    """A chase that pauses, and ends, when enough is talked of it."""
    small = chase_world(seed)
    assert small.users is not None
    assert small.complaints is not None
    said = {"named_per_d": 0.0, "fatigue_half_life_d": fatigue_half_life_d}
    still = {"vpn_rate_per_d": 0.0, "leave_rate_per_d": 0.0, "tick_h": tick_h}
    small = replace(
        small,
        censor=Censor(
            discovery_lag_h=9.0, withdraw_lag_h=12.0, pause_pressure=PAUSE, end_pressure=END
        ),
        users=small.users.model_copy(update=still),
        complaints=small.complaints.model_copy(update=said),
    )
    return run(small, aggregate(22))


def moments(outcome: Outcome) -> list[int]:
    """When the censor ordered anything, and took it back."""
    log = outcome.events
    return log.t_s[(log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)].tolist()


def most_listed(outcome: Outcome) -> float:
    return float(outcome.curves.points("addresses_listed", Group())[1].max())


@pytest.mark.parametrize("fatigue_half_life_d", [None, 3.0])
def test_the_same_orders_fall_on_the_same_seconds(fatigue_half_life_d):
    n_ended = 0
    for seed in SEEDS:
        base = chased(seed, 6.0, fatigue_half_life_d)
        n_ended += bool((base.events.kind == Kind.UNBLOCK).any())
        for tick_h in TICKS_H:
            other = chased(seed, tick_h, fatigue_half_life_d)
            # Users cut off and what is left of their rate count with their means over a piece.
            assert moments(other) == pytest.approx(moments(base), abs=30)
            assert other.n_complaints == pytest.approx(base.n_complaints, rel=1e-3)
            assert other.attention == pytest.approx(base.attention, abs=1e-3)
    assert n_ended > 0


class Stepping(Attention):
    """The scheme before: what is known at a tick is noted there, and holds until the next."""

    tick_s = 6 * HOUR

    def __init__(self, *rules, **others):
        super().__init__(*rules, **others)
        self.value, self.noted_s, self.n_noted = 0.0, None, 0.0

    @property
    def n_complaints(self) -> float:
        return self.n_noted

    def at(self, t_s: int) -> float:
        return self.value

    def note(self, t_s: int) -> None:
        if self.noted_s is None or t_s % self.tick_s:
            self.noted_s = t_s if self.noted_s is None else self.noted_s
            return
        if t_s == self.noted_s:
            return
        rules, days = self.record[0], (t_s - self.noted_s) / DAY
        louder = 1.0 + rules["snowball"] * self.value
        complaints = self.complaints(t_s - 1, t_s) * DAY * days * louder
        left = self.value * math.exp(-rules["fade_per_d"] * days)
        self.value = 1.0 - (1.0 - left) * math.exp(-rules["per_complaint"] * complaints)
        self.n_noted += complaints
        self.noted_s = t_s

    def rise(self, t_s: int, share: float) -> None:
        self.note(t_s)
        self.value += (1.0 - self.value) * share


def test_steps_with_the_state_at_a_tick_tell_its_length():
    found = {}
    for tick_h in (1.0, 24.0):
        with (
            patch("sim.engine.run.Attention", Stepping),
            patch.object(Stepping, "tick_s", round(tick_h * HOUR)),
        ):
            found[tick_h] = [chased(seed, tick_h) for seed in SEEDS]
    assert any(moments(one) != moments(other) for one, other in zip(*found.values(), strict=True))
    complaints = np.array([[run.n_complaints for run in runs] for runs in found.values()])
    assert np.abs(complaints[0] / complaints[1] - 1).max() > 0.05
