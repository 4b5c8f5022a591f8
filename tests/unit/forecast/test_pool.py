"""The pool against all hidden courses, a closed form, and records drawn from it."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from sim.forecast import pool as module
from sim.forecast.pool import (
    FITTED,
    S_PER_DAY,
    Pool,
    Z,
    assumption,
    draw_members,
    estimate_pool,
    read_belief,
)
from sim.forecast.record import SessionRecord
from sim.forecast.scores import reliability, roll
from sim.streams import Streams
from tests.reference_forecast import POOL, next_probability, weigh_levels

DAYS = np.array([0.0, 1.0, 3.5, 7.0, 21.0])
NEXT = 23.25
LISTED = np.array(
    [
        [1, 0, 1, 1, 0],
        [1, 1, 1, 1, 1],
        [0, 1, 0, 0, 0],
        [0, 0, 0, 0, 1],
        [1, 0, 1, 1, 0],
        [0, 0, 1, 0, 1],
    ],
    bool,
).T
SURE = 1e-9
"""Spread of a level that is always 0."""


def record_of(listed, days):
    """A record of sessions of an hour, in which addresses are listed from the start on."""
    start_s = np.round(np.asarray(days) * S_PER_DAY).astype(np.int64)
    names = tuple(f"198.51.{n // 256}.{n % 256}" for n in range(listed.shape[1]))
    hours, n = listed.astype(float), listed.sum(axis=1)
    return SessionRecord(names, start_s, start_s + 3600, listed, listed, hours, n)


@pytest.mark.parametrize("pool", [(0.4, 3.0, 0.02, 0.03), (-1.0, 0.7, 0.3, 0.05)])
@pytest.mark.parametrize("sd", [SURE, 1.5])
def test_a_posterior_is_that_over_all_hidden_courses(pool, sd):
    """At the level that each session had on average, every address goes its own way."""
    known = Pool(*pool, sd, 7.0, fall=0.8)
    first = LISTED.argmax(axis=0)
    belief = read_belief(known, record_of(LISTED, DAYS), NEXT * S_PER_DAY)
    level, sum_of_logs = [0.0, *belief.past_level[1:]], 0.0
    assert (np.ptp(belief.past_level) > 0.2) == (sd > 1)
    for n, one in enumerate(LISTED.T.tolist()):
        found = belief.active[n] @ expit(known.logits[:, np.newaxis] + np.array([0.0, 2.0]))
        grown = max((first < first[n]).sum() / LISTED[0].sum(), 1)
        rest = 0.8 * np.log(grown)
        wanted = [next_probability(one, DAYS, NEXT, pool, level, to, rest) for to in (0.0, 2.0)]
        assert_allclose(found, [p for p, _ in wanted], rtol=1e-6)
        sum_of_logs += wanted[0][1]
    if sd == SURE:
        # The narrowest level has a standard deviation of 0.15.
        assert_allclose(belief.log_likelihood, sum_of_logs, rtol=0.015)


def test_without_a_return_it_is_a_geometric_end_of_customers():
    """Never listed again after x of n sessions: the sum over times of the end, in closed form."""
    leave, n, x = 0.1, 6, 3
    listed = np.array([[True] * (x + 1) + [False] * (n - x)]).T
    pool = Pool(0.7, 1e-9, leave, 1e-12, SURE, 7.0)
    belief = read_belief(pool, record_of(listed, np.arange(n + 1.0)), (n + 1) * S_PER_DAY)
    p, kept = expit(0.7), np.exp(-leave)
    end = [(p * kept) ** x * ((1 - p) * kept) ** j * (1 - kept) for j in range(n - x)]
    alive = (p * kept) ** x * ((1 - p) * kept) ** (n - x)
    wanted = alive * kept * p / (sum(end) + alive)
    # The narrowest level has a standard deviation of 0.15.
    assert_allclose(belief.probability(pool) @ belief.level, [wanted], rtol=0.015)


@pytest.mark.parametrize("seen", [[[1, 1]], [[1, 0]], [[1, 0], [1, 0], [1, 1], [1, 0]]])
@pytest.mark.parametrize("memory", [1.0, 1e6])
def test_the_level_of_the_second_session_is_that_of_all_levels(seen, memory):
    """Where the first level is forgotten, and where it stays but for the least step of the grid."""
    sessions = np.array(seen, bool).T
    pool, every_d = POOL._replace(memory=memory), 10.0
    belief = read_belief(pool, record_of(sessions, (0.0, every_d)))
    sd = np.hypot(POOL.level_sd_logit, module.LEAST_SD * (memory > every_d))
    wide = pool._replace(level_sd_logit=float(sd))
    grid, weight = weigh_levels(wide, sessions.T.tolist(), (0.0, every_d))
    mean = grid @ weight / weight.sum()
    assert belief.past_level[1] == pytest.approx(mean, abs=2e-3)
    assert belief.log_likelihood == pytest.approx(np.log(weight.sum()), abs=2e-3)
    spread = np.sqrt((grid - mean) ** 2 @ weight / weight.sum())
    assert np.sqrt((module.LEVELS - mean) ** 2 @ belief.level) == pytest.approx(spread, abs=4e-3)


def test_the_level_is_forgotten_as_an_autoregression(monkeypatch):
    monkeypatch.setattr(module, "LEVELS", np.linspace(-6, 6, 241))
    step = POOL.step_level(3.0)
    kept = np.exp(-3 / 7)
    at = np.argmin(np.abs(module.LEVELS - 1.0))
    mean = module.LEVELS @ step[:, at]
    assert mean == pytest.approx(kept, abs=1e-6)
    sd = np.sqrt((module.LEVELS - mean) ** 2 @ step[:, at])
    assert sd == pytest.approx(0.7 * np.sqrt(1 - kept**2), abs=1e-6)


def test_cells_hold_a_normal_propensity():
    assert_allclose(Z.mean(), 0, atol=1e-12)
    assert 0.85 < Z.std() < 1


@pytest.mark.parametrize("days", [0.0, 0.3, 30.0, 1e5])
def test_turns_are_a_chain_at_rest_in_the_end(days):
    pool = Pool(0.0, 1.0, 0.02, 0.06, 1.0, 7.0)
    gone, back = pool.turn(days)
    half = pool.turn(days / 2)
    assert_allclose(gone, half[0] * (1 - half[1]) + (1 - half[0]) * half[0])
    if days == 1e5:
        assert_allclose([gone, back], [0.25, 0.75])
    assert_allclose(pool.step_level(days).sum(axis=0), 1)


def simulate(pool, n_sessions, n_addresses, rng):
    """Listings of a pool whose addresses enter in the first sessions, at even times of a week."""
    days = np.sort(rng.uniform(0, 3.5 * n_sessions, n_sessions))
    entry = rng.integers(0, n_sessions // 2, n_addresses)
    n_first = (entry == 0).sum()
    grown = np.maximum((entry < entry[:, np.newaxis]).sum(axis=1) / n_first, 1)
    z = rng.standard_normal(n_addresses) - pool.fall * np.log(grown)
    logits = pool.propensity_logit + pool.propensity_sd_logit * z
    level, active = 0.0, np.ones(n_addresses, bool)
    listed = np.zeros((n_sessions, n_addresses), bool)
    for k, at in enumerate(days):
        gap = at - days[k - 1] if k else 1e9
        kept = np.exp(-gap / pool.memory)
        level = kept * level + pool.level_sd_logit * np.sqrt(1 - kept**2) * rng.standard_normal()
        gone, back = pool.turn(gap)
        luck = rng.random(n_addresses)
        active = np.where(entry < k, np.where(active, luck >= gone, luck < back), True)
        listed[k] = active & (entry < k) & (rng.random(n_addresses) < expit(logits + level))
        listed[k, entry == k] = True
    return record_of(listed[:, listed.any(axis=0)], days)


@pytest.mark.long
def test_an_estimate_finds_the_parameters_of_records_drawn_from_the_pool():
    """Mean error over some records, in standard deviations of the estimate."""
    true = Pool(0.8, 1.5, 0.04, 0.03, 0.8, assumption("memory").value, fall=0.3)
    wanted = np.array([true[0], *np.log(true[1:5]), np.log(true.fall)])
    apart = []
    for seed in range(6):
        point, covariance = estimate_pool(simulate(true, 40, 400, np.random.default_rng(seed)))
        apart.append((point - wanted) / np.sqrt(np.diag(covariance)))
    assert len(FITTED) == wanted.size
    # Plus a tenth for weak priors, the grids, and the mean level in place of all levels.
    assert np.abs(np.mean(apart, axis=0)).max() < 3
    assert np.abs(apart).max() < 5


def test_members_spread_as_the_record_leaves_them():
    covariance = np.diag([0.04, 0.01, 0.01, 0.01, 0.01, 0.01])
    point = np.array([1.0, 0.0, -3.0, -3.0, 0.0, -1.0])
    members = draw_members(point, covariance, Streams(3, 0), 400)
    assert_allclose(np.std([one.propensity_logit for one in members]), 0.2, rtol=0.15)
    # Rates also differ from period to period: variances add.
    wanted = np.hypot(0.1, assumption("rates_sd").value)
    for rate in ("leave", "return_"):
        assert_allclose(np.std(np.log([getattr(one, rate) for one in members])), wanted, rtol=0.15)
    assert_allclose(np.std(np.log([one.level_sd_logit for one in members])), 0.1, rtol=0.15)
    assert_allclose(np.std(np.log([one.fall for one in members])), 0.1, rtol=0.15)
    memory = assumption("memory")
    assert all(memory.low <= one.memory <= memory.high for one in members)
    again = draw_members(point, covariance, Streams(3, 0), 400)
    assert members == again
    assert members != draw_members(point, covariance, Streams(4, 0), 400)


@pytest.mark.long
def test_forecasts_of_a_simulated_record_are_calibrated():
    """Within three standard errors, which count that addresses share the levels of 20 sessions."""
    record = simulate(POOL, 40, 400, np.random.default_rng(5))
    rolled, _ = roll(record, float(record.start_s[20]), Streams(1, 0), lambda *_: None)
    p = np.array([one.p[0].sum() for one in rolled])
    came = np.array([one.is_listed.sum() for one in rolled])
    # The level makes sessions vary; their mean does not.
    error = (came - p).std(ddof=1) / np.sqrt(len(p))
    assert abs((came - p).mean()) < 3 * error
    rows = reliability((one.p[0], one.is_listed) for one in rolled)
    assert sum(one.n for one in rows) == sum(len(one.addresses) for one in rolled)
    for one in rows:
        # Addresses of a session share its level: 20 levels, each of sd 0.7 in the logit.
        spread = one.forecast * (1 - one.forecast) * 0.7 / np.sqrt(20)
        chance = np.sqrt(one.forecast * (1 - one.forecast) / one.n)
        assert abs(one.listed - one.forecast) < 3 * np.hypot(spread, chance), one
