"""Another person's slow implementation, written from the documents, agrees exactly.

Shares and weights are multiples of 1/16, so that floats hold every product without rounding and
"exactly" means the last bit. Where they are multiples of 1/10, no state, time or event goes by
how floats are rounded.
"""

from dataclasses import replace
from ipaddress import ip_address
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.catalogue.causes import CAUSES
from sim.engine.decisions import Mechanism
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.state.ledger import NEVER, NO_CAUSE, Group
from sim.scenario.tables.rows import STANCES
from sim.streams import Streams
from tests.examples import n_examples
from tests.reference import RefOutcome, RefWorld, simulate_reference
from tests.worlds import DAY, Actor, Dated, Firm, SmallWorld, prefixes_text

pytestmark = pytest.mark.laws

# Nested, equal, disjoint and single-address prefixes over the firms' few addresses.
PREFIXES = (
    "192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25", "192.0.2.0/28", "192.0.2.7/32",
    "192.0.2.200/32", "198.51.100.0/24", "198.51.100.0/30", "0.0.0.0/0",
)  # fmt: skip
ADDRESSES = (
    "192.0.2.7", "192.0.2.8", "192.0.2.200", "198.51.100.1", "198.51.100.99", "203.0.113.1",
)  # fmt: skip
ELSEWHERE = st.sampled_from([(), (1,), (1, 2, 4)])
"""Roles that are in another place than the front end."""
SIXTEENTHS = st.integers(0, 16).map(lambda n: n / 16)
DECIMALS = st.sampled_from([0.0, 0.0, 0.6, 1.0])


@st.composite
def shares(draw, n=16, most=3):
    """Some shares that sum to 1, in parts of 1/n."""
    cuts = sorted(draw(st.lists(st.integers(0, n), max_size=most - 1)))
    return [(high - low) / n for low, high in pairwise([0, *cuts, n])]


@st.composite
def small_worlds(draw, n=16, most=3, weights=SIXTEENTHS, thresholds=(1 / 64, 3 / 32, 29 / 32)):
    horizon_s = draw(st.sampled_from([50, 5000, 3 * DAY, 40 * DAY]))
    times = st.integers(0, horizon_s + horizon_s // 10)
    orders, in_force = [], []
    for t_s in sorted(draw(st.lists(times, max_size=12))):
        if in_force and draw(st.booleans()):
            orders.append((t_s, "unblock", in_force.pop(draw(st.integers(0, len(in_force) - 1)))))
        else:
            in_force.append(draw(st.sampled_from(PREFIXES)))
            orders.append((t_s, "block", in_force[-1]))
    spans = st.integers(0, max(2, horizon_s // 4))
    actors = []
    for share in draw(shares(n, most)):
        interval_s = draw(st.integers(1 + horizon_s // 200, 2 + horizon_s // 5))
        actors.append(
            Actor(
                share=share,
                poll_interval_s=interval_s,
                poll_phase_s=draw(st.integers(0, interval_s - 1)),
                apply_lag_s=draw(spans),
                release_lag_s=draw(spans),
                compliance=draw(st.sampled_from([0.0, 0.5, 0.75, 1.0])),
                begins_s=draw(st.one_of(st.just(0), st.integers(-9, horizon_s))),
                luck_of=draw(st.sampled_from([None, None, 0])),
            )
        )
    firms = [
        Firm(
            addresses=tuple(draw(st.sampled_from(ADDRESSES)) for _ in range(5)),
            weights=tuple(draw(weights) for _ in range(5)),
            profile=tuple(draw(st.sampled_from([(1,) * 168, tuple(range(168)), (0, 3) * 84]))),
            value_micro_usd_per_h=draw(st.integers(0, 2**30)),
            elsewhere=draw(ELSEWHERE),
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    first_row_s = draw(st.integers(-100, 0))
    cadence = [(first_row_s, draw(st.integers(1 + horizon_s // 200, 1 + horizon_s // 8)))]
    if draw(st.booleans()):
        # The slow reference walks from version to version: not every second of forty days.
        every_s = draw(st.integers(1 + horizon_s // 200, horizon_s))
        cadence.append((draw(st.integers(1, horizon_s)), every_s))
    return SmallWorld(
        orders=tuple(orders),
        actors=tuple(actors),
        firms=tuple(firms),
        horizon_s=horizon_s,
        cadence=tuple(cadence),
        start_s=draw(st.integers(0, 7 * DAY - 1)),
        target_prefixes=draw(st.sampled_from([(), ("192.0.2.0/28",), ("198.51.100.0/25",)])),
        thresholds=thresholds,
        streams=Streams(draw(st.integers(0, 3)), 0),
    )


@settings(max_examples=n_examples(50), deadline=None)
@given(small_worlds())
def test_the_slow_reference_agrees_event_by_event_and_to_the_last_bit(small):
    assert_the_same(small)


def assert_the_same(small: SmallWorld) -> None:
    outcome, reference = small.run(), simulate_reference(small.reference())
    assert events_of(small, outcome) == reference.events
    assert_same_curves(outcome, reference)
    assert ledger_of(outcome) == [ledger_row(row) for row in reference.ledger]
    assert_same_at_operators(outcome, reference)


@settings(max_examples=n_examples(50), deadline=None)
@given(small_worlds(10, 6, DECIMALS, (0.3, 0.6, 0.7)))
def test_the_slow_reference_agrees_on_every_state_where_shares_are_decimals(small):
    outcome, reference = small.run(), simulate_reference(small.reference())
    assert events_of(small, outcome) == reference.events
    n_amounts = len(outcome.ledger.lost_demand_h_by_spell[0]) + 1
    for found, row in zip(ledger_of(outcome), map(ledger_row, reference.ledger), strict=True):
        assert found[n_amounts:-1] == row[n_amounts:-1]
        np.testing.assert_allclose(found, row, rtol=1e-9, atol=1e-9)
    assert_same_at_operators(outcome, reference)
    for metric in (name for name in reference.curves if name.startswith("businesses_")):
        t_s, value = outcome.curves.points(metric, Group())
        found = list(zip(t_s.tolist(), value.tolist(), strict=True))
        assert found == reference.curves[metric], metric


@st.composite
def crowded_worlds(draw):
    """So many orders, of several prefixes each, that every array of the calendar grows."""
    small = draw(small_worlds())
    n = draw(st.integers(40, 90))
    network = st.integers(0, 63).map(lambda row: f"192.0.2.{4 * row}/30")
    orders, in_force = [], []
    for t_s in sorted(draw(st.lists(st.integers(0, 5000), min_size=n, max_size=n))):
        if len(in_force) > 30 or (in_force and draw(st.integers(0, 4)) == 0):
            prefixes = in_force.pop(draw(st.integers(0, len(in_force) - 1)))
            orders.append(Dated(t_s, "unblock", prefixes))
        else:
            prefixes = tuple(sorted(set(draw(st.lists(network, min_size=1, max_size=5)))))
            in_force.append(prefixes)
            orders.append(Dated(t_s, "block", prefixes))
    actors = tuple(
        replace(actor, poll_interval_s=draw(st.integers(25, 400)), poll_phase_s=0)
        for actor in small.actors
    )
    return replace(small, orders=tuple(orders), actors=actors, horizon_s=5000, cadence=((0, 60),))


@settings(max_examples=n_examples(8), deadline=None)
@given(crowded_worlds())
def test_the_slow_reference_agrees_where_the_calendar_has_to_grow(small):
    assert len(small.run().entry_addresses) > 16  # the room of a new calendar
    assert_the_same(small)


def events_of(small: SmallWorld, outcome: Outcome) -> list[tuple[int, str, int, str]]:
    """Events in the words of the reference."""
    log = outcome.events
    columns = (
        log.t_s, log.kind, log.operator_row, log.entry_row, log.front_row, log.business_row,
        log.provider_row, log.stance_row, log.public_event_row,
    )  # fmt: skip
    names = small.world().places.provider
    numbers = small.line.numbers(outcome.front_address)
    n_responses = [0] * len(small.firms)
    events = []
    rows = np.stack(columns, axis=1).tolist()
    exempted = [row for row in rows if Kind(row[1]) is Kind.EXEMPTED]
    for t_s, number, operator_row, entry_row, front_row, business_row, *rest in rows:
        provider_row, stance_row, public_event_row = rest
        kind = Kind(number)
        text, row = "", operator_row
        if entry_row >= 0:
            text = prefixes_text(outcome.entry_addresses[entry_row])
        if front_row >= 0:
            row, text = front_row, str(ip_address(numbers[front_row]))
        if business_row >= 0:
            row = business_row
        if kind is Kind.RESPONDED:
            text = small.firms[business_row].responses[n_responses[business_row]].kind
            n_responses[business_row] += 1
        if kind is Kind.STANCE:
            text = f"{names[provider_row]} {STANCES[stance_row]}"
        if kind is Kind.PUBLIC_EVENT:
            row = public_event_row
        if kind is Kind.MOVED:
            # One response of a business at a time: the move is of the one taken last.
            taken = small.firms[business_row].responses[n_responses[business_row] - 1]
            text = f"{taken.kind} {names[provider_row]}"
        if kind is Kind.EXEMPTED:
            continue
        events.append((t_s, kind.name.lower(), row, text))
    exempts = [row for row in rows if Kind(row[1]) is Kind.BLOCK
               and outcome.entry_mechanism[row[3]] is Mechanism.EXEMPT]  # fmt: skip
    for t_s, _, _, _, _, business_row, *_ in exempted:
        texts = [prefixes_text(outcome.entry_addresses[row[3]]) for row in exempts if row[0] == t_s]
        place = [row[5] for row in exempted if row[0] == t_s].index(business_row)
        events.append((t_s, "exempted", business_row, texts[place]))
    return sorted(events)


def assert_same_curves(outcome: Outcome, reference: RefOutcome) -> None:
    assert len(reference.curves) in (6, 8)
    for metric, expected in reference.curves.items():
        if expected == [(0, None)]:
            with np.testing.assert_raises(KeyError):
                outcome.curves.points(metric, Group())
            continue
        t_s, value = outcome.curves.points(metric, Group())
        found = list(zip(t_s.tolist(), value.tolist(), strict=True))
        assert found == [(t, float(v)) for t, v in expected], metric


def assert_same_at_operators(outcome: Outcome, reference: RefOutcome) -> None:
    """Counts and times by operator agree exactly, demand by cause to seven digits."""
    found, expected = outcome.at_operators, reference.at_operators
    assert found.n_ever.T.tolist() == [list(row.n_ever) for row in expected]
    assert found.time_s.T.tolist() == [list(row.time_s) for row in expected]
    lost = [[float(row.lost[cause.name]) for cause in CAUSES] for row in expected]
    np.testing.assert_allclose(found.lost_micro_usd, lost, rtol=1e-7, atol=1e-3)
    main = []
    for by_cause in reference.lost_by_cause:
        most = max(by_cause.values())
        tied = [cause.name for cause in CAUSES if by_cause[cause.name] >= most * (1 - 1e-9)]
        main.append([cause.name for cause in CAUSES].index(tied[0]) if most > 0 else NO_CAUSE)
    assert found.main_cause.tolist() == main
    assert_same_sites(outcome, reference)


def assert_same_sites(outcome: Outcome, reference: RefOutcome) -> None:
    """Times of sites by operator agree exactly, their lost demand to seven digits."""
    found, pairs = outcome.at_operators, reference.pairs[1:]
    times = [[list(pair.time_s) for pair in row] for row in pairs]
    assert found.site_time_s.transpose(1, 2, 0).tolist() == times
    near = {"rtol": 1e-7, "atol": 1e-9}
    lost = [[float(pair.lost_h) for pair in row] for row in pairs]
    np.testing.assert_allclose(found.site_lost_h.ravel(), np.ravel(lost), **near)
    by_cause = [[float(row[cause.name]) for cause in CAUSES] for row in reference.lost_by_cause[1:]]
    np.testing.assert_allclose(found.site_lost_by_cause_h.ravel(), np.ravel(by_cause), **near)


LEDGER = (
    "affected_s", "impaired_s", "down_s", "first_outage_s", "last_outage_s", "first_cut_off_s",
    "last_cut_off_s", "n_spells", "is_affected_at_end", "worst_share",
)  # fmt: skip
SPELLS = ("under_1_h", "1_to_6_h", "6_to_24_h", "1_to_3_d", "3_to_14_d", "over_14_d")


def ledger_of(outcome: Outcome) -> list[tuple[object, ...]]:
    ledger = outcome.ledger
    below, by_spell = ledger.lost_demand_h_below_threshold, ledger.lost_demand_h_by_spell
    columns = [getattr(ledger, name) for name in LEDGER]
    return [
        (below[row], *by_spell[row], *(column[row] for column in columns))
        for row in range(ledger.affected_s.size)
    ]


def ledger_row(row) -> tuple[object, ...]:
    amounts = (getattr(row, f"lost_demand_h_{spell}") for spell in ("below_threshold", *SPELLS))
    times = (getattr(row, name) for name in LEDGER[:-1])
    return (
        *map(float, amounts),
        *(NEVER if one is None else one for one in times),
        float(row.worst_share),
    )


def assert_same_at_sites(outcome: Outcome, world: RefWorld) -> None:
    """States and losses of businesses agree, and by operator and cause."""
    reference = simulate_reference(world)
    for found, row in zip(ledger_of(outcome), reference.ledger, strict=True):
        expected = ledger_row(row)
        np.testing.assert_allclose(found[:7], expected[:7], rtol=1e-9, atol=1e-12)
        assert found[7:-1] == expected[7:-1]
    assert_same_at_operators(outcome, reference)
