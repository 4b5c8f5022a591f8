"""``overblock risk``: which sessions are expected, and what is refused."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from sim.forecast.scores import _row
from tests.commands import run
from tests.csv_rows import csv_rows

MADRID = ZoneInfo("Europe/Madrid")
BELOW = "Some forecasts lie well below the share of past sessions that listed the site."
FIRST = datetime(2026, 1, 20, 21, tzinfo=MADRID)


def write(folder: Path, rows: list[tuple[str, datetime, datetime | None]]) -> Path:
    lines = [f"{one},{a.isoformat()},{b.isoformat() if b else ''}" for one, a, b in rows]
    (folder / "record.csv").write_text("\n".join(["address,from,until", *lines, ""]))
    return folder / "record.csv"


def weekly(n: int) -> list[tuple[str, datetime, datetime | None]]:
    """28 addresses on Tuesdays from 21:00 to 23:00 in Madrid, and one on Wednesdays."""
    days = [FIRST + timedelta(weeks=week) for week in range(n)]
    known = [
        (f"198.51.100.{at}", day, day + timedelta(hours=2)) for day in days for at in range(28)
    ]
    return [*known, ("203.0.113.9", FIRST + timedelta(days=1), FIRST + timedelta(days=2))]


@pytest.fixture
def asked(tmp_path):
    (tmp_path / "sites.csv").write_text(
        "site,address\na.example,198.51.100.3\nb.example,203.0.113.9\n"
    )
    return "risk", tmp_path / "sites.csv", "-o", tmp_path / "out", "--record"


def test_sessions_come_again_at_the_same_time_of_day(asked, tmp_path):
    done = run(*asked, write(tmp_path, weekly(8)))
    found = json.loads((tmp_path / "out" / "forecast.json").read_text())["sessions"]
    # Clocks changed on 29 March.
    starts = [datetime.fromisoformat(start).astimezone(MADRID) for start, _ in found]
    assert {(one.weekday(), one.hour) for one in starts} == {(1, 21)}
    assert len(starts) == 4
    assert "1 of 2 sites have addresses that were listed outside sessions alone" in done.stderr
    assert "never" not in done.stdout
    assert "outside sessions" in done.stdout
    assert "the next session after this record, on 2026-03-17T" in done.stderr
    # What may be registered is not lost.
    told = run(*asked, tmp_path / "record.csv", "--seed", "5", status=2).stderr
    assert "forecast.csv" in told
    assert "--force" in told


def test_nothing_is_expected_before_the_record_ends_and_few_sessions_are_not_rolled(
    asked, tmp_path
):
    record = write(tmp_path, weekly(8))
    told = run(*asked, record, "--end", "2026-06-20T00:00Z", status=2).stderr
    assert "expected a session in the record's last 4 weeks, until 2026-06-20" in told
    record = write(tmp_path, weekly(6))
    told = run("backtest", "--forecast", record, "--from", "2026-02-01", status=2).stderr
    assert "expected a record of more than 6 sessions, got 6" in told


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["2026-07-05T22:00Z,2026-07-05T20:00Z"], "expected an end after the start"),
        (["2026-07-05T20:00Z,2026-07-05T22:00Z", "2026-07-05T21:00Z,2026-07-05T23:00Z"],
         "expected sessions apart"),
        (["2026-02-05T20:00Z,2026-02-05T22:00Z"], "expected a session after the record's end"),
    ],
)  # fmt: skip
def test_sessions_that_cannot_be_are_refused(rows, message, asked, tmp_path):
    (tmp_path / "next.csv").write_text("\n".join(["start,end", *rows, ""]))
    record = write(tmp_path, weekly(6))
    told = run(*asked, record, "--sessions", tmp_path / "next.csv", status=2).stderr
    assert message in told


def test_sessions_that_are_ignored_are_counted(asked, tmp_path):
    rows = [f"2026-0{month}-28T20:00Z,2026-0{month}-28T22:00Z" for month in (1, 4, 6)]
    (tmp_path / "next.csv").write_text("\n".join(["start,end", *rows, ""]))
    told = run(*asked, write(tmp_path, weekly(6)), "--sessions", tmp_path / "next.csv").stderr
    assert "note: 2 of 3 sessions are ignored" in told
    (row, _) = csv_rows(tmp_path / "out" / "risk.csv")
    assert row["sessions_listed"] == row["sessions"]
    assert 0 < float(row["p_next"]) < 0.9
    page = (tmp_path / "out" / "report.html").read_text()
    assert BELOW in page
    # From 24 February, 21:00 in Madrid, to 28 April, 22:00 there.
    assert "begins 63.0 days after the last." in page


def test_a_record_that_does_not_end_is_told_the_option_of_the_verb(asked, tmp_path):
    open_ = ("203.0.113.10", FIRST, None)
    record = write(tmp_path, [*weekly(6), open_])
    assert "such as --end 2026-" in run(*asked, record, status=2).stderr
    told = run("backtest", "--forecast", record, "--from", "2026-03-01", status=2).stderr
    assert "say when the record does, in each row" in told


def test_there_is_no_skill_over_a_perfect_forecast():
    assert np.isnan(_row("CRPS", "hours", np.zeros(4), None, 1).skill)
    assert _row("CRPS", "hours", np.array([1.0, 2, 4, 4]), None, 1).skill == 0.5


def test_what_is_ignored_of_sites_is_named(asked, tmp_path):
    (tmp_path / "sites.csv").write_text(
        "site,address,comment\na,198.51.100.3,x\na,2001:db8::1,\nb,10.0.0.5,\nb,224.0.0.5,\n"
    )
    done = run(*asked, write(tmp_path, weekly(6)))
    assert "columns ignored: comment" in done.stderr
    assert "rows with special addresses, not known" in done.stderr
    assert "IPv6 addresses, of which the record has none: 1" in done.stderr
    rows = {row["name"]: row for row in csv_rows(tmp_path / "out" / "risk.csv")}
    assert rows["b"]["p_next"] == ""
    assert "Not scored here" in (tmp_path / "out" / "report.html").read_text()
    # A week after the last of six sessions that all listed it.
    assert float(rows["a"]["p_next"]) > 0.9
    assert BELOW not in (tmp_path / "out" / "report.html").read_text()


def test_a_record_is_cut_where_the_user_says_that_it_begins_and_ends(asked, tmp_path):
    record, folder = write(tmp_path, weekly(12)), tmp_path / "out"
    cut = ("--start", "2026-01-27T12:00Z", "--end", "2026-03-21T12:00Z")
    run(*asked, record, *cut)
    short = weekly(12)[:-1]
    inside = [one for one in short if FIRST + timedelta(days=6) < one[1] < FIRST + timedelta(60)]
    assert 0 < len(inside) < len(short)
    found = json.loads((folder / "forecast.json").read_text())
    assert found["n_sessions"] == len({start for _, start, _ in inside})
    run(*asked, write(tmp_path, inside), *cut, "--force")
    assert json.loads((folder / "forecast.json").read_text())["sha256"] == found["sha256"]
    told = run(*asked, record, "--end", "2026-01-01T00:00Z", "--force", status=2).stderr
    assert "expected an end after the beginning" in told


def test_a_session_that_is_cut_is_no_session(asked, tmp_path):
    run(*asked, write(tmp_path, weekly(9)), "--end", "2026-03-10T21:05+01:00")
    found = json.loads((tmp_path / "out" / "forecast.json").read_text())
    assert (found["n_sessions"], found["last_session"][:10]) == (7, "2026-03-03")


def test_the_shipped_record_is_cut_too(asked, tmp_path):
    run(*asked[:-1], "--end", "2025-12-15T12:00+01:00")
    found = json.loads((tmp_path / "out" / "forecast.json").read_text())
    assert (found["n_sessions"], found["last_session"][:10]) == (8, "2025-12-14")
