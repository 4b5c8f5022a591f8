"""``overblock risk`` and ``backtest --forecast`` on a record from the model itself."""

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.commands import document, run
from tests.csv_rows import csv_rows
from tests.reference_forecast import POOL, simulate

RECORD = simulate(POOL._replace(level_sd_logit=0.3), 18, 160, 2)
N = 15
"""Sessions that are known when a forecast is registered."""
MORE = ("p_next", "p_four_weeks", "hours_next", "hours_four_weeks")


def utc(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def write_record(path: Path, n_sessions: int = 18, *, backwards: bool = False) -> Path:
    lines = [
        f"{address},{utc(int(RECORD.start_s[k]))},{utc(int(RECORD.end_s[k]))}"
        for k in range(n_sessions)
        for n, address in enumerate(RECORD.addresses)
        if RECORD.is_listed[k, n]
    ]
    path.write_text("\n".join(["address,from,until", *lines[:: -1 if backwards else 1], ""]))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With records, sites, when the next session is, and a forecast of it."""
    assert RECORD.is_listed.sum(axis=1).min() >= 28
    found = tmp_path_factory.mktemp("forecast")
    write_record(found / "past.csv", N)
    write_record(found / "record.csv")
    first, second = RECORD.addresses[:2]
    (found / "sites.csv").write_text(
        f"site,address\na,{first}\nboth,{first}\nboth,{second}\nsix,2001:db8::1\nnew,8.8.8.8\n"
    )
    ahead = [f"{utc(int(RECORD.start_s[k]))},{utc(int(RECORD.end_s[k]))}" for k in (N, N + 1)]
    (found / "next.csv").write_text("\n".join(["start,end", *ahead, ""]))
    run(*asked(found), "-o", found / "out")
    return found


def asked(folder: Path, record: str = "past.csv") -> tuple[object, ...]:
    next_ = ("--sessions", folder / "next.csv", "-q")
    return ("risk", folder / "sites.csv", "--record", folder / record, *next_)


def test_tables_of_a_forecast_agree_with_each_other(folder):
    out = folder / "out"
    risk, networks, providers, stored = (
        csv_rows(out / f"{name}.csv") for name in ("risk", "networks", "providers", "forecast")
    )
    rows = {row["name"]: row for row in risk}
    assert list(rows) == ["a", "both", "six", "new"]
    p = {row["name"]: float(row["value"]) for row in stored if row["kind"] == "address"}
    assert float(rows["a"]["p_next"]) == pytest.approx(p[RECORD.addresses[0]], abs=6e-5)
    seen = RECORD.is_listed[:N]
    assert set(p) == {a for n, a in enumerate(RECORD.addresses) if seen[:, n].any()}
    assert int(rows["both"]["sessions_listed"]) == seen[:, :2].any(axis=1).sum()
    assert {row["sessions"] for row in (*risk, *networks, *providers)} == {str(N)}
    held = " ".join(row["addresses"] for row in networks).split()
    assert sorted(held) == sorted(p)
    about = json.loads((out / "forecast.json").read_text())
    assert about["sha256"] == hashlib.sha256((out / "forecast.csv").read_bytes()).hexdigest()
    assert about["last_session"] == utc(int(RECORD.start_s[N - 1]))
    assert about["n_sessions"] == N
    assert [start for start, _ in about["sessions"]] == [
        utc(int(RECORD.start_s[k])) for k in (N, N + 1)
    ]
    assert {row["session"] for row in stored} == {utc(int(RECORD.start_s[N]))}


def test_a_site_of_ipv6_alone_is_not_known_and_never_zero(folder):
    rows = {row["name"]: row for row in csv_rows(folder / "out" / "risk.csv")}
    for key in (one + end for one in MORE for end in ("", "_low", "_high")):
        assert rows["six"][key] == ""
        # Outcomes of hours: none, in nine of ten.
        is_range = key.startswith("hours") and key.endswith(("_low", "_high"))
        assert (float(rows["new"][key]) > 0) != is_range
    assert (rows["six"]["sessions_listed"], rows["new"]["sessions_listed"]) == ("", "0")
    page = (folder / "out" / "report.html").read_text()
    (cells,) = re.findall(r"<tr>\s*<td>six</td>(.*?)</tr>", page, re.DOTALL)
    assert re.findall(r"<td[^>]*>(.*?)</td>", cells) == ["not known"] * 4
    about = json.loads((folder / "out" / "forecast.json").read_text())
    (six,) = [one for one in about["sites"] if one["name"] == "six"]
    assert {six[key] for key in ("p_next", "p_any", "hours_next", "hours_any")} == {None}


def test_the_page_asks_nothing_of_the_network(folder):
    page = (folder / "out" / "report.html").read_text()
    assert "default-src 'none'; img-src data:;" in page
    pictures = re.findall(r"<img [^>]*>", page)
    assert len(pictures) == 2
    assert all(
        'src="data:image/png;base64,' in one and re.search('alt="[^"]', one) for one in pictures
    )
    assert not re.findall(r"""(?:src|href|url\()[="'(]+(?!data:)[^"')]""", page)
    assert "<script" not in page


def test_the_sequence_of_rows_changes_no_byte(folder, tmp_path):
    write_record(tmp_path / "turned.csv", N, backwards=True)
    run(*asked(folder, tmp_path / "turned.csv"), "-o", tmp_path / "out")
    for name in ("forecast", "risk", "networks", "providers"):
        turned = (tmp_path / "out" / f"{name}.csv").read_bytes()
        assert turned == (folder / "out" / f"{name}.csv").read_bytes(), name
    run(*asked(folder), "--seed", 5, "-o", tmp_path / "other")
    other = (tmp_path / "other" / "forecast.csv").read_bytes()
    assert other != (folder / "out" / "forecast.csv").read_bytes()


def test_a_registered_forecast_scores_as_the_rolling_one_of_its_session(folder, tmp_path):
    record = folder / "record.csv"
    scored = document("backtest", "--forecast", record, "--registered", folder / "out")
    # Only the session that it is of: the rest of the record is cut away.
    write_record(tmp_path / "short.csv", N + 1)
    asked_ = ("--from", utc(int(RECORD.start_s[N])), "-q")
    rolled = document("backtest", "--forecast", tmp_path / "short.csv", *asked_)
    scores = {(one["score"], one["quantity"]): one for one in rolled["scores"]}
    for one in scored:
        wanted = scores[one["score"], "listed before"]["by_model"]
        assert one["by_model"] == pytest.approx(wanted, abs=1e-4)
    stored = csv_rows(folder / "out" / "forecast.csv")
    seen = {a: RECORD.is_listed[N, n] for n, a in enumerate(RECORD.addresses)}
    apart = [(float(r["value"]) - seen[r["name"]]) ** 2 for r in stored if r["kind"] == "address"]
    assert scored[0]["score"] == "Brier"
    assert scored[0]["by_model"][0] == pytest.approx(sum(apart) / len(apart))


def test_rolling_forecasts_are_stored_with_what_came(folder, tmp_path):
    asked_ = ("backtest", "--forecast", folder / "record.csv", "-q")
    asked_ += ("--from", utc(int(RECORD.start_s[16])), "-o", tmp_path / "out")
    run(*asked_)
    about = json.loads((tmp_path / "out" / "forecasts.json").read_text())
    assert [one["session"] for one in about["forecasts"]] == [
        utc(int(RECORD.start_s[k])) for k in (16, 17)
    ]
    rows = csv_rows(tmp_path / "out" / "forecasts.csv")
    for k in (16, 17):
        mine = [row for row in rows if row["session"] == utc(int(RECORD.start_s[k]))]
        came = {row["name"]: row["came"] for row in mine if row["kind"] == "address"}
        seen = RECORD.is_listed[:k].any(axis=0)
        assert came == {
            a: str(int(RECORD.is_listed[k, n])) for n, a in enumerate(RECORD.addresses) if seen[n]
        }
    run(*asked_, status=2)
    run(*asked_, "--force")


def test_a_changed_forecast_is_refused(folder, tmp_path):
    for name in ("forecast.csv", "forecast.json"):
        (tmp_path / name).write_bytes((folder / "out" / name).read_bytes())
    text = (tmp_path / "forecast.csv").read_text()
    (tmp_path / "forecast.csv").write_text(text.replace("0.9", "0.8", 1))
    told = ("backtest", "--forecast", folder / "record.csv", "--registered")
    assert "hash" in run(*told, tmp_path, status=4).stderr
    assert "folder of 'overblock risk'" in run(*told, tmp_path / "none", status=4).stderr
    past = ("backtest", "--forecast", folder / "past.csv", "--registered", folder / "out")
    assert "session after the forecast" in run(*past, status=2).stderr


def test_files_that_are_there_are_kept(folder):
    before = (folder / "out" / "forecast.csv").read_bytes()
    assert "--force" in run(*asked(folder), "--seed", 9, "-o", folder / "out", status=2).stderr
    assert (folder / "out" / "forecast.csv").read_bytes() == before


@pytest.mark.parametrize("one", ["198.51.100.0/24", "2001:db8::1"])
def test_prefixes_and_ipv6_are_refused(one, folder, tmp_path):
    path = write_record(tmp_path / "record.csv")
    row = f"{one},{utc(int(RECORD.start_s[0]))},{utc(int(RECORD.end_s[0]))}\n"
    path.write_text(path.read_text() + row)
    told = run(*asked(folder, path), "-o", tmp_path / "out", status=4).stderr
    assert f"expected single IPv4 addresses, as polls see them, got {one}" in told
    assert not (tmp_path / "out").exists()


def test_too_few_sessions_are_refused(folder, tmp_path):
    path = write_record(tmp_path / "record.csv", 5)
    told = run(*asked(folder, path), "-o", tmp_path / "out", status=4).stderr
    assert "addresses are blocked at once, got 5" in told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--forecast", "x", "spain-peak-2026-02-08", "--from", "2026-02-01"), "expected no cases"),
        (("--forecast", "x", "-n", "4", "--from", "2026-02-01"), "nor options of them"),
        (("--forecast", "x"), "expected --from TIME"),
        (("--forecast", "x", "--from", "2026-02-01", "--registered", "y"), "expected --from TIME"),
        (("--from", "2026-02-01"), "expected with --forecast"),
        (("--forecast", "RECORD", "--from", "soon"), "--from: expected a date"),
        (("--forecast", "RECORD", "--from", "2025-11-01"), "at least 6 sessions before it, got 0"),
    ],
)
def test_what_does_not_go_together_is_refused(words, told, folder):
    given = [folder / "record.csv" if one == "RECORD" else one for one in words]
    assert told in run("backtest", *given, status=2).stderr
