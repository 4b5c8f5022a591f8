"""A target that keeps its addresses: what is dropped, and who reaches none of them."""

from dataclasses import replace

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.eventlog import Kind
from sim.engine.state.ledger import Group
from sim.engine.strategies.answers import aggregate, cover, dns, exact
from sim.engine.strategies.calendars import replay
from sim.measure.impact import measure_target
from sim.streams import Streams
from tests.chases import run
from tests.sections import Censor, still
from tests.worlds import DAY, Actor, Dated, Firm, Pool, SmallWorld, prefixes_text

ONE, OTHER, FAR = "198.51.100.7", "198.51.100.9", "203.0.113.200"
TWO_OPERATORS = (Actor(0.75), Actor(0.25, compliance=0.0))
NEAR = tuple(Firm((address,) * 5) for address in (ONE, "198.51.100.77", "203.0.113.1"))


def world(*given: str, **keys: object) -> SmallWorld:
    return SmallWorld(actors=TWO_OPERATORS, given=given, firms=NEAR, **keys)


def told(small: SmallWorld, strategy: object) -> dict[str, float]:
    return {one.metric: one.value for one in measure_target(small.world(), run(small, strategy))}


def dated(small: SmallWorld, *orders: Dated) -> object:
    return replay([(one.t_s, one.order(small.line)) for one in orders])


def test_who_is_left_one_address_reaches_the_target():
    small = world(ONE, OTHER)
    # From the middle of ten days on, at three quarters of users, one of two addresses.
    half = told(small, dated(small, Dated(5 * DAY, "block", (f"{ONE}/32",))))
    assert half == {
        "target_user_hours_lost_share": 0.0,
        "target_addresses_lost_share": pytest.approx(0.5 * 0.75 * 0.5, abs=1e-5),
    }
    both = told(small, dated(small, Dated(5 * DAY, "block", ("198.51.100.0/28",))))
    assert both["target_user_hours_lost_share"] == pytest.approx(0.75 * 0.5, abs=1e-5)
    assert both["target_addresses_lost_share"] == pytest.approx(0.75 * 0.5, abs=1e-5)


def test_who_is_slowed_misses_a_share_at_each_address():
    small = world(ONE, OTHER, throttle_severity=0.6)
    slowed = dated(small, Dated(0, "block", (f"{ONE}/32",), "throttle"))
    assert told(small, slowed) == {
        "target_user_hours_lost_share": 0.0,
        "target_addresses_lost_share": pytest.approx(0.75 * 0.6 / 2, abs=1e-5),
    }


@pytest.mark.parametrize("evasion", [0.0, 0.2])
def test_by_name_it_fails_at_all_addresses_for_those_who_do_not_get_round_it(evasion):
    small = world(ONE, OTHER, name_evasion=evasion)
    found = told(small, dns(0.0))
    assert found == dict.fromkeys(found, pytest.approx(0.75 * (1 - evasion), abs=1e-5))
    both = [Dated(0, "block", (), "name"), Dated(0, "block", (f"{ONE}/32",))]
    left = evasion / 2
    assert told(small, dated(small, *both))["target_addresses_lost_share"] == pytest.approx(
        0.75 * (1 - left), abs=1e-5
    )


def test_users_that_are_counted_lose_the_same_share_in_hours():
    shares = told(world(ONE), exact)
    counted = world(ONE, users=still(n_target_users=1000.0))
    hours = told(counted, exact)
    assert shares.keys() < hours.keys()
    assert {name: hours[name] for name in shares} == pytest.approx(shares)
    assert hours["target_user_hours_denied"] == pytest.approx(
        shares["target_user_hours_lost_share"] * 1000 * 240
    )
    known = {series.metric for series in run(world(ONE), exact).curves.series}
    assert "target_reached_share" in known
    assert not {"vpn_share", "target_left_share"} & known


def test_every_address_alone_lists_these_and_no_others():
    outcome = run(world(FAR, ONE, OTHER), exact)
    entries = IntervalSet.union_all(outcome.entry_addresses)
    assert prefixes_text(entries) == f"{ONE}/32 {OTHER}/32 {FAR}/32"
    # Known from the start, and neither rented nor replaced.
    kinds = outcome.events.kind
    assert outcome.events.t_s[kinds == Kind.DISCOVERED].tolist() == [0, 0, 0]
    assert not np.isin(kinds, (Kind.RENTED, Kind.EVICTED, Kind.CANCELLED)).any()


def test_a_censor_knows_them_without_a_lag_whatever_its_limits():
    limited = Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0, saturation_finds=1, max_rules=1)
    outcome = run(world(ONE, FAR, censor=limited), exact)
    assert [prefixes_text(one) for one in outcome.entry_addresses] == [f"{ONE}/32"]
    assert outcome.events.t_s[outcome.events.kind == Kind.DISCOVERED].tolist() == [0, 0]


def hours_lost(outcome) -> float:
    return float(outcome.ledger.lost_demand_h.sum())


@pytest.mark.parametrize("pools", [(), (Pool("alpha", 1.0, ("198.51.100.0/24",)),)])
def test_a_cover_holds_all_addresses_with_few_rules_and_little_harm(pools):
    small = world(ONE, OTHER, FAR, pools=pools)
    wide = hours_lost(run(small, aggregate(24)))
    harm = []
    for rules in (2, 3):
        outcome = run(small, cover(rules))
        assert sum(outcome.entry_rules.tolist()) <= rules
        assert IntervalSet.union_all(outcome.entry_addresses).contains(outcome.front_address).all()
        harm.append(hours_lost(outcome))
    assert wide > harm[0] >= harm[1] == hours_lost(run(small, exact))


def test_a_cover_of_addresses_that_no_provider_holds_is_no_wider_than_it_must_be():
    found = [run(world(ONE, OTHER, FAR), cover(rules)).entry_addresses for rules in (2, 3)]
    assert [" ".join(map(prefixes_text, one)) for one in found] == [
        f"198.51.100.0/28 {FAR}/32",
        f"{ONE}/32 {OTHER}/32 {FAR}/32",
    ]


def test_operators_leave_out_prefixes_of_a_cover_as_they_do_addresses_of_a_list():
    """With a rule for each address both list the same, and luck is the same."""
    hours = []
    for seed in range(5):
        small = replace(
            world(ONE, OTHER, FAR), actors=(Actor(1.0, compliance=0.5),), streams=Streams(seed, 0)
        )
        hours.append([hours_lost(run(small, one)) for one in (exact, cover(3), cover(2))])
        assert hours[-1][0] == hours[-1][1]
    # A wide prefix is another entry, which another draw decides.
    assert len({one[0] for one in hours}) > 1 < len({one[2] for one in hours})


def test_addresses_of_both_families_are_kept():
    six = "2001:db8:7::1"
    small = replace(world(ONE, six), firms=(Firm(("203.0.113.1",) * 5),))
    outcome = run(small, exact)
    held = {prefixes_text(one) for one in outcome.entry_addresses}
    assert held == {f"{ONE}/32", f"{six}/128"}
    assert outcome.curves.points("target_reached_share", Group())[1][-1] == pytest.approx(0.25)
