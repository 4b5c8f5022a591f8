"""Laws of an outlook: probabilities agree with each other, and know nothing of the future."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import nbinom

from sim.forecast import outlook as module
from sim.forecast.outlook import SHAPES, NewOnes, Shares, Shift, estimate_shift, forecast
from sim.forecast.pool import assumption, read_belief
from sim.forecast.risk import _Rater
from sim.forecast.scores import stored_text
from sim.streams import Streams
from tests.reference_forecast import DAY, POOL, simulate

RECORD = simulate(POOL, 12, 60, 3)
GAP = 3.5 ** assumption("new_power").value
"""New addresses after the half week between sessions, relative to those after a day."""
AHEAD = [int(RECORD.start_s[-1] + days * DAY) for days in (3.5, 7, 10.5)]


@pytest.fixture(scope="module")
def outlook():
    return forecast(RECORD, AHEAD, Streams(7, 0))


def test_probabilities_agree_with_each_other(outlook):
    for one in (outlook.p_next, outlook.none_next, outlook.none_any):
        assert one.min() >= 0
        assert one.max() <= 1
    assert (outlook.none_any <= outlook.none_next).all()
    n, n_any = outlook.n_listed, 1 - outlook.none_any
    assert (n_any <= n + 1e-12).all()
    assert (n <= len(AHEAD) * n_any + 1e-12).all()
    assert (outlook.new_any >= outlook.new_next).all()
    assert (outlook.new_listed >= outlook.new_any - 1e-9).all()
    np.testing.assert_allclose(outlook.none_next.mean(axis=1), 1 - outlook.p_next, atol=0.03)
    # Paths are even over the level's parts: in the mean of members no bias is left.
    apart = outlook.none_next.mean(axis=(0, 1)) - (1 - outlook.p_next.mean(axis=0))
    assert np.abs(apart).max() < 0.005


def test_the_number_listed_is_that_of_addresses_and_of_new_ones(outlook):
    old = outlook.p_next.mean(axis=0).sum()
    expected = old + outlook.new_next.mean()
    drawn = outlook.counts["distinct"]
    assert drawn.mean() == pytest.approx(expected, abs=4 * drawn.std() / np.sqrt(drawn.size))
    assert (outlook.counts["start"] <= np.maximum(drawn, 1)).all()
    assert set(outlook.counts["hours"]) == {5.0}
    assert outlook.share == pytest.approx(1.0)


def test_courses_are_drawn_as_likely_as_they_are(outlook):
    drawn, paths = outlook.drawn, outlook.drawn.shape[0] * outlook.drawn.shape[1]
    assert drawn.min() >= 0
    assert drawn.max() == len(AHEAD)
    for found, wanted in (
        (drawn.mean(axis=(0, 1)), outlook.n_listed.mean(axis=(0, 1))),
        ((drawn == 0).mean(axis=(0, 1)), outlook.none_any.mean(axis=(0, 1))),
    ):
        apart = np.abs(found - wanted) / (drawn.std() / np.sqrt(paths))
        assert apart.max() < 5
        assert np.mean(apart) < 1.5


def listed_and_not(rng, n, shift):
    """Probabilities that are off by a shift of logits, and what came."""
    logits = rng.normal(0, 2, n)
    return 1 / (1 + np.exp(-logits)), rng.random(n) < 1 / (1 + np.exp(-logits - shift))


def test_a_shift_is_the_likeliest_one_with_its_prior():
    rng = np.random.default_rng(3)
    pairs = [listed_and_not(rng, n, -0.8) for n in (40, 7, 300)]
    forget, worth, sd = (
        assumption(key).value for key in ("forget_errors", "errors_worth", "shift_sd")
    )

    def lack(shift):
        total = shift**2 / sd**2 / 2
        for age, (p, came) in enumerate(reversed(pairs)):
            chance = 1 / (1 + (1 - p) / p * np.exp(-shift))
            missed = -np.log(np.where(came, chance, 1 - chance))
            total += worth * forget**age * missed.mean()
        return total

    best = minimize_scalar(lack, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9}).x
    curved = (lack(best + 1e-3) - 2 * lack(best) + lack(best - 1e-3)) / 1e-6
    shift, error = estimate_shift(pairs)
    assert shift == pytest.approx(best, abs=1e-6)
    assert error == pytest.approx(curved**-0.5, rel=1e-3)
    assert shift == pytest.approx(-0.8, abs=3 * error)
    # Nothing is corrected where nothing came before, and nobody was wrong.
    assert estimate_shift([]) == (0.0, 0.0)
    assert estimate_shift([(np.empty(0), np.empty(0, bool))]) == (0.0, 0.0)
    even = np.full(100, 0.5), np.arange(100) < 50
    assert estimate_shift([even])[0] == pytest.approx(0, abs=1e-9)


def test_a_corrected_forecast_has_shifted_odds_and_the_same_counts(outlook):
    shifted = forecast(RECORD, AHEAD, Streams(7, 0), shift=Shift(next=-0.4, later=-0.9))

    def odds(p):
        return p / (1 - p)

    before, after = (1 - one.none_next.mean(axis=(0, 1)) for one in (outlook, shifted))
    np.testing.assert_allclose(odds(after) / odds(before), np.exp(-0.4), rtol=0.02)
    # Of those that the next session does not list: means of paths are not means of ratios.
    later, then = (
        1 - one.none_any.mean(axis=(0, 1)) / one.none_next.mean(axis=(0, 1))
        for one in (outlook, shifted)
    )
    np.testing.assert_allclose(odds(then) / odds(later), np.exp(-0.9), rtol=0.2)
    assert (shifted.none_any <= shifted.none_next).all()
    np.testing.assert_allclose(
        shifted.n_listed / (1 - shifted.none_any), outlook.n_listed / (1 - outlook.none_any)
    )
    for one in ("distinct", "listed", "start", "hours"):
        np.testing.assert_array_equal(shifted.counts[one], outlook.counts[one])
    np.testing.assert_array_equal(shifted.raw_within, outlook.raw_within)
    np.testing.assert_array_equal(shifted.new_next, outlook.new_next)
    # The error of a shift widens the range.
    unsure = forecast(RECORD, AHEAD, Streams(7, 0), shift=Shift(-0.4, -0.9, 0.5, 0.5))
    assert (unsure.p_next.std(axis=0) > shifted.p_next.std(axis=0)).mean() > 0.95


def test_a_correction_to_more_leaves_no_probability_above_one_and_its_mean_as_it_is(outlook):
    shifted = forecast(RECORD, AHEAD, Streams(7, 0), shift=Shift(next=1.5))
    assert shifted.none_next.min() >= 0
    # Paths at which a session lists nearly all of them are cut off at 1.
    assert (shifted.none_next == 0).any()
    before, after = (one.p_next.mean(axis=0) for one in (outlook, shifted))
    odds = np.exp(1.5) * before / (1 - before)
    np.testing.assert_allclose(after, odds / (1 + odds), atol=0.015)
    np.testing.assert_allclose(1 - shifted.none_next.mean(axis=(0, 1)), after, atol=0.005)


def test_the_share_of_a_session_is_that_of_the_address_and_of_all():
    hours = RECORD.hours.copy()
    hours[:, 0] /= 50
    record = replace(RECORD, hours=hours)
    shares = Shares.of(record)
    weight = 0.9 ** np.arange(record.n_sessions)[::-1] @ record.is_listed
    share = np.where(np.arange(len(weight)), 1.0, 0.02)
    of_all = weight @ share / weight.sum()
    np.testing.assert_allclose(shares.mean[:-1], (weight * share + 3 * of_all) / (weight + 3))
    assert shares.mean[-1] == pytest.approx(of_all)
    n = np.zeros((500, 40, len(weight)), np.int16)
    n[..., 0], n[..., 1] = 1, 4
    time = shares.draw(n, np.random.default_rng(2))
    assert not time[..., 2:].any()
    brief = weight[0] / (weight[0] + 3) + 3 / (weight[0] + 3) * weight[0] / weight.sum()
    assert np.isclose(time[..., 0], 0.02).mean() == pytest.approx(brief, abs=0.02)
    assert time[..., 0].mean() == pytest.approx(shares.mean[0], abs=0.02)
    assert time[..., 1].mean() == pytest.approx(4 * shares.mean[1], abs=0.02)
    # Nobody is listed for longer than the longest session, whatever corrects the mean.
    outlook = forecast(record, AHEAD, Streams(7, 0), shift=Shift(next=1.5))
    for address in record.addresses:
        row = _Rater(outlook).row("a", (address,), is_site=True)
        assert 0 <= row.hours_next[1] <= row.hours_next[2] <= 5


def test_one_seed_has_one_forecast_and_another_another(outlook, monkeypatch):
    assert stored_text(forecast(RECORD, AHEAD, Streams(7, 0))) == stored_text(outlook)
    assert stored_text(forecast(RECORD, AHEAD, Streams(8, 0))) != stored_text(outlook)
    # Courses differ where parameters do not.
    monkeypatch.setattr(module, "draw_members", lambda *_: [POOL] * 4)
    one, other = (forecast(RECORD, AHEAD, Streams(seed, 0)) for seed in (7, 8))
    np.testing.assert_array_equal(one.p_next, other.p_next)
    assert (one.counts["distinct"] != other.counts["distinct"]).any()


def test_later_sessions_change_no_forecast_of_the_next(outlook):
    alone = forecast(RECORD, AHEAD[:1], Streams(7, 0))
    assert stored_text(alone) == stored_text(outlook)
    # Nor does what the record lists later.
    past = forecast(RECORD.before(8), AHEAD[:1], Streams(7, 0))
    changed = replace(RECORD, is_listed=RECORD.is_listed.copy(), n_peak=RECORD.n_peak.copy())
    changed.is_listed[8:] = ~changed.is_listed[8:]
    changed.n_peak[8:] = 999
    assert stored_text(forecast(changed.before(8), AHEAD[:1], Streams(7, 0))) == stored_text(past)
    changed.is_listed[7] = ~changed.is_listed[7]
    assert stored_text(forecast(changed.before(8), AHEAD[:1], Streams(7, 0))) != stored_text(past)


def test_planned_lengths_are_taken():
    found = forecast(RECORD, AHEAD, Streams(7, 0), [2.0, 3.0, 4.0])
    assert found.length_h.tolist() == [2.0, 3.0, 4.0]
    assert set(found.counts["hours"]) == {2.0}


def test_new_ones_are_weighed_by_age_and_by_level():
    """By hand: the prior is one session; each other one weighs less the older it is."""
    belief = read_belief(POOL, RECORD)
    new = NewOnes.of(RECORD, POOL, belief)
    kept, prior = assumption("forget_new").value, assumption("new_per_session").value
    first = RECORD.is_listed.argmax(axis=0)
    at_0 = 1 / (1 + np.exp(-POOL.propensity_logit))
    above, below = prior, 1.0
    for age, k in enumerate(range(RECORD.n_sessions - 1, 0, -1)):
        share = 1 / (1 + np.exp(-POOL.propensity_logit - belief.past_level[k])) / at_0 * GAP
        above += kept**age * (first == k).sum()
        below += kept**age * share
    assert new.mean == pytest.approx(above / below)
    assert new.weight.sum() == pytest.approx(1)


def test_the_shape_of_new_ones_is_weighed_by_the_negative_binomial():
    belief = read_belief(POOL, RECORD)
    flat = belief._replace(past_level=np.zeros(RECORD.n_sessions))
    new = NewOnes.of(RECORD, POOL, flat)
    n_new = np.bincount(RECORD.is_listed.argmax(axis=0), minlength=RECORD.n_sessions)[1:]
    means = [NewOnes.of(RECORD.before(k), POOL, _cut(flat, k)).mean * GAP for k in range(1, 12)]
    log = [
        sum(nbinom.logpmf(n, r, r / (r + m)) for n, m in zip(n_new, means, strict=True))
        - np.log(r) ** 2 / 2
        for r in SHAPES
    ]
    wanted = np.exp(np.array(log) - max(log))
    np.testing.assert_allclose(new.weight, wanted / wanted.sum(), atol=1e-9)


def _cut(belief, k):
    return belief._replace(past_level=belief.past_level[:k])


def test_new_ones_are_more_after_a_longer_time(monkeypatch):
    """At a level that stays."""
    still = POOL._replace(level_sd_logit=1e-9)
    monkeypatch.setattr(module, "draw_members", lambda *_: [still])
    day, week = (
        forecast(RECORD, [int(RECORD.start_s[-1] + days * DAY)], Streams(7, 0)) for days in (1, 7)
    )
    ratio = week.new_next.mean() / day.new_next.mean()
    assert ratio == pytest.approx(7 ** assumption("new_power").value, rel=0.02)
