"""Sessions of a calendar: when they are, which fronts they list, and when in them."""

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sim.addresses.sets.intervals import format_set
from sim.addresses.sets.line import split
from sim.engine.eventlog import Kind
from sim.engine.record.outcome import Outcome
from sim.engine.strategies.calendars import Growth, growth_of, time_window
from sim.errors import DataError, ProblemsError, ScenarioError
from sim.scenario.load import load_scenario
from sim.scenario.quantities import format_instant
from sim.scenario.resolve import Resolved
from sim.scenario.strategies import GivenOrder, TimeWindow, windows_of_order
from sim.streams import Streams
from tests.borrowed import BORROW
from tests.experiments import resolved_of, simulated
from tests.unit.engine.test_strategy_rules import ALPHA, placed, said, seen

START, STOP = 1000, 9000
RAMP = STOP - START
DAY = 86_400
WINDOWS = [(START + k * DAY, STOP + k * DAY) for k in range(4)]


def growth(share_at_start: float = 0.3, share: float = 1.0, replicate: int = 0) -> Growth:
    """Growth of four sessions, a day apart."""
    keys = {"share_at_start": share_at_start, "share_in_session": share}
    return grown(WINDOWS, replicate, **keys)


def grown(windows_s: list[tuple[int, int]], replicate: int = 0, **keys: object) -> Growth:
    asked = TimeWindow.model_validate({"id": "time-window", "sessions": "x"} | keys)
    found = growth_of(asked, windows_s, Streams(7, replicate))
    assert found is not None
    return found


def due_s(of: Growth, session: int, address: list[int], discovered_s: int = 0) -> np.ndarray:
    return of.due_s(session, address, [discovered_s] * len(address))


@pytest.fixture(scope="module")
def due() -> np.ndarray:
    """When each of many fronts is due, in seconds from the start of a session."""
    fronts = np.arange(3000, dtype=np.int64) + 16_777_216
    return np.concatenate([due_s(growth(), session, fronts.tolist()) for session in range(4)])


def is_on_the_line(due: np.ndarray, share: float, ramp_s: float) -> bool:
    """Whether n * (s + (1 - s) * t / ramp) are due at each t, within four standard errors."""
    t_s = np.linspace(0, 1.2 * ramp_s, 25)
    expected = np.minimum(share + (1 - share) * t_s / ramp_s, 1.0)
    found = (due[:, np.newaxis] <= t_s).mean(axis=0)
    error = np.sqrt(expected * (1 - expected) / due.size)
    return bool((np.abs(found - expected) <= 4 * error + 1e-12).all())


def test_the_mean_number_listed_grows_on_a_line(due):
    assert is_on_the_line(due, 0.3, RAMP)
    assert due.max() <= RAMP
    assert np.array_equal(due, np.rint(due))


@pytest.mark.parametrize(("share", "ramp_s"), [(0.27, RAMP), (0.3, 1.1 * RAMP), (0.0, RAMP)])
def test_a_line_a_little_off_is_told_apart(due, share, ramp_s):
    assert not is_on_the_line(due, share, ramp_s)


def test_sessions_list_their_share_of_the_fronts_and_each_others():
    fronts = np.arange(4000, dtype=np.int64)
    listed = [np.isfinite(due_s(growth(share=0.4), session, fronts.tolist())) for session in (0, 1)]
    for is_listed in listed:
        assert abs(is_listed.mean() - 0.4) < 4 * np.sqrt(0.24 / fronts.size)
    both = (listed[0] & listed[1]).mean()
    assert abs(both - 0.16) < 4 * np.sqrt(0.16 * 0.84 / fronts.size)


def test_luck_is_by_session_and_address_alone():
    fronts = np.array([5, 2**33, 77, 5], np.int64)
    every = due_s(growth(share=0.9), 2, fronts.tolist())
    alone = [due_s(growth(share=0.9), 2, [int(fronts[row])])[0] for row in range(4)]
    assert every.tolist() == alone
    assert every[0] == every[3]
    assert every.tolist() != due_s(growth(share=0.9, replicate=1), 2, fronts.tolist()).tolist()
    assert every.tolist() != due_s(growth(share=0.9), 3, fronts.tolist()).tolist()


def test_all_at_the_start_is_the_strategy_without_growth():
    with_growth = time_window([(START, STOP)], 32, growth(1.0))
    without = time_window([(START, STOP)], 32)
    for t_s in (0, START, START + 1, STOP - 1, STOP):
        assert with_growth(seen(t_s)) == without(seen(t_s))


def test_a_front_is_listed_when_it_is_due_and_withdrawn_with_the_rest():
    fronts = [(f"198.18.0.{host}", ALPHA, 0) for host in range(40)]
    strategy = time_window([(START, STOP)], 32, growth(0.25))
    first = strategy(seen(START, fronts))
    assert 0 < len(first.orders) < 20
    look_s = first.next_look_s
    assert look_s is not None
    assert START < look_s < START + RAMP
    held = placed(first.orders)
    assert strategy(seen(look_s - 1, fronts, held)).orders == ()
    assert len(strategy(seen(look_s, fronts, held)).orders) >= 1
    last = strategy(seen(STOP - 1, fronts, held))
    assert len(first.orders) + len(last.orders) == 40
    assert last.next_look_s == STOP
    gone = strategy(seen(STOP, fronts, held))
    assert [action for action, _ in said(gone)] == ["unblock"] * len(held)


def logits(share: np.ndarray) -> np.ndarray:
    return np.log(share / (1 - share))


def test_the_level_of_a_session_follows_the_one_before():
    keys = {"share_in_session": 0.8, "share_in_session_sd_logit": 1.5}
    windows = [(0, 1), (3 * DAY, 3 * DAY + 1), (4 * DAY, 4 * DAY + 1)]
    for memory, correlations in ((7, np.exp([-3 / 7, -1 / 7, -4 / 7])), (None, [0, 0, 0])):
        of = [
            grown(windows, one, **keys, share_in_session_memory_d=memory).share_in_session
            for one in range(2000)
        ]
        level = logits(np.array(of)) - logits(np.array(0.8))
        assert np.abs(level.mean(axis=0)).max() < 4 * 1.5 / np.sqrt(2000)
        assert np.abs(level.std(axis=0) / 1.5 - 1).max() < 4 / np.sqrt(4000)
        found = np.corrcoef(level.T)
        assert np.allclose([found[0, 1], found[1, 2], found[0, 2]], correlations, atol=0.09)


def test_fronts_leave_and_return():
    days, n = 10, 4000
    windows = [(k * days * DAY, k * days * DAY + 60) for k in range(3)]
    of = grown(windows, front_leave_per_d=0.03, front_return_per_d=0.01)
    active = np.array([np.isfinite(due_s(of, k, list(range(n)))) for k in range(3)])
    kept = np.exp(-0.04 * days)
    assert active[0].all()
    for share, expected in (
        (active[1].mean(), 0.25 + 0.75 * kept),
        (active[2].mean(), 0.25 + 0.75 * kept**2),
        (active[2, active[1]].mean(), 0.25 + 0.75 * kept),
        (active[2, ~active[1]].mean(), 0.25 - 0.25 * kept),
    ):
        assert abs(share - expected) < 4 * np.sqrt(0.25 / 700)
    # Who is found later is active then, whatever became of the same address before.
    assert np.isfinite(due_s(of, 2, list(range(100)), windows[1][1])).all()


def test_fronts_that_were_listed_differ_and_new_ones_do_not():
    n, keys = 6000, {"share_in_session": 0.8, "front_sd_logit": 3.0}
    of = grown([(-DAY, -1), *WINDOWS], **keys)
    fronts, session = list(range(n)), 1
    new = np.isfinite(due_s(of, session, fronts, START + 1))
    assert abs(new.mean() - 0.8) < 4 * np.sqrt(0.16 / n)
    again = np.isfinite(due_s(of, session + 1, fronts, START + 1))
    normal = np.random.default_rng(1).standard_normal(200_000)
    chance = 1 / (1 + np.exp(-np.log(4) - 3 * normal))
    # Known as the first session of the run began: listed before.
    known = np.isfinite(due_s(of, session, fronts, START))
    for share, expected in (
        (known.mean(), chance.mean()),
        (again[new].mean(), chance.mean()),
        (again[~new].mean(), 0.8),
    ):
        assert abs(share - expected) < 4 * np.sqrt(0.25 / 1200)
    # The same fronts are listed time and again.
    third = np.isfinite(due_s(of, session + 2, fronts, START))
    both = known & np.isfinite(due_s(of, session + 1, fronts, START)) & third
    assert abs(both.mean() - (chance**3).mean()) < 4 * np.sqrt(0.25 / n)


def recurring(**keys: object) -> GivenOrder:
    return GivenOrder.model_validate_json(json.dumps({"addresses": ["192.0.2.1"], **keys}))


def days(asked: GivenOrder, start: str, end: str, zone: str | None = None) -> list[tuple[str, str]]:
    first_s, last_s = datetime.fromisoformat(start), datetime.fromisoformat(end)
    clock = ZoneInfo(zone) if zone else first_s.tzinfo
    assert clock is not None
    return [
        (format_instant(first.astimezone(clock)), format_instant(last.astimezone(clock)))
        for first, last in windows_of_order(
            asked, SimpleNamespace(start=first_s, end=last_s, zone=clock)
        )
    ]


def test_sessions_recur_on_weekdays_past_midnight_and_not_on_exceptions():
    keys = {"every": ["sat", "sun"], "from": "21:00", "to": "01:30", "except": ["2026-01-10"]}
    # The third of January 2026 is a Saturday; the run starts on the Sunday, in a session.
    assert days(recurring(**keys), "2026-01-04T00:30+01:00", "2026-01-12T12:00+01:00") == [
        ("2026-01-03T21:00+01:00", "2026-01-04T01:30+01:00"),
        ("2026-01-04T21:00+01:00", "2026-01-05T01:30+01:00"),
        ("2026-01-11T21:00+01:00", "2026-01-12T01:30+01:00"),
    ]


def test_sessions_follow_the_clocks_of_the_time_zone():
    # Clocks in Spain went forward at 2:00 on 29 March 2026, and back at 3:00 on 25 October.
    sunday = {"every": ["sat", "sun"], "from": "21:00", "to": "01:30"}
    spring = "2026-03-28T12:00+01:00", "2026-03-30T00:00+02:00", "Europe/Madrid"
    assert days(recurring(**sunday), *spring) == [
        ("2026-03-28T21:00+01:00", "2026-03-29T01:30+01:00"),
        ("2026-03-29T21:00+02:00", "2026-03-30T01:30+02:00"),
    ]
    # 02:15 is left out, and counts as 03:15; what would end before that does not take place.
    gap = {"every": ["sun"], "from": "02:15"}
    assert days(recurring(**gap, to="04:00"), *spring) == [
        ("2026-03-29T03:15+02:00", "2026-03-29T04:00+02:00")
    ]
    assert days(recurring(**gap, to="03:10"), *spring) == []
    # 02:15 comes twice, and is the first of the two; to 03:10 it is nearly two hours.
    autumn = "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00", "Europe/Madrid"
    assert days(recurring(**gap, to="03:10"), *autumn) == [
        ("2026-10-25T02:15+02:00", "2026-10-25T03:10+01:00")
    ]


def test_sessions_keep_the_first_offset_where_no_time_zone_is_given():
    keys = {"every": ["sun"], "from": "14:00", "to": "16:00"}
    # Clocks in Spain went forward on 29 March 2026; 14:00 by the first offset is 15:00 there.
    (*_, last) = days(recurring(**keys), "2026-03-28T00:00+01:00", "2026-03-30T00:00+02:00")
    assert last == ("2026-03-29T14:00+01:00", "2026-03-29T16:00+01:00")


def test_what_is_asked_is_written_as_it_is_read():
    keys = {"every": ["sat"], "from": "21:00", "to": "23:00", "except": ["2026-01-10"]}
    tree = recurring(**keys).model_dump(mode="json", exclude_none=True)
    assert {key: tree[key] for key in keys} == keys
    # What is left out stays so: a scenario that is written with all its values is read again.
    assert set(tree) == {"addresses", "mechanism", *keys}
    assert recurring(**tree) == recurring(**keys)


ONE = "[[2018-04-16T00:00+03:00, 2018-04-17T00:00+03:00]]"


@pytest.mark.parametrize(
    ("keys", "messages"),
    [
        ("length: 24", ["strategy: expected one of windows, sessions, got none"]),
        (f"windows: {ONE}, sessions: spain-sessions-2025-26",
         ["strategy: expected one of windows, sessions, got windows and sessions"]),
        (f"windows: {ONE}, share_in_session_sd_logit: 1",
         ["strategy.share_in_session_sd_logit: expected it with share_in_session"]),
        (f"windows: {ONE}, share_in_session: 0.5, share_in_session_memory_d: 1",
         ["strategy.share_in_session_memory_d: expected it with share_in_session_sd_logit"]),
        (f"windows: {ONE}, front_sd_logit: 1, front_return_per_d: 1",
         ["strategy.front_sd_logit: expected it with share_in_session",
          "strategy.front_return_per_d: expected it with front_leave_per_d"]),
    ],
)  # fmt: skip
def test_mistakes_are_named_by_key(write_scenario, keys, messages):
    path = write_scenario(add="fronts: {pools: front-pools-2018}\ncensor: {}\n")
    with pytest.raises(ScenarioError, match=": ") as caught:
        load_scenario(str(path), [f"strategy={{id: time-window, {keys}}}"])
    found = [str(problem) for problem in caught.value.problems]
    assert len(found) == len(messages), found
    for message in messages:
        assert any(message in line for line in found), (message, found)


def test_sessions_of_a_table_follow_each_other(tmp_path):
    table = tmp_path / "sessions.csv"
    table.write_text(
        "start,end\n"
        "2026-01-03T12:00+01:00,2026-01-03T11:00+01:00\n"
        "2026-01-04T12:00+01:00,2026-01-04T14:00+01:00\n"
        "2026-01-04T14:00+01:00,2026-01-04T15:00+01:00\n"
    )
    asked = f"strategy={{id: time-window, sessions: {table}}}"
    with pytest.raises(DataError) as caught:
        resolved_of("piracy-shield", [asked, BORROW])
    first, second = (str(problem) for problem in caught.value.problems)
    assert ":2: end: expected a time after the start, 2026-01-03T12:00:00+01:00" in first
    assert ":4: start: expected a time after the end of the session in the row before" in second


def test_a_shipped_table_says_which_sessions_set_no_value():
    asked = "strategy={id: time-window, sessions: spain-sessions-2025-26}"
    table = resolved_of("piracy-shield", [asked, BORROW]).sessions
    assert table is not None
    assert [row.use for row in table.rows] == ["calibration"] * 20 + ["known"] * 9


# Orders as people say them: lists of addresses, weekdays, some operators; worked out by hand.


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
    return resolved_of(str(folder / "own.yaml"))


def run(case: Resolved) -> Outcome:
    return simulated(case, Streams(1, 0))[1]


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
        {"id": "orders", "orders": [{"addresses": "list.txt", **WEEKENDS}]},
        {
            "id": "orders",
            "orders": [
                {"addresses": [text.removesuffix("/32") for text in PREFIXES], **WEEKENDS},
            ],
        },
    ],
)
def test_a_list_is_dropped_in_its_sessions_by_the_operators_it_is_for(tmp_path, strategy):
    outcome = run(resolved(tmp_path, {**strategy, "operators": ["a", "c"]}))
    ordered = in_force(outcome, (Kind.BLOCK, Kind.UNBLOCK))
    assert ordered == dict.fromkeys(PREFIXES, SESSIONS)
    for operator, is_for in enumerate([True, False, True]):
        enforced = in_force(outcome, (Kind.ENFORCED, Kind.RELEASED), operator)
        assert set(enforced) == set(PREFIXES if is_for else [])
        for times in enforced.values():
            # Operators poll every 4 s.
            assert all(0 <= t_s - at_s <= 4 for t_s, at_s in zip(times, SESSIONS, strict=True))


def test_orders_of_a_table_say_the_same_as_those_of_a_scenario(tmp_path):
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
    assert in_force(read, (Kind.BLOCK, Kind.UNBLOCK)) == {
        "": [0, 12 * HOUR],
        "203.0.113.0/24": [12 * HOUR],
        "2001:db8:1::/48": [12 * HOUR],
        **dict.fromkeys(PREFIXES, SESSIONS[:2]),
    }
    assert set(in_force(read, (Kind.ENFORCED, Kind.RELEASED), 0)) == {"", *PREFIXES}
    throttled = {"", "203.0.113.0/24", "2001:db8:1::/48"}
    assert set(in_force(read, (Kind.ENFORCED, Kind.RELEASED), 1)) == throttled


def test_dated_orders_are_for_the_operators_of_their_row(tmp_path):
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
        ({"addresses": ["192.0.2.1"], "except": ["2026-03-29"]}, "expected it with every"),
        ({"addresses": ["192.0.2.1"], "operators": ["A"]}, "expected an operator of operators.csv"),
        ({"addresses": "none.txt"}, "expected a readable"),
    ],
)
def test_an_order_that_says_too_little_is_refused(tmp_path, order, message):
    with pytest.raises(ProblemsError, match=message):
        resolved(tmp_path, {"id": "orders", "orders": [order]})


def test_operators_of_a_strategy_are_those_of_the_table(tmp_path):
    with pytest.raises(ProblemsError, match=r"strategy\.operators: expected an operator") as caught:
        resolved(tmp_path, {"id": "none"} | {"id": "dns", "overmatch": 0, "operators": ["a", "d"]})
    assert "own.yaml:9:" in str(caught.value)


def test_an_unknown_time_zone_is_refused(tmp_path):
    resolved(tmp_path, {"id": "none"})
    with pytest.raises(ProblemsError, match="expected a time zone such as Europe/Madrid, got 'X'"):
        load_scenario(str(tmp_path / "own.yaml"), ["time_zone=X"])
