"""Each compiled kernel beside the second implementation, in worlds few enough for every day.

`laws` hold more of the same worlds. `tests/README.md` says which test meets which kernel.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.chases import RULES, STRATEGIES
from tests.property import test_both_families as both_families
from tests.property import test_crowded_reference as crowded
from tests.property import test_engine_reference as exact
from tests.property import test_engine_whole as whole
from tests.reference import simulate_reference
from tests.worlds import DAY, HOUR, Dated, SmallWorld


def some(n: int) -> settings:
    """The same n random worlds on every day, without shrinking."""
    return settings(
        max_examples=n,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


@some(20)
@given(exact.small_worlds())
def test_exact_worlds_agree_to_the_last_bit(small: SmallWorld) -> None:
    outcome, reference = small.run(), simulate_reference(small.reference())
    assert exact.events_of(small, outcome) == reference.events
    exact.assert_same_curves(outcome, reference)
    assert exact.ledger_of(outcome) == list(map(exact.ledger_row, reference.ledger))
    exact.assert_same_at_operators(outcome, reference)


@some(2)
@given(exact.crowded_worlds())
def test_a_calendar_that_grows_agrees_event_by_event(small: SmallWorld) -> None:
    outcome, reference = small.run(), simulate_reference(small.reference())
    assert exact.events_of(small, outcome) == reference.events
    exact.assert_same_curves(outcome, reference)


@some(15)
@given(both_families.dual_worlds())
def test_users_meet_sites_by_the_families_they_have(small: SmallWorld) -> None:
    both_families.assert_same_at_sites(small)


@some(5)
@given(whole.whole_worlds())
def test_whole_worlds_agree(small: SmallWorld) -> None:
    whole.assert_agrees(small)


@some(4)
@given(whole.pressed_worlds())
def test_worlds_in_which_fronts_are_given_back_and_clients_hop_agree(small: SmallWorld) -> None:
    whole.assert_agrees(small)


@pytest.mark.parametrize("name", ["escalate", "throttle", "dns"])
def test_a_crowded_world_agrees(name: str) -> None:
    small = crowded.crowd(0, name)
    world = replace(small.reference(), strategy=RULES[name])
    whole.assert_same_run(small, STRATEGIES[name], world)


def test_attention_of_people_who_tire_agrees_up_to_the_end_under_pressure() -> None:
    crowded.assert_same_if_looked_at("both")


def test_users_who_evade_a_name_meet_fronts_that_are_dropped_and_throttled() -> None:
    orders = (
        Dated(HOUR, "block", (), "name", 0.25),
        Dated(2 * HOUR, "block", ("198.18.0.0/21",)),
        Dated(3 * HOUR, "block", ("198.18.8.0/21", "198.19.0.0/16"), "throttle"),
        Dated(2 * DAY, "unblock", (), "name", 0.25),
    )
    small = replace(crowded.chase(0, "replay"), orders=orders, horizon_s=3 * DAY)
    whole.assert_agrees(small)
