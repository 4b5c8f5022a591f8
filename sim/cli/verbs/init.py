"""``overblock init``: a folder with a case of one's own that runs at once."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sim.cli import console
from sim.cli.options import COLUMN, IGNORE_COLUMN, QUIET, argument, option

if TYPE_CHECKING:
    from sim.scenario.starter.case import Known

FileOption = Path | None


def init(
    folder: Path = argument("DIR", "Folder to make."),
    country: str | None = option("--country CC", "Country, as in ISO 3166."),
    first: str | None = option("--from DAY", "First day, such as 2026-03-01."),
    last: str | None = option("--to DAY", "Day on which the run ends."),
    blocklist: FileOption = option("--blocklist FILE", "Blocked addresses: a list in any format."),
    inventory: FileOption = option("--inventory FILE", "Your sites: a CSV file of hosts."),
    operators: FileOption = option(
        "--operators FILE",
        "Internet providers: a CSV file with a column operator, and what else is known.",
    ),
    strategy: str | None = option("--strategy ID", "orders (default), dns, sni or none."),
    column: list[str] = COLUMN,
    ignore_column: list[str] = IGNORE_COLUMN,
    quiet: bool = QUIET,
) -> None:
    """Write a folder with a case of your own that runs at once: scenario, tables, what comes next.

    Asks on a terminal for missing values. Assumes what is still unknown, with ranges, and lists it.
    Never writes into an existing folder. Keeps the dates in the list: from when, and until when.

    Examples:

      overblock init my-case --country ES --blocklist samples/blocklist.txt

      overblock init kenya --country KE --from 2026-03-01 --to 2026-03-15
    """
    with console.reports_errors():
        from sim.results.output import new_folder
        from sim.scenario.starter.case import SCENARIO, Known, write_case

        known = Known(
            _said(country, "--country", "Country, two letters of ISO 3166", is_needed=True),
            _day("--from", _said(first, "--from", "First day, such as 2026-03-01")),
            _day("--to", _said(last, "--to", "Day on which it ends")),
            _file(blocklist, "--blocklist", "File of what is blocked"),
            _file(inventory, "--inventory", "File of your sites"),
            _file(operators, "--operators", "File of Internet providers"),
            strategy or "orders",
            tuple(column),
            tuple(ignore_column),
        )
        with new_folder(folder, force=False) as partial:
            notes = write_case(known, partial)
        print(folder)
        for note in notes:
            console.say(note, quiet=quiet)
        console.say(_next(known, folder / SCENARIO), quiet=quiet)


def _next(known: Known, scenario: Path) -> str:
    sites = " Your sites: sites.csv there." if known.inventory else ""
    return (
        f"what is assumed: {scenario.parent}/README.md. Next: overblock validate {scenario}; "
        f"overblock run {scenario} -o {scenario.parent}/answer.{sites}"
    )


def _said(given: str | None, option: str, question: str, *, is_needed: bool = False) -> str:
    """Value of an option, or an answer on a terminal; empty where there is none."""
    from sim.errors import UsageError

    if given is not None:
        return given
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        if is_needed:
            raise UsageError(f"{option}: expected a value, got none")
        return ""
    hint = "" if is_needed else " (empty: not known)"
    answer: str = typer.prompt(f"{question}{hint}", default=None if is_needed else "", err=True)
    return answer.strip()


def _day(option: str, text: str) -> date | None:
    from sim.errors import UsageError
    from sim.scenario.quantities import parse_day

    if not text:
        return None
    try:
        return parse_day(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None


def _file(given: Path | None, option: str, question: str) -> Path | None:
    from sim.errors import UsageError

    text = _said(None if given is None else str(given), option, question)
    if text and not Path(text).is_file():
        raise UsageError(f"{option}: expected a file, got {text}")
    return Path(text) if text else None
