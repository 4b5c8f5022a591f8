"""Pages and files that are made from declarations, and the page of all options among them.

In: the commands, the schema, the catalogue of measures, the seed tables. Out: what stands of them
in ``docs/`` and ``scenarios/``. Run ``python -m sim.cli.reference`` in a clone to make all of it
anew; tests hold it fresh.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from sim.catalogue.page import with_measures
from sim.cli.app import app
from sim.cli.terminal.console import json_text
from sim.scenario.dump import json_schema
from sim.scenario.parameters import EXPLAINED, parameters_page, read_symbols, with_symbols
from sim.scenario.reference import reference_page

_HEAD = """# Options of every verb

Made from the commands by `python -m sim.cli.reference`.
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


def generated(clone: Path) -> dict[Path, str]:
    """Return what is made from declarations: the text of each file of a clone."""
    docs = clone / "docs"
    measures, symbols = docs / "reference" / "measures.md", read_symbols(docs)
    explained = [docs / "explanation" / f"{name}.md" for name in EXPLAINED]
    return {
        docs / "reference" / "options.md": options_page(),
        docs / "reference" / "scenario.md": reference_page(),
        docs / "reference" / "parameters.md": parameters_page(symbols),
        **{
            page: with_symbols(page.stem, page.read_text(encoding="utf-8"), symbols)
            for page in explained
        },
        measures: with_measures(measures.read_text(encoding="utf-8")),
        clone / "scenarios" / "scenario.schema.json": json_text(json_schema()),
    }


def main() -> None:
    """Write what is generated in the clone that is the current folder."""
    for path, text in generated(Path()).items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
