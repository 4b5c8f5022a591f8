"""``overblock sweep`` and ``sensitivity``: a scenario at many values of its inputs."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.catalogue.choices import COLLATERAL
from sim.cli import console
from sim.cli.options import (
    METRICS,
    POINT_REPLICATES,
    SCENARIO_OR_RESUME,
    STRATEGIES,
    STRATEGY,
    ExperimentOptions,
    given,
    many,
    option,
    takes_shared_options,
)
from sim.cli.tables import interval, number, open_console, print_tables, with_interval
from sim.cli.task import Task, leave_unless_complete, load_resolved, study_document
from sim.errors import UsageError
from sim.report.words.numbers import count
from sim.report.words.tables import Column, Table

if TYPE_CHECKING:
    from sim.experiment.outputs import Study
    from sim.scenario.resolve import Resolved
    from sim.scenario.unknowns import Factor, LeftOut
    from sim.uncertainty.sensitivity import Sensitivity
    from sim.uncertainty.sweep import Sweep

SWEEP_SCHEMA = "overblock/sweep/1"
SENSITIVITY_SCHEMA = "overblock/sensitivity/1"
FACTORS_SCHEMA = "overblock/factors/1"
N_REPLICATES = 2
MOST_ROWS = 15


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
        from sim.uncertainty.sweep import Sweep

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
        asked, task = Task.begin(options, scenario, "sweep", make, Sweep.of, *changes)
        n_points, n = len(asked.laid), asked.plan.n_replicates
        n_strategies = max(len(asked.plan.strategies), 1)
        strategies = f" x {n_strategies} strategies" if n_strategies > 1 else ""
        console.say(
            f"{n_points:,} points{strategies} x {count(n, 'replicate')} = "
            f"{n_points * n_strategies * n:,} runs",
            quiet=options.quiet,
        )
        study = task.carry_out(asked, options.executor(), quiet=options.quiet)
        keys = [axis.key for axis in asked.axes]
        print_sweep(study, keys, asked.metrics, as_json=options.as_json)
        leave_unless_complete(study)


def print_sweep(
    study: Study, keys: Sequence[str], metrics: Sequence[str], *, as_json: bool
) -> None:
    """Print the medians at each point; on a pipe the folder alone."""
    if as_json:
        console.print_json(study_document(study, SWEEP_SCHEMA, "sweep", "points"))
        return
    if sys.stdout.isatty():
        rows: dict[tuple[Any, ...], list[str]] = {}
        for record in study.sheets["sweep.csv"].records():
            cells: dict[str, Any] = record
            first = [str(cells["point"]), cells["strategy"], *(_value(cells[key]) for key in keys)]
            row = rows.setdefault((cells["point"], cells["strategy"]), first)
            row.append(with_interval(cells["median"], cells["low"], cells["high"]))
        columns = [
            *(Column(name, name, "text") for name in ("point", "strategy")),
            *(Column(name, name.replace("_", " ")) for name in (*keys, *metrics)),
        ]
        title = "Medians over replicates, with 90 % of them"
        print_tables([Table("sweep", title, columns, list(rows.values()))])
    print(study.folder)


def _value(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


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
    ranges: list[str] = many(
        "--range KEY=LOW..HIGH",
        "Another range for an assumption, or a range for a key that has none.",
    ),
    trajectories: int | None = option(
        "--trajectories",
        "Trajectories through all ranges (Morris); 10 by default, 0 for the ends of each alone.",
        min=0,
        max=10_000,
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
    """Vary the assumptions through their ranges, and print those on which the answer depends.

    Every number without a source has a range. Each goes through its own, with the same replicates
    at every point. Writes sensitivity.csv.

    Examples:

      overblock sensitivity telegram-2018 --list

      overblock sensitivity telegram-2018 --metric private_loss_usd --trajectories 20
    """
    with console.reports_errors(as_json=options.as_json):
        from sim.uncertainty.sensitivity import Sensitivity, choose_factors

        names = [name.strip() for text in only for name in text.split(",") if name.strip()]
        if list_only and options.resume is None:
            resolved = load_resolved(scenario, options.overrides)
            print_factors(*choose_factors(resolved, names, ranges), as_json=options.as_json)
            return

        def make(resolved: Resolved, seed: int) -> Sensitivity:
            return Sensitivity.of(
                resolved,
                seed,
                replicates or N_REPLICATES,
                metrics=metric,
                only=names,
                ranges=ranges,
                strategies=[strategy] if strategy else [],
                **given(trajectories=trajectories),
            )

        changes = (metric, only, ranges, trajectories, replicates, strategy, list_only or None)
        asked, task = Task.begin(options, scenario, "sensitivity", make, Sensitivity.of, *changes)
        n_points, n = len(asked.design.points), asked.plan.n_replicates
        console.say(f"{n_points:,} points x {count(n, 'replicate')}", quiet=options.quiet)
        study = task.carry_out(asked, options.executor(), quiet=options.quiet)
        n_left_out = len(asked.left_out)
        print_sensitivity(study, n_left_out, as_json=options.as_json, quiet=options.quiet)
        leave_unless_complete(study)


def print_sensitivity(study: Study, n_left_out: int, *, as_json: bool, quiet: bool) -> None:
    """Print each measure with the assumptions on which it depends, the strongest first."""
    if as_json:
        parts = ("sensitivity", "left-out")
        console.print_json(study_document(study, SENSITIVITY_SCHEMA, *parts))
        return
    if not sys.stdout.isatty():
        print(study.folder)
        return
    # On a narrow terminal intervals and ranges stay in sensitivity.csv.
    is_wide = open_console().width >= 120
    lines: list[dict[str, Any]] = study.sheets["sensitivity.csv"].records()
    for metric in dict.fromkeys(line["metric"] for line in lines):
        mine = [line for line in lines if line["metric"] == metric]
        cells = [
            {
                "assumption": line["factor"],
                "at low": number(line["at_low"]),
                "at high": number(line["at_high"]),
                "change": number(line["mu_star"]),
                "": _interval(line["mu_star_low"], line["mu_star_high"]),
                "range": line["range"],
            }
            for line in mine[:MOST_ROWS]
        ]
        narrow = ("assumption", "at low", "at high", "change")
        shown = [
            name
            for name in cells[0]
            if (is_wide or name in narrow) and any(row[name] for row in cells)
        ]
        columns = [Column(name, name, "number" if at else "text") for at, name in enumerate(shown)]
        given_value = f"{number(mine[0]['given'])} {mine[0]['unit']}"
        title = f"{metric.replace('_', ' ')}: {given_value} at point values"
        rows = [[row[name] for name in shown] for row in cells]
        print_tables([Table(metric, title, columns, rows)])
    print(study.folder)
    console.say(
        "change: mean size over the whole range, others anywhere in theirs (Morris mu*), with its "
        f"95 % interval. {n_left_out} assumptions are not varied: left-out.csv",
        quiet=quiet,
    )


def _interval(low: float, high: float) -> str:
    """Empty where there is none, or only a point."""
    return "" if math.isnan(low) or low == high else interval(low, high)


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
