"""``overblock sensitivity``: which assumptions the answer depends on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from sim.catalogue.choices import COLLATERAL
from sim.cli.completion import complete_strategy
from sim.cli.options import (
    STRATEGY_FORM,
    ExperimentOptions,
    OptionalScenarioArgument,
    PointReplicatesOption,
    given,
    metric_option,
    takes_shared_options,
)
from sim.cli.task import Task, choose_root_seed, leave_unless_complete, load_resolved
from sim.cli.terminal import console
from sim.report.words.numbers import count

if TYPE_CHECKING:
    from sim.uncertainty.designs import Stage

N_REPLICATES = 2


class Method(StrEnum):
    """Which designs are run."""

    ENDS = "ends"
    MORRIS = "morris"
    SOBOL = "sobol"
    BOTH = "both"


@takes_shared_options
def sensitivity(
    scenario: OptionalScenarioArgument = None,
    method: Annotated[
        Method | None,
        typer.Option(
            "--method",
            help="ends: each assumption at its low and high end; morris: besides, trajectories "
            "through all ranges; sobol: besides the ends, shares of variance of all; both: morris, "
            "then sobol for those that matter most. both when left out.",
        ),
    ] = None,
    metric: Annotated[
        list[str],
        metric_option(
            "--metric",
            f"The answer; {COLLATERAL} when left out. May be repeated; the first one decides what "
            "sobol looks at.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    only: Annotated[
        list[str],
        typer.Option(
            "--only",
            metavar="KEY,…",
            help="Assumptions to vary; all that have a range when left out. May be repeated.",
        ),
    ] = [],  # noqa: B006
    ranges: Annotated[
        list[str],
        typer.Option(
            "--range",
            metavar="KEY=LOW..HIGH",
            help="Another range for an assumption, or a range for a key that has none. May be "
            "repeated.",
        ),
    ] = [],  # noqa: B006
    trajectories: Annotated[
        int | None,
        typer.Option(
            "--trajectories",
            min=2,
            max=10_000,
            help="Trajectories of morris; 10 when left out.",
        ),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(
            "--samples",
            min=2,
            max=65_536,
            help="Base points of sobol, best a power of 2; 64 when left out.",
        ),
    ] = None,
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep",
            min=1,
            help="How many assumptions morris hands on to sobol in both; 5 when left out.",
        ),
    ] = None,
    replicates: PointReplicatesOption = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            metavar=STRATEGY_FORM,
            autocompletion=complete_strategy,
            help="Another strategy than the scenario's own.",
        ),
    ] = None,
    list_only: Annotated[
        bool,
        typer.Option("--list", help="List the assumptions with their ranges and run nothing."),
    ] = False,
    *,
    options: ExperimentOptions,
) -> None:
    """Vary the assumptions through their ranges, and say which ones the answer depends on.

    Every number without a source has a range; here each goes through its own, with the same
    replicates at every point. Writes sensitivity.csv.

    Examples:

      overblock sensitivity telegram-2018 --list

      overblock sensitivity telegram-2018 --metric private_loss_usd --method morris
    """
    quiet, as_json, output, force = options.quiet, options.as_json, options.output, options.force
    with console.reports_errors(as_json=as_json):
        from sim.cli.tables import sensitivity as tables
        from sim.uncertainty.chosen_factors import choose_factors
        from sim.uncertainty.sensitivity import Sensitivity

        def say_cost(stages: Sequence[Stage], n: int) -> None:
            n_points = sum(len(stage.points) for stage in stages)
            parts = " and ".join(stage.part for stage in stages)
            text = f"{parts}: {n_points:,} points x {count(n, 'replicate')}"
            console.say(text, quiet=quiet)

        make = partial(Sensitivity.of, on_stages=say_cost)
        if options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            names = [name.strip() for text in only for name in text.split(",") if name.strip()]
            if list_only:
                tables.print_factors(*choose_factors(resolved, names, ranges), as_json=as_json)
                return
            asked = make(
                resolved,
                choose_root_seed(options.seed, resolved.scenario.root_seed, quiet=quiet),
                replicates or N_REPLICATES,
                metrics=metric,
                only=names,
                ranges=ranges,
                strategies=[strategy] if strategy else [],
                **given(method=method, trajectories=trajectories, samples=samples, keep=keep),
            )
            task = Task.new(asked.plan, output, force=force)
        else:
            changes = (
                scenario, method, metric, only, ranges, trajectories, samples, keep,
                replicates, strategy, list_only or None,
            )  # fmt: skip
            asked, task = Task.resumed(options, "sensitivity", make, *changes)
        study = task.carry_out(asked, options.executor(), quiet=quiet)
        n_left_out = len(asked.left_out)
        tables.print_result(study, n_left_out, as_json=as_json, quiet=quiet)
        leave_unless_complete(study)
