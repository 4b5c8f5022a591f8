"""``overblock compare``: strategies side by side, in the same simulations."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.completion import complete_strategy
from sim.cli.options import (
    STRATEGY_FORM,
    ExperimentOptions,
    FixedOption,
    Format,
    KeptOption,
    NoDrawsOption,
    OptionalScenarioArgument,
    SimulationsOption,
    metric_option,
    takes_shared_options,
)
from sim.cli.tables import comparison
from sim.cli.tables.results import result_document
from sim.cli.tables.sections import print_sections
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

SCHEMA = "overblock/comparison/2"


@takes_shared_options
def compare(
    scenario: OptionalScenarioArgument = None,
    strategy: Annotated[
        list[str],
        typer.Option(
            "--strategy",
            metavar=STRATEGY_FORM,
            autocompletion=complete_strategy,
            help="A strategy to compare; the id of the scenario's own stands for that one with its "
            "parameters. May be repeated. Those of the scenario's experiment when left out.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    baseline: Annotated[
        str | None,
        typer.Option(
            "--baseline",
            metavar="LABEL",
            help="Strategy that differences are taken to; added if it is not compared. "
            "'none' when left out.",
        ),
    ] = None,
    metric: Annotated[
        list[str],
        metric_option(
            "--metric",
            "A metric to compare; all when left out. May be repeated.",
        ),
    ] = [],  # noqa: B006
    simulations: SimulationsOption = None,
    kept: KeptOption = None,
    fixed: FixedOption = False,
    draws: NoDrawsOption = None,
    fail_on: Annotated[
        list[str],
        typer.Option(
            "--fail-on",
            metavar="[LABEL.]METRIC>NUMBER",
            help="Exit with 1 if the median of any strategy but the baseline, or of the one named, "
            "is above NUMBER; also <, >= and <=. May be repeated.",
        ),
    ] = [],  # noqa: B006
    format_: Annotated[
        Format | None,
        typer.Option(
            "--format", help="How to print all rows; what happened and the folder when left out."
        ),
    ] = None,
    *,
    options: ExperimentOptions,
) -> None:
    """Compare strategies in the same simulations.

    Examples:

      overblock compare telegram-2018 --strategy exact --strategy aggregate:length=24

      overblock compare my.yaml -n 16 --format markdown
    """
    as_json = options.as_json or format_ is Format.JSON
    quiet, output, force = options.quiet, options.output, options.force
    with console.reports_errors(as_json=as_json):
        from sim.experiment.metrics import check_metrics, metrics_of
        from sim.experiment.plan import COMPARISON, plan_comparison
        from sim.experiment.runs import Runs

        if options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            root_seed = choose_root_seed(options.seed, resolved.scenario.root_seed, quiet=quiet)
            plan = plan_comparison(resolved, strategy, baseline, metric, root_seed, None)
            plan = plan.of_size(simulations, fixed=fixed, source=kept)
            runs = Runs(plan)
        else:
            by_hand = unless_from("OVERBLOCK_SIMULATIONS", simulations)
            given = (scenario, strategy, baseline, metric, by_hand, kept, fixed or None)
            runs, task = Task.resumed(options, COMPARISON, Runs.again, *given)
            plan = runs.plan
        checks = check_metrics(metrics_of(plan.resolved), plan.metrics, plan.labels, fail_on)
        if options.resume is None:
            task = Task.new(plan, output, force=force)
        result = task.carry_out(runs, options.executor(), quiet=quiet)
        _print_result(result, format_, as_json=as_json)
        leave_unless_complete(result)
        broken = [text for check in checks for text in check.broken_by(result.comparison)]
        for text in broken:
            console.say(f"check failed: {text}")
        if broken:
            raise typer.Exit(console.EXIT_CHECK_FAILED)


def _print_result(result: RunsResult, format_: Format | None, *, as_json: bool) -> None:
    if as_json:
        console.print_json(comparison_document(result))
    elif format_ is Format.CSV:
        print((result.folder / "comparison.csv").read_text(encoding="utf-8"), end="")
    elif format_ is not None:
        print_sections(comparison.sections(result), format_)
    else:
        if sys.stdout.isatty():
            print_answer(result.folder)
        print(result.folder)


def comparison_document(result: RunsResult) -> dict[str, Any]:
    """The document that ``--json`` prints; described in ``docs/reference/cli.md``."""
    manifest = result.manifest
    return result_document(
        result,
        SCHEMA,
        {"strategies": manifest["strategies"], "baseline": manifest["baseline"]},
        warnings=manifest["warnings"],
        failures=manifest.get("failures", []),
        assumptions=manifest["assumptions"],
        comparison=[asdict(line) for line in result.comparison],
        expected_names=[asdict(line) for line in result.names],
        tradeoff=[asdict(line) for line in result.tradeoff],
        verdicts=[asdict(line) for line in result.verdicts],
    )
