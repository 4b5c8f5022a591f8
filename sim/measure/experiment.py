"""All replicates of one scenario, from resolved scenario to a whole run folder.

In: a resolved scenario, a root seed, how many replicates. Out: the folder and its summary.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sim.engine.run import simulate
from sim.engine.strategies import build_strategy
from sim.measure.accounts import Accounts, MethodLine, draw_up_accounts, write_methods
from sim.measure.impact import Measure, measure_impact
from sim.measure.losses import LossTotals, loss_totals
from sim.measure.moves import moves_of
from sim.measure.summary import SummaryLine, summarise, write_summary
from sim.results.folder import MANIFEST, new_folder
from sim.results.manifest import (
    build_manifest,
    canonical_json,
    input_copy,
    result_id,
    scenario_hash,
)
from sim.results.package import build_package
from sim.results.store import ResultStore, write_json
from sim.scenario.dump import scenario_tree
from sim.scenario.resolve import Resolved
from sim.streams import Streams
from sim.world.build import build_world

COMPLETE = "complete"
INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class Experiment:
    """What was run and where it lies.

    Attributes
    ----------
    folder
        The run folder.
    status
        ``complete`` or ``interrupted``.
    manifest
        Its manifest.
    summary
        Measures over replicates, money last.
    methods
        What each money method says.
    """

    folder: Path
    status: str
    manifest: dict[str, object]
    summary: tuple[SummaryLine, ...]
    methods: tuple[MethodLine, ...]


def default_folder(resolved: Resolved, root_seed: int, n_replicates: int) -> Path:
    """``runs/<utc-stamp>-<scenario>-<hash6>`` below the current folder."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    identity = result_id(resolved, root_seed, n_replicates)
    return Path("runs") / f"{stamp}-{resolved.scenario.name}-{identity[:6]}"


def run_experiment(
    resolved: Resolved,
    *,
    root_seed: int,
    n_replicates: int,
    folder: Path,
    force: bool = False,
    argv: Sequence[str] = (),
    on_replicate: Callable[[int], None] = lambda n_done: None,
) -> Experiment:
    """Simulate every replicate and write the run folder.

    An interrupt (Ctrl-C) keeps the replicates that are finished: the folder is written with them
    and says so.

    Parameters
    ----------
    folder
        Where the run goes; it appears when it is whole.
    force
        Replace an earlier run there.
    argv
        The command, for ``timing.json``.
    on_replicate
        Called with the number of replicates done.

    Raises
    ------
    UsageError
        If the folder is taken or cannot be made.
    KeyboardInterrupt
        If interrupted before any replicate was finished; nothing is left behind.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    with ExitStack() as until_moved, new_folder(folder, force=force) as partial:
        store = ResultStore(resolved)
        measured: list[tuple[Measure, ...]] = []
        lost: list[LossTotals] = []
        status = COMPLETE
        try:
            for replicate in range(n_replicates):
                measures, totals = _run_replicate(resolved, Streams(root_seed, replicate), store)
                lost.append(totals)
                measured.append(measures)
                on_replicate(len(measured))
        except KeyboardInterrupt:
            if not measured:
                raise
            status = INTERRUPTED
        until_moved.enter_context(_without_interrupts())
        if status == INTERRUPTED:
            store.keep(len(measured))
        figures = resolved.figures.rows if resolved.figures else ()
        accounts = draw_up_accounts(resolved, root_seed, lost[: len(measured)])
        summary = (
            *summarise(resolved.scenario.strategy.id, measured, figures),
            *accounts.summary,
        )
        manifest = _write_folder(
            partial,
            resolved,
            store,
            summary,
            accounts,
            root_seed=root_seed,
            n_replicates_asked=n_replicates,
            status=status,
        )
        timing = {
            "run_id": folder.name,
            "argv": list(argv),
            "started_utc": started.isoformat(timespec="seconds"),
            "wall_s": round(time.perf_counter() - clock, 3),
        }
        write_json(partial / "timing.json", timing)
    return Experiment(folder, status, manifest, summary, accounts.methods)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Hold off Ctrl-C while what is computed is written: it takes a moment, and would lose all."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread is interrupted
        return
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier or signal.SIG_DFL)


def _run_replicate(
    resolved: Resolved, streams: Streams, store: ResultStore
) -> tuple[tuple[Measure, ...], LossTotals]:
    world = build_world(resolved, streams)
    outcome = simulate(world, build_strategy(resolved, streams), streams)
    measures = measure_impact(world, outcome)
    totals = loss_totals(world, outcome.ledger, moves_of(world, outcome))
    store.add(streams.replicate, world, outcome)
    return measures, totals


def _write_folder(
    folder: Path,
    resolved: Resolved,
    store: ResultStore,
    summary: Sequence[SummaryLine],
    accounts: Accounts,
    *,
    root_seed: int,
    n_replicates_asked: int,
    status: str,
) -> dict[str, object]:
    """Write everything but the timing, the manifest last."""
    identity = result_id(resolved, root_seed, n_replicates_asked)
    outputs = store.write(
        folder, {"result_id": identity, "scenario_sha256": scenario_hash(resolved)}
    )
    write_summary(summary, folder / "summary.csv")
    outputs["summary.csv"] = folder / "summary.csv", len(summary)
    write_methods(accounts.methods, folder / "money.csv")
    outputs["money.csv"] = folder / "money.csv", len(accounts.methods)
    (folder / "scenario.yaml").write_bytes(resolved.loaded.source)
    resolved_text = canonical_json(scenario_tree(resolved.scenario))
    (folder / "scenario.resolved.json").write_text(resolved_text, encoding="utf-8")
    name = f"{resolved.scenario.name}-{identity[:6]}"
    write_json(folder / "datapackage.json", build_package(name, resolved.scenario.title))
    for file in ("scenario.yaml", "scenario.resolved.json", "datapackage.json"):
        outputs[file] = folder / file, None
    (folder / "inputs").mkdir()
    for table in resolved.tables:
        copy = input_copy(table)
        (folder / copy).write_bytes(table.data)
        outputs[copy] = folder / copy, len(table.rows)
    manifest = build_manifest(
        resolved,
        root_seed=root_seed,
        n_replicates_asked=n_replicates_asked,
        n_replicates=summary[0].n_replicates,
        status=status,
        outputs=outputs,
    )
    write_json(folder / MANIFEST, manifest)
    return manifest
