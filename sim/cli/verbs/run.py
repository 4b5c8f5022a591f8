"""``overblock run``: simulate a scenario and write its run folder."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli.options import (
    ClusterOption,
    ForceOption,
    JsonOption,
    OptionalScenarioArgument,
    OutputOption,
    QuietOption,
    ReplicatesOption,
    ResumeOption,
    SeedOption,
    SetOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    WorkersOption,
)
from sim.cli.tables.money import print_money
from sim.cli.task import (
    Task,
    check_alone,
    choose_root_seed,
    executor_for,
    leave_unless_complete,
    load_resolved,
    say_what_is_missing,
)
from sim.cli.terminal import console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.experiment.experiment import Experiment
    from sim.measure.money.ceilings import Ceiling
    from sim.scenario.resolve import Resolved

S_PER_D = 86_400
SUMMARY_SCHEMA = "overblock/run-summary/1"


def run(
    scenario: OptionalScenarioArgument = None,
    replicates: ReplicatesOption = None,
    seed: SeedOption = None,
    output: OutputOption = None,
    overrides: SetOption = [],  # noqa: B006 - typer reads it, nobody writes it
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    resume: ResumeOption = None,
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
    with console.reports_errors(as_json=as_json):
        from sim.experiment.plan import RUN, Plan

        if resume is None:
            resolved = load_resolved(scenario, overrides)
            root_seed = choose_root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
            plan = Plan.of_run(resolved, root_seed, replicates or resolved.scenario.n_replicates)
            task = Task.of(plan, output, force=force)
        else:
            check_alone(resume, scenario, overrides, replicates, seed)
            task = Task.resumed(resume, RUN, output, force=force)
        executor = executor_for(workers, cluster, tls_ca, tls_cert, tls_key)
        experiment = task.carry_out(executor, quiet=quiet)
        _print_result(
            experiment, _ceilings(experiment, task.plan.resolved), as_json=as_json, quiet=quiet
        )
        leave_unless_complete(experiment)


def _ceilings(experiment: Experiment, resolved: Resolved) -> tuple[Ceiling, ...]:
    """Published losses beside those of the run."""
    from sim.measure.money.ceilings import Spread, ceilings

    figures = resolved.figures.rows if resolved.figures else ()
    losses = {line.metric: Spread(line.mean, line.low, line.high) for line in experiment.summary}
    return ceilings(losses, figures, resolved.scenario.horizon_s / S_PER_D)


def _print_result(
    experiment: Experiment, ceilings: Sequence[Ceiling], *, as_json: bool, quiet: bool
) -> None:
    manifest: dict[str, Any] = experiment.manifest
    say_what_is_missing(experiment, quiet=quiet)
    if as_json:
        console.print_json(run_summary(experiment, ceilings))
    elif sys.stdout.isatty():
        from sim.cli.terminal.sketch import sketch_folder
        from sim.results.folder import title_of

        n = manifest["n_replicates"]
        title = (
            f"{title_of(manifest['scenario'])} ({n} replicates, root seed {manifest['root_seed']})"
        )
        money = {line.unit for line in experiment.methods}
        measures = [line for line in experiment.summary if line.unit not in money]
        console.print_summary(measures, title, sketch_folder(experiment.folder))
        print_money(experiment.methods, ceilings, experiment.providers)
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
    from sim.results.folder import title_of

    manifest: dict[str, Any] = experiment.manifest
    return {
        "schema": SUMMARY_SCHEMA,
        "folder": str(experiment.folder),
        "result_id": manifest["result_id"],
        "status": manifest["status"],
        "scenario": manifest["scenario"]["name"],
        "title": title_of(manifest["scenario"]),
        "strategy": manifest["strategy"],
        "root_seed": manifest["root_seed"],
        "n_replicates": manifest["n_replicates"],
        "version": manifest["tool"]["version"],
        "warnings": manifest["warnings"],
        "assumptions": manifest["assumptions"],
        "summary": [asdict(line) for line in experiment.summary],
        "money": [asdict(line) for line in experiment.methods],
        "providers": [asdict(line) for line in experiment.providers],
        "money_published": [asdict(ceiling) for ceiling in ceilings],
    }
