"""``overblock sweep``: a scenario over ranges of its values, with the same luck at each point."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    ClusterOption,
    ForceOption,
    JsonOption,
    MetricsOption,
    OptionalScenarioArgument,
    OutputOption,
    QuietOption,
    ReplicatesOption,
    ResumeOption,
    SeedOption,
    SetOption,
    StrategiesOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    WorkersOption,
)
from sim.cli.task import executor_for, load_resolved
from sim.cli.terminal import console
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.experiment.study import Study

SCHEMA = "overblock/sweep/1"


class Design(StrEnum):
    """How points are chosen."""

    GRID = "grid"
    LHS = "lhs"
    SOBOL = "sobol"


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
    replicates: ReplicatesOption = None,
    strategy: StrategiesOption = [],  # noqa: B006
    metric: MetricsOption = [],  # noqa: B006
    seed: SeedOption = None,
    output: OutputOption = None,
    overrides: SetOption = [],  # noqa: B006
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
    """Run a scenario at many points: other values, the same replicates.

    A point at which the scenario cannot be, or a run that fails, is reported by key; the rest is
    written, and the exit code is 3.

    Examples:

      overblock sweep telegram-2018 --over censor.discovery_lag_h=log:2..48:5 -n 10

      overblock sweep my.yaml --over strategy.purity=0.9,0.99 --over fronts.n_fronts=3..30:4
    """
    with console.reports_errors(as_json=as_json):
        from sim.cli import study as talk
        from sim.uncertainty.sweep import Sweep

        if resume is not None:
            asked = talk.Asked.before(
                resume, "sweep", scenario, over, design, points, replicates, strategy, metric, seed,
                overrides,
            )  # fmt: skip
        else:
            resolved = load_resolved(scenario, overrides)
            if not over:
                raise UsageError("expected --over KEY=…, got none: what is to be varied?")
            options = {
                "over": over,
                "design": design.value if design else None,
                "n_points": points,
                "strategies": strategy,
                "metrics": metric,
            }
            asked = talk.Asked.now(resolved, seed, replicates, options, quiet=quiet)
        found = Sweep.of(asked.resolved, asked.root_seed, asked.n_replicates, **asked.options)
        task = talk.StudyTask.of(asked, found.plan, output, force=force)
        question = found.plan.question
        talk.say_cost(found.plan, len(found.laid), max(len(question.strategies), 1), quiet=quiet)
        study = task.carry_out(
            lambda ask: ask(question),
            found.sheets,
            executor_for(workers, cluster, tls_ca, tls_cert, tls_key),
            quiet=quiet,
        )
        talk.say_what_is_missing(study, quiet=quiet)
        keys = [axis.key for axis in found.axes]
        _print_result(study, keys, found.metrics, as_json=as_json)
        talk.leave_unless_complete(study)


def _print_result(
    study: Study, keys: Sequence[str], metrics: Sequence[str], *, as_json: bool
) -> None:
    from sim.cli.study import interval, number, print_table, study_document

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
        row.append(f"{number(cells['mean'])} {interval(cells['mean_low'], cells['mean_high'])}")
    header = ["point", "strategy", *keys, *(name.replace("_", " ") for name in metrics)]
    print_table(
        "Means over replicates, with their 95 % intervals", header, list(rows.values()), n_text=2
    )
    print(study.folder)


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
