"""``overblock run``: simulate a scenario and write its run folder."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.cli.options import (
    ExperimentOptions,
    FixedOption,
    KeptOption,
    NoDrawsOption,
    OptionalScenarioArgument,
    PairsOption,
    SimulationsOption,
    takes_shared_options,
)
from sim.cli.tables.results import result_document
from sim.cli.task import (
    Task,
    choose_root_seed,
    leave_unless_complete,
    load_resolved,
    unless_from,
)
from sim.cli.terminal import console
from sim.cli.terminal.head import print_answer

if TYPE_CHECKING:
    from sim.experiment.runs import RunsResult

SUMMARY_SCHEMA = "overblock/run-summary/2"


@takes_shared_options
def run(
    scenario: OptionalScenarioArgument = None,
    simulations: SimulationsOption = None,
    kept: KeptOption = None,
    fixed: FixedOption = False,
    pairs: PairsOption = False,
    draws: NoDrawsOption = None,
    *,
    options: ExperimentOptions,
) -> None:
    """Simulate a scenario and write a run folder.

    Prints what happened on a terminal, and the folder's path when piped.

    Examples:

      overblock run telegram-2018-replay

      overblock run my.yaml -n 16 -o out --set population.n_businesses=600 --json
    """
    quiet = options.quiet
    with console.reports_errors(as_json=options.as_json):
        from sim.experiment.plan import RUN, Plan
        from sim.experiment.runs import Runs

        if options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            root_seed = choose_root_seed(options.seed, resolved.scenario.root_seed, quiet=quiet)
            plan = Plan.of_run(resolved, root_seed, resolved.scenario.n_replicates)
            runs = Runs(plan.of_size(simulations, fixed=fixed, source=kept, pairs=pairs))
            task = Task.new(runs.plan, options.output, force=options.force)
        else:
            by_hand = unless_from("OVERBLOCK_SIMULATIONS", simulations)
            given = (scenario, by_hand, kept, fixed or None, pairs or None)
            runs, task = Task.resumed(options, RUN, Runs.again, *given)
        result = task.carry_out(runs, options.executor(), quiet=quiet)
        if options.as_json:
            console.print_json(run_summary(result))
        else:
            if sys.stdout.isatty():
                print_answer(result.folder)
            print(result.folder)
        leave_unless_complete(result)


def run_summary(result: RunsResult) -> dict[str, Any]:
    """The document that ``--json`` prints; described in ``docs/reference/cli.md``."""
    manifest = result.manifest
    return result_document(
        result,
        SUMMARY_SCHEMA,
        {"strategy": manifest["strategy"]},
        warnings=manifest["warnings"],
        assumptions=manifest["assumptions"],
        summary=[asdict(line) for line in result.summary],
        money=[asdict(line) for line in result.methods],
        providers=[asdict(line) for line in result.providers],
        expected_names=[asdict(line) for line in result.names],
    )
