"""``overblock list``, ``show`` and ``samples``: scenarios and files that come with the program."""

from __future__ import annotations

import sys
from itertools import zip_longest
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import JsonOption, ScenarioArgument, SetOption
from sim.cli.terminal import console
from sim.cli.verbs.sources import SCHEMA
from sim.report.words.provenance import basis_text, range_text, value_text

if TYPE_CHECKING:
    from sim.scenario.load import LoadedScenario


def list_scenarios(as_json: JsonOption = False) -> None:
    """List the shipped scenarios.

    Examples:

      overblock list

      overblock list --json
    """
    with console.reports_errors(as_json=as_json):
        from sim.scenario.library import scenario_names
        from sim.scenario.load import load_scenario

        titles = {name: load_scenario(name).scenario.title for name in scenario_names()}
        if as_json:
            rows = [{"name": name, "title": title} for name, title in titles.items()]
            console.print_json({"schema": "overblock/list/1", "scenarios": rows})
        else:
            width = max(len(name) for name in titles)
            room = console.width_of(sys.stdout)
            for name, title in titles.items():
                said = wrap(title, max(room - width - 2, 20)) or [""]
                for head, line in zip_longest([name], said, fillvalue=""):
                    print(f"{head:<{width}}  {line}")


def show(
    scenario: ScenarioArgument,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every key with its value, defaults filled in.")
    ] = False,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            metavar="KEY.PATH",
            help="Say what one value rests on: a key path, TABLE.COLUMN or TABLE.COLUMN[ROW].",
        ),
    ] = None,
    overrides: SetOption = [],  # noqa: B006 - typer reads it, nobody writes it
    as_json: JsonOption = False,
) -> None:
    """Print a scenario: as written, or with every value spelled out; or explain one value.

    Examples:

      overblock show telegram-2018-replay

      overblock show telegram-2018-replay --resolved --set population.n_businesses=600

      overblock show telegram-2018 --explain censor.pause_pressure
    """
    with console.reports_errors(as_json=as_json):
        from sim.scenario.load import load_scenario
        from sim.scenario.schema import dump_scenario, scenario_tree

        loaded = load_scenario(scenario, overrides)
        if explain is not None:
            _explain(loaded, explain, as_json=as_json)
        elif as_json:
            console.print_json(scenario_tree(loaded.scenario))
        elif resolved or overrides:
            print(dump_scenario(loaded.scenario), end="")
        else:
            print(loaded.source.decode("utf-8-sig"), end="")


def samples(
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Folder to make.")
    ] = Path("samples"),
) -> None:
    """Write the small files that the commands of the documentation read.

    Examples:

      overblock samples
    """
    with console.reports_errors():
        from sim.results.output import new_folder
        from sim.scenario.library import shipped

        with new_folder(output, force=False) as partial:
            for path in sorted(shipped("samples").iterdir()):
                (partial / path.name).write_bytes(path.read_bytes())
        print(output)


def _explain(loaded: LoadedScenario, key: str, *, as_json: bool) -> None:
    from sim.scenario.resolve import resolve
    from sim.scenario.sources import explain

    lines = [source.as_dict() for source in explain(resolve(loaded), key)]
    if as_json:
        console.print_json({"schema": SCHEMA, "scenario": loaded.scenario.name, "sources": lines})
        return
    for line in lines:
        where = f", line {line['lines']}" if "lines" in line else ""
        row = f" of {line['row']}" if "row" in line else ""
        unit = f" {line['unit']}" if "unit" in line else ""
        console.say_out(f"{line['key']}{row}: {value_text(line)}{unit} ({line['kind']}{where})")
        if "range" in line:
            console.say_out(f"  range: {range_text(line)}")
        console.say_out(f"  rests on: {basis_text(line)}")
