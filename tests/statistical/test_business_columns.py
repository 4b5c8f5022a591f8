"""Columns of businesses and pools: what is taken from a table, and what is drawn evenly.

Tolerances as in `test_response_draws.py`.
"""

import csv
import math
from ipaddress import IPv4Network, collapse_addresses

import numpy as np
import pytest

from sim.scenario.library import shipped
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import World, build_world

N = 20_000


@pytest.fixture(scope="module")
def resolved() -> Resolved:
    overrides = [f"population.n_businesses={N}", "end=2018-04-17T00:00+03:00"]
    return resolve(load_scenario("telegram-2018", overrides))


@pytest.fixture(scope="module")
def world(resolved) -> World:
    return build_world(resolved, Streams(12, 0))


def rows_of(table: str) -> list[dict[str, str]]:
    with (shipped("seeds") / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def distance_from_even(u: np.ndarray) -> float:
    """Kolmogorov's distance, as a multiple of what is exceeded once in a thousand draws."""
    middle = (np.arange(u.size) + 0.5) / u.size
    return float(np.abs(np.sort(u) - middle).max() * math.sqrt(u.size) / 1.95)


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
    prefixes = rows_of("cloud-prefixes-2018")
    assert pools.weight.tolist() == [float(row["weight"]) for row in rows]
    for row, pool in enumerate(rows):
        assert world.places.provider[pools.provider_row[row]] == pool["provider"]
        mine = [IPv4Network(p["prefix"]) for p in prefixes if p["provider"] == pool["provider"]]
        held = [
            (int(network.network_address), int(network.broadcast_address) + 1)
            for network in collapse_addresses(mine)
        ]
        addresses = pools.addresses[row]
        assert addresses.n_addresses == sum(stop - start for start, stop in held)
        assert all(addresses.contains(np.array([start, stop - 1])).all() for start, stop in held)
