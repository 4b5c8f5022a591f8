"""Names on the addresses of a drawn population follow the census, and who earns more sits alone."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from sim.names.law import NamesLaw
from sim.names.sharing import revenue_rank
from sim.scenario.tables.roles import FRONTEND
from sim.streams import Streams
from sim.world.build import World, build_world
from tests.experiments import resolved_of
from tests.names import census_law, census_rows, share_single

N = 40_000
ERRORS = 4.0
# The census alone: without the kinds of use that the scenario draws names by.
NAMES = [f"population.n_businesses={N}", "names.kinds=off"]
SCENARIO, STREAMS = ("telegram-2018-replay", NAMES), Streams(21, 0)


def names_of_fronts(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Businesses with a front end of their own, and the names on one address of it.

    One address for each, because the addresses of one business hang together through its revenue.
    """
    is_own = ~world.businesses.is_third_party[:, FRONTEND]
    row = np.flatnonzero(is_own)
    host, first, _ = world.components.hosts_of(world.businesses.component_row[row, FRONTEND])
    return row, world.components.n_names[host[first]]


def share_within(found: float, expected: float, n: int) -> bool:
    return abs(found - expected) <= ERRORS * math.sqrt(expected * (1 - expected) / n)


def follows(sample: np.ndarray, law: NamesLaw) -> bool:
    """Largest gap between sample and law over all sizes; luck exceeds it once in a thousand."""
    reached = np.searchsorted(np.sort(sample), law.size, side="left")
    found = 1 - reached / sample.size  # share with at least that many names
    return bool(
        np.abs(found - law.address_edge / law.n_addresses).max() < 1.95 / math.sqrt(sample.size)
    )


def test_the_calibration_rows_of_the_census_hold_for_the_drawn_population(world):
    _, names = names_of_fronts(world)
    assert names.size > N / 2
    rows = {row.quantity: row.value for row in census_rows() if row.role == "calibration"}
    assert share_within((names == 1).mean(), rows["share_single"], names.size)
    assert not share_within((names == 1).mean(), rows["share_single"] + 0.02, names.size)
    assert follows(names, census_law())
    # Addresses as crowded as the 10,000th and the 100,000th of all come up as often as they are.
    for rank in (10_000, 100_000):
        size = census_law().size[np.searchsorted(census_law().address_edge, rank)]
        crowded = int(census_law().count[census_law().size >= size].sum())
        expected = crowded / rows["n_addresses"]
        assert share_within((names >= size).mean(), expected, names.size), rank


def alone_given_top(rho: float, share_single: float, top: float) -> float:
    """Share of lonely addresses among the businesses that earn most, from the bivariate normal."""
    alone, earns = norm.ppf(1 - share_single), norm.ppf(1 - top)
    both = multivariate_normal([0, 0], [[1, rho], [rho, 1]]).cdf([-alone, -earns])
    return float(both) / top


@pytest.mark.parametrize("rho", [0.0, 0.4, 0.8])
def test_businesses_that_earn_more_sit_alone_as_often_as_asked(rho):
    resolved = resolved_of(SCENARIO[0], [*NAMES, f"names.loneliness={rho}"])
    world = build_world(resolved, Streams(22, 0))
    row, names = names_of_fronts(world)
    sectors = resolved.sectors.rows
    rank = revenue_rank(
        world.businesses.revenue_usd_per_h[row],
        np.array([s.share_businesses for s in sectors]),
        np.array([s.revenue_median_usd_per_h for s in sectors]),
        np.array([s.revenue_sigma for s in sectors]),
    )
    best = names[rank > 0.9]
    single = share_single(census_law())
    assert share_within((best == 1).mean(), alone_given_top(rho, single, 0.1), best.size)
    assert not share_within((best == 1).mean(), alone_given_top(rho + 0.1, single, 0.1), best.size)
    # And all businesses together meet the census whatever the correlation.
    assert follows(names, census_law())


def test_hosts_on_one_address_share_its_names(world):
    components = world.components
    same = np.diff(components.address) == 0
    assert same.sum() > 10
    assert np.array_equal(components.n_names[1:][same], components.n_names[:-1][same])
    assert components.n_names.min() >= 1


def test_every_replicate_draws_names_anew():
    few = resolved_of("telegram-2018-replay", ["population.n_businesses=50"])
    first, second, again = (
        build_world(few, Streams(21, replicate)).components.n_names for replicate in (0, 1, 0)
    )
    assert np.array_equal(first, again)
    assert first.size != second.size or not np.array_equal(first, second)


def parked_of(
    world: World, is_mine: np.ndarray, least: int, most: int
) -> tuple[np.ndarray, np.ndarray]:
    """Names beside its own, and those parked, on one address of each front end of one's own."""
    components = world.components
    row = np.flatnonzero(~world.businesses.is_third_party[:, FRONTEND] & is_mine)
    host, first, _ = components.hosts_of(world.businesses.component_row[row, FRONTEND])
    names, active = components.n_names[host[first]], components.n_active_sites[host[first]]
    is_sized = (names >= least) & (names <= most)
    return names[is_sized] - 1, (names - active)[is_sized]


def is_parked_in(others: np.ndarray, parked: np.ndarray, share: float) -> bool:
    """Whether as many are parked as asked for: each number is rounded up or down by chance."""
    rest = (others * share) % 1
    error = math.sqrt(float((rest * (1 - rest)).sum()))
    return abs(float(parked.sum()) - share * float(others.sum())) <= ERRORS * error


@pytest.mark.parametrize("share", [0.05, 0.23])
def test_of_the_other_names_on_an_address_the_share_asked_for_is_parked(share, resolved):
    rows = tuple(row.model_copy(update={"share_parked": share}) for row in resolved.parked.rows)
    changed = replace(resolved, parked=replace(resolved.parked, rows=rows))
    world = build_world(changed, Streams(23, 0))
    everybody = np.ones(world.businesses.n_businesses, np.bool_)
    for least, most in ((2, 2), (3, 9), (2, 200)):
        others, parked = parked_of(world, everybody, least, most)
        assert is_parked_in(others, parked, share), (least, most)
        for wrong in (share - 0.04, share + 0.04):
            assert not is_parked_in(others, parked, wrong), (least, most)
    # All names of these addresses, the modelled ones among them: fewer are parked.
    assert not is_parked_in(others + 1, parked, share)


def test_names_are_parked_as_the_kind_of_use_of_the_place_asks(world, resolved):
    by_kind = {row.kind: row.share_parked for row in resolved.parked.rows}
    places = world.places
    provider = places.provider_row[world.businesses.home_place_row]
    # Of Hetzner's addresses with a name 10 in 45 are web hosting, the crowded ones: from four names
    # on. Of those of AWS in a region 2 in 52: from a dozen names on.
    for name, most_rented, least_hosting in (("Hetzner", 2, 5), ("AWS", 9, 20)):
        mine = provider == places.provider.index(name)
        if name == "AWS":
            mine &= world.businesses.home_place_row != places.row_of["AWS", "GLOBAL"]
        rented = parked_of(world, mine, 2, most_rented)
        hosting = parked_of(world, mine, least_hosting, 500)
        assert min(rented[0].size, hosting[0].size) > 50
        assert is_parked_in(*rented, by_kind["rented"]), name
        assert is_parked_in(*hosting, by_kind["web_hosting"]), name
        assert not is_parked_in(*rented, by_kind["web_hosting"]), name
        assert not is_parked_in(*hosting, by_kind["rented"]), name
