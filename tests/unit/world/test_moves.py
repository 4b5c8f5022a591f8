"""Where a business goes, round by round."""

import numpy as np
import pytest

from sim.streams import Streams
from sim.world.build import World, build_world
from sim.world.moves import DOMESTIC, FOREIGN, PROXY, SAME, WAIT
from tests.experiments import resolved_of

N_BUSINESSES = 600
OVERRIDES = (
    f"population.n_businesses={N_BUSINESSES}",
    "reactions.n_rounds=3",
    "end=2018-04-20T00:00+03:00",
)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(resolved_of("telegram-2018", OVERRIDES), Streams(4, 0))


def hosts_before_and_after(world: World, turn: int) -> tuple[np.ndarray, np.ndarray]:
    """Provider that hosts each business before and after a round; a proxy hosts nobody."""
    provider_of, moves = world.places.provider_row, world.moves
    host = provider_of[world.businesses.home_place_row]
    for number in range(turn + 1):
        before, kind = host, moves.response[:, number]
        is_elsewhere = (kind == FOREIGN) | (kind == DOMESTIC)
        host = np.where(is_elsewhere, provider_of[moves.place_row[:, number]], host)
    return before, host


@pytest.mark.parametrize("turn", range(3))
def test_other_addresses_of_the_same_provider_are_those_of_the_provider_it_is_with(world, turn):
    before, _ = hosts_before_and_after(world, turn)
    is_same = world.moves.response[:, turn] == SAME
    place_row = world.moves.place_row[is_same, turn]
    assert is_same.sum() > 50
    assert np.array_equal(world.places.provider_row[place_row], before[is_same])
    if turn:
        home = world.places.provider_row[world.businesses.home_place_row]
        assert (before != home)[is_same].any()


@pytest.mark.parametrize("turn", range(3))
def test_another_foreign_provider_is_another_than_the_one_it_is_with(world, turn):
    before, after = hosts_before_and_after(world, turn)
    is_foreign = world.moves.response[:, turn] == FOREIGN
    assert (before != after)[is_foreign].all()
    assert not world.moves.is_domestic[after[is_foreign]].any()


@pytest.mark.parametrize("turn", range(3))
def test_who_is_paid_is_who_hosts(world, turn):
    before, after = hosts_before_and_after(world, turn)
    moves, kind = world.moves, world.moves.response[:, turn]
    assert np.array_equal(moves.payee_row[:, turn], after)
    stays = np.isin(kind, (WAIT, SAME, PROXY))
    assert np.array_equal(before[stays], after[stays])
    assert moves.is_domestic[after[kind == DOMESTIC]].all()
    assert moves.is_domestic[world.places.provider_row[moves.place_row[kind == PROXY, turn]]].all()


# Decisions from outside, as a world has them.


def test_a_scenario_without_decisions_from_outside_has_none():
    few = ["population.n_businesses=5", "end=2018-06-01T00:00+03:00"]
    off = ("censor.outside_withdrawals_per_d=off", "censor.outside_withdrawal_share=off")
    some, none = (
        build_world(resolved_of("telegram-2018", asked), Streams(3, 1)).outside_withdrawals
        for asked in (few, [*few, *off])
    )
    assert none == ()
    assert {share for _, share in some} == {0.4}
