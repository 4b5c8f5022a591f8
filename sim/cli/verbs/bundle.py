"""``overblock bundle``: one archive of a result that a stranger can check and make again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.cli.options import (
    ForceFileOption,
    JsonOption,
    NoLanguageOption,
    QuietOption,
)
from sim.cli.terminal import console

SCHEMA = "overblock/bundle/1"


def bundle(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a comparison's.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE", help="File to write.")],
    force: ForceFileOption = False,
    language: NoLanguageOption = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write one archive with all that is needed to check a result and to make it again.

    It holds question and answer in words, all tables, the inputs with their sources, the report,
    the exact environment, the program, and a script that makes the run again and compares all
    bytes. The same folder gives the same bytes.

    Examples:

      overblock bundle out -o case.zip

      overblock verify case.zip
    """
    with console.reports_errors(as_json=as_json):
        from sim.bundle.bundle import write_bundle
        from sim.files import check_free
        from sim.results.folder import open_run

        check_free(output, force=force)
        written = write_bundle(open_run(run), output, force=force)
        if as_json:
            console.print_json(
                {
                    "schema": SCHEMA,
                    "file": str(output),
                    "n_files": written.n_files,
                    "n_bytes": written.n_bytes,
                    "sha256": written.sha256,
                }
            )
        else:
            print(output)
        console.say(
            f"{written.n_files} files, {written.n_bytes / 1e6:.1f} MB, SHA-256 {written.sha256}",
            quiet=quiet,
        )
