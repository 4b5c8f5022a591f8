"""Laws that must hold whatever the world: design §9, with nobody reacting."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.state.tally import Group
from tests.property.test_engine_reference import small_worlds
from tests.worlds import SmallWorld


def full_compliance(small: SmallWorld) -> SmallWorld:
    return replace(small, actors=tuple(replace(actor, compliance=1.0) for actor in small.actors))


@settings(max_examples=60, deadline=None)
@given(small_worlds(), st.sampled_from(["192.0.2.0/26", "198.51.100.96/27", "0.0.0.0/1"]))
def test_a_larger_blocklist_never_lowers_collateral(small, extra):
    wider = replace(small, orders=((0, "block", extra), *small.orders))
    before, after = small.run().ledger, wider.run().ledger
    for column in ("lost_demand_h", "affected_s", "impaired_s", "down_s"):
        assert np.all(getattr(after, column) >= getattr(before, column) - 1e-9), column


@settings(max_examples=40, deadline=None)
@given(small_worlds())
def test_splits_by_sector_and_provider_sum_to_the_total(small):
    curves = small.run().curves
    for metric in ("businesses_affected", "businesses_impaired", "businesses_down"):
        ends = {
            group: float(curves.points(metric, group)[1][-1])
            for group in (series.group for series in curves.series if series.metric == metric)
        }
        total = ends[Group()]
        assert sum(ends[group] for group in ends if group.sector_row >= 0) == total
        assert sum(ends[group] for group in ends if group.provider_row >= 0) == total


@settings(max_examples=40, deadline=None)
@given(small_worlds(), st.floats(0, 1), st.floats(0, 1))
def test_a_more_compliant_operator_drops_at_least_as_much(small, one, other):
    lax, strict = (
        replace(small, actors=tuple(replace(actor, compliance=share) for actor in small.actors))
        for share in sorted((one, other))
    )
    affected_s = [world.run().ledger.affected_s for world in (lax, strict, full_compliance(small))]
    assert np.all(affected_s[1] >= affected_s[0])
    assert np.all(affected_s[2] >= affected_s[1])
