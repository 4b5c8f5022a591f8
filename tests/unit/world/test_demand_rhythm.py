"""When customers come, worked out by hand from the shipped table of hours and weekdays."""

from datetime import datetime

import numpy as np
import pytest

from sim.scenario.library import shipped
from sim.world.build import Demand, build_demand, second_of_week
from tests.csv_rows import csv_rows

HOUR, DAY = 3600, 86_400


@pytest.fixture(scope="module")
def demand(replay) -> Demand:
    return build_demand(replay)


def weights(profile: str, period: str) -> list[int]:
    """Cells of the table, in the sequence of hours from midnight or of days from Monday."""
    rows = [
        r
        for r in csv_rows(shipped("seeds") / "demand-profiles.csv")
        if (r["profile"], r["period"]) == (profile, period)
    ]
    return [int(row["weight"]) for row in sorted(rows, key=lambda row: int(row["index"]))]


@pytest.mark.parametrize(
    ("instant", "day", "of_day_s"),
    [
        ("2018-04-16T00:00+03:00", 0, 0),  # a Monday
        ("2018-04-16T11:30+03:00", 0, 11.5 * HOUR),
        ("2018-04-21T12:00:05+03:00", 5, 12 * HOUR + 5),  # a Saturday
        ("2018-04-22T23:59:59+03:00", 6, DAY - 1),
        ("2018-04-15T22:00+00:00", 6, 22 * HOUR),  # still Sunday there, Monday in Moscow
        ("2022-08-22T00:30+02:00", 0, HOUR / 2),  # a Monday
    ],
)
def test_the_week_begins_on_monday_in_the_offset_of_the_scenario(instant, day, of_day_s):
    assert second_of_week(datetime.fromisoformat(instant)) == day * DAY + of_day_s


def test_a_shifted_week_and_a_day_read_backwards_would_be_seen_in_the_table():
    for profile in ("consumer", "office"):
        for period in ("weekday", "hour"):
            found = weights(profile, period)
            assert len(found) == {"weekday": 7, "hour": 24}[period]
            shifts = [found[n:] + found[:n] for n in range(1, len(found))]
            assert found not in (*shifts, found[::-1]), (profile, period)


def test_an_hour_of_the_week_weighs_its_hour_times_its_weekday(replay, demand):
    assert demand.weight.shape == (len(replay.sectors.rows), 168)
    profiles = set()
    for row, sector in enumerate(replay.sectors.rows):
        hours = weights(sector.demand_profile, "hour")
        days = weights(sector.demand_profile, "weekday")
        assert demand.weight[row].tolist() == [day * hour for day in days for hour in hours]
        profiles.add(sector.demand_profile)
    assert len(profiles) > 1


def test_demand_of_a_day_is_that_of_its_hours_from_the_start_on(demand):
    assert demand.start_s == 0  # Monday, midnight
    week = demand.weight.reshape(-1, 7, 24)
    for day in range(15):
        one = demand.cumulative((day + 1) * DAY) - demand.cumulative(day * DAY)
        assert np.array_equal(one, week[:, day % 7].sum(axis=1) * HOUR)
    # A quarter of an hour on Saturday at noon, in a run that begins on Friday at six.
    later = Demand(demand.weight.copy(), 4 * DAY + 18 * HOUR)
    one = later.cumulative(18 * HOUR + 900) - later.cumulative(18 * HOUR)
    assert np.array_equal(one, week[:, 5, 12] * 900)


def test_hours_of_mean_demand_are_168_a_week(demand):
    sector_row = np.arange(demand.weight.shape[0])
    per_week = demand.cumulative(7 * DAY).astype(float)
    np.testing.assert_allclose(demand.hours(per_week, sector_row), 168.0)
    assert np.array_equal(demand.cumulative(14 * DAY), 2 * demand.cumulative(7 * DAY))
