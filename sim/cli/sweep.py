"""``overblock sweep``: a scenario over ranges of its values, with the same luck at each point."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli import console
from sim.cli.options import (
    ClusterOption,
    ForceOption,
    JsonOption,
    OutputOption,
    QuietOption,
    ReplicatesOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    WorkersOption,
)
from sim.cli.task import NOTHING_LEFT, choose_root_seed, executor_for, load_resolved

if TYPE_CHECKING:
    from sim.measure.study import Study

SCHEMA = "overblock/sweep/1"


class Design(StrEnum):
    """How points are chosen."""

    GRID = "grid"
    LHS = "lhs"
    SOBOL = "sobol"


def sweep(
    scenario: ScenarioArgument,
    over: Annotated[
        list[str],
        typer.Option(
            "--over",
            metavar="KEY=V1,V2,…|[log:]LOW..HIGH[:N]",
            help="A key of the scenario and the values it takes: a list, or a range with N steps "
            "(5 when left out). A column TABLE.COLUMN takes factors on it, or positions from -1 "
            "to 1 in its range ('overblock sensitivity SCENARIO --list'). May be repeated.",
        ),
    ],
    design: Annotated[
        Design,
        typer.Option(
            "--design",
            help="All combinations, a Latin hypercube, or a Sobol' sequence; the last two "
            "need --points.",
        ),
    ] = Design.GRID,
    points: Annotated[
        int | None, typer.Option("--points", min=1, help="Number of points, unless a grid.")
    ] = None,
    replicates: ReplicatesOption = None,
    strategy: Annotated[
        list[str],
        typer.Option(
            "--strategy",
            metavar="[LABEL=]ID[:PARAMETER=VALUE,…]",
            help="A strategy to run at each point; the scenario's own when left out. May be "
            "repeated.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    metric: Annotated[
        list[str],
        typer.Option(
            "--metric",
            metavar="NAME",
            help="A metric for sweep.csv and the table; the main ones when left out. May be "
            "repeated. measures.parquet holds all.",
        ),
    ] = [],  # noqa: B006
    seed: SeedOption = None,
    output: OutputOption = None,
    overrides: SetOption = [],  # noqa: B006
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
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
    with console.reports_errors(as_json=as_json, on_interrupt=NOTHING_LEFT):
        from sim.cli import study as talk
        from sim.cli.progress import progress
        from sim.measure.axes import lay_points, parse_axes, points_of
        from sim.measure.headlines import choose_metrics
        from sim.measure.metrics import metrics_of
        from sim.measure.paired import warn_of_few
        from sim.measure.points import Question, ask
        from sim.measure.study import StudyPlan, carry_out
        from sim.measure.sweep import axis_columns, points_sheet, sweep_sheet
        from sim.streams import Stream, Streams

        resolved = load_resolved(scenario, overrides)
        axes = parse_axes(resolved, over)
        metrics = choose_metrics(metrics_of(resolved), metric)
        root_seed = choose_root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
        luck = Streams(root_seed, 0).generator(Stream.DESIGN)
        laid = lay_points(axes, design.value, points, luck)
        keys = [axis.key for axis in axes]
        question = Question(
            resolved,
            points_of(resolved, axes, laid),
            tuple(strategy),
            root_seed,
            replicates or resolved.scenario.n_replicates,
        )
        plan = StudyPlan(
            "sweep",
            question,
            {"over": over, "design": design.value, "n_points": len(laid), "metrics": metrics},
            warn_of_few(question.n_replicates),
        )
        folder = talk.choose_folder(plan, output, force=force)
        talk.say_cost(plan, len(laid), max(len(strategy), 1), quiet=quiet)
        executor = executor_for(workers, cluster, tls_ca, tls_cert, tls_key)
        with executor, progress("runs", quiet=quiet) as on_progress:
            study = carry_out(
                plan,
                lambda: ask(question, executor, on_progress),
                lambda answers: [
                    sweep_sheet(axes, laid, answers, metrics, root_seed),
                    points_sheet(axis_columns(axes), laid, answers),
                ],
                folder=folder,
                force=force,
                argv=["overblock", *sys.argv[1:]],
            )
        talk.say_what_is_missing(study, quiet=quiet)
        _print_result(study, keys, metrics, as_json=as_json)
        talk.leave_unless_complete(study)


def _print_result(study: Study, keys: list[str], metrics: list[str], *, as_json: bool) -> None:
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
