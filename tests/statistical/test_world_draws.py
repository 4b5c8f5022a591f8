"""What is drawn has the distribution the documents say, within four standard errors."""

import math

import numpy as np
import pytest
from scipy.stats import spearmanr

from sim.names.sharing import KINDS, kind_at, loneliness, revenue_rank
from sim.scenario.tables.roles import ROLES
from sim.scenario.tables.sharing import N_ADDRESSES
from sim.streams import Stream, Streams
from sim.world.placement import build_placement
from tests.names import address_kinds, share_single
from tests.statistical.test_response_draws import distance_from_even, within

N = 40_000
SCENARIO = "telegram-2018-replay", [f"population.n_businesses={N}"]
STREAMS = Streams(1, 0)


@pytest.fixture(scope="module")
def placement(resolved, world):
    return build_placement(resolved, world.places, STREAMS, N)


@pytest.fixture(scope="module")
def own_hosts(world, placement):
    """Address and place of each host of a business's own component."""
    n_services = placement.is_spread.size - placement.place_row.size
    is_own = placement.host_component >= n_services
    place_row = placement.place_row.ravel()[placement.host_component[is_own] - n_services]
    return placement.host_address[is_own], place_row


def test_sectors_come_in_their_shares(resolved, world):
    counts = np.bincount(world.businesses.sector_row, minlength=8)
    for count, row in zip(counts, resolved.sectors.rows, strict=True):
        assert within(count, N, row.share_businesses), row.sector


def test_homes_come_by_weight_and_are_foreign(resolved, world):
    rows = [row for row in resolved.hosting.rows if row.side == "foreign"]
    total = sum(row.weight for row in rows)
    counts = np.bincount(world.businesses.home_place_row, minlength=len(world.places.region))
    assert sum(counts[world.places.row_of[row.provider, row.region]] for row in rows) == N
    for row in rows:
        count = counts[world.places.row_of[row.provider, row.region]]
        assert within(count, N, row.weight / total), row


def test_components_sit_at_home_and_in_the_country_in_their_shares(resolved, world, placement):
    businesses, population = world.businesses, resolved.scenario.population
    place = placement.place_row
    home = businesses.home_place_row[:, np.newaxis]
    assert np.array_equal(place[:, ROLES.index("frontend")], businesses.home_place_row)
    domestic = [
        world.places.row_of[row.provider, row.region]
        for row in resolved.hosting.rows
        if row.side == "domestic"
    ]
    others = [role for role in range(len(ROLES)) if role != ROLES.index("frontend")]
    n = N * len(others)
    in_country = np.isin(place[:, others], domestic).sum()
    assert within(in_country, n, population.share_components_domestic)
    # "Elsewhere in a foreign region" falls on the home by chance as well.
    rows = [row for row in resolved.hosting.rows if row.side == "foreign"]
    weight = np.array([row.weight for row in rows]) / sum(row.weight for row in rows)
    elsewhere = 1 - population.share_components_at_home - population.share_components_domestic
    expected = population.share_components_at_home + elsewhere * float((weight**2).sum())
    assert within((place[:, others] == home).sum(), n, expected)


def test_every_address_belongs_to_its_place(world, own_hosts):
    places, (address, place_row) = world.places, own_hosts
    for place, addresses in enumerate(places.addresses):
        mine = address[place_row == place]
        assert addresses.contains(mine).all(), places.region[place]


def test_addresses_are_spread_evenly_over_a_place(world, own_hosts):
    places, (address, place_row) = world.places, own_hosts
    place = places.row_of["AWS", "eu-west-1"]
    mine = address[place_row == place]
    # Rank of each address among the place's own, as a share.
    start, stop = places.addresses[place].start, places.addresses[place].stop
    before = np.concatenate(([0], np.cumsum(stop - start)))
    row = np.searchsorted(start, mine, side="right") - 1
    rank = (before[row] + mine - start[row]) / before[-1]
    assert distance_from_even(rank) < 1 < distance_from_even(rank**1.1)


def test_revenue_is_lognormal_around_the_sector_median(resolved, world):
    for number, row in enumerate(resolved.sectors.rows):
        mine = world.businesses.revenue_usd_per_h[world.businesses.sector_row == number]
        log = np.log(mine / row.revenue_median_usd_per_h)
        assert abs(log.mean()) < 4 * row.revenue_sigma / math.sqrt(log.size)
        error = row.revenue_sigma / math.sqrt(2 * log.size)
        assert abs(log.std() - row.revenue_sigma) < 4 * error


def test_streams_are_apart_by_source_replicate_and_seed():
    draws = {
        tuple(Streams(seed, replicate).generator(source).random(3))
        for seed in (0, 1)
        for replicate in (0, 1)
        for source in Stream
    }
    assert len(draws) == 4 * len(Stream)


def test_components_have_the_sizes_and_modes_of_their_table(resolved, placement):
    by_role = {row.role: row for row in resolved.components.rows}
    n_services = placement.is_spread.size - placement.place_row.size
    n_hosts = np.bincount(placement.host_component, minlength=placement.is_spread.size)
    n_hosts = n_hosts[n_services:].reshape(N, len(ROLES))
    is_spread = placement.is_spread[n_services:].reshape(N, len(ROLES))
    for role_row, role in enumerate(ROLES):
        row = by_role[role]
        is_own = ~placement.is_third_party[:, role_row]
        assert within((~is_own).sum(), N, row.share_third_party), role
        for size, share in zip(N_ADDRESSES, row.address_shares, strict=True):
            assert within((n_hosts[is_own, role_row] == size).sum(), is_own.sum(), share), role
        assert within(is_spread[:, role_row].sum(), N, row.share_spread), role


def test_a_shared_service_is_chosen_by_popularity(resolved, placement):
    names = list(dict.fromkeys(row.service for row in resolved.services.rows))
    for role_row, role in enumerate(ROLES):
        rows = [row for row in resolved.services.rows if row.role == role]
        users = placement.component_row[placement.is_third_party[:, role_row], role_row]
        total = sum(row.popularity for row in rows)
        for row in rows:
            count = (users == names.index(row.service)).sum()
            assert within(count, users.size, row.popularity / total), row.service


# Draws of names per address follow the law, and lonely addresses follow revenue.


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.4, 0.8])
def test_revenue_and_loneliness_correlate_as_asked(rho):
    n = 200_000
    rng = np.random.default_rng(3)
    rank, u = rng.random(n), rng.random(n)
    lonely = loneliness(u, rank, rho)
    expected = 6 / math.pi * math.asin(rho / 2)
    found = float(spearmanr(rank, lonely).statistic)
    assert abs(found - expected) <= 4 / math.sqrt(n) < abs(found - expected - 0.02)
    # And the address of a business remains a fair draw over all businesses.
    assert distance_from_even(lonely) < 1


def test_revenue_rank_is_uniform_over_the_mixture_of_sectors():
    n = 100_000
    rng = np.random.default_rng(5)
    share, median, sigma = np.array([0.7, 0.3]), np.array([100.0, 900.0]), np.array([1.2, 0.8])
    sector = (rng.random(n) >= 0.7).astype(int)
    revenue = median[sector] * np.exp(sigma[sector] * rng.standard_normal(n))
    assert distance_from_even(revenue_rank(revenue, share, median, sigma)) < 1
    assert distance_from_even(revenue_rank(revenue, share, median * 1.1, sigma)) > 1


def test_kinds_come_in_their_shares_and_their_own_sizes():
    n = 200_000
    share = np.array([[0.001, 0.0, 0.03, 0.069], [0.0, 0.0, 0.2, 0.2]])
    rng = np.random.default_rng(6)
    place = rng.integers(0, 2, n)
    kind = kind_at(share, place, rng.random(n))
    for row in range(2):
        mine = kind[place == row]
        for number, name in enumerate(KINDS):
            expected = share[row, number] / share[row].sum()
            assert within((mine == number).sum(), mine.size, expected), name
    for name, law in zip(KINDS, address_kinds(), strict=True):
        sample = law.n_names_of(rng.random(n))
        assert within((sample == 1).sum(), n, share_single(law)), name
        assert sample.min() >= law.size[-1]
        assert sample.max() <= law.size[0]
