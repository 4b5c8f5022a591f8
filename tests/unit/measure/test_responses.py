"""Moves, complaints, appeals and exemptions, out of what they could have been."""

from dataclasses import replace

import numpy as np

from sim.engine.eventlog import Kind
from sim.measure.impact import measure_complaints, measure_responses
from sim.measure.money.losses import moves_of
from tests.chases import STRATEGIES, chase_world, run
from tests.unit.measure.money.test_losses import BLOCK, RULES
from tests.worlds import DAY, HOUR, Firm, Response, SmallWorld


def firm(*kinds: str) -> Firm:
    return Firm(patience_s=HOUR, responses=tuple(Response(kind, HOUR) for kind in kinds))


def test_moves_are_counted_by_kind_and_to_wait_is_none():
    firms = firm("foreign", "same"), firm("wait", "foreign"), firm("wait", "wait")
    small = SmallWorld(BLOCK, firms=firms, reactions=RULES, horizon_s=DAY)
    world, outcome = small.world(), small.run()
    found = {measure.metric: measure for measure in measure_responses(world, outcome)}
    assert {name: measure.value for name, measure in found.items()} == {
        "businesses_ever_moved": 2,
        "moves": 3,
        "moves_same": 1,
        "moves_foreign": 2,
        "moves_domestic": 0,
        "moves_proxy": 0,
    }
    assert {(one.denominator, one.denominator_unit) for one in found.values()} == {
        (3, "businesses")
    }
    assert found["moves"].value == moves_of(world, outcome).n_moves.sum()


def test_complaints_are_those_of_the_outcome_and_exemptions_are_out_of_appeals():
    small = chase_world(4)
    world, outcome = small.world(), run(small, STRATEGIES["aggregate"])
    found = {measure.metric: measure for measure in measure_complaints(world, outcome)}
    assert found["complaints"].value == outcome.n_complaints > 0
    named, granted = found["complaints_named"], found["exemptions_granted"]
    assert (named.value, named.denominator) == (outcome.n_named, len(small.firms))
    assert named.value == np.count_nonzero(outcome.events.kind == Kind.COMPLAINED)
    assert granted.value == np.count_nonzero(outcome.events.kind == Kind.EXEMPTED)
    assert 0 < granted.value < granted.denominator == named.value


def test_where_nobody_acts_nothing_is_measured():
    small = replace(chase_world(4), reactions=None, complaints=None)
    world, outcome = small.world(), run(small, STRATEGIES["aggregate"])
    assert measure_responses(world, outcome) == ()
    assert measure_complaints(world, outcome) == ()


def test_where_nothing_is_blocked_the_measures_are_zero():
    small = SmallWorld(firms=(firm("same"),), reactions=RULES, horizon_s=DAY)
    assert {one.value for one in measure_responses(small.world(), small.run())} == {0.0}
