"""A censor that widens by rules, goes on narrowly under pressure, and reviews what is in force."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.engine.actors.limits import Limits, Review, admit, narrowed
from sim.engine.decisions import Decision, Entry, InForce, Mechanism, Observation, Order, Strategy
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.state.ledger import Group
from sim.engine.strategies.answers import cover, escalate, largest_prefix
from sim.engine.strategies.calendars import rolling, time_window
from tests.chases import STRATEGIES, bystanders_still, chase_world, run
from tests.sections import Censor, Fronts
from tests.unit.engine.test_strategy_rules import ALPHA, BETA, FRONT, placed, seen
from tests.worlds import DAY, HOUR, Pool, SmallWorld

SOUTH = "198.19.64.9"
"""In beta's region south, of which 198.19.64.0/24 is the largest prefix; /22 and wider are not."""


def dropped(*prefixes: str, placed_s: int = 0, row: int = 0) -> Entry:
    return Entry(row, Order("block", IntervalSet.of(*prefixes), Mechanism.DROP), placed_s)


def blocked(decision: Decision) -> list[IntervalSet]:
    return [order.addresses for order in decision.orders]


def test_narrow_orders_take_the_place_of_wide_ones():
    wide = Order("block", IntervalSet.of("198.18.0.0/20"), Mechanism.DROP)
    fronts = [("198.18.0.1", ALPHA, 0), ("198.18.0.2", ALPHA, 0), ("198.18.9.1", ALPHA, 0)]
    sight = seen(0, [*fronts, ("198.19.0.1", BETA, 0)], [dropped("198.18.9.0/24")])
    narrow, waits = narrowed(Decision((wide,), 7), sight, 24)
    assert (blocked(narrow), waits) == ([IntervalSet.of("198.18.0.0/24")], False)
    assert narrow.next_look_s == 7
    # No open front in it: it waits. A name, and what is narrow already, stay as they are.
    beta = Order("block", IntervalSet.of("198.18.8.0/23"), Mechanism.DROP)
    single = Order("block", IntervalSet.of("198.19.0.1/32"), Mechanism.DROP)
    name = Order("block", IntervalSet.empty(), Mechanism.NAME)
    narrow, waits = narrowed(Decision((beta, single, name)), sight, 24)
    assert (narrow.orders, waits) == ((single, name), True)


def test_a_replacement_is_narrowed_without_its_withdrawals():
    gone = Order("unblock", IntervalSet.of("198.18.9.0/24"), Mechanism.DROP)
    wide = Order("block", IntervalSet.of("198.18.0.0/20"), Mechanism.DROP)
    sight = seen(0, in_force=[dropped("198.18.9.0/24")])
    whole, _ = narrowed(Decision((gone, wide), is_whole=True), sight, 32)
    assert [order.action for order in whole.orders] == ["block"]
    assert not whole.is_whole
    each, _ = narrowed(Decision((gone, wide)), sight, 32)
    assert [order.action for order in each.orders] == ["unblock", "block"]


def chase(**keys) -> SmallWorld:
    fronts = keys.pop("fronts", {})
    return SmallWorld(
        pools=(Pool("alpha", 1.0, ("198.18.0.0/20",)),),
        fronts=Fronts(
            **{
                "pools": "x", "n_fronts": 3, "monitor_lag_h": 1.0, "push_tau_h": 1.0,
                "lost_share": 0.5, **fronts,
            }
        ),
        censor=Censor(**{"discovery_lag_h": 1.0, "withdraw_lag_h": 1.0, **keys}),
        horizon_s=10 * DAY,
    )  # fmt: skip


def ordered(asked: dict[int, str]) -> tuple[Strategy, list[int]]:
    """A strategy that blocks prefixes at seconds of its own, and those at which it was asked."""
    asked_s: list[int] = []

    def decide(observation: Observation) -> Decision:
        asked_s.append(observation.t_s)
        prefixes = asked.get(observation.t_s, "").split()
        orders = tuple(
            Order("block", IntervalSet.of(prefix), Mechanism.DROP) for prefix in prefixes
        )
        later = [t_s for t_s in asked if t_s > observation.t_s]
        return Decision(orders, min(later, default=None))

    return decide, asked_s


def test_a_review_knows_a_front_in_the_second_of_its_discovery():
    # The second front is rented when the first is lost; its discovery is foreseen later than the
    # review that falls on the same second.
    small = chase(fronts={"n_fronts": 1})
    lost = {0: around_fronts(simulate(small.world(), ordered({})[0], small.streams), 32)[0]}
    seen_once = simulate(small.world(), ordered(lost)[0], small.streams)
    found_s = discovered_s(seen_once, 1)
    assert found_s > HOUR + 60
    asked = {**lost, HOUR + 60: around_fronts(seen_once, 30)[1]}
    reviewed = chase(fronts={"n_fronts": 1}, review_every_d=found_s / DAY, review_silent_d=0.0)
    log = simulate(reviewed.world(), ordered(asked)[0], small.streams).events
    withdrawn = log.entry_row[(log.kind == Kind.UNBLOCK) & (log.t_s <= found_s)]
    assert 1 not in withdrawn.tolist()


def around_fronts(outcome: Outcome, length: int) -> list[str]:
    """The prefix of a length around each of the first two fronts."""
    numbers = outcome.front_address.tolist()[:2]
    return [str(IPv4Network((number, length), strict=False)) for number in numbers]


def discovered_s(outcome: Outcome, front_row: int) -> int:
    log = outcome.events
    return int(log.t_s[(log.kind == Kind.DISCOVERED) & (log.front_row == front_row)][0])


def test_who_is_asked_in_the_second_of_a_review_is_not_asked_for_its_room_again():
    small = chase(discovery_lag_h=1e6, max_rules=1, review_every_d=1.0, review_silent_d=0.0)
    both = "198.18.0.0/24 198.18.1.0/24"
    decide, asked_s = ordered({0: both, DAY: both})
    log = simulate(small.world(), decide, small.streams).events
    assert log.t_s[log.kind == Kind.BLOCK].tolist() == [0, DAY]
    # At the next review there is room for what was refused at this one.
    assert asked_s == [0, DAY, 2 * DAY + 1]


def test_a_front_that_a_narrow_entry_holds_gets_its_own_prefix_as_that_goes():
    # Else it would be open until the strategy is asked again.
    narrow = [dropped("198.19.64.0/30"), dropped("198.19.64.8/30", row=1)]
    fronts = [("198.19.64.1", BETA, 0), (SOUTH, BETA, 0)]
    decided = rolling(2 * DAY, DAY, 29)(seen(DAY, fronts, narrow))
    assert [(order.action, order.addresses) for order in decided.orders] == [
        ("unblock", IntervalSet.of("198.19.64.0/30")),
        ("unblock", IntervalSet.of("198.19.64.8/30")),
        ("block", IntervalSet.of("198.19.64.0/29")),
        ("block", IntervalSet.of("198.19.64.8/29")),
    ]


def test_a_review_of_many_entries_looks_at_each_as_at_it_alone():
    rng = np.random.default_rng(0)

    def some(n: int) -> IntervalSet:
        start = rng.integers(0, 900, n)
        return IntervalSet.from_bounds(start, start + rng.integers(1, 30, n))

    n_chosen = n_left = 0
    for _ in range(200):
        entries = [
            Entry(row, Order("block", some(int(rng.integers(0, 4)))), at_s)
            for row, at_s in enumerate(np.sort(rng.integers(0, 20, 12)).tolist())
        ]
        standing, gone = rng.integers(0, 1000, 8), rng.integers(0, 1000, 60)
        gone_s, compliant = rng.integers(0, 40, 60), some(int(rng.integers(0, 20)))
        left, expected = 60, []
        for entry in entries:
            held = set(range(1000)) & {
                address
                for a, b in zip(entry.addresses.start, entry.addresses.stop, strict=True)
                for address in range(a, b)
            }
            went = zip(gone, gone_s, strict=True)
            last_s = max([entry.placed_s, *(t for a, t in went if a in held)])
            theirs = all(compliant.contains(list(held)))
            is_free = held and not held & set(standing.tolist())
            if is_free and len(held) <= left and (40 - last_s >= 15 or theirs):
                expected.append(entry)
                left -= len(held)
        review = Review(every_s=1, silent_s=15, n_addresses=60)
        assert review.withdrawn(entries, 40, standing, gone, gone_s, compliant) == expected
        n_chosen, n_left = n_chosen + len(expected), n_left + 12 - len(expected)
    assert min(n_chosen, n_left) > 20


def test_the_oldest_entry_of_a_kind_is_told_as_entries_come_and_go():
    rng, in_force, here = np.random.default_rng(1), InForce(), {}

    def kind_of(addresses: IntervalSet) -> int:
        return int(addresses.start[0]) % 3

    for row in range(400):
        if here and rng.random() < 0.4:
            entry = here.pop(int(rng.choice(list(here))))
            assert in_force.withdraw(entry.order.key) is entry
        order = Order("block", IntervalSet.from_bounds([row], [row + 1]))
        here[row] = Entry(row, order, row // 2)
        in_force.add(here[row])
        in_force.add(Entry(1000 + row, Order("block", order.addresses, Mechanism.THROTTLE), row))
        if rng.random() < 0.3:
            assert in_force.begun_s(Mechanism.DROP, kind_of) == {
                kind: min(e.placed_s for e in here.values() if kind_of(e.addresses) == kind)
                for kind in {kind_of(entry.addresses) for entry in here.values()}
            }


def test_a_largest_prefix_is_that_of_all_its_addresses():
    rng = np.random.default_rng(2)
    start = rng.integers(0, 2**14, 40) * 2**4
    mine = IntervalSet.from_bounds(start, start + 2 ** rng.integers(4, 12, 40))
    sizes = set()
    for address in rng.integers(0, 2**18, 600).tolist():
        found = largest_prefix(mine, address, 0.8, 16)
        for other in (found.start.item(), found.stop.item() - 1):
            assert largest_prefix(mine, other, 0.8, 16) == found
        sizes.add(found.n_addresses)
    assert len(sizes) > 5


def test_a_largest_prefix_is_the_first_of_all_lengths_that_is_pure_enough():
    mine = IntervalSet.of("10.0.0.0/25", "10.0.1.0/24", "10.0.4.0/24", "255.255.255.254/31")
    for text, purity, shortest, expected in (
        ("10.0.0.1", 1.0, 8, "10.0.0.0/25"),
        ("10.0.0.1", 0.75, 8, "10.0.0.0/23"),
        ("10.0.0.129", 0.3, 8, "10.0.0.0/21"),
        # Three quarters of it, though only half of the /24 and nothing of the /25.
        ("10.0.0.129", 0.6, 8, "10.0.0.0/23"),
        ("10.0.0.129", 0.75, 24, "10.0.0.129/32"),
        ("255.255.255.255", 1.0, 8, "255.255.255.254/31"),
        ("0.0.0.1", 0.1, 8, "0.0.0.1/32"),
    ):
        around = largest_prefix(mine, int(IPv4Address(text)), purity, shortest)
        assert around == IntervalSet.of(expected), (text, purity, shortest)


# Orders that belong together, and what strategies do about exempt addresses.


@pytest.mark.parametrize("seed", range(3))
def test_a_cover_stands_through_a_pause(seed):
    small = replace(
        chase_world(seed),
        complaints=None,
        reactions=None,
        censor=Censor(discovery_lag_h=9.0, withdraw_lag_h=12.0, pause_pressure=0.5),
        pressure_events=((DAY, 1.0),),
    )
    t_s, listed = run(small, cover(40)).curves.points("addresses_listed", Group())
    assert listed[t_s <= DAY][-1] > 0
    assert (listed[t_s > DAY] > 0).all()
    assert listed[-1] > 0


@pytest.mark.parametrize(
    ("limits", "is_placed"),
    [
        (Limits(), True),
        (Limits(max_rules=2), True),
        (Limits(max_rules=1), False),
        (Limits(orders_per_day=1), False),
        (Limits(max_addresses=2), False),
    ],
)
def test_a_replacement_stands_or_falls_as_a_whole(limits, is_placed):
    fronts = [(FRONT, ALPHA, 0), ("198.18.8.1", ALPHA, 0)]
    held = placed(cover(2)(seen(0, fronts)).orders)
    decision = cover(2)(seen(1, [*fronts, ("198.19.0.1", BETA, 1)], held))
    admitted = admit(decision.orders, InForce(held), 1, limits, is_whole=decision.is_whole).orders
    # One of the two rules now holds both fronts of before, or a front of each.
    actions = [*["unblock"] * 2, *["block"] * 2]
    assert [o.action for o in admitted] == (actions if is_placed else [])


@pytest.mark.parametrize("strategy", [rolling(10, 5, 24), time_window([(0, 14)], 24)])
def test_what_replaces_nothing_stands_order_by_order(strategy):
    fronts = [(FRONT, ALPHA, 0), ("198.18.8.1", ALPHA, 10)]
    held = placed(strategy(seen(0, fronts[:1])).orders)
    decision = strategy(seen(14, fronts, held))
    admitted = admit(
        decision.orders, InForce(held), 1, Limits(orders_per_day=1), is_whole=decision.is_whole
    ).orders
    assert [order.action for order in admitted] == ["unblock"]


def test_an_escalation_out_of_which_a_prefix_is_cut_widens_once():
    strategy, limits = escalate([24, 22], HOUR, 0.5), Limits(exempt=IntervalSet.of("198.18.0.0/29"))
    fronts = [("198.18.0.9", ALPHA, 0)]
    held = placed(
        admit(strategy(seen(0, fronts, exempt=limits.exempt)).orders, InForce(), 0, limits).orders
    )
    assert strategy(seen(HOUR - 1, fronts, held, exempt=limits.exempt)).orders == ()
    wider = admit(
        strategy(seen(HOUR, fronts, held, exempt=limits.exempt)).orders, InForce(held), 0, limits
    ).orders
    assert [order.addresses.n_addresses for order in wider] == [2**10 - 8]
    held += placed(wider, HOUR)
    assert strategy(seen(9 * HOUR, fronts, held, exempt=limits.exempt)) == Decision()


def test_an_escalation_skips_a_step_that_would_list_nothing_more():
    # All of the /24 but the /25 around the front is exempt.
    exempt = IntervalSet.of("198.18.0.128/25")
    strategy = escalate([25, 24, 22], HOUR, 0.5)
    held = placed(strategy(seen(0, exempt=exempt)).orders)
    wider = strategy(seen(HOUR, in_force=held, exempt=exempt))
    assert [order.addresses.n_addresses for order in wider.orders] == [2**10 - 2**7]


@pytest.mark.parametrize("strategy", [rolling(20, 10, 24), cover(1)])
def test_an_entry_that_was_cut_is_not_placed_again(strategy):
    exempt = IntervalSet.of("198.18.0.8/29")
    fronts = [(FRONT, ALPHA, 0), ("198.18.0.200", ALPHA, 0)]
    limits = Limits(exempt=exempt)
    held = placed(
        admit(strategy(seen(0, fronts, exempt=exempt)).orders, InForce(), 0, limits).orders
    )
    assert held[0].addresses.n_addresses == 2**8 - 8
    assert strategy(seen(1, fronts, held, exempt=exempt)).orders == ()


@pytest.mark.parametrize(
    "name", sorted(set(STRATEGIES) - {"replay", "orders", "allow-list", "dns", "sni"})
)
def test_a_front_that_is_exempt_is_not_answered(name):
    exempt = IntervalSet.of("198.18.0.0/29")
    for t_s in (0, DAY, 30 * HOUR):
        assert STRATEGIES[name](seen(t_s, exempt=exempt)).orders == ()


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_with_exemptions_nothing_is_in_force_twice_and_nothing_is_churned(name):
    small = replace(
        bystanders_still(chase_world(0)), exempt_prefixes=("198.18.0.0/22", "198.18.8.0/26")
    )
    outcome = run(small, STRATEGIES[name])
    kinds, rows = outcome.events.kind, outcome.events.entry_row
    in_force, gone_s = {}, {}
    for t_s, kind, row in zip(
        outcome.events.t_s.tolist(), kinds.tolist(), rows.tolist(), strict=True
    ):
        if kind not in (Kind.BLOCK, Kind.UNBLOCK):
            continue
        addresses = outcome.entry_addresses[row]
        if kind == Kind.BLOCK:
            assert addresses not in in_force.values()
            assert gone_s.get(addresses) != t_s
            in_force[row] = addresses
        else:
            gone_s[in_force.pop(row)] = t_s
