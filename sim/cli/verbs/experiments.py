"""Verbs that simulate: ``run``, ``compare``, ``condition``, and studies and scores of many runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sim.catalogue.choices import COLLATERAL
from sim.cli import console
from sim.cli import options as cli
from sim.cli.console import number, print_tables, sheet_table
from sim.cli.task import Task, about_study, load_resolved, plan_again, unless_from
from sim.errors import UsageError
from sim.report.words.numbers import count
from sim.report.words.tables import Column, Table

if TYPE_CHECKING:
    from sim.experiment.outputs import Study
    from sim.experiment.runs import Runs
    from sim.experiment.studies import Sensitivity, Sweep
    from sim.scenario.resolve import Resolved
    from sim.scenario.unknowns import Factor, LeftOut

RUN_SCHEMA = "overblock/run-summary/2"
COMPARISON_SCHEMA = "overblock/comparison/2"
CONDITIONED_SCHEMA = "overblock/conditioned/1"


def run(
    scenario: str | None = cli.SCENARIO_OR_RESUME,
    simulations: int | None = cli.SIMULATIONS,
    kept: str | None = cli.KEPT,
    fixed: bool = cli.FIXED,
    strategy: str | None = cli.STRATEGY_OF_ONE,
    sites: Path | None = cli.SITES,
    record: Path | None = cli.RECORD,
    pairs: bool = cli.option(
        "--pairs",
        "Simulate each draw of the uncertain inputs twice, with different random numbers: "
        "summary.csv then has the share of the spread that is chance.",
        default=False,
    ),
    *,
    options: cli.ExperimentOptions,
) -> None:
    """Simulate a scenario and write a run folder.

    Prints the folder's path, and on a terminal the answer.

    Examples:

      overblock run telegram-2018-replay

      overblock run my.yaml -n 16 -o out --set population.n_businesses=600 --json

      overblock run my.yaml --strategy my_rule.py:Crowded --set k=3

      overblock run spain-record --sites my-sites.csv
    """
    executor = options.executor(0 if fixed else simulations)
    from sim.experiment.plan import RUN, Plan
    from sim.experiment.runs import Runs

    def make(resolved: Resolved, seed: int) -> Runs:
        given = (*asked, strategy, sites, record)
        has_kept = kept is not None or fixed
        if (again := plan_again(scenario, RUN, options, *given, has_kept=has_kept)) is not None:
            return Runs(again)
        plan = Plan.of_run(resolved, seed, resolved.scenario.n_replicates)
        return Runs(plan.of_size(simulations, fixed=fixed, source=kept, pairs=pairs))

    by_hand = unless_from("OVERBLOCK_SIMULATIONS", simulations)
    asked = (by_hand, kept, fixed or None, pairs or None)
    task = Task.begin(
        options, scenario, RUN, make, Runs.again, *asked, strategy=strategy, sites=sites,
        record=record,
    )  # fmt: skip
    tables = ("summary", "money", "expected_names")
    task.finish(RUN_SCHEMA, _about("strategy", "assumptions"), tables, executor=executor)


def _about(*names: str) -> Callable[[Mapping[str, Any]], dict[str, object]]:
    """What a document takes from a manifest, and the assumptions among its sources."""
    from sim.results.folder import assumptions_of

    return lambda manifest: {
        name: assumptions_of(manifest) if name == "assumptions" else manifest.get(name, [])
        for name in names
    }


def compare(
    scenario: str | None = cli.SCENARIO_OR_RESUME,
    strategy: list[str] = cli.option(
        f"--strategy {cli.STRATEGY}",
        "A strategy to compare; the id of the scenario's own strategy means that one with its "
        "parameters, orders:FILE a list in the scenario's folder. May be repeated.",
        default=[],
    ),
    baseline: str | None = cli.option(
        "--baseline LABEL",
        "Strategy that the others are compared with; 'none' by default. Added where not named.",
    ),
    metric: list[str] = cli.many("--metric NAME", "A metric to compare; all by default."),
    move: list[str] = cli.option(
        "--move FILE",
        "Compare your sites as they are with your sites at other addresses: a CSV file with "
        "columns site and address. A site without an address there is drawn. May be repeated.",
        default=[],
    ),
    without_provider: list[str] = cli.option(
        "--without-provider NAME",
        "The same with your sites that are at a provider drawn among the others. May be repeated.",
        default=[],
    ),
    sites: Path | None = cli.SITES,
    record: Path | None = cli.RECORD,
    simulations: int | None = cli.SIMULATIONS,
    kept: str | None = cli.KEPT,
    fixed: bool = cli.FIXED,
    *,
    options: cli.ExperimentOptions,
) -> None:
    """Compare strategies, or other addresses of your sites.

    Simulation k has the same inputs and random numbers under all of them.

    Examples:

      overblock compare telegram-2018 --strategy exact --strategy aggregate:length=24

      overblock compare my.yaml --move moved.csv --without-provider Cloudflare -o cmp

      overblock compare spain-record --sites my-sites.csv --move moved.csv
    """
    executor = options.executor(0 if fixed else simulations)
    from sim.experiment.plan import COMPARISON, plan_comparison
    from sim.experiment.runs import Runs

    def make(resolved: Resolved, seed: int) -> Runs:
        given, has_kept = (*asked, sites, record), kept is not None or fixed
        again = plan_again(scenario, COMPARISON, options, *given, has_kept=has_kept)
        if again is not None:
            return Runs(again)
        what_if = {"moves": move, "without": without_provider}
        plan = plan_comparison(resolved, strategy, baseline, metric, seed, **what_if)
        return Runs(plan.of_size(simulations, fixed=fixed, source=kept))

    by_hand = unless_from("OVERBLOCK_SIMULATIONS", simulations)
    asked = (strategy, baseline, metric, move, without_provider, by_hand, kept, fixed or None)
    task = Task.begin(
        options, scenario, COMPARISON, make, Runs.again, *asked, sites=sites, record=record
    )
    tables = ("comparison", "expected_names", "tradeoff", "verdicts", "site_differences")
    about = _about("strategies", "baseline", "assumptions", "failures")
    task.finish(COMPARISON_SCHEMA, about, tables, executor=executor)


def condition(
    scenario: str | None = cli.SCENARIO_OR_RESUME,
    keep: int | None = cli.option("--keep", "Simulations to keep; 300 by default.", min=1),
    most: int | None = cli.option(
        "--most", "Most draws to run for them; 20,000 by default.", min=1
    ),
    *,
    options: cli.ExperimentOptions,
) -> None:
    """Keep the simulations that agree with the evidence.

    Draws all uncertain inputs, runs each draw up to the early evidence, and those that agree to the
    end. Writes kept.csv, which run and compare take by --kept, and the effect of each piece of
    evidence on the answer. Does not change the scenario.

    Examples:

      overblock condition telegram-2018 -o kept

      overblock condition my.yaml --keep 100 --most 5000

      overblock condition --resume kept
    """
    from sim.backtest.conditioning import Conditioning

    def make(resolved: Resolved, seed: int) -> Conditioning:
        return Conditioning.of(resolved, seed, **cli.given(n_keep=keep, n_most=most))

    task = Task.begin(options, scenario, "condition", make, Conditioning.again, keep, most)
    task.finish(
        CONDITIONED_SCHEMA,
        lambda manifest: {**manifest["conditioned"], "design": manifest["design"]},
        ("evidence", "inputs", "rests_on"),
        conditioned_tables,
    )


def conditioned_tables(made: Study) -> list[Table]:
    """Return how many draws agree, and with which evidence, and what the answer rests on."""
    found = made.manifest["conditioned"]
    low, high = found["acceptance_95"]
    title = (
        f"{found['n_agreeing']} of {found['n_draws']} draws agree with all evidence: "
        f"{found['acceptance']:.1%} [{low:.1%}, {high:.1%}]; {found['n_kept']} are kept"
    )
    agree = ("evidence", "n_met", "n_read", "n_all", "n_others")
    rests_on = ("measure", "without", "n", "median", "low", "high")
    return [
        sheet_table(made.sheets["evidence.csv"], title, agree),
        sheet_table(made.sheets["rests_on.csv"], "What the answer rests on", rests_on),
    ]


SWEEP_SCHEMA = "overblock/sweep/1"
SENSITIVITY_SCHEMA = "overblock/sensitivity/1"
FACTORS_SCHEMA = "overblock/factors/1"
N_REPLICATES = 2
MOST_ROWS = 15
NOTE = "left-out.csv has the assumptions that are not varied"


def sweep(
    scenario: str | None = cli.SCENARIO_OR_RESUME,
    over: list[str] = cli.many(
        "--over KEY=V1,V2,…|[log:]LOW..HIGH[:N]",
        "A key of the scenario and the values it takes: a list, or a range with N steps (by "
        "default 5). A column TABLE.COLUMN takes factors on it, or positions from -1 to 1 in its "
        "range ('overblock sensitivity SCENARIO --list').",
    ),
    replicates: int | None = cli.POINT_REPLICATES,
    strategy: str | None = cli.STRATEGY_OF_ONE,
    metric: list[str] = cli.METRICS,
    *,
    options: cli.ExperimentOptions,
) -> None:
    """Run a scenario at many values of its keys.

    Every point has the same random numbers. Names every point at which the scenario is not valid
    and every run that fails, writes the rest, and exits with 3.

    Examples:

      overblock sweep telegram-2018 --over censor.discovery_lag_h=log:2..48:5 -n 10

      overblock sweep my.yaml --over strategy.purity=0.9,0.99 --over fronts.n_fronts=3..30:4
    """
    from sim.experiment.studies import Sweep

    def make(resolved: Resolved, seed: int) -> Sweep:
        if not over:
            raise UsageError("expected --over KEY=…, got none: what is to be varied?")
        return Sweep.of(
            resolved, seed, replicates or resolved.scenario.n_replicates, over=over, metrics=metric
        )

    changes = (over, replicates, metric)
    task = Task.begin(options, scenario, "sweep", make, Sweep.of, *changes, strategy=strategy)
    asked = task.experiment
    n_points, n = len(asked.laid), asked.plan.n_replicates
    console.say(
        f"{n_points:,} points x {count(n, 'replicate')} = {n_points * n:,} runs",
        quiet=options.quiet,
    )
    names = ("point", *asked.axes, "metric", "median", "low", "high")

    def show(study: Study) -> list[Table]:
        title = "Medians over replicates, with 90 %"
        return [sheet_table(study.sheets["sweep.csv"], title, names)]

    task.finish(SWEEP_SCHEMA, about_study, ("sweep", "points"), show)


def sensitivity(
    scenario: str | None = cli.SCENARIO_OR_RESUME,
    metric: list[str] = cli.option(
        "--metric NAME", f"The answer; {COLLATERAL} by default. May be repeated.", default=[]
    ),
    only: list[str] = cli.many(
        "--only KEY,…", "Assumptions to vary; all that have a range by default."
    ),
    replicates: int | None = cli.POINT_REPLICATES,
    strategy: str | None = cli.STRATEGY_OF_ONE,
    list_only: bool = cli.option(
        "--list", "List the assumptions with their ranges and run nothing.", default=False
    ),
    *,
    options: cli.ExperimentOptions,
) -> None:
    """Move each assumption to both ends of its range.

    Moves one at a time: the others stay at their point values, with the same random numbers. Prints
    those that change the answer most, and writes sensitivity.csv.

    Examples:

      overblock sensitivity telegram-2018 --list

      overblock sensitivity telegram-2018 --metric private_loss_usd
    """
    from sim.experiment.studies import Sensitivity, choose_factors

    names = [name.strip() for text in only for name in text.split(",") if name.strip()]
    if list_only and options.resume is None:
        resolved = load_resolved(scenario, options.overrides, strategy)
        print_factors(*choose_factors(resolved, names), as_json=options.as_json)
        return

    def make(resolved: Resolved, seed: int) -> Sensitivity:
        return Sensitivity.of(
            resolved, seed, replicates or N_REPLICATES, metrics=metric, only=names
        )

    changes = (metric, only, replicates, list_only or None)
    task = Task.begin(
        options, scenario, "sensitivity", make, Sensitivity.of, *changes, strategy=strategy
    )
    plan = task.experiment.plan
    console.say(
        f"{len(plan.points):,} points x {count(plan.n_replicates, 'replicate')}",
        quiet=options.quiet,
    )
    task.finish(SENSITIVITY_SCHEMA, about_study, ("sensitivity", "left-out"), sensitivity_tables)


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
    columns.append(Column("inputs", "inputs"))
    rows = [(f.key, f.range_text, f.unit, f.n_dials) for f in factors]
    print_tables([Table("factors", f"{len(factors)} assumptions with a range", columns, rows)])
    for one in left_out:
        console.say_out(f"not varied: {one.key}: {one.why}")
