"""A small world with every mechanism on at once, and the parts of it that a law has to leave out.

`tests.chases.chase_world` holds what acts in every chase; this one adds what holds the censor back
(limits, the bar, the pause, exempt prefixes, providers that turn), what holds operators back (rule
capacity, with either overload behaviour) and what happens to bystanders beside blocks (tenancy,
shared services).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism, Order
from sim.engine.record.outcome import Outcome
from tests.chases import (
    HORIZON_S,
    HOSTED,
    OVERMATCH,
    POOLS,
    STRATEGIES,
    UNLISTED,
    Timed,
    assert_same,
    chase_world,
    run,
    whole,
)
from tests.sections import Censor
from tests.worlds import DAY, HOUR, Actor, Arrival, Firm, Pool, Seat, SmallWorld

Points = tuple[np.ndarray, np.ndarray]
SEEDS = (0, 1)
OWN = ("203.0.112.0/26",)
"""The target's own range, of which no pool and no business has a part."""
EXEMPT = ("198.18.5.0/24", "198.19.1.64/26")
GAMMA = Pool("gamma", 1.0, ("198.19.128.0/24",))
CROWDED_POOLS = (*POOLS, GAMMA)
SERVICES = (Seat(("198.18.2.77",)), Seat(("198.19.0.3", "198.19.3.200")), Seat((UNLISTED,)))
HAZARD_PER_D = 0.2
COMPLIANT = "compliant"
LIMITS = {
    "orders_per_day": 3,
    "max_rules": 12,
    "max_addresses": 3000,
    "order_addresses": 6000,
    "pause_pressure": 0.65,
}
WIDE = {
    # What is wide by nature gets room, or it would be the same as `none`.
    "allow-list": {"max_rules": 200, "max_addresses": 2**32, "order_addresses": 2**32},
    **{key: {"max_addresses": 5000} for key in ("provider", "provider-region", "rolling")},
}


def crowded_world(seed: int, name: str) -> SmallWorld:
    """Everything acts.

    Parameters
    ----------
    seed
        Of the world and of its streams.
    name
        Id of the strategy the censor's limits are to leave something to do.
    """
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
        # The law of a provider that turns by itself: docs/explanation/model.md, Providers.
        waverings=tuple(
            (int(t_d * DAY), "gamma") for t_d in rng.standard_exponential(8).cumsum() / HAZARD_PER_D
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
    return replace(small, stances=calm, waverings=())


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
