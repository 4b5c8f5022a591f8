"""Times to recovery against the product-limit estimate worked out by hand; sums by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sim.report.figures.recovery import lost_by_spell, recovery

NONE = float("nan")
HOUR = 3600


def test_recovery_is_the_product_limit_estimate() -> None:
    # Five hit: recovered after 1 h, 2 h, 4 h; still affected 3 h and 5 h after their first outage.
    # By hand: 1 - 4/5 = 0.2 from 1 h on; 1 - 4/5 * 3/4 = 0.4 from 2 h; at 4 h two are at risk:
    # 1 - 4/5 * 3/4 * 1/2 = 0.7. A sixth business was never hit and counts nowhere.
    first = np.array([0, 10, 20, 30, 40, NONE]) * HOUR
    lasted = np.array([1, 2, 4, 3, 5, NONE]) * HOUR
    is_open = np.array([0, 0, 0, 1, 1, 0.0])
    found = recovery(np.zeros(6), first, first + lasted, is_open, 100 * HOUR)

    def at(hours: float) -> float:
        row = int(np.searchsorted(found.since_s, hours * HOUR, side="right")) - 1
        return float(found.mean[row])

    assert at(0.9) == 0
    assert at(1.1) == pytest.approx(0.2)
    assert at(2.2) == pytest.approx(0.4)
    assert at(3.9) == pytest.approx(0.4)  # the censored one takes nothing away
    assert at(4.4) == pytest.approx(0.7)
    assert at(99) == pytest.approx(0.7)
    assert (found.n_hit, found.n_not_recovered, found.n_replicates) == (5, 2, 1)
    assert np.isnan(found.low).all()


def test_recovery_over_replicates_is_their_mean_and_leaves_out_those_without_a_hit() -> None:
    replicate = np.array([0, 1, 2.0])
    first = np.array([0, 0, NONE])
    last = np.array([1, 50, NONE]) * HOUR
    found = recovery(replicate, first, last, np.zeros(3), 100 * HOUR)
    row = int(np.searchsorted(found.since_s, 10 * HOUR))
    assert found.mean[row] == 0.5
    assert (found.low[row], found.high[row]) == pytest.approx((0.05, 0.95))
    assert found.n_replicates == 2
    assert found.n_hit == pytest.approx(2 / 3)


def test_nobody_hit_has_no_curve() -> None:
    found = recovery(np.zeros(2), np.full(2, NONE), np.full(2, NONE), np.zeros(2), HOUR)
    assert np.isnan(found.mean).all()
    assert (found.n_hit, found.n_replicates) == (0, 0)


def test_demand_lost_by_spell_is_added_over_businesses_and_averaged_over_replicates() -> None:
    lost = np.array([[1, 0], [2, 3], [0, 0], [3, 1.0]])
    found = lost_by_spell(np.array([0, 0, 1, 1.0]), lost)
    assert found.mean.tolist() == [3, 2]
    assert found.low.tolist() == pytest.approx([3, 1.1])
    assert found.high.tolist() == pytest.approx([3, 2.9])
    assert found.share.tolist() == pytest.approx([0.6, 0.4])
    assert np.isnan(lost_by_spell(np.zeros(1), np.zeros((1, 2))).share).all()
