"""Decisions from outside, and the end of entries by age, as a world has them."""

from __future__ import annotations

from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import World, build_world

STREAMS = Streams(3, 1)


def world(*overrides: str) -> World:
    few = ("population.n_businesses=5", "end=2018-06-01T00:00+03:00")
    return build_world(resolve(load_scenario("telegram-2018", [*few, *overrides])), STREAMS)


def test_a_scenario_without_them_has_none() -> None:
    off = ("censor.outside_withdrawals_per_d=off", "censor.outside_withdrawal_share=off")
    assert world(*off).outside_withdrawals == ()
    assert {one.share for one in world().outside_withdrawals} == {0.4}


def test_the_rule_by_which_entries_end_holds_from_its_second_or_from_the_start() -> None:
    life = "censor.entry_life_d=5"
    assert [world().life_from_s, world(life).life_from_s] == [0, 0]
    # The run starts at 11:30 in Moscow.
    since = "censor.entry_life_from=2018-04-17T09:30+01:00"
    assert world(life, since).life_from_s == 86_400
    assert world(life, "censor.entry_life_from=2018-04-15T11:30+03:00").life_from_s == -86_400
