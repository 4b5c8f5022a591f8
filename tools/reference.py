"""Everything that is generated in a clone; ``python -m tools.reference`` writes it.

In: the commands, the forms of files, the schema, the catalogue of measures, docstrings, the seed
tables. Out: files in ``docs/``, the JSON Schema, the catalogues of the page. A test reports what is
out of date.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from typer.main import get_command

from sim.addresses.feeds.forms import FORMS
from sim.catalogue.choices import label
from sim.catalogue.curves import CURVES
from sim.catalogue.measures import MEASURES, Metric, Section
from sim.cli.app import app
from sim.cli.console import json_text
from tools import python_page, sentences
from tools.scenario_page import EXPLAINED, json_schema, read_symbols, reference_page, with_symbols
from tools.tables_page import tables_page

_MARKED = re.compile(r"(<!-- ([a-z]+)(?:: ([a-z -]+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def with_tables(text: str) -> str:
    """Return a page with what stands between its marks regenerated.

    Raises
    ------
    KeyError, ValueError
        If a mark names nothing that is generated.
    """

    def table(found: re.Match[str]) -> str:
        rows = _TABLES[found[2]](found[3] or "")
        return "\n".join([found[1], *rows, "", found[4]])

    return _MARKED.sub(table, text)


def _verb_rows(_: str) -> Iterator[str]:
    yield from ("| verb | what it does |", "| --- | --- |")
    for command, context in _verbs():
        pieces = [f"overblock {command.name}", *command.collect_usage_pieces(context)[1:]]
        pieces += [
            f"{one.opts[0]} {one.metavar}"
            for one in command.get_params(context)
            if one.required and one.param_type_name == "option"
        ]
        usage = re.sub(r"[{}]", "", " ".join(pieces))
        summary = command.help.partition("\n\n")[0]
        yield f"| [`{_cell(usage)}`](#overblock-{command.name}) | {_cell(summary)} |"


def _form_rows(_: str) -> Iterator[str]:
    for form in FORMS:
        yield f"- `{form.name}`: {form.file}; becomes {form.becomes}."


def _verbs() -> Iterator[tuple[Any, Any]]:
    """Every command that ``--help`` lists, in its sequence, with its context."""
    # Typer brings click along under different names in different versions.
    group: Any = get_command(app)
    above = group.make_context("overblock", [], resilient_parsing=True)
    for name in group.list_commands(above):
        command = group.get_command(above, name)
        if not command.hidden:
            yield command, command.make_context(name, [], parent=above, resilient_parsing=True)


@cache
def _options() -> dict[str, dict[str, str]]:
    """Arguments and options of each verb as its help prints them, but ``--help``."""
    found: dict[str, dict[str, str]] = {}
    for command, context in _verbs():
        records = (one.get_help_record(context) for one in command.get_params(context))
        found[command.name] = {
            # A path in angle brackets would be markup.
            one[0]: " ".join(one[1].split()).replace("<", "&lt;")
            for one in records
            if one is not None and one[0] != "-h, --help"
        }
    return found


@cache
def _shared() -> dict[tuple[str, str], int]:
    """Options that several verbs have alike, in the sequence of verbs."""
    times = Counter(one for options in _options().values() for one in options.items())
    return {one: n for one, n in times.items() if n > 1 and one[0].startswith("-")}


def _option_rows(verb: str) -> Iterator[str]:
    """Options of one verb, or without one those that verbs share."""
    if not verb:
        yield from (f"- `{name}`: {said}" for name, said in _shared())
        return
    shared, options = _shared(), _options()[verb]
    yield from (
        f"- `{name}`: {said}" for name, said in options.items() if (name, said) not in shared
    )
    also = [
        name.split(",")[-1].split()[0] for name, said in options.items() if (name, said) in shared
    ]
    if also:
        yield f"- [shared](#shared-options): {', '.join(f'`{one}`' for one in also)}"


def _measure_rows(section: str) -> Iterator[str]:
    for name, entry in MEASURES.items():
        if entry.section is Section(section):
            unit = f"{entry.unit}, out of {entry.of}" if entry.of else entry.unit
            yield _named(name, label(name), unit, entry.what, ", ".join(_needs(entry)))


def _needs(entry: Metric) -> Iterator[str]:
    if entry.needs:
        yield _either(entry.needs)
    if entry.is_beside_figure:
        yield "a published figure that names providers"
    if entry.is_of_ipv6:
        yield "IPv6 in the tables, else 0"


def _either(keys: str) -> str:
    """Keys of which one is needed, as code."""
    return f"`{keys.replace(' or ', '` or `')}`"


def _curve_rows(_: str) -> Iterator[str]:
    for name, one in CURVES.items():
        needs = "IPv6 in the tables" if one.is_of_ipv6 else _either(one.needs) if one.needs else ""
        yield _named(name, one.full_label, one.unit, one.description, needs)


def _named(name: str, title: str, unit: str, what: str, needs: str) -> str:
    """One measure or curve as a point of a list."""
    also = "" if title == name.replace("_", " ") else f", *{title}*"
    return f"- `{name}`{also} ({unit}): {what}{f'; only with {needs}' if needs else ''}"


_TABLES: dict[str, Callable[[str], Iterator[str]]] = {
    "verbs": _verb_rows,
    "options": _option_rows,
    "forms": _form_rows,
    "measures": _measure_rows,
    "curves": _curve_rows,
}
"""What is generated, by the name in its mark."""


def _cell(text: str) -> str:
    """Return a text as a cell: one line, in which no bar ends it."""
    return re.sub(r"\s+", " ", text).strip().replace("|", "\\|")


def generated(clone: Path) -> dict[Path, str]:
    """Return the text of each generated file of a clone; catalogues are updated by `sentences`."""
    docs = clone / "docs"
    reference, symbols = docs / "reference", read_symbols(docs)
    marked = [reference / f"{name}.md" for name in ("cli", "imports", "measures")]
    explained = [docs / "explanation" / f"{name}.md" for name in EXPLAINED]
    return {
        **{page: with_tables(page.read_text(encoding="utf-8")) for page in marked},
        reference / "python.md": python_page.page(),
        reference / "scenario.md": reference_page(),
        reference / "tables.md": tables_page(),
        **{
            page: with_symbols(page.stem, page.read_text(encoding="utf-8"), symbols)
            for page in explained
        },
        clone / "scenarios" / "scenario.schema.json": json_text(json_schema()),
    }


def main() -> None:
    """Write what is generated in the clone that is the current folder."""
    for path, text in generated(Path()).items():
        path.write_text(text, encoding="utf-8")
    sentences.update_catalogues()


if __name__ == "__main__":
    main()
