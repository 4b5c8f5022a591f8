"""Decisions from outside, as a world has them."""

from sim.streams import Streams
from sim.world.build import World, build_world
from tests.experiments import resolved_of

STREAMS = Streams(3, 1)


def world(*overrides: str) -> World:
    few = ("population.n_businesses=5", "end=2018-06-01T00:00+03:00")
    return build_world(resolved_of("telegram-2018", [*few, *overrides]), STREAMS)


def test_a_scenario_without_them_has_none():
    off = ("censor.outside_withdrawals_per_d=off", "censor.outside_withdrawal_share=off")
    assert world(*off).outside_withdrawals == ()
    assert {share for _, share in world().outside_withdrawals} == {0.4}
