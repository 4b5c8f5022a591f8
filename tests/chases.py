"""A small world in which every strategy finds something to do, and the example of every id."""

from collections.abc import Callable
from copy import copy
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import IPV4
from sim.engine.decisions import Decision, Mechanism, Observation, Order, Strategy
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.state.ledger import Group
from sim.engine.strategies import build_strategy
from sim.scenario import strategies as ask
from sim.scenario.quantities import Model, read_prefix
from sim.scenario.tables.rows import OrderRow, PrefixRow
from sim.streams import Streams
from tests import reference_strategies as ref
from tests.reference import RefStrategy
from tests.sections import Censor, Complaints, Fronts, Users, patient
from tests.worlds import DAY, HOUR, Actor, Arrival, Firm, Pool, Response, Seat, SmallWorld

Timed = list[tuple[int, Order]]
HORIZON_S = 6 * DAY
UNLISTED = "203.0.113.1"
"""Address that no strategy here ever lists."""
POOLS = (
    Pool("alpha", 3.0, ("198.18.0.0/20",)),
    Pool("beta", 1.0, ("198.19.0.0/22", "198.19.64.0/24")),
)

HOSTED = (
    *(f"198.18.{block}.{host}" for block in range(16) for host in (3, 77, 200)),
    *(f"198.19.{block}.{host}" for block in (0, 1, 2, 3, 64) for host in (3, 77, 200)),
    UNLISTED,
)
"""Where components sit: in the pools, but for one address that nobody lists."""
OVERMATCH = ref.EXAMPLES["dns"][0].overmatch
_GIVEN: Any = SimpleNamespace(
    line=IPV4,
    scenario=SimpleNamespace(
        start=ref.START,
        end=ref.START + timedelta(seconds=HORIZON_S),
        horizon_s=HORIZON_S,
        zone=ref.START.tzinfo,
    ),
    prefixes_of=lambda addresses: [read_prefix(text) for text in addresses],
    orders=SimpleNamespace(
        rows=[
            OrderRow(effective=ref.at(t_s), action=action, prefix=prefix)
            for t_s, action, prefix in (
                (HOUR, "block", "198.18.0.0/22"),
                (2 * DAY, "block", "198.19.0.0/24"),
                (4 * DAY, "unblock", "198.18.0.0/22"),
            )
        ]
    ),
    allowed=SimpleNamespace(rows=[PrefixRow(prefix="203.0.113.0/24")]),
    sessions=None,
)
"""The tables that strategies read: dated orders, and what passes."""


def made(asked: Model) -> Strategy:
    """Strategy that a section of a scenario asks for, with the tables of small worlds."""
    resolved = copy(_GIVEN)
    resolved.scenario = SimpleNamespace(**vars(_GIVEN.scenario), strategy=asked)
    resolved.given_orders = asked.orders or () if isinstance(asked, ask.Orders) else ()
    return build_strategy(resolved, Streams(0, 0))


STRATEGIES: dict[str, Strategy] = {name: made(asked) for name, (asked, _) in ref.EXAMPLES.items()}
RULES: dict[str, RefStrategy | str] = {
    name: rule for name, (_, rule) in ref.EXAMPLES.items() if rule is not None
}
"""The second rules of ``STRATEGIES``."""


def chase_world(seed: int) -> SmallWorld:
    """Everybody acts: a target that moves, users, complaints, businesses that react."""
    rng = np.random.default_rng(seed)
    return SmallWorld(
        actors=(
            Actor(0.5, HOUR, int(rng.integers(HOUR)), HOUR, 6 * HOUR),
            Actor(0.3125, 6 * HOUR, int(rng.integers(6 * HOUR)), 5 * HOUR, 9 * HOUR),
            Actor(0.1875, 2 * HOUR, int(rng.integers(2 * HOUR)), 7, 0, compliance=0.75),
        ),
        firms=(*(_firm(rng) for _ in range(12)), Firm(addresses=(UNLISTED,) * 5)),
        horizon_s=HORIZON_S,
        cadence=((0, 600),),
        pools=POOLS,
        fronts=Fronts(pools="x", n_fronts=3, monitor_lag_h=5.0, push_tau_h=8.0, lost_share=0.45),
        censor=Censor(discovery_lag_h=9.0, withdraw_lag_h=12.0),
        users=Users(
            tick_h=6.0,
            n_target_users=1e6,
            share_target_users=0.25,
            vpn_start=0.05,
            vpn_max=0.5,
            vpn_rate_per_d=0.4,
            vpn_decay_per_d=0.1,
            leave_rate_per_d=0.2,
            return_rate_per_d=0.3,
        ),
        complaints=Complaints(
            per_business_per_d=4.0,
            per_million_users_per_d=10.0,
            snowball=2.0,
            attention_per_complaint=0.02,
            half_life_d=2.0,
            named_per_d=1.0,
            hotline_servers=1,
            hotline_service_h=6.0,
            confirmed_share=0.5,
            exempt_lag_h=9.0,
        ),
        reactions=patient(n_rounds=2, onboarding_slots=1, onboarding_h=7.0),
        streams=Streams(seed, 0),
    )


def bystanders_still(small: SmallWorld) -> SmallWorld:
    """The same world with reactions off: no moves, no complaints, no users who take to a VPN."""
    return replace(small, users=None, complaints=None, reactions=None)


def fully_compliant(small: SmallWorld, compliance: float = 1.0) -> SmallWorld:
    return replace(small, actors=tuple(replace(a, compliance=compliance) for a in small.actors))


def run(small: SmallWorld, strategy: Strategy) -> Outcome:
    return simulate(small.world(), strategy, small.streams)


def names_only(strategy: Strategy) -> Strategy:
    """What is left of a strategy whose orders for addresses all are refused."""

    def decide(observation: Observation) -> Decision:
        decision = strategy(observation)
        named = tuple(order for order in decision.orders if order.mechanism is Mechanism.NAME)
        return replace(decision, orders=named)

    return decide


def halves(orders: Timed) -> Timed:
    """Each order for more than one address as two orders, for its lower and its upper half."""
    return [(t_s, part) for t_s, order in orders for part in _split(order)]


def assert_same(first: Outcome, second: Outcome, *, events: bool = True) -> None:
    """Nothing that bystanders, users or the target met differs, to the last bit."""
    parts = [(first.ledger, second.ledger)]
    assert (first.users is None) == (second.users is None)
    if first.users is not None:
        parts.append((first.users, second.users))
    if events:
        parts.append((first.events, second.events))
    for one, other in parts:
        for column in fields(one):
            assert np.array_equal(getattr(one, column.name), getattr(other, column.name)), (
                column.name
            )
    assert np.array_equal(first.n_responses, second.n_responses)
    assert np.array_equal(first.front_address, second.front_address)
    assert np.array_equal(first.n_complaints, second.n_complaints, equal_nan=True)
    assert (first.n_named, first.attention) == (second.n_named, second.attention)
    assert first.curves.series
    for series in first.curves.series:
        one, other = (of.curves.points(series.metric, series.group) for of in (first, second))
        assert np.array_equal(one[0], other[0]), series.metric
        assert np.array_equal(one[1], other[1]), series.metric


def whole(outcome: Outcome, metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of the curve over everybody."""
    return outcome.curves.points(metric, Group())


def _firm(rng: np.random.Generator) -> Firm:
    pick: Callable[[], str] = lambda: str(rng.choice(HOSTED))  # noqa: E731
    kinds = ("wait", "same", "foreign", "domestic", "proxy")
    return Firm(
        weights=tuple((rng.integers(0, 17, 5) / 16).tolist()),
        value_micro_usd_per_h=int(rng.integers(2**20, 2**24)),
        seats=tuple(
            Seat((pick(), pick()), str(rng.choice(["any", "spread"])))
            if rng.random() < 0.5
            else Seat((pick(),))
            for _ in range(5)
        ),
        name_draw=float(rng.integers(0, 16) / 16),
        patience_s=int(rng.integers(HOUR, DAY)),
        responses=tuple(
            Response(
                str(rng.choice(kinds)),
                int(rng.integers(1, 12 * HOUR)),
                tuple(pick() for _ in range(5)),
            )
            for _ in range(2)
        ),
    )


def _split(order: Order) -> list[Order]:
    if order.mechanism is Mechanism.NAME or order.addresses.n_addresses < 2:
        return [order]
    size = order.addresses.stop - order.addresses.start
    before = np.concatenate(([0], np.cumsum(size)))
    middle = int(before[-1]) // 2
    row = int(np.searchsorted(before, middle, side="right")) - 1
    cut = int(order.addresses.start[row] + middle - before[row])
    lower = order.addresses.intersection(IntervalSet.from_bounds([0], [cut]))
    upper = order.addresses.difference(lower)
    return [replace(order, addresses=part) for part in (lower, upper)]


# A small world with every mechanism on at once, and the parts of it that a law has to leave out.


Points = tuple[np.ndarray, np.ndarray]
SEEDS = (0, 1)
OWN = ("203.0.112.0/26",)
"""The target's own range, of which no pool and no business has a part."""
EXEMPT = ("198.18.5.0/24", "198.19.1.64/26")
GAMMA = Pool("gamma", 1.0, ("198.19.128.0/24",))
CROWDED_POOLS = (*POOLS, GAMMA)
SERVICES = (Seat(("198.18.2.77",)), Seat(("198.19.0.3", "198.19.3.200")), Seat((UNLISTED,)))
COMPLIANT = "compliant"
LIMITS = {
    "orders_per_day": 3,
    "max_rules": 12,
    "max_addresses": 3000,
    "pause_pressure": 0.65,
}
WIDE = {
    # What is wide by nature gets room, or it would be the same as `none`.
    "allow-list": {"max_rules": 200, "max_addresses": 2**32},
    **{key: {"max_addresses": 5000} for key in ("provider", "provider-region", "rolling")},
}


def crowded_world(seed: int, name: str) -> SmallWorld:
    """Everything acts."""
    small = chase_world(seed)
    rng = np.random.default_rng([seed, 1])
    firms = [_served(firm, rng) for firm in small.firms[:-1]]
    return replace(
        small,
        actors=(
            Actor(0.375, HOUR, int(rng.integers(HOUR)), HOUR, 6 * HOUR),
            replace(small.actors[1], rule_capacity=4, overload="stop"),
            replace(small.actors[2], rule_capacity=3, overload="degrade", overload_severity=0.125),
            Actor(
                0.125,
                3 * HOUR,
                int(rng.integers(3 * HOUR)),
                2 * HOUR,
                HOUR,
                compliance=0.5,
                begins_s=2 * DAY,
                luck_of=2,
            ),
        ),
        firms=(*firms, small.firms[-1]),
        services=SERVICES,
        target_prefixes=OWN,
        pools=CROWDED_POOLS,
        censor=_limited(small, **{**LIMITS, **WIDE.get(name, {})}),
        has_tenancy=True,
        stances=(
            (-DAY, "alpha", "constructive"),
            (DAY + 7, "alpha", "hostile"),
            (3 * DAY + 11, "beta", COMPLIANT),
            (5 * DAY, "beta", "silent"),
        ),
        pressure_events=((2 * DAY + 5, 0.25), (4 * DAY, 0.5)),
        exempt_prefixes=EXEMPT,
    )


def with_limits(small: SmallWorld, **limits: float | None) -> SmallWorld:
    """The same world with some limits of the censor changed; none for None."""
    return replace(small, censor=_limited(small, **limits))


def without_limits(small: SmallWorld) -> SmallWorld:
    """The same world with a censor that nothing holds back but exempt prefixes."""
    return with_limits(small, **dict.fromkeys(LIMITS))


def without_capacity(small: SmallWorld, *overloads: str) -> SmallWorld:
    """The same world with operators of some overload behaviours that hold any number of rules."""
    actors = (
        replace(actor, rule_capacity=None) if actor.overload in overloads else actor
        for actor in small.actors
    )
    return replace(small, actors=tuple(actors))


def where_nobody_turns(small: SmallWorld) -> SmallWorld:
    """The same world with providers that never comply."""
    calm = tuple(one for one in small.stances if one[2] != COMPLIANT)
    return replace(small, stances=calm)


@cache
def outcome_of(name: str, seed: int) -> Outcome:
    """What a strategy brings about in a crowded world."""
    return run(crowded_world(seed, name), STRATEGIES[name])


def lost(outcome: Outcome) -> float:
    """Demand lost by all businesses, in hours of their mean demand."""
    return float(outcome.ledger.lost_demand_h.sum())


def differ(first: Outcome, second: Outcome) -> bool:
    """Whether anything at all differs between two outcomes."""
    try:
        assert_same(first, second)
    except (AssertionError, KeyError):
        return True
    return False


def listed_and_dropped(name: str, seed: int, overload: str) -> tuple[Points, Points]:
    """Curves of addresses listed and dropped where operators act at once."""
    actors = (
        Actor(share=0.5),
        Actor(share=0.25, rule_capacity=2, overload=overload, overload_severity=0.25),
        Actor(share=0.25),
    )
    prompt = replace(crowded_world(seed, name), actors=actors, cadence=((0, 1),))
    outcome = run(prompt, STRATEGIES[name])
    return whole(outcome, "addresses_listed"), whole(outcome, "addresses_dropped")


def placed(outcome: Outcome) -> Timed:
    """What a run's strategy had placed: all but exemptions, from the log and not from the strategy.

    Withdrawals for a provider or at the end are among them; asked for again in the same second
    they find nothing more to withdraw.
    """
    log, timed = outcome.events, []
    for kind, action in ((Kind.BLOCK, "block"), (Kind.UNBLOCK, "unblock")):
        for at in np.flatnonzero(log.kind == kind).tolist():
            row = int(log.entry_row[at])
            mechanism = outcome.entry_mechanism[row]
            if mechanism is not Mechanism.EXEMPT:
                overmatch = OVERMATCH if mechanism is Mechanism.NAME else 0.0
                order = Order(action, outcome.entry_addresses[row], mechanism, overmatch)
                timed.append((at, (int(log.t_s[at]), order)))
    return [order for _, order in sorted(timed, key=lambda pair: pair[0])]


def _limited(small: SmallWorld, **limits: float | None) -> Censor:
    assert small.censor is not None
    return small.censor.model_copy(update=limits)


def _served(firm: Firm, rng: np.random.Generator) -> Firm:
    """The firm with shared services in some roles, and comings to other addresses in the others."""
    seats = tuple(
        int(rng.integers(len(SERVICES))) if rng.random() < 0.25 else seat
        for seat in firm.all_seats()
    )
    arrivals = []
    for _ in range(6):
        role = int(rng.integers(5))
        there = tuple(str(a) for a in rng.choice(HOSTED, 2, replace=False))
        first = int(isinstance(seats[role], int))
        arrivals.append(
            Arrival(
                int(rng.integers(1, HORIZON_S)),
                role,
                there,
                str(rng.choice(["any", "spread"])),
                int(rng.integers(first, 3)),
            )
        )
    return replace(firm, seats=seats, arrivals=tuple(arrivals))
