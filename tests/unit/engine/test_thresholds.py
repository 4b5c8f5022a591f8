"""At a threshold itself: what the documents call *more than* and *below*, at equality.

Shares are sixteenths, so that sums of them are exact, or decimals, which floats hold nearly.
"""

from dataclasses import replace
from fractions import Fraction
from math import prod

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors.limits import withdrawn
from sim.engine.decisions import Entry, Mechanism, Order
from sim.engine.eventlog import Kind
from sim.measure.groups import is_above
from sim.streams import Stream, Streams
from tests.sections import Censor, Fronts, patient, quiet
from tests.unit.engine.test_actors_alone import STILL, UNSEEN
from tests.worlds import DAY, HOUR, Actor, Dated, Firm, Pool, Response, SmallWorld

POOL = "198.18.0.0/24"
LOWER = "198.18.0.0/25"


def rented_s(
    lost_share: float,
    n_enforcing: int,
    mechanism: str = "drop",
    shares: tuple[float, ...] = (1 / 16,) * 16,
) -> list[int]:
    """When fronts are rented, if the first operators enforce an order of one hour later."""
    small = SmallWorld(
        orders=(Dated(HOUR, "block", (LOWER,), mechanism),),
        actors=tuple(
            Actor(share, compliance=float(row < n_enforcing)) for row, share in enumerate(shares)
        ),
        pools=(Pool("alpha", 1.0, (POOL,)),),
        fronts=Fronts(
            pools="x", n_fronts=1, monitor_lag_h=2.0, push_tau_h=1.0, lost_share=lost_share
        ),
        censor=UNSEEN,
        users=STILL,
        horizon_s=DAY,
    )
    # Luck under which the front of t = 0 is held by the order.
    for seed in range(20):
        outcome = replace(small, streams=Streams(seed, 0)).run()
        if outcome.front_address[0] & 0xFF < 128:
            return outcome.events.t_s[outcome.events.kind == Kind.RENTED].tolist()
    raise AssertionError("no front in the lower half")


@pytest.mark.parametrize("sixteenths", [1, 7, 8, 15])
def test_a_front_is_lost_if_it_is_dropped_for_more_than_the_share_and_not_for_the_share(sixteenths):
    assert rented_s(sixteenths / 16, sixteenths) == [0]
    assert rented_s(sixteenths / 16, sixteenths + 1) == [0, 3 * HOUR]


# As floats, the first three come to 0.9000000000000001, and to 0.6 the last two of the others.
@pytest.mark.parametrize(
    ("shares", "lost_share"), [((0.3, 0.55, 0.05, 0.1), 0.9), ((0.1, 0.2, 0.3, 0.4), 0.6)]
)
def test_decimal_shares_that_come_to_the_share_lose_no_front(shares, lost_share):
    assert rented_s(lost_share, 3, shares=shares) == [0]
    assert rented_s(lost_share, 4, shares=shares) == [0, 3 * HOUR]


def test_a_front_that_everybody_throttles_or_nobody_drops_is_not_lost_at_a_share_of_nobody():
    assert rented_s(0.0, 16, "throttle") == rented_s(0.0, 0) == [0]
    assert rented_s(0.0, 16) == rented_s(0.0, 1) == [0, 3 * HOUR]


@pytest.mark.parametrize("limit", ["pause_pressure", "end_pressure"])
def test_pressure_of_several_events_that_comes_to_a_limit_is_not_above_it(limit):
    """1 - 0.8 * 0.8 is 0.36, and 0.36000000000000004 among floats."""
    for one, other in ((0.2, 0.2), (0.1, 0.4), (0.8, 0.1)):
        sum_of_both = 1 - (1 - Fraction(str(one))) * (1 - Fraction(str(other)))
        assert not is_above_limit(limit, float(sum_of_both), one, other)
        assert is_above_limit(limit, float(sum_of_both) - 0.001, one, other)


def is_above_limit(limit: str, value: float, *adds: float) -> bool:
    """Whether events in one second raise pressure above a limit."""
    at_s = 2 * HOUR if limit == "pause_pressure" else 0
    small = SmallWorld(
        orders=(Dated(at_s, "block", (POOL,)),),
        censor=UNSEEN.model_copy(update={limit: value}),
        pressure_events=tuple((HOUR, add) for add in adds),
        horizon_s=DAY,
    )
    kind = small.run().events.kind.tolist()
    return (Kind.BLOCK not in kind) if limit == "pause_pressure" else (Kind.UNBLOCK in kind)


TENTHS = st.integers(0, 10).map(lambda n: n / 10)
HUNDREDTHS = st.integers(1, 40).map(lambda n: n / 100)
PARTS = st.lists(st.tuples(TENTHS, st.booleans()), min_size=5, max_size=5)


def exact(value: float) -> Fraction:
    """The decimal number that somebody writes for a float."""
    return Fraction(str(value))


@example([(0.3, True), (0.55, True), (0.05, True), (0.1, False)], [[(1.0, True)] * 5])
@given(
    st.lists(st.tuples(HUNDREDTHS, st.booleans()), min_size=1, max_size=6),
    st.lists(PARTS, min_size=1, max_size=4),
)
def test_states_go_by_the_decimals_that_shares_are_written_in(operators, firms):
    """Thresholds are what some of the businesses lose, to the digit: only others are above them."""
    failing = [1 - prod(1 - exact(w) for w, is_hit in parts if is_hit) for parts in firms]
    reached = sum(exact(share) for share, enforces in operators if enforces)
    lost = [reached * share for share in failing]
    known = {value for value in (*lost, *failing) if 0 < value < 1}
    thresholds = sorted({*sorted(known)[:3], *map(exact, (0.001, 0.901, 0.999))})[:3]
    small = SmallWorld(
        orders=(Dated(0, "block", (POOL,)),),
        actors=tuple(Actor(share, compliance=float(enforces)) for share, enforces in operators),
        firms=tuple(
            Firm(
                tuple("198.18.0.9" if is_hit else "203.0.113.1" for _, is_hit in parts),
                tuple(weight for weight, _ in parts),
            )
            for parts in firms
        ),
        thresholds=tuple(map(float, thresholds)),
        horizon_s=100,
    )
    outcome = small.run()
    times = (outcome.ledger.affected_s, outcome.ledger.impaired_s, outcome.ledger.down_s)
    for threshold, time_s, n_ever in zip(
        thresholds, times, outcome.at_operators.n_ever.tolist(), strict=True
    ):
        assert (time_s > 0).tolist() == [share > threshold for share in lost]
        n_above = sum(share > threshold for share in failing)
        assert n_ever == [n_above * enforces for _, enforces in operators]
    for percent in (1, 10, 30, 50, 90):
        wanted = [share > Fraction(percent, 100) for share in lost]
        assert is_above(outcome, percent / 100).tolist() == wanted


@example(30, 0.1)
@given(st.integers(1, 6).map(lambda n: 10 * n), st.integers(1, 10).map(lambda n: n / 10))
def test_a_withdrawal_goes_by_the_decimals_that_its_share_is_written_in(n, share):
    entries = [
        Entry(
            row,
            Order("block", IntervalSet.from_bounds([2 * row], [2 * row + 1]), Mechanism.DROP),
            0,
        )
        for row in range(n)
    ]
    n_gone = len(withdrawn(entries, share))
    assert n_gone - 1 < n * exact(share) <= n_gone


def enforced_by(n_prefixes: int, capacity: int) -> int:
    """Entries that an operator enforces of one order of so many prefixes."""
    prefixes = tuple(f"198.18.{2 * row}.0/24" for row in range(n_prefixes))
    small = SmallWorld(
        orders=(Dated(0, "block", prefixes),), actors=(Actor(rule_capacity=capacity),)
    )
    return int((small.run().events.kind == Kind.ENFORCED).sum())


@pytest.mark.parametrize("capacity", [1, 3])
def test_an_operator_takes_as_many_rules_as_it_has_room_for(capacity):
    assert enforced_by(capacity, capacity) == 1
    assert enforced_by(capacity + 1, capacity) == 0


@pytest.mark.parametrize("capacity", [1, 3])
def test_an_operator_gives_way_with_one_rule_more_than_it_can_hold(capacity):
    for n_prefixes, share in ((capacity, 0.0), (capacity + 1, 0.25)):
        prefixes = tuple(f"198.18.{2 * row}.0/24" for row in range(n_prefixes))
        actor = Actor(rule_capacity=capacity, overload="degrade", overload_severity=0.25)
        small = SmallWorld(
            orders=(Dated(0, "block", prefixes),), actors=(actor,), firms=(Firm(),), horizon_s=DAY
        )
        assert small.run().ledger.lost_demand_h.sum() == pytest.approx(24 * share)


@pytest.mark.parametrize("capacity", [2, 3])
def test_a_release_gives_back_all_rules_of_its_entry(capacity):
    pair, others = ("198.18.0.0/24", "198.18.2.0/24"), ("198.19.0.0/24", "198.19.2.0/24")
    small = SmallWorld(
        orders=(
            Dated(10, "block", pair),
            Dated(20, "unblock", pair),
            Dated(30, "block", others),
            Dated(40, "unblock", others),
            Dated(50, "block", pair),
        ),
        actors=(Actor(rule_capacity=capacity),),
    )
    log = small.run().events
    assert log.t_s[log.kind == Kind.ENFORCED].tolist() == [10, 30, 50]


@pytest.mark.parametrize(
    ("limit", "fits", "is_too_much"),
    [("max_addresses", 256, 255), ("max_rules", 1, 0), ("orders_per_day", 1, 0)],
)
def test_what_is_as_much_as_a_limit_allows_is_placed(limit, fits, is_too_much):
    for most, n_placed in ((fits, 1), (is_too_much, 0)):
        censor = UNSEEN.model_copy(update={limit: most})
        small = SmallWorld(orders=(Dated(HOUR, "block", (POOL,)),), censor=censor)
        assert (small.run().events.kind == Kind.BLOCK).sum() == n_placed


@pytest.mark.parametrize(("draw", "n_matched"), [(0.25, 0), (np.nextafter(0.25, 0), 1)])
def test_a_name_is_matched_if_its_draw_lies_below_the_overmatch(draw, n_matched):
    small = SmallWorld(
        orders=(Dated(0, "block", (), "name", 0.25),),
        firms=(Firm(name_draw=float(draw)),),
        name_evasion=0.25,
    )
    assert (small.run().ledger.affected_s > 0).sum() == n_matched


PATIENT = patient(n_rounds=1, onboarding_slots=1, onboarding_h=1.0)


def responses(orders: tuple[Dated, ...], *firms: Firm) -> list[tuple[int, int]]:
    """Times and businesses that lose patience."""
    small = SmallWorld(orders=orders, firms=firms, reactions=PATIENT, horizon_s=DAY)
    log = small.run().events
    mine = log.kind == Kind.RESPONDED
    return list(zip(log.t_s[mine].tolist(), log.business_row[mine].tolist(), strict=True))


def test_patience_starts_at_the_state_that_a_business_does_not_tolerate():
    # Affected, impaired and down by what of their attempts fails.
    shares = (0.05, 0.5, 1.0)
    firms = [
        Firm(
            ("198.18.0.9",) * 5,
            (share, 0.0, 0.0, 0.0, 0.0),
            patience_s=100,
            responses=(Response("wait"),),
            tolerance=tolerance,
        )
        for tolerance in ("affected", "impaired", "down")
        for share in shares
    ]
    borne = [(row, share) for row in range(3) for share in range(3) if share < row]
    expected = [3 * row + share for row in range(3) for share in range(3)]
    expected = [one for one in expected if divmod(one, 3) not in borne]
    found = responses((Dated(0, "block", (POOL,)),), *firms)
    assert found == [(100, row) for row in expected]
    assert len(expected) == 6


def test_patience_that_runs_does_not_begin_again_when_more_fails():
    firm = Firm(
        ("198.18.0.9", "198.19.0.9", *("203.0.113.1",) * 3),
        (0.05, 0.5, 0.0, 0.0, 0.0),
        patience_s=100,
        responses=(Response("wait"),),
        tolerance="affected",
    )
    orders = (Dated(0, "block", (POOL,)), Dated(60, "block", ("198.19.0.0/24",)))
    assert responses(orders, firm) == [(100, 0)]
    assert responses(orders, replace(firm, tolerance="impaired")) == [(160, 0)]


def test_an_appeal_is_confirmed_if_its_draw_lies_below_the_share():
    streams = Streams(0, 0)
    verdict = float(streams.generator(Stream.HOTLINE_VERDICT).random(1)[0])
    for share, n_exempted in ((verdict, 0), (float(np.nextafter(verdict, 1)), 1)):
        small = SmallWorld(
            orders=(Dated(0, "block", (POOL,)),),
            firms=(Firm(addresses=("198.18.0.1",) * 5),),
            pools=(Pool("alpha", 1.0, ("198.19.0.0/24",)),),
            fronts=Fronts(pools="x", n_fronts=1, monitor_lag_h=2.0, push_tau_h=1.0, lost_share=0.5),
            censor=Censor(discovery_lag_h=1e6, withdraw_lag_h=1.0),
            users=STILL,
            complaints=quiet(
                per_business_per_d=1.0,
                named_per_d=100.0,
                hotline_service_h=0.5,
                confirmed_share=share,
            ),
            streams=streams,
        )
        outcome = small.run()
        assert outcome.n_named == 1
        assert (outcome.events.kind == Kind.EXEMPTED).sum() == n_exempted
