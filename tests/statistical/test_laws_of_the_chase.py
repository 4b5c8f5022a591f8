"""Fronts, discovery, VPNs and operators against the laws the model states for them."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.state.ledger import Group
from sim.engine.strategies.answers import aggregate, exact, none
from sim.scenario.tables.rows import OperatorRow
from sim.streams import Streams
from sim.world.operators import build_operators
from tests.chases import chase_world, run
from tests.experiments import resolved_of
from tests.sections import Censor, Fronts, Users, still
from tests.worlds import DAY, HOUR, Actor, Dated, Pool, SmallWorld

pytestmark = pytest.mark.laws

ERRORS = 4.0
POOLS = (Pool("alpha", 1.0, ("198.18.0.0/16",)),)
TAU_H = 30.0
N_USERS = 1e6


def users(**rates: float) -> Users:
    """Users who reach the target or not, and do nothing but what the rates say."""
    return still(**({"tick_h": 1.0, "n_target_users": N_USERS, "vpn_max": 1.0} | rates))


def chase(n_fronts: int = 2, discovery_lag_h: float = 12.0, **changes) -> SmallWorld:
    """A target with fronts, an operator that enforces everything at once, users who do nothing."""
    small = SmallWorld(
        actors=(Actor(),),
        pools=POOLS,
        fronts=Fronts(
            pools="x", n_fronts=n_fronts, monitor_lag_h=3.0, push_tau_h=TAU_H, lost_share=0.5
        ),
        censor=Censor(discovery_lag_h=discovery_lag_h, withdraw_lag_h=1.0),
        users=users(),
        horizon_s=20 * DAY,
    )
    return replace(small, **changes)


# Who knows a front: 1 - exp(-t / tau).


@pytest.fixture(scope="module")
def chased() -> Outcome:
    small = chase(streams=Streams(5, 0))
    return simulate(small.world(), exact, small.streams)


def fronts_of(outcome: Outcome, horizon_s: int) -> tuple[np.ndarray, np.ndarray]:
    """When each front was rented, and when the only operator began to drop it."""
    log = outcome.events
    rented_s = log.t_s[log.kind == Kind.RENTED]
    dropped_s = np.full(rented_s.size, horizon_s, np.int64)
    is_enforced = log.kind == Kind.ENFORCED
    for t_s, entry in zip(log.t_s[is_enforced], log.entry_row[is_enforced], strict=True):
        hit = outcome.entry_addresses[entry].contains(outcome.front_address)
        dropped_s[hit] = np.minimum(dropped_s[hit], t_s)
    return rented_s, dropped_s


def denied_by_client(
    rented_s: np.ndarray,
    dropped_s: np.ndarray,
    tau_h: float,
    horizon_s: int,
    n_clients: int,
    share_told: float = 1.0,
) -> np.ndarray:
    """Seconds in which each client knows no front that works, in hours.

    Every client that is told of a front hears of it after an exponential time of its own; those of
    t = 0 are known to all from the start.
    """
    rng = np.random.default_rng(6)
    lag_s = rng.exponential(tau_h * HOUR, (n_clients, rented_s.size))
    is_told = rng.random(lag_s.shape) < share_told
    later_s = np.where(is_told, rented_s + lag_s, horizon_s)
    knows_s = np.minimum(np.where(rented_s == 0, 0.0, later_s), dropped_s)
    order = np.argsort(knows_s, axis=1)
    start = np.take_along_axis(knows_s, order, axis=1)
    stop = np.take_along_axis(np.broadcast_to(dropped_s, knows_s.shape), order, axis=1)
    # What an interval adds to the union of those that start before it.
    reach = np.maximum.accumulate(stop, axis=1)
    before = np.concatenate((np.zeros((n_clients, 1)), reach[:, :-1]), axis=1)
    covered_s = np.maximum(0.0, stop - np.maximum(start, before)).sum(axis=1)
    return (horizon_s - covered_s) / HOUR


def test_clients_who_hear_of_fronts_one_by_one_miss_the_target_as_long_as_the_model_says(chased):
    horizon_s, n_clients = 20 * DAY, 20_000
    rented_s, dropped_s = fronts_of(chased, horizon_s)
    assert rented_s.size >= 10
    expected_h = float(chased.users.denied_s[0]) / N_USERS / HOUR
    for tau_h, is_right in ((TAU_H, True), (1.1 * TAU_H, False), (0.9 * TAU_H, False)):
        denied_h = denied_by_client(rented_s, dropped_s, tau_h, horizon_s, n_clients)
        error = denied_h.std(ddof=1) / math.sqrt(n_clients)
        assert bool(abs(denied_h.mean() - expected_h) <= ERRORS * error) is is_right, tau_h


def test_clients_of_whom_each_is_told_of_some_fronts_only_miss_the_target_longer(chased):
    told, wrong = 0.5, 0.6
    small = chase(streams=Streams(5, 0))
    small = replace(small, fronts=small.fronts.model_copy(update={"share_told": told}))
    outcome = simulate(small.world(), exact, small.streams)
    rented_s, dropped_s = fronts_of(outcome, 20 * DAY)
    expected_h = float(outcome.users.denied_s[0]) / N_USERS / HOUR
    assert expected_h > float(chased.users.denied_s[0]) / N_USERS / HOUR
    for share, is_right in ((told, True), (wrong, False)):
        denied_h = denied_by_client(rented_s, dropped_s, TAU_H, 20 * DAY, 20_000, share)
        error = denied_h.std(ddof=1) / math.sqrt(denied_h.size)
        assert bool(abs(denied_h.mean() - expected_h) <= ERRORS * error) is is_right, share


def test_the_share_that_knows_a_front_grows_to_one_with_the_time_constant():
    # The one front of t = 0 is dropped at 10 h; its successor is never discovered.
    front = chase(n_fronts=1, discovery_lag_h=1e6, horizon_s=5 * DAY)
    address = int(simulate(front.world(), none, front.streams).front_address[0])
    text = ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))
    outcome = replace(front, orders=(Dated(10 * HOUR, "block", (f"{text}/32",)),)).run()
    rented_s = int(outcome.events.t_s[outcome.events.kind == Kind.RENTED][1])
    assert rented_s == 13 * HOUR
    t_s, reached = outcome.curves.points("target_reached_share", Group())
    after = t_s >= rented_s
    assert after.sum() > 100
    law = -np.expm1(-(t_s[after] - rented_s) / (TAU_H * HOUR))
    np.testing.assert_allclose(reached[after], law, rtol=0, atol=1e-12)
    wrong = -np.expm1(-(t_s[after] - rented_s) / (1.01 * TAU_H * HOUR))
    assert np.abs(reached[after] - wrong).max() > 1e-3


# Discovery: the k-th of n fronts is found after the k-th order statistic of exponentials.


def follows_order_statistics(found: np.ndarray, n: int, mean_h: float) -> bool:
    """Rényi (1953): the k-th of n is a sum of independent exponentials of means m / (n - i)."""
    steps = mean_h / (n - np.arange(found.shape[1]))
    expected, error = np.cumsum(steps), np.sqrt(np.cumsum(steps**2) / found.shape[0])
    return bool(np.all(np.abs(found.mean(axis=0) - expected) <= ERRORS * error))


def test_fronts_are_discovered_as_exponential_order_statistics():
    world = chase(n_fronts=8, discovery_lag_h=10.0, horizon_s=60 * DAY).world()
    rows = []
    for replicate in range(600):
        log = simulate(replace(world, users=None), none, Streams(8, replicate)).events
        rows.append(log.t_s[log.kind == Kind.DISCOVERED] / HOUR)
    discovered_h = np.array(rows)
    assert discovered_h.shape == (600, 8)
    assert follows_order_statistics(discovered_h, 8, 10.0)
    assert not follows_order_statistics(discovered_h, 9, 10.0)
    assert not follows_order_statistics(discovered_h, 8, 11.0)


# VPN and leaving: linear equations with constant coefficients while nothing else moves.


def final_shares(rates: Users, days: int, tick_h: float = 1.0) -> tuple[float, float]:
    """Share on a VPN and share who left after some days without target and without Internet.

    Everything is dropped from t = 0 on, so that the target is not reached and all demand fails.
    """
    small = chase(
        users=rates.model_copy(update={"tick_h": tick_h}),
        orders=(Dated(0, "block", ("0.0.0.0/0",)),),
        horizon_s=days * DAY + 1,
    )
    outcome = small.run()
    return float(outcome.users.share_vpn[0]), float(outcome.users.share_left[0])


@pytest.mark.parametrize("days", [1, 4, 20])
def test_vpn_use_follows_the_closed_form_of_diffusion(days):
    found, _ = final_shares(users(vpn_rate_per_d=0.2, vpn_start=0.1, vpn_max=0.6), days)
    assert math.isclose(found, 0.6 - 0.5 * math.exp(-0.2 * days), rel_tol=1e-12)
    assert not math.isclose(found, 0.6 - 0.5 * math.exp(-0.21 * days), rel_tol=1e-4)


@pytest.mark.parametrize("tick_h", [1.0, 24.0])
def test_vpn_use_rises_and_decays_to_a_balance_where_half_the_demand_is_missed(tick_h):
    # phi of 1/4 misses the target wholly, the rest of the demand half: x = 1/4 + 3/4 * 1/2.
    small = chase(
        orders=(Dated(0, "block", ("198.18.0.0/16",)), Dated(0, "block", ("203.0.113.1/32",))),
        horizon_s=3 * DAY + 1,
        users=users(vpn_rate_per_d=0.5, vpn_decay_per_d=0.3, vpn_start=0.1, vpn_max=0.5).model_copy(
            update={"tick_h": tick_h}
        ),
    )
    firm = replace(small.firms[0], weights=(0.5, 0.0, 0.0, 0.0, 0.0))
    found = float(replace(small, firms=(firm,)).run().users.share_vpn[0])
    missed = 0.25 + 0.75 * 0.5
    up, down = 0.5 * missed, 0.3 * (1 - missed)
    rest = (up * 0.5 + down * 0.1) / (up + down)
    assert math.isclose(found, rest + (0.1 - rest) * math.exp(-3 * (up + down)), rel_tol=1e-12)
    wrong = rest + (0.1 - rest) * math.exp(-3 * up)
    assert not math.isclose(found, wrong, rel_tol=1e-3)


@pytest.mark.parametrize("days", [1, 5])
def test_users_leave_as_the_closed_form_says(days):
    # Constant VPN use of 0.2: of the rest nobody reaches the target.
    rates = users(leave_rate_per_d=0.1, return_rate_per_d=0.4, vpn_start=0.2, vpn_max=0.2)
    _, found = final_shares(rates, days)
    up, down = 0.1 * 0.8, 0.4 * 0.2
    assert math.isclose(found, up / (up + down) * -math.expm1(-(up + down) * days), rel_tol=1e-12)
    assert not math.isclose(found, -math.expm1(-up * days), rel_tol=1e-3)


# Operators: the next poll is uniform over the interval, the apply lag lognormal, and they add up.

N_REPLICATES = 500
PLACED_S = 9 * DAY + 1234
Law = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def rows() -> list[OperatorRow]:
    """The kinds of operators that are shipped, and some whose wait outweighs their lag."""
    shipped = resolved_of("telegram-2018-replay").operators.rows
    # One operator a row, which is not split in cohorts.
    shipped = [row.model_copy(update={"cohorts": None, "over_dispersion": None}) for row in shipped]
    kinds = {(r.poll_interval_h, r.apply_lag_median_h, r.apply_lag_sigma): r for r in shipped}
    assert len(kinds) >= 3
    slow = [shipped[0].model_copy(update={"poll_interval_h": poll_h}) for poll_h in (6.0, 24.0)]
    return [*kinds.values(), *slow]


def adopted_h(rows: list[OperatorRow]) -> np.ndarray:
    """From the publication of an entry to its enforcement; one row per replicate."""
    resolved = resolved_of("telegram-2018-replay")
    resolved = replace(resolved, operators=replace(resolved.operators, rows=tuple(rows)))
    small = SmallWorld(((PLACED_S, "block", "198.18.0.0/24"),), horizon_s=300 * DAY)
    world, strategy = small.world(), small.engine_strategy()
    found = []
    for replicate in range(N_REPLICATES):
        streams = Streams(10, replicate)
        operators = build_operators(resolved, streams)
        all_comply = replace(operators, compliance=np.ones(len(rows)))
        log = simulate(replace(world, operators=all_comply), strategy, streams).events
        is_enforced = log.kind == Kind.ENFORCED
        start_s = np.empty(len(rows), np.int64)
        start_s[log.operator_row[is_enforced]] = log.t_s[is_enforced]
        assert is_enforced.sum() == len(rows)
        found.append((start_s - PLACED_S) / HOUR)
    return np.array(found)


def lag(row: OperatorRow, wait_h: float) -> Law:
    """Distribution of a wait that is always the same, and a lognormal lag."""

    def law(t_h: np.ndarray) -> np.ndarray:
        since_h = np.maximum(t_h - wait_h, 1e-300)
        return ndtr(np.log(since_h / row.apply_lag_median_h) / row.apply_lag_sigma)

    return law


def wait_and_lag(row: OperatorRow) -> Law:
    """Distribution of U + L, U uniform on [0, poll), L lognormal.

    P(U + L <= t) = (H(t) - H(t - poll)) / poll, where H(y) is the integral of L's distribution
    from 0 to y: y F(y) - E[L; L <= y], the latter a lognormal's partial expectation.
    """
    median_h, sigma, poll_h = row.apply_lag_median_h, row.apply_lag_sigma, row.poll_interval_h

    def integral(y: np.ndarray) -> np.ndarray:
        z = np.log(np.maximum(y, 1e-300) / median_h) / sigma
        partial = median_h * math.exp(sigma**2 / 2) * ndtr(z - sigma)
        return np.where(y > 0, y * ndtr(z) - partial, 0.0)

    return lambda t_h: (integral(t_h) - integral(t_h - poll_h)) / poll_h


def is_distributed(sample: np.ndarray, law: Law) -> bool:
    """Kolmogorov's distance, exceeded by luck once in a thousand samples."""
    ordered = np.sort(sample)
    expected, n = law(ordered), ordered.size
    gap = np.maximum(np.arange(1, n + 1) / n - expected, expected - np.arange(n) / n)
    return bool(gap.max() < 1.95 / math.sqrt(n))


def test_operators_adopt_an_entry_after_a_uniform_wait_and_a_lognormal_lag(rows):
    for row, found_h in zip(rows, adopted_h(rows).T, strict=True):
        assert is_distributed(found_h, wait_and_lag(row)), row
        assert not is_distributed(found_h, lag(row, 0.0)), row


# The length of a tick is a matter of computation: the same world, whatever it is.


TICKS_H = (1.0, 3.0, 12.0, 24.0)
SEEDS = range(6)
PAUSE, END = 0.2, 0.3


def pausing(seed: int, tick_h: float) -> Outcome:
    """A chase that pauses, and ends, when enough is talked of it."""
    small = chase_world(seed)
    assert small.users is not None
    assert small.complaints is not None
    still = {"vpn_rate_per_d": 0.0, "leave_rate_per_d": 0.0, "tick_h": tick_h}
    small = replace(
        small,
        censor=Censor(
            discovery_lag_h=9.0, withdraw_lag_h=12.0, pause_pressure=PAUSE, end_pressure=END
        ),
        users=small.users.model_copy(update=still),
        complaints=small.complaints.model_copy(update={"named_per_d": 0.0}),
    )
    return run(small, aggregate(22))


def moments(outcome: Outcome) -> list[int]:
    """When the censor ordered anything, and took it back."""
    log = outcome.events
    return log.t_s[(log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)].tolist()


def test_the_same_orders_fall_on_the_same_seconds():
    n_ended = 0
    for seed in SEEDS:
        base = pausing(seed, 6.0)
        n_ended += bool((base.events.kind == Kind.UNBLOCK).any())
        for tick_h in TICKS_H:
            other = pausing(seed, tick_h)
            # Users cut off count with their mean over a piece.
            assert moments(other) == pytest.approx(moments(base), abs=30)
            assert other.n_complaints == pytest.approx(base.n_complaints, rel=1e-3)
            assert other.attention == pytest.approx(base.attention, abs=1e-3)
    assert n_ended > 0
