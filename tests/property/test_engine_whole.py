"""Every mechanism on: the slow reference agrees event by event, and on every total.

Where exponentials enter (reach, VPN, attention) numbers agree to six digits; counts, times and
events agree exactly.
"""

import math
from dataclasses import replace
from ipaddress import ip_address

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import AddressSet
from sim.addresses.sets.line import split
from sim.engine.decisions import Decision, InForce, Observation, Strategy
from sim.engine.record.outcome import ADDRESSES_LOST_SHARE, USER_METRICS, Outcome
from sim.engine.state.ledger import Group
from sim.measure.impact import measure_target
from sim.scenario.tables.rows import RESPONSES
from sim.streams import Streams
from tests.property.test_engine_reference import (
    ADDRESSES,
    ELSEWHERE,
    PREFIXES,
    SIXTEENTHS,
    assert_same_at_operators,
    events_of,
    ledger_of,
    ledger_row,
    shares,
)
from tests.reference import RefOutcome, RefSight, RefTarget, RefWorld, simulate_reference
from tests.sections import Censor, Complaints, Fronts, Users, patient
from tests.worlds import (
    DAY,
    HOUR,
    Actor,
    Arrival,
    Dated,
    Firm,
    Pool,
    Program,
    Response,
    Seat,
    SmallWorld,
    many_worlds,
)

pytestmark = pytest.mark.laws

HORIZON_S = 6 * DAY
POOLS = (
    # A region of several prefixes, a second region, and two pools in one.
    Pool("alpha", 3.0, ("192.0.2.0/27", "198.51.100.0/29"), region="north"),
    Pool("beta", 1.0, ("198.51.100.64/28",)),
    Pool("alpha", 1.0, ("192.0.2.128/28",), "south"),
    Pool("beta", 2.0, ("198.51.100.96/28",)),
)
STANCES = (
    ((0, "beta", "silent"),),
    ((-DAY, "alpha", "compliant"), (DAY, "beta", "hostile")),
    ((2 * DAY + 7, "alpha", "compliant"), (3 * DAY, "alpha", "compliant")),
    ((DAY, "beta", "constructive"), (2 * DAY, "beta", "compliant")),
    # Twice compliant with a break; a stance that turns and turns back.
    ((DAY, "beta", "compliant"), (2 * DAY, "beta", "hostile"), (3 * DAY, "beta", "compliant")),
    ((0, "alpha", "constructive"), (2 * DAY + 9, "alpha", "hostile"), (4 * DAY, "alpha", "silent")),
)
PUBLIC_EVENTS = (
    (),
    ((3 * DAY + 11, 0.5),),
    # One before the start; two in one second that is a tick's too, not in the sequence of time.
    ((2 * DAY, 0.25), (-DAY, 0.75), (2 * DAY, 0.5), (-30 * DAY, 1.0), (5 * DAY, 0.0)),
)


@st.composite
def dated_orders(draw):
    """Orders of every mechanism; an unblock withdraws what is in force."""
    orders, in_force = [], []
    for t_s in sorted(draw(st.lists(st.integers(0, HORIZON_S), max_size=10))):
        if in_force and draw(st.integers(0, 3)) == 0:
            made = in_force.pop(draw(st.integers(0, len(in_force) - 1)))
            orders.append(replace(made, t_s=t_s, action="unblock"))
            continue
        mechanism = draw(st.sampled_from(["drop", "drop", "throttle", "name", "exempt"]))
        prefixes = tuple(
            sorted(draw(st.sets(st.sampled_from(PREFIXES[:8]), min_size=1, max_size=3)))
        )
        made = Dated(
            t_s,
            "block",
            () if mechanism == "name" else prefixes,
            mechanism,
            draw(SIXTEENTHS) if mechanism == "name" else 0.0,
            # Of two groups, of which there may be one, the other, both or none in a world.
            None
            if mechanism == "exempt"
            else draw(st.sampled_from([None, None, ("operator-0",), ("operator-1", "operator-9")])),
        )
        in_force.append(made)
        orders.append(made)
    return tuple(orders)


@st.composite
def seats(draw, n_services):
    if n_services and draw(st.integers(0, 3)) == 0:
        return draw(st.integers(0, n_services - 1))
    addresses = draw(st.lists(st.sampled_from(ADDRESSES), min_size=1, max_size=4))
    # Powers of two, so that the mean of mode spread is exact.
    n = 1 << (len(addresses).bit_length() - 1)
    return Seat(tuple(addresses[:n]), draw(st.sampled_from(["any", "spread"])))


@st.composite
def whole_firms(draw, n_services):
    kinds = st.sampled_from(["wait", "same", "foreign", "domestic", "proxy"])
    responses = tuple(
        Response(
            draw(kinds),
            draw(st.sampled_from([0, 1, HOUR]))
            if draw(st.booleans())
            else draw(st.integers(1, DAY)),
            tuple(draw(st.sampled_from(ADDRESSES)) for _ in range(5)),
        )
        for _ in range(2)
    )
    sat_on = tuple(draw(seats(n_services)) for _ in range(5))
    return Firm(
        weights=tuple(draw(SIXTEENTHS) for _ in range(5)),
        profile=draw(st.sampled_from([(1,) * 168, (0, 3) * 84])),
        value_micro_usd_per_h=draw(st.integers(2**24, 2**30)),
        seats=sat_on,
        name_draw=draw(SIXTEENTHS),
        patience_s=draw(st.integers(1, 2 * DAY)),
        responses=responses,
        arrivals=tuple(draw(st.lists(arrivals(sat_on), min_size=2, max_size=8))),
        tolerance=draw(st.sampled_from(["affected", "impaired", "impaired", "down"])),
        elsewhere=draw(ELSEWHERE),
    )


@st.composite
def programs(draw, sat_on):
    """A program that serves some of what a business runs itself; or none."""
    own = [role for role, seat in enumerate(sat_on) if not isinstance(seat, int)]
    served = draw(st.sets(st.sampled_from(own))) if own else set()
    if not served or draw(st.integers(0, 3)) == 0:
        return None
    addresses = tuple(
        draw(st.sampled_from(ADDRESSES)) if role in served else "" for role in range(5)
    )
    return Program(draw(st.integers(0, 600)), addresses)


@st.composite
def switching_worlds(draw):
    """Worlds in which programs leave what is blocked, and no tenants come and go."""
    small = draw(whole_worlds())
    firms = tuple(
        replace(firm, arrivals=(), program=draw(programs(firm.all_seats()))) for firm in small.firms
    )
    # Full hours fall on ticks, the others on nothing in particular.
    every_s = draw(st.sampled_from([HOUR, 2711, 5 * HOUR]))
    return replace(small, firms=firms, has_tenancy=False, look_every_s=every_s)


@st.composite
def arrivals(draw, sat_on):
    """A tenant comes to other addresses; a service stays where it is."""
    role = draw(st.integers(0, 4))
    seat = draw(st.integers(int(isinstance(sat_on[role], int)), 2))
    there = draw(seats(0))
    return Arrival(draw(st.integers(1, HORIZON_S + HOUR)), role, there.addresses, there.mode, seat)


@st.composite
def whole_actors(draw):
    actors = []
    for share in draw(shares()):
        interval_s = draw(st.integers(600, DAY))
        actors.append(
            Actor(
                share=share,
                poll_interval_s=interval_s,
                poll_phase_s=draw(st.integers(0, interval_s - 1)),
                apply_lag_s=draw(st.integers(0, DAY)),
                release_lag_s=draw(st.integers(0, DAY)),
                compliance=draw(st.sampled_from([0.0, 0.5, 0.75, 1.0, 1.0])),
                begins_s=draw(st.one_of(st.just(0), st.integers(-DAY, 2 * DAY))),
                luck_of=draw(st.sampled_from([None, None, 0])),
                rule_capacity=draw(st.sampled_from([None, None, 0, 1, 3])),
                overload=draw(st.sampled_from(["stop", "degrade"])),
                overload_severity=draw(SIXTEENTHS),
            )
        )
    return tuple(actors)


def narrow(pause_pressure, length):
    """Narrow orders above some pressure."""
    return {"pause_pressure": pause_pressure, "under_pressure": "narrow", "narrow_length": length}


PAUSES = st.sampled_from(
    [{}, {"pause_pressure": 0.3}, *(narrow(0.15, length) for length in (27, 30, 32))]
)
SATURATIONS = st.sampled_from([None, 1, 3, 50])
"""Finds after which the next ones take longer, or never."""


@st.composite
def reviews(draw):
    """How often the censor looks through what is in force; or not at all."""
    if draw(st.booleans()):
        return {}
    return {
        "review_every_d": draw(st.sampled_from([0.25, 0.7, 2.0])),
        "review_silent_d": draw(st.sampled_from([0.0, 0.5, 1.5])),
        "review_addresses": draw(st.sampled_from([None, 1, 20, 200])),
    }


@st.composite
def decisions(draw):
    """Withdrawals decided elsewhere, two of them at most; mostly none."""
    if draw(st.integers(0, 2)):
        return ()
    hours = draw(st.lists(st.sampled_from([0, 24, 25, 60, 72]), max_size=2))
    return tuple((hour * HOUR, draw(st.sampled_from([0.1, 0.5, 1.0]))) for hour in sorted(hours))


@st.composite
def whole_worlds(draw):
    services = tuple(
        Seat((draw(st.sampled_from(ADDRESSES)),)) for _ in range(draw(st.integers(0, 2)))
    )
    strategy = draw(st.sampled_from(["replay", "exact", "negotiate"]))
    limit = st.sampled_from([None, None, 1, 2, 5])
    n_fronts = draw(st.integers(1, 4))
    return SmallWorld(
        orders=draw(dated_orders()) if strategy == "replay" else (),
        actors=draw(whole_actors()),
        firms=tuple(draw(whole_firms(len(services))) for _ in range(draw(st.integers(1, 3)))),
        services=services,
        horizon_s=HORIZON_S,
        cadence=((0, draw(st.integers(60, 6 * HOUR))),),
        start_s=draw(st.integers(0, 7 * DAY - 1)),
        target_prefixes=("192.0.2.0/28",),
        thresholds=(1 / 64, 3 / 32, 29 / 32),
        throttle_severity=draw(SIXTEENTHS),
        name_evasion=draw(SIXTEENTHS),
        strategy=strategy,
        talks_s=draw(st.sampled_from([HOUR, 30 * HOUR])),
        purity=draw(st.sampled_from([0.5, 1.0])),
        shortest=draw(st.sampled_from([24, 30])),
        # In a third of all worlds.
        pools=POOLS,
        fronts=Fronts(
            pools="x",
            n_fronts=n_fronts,
            monitor_lag_h=draw(st.integers(0, 20)),
            push_tau_h=draw(st.sampled_from([0.5, 6.0, 48.0])),
            share_told=draw(st.sampled_from([0.25, 0.5, 1.0])),
            lost_share=draw(st.sampled_from([0.1, 0.45, 0.7])),
            n_known=draw(st.sampled_from([None, 1, n_fronts])),
            cancel_h=draw(st.sampled_from([None, 0.0, 7.0, 30.0])),
        ),
        censor=Censor(
            discovery_lag_h=draw(st.sampled_from([1.0, 10.0])),
            withdraw_lag_h=draw(st.integers(1, 30)),
            orders_per_day=draw(limit),
            max_addresses=draw(st.sampled_from([None, None, 5, 300])),
            max_rules=draw(limit),
            **draw(PAUSES),
            end_pressure=draw(st.sampled_from([None, None, 0.45, 0.8])),
            **draw(reviews()),
            saturation_finds=draw(SATURATIONS),
        ),
        users=Users(
            tick_h=draw(st.sampled_from([1.0, 6.0, 24.0])),
            n_target_users=1e6,
            share_target_users=0.25,
            vpn_start=0.0625,
            vpn_max=0.5,
            vpn_rate_per_d=draw(st.sampled_from([0.0, 0.5])),
            vpn_decay_per_d=draw(st.sampled_from([0.0, 0.1])),
            leave_rate_per_d=draw(st.sampled_from([0.0, 0.2])),
            return_rate_per_d=draw(st.sampled_from([0.0, 0.3])),
            hop_min=draw(st.sampled_from([None, 0.51, 20.0, 400.0])),
        ),
        complaints=Complaints(
            per_business_per_d=draw(st.sampled_from([0.0, 5.0])),
            per_million_users_per_d=10.0,
            snowball=draw(st.sampled_from([0.0, 2.0])),
            attention_per_complaint=0.02,
            half_life_d=2.0,
            named_per_d=draw(st.sampled_from([0.1, 3.0])),
            hotline_servers=draw(st.integers(1, 2)),
            hotline_service_h=draw(st.sampled_from([0.5, 20.0])),
            confirmed_share=draw(st.sampled_from([0.5, 1.0])),
            exempt_lag_h=draw(st.integers(1, 10)),
            per_million_people_per_d=draw(st.sampled_from([None, 0.0, 2.0, 20.0])),
        ),
        reactions=patient(n_rounds=2, onboarding_slots=1, onboarding_h=draw(st.integers(1, 48))),
        stances=draw(st.sampled_from(STANCES)),
        has_tenancy=draw(st.sampled_from([False, True, True, True])),
        pressure_events=draw(st.sampled_from(PUBLIC_EVENTS)),
        decisions=draw(decisions()),
        exempt_prefixes=draw(st.sampled_from([(), ("192.0.2.200/32",)])),
        streams=Streams(draw(st.integers(0, 50)), 0),
    )


@st.composite
def held_back_worlds(draw):
    """The same, with one limit on a censor that knows many fronts at once: it is refused a lot."""
    small = draw(whole_worlds().filter(lambda small: small.strategy != "replay"))
    limit = draw(
        st.sampled_from(
            [
                {"orders_per_day": draw(st.integers(0, 2))},
                {"max_rules": draw(st.integers(1, 3))},
                {"max_addresses": draw(st.integers(1, 20))},
                {"pause_pressure": draw(st.sampled_from([0.2, 0.4]))},
                {"pause_pressure": 0.4, "orders_per_day": 1, "max_addresses": 30},
            ]
        )
    )
    return replace(
        small,
        fronts=small.fronts.model_copy(update={"n_fronts": 6, "lost_share": 1.0}),
        censor=Censor(discovery_lag_h=draw(st.sampled_from([0.5, 8.0])), withdraw_lag_h=7, **limit),
        complaints=small.complaints.model_copy(
            update={"attention_per_complaint": 0.0, "half_life_d": draw(st.sampled_from([0.5, 2]))}
        ),
        pressure_events=draw(
            st.sampled_from([((-HOUR, 0.9),), ((8 * HOUR, 0.8), (3 * DAY, 0.75))])
        ),
    )


@st.composite
def talking_worlds(draw):
    """The same, under ``negotiate``, with stances that turn while talks last and after."""
    small = draw(whole_worlds())
    turn_s = draw(st.integers(2 * HOUR, 4 * DAY))
    stance = draw(st.sampled_from(["hostile", "silent"]))
    return replace(
        small,
        orders=(),
        strategy="negotiate",
        talks_s=draw(st.sampled_from([HOUR, 30 * HOUR])),
        fronts=small.fronts.model_copy(update={"n_fronts": 4}),
        censor=Censor(discovery_lag_h=0.5, withdraw_lag_h=7, max_rules=draw(limits_seldom)),
        stances=((0, "alpha", "constructive"), (turn_s, "alpha", stance), *draw(endings)),
    )


@st.composite
def given_worlds(draw):
    """The same, where the target has addresses of its own, of providers or of none.

    How many use it is known or not.
    """
    small = draw(whole_worlds())
    given_ones = st.sampled_from([*ADDRESSES, "192.0.2.3", "198.51.100.70"])
    has_users = draw(st.booleans())
    return replace(
        small,
        fronts=None,
        given=tuple(draw(st.sets(given_ones, min_size=1, max_size=4))),
        stances=(),
        users=small.users if has_users else None,
        complaints=small.complaints if has_users else None,
    )


@st.composite
def pressed_worlds(draw):
    """The same, where wide orders become narrow ones and entries without a front are withdrawn.

    Operators act soon: fronts are lost and given back, and clients who know few of them hop.
    """
    small = draw(whole_worlds())
    n_fronts = draw(st.integers(2, 6))
    rule = {
        "review_every_d": draw(st.sampled_from([0.25, 0.7])),
        "review_silent_d": draw(st.sampled_from([0.0, 0.5, 1.2])),
        "review_addresses": draw(st.sampled_from([None, 9, 40])),
        "max_rules": draw(st.sampled_from([None, None, 2])),
        "saturation_finds": draw(SATURATIONS),
    }
    return replace(
        small,
        orders=(),
        strategy="negotiate",
        talks_s=HOUR,
        purity=0.5,
        shortest=24,
        actors=tuple(
            replace(actor, apply_lag_s=actor.apply_lag_s // 8, rule_capacity=None)
            for actor in small.actors
        ),
        fronts=small.fronts.model_copy(
            update={
                "n_fronts": n_fronts,
                "n_known": draw(st.integers(1, n_fronts)),
                "monitor_lag_h": 2.0,
                "cancel_h": draw(st.sampled_from([0.0, 7.0])),
            }
        ),
        censor=Censor(
            discovery_lag_h=draw(st.sampled_from([0.5, 8.0])),
            withdraw_lag_h=7.0,
            **narrow(draw(st.sampled_from([0.1, 0.5])), draw(st.sampled_from([28, 30]))),
            **rule,
        ),
        users=small.users.model_copy(update={"hop_min": draw(st.sampled_from([1.0, 90.0, 900.0]))}),
        complaints=small.complaints.model_copy(update={"per_million_people_per_d": 5.0}),
        pressure_events=((-HOUR, 0.9), (3 * DAY, 0.75)),
    )


limits_seldom = st.sampled_from([None, None, None, 2])
endings = st.sampled_from([(), ((3 * DAY, "beta", "hostile"), (5 * DAY, "beta", "compliant"))])


@many_worlds(3)
@given(talking_worlds())
def test_the_slow_reference_agrees_where_a_censor_talks_first(small):
    assert_agrees(small)


@pytest.mark.long  # `test_each_kernel.py` has some every day
@many_worlds(6)
@given(whole_worlds())
def test_the_slow_reference_agrees_with_every_mechanism_on(small):
    assert_agrees(small)


@many_worlds(3)
@given(held_back_worlds())
def test_the_slow_reference_agrees_where_a_censor_is_refused_and_asks_again(small):
    assert_agrees(small)


@many_worlds(3)
@given(pressed_worlds())
def test_the_slow_reference_agrees_where_a_censor_narrows_and_reviews(small):
    assert_agrees(small)


@many_worlds(3)
@given(switching_worlds())
def test_the_slow_reference_agrees_where_programs_leave_what_is_blocked(small):
    assert_agrees(small)


@many_worlds(4)
@given(given_worlds())
def test_the_slow_reference_agrees_where_the_target_keeps_its_addresses(small):
    assert_agrees(small)


def assert_agrees(small: SmallWorld) -> None:
    assert_same_run(small, small.engine_strategy(), small.reference())


def assert_same_run(small: SmallWorld, strategy: Strategy, world: RefWorld) -> Outcome:
    """What happens is the same, and what the censor saw whenever it was asked."""
    seen: list[Observation] = []

    def watched(observation: Observation) -> Decision:
        seen.append(as_it_is(observation))
        return strategy(observation)

    outcome, reference = small.run_by(watched), simulate_reference(world)
    assert_same_as_reference(small, outcome, reference)
    assert_same_sights(seen, reference.sights, nearness_of_attention(small))
    return outcome


def assert_same_listed(small: SmallWorld, outcome: Outcome, reference: RefOutcome) -> None:
    """Addresses listed of each provider, and of none, agree exactly."""
    providers = small.world().places.provider
    for name, expected in reference.listed_of.items():
        row = providers.index(name) if name else len(providers)
        t_s, value = outcome.curves.points("addresses_listed", Group(provider_row=row))
        assert list(zip(t_s.tolist(), value.tolist(), strict=True)) == expected, name


def assert_same_as_reference(small: SmallWorld, outcome: Outcome, reference: RefOutcome) -> None:
    """Events, counts and times agree exactly, all else to six digits."""
    assert events_of(small, outcome) == reference.events
    everybody = {series.metric for series in outcome.curves.series if series.group == Group()}
    degraded = {"target_degraded_share"} if reference.degraded else set()
    lost = {ADDRESSES_LOST_SHARE} if small.given else set()
    assert everybody == {*reference.curves, *user_metrics(small), *degraded, *lost}
    for metric, expected in reference.curves.items():
        t_s, value = outcome.curves.points(metric, Group())
        if metric == "demand_lost_share":
            assert_close_curve(t_s, value, expected)
        else:
            found = list(zip(t_s.tolist(), value.tolist(), strict=True))
            assert found == [(t, float(v)) for t, v in expected], metric
    assert_same_listed(small, outcome, reference)
    for found, row in zip(ledger_of(outcome), reference.ledger, strict=True):
        expected = ledger_row(row)
        np.testing.assert_allclose(found[:7], expected[:7], rtol=1e-7, atol=1e-9)
        assert found[7:] == expected[7:]
    assert_same_at_operators(outcome, reference)
    assert outcome.n_responses.tolist() == [
        [kinds.count(kind) for kind in RESPONSES] for kinds in reference.responses
    ]
    assert_same_users(outcome.users, reference.target)
    assert_same_lost(small, outcome, reference.target)
    assert_same_user_curves(small, outcome, reference)
    assert_same_degraded(outcome, reference)
    if small.complaints is None:
        return
    attention = reference.attention[-1][1]
    near = nearness_of_attention(small)
    assert math.isclose(outcome.attention, attention, rel_tol=near, abs_tol=1e-12)
    assert math.isclose(outcome.n_complaints, reference.n_complaints, rel_tol=near, abs_tol=1e-9)


def nearness_of_attention(small: SmallWorld) -> float:
    """How near attention has to come: what it is made of is not exact in both.

    Whoever misses businesses complains by the share of demand lost, which holds to 2e-6 alone.
    """
    rules = small.complaints
    return 1e-5 if rules is not None and rules.per_million_people_per_d else 1e-7


def assert_close_curve(t_s, value, expected) -> None:
    """Values agree at every change point of either; ticks may move a value by a rounding."""
    times = sorted({*t_s.tolist(), *(t for t, _ in expected)})
    expected_t = np.array([t for t, _ in expected])
    expected_v = np.array([float(v) for _, v in expected])
    for t in times:
        found = value[np.searchsorted(t_s, t, side="right") - 1]
        wanted = expected_v[np.searchsorted(expected_t, t, side="right") - 1]
        assert abs(found - wanted) < 2e-6


def user_metrics(small: SmallWorld) -> tuple[str, ...]:
    """Curves of the target's users; one where nobody counted them."""
    return USER_METRICS if small.users else USER_METRICS[:1]


def assert_same_user_curves(small: SmallWorld, outcome: Outcome, reference: RefOutcome) -> None:
    """At all times of the engine, and wherever the reference has another state than before."""
    if small.given:
        t_s, value = outcome.curves.points(ADDRESSES_LOST_SHARE, Group())
        assert_close_curve(t_s, value, reference.target_lost)
    for column, metric in enumerate(user_metrics(small)):
        t_s, value = outcome.curves.points(metric, Group())
        times = np.union1d(t_s, reference.state_s)
        found = value[np.searchsorted(t_s, times, side="right") - 1]
        wanted = [reference.user_shares(t)[column] for t in times.tolist()]
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9, err_msg=metric)


def assert_same_degraded(outcome: Outcome, reference: RefOutcome) -> None:
    if not reference.degraded:
        return
    t_s, value = outcome.curves.points("target_degraded_share", Group())
    ticks_s = [t for t, _ in reference.degraded]
    assert set(t_s.tolist()) <= set(ticks_s)
    found = value[np.searchsorted(t_s, ticks_s, side="right") - 1]
    wanted = [share for _, share in reference.degraded]
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-9)


def as_it_is(observation: Observation) -> Observation:
    """What a censor sees, as a copy that does not change with the run."""
    fronts, reached = observation.fronts, observation.target_reached_share
    return replace(
        observation,
        reach=lambda: reached,
        fronts=replace(
            fronts,
            address=fronts.address.copy(),
            provider_row=fronts.provider_row.copy(),
            discovered_s=fronts.discovered_s.copy(),
        ),
        in_force=InForce(observation.in_force),
    )


def assert_same_sights(seen: list[Observation], sights: list[RefSight], near: float) -> None:
    """What the censor saw, and when; shares to seven digits."""
    assert [observation.t_s for observation in seen] == [sight.t_s for sight in sights]
    for observation, sight in zip(seen, sights, strict=True):
        names = observation.places.provider
        fronts = observation.fronts
        columns = (
            observation.line.numbers(fronts.address),
            fronts.provider_row.tolist(),
            fronts.discovered_s,
        )
        assert [(a, names[row], int(t)) for a, row, t in zip(*columns, strict=True)] == list(
            sight.fronts
        )
        in_force = observation.in_force
        assert [(e.mechanism.value, split(e.addresses), e.placed_s) for e in in_force] == [
            (mechanism, AddressSet.of(*map(text_of, ranges)), placed_s)
            for mechanism, ranges, placed_s in sight.in_force
        ]
        stances = dict(zip(names, observation.stance, strict=True))
        assert {name: stances[name] for name in sight.stances} == sight.stances
        # Before the start there is no state, and no rule hangs on what is told of it.
        if sight.reached is not None:
            np.testing.assert_allclose(
                observation.target_reached_share, sight.reached, rtol=1e-7, atol=1e-9
            )
        np.testing.assert_allclose(observation.pressure, sight.pressure, rtol=near, atol=1e-12)


def text_of(interval: tuple[int, int]) -> str:
    return f"{ip_address(interval[0])}-{ip_address(interval[1] - 1)}"


def assert_same_users(users, target) -> None:
    """The engine weighs demand in whole micro-dollars, the reference exactly: six digits agree."""
    for found_s, hours in (
        (users.denied_s, target.user_hours_denied),
        (users.vpn_s, target.user_hours_on_vpn),
        (users.left_s, target.user_hours_left),
        (users.hopping_s, target.user_hours_hopping),
    ):
        np.testing.assert_allclose(found_s.sum() / 3600, hours, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(users.share_vpn, target.vpn_share, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(users.share_left, target.left_share, rtol=1e-6, atol=1e-9)


def assert_same_lost(small: SmallWorld, outcome: Outcome, target: RefTarget) -> None:
    """What is denied or left is what is neither reached nor on a VPN: nobody is in two places."""
    found = {one.metric: one for one in measure_target(small.world(), outcome)}
    lost = found["target_user_hours_lost_share"]
    np.testing.assert_allclose(lost.value, target.lost_share, rtol=1e-6, atol=1e-9)
    if small.users is None:
        return
    kept = sum(found[f"target_user_hours_{fate}"].value for fate in ("reached", "by_vpn"))
    np.testing.assert_allclose(lost.value * lost.denominator + kept, lost.denominator, rtol=1e-9)
