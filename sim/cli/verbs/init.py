"""``overblock init``: a folder with a case of one's own that runs at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli import console
from sim.cli.options import COLUMN, IGNORE_COLUMN, QUIET, argument, option
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.scenario.starter.case import Known

_FILE = {"exists": True, "dir_okay": False}


def init(
    folder: Path = argument("DIR", "Folder to make."),
    country: str = option("--country CC", "Country, as in ISO 3166.", default=...),
    first: str | None = option("--from DAY", "First day, such as 2026-03-01."),
    last: str | None = option("--to DAY", "Day on which the run ends."),
    blocklist: Path | None = option(
        "--blocklist FILE", "Blocked addresses: a list in any format.", **_FILE
    ),
    inventory: Path | None = option(
        "--inventory FILE", "Your sites: a CSV file of hosts.", **_FILE
    ),
    operators: Path | None = option(
        "--operators FILE",
        "Internet providers: a CSV file with a column operator, and what else is known.",
        **_FILE,
    ),
    column: list[str] = COLUMN,
    ignore_column: list[str] = IGNORE_COLUMN,
    quiet: bool = QUIET,
) -> None:
    """Write a folder with a case of your own that runs at once: scenario, tables, what comes next.

    Assumes what is not given, with ranges, and lists it. Never writes into an existing folder.
    Keeps the dates in the list: from when, and until when.

    Examples:

      overblock init my-case --country ES --blocklist samples/blocklist.txt

      overblock init kenya --country KE --from 2026-03-01 --to 2026-03-15
    """
    with console.reports_errors():
        from sim.results.output import new_folder
        from sim.scenario.starter.case import SCENARIO, Known, write_case

        known = Known(
            country,
            _day("--from", first),
            _day("--to", last),
            blocklist,
            inventory,
            operators,
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


def _day(option: str, text: str | None) -> date | None:
    from sim.scenario.quantities import parse_day

    try:
        return parse_day(text) if text else None
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None
