"""``overblock sensitivity``: which assumption the answer hangs on."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import (
    STRATEGY_FORM,
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

if TYPE_CHECKING:
    from sim.experiment.answers import Answers
    from sim.experiment.points import Question
    from sim.experiment.sheets import Sheet
    from sim.experiment.study import Study
    from sim.uncertainty.designs import Stage
    from sim.uncertainty.influence import Line

N_REPLICATES = 2


class Method(StrEnum):
    """How closely is looked."""

    ENDS = "ends"
    MORRIS = "morris"
    SOBOL = "sobol"
    BOTH = "both"


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
            "--keep", min=1, help="Assumptions that both hands on to sobol; 5 when left out."
        ),
    ] = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--replicates",
            min=1,
            max=1_000_000,
            help="Replicates at each point; 2 when left out.",
        ),
    ] = None,
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            metavar=STRATEGY_FORM,
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
    resume: ResumeOption = None,
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
    with console.reports_errors(as_json=as_json):
        from sim.cli import study as talk
        from sim.cli.tables import sensitivity as tables
        from sim.uncertainty.chosen_factors import choose_factors
        from sim.uncertainty.sensitivity import Inquiry

        names = [name.strip() for text in only for name in text.split(",") if name.strip()]
        if resume is not None:
            asked = talk.Asked.before(
                resume, "sensitivity", scenario, method, metric, only, ranges, trajectories,
                samples, keep, replicates, strategy, list_only or None, seed, overrides,
            )  # fmt: skip
        else:
            resolved = load_resolved(scenario, overrides)
            if list_only:
                tables.print_factors(*choose_factors(resolved, names, ranges), as_json=as_json)
                return
            options = {
                "method": method.value if method else None,
                "metrics": metric,
                "only": names,
                "ranges": ranges,
                "trajectories": trajectories,
                "samples": samples,
                "keep": keep,
                "strategies": [strategy] if strategy else [],
            }
            asked = talk.Asked.now(resolved, seed, replicates or N_REPLICATES, options, quiet=quiet)
        inquiry = Inquiry.of(asked.resolved, asked.root_seed, asked.n_replicates, **asked.options)
        task = talk.StudyTask.of(asked, inquiry.plan, output, force=force)
        lines: list[Line] = []
        files: list[Path] = []

        def illustrate(study: Study) -> list[Path]:
            files.extend(tables.draw(study, lines, inquiry.metrics))
            return files

        def answer(ask: talk.Ask) -> Answers:
            def ask_stages(stages: Sequence[Stage], question: Question) -> Answers:
                n_points, n = len(question.points), question.n_replicates
                parts = " and ".join(stage.part for stage in stages)
                text = f"{parts}: {n_points:,} points x {n} replicate{'s' * (n > 1)}"
                console.say(text, quiet=quiet)
                return ask(question)

            return inquiry.answer(ask_stages)

        def analyse(answers: Answers) -> list[Sheet]:
            lines.extend(inquiry.lines(answers))
            return inquiry.sheets(answers, lines)

        study = task.carry_out(
            answer,
            analyse,
            executor_for(workers, cluster, tls_ca, tls_cert, tls_key),
            quiet=quiet,
            illustrate=illustrate,
        )
        talk.say_what_is_missing(study, quiet=quiet)
        n_left_out = len(inquiry.left_out)
        tables.print_result(study, lines, inquiry.metrics, n_left_out, as_json=as_json, quiet=quiet)
        pictures = ", ".join(path.name for path in files if path.suffix == ".png")
        if pictures:
            console.say(f"figures: {pictures}", quiet=quiet)
        talk.leave_unless_complete(study)
