"""Use of the target over hours, weekdays and months, beside the presence of its users."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import DataError
from sim.measure.impact import measure_impact
from sim.scenario.load import load_scenario
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world
from sim.world.demand import Use
from tests.sections import Censor, Fronts, Users
from tests.worlds import DAY, HOUR, Actor, Dated, Pool, SmallWorld

OFFSET_S = 1800
USE = tuple(1.0 + 0.5 * (hour % 24 in range(12, 18)) for hour in range(2 * 24 + 1))


def cut_off(from_s: int, to_s: int, use: tuple[float, ...] = USE) -> SmallWorld:
    """A target that nobody reaches in ``[from_s, to_s)``, and whose users stay."""
    own = ("192.0.2.0/24",)
    return SmallWorld(
        orders=(Dated(from_s, "block", own), Dated(to_s, "unblock", own)),
        actors=(Actor(poll_interval_s=1),),
        horizon_s=2 * DAY,
        pools=(Pool("alpha", 1.0, own),),
        fronts=Fronts(pools="x", n_fronts=2, monitor_lag_h=1e4),
        censor=Censor(discovery_lag_h=1e6),
        users=Users(
            tick_h=24.0,
            n_target_users=1000.0,
            vpn_start=0.0,
            vpn_rate_per_d=0.0,
            leave_rate_per_d=0.0,
            return_rate_per_d=0.0,
            hop_min=None,
        ),
        use=use,
        use_offset_s=OFFSET_S,
    )


def measures(small: SmallWorld) -> dict[str, float]:
    return {found.metric: found.value for found in measure_impact(small.world(), small.run())}


def passed(to_s: int) -> float:
    """Use until a second, hour by hour."""
    return sum(USE[(OFFSET_S + t) // HOUR] for t in range(0, to_s, 60)) * 60.0


@pytest.mark.parametrize(
    ("from_s", "to_s"),
    # Within an hour; over the begin of the busy hours (11:30 after the start) and their end.
    [(3600, 4200), (11 * HOUR, 13 * HOUR), (10 * HOUR, 30 * HOUR)],
)
def test_use_denied_is_the_use_of_the_hours_in_which_users_are_cut_off(
    from_s: int, to_s: int
) -> None:
    found = measures(cut_off(from_s, to_s))
    expected = (passed(to_s) - passed(from_s)) / passed(2 * DAY)
    assert found["target_use_denied_share"] == pytest.approx(expected, rel=1e-12)
    assert found["target_use_degraded_share"] == found["target_use_denied_share"]
    assert found["target_use_lost_share"] == found["target_use_denied_share"]
    # Presence knows no hours.
    assert found["target_user_hours_denied"] == pytest.approx(1000 * (to_s - from_s) / HOUR)


def test_an_hour_of_an_outage_weighs_more_when_the_target_is_used_more() -> None:
    quiet, busy = (
        measures(cut_off(at, at + HOUR))["target_use_denied_share"] for at in (2 * HOUR, 13 * HOUR)
    )
    assert busy == pytest.approx(1.5 * quiet)


def write(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "use.csv"
    path.write_text("\n".join(["period,index,weight", *rows, ""]), encoding="utf-8")
    return path


def use_of(path: Path, *overrides: str) -> Use:
    few = ("population.n_businesses=5", f"users.use={path}")
    found = build_world(
        resolve(load_scenario("telegram-2018", [*few, *overrides])), Streams(1, 0)
    ).use
    assert found is not None
    return found


def test_hours_weekdays_and_months_multiply(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        *(f"hour,{hour},{3 if hour == 20 else 1}" for hour in range(24)),
        *(f"weekday,{day},{8 if day == 6 else 1}" for day in range(7)),
        *(f"month,{month},{1 if month < 6 else 2}" for month in range(1, 13)),
    )
    use = use_of(path)
    assert use.offset_s == 1800  # it starts at 11:30 on a Monday in April
    hour, week, year = 26 / 24, 14 / 7, 19 / 12
    wanted = {
        0: 1 / hour / week / year,
        9: 3 / hour / week / year,  # Monday, 20:00
        6 * 24 + 9: 3 / hour * 8 / week / year,  # Sunday, 20:00
        (31 - 16 + 31) * 24: 1 / hour * 8 / week * 1 / year,
    }
    for at in (0, 9, 6 * 24 + 9):
        assert use.weight[at] == pytest.approx(wanted[at]), at
    first_of_june = (14 + 31) * 24 + 13  # days left of April, those of May, and to midnight
    assert use.weight[first_of_june] / use.weight[first_of_june - 24] == pytest.approx(2.0)
    assert use.passed_s(1800) == pytest.approx(1800 * wanted[0])
    assert use.passed_s(0) == 0.0


def test_a_period_that_is_left_out_is_even(tmp_path: Path) -> None:
    path = write(tmp_path, *(f"month,{month},5" for month in range(1, 13)))
    assert set(use_of(path).weight.tolist()) == {1.0}


@pytest.mark.parametrize(
    ("rows", "reported"),
    [
        (["hour,0,1"], "index: expected one hour row for each of 0 to 23, or none, got 1"),
        (
            [f"month,{n},1" for n in range(12)],
            "expected one month row for each of 1 to 12, or none",
        ),
        ([f"weekday,{n},{n}" for n in range(7)], "weight: expected a number >= 1, got '0'"),
    ],
)
def test_a_period_is_whole_or_left_out(tmp_path: Path, rows: list[str], reported: str) -> None:
    with pytest.raises(DataError) as caught:
        use_of(write(tmp_path, *rows))
    assert any(reported in str(problem) for problem in caught.value.problems)
