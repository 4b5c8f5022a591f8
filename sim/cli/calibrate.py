"""``overblock calibrate``: which values of some assumptions agree with published figures."""

from __future__ import annotations

import sys
from dataclasses import replace
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
    from sim.measure.study import Study

SCHEMA = "overblock/calibration/1"


def calibrate(
    scenario: ScenarioArgument,
    fit: Annotated[
        list[str],
        typer.Option(
            "--fit",
            metavar="KEY[=LOW..HIGH]",
            help="An assumption to be fitted, and the range to search; its own range when left "
            "out. May be repeated.",
        ),
    ],
    target: Annotated[
        list[str],
        typer.Option(
            "--target",
            metavar="METRIC[@TIME]=VALUE±TOLERANCE[%]",
            help="What the mean over replicates must meet; VALUE is a number or TABLE:ROW of a "
            "seed table; +- stands for ±. May be repeated.",
        ),
    ],
    trials: Annotated[
        int, typer.Option("--trials", min=1, max=100_000, help="How many settings are tried.")
    ] = 64,
    replicates: Annotated[
        int,
        typer.Option("-n", "--replicates", min=1, max=1_000_000, help="Replicates of each trial."),
    ] = 4,
    seed: SeedOption = None,
    output: OutputOption = None,
    overrides: SetOption = [],  # noqa: B006 - typer reads it, nobody writes it
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    tls_ca: TlsCaOption = None,
    tls_cert: TlsCertOption = None,
    tls_key: TlsKeyOption = None,
    force: ForceOption = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find the settings of some assumptions that agree with published figures.

    The answer is the set of all trials within the tolerances, as a range for each assumption, and
    says when there is none. Nothing is written back to the scenario.

    Examples:

      overblock calibrate telegram-2018 --fit censor.discovery_lag_h
      --target "addresses_listed_peak=article-figures:blacklisted_addresses±10%"

      overblock calibrate my.yaml --fit fronts.n_fronts=3..30 --target
      "addresses_listed@2018-04-18T12:00+03:00=16300000±500000" --trials 200
    """
    with console.reports_errors(as_json=as_json, on_interrupt=NOTHING_LEFT):
        from sim.cli import study as talk
        from sim.cli.progress import progress
        from sim.errors import all_or_problems
        from sim.measure.calibration import judge_fits, search, sheets_of
        from sim.measure.factors import fitted_factors
        from sim.measure.goals import parse_goals
        from sim.measure.metrics import metrics_of
        from sim.measure.points import Answers, Point, Question, ask
        from sim.measure.study import StudyPlan, carry_out

        resolved = load_resolved(scenario, overrides)
        factors, goals = all_or_problems(
            lambda: fitted_factors(resolved, fit),
            lambda: parse_goals(resolved, target, metrics_of(resolved)),
        )
        root_seed = choose_root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
        readings = tuple(goal.reading for goal in goals if goal.reading is not None)
        question = Question(resolved, (), (), root_seed, replicates, readings)
        design = {
            "fit": [{"key": f.key, "low": f.low, "high": f.high} for f in factors],
            "targets": target,
            "n_trials": trials,
        }
        plan = StudyPlan("calibration", question, design)
        folder = talk.choose_folder(plan, output, force=force)
        console.say(
            f"{trials:,} trials x {replicates:,} replicates = {trials * replicates:,} runs",
            quiet=quiet,
        )
        found: list[Any] = []
        executor = executor_for(workers, cluster, tls_ca, tls_cert, tls_key)
        with executor, progress("runs", quiet=quiet) as on_progress:

            def try_at(points: tuple[Point, ...]) -> Answers:
                before = len(found) * replicates
                found.extend(points)
                total = trials * replicates
                return ask(
                    replace(question, points=points),
                    executor,
                    lambda n_done, n_all: on_progress(before + n_done, total),
                )

            tried: list[Any] = []

            def answer() -> Answers:
                tried.append(search(resolved, factors, goals, trials, root_seed, try_at))
                answers: Answers = tried[0].answers
                return answers

            study = carry_out(
                plan,
                answer,
                lambda answers: sheets_of(
                    factors, goals, tried[0], judge_fits(answers, goals, root_seed)
                ),
                folder=folder,
                force=force,
                argv=["overblock", *sys.argv[1:]],
            )
        talk.say_what_is_missing(study, quiet=quiet)
        _print_result(study, as_json=as_json)
        talk.leave_unless_complete(study)


def _print_result(study: Study, *, as_json: bool) -> None:
    from sim.cli.study import number, print_table, study_document

    if as_json:
        console.print_json(study_document(study, SCHEMA, "calibration", "targets"))
        return
    records: list[dict[str, Any]] = study.sheets["calibration.csv"].records()
    n, of = records[0]["n_acceptable"], records[0]["n_trials"]
    said = (
        f"{n} of {of} trials meet every target"
        if n
        else f"none of {of} trials meets every target; trials.csv says how near each came"
    )
    if not sys.stdout.isatty():
        console.say(said)
        print(study.folder)
        return
    rows = [
        [
            record["factor"],
            f"{number(record['asked_low'])} to {number(record['asked_high'])}",
            number(record["given"]),
            f"{number(record['acceptable_low'])} to {number(record['acceptable_high'])}"
            if n
            else "none",
            " and ".join(
                word
                for word, reaches in (
                    ("low", record["reaches_low"]),
                    ("high", record["reaches_high"]),
                )
                if reaches
            ),
        ]
        for record in records
    ]
    header = ["assumption", "searched", "given", "acceptable", "reaches end"]
    print_table(said, header, rows)
    goals: list[dict[str, Any]] = study.sheets["targets.csv"].records()
    print_table(
        "Targets",
        ["target", "value", "tolerance", "as given", "nearest", "met by"],
        [
            [
                goal["target"],
                number(goal["value"]),
                number(goal["tolerance"]),
                number(goal["as_given"]),
                number(goal["nearest"]),
                str(goal["n_met"]),
            ]
            for goal in goals
        ],
    )
    print(study.folder)
