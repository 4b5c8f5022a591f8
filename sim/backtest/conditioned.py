"""Verify kept simulations: draws are run again, and compared with the evidence.

From nothing but a folder of ``overblock condition``, or of a run that takes kept simulations. How
the evidence changes the answer follows from all draws; only `make_again` compares that.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from sim.backtest.conditioning import EARLY, WHOLE, Conditioning, Judged, inputs_sheet
from sim.engine.warm_up import warm_up
from sim.errors import DataError
from sim.experiment.draws import TABLE, Kept, is_shipped, read_kept
from sim.experiment.executors.task import Executor, Failure, Key, run_all
from sim.experiment.interrupts import pass_on_interrupt
from sim.experiment.outputs import manifest_of
from sim.experiment.saved_plans import resolved_of_folder
from sim.experiment.verification import (
    Verdict,
    changed_keys,
    changed_outside,
    checks_folder,
    choose_sample,
    planned_again,
    version_notes,
)
from sim.results.csvtext import csv_text
from sim.results.folder import MANIFEST, RunFolder, open_run

KINDS = ("condition",)
_OF_RUNS = ("conditioned", "warnings", "failures")
"""Parts of the manifest that follow from all draws."""


def conditioning_again(run: RunFolder, scratch: Path) -> Conditioning:
    """Plan conditioning again from its folder."""
    design, root_seed = run.manifest["design"], int(run.manifest["root_seed"])
    resolved = resolved_of_folder(run, scratch)
    return Conditioning.of(resolved, root_seed, int(design["keep"]), int(design["most"]))


def verify_conditioned(
    path: Path,
    executor: Executor,
    *,
    n_sample: int | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
    on_compile: Callable[[], None] = lambda: None,
) -> Verdict:
    """Verify a folder of kept simulations.

    Parameters
    ----------
    n_sample
        How many of the kept draws are run again, and how many of the others; all when None.

    Raises
    ------
    DataError
        If the folder cannot be read.
    """
    run = open_run(path, KINDS)
    with checks_folder(run, executor, "kept simulations") as scratch:
        asked = planned_again(run, lambda: conditioning_again(run, scratch))
        n_draws = int(run.manifest["conditioned"]["n_draws"])
        n_kept = int(run.manifest["conditioned"]["n_kept"])
        failed = {int(one["draw"]) for one in run.manifest.get("failures", ())}
        found, unchecked = changed_outside(run)
        labels, status = [asked.plan.resolved.scenario.strategy.id], str(run.manifest["status"])
        again = manifest_of(
            asked.plan, {}, labels=labels, n_replicates=1, status=status, warnings=(), failures=()
        )
        found += changed_keys(run.manifest, again, _OF_RUNS)
        sample: list[Key] = []
        try:
            kept = read_kept(run.path)
        except DataError as error:
            found += [str(problem) for problem in error.problems]
        else:
            found += _changed_kept(run, asked, kept, n_draws, n_kept)
            # What agrees after the last that was asked for is not kept.
            end = kept.draw[-1] + 1 if len(kept.draw) >= asked.n_keep else n_draws
            sample = _sample_of(kept.draw, {*range(end)} - failed, n_sample, asked)
            warm_up(on_compile)
            pass_on_interrupt()
            found += _misjudged(TABLE, asked, executor, sample, {*kept.draw}, on_progress)
    return Verdict(
        len(run.manifest["outputs"]),
        n_draws,
        tuple(sample),
        tuple(found),
        unchecked,
        tuple(version_notes(run)),
    )


def misjudged_members(
    path: Path,
    executor: Executor,
    *,
    n_sample: int | None = None,
    on_progress: Callable[[int, int], None] = lambda n_done, n_total: None,
) -> list[str]:
    """Find simulations of a run that its evidence does not keep, or keeps and the run passes over.

    Those that are shipped with the scenario are not run: they are compared with the shipped table.

    Parameters
    ----------
    n_sample
        How many of the kept draws are run again, and how many of the others; all when None.

    Raises
    ------
    OverblockError
        If the folder cannot be read.
    """
    run = open_run(path)
    ensemble = run.manifest.get("ensemble") or {}
    if not ensemble.get("is_conditioned"):
        return []
    # A run that is cut short is of simulations that agree to the end.
    described = run.manifest["scenario"]
    whole = [one for one in described["overrides"] if not str(one).startswith("end=")]
    manifest = {**run.manifest, "scenario": {**described, "overrides": whole}}
    root_seed = int(ensemble.get("root_seed", run.manifest["root_seed"]))
    kept = [int(draw) for draw in ensemble.get("draws") or range(run.n_replicates)]
    with executor, tempfile.TemporaryDirectory() as scratch:
        resolved = resolved_of_folder(replace(run, manifest=manifest), Path(scratch))
        if is_shipped(resolved, root_seed, kept):
            return []
        asked = Conditioning.of(resolved, root_seed)
        sample = _sample_of(kept, {*range(kept[-1])}, n_sample, asked)
        where = f"{MANIFEST}: ensemble.draws"
        return [*_misjudged(where, asked, executor, sample, {*kept}, on_progress)]


def _sample_of(
    kept: Sequence[int], judged: set[int], n_sample: int | None, asked: Conditioning
) -> list[Key]:
    """Choose kept draws, and others that were judged."""
    return [
        key
        for draws in (kept, sorted(judged - {*kept}))
        for key in choose_sample([(draw,) for draw in draws], n_sample, asked.plan.result_id)
    ]


def _changed_kept(
    run: RunFolder, asked: Conditioning, kept: Kept, n_draws: int, n_kept: int
) -> Iterator[str]:
    """Find kept draws that do not fit the scenario, the manifest, or the table of inputs."""
    resolved, root_seed = asked.plan.resolved, asked.plan.root_seed
    if why := kept.why_not(resolved, root_seed):
        yield f"{TABLE}: {why}"
    if len(kept.draw) != n_kept:
        yield f"{TABLE}: has {len(kept.draw)} draws, and the manifest {n_kept}"
    if kept.draw[-1] >= n_draws:
        yield f"{TABLE}: draw {kept.draw[-1]} was not run: {n_draws} were, from 0"
        return
    sheet = inputs_sheet(n_draws, kept.draw, resolved, root_seed)
    again = csv_text((column.name for column in sheet.columns), sheet.rows).encode()
    file = run.path / sheet.file
    if file.is_file() and file.read_bytes() != again:
        yield f"{sheet.file}: does not follow from {TABLE}"


def _misjudged(
    where: str,
    asked: Conditioning,
    executor: Executor,
    sample: Sequence[Key],
    kept: set[int],
    on_progress: Callable[[int, int], None],
) -> Iterator[str]:
    """Draws that are kept and do not agree with the evidence, or the other way round."""
    judged, errors = Judged(asked.pieces, ()), dict[int, Failure]()
    early = [one for one in asked.pieces if one.id in asked.trial.early]
    draws = [int(draw) for (draw,) in sample]
    rest = draws
    for stage in (EARLY, WHOLE) if early else (WHOLE,):
        on_progress(0, len(rest))
        keys: list[Key] = [(draw, stage) for draw in rest]
        read, failures = run_all(executor, asked.trial, keys, on_progress)
        errors |= {int(key[0]): why for key, why in failures.items()}
        for key, result in read.items():
            judged.add(int(key[0]), result)
        # A draw that disagrees early needs no run to the end.
        rest = [draw for draw in rest if draw not in errors and not judged.failed(draw, early)]
    for draw in draws:
        failing = judged.failed(draw, early) or judged.failed(draw, asked.pieces)
        if draw in errors:
            yield f"draw {draw}: fails now: {errors[draw]}"
        elif failing and draw in kept:
            yield f"{where}: draw {draw} does not agree with {', '.join(failing)}"
        elif not failing and draw not in kept:
            yield f"{where}: draw {draw} agrees with all evidence, and is not kept"
