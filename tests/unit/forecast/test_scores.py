"""Scores of rolling forecasts: published ones of simple forecasts, and laws."""

import csv
import hashlib
from datetime import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import energy_distance

from sim.errors import UsageError
from sim.forecast.outlook import NO_SHIFT, Spread, estimate_shift, forecast, share_of_level
from sim.forecast.pool import Pool
from sim.forecast.record import read_record
from sim.forecast.risk import _Rater, next_sessions, provider_of, rate_networks
from sim.forecast.scores import (
    MODELS,
    _crps_weighted,
    _Earlier,
    _of_listed,
    counts_of,
    forgetting_weights,
    mean_scores,
    reliability,
    roll,
    score_registered,
    simple_probabilities,
    stored_text,
)
from sim.report.documents.forecasts import _percent, calibration
from sim.statistics.designs import crps
from sim.streams import Streams
from tests.csv_rows import csv_rows
from tests.reference_forecast import POOL, shuffle, simulate

FEBRUARY = 1769904000
"""1 February 2026, 00:00 UTC."""
PUBLISHED = {"last": 0.138, "frequency": 0.183, "forgetting": 0.092}
"""Mean Brier scores over the nine sessions of February, known before this model was made."""


@pytest.fixture(scope="module")
def shipped():
    return read_record(None)


@pytest.fixture(scope="module")
def outlook(shipped):
    known = shipped.before(20)
    return forecast(known, shipped.start_s[20:29].tolist(), Streams(1, 0))


@pytest.fixture(scope="module")
def listings(repository):
    """Sets of addresses by session, from both files of seeds."""
    sessions = [
        [datetime.fromisoformat(row[key]).timestamp() for key in ("start", "end")]
        for row in csv_rows(repository / "seeds/spain-sessions-2025-26.csv")
    ]
    found = [set[str]() for _ in sessions]
    with (repository / "seeds/spain-record-2025-26.csv").open() as file:
        for row in csv.DictReader(file):
            from_s = datetime.fromisoformat(row["from"]).timestamp() if row["from"] else 0.0
            to_s = datetime.fromisoformat(row["to"]).timestamp() if row["to"] else np.inf
            for some, (start, end) in zip(found, sessions, strict=True):
                if from_s <= end and to_s > start:
                    some.update(row["addresses"].split())
    return found


def simple(name: str, past: list[set[str]], address: str) -> float:
    flags = [address in one for one in past]
    if name == "last":
        return float(flags[-1])
    decay = {"frequency": 1.0, "forgetting": 0.6}[name]
    weights = [decay**age for age in range(len(past))]
    return sum(w for w, one in zip(weights, reversed(flags), strict=True) if one) / sum(weights)


@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_simple_forecasts_score_in_february_as_was_published(name, published, listings, shipped):
    mine, theirs = [], []
    for k in range(20, 29):
        known = sorted(set().union(*listings[:k]))
        p = np.array([simple(name, listings[:k], one) for one in known])
        came = np.array([one in listings[k] for one in known])
        mine.append(((p - came) ** 2).mean())
        before = shipped.before(k)
        rows = [shipped.addresses.index(one) for one in before.addresses]
        found = simple_probabilities(before.is_listed)[MODELS.index(name) - 1]
        assert dict(zip(before.addresses, found, strict=True)) == pytest.approx(
            dict(zip(known, p, strict=True))
        )
        theirs.append(((found - shipped.is_listed[k, rows]) ** 2).mean())
    assert np.mean(theirs) == pytest.approx(np.mean(mine))
    assert round(float(np.mean(mine)), 3) == published


@pytest.mark.long
def test_february_is_forecast_better_than_by_simple_forecasts(shipped):
    rolled, _ = roll(shipped, FEBRUARY, Streams(0, 0), lambda *_: None)
    rows = {(row.score, row.quantity): row for row in mean_scores(rolled)}
    brier = rows["Brier", "listed before"]
    assert brier.n_sessions == 9
    assert_allclose(brier.by_model[1:], list(PUBLISHED.values()), atol=0.0006)
    assert brier.by_model[0] <= 0.088
    for quantity in ("listed", "distinct"):
        row = rows["CRPS", quantity]
        assert row.by_model[0] <= 0.9 * min(row.by_model[1:])
    for quantity in ("listed", "start", "distinct"):
        assert 7 <= rows["CRPS", quantity].inside <= 9
    new = rows["log", "new, per address"].by_model
    assert new[0] <= np.nanmin(new[1:])


@pytest.mark.long
def test_a_shuffled_record_shows_no_skill(shipped):
    mixed = shuffle(shipped, np.random.default_rng(5))
    rolled, _ = roll(mixed, FEBRUARY, Streams(0, 0), lambda *_: None)
    rows = mean_scores(rolled)
    assert rows[0].quantity == "listed before"
    assert rows[0].skill <= 0


@pytest.fixture
def few_earlier(monkeypatch):
    """Corrections by three earlier forecasts, which take a fifth of the time."""
    monkeypatch.setattr("sim.forecast.scores.MOST_EARLIER", 3)


@pytest.mark.usefixtures("few_earlier")
def test_simple_forecasts_of_two_sessions_by_hand(shipped):
    """Each from its definition, over the addresses listed before."""
    cut = shipped.before(28)
    rolled, _ = roll(cut, float(cut.start_s[26]), Streams(0, 0), lambda *_: None)
    for one, k in zip(rolled, (26, 27), strict=True):
        before, now = cut.is_listed[:k], cut.is_listed[k]
        seen = before.any(axis=0)
        weight = 0.6 ** np.arange(k)[::-1]
        for row, p in enumerate(
            (1.0 * before[-1], before.mean(axis=0), weight @ before / weight.sum()), start=1
        ):
            wanted = ((p[seen] - now[seen]) ** 2).mean()
            assert_allclose(one.scores["Brier", "listed before"][row], wanted)
        any_ = cut.is_listed[k:][:, seen].any(axis=0)
        assert_array_equal(one.is_any, any_)
        sure = ((one.p_any - any_) ** 2).mean()
        assert_allclose(one.scores["Brier", "within four weeks"][0], sure)
    # What comes later changes no forecast before.
    short, shift = roll(shipped.before(27), float(cut.start_s[26]), Streams(0, 0), lambda *_: None)
    assert short[0].sha256 == rolled[0].sha256
    # What `risk` makes of the same record, with the correction of the session after it.
    known, ahead = shipped.before(27), cut.start_s[27:].tolist()
    outlook = forecast(known, ahead, Streams(0, 0), shift=shift)
    assert hashlib.sha256(stored_text(outlook).encode()).hexdigest() == rolled[1].sha256
    other = forecast(known, ahead, Streams(0, 0))
    assert hashlib.sha256(stored_text(other).encode()).hexdigest() != rolled[1].sha256


def test_errors_of_all_earlier_forecasts_make_the_correction(shipped):
    """By sets and dates: what each gave for what has come since, and for no later session."""
    listings = [
        {one for one, is_in in zip(shipped.addresses, row, strict=True) if is_in}
        for row in shipped.is_listed
    ]
    rng, earlier = np.random.default_rng(7), _Earlier(shipped)
    given = {
        k: np.sort(rng.random((4, shipped.before(k).is_listed.shape[1])), 0) for k in (3, 9, 10)
    }
    earlier.raw = given
    pairs_next, pairs_later = [], []
    for k, within in given.items():
        known = sorted(set().union(*listings[:k]), key=shipped.addresses.index)
        came = np.array([one in listings[k] for one in known])
        pairs_next.append((within[0], came))
        since = listings[k + 1 : min(k + 4, 11)]
        if since:
            later = np.array([one in set().union(*since) for one in known])
            p = 1 - (1 - within[len(since)]) / (1 - within[0])
            pairs_later.append((p[~came], later[~came]))
    assert len(pairs_later) == 2
    found = earlier.shift_at(11)
    assert (found.next, found.next_sd) == pytest.approx(estimate_shift(pairs_next))
    assert (found.later, found.later_sd) == pytest.approx(estimate_shift(pairs_later))
    assert earlier.shift_at(3) == NO_SHIFT


@pytest.mark.usefixtures("few_earlier")
def test_a_registered_forecast_scores_as_the_rolling_one(shipped):
    rolled = roll(shipped.before(21), float(shipped.start_s[20]), Streams(0, 0), lambda *_: None)
    ((one,), _) = rolled
    stored = dict(zip(one.addresses, one.p[0].tolist(), strict=True))
    last_s, then_s = shipped.start_s[19:21].tolist()
    start_s, rows = score_registered(shipped, stored, last_s, then_s + 3 * 3600)
    assert start_s == shipped.start_s[20]
    assert_allclose(rows[0].by_model, one.scores["Brier", "listed before"])
    assert_allclose(rows[1].by_model, one.scores["log", "listed before"])
    with pytest.raises(UsageError, match="expected the session of 2026-02-13"):
        score_registered(shipped, stored, last_s, then_s + 5 * 86400)


def test_probabilities_are_consistent(outlook):
    p_next = 1 - outlook.none_next.mean(axis=1)
    assert ((outlook.p_next >= 0) & (outlook.p_next <= 1)).all()
    # Levels of paths are drawn, one of each equal part.
    assert_allclose(p_next.mean(axis=0), outlook.p_next.mean(axis=0), atol=0.01)
    assert (outlook.none_any <= outlook.none_next + 1e-12).all()
    assert (outlook.n_listed >= 1 - outlook.none_any - 1e-9).all()
    assert (outlook.new_any >= outlook.new_next).all()


def test_of_one_session_each_number_is_its_probability(shipped):
    known = shipped.before(20)
    one = forecast(known, [int(shipped.start_s[20])], Streams(1, 0))
    assert_allclose(one.n_listed, 1 - one.none_next)
    assert_allclose(one.none_any, one.none_next)
    assert_allclose(one.new_listed, one.new_any)


def test_an_address_that_was_never_listed_has_the_rate_of_new_ones(outlook):
    fresh = "104.26.12.253"
    assert fresh not in outlook.record.addresses
    row, density = (
        _Rater(outlook).row("fresh", (fresh,), is_site=True),
        outlook.spread.density(0x681A0CFD),
    )
    assert_allclose(row.p_next[0], density * outlook.new_next.mean(), rtol=0.01)
    assert_allclose(row.p_any[0], density * outlook.new_any.mean(), rtol=0.01)
    assert 1e-5 < row.p_any[0] < 0.1


def test_a_site_of_two_addresses_is_at_least_as_likely_as_each(outlook):
    rate = _Rater(outlook)
    pair = outlook.record.addresses[3], outlook.record.addresses[200]
    both = rate.row("both", pair, is_site=True)
    each = [rate.row(one, (one,), is_site=True) for one in pair]
    for name in ("p_next", "p_any"):
        means = [getattr(one, name)[0] for one in each]
        assert max(means) - 0.01 <= getattr(both, name)[0] <= sum(means) + 0.01
    assert_allclose(both.hours_any[0], np.mean([one.hours_any[0] for one in each]))
    assert both.p_next[1] <= both.p_next[0] <= both.p_next[2]


def test_networks_sum_to_the_whole(outlook):
    """Expected listings of all networks are those of all addresses and of new ones in them."""
    rows = rate_networks(outlook)
    old = outlook.p_next.mean(axis=0) @ outlook.share[:-1]
    new = (
        outlook.share[-1]
        * outlook.new_next.mean()
        * sum(outlook.spread.of_24(network) for network in outlook.spread.by_24)
    )
    assert_allclose(
        sum(row.hours_next[0] for row in rows), (old + new) * outlook.length_h[0], rtol=1e-6
    )


def test_new_addresses_lie_somewhere():
    spread = Spread.of(["1.2.3.4", "1.2.3.5", "1.2.9.1", "7.7.7.7"])
    within = sum(spread.of_24(0x010200 + n) for n in range(256))
    assert_allclose(within, spread.of_16(0x0102))
    assert_allclose(sum(spread.of_16(n) for n in range(2**16)), 1)
    assert_allclose(254 * spread.density(0x01020306), spread.of_24(0x010203))
    assert spread.density(0x01020306) > spread.density(0x01020401) > spread.density(0x09090909)


def test_weighted_scores_of_even_weights_are_those_of_draws():
    values, even = np.array([3.0, 7, 7, 20]), np.full(4, 0.25)
    assert_allclose(_crps_weighted(values, even, 5.0), crps(values, 5.0))


def test_weighted_scores_are_energy_distances():
    values, weights, came = (
        np.random.default_rng(3).normal(50, 20, 30),
        forgetting_weights(30),
        41.0,
    )
    wanted = energy_distance(values, [came], u_weights=weights) ** 2 / 2
    assert_allclose(_crps_weighted(values, weights, came), wanted)


def test_log_scores_of_sure_forecasts_are_finite_and_of_even_ones_the_log_of_two():
    p = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    found = _of_listed(p, np.array([True, False]))
    assert found["Brier"] == (0.0, 0.25, 1.0)
    assert found["log"] == pytest.approx((-np.log(0.999), np.log(2), -np.log(0.001)))


def test_forecasts_before_enough_sessions_are_refused():
    record = simulate(POOL, 8, 60, 3)
    for at, told in ((0.0, "at least 6 sessions before it, got 0"), (2.0**40, "before the last")):
        with pytest.raises(UsageError, match=told):
            roll(record, at, Streams(1, 0), lambda *_: None)


def test_a_stored_forecast_is_scored_by_the_first_session_after_it():
    record = simulate(POOL, 9, 60, 3)
    known, (last_s, then_s) = record.before(7), record.start_s[6:8].tolist()
    stored = dict.fromkeys(known.addresses, 0.25)
    start_s, rows = score_registered(record, stored, last_s, then_s)
    assert start_s == then_s
    came = record.is_listed[7, [record.addresses.index(one) for one in known.addresses]]
    assert rows[0].by_model[0] == pytest.approx(((0.25 - came) ** 2).mean())
    stored.popitem()
    for last, told in ((last_s, "lists the"), (record.start_s[8], "after the forecast")):
        with pytest.raises(UsageError, match=told):
            score_registered(record, stored, float(last), then_s)


def test_a_level_of_zero_leaves_the_pool_as_it_is():
    pool = Pool(0.4, 3.0, 0.02, 0.02, 1.0, 7.0)
    found = share_of_level(pool, np.array([-50.0, 0.0, 50.0]))
    assert_allclose(found, [0, 1, 1 + np.exp(-0.4)], atol=1e-12)


def test_reliability_counts_each_forecast_once():
    p = np.array([0.0, 0.04, 0.05, 0.9, 1.0])
    came = np.array([False, True, False, True, True])
    rows = reliability([(p, came)])
    assert sum(row.n for row in rows) == 5
    assert [(row.low, row.n, row.listed) for row in rows] == [
        (0.0, 2, 0.5), (0.05, 1, 0.0), (0.9, 2, 1.0)
    ]  # fmt: skip


def test_counts_are_those_of_the_record(shipped):
    counts = counts_of(shipped)
    assert_array_equal(counts["distinct"], shipped.is_listed.sum(axis=1))
    assert (counts["start"] <= counts["listed"]).all()
    assert (counts["listed"] <= counts["distinct"]).all()


def test_next_sessions_follow_the_last_four_weeks(shipped):
    found = next_sessions(shipped)
    assert len(found) == 9
    assert found[0][0] - 28 * 86400 in shipped.start_s.tolist()


def test_providers_are_those_of_the_most_specific_range():
    assert provider_of(0x68120001) == "Cloudflare"
    assert provider_of(0x7F000001) == "other"


def test_expected_hours_are_of_the_mean_session(outlook):
    assert_allclose(outlook.length_h, np.mean(outlook.counts["hours"]))
    assert outlook.length_h[0] != np.median(outlook.counts["hours"])


@pytest.mark.parametrize(
    ("expected", "came", "said"),
    [(10.0, 8, ""), (10.0, 12, ""), (10.0, 7, "were too high"), (10.0, 13, "were too low"),
     (1.3, 0, "were too high"), (1.2, 0, "")],
)  # fmt: skip
def test_past_forecasts_that_are_far_from_what_came_are_a_caution(expected, came, said):
    p, is_listed = np.full(20, expected / 20), np.arange(20) < came
    one = SimpleNamespace(p=[p], is_listed=is_listed, p_any=p * 0 + 0.5, is_any=np.arange(20) < 10)
    text, caution = calibration([one])
    assert f"expected {expected:.0f} addresses in the next session, and {came} came; " in text
    assert caution.partition(":")[0] == (
        said and f"Past forecasts of listings in the next session {said}"
    )


def test_a_probability_is_neither_0_nor_1():
    told = [_percent(share) for share in (1.0, 0.9994, 0.5, 0.0123, 1e-5, 0.0)]
    assert told == ["over 99.9", "99.9", "50", "1.2", "0.001", "below 0.001"]
