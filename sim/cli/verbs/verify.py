"""``overblock verify``: whether a folder, or a bundle, comes out the same made again."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import typer

from sim.cli import console
from sim.cli.console import COMPILING, progress
from sim.cli.options import JSON, MAX_BYTES, QUIET, TRUST, WORKERS, argument, option
from sim.errors import OverblockError, UsageError

if TYPE_CHECKING:
    from sim.experiment.verification import Verdict

KEPT = "condition"
"""Kind of a folder of kept simulations."""


def verify(
    run: Path = argument(
        "RUN|CASE.zip", "A folder of run, compare or condition, or a bundle of a run."
    ),
    sample: int = option("--sample N", "How many runs to run again.", default=3, min=1),
    everything: bool = option("--all", "Run all of them again.", default=False),
    again: Path | None = option(
        "--again FOLDER",
        "Make the whole run again into this folder, and compare every byte instead.",
    ),
    workers: int | None = WORKERS,
    trusted: list[Path] = TRUST,
    max_bytes: int = MAX_BYTES,
    as_json: bool = JSON,
    quiet: bool = QUIET,
) -> None:
    """Check that a folder, or a bundle, comes out the same when it is made again.

    Repeats a sample of runs, and recomputes the tables over simulations, their description and the
    manifest from all runs, the scenario and the tables in the folder. Names every file that it did
    not check. Compares every file of a bundle with the list in it, and writes its pages again. A
    folder of condition needs --again. Exits with 1 if anything differs.

    Examples:

      overblock verify out

      overblock verify out --all --json

      overblock verify case.zip --again again
    """
    with console.reports_errors(as_json=as_json), ExitStack() as until_done:
        folder, n_members = run, 0
        found: list[str] = []
        notes: list[str] = []
        if run.is_file():
            from sim.bundle.archive import unpack_archive
            from sim.bundle.bundle import RUN, changed_members, changed_pages, notes_on

            unpacked = Path(until_done.enter_context(TemporaryDirectory()))
            names = unpack_archive(run, unpacked, max_bytes)
            n_members = len(names)
            found += changed_members(unpacked, names)
            found += changed_pages(unpacked)
            notes += notes_on(unpacked)
            folder = unpacked / RUN
        n_sample = None if everything else sample
        checked, says = _check(folder, again, n_sample, workers, quiet=quiet)
        differences = [*found, *(one for one in checked.differences if one not in found)]
        for note in (*notes, *checked.notes):
            console.say(f"note: {note}", quiet=quiet)
        if as_json:
            console.print_json(
                {
                    "schema": "overblock/verify/1",
                    "folder": str(run),
                    "is_same": not differences,
                    "n_files": checked.n_files,
                    **({"n_bundled": n_members} if n_members else {}),
                    "n_runs": checked.n_runs,
                    "runs_checked": [
                        dict(zip(("strategy", "replicate"), key, strict=True))
                        for key in checked.checked
                    ],
                    "differences": differences,
                    "unchecked": list(checked.unchecked),
                    "notes": [*notes, *checked.notes],
                }
            )
        else:
            for difference in differences:
                print(f"{run}: {difference}")
            if checked.unchecked:
                print(f"{run}: not checked: {', '.join(checked.unchecked)}")
            if not differences:
                listed = f"{n_members} files are as the bundle lists them; " * bool(n_members)
                print(f"{run}: {listed}{says}")
        if differences:
            raise typer.Exit(console.EXIT_CHECK_FAILED)


def _check(
    folder: Path, into: Path | None, n_sample: int | None, workers: int | None, *, quiet: bool
) -> tuple[Verdict, str]:
    """Verify a folder, or make all of it again, and say what was done."""
    from sim.backtest.conditioning import Conditioning
    from sim.experiment.executors import choose_executor
    from sim.experiment.verification import make_again, verify_folder
    from sim.results.folder import read_manifest
    from sim.results.integrity import REPORT

    is_kept = read_manifest(folder).get("kind") == KEPT
    if is_kept and into is None:
        message = "expected --again FOLDER for kept simulations, since all draws are run again"
        raise UsageError(f"{folder}: {message}; got none")
    with progress("runs", quiet=quiet) as on_progress:
        how: dict[str, Any] = {
            "on_progress": on_progress,
            "on_compile": lambda: console.say(COMPILING, quiet=quiet),
        }
        if into is not None:
            how |= {"again": Conditioning.of_folder, "kinds": (KEPT,)} if is_kept else {}
            made = make_again(folder, into, choose_executor(workers), **how)
            return made, f"made again in {into}: all {made.n_files} files have the same bytes"
        verdict = verify_folder(folder, choose_executor(workers), n_sample=n_sample, **how)
    differences, unchecked = list(verdict.differences), list(verdict.unchecked)
    if REPORT in unchecked:
        unchecked.remove(REPORT)
        differences += _changed_report(folder)
    verdict = replace(verdict, differences=tuple(differences), unchecked=tuple(unchecked))
    again = f"{len(verdict.checked)} of {verdict.n_runs} runs come to the same"
    of_runs = "all tables over replicates follow from the runs"
    return verdict, f"{verdict.n_files} files have their hashes, {of_runs}, {again}"


def _changed_report(folder: Path) -> list[str]:
    """Say whether the report in a folder is another than would be written now."""
    from sim.report.page.document import language_of, render
    from sim.report.words.heading import computed_on
    from sim.results.folder import open_run
    from sim.results.integrity import REPORT

    try:
        here, run = (folder / REPORT).read_bytes(), open_run(folder)
        is_same = here == render(run, language_of(here), computed_on(run)).encode("utf-8")
    except (OverblockError, OSError) as error:
        return [f"{REPORT}: cannot be made again: {error}"]
    return [] if is_same else [f"{REPORT}: is not what this program makes of the folder"]
