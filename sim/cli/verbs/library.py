"""Verbs on what comes with the program, and on scenarios.

They print what is shipped and installed, what a scenario states, and the source of each number, and
write a case to begin with.
"""

from __future__ import annotations

import platform
import re
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from sim.cli import console
from sim.cli import options as cli
from sim.cli.console import Format, print_tables
from sim.errors import DataError, Mistakes, Problem, UsageError
from sim.report.words.tables import Column, Table
from sim.version import __version__

Line: TypeAlias = dict[str, Any]
"""One line of a manifest's ``sources``, as ``Source.as_dict`` writes it."""

SCHEMA = "overblock/sources/1"
COLUMNS = (
    "key", "lines", "row", "n_values", "value", "unit", "kind", "range", "source", "date",
    "formula", "why",
)  # fmt: skip
KINDS = ("fact", "derived", "assumption", "choice")


def list_scenarios(as_json: bool = cli.JSON) -> None:
    """List the shipped scenarios.

    Examples:

      overblock list

      overblock list --json
    """
    from sim.scenario.library import scenario_names
    from sim.scenario.load import load_scenario

    titles = {name: load_scenario(name).scenario.title for name in scenario_names()}
    if as_json:
        rows = [{"name": name, "title": title} for name, title in titles.items()]
        console.print_json({"schema": "overblock/list/1", "scenarios": rows})
    else:
        columns = [Column(name, name, "text") for name in ("scenario", "title")]
        print_tables([Table("scenarios", "", columns, list(titles.items()))])


def show(
    scenario: str = cli.SCENARIO,
    resolved: bool = cli.option(
        "--resolved", "Print every key with its value, defaults filled in.", default=False
    ),
    overrides: list[str] = cli.SET,
    as_json: bool = cli.JSON,
) -> None:
    """Print a scenario, as written or with all values.

    Examples:

      overblock show telegram-2018-replay

      overblock show telegram-2018-replay --resolved --set population.n_businesses=600
    """
    from sim.scenario.load import load_scenario
    from sim.scenario.schema import dump_scenario, scenario_tree

    loaded = load_scenario(scenario, overrides)
    if as_json:
        console.print_json(scenario_tree(loaded.scenario))
    elif resolved or overrides:
        print(dump_scenario(loaded.scenario), end="")
    else:
        print(loaded.source.decode("utf-8-sig"), end="")


def samples(
    output: Path = cli.option("-o --output FOLDER", "Folder to make.", default=Path("samples")),
) -> None:
    """Write the small files that the documentation uses.

    Examples:

      overblock samples
    """
    from sim.results.output import new_folder
    from sim.scenario.library import shipped

    with new_folder(output, force=False) as partial:
        for path in sorted(shipped("samples").iterdir()):
            (partial / path.name).write_bytes(path.read_bytes())
    print(output)


def validate(
    scenario: str = cli.SCENARIO,
    overrides: list[str] = cli.SET,
    as_json: bool = cli.JSON,
    quiet: bool = cli.QUIET,
) -> None:
    """Check a scenario and its tables; print every mistake.

    Warns on stderr of what is valid but to be checked, such as tables of another country.

    Examples:

      overblock validate my.yaml

      overblock validate telegram-2018-replay --set population.n_businesses=600
    """
    from sim.scenario.load import load_scenario
    from sim.scenario.resolve import resolve
    from sim.scenario.sources import list_warnings

    resolved = resolve(load_scenario(scenario, overrides))
    name, warnings = resolved.loaded.document.file, list_warnings(resolved)
    if as_json:
        document = {
            "schema": "overblock/validate/1",
            "file": name,
            "scenario": resolved.scenario.name,
            "is_valid": True,
            "warnings": warnings,
        }
        console.print_json(document)
    elif not quiet:
        print(f"{name}: valid")
        console.say_warnings(warnings)


def sources(
    scenario_or_run: str = cli.argument(
        "SCENARIO|RUN", "A scenario file, a shipped scenario's name, - for stdin, or a run folder."
    ),
    kind: list[str] = cli.option(
        "--kind", "Only fact, derived, assumption or choice; may be repeated.", default=[]
    ),
    find: list[str] = cli.option(
        "--find TEXT",
        "Only lines whose key, source, formula or reason contains this text; may be "
        "repeated: lines that contain all texts.",
        default=[],
    ),
    rows: bool = cli.option(
        "--rows", "One line for each cell of the tables (scenarios only).", default=False
    ),
    overrides: list[str] = cli.SET,
    output_format: Format = cli.FORMAT,
    as_json: bool = cli.JSON,
) -> None:
    """List every input of a scenario or a run, with its source.

    Prints date, unit and range, too. Each input is a fact, derived (with its formula), an
    assumption (with its range) or a choice (part of the question, no claim about the world). A bare
    number of a scenario is an assumption whose range is not stated.

    Examples:

      overblock sources telegram-2018 --kind assumption --find censor.

      overblock sources telegram-2018 --rows --find sectors-russia-2018.revenue --find finance

      overblock sources out --format csv > sources.csv
    """
    lines, about, warnings = _lines(scenario_or_run, overrides, each_row=rows)
    if unknown := [one for one in kind if one not in KINDS]:
        raise UsageError(f"--kind: expected one of {', '.join(KINDS)}, got {unknown[0]!r}")
    counts = Counter(line["kind"] for line in lines)
    n_not_stated = sum(line.get("range") == "not stated" for line in lines)
    shown = [line for line in lines if not kind or line["kind"] in kind]
    shown = [line for line in shown if all(_holds(line, text) for text in find)]
    if as_json:
        document = {
            "schema": SCHEMA,
            **about,
            "n_by_kind": {name: counts[name] for name in KINDS},
            "n_range_not_stated": n_not_stated,
            "warnings": warnings,
            "sources": shown,
        }
        console.print_json(document)
    elif output_format is Format.CSV:
        from sim.results.csvtext import csv_text

        print(csv_text(COLUMNS, map(_cells, shown)), end="")
    elif output_format is Format.MARKDOWN:
        columns = [Column(name, name, "text") for name in COLUMNS]
        print(Table("sources", "", columns, list(map(_cells, shown))).to_markdown(), end="")
    else:
        width = console.width_of(sys.stdout) - 4
        for line in shown:
            row = f"[{printable(line['row'])}]" if "row" in line else ""
            value, unit = _short(value_text(line), 40), printable(line.get("unit", ""))
            span = f"({range_text(line)})" if "range" in line else ""
            named = " ".join(filter(None, (value, unit, span)))
            text = f"{printable(line['key'])}{row} = {named} · {line['kind']}"
            basis = _short(basis_text(line), width)
            console.say_out(f"{text}\n    {basis}" if basis else text)
        kinds = ", ".join(f"{counts[name]} {name}" for name in KINDS)
        console.say(
            f"{len(lines)} lines: {kinds}. Assumed numbers without a stated range: "
            f"{n_not_stated}. Whole texts: --json, --format csv or markdown."
        )
    if not as_json:
        console.say_warnings(warnings)


def _lines(
    name: str, overrides: Sequence[str], *, each_row: bool
) -> tuple[list[Line], Line, list[str]]:
    """Sources as plain values, their scenario or folder, and warnings."""
    from sim.results.folder import MANIFEST, read_manifest

    if (Path(name) / MANIFEST).is_file():
        if overrides or each_row:
            raise UsageError("--set and --rows are for scenarios; a run is what it is")
        manifest: Any = read_manifest(Path(name))
        lines, scenario = manifest.get("sources"), manifest.get("scenario", {})
        if not isinstance(lines, list) or not all(
            isinstance(line, dict) and {"key", "kind"} <= line.keys() for line in lines
        ):
            message = "expected the key sources, got none; the run is of an earlier version"
            raise DataError([Problem(str(Path(name) / MANIFEST), message)])
        about = {"folder": name, "scenario": scenario.get("name")}
        return lines, about, [str(warning) for warning in manifest.get("warnings", [])]

    from sim.scenario.load import load_scenario
    from sim.scenario.resolve import resolve
    from sim.scenario.sources import list_sources, list_warnings

    resolved = resolve(load_scenario(name, overrides))
    found = [source.as_dict() for source in list_sources(resolved, each_row=each_row)]
    about = {"file": resolved.loaded.document.file, "scenario": resolved.scenario.name}
    return found, about, list_warnings(resolved)


def _holds(line: Line, text: str) -> bool:
    """Whether a line contains a text anywhere, in capitals or not."""
    texts = (line["key"], line.get("row", ""), value_text(line), basis_text(line))
    return text.casefold() in "\n".join(map(str, texts)).casefold()


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _cells(line: Line) -> list[str]:
    cells = {**line, "value": value_text(line), "range": range_text(line)}
    return [str(cells.get(name, "")) for name in COLUMNS]


def value_text(line: Line) -> str:
    """Show the value of a line: itself, or lowest to highest, or how many."""
    if "value" in line:
        value = line["value"]
        return ", ".join(map(printable, value)) if isinstance(value, list) else printable(value)
    if "values" in line:
        low, high = line["values"]
        return f"{printable(low)} to {printable(high)}"
    return f"{line['n_values']} values"


def range_text(line: Line) -> str:
    """Show the range of a line in words."""
    stated = line.get("range", "")
    if not isinstance(stated, dict):
        return str(stated)
    ((form, ends),) = stated.items()
    text = f"{printable(ends[0])} to {printable(ends[1])}"
    return {"absolute": text, "times": f"{text} times the value"}.get(form, f"columns {text}")


def printable(value: object) -> str:
    """Write a value as a file would hold it: numbers without separators of thousands."""
    if isinstance(value, list):
        return " to ".join(map(printable, value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_whole = float(value).is_integer() and abs(value) < 1e15
        return f"{value:.0f}" if is_whole else f"{value:.6g}"
    # Control characters from a file would reach the terminal.
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(value))


def basis_text(line: Line) -> str:
    """Write the basis of a line: source and date, formula, reason."""
    where = ", ".join(part for part in (line.get("source", ""), line.get("date", "")) if part)
    parts = [where, line.get("formula", ""), line.get("why", "")]
    return printable("; ".join(part for part in parts if part))


DOCTOR_SCHEMA = "overblock/doctor/3"
# What each extra brings, as modules.
_EXTRAS = {
    "analysis": ("pandas", "xarray"),
    "cluster": ("distributed", "cryptography"),
    "explore": ("shiny", "uvicorn"),
}


def doctor(as_json: bool = cli.JSON) -> None:
    """Show versions, extras, formats that are read, and folders.

    Examples:

      overblock doctor

      overblock doctor --json
    """
    from sim.addresses.feeds.forms import FORMS
    from sim.addresses.feeds.refused import REFUSED
    from sim.addresses.machine_code import folder
    from sim.addresses.machine_code import shipped as shipped_code
    from sim.experiment.executors import n_processors
    from sim.scenario.library import scenario_names, shipped, table_names

    found: dict[str, Any] = {
        "schema": DOCTOR_SCHEMA,
        "overblock": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": _packages(),
        "extras": {
            extra: {module: find_spec(module) is not None for module in modules}
            for extra, modules in _EXTRAS.items()
        },
        "reads": [
            {"form": form.name, "file": form.file.replace("`", ""), "becomes": form.becomes}
            for form in FORMS
        ],
        "refuses": [{"file": kind.file, "to_text": kind.command} for kind in REFUSED],
        "compiled_code": {"folder": str(shipped_code() or folder())},
        "n_threads": n_processors(),
        "scenarios": {"folder": str(shipped("scenarios")), "n": len(scenario_names())},
        "tables": {"folder": str(shipped("seeds")), "n": len(table_names())},
    }
    if as_json:
        console.print_json(found)
    else:
        console.say_out("\n".join(_doctor_lines(found)))


def _packages() -> dict[str, str | None]:
    """Packages that the program needs without extras, with their versions; None where missing."""
    from importlib import metadata  # a third of what all verbs take to load

    found: dict[str, str | None] = {}
    for asked in metadata.requires("overblock") or ():
        if "extra ==" not in asked:
            name = re.split(r"[^\w.-]", asked)[0]
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:
                found[name] = None
    return found


def _doctor_lines(found: dict[str, Any]) -> list[str]:
    """The same for people, line by line."""
    lines = [
        f"overblock {found['overblock']}, Python {found['python']}, {found['platform']}",
        "packages: "
        + ", ".join(
            f"{name} {version or 'MISSING'}" for name, version in found["packages"].items()
        ),
    ]
    for extra, modules in found["extras"].items():
        missing = [module for module, is_there in modules.items() if not is_there]
        state = f"not installed (missing {', '.join(missing)})" if missing else "installed"
        lines.append(f"extra {extra}: {state}")
    lines.append("reads (the content of a file shows the format, or --as names it):")
    lines += [f"  {form['form']:16} {form['file']}" for form in found["reads"]]
    lines.append("does not read; these commands extract a list from such a FILE:")
    for kind in found["refuses"]:
        # The command by itself, to be copied whole.
        lines += [f"  {kind['file']}:", f"    {kind['to_text']}"]
    lines.append(f"compiled code: {found['compiled_code']['folder']}")
    lines.append(f"threads: {found['n_threads']}")
    shipped = ("scenarios", "tables")
    return lines + [f"{what}: {found[what]['n']} in {found[what]['folder']}" for what in shipped]


class DayOrder(StrEnum):
    """Order of day, month and year."""

    DMY = "dmy"
    MDY = "mdy"


_FILE = {"exists": True, "dir_okay": False}


def init(
    folder: Path = cli.argument("DIR", "Folder to make."),
    country: str = cli.option("--country CC", "Country, as in ISO 3166.", default=...),
    first: str | None = cli.option("--from DAY", "First day, such as 2026-03-01."),
    last: str | None = cli.option("--to DAY", "Day at whose start the run ends."),
    blocklist: Path | None = cli.option(
        "--blocklist FILE", "Blocked addresses: a list in any format.", **_FILE
    ),
    inventory: Path | None = cli.option(
        "--inventory FILE", "Your sites, in any form that exposure reads.", **_FILE
    ),
    operators: Path | None = cli.option(
        "--operators FILE",
        "Internet providers: a CSV file with a column operator, and other columns that you know.",
        **_FILE,
    ),
    ranges: Path | None = cli.option(
        "--ranges FILE", "Ranges of providers, a table made by import.", **_FILE
    ),
    time_zone: str | None = cli.option(
        "--time-zone ZONE", "Time zone, such as America/Bahia; asked for if CC has several."
    ),
    dates: DayOrder | None = cli.option(
        "--dates dmy|mdy", "Whether day or month comes first in dates such as 03/07/2025."
    ),
    column: list[str] = cli.COLUMN,
    ignore_column: list[str] = cli.IGNORE_COLUMN,
    quiet: bool = cli.QUIET,
) -> None:
    """Write a folder with a case of your own, ready to run.

    Assumes what is not given, with ranges, and lists it. Never writes into an existing folder.
    Keeps the dates of a dated list.

    Examples:

      overblock init my-case --country ES --blocklist samples/blocklist.txt

      overblock init kenya --country KE --from 2026-03-01 --to 2026-03-15
    """
    from sim.results.output import new_folder
    from sim.scenario.quantities import parse_day
    from sim.scenario.starter.case import SCENARIO, Known, write_case

    mistakes, days = Mistakes(DataError), dict[str, date | None]()
    for name, text in (("--from", first), ("--to", last)):
        with mistakes.of_part():
            days[name] = cli.parsed(name, text, parse_day)
    known = Known(
        country,
        days.get("--from"),
        days.get("--to"),
        blocklist,
        inventory,
        operators,
        ranges,
        tuple(column),
        tuple(ignore_column),
        time_zone,
        dates.value if dates else "",
    )
    with new_folder(folder, force=False) as partial:
        notes = write_case(known, partial, mistakes)
    print(folder)
    for note in notes:
        console.say(note, quiet=quiet)
    scenario, sites = folder / SCENARIO, " Your sites: sites.csv there." if inventory else ""
    console.say(
        f"{folder}/README.md lists what is assumed. Next: overblock validate {scenario}; "
        f"overblock run {scenario} -o {folder}/answer.{sites}",
        quiet=quiet,
    )
