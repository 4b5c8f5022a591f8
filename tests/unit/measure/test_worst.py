"""Businesses by how much of their demand failed at once, by hand."""

import pytest

from sim.catalogue.declaration import WORST_PERCENT, over_now, worst_above
from sim.engine.state.tally import Group
from sim.measure.groups import count_groups
from sim.measure.impact import measure_impact
from tests.worlds import ABROAD, Actor, Dated, Firm, Pool, SmallWorld

HERE, THERE, FREE = "192.0.2.7", "198.51.100.7", "203.0.113.7"


def small(**changes: object) -> SmallWorld:
    values: dict[str, object] = {
        "orders": (
            Dated(100, "block", (f"{HERE}/32",)),
            Dated(200, "unblock", (f"{HERE}/32",)),
            Dated(300, "block", (f"{THERE}/32",)),
        ),
        "actors": (Actor(0.5), Actor(0.25), Actor(0.25, compliance=0.0)),
        "firms": (
            Firm((HERE,) * 5),
            Firm((FREE, HERE, FREE, FREE, THERE), weights=(1.0, 0.5, 0.0, 0.0, 0.25)),
            Firm((FREE,) * 5),
            Firm((THERE,) * 5, weights=(0.125, 0.0, 0.0, 0.0, 0.0)),
        ),
        "horizon_s": 1000,
    }
    return SmallWorld(**(values | changes))


def test_the_worst_moment_of_each_business() -> None:
    found = small().run().ledger.worst_share.tolist()
    # Entries do not overlap in time: the second firm's worst is the larger of the two.
    assert found == [0.75, 0.75 * 0.5, 0.0, 0.75 * 0.125]


def test_curves_count_who_is_above_at_each_moment() -> None:
    curves = small().run().curves
    # From 100 to 200 the first and the second firm fail by 0.75 and 0.375, from 300 the second and
    # the fourth by 0.75 * 0.25 and 0.75 * 0.125.
    expected = {
        1: [(0, 0), (100, 2), (200, 0), (300, 2)],
        10: [(0, 0), (100, 2), (200, 0), (300, 1)],
        30: [(0, 0), (100, 2), (200, 0)],
        50: [(0, 0), (100, 1), (200, 0)],
        90: [(0, 0)],
    }
    for percent in WORST_PERCENT:
        t_s, value = curves.points(over_now(percent), Group())
        assert list(zip(t_s.tolist(), value.tolist(), strict=True)) == expected[percent], percent


def test_curves_of_a_provider_come_to_those_of_all() -> None:
    curves = small().run().curves
    of_home = [series for series in curves.series if series.group.provider_row >= 0]
    assert {over_now(percent) for percent in WORST_PERCENT} <= {one.metric for one in of_home}
    for percent in WORST_PERCENT:
        whole = curves.points(over_now(percent), Group())
        # All firms of a small world have one home.
        (mine,) = [one.group for one in of_home if one.metric == over_now(percent)]
        part = curves.points(over_now(percent), mine)
        assert [column.tolist() for column in part] == [column.tolist() for column in whole]


def test_what_lasts_no_second_does_not_count() -> None:
    late = small(orders=(Dated(1000, "block", (f"{HERE}/32",)),))
    assert not late.run().ledger.worst_share.any()
    at_the_end = small(orders=(Dated(999, "block", (f"{HERE}/32",)),))
    assert at_the_end.run().ledger.worst_share[0] == 0.75


def test_counts_fall_with_the_threshold() -> None:
    world = small()
    outcome = world.run()
    measures = {m.metric: (m.value, m.denominator) for m in measure_impact(world.world(), outcome)}
    found = [measures[worst_above(percent)] for percent in WORST_PERCENT]
    assert found == [(3, 4), (2, 4), (2, 4), (1, 4), (0, 4)]


def test_by_cause_and_by_provider_of_the_home_they_add_up() -> None:
    world = small()
    outcome = world.run()
    found = count_groups(world.world(), outcome)
    for percent, expected in zip(WORST_PERCENT, (3, 2, 2, 1, 0), strict=True):
        for by in ("cause", "provider"):
            mine = [c.value for c in found if (c.by, c.metric) == (by, worst_above(percent))]
            assert sum(mine) == expected


def test_a_component_counts_at_its_provider_if_it_was_dropped() -> None:
    # The first provider holds what is dropped, the second the free address.
    pools = (
        Pool(ABROAD[0], 1.0, ("192.0.2.0/24", "198.51.100.0/24")),
        Pool(ABROAD[1], 1.0, ("203.0.113.0/24",)),
    )
    world = small(pools=pools)
    found = {
        (c.group, c.metric): (c.value, c.denominator)
        for c in count_groups(world.world(), world.run())
        if c.by == "component provider"
    }
    assert found[ABROAD[0], worst_above(1)] == (3, 3)
    assert found[ABROAD[0], worst_above(50)] == (1, 3)
    assert found[ABROAD[1], worst_above(1)] == (0, 2)
    assert {group for group, _ in found} == set(ABROAD[:2])


@pytest.mark.parametrize("percent", WORST_PERCENT)
def test_names_are_words(percent: int) -> None:
    assert worst_above(percent) == f"businesses_failing_over_{percent}_percent"
