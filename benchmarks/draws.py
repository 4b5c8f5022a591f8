"""Draws of all that is not known: time, disk, going on after an interrupt, and a query of them.

In: the shipped ``telegram-2018``. Out: what so many draws cost, what ten times as many would, and
whether a run that was stopped half way comes to the same bytes.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import duckdb

from benchmarks.page import Promise, Section, table
from benchmarks.timing import Command, run_command
from sim.results.checkpoints import n_runs
from sim.results.place import partial_folders

OVERBLOCK = (sys.executable, "-m", "sim")
N_FULL, N_FEW, N_WANTED = 1000, 100, 10_000
N_STOPPED = 200
"""Draws of the run that is stopped half way."""
N_REPLICATES = 10
QUERY = """
SELECT metric, quantile_cont(value, [0.05, 0.5, 0.95]), count(*)
FROM '{0}/draw_measures.parquet' GROUP BY metric ORDER BY metric
"""
"""The summary: the wide band of every measure."""


def measure(*, is_full: bool) -> Section:
    """Run some draws of ``telegram-2018``; in full a thousand, and one that is stopped."""
    n = N_FULL if is_full else N_FEW
    with tempfile.TemporaryDirectory() as scratch:
        folder, as_given = Path(scratch, "out"), Path(scratch, "given")
        # Replicates of the scenario as given are the same however many draws there are.
        given, given_size = run_command(_run(0, as_given)), _bytes_below(as_given)
        command = run_command(_run(n, folder))
        size = _bytes_below(folder)
        seconds = median(_query_s(QUERY.format(folder)) for _ in range(5))
        as_many = _grown(folder, Path(scratch, "grown"), N_WANTED // n)
        grown_s = median(_query_s(QUERY.format(as_many)) for _ in range(5))
        stopped = _stopped(Path(scratch)) if is_full else None
    times = N_WANTED / n
    wall_s, processor_s, wanted_size = (
        without + times * (with_draws - without)
        for without, with_draws in (
            (given.wall_s, command.wall_s),
            (given.processor_s, command.processor_s),
            (given_size, size),
        )
    )
    rows = [
        [f"{N_REPLICATES} replicates alone", f"{given.wall_s:,.0f}",
         f"{given.processor_s:,.0f}", f"{given_size / 2**20:,.0f}", "–"],
        [f"{n:,} draws, {N_REPLICATES} replicates", f"{command.wall_s:,.0f}",
         f"{command.processor_s:,.0f}", f"{size / 2**20:,.0f}", f"{seconds:.2f}"],
        [f"{N_WANTED:,} draws, {N_REPLICATES} replicates", f"{wall_s:,.0f}",
         f"{processor_s:,.0f}", f"{wanted_size / 2**20:,.0f}", f"{grown_s:.2f}"],
    ]  # fmt: skip
    head = ["`overblock run telegram-2018`", "wall, s", "processor, s", "folder, MiB", "query, s"]
    said = """\
Of the third row the query alone was measured, on a table with every draw repeated so many times;
the rest is the first row and so many times what draws add to it. The query is the wide band of
every measure, from the Parquet file."""
    promises = [
        _promise_of_time(n, command, given),
        Promise(f"folder of {N_WANTED:,} draws (extrapolated)", "< 2 GB",
                f"{wanted_size / 1e9:.2f} GB", wanted_size < 2e9),
        Promise(f"summary query over {N_WANTED:,} draws", "< 2 s", f"{grown_s:.2f} s", grown_s < 2),
    ]  # fmt: skip
    if stopped is not None:
        n_kept, is_same = stopped
        promises.append(
            Promise(
                f"{N_STOPPED} draws, stopped after {n_kept} runs and gone on with",
                "the same bytes as in one go", "the same" if is_same else "other bytes", is_same,
            )
        )  # fmt: skip
    return Section(f"{said}\n\n{table(head, rows)}", tuple(promises))


def _run(n: int, folder: Path) -> list[str]:
    asked = ["run", "telegram-2018", "-n", str(N_REPLICATES), "--draws", str(n), "-q"]
    asked += ["--draws-from", "none"]
    return [*OVERBLOCK, *asked, "-o", str(folder)]


def _promise_of_time(n: int, command: Command, given: Command) -> Promise:
    minutes = (given.wall_s + (command.wall_s - given.wall_s) * N_FULL / n) / 60
    told = "" if n == N_FULL else " (extrapolated)"
    return Promise(
        f"{N_FULL:,} draws of `telegram-2018`{told}", "< 5 min wall on two cores",
        f"{minutes:.1f} min", minutes < 5,
    )  # fmt: skip


def _stopped(scratch: Path) -> tuple[int, bool]:
    """Stop a run half way, go on with it, and hold it against one that was not stopped."""
    whole, folder = scratch / "whole", scratch / "stopped"
    run_command(_run(N_STOPPED, whole))
    process = subprocess.Popen(_run(N_STOPPED, folder))
    while process.poll() is None:
        if sum(map(n_runs, partial_folders(folder))) >= N_STOPPED // 2 + N_REPLICATES:
            process.send_signal(signal.SIGINT)
            process.wait()
        time.sleep(0.1)
    n_kept = n_runs(folder)
    assert 0 < n_kept < N_STOPPED + N_REPLICATES, "it was not stopped half way"
    run_command([*OVERBLOCK, "run", "--resume", str(folder), "-q"])
    return n_kept, _files(whole) == _files(folder)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timing.json"
    }


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _query_s(query: str) -> float:
    begin = time.perf_counter()
    assert duckdb.sql(query).fetchall()
    return time.perf_counter() - begin


def _grown(folder: Path, into: Path, times: int) -> Path:
    """A folder whose table of draws has every draw so many times."""
    into.mkdir()
    duckdb.sql(
        f"COPY (SELECT t.* FROM '{folder}/draw_measures.parquet' AS t, range({times})) "
        f"TO '{into}/draw_measures.parquet'"
    )
    return into
