"""Options that several verbs share."""

from typing import Annotated

import typer

ScenarioArgument = Annotated[
    str,
    typer.Argument(
        metavar="SCENARIO",
        help="A scenario file, a shipped scenario's name (see 'overblock list'), or - for stdin.",
    ),
]
SetOption = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="KEY.PATH=VALUE",
        help="Override one value of the scenario; recorded in the manifest. May be repeated.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
QuietOption = Annotated[
    bool, typer.Option("-q", "--quiet", envvar="OVERBLOCK_QUIET", help="Do not talk on stderr.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Replace an earlier run there.")]
SkipBadOption = Annotated[
    bool, typer.Option("--skip-bad", help="Leave bad lines out and count them.")
]
MaxBytesOption = Annotated[
    int,
    typer.Option(
        "--max-bytes",
        min=1,
        envvar="OVERBLOCK_MAX_BYTES",
        help="Refuse files that hold more than this after decompression.",
    ),
]
