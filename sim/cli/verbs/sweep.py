"""``overblock sweep``: a scenario over ranges of its values, with the same luck at each point."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    ExperimentOptions,
    MetricsOption,
    OptionalScenarioArgument,
    PointReplicatesOption,
    StrategiesOption,
    given,
    takes_shared_options,
)
from sim.cli.tables.results import study_document
from sim.cli.tables.sections import Column, Section, print_tables
from sim.cli.task import Task, choose_root_seed, leave_unless_complete, load_resolved
from sim.cli.terminal import console
from sim.cli.terminal.tables import with_interval
from sim.errors import UsageError
from sim.report.words.numbers import count

if TYPE_CHECKING:
    from sim.experiment.study import Study

SCHEMA = "overblock/sweep/1"


class Design(StrEnum):
    """How points are chosen."""

    GRID = "grid"
    LHS = "lhs"
    SOBOL = "sobol"


@takes_shared_options
def sweep(
    scenario: OptionalScenarioArgument = None,
    over: Annotated[
        list[str],
        typer.Option(
            "--over",
            metavar="KEY=V1,V2,…|[log:]LOW..HIGH[:N]",
            help="A key of the scenario and the values it takes: a list, or a range with N steps "
            "(5 when left out). A column TABLE.COLUMN takes factors on it, or positions from -1 "
            "to 1 in its range ('overblock sensitivity SCENARIO --list'). May be repeated.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    design: Annotated[
        Design | None,
        typer.Option(
            "--design",
            help="All combinations, a Latin hypercube, or a Sobol' sequence; the last two "
            "need --points. grid when left out.",
        ),
    ] = None,
    points: Annotated[
        int | None, typer.Option("--points", min=1, help="Number of points, unless a grid.")
    ] = None,
    replicates: PointReplicatesOption = None,
    strategy: StrategiesOption = [],  # noqa: B006
    metric: MetricsOption = [],  # noqa: B006
    *,
    options: ExperimentOptions,
) -> None:
    """Run a scenario at many values of its keys, with the same replicates at each point.

    A point at which the scenario is not valid, or a run that fails, is named; the rest is written,
    and the exit code is 3.

    Examples:

      overblock sweep telegram-2018 --over censor.discovery_lag_h=log:2..48:5 -n 10

      overblock sweep my.yaml --over strategy.purity=0.9,0.99 --over fronts.n_fronts=3..30:4
    """
    quiet, output, force = options.quiet, options.output, options.force
    with console.reports_errors(as_json=options.as_json):
        from sim.uncertainty.sweep import Sweep

        if options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            if not over:
                raise UsageError("expected --over KEY=…, got none: what is to be varied?")
            asked = Sweep.of(
                resolved,
                choose_root_seed(options.seed, resolved.scenario.root_seed, quiet=quiet),
                replicates or resolved.scenario.n_replicates,
                over=over,
                n_points=points,
                strategies=strategy,
                metrics=metric,
                **given(design=design),
            )
            task = Task.new(asked.plan, output, force=force)
        else:
            changes = (scenario, over, design, points, replicates, strategy, metric)
            asked, task = Task.resumed(options, "sweep", Sweep.of, *changes)
        n_points, n = len(asked.laid), asked.plan.n_replicates
        n_strategies = max(len(asked.plan.strategies), 1)
        strategies = f" x {n_strategies} strategies" if n_strategies > 1 else ""
        console.say(
            f"{n_points:,} points{strategies} x {count(n, 'replicate')} = "
            f"{n_points * n_strategies * n:,} runs",
            quiet=quiet,
        )
        study = task.carry_out(asked, options.executor(), quiet=quiet)
        keys = [axis.key for axis in asked.axes]
        _print_result(study, keys, asked.metrics, as_json=options.as_json)
        leave_unless_complete(study)


def _print_result(
    study: Study, keys: Sequence[str], metrics: Sequence[str], *, as_json: bool
) -> None:
    if as_json:
        console.print_json(study_document(study, SCHEMA, "sweep", "points"))
        return
    if not sys.stdout.isatty():
        print(study.folder)
        return
    rows: dict[tuple[Any, ...], list[str]] = {}
    for record in study.sheets["sweep.csv"].records():
        cells: dict[str, Any] = record
        key = (cells["point"], cells["strategy"])
        row = rows.setdefault(
            key, [str(cells["point"]), cells["strategy"], *(_value(cells[name]) for name in keys)]
        )
        row.append(with_interval(cells["median"], cells["low"], cells["high"]))
    columns = [
        *(Column(name, name, "text") for name in ("point", "strategy")),
        *(Column(name, name.replace("_", " ")) for name in (*keys, *metrics)),
    ]
    title = "Medians over replicates, with 90 % of them"
    print_tables([Section("sweep", title, columns, list(rows.values()))])
    print(study.folder)


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
