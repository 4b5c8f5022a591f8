"""Add one strategy, operator or business where everything acts: luck stays, outcomes may not.

Luck is read off the log: after which lag a front is discovered, whether an operator enforces a set
of addresses, how long an appeal takes from filing to exemption, how long a response takes. What is
met in two runs must be the same in both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace

import numpy as np
import pytest

from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.record.outcome import Outcome
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import build_world
from tests.chases import HORIZON_S, STRATEGIES, run
from tests.crowded import SEEDS, crowded_world, differ, without_capacity, without_limits
from tests.property.test_common_random_numbers import columns
from tests.worlds import DAY, HOUR, Actor, Firm, Response, SmallWorld

pytestmark = pytest.mark.laws

Luck = dict[tuple[object, ...], object]
ENOUGH_S = DAY
"""More than any operator here takes from an order to its enforcement."""
STRONG = ("aggregate", "provider", "escalate", "time-window", "throttle", "replay", "allow-list")


def roomy(seed: int, name: str = "aggregate") -> SmallWorld:
    """A crowded world in which nobody waits for room: every wait is luck alone."""
    small = without_limits(without_capacity(crowded_world(seed, name), "stop", "degrade"))
    return replace(
        small,
        complaints=small.complaints.model_copy(update={"hotline_servers": 100}),
        reactions=small.reactions.model_copy(update={"onboarding_slots": 100}),
    )


def luck_of(outcome: Outcome) -> Luck:
    """All luck that shows in a run, by what it belongs to."""
    log, luck = outcome.events, {}
    rows = zip(
        log.t_s.tolist(),
        log.kind.tolist(),
        log.operator_row.tolist(),
        log.entry_row.tolist(),
        log.front_row.tolist(),
        log.business_row.tolist(),
        strict=True,
    )
    began_s: dict[tuple[Kind, int], int] = {}
    turn: dict[int, int] = {}
    enforced: set[tuple[int, int]] = set()
    placed_s: dict[int, int] = {}
    withdrawn: set[int] = set()
    for t_s, number, operator, entry, front, firm in rows:
        kind = Kind(number)
        if kind is Kind.RENTED:
            began_s[kind, front] = t_s
        elif kind is Kind.DISCOVERED:
            luck["discovery", front] = t_s - began_s[Kind.RENTED, front]
        elif kind is Kind.COMPLAINED:
            began_s[kind, firm] = t_s
        elif kind is Kind.EXEMPTED:
            luck["appeal", firm] = t_s - began_s[Kind.COMPLAINED, firm]
        elif kind is Kind.RESPONDED:
            turn[firm] = turn.get(firm, -1) + 1
            began_s[kind, firm] = t_s
        elif kind is Kind.MOVED:
            luck["response", firm, turn[firm]] = t_s - began_s[Kind.RESPONDED, firm]
        elif kind is Kind.BLOCK:
            placed_s[entry] = t_s
        elif kind is Kind.UNBLOCK:
            withdrawn.add(entry)
        elif kind is Kind.ENFORCED:
            enforced.add((operator, entry))
    n_operators = 1 + int(log.operator_row.max(initial=-1))
    for entry, t_s in placed_s.items():
        is_block = outcome.entry_mechanism[entry] in (Mechanism.DROP, Mechanism.THROTTLE)
        if is_block and entry not in withdrawn and t_s + ENOUGH_S < HORIZON_S:
            addresses = outcome.entry_addresses[entry]
            ends = int(addresses.start[0]), int(addresses.stop[-1])
            for operator in range(n_operators):
                luck["compliance", operator, *ends] = (operator, entry) in enforced
    return luck


def shared(first: Luck, second: Luck) -> dict[str, int]:
    """How much luck of each kind two runs have in common; it must be the same."""
    n: dict[str, int] = {}
    for key in first.keys() & second.keys():
        assert first[key] == second[key], key
        n[str(key[0])] = n.get(str(key[0]), 0) + 1
    return n


def added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in counts:
        for kind, n in one.items():
            total[kind] = total.get(kind, 0) + n
    return total


KINDS = {"discovery", "appeal", "response", "compliance"}


def test_one_more_strategy_meets_the_luck_of_the_others():
    found = []
    for seed in SEEDS:
        lucks = [luck_of(run(roomy(seed, "allow-list"), STRATEGIES[name])) for name in STRONG]
        found += [shared(one, other) for one in lucks for other in lucks if one is not other]
    assert added(found).keys() == KINDS
    assert min(added(found).values()) > 10


def test_another_replicate_has_other_luck():
    # Negative control.
    small = roomy(0)
    first = luck_of(run(small, STRATEGIES["aggregate"]))
    second = luck_of(run(replace(small, streams=Streams(0, 1)), STRATEGIES["aggregate"]))
    with pytest.raises(AssertionError):
        shared(first, second)


def with_one_operator_more(small: SmallWorld) -> SmallWorld:
    """Half of the first operator's users go to a new one, at the end of the table."""
    first = small.actors[0]
    actors = (replace(first, share=first.share / 2), *small.actors[1:])
    new = Actor(first.share / 2, 3 * HOUR, 77, HOUR, HOUR, compliance=0.5)
    return replace(small, actors=(*actors, new))


@pytest.mark.parametrize("name", STRONG)
def test_one_more_operator_with_users_leaves_the_luck_of_the_others(name):
    found, is_other = [], []
    for seed in SEEDS:
        small = roomy(seed, name)
        first, second = (
            run(one, STRATEGIES[name]) for one in (small, with_one_operator_more(small))
        )
        found.append(shared(luck_of(first), luck_of(second)))
        is_other.append(differ(first, second))
    assert all(is_other)
    assert added(found)["discovery"] > 0


def test_one_more_operator_with_users_shows_every_kind_of_luck():
    pairs = []
    for name in STRONG:
        small = roomy(1, name)
        pairs.append([run(one, STRATEGIES[name]) for one in (small, with_one_operator_more(small))])
    assert added(shared(luck_of(a), luck_of(b)) for a, b in pairs).keys() == KINDS


SUFFERS = Firm(
    addresses=("198.18.0.3",) * 5,
    weights=(1.0,) * 5,
    value_micro_usd_per_h=2**24,
    patience_s=HOUR,
    responses=(Response("foreign", HOUR), Response("proxy", HOUR)),
)


@pytest.mark.parametrize("name", STRONG)
def test_one_more_business_that_suffers_leaves_the_luck_of_the_others(name):
    found = []
    for seed in SEEDS:
        small = roomy(seed, name)
        more = replace(small, firms=(*small.firms, SUFFERS))
        first, second = run(small, STRATEGIES[name]), run(more, STRATEGIES[name])
        assert np.array_equal(first.front_address[:3], second.front_address[:3])
        found.append(shared(luck_of(first), luck_of(second)))
    assert added(found)["discovery"] > 0


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_one_more_business_that_nobody_notices_changes_nothing_for_the_others(name):
    small = without_capacity(crowded_world(1, name), "degrade")
    quiet = Firm(weights=(1.0,) * 5, value_micro_usd_per_h=0, responses=(Response("foreign"),) * 2)
    first = run(small, STRATEGIES[name])
    second = run(replace(small, firms=(*small.firms, quiet)), STRATEGIES[name])
    n = len(small.firms)
    for column in fields(first.ledger):
        one, other = (getattr(outcome.ledger, column.name) for outcome in (first, second))
        assert np.array_equal(one, other[:n]), column.name
    for part in ("events", "users"):
        for column in fields(getattr(first, part)):
            one, other = (getattr(getattr(o, part), column.name) for o in (first, second))
            assert np.array_equal(one, other), column.name
    assert np.array_equal(first.n_responses, second.n_responses[:n])


def test_one_more_operator_with_users_changes_nothing_else_in_a_world():
    resolved = resolve(load_scenario("telegram-2018", ["population.n_businesses=60"]))
    more = with_one_row_more(resolved)
    assert sum(row.share_users for row in more.operators.rows) == pytest.approx(1)
    first, second = (build_world(one, Streams(5, 3)) for one in (resolved, more))
    n = first.operators.n_operators
    assert second.operators.share_users[-1] > 0.1
    for path, column in columns(first):
        other = dict(columns(second))[path]
        if path.startswith(".operators"):
            other = other[:n]
        if path != ".operators.share_users":
            assert np.array_equal(column, other), path


def with_one_row_more(resolved: Resolved) -> Resolved:
    """Half of the first operator's users go to a new one, at the end of the table."""
    first, *others = resolved.operators.rows
    half = first.model_copy(update={"share_users": first.share_users / 2})
    rows = (half, *others, half.model_copy(update={"operator": "one-more"}))
    return replace(resolved, operators=replace(resolved.operators, rows=rows))
