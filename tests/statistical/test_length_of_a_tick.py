"""The length of a tick is a matter of computation: the same world, whatever it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.strategies.single_rule import aggregate
from tests.chases import chase_world, run
from tests.sections import Censor

TICKS_H = (1.0, 3.0, 12.0, 24.0)
SEEDS = range(6)
PAUSE, END = 0.2, 0.3


def chased(seed: int, tick_h: float) -> Outcome:
    """A chase that pauses, and ends, when enough is talked of it."""
    small = chase_world(seed)
    assert small.users is not None
    assert small.complaints is not None
    still = {"vpn_rate_per_d": 0.0, "leave_rate_per_d": 0.0, "tick_h": tick_h}
    small = replace(
        small,
        censor=Censor(
            discovery_lag_h=9.0, withdraw_lag_h=12.0, pause_pressure=PAUSE, end_pressure=END
        ),
        users=small.users.model_copy(update=still),
        complaints=small.complaints.model_copy(update={"named_per_d": 0.0}),
    )
    return run(small, aggregate(22))


def moments(outcome: Outcome) -> list[int]:
    """When the censor ordered anything, and took it back."""
    log = outcome.events
    return log.t_s[(log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)].tolist()


def test_the_same_orders_fall_on_the_same_seconds():
    n_ended = 0
    for seed in SEEDS:
        base = chased(seed, 6.0)
        n_ended += bool((base.events.kind == Kind.UNBLOCK).any())
        for tick_h in TICKS_H:
            other = chased(seed, tick_h)
            # Users cut off count with their mean over a piece.
            assert moments(other) == pytest.approx(moments(base), abs=30)
            assert other.n_complaints == pytest.approx(base.n_complaints, rel=1e-3)
            assert other.attention == pytest.approx(base.attention, abs=1e-3)
    assert n_ended > 0
