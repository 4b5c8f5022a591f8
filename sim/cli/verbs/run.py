"""``overblock run``: simulate a scenario and write its run folder."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    DrawsFromOption,
    DrawsOption,
    ExperimentOptions,
    OptionalScenarioArgument,
    PerDrawOption,
    ReplicatesOption,
    takes_shared_options,
)
from sim.cli.tables.results import result_document
from sim.cli.tables.run import print_money, print_summary, said_of_intervals
from sim.cli.task import (
    Task,
    choose_root_seed,
    leave_unless_complete,
    load_resolved,
    unless_from,
)
from sim.cli.terminal import console
from sim.cli.terminal.head import print_headline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sim.experiment.runs import RunsResult
    from sim.measure.money.ceilings import Ceiling

S_PER_D = 86_400
SUMMARY_SCHEMA = "overblock/run-summary/1"


@takes_shared_options
def run(
    scenario: OptionalScenarioArgument = None,
    replicates: ReplicatesOption = None,
    draws: DrawsOption = None,
    draws_from: DrawsFromOption = None,
    per_draw: PerDrawOption = 1,
    all_measures: Annotated[
        bool, typer.Option("--all", help="Print every measure, not the key figures alone.")
    ] = False,
    *,
    options: ExperimentOptions,
) -> None:
    """Simulate a scenario and write a run folder.

    Prints a summary on a terminal, and the folder's path when piped.

    Examples:

      overblock run telegram-2018-replay -n 10

      overblock run my.yaml -o out --set population.n_businesses=600 --json
    """
    quiet, output, force = options.quiet, options.output, options.force
    with console.reports_errors(as_json=options.as_json):
        from sim.experiment.plan import RUN, Plan
        from sim.experiment.runs import Runs

        if options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            root_seed = choose_root_seed(options.seed, resolved.scenario.root_seed, quiet=quiet)
            plan = Plan.of_run(resolved, root_seed, replicates or resolved.scenario.n_replicates)
            plan = plan.with_draws_from(draws_from, draws, per_draw)
            runs = Runs(plan)
            task = Task.new(plan, output, force=force)
        else:
            by_hand = (
                unless_from("OVERBLOCK_REPLICATES", replicates),
                unless_from("OVERBLOCK_DRAWS", draws),
            )
            given = (scenario, *by_hand, draws_from)
            runs, task = Task.resumed(options, RUN, Runs.again, *given)
        result = task.carry_out(runs, options.executor(), quiet=quiet)
        _print_result(result, _ceilings(result), options, all_measures=all_measures)
        leave_unless_complete(result)


def _ceilings(result: RunsResult) -> tuple[Ceiling, ...]:
    """Published losses beside those of the run."""
    from sim.measure.money.ceilings import Spread, ceilings

    resolved = result.plan.resolved
    figures = resolved.figures.rows if resolved.figures else ()
    losses = {line.metric: Spread(line.mean, line.low, line.high) for line in result.summary}
    return ceilings(losses, figures, resolved.scenario.horizon_s / S_PER_D)


def _print_result(
    result: RunsResult,
    ceilings: Sequence[Ceiling],
    options: ExperimentOptions,
    *,
    all_measures: bool,
) -> None:
    manifest: dict[str, Any] = result.manifest
    if options.as_json:
        console.print_json(run_summary(result, ceilings))
    elif sys.stdout.isatty():
        from sim.catalogue.choices import KEY_FIGURES
        from sim.cli.terminal.sketch import sketch_folder
        from sim.results.folder import title_of

        n = manifest["n_replicates"]
        title = (
            f"{title_of(manifest['scenario'])} ({n} replicates, root seed {manifest['root_seed']})"
        )
        money = {line.unit for line in result.methods}
        chosen = {line.metric for line in result.summary} if all_measures else {*KEY_FIGURES}
        measures = [
            line for line in result.summary if line.unit not in money and line.metric in chosen
        ]
        print_headline(result.folder)
        print_summary(measures, title, sketch_folder(result.folder), result.uncertainty)
        _print_names(result)
        print_money(result.methods, ceilings, result.providers, _in_currency(result))
        print(result.folder)
        console.say(
            f"{len(manifest['assumptions'])} assumptions with ranges are listed in manifest.json; "
            f"{said_of_intervals(result.uncertainty)} Figures: overblock plot {result.folder}",
            quiet=options.quiet,
        )
    else:
        print(result.folder)


def _print_names(result: RunsResult) -> None:
    """Names expected behind what was ever listed, as the page says it."""
    from sim.report.words.expected_names import names_by_strategy, names_sentence
    from sim.results.read import open_run

    console.say_out(names_sentence(names_by_strategy(open_run(result.folder)).get(_label(result))))


def _label(result: RunsResult) -> str:
    return result.plan.labels[0]


def _in_currency(result: RunsResult) -> str:
    """What the private loss is in the country's currency, in a sentence; empty without one."""
    from sim.measure.money.ceilings import Spread
    from sim.report.words.money import PRIVATE, currency_sentence

    losses = {line.metric: Spread(line.mean, line.low, line.high) for line in result.summary}
    return currency_sentence(result.plan.resolved.rate, losses.get(PRIVATE))


def run_summary(result: RunsResult, ceilings: Sequence[Ceiling] = ()) -> dict[str, Any]:
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
        money_published=[asdict(ceiling) for ceiling in ceilings],
        uncertainty=[asdict(line) for line in result.uncertainty],
    )
