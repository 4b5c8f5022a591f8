"""``overblock sweep`` and ``sensitivity``: a scenario at many values of its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, cast

from sim.catalogue.choices import COLLATERAL
from sim.cli import console
from sim.cli.options import (
    METRICS,
    POINT_REPLICATES,
    SCENARIO_OR_RESUME,
    STRATEGIES,
    STRATEGY,
    ExperimentOptions,
    many,
    option,
    takes_shared_options,
)
from sim.cli.tables import number, print_tables, sheet_table
from sim.cli.task import Task, about_study, load_resolved
from sim.errors import UsageError
from sim.report.words.numbers import count
from sim.report.words.tables import Column, Table

if TYPE_CHECKING:
    from sim.experiment.outputs import Study
    from sim.experiment.studies import Sensitivity, Sweep
    from sim.scenario.resolve import Resolved
    from sim.scenario.unknowns import Factor, LeftOut

SWEEP_SCHEMA = "overblock/sweep/1"
SENSITIVITY_SCHEMA = "overblock/sensitivity/1"
FACTORS_SCHEMA = "overblock/factors/1"
N_REPLICATES = 2
MOST_ROWS = 15
NOTE = "left-out.csv has the assumptions that are not varied"


@takes_shared_options
def sweep(
    scenario: str | None = SCENARIO_OR_RESUME,
    over: list[str] = many(
        "--over KEY=V1,V2,…|[log:]LOW..HIGH[:N]",
        "A key of the scenario and the values it takes: a list, or a range with N steps (by "
        "default 5). A column TABLE.COLUMN takes factors on it, or positions from -1 to 1 in its "
        "range ('overblock sensitivity SCENARIO --list').",
    ),
    replicates: int | None = POINT_REPLICATES,
    strategy: list[str] = STRATEGIES,
    metric: list[str] = METRICS,
    *,
    options: ExperimentOptions,
) -> None:
    """Run a scenario at many values of its keys, with the same replicates at each point.

    Names every point at which the scenario is not valid and every run that fails, writes the rest,
    and exits with 3.

    Examples:

      overblock sweep telegram-2018 --over censor.discovery_lag_h=log:2..48:5 -n 10

      overblock sweep my.yaml --over strategy.purity=0.9,0.99 --over fronts.n_fronts=3..30:4
    """
    with console.reports_errors(as_json=options.as_json):
        from sim.experiment.studies import Sweep

        def make(resolved: Resolved, seed: int) -> Sweep:
            if not over:
                raise UsageError("expected --over KEY=…, got none: what is to be varied?")
            return Sweep.of(
                resolved,
                seed,
                replicates or resolved.scenario.n_replicates,
                over=over,
                strategies=strategy,
                metrics=metric,
            )

        changes = (over, replicates, strategy, metric)
        task = Task.begin(options, scenario, "sweep", make, Sweep.of, *changes)
        asked = task.experiment
        n_points, n = len(asked.laid), asked.plan.n_replicates
        n_strategies = max(len(asked.plan.strategies), 1)
        strategies = f" x {n_strategies} strategies" if n_strategies > 1 else ""
        console.say(
            f"{n_points:,} points{strategies} x {count(n, 'replicate')} = "
            f"{n_points * n_strategies * n:,} runs",
            quiet=options.quiet,
        )
        keys = (axis.key for axis in asked.axes)
        names = ("point", "strategy", *keys, "metric", "median", "low", "high")

        def show(study: Study) -> list[Table]:
            title = "Medians over replicates, with 90 %"
            return [sheet_table(study.sheets["sweep.csv"], title, names)]

        task.finish(SWEEP_SCHEMA, about_study, ("sweep", "points"), show)


@takes_shared_options
def sensitivity(
    scenario: str | None = SCENARIO_OR_RESUME,
    metric: list[str] = option(
        "--metric NAME",
        f"The answer; {COLLATERAL} by default. May be repeated.",
        default=[],
    ),
    only: list[str] = many(
        "--only KEY,…", "Assumptions to vary; all that have a range by default."
    ),
    replicates: int | None = POINT_REPLICATES,
    strategy: str | None = option(
        f"--strategy {STRATEGY}",
        "Another strategy than the scenario's own.",
    ),
    list_only: bool = option(
        "--list", "List the assumptions with their ranges and run nothing.", default=False
    ),
    *,
    options: ExperimentOptions,
) -> None:
    """Move each assumption to both ends of its range, and print those that change the answer most.

    Every number without a source has a range. The others stay at their point values, with the same
    replicates at every point. Writes sensitivity.csv.

    Examples:

      overblock sensitivity telegram-2018 --list

      overblock sensitivity telegram-2018 --metric private_loss_usd
    """
    with console.reports_errors(as_json=options.as_json):
        from sim.experiment.studies import Sensitivity, choose_factors

        names = [name.strip() for text in only for name in text.split(",") if name.strip()]
        if list_only and options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            print_factors(*choose_factors(resolved, names), as_json=options.as_json)
            return

        def make(resolved: Resolved, seed: int) -> Sensitivity:
            return Sensitivity.of(
                resolved,
                seed,
                replicates or N_REPLICATES,
                metrics=metric,
                only=names,
                strategies=[strategy] if strategy else [],
            )

        changes = (metric, only, replicates, strategy, list_only or None)
        task = Task.begin(options, scenario, "sensitivity", make, Sensitivity.of, *changes)
        plan = task.experiment.plan
        console.say(
            f"{len(plan.points):,} points x {count(plan.n_replicates, 'replicate')}",
            quiet=options.quiet,
        )
        tables = ("sensitivity", "left-out")
        task.finish(SENSITIVITY_SCHEMA, about_study, tables, sensitivity_tables)


def sensitivity_tables(study: Study) -> list[Table]:
    """Return the assumptions that change each measure most, the strongest first."""
    sheet = study.sheets["sensitivity.csv"]
    names = ("factor", "at_low", "at_high", "range")
    found = []
    for metric in dict.fromkeys(str(one["metric"]) for one in sheet.records()):
        table = sheet_table(sheet, "", names, metric=metric)
        at_point = next(one for one in sheet.records() if one["metric"] == metric)
        value = f"{number(cast('float', at_point['given']))} {at_point['unit']}"
        title = f"{metric.replace('_', ' ')}: {value} at point values"
        found.append(replace(table, title=title, rows=table.rows[:MOST_ROWS], notes=(NOTE,)))
    return found


def print_factors(factors: Sequence[Factor], left_out: Sequence[LeftOut], *, as_json: bool) -> None:
    """Print the assumptions that can be varied, and those that cannot."""
    if as_json:
        document = {
            "schema": FACTORS_SCHEMA,
            "factors": [asdict(factor) for factor in factors],
            "left_out": [asdict(one) for one in left_out],
        }
        console.print_json(document)
        return
    columns = [*(Column(name, name, "text") for name in ("key", "range", "unit"))]
    columns.append(Column("dials", "dials"))
    rows = [(f.key, f.range_text, f.unit, f.n_dials) for f in factors]
    print_tables([Table("factors", f"{len(factors)} assumptions with a range", columns, rows)])
    for one in left_out:
        console.say_out(f"not varied: {one.key}: {one.why}")
