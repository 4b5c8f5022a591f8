"""What single actors do, in worlds so small that the outcome is worked out by hand."""

from datetime import UTC, datetime

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies.answers import exact
from tests.sections import Censor, Fronts, still
from tests.worlds import DAY, HOUR, Actor, Dated, Pool, SmallWorld

STILL = still(tick_h=6.0)
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


# Programmes wear out: easy finds are used up.


def chase(**rules: int | None) -> SmallWorld:
    return SmallWorld(
        actors=(Actor(poll_interval_s=60),),
        horizon_s=6 * DAY,
        pools=(Pool("alpha", 1.0, ("198.18.0.0/16",)),),
        fronts=Fronts(pools="x", n_fronts=3, lost_share=0.5, monitor_lag_h=0.5),
        censor=Censor(discovery_lag_h=2.0, **rules),
    )


def times_s(outcome: Outcome, kind: Kind) -> dict[int, int]:
    log = outcome.events
    return dict(zip(log.front_row[log.kind == kind], log.t_s[log.kind == kind], strict=True))


@pytest.mark.parametrize(
    ("saturation", "times"),
    [(None, lambda n: 1.0), (1, lambda n: 1.0 + n), (7, lambda n: 1 + n / 7)],
)
def test_a_find_takes_longer_by_what_was_found_when_its_front_was_rented(saturation, times):
    small = chase(saturation_finds=saturation)
    outcome = simulate(small.world(), exact, small.streams)
    rented_s, found_s = times_s(outcome, Kind.RENTED), times_s(outcome, Kind.DISCOVERED)
    assert len(found_s) > 10
    drawn_s = small.reference().fronts.discovery_lags_s
    for row, at_s in found_s.items():
        # A find of the same second comes before the rental.
        n_before = sum(other <= rented_s[row] for other in found_s.values())
        assert at_s - rented_s[row] == int(np.ceil(drawn_s[row] * times(n_before) - 1e-6))
