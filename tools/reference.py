"""Pages and files that are generated: verbs and options, forms, keys, measures, JSON Schema.

In: the commands, the forms of files, the schema, the catalogue of measures, the seed tables. Out:
the text of each file in ``docs/`` and ``scenarios/`` that is written from them.
``python -m tools.reference`` writes all of them in a clone; a test says which one is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from sim.addresses.feeds.forms import FORMS
from sim.cli.app import app
from sim.cli.console import json_text
from sim.scenario.schema import json_schema
from tools import python_page, sentences
from tools.measures_page import with_measures
from tools.parameters_page import EXPLAINED, parameters_page, read_symbols, with_symbols
from tools.scenario_page import reference_page
from tools.tables_page import tables_page
from tools.unknowns_page import unknowns_page

_HEAD = """# Options of every verb

Made from the commands by `python -m tools.reference`.
`overblock VERB --help` prints the same. What the verbs do, their exit codes and what they write:
[the command line](cli.md).
"""


_FORMS = re.compile("(<!-- forms -->).*(<!-- end -->)", re.DOTALL)
_VERBS = re.compile("(<!-- verbs -->).*(<!-- end -->)", re.DOTALL)


def options_page() -> str:
    """Return the page in Markdown."""
    return "\n".join([_HEAD, *(_section(*verb) for verb in _verbs())])


def with_verbs(text: str, how_to: Path) -> str:
    """Return the page of the command line with the table between its marks made anew.

    Parameters
    ----------
    how_to
        Folder of the how-to pages; each is named beside the verbs that its commands use.
    """
    pages = {page.name: page.read_text(encoding="utf-8") for page in sorted(how_to.glob("*.md"))}
    rows = ["| verb | what it does | how to |", "| --- | --- | --- |"]
    for command, context in _verbs():
        pieces = [f"overblock {command.name}", *command.collect_usage_pieces(context)[1:]]
        pieces += [
            f"{one.opts[0]} {one.metavar}"
            for one in command.get_params(context)
            if one.required and one.param_type_name == "option"
        ]
        usage = re.sub(r"[{}]", "", " ".join(pieces))
        uses = re.compile(rf"^overblock {command.name}\b", re.MULTILINE)
        links = [
            f"[{page.splitlines()[0].removeprefix('# How to ')}](../how-to/{name})"
            for name, page in pages.items()
            if uses.search(page)
        ]
        rows.append(f"| `{_cell(usage)}` | {_cell(_summary(command))} | {', '.join(links)} |")
    return _VERBS.sub(lambda marks: "\n\n".join((marks[1], "\n".join(rows), marks[2])), text)


def with_forms(text: str) -> str:
    """Return the page of imports with the table between its marks made anew."""
    rows = ["| `--as` | file | what it becomes | form seen in |", "| --- | --- | --- | --- |"]
    rows += [
        f"| `{form.name}` | {_cell(form.file)} | {form.becomes} | {_cell(form.seen)} |"
        for form in FORMS
    ]
    return _FORMS.sub(lambda marks: "\n\n".join((marks[1], "\n".join(rows), marks[2])), text)


def _verbs() -> Iterator[tuple[Any, Any]]:
    """Every command that ``--help`` lists, in its sequence, with its context."""
    # Typer brings click along under different names in different versions.
    group: Any = get_command(app)
    above = group.make_context("overblock", [], resilient_parsing=True)
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if not command.hidden:
            yield command, command.make_context(name, [], parent=above, resilient_parsing=True)


def _section(command: Any, context: Any) -> str:
    """Return what the page of options says of one verb."""
    usage = f"overblock {command.name} {' '.join(command.collect_usage_pieces(context))}"
    lines = [f"## `overblock {command.name}`", "", _summary(command), ""]
    lines += [f"`{usage}`", "", "| option | meaning |", "| --- | --- |", *_rows(command, context)]
    return "\n".join(lines) + "\n"


def _summary(command: Any) -> str:
    """First paragraph of a verb's help."""
    return str(command.help.partition("\n\n")[0])


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
    command_line, imports = (docs / "reference" / name for name in ("cli.md", "imports.md"))
    explained = [docs / "explanation" / f"{name}.md" for name in EXPLAINED]
    return {
        command_line: with_verbs(command_line.read_text(encoding="utf-8"), docs / "how-to"),
        docs / "reference" / "options.md": options_page(),
        imports: with_forms(imports.read_text(encoding="utf-8")),
        docs / "reference" / "scenario.md": reference_page(),
        docs / "reference" / "parameters.md": parameters_page(symbols),
        docs / "reference" / "unknowns.md": unknowns_page(),
        docs / "reference" / "tables.md": tables_page(),
        **{
            page: with_symbols(page.stem, page.read_text(encoding="utf-8"), symbols)
            for page in explained
        },
        measures: with_measures(measures.read_text(encoding="utf-8")),
        clone / python_page.PAGE: python_page.page(),
        clone / "scenarios" / "scenario.schema.json": json_text(json_schema()),
    }


def main() -> None:
    """Write what is generated in the clone that is the current folder."""
    for path, text in generated(Path()).items():
        path.write_text(text, encoding="utf-8")
    sentences.update_catalogues()


if __name__ == "__main__":
    main()
