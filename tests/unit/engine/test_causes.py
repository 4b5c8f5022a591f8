"""What fails at each operator, and to which cause it is put down."""

from __future__ import annotations

import numpy as np
import pytest

from sim.catalogue.causes import (
    BOUGHT_SERVICE,
    CAUSES,
    COMPONENT_ELSEWHERE,
    NAME,
    OVERLOADED_OPERATOR,
    OWN_ADDRESS,
)
from sim.engine.state.at_operators import NO_CAUSE
from tests.worlds import HOUR, Actor, Dated, Firm, Seat, SmallWorld

ONE, OTHER, FREE = "192.0.2.7", "198.51.100.1", "203.0.113.1"
USD = 1_000_000


def sat(front: str, *rest: Seat | int) -> tuple[Seat | int, ...]:
    """A front end, other components, and free ones for what is left."""
    return (Seat((front,)), *rest, *(Seat((FREE,)),) * (4 - len(rest)))


def test_two_operators_and_two_causes_by_hand() -> None:
    """The front end fails first, the service 200 s later; the second operator is 100 s late."""
    world = SmallWorld(
        orders=(Dated(5, "block", (f"{ONE}/32",)), Dated(205, "block", (f"{OTHER}/32",))),
        actors=(Actor(0.5), Actor(0.25, apply_lag_s=100), Actor(0.25, compliance=0.0)),
        services=(Seat((OTHER,)),),
        firms=(
            Firm(weights=(0.5, 0.875, 0.0, 0.0, 0.0), seats=sat(ONE, 0)),
            Firm(addresses=(FREE,) * 5),
        ),
        horizon_s=1000,
    )
    found = world.run().at_operators
    # Alone the front end fails 0.5; both fail 1 - 0.5 * 0.125 = 0.9375, of which the front end has
    # the mean of 0.5 and 0.9375 - 0.875, the service the mean of 0.875 and 0.9375 - 0.5.
    lost_s = np.zeros((3, len(CAUSES)))
    lost_s[0, OWN_ADDRESS] = 0.5 * (200 * 0.5 + 795 * 0.28125)
    lost_s[0, BOUGHT_SERVICE] = 0.5 * 795 * 0.65625
    lost_s[1, OWN_ADDRESS] = 0.25 * (200 * 0.5 + 695 * 0.28125)
    lost_s[1, BOUGHT_SERVICE] = 0.25 * 695 * 0.65625
    np.testing.assert_allclose(found.lost_micro_usd, lost_s / HOUR * USD, rtol=1e-12)
    assert found.time_s.tolist() == [[995, 895, 0], [995, 895, 0], [795, 695, 0]]
    assert found.n_ever.tolist() == found.n_peak.tolist() == [[1, 1, 0]] * 3
    assert found.main_cause.tolist() == [BOUGHT_SERVICE, NO_CAUSE]


def test_causes_that_each_fail_everything_have_equal_parts_and_the_first_is_the_main_one() -> None:
    world = SmallWorld(
        orders=(Dated(0, "block", (f"{ONE}/32",)),),
        services=(Seat((ONE,)),),
        firms=(Firm(weights=(1.0, 1.0, 1.0, 0.0, 0.0), seats=sat(ONE, 0, Seat((ONE,))),
                    elsewhere=(2,)),),
        horizon_s=HOUR,
    )  # fmt: skip
    found = world.run().at_operators
    (lost,) = found.lost_micro_usd / USD
    assert lost == pytest.approx([1 / 3, 1 / 3, 1 / 3, 0, 0])
    assert found.main_cause.tolist() == [OWN_ADDRESS]


def test_names_and_overload_are_causes_of_their_own() -> None:
    """A name that a quarter evades, and an operator that fails half of all attempts."""
    world = SmallWorld(
        orders=(Dated(0, "block", (), "name", 1.0), Dated(0, "block", (f"{ONE}/32",))),
        actors=(Actor(rule_capacity=0, overload="degrade", overload_severity=0.5),),
        firms=(Firm(addresses=(FREE,) * 5, name_draw=0.5),),
        horizon_s=HOUR,
        name_evasion=0.25,
    )
    (lost,) = world.run().at_operators.lost_micro_usd / USD
    # No rule is allowed and one is held. Together 1 - 0.5 * 0.25 = 0.875.
    assert lost[NAME] == pytest.approx((0.75 + 0.875 - 0.5) / 2)
    assert lost[OVERLOADED_OPERATOR] == pytest.approx((0.5 + 0.875 - 0.75) / 2)


def test_one_cause_takes_the_place_of_another_that_fails_as_much() -> None:
    """The share that fails stays the same over the second in which the cause changes."""
    world = SmallWorld(
        orders=(
            Dated(0, "block", (f"{ONE}/32",)),
            Dated(600, "unblock", (f"{ONE}/32",)),
            Dated(600, "block", (f"{OTHER}/32",)),
        ),
        firms=(Firm(weights=(0.5, 0.5, 0.0, 0.0, 0.0), seats=sat(ONE, Seat((OTHER,))),
                    elsewhere=(1,)),),
        horizon_s=HOUR,
    )  # fmt: skip
    outcome = world.run()
    (lost,) = outcome.at_operators.lost_micro_usd / USD
    assert lost[OWN_ADDRESS] == pytest.approx(0.5 * 600 / HOUR)
    assert lost[COMPONENT_ELSEWHERE] == pytest.approx(0.5 * 3000 / HOUR)
    assert outcome.at_operators.main_cause.tolist() == [COMPONENT_ELSEWHERE]
