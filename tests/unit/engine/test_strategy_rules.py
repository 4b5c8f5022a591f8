"""What docs/explanation/strategies.md says of each rule, sentence by sentence."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.addresses.sets.intervals import IntervalSet
from sim.addresses.sets.line import IPV4
from sim.addresses.sets.prefixes import prefix_set
from sim.engine.actors.limits import Limits, admit, withdrawn
from sim.engine.decisions import (
    NO_ADDRESSES,
    Decision,
    Entry,
    InForce,
    KnownFronts,
    Mechanism,
    Observation,
    Order,
    block_around,
)
from sim.engine.strategies.answers import (
    aggregate,
    allow_list,
    cover,
    covering_prefix,
    dns,
    escalate,
    exact,
    provider,
    set_by,
    sni,
    throttle,
)
from sim.engine.strategies.calendars import rolling, time_orders
from sim.scenario.strategies import Replay
from sim.scenario.tables.rows import OrderRow
from sim.streams import Stream, Streams
from tests.reference_strategies import START, at
from tests.worlds import HOUR, Pool, SmallWorld, _set_of

PLACES = (
    SmallWorld(
        pools=(
            Pool("alpha", 1.0, ("198.18.0.0/20", "198.18.16.0/22", "198.18.24.0/21")),
            Pool("beta", 1.0, ("198.19.0.0/22",), region="north"),
            Pool("beta", 1.0, ("198.19.64.0/24", "198.19.66.0/24"), region="south"),
        )
    )
    .world()
    .places
)
ALPHA, BETA = (PLACES.provider.index(name) for name in ("alpha", "beta"))
FRONT = "198.18.0.1"


def number(address: str) -> int:
    return int(IntervalSet.of(address).start[0])


def seen(
    t_s: int,
    fronts: Sequence[tuple[str, int, int]] = ((FRONT, ALPHA, 0),),
    in_force: Sequence[Entry] = (),
    *,
    reached: float = 1.0,
    stance: str = "silent",
    exempt: IntervalSet = NO_ADDRESSES,
) -> Observation:
    """Fronts are (address, provider, discovered)."""
    address = np.array([number(address) for address, _, _ in fronts], np.int64)
    provider_row, discovered_s = (
        np.array([front[column] for front in fronts], np.int64) for column in (1, 2)
    )
    held = {
        mechanism: IntervalSet.union_all(e.addresses for e in in_force if e.mechanism is mechanism)
        for mechanism in (Mechanism.DROP, Mechanism.THROTTLE)
    }
    return Observation(
        t_s=t_s,
        fronts=KnownFronts(
            address,
            provider_row,
            discovered_s,
            exempt.contains(address),
            lambda mechanism: held[mechanism].contains(address),
        ),
        in_force=InForce(in_force),
        reach=lambda: reached,
        stance=tuple(stance if row == ALPHA else "silent" for row in range(len(PLACES.provider))),
        places=PLACES,
        exempt=exempt,
    )


def placed(orders: Sequence[Order], t_s: int = 0) -> list[Entry]:
    return [Entry(row, order, t_s) for row, order in enumerate(orders)]


def said(decision: Decision) -> list[tuple[str, str]]:
    return [(order.action, text(order.addresses)) for order in decision.orders]


def text(addresses: IntervalSet) -> str:
    start, length = addresses.to_prefixes()
    return " ".join(
        f"{'.'.join(str(int(a) >> shift & 255) for shift in (24, 16, 8, 0))}/{n}"
        for a, n in zip(start.tolist(), length.tolist(), strict=True)
    )


@pytest.mark.parametrize(
    ("strategy", "answer"),
    [
        (exact, "198.18.0.1/32"),
        (aggregate(24), "198.18.0.0/24"),
        (throttle(22), "198.18.0.0/22"),
        (covering_prefix(1.0, 8), "198.18.0.0/20"),
        (covering_prefix(0.85, 8), "198.18.0.0/19"),
        (covering_prefix(0.85, 20), "198.18.0.0/20"),
        (provider, "198.18.0.0/20 198.18.16.0/22 198.18.24.0/21"),
    ],
)
def test_a_front_is_answered_with_its_set_once(strategy, answer):
    fronts = [(FRONT, ALPHA, 0), (FRONT, ALPHA, 0)]
    first = strategy(seen(0, fronts))
    assert said(first) == [("block", answer)]
    assert first.next_look_s is None
    assert strategy(seen(1, fronts, placed(first.orders))).orders == ()


def test_decimal_shares_that_come_to_the_goal_miss_it():
    strategy = escalate([32, 24], HOUR, 0.3)
    held = placed(strategy(seen(0)).orders)
    reached = 1.0 - (0.1 + 0.2 + 0.4)  # 0.29999999999999993 among floats
    assert strategy(seen(HOUR, in_force=held, reached=reached)).orders


def test_a_cover_is_made_anew_and_replaces_the_old_one():
    fronts = [(FRONT, ALPHA, 0), ("198.18.8.1", ALPHA, 0)]
    old = cover(2)(seen(0, fronts))
    assert said(old) == [("block", "198.18.0.1/32"), ("block", "198.18.8.1/32")]
    held = placed(old.orders)
    assert cover(2)(seen(1, fronts, held)).orders == ()
    new = cover(2)(seen(1, [*fronts, ("198.19.0.1", BETA, 1)], held))
    assert said(new) == [
        *[("unblock", "198.18.0.1/32"), ("unblock", "198.18.8.1/32")],
        *[("block", "198.18.0.0/20"), ("block", "198.19.0.1/32")],
    ]
    assert (old.is_whole, new.is_whole) == (True, True)


@pytest.mark.parametrize("rule", ["region", "provider"])
def test_an_address_of_no_place_is_answered_alone(rule):
    around = set_by(rule)
    assert text(around(seen(0), number("203.0.113.9"), BETA)) == "203.0.113.9/32"
    assert text(around(seen(0), number("198.19.64.9"), BETA)).startswith("198.19.")


def test_a_cover_weighs_only_what_providers_rent_out():
    # 203.0.113.0/24 is no provider's: joining the two fronts in it costs nothing.
    fronts = [("203.0.113.1", ALPHA, 0), ("203.0.113.200", ALPHA, 0), (FRONT, ALPHA, 0)]
    orders = cover(2)(seen(0, fronts)).orders
    assert [text(order.addresses) for order in orders] == ["198.18.0.1/32", "203.0.113.0/24"]


@pytest.mark.parametrize("named", [dns, sni])
def test_a_name_is_ordered_once_without_a_front(named):
    (order,) = named(0.2)(seen(0, [])).orders
    assert (order.mechanism, order.overmatch) == (Mechanism.NAME, 0.2)
    assert named(0.2)(seen(1, in_force=placed([order]))).orders == ()


def test_an_allow_list_is_ordered_once_without_a_front():
    allowed = IntervalSet.of("203.0.113.0/24")
    (order,) = allow_list(allowed)(seen(0, [])).orders
    assert order.addresses.n_addresses == 2**32 - 256
    assert allow_list(allowed)(seen(1, in_force=placed([order]))).orders == ()


def test_rolling_withdraws_first_so_that_what_it_frees_counts():
    fronts = [("198.18.0.1", ALPHA, 0), ("198.18.4.1", ALPHA, 10)]
    strategy = rolling(10, 5, 24)
    held = placed(strategy(seen(0, fronts[:1])).orders)
    second = strategy(seen(10, fronts, held))
    assert said(second) == [("unblock", "198.18.0.0/24"), ("block", "198.18.4.0/24")]
    assert len(admit(second.orders, InForce(held), 0, Limits(max_rules=1)).orders) == 2


def test_limits_apply_in_sequence_and_exemptions_take_no_rules():
    passing = placed([Order("block", IntervalSet.of("198.18.0.5"), Mechanism.EXEMPT)])
    wanted = [Order("block", prefix_set(number("198.18.1.0"), 24))]
    assert admit(wanted, InForce(passing), 0, Limits(max_rules=1)).orders == wanted
    assert admit(wanted, InForce(passing), 0, Limits(max_rules=0)).orders == []
    assert admit(wanted, InForce(passing), 3, Limits(orders_per_day=3)).orders == []
    exemption = [entry.order for entry in passing]
    assert admit(exemption, InForce(placed(wanted)), 0, Limits(max_rules=1)).orders == exemption
    name = Order("block", mechanism=Mechanism.NAME)
    assert admit([name], InForce(passing), 0, Limits(max_addresses=0, max_rules=0)).orders == [name]


def test_an_exempted_address_does_not_count_as_listed():
    passing = placed([Order("block", IntervalSet.of("198.18.1.0/25"), Mechanism.EXEMPT)])
    wanted = [Order("block", prefix_set(number("198.18.1.0"), 24))]
    assert admit(wanted, InForce(passing), 0, Limits(max_addresses=128)).orders == wanted
    assert admit(wanted, InForce(passing), 0, Limits(max_addresses=127)).orders == []


def dated(action: str, prefix: str, s: int, window: tuple[int, int] | None = None) -> OrderRow:
    """An order so many seconds after the start, or somewhere in a window."""
    ends = {} if window is None else {"earliest": at(window[0]), "latest": at(window[1])}
    return OrderRow(effective=at(s), action=action, prefix=prefix, **ends)


def timed_orders(
    rows: list[OrderRow], streams: Streams, **asked: object
) -> list[tuple[int, Order]]:
    """Orders of a table with their times."""
    scenario, table = SimpleNamespace(start=START), SimpleNamespace(rows=rows)
    resolved = SimpleNamespace(scenario=scenario, orders=table, line=IPV4)
    return time_orders(Replay.model_construct(id="replay", **asked), resolved, streams)


def test_orders_are_placed_at_their_best_times_in_their_sequence():
    rows = [
        dated("block", "198.18.2.0/24", 7, (1, 90)), dated("block", "198.18.1.0/24", 5),
        dated("unblock", "198.18.1.0/24", 7), dated("block", "198.18.3.0/24", 9),
    ]  # fmt: skip
    last_order = START + timedelta(seconds=8)
    timed = timed_orders(rows, Streams(1, 0), last_order=last_order, operators=("a",))
    assert [(t_s, order.action, text(order.addresses)) for t_s, order in timed] == [
        (5, "block", "198.18.1.0/24"), (7, "block", "198.18.2.0/24"),
        (7, "unblock", "198.18.1.0/24"),
    ]  # fmt: skip
    assert {order.operators for _, order in timed} == {frozenset({"a"})}
    assert len(timed_orders(rows, Streams(1, 0))) == 4


def test_drawn_times_are_even_over_their_windows_both_ends_included():
    rows = [
        dated("block", "198.18.1.0/24", 20, (20, 23)), dated("block", "198.18.2.0/24", 3),
        dated("block", "198.18.3.0/24", 40, (40, 40)),
    ]  # fmt: skip
    drawn: dict[str, Counter[int]] = defaultdict(Counter)
    for replicate in range(200):
        for t_s, order in timed_orders(rows, Streams(1, replicate), order_times="drawn"):
            drawn[text(order.addresses)][t_s] += 1
    assert drawn["198.18.2.0/24"] == {3: 200}
    assert drawn["198.18.3.0/24"] == {40: 200}
    # Each of four seconds is expected 50 times, with a standard deviation of 6.
    assert set(drawn["198.18.1.0/24"]) == {20, 21, 22, 23}
    assert all(20 < n < 80 for n in drawn["198.18.1.0/24"].values())
    # One number for each row: another row before it moves no time of a row behind.
    luck = Streams(1, 0).generator(Stream.ORDER_TIME).random(3)[0]
    ((t_s, _),) = timed_orders(rows[:1], Streams(1, 0), order_times="drawn")
    assert t_s == 20 + math.floor(4 * luck)


# Limits cut what a strategy asks for, and nothing else.


def block(address: int, length: int = 32) -> Order:
    return Order("block", prefix_set(address, length))


def test_only_block_orders_count_in_a_day():
    held = Entry(0, block(1), 0)
    asked = [Order("unblock", prefix_set(1, 32)), block(2), block(3)]
    assert admit(asked, InForce([held]), 0, Limits(orders_per_day=1)).orders == asked[:2]


def test_what_does_not_fit_is_left_out_and_what_comes_later_may_fit():
    asked = [block(0, 8), block(5), block(6)]
    assert admit(asked, InForce(), 0, Limits(max_addresses=2)).orders == asked[1:]
    assert admit(asked[1:], InForce(), 0, Limits(max_rules=1)).orders == asked[1:2]


def test_exempt_addresses_are_cut_out_and_an_empty_order_is_none():
    exempt = block(4, 31).addresses
    (order,) = admit([block(4, 30), block(5)], InForce(), 0, Limits(exempt=exempt)).orders
    assert (order.addresses.start.tolist(), order.addresses.stop.tolist()) == ([6], [8])


# What others decide is withdrawn: the oldest entries, up to a share.


WIDE, NARROW, OTHER = "192.0.2.0/25", "192.0.2.128/26", "198.51.100.0/26"


def entries(*prefixes: str) -> list[Entry]:
    return [
        Entry(row, Order("block", _set_of((prefix,)), Mechanism.DROP), 0)
        for row, prefix in enumerate(prefixes)
    ]


def rows(found: list[Entry]) -> list[int]:
    return [entry.row for entry in found]


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.001, [0]),  # a part of an address takes an entry
        (0.5, [0]),  # 128 of 256 are enough
        (0.5001, [0, 1]),
        (0.75, [0, 1]),
        (1.0, [0, 1, 2]),
    ],
)
def test_the_oldest_go_until_the_share_is_reached(share, expected):
    assert rows(withdrawn(entries(WIDE, NARROW, OTHER), share)) == expected


def test_the_share_is_of_addresses_and_not_of_entries():
    many = entries(*(f"203.0.113.{host}/32" for host in range(4)), WIDE)
    assert rows(withdrawn(many, 1 / 64)) == [0, 1, 2]


def test_nothing_is_withdrawn_where_nothing_is_listed():
    assert withdrawn([], 1.0) == []
    assert withdrawn([Entry(0, Order("block", _set_of(()), Mechanism.NAME), 0)], 1.0) == []


# Sets around fronts: one order each, but for fronts that an earlier order holds.


Piece = tuple[int, int]


PIECES = st.lists(st.tuples(st.integers(0, 63), st.integers(1, 9)), max_size=2)


@given(
    fronts=st.lists(st.tuples(st.integers(0, 63), PIECES), max_size=6),
    exempt=st.sets(st.integers(0, 63), max_size=8),
)
def test_a_front_is_answered_once_by_the_first_set_that_holds_it(fronts, exempt):
    fronts = [(address, pieces) for address, pieces in fronts if address not in exempt]
    # Plain sets of numbers; the set around a front holds it.
    wanted: list[set[int]] = []
    for address, pieces in fronts:
        if not any(address in one for one in wanted):
            wanted.append(_around(address, pieces) - exempt)
    address = np.array([address for address, _ in fronts], np.int64)
    unknown = np.zeros_like(address)

    def around(rows: NDArray[np.int64]) -> Iterator[IntervalSet]:
        return (IPV4.at(np.array([*_around(*fronts[row])])) for row in rows.tolist())

    known = KnownFronts(
        address, np.arange(address.size), unknown, unknown > 0, lambda mechanism: unknown > 0
    )
    observation = Observation(0, known, exempt=IPV4.at(np.array([*exempt], np.int64)))
    for mechanism in (Mechanism.THROTTLE, Mechanism.DROP):
        orders = block_around(observation, np.arange(address.size), around, mechanism)
        found = [
            {
                address
                for first, stop in zip(order.addresses.start, order.addresses.stop, strict=True)
                for address in range(first, stop)
            }
            for order in orders
        ]
        assert found == wanted
        assert {order.mechanism for order in orders} <= {mechanism}


def _around(address: int, pieces: list[Piece]) -> set[int]:
    return {address}.union(*(range(start, start + size) for start, size in pieces))
