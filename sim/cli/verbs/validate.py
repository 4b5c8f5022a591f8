"""``overblock validate`` and ``overblock schema``: the scenario language, checked and described."""

from __future__ import annotations

from sim.cli.options import JsonOption, QuietOption, ScenarioArgument, SetOption
from sim.cli.terminal import console


def validate(
    scenario: ScenarioArgument,
    overrides: SetOption = [],  # noqa: B006 - typer reads it, nobody writes it
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check a scenario and the tables it names; print every mistake at once.

    What is valid but to be checked, such as tables of another country, is said on stderr.

    Examples:

      overblock validate my.yaml

      overblock validate telegram-2018-replay --set population.n_businesses=600
    """
    with console.reports_errors(as_json=as_json):
        from sim.scenario.load import load_scenario
        from sim.scenario.resolve import list_warnings, resolve

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


def schema() -> None:
    """Print the JSON Schema of scenario files, for editors.

    Examples:

      overblock schema > scenario.schema.json

      overblock schema | less
    """
    with console.reports_errors():
        from sim.scenario.schema import json_schema

        console.print_json(json_schema())
