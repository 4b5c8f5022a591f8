"""Parts of ranges that many tenants share: places of their own, and nobody else's."""

from dataclasses import replace

import numpy as np
import pytest

from sim.errors import DataError
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import World, build_world, census_law
from sim.world.components import _grouped, stable_order
from sim.world.providers import build_places
from tests.experiments import resolved_of

N_SHARED = 4096


@pytest.fixture(scope="module")
def resolved() -> Resolved:
    return resolved_of("match-days", ["population.n_businesses=400"])


@pytest.fixture(scope="module")
def world(resolved: Resolved) -> World:
    return build_world(resolved, Streams(1, 0))


def test_a_shared_range_is_taken_out_of_the_place_it_is_part_of(resolved):
    places = build_places(resolved)
    whole = build_places(resolved_of("telegram-2018-replay"))
    shared = places.addresses[places.row_of["Cloudflare", "shared"]]
    rest = places.addresses[places.row_of["Cloudflare", "global"]]
    assert shared.n_addresses == N_SHARED
    assert not shared.intersection(rest)
    assert shared.union(rest) == whole.addresses[whole.row_of["Cloudflare", "global"]]
    # The provider holds what it held.
    provider = places.provider.index("Cloudflare")
    assert places.provider_addresses(provider) == whole.provider_addresses(provider)
    assert places.count_by_provider(shared)[provider] == N_SHARED


def test_other_places_stay_what_they_were(resolved):
    places = build_places(resolved)
    whole = build_places(resolved_of("telegram-2018-replay"))
    assert places.region[:-1] == whole.region
    for row, name in enumerate(whole.region):
        if whole.provider[whole.provider_row[row]] != "Cloudflare":
            assert places.addresses[row] == whole.addresses[row], name


def test_front_ends_at_home_on_the_shared_range_sit_on_it(world):
    home = world.places.row_of["Cloudflare", "shared"]
    mine = np.flatnonzero(
        (world.businesses.home_place_row == home) & ~world.businesses.is_third_party[:, 0]
    )
    assert mine.size > 40
    host, _, _ = world.components.hosts_of(np.unique(world.businesses.component_row[mine, 0]))
    assert world.places.addresses[home].contains(world.components.address[host]).all()


def test_a_pool_by_region_is_that_region_alone(world):
    assert world.pools is not None
    seats = world.pools.seats[0]
    shared = world.places.addresses[world.places.row_of["Cloudflare", "shared"]]
    assert seats.start.tolist() == shared.start.tolist()
    assert seats.stop.tolist() == shared.stop.tolist()


def test_a_target_without_ranges_of_its_own_has_none(world):
    assert not world.target_addresses


def test_an_address_of_a_shared_range_carries_the_names_of_the_heavy_head(resolved, world):
    shared = world.places.addresses[world.places.row_of["Cloudflare", "shared"]]
    inside = shared.contains(world.components.address)
    assert inside.sum() > 40
    least = resolved.scenario.names.shared_min_names
    assert world.components.n_names[inside].min() >= least == 1000
    assert np.median(world.components.n_names[~inside]) < 10


def test_addresses_elsewhere_carry_what_they_would_without_shared_ranges(resolved):
    law = census_law(resolved.census.rows)
    # Rank 1,000 of the fitted law has 12,687 names and rank 10,000 has 167 (names.md).
    assert 1_000 < law.share_with_at_least(1000) * law.n_addresses < 10_000
    assert law.share_with_at_least(1) == 1
    assert law.share_with_at_least(10**9) == 0
    assert law.share_with_at_least(2) == pytest.approx(1 - 0.437, abs=1e-6)


def test_programs_look_as_often_as_is_said():
    """The first look is anywhere in the first interval, by the same luck whatever its length."""
    found = {}
    for poll_min, every_s in (("10", 600), ("1", 60)):
        changes = ["population.n_businesses=40", "switching.share_businesses=1"]
        resolved = resolved_of("match-days", [*changes, f"switching.poll_min={poll_min}"])
        programs = build_world(resolved, Streams(5, 3)).programs
        assert programs is not None
        assert programs.every_s == every_s
        found[every_s] = programs.first_look_s
    assert found[600].size > 10
    assert len(set(found[600].tolist())) > 5
    assert (found[600] < 600).all()
    assert (found[60] == found[600] // 10).all()


# Names of hosts: one number per address, and a census that no law can meet is refused.


@pytest.mark.parametrize("n", [0, 1, 2, 300])
def test_rows_are_sorted_by_addresses_up_to_the_last_one(n):
    address = np.random.default_rng(n).choice([0, 1, 2**31, 2**32 - 1], n)
    assert stable_order(address).tolist() == np.argsort(address, kind="stable").tolist()


def test_a_census_without_singles_is_a_mistake_of_the_table():
    resolved = resolved_of("telegram-2018-replay", ["population.n_businesses=5"])
    rows = tuple(row for row in resolved.census.rows if row.quantity != "share_single")
    assert len(rows) < len(resolved.census.rows)
    short = replace(resolved, census=replace(resolved.census, rows=rows))
    with pytest.raises(DataError) as caught:
        build_world(short, Streams(0, 0))
    (problem,) = caught.value.problems
    assert problem.file.endswith("hosting-concentration.csv")
    assert problem.message == "expected one calibration row share_single, got 0"


def test_names_do_not_hang_on_whether_businesses_may_move():
    overrides = ["population.n_businesses=50", "end=2018-04-20T00:00+03:00"]
    moving = build_world(resolved_of("telegram-2018", overrides), Streams(4, 0))
    resolved = resolved_of("telegram-2018", overrides)
    still = build_world(replace(resolved, responses=None), Streams(4, 0))
    assert moving.moves is not None
    assert still.moves is None
    component = np.unique(moving.businesses.component_row)
    for one, other in zip(
        moving.components.names_on(component), still.components.names_on(component), strict=True
    ):
        assert np.array_equal(one, other)


def test_values_of_one_key_ascend_and_stay_as_often_as_they_were():
    key = np.arange(3_000, dtype=np.int32) % 3
    given = np.arange(3_000, dtype=np.int32)[::-1] // 6
    value, start = _grouped(key, given, 4)
    assert start.tolist() == [0, 1000, 2000, 3000, 3000]
    for number in range(3):
        mine = value[start[number] : start[number + 1]]
        assert mine.tolist() == sorted(given[key == number].tolist())


# Third-party services: none, or a table of what is known alone.


SMALL = ["population.n_businesses=300", "strategy={id: none}"]


def world_of(*overrides: str) -> World:
    return build_world(resolved_of("telegram-2018", [*SMALL, *overrides]), Streams(1, 0))


def test_without_services_every_business_runs_its_own_components():
    some, nothing = world_of(), world_of("population.services=none")
    assert some.businesses.is_third_party.any()
    assert not nothing.businesses.is_third_party.any()
    # Whoever ran its own component before has it where it was.
    own = ~some.businesses.is_third_party.any(axis=1)
    assert own.any()


def test_a_service_needs_a_place_and_a_role_alone(tmp_path):
    table = tmp_path / "services.csv"
    table.write_text("service,role,provider,region\npay,payment,Cloudflare,global\n")
    mine = world_of(f"population.services={table}").businesses.is_third_party
    # Storage, payment, customer service: the third of five roles is the one that is bought.
    assert mine[:, 2].any()
    assert not mine[:, [0, 1, 3, 4]].any()


@pytest.mark.parametrize(
    ("columns", "cells", "message"),
    [
        ("evidence", "assumed", "expected why for an assumed service"),
        ("evidence", "reported", "expected a source for a reported service"),
        ("low", "0.5", "expected low and high together"),
    ],
)
def test_a_service_that_says_too_little_is_refused(tmp_path, columns, cells, message):
    table = tmp_path / "services.csv"
    text = f"service,role,provider,region,{columns}\npay,payment,Cloudflare,global,{cells}\n"
    table.write_text(text)
    with pytest.raises(DataError, match=message):
        world_of(f"population.services={table}")
