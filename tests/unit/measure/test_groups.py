"""Businesses hit, group by group."""

import math
import statistics
from dataclasses import replace

import duckdb
import numpy as np
import pytest

from sim.catalogue.causes import CAUSES, lost_by
from sim.measure.groups import GroupCount, count_groups, summarise_groups
from sim.measure.impact import measure_impact
from sim.measure.names import ever_dropped
from sim.streams import Streams
from tests.chases import STRATEGIES, chase_world, run
from tests.csv_rows import csv_rows
from tests.experiments import simulated
from tests.sites import TABLES, resolved
from tests.worlds import Actor, Dated, Firm, SmallWorld

ONE, OTHER = "192.0.2.7", "198.51.100.1"


def counted(small: SmallWorld) -> dict[tuple[str, str, str], tuple[float, float]]:
    found = count_groups(small.world(), small.run())
    return {(c.by, c.group, c.metric): (c.value, c.denominator) for c in found}


def test_a_business_is_hit_at_the_operators_at_which_its_demand_fails():
    small = SmallWorld(
        orders=(Dated(100, "block", (f"{ONE}/32",)),),
        actors=(Actor(0.5), Actor(0.25, compliance=0.0), Actor(0.25, apply_lag_s=2000)),
        firms=(
            Firm((ONE,) + (OTHER,) * 4),
            Firm((OTHER,) * 5),
            Firm((ONE,) * 5, weights=(0.5, 0.0, 0.0, 0.0, 0.0)),
            # An address is dropped, and no demand of its fails.
            Firm((OTHER,) * 4 + (ONE,)),
        ),
        horizon_s=1000,
    )
    found = counted(small)
    metrics = ("businesses_ever_affected", "businesses_ever_down")
    for row, expected in enumerate([[(2, 4), (1, 4)], [(0, 4)] * 2, [(0, 4)] * 2]):
        assert [found["operator", f"operator-{row}", metric] for metric in metrics] == expected
    hours = [found["operator", "operator-0", f"business_hours_{s}"] for s in ("impaired", "down")]
    assert hours == [(0.5, pytest.approx(4 / 3.6)), (0.25, pytest.approx(4 / 3.6))]
    # Half of the users miss 1.5 of the demand of four for 900 s of 1000.
    lost = pytest.approx(0.5 * 1.5 / 4 * 0.9), pytest.approx(4 * 1000 / 3600)
    assert found["operator", "operator-0", "demand_lost_share"] == lost
    assert found["cause", "own_address", "demand_lost_share"] == lost
    assert found["cause", "own_address", "businesses_ever_affected"] == (2, 4)


def test_of_a_group_in_cohorts_the_mean_over_their_users_counts():
    small = SmallWorld(
        orders=(Dated(100, "block", (f"{ONE}/32",)),),
        actors=(Actor(0.125), Actor(0.375, compliance=0.0, luck_of=0), Actor(0.5, luck_of=2)),
        firms=(Firm((ONE,) * 5), Firm((OTHER,) * 5)),
        horizon_s=1000,
    )
    found = counted(small)
    # A quarter of the first group's users are behind the cohort that drops the address.
    assert found["operator", "operator-0", "businesses_ever_down"] == (0.25, 2)
    assert found["operator", "operator-2", "businesses_ever_down"] == (1, 2)
    assert found["operator", "operator-0", "business_hours_down"][0] == pytest.approx(0.0625)
    lost = found["operator", "operator-0", "demand_lost_share"][0]
    assert lost == pytest.approx(0.125 * 0.9 / 2)
    assert {group for by, group, _ in found if by == "operator"} == {"operator-0", "operator-2"}


def test_groups_of_each_kind_add_up_to_all_businesses():
    small = chase_world(2)
    world, outcome = small.world(), run(small, STRATEGIES["aggregate"])
    measures = {m.metric: m.value for m in measure_impact(world, outcome)}
    found = count_groups(world, outcome)
    for by in ("sector", "provider"):
        for state in ("affected", "impaired", "down"):
            metric = f"businesses_ever_{state}"
            mine = [count for count in found if (count.by, count.metric) == (by, metric)]
            assert sum(count.value for count in mine) == measures[metric]
            assert sum(count.denominator for count in mine) == len(small.firms)
    assert measures["businesses_ever_affected"] > 0


def test_the_sector_of_a_site_is_not_known_where_it_is_drawn(tmp_path):
    key = "population.inventory"
    lines = tuple(line.replace(",news,", ",,") for line in TABLES[key])
    world, outcome = simulated(resolved(tmp_path, {key: lines}), Streams(1, 0))
    metric = "businesses_ever_affected"
    groups = [count for count in count_groups(world, outcome) if count.metric == metric]
    assert [
        (count.group, count.value, count.denominator) for count in groups if count.by == "sector"
    ] == [("shops", 3.0, 3.0), ("(not known)", 2.0, 2.0)]
    assert sum(count.denominator for count in groups if count.by == "provider") == 5


@pytest.mark.parametrize("name", ["aggregate", "dns", "none"])
def test_operators_and_causes_come_to_the_demand_lost_in_the_run(name):
    small = chase_world(3)
    world, outcome = small.world(), run(small, STRATEGIES[name])
    measures = {m.metric: m.value for m in measure_impact(world, outcome)}
    found = count_groups(world, outcome)
    for by in ("operator", "cause"):
        lost = [c.value for c in found if (c.by, c.metric) == (by, "demand_lost_share")]
        assert sum(lost) == pytest.approx(measures["demand_lost_share"], rel=1e-9, abs=1e-15)
    for cause in CAUSES:
        key = "cause", cause.name, "demand_lost_share"
        mine = [c.value for c in found if (c.by, c.group, c.metric) == key]
        assert mine == [measures[lost_by(cause)]]
    for state in ("affected", "impaired", "down"):
        metric = f"businesses_ever_{state}"
        mine = [c.value for c in found if (c.by, c.metric) == ("cause", metric)]
        assert sum(mine) == measures[metric]
    assert (measures["demand_lost_share"] > 0) == (name != "none")


@pytest.mark.parametrize("name", ["aggregate", "dns", "none"])
def test_what_some_operator_dropped_is_what_all_of_them_dropped(name):
    small = chase_world(7)
    world, outcome = small.world(), run(small, STRATEGIES[name])
    address, *_ = world.components.in_use(world.businesses.component_row)
    rows = range(len(small.actors))
    apart = [ever_dropped(outcome, address, [row]) for row in rows]
    assert np.array_equal(np.any(apart, axis=0), ever_dropped(outcome, address, list(rows)))


def test_an_operator_without_users_is_a_group_like_another():
    actors = (Actor(1.0, compliance=0.0), Actor(0.0))
    small = SmallWorld(
        orders=(Dated(5, "block", (f"{ONE}/32",)),),
        actors=actors, firms=(Firm((ONE,) * 5),), horizon_s=1000,
    )  # fmt: skip
    metric = "businesses_ever_down"
    assert counted(small)["operator", "operator-1", metric] == (1, 1)
    assert counted(small)["operator", "operator-1", "demand_lost_share"][0] == 0
    assert counted(replace(small, orders=()))["operator", "operator-1", metric] == (0, 1)


def test_a_simulation_without_a_group_counts_none_of_none():
    metric = "businesses_ever_down"
    x, y = (GroupCount("region", f"a/{one}", metric, 2, 5) for one in "xy")
    first, second = summarise_groups("s", [[x, y], [x], [x], [x, y], [x]])
    assert (first.group, first.median, first.low, first.denominator) == ("a/x", 2, 2, 5)
    assert (second.group, second.median, second.denominator) == ("a/y", 0, 0)
    assert (second.low, second.high, second.n_simulations) == (0, 2, 5)


def test_the_table_follows_from_the_businesses_of_the_runs(chase_run):
    rows = [row for row in csv_rows(chase_run / "groups.csv") if row["by"] == "provider"]
    found = {(row["group"], row["metric"]): row for row in rows}
    n = int(rows[0]["n_simulations"])
    again = duckdb.execute(
        f"""SELECT provider, replicate, count(*),
        sum((affected_s > 0)::INT), sum((down_s > 0)::INT)
        FROM '{chase_run}/businesses.parquet' GROUP BY ALL"""
    ).fetchall()
    by_provider: dict[str, list[tuple[int, ...]]] = {}
    for provider, _, *counts in again:
        by_provider.setdefault(provider, []).append(tuple(counts))
    assert len(by_provider) > 1
    for provider, counts in by_provider.items():
        counts += [(0, 0, 0)] * (n - len(counts))
        n_businesses, n_affected, n_down = map(statistics.median, zip(*counts, strict=True))
        affected = found[provider, "businesses_ever_affected"]
        assert float(affected["median"]) == n_affected
        assert float(affected["denominator"]) == n_businesses
        assert float(found[provider, "businesses_ever_down"]["median"]) == n_down


# How many businesses were ever impaired, and for how long the middle one of them, by hand.


HERE, THERE, FREE = "192.0.2.7", "198.51.100.7", "203.0.113.7"


def hit(*firms: Firm) -> dict[str, tuple[float, float]]:
    """The two measures, and what each is out of."""
    small = SmallWorld(
        orders=(
            Dated(100, "block", (f"{HERE}/32",)),
            Dated(200, "unblock", (f"{HERE}/32",)),
            Dated(300, "block", (f"{THERE}/32",)),
        ),
        actors=(Actor(0.5), Actor(0.25), Actor(0.25, compliance=0.0)),
        firms=firms,
        horizon_s=1000,
        thresholds=(0.01, 0.15, 0.9),
    )
    found = measure_impact(small.world(), small.run())
    return {each.metric: (each.value, each.denominator) for each in found}


def test_who_was_hit_and_for_how_long():
    found = hit(
        Firm((HERE,) * 5),  # 75 % of attempts fail from 100 to 200
        Firm((FREE, HERE, FREE, FREE, THERE), weights=(1.0, 0.5, 0.0, 0.0, 0.25)),  # and from 300
        Firm((FREE,) * 5),
        Firm((THERE,) * 5, weights=(0.125, 0.0, 0.0, 0.0, 0.0)),  # 9 %: not impaired
    )
    assert found["businesses_ever_impaired_share"] == (0.5, 4.0)
    assert found["hours_impaired_median"] == ((100 + 800) / 2 / 3600, 2.0)


def test_where_nobody_was_hit_how_long_is_not_known():
    found = hit(Firm((FREE,) * 5))
    assert found["businesses_ever_impaired_share"] == (0.0, 1.0)
    value, of = found["hours_impaired_median"]
    assert math.isnan(value)
    assert of == 0.0
