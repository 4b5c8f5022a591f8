"""``overblock compare``: strategies side by side, in the same worlds with the same luck."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.completion import complete_strategy
from sim.cli.options import (
    STRATEGY_FORM,
    DrawsFromOption,
    DrawsOption,
    ExperimentOptions,
    Format,
    OptionalScenarioArgument,
    PerDrawOption,
    ReplicatesOption,
    metric_option,
    takes_shared_options,
)
from sim.cli.tables import comparison
from sim.cli.tables.comparison import said_of_pairs
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
from sim.cli.terminal.head import print_headline

if TYPE_CHECKING:
    from sim.experiment.comparison import Measured
    from sim.experiment.metrics import FailOn, Width
    from sim.experiment.plan import Plan
    from sim.experiment.runs import RunsResult

SCHEMA = "overblock/comparison/1"


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
            "A metric to compare; all when left out. May be repeated. p-values are corrected for "
            "all that are compared.",
        ),
    ] = [],  # noqa: B006
    replicates: ReplicatesOption = None,
    draws: DrawsOption = None,
    draws_from: DrawsFromOption = None,
    per_draw: PerDrawOption = 1,
    until_width: Annotated[
        list[str],
        typer.Option(
            "--until-width",
            metavar="[difference:]METRIC=WIDTH[%]",
            help="Add replicates until the interval of the metric's mean (or of its difference to "
            "the baseline) is at most this wide for every strategy. May be repeated.",
        ),
    ] = [],  # noqa: B006
    max_replicates: Annotated[
        int,
        typer.Option("--max-replicates", min=1, max=1_000_000, help="Most for --until-width."),
    ] = 1000,
    fail_on: Annotated[
        list[str],
        typer.Option(
            "--fail-on",
            metavar="[LABEL.]METRIC>NUMBER",
            help="Exit with 1 if the mean of any strategy but the baseline, or of the one named, "
            "is above NUMBER; also <, >= and <=. May be repeated.",
        ),
    ] = [],  # noqa: B006
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="A table on a terminal, else the folder, when left out."),
    ] = None,
    *,
    options: ExperimentOptions,
) -> None:
    """Compare strategies in the same replicates, with paired differences.

    Examples:

      overblock compare telegram-2018 --strategy exact --strategy aggregate:length=24 -n 20

      overblock compare my.yaml --until-width business_hours_impaired=10% --format markdown
    """
    as_json = options.as_json or format_ is Format.JSON
    quiet, output, force = options.quiet, options.output, options.force
    with console.reports_errors(as_json=as_json):
        from sim.experiment.metrics import check_metrics, metrics_of
        from sim.experiment.plan import COMPARISON, Plan
        from sim.experiment.runs import Runs
        from sim.scenario.variants import choose_variants

        if options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            variants, against = choose_variants(resolved, strategy, baseline)
            asked = resolved.scenario.experiment
            metrics = tuple(metric or (asked.metrics if asked else ()))
            n = replicates or (asked and asked.n_replicates) or resolved.scenario.n_replicates
            labels = [variant.label for variant in variants]
            checks, widths = check_metrics(
                metrics_of(resolved), metrics, labels, fail_on, until_width
            )
            root_seed = choose_root_seed(options.seed, resolved.scenario.root_seed, quiet=quiet)
            plan = Plan.of_comparison(resolved, variants, against, metrics, root_seed, n)
            plan = plan.with_draws_from(draws_from, draws, per_draw)
            task = Task.new(plan, output, force=force)
        else:
            by_hand = (
                unless_from("OVERBLOCK_REPLICATES", replicates),
                unless_from("OVERBLOCK_DRAWS", draws),
            )
            given = (scenario, strategy, baseline, metric, *by_hand, draws_from)
            again, task = Task.resumed(options, COMPARISON, Runs.again, *given)
            plan = again.plan
            checks, widths = check_metrics(
                metrics_of(plan.resolved), plan.metrics, plan.labels, fail_on, until_width
            )
        narrowing = _Narrowing(plan, widths, max_replicates) if widths else None
        runs = Runs(plan, narrowing.n_more if narrowing else None)
        result = task.carry_out(runs, options.executor(), quiet=quiet)
        _print_result(result, format_, as_json=as_json, quiet=quiet)
        leave_unless_complete(result)
        _judge(result, checks, narrowing)


class _Narrowing:
    """How many replicates to add until the intervals asked for are narrow enough."""

    def __init__(self, plan: Plan, widths: Sequence[Width], most: int) -> None:
        self._plan = plan
        self._widths = widths
        self._most = most
        self.too_wide: list[str] = []

    def n_more(self, measured: Mapping[str, Measured]) -> int:
        """Replicates to add: as many as the widths promise, at most as many as there are."""
        assert self._plan.baseline is not None
        n = min(part.replicate.size for part in measured.values())
        excess = {
            width.text: width.excess(measured, self._plan.baseline, self._plan.root_seed)
            for width in self._widths
        }
        self.too_wide = [text for text, times in excess.items() if times > 1 or n < 2]
        if not self.too_wide:
            return 0
        # A width falls with the square root of the number of replicates.
        wanted = n * min(max(excess.values()) ** 2, 2.0) if n > 1 else 2
        return min(max(math.ceil(wanted) - n, 1), self._most - n)


def _judge(result: RunsResult, checks: Sequence[FailOn], narrowing: _Narrowing | None) -> None:
    """Leave with 1 if a stated check fails."""
    said = [text for check in checks for text in check.broken_by(result.comparison)]
    if narrowing is not None:
        n = result.manifest["n_replicates"]
        said += [f"after {n} replicates still wider than {text}" for text in narrowing.too_wide]
    for text in said:
        console.say(f"check failed: {text}")
    if said:
        raise typer.Exit(console.EXIT_CHECK_FAILED)


def _print_result(
    result: RunsResult, format_: Format | None, *, as_json: bool, quiet: bool
) -> None:
    is_terminal = sys.stdout.isatty()
    if as_json:
        console.print_json(comparison_document(result))
    elif format_ is Format.CSV:
        print((result.folder / "comparison.csv").read_text(encoding="utf-8"), end="")
    elif format_ is not None or is_terminal:
        if is_terminal and format_ in (None, Format.TABLE):
            print_headline(result.folder)
        print_sections(comparison.sections(result), format_ or Format.TABLE)
        if format_ is Format.MARKDOWN:
            return
        print()
        if is_terminal:
            from sim.cli.terminal.sketch import sketch_comparison

            print("\n".join(sketch_comparison(result.folder)))
        print(result.folder)
        console.say(
            f"{said_of_pairs(result)} All rows are in {result.folder / 'comparison.csv'}",
            quiet=quiet,
        )
    else:
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
        uncertainty=[asdict(line) for line in result.uncertainty],
        verdicts=[asdict(line) for line in result.verdicts],
        regrets=[asdict(line) for line in result.regrets],
    )
