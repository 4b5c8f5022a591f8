"""Counts read off a run against curves, sets of the standard library and logs read line by line."""

from datetime import timedelta
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from sim.addresses.sets.intervals import IntervalSet
from sim.backtest.predictions import count_businesses, count_listed, distinct_sizes, read_run
from sim.backtest.scores import RunGroup, group_runs
from sim.engine.decisions import Mechanism
from sim.engine.eventlog import Kind
from sim.engine.state.ledger import Group
from sim.names.law import NamesLaw
from sim.scenario.readings import BusinessesHit, Listed, RunReading
from sim.streams import Streams
from tests.cases import case_file
from tests.experiments import resolved_of, simulated

HOUR = 3600


def run(name: str, *overrides: str):
    resolved = resolved_of(name, list(overrides))
    return resolved, *simulated(resolved, Streams(1, 0))


@pytest.fixture(scope="module")
def replayed():
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


@pytest.mark.parametrize("which", ["replayed", "exempting"])
def test_addresses_listed_are_those_of_the_curve_in_all_and_by_provider(which, request):
    _, world, outcome = request.getfixturevalue(which)
    some = 0.0
    for t_s in np.linspace(0, world.horizon_s - 1, 9).astype(int).tolist():
        all_ = count_listed(Listed(), world, outcome, at(t_s))
        assert all_ == value_at(outcome, "addresses_listed", Group(), t_s)
        for row, name in enumerate(world.places.provider):
            found = count_listed(Listed(providers=[name]), world, outcome, at(t_s))
            assert found == value_at(outcome, "addresses_listed", Group(provider_row=row), t_s)
            some += found
    assert some > 0


@pytest.mark.parametrize("which", ["replayed", "exempting"])
def test_what_is_listed_in_a_span_is_listed_at_some_second_of_it(which, request):
    _, world, outcome = request.getfixturevalue(which)
    log = outcome.events
    turns = np.unique(log.t_s[(log.kind == Kind.BLOCK) | (log.kind == Kind.UNBLOCK)]).tolist()
    middle = len(turns) // 2
    first = turns[middle] + 1
    places = world.places
    rows = np.flatnonzero(places.provider_row == places.provider.index("AWS"))
    aws_ranges = IntervalSet.union_all(places.addresses[row] for row in rows.tolist())
    n = []
    for until in (first + 1, turns[middle + 3] + 1, turns[min(middle + 9, len(turns) - 1)] + 1):
        ever = []
        for t_s in [first, *(turn for turn in turns if first < turn < until)]:
            ever += listed_at(outcome, t_s)
        span = first, until
        all_ = count_listed(Listed(), world, outcome, span)
        n.append(all_)
        outside = without(ever, ranges(world.target_addresses))
        assert all_ == sum(stop - start for start, stop in outside)
        aws = count_listed(Listed(providers=["AWS"]), world, outcome, span)
        mine = without(ever, without([(0, 2**32)], ranges(aws_ranges)))
        outside = without(mine, ranges(world.target_addresses))
        assert aws == sum(stop - start for start, stop in outside)
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


def test_businesses_of_groups_ever_and_at_once(replayed):
    resolved, world, outcome = replayed
    businesses, places = world.businesses, world.places
    provider = [places.provider[row] for row in places.provider_row[businesses.home_place_row]]
    sector = [businesses.sector[row] for row in businesses.sector_row]
    impaired = (outcome.ledger.impaired_s > 0).tolist()
    thresholds = resolved.scenario.thresholds

    def count(span_s=None, **keys):
        times = {}
        if span_s is not None:
            since, until = (resolved.scenario.start + timedelta(seconds=one) for one in span_s)
            times = {"since": since, "until": until}
            times |= {"take": keys.pop("take")} if "take" in keys else {}
        asked = RunReading(businesses=BusinessesHit(**keys), **times)
        return count_businesses(asked, resolved, world, outcome, span_s or (0, 1))

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
    assert count((first, until), take="min", **keys) == together.min()
    assert count((first, first + 1), **keys) == together[0]
    # At once above a share that is no threshold of the scenario.
    assert 0.3 not in (thresholds.affected, thresholds.impaired, thresholds.down)
    assert np.isnan(count((first, first + 1), above=0.3))
    held = [name in both["providers"] for name in provider]
    share = count(above=thresholds.impaired, is_share=True, providers=both["providers"])
    assert share == pytest.approx(np.mean(np.array(impaired)[held]))


# A run ends where the last of its cases is read, and says the same until then.


FEW = "population.n_businesses=60"
RUN = f"kind: run, scenario: telegram-2018, overrides: ['{FEW}']"
AT = f"{{{RUN}, curve: businesses_affected, at: '2018-04-18T12:00+03:00'}}"
UNTIL = f"{{{RUN}, curve: addresses_listed, until: '2018-04-19T00:00+03:00', take: mean}}"
WHOLE = f"{{{RUN}, measure: addresses_listed_peak}}"


def group(folder: Path, *predictors: str) -> RunGroup:
    (only,) = group_runs(case_file(folder, *({"predictor": one} for one in predictors)).cases)
    return only


@pytest.mark.parametrize(
    ("predictors", "end"),
    [
        ((AT,), "2018-04-18T12:00:01+03:00"),
        ((UNTIL, AT), "2018-04-19T00:00:00+03:00"),
        ((AT, WHOLE), ""),
    ],
)
def test_a_run_ends_where_the_last_of_its_cases_is_read(predictors, end, tmp_path):
    cut = group(tmp_path, *predictors).resolved.scenario.end
    assert cut.isoformat() == (end or resolved_of("telegram-2018", [FEW]).scenario.end.isoformat())


def test_what_comes_later_moves_nothing_before_it(tmp_path):
    cut = group(tmp_path, UNTIL, AT)
    longer = resolved_of("telegram-2018", [FEW, "end=2018-05-09T00:00+03:00"])
    readings = {each.case.id: each.case.predictor for each in cut.cases}
    mine, other = (read_run(each, cut.root_seed, 3, readings) for each in (cut.resolved, longer))
    assert mine.keys() == other.keys() == {"c0", "c1"}
    assert min(mine.values()) > 0
    assert mine == other


# Distinct addresses that are drawn evenly: by enumeration, with a control that fails.


SIZES = [6, 3, 1, 1, 1]
LAW = NamesLaw(np.array([6, 3, 1]), np.array([1, 1, 3]))
N = 20_000


def expected_of_two(chance: list[float]) -> dict[int, float]:
    """Names on two distinct addresses and their probability, sequence by sequence."""
    found: dict[int, float] = {}
    for first, second in permutations(range(len(SIZES)), 2):
        p = chance[first] * chance[second] / (1 - chance[first])
        total = SIZES[first] + SIZES[second]
        found[total] = found.get(total, 0) + p
    return found


def test_two_distinct_addresses_come_up_as_often_as_enumeration_says():
    rng = np.random.default_rng(3)
    totals = [int(distinct_sizes(LAW, 2, rng).sum()) for _ in range(N)]
    values, counts = np.unique(totals, return_counts=True)
    found = dict(zip(values.tolist(), (counts / N).tolist(), strict=True))

    def differs(expected: dict[int, float]) -> bool:
        return any(
            abs(found.get(total, 0) - p) > 4 * np.sqrt(p * (1 - p) / N)
            for total, p in expected.items()
        )

    even = expected_of_two([1 / len(SIZES)] * len(SIZES))
    assert sum(even.values()) == pytest.approx(1)
    assert not differs(even)
    assert differs(expected_of_two([size / sum(SIZES) for size in SIZES]))  # negative control


def test_all_addresses_hold_all_names_once():
    sizes = distinct_sizes(LAW, 5, np.random.default_rng(0))
    assert sorted(sizes.tolist(), reverse=True) == SIZES
