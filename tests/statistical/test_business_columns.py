"""Columns of businesses and pools: what is taken from a table, and what is drawn evenly.

Tolerances as in `test_response_draws.py`.
"""

import math
from dataclasses import replace
from ipaddress import IPv4Network, collapse_addresses

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.scenario.library import shipped
from sim.streams import Streams
from sim.world.build import build_world
from tests.csv_rows import csv_rows
from tests.experiments import resolved_of
from tests.statistical.test_response_draws import distance_from_even

N = 20_000
OVERRIDES = [f"population.n_businesses={N}", "end=2018-04-17T00:00+03:00"]
SCENARIO, STREAMS = ("telegram-2018", OVERRIDES), Streams(12, 0)


def rows_of(table: str) -> list[dict[str, str]]:
    return csv_rows(shipped("seeds") / f"{table}.csv")


def test_domestic_value_is_revenue_times_the_domestic_share_of_the_sector(world):
    businesses = world.businesses
    share = {row["sector"]: float(row["share_domestic"]) for row in rows_of("sectors-russia-2018")}
    mine = np.array([share[businesses.sector[row]] for row in businesses.sector_row.tolist()])
    assert len(set(share.values())) > 1
    expected = np.rint(businesses.revenue_usd_per_h * mine * 1e6)
    assert np.array_equal(businesses.value_micro_usd_per_h, expected)


def test_weights_of_roles_are_those_of_the_sector(world):
    roles = ("frontend", "storage", "payment", "customer_service", "other")
    rows = {row["sector"]: row for row in rows_of("sectors-russia-2018")}
    for sector, weight in zip(world.businesses.sector, world.businesses.role_weight, strict=True):
        assert weight.tolist() == [float(rows[sector][f"weight_{role}"]) for role in roles]


def test_names_are_drawn_evenly_and_apart_from_revenue(world):
    draw = world.businesses.name_draw
    assert distance_from_even(draw) < 1
    assert distance_from_even(draw**1.05) > 1
    rank = world.businesses.revenue_usd_per_h.argsort().argsort()
    assert abs(np.corrcoef(draw, rank)[0, 1]) < 4 / math.sqrt(N)
    assert abs(np.corrcoef(draw, world.businesses.sector_row)[0, 1]) < 4 / math.sqrt(N)


def test_pools_are_those_of_the_table_with_all_their_providers_have(world):
    pools, rows = world.pools, rows_of("front-pools-2018")
    prefixes = rows_of("provider-prefixes-2018")
    assert pools.weight.tolist() == [float(row["weight"]) for row in rows]
    for row, pool in enumerate(rows):
        assert world.places.provider[pools.provider_row[row]] == pool["provider"]
        mine = [IPv4Network(p["prefix"]) for p in prefixes if p["provider"] == pool["provider"]]
        held = [
            (int(network.network_address), int(network.broadcast_address) + 1)
            for network in collapse_addresses(mine)
        ]
        seats = pools.seats[row]
        given = IntervalSet(seats.start, seats.stop)
        assert given.n_addresses == sum(stop - start for start, stop in held)
        assert all(given.contains(np.array([start, stop - 1])).all() for start, stop in held)


def test_roles_of_a_business_have_luck_of_their_own(resolved, world):
    components = world.components
    own = ~world.businesses.is_third_party
    row = world.businesses.component_row
    _, _, count = components.hosts_of(row.ravel())
    sizes = count.reshape(row.shape)
    for drawn in (sizes, components.is_spread[row], own):
        for one in range(row.shape[1]):
            for other in range(one):
                mine = (own[:, one] & own[:, other]) if drawn is not own else np.full(N, True)
                if not (drawn[mine, one].any() and drawn[mine, other].any()):
                    continue
                r = np.corrcoef(drawn[mine, one], drawn[mine, other])[0, 1]
                # 30 pairs: one is beyond five standard errors once in 50,000 times.
                assert abs(r) < 5 / math.sqrt(mine.sum())
    assert abs(np.corrcoef(sizes[:, 0], 2.0 * sizes[:, 0] + sizes[:, 1])[0, 1]) > 5 / math.sqrt(N)


@pytest.mark.laws
def test_a_tenant_comes_in_the_second_in_which_its_time_falls_and_not_before():
    # Mean stays of two seconds, which the language does not allow, so that a second is much: the
    # first arrival is in second k with probability q^(k-1) (1 - q).
    overrides = ["population.n_businesses=2000", "end=2024-02-16T00:01+01:00"]
    found = resolved_of("piracy-shield", overrides)
    stay_d = dict.fromkeys(("rented_stay_d", "shared_stay_d"), 2 / 86_400)
    tenancy = found.scenario.tenancy.model_copy(update=stay_d)
    scenario = found.scenario.model_copy(update={"tenancy": tenancy})
    short = replace(found, loaded=replace(found.loaded, scenario=scenario))
    stays = build_world(short, Streams(3, 0)).stays
    key = np.stack((stays.business_row, stays.role_row, stays.seat))
    _, seat = np.unique(key, axis=1, return_inverse=True)
    first_s = np.full(seat.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(first_s, seat, stays.t_s)
    n, q = first_s.size, math.exp(-1 / 2)
    assert n > 5000
    assert first_s.min() == 1
    for second in (1, 2, 3):
        p = q ** (second - 1) * (1 - q)
        assert abs((first_s == second).mean() - p) < 4 * math.sqrt(p * (1 - p) / n), second
