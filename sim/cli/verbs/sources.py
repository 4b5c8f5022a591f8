"""``overblock sources``: what every number of a scenario, or of a run, rests on."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from sim.cli.completion import complete_scenario
from sim.cli.options import Format, JsonOption, SetOption
from sim.cli.terminal import console
from sim.cli.terminal.tables import new_table, open_console
from sim.report.words.provenance import Line, basis_text, plain, range_text, value_text
from sim.results.tables import csv_text

SCHEMA = "overblock/sources/1"
COLUMNS = (
    "key", "lines", "row", "n_values", "value", "unit", "kind", "range", "source", "date",
    "formula", "why",
)  # fmt: skip
KINDS = ("fact", "derived", "assumption", "choice")
PER_PAGE = 20
WIDE = 112
"""Columns from which on lines stand in a table."""


def complete_kind(incomplete: str) -> list[str]:
    """Kinds that begin so, for the shell."""
    return [kind for kind in KINDS if kind.startswith(incomplete)]


def sources(
    scenario_or_run: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|RUN",
            autocompletion=complete_scenario,
            help="A scenario file, a shipped scenario's name, - for stdin, or a run folder.",
        ),
    ],
    kind: Annotated[
        list[str],
        typer.Option(
            "--kind",
            autocompletion=complete_kind,
            help="Only fact, derived, assumption or choice; may be repeated.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    find: Annotated[
        list[str],
        typer.Option(
            "--find",
            metavar="TEXT",
            help="Only lines whose key, source, formula or reason holds this text; may be "
            "repeated, and then all of them.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    page: Annotated[
        int | None,
        typer.Option(
            "--page",
            min=1,
            help=f"Page of the table, {PER_PAGE} lines each: the first on a terminal when left "
            "out, and all lines elsewhere.",
        ),
    ] = None,
    rows: Annotated[
        bool, typer.Option("--rows", help="One line for each cell of the tables (scenarios only).")
    ] = False,
    overrides: SetOption = [],  # noqa: B006 - typer reads it, nobody writes it
    output_format: Annotated[
        Format, typer.Option("--format", help="How to print it.")
    ] = Format.TABLE,
    as_json: JsonOption = False,
) -> None:
    """List every value a scenario or a run rests on, with its source, date, unit and range.

    Each is a fact, derived (with its formula), an assumption (with its range) or a choice (what
    is asked, and no claim about the world). A bare number of a scenario is an assumption whose
    range is not stated.

    Examples:

      overblock sources telegram-2018 --kind assumption --find censor.

      overblock sources out --format csv > sources.csv
    """
    is_json = as_json or output_format is Format.JSON
    with console.reports_errors(as_json=is_json):
        lines, about, warnings = _lines(scenario_or_run, overrides, each_row=rows)
        _check_kinds(kind)
        counts = Counter(line["kind"] for line in lines)
        shown = [line for line in lines if not kind or line["kind"] in kind]
        shown = [line for line in shown if all(_holds(line, text) for text in find)]
        if is_json:
            document = {
                "schema": SCHEMA,
                **about,
                "n_by_kind": {name: counts[name] for name in KINDS},
                "n_range_not_stated": sum(line.get("range") == "not stated" for line in lines),
                "warnings": warnings,
                "sources": shown,
            }
            console.print_json(document)
        elif output_format is Format.CSV:
            print(csv_text(COLUMNS, map(_cells, shown)), end="")
        elif output_format is Format.MARKDOWN:
            print(_markdown(shown), end="")
        else:
            _print_table(shown, page)
            _say_counts(counts, sum(line.get("range") == "not stated" for line in lines))
        if not is_json:
            console.say_warnings(warnings)


def _check_kinds(kinds: Sequence[str]) -> None:
    from sim.errors import UsageError

    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(f"--kind: expected one of {', '.join(KINDS)}, got {kind!r}")


def _lines(
    name: str, overrides: Sequence[str], *, each_row: bool
) -> tuple[list[Line], Line, list[str]]:
    """Sources as plain values, what they are of, and what to check before trusting them."""
    from sim.errors import DataError, Problem, UsageError
    from sim.results.folder import MANIFEST, read_manifest

    if (Path(name) / MANIFEST).is_file():
        if overrides or each_row:
            raise UsageError("--set and --rows are for scenarios; a run is what it is")
        manifest: Any = read_manifest(Path(name))
        lines, scenario = manifest.get("sources"), manifest.get("scenario", {})
        if not _are_lines(lines):
            message = "expected the key sources, got none; the run is of an earlier version"
            raise DataError([Problem(str(Path(name) / MANIFEST), message)])
        about = {"folder": name, "scenario": scenario.get("name")}
        return lines, about, [str(warning) for warning in manifest.get("warnings", [])]

    from sim.scenario.load import load_scenario
    from sim.scenario.resolve import list_warnings, resolve
    from sim.scenario.sources import list_sources

    resolved = resolve(load_scenario(name, overrides))
    found = [source.as_dict() for source in list_sources(resolved, each_row=each_row)]
    about = {"file": resolved.loaded.document.file, "scenario": resolved.scenario.name}
    return found, about, list_warnings(resolved)


def _are_lines(lines: object) -> bool:
    return isinstance(lines, list) and all(
        isinstance(line, dict) and {"key", "kind"} <= line.keys() for line in lines
    )


def _holds(line: Line, text: str) -> bool:
    """Whether a line says a text anywhere, in capitals or not."""
    said = (line["key"], line.get("row", ""), value_text(line), basis_text(line))
    return text.casefold() in "\n".join(map(str, said)).casefold()


def _print_table(lines: Sequence[Line], page: int | None) -> None:
    """Print a page of the lines, or all of them."""
    if page is None and sys.stdout.isatty():
        page = 1
    n_pages = max(-(-len(lines) // PER_PAGE), 1)
    if page is not None and page > n_pages:
        from sim.errors import UsageError

        raise UsageError(f"--page: expected 1 to {n_pages}, got {page}")
    first = 0 if page is None else (page - 1) * PER_PAGE
    shown = lines[first:] if page is None else lines[first : first + PER_PAGE]
    _print_shown(shown)
    if n_pages > 1 and page is not None:
        more = f"; --page {page + 1} shows the next" if page < n_pages else ""
        console.say(
            f"Lines {first + 1} to {first + len(shown)} of {len(lines)}{more}, --kind and --find "
            "show fewer."
        )


def _print_shown(lines: Sequence[Line]) -> None:
    """Print lines as a table; on a narrow terminal what each rests on below it."""
    terminal = open_console()
    if terminal.width < WIDE:
        for line in lines:
            said = f"{plain(line['key'])} = {_with_range(line)} · {line['kind']}"
            basis = _short(basis_text(line), terminal.width - 4)
            console.say_out(f"{said}\n    {basis}" if basis else said)
        return
    table = new_table("", [])
    for heading, ratio in (("value of", 4), ("value (range)", 3), ("kind", None), ("rests on", 4)):
        table.add_column(heading, overflow="fold", ratio=ratio, no_wrap=ratio is None)
    for line in lines:
        table.add_row(plain(line["key"]), _with_range(line), line["kind"], _short(basis_text(line)))
    terminal.print(table)


def _with_range(line: Line) -> str:
    """A value with its unit and its range."""
    unit = plain(line.get("unit", ""))
    value = " ".join(filter(None, (_short(value_text(line), 40), unit)))
    return f"{value} ({range_text(line)})" if "range" in line else value


def _say_counts(counts: Counter[str], n_not_stated: int) -> None:
    kinds = ", ".join(f"{counts[kind]} {kind}" for kind in KINDS)
    console.say(
        f"{sum(counts.values())} lines: {kinds}. Assumed numbers without a stated range: "
        f"{n_not_stated}. Whole texts: --format csv, json or markdown."
    )


def _short(text: str, length: int = 60) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _cells(line: Line) -> list[str]:
    cells = {**line, "value": value_text(line), "range": range_text(line)}
    return [str(cells.get(name, "")) for name in COLUMNS]


def _markdown(lines: Sequence[Line]) -> str:
    def escape(text: str) -> str:
        return plain(text).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")

    rows = ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    rows += ["| " + " | ".join(map(escape, _cells(line))) + " |" for line in lines]
    return "\n".join(rows) + "\n"
