"""Counts read off a run against curves, sets of the standard library and logs read line by line."""

from __future__ import annotations

import math
from dataclasses import replace
from ipaddress import IPv4Network, collapse_addresses

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.backtest.counts import count_businesses
from sim.backtest.register_counts import count_listed, share_enforcing
from sim.engine.eventlog import Kind
from sim.engine.orders import Mechanism
from sim.engine.run import simulate
from sim.engine.state.tally import Group
from sim.engine.strategies import build_strategy
from sim.scenario.load import load_scenario
from sim.scenario.overrides import override_text
from sim.scenario.readings import BusinessesHit, Enforcing, Listed
from sim.scenario.resolve import resolve
from sim.streams import Streams
from sim.world.build import build_world
from tests.sites import overrides

HOUR = 3600


def run(name: str, *overrides: str):
    resolved = resolve(load_scenario(name, list(overrides)))
    streams = Streams(1, 0)
    world = build_world(resolved, streams)
    return resolved, world, simulate(world, build_strategy(resolved, streams), streams)


@pytest.fixture(scope="module")
def replay():
    return run("telegram-2018-replay", "population.n_businesses=60", "end=2018-04-19T00:00+03:00")


@pytest.fixture(scope="module")
def exempting():
    """A run in which addresses are exempt for a while."""
    found = run("snowball", "population.n_businesses=200", "end=2018-05-01T00:00+03:00")
    assert Mechanism.EXEMPT in found[2].entry_mechanism
    return found


def at(t_s):
    return t_s, t_s + 1


def value_at(outcome, metric, group, t_s):
    times, values = outcome.curves.points(metric, group)
    return values[np.searchsorted(times, t_s, side="right") - 1]


@pytest.mark.parametrize("which", ["replay", "exempting"])
def test_addresses_listed_are_those_of_the_curve_in_all_and_by_provider(which, request):
    resolved, world, outcome = request.getfixturevalue(which)
    some = 0.0
    for t_s in np.linspace(0, world.horizon_s - 1, 9).astype(int).tolist():
        all_ = count_listed(Listed(), resolved, world, outcome, at(t_s))
        assert all_ == value_at(outcome, "addresses_listed", Group(), t_s)
        for row, name in enumerate(world.places.provider):
            found = count_listed(Listed(providers=[name]), resolved, world, outcome, at(t_s))
            assert found == value_at(outcome, "addresses_listed", Group(provider_row=row), t_s)
            some += found
    assert some > 0


@pytest.mark.parametrize("which", ["replay", "exempting"])
def test_what_is_listed_in_a_span_is_listed_at_some_second_of_it(which, request):
    resolved, world, outcome = request.getfixturevalue(which)
    log = outcome.events
    turns = np.unique(log.t_s[(log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)]).tolist()
    middle = len(turns) // 2
    first = turns[middle] + 1
    row = world.places.provider.index("AWS")
    n = []
    for until in (first + 1, turns[middle + 3] + 1, turns[min(middle + 9, len(turns) - 1)] + 1):
        ever = []
        for t_s in [first, *(turn for turn in turns if first < turn < until)]:
            ever += listed_at(outcome, t_s)
        span = first, until
        all_ = count_listed(Listed(), resolved, world, outcome, span)
        n.append(all_)
        outside = without(ever, ranges(world.target.addresses))
        assert all_ == sum(stop - start for start, stop in outside)
        aws = count_listed(Listed(providers=["AWS"]), resolved, world, outcome, span)
        share = Listed(providers=["AWS"], is_share_of_list=True)
        assert count_listed(share, resolved, world, outcome, span) == pytest.approx(aws / all_)
        whole = Listed(providers=["AWS"], is_share=True)
        of = world.places.count_by_provider(IntervalSet.universe())[row]
        assert count_listed(whole, resolved, world, outcome, span) == pytest.approx(aws / of)
    assert n[0] < n[-1]


def listed_at(outcome, t_s):
    """Ranges in force and not exempt, from the log read line by line."""
    in_force = set()
    log = outcome.events
    for when, kind, entry in zip(log.t_s.tolist(), log.kind, log.entry_row.tolist(), strict=True):
        if when <= t_s and kind == Kind.BLOCK:
            in_force.add(entry)
        if when <= t_s and kind == Kind.UNBLOCK:
            in_force.discard(entry)
    blocked, exempt = (
        [
            one
            for entry in in_force
            if (outcome.entry_mechanism[entry] is Mechanism.EXEMPT) is is_exempt
            for one in ranges(outcome.entry_addresses[entry])
        ]
        for is_exempt in (False, True)
    )
    return without(blocked, exempt)


def ranges(addresses):
    return list(zip(addresses.start.tolist(), addresses.stop.tolist(), strict=True))


def without(some, others):
    """What is in some of the ranges and in none of the others, edge by edge."""
    edges = [
        (edge, row, step)
        for row, of in enumerate((some, others))
        for start, stop in of
        for edge, step in ((start, 1), (stop, -1))
    ]
    found, n, last = [], [0, 0], 0
    for edge, row, step in sorted(edges):
        if n[0] and not n[1] and edge > last:
            found.append((last, edge))
        n[row] += step
        last = edge
    return found


def networks_listed(world, outcome, t_s):
    """Prefixes in force, from the log read line by line."""
    in_force = {}
    log = outcome.events
    for when, kind, entry in zip(log.t_s, log.kind, log.entry_row, strict=True):
        if when <= t_s and kind == Kind.BLOCK:
            in_force[int(entry)] = outcome.entry_addresses[entry].to_prefixes()
        if when <= t_s and kind == Kind.UNBLOCK:
            del in_force[int(entry)]
    prefixes = [IPv4Network((int(a), int(n))) for address, length in in_force.values()
                for a, n in zip(address, length, strict=True)]  # fmt: skip
    return list(collapse_addresses(prefixes))


def test_prefixes_of_a_region_are_listed_wholly_partly_or_not(replay):
    resolved, world, outcome = replay
    t_s = 60 * HOUR
    listed = networks_listed(world, outcome, t_s)
    rows = {
        IPv4Network(str(row.prefix))
        for row in resolved.cloud_prefixes.rows
        if (row.provider, row.region) in (("AWS", "eu-west-1"), ("AWS", "eu-central-1"))
    }
    wholly = {row for row in rows if any(row.subnet_of(one) for one in listed)}
    partly = {row for row in rows - wholly if any(one.overlaps(row) for one in listed)}
    assert wholly
    regions = ["AWS/eu-west-1", "AWS/eu-central-1"]
    for count, expected in (("prefixes_wholly", wholly), ("prefixes_partly", partly)):
        reading = Listed(count=count, regions=regions)
        found = count_listed(reading, resolved, world, outcome, at(t_s))
        assert found == len(expected)
        share = Listed(count=count, regions=regions, is_share=True)
        assert count_listed(share, resolved, world, outcome, at(t_s)) == len(expected) / len(rows)
    n = sum(row.num_addresses for row in collapse_addresses(rows))
    share = Listed(regions=regions, is_share=True)
    both = Listed(regions=regions)
    assert count_listed(share, resolved, world, outcome, at(t_s)) == pytest.approx(
        count_listed(both, resolved, world, outcome, at(t_s)) / n
    )


def test_a_prefix_of_which_a_part_is_listed_is_not_wholly_listed():
    """One /16 of which the first half is ordered."""
    resolved, world, outcome = run(
        "telegram-2018-replay", "population.n_businesses=20", "end=2018-04-19T00:00+03:00"
    )
    rows = [row for row in resolved.cloud_prefixes.rows if row.prefix.length == 16][:2]
    names = [f"{row.provider}/{row.region}" for row in rows]
    start = np.array([row.prefix.address for row in rows])
    half = IntervalSet.from_bounds(start, start + np.array([2**16, 2**15]))
    outcome = replace(
        outcome, entry_addresses=(half,), entry_mechanism=(Mechanism.DROP,),
        events=replace(
            outcome.events,
            **{
                name: np.array([value])
                for name, value in (
                    ("t_s", 5), ("kind", Kind.BLOCK), ("operator_row", -1), ("entry_row", 0),
                    ("front_row", -1), ("business_row", -1), ("provider_row", -1),
                    ("stance_row", -1), ("public_event_row", -1),
                )
            },
        ),
    )  # fmt: skip
    for count, expected in (("prefixes_wholly", 1), ("prefixes_partly", 1)):
        reading = Listed(count=count, regions=names)
        assert count_listed(reading, resolved, world, outcome, at(5)) == expected
        assert count_listed(reading, resolved, world, outcome, at(4)) == 0


def test_prefixes_of_ipv6_are_listed_wholly_partly_or_not(tmp_path):
    """Of the tables' prefixes, two /24 and a /48, one entry lists all IPv6 and half of a /24."""
    orders = (
        "effective,action,prefix",
        "2018-04-16T00:00Z,block,::/0",
        "2018-04-16T00:00Z,block,198.18.1.0/25",
    )
    asked = overrides(tmp_path, {"strategy.orders": orders})
    texts = [override_text(key, value) for key, value in asked.items()]
    resolved, world, outcome = run("telegram-2018-replay", *texts)
    for count, expected in (("prefixes_wholly", 1), ("prefixes_partly", 1)):
        reading = Listed(count=count, providers=["alpha"])
        assert count_listed(reading, resolved, world, outcome, at(HOUR)) == expected
        share = Listed(count=count, providers=["alpha"], is_share=True)
        assert count_listed(share, resolved, world, outcome, at(HOUR)) == expected / 3


def test_operators_that_enforce_by_a_log_read_line_by_line(replay):
    _, world, outcome = replay
    names = world.operators.name
    for t_s in (0, 20 * HOUR, 30 * HOUR, 50 * HOUR):
        log = outcome.events
        applied = {name: set() for name in names}
        in_force = set()
        for when, kind, operator, entry in zip(
            log.t_s.tolist(), log.kind.tolist(), log.operator_row.tolist(),
            log.entry_row.tolist(), strict=True,
        ):  # fmt: skip
            if when > t_s:
                continue
            match kind:
                case Kind.BLOCK:
                    in_force.add(entry)
                case Kind.UNBLOCK:
                    in_force.discard(entry)
                case Kind.ENFORCED:
                    applied[names[operator]].add(entry)
                case Kind.RELEASED:
                    applied[names[operator]].discard(entry)
        users = dict(zip(names, world.operators.share_users.tolist(), strict=True))
        number = dict(zip(names, world.operators.stands_for.tolist(), strict=True))

        def enforcing(least, applied=applied, in_force=in_force):
            if least is None:
                return {name for name, entries in applied.items() if entries}
            return {
                name
                for name, entries in applied.items()
                if len(entries & in_force) >= least * len(in_force)
            }

        for least in (None, 0.5, 1.0):
            found = share_enforcing(Enforcing(entries=least), world, outcome, t_s)
            by_number = Enforcing(entries=least, weigh="operators")
            if least is not None and not in_force:
                assert math.isnan(found)
                continue
            chosen = enforcing(least)
            if least == 1.0:
                each = {name: len(applied[name] & in_force) / len(in_force) for name in names}
                for weigh, by in (("users", users), ("operators", number)):
                    mean = share_enforcing(
                        Enforcing(count="entries", weigh=weigh), world, outcome, t_s
                    )
                    expected = sum(by[name] * each[name] for name in names) / sum(by.values())
                    assert mean == pytest.approx(expected)
            assert found == pytest.approx(sum(users[name] for name in chosen))
            assert share_enforcing(by_number, world, outcome, t_s) == pytest.approx(
                sum(number[name] for name in chosen) / 4200
            )
    two = Enforcing(operators=["rostelecom", "holdouts-fixed"], weigh="operators")
    # One operator, and 63 that enforce nothing.
    assert share_enforcing(two, world, outcome, 60 * HOUR) == 1 / 64
    others = Enforcing(operators=["other-mobile"], weigh="operators")
    assert share_enforcing(others, world, outcome, 60 * HOUR) == 1


def test_businesses_of_groups_ever_and_at_once(replay):
    resolved, world, outcome = replay
    businesses, places = world.businesses, world.places
    provider = [places.provider[row] for row in places.provider_row[businesses.home_place_row]]
    sector = [businesses.sector[row] for row in businesses.sector_row]
    impaired = (outcome.ledger.impaired_s > 0).tolist()
    thresholds = resolved.scenario.thresholds

    def count(span_s=None, take="max", **keys):
        return count_businesses(BusinessesHit(**keys), resolved, world, outcome, span_s, take)

    both = {"providers": ["AWS", "Google Cloud"], "sectors": ["e-commerce", "b2b"]}
    rows = list(zip(provider, sector, impaired, strict=True))
    mine = [one for one in rows if one[0] in both["providers"] and one[1] in both["sectors"]]
    assert 0 < sum(one[2] for one in mine) < len(rows)
    assert count(above=thresholds.impaired, **both) == sum(one[2] for one in mine)
    assert count(above=thresholds.impaired, is_share=True, **both) == pytest.approx(
        sum(one[2] for one in mine) / len(mine)
    )
    assert count(above=thresholds.affected) == (outcome.ledger.affected_s > 0).sum()
    assert count(above=thresholds.down) == (outcome.ledger.down_s > 0).sum()
    # At once: two providers together, second by second.
    pairs = [outcome.curves.points("businesses_impaired", Group(provider_row=row))
             for row in map(places.provider.index, both["providers"])]  # fmt: skip
    first, until = 30 * HOUR, 50 * HOUR
    second = np.arange(first, until)
    together = sum(values[np.searchsorted(t, second, side="right") - 1] for t, values in pairs)
    assert together.min() < together.max()
    keys = {"above": thresholds.impaired, "providers": both["providers"]}
    assert count((first, until), **keys) == together.max()
    assert count((first, until), "min", **keys) == together.min()
    assert count((first, first + 1), **keys) == together[0]
    # At once above a share that is no threshold of the scenario: all, and of a provider.
    assert 0.3 not in (thresholds.affected, thresholds.impaired, thresholds.down)
    above = outcome.curves.points("businesses_over_30_percent", Group())
    then = above[1][np.searchsorted(above[0], first, side="right") - 1]
    assert then > 0
    assert count((first, first + 1), above=0.3) == then
    of_aws = count((first, first + 1), above=0.3, providers=["AWS"])
    assert 0 < of_aws < then
    assert np.isnan(count((first, first + 1), above=0.3, sectors=["b2b"]))
    assert np.isnan(count((first, first + 1), above=0.4))
    # Nobody sits there.
    nowhere = next(
        name for row, name in enumerate(places.provider)
        if row not in places.provider_row[businesses.home_place_row]
    )  # fmt: skip
    assert count((first, first + 1), above=0.3, providers=[nowhere]) == 0
    regions = ["AWS/eu-west-1"]
    home = [places.region[row] for row in businesses.home_place_row]
    expected = sum(
        hit for name, region, hit in zip(provider, home, impaired, strict=True)
        if (name, region) == ("AWS", "eu-west-1")
    )  # fmt: skip
    assert count(above=thresholds.impaired, regions=regions) == expected
