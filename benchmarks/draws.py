"""Draws of all that is not known: time, disk, going on after an interrupt, and a query of them.

In: the shipped ``telegram-2018``. Out: what so many draws cost and which of them, what ten times as
many would, and whether a run that was stopped half way comes to the same bytes.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import duckdb

from benchmarks import hotspots
from benchmarks.page import Promise, Section, table
from benchmarks.replicate import n_orders_of, scenario
from benchmarks.timing import Command, run_command
from sim.engine.record.outcome import Outcome
from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.experiment.draws import luck_of_draw
from sim.experiment.plan import Plan
from sim.results.checkpoints import n_runs
from sim.results.place import partial_folders
from sim.streams import Streams
from sim.world.build import build_world

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
LEAST = 0.03
"""Parts of a draw's time below this share are one row."""


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
        why = _why(folder, n)
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
    return Section(f"{said}\n\n{table(head, rows)}\n\n{why}", tuple(promises))


def _why(folder: Path, n: int) -> str:
    """Which draws take the time, and where the dearest of them spends it."""
    placed = duckdb.sql(
        f"SELECT draw, value FROM '{folder}/draw_measures.parquet' "
        "WHERE metric = 'orders_placed' ORDER BY value DESC, draw"
    ).fetchall()
    assert len(placed) == n, "every draw has placed some number of orders"
    tenth = sum(orders for _, orders in placed[: n // 10]) / sum(orders for _, orders in placed)
    draw, n_orders = placed[0]
    root_seed = json.loads((folder / "manifest.json").read_text("utf-8"))["root_seed"]
    run = _drawn(draw, n, root_seed)
    # Compiled loops and caches are loaded before anything is timed.
    assert n_orders_of(run()) == n_orders, "it is another draw"
    begin = time.process_time()
    run()
    each_ms = 1000 * (time.process_time() - begin) / n_orders
    found, _ = hotspots.profiled(run)
    told = [
        part for part, share in found.most_common() if share >= LEAST and part != hotspots.OTHERS
    ]
    parts = [[part, f"{found[part]:.0%}"] for part in told]
    parts.append([hotspots.OTHERS, f"{1 - sum(found[part] for part in told):.0%}"])
    said = f"""\
What a draw costs is what its orders cost, withdrawals among them: the tenth of the draws with most
has {tenth:.0%} of all. The dearest has {n_orders:,.0f} at {each_ms:.2f} ms each. Where it spends
its time, as Python's profiler tells it, which makes Python dearer than compiled loops:"""
    return f"{said}\n\n{table(['part', 'share'], parts)}"


def _drawn(draw: int, n: int, root_seed: int) -> Callable[[], Outcome]:
    """A draw of those that were run, to be run again in this process."""
    resolved = scenario("telegram-2018", ())
    plan = Plan.of_run(resolved, root_seed, N_REPLICATES).with_draws(n)
    assert plan.draws is not None
    drawn = plan.draws.point(draw, plan.labels[0], resolved).change(resolved)
    streams = Streams(plan.root_seed, luck_of_draw(draw, 0))
    world = build_world(drawn, streams)
    return lambda: simulate(world, build_strategy(drawn, streams), streams)


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
