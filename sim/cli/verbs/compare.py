"""``overblock compare``: strategies side by side, in the same worlds with the same luck."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    ClusterOption,
    ForceOption,
    Format,
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
    from sim.experiment.comparison import Measured
    from sim.experiment.experiment import Experiment
    from sim.experiment.metrics import FailOn, Width
    from sim.experiment.plan import Plan

SCHEMA = "overblock/comparison/1"


def compare(
    scenario: OptionalScenarioArgument = None,
    strategy: Annotated[
        list[str],
        typer.Option(
            "--strategy",
            metavar="[LABEL=]ID[:PARAMETER=VALUE,…]",
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
        typer.Option(
            "--metric",
            metavar="NAME",
            help="A metric to compare; all when left out. May be repeated. p-values are corrected "
            "for all that are compared.",
        ),
    ] = [],  # noqa: B006
    replicates: ReplicatesOption = None,
    seed: SeedOption = None,
    output: OutputOption = None,
    overrides: SetOption = [],  # noqa: B006
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
            help="Exit with 1 if a strategy's mean is so; >, <, >= or <=. Every strategy but the "
            "baseline, or the one named. May be repeated.",
        ),
    ] = [],  # noqa: B006
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    resume: ResumeOption = None,
    force: ForceOption = False,
    format_: Annotated[
        Format | None,
        typer.Option("--format", help="A table on a terminal, else the folder, when left out."),
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare strategies: the same replicates for each, differences in pairs.

    Examples:

      overblock compare telegram-2018 --strategy exact --strategy aggregate:length=24 -n 20

      overblock compare my.yaml --until-width business_hours_impaired=10% --format markdown
    """
    as_json = as_json or format_ is Format.JSON
    with console.reports_errors(as_json=as_json):
        from sim.experiment.metrics import check_metrics, metrics_of
        from sim.experiment.plan import COMPARISON, Plan
        from sim.scenario.variants import choose_variants

        if resume is None:
            resolved = load_resolved(scenario, overrides)
            variants, against = choose_variants(resolved, strategy, baseline)
            experiment_asked = resolved.scenario.experiment
            metrics = tuple(metric or (experiment_asked.metrics if experiment_asked else ()))
            n_asked = experiment_asked.n_replicates if experiment_asked else None
            checks, widths = check_metrics(
                metrics_of(resolved),
                metrics,
                [variant.label for variant in variants],
                fail_on,
                until_width,
            )
            root_seed = choose_root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
            n = replicates or n_asked or resolved.scenario.n_replicates
            plan = Plan(resolved, variants, against, metrics, root_seed, n)
            task = Task.of(plan, output, force=force)
        else:
            check_alone(resume, scenario, strategy, baseline, metric, replicates, seed, overrides)
            task = Task.resumed(resume, COMPARISON, output, force=force)
            checks, widths = check_metrics(
                metrics_of(task.plan.resolved),
                task.plan.metrics,
                task.plan.labels,
                fail_on,
                until_width,
            )
        narrowing = _Narrowing(task.plan, widths, max_replicates) if widths else None
        experiment = task.carry_out(
            executor_for(workers, cluster, tls_ca, tls_cert, tls_key),
            quiet=quiet,
            grow=narrowing.n_more if narrowing else None,
        )
        say_what_is_missing(experiment, quiet=quiet)
        _print_result(experiment, format_, as_json=as_json, quiet=quiet)
        leave_unless_complete(experiment)
        _judge(experiment, checks, narrowing)


class _Narrowing:
    """Adds replicates until intervals are narrow."""

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


def _judge(experiment: Experiment, checks: Sequence[FailOn], narrowing: _Narrowing | None) -> None:
    """Leave with 1 if a stated check fails."""
    said = [text for check in checks for text in check.broken_by(experiment.comparison)]
    if narrowing is not None:
        n = experiment.manifest["n_replicates"]
        said += [f"after {n} replicates still wider than {text}" for text in narrowing.too_wide]
    for text in said:
        console.say(f"check failed: {text}")
    if said:
        raise typer.Exit(console.EXIT_CHECK_FAILED)


def _print_result(
    experiment: Experiment, format_: Format | None, *, as_json: bool, quiet: bool
) -> None:
    from sim.cli.tables import comparison as tables

    if as_json:
        console.print_json(comparison_document(experiment))
    elif format_ is Format.CSV:
        print((experiment.folder / "comparison.csv").read_text(encoding="utf-8"), end="")
    elif format_ is Format.MARKDOWN:
        print(tables.markdown(experiment))
    elif format_ is Format.TABLE or sys.stdout.isatty():
        tables.print_tables(experiment)
        if sys.stdout.isatty():
            from sim.cli.terminal.sketch import sketch_comparison

            print("\n".join(sketch_comparison(experiment.folder)))
        print(experiment.folder)
        console.say(
            "intervals span luck only, not what the assumptions may change; all rows are in "
            f"{experiment.folder / 'comparison.csv'}",
            quiet=quiet,
        )
    else:
        print(experiment.folder)


def comparison_document(experiment: Experiment) -> dict[str, Any]:
    """The document that ``--json`` prints; described in ``docs/reference/cli.md``."""
    from sim.results.folder import title_of

    manifest: dict[str, Any] = experiment.manifest
    return {
        "schema": SCHEMA,
        "folder": str(experiment.folder),
        "result_id": manifest["result_id"],
        "status": manifest["status"],
        "scenario": manifest["scenario"]["name"],
        "title": title_of(manifest["scenario"]),
        "strategies": manifest["strategies"],
        "baseline": manifest["baseline"],
        "root_seed": manifest["root_seed"],
        "n_replicates": manifest["n_replicates"],
        "version": manifest["tool"]["version"],
        "warnings": manifest["warnings"],
        "failures": manifest.get("failures", []),
        "assumptions": manifest["assumptions"],
        "comparison": [asdict(line) for line in experiment.comparison],
        "tradeoff": [asdict(line) for line in experiment.tradeoff],
    }
