"""``overblock run``: simulate a scenario and write its run folder."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import console
from sim.cli.money import print_money
from sim.cli.options import ForceOption, JsonOption, QuietOption, ScenarioArgument, SetOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.measure.ceilings import Ceiling
    from sim.measure.experiment import Experiment
    from sim.scenario.resolve import Resolved

S_PER_D = 86_400
SUMMARY_SCHEMA = "overblock/run-summary/1"


def run(
    scenario: ScenarioArgument,
    replicates: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--replicates",
            "--replications",
            min=1,
            max=1_000_000,
            envvar="OVERBLOCK_REPLICATES",
            help="Number of replicates; the scenario says how many when left out.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--seed",
            min=0,
            max=2**63 - 1,
            envvar="OVERBLOCK_SEED",
            help="Root of all luck; chosen and printed when the scenario gives none either.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            envvar="OVERBLOCK_OUTPUT",
            help="Run folder to write; runs/<utc-stamp>-<scenario>-<hash6> when left out.",
        ),
    ] = None,
    overrides: SetOption = [],  # noqa: B006 - typer reads it, nobody writes it
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Simulate a scenario and write a run folder.

    Prints a summary on a terminal, and the folder's path when piped.

    Examples:

      overblock run telegram-2018-replay -n 10

      overblock run my.yaml -o out --set population.n_businesses=600 --json
    """
    left = "; nothing was finished and nothing is left behind"
    with console.reports_errors(as_json=as_json, on_interrupt=left):
        from sim.measure.experiment import COMPLETE, default_folder, run_experiment
        from sim.results.folder import check_free
        from sim.scenario.load import load_scenario
        from sim.scenario.resolve import resolve

        resolved = resolve(load_scenario(scenario, overrides))
        root_seed = _root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
        n_replicates = replicates or resolved.scenario.n_replicates
        folder = output or default_folder(resolved, root_seed, n_replicates)
        check_free(folder, force=force)
        with console.progress(n_replicates, quiet=quiet) as on_replicate:
            experiment = run_experiment(
                resolved,
                root_seed=root_seed,
                n_replicates=n_replicates,
                folder=folder,
                force=force,
                argv=["overblock", *sys.argv[1:]],
                on_replicate=on_replicate,
            )
        _print_result(experiment, _ceilings(experiment, resolved), as_json=as_json, quiet=quiet)
        if experiment.status != COMPLETE:
            raise typer.Exit(console.EXIT_INTERRUPTED)


def _root_seed(given: int | None, in_scenario: int | None, *, quiet: bool) -> int:
    if given is not None:
        return given
    if in_scenario is not None:
        return in_scenario
    import secrets

    chosen = secrets.randbelow(2**32)
    console.say(
        f"root seed: {chosen} (chosen; give --seed {chosen} to repeat this run)", quiet=quiet
    )
    return chosen


def _ceilings(experiment: Experiment, resolved: Resolved) -> tuple[Ceiling, ...]:
    """Published losses beside those of the run."""
    from sim.measure.ceilings import ceilings

    figures = resolved.figures.rows if resolved.figures else ()
    return ceilings(experiment.summary, figures, resolved.scenario.horizon_s / S_PER_D)


def _print_result(
    experiment: Experiment, ceilings: Sequence[Ceiling], *, as_json: bool, quiet: bool
) -> None:
    manifest: dict[str, Any] = experiment.manifest
    for warning in manifest["warnings"]:
        console.say(f"warning: {warning}", quiet=quiet)
    if manifest["status"] != "complete":
        console.say(
            f"interrupted: {manifest['n_replicates']} of {manifest['n_replicates_asked']} "
            f"replicates are finished and kept in {experiment.folder}"
        )
    if as_json:
        console.print_json(run_summary(experiment, ceilings))
    elif sys.stdout.isatty():
        n = manifest["n_replicates"]
        title = (
            f"{manifest['scenario']['title']} ({n} replicates, root seed {manifest['root_seed']})"
        )
        money = {line.unit for line in experiment.methods}
        measures = [line for line in experiment.summary if line.unit not in money]
        console.print_summary(measures, title)
        print_money(experiment.methods, ceilings)
        print(experiment.folder)
        console.say(
            f"{len(manifest['assumptions'])} assumptions with ranges are listed in manifest.json; "
            "except for money, the interval spans luck only. "
            f"Figures: overblock plot {experiment.folder}",
            quiet=quiet,
        )
    else:
        print(experiment.folder)


def run_summary(experiment: Experiment, ceilings: Sequence[Ceiling] = ()) -> dict[str, Any]:
    """The document that ``--json`` prints; described in ``docs/reference/cli.md``."""
    manifest: dict[str, Any] = experiment.manifest
    return {
        "schema": SUMMARY_SCHEMA,
        "folder": str(experiment.folder),
        "result_id": manifest["result_id"],
        "status": manifest["status"],
        "scenario": manifest["scenario"]["name"],
        "title": manifest["scenario"]["title"],
        "strategy": manifest["strategy"],
        "root_seed": manifest["root_seed"],
        "n_replicates": manifest["n_replicates"],
        "version": manifest["tool"]["version"],
        "warnings": manifest["warnings"],
        "assumptions": manifest["assumptions"],
        "summary": [asdict(line) for line in experiment.summary],
        "money": [asdict(line) for line in experiment.methods],
        "money_published": [asdict(ceiling) for ceiling in ceilings],
    }
