"""Tenants come when and where the documents say, within four standard errors."""

import math

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.streams import Streams
from sim.world.build import World

pytestmark = pytest.mark.laws

N = 3000
STREAMS = Streams(11, 0)
DAYS = 9.0
RENTED_D, SHARED_D = 6.0, 3.0
PLACED_S = 86_400
SHARED = "188.114.96.0/23"
STAYS = [f"tenancy.rented_stay_d={RENTED_D}", f"tenancy.shared_stay_d={SHARED_D}"]
SCENARIO = "piracy-shield", [f"population.n_businesses={N}", *STAYS]


def places_of_front_ends(world: World) -> np.ndarray:
    """Rows of businesses whose front end is their own, and whether it is in the shared range."""
    own = np.flatnonzero(~world.businesses.is_third_party[:, 0])
    shared = world.places.region.index("shared")
    return np.stack((own, world.businesses.home_place_row[own] == shared), axis=1)


def arrivals_of_front_ends(world: World) -> np.ndarray:
    """Arrivals at the seat of t = 0, by business."""
    stays = world.stays
    mine = (stays.role_row == 0) & (stays.seat == 0)
    return np.bincount(stays.business_row[mine], minlength=N)


def is_poisson(count: np.ndarray, mean: float) -> bool:
    """Mean and variance are those of a Poisson number, within four standard errors."""
    n = count.size
    mean_error = math.sqrt(mean / n)
    variance_error = math.sqrt((mean + 2 * mean**2) / n)
    return bool(
        abs(count.mean() - mean) < 4 * mean_error
        and abs(count.var(ddof=1) - mean) < 4 * variance_error
    )


@pytest.mark.parametrize(("is_shared", "stay_d"), [(False, RENTED_D), (True, SHARED_D)])
def test_arrivals_are_poisson_with_one_in_a_mean_stay(world, is_shared, stay_d):
    rows = places_of_front_ends(world)
    count = arrivals_of_front_ends(world)[rows[rows[:, 1] == is_shared, 0]]
    assert count.size > 400
    assert is_poisson(count, DAYS / stay_d)


def test_services_do_not_change_address(world):
    stays = world.stays
    first = stays.seat == 0
    is_service = world.businesses.is_third_party[stays.business_row[first], stays.role_row[first]]
    assert first.sum() > N
    assert not is_service.any()


def hosts_of(world: World, component_row: int) -> np.ndarray:
    host, _, _ = world.components.hosts_of(np.array([component_row]))
    return world.components.address[host]


def test_new_addresses_are_as_many_of_the_same_place_and_mode(world):
    stays, components = world.stays, world.components
    assert stays.t_s.min() > 0
    for row in range(0, stays.t_s.size, 7):
        business, role = stays.business_row[row], stays.role_row[row]
        new = hosts_of(world, stays.component_row[row])
        start, stop = components.business_start[stays.component_row[row] :][:2]
        assert components.business_order[start:stop].tolist() == [business]
        if stays.seat[row] == 0:
            first = world.businesses.component_row[business, role]
            old = hosts_of(world, first)
            assert new.size == old.size
            place = [a for a in world.places.addresses if a.contains(old[:1]).all()]
            assert components.is_spread[stays.component_row[row]] == components.is_spread[first]
        else:
            moved_to = world.moves.place_row[business, stays.seat[row] - 1]
            assert new.size == 1
            place = [world.places.addresses[moved_to]]
        assert place[0].contains(new).all()


def test_addresses_are_handed_out_evenly_whoever_had_them_before(world):
    stays = world.stays
    shared = IntervalSet.of(SHARED)
    hosts = np.concatenate([hosts_of(world, row) for row in stays.component_row.tolist()])
    hosts = hosts[shared.contains(hosts)] - shared.start[0]
    count = np.bincount(hosts // 32, minlength=16)
    assert count.size == 16
    expected = hosts.size / 16
    assert expected > 50
    assert ((count - expected) ** 2 / expected).sum() < 15 + 4 * math.sqrt(30)
