"""``run --sites`` and ``--record``: what was seen blocked, played back for a user's sites."""

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from sim.cli.task import load_resolved
from sim.report.figures.outage import read_outage
from sim.report.figures.rows import read_money
from sim.report.page.document import _template, render
from sim.report.words.commands import repeat_command
from sim.report.words.numbers import number
from sim.results.folder import open_run
from sim.scenario.library import shipped
from sim.scenario.starter.record import GivenList, Period, find_sessions, read_spells
from tests.commands import run
from tests.csv_rows import csv_rows

H = 3600
BEGIN = datetime(2026, 3, 7, 12, tzinfo=UTC)


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def words_of(folder: Path) -> str:
    """Texts of the page of a folder."""
    return " ".join(re.sub(r"<[^>]+>", " ", render(open_run(folder))).split())


def hours_of(row: Mapping[str, str]) -> set[float]:
    """Median and both ends."""
    return {round(float(row[f"affected_h{end}"]), 9) for end in ("", "_low", "_high")}


def union(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Spans of time in which any is."""
    found: list[tuple[float, float]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((begin, end))
    return found


def test_the_record_of_spain_says_when_sites_were_behind_a_listed_address(tmp_path, monkeypatch):
    spells: dict[str, list[tuple[float, float]]] = {}
    end_s = seconds("2026-03-01T00:00+00:00")
    for row in csv_rows(shipped("seeds") / "spain-record-2025-26.csv"):
        until_s = seconds(row["to"]) if row["to"] else end_s
        for address in row["addresses"].split():
            spells.setdefault(address, []).append((seconds(row["from"]), until_s))
    some = sorted(spells)[::90]
    # Every other site has a second address, and a third that was never seen blocked.
    more = [[one, after, f"203.0.114.{at}"] for at, (one, after) in enumerate(pairwise(some), 9)]
    mine = {f"{at}.example": of if at % 2 else of[:1] for at, of in enumerate(more)}
    mine["spared.example"] = ["203.0.114.1"]
    of_site = {
        site: union(span for one in of for span in spells.get(one, ())) for site, of in mine.items()
    }
    sites = tmp_path / "my-sites.csv"
    sites.write_text(
        "site,address\n" + "".join(f"{k},{one}\n" for k, of in mine.items() for one in of)
    )
    run("run", "spain-record", "--sites", sites, "-n", "2", "-w", "1", "-o", tmp_path / "out")
    rows = csv_rows(tmp_path / "out" / "site_sessions.csv")
    found = {
        (row["site"], row["session_start_utc"], row["operator"]): hours_of(row) for row in rows
    }
    sessions = [
        (seconds(row["start"]), seconds(row["end"]))
        for row in csv_rows(shipped("seeds") / "spain-record-sessions-2025-26.csv")
    ]
    n_hit, hit = 0, Counter[str]()
    for site, blocked in of_site.items():
        for from_s, to_s in sessions:
            inside_s = sum(max(min(last, to_s) - max(first, from_s), 0) for first, last in blocked)
            at = datetime.fromtimestamp(from_s, UTC).isoformat().replace("+00:00", "Z")
            n_hit += inside_s > 0
            hit[site] += inside_s > 0
            for operator in ("", "polled"):
                hours = found.pop((site, at, operator), {0.0})
                assert hours == {round(inside_s / H, 9)}, (site, at, operator)
    assert not found
    assert n_hit > len(mine)
    # The page quotes the record as one: sessions, first days and hours are those of the spells.
    text = words_of(tmp_path / "out")
    whole_h = [sum(b - a for a, b in spans) / H for spans in of_site.values() if spans]
    said = f"{len(whole_h)} of your {len(mine)} sites were seen blocked, the first on 2"
    assert said in text
    assert f", for {number(median(whole_h))} hours in the median" in text
    rows = re.findall(r"(\S+\.example) (?:≤ )?\d+ \w+, [\d:]{5} (\d+) ≥?[\d.,]+ ", text)
    assert len(rows) >= 12
    assert {(site, int(n)) for site, n in rows} <= {*hit.items()}
    assert "spared.example not seen 0 0" in text or len(mine) > 12
    assert "A simulation, not a record" not in text
    assert "Internet operators in Spain, which the record does not name" in text
    assert "Yes: what was blocked, when and for how long, as a record (hayahora.futbol)" in text
    assert "An address that was not seen blocked may not have been polled: 86% of those" in text
    # Without sessions to count, no column of them, nor a number.
    assert "Sessions: of" in text
    monkeypatch.setitem(_template().globals, "counts_sessions", lambda _: False)
    assert "Sessions: of" not in words_of(tmp_path / "out")


def test_a_comparison_shows_what_became_of_the_sites_as_they_are(tmp_path):
    sites, moves = tmp_path / "my-sites.csv", tmp_path / "moved.csv"
    sites.write_text(
        "site,address,revenue_usd_per_h\na.example,188.114.96.5,40\n"
        "b.example,104.26.4.102,20\nfree.example,192.0.2.80,9\n"
    )
    moves.write_text("site,address\na.example,203.0.113.9\nb.example,203.0.113.10\n")
    given = "spain-record", "--sites", sites, "-n", "2", "-w", "1"
    run("run", *given, "-o", tmp_path / "run")
    told = run("compare", *given, "--move", moves, "-o", tmp_path / "what-if").stderr
    # That a move spares all of them is what was asked for, and no warning.
    assert "hits no" not in told
    alone, beside = (words_of(tmp_path / one) for one in ("run", "what-if"))
    # When, by whom, in which sessions, and at what cost.
    for begin, end in (
        ("When each site was seen blocked", " in site_sessions.csv."),
        ("What did the sessions do?", "Did it reach its target?"),
        ("What did it cost, and whom?", "On what does it depend most?"),
    ):
        part = alone[alone.index(begin) : alone.index(end)]
        assert len(part) > 100
        assert part in beside
    hours = {
        row["site"]: float(row["impaired_h"])
        for row in csv_rows(tmp_path / "run" / "sites.csv")
        if not row["operator"]
    }
    a, b = (round(hours[f"{one}.example"]) for one in "ab")
    assert min(a, b) > 100
    long, short = max(a, b), min(a, b)
    said = "2 of your 3 sites were seen blocked, the first on 29 November 2025, for "
    said += f"{long} and {short}"
    assert said in alone
    assert f"{said} hours. None of your sites moved as in moved.csv would have been" in beside
    # What is the same in every simulation adds up: not 200, 170 and 360.
    spared = f"all your sites {round(sum(hours.values()))} 0 -{round(sum(hours.values()))} 2 / 0"
    assert spared in beside
    assert f"a.example {a} 0 -{a}" in beside
    assert abs(a + b - round(sum(hours.values()))) <= 1


def test_of_two_sites_that_is_a_bound_which_was_blocked_when_the_record_begins(tmp_path):
    sites = tmp_path / "my-sites.csv"
    sites.write_text("site,address\nopen.example,172.67.69.232\nshop.example,104.26.12.85\n")
    run("run", "spain-record", "--sites", sites, "-n", "1", "-w", "1", "-o", tmp_path / "out")
    hours = {
        row["site"]: float(row["impaired_h"])
        for row in csv_rows(tmp_path / "out" / "sites.csv")
        if not row["operator"]
    }
    low, exact = hours["open.example"] // 10 * 10, round(hours["shop.example"])
    assert f", for ≥{low:,.0f} and {exact} hours." in words_of(tmp_path / "out").replace(
        "\xa0", " "
    )


def turns(*hours: float) -> list[dict[str, object]]:
    """States that change at some hours after the beginning, blocked at the first."""
    return [
        {"timestamp": (BEGIN + timedelta(hours=at)).isoformat(), "state": row % 2 == 0}
        for row, at in enumerate(hours)
    ]


def test_a_record_of_ones_own_tells_sessions_and_operators_and_is_repeated(tmp_path, monkeypatch):
    polled = [("Big One", f"198.51.100.{at}", turns(1, 3)) for at in range(27)]
    polled += [("Big One", "203.0.113.9", turns(0, 2, 4, 8)), ("Other", "203.0.113.9", turns(6, 7))]
    data = [{"ip": ip, "isp": isp, "stateChanges": states} for isp, ip, states in polled]
    # Polled and free, and never polled.
    free = {**turns(1)[0], "state": False}
    data += [{"ip": "192.0.2.9", "isp": "Third", "stateChanges": [free]}]
    data += [{"ip": "192.0.2.9", "isp": "Nobody", "stateChanges": []}]
    (tmp_path / "data.json").write_text(json.dumps({"data": data}))
    (tmp_path / "sites.csv").write_text(
        "site,address,revenue_usd_per_h\na.example,203.0.113.9,90\n"
    )
    given = ("--sites", tmp_path / "sites.csv", "--record", tmp_path / "data.json")
    told = run("run", "spain-record", *given, "-n", "2", "-w", "1", "-o", tmp_path / "out").stderr
    # Of 29 addresses at three operators, one at two of them and all others at one.
    assert "57 of 87 pairs of an address and an operator, and each address that is not" in told
    known = csv_rows(tmp_path / "out" / "sites.csv")
    hours = {row["operator"]: hours_of(row) for row in known if row["operator"] != "third"}
    # Blocked at the first poll: since when is not known.
    assert known[0]["open_ends"] == "start"
    assert hours == {"": {6.0}, "big_one": {6.0}, "other": {1.0}}
    (operators,) = (tmp_path / "out" / "inputs").glob("record-operators-*.csv")
    assert {row["operator"]: row["share_users"][:6] for row in csv_rows(operators)} == {
        "big_one": "0.3333", "other": "0.3333", "third": "0.3333"
    }  # fmt: skip
    (note,) = (tmp_path / "out" / "inputs").glob("record-????????.source.yaml")
    assert "no state of nobody: what they blocked is not known" in " ".join(
        note.read_text().split()
    )
    # 28 addresses are listed from hour 1 to 2 alone.
    rows = csv_rows(tmp_path / "out" / "site_sessions.csv")
    session = "2026-03-07T13:00:00Z", "2026-03-07T14:00:00Z"
    assert {(row["session_start_utc"], row["session_end_utc"]) for row in rows} == {session}
    hours = {row["operator"]: hours_of(row) for row in rows if row["affected_h"]}
    assert hours == {"": {1.0}, "big_one": {1.0}}
    # Blocked, reachable (without a row), or not known, as nobody polled it there.
    unknown = {(row["operator"], row["n_affected"]) for row in rows if not row["affected_h"]}
    assert unknown == {("third", "")}
    page = words_of(tmp_path / "out")
    said = "Your site was seen blocked, first on 7 March 2026 or before, for at least 6 hours in"
    assert said in page
    at = page.index("a.example")
    said = "a.example ≤ 7 Mar, 13:00 ≥1 ≥6 ? 100% 100% 1 third, 2 big_one, 3 other "
    assert page[at:].startswith(said)
    assert "big_one 33% ≤ 7 Mar, 13:00 6 " in page
    assert "third 33% not seen" in page
    # At the head, of the site, and in what it cost.
    assert len(re.findall(r"≥[\d.,]+ (?:thousand )?\([^)]+\) euros lost by your sites", page)) == 1
    assert re.search(r"a\.example ≥1 ≤\S* ?7 Mar, .{,60} ≥6 ≥\d ≥\d", page)
    assert "What businesses lost: the sum to quote ≥" in page
    assert "Hours cut off a.example 7 Mar, 14:00 to 15:00 ≥1 Sites cut off longest" in page
    assert "Who blocked in fact is not recorded" not in page
    # Nothing is added to what was seen, and who ordered it is not in the record.
    assert "How soon operators block" not in page
    for words in ("Spanish courts", "LaLiga", "unlicensed streams"):
        assert words not in page
    assert "Times of orders: simulated" not in page
    assert "Observed: what was blocked, and when (data.json)" in page
    # The folder keeps the tables, and is a scenario itself.
    again = shlex.split(repeat_command(open_run(tmp_path / "out")))[1:]
    (tmp_path / "data.json").unlink()
    monkeypatch.chdir(tmp_path / "out")
    run(*again, "-w", "1", "-o", "../again")
    ids = {open_run(tmp_path / name).manifest["result_id"] for name in ("out", "again")}
    assert len(ids) == 1
    # A record without polls in a folder of one with polls has neither its sessions nor its polls.
    (tmp_path / "list.csv").write_text("address,from,until\n203.0.113.9,2026-03-01,2026-03-02\n")
    run("run", ".", "--record", tmp_path / "list.csv", "-n", "1", "-w", "1", "-o", "../other")
    strategy = open_run(tmp_path / "other").scenario["strategy"]
    assert strategy == {"id": "orders", "table": "record.csv"}
    # But not one that is another now.
    file = tmp_path / "out" / "manifest.json"
    text = file.read_text(encoding="utf-8")
    manifest = json.loads(text)
    file.write_text(json.dumps({**manifest, "root_seed": manifest["root_seed"] + 1}))
    assert "this run is another" in run(*again, "-w", "1", "-o", "../changed").stderr
    for key, value in (("root_seed", "x"), ("inputs", [5]), ("scenario", {"overrides": 5})):
        file.write_text(json.dumps({**manifest, key: value}))
        told = run("run", ".", "-o", "../none", status=4).stderr
        assert "manifest.json: expected inputs, scenario, root_seed and" in told
    file.write_text(text, encoding="utf-8")
    (copy,) = (tmp_path / "out" / "inputs").glob("record-[0-9a-f]*.csv")
    copy.write_text(copy.read_text() + "192.0.2.1/32,,,,\n")
    note.write_text(note.read_text() + "\n")
    told = run("run", ".", "-o", "../other", status=4).stderr
    for file in (copy, note):
        assert f"{file.name}: expected the file of the run (SHA-256 " in told


def test_a_record_says_nothing_of_the_target_of_another_scenario(tmp_path):
    (tmp_path / "list.csv").write_text("address,from,until\n203.0.113.9,2026-03-01,2026-03-02\n")
    (tmp_path / "sites.csv").write_text("site,address\na.example,203.0.113.9\n")
    given = ("--sites", tmp_path / "sites.csv", "--record", tmp_path / "list.csv")
    services = ("--set", "population.services=none", "--set", "purpose=test it")
    run("run", "telegram-2018", *given, *services, "-n", "1", "-o", tmp_path / "out")
    found = open_run(tmp_path / "out")
    page = render(found)
    assert not {"fronts", "users", "ordered_by"} & found.scenario.keys()
    assert found.scenario["published"] == {}
    assert "elegram" not in page.replace("telegram-2018", "")
    assert "test it" in page


def test_a_record_of_one_session_has_its_hours(tmp_path):
    rows = ["198.51.100.0/28,2026-03-07T13:00Z,2026-03-07T16:30Z"]
    rows += [rows[0].replace("0/28", f"{at}") for at in range(15, 28)]  # one of them twice
    (tmp_path / "list.csv").write_text("\n".join(["address,from,until", *rows, ""]))
    sites = "site,address\na.example,198.51.100.9\nb.example,\nc.example,2001:db8::1\n"
    (tmp_path / "sites.csv").write_text(sites)
    given = ("--sites", tmp_path / "sites.csv", "--record", tmp_path / "list.csv")
    # In place of orders of another form.
    text = (shipped("scenarios") / "spain-record.yaml").read_text(encoding="utf-8")
    theirs = re.search(r"  table: .*\n  sessions: .*\n", text)[0]
    mine = text.replace(theirs, "  orders: [{addresses: [203.0.113.9]}]\n")
    (tmp_path / "own.yaml").write_text(mine, encoding="utf-8")
    run("run", tmp_path / "own.yaml", *given, "-n", "1", "-w", "1", "-o", tmp_path / "out")
    rows = csv_rows(tmp_path / "out" / "site_sessions.csv")
    # The place of a site without an address is drawn, and IPv6 was not polled: both show nothing.
    for file in ("site_sessions.csv", "sites.csv"):
        known = [row for row in csv_rows(tmp_path / "out" / file) if row["operator"] == ""]
        assert [(row["affected_h"], row["n_affected"]) for row in known] == [
            ("3.5", "1"),
            ("", ""),
            ("", ""),
        ]
    summary = {row["metric"]: row["median"] for row in csv_rows(tmp_path / "out" / "summary.csv")}
    assert summary["businesses_not_known"] == "2.0"
    # Nothing is blocked, wherever it is.
    run("run", "match-days", *given[:2], "--strategy", "none", "-n", "1", "-o", tmp_path / "none")
    assert {row["affected_h"] for row in csv_rows(tmp_path / "none" / "sites.csv")} == {"0.0"}
    # That of a site without an address is no finding.
    assert ["frontend" in row["drawn"].split() for row in rows if not row["operator"]] == [
        False, True, False,
    ]  # fmt: skip
    page = render(open_run(tmp_path / "out"))
    assert "still listed" not in page
    # It was blocked when the record began, whatever is known of other sites.
    words = " ".join(re.sub("<[^>]*>", " ", page).replace("\xa0", " ").split())
    assert "is cut off from over 0.02% of customers, for at least 3.5 hours" in words


def test_what_is_blocked_when_a_record_ends_is_until_its_last_poll(tmp_path):
    (tmp_path / "sites.csv").write_text("site,address\na.example,203.0.113.9\n")
    polled = [("203.0.113.9", turns(1)), ("198.51.100.7", turns(0, 1.5, 3))]
    data = [{"ip": ip, "isp": "One", "stateChanges": states} for ip, states in polled]
    given = ("--sites", tmp_path / "sites.csv", "-n", "1", "-w", "1", "--record")
    # Whatever lags the scenario has.
    text = (shipped("scenarios") / "spain-record.yaml").read_text(encoding="utf-8")
    (tmp_path / "own.yaml").write_text(text.replace("as-seen", "at-once"), encoding="utf-8")
    # Seen last 2 hours later, 2.5 by what the record says of itself.
    for row, (more, hours) in enumerate(
        (
            ({}, "2.0"),
            ({"lastUpdate": "2026-03-07 15:30:00"}, "2.5"),
            ({"lastUpdate": "2026-03-07 14:30:00"}, "2.0"),
        )
    ):
        path, out = tmp_path / f"{row}.json", tmp_path / f"out{row}"
        path.write_text(json.dumps({"data": data, **more}))
        told = run("run", tmp_path / "own.yaml", *given, path, "-o", out).stderr
        assert [("taken as UTC" in told), ("is ignored" in told)] == [row == 1, row == 2]
        assert "come on top" not in told
        assert csv_rows(out / "sites.csv")[0]["affected_h"] == hours
    # A table does not say.
    path = tmp_path / "list.csv"
    path.write_text("address,from,until,operators\n203.0.113.9,2026-03-07T13:00Z,,one two\n")
    told = run("run", tmp_path / "own.yaml", *given, path, status=2).stderr
    assert "1 of 1 rows do not end: say when the record does, such as --set end=" in told
    end = ("--set", "end=2026-03-07T16:00Z")
    run("run", tmp_path / "own.yaml", *given, path, *end, "-o", tmp_path / "table")
    rows = csv_rows(tmp_path / "table" / "sites.csv")
    hours = {row["operator"]: row["affected_h"] for row in rows}
    assert hours == dict.fromkeys(("", "one", "two"), "3.0")
    # Still blocked at the end: at least so long, in a comparison too.
    (tmp_path / "same.csv").write_text("site,address\na.example,203.0.113.9\n")
    (tmp_path / "away.csv").write_text("site,address\na.example,203.0.113.10\n")
    moved = ("--move", tmp_path / "same.csv", "--move", tmp_path / "away.csv", *end)
    run("compare", tmp_path / "own.yaml", *given, path, *moved, "-o", tmp_path / "moved")
    page = words_of(tmp_path / "moved")
    assert "a.example ≥3 ≥3 0 0 / 0" in page
    assert "as they are ≥3" in page
    # What it saves is a bound too, as far as anybody polled the other address.
    assert "a.example ≥3 0 ≤-3 1 / 0" in page
    said = "cut off for less time than now: median ≥3 hours less in all. An address that was not"
    assert f"{said} seen blocked may not have been polled." in page
    assert "of your 1 sites cut off ○ Never checked" in page
    # Nor when it begins, so that a row without a beginning would be over at once.
    path.write_text(
        "address,from,until,operators\n203.0.113.9,,2026-03-07T13:00Z,one\n"
        "198.51.100.1,2026-03-07T15:00Z,2026-03-07T16:00Z,one\n"
    )
    told = run("run", tmp_path / "own.yaml", *given, path, status=2).stderr
    assert "1 of 2 rows do not begin: say when the record does, such as --set start=" in told
    assert "start=2026-03-06T14:00+01:00" in told
    start = ("--set", "start=2026-03-07T11:00Z")
    run("run", tmp_path / "own.yaml", *given, path, *start, "-o", tmp_path / "begun")
    assert csv_rows(tmp_path / "begun" / "sites.csv")[0]["affected_h"] == "2.0"
    told = run("run", tmp_path / "own.yaml", *given, path, "--set", "start=x", status=2).stderr
    assert "--set start=x: expected" in told
    # The start of a day is that of the clock asked for, and a run folder takes a record too.
    path.write_text("address,from,until,operators\n203.0.113.9,2026-03-07,2026-03-08,one\n")
    clock = ("--set", "time_zone=Atlantic/Canary", "-o", tmp_path / "clock")
    run("run", tmp_path / "table", *given[2:], path, *clock)
    row = csv_rows(tmp_path / "clock" / "sites.csv")[0]
    assert row["first_outage_utc"] == "2026-03-07T00:00:00Z"
    path.write_text("address,from,until\n203.0.113.9,2026-03-07T13:00Z,2026-03-07T16:00Z\n")
    told = run("run", tmp_path / "own.yaml", *given, path, "-o", tmp_path / "bare").stderr
    assert "rows name no operators, so that they are taken as orders" in told


@pytest.mark.parametrize(
    "record",
    [
        "address,from,until\n203.0.113.9,2026-03-07 06:00,2026-03-08\n",
        "effective,action,prefix\n2026-03-07T06:00,block,203.0.113.9\n"
        "2026-03-08,unblock,203.0.113.9\n",
    ],
)
@pytest.mark.parametrize(
    ("start", "keys", "texts", "clocks", "offset"),
    [
        ("+00:00", "country: ES", (), "UTC", "+00:00"),
        ("+01:00", "country: ES", (), "Europe/Madrid", "+01:00"),
        ("+00:00", "country: ES", ("time_zone=Asia/Tokyo",), "Asia/Tokyo", "+09:00"),
        ("+00:00", "country: ES\ntime_zone: Europe/Madrid", (), "Europe/Madrid", "+01:00"),
        ("+05:45", "", (), "UTC+05:45", "+05:45"),
        ("+01:00", "", ("country=ES",), "Europe/Madrid", "+01:00"),
    ],
)
def test_times_without_an_offset_are_read_on_clocks_that_are_named(
    tmp_path, capsys, record, start, keys, texts, clocks, offset
):
    text = (shipped("scenarios") / "spain-record.yaml").read_text(encoding="utf-8")
    text = text.replace("country: ES", keys).replace("36+01:00", f"36{start}")
    (tmp_path / "own.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "list.csv").write_text(record)
    found = load_resolved(str(tmp_path / "own.yaml"), texts, record=tmp_path / "list.csv")
    (order,) = found.given_orders
    wanted = f"2026-03-07T06:00:00{offset}", f"2026-03-08T00:00:00{offset}"
    assert tuple(one.isoformat() for one in (order.from_, order.to)) == wanted
    assert found.scenario.start.isoformat()[-6:] == offset
    assert f": times without an offset are read in {clocks}\n" in capsys.readouterr().err
    record = record.replace("06:00", "06:00Z").replace("-08", "-08T00:00Z")
    (tmp_path / "list.csv").write_text(record)
    load_resolved(str(tmp_path / "own.yaml"), texts, record=tmp_path / "list.csv")
    assert "without an offset" not in capsys.readouterr().err


def test_a_record_has_no_sessions_of_another_one_and_may_be_of_any_time(tmp_path):
    (tmp_path / "my sites: #1.csv").write_text("site,address\na.example,203.0.113.9\n")
    for year in (2025, 2031):
        path, out = tmp_path / f"{year}.csv", tmp_path / str(year)
        path.write_text(f"address,from,until\n203.0.113.9,{year}-12-01,{year}-12-20\n")
        given = ("--sites", tmp_path / "my sites: #1.csv", "--record", path)
        run("run", "spain-record", *given, "-n", "1", "-w", "1", "-o", out)
        assert len([*(out / "inputs").glob("my-sites-1-????????.csv")]) == 1
        (row,) = [one for one in csv_rows(out / "sites.csv") if not one["operator"]]
        assert row["affected_h"] == "456.0"
        assert not csv_rows(out / "site_sessions.csv")
    # Also in a folder of another time.
    given = ("--record", tmp_path / "2031.csv")
    run("run", tmp_path / "2025", *given, "-n", "1", "-w", "1", "-o", tmp_path / "later")
    assert csv_rows(tmp_path / "later" / "sites.csv")[0]["affected_h"] == "456.0"


def test_what_an_operator_was_not_polled_for_is_not_known(tmp_path):
    blocked, free = [turns(2, 3)], [[{**turns(1)[0], "state": False}]]
    data = [
        {"ip": f"198.51.100.{at}", "isp": "One", "stateChanges": blocked[0]} for at in range(28)
    ]
    data += [
        {"ip": ip, "isp": isp, "stateChanges": free[0]}
        for ip, who in (("203.0.113.77", "One Two"), ("203.0.113.1", "Two"), ("2001:DB8::1", "Two"))
        for isp in who.split()
    ]
    (tmp_path / "data.json").write_text(json.dumps({"data": data}))
    sites = [
        "blocked.example,198.51.100.1",
        "free.example,203.0.113.1",
        "six.example,2001:db8::1",
        "half.example,203.0.113.1",
        "half.example,203.0.113.2",
        "nobody.example,203.0.113.3",
        "every.example,203.0.113.77",
    ]
    (tmp_path / "sites.csv").write_text("\n".join(["site,address", *sites, ""]))
    given = ("--sites", tmp_path / "sites.csv", "--record", tmp_path / "data.json")
    run("run", "spain-record", *given, "-n", "2", "-w", "1", "-o", tmp_path / "out")
    wanted = {
        ("blocked", ""): ("1.0", "2"), ("blocked", "one"): ("1.0", "2"),
        **dict.fromkeys([("blocked", "two"), ("free", ""), ("free", "one")], ("", "")),
        **dict.fromkeys([("six", ""), ("six", "one")], ("", "")),
        **{(site, who): ("", "") for site in ("half", "nobody") for who in ("", "one", "two")},
        ("every", ""): ("0.0", "0"),
    }  # fmt: skip
    for file in ("site_sessions.csv", "sites.csv"):
        found = {
            (row["site"].partition(".")[0], row["operator"]): (row["affected_h"], row["n_affected"])
            for row in csv_rows(tmp_path / "out" / file)
        }
        assert found == wanted
    # One seen blocked, one free, four not known: no share of all is, nor whether none was down.
    summary = {row["metric"]: row["median"] for row in csv_rows(tmp_path / "out" / "summary.csv")}
    known = {"ever_affected": "1.0", "not_known": "4.0", "ever_impaired_share": "", "ever_down": ""}
    known |= {"known_in_part": "1.0"}
    assert {name: summary[f"businesses_{name}"] for name in known} == known
    assert summary["demand_lost_share"] == summary["names_hit_share"] == ""
    # Nor is it by group: one operator was not polled for all sites, the other for none of most.
    groups = {
        (row["group"], row["metric"]): row["median"]
        for row in csv_rows(tmp_path / "out" / "groups.csv")
        if row["by"] == "operator"
    }
    assert groups["one", "businesses_ever_down"] == "1.0"
    assert groups["two", "businesses_ever_down"] == groups["one", "demand_lost_share"] == ""
    page = words_of(tmp_path / "out")
    assert "It is not known whether 4 of your 6 sites were blocked. 1 of your 6 sites was" in page
    assert "1 of your 6 sites seen blocked; 4 not known" in page
    assert "1 hour or more cut off" in page
    assert "Businesses ever cut off (at least: some sites are not known) 1" in page
    # Not polled at both, so that it may have been blocked before, oftener and for longer.
    assert (
        "blocked.example ≤ 7 Mar, 15:00 ≥1 ≥1 100% ? free.example not known not known ? 0%" in page
    )
    assert "7 Mar, 15:00 to 16:00 ≥1 not known not known not known" in page
    assert "blocked.example ≥1 ≤ 7 Mar, 15:00 to ≥ 7 Mar, 16:00 ≥1 ≥1 not known" in page
    assert "5 sites are not known, or not at every operator: shares are lower bounds." in page
    assert "lower bounds." in read_outage(open_run(tmp_path / "out")).alt
    assert "lower bounds" in read_money(open_run(tmp_path / "out"), None).note
    # Of six sites one operator was polled for two.
    assert "one 50% 7 Mar, 15:00 0.5 two 50% not seen 0 First seen: any address listed" in page
    # One moves to an address that nobody polled, and one from it to one that was polled.
    moves = ["site,address", "blocked.example,192.0.2.7", "nobody.example,203.0.113.77", ""]
    (tmp_path / "moves.csv").write_text("\n".join(moves))
    move = ("--move", tmp_path / "moves.csv")
    asked = "-n", "2", "-w", "1", "-o", tmp_path / "moved"
    told = run("compare", "spain-record", *given, *move, *asked).stderr
    assert "hits no modelled business" not in told
    hours = {
        row["site"].partition(".")[0]: (row["at_baseline"], row["median"], row["difference"])
        for row in csv_rows(tmp_path / "moved" / "site_differences.csv")
        if row["metric"] == "affected_h"
    }
    rows = csv_rows(tmp_path / "moved" / "site_differences.csv")
    assert all((row["n_known"] == "0") == (row["share_more"] == "") for row in rows)
    unknown = dict.fromkeys(("free", "six", "half"), ("", "", ""))
    assert hours == unknown | {
        "every": ("0.0", "0.0", "0.0"), "blocked": ("1.0", "", ""), "nobody": ("", "0.0", ""),
        "": ("", "", ""),
    }  # fmt: skip
    # One fewer seen blocked, as it moved to where nobody polled, is no site spared.
    harm = [
        row["difference"]
        for row in csv_rows(tmp_path / "moved" / "comparison.csv")
        if row["metric"] == "businesses_ever_affected"
    ]
    assert harm == ["", ""]
    page = words_of(tmp_path / "moved")
    said = "It is not known how long your sites moved as in moves.csv are cut off. The record has"
    assert f"{said} nothing of addresses drawn or not polled; give real ones by --move." in page
    assert "blocked.example ≥1 not known not known not known not known" in page
    assert "all your known sites not known not known" in page
    # One seen blocked as they are: of six sites four are not known, of another's page none of it.
    assert page.count("Businesses ever cut off (at least: some sites are not known) 1") == 1
    assert re.search(r"cut off; \d more not known □ Given", page)
    assert "own is not compared" not in page
    # What was seen is a lower bound, so that less of it at another address is no difference.
    rows = ["site,address", "blocked.example,198.51.100.1", "every.example,203.0.113.77", ""]
    (tmp_path / "sites.csv").write_text("\n".join(rows))
    (tmp_path / "moves.csv").write_text("site,address\nblocked.example,203.0.113.77\n")
    run("compare", "spain-record", *given, *move, *asked, "--force")
    page = words_of(tmp_path / "moved")
    assert "as they are ≥1 " in page
    assert "blocked.example ≥1 0 not known" in page
    assert "every.example 0 0 0 " in page
    # Seen blocked at an operator that was not polled for its other address.
    rows = ["site,address", "part.example,198.51.100.2", "part.example,203.0.113.1"]
    rows += ["every.example,203.0.113.77", ""]
    (tmp_path / "sites.csv").write_text("\n".join(rows))
    run("run", "spain-record", *given, "-n", "2", "-w", "1", "-o", tmp_path / "part")
    for file in ("site_sessions.csv", "sites.csv"):
        rows = [row for row in csv_rows(tmp_path / "part" / file) if row["site"] == "part.example"]
        assert {row["operator"]: row["affected_h"] for row in rows} == {
            "": "1.0",
            "one": "",
            "two": "",
        }
    page = words_of(tmp_path / "part")
    assert "part.example ≤ 7 Mar, 15:00 ≥1 ≥1 100% ?" in page
    assert "Euros lost by your sites: not known" in page
    assert "What did the sessions do?" in page
    # At each operator it is known of the other site alone.
    assert "one 50% 7 Mar, 15:00 0 two 50% not seen 0 First seen" in page
    # What is polled and free is an address too.
    data[-1]["ip"] = "203.0.113.x"
    (tmp_path / "data.json").write_text(json.dumps({"data": data}))
    told = run("run", "spain-record", *given, "-o", tmp_path / "bad", status=4).stderr
    assert "data.json:32: ip: expected" in told


@pytest.mark.parametrize("head", ["first_seen,last_seen", "from,until"])
def test_no_option_is_recommended_that_run_lacks(head, tmp_path):
    (tmp_path / "list.csv").write_text(f"address,{head}\n198.51.100.7,17731728,2026-03-07\n")
    told = run("run", "spain-record", "--record", tmp_path / "list.csv", status=4).stderr
    assert "name the one that says it from" in told or "times as 2026-03-07T13:00Z" in told
    assert "--" not in told


@pytest.mark.parametrize("text", ["198.51.100.7\n", "address,until\n198.51.100.7,2026-03-07\n"])
def test_a_list_without_beginnings_is_no_record(text, tmp_path):
    (tmp_path / "list.txt").write_text(text)
    told = run("run", "spain-record", "--record", tmp_path / "list.txt", status=4).stderr
    assert "expected a record with dates" in told


def test_sessions_are_counted_by_addresses_and_end_with_the_record(tmp_path):
    begin, end = "2026-03-07T12:00+00:00", "2026-03-07T14:00+00:00"
    # 16 of the 32 addresses stand in a row of their own, too.
    for name, rows in (("a", ["198.51.100.0/27", "198.51.100.0/28"]), ("b", ["198.51.100.0/28"])):
        lines = ["addresses,from,to", *(f"{one},{begin},{end}" for one in rows)]
        period = Period(0, int(seconds(begin)), int(seconds(end)))
        listed = GivenList(".csv", "\n".join([*lines, ""]).encode(), [period], ())
        wanted = [(int(seconds(begin)), int(seconds(end)))] * (name == "a")
        assert find_sessions(read_spells(listed, int(seconds(begin)), int(seconds(end)))) == wanted


@pytest.mark.parametrize(("gap_h", "expected"), [(1.49, [(0, 3.49)]), (1.5, [(0, 1), (2.5, 3.5)])])
def test_short_gaps_between_sessions_are_bridged(gap_h, expected):
    spells = [(0, 1, ""), (1 + gap_h, 2 + gap_h, "")]
    many = [f"198.51.100.{at}" for at in range(27)]
    # Two operators list the last address: it counts once, and 27 others make 28 with it.
    rows = [(many, *spell) for spell in spells]
    rows += [(["203.0.113.9"], *spell[:2], party) for spell in spells for party in ("a", "b")]
    at0 = BEGIN.timestamp()
    periods = [Period(0, int(at0 + f * H), int(at0 + t * H), who) for _, f, t, who in rows]
    lines = [
        ",".join((" ".join(some), *((BEGIN + timedelta(hours=at)).isoformat() for at in (f, t))))
        for some, f, t, _ in rows
    ]
    data = "\n".join(["addresses,from,to", *lines, ""]).encode()
    listed = GivenList(".csv", data, periods, ())
    found = find_sessions(read_spells(listed, int(at0), int(at0 + 99 * H)))
    wanted = [(int(at0 + f * H), int(at0 + t * H)) for f, t in expected]
    assert found == wanted


def test_polls_in_a_case_of_ones_own_are_a_record_of_no_stated_time(tmp_path):
    data = [{"ip": "203.0.113.9", "isp": "Big One", "stateChanges": turns(0, 2)}]
    (tmp_path / "data.json").write_text(json.dumps({"data": data}))
    (tmp_path / "sites.csv").write_text("site,address\na.example,203.0.113.9\n")
    asked = ("--country", "ES", "--from", "2026-03-07", "--to", "2026-03-21")
    run("init", tmp_path / "case", *asked, "--blocklist", tmp_path / "data.json")
    given = tmp_path / "case" / "scenario.yaml", "--sites", tmp_path / "sites.csv"
    run("run", *given, "-n", "1", "-w", "1", "-o", tmp_path / "out")
    page = words_of(tmp_path / "out")
    assert "Your site was seen blocked, first on 7 March 2026, for 2 hours in all" in page
    # The run lasts longer than the polls.
    assert "· simulated " in page
    assert "record by" not in page


def test_sessions_of_dated_orders_are_counted_and_not_simulations(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hours = [(8, 10), (12, 15), (20, 21)]
    rows = (f"203.0.113.5,2026-03-02T{a:02}:00+01:00,2026-03-02T{b:02}:00+01:00" for a, b in hours)
    Path("list.csv").write_text("\n".join(("address,from,until", *rows)) + "\n")
    Path("sites.csv").write_text("site,address\na.example,203.0.113.5\n")
    run("init", "case", "--country", "ES", "--blocklist", "list.csv", "--inventory", "sites.csv")
    run("run", "case/scenario.yaml", "-n", "5", "-w", "1", "-o", "out")
    assert len({row["session_start_utc"] for row in csv_rows(Path("out/site_sessions.csv"))}) == 3
    text = words_of(Path("out"))
    assert "Site Sessions From, until" in text
    found = re.search(r"a\.example (\d)[^0-9].{0,20}Mar", text.split("Site Sessions From")[1])
    assert found is not None
    assert int(found[1]) <= 3
