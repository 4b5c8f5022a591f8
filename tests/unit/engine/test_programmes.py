"""Programmes wear out: easy finds are used up."""

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies.answers import exact
from tests.sections import Censor, Fronts
from tests.worlds import DAY, Actor, Pool, SmallWorld


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
