"""``overblock verify``: whether a run folder comes out the same when it is made again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import JsonOption, QuietOption, RunArgument, WorkersOption
from sim.cli.terminal import console
from sim.errors import OverblockError

KEY_NAMES = ("draw", "strategy", "replicate")


def verify(
    run: RunArgument,
    sample: Annotated[
        int, typer.Option("--sample", min=1, metavar="N", help="How many runs to run again.")
    ] = 3,
    everything: Annotated[bool, typer.Option("--all", help="Run all of them again.")] = False,
    workers: WorkersOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check that a run folder comes out the same when it is made again.

    A sample of runs is run again; tables over replicates, their description and the manifest are
    made again from all runs, the scenario and the tables in the folder. Every file that is not
    accounted for is named. Exits with 1 if anything differs.

    Examples:

      overblock verify out

      overblock verify out --all --json
    """
    with console.reports_errors(as_json=as_json):
        from sim.cli.terminal.progress import COMPILING, progress
        from sim.experiment.executors import choose_executor
        from sim.experiment.verification import verify_folder
        from sim.results.contents import REPORT

        with progress("runs", quiet=quiet) as on_progress:
            verdict = verify_folder(
                run,
                choose_executor(workers),
                n_sample=None if everything else sample,
                on_progress=on_progress,
                on_compile=lambda: console.say(COMPILING, quiet=quiet),
            )
        differences, unchecked = list(verdict.differences), list(verdict.unchecked)
        if REPORT in unchecked:
            unchecked.remove(REPORT)
            differences += _changed_report(run)
        for note in verdict.notes:
            console.say(f"note: {note}", quiet=quiet)
        if as_json:
            console.print_json(
                {
                    "schema": "overblock/verify/1",
                    "folder": str(run),
                    "is_same": not differences,
                    "n_files": verdict.n_files,
                    "n_runs": verdict.n_runs,
                    "runs_checked": [
                        dict(zip(KEY_NAMES[-len(key) :], key, strict=True))
                        for key in verdict.checked
                    ],
                    "differences": differences,
                    "unchecked": unchecked,
                    "notes": list(verdict.notes),
                }
            )
        else:
            for difference in differences:
                print(f"{run}: {difference}")
            if unchecked:
                print(f"{run}: not checked: {', '.join(unchecked)}")
            if not differences:
                print(
                    f"{run}: {verdict.n_files} files have their hashes, all tables over "
                    f"replicates follow from the runs, {len(verdict.checked)} of "
                    f"{verdict.n_runs} runs come to the same"
                )
        if differences:
            raise typer.Exit(console.EXIT_CHECK_FAILED)


def _changed_report(folder: Path) -> list[str]:
    """Say whether the report in a folder is another than would be written now."""
    from sim.report.page.document import render
    from sim.results.contents import REPORT
    from sim.results.read import open_run

    try:
        page = render(open_run(folder)).encode("utf-8")
        is_same = (folder / REPORT).read_bytes() == page
    except (OverblockError, OSError) as error:
        return [f"{REPORT}: cannot be made again: {error}"]
    return [] if is_same else [f"{REPORT}: is not what this program makes of the folder"]
