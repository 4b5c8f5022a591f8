"""``overblock run``, ``compare`` and ``condition``: ensembles of simulations, and their tables."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sim.catalogue.choices import is_compared
from sim.cli import console
from sim.cli.options import (
    FIXED,
    KEPT,
    SCENARIO_OR_RESUME,
    SIMULATIONS,
    STRATEGY,
    ExperimentOptions,
    Format,
    given,
    many,
    option,
    takes_shared_options,
)
from sim.cli.tables import number, print_tables, with_interval
from sim.cli.task import Task, leave_unless_complete, result_document, unless_from
from sim.report.words.tables import Column, Table

if TYPE_CHECKING:
    from sim.backtest.conditioning import Conditioned
    from sim.experiment.comparison import ComparisonLine
    from sim.experiment.runs import Runs, RunsResult
    from sim.experiment.verdicts import VerdictLine
    from sim.measure.names import NamesLine
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
        runs, task = Task.begin(options, scenario, RUN, make, Runs.again, *asked, strategy=strategy)
        result = task.carry_out(runs, executor, quiet=options.quiet)
        if options.as_json:
            console.print_json(run_summary(result))
        else:
            if sys.stdout.isatty():
                console.print_answer(result.folder)
            print(result.folder)
        leave_unless_complete(result)


def run_summary(result: RunsResult) -> dict[str, Any]:
    """Return the document that ``run --json`` prints."""
    manifest = result.manifest
    return result_document(
        result,
        RUN_SCHEMA,
        {"strategy": manifest["strategy"]},
        warnings=manifest["warnings"],
        assumptions=manifest["assumptions"],
        summary=[asdict(line) for line in result.lines["summary"]],
        money=[asdict(line) for line in result.lines["money"]],
        expected_names=[asdict(line) for line in result.lines["expected_names"]],
    )


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
    format_: Format | None = option(
        "--format", "How to print all rows; the answer and the folder by default."
    ),
    *,
    options: ExperimentOptions,
) -> None:
    """Compare strategies in the same simulations.

    Examples:

      overblock compare telegram-2018 --strategy exact --strategy aggregate:length=24

      overblock compare my.yaml -n 16 --format markdown
    """
    as_json = options.as_json or format_ is Format.JSON
    with console.reports_errors(as_json=as_json):
        executor = options.executor(0 if fixed else simulations)
        from sim.experiment.comparison import choose_metrics
        from sim.experiment.plan import COMPARISON, plan_comparison
        from sim.experiment.runs import Runs

        def make(resolved: Resolved, seed: int) -> Runs:
            plan = plan_comparison(resolved, strategy, baseline, metric, seed, None)
            plan = plan.of_size(simulations, fixed=fixed, source=kept)
            choose_metrics(resolved, plan.metrics)
            return Runs(plan)

        by_hand = unless_from("OVERBLOCK_SIMULATIONS", simulations)
        asked = (strategy, baseline, metric, by_hand, kept, fixed or None)
        runs, task = Task.begin(options, scenario, COMPARISON, make, Runs.again, *asked)
        result = task.carry_out(runs, executor, quiet=options.quiet)
        if as_json:
            console.print_json(comparison_document(result))
        elif format_ is Format.CSV:
            print((result.folder / "comparison.csv").read_text(encoding="utf-8"), end="")
        elif format_ is not None:
            print_tables(comparison_tables(result), format_)
        else:
            if sys.stdout.isatty():
                console.print_answer(result.folder)
            print(result.folder)
        leave_unless_complete(result)


def comparison_document(result: RunsResult) -> dict[str, Any]:
    """Return the document that ``compare --json`` prints."""
    manifest = result.manifest
    return result_document(
        result,
        COMPARISON_SCHEMA,
        {"strategies": manifest["strategies"], "baseline": manifest["baseline"]},
        warnings=manifest["warnings"],
        failures=manifest.get("failures", []),
        assumptions=manifest["assumptions"],
        comparison=[asdict(line) for line in result.lines["comparison"]],
        expected_names=[asdict(line) for line in result.lines["expected_names"]],
        tradeoff=[asdict(line) for line in result.lines["tradeoff"]],
        verdicts=[asdict(line) for line in result.lines["verdicts"]],
    )


def comparison_tables(result: RunsResult) -> list[Table]:
    """Return verdicts, the metrics that were asked for or the main ones, and expected names."""
    lines, asked = result.lines["comparison"], result.manifest["metrics"]
    metrics = dict.fromkeys(line.metric for line in lines)
    return [
        *([_verdicts(verdicts)] if (verdicts := result.lines["verdicts"]) else []),
        *(
            _metric([line for line in lines if line.metric == metric])
            for metric in metrics
            if asked or is_compared(metric)
        ),
        _names(result.lines["expected_names"]),
    ]


def _names(lines: Sequence[NamesLine]) -> Table:
    """Names expected behind all addresses that each strategy ever listed."""
    return Table(
        "expected_names",
        "Names expected behind all addresses ever listed",
        [
            Column("strategy", "strategy", "text"),
            Column("n_listed", "addresses"),
            Column("n_known", "of known use"),
            Column("state", "names are", "text"),
            Column("hit", "names"),
            Column("hit_low", "90 % from"),
            Column("hit_high", "to"),
            Column("active", "not parked"),
        ],
        [
            (line.strategy, line.n_listed, line.n_known, line.state, *_rounded(line))
            for line in lines
            if not line.provider
        ],
        (
            "from how providers use addresses, rounded to two figures; parked names count; the "
            "modelled businesses are a sample, so none among them does not mean none here",
        ),
    )


def _rounded(line: NamesLine) -> list[float | None]:
    from sim.names.listed import LOWER_BOUND, rounded_names

    is_bound = line.state == LOWER_BOUND
    hit, active = (rounded_names(one, is_bound=is_bound) for one in (line.hit, line.active))
    ends = (rounded_names(one) for one in (line.hit_low, line.hit_high))
    return [None if math.isnan(one) else one for one in (hit, *ends, active)]


def _verdicts(lines: Sequence[VerdictLine]) -> Table:
    columns = [
        Column("strategy", "strategy", "text"),
        Column("other", "compared with", "text"),
        Column("metric", "measure", "text"),
        Column("n_less", "less"),
        Column("n_equal", "equal"),
        Column("n_more", "more"),
        Column("n_not_known", "not known"),
        Column("verdict", "verdict", "text"),
    ]
    table = Table.of_records("verdicts", "Do all simulations agree?", columns, lines)
    rows = [
        (*row[:-1], f"{row[-1]}; depends most on {line.depends_on_1}") if line.depends_on_1 else row
        for row, line in zip(table.rows, lines, strict=True)
    ]
    note = (
        f"of {lines[0].n_simulations} simulations; at least "
        f"{min(line.n_needed for line in lines)} that agree certify each of these verdicts, "
        "more where it is not known in some"
    )
    return Table(table.key, table.title, columns, rows, (note,))


def _metric(lines: Sequence[ComparisonLine]) -> Table:
    first = lines[0]
    unit = "" if first.metric.endswith(first.unit.lower()) else f", {first.unit}"
    of = "" if math.isnan(first.denominator) else f", out of {number(first.denominator)}"
    median, difference = (
        f"median [{first.level:.0%}]",
        f"minus {first.baseline} [{first.level:.0%}]",
    )
    return Table(
        first.metric,
        f"{first.metric.replace('_', ' ')}{unit}{of}",
        [
            Column("strategy", "strategy", "text"),
            Column(median, median),
            Column(difference, difference),
        ],
        [
            (
                line.strategy,
                with_interval(line.median, line.low, line.high),
                ""
                if line.strategy == line.baseline
                else with_interval(line.difference, line.difference_low, line.difference_high),
            )
            for line in lines
        ],
        ("a difference is the median of the differences of single simulations",),
    )


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
        asked, task = Task.begin(options, scenario, "condition", make, again, keep, most)
        made = task.carry_out(asked, options.executor(), quiet=options.quiet)
        print_conditioned(made, as_json=options.as_json)
        leave_unless_complete(made)


def print_conditioned(made: Conditioned, *, as_json: bool) -> None:
    """Print how many draws agree, and with which evidence; on a pipe the folder alone."""
    found = made.manifest["conditioned"]
    records: dict[str, list[dict[str, Any]]] = {
        name: made.sheets[f"{name}.csv"].records() for name in ("evidence", "inputs", "rests_on")
    }
    if as_json:
        document = result_document(
            made,
            CONDITIONED_SCHEMA,
            found,
            design=made.manifest["design"],
            warnings=made.manifest["warnings"],
            **records,
        )
        console.print_json(document)
        return
    low, high = found["acceptance_95"]
    title = (
        f"{found['n_agreeing']} of {found['n_draws']} draws agree with all evidence: "
        f"{found['acceptance']:.1%} [{low:.1%}, {high:.1%}]; {found['n_kept']} are kept"
    )
    if sys.stdout.isatty():
        columns = [
            Column("evidence", "evidence", "text"),
            Column("n_met", "agree with it"),
            Column("n_read", "of"),
            Column("n_all", "with all others"),
            Column("n_others", "of"),
        ]
        rows = [[one[column.key] for column in columns] for one in records["evidence"]]
        answers = [
            Column("measure", "measure", "text"),
            Column("without", "without", "text"),
            Column("n", "draws"),
            Column("median", "median [5 %, 95 %]"),
        ]
        rests_on = [
            [one["measure"], one["without"], one["n"], _median(one)] for one in records["rests_on"]
        ]
        print_tables(
            [
                Table("evidence", title, columns, rows),
                Table("rests_on", "What the answer rests on", answers, rests_on),
            ]
        )
    else:
        console.say(title)
    print(made.folder)


def _median(record: dict[str, Any]) -> str:
    middle, low, high = (
        number(math.nan if record[name] is None else record[name])
        for name in ("median", "low", "high")
    )
    return f"{middle} [{low}, {high}]"
