"""Dated orders: what is in force when."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from sim.addresses.feeds.inputs import Input
from sim.addresses.feeds.orders import COLUMNS, Orders, order_rows
from sim.addresses.sets.intervals import AddressSet
from sim.errors import DataError, UsageError
from sim.results.csvtext import csv_text
from tests.feeds import given, read, read_dated
from tests.refusals import problems_of

TABLE = """effective,action,prefix
2018-04-16T12:00+03:00,block,198.51.100.0/24
2018-04-16T13:00+03:00,block,198.51.100.0/25
2018-04-16T13:00+03:00,block,198.51.100.0/24
2018-04-16T14:00+03:00,unblock,198.51.100.0/24
2018-04-16T15:00+03:00,unblock,198.51.100.0/24
2018-04-16T16:00+03:00,block,2001:db8::/32
"""


def dated(tmp_path: Path, text: str, **options: bool) -> Orders:
    return read_dated(given(tmp_path, text), **options)


def test_all_addresses_of_the_orders_of_a_scenario_are_read_and_bad_ones_refused(tmp_path):
    rows = '198.51.100.0/30 203.0.113.7,2026-01-01,\n"192.0.2.1, 2001:db8::/64",,2026-02-01\n'
    feed = read(f"addresses,from,to\n{rows}", tmp_path)
    assert (feed.v4.stop - feed.v4.start).tolist() == [4, 1, 1]
    assert feed.v4.line.tolist() == [2, 2, 3]
    assert len(feed.v6) == 1
    with pytest.raises(DataError, match=r":3: addresses: expected"):
        read("addresses,from\n192.0.2.1,\n198.51.100.1 list.txt,\n", tmp_path)
    with pytest.raises(DataError, match=r":2: mechanism: expected drop or throttle"):
        read("addresses,mechanism\n192.0.2.1,name\n", tmp_path)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2018-04-16T11:59:59+03:00", ()),
        ("2018-04-16T12:00+03:00", ("198.51.100.0/24",)),
        ("2018-04-16T09:00Z", ("198.51.100.0/24",)),
        ("2018-04-16T14:30+03:00", ("198.51.100.0/24",)),
        ("2018-04-16T15:00+03:00", ("198.51.100.0/25",)),
        ("2018-04-16T16:00+03:00", ("198.51.100.0/25", "2001:db8::/32")),
    ],
)
def test_an_unblocking_withdraws_one_order_for_exactly_its_prefix(at, expected, tmp_path):
    feed = dated(tmp_path, TABLE).in_force(datetime.fromisoformat(at))
    assert feed.to_set() == AddressSet.of(*expected)


def test_the_oldest_of_equal_orders_is_withdrawn_first(tmp_path):
    at = datetime.fromisoformat("2018-04-16T14:00+03:00")
    assert dated(tmp_path, TABLE).in_force(at).v4.line.tolist() == [3, 4]


def test_a_time_without_offset_and_an_unknown_action_are_refused(tmp_path):
    text = "effective,action,prefix\n2018-04-16T12:00,drop,198.51.100.0/24\n"
    found = problems_of(DataError, dated, tmp_path, text)
    keys = [(problem.line, problem.key) for problem in found]
    assert keys == [(2, "effective"), (2, "action")]


PARTIES = """effective,action,prefix,mechanism,operators
2026-01-03T20:00Z,block,198.51.100.0/24,,movistar digi
2026-01-03T20:00Z,block,198.51.100.0/24,throttle,orange
2026-01-03T21:00Z,unblock,198.51.100.0/24,,vodafone
2026-01-03T22:00Z,unblock,198.51.100.0/24,drop,"digi|movistar;digi"
2026-01-03T23:00Z,unblock,198.51.100.0/24,throttle,orange
"""


@pytest.mark.parametrize(("hour", "n_orders"), [(19, 0), (20, 2), (21, 2), (22, 1), (23, 0)])
def test_an_unblocking_withdraws_an_order_for_the_same_operators_and_mechanism(
    hour, n_orders, tmp_path
):
    orders = dated(tmp_path, PARTIES)
    at = datetime.fromisoformat(f"2026-01-03T{hour}:30Z")
    assert orders.in_force(at).n_records == n_orders


@pytest.mark.parametrize(
    ("hour", "told"),
    [
        (19, None),
        (20, "2 of 2 orders in force are for some operators alone, or throttle (digi movistar 1; "
            "orange (throttle) 1): counted as blocked for everyone"),
        (22, "1 of 1 orders in force are for some operators alone, or throttle (orange "
            "(throttle) 1): counted as blocked for everyone"),
    ],
)  # fmt: skip
def test_orders_that_do_not_drop_at_every_operator_are_counted_in_a_note(hour, told, tmp_path):
    orders = dated(tmp_path, PARTIES)
    assert orders.in_force(datetime.fromisoformat(f"2026-01-03T{hour}:30Z")).notes == (
        *orders.feed.notes,
        *([told] if told else []),
    )


HEAD = "effective,action,prefix,operators\n2026-01-03T20:00Z,block,"


@pytest.mark.parametrize(
    ("blocked", "unblocked"),
    [
        ("198.51.100.0/24,", "198.51.100.9,"),
        ("198.51.100.0/25,", "198.51.100.0/24,"),
        ("198.51.100.0/24,a b", "198.51.100.0/24,"),
        ("198.51.100.0/24,a b", "198.51.100.0/24,a"),
        ("198.51.100.0/24,", "198.51.100.0/24,a"),
        ("2001:db8::/32,", "2001:db8::1,"),
    ],
)
@pytest.mark.parametrize("skip_bad", [False, True])
def test_an_unblocking_of_other_than_what_is_blocked_is_refused(
    blocked, unblocked, skip_bad, tmp_path
):
    text = f"{HEAD}{blocked}\n2026-01-03T21:00Z,unblock,{unblocked}\n"
    (problem,) = problems_of(DataError, dated, tmp_path, text, skip_bad=skip_bad)
    assert (problem.line, problem.key) == (3, "prefix")
    assert "the order in line 2" in problem.message


@pytest.mark.parametrize("mechanism", ["name", "dns", "monitor", "exempt"])
def test_an_order_that_lists_no_address_is_refused(mechanism, tmp_path):
    text = f"{PARTIES}2026-01-04T00:00Z,block,203.0.113.9,{mechanism},\n"
    for skip_bad in (False, True):
        told = f"^given:7: mechanism: expected drop or throttle, got '{mechanism}': it lists no"
        with pytest.raises(DataError, match=told):
            dated(tmp_path, text, skip_bad=skip_bad)


def test_an_unblocking_that_meets_nothing_in_force_is_counted(tmp_path):
    rows = ["198.51.100.0/24,a", "203.0.113.0/24,", "198.51.100.0/24,b", "2001:db8::1,"]
    rows += ["198.51.100.0/24,a"]
    text = "".join(f"2026-01-03T{21 + at // 3}:00Z,unblock,{row}\n" for at, row in enumerate(rows))
    orders = dated(tmp_path, f"{HEAD}198.51.100.0/24,a\n{text}")
    note = "4 orders unblock what no order before them blocks: ignored"
    assert note in orders.feed.notes
    assert orders.in_force(datetime.fromisoformat("2026-01-04T00:00Z")).n_records == 0


def test_orders_are_written_as_a_table_that_reads_the_same(tmp_path):
    orders = dated(
        tmp_path,
        "effective,action,prefix,operators\n"
        "2026-01-03T20:30+01:00,block,203.0.113.9,b a\n"
        "2026-01-03T22:00Z,block,198.51.100.0-198.51.100.2,\n"
        "2026-01-04T01:00Z,unblock,203.0.113.9,a;b\n",
    )
    found = order_rows(orders)
    # By hand: a range of three addresses is two prefixes.
    assert len(found) == 4
    first = "2026-01-03T19:30:00+00:00,block,203.0.113.9/32,drop,a b,,given"
    assert ",".join(found[0]) == first
    again = dated(tmp_path, csv_text(COLUMNS, found))
    for hours in range(12):
        at = datetime.fromisoformat("2026-01-03T18:30Z") + timedelta(hours=hours)
        assert again.in_force(at).to_set() == orders.in_force(at).to_set()


POLLS = Path(__file__).parents[3] / "fuzz" / "corpus" / "polls" / "good-data"


def test_polls_of_providers_are_orders_for_each_provider_at_its_times():
    orders = read_dated(Input(POLLS, "data.json"), "polls")
    # By hand: the first free state and the repeated one are no orders, nor is an address that was
    # never blocked; Orange's times have an offset of one hour.
    assert [",".join(row[:6]) for row in order_rows(orders)] == [
        "2026-01-03T19:30:00+00:00,block,203.0.113.9/32,drop,orange_españa,No-IP",
        "2026-01-03T20:00:00+00:00,block,198.51.100.5/32,drop,digi,Cloudflare",
        "2026-01-03T20:30:00+00:00,block,198.51.100.5/32,drop,movistar,Cloudflare",
        "2026-01-03T20:30:00+00:00,unblock,203.0.113.9/32,drop,orange_españa,No-IP",
        "2026-01-03T23:00:00+00:00,unblock,198.51.100.5/32,drop,digi,Cloudflare",
        "2026-01-04T19:00:00+00:00,block,203.0.113.9/32,drop,orange_españa,No-IP",
        "2026-01-04T20:00:00+00:00,block,2001:db8::5/128,drop,movistar,Other",
    ]
    assert orders.feed.origin.date == "2026-01-04 20:16:40"


def test_polls_that_blocked_nothing_list_no_address(tmp_path):
    file = given(tmp_path, '{"data": [{"ip": "192.0.2.1", "isp": "A", "stateChanges": []}]}')
    with pytest.raises(DataError, match="expected at least one address"):
        read_dated(file, "polls")
    assert read_dated(file, "polls", skip_bad=False, allow_empty=True).epoch_s.size == 0


def polls_of(*entries: tuple[str, str, bool]) -> str:
    """One entry for each operator, time and state of one address."""
    return json.dumps(
        {
            "data": [
                {"ip": "192.0.2.1", "isp": isp, "stateChanges": [{"timestamp": at, "state": state}]}
                for isp, at, state in entries
            ]
        }
    )


def test_entries_of_one_address_and_provider_are_one_record(tmp_path):
    text = polls_of(("North", "2026-03-02T00:00Z", False), ("NORTH", "2026-03-01T00:00Z", True))
    orders = read_dated(given(tmp_path, text), "polls")
    assert np.diff(orders.epoch_s).tolist() == [86_400]
    assert orders.is_block.tolist() == [True, False]
    text = polls_of(("North", "2026-03-01T00:00Z", True), ("north", "2026-03-01T00:00Z", False))
    (problem,) = problems_of(DataError, read_dated, given(tmp_path, text), "polls")
    assert (problem.line, "got true and false at" in problem.message) == (2, True)


def test_before_the_first_poll_nothing_is_known(tmp_path):
    text = polls_of(("North", "2026-03-01T00:00Z", False), ("South", "2026-03-02T00:00Z", True))
    orders = read_dated(given(tmp_path, text), "polls")
    at = datetime.fromisoformat("2026-03-01T00:00Z")
    assert orders.in_force(at).n_records == 0
    with pytest.raises(UsageError, match=r"what was blocked before it is not known"):
        orders.in_force(at - timedelta(seconds=1))


def test_orders_that_are_read_without_their_times_say_so(tmp_path):
    said = "its orders are read without their times: whatever one of them names is listed"
    assert [note for note in read(TABLE, tmp_path).notes if note.startswith(said)]
    assert not [note for note in dated(tmp_path, TABLE).feed.notes if said in note]


def test_entries_of_the_register_are_counted_whatever_their_dates_and_that_is_said(tmp_path):
    feed = read("Updated: 2018-04-20\n192.0.2.7;;;organ;1;2012-01-01\n", tmp_path)
    assert "all entries are counted, whatever the dates of their decisions" in feed.notes
