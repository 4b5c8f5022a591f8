"""The record by session against the published table of sessions, and by hand."""

import csv
from datetime import datetime
from ipaddress import ip_network

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sim.errors import DataError
from sim.forecast.record import number_of, read_record, split, text_of
from sim.scenario.load import load_scenario
from sim.scenario.resolve import read_tables
from tests.csv_rows import csv_rows


@pytest.fixture(scope="session")
def shipped():
    return read_record(None)


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def write(tmp_path, rows):
    lines = [f"{address},{start},{end}" for address, start, end in rows]
    (tmp_path / "record.csv").write_text("\n".join(["address,from,until", *lines, ""]))
    return tmp_path / "record.csv"


def evening(day, hour):
    return f"2026-01-{day:02}T{hour:02}:00Z"


def sessions_by_hand(n_days=6):
    """28 addresses from 20 to 22 each evening; one more from 21 to 23, and one by day."""
    rows = [
        (f"198.51.100.{n}", evening(day, 20), evening(day, 22))
        for day in range(1, n_days + 1)
        for n in range(28)
    ]
    rows += [("203.0.113.1", evening(day, 21), evening(day, 23)) for day in (2, 3)]
    return [*rows, ("203.0.113.2", evening(4, 10), evening(4, 12))]


def test_the_shipped_record_has_the_published_sessions(repository, shipped):
    rows = csv_rows(repository / "seeds" / "spain-sessions-2025-26.csv")
    published = {
        "n_at_start": shipped.is_at_start.sum(axis=1),
        "n_peak": shipped.n_peak,
        "n_distinct": shipped.is_listed.sum(axis=1),
    }
    for column, found in published.items():
        assert_array_equal(found, [int(row[column]) for row in rows], err_msg=column)
    assert_array_equal(shipped.start_s, [seconds(row["start"]) for row in rows])
    # That table ends with the last poll that lists enough, the record with the first that does not.
    last = np.array([seconds(row["end"]) for row in rows])
    assert ((shipped.end_s > last) & (shipped.end_s < last + 3 * 3600)).all()
    # A run plays the record back by the same sessions.
    played = read_tables(load_scenario("spain-record")).sessions.rows
    assert_array_equal(shipped.start_s, [one.start.timestamp() for one in played])
    assert_array_equal(shipped.end_s, [one.end.timestamp() for one in played])
    assert_array_equal(published["n_distinct"], [one.n_distinct for one in played])


def test_hours_are_those_of_the_rows_within_sessions(shipped, repository):
    """By row of the file: its addresses times its time in each session."""
    sessions = list(zip(shipped.start_s.tolist(), shipped.end_s.tolist(), strict=True))
    wanted = np.zeros(len(sessions))
    with (repository / "seeds/spain-record-2025-26.csv").open() as file:
        for row in csv.DictReader(file):
            begin = seconds(row["from"]) if row["from"] else 0
            end = seconds(row["to"]) if row["to"] else 2**40
            n = len(row["addresses"].split())
            wanted += [n * max(min(end, b) - max(begin, a), 0) / 3600 for a, b in sessions]
    np.testing.assert_allclose(shipped.hours.sum(axis=1), wanted, rtol=1e-9)


def test_a_spell_that_ends_as_another_begins_adds_no_peak():
    sessions = [(at, at + 3600) for at in range(0, 6 * 36_000, 36_000)]
    one, two, three = (ip_network(f"198.51.100.{at}") for at in (1, 2, 3))
    spells = {
        one: [(a, a + 1800) for a, _ in sessions],
        two: [edges for a, b in sessions for edges in ((a - 900, a), (a + 1800, b + 900))],
        three: [(sessions[0][1], sessions[1][0])],
    }
    record = split(spells, sessions, "x")
    assert record.addresses == ("198.51.100.1", "198.51.100.2")
    assert record.outside == {"198.51.100.3"}
    assert record.n_peak.tolist() == [1] * 6
    assert record.is_at_start.tolist() == [[True, False]] * 6
    assert record.hours.tolist() == [[0.5, 0.5]] * 6


def test_hours_and_peaks_by_hand(tmp_path):
    record = read_record(write(tmp_path, sessions_by_hand()))
    late = record.addresses.index("203.0.113.1")
    assert record.n_sessions == 6
    assert "203.0.113.2" in record.outside
    # 29 are listed from 21 to 22; the session ends as fewer than 28 are.
    assert_array_equal(record.n_peak, [28, 29, 29, 28, 28, 28])
    assert_array_equal(record.hours[:, late], [0, 1, 1, 0, 0, 0])
    assert_array_equal(record.is_at_start[:, late], np.zeros(6, bool))
    assert_array_equal(record.length_h, [2.0] * 6)
    assert record.is_at_start.sum() == 28 * 6


def test_a_session_that_goes_on_when_the_record_ends_is_none_of_it(tmp_path):
    rows = sessions_by_hand()
    whole = read_record(write(tmp_path, rows))
    rows += [(f"203.0.113.{n}", evening(7, 20), "") for n in range(30)]
    cut = read_record(write(tmp_path, rows), end=evening(7, 21))
    note = "a session goes on when the record ends, and is left out"
    assert (cut.n_sessions, cut.notes, whole.notes) == (whole.n_sessions, (note,), ())


def test_clocks_of_times_without_an_offset_are_named(tmp_path):
    rows = [(one, *(at[:16] for at in edges)) for one, *edges in sessions_by_hand()]
    notes = read_record(write(tmp_path, rows)).notes
    said = "times without an offset are read in Europe/Madrid"
    assert [*notes] == [f"{end}: {said}" for end in ("from", "until")]


def test_neither_the_sequence_of_rows_nor_of_addresses_matters(tmp_path):
    rows = sessions_by_hand()
    one = read_record(write(tmp_path, rows))
    other = read_record(write(tmp_path, rows[::-1]))
    assert one.addresses == other.addresses
    assert_array_equal(one.hours, other.hours)


def test_a_record_before_a_session_knows_nothing_of_it(shipped):
    cut = shipped.before(20)
    assert cut.n_sessions == 20
    # 504 addresses in the 20 sessions to 31 January: sum of what each lists first.
    seen = shipped.is_listed[:20].any(axis=0)
    assert len(cut.addresses) == seen.sum() == 504
    assert_array_equal(cut.is_listed, shipped.is_listed[:20][:, seen])


@pytest.mark.parametrize(
    ("n", "address", "message"),
    [
        (6, "198.51.100.0/24", "expected single IPv4 addresses"),
        (6, "2001:db8::1", "expected single IPv4 addresses"),
        (
            5,
            None,
            "expected at least 6 sessions, in each of which 28 addresses",
        ),
    ],
)
def test_what_no_forecast_is_made_of_is_refused(n, address, message, tmp_path):
    more = [(address, evening(1, 20), evening(1, 22))] if address else []
    with pytest.raises(DataError, match=message):
        read_record(write(tmp_path, [*sessions_by_hand(n), *more]))


@pytest.mark.parametrize(("text", "number"), [("0.0.0.1", 1), ("1.2.3.4", 0x01020304)])
def test_addresses_are_numbers(text, number):
    assert number_of(text) == number
    assert text_of(number) == text
