"""``overblock assess``: one strategy along the questions that courts ask."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.catalogue.choices import COLLATERAL, EFFICACY
from sim.cli.options import (
    DrawsOption,
    JsonOption,
    LanguageOption,
    QuietOption,
    ReplicatesOption,
    SeedOption,
    SetOption,
    WorkersOption,
    metric_option,
)
from sim.cli.task import (
    Task,
    choose_root_seed,
    leave_unless_complete,
    load_resolved,
)
from sim.cli.terminal import console

if TYPE_CHECKING:
    from sim.assess.assessment import Assessment
    from sim.experiment.runs import Runs
    from sim.report.documents.blocks import Block
    from sim.report.words.languages import Language
    from sim.scenario.resolve import Resolved


class Format(StrEnum):
    """How the assessment is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


SUFFIXES = {".md": Format.MARKDOWN, ".html": Format.HTML, ".json": Format.JSON}


def assess(
    context: typer.Context,
    scenario: Annotated[
        str,
        typer.Argument(
            metavar="SCENARIO|RUN",
            help="A scenario, whose strategies are compared first, or the folder of a comparison.",
        ),
    ],
    strategy: Annotated[
        str | None,
        typer.Option(
            "--strategy",
            metavar="STRATEGY",
            help="The strategy under assessment; the scenario's own, or the comparison's first, "
            "when left out.",
        ),
    ] = None,
    versus: Annotated[
        list[str],
        typer.Option(
            "--versus",
            metavar="STRATEGY",
            help="A strategy to hold it against. May be repeated; all others of a comparison when "
            "left out.",
        ),
    ] = [],  # noqa: B006 - typer reads it, nobody writes it
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="FILE",
            help="File to write, .md, .html or .json; printed as Markdown when left out.",
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            "--run",
            metavar="FOLDER",
            help="Run folder of the comparison; runs/<utc-stamp>-<scenario>-<hash6> when left out.",
        ),
    ] = None,
    efficacy: Annotated[
        str, metric_option("--efficacy", "What counts as effect.", "METRIC")
    ] = EFFICACY,
    collateral: Annotated[
        str, metric_option("--collateral", "What counts as collateral.", "METRIC")
    ] = COLLATERAL,
    along: Annotated[
        str | None,
        typer.Option(
            "--along",
            metavar="FORUM",
            help="Answer the questions of a court or law in its sequence: barcelona, canada, fadpa "
            "or echr. Not with JSON.",
            autocompletion=lambda: list(_forums()),
        ),
    ] = None,
    language: LanguageOption = "en",
    replicates: ReplicatesOption = None,
    draws: DrawsOption = None,
    seed: SeedOption = None,
    overrides: SetOption = [],  # noqa: B006
    workers: WorkersOption = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace an earlier run, or a file, that is there.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Assess a strategy: aim, suitability, necessity, proportionality, safeguards, uncertainty.

    Examples:

      overblock assess telegram-2018 --versus exact --versus aggregate:length=24 -o assessment.html

      overblock assess runs/20261124T120000Z-telegram-2018-1a2b3c --strategy exact

      overblock assess cmp --strategy covering-prefix --along barcelona -o barcelona.html

      overblock assess cmp --strategy covering-prefix --language es -o evaluacion.html
    """
    with console.reports_errors(as_json=as_json):
        from sim.assess.assessment import assess as assess_run
        from sim.errors import UsageError
        from sim.experiment.executors import choose_executor
        from sim.files import check_free
        from sim.report.words.languages import choose_language
        from sim.results.read import open_run

        format_ = Format.JSON if as_json else _format_of(output)
        words = choose_language(language)
        _check_forum(along, format_)
        if format_ is Format.JSON and language != "en":
            raise UsageError("--language: expected Markdown or HTML, got JSON")
        if output is not None:
            check_free(output, force=force)
        experiment = None
        if Path(scenario).is_dir():
            # The environment may state a number of draws for whatever is run.
            source = context.get_parameter_source("draws")
            is_asked = source is not None and source.name == "COMMANDLINE"
            if replicates or is_asked or seed is not None or overrides or run:
                raise UsageError(
                    f"{scenario}: is a comparison; give no -n, --draws, --seed, --set or --run "
                    "beside it"
                )
            folder, label, others = Path(scenario), strategy, list(versus)
        else:
            resolved = load_resolved(scenario, overrides)
            if not versus:
                raise UsageError("expected --versus STRATEGY to hold the strategy against")
            texts = [strategy or resolved.scenario.strategy.id, *versus]
            runs, task, labels = _task(
                resolved, texts, replicates, draws, seed, run, force=force, quiet=quiet
            )
            experiment = task.carry_out(runs, choose_executor(workers), quiet=quiet)
            folder, label, others = experiment.folder, labels[0], labels[1:]
            console.say(f"comparison: {folder}", quiet=quiet)
        opened = open_run(folder)
        with console.names_changes(opened):
            found = assess_run(opened, label, others, efficacy, collateral)
            blocks = _blocks(found, along, words)
        _write(found, blocks, format_, output, words, force=force, quiet=quiet)
        if experiment is not None:
            leave_unless_complete(experiment)


def _format_of(output: Path | None) -> Format:
    from sim.errors import UsageError

    if output is None:
        return Format.MARKDOWN
    if output.suffix not in SUFFIXES:
        raise UsageError(f"{output}: expected a file that ends in .md, .html or .json")
    return SUFFIXES[output.suffix]


def _task(
    resolved: Resolved,
    texts: Sequence[str],
    replicates: int | None,
    draws: int | None,
    seed: int | None,
    folder: Path | None,
    *,
    force: bool,
    quiet: bool,
) -> tuple[Runs, Task, list[str]]:
    """Plan the comparison, and return it with the labels of the strategies asked for."""
    from sim.experiment.plan import Plan
    from sim.experiment.runs import Runs
    from sim.scenario.variants import choose_variants

    variants, against = choose_variants(resolved, texts)
    labels = [variant.label for variant in variants]
    asked = labels[len(labels) - len(texts) :]
    root_seed = choose_root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
    n = replicates or resolved.scenario.n_replicates
    plan = Plan.of_comparison(resolved, variants, against, (), root_seed, n)
    plan = plan.with_draws_from(None, draws)
    return Runs(plan), Task.new(plan, folder, force=force), asked


def _forums() -> tuple[str, ...]:
    from sim.scenario.tables.courts import forums

    return forums()


def _check_forum(along: str | None, format_: Format) -> None:
    from sim.errors import UsageError
    from sim.scenario.refusal import hint

    if along is None:
        return
    known = _forums()
    if along not in known:
        raise UsageError(
            f"--along: expected one of {', '.join(known)}, got {along!r}{hint(along, known)}"
        )
    if format_ is Format.JSON:
        raise UsageError("--along: expected Markdown or HTML, got JSON")


def _blocks(found: Assessment, along: str | None, words: Language) -> list[Block]:
    from sim.assess.court_facts import read_court_facts
    from sim.backtest.error_rate import error_rates, spans_of
    from sim.report.documents.assessment import write_assessment
    from sim.report.documents.court_answers import Asked
    from sim.report.documents.courts import write_court
    from sim.scenario.tables.courts import read_court_questions

    if along is None:
        return write_assessment(found, words)
    name = str(found.run.manifest["scenario"]["name"])
    rates = error_rates(name, spans_of(found.run))
    facts = read_court_facts(found)
    asked = Asked(found, facts, rates, words)
    return write_court(asked, [row for row in read_court_questions().rows if row.forum == along])


def _write(
    found: Assessment,
    blocks: list[Block],
    format_: Format,
    output: Path | None,
    words: Language,
    *,
    force: bool,
    quiet: bool,
) -> None:
    from sim.cli.tables.assessment import document
    from sim.files import new_file
    from sim.report.documents.assessment import title_of
    from sim.report.documents.blocks import to_html, to_markdown

    if format_ is Format.JSON and output is None:
        console.print_json(document(found))
        return
    if format_ is Format.JSON:
        text = console.json_text(document(found))
    elif format_ is Format.HTML:
        text = to_html(blocks, title_of(found, words), words.code)
    else:
        text = to_markdown(blocks)
    if output is None:
        print(text, end="")
        return
    with new_file(output, force=force) as partial:
        partial.write_text(text, encoding="utf-8")
    print(output)
    over = (
        f"verdicts hold over {found.n_draws} draws of all that is not known, or are not settled"
        if found.n_draws
        else "nothing is settled without --draws"
    )
    console.say(f"intervals span luck, not the ranges of assumptions; {over}", quiet=quiet)
