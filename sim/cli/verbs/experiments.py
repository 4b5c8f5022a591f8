"""``overblock run``, ``compare`` and ``condition``: ensembles of simulations, and their tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sim.cli import console
from sim.cli.options import (
    FIXED,
    KEPT,
    SCENARIO_OR_RESUME,
    SIMULATIONS,
    STRATEGY,
    ExperimentOptions,
    given,
    many,
    option,
    takes_shared_options,
)
from sim.cli.tables import sheet_table
from sim.cli.task import Task, unless_from

if TYPE_CHECKING:
    from sim.experiment.outputs import Study
    from sim.experiment.runs import Runs
    from sim.report.words.tables import Table
    from sim.scenario.resolve import Resolved

RUN_SCHEMA = "overblock/run-summary/2"
COMPARISON_SCHEMA = "overblock/comparison/2"
CONDITIONED_SCHEMA = "overblock/conditioned/1"


@takes_shared_options
def run(
    scenario: str | None = SCENARIO_OR_RESUME,
    simulations: int | None = SIMULATIONS,
    kept: str | None = KEPT,
    fixed: bool = FIXED,
    strategy: str | None = option(
        "--strategy ID|FILE.py:CLASS",
        "Another strategy than the scenario's; FILE.py:CLASS is one of your own, whose file then "
        "runs. --set PARAMETER=VALUE sets its parameters.",
    ),
    pairs: bool = option(
        "--pairs",
        "Simulate each draw of the uncertain inputs twice, each time with its own chance: "
        "summary.csv then has the share of the spread that is chance.",
        default=False,
    ),
    *,
    options: ExperimentOptions,
) -> None:
    """Simulate a scenario and write a run folder.

    Prints the answer on a terminal, and the folder's path when piped.

    Examples:

      overblock run telegram-2018-replay

      overblock run my.yaml -n 16 -o out --set population.n_businesses=600 --json

      overblock run my.yaml --strategy my_rule.py:Crowded --set k=3
    """
    with console.reports_errors(as_json=options.as_json):
        executor = options.executor(0 if fixed else simulations)
        from sim.experiment.plan import RUN, Plan
        from sim.experiment.runs import Runs

        def make(resolved: Resolved, seed: int) -> Runs:
            plan = Plan.of_run(resolved, seed, resolved.scenario.n_replicates)
            return Runs(plan.of_size(simulations, fixed=fixed, source=kept, pairs=pairs))

        by_hand = unless_from("OVERBLOCK_SIMULATIONS", simulations)
        asked = (by_hand, kept, fixed or None, pairs or None)
        task = Task.begin(options, scenario, RUN, make, Runs.again, *asked, strategy=strategy)
        tables = ("summary", "money", "expected_names")
        task.finish(RUN_SCHEMA, _about_run, tables, executor=executor)


def _about_run(manifest: Mapping[str, Any]) -> dict[str, object]:
    from sim.results.folder import assumptions_of

    return {"strategy": manifest["strategy"], "assumptions": assumptions_of(manifest)}


@takes_shared_options
def compare(
    scenario: str | None = SCENARIO_OR_RESUME,
    strategy: list[str] = option(
        f"--strategy {STRATEGY}",
        "A strategy to compare; the id of the scenario's own stands for that one with its "
        "parameters. May be repeated.",
        default=[],
    ),
    baseline: str | None = option(
        "--baseline LABEL",
        "Strategy that differences are taken to; added if it is not compared. By default 'none'.",
    ),
    metric: list[str] = many(
        "--metric NAME",
        "A metric to compare; all by default.",
    ),
    simulations: int | None = SIMULATIONS,
    kept: str | None = KEPT,
    fixed: bool = FIXED,
    *,
    options: ExperimentOptions,
) -> None:
    """Compare strategies in the same simulations.

    Examples:

      overblock compare telegram-2018 --strategy exact --strategy aggregate:length=24

      overblock compare my.yaml -n 16 -o cmp
    """
    with console.reports_errors(as_json=options.as_json):
        executor = options.executor(0 if fixed else simulations)
        from sim.experiment.plan import COMPARISON, plan_comparison
        from sim.experiment.runs import Runs

        def make(resolved: Resolved, seed: int) -> Runs:
            plan = plan_comparison(resolved, strategy, baseline, metric, seed)
            return Runs(plan.of_size(simulations, fixed=fixed, source=kept))

        by_hand = unless_from("OVERBLOCK_SIMULATIONS", simulations)
        asked = (strategy, baseline, metric, by_hand, kept, fixed or None)
        task = Task.begin(options, scenario, COMPARISON, make, Runs.again, *asked)
        tables = ("comparison", "expected_names", "tradeoff", "verdicts")
        task.finish(COMPARISON_SCHEMA, _about_comparison, tables, executor=executor)


def _about_comparison(manifest: Mapping[str, Any]) -> dict[str, object]:
    from sim.results.folder import assumptions_of

    return {
        "strategies": manifest["strategies"],
        "baseline": manifest["baseline"],
        "assumptions": assumptions_of(manifest),
        "failures": manifest.get("failures", []),
    }


@takes_shared_options
def condition(
    scenario: str | None = SCENARIO_OR_RESUME,
    keep: int | None = option("--keep", "Simulations to keep; 300 by default.", min=1),
    most: int | None = option(
        "--most", "Most draws that are run for them; 20,000 by default.", min=1
    ),
    *,
    options: ExperimentOptions,
) -> None:
    """Keep the simulations of a scenario that agree with its evidence.

    Draws all uncertain inputs, runs each draw until the early evidence has been read, and those
    that agree to the end. Writes kept.csv, which run and compare take by --kept, and the effect of
    each piece of evidence on the answer. Nothing is written back to the scenario.

    Examples:

      overblock condition telegram-2018 -o kept

      overblock condition my.yaml --keep 100 --most 5000

      overblock condition --resume kept
    """
    with console.reports_errors(as_json=options.as_json):
        from sim.backtest.conditioning import Conditioning

        def make(resolved: Resolved, seed: int) -> Conditioning:
            return Conditioning.of(resolved, seed, **given(n_keep=keep, n_most=most))

        again = Conditioning.again
        task = Task.begin(options, scenario, "condition", make, again, keep, most)
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
