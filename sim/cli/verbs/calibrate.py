"""``overblock calibrate``: which values of some assumptions agree with published figures."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sim.cli.options import (
    ClusterOption,
    ForceOption,
    JsonOption,
    OptionalScenarioArgument,
    OutputOption,
    QuietOption,
    ResumeOption,
    SeedOption,
    SetOption,
    TlsCaOption,
    TlsCertOption,
    TlsKeyOption,
    WorkersOption,
)
from sim.cli.task import executor_for, load_resolved
from sim.cli.terminal import console
from sim.errors import UsageError

if TYPE_CHECKING:
    from sim.experiment.answers import Answers
    from sim.experiment.points import Question
    from sim.experiment.study import Study
    from sim.uncertainty.acceptance import Trials

SCHEMA = "overblock/calibration/1"
N_REPLICATES = 4


def calibrate(
    scenario: OptionalScenarioArgument = None,
    fit: Annotated[
        list[str],
        typer.Option(
            "--fit",
            metavar="KEY[=LOW..HIGH]",
            help="An assumption to be fitted, and the range to search; its own range when left "
            "out. May be repeated.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    target: Annotated[
        list[str],
        typer.Option(
            "--target",
            metavar="METRIC[@TIME]=VALUE±TOLERANCE[%]",
            help="What the mean over replicates must meet; VALUE is a number or TABLE:ROW of a "
            "seed table; +- stands for ±. May be repeated.",
        ),
    ] = [],  # noqa: B006
    trials: Annotated[
        int | None,
        typer.Option(
            "--trials", min=1, max=100_000, help="How many settings are tried; 64 when left out."
        ),
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--replicates",
            min=1,
            max=1_000_000,
            help="Replicates of each trial; 4 when left out.",
        ),
    ] = None,
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
    """Find the settings of some assumptions that agree with published figures.

    The answer is the set of all trials within the tolerances, as a range for each assumption, and
    says when there is none. Nothing is written back to the scenario.

    Examples:

      overblock calibrate telegram-2018 --fit censor.discovery_lag_h
      --target "addresses_listed_peak=article-figures:blacklisted_addresses±10%"

      overblock calibrate my.yaml --fit fronts.n_fronts=3..30 --target
      "addresses_listed@2018-04-18T12:00+03:00=16300000±500000" --trials 200
    """
    with console.reports_errors(as_json=as_json):
        from sim.cli import study as talk
        from sim.uncertainty.calibration import Fitting

        if resume is not None:
            asked = talk.Asked.before(
                resume, "calibration", scenario, fit, target, trials, replicates, seed, overrides
            )
        else:
            resolved = load_resolved(scenario, overrides)
            if not fit or not target:
                raise UsageError("expected --fit KEY and --target METRIC=VALUE±TOLERANCE, got less")
            options = {"fit": fit, "targets": target, "n_trials": trials}
            n = replicates or N_REPLICATES
            asked = talk.Asked.now(resolved, seed, n, options, quiet=quiet)
        fitting = Fitting.of(asked.resolved, asked.root_seed, asked.n_replicates, **asked.options)
        task = talk.StudyTask.of(asked, fitting.plan, output, force=force)
        n, n_runs = asked.n_replicates, fitting.n_trials * asked.n_replicates
        console.say(
            f"{fitting.n_trials:,} trials x {n:,} replicates = {n_runs:,} runs", quiet=quiet
        )
        tried: list[Trials] = []

        def answer(ask: talk.Ask) -> Answers:
            n_points: list[int] = []

            def ask_next(question: Question) -> Answers:
                answers = ask(question, sum(n_points) * n, n_runs)
                n_points.append(len(question.points))
                return answers

            tried.append(fitting.try_out(ask_next))
            return tried[0].answers

        study = task.carry_out(
            answer,
            lambda answers: fitting.sheets(tried[0]),
            executor_for(workers, cluster, tls_ca, tls_cert, tls_key),
            quiet=quiet,
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
