"""What businesses do when they are impaired is drawn as the documents say.

Laws: docs/explanation/model.md, Reactions. Times are tested as Kolmogorov did: the distance between
the drawn and the stated distribution exceeds 1.95 / sqrt(n) once in a thousand draws. Shares and
means are within four standard errors, which luck alone exceeds once in 16,000 draws; the seed is
fixed. Times are tens of minutes at least, so that rounding to seconds is far below either.
"""

import math

import numpy as np
import pytest

from sim.scenario.tables.roles import ROLES
from sim.scenario.tables.rows import RESPONSES
from sim.streams import Streams
from sim.world.build import build_world
from sim.world.moves import AFFECTED, DOWN, IMPAIRED, tolerances
from tests.experiments import resolved_of

N = 20_000
HOUR = 3600
FRONTEND = ROLES.index("frontend")
OVERRIDES = (f"population.n_businesses={N}", "end=2018-04-17T00:00+03:00")
SCENARIO, STREAMS = ("telegram-2018", OVERRIDES), Streams(11, 0)
MOVING = ("same", "foreign", "domestic", "proxy")


def standard(times_s: np.ndarray, median_h: float, sigma: float) -> np.ndarray:
    """Times as standard normal numbers, if their law is lognormal with these two."""
    return np.log(times_s / (median_h * HOUR)) / sigma


def kolmogorov(z: np.ndarray) -> float:
    """Distance from the standard normal law, as a multiple of what is exceeded once in 1000."""
    z = np.sort(z)
    expected = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in z.tolist()])
    steps = np.arange(z.size + 1) / z.size
    distance = max(np.abs(expected - steps[1:]).max(), np.abs(expected - steps[:-1]).max())
    return float(distance * math.sqrt(z.size) / 1.95)


def distance_from_even(u: np.ndarray) -> float:
    """The same from the even law on 0 to 1."""
    middle = (np.arange(u.size) + 0.5) / u.size
    return float(np.abs(np.sort(u) - middle).max() * math.sqrt(u.size) / 1.95)


def within(count: int, n: int, p: float) -> bool:
    return abs(count / n - p) <= 4 * math.sqrt(p * (1 - p) / n)


def test_patience_is_lognormal_with_its_median_and_sigma(resolved, world):
    rules = resolved.scenario.reactions
    drawn = world.moves.patience_s, rules.patience_median_h, rules.patience_sigma
    assert rules.patience_sigma > 0
    assert kolmogorov(standard(*drawn)) < 1
    # Negative controls: a median or a sigma a tenth too large, and a law that is not lognormal.
    assert kolmogorov(standard(drawn[0], 1.1 * drawn[1], drawn[2])) > 1
    assert kolmogorov(standard(drawn[0], drawn[1], 1.1 * drawn[2])) > 1
    exponential = np.random.default_rng(0).exponential(drawn[1] * HOUR / math.log(2), N)
    assert kolmogorov(standard(exponential, drawn[1], drawn[2])) > 1


def test_tolerances_have_their_shares_and_none_takes_from_another():
    u = np.random.default_rng(3).random(N)
    early, late = 0.2, 0.25
    drawn = tolerances(u, early, late)
    for state, share in {AFFECTED: 0.2, IMPAIRED: 0.6, DOWN: 0.2}.items():
        assert within(int((drawn == state).sum()), N, share)
        # Negative control: a share that is a tenth off.
        assert not within(int((drawn == state).sum()), N, 1.1 * share)
    # A share that rises takes none from those it had, nor from the other.
    more_early, more_late = tolerances(u, 0.3, late), tolerances(u, early, 0.5)
    assert (more_early[drawn == AFFECTED] == AFFECTED).all()
    assert (more_late[drawn == DOWN] == DOWN).all()
    assert (more_late[drawn == AFFECTED] == AFFECTED).all()
    assert (tolerances(u, 0.0, 0.0) == IMPAIRED).all()
    assert (tolerances(u, 1.0, 1.0) == AFFECTED).all()
    assert (tolerances(u, 0.0, 1.0) == DOWN).all()


def test_a_scenario_says_how_much_businesses_tolerate():
    overrides = ["reactions.early_share=0.2", "reactions.late_share=0.25"]
    resolved = resolved_of("telegram-2018", [*OVERRIDES, *overrides])
    drawn = build_world(resolved, Streams(11, 0)).moves.tolerance
    assert within(int((drawn == AFFECTED).sum()), drawn.size, 0.2)
    assert within(int((drawn == DOWN).sum()), drawn.size, 0.2)


@pytest.mark.parametrize("name", MOVING)
def test_the_time_of_a_response_is_lognormal_with_its_median_and_sigma(resolved, world, name):
    row = {row.response: row for row in resolved.responses.rows}[name]
    mine = world.moves.response == RESPONSES.index(name)
    times_s = world.moves.time_s[mine]
    assert times_s.size > 3000
    assert kolmogorov(standard(times_s, row.time_median_h, row.time_sigma)) < 1
    assert kolmogorov(standard(times_s, 1.1 * row.time_median_h, row.time_sigma)) > 1
    assert kolmogorov(standard(times_s, row.time_median_h, 1.15 * row.time_sigma)) > 1


def test_who_waits_takes_no_time(resolved, world):
    row = {row.response: row for row in resolved.responses.rows}["wait"]
    assert row.time_median_h == 0
    assert not world.moves.time_s[world.moves.response == RESPONSES.index("wait")].any()


def test_responses_come_in_their_shares_in_every_round(resolved, world):
    for row in resolved.responses.rows:
        is_one = world.moves.response == RESPONSES.index(row.response)
        for turn in range(is_one.shape[1]):
            assert within(is_one[:, turn].sum(), N, row.share), (row.response, turn)
    assert not within(round(0.35 * N), N, 0.37)


def test_rounds_times_and_patience_have_luck_of_their_own(world):
    moves = world.moves
    log_time = np.log(np.maximum(moves.time_s, 1))
    pairs = [
        (moves.response[:, 0], moves.response[:, 1]),
        (moves.response[:, 0], np.log(moves.patience_s)),
        (log_time[:, 0], log_time[:, 1]),
        (log_time[:, 0], np.log(moves.patience_s)),
    ]
    # The correlation of independent numbers has a standard error of 1 / sqrt(n).
    for one, other in pairs:
        assert abs(np.corrcoef(one, other)[0, 1]) < 4 / math.sqrt(N)
    assert abs(np.corrcoef(log_time[:, 0], log_time[:, 0] + log_time[:, 1])[0, 1]) > 4 / math.sqrt(
        N
    )


def test_costs_are_those_of_the_table(resolved, world):
    costs = {row.response: row.cost_usd for row in resolved.responses.rows}
    assert world.moves.cost_usd.tolist() == [costs[name] for name in RESPONSES]
    assert len(set(costs.values())) == len(RESPONSES)


def test_a_proxy_moves_the_front_end_alone_and_a_wait_nothing(world):
    moved = world.moves.component_row >= 0
    kind = world.moves.response
    is_proxy = moved[kind == RESPONSES.index("proxy")]
    assert is_proxy[:, FRONTEND].all()
    assert not np.delete(is_proxy, FRONTEND, axis=1).any()
    assert not moved[kind == RESPONSES.index("wait")].any()


@pytest.mark.parametrize("name", ["same", "foreign", "domestic"])
def test_a_move_takes_all_along_but_third_party_services(world, name):
    moves, n_rounds = world.moves, world.moves.response.shape[1]
    moved = moves.component_row >= 0
    is_own = np.repeat(~world.businesses.is_third_party[:, np.newaxis], n_rounds, axis=1)
    mine = moves.response == RESPONSES.index(name)
    assert np.array_equal(moved[mine], is_own[mine])
    assert not is_own[mine].all()


def test_a_domestic_move_leads_to_domestic_places_by_their_weight(resolved, world):
    rows = [row for row in resolved.hosting.rows if row.side == "domestic"]
    total = sum(row.weight for row in rows)
    assert len(rows) > 1
    for name in ("domestic", "proxy"):
        place_row = world.moves.place_row[world.moves.response == RESPONSES.index(name)]
        counts = np.bincount(place_row, minlength=len(world.places.provider))
        for row in rows:
            count = counts[world.places.row_of[row.provider, row.region]]
            assert within(count, place_row.size, row.weight / total), row


def test_a_foreign_move_leads_to_the_other_providers_by_their_weight(resolved, world):
    rows = [row for row in resolved.hosting.rows if row.side == "foreign"]
    home = world.businesses.home_place_row
    is_foreign = world.moves.response[:, 0] == RESPONSES.index("foreign")
    provider_of = world.places.provider_row
    homes = [world.places.row_of[row.provider, row.region] for row in rows]
    for home_row in np.unique(provider_of[homes]).tolist():
        mine = is_foreign & (provider_of[home] == home_row)
        others = [
            (place, row.weight)
            for place, row in zip(homes, rows, strict=True)
            if provider_of[place] != home_row
        ]
        total = sum(weight for _, weight in others)
        n = int(mine.sum())
        for place, weight in others:
            p = weight / total
            if n * p * (1 - p) > 9:  # near enough to normal
                assert within((world.moves.place_row[mine, 0] == place).sum(), n, p)


def test_new_seats_are_single_addresses_of_the_place_and_spread_evenly_over_it(world):
    moves, components = world.moves, world.components
    is_domestic = moves.response[:, 0] == RESPONSES.index("domestic")
    rank = []
    for place in np.unique(moves.place_row[is_domestic, 0]).tolist():
        mine = is_domestic & (moves.place_row[:, 0] == place)
        row = moves.component_row[mine, 0, FRONTEND]
        row = row[row >= 0]
        host, _, _ = components.hosts_of(row)
        assert host.size == row.size
        address = components.address[host]
        held = world.places.addresses[place]
        assert held.contains(address).all()
        before = np.concatenate(([0], np.cumsum(held.stop - held.start)))
        within_row = np.searchsorted(held.start, address, side="right") - 1
        rank.append((before[within_row] + address - held.start[within_row]) / before[-1])
    u = np.concatenate(rank)
    assert distance_from_even(u) < 1 < distance_from_even(u**1.2)
