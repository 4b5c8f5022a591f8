"""What the target lost, and what that cost bystanders."""

import math
import statistics
from collections.abc import Sequence

import numpy as np
import pytest

from sim.catalogue.choices import RATIOS
from sim.experiment.pipeline import Answers
from sim.experiment.studies import sweep_sheet
from sim.measure import measures
from sim.measure.groups import is_above
from sim.measure.impact import measure_impact, measure_ratios
from sim.measure.measures import Measure, over
from sim.measure.summary import Measured, summarise
from tests.sections import Censor, Fronts, still
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Pool, SmallWorld

CENSOR = Censor(discovery_lag_h=1000.0, withdraw_lag_h=1.0)
FRONTS = Fronts(pools="x", n_fronts=1, monitor_lag_h=1000.0, push_tau_h=1.0, lost_share=0.5)
USERS = still(tick_h=168.0, n_target_users=100.0, share_target_users=1.0, vpn_start=0.25)


def measured(
    *orders, users=USERS, horizon_s=DAY, actors: tuple[Actor, ...] = (Actor(),)
) -> dict[str, float]:
    small = SmallWorld(
        orders=orders,
        actors=actors,
        firms=(Firm(("192.0.2.7",) * 5),),
        horizon_s=horizon_s,
        pools=(Pool("alpha", 1.0, ("192.0.2.0/24",)),),
        fronts=FRONTS,
        censor=CENSOR,
        users=users,
    )
    return {m.metric: m.value for m in measure_impact(small.world(), small.run())}


def test_user_hours_are_denied_to_those_without_a_vpn_while_the_front_is_dropped():
    found = measured((6 * HOUR, "block", "192.0.2.0/24"))
    assert math.isclose(found["target_user_hours_denied"], 100 * 0.75 * 18)
    assert math.isclose(found["target_user_hours_by_vpn"], 100 * 0.25 * 24)
    assert found["target_users_left_at_end"] == 0
    assert math.isclose(found["target_user_hours_lost_share"], 0.75 * 18 / 24)
    expected = 18 / (100 * 0.75 * 18 / 1e6)
    assert math.isclose(found["collateral_per_million_user_hours_denied"], expected)


@pytest.mark.parametrize("n_users", [1.0, 7.0, 100.0])
def test_no_more_than_everything_is_lost(n_users):
    users = still(n_target_users=n_users, share_target_users=1.0, tick_h=168.0)
    actors = tuple(Actor(share) for share in (0.6, 0.3, 0.1))
    found = measured((0, "block", "192.0.2.0/24"), users=users, horizon_s=7 * DAY, actors=actors)
    assert 1 - 1e-15 < found["target_user_hours_lost_share"] <= 1
    assert found["target_user_hours_denied"] <= n_users * 168
    assert found["target_user_hours_reached"] == 0


def test_where_nothing_is_denied_the_trade_off_is_not_known():
    found = measured()
    assert found["target_user_hours_denied"] == found["target_user_hours_lost_share"] == 0
    assert math.isnan(found["collateral_per_million_user_hours_denied"])


def test_a_name_is_reached_by_those_who_evade_its_blocking():
    found = measured(Dated(6 * HOUR, "block", mechanism="name"))
    # A quarter of those without a VPN evade it; the front itself stays open.
    assert math.isclose(found["target_user_hours_denied"], 100 * 0.75 * 0.75 * 18)


@pytest.mark.parametrize("return_rate", [0.0, 0.25])
def test_users_leave_by_the_equation_of_the_model_where_the_front_is_dropped(return_rate):
    leave_rate, vpn = 0.1, 0.25
    users = USERS.model_copy(
        update={"tick_h": 24.0, "leave_rate_per_d": leave_rate, "return_rate_per_d": return_rate}
    )
    # The second operator, with a fifth of the users, does not drop what is listed: nobody leaves.
    found = measured(
        (6 * HOUR, "block", "192.0.2.0/24"),
        users=users,
        horizon_s=3 * DAY + HOUR,
        actors=(Actor(0.8), Actor(0.2, compliance=0.0)),
    )

    left, left_h, denied_h = 0.0, 0.0, 0.75 * 18
    for share_dropped, hours_after in ((0.75, 24), (1.0, 24), (1.0, 1)):
        missed = (1 - vpn) * share_dropped
        up, down = leave_rate * missed, return_rate * (1 - missed)
        # dl/dt = up * (1 - l) - down * l over a day.
        rest = up / (up + down)
        left = rest + (left - rest) * math.exp(-(up + down))
        left_h += left * hours_after
        denied_h += (1 - left) * (1 - vpn) * hours_after
    assert 10 < 80 * left < 20
    assert math.isclose(found["target_users_left_at_end"], 80 * left)
    assert math.isclose(found["target_user_hours_left"], 80 * left_h)
    lost = found["target_user_hours_lost_share"]
    assert math.isclose(lost, 80 * (left_h + denied_h) / (100 * 73))


# Businesses by how much of their demand failed at once, by hand.


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


def test_the_worst_moment_of_each_business():
    found = small().run().ledger.worst_share.tolist()
    # Entries do not overlap in time: the second firm's worst is the larger of the two.
    assert found == [0.75, 0.75 * 0.5, 0.0, 0.75 * 0.125]


def test_what_lasts_no_second_does_not_count():
    late = small(orders=(Dated(1000, "block", (f"{HERE}/32",)),))
    assert not late.run().ledger.worst_share.any()
    at_the_end = small(orders=(Dated(999, "block", (f"{HERE}/32",)),))
    assert at_the_end.run().ledger.worst_share[0] == 0.75


def test_counts_fall_with_the_share():
    outcome = small().run()
    found = [int(is_above(outcome, share).sum()) for share in (0.01, 0.1, 0.3, 0.5, 0.9)]
    assert found == [3, 2, 2, 1, 0]


# Harm for each user-hour denied: a ratio of each simulation, not known where nothing is denied.


HOURS = "collateral_per_million_user_hours_denied"
NAMES = "names_hit_per_million_user_hours_denied"
SITES = "active_sites_hit_per_million_user_hours_denied"
DOLLARS = "private_loss_usd_per_user_hour_denied"
HARM, DENIED = (4.0, 6.0, 7.0, 9.0), (0.0, 3.0, 1.0, 2.0)


def simulations(harm: Sequence[float], denied: Sequence[float]) -> list[tuple[Measure, ...]]:
    """Measures of runs with so much harm, in all units alike, and so much denied."""
    runs = []
    for above, below in zip(harm, denied, strict=True):
        parts = (
            Measure("business_hours_impaired", "business-hours", above),
            Measure("names_hit", "names", 3 * above),
            Measure("active_sites_hit", "active sites", 2 * above),
            Measure("target_user_hours_denied", "user-hours", below, 1e6, "user-hours"),
            Measure("private_loss_usd", "USD", 5 * above),
        )
        runs.append((*parts, *measure_ratios(parts)))
    return runs


def test_harm_is_measured_in_hours_names_sites_and_dollars():
    (run,) = simulations([100.0], [2e6])
    found = {measure.metric: measure for measure in run}
    values = [found[name].value for name in (HOURS, NAMES, SITES, DOLLARS)]
    assert values == [50, 150, 100, 500 / 2e6]
    units = [found[name].unit for name in RATIOS]
    assert units == ["business-hours", "names", "active sites", "USD"]
    for name in RATIOS:
        assert (found[name].denominator, found[name].denominator_unit) == (2e6, "user-hours denied")


def test_a_ratio_already_there_is_not_measured_twice():
    (run,) = simulations([100.0], [2e6])
    assert measure_ratios(run) == ()
    assert measure_ratios(run[:1]) == ()


def test_a_ratio_is_not_known_over_nothing():
    found = over([1.0, 6.0, 3.0, np.nan], [0.0, 2.0, np.nan, 4.0], 10)
    np.testing.assert_array_equal(found, [np.nan, 30, np.nan, np.nan])


@pytest.mark.parametrize("metric", sorted(RATIOS))
def test_a_simulation_in_which_nothing_is_denied_has_no_ratio(metric):
    lines = {
        line.metric: line
        for line in summarise("s", Measured.of(dict(enumerate(simulations(HARM, DENIED)))))
    }
    line = lines[metric]
    times = {HOURS: 1e6, NAMES: 3e6, SITES: 2e6, DOLLARS: 5.0}[metric]
    assert (line.n_simulations, line.n_known) == (4, 3)
    # The median of ratios, and no ratio of medians: 2, 7 and 4.5 times.
    assert line.median == pytest.approx(4.5 * times)
    assert line.low == pytest.approx((2 + 0.1 * 2.5) * times)
    assert line.denominator == statistics.median(DENIED[1:])
    assert line.denominator_unit == "user-hours denied"


def answers(harm: Sequence[float], denied: Sequence[float]) -> Answers:
    runs = simulations(harm, denied)
    cells = np.array([[measure.value for measure in run] for run in runs])[None]
    whole = np.array([[measure.denominator for measure in run] for run in runs])[None]
    return Answers("s", runs[0], cells, whole)


def test_a_sweep_holds_medians_of_ratios():
    sheet = sweep_sheet({}, ((),), answers(HARM, DENIED), (HOURS, "names_hit"))
    names = [column.name for column in sheet.columns]
    ratio, plain = (dict(zip(names, row, strict=True)) for row in sheet.rows)
    assert ratio["median"] == pytest.approx(4.5e6)
    assert (ratio["n_replicates"], ratio["n_known"]) == (4, 3)
    assert ratio["denominator"] == 2
    assert (plain["median"], plain["n_known"]) == (3 * 6.5, 4)


def test_a_sweep_knows_no_zero_of_a_sample_that_could_not_be_hit():
    values = {
        "addresses_listed_peak": 16.0,
        "businesses_expected_listed": 0.0,
        "businesses_ever_affected": 0.0,
    }
    run = [measures.measured(name, value, 100.0) for name, value in values.items()]
    cells = np.array([[list(values.values())] * 3])
    found = Answers("s", tuple(run), cells, np.full(cells.shape, 100.0))
    sheet = sweep_sheet({}, ((),), found, list(values))
    names = [column.name for column in sheet.columns]
    listed, _, hit = (dict(zip(names, row, strict=True)) for row in sheet.rows)
    assert (listed["median"], listed["n_known"], listed["zero_at_most"]) == (16, 3, 0)
    assert np.isnan([hit["median"], hit["low"], hit["high"], hit["zero_at_most"]]).all()
    assert (hit["n_replicates"], hit["n_known"]) == (3, 0)


def test_a_sensitivity_analysis_is_of_ratios_of_sums():
    assert answers((4.0, 6.0, 7.0), (0.0, 3.0, 1.0)).mean(HOURS)[0] == pytest.approx(1e6 * 17 / 4)
    assert np.isnan(answers((4.0, 6.0), (0.0, 0.0)).mean(HOURS)[0])
