"""Orders as people say them: lists of addresses, weekdays, some operators; worked out by hand."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from sim.addresses.sets.line import split
from sim.addresses.text.text import format_set
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.errors import ProblemsError
from sim.scenario.load import load_scenario
from sim.scenario.resolve import Resolved, resolve
from sim.streams import Streams
from sim.world.build import build_world

HOUR = 3600
LIST = "# twelve would be as easy\n198.51.100.7\n198.51.100.32/30\n2001:db8::7\n"
OPERATORS = """\
operator,label,share_users,poll_interval_h,apply_lag_median_h,apply_lag_sigma,\
release_lag_median_h,release_lag_sigma,compliance
a,A,0.5,0.001,0,0,0,0,1
b,B,0.25,0.001,0,0,0,0,1
c,C,0.25,0.001,0,0,0,0,1
"""
CASE = """\
format: overblock/scenario/1
name: own
title: A list on Saturdays and Sundays
time_zone: Europe/Madrid
start: 2026-03-27T12:00+01:00
end: 2026-03-31T00:00+02:00
root_seed: 1
target: {name: streams}
strategy: STRATEGY
register: {cadence: cadence-at-once}
operators: {groups: operators.csv}
population: {n_businesses: 20}
"""
WEEKENDS = {"every": ["sat", "sun"], "from": "21:00", "to": "23:00"}


def resolved(folder: Path, strategy: dict[str, object]) -> Resolved:
    (folder / "own.yaml").write_text(CASE.replace("STRATEGY", json.dumps(strategy)))
    (folder / "list.txt").write_text(LIST)
    (folder / "operators.csv").write_text(OPERATORS)
    return resolve(load_scenario(str(folder / "own.yaml")))


def run(case: Resolved) -> Outcome:
    streams = Streams(1, 0)
    return simulate(build_world(case, streams), build_strategy(case, streams), streams)


def in_force(outcome: Outcome, kinds: tuple[Kind, Kind], operator: int = -1) -> dict[str, list]:
    """When each prefix came into force and went out of it, in seconds, in turn."""
    found = defaultdict(list)
    events = outcome.events
    for row in range(events.t_s.size):
        if events.kind[row] in kinds and events.operator_row[row] == operator:
            addresses = outcome.entry_addresses[events.entry_row[row]]
            found[format_set(split(addresses)).decode().strip()].append(int(events.t_s[row]))
    return dict(found)


# From Friday noon: Saturday 21:00 is 33 h later; clocks go forward on Sunday, so that Sunday 21:00
# is 56 h later, not 57.
SESSIONS = [33 * HOUR, 35 * HOUR, 56 * HOUR, 58 * HOUR]
PREFIXES = ["198.51.100.7/32", "198.51.100.32/30", "2001:db8::7/128"]


@pytest.mark.parametrize(
    "strategy",
    [
        {"id": "time-window", "addresses": "list.txt", **WEEKENDS},
        {"id": "time-window", "addresses": [text.removesuffix("/32") for text in PREFIXES]}
        | WEEKENDS,
        {"id": "orders", "orders": [{"addresses": "list.txt", **WEEKENDS}]},
    ],
)
def test_a_list_is_dropped_in_its_sessions_by_the_operators_it_is_for(
    tmp_path: Path, strategy: dict[str, object]
) -> None:
    outcome = run(resolved(tmp_path, {**strategy, "operators": ["a", "c"]}))
    ordered = in_force(outcome, (Kind.BLOCK, Kind.UNBLOCK))
    assert ordered == dict.fromkeys(PREFIXES, SESSIONS)
    for operator, is_for in enumerate([True, False, True]):
        enforced = in_force(outcome, (Kind.ENFORCED, Kind.RELEASED), operator)
        assert set(enforced) == set(PREFIXES if is_for else [])
        for times in enforced.values():
            # Operators poll every 4 s.
            assert all(0 <= t_s - at_s <= 4 for t_s, at_s in zip(times, SESSIONS, strict=True))


def test_orders_of_a_table_say_the_same_as_those_of_a_scenario(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text(
        "addresses,every,from,to,except,mechanism,overmatch,operators\n"
        "list.txt,sat sun,21:00,23:00,2026-03-29,,,a\n"
        "203.0.113.0/24 2001:db8:1::/48,,2026-03-28T00:00+01:00,,,throttle,,b; c\n"
        ",,,2026-03-28T00:00+01:00,,name,0.25,\n"
    )
    orders = [
        {"addresses": "list.txt", **WEEKENDS, "except": ["2026-03-29"], "operators": ["a"]},
        {
            "addresses": ["203.0.113.0/24", "2001:db8:1::/48"],
            "from": "2026-03-28T00:00+01:00",
            "mechanism": "throttle",
            "operators": ["b", "c"],
        },
        {"to": "2026-03-28T00:00+01:00", "mechanism": "name", "overmatch": 0.25},
    ]
    told = run(resolved(tmp_path, {"id": "orders", "orders": orders}))
    read = run(resolved(tmp_path, {"id": "orders", "table": "orders.csv"}))
    for column in ("t_s", "kind", "operator_row", "entry_row"):
        np.testing.assert_array_equal(getattr(told.events, column), getattr(read.events, column))
    found = in_force(read, (Kind.BLOCK, Kind.UNBLOCK))
    assert found == {
        "": [0, 12 * HOUR],
        "203.0.113.0/24": [12 * HOUR],
        "2001:db8:1::/48": [12 * HOUR],
        **dict.fromkeys(PREFIXES, SESSIONS[:2]),
    }
    assert set(in_force(read, (Kind.ENFORCED, Kind.RELEASED), 0)) == {"", *PREFIXES}
    throttled = {"", "203.0.113.0/24", "2001:db8:1::/48"}
    assert set(in_force(read, (Kind.ENFORCED, Kind.RELEASED), 1)) == throttled


def test_dated_orders_are_for_the_operators_of_their_row(tmp_path: Path) -> None:
    (tmp_path / "dated.csv").write_text(
        "effective,action,prefix,mechanism,operators\n"
        "2026-03-27T13:00+01:00,block,198.51.100.7/32,,a\n"
        "2026-03-27T14:00+01:00,block,198.51.100.7/32,,b c\n"
        "2026-03-27T15:00+01:00,unblock,198.51.100.7/32,,b c\n"
    )
    outcome = run(resolved(tmp_path, {"id": "replay", "orders": "dated.csv"}))
    spans = [in_force(outcome, (Kind.ENFORCED, Kind.RELEASED), row) for row in range(3)]
    assert [len(of["198.51.100.7/32"]) for of in spans] == [1, 2, 2]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({}, "expected addresses, or mechanism name without any"),
        ({"addresses": "192.0.2.1"}, "expected the path of a file, or a list such as"),
        ({"addresses": ["192.0.2.1/8"]}, "host bits"),
        ({"addresses": ["192.0.2.1"], "from": "21:00"}, "or every with them"),
        ({"addresses": ["192.0.2.1"], "every": ["sat"]}, "as times of day with every"),
        ({"addresses": ["192.0.2.1"], "overmatch": 0.5}, "expected overmatch with mechanism"),
        ({"addresses": ["192.0.2.1"], "share_at_start": 0.5}, "expected ramp_h, or to, with"),
        ({"addresses": ["192.0.2.1"], "except": ["2026-03-29"]}, "expected it with every"),
        ({"addresses": ["192.0.2.1"], "operators": ["A"]}, "expected an operator of operators.csv"),
        ({"addresses": "none.txt"}, "expected a readable"),
    ],
)
def test_an_order_that_says_too_little_is_refused(
    tmp_path: Path, order: dict[str, object], message: str
) -> None:
    with pytest.raises(ProblemsError, match=message):
        resolved(tmp_path, {"id": "orders", "orders": [order]})


def test_operators_of_a_strategy_are_those_of_the_table(tmp_path: Path) -> None:
    with pytest.raises(ProblemsError, match=r"strategy\.operators: expected an operator") as caught:
        resolved(tmp_path, {"id": "none"} | {"id": "dns", "overmatch": 0, "operators": ["a", "d"]})
    assert "own.yaml:9:" in str(caught.value)


def test_an_unknown_time_zone_is_refused(tmp_path: Path) -> None:
    resolved(tmp_path, {"id": "none"})
    with pytest.raises(ProblemsError, match="expected a time zone such as Europe/Madrid, got 'X'"):
        load_scenario(str(tmp_path / "own.yaml"), ["time_zone=X"])
