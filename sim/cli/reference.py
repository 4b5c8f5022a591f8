"""``docs/reference/options.md``: every verb with its arguments and options, from the commands.

In: the application. Out: the page. Made anew with
``python -m sim.cli.reference docs/reference/options.md``; a test holds it fresh.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from sim.cli.app import app

_HEAD = """# Options of every verb

Made from the commands by `python -m sim.cli.reference docs/reference/options.md`.
`overblock VERB --help` prints the same. What the verbs do, their exit codes and what they write:
[the command line](cli.md).
"""


def options_page() -> str:
    """Return the page in Markdown."""
    # Typer brings click along under different names in different versions.
    group: Any = get_command(app)
    context = group.make_context("overblock", [], resilient_parsing=True)
    names = group.list_commands(context)
    return "\n".join([_HEAD, *(_verb(context, group.get_command(context, one)) for one in names)])


def _verb(above: Any, command: Any) -> str:
    """Return the section of one verb."""
    context = command.make_context(command.name, [], parent=above, resilient_parsing=True)
    usage = f"overblock {command.name} {' '.join(command.collect_usage_pieces(context))}"
    lines = [f"## `overblock {command.name}`", "", command.help.partition("\n\n")[0], ""]
    lines += [f"`{usage}`", "", "| option | meaning |", "| --- | --- |", *_rows(command, context)]
    return "\n".join(lines) + "\n"


def _rows(command: Any, context: Any) -> Iterator[str]:
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            yield f"| `{_cell(record[0])}` | {_cell(record[1]).replace('<', '&lt;')} |"


def _cell(text: str) -> str:
    """Return a text as a cell: one line, in which no bar ends it."""
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def main() -> None:
    """Write the page to the path given."""
    Path(sys.argv[1]).write_text(options_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
