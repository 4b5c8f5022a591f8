"""``overblock list`` and ``overblock show``: the scenarios that come with the program."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli import console
from sim.cli.options import JsonOption, ScenarioArgument, SetOption


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
            for name, title in titles.items():
                print(f"{name:<{width}}  {title}")


def show(
    scenario: ScenarioArgument,
    resolved: Annotated[
        bool, typer.Option("--resolved", help="Print every key with its value, defaults filled in.")
    ] = False,
    overrides: SetOption = [],  # noqa: B006 - typer reads it, nobody writes it
    as_json: JsonOption = False,
) -> None:
    """Print a scenario: as written, or with every value spelled out.

    Examples:

      overblock show telegram-2018-replay

      overblock show telegram-2018-replay --resolved --set population.n_businesses=600
    """
    with console.reports_errors(as_json=as_json):
        from sim.scenario.dump import dump_scenario, scenario_tree
        from sim.scenario.load import load_scenario

        loaded = load_scenario(scenario, overrides)
        if as_json:
            console.print_json(scenario_tree(loaded.scenario))
        elif resolved or overrides:
            print(dump_scenario(loaded.scenario), end="")
        else:
            print(loaded.source.decode("utf-8-sig"), end="")
