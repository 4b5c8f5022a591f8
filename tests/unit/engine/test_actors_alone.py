"""What single actors do, in worlds so small that the outcome is worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.scenario.tables.rows import STANCES
from sim.streams import Streams
from sim.world.providers import build_stances
from tests.sections import Censor, Fronts, Users
from tests.worlds import DAY, HOUR, Actor, Dated, Pool, SmallWorld

STILL = Users(
    tick_h=6.0,
    n_target_users=1e6,
    share_target_users=0.25,
    vpn_start=0.0,
    vpn_max=0.5,
    vpn_rate_per_d=0.0,
    vpn_decay_per_d=0.0,
    leave_rate_per_d=0.0,
    return_rate_per_d=0.0,
)
ONE_FRONT = Fronts(pools="x", n_fronts=1, monitor_lag_h=1.0, push_tau_h=1.0, lost_share=0.5)
UNSEEN = Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0)
START = datetime(2018, 4, 16, tzinfo=UTC)
ALPHA, BETA = "198.18.0.0/24", "198.19.0.0/24"


def enforced(small: SmallWorld) -> list[tuple[int, int]]:
    """Times and entries that the only operator takes over."""
    log = small.run().events
    mine = log.kind == Kind.ENFORCED
    return list(zip(log.t_s[mine].tolist(), log.entry_row[mine].tolist(), strict=True))


@pytest.mark.parametrize(("withdrawn_s", "found"), [(19, []), (20, []), (21, [(20, 0)])])
def test_what_would_be_enforced_when_it_is_released_is_never_enforced(withdrawn_s, found):
    small = SmallWorld(
        orders=((10, "block", ALPHA), (withdrawn_s, "unblock", ALPHA)),
        actors=(Actor(apply_lag_s=10),),
    )
    assert enforced(small) == found


def test_a_withdrawal_takes_the_oldest_of_equal_entries():
    small = SmallWorld(orders=((10, "block", ALPHA), (20, "block", ALPHA), (30, "unblock", ALPHA)))
    log = small.run().events
    assert log.entry_row[log.kind == Kind.UNBLOCK].tolist() == [0]
    assert log.entry_row[log.kind == Kind.RELEASED].tolist() == [0]


def waverings(hazard_per_d: float, horizon_d: float, replicate: int = 0) -> np.ndarray:
    """Rows of (days, provider) at which 50 providers waver."""
    names = tuple(f"provider-{row}" for row in range(50))
    resolved = SimpleNamespace(
        scenario=SimpleNamespace(
            start=START,
            horizon_s=int(horizon_d * DAY),
            stances=SimpleNamespace(compliance_hazard_per_d=hazard_per_d),
        ),
        stances=None,
    )
    stances = build_stances(resolved, SimpleNamespace(provider=names), Streams(3, replicate))
    return np.array([(t_s / DAY, row) for t_s, row in stances.waverings]).reshape(-1, 2)


@pytest.mark.parametrize("hazard_per_d", [0.05, 4.0])
def test_providers_waver_as_a_poisson_process_with_the_hazard(hazard_per_d):
    horizon_d = 400 / hazard_per_d
    found = waverings(hazard_per_d, horizon_d)
    assert (np.diff(found[:, 0]) >= 0).all()
    assert found[:, 0].min() >= 0
    assert found[:, 0].max() < horizon_d
    count = np.bincount(found[:, 1].astype(int), minlength=50)
    # Counts have mean and variance 400; gaps the mean 1/hazard, and that standard deviation.
    assert abs(count.mean() - 400) < 4 * np.sqrt(400 / 50)
    assert 0.4 < count.var(ddof=1) / 400 < 1.9
    gaps = np.concatenate([np.diff(found[found[:, 1] == row, 0]) for row in range(50)])
    error = 4 / hazard_per_d / np.sqrt(gaps.size)
    assert abs(gaps.mean() - 1 / hazard_per_d) < error
    assert abs(gaps.std() - 1 / hazard_per_d) < 3 * error
    # Negative control: another hazard is told apart.
    assert abs(gaps.mean() - 1 / (1.1 * hazard_per_d)) > error


def test_a_longer_run_moves_no_wavering():
    long = waverings(0.1, 60)
    assert np.array_equal(waverings(0.1, 30), long[long[:, 0] < 30])
    assert not len(waverings(0.0, 60))


WINDOWS_D = ((1.0, 3.0), (5.0, 9.0), (12.0, 300.0))


def blocked_and_let_be(times_d: np.ndarray) -> SmallWorld:
    """Alpha is blocked in three windows; beta never is."""
    orders = [
        Dated(round(at * DAY), action, (ALPHA,), "drop")
        for window in WINDOWS_D
        for at, action in zip(window, ("block", "unblock"), strict=True)
    ]
    return SmallWorld(
        orders=tuple(orders),
        pools=(Pool("alpha", 1.0, (ALPHA,)), Pool("beta", 1.0, (BETA,))),
        fronts=ONE_FRONT,
        censor=UNSEEN,
        waverings=tuple((round(t_d * DAY), name) for t_d in times_d for name in ("alpha", "beta")),
        horizon_s=300 * DAY,
    )


def turned_d(small: SmallWorld) -> list[float]:
    """When a provider turned compliant."""
    log = small.run().events
    turns = (log.kind == Kind.STANCE) & (log.stance_row == STANCES.index("compliant"))
    return (log.t_s[turns] / DAY).tolist()


def test_a_provider_gives_in_with_the_hazard_while_it_is_blocked_and_never_else():
    hazard_per_d, n_worlds = 0.2, 60
    spent_d, whole_d = [], []
    for replicate in range(n_worlds):
        found = waverings(hazard_per_d, 200, replicate)
        times_d = np.rint(found[found[:, 1] == 3, 0] * DAY) / DAY
        small = blocked_and_let_be(times_d)
        is_pressed = [any(start < t_d <= stop for start, stop in WINDOWS_D) for t_d in times_d]
        [turn_d] = turned_d(small)
        assert turn_d == times_d[is_pressed][0]
        spent_d.append(sum(max(0.0, min(stop, turn_d) - start) for start, stop in WINDOWS_D))
        whole_d.append(turn_d)
    # Counted over the days in which it may, the time is exponential; over all days it is not.
    error_d = 4 / hazard_per_d / np.sqrt(n_worlds)
    assert abs(np.mean(spent_d) - 1 / hazard_per_d) < error_d
    assert abs(np.std(spent_d) - 1 / hazard_per_d) < 2 * error_d
    assert abs(np.mean(whole_d) - 1 / hazard_per_d) > error_d


def test_who_wavers_sees_what_was_so_before_the_second():
    # The block comes in the second of the first wavering, and goes in that of the second.
    first, second = round(WINDOWS_D[0][0] * DAY), round(WINDOWS_D[0][1] * DAY)
    small = blocked_and_let_be(np.array([]))
    assert turned_d(replace(small, waverings=((first, "alpha"),))) == []
    assert turned_d(replace(small, waverings=((first + 1, "alpha"),))) == [(first + 1) / DAY]
    assert turned_d(replace(small, waverings=((second, "alpha"),))) == [second / DAY]
    assert turned_d(replace(small, waverings=((second + 1, "alpha"),))) == []


@pytest.mark.parametrize("t_d", [-1.0, 0.0, 200.0])
@pytest.mark.parametrize("stance", ["hostile", "silent", "constructive"])
def test_a_provider_with_any_dated_stance_never_turns_by_itself(t_d, stance):
    daily = np.arange(0.0, 300.0)
    assert turned_d(blocked_and_let_be(daily)) == [2.0]
    dated = replace(blocked_and_let_be(daily), stances=((round(t_d * DAY), "alpha", stance),))
    assert turned_d(dated) == []
    # The stance of another binds nobody else.
    other = replace(dated, stances=((round(t_d * DAY), "beta", stance),))
    assert turned_d(other) == [2.0]


def test_where_nothing_is_blocked_no_provider_gives_in():
    small = replace(blocked_and_let_be(np.arange(1.0, 250.0, 0.25)), orders=())
    assert turned_d(small) == []
    assert Kind.EVICTED not in small.run().events.kind


@pytest.mark.parametrize(
    ("said", "withdrawn_d"),
    [
        (((1, "compliant"),), [1]),
        (((1, "compliant"), (3, "compliant")), [1]),
        (((1, "compliant"), (2, "hostile"), (3, "compliant")), [1, 3]),
    ],
    ids=["once", "again", "anew"],
)
def test_a_provider_that_only_says_again_that_it_complies_ends_nothing_more(said, withdrawn_d):
    """Its ranges are blocked on the first and the third day."""
    small = SmallWorld(
        orders=(
            Dated(0, "block", ("198.18.0.0/25",)),
            Dated(2 * DAY + 1, "block", ("198.18.0.128/25",)),
        ),
        pools=(Pool("alpha", 1.0, (ALPHA,)), Pool("beta", 1.0, (BETA,))),
        fronts=ONE_FRONT.model_copy(update={"n_fronts": 4}),
        censor=UNSEEN,
        stances=tuple((day * DAY, "alpha", stance) for day, stance in said),
        horizon_s=5 * DAY,
    )
    log = small.run().events
    assert log.t_s[log.kind == Kind.UNBLOCK].tolist() == [day * DAY + HOUR for day in withdrawn_d]
    evicted = log.front_row[log.kind == Kind.EVICTED].tolist()
    assert len(set(evicted)) == len(evicted) > 0
