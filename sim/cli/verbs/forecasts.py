"""Verbs that compare with what came: ``backtest``, and ``risk``, which forecasts it."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sim.cli import console
from sim.cli.console import Format, print_tables, progress
from sim.cli.options import FORCE_FILE, JSON, QUIET, WORKERS, argument, many, option, read_time
from sim.errors import UsageError
from sim.files import check_free, new_file, new_files
from sim.results.csvtext import csv_text
from sim.version import __version__

if TYPE_CHECKING:
    from sim.forecast.record import SessionRecord
    from sim.forecast.risk import Sessions
    from sim.forecast.scores import SessionForecast

SEED = 20251126
"""Default of ``--seed``."""
FORMAT = "overblock/forecast/1"


def risk(
    sites: Path = argument("SITES", "Your sites, a file as for 'exposure --inventory'."),
    record: Path | None = option(
        "--record FILE",
        "A record of what was blocked and when: polls, dated orders, or a table with from and "
        "until. The shipped record of Spain by default.",
    ),
    sessions: Path | None = option(
        "--sessions FILE",
        "When the next sessions begin and end, a table with start and end; by default those of "
        "the record's last four weeks, four weeks later.",
    ),
    start: str = option("--start TIME", "When the record begins, if it does not say.", default=""),
    end: str = option("--end TIME", "When the record ends, if it does not say.", default=""),
    output: Path = option("-o --output FOLDER", "Folder for tables and page.", default=...),
    seed: int = option("--seed", "Seed of the random numbers.", default=SEED, min=0),
    force: bool = option("--force", "Replace files that are there.", default=False),
    as_json: bool = JSON,
    quiet: bool = QUIET,
) -> None:
    """Forecast how likely your sites are blocked next.

    Examples:

      overblock risk my-sites.csv -o risk

      overblock risk my-sites.csv --record data.json --sessions fixtures.csv -o risk
    """
    from sim.forecast.outlook import NO_SHIFT, forecast
    from sim.forecast.record import LEAST_SESSIONS, SHIPPED, instant, read_record, source_of
    from sim.forecast.risk import (
        check_sessions,
        next_sessions,
        rate_networks,
        rate_providers,
        rate_sites,
    )
    from sim.forecast.scores import HORIZON_S, reliability, roll, stored_text
    from sim.report.documents import forecasts as written
    from sim.report.documents.markdown import to_html
    from sim.report.figures.scores import draw_reliability, draw_risks
    from sim.scenario.load import load_scenario
    from sim.scenario.tables.inventory import AS_GIVEN, read_inventory
    from sim.streams import Streams

    inventory = read_inventory(sites.name, sites)
    check_free(output / "forecast.csv", force=force)
    for note in inventory.notes:
        # Of addresses that are not public nothing is known here.
        console.say(f"note: {note.replace(AS_GIVEN, 'not known')}", quiet=quiet)
    if n_ipv6 := int(inventory.is_ipv6.sum()):
        console.say(f"note: IPv6 addresses, of which the record has none: {n_ipv6:,}", quiet=quiet)
    known = read_record(record, start, end, "--{} ")
    for note in known.notes:
        console.say(f"note: {note}", quiet=quiet)
    planned = _sessions_of(sessions)
    zone = load_scenario(SHIPPED).scenario.zone
    ahead = next_sessions(known, zone) if planned is None else check_sessions(planned, known)
    if n_ignored := len(planned or ahead) - len(ahead):
        console.say(
            f"note: {n_ignored:,} of {len(planned or ahead):,} sessions are ignored: they begin "
            "before the record ends, or more than four weeks after the first of the others",
            quiet=quiet,
        )
    streams = Streams(seed, 0)
    lengths = None if planned is None else [(to_s - from_s) / 3600 for from_s, to_s in ahead]
    if ahead[0][0] < datetime.now(UTC).timestamp():
        console.say(
            f"note: the next session after this record, on {instant(ahead[0][0])}, is "
            "past: --record takes a newer one",
            quiet=quiet,
        )
    rolled: Sequence[SessionForecast] = []
    shift = NO_SHIFT
    if known.n_sessions > LEAST_SESSIONS:
        from_s = max(int(known.end_s[-1]) - HORIZON_S, int(known.start_s[LEAST_SESSIONS]))
        with progress("sessions", quiet=quiet) as watch:
            rolled, shift = roll(known, from_s, streams, watch.on_progress)
    outlook = forecast(known, [one[0] for one in ahead], streams, lengths, shift)
    rows, networks = rate_sites(outlook, inventory), rate_networks(outlook)
    if outside := [row.name for row in rows if not known.outside.isdisjoint(row.addresses)]:
        named = ", ".join(outside[:3]) + (", …" if outside[3:] else "")
        console.say(
            f"note: {len(outside):,} of {len(rows):,} sites have addresses that were listed "
            f"outside sessions alone, which no forecast counts: {named}",
            quiet=quiet,
        )
    providers = rate_providers(outlook)
    ranked = sorted(rows, key=lambda row: -(row.p_next[0] if row.p_next else -1.0))
    next_ones = [(one.p[0], one.is_listed) for one in rolled]
    four_weeks = [(one.p_any, one.is_any) for one in rolled]
    bins = [reliability(one) for one in (next_ones, four_weeks) if one]
    about = {
        "schedule": "Sessions are those of your file."
        if planned is not None
        else "Sessions of the last four weeks are expected again, four weeks later.",
        "times": "those of your file"
        if planned is not None
        else "those of the last four weeks, moved on",
        "seed": seed,
        "record": _digest(known)[:12],
        "source": source_of(record),
    }
    stored = stored_text(outlook)
    document = _document(known, seed, stored) | {
        "shift_logit": shift._asdict(),
        "sites": [row._asdict() for row in rows],
        "sessions": [[instant(one) for one in pair] for pair in ahead],
    }
    with new_files(output, force=force) as folder:
        for name, some in (("risk", rows), ("networks", networks), ("providers", providers)):
            text = csv_text(written.RISK_COLUMNS, written.risk_rows(some, known.n_sessions))
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        (folder / "forecast.csv").write_text(stored, encoding="utf-8")
        (folder / "forecast.json").write_text(console.json_text(document), encoding="utf-8")
        shown = [(row.name, row.p_next) for row in ranked if row.p_next is not None]
        pictures = {}
        if shown:
            draw_risks(shown[: written.MOST_ROWS], folder / "sites.png")
            of = "; ".join(f"{name} {written.share_text(one)}" for name, one in shown[:3])
            alt = f"Probability that the next session lists each site, the highest first: {of}."
            pictures["sites"] = alt, _embedded(folder / "sites.png")
        if bins:
            draw_reliability(bins, folder / "reliability.png")
            alt = f"Share listed by forecast probability. {written.calibration(rolled)[0]}"
            pictures["past"] = alt, _embedded(folder / "reliability.png")
        page = written.write_page(outlook, ranked, providers, rolled, pictures, about)
        html = to_html(page, written.title_of(outlook))
        (folder / "report.html").write_text(html, encoding="utf-8")
    if as_json:
        console.print_json(document)
    else:
        print(written.answer(outlook, rows))
        print_tables([written.risk_table("sites", "site", ranked, known)])
        print(output / "report.html")


def backtest(
    cases: list[str] = argument("CASE", "Ids of cases; all by default.", default=[]),
    blind: list[Path] = many(
        "--blind FILE", "Score the cases of this file in place of the shipped ones."
    ),
    members: int | None = option(
        "-n --simulations",
        "Simulations of each scenario over all declared ranges, and as many of those that "
        "are kept by the record; 64 by default.",
        min=1,
        max=10_000,
    ),
    format_: Format = option("--format", "How scores are printed.", default=Format.TABLE),
    save: Path | None = option("--save FILE", "Write the JSON document here as well."),
    forecast: str | None = option(
        "--forecast RECORD",
        "Score rolling forecasts of listings in place of cases: a record as for 'risk', or "
        "spain-record for the shipped one.",
    ),
    from_: str | None = option("--from TIME", "With --forecast: forecast sessions from then on."),
    output: Path | None = option(
        "-o --output FOLDER", "With --forecast: keep forecasts, with their hashes, and scores."
    ),
    registered: Path | None = option(
        "--registered FOLDER",
        "With --forecast: score what 'risk' wrote there by the record's next session.",
    ),
    force: bool = FORCE_FILE,
    workers: int | None = WORKERS,
    as_json: bool = JSON,
    quiet: bool = QUIET,
) -> None:
    """Compare published outcomes with simulated ranges.

    Reads parameters and writes scores; tunes nothing. With --forecast it forecasts each session of
    a record from those before it alone, and scores that beside simple forecasts.

    Examples:

      overblock backtest

      overblock backtest emergent-2018-04-20 firms-2018-04-26 -n 16

      overblock backtest --blind kept-apart.yaml --json

      overblock backtest --forecast spain-record --from 2026-02-01 -o forecasts
    """
    if forecast is None and (from_, output, registered) != (None, None, None):
        raise UsageError("--from, --registered and -o: expected with --forecast RECORD")
    if forecast is not None:
        if (from_ is None) == (registered is None):
            wanted = "expected --from TIME, such as 2026-02-01, or --registered FOLDER"
            raise UsageError(f"--forecast: {wanted}")
        if cases or blind or members or save or format_ is not Format.TABLE:
            raise UsageError("--forecast: expected no cases, nor options of them")
        _backtest_forecasts(
            forecast, from_, output, registered, force=force, as_json=as_json, quiet=quiet
        )
        return
    from sim.backtest.document import document
    from sim.backtest.scores import N_MEMBERS
    from sim.backtest.scores import backtest as score_cases
    from sim.experiment.executors import choose_executor
    from sim.report.documents.forecasts import case_tables, score_tables, scores_csv
    from sim.scenario.cases import choose, read_files, shipped_cases

    if save is not None:
        check_free(save, force=force)
    chosen = choose(read_files(blind) if blind else shipped_cases(), cases)
    with progress("runs", quiet=quiet) as watch:
        scored = score_cases(chosen, members or N_MEMBERS, choose_executor(workers), watch)
    found = document(scored)
    if save is not None:
        text = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
        with new_file(save, force=force) as partial:
            partial.write_text(f"{text}\n", encoding="utf-8")
        console.say(f"scores: {save}", quiet=quiet)
    if as_json:
        console.print_json(found)
    elif format_ is Format.CSV:
        print(scores_csv(found), end="")
    else:
        print_tables([*case_tables(found), *score_tables(found)], format_)
    for (row, simulation, which), failure in scored.failures.items():
        name = scored.groups[int(row)].name
        console.say(f"failed: scenario={name} {which} simulation={simulation}: {failure}")
    if scored.failures:
        raise typer.Exit(console.EXIT_PARTIAL)


def _backtest_forecasts(
    record: str,
    from_: str | None,
    output: Path | None,
    registered: Path | None,
    *,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Make rolling forecasts of a record, store them, and score them beside simple ones."""
    from sim.forecast.record import SHIPPED, instant, read_record
    from sim.forecast.scores import mean_scores, reliability, roll, score_registered
    from sim.report.documents import forecasts as written
    from sim.streams import Streams

    known = read_record(None if record == SHIPPED else Path(record))
    if output is not None:
        check_free(output / "forecasts.csv", force=force)
    if registered is not None and output is not None:
        raise UsageError("--registered: expected no -o; --json prints its scores")
    if registered is not None:
        start_s, found = score_registered(known, *_read_registered(registered))
        if as_json:
            console.print_json([one._asdict() for one in found])
        else:
            table = written.score_table(found)
            print_tables([replace(table, title=f"Session of {instant(start_s)}")])
        return
    begin = read_time("--from", from_, quiet=quiet)
    if begin is None:
        raise UsageError("--from: expected the day of the first forecast, got none")
    with progress("sessions", quiet=quiet) as watch:
        rolled, _ = roll(known, begin.timestamp(), Streams(SEED, 0), watch.on_progress)
    scores, bins = mean_scores(rolled), reliability((one.p[0], one.is_listed) for one in rolled)
    document = _document(known, SEED) | {
        "forecasts": [{"session": instant(one.start_s), "sha256": one.sha256} for one in rolled],
        "scores": [one._asdict() for one in scores],
        "reliability": [one._asdict() for one in bins],
    }
    if output is not None:
        with new_files(output, force=force) as folder:
            text = csv_text(written.ROLLED_COLUMNS, written.rolled_rows(rolled))
            (folder / "forecasts.csv").write_text(text, encoding="utf-8")
            (folder / "forecasts.json").write_text(console.json_text(document), encoding="utf-8")
    if as_json:
        console.print_json(document)
        return
    print_tables([written.score_table(scores), written.reliability_table(bins)])


def _document(record: SessionRecord, seed: int, stored: str = "") -> dict[str, Any]:
    """Identity of a forecast: version, record, seed, parameters, and its own hash."""
    from sim.forecast.pool import Pool, assumption, estimate_pool
    from sim.forecast.record import instant

    point, _ = estimate_pool(record)
    found = {
        "format": FORMAT,
        "version": __version__,
        "computed": datetime.now(UTC).isoformat(timespec="seconds"),
        "record_sha256": _digest(record),
        "last_session": instant(record.start_s[-1]),
        "n_sessions": record.n_sessions,
        "n_addresses": len(record.addresses),
        "seed": seed,
        "parameters": Pool.of(point, assumption("memory").value)._asdict(),
    }
    if stored:
        found["sha256"] = hashlib.sha256(stored.encode()).hexdigest()
    return found


def _read_registered(folder: Path) -> tuple[dict[str, float], float, float]:
    """Probabilities of a stored forecast, and starts of the last session it knew and of its own."""
    from sim.errors import DataError, Problem

    try:
        stored = (folder / "forecast.csv").read_bytes()
        about = json.loads((folder / "forecast.json").read_bytes())
        last_s = datetime.fromisoformat(about["last_session"]).timestamp()
        is_same = about["sha256"] == hashlib.sha256(stored).hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"expected the folder of 'overblock risk', got an error: {error}"
        raise DataError([Problem(str(folder), message)]) from None
    if not is_same:
        message = "expected the forecast whose hash forecast.json has, got another"
        raise DataError([Problem(str(folder / "forecast.csv"), message)])
    rows = list(csv.DictReader(io.StringIO(stored.decode())))
    start_s = datetime.fromisoformat(rows[0]["session"]).timestamp()
    found = {row["name"]: float(row["value"]) for row in rows if row["kind"] == "address"}
    return found, last_s, start_s


def _embedded(picture: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture.read_bytes()).decode()}"


def _digest(record: SessionRecord) -> str:
    """SHA-256 of what a record says of its sessions, whatever file says it."""
    digest = hashlib.sha256(" ".join(record.addresses).encode())
    for one in (record.start_s, record.end_s, record.is_listed, record.is_at_start):
        digest.update(one.tobytes())
    return digest.hexdigest()


def _sessions_of(path: Path | None) -> Sessions | None:
    from sim.scenario.tables.rows import SessionRow
    from sim.scenario.tables.seeds import read_table

    if path is None:
        return None
    rows = read_table(path.name, path, SessionRow).rows
    return [(int(row.start.timestamp()), int(row.end.timestamp())) for row in rows]
