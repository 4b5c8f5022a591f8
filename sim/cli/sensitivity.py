"""``overblock sensitivity``: which assumption the answer hangs on."""

from __future__ import annotations

import math
import sys
from dataclasses import asdict
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
    from collections.abc import Sequence

    from sim.measure.executors.task import Executor
    from sim.measure.factors import Factor, LeftOut
    from sim.measure.points import Answers, Question
    from sim.measure.sensitivity import Line, Stage
    from sim.measure.study import Study

SCHEMA = "overblock/sensitivity/1"
FACTORS_SCHEMA = "overblock/factors/1"
MOST_ROWS = 15


class Method(StrEnum):
    """How closely is looked."""

    ENDS = "ends"
    MORRIS = "morris"
    SOBOL = "sobol"
    BOTH = "both"


def sensitivity(
    scenario: ScenarioArgument,
    method: Annotated[
        Method,
        typer.Option(
            "--method",
            help="ends: each assumption at its low and high end; morris: besides, trajectories "
            "through all ranges; sobol: besides the ends, shares of variance of all; both: morris, "
            "then sobol for those that matter most.",
        ),
    ] = Method.BOTH,
    metric: Annotated[
        list[str],
        typer.Option(
            "--metric",
            metavar="NAME",
            help="The answer; business_hours_impaired when left out. May be repeated; the first "
            "one decides what sobol looks at.",
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
        int, typer.Option("--trajectories", min=2, max=10_000, help="Trajectories of morris.")
    ] = 10,
    samples: Annotated[
        int,
        typer.Option(
            "--samples", min=2, max=65_536, help="Base points of sobol; best a power of 2."
        ),
    ] = 64,
    keep: Annotated[
        int, typer.Option("--keep", min=1, help="Assumptions that both hands on to sobol.")
    ] = 5,
    replicates: Annotated[
        int,
        typer.Option("-n", "--replicates", min=1, max=1_000_000, help="Replicates at each point."),
    ] = 2,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            metavar="[LABEL=]ID[:PARAMETER=VALUE,…]",
            help="Another strategy than the scenario's own.",
        ),
    ] = None,
    list_only: Annotated[
        bool,
        typer.Option("--list", help="List the assumptions with their ranges and run nothing."),
    ] = False,
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
    """Vary the assumptions through their ranges, and say on which the answer hangs.

    Every number without a source has a range; here each goes through its own, with the same
    replicates at every point. Writes sensitivity.csv and a tornado figure.

    Examples:

      overblock sensitivity telegram-2018 --list

      overblock sensitivity telegram-2018 --metric private_loss_usd --method morris
    """
    with console.reports_errors(as_json=as_json, on_interrupt=NOTHING_LEFT):
        from sim.cli import study as talk
        from sim.cli.progress import progress
        from sim.measure.factors import choose_factors
        from sim.measure.headlines import COLLATERAL, choose_metrics
        from sim.measure.metrics import metrics_of
        from sim.measure.points import Question
        from sim.measure.sensitivity import judge, sheets_of
        from sim.measure.study import StudyPlan, carry_out

        resolved = load_resolved(scenario, overrides)
        names = [name.strip() for text in only for name in text.split(",") if name.strip()]
        factors, left_out = choose_factors(resolved, names, ranges)
        if list_only:
            _print_factors(factors, left_out, as_json=as_json)
            return
        metrics = choose_metrics(metrics_of(resolved), metric, COLLATERAL)
        root_seed = choose_root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
        strategies = (strategy,) if strategy else ()
        question = Question(resolved, (), strategies, root_seed, replicates)
        plan = StudyPlan(
            "sensitivity",
            question,
            {
                "method": method.value,
                "metrics": metrics,
                "trajectories": trajectories,
                "samples": samples,
                "keep": keep,
                "factors": [{"key": f.key, "low": f.low, "high": f.high} for f in factors],
            },
        )
        folder = talk.choose_folder(plan, output, force=force)
        stages: list[Stage] = []
        lines: list[Line] = []
        executor = executor_for(workers, cluster, tls_ca, tls_cert, tls_key)
        with executor, progress("runs", quiet=quiet) as on_progress:
            asking = _Asking(question, executor, on_progress, factors, metrics, stages)

            def analyse(answers: Answers) -> list[Any]:
                lines.extend(judge(stages, answers, metrics, root_seed))
                return sheets_of(stages, answers, lines, left_out)

            study = carry_out(
                plan,
                lambda: asking.answer(method, trajectories, samples, keep, quiet=quiet),
                analyse,
                folder=folder,
                force=force,
                argv=["overblock", *sys.argv[1:]],
            )
        talk.say_what_is_missing(study, quiet=quiet)
        files = _draw(study, lines, metrics)
        _print_result(study, lines, metrics, len(left_out), as_json=as_json, quiet=quiet)
        pictures = ", ".join(path.name for path in files if path.suffix == ".png")
        if pictures:
            console.say(f"figures: {pictures}", quiet=quiet)
        talk.leave_unless_complete(study)


class _Asking:
    """Asks stage after stage; what is asked next may hang on what was answered."""

    def __init__(
        self,
        question: Question,
        executor: Executor,
        on_progress: Any,
        factors: Sequence[Factor],
        metrics: Sequence[str],
        stages: list[Stage],
    ) -> None:
        self.question = question
        self.executor = executor
        self.on_progress = on_progress
        self.factors = factors
        self.metrics = metrics
        self.stages = stages

    def answer(
        self, method: Method, trajectories: int, samples: int, keep: int, *, quiet: bool
    ) -> Answers:
        """Return answers at the points of all stages; of those begun, after an interrupt."""
        from dataclasses import replace

        from sim.measure.points import INTERRUPTED
        from sim.measure.sensitivity import (
            ends_stage,
            judge,
            morris_stage,
            screened,
            sobol_stage,
        )

        resolved, root_seed = self.question.resolved, self.question.root_seed
        first = [ends_stage(resolved, self.factors)]
        if method in (Method.MORRIS, Method.BOTH):
            first.append(morris_stage(resolved, self.factors, trajectories, root_seed))
        answers = self._ask(first, quiet=quiet)
        if method not in (Method.SOBOL, Method.BOTH) or answers.status == INTERRUPTED:
            return answers
        kept = [factor.key for factor in self.factors]
        if method is Method.BOTH:
            kept = screened(judge(self.stages, answers, self.metrics[:1], root_seed), keep)
        hinges = [factor for factor in self.factors if factor.key in kept]
        second = sobol_stage(resolved, hinges, samples, root_seed)
        try:
            return answers.then(self._ask([second], quiet=quiet))
        except KeyboardInterrupt:
            return replace(answers, status=INTERRUPTED)

    def _ask(self, stages: Sequence[Stage], *, quiet: bool) -> Answers:
        from dataclasses import replace

        from sim.measure.points import ask

        points = tuple(point for stage in stages for point in stage.points)
        n = self.question.n_replicates
        names = " and ".join(stage.part for stage in stages)
        console.say(f"{names}: {len(points):,} points x {n} replicate{'s' * (n > 1)}", quiet=quiet)
        answers = ask(replace(self.question, points=points), self.executor, self.on_progress)
        self.stages.extend(stages)
        return answers


def _draw(study: Study, lines: Sequence[Line], metrics: Sequence[str]) -> list[Any]:
    from sim.report.tornado import draw_sensitivity

    manifest = study.manifest
    n = manifest["n_replicates"]
    note = (
        f"{manifest['scenario']['title']}. Mean over {n} replicate{'s' * (n > 1)} of "
        f"{study.answers.labels[0]}, the same luck at every point; each assumption goes through "
        f"the range declared with it. overblock {manifest['tool']['version']}, root seed "
        f"{manifest['root_seed']}."
    )
    written = []
    for metric in metrics:
        mine = [line for line in lines if line.metric == metric]
        written += draw_sensitivity(
            mine, study.folder / "figures", "What the answer hangs on", note
        )
    return written


def _print_result(
    study: Study,
    lines: Sequence[Line],
    metrics: Sequence[str],
    n_left_out: int,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    from sim.cli.study import interval, number, print_table, study_document, width

    if as_json:
        console.print_json(study_document(study, SCHEMA, "sensitivity", "stages", "left-out"))
        return
    if not sys.stdout.isatty():
        print(study.folder)
        return
    for metric in metrics:
        mine = [line for line in lines if line.metric == metric]
        rows = [
            [
                line.factor,
                number(line.at_low),
                number(line.at_high),
                number(line.mu_star),
                interval(line.mu_star_low, line.mu_star_high),
                "" if math.isnan(line.total) else f"{line.total:.2f}",
                interval(line.total_low, line.total_high),
                line.range,
            ]
            for line in mine[:MOST_ROWS]
        ]
        header = ["assumption", "at low", "at high", "change", "", "total", "", "range"]
        title = f"{metric.replace('_', ' ')}: {number(mine[0].given)} {mine[0].unit} as given"
        # On a narrow terminal intervals and ranges stay in sensitivity.csv.
        shown = list(range(len(header)) if width() >= 120 else (0, 1, 2, 3, 5))
        shown = [at for at in shown if any(row[at] for row in rows)]
        print_table(
            title, [header[at] for at in shown], [[row[at] for at in shown] for row in rows]
        )
    print(study.folder)
    console.say(
        "change: mean size over the whole range, others anywhere in theirs (Morris mu*), with its "
        "95 % interval; total: share of variance in which it has a part (Sobol'). "
        f"{n_left_out} assumptions are not varied: left-out.csv",
        quiet=quiet,
    )


def _print_factors(
    factors: Sequence[Factor], left_out: Sequence[LeftOut], *, as_json: bool
) -> None:
    if as_json:
        document = {
            "schema": FACTORS_SCHEMA,
            "factors": [asdict(factor) for factor in factors],
            "left_out": [asdict(one) for one in left_out],
        }
        console.print_json(document)
        return
    from sim.cli.study import print_table

    rows = [[f.key, f.range_text, f.unit, str(f.n_dials)] for f in factors]
    print_table(
        f"{len(factors)} assumptions with a range", ["key", "range", "unit", "dials"], rows, 3
    )
    for one in left_out:
        print(f"not varied: {one.key}: {one.why}")
