"""``overblock assess``: one strategy along the questions that courts ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli import console
from sim.cli.options import (
    JSON,
    QUIET,
    SEED,
    SET,
    SIMULATIONS,
    WORKERS,
    argument,
    option,
)
from sim.cli.task import (
    Task,
    choose_root_seed,
    leave_unless_complete,
    load_resolved,
    unless_from,
)

if TYPE_CHECKING:
    from sim.assess.assessment import Assessment
    from sim.experiment.runs import Runs
    from sim.scenario.resolve import Resolved
    from sim.scenario.tables.shipped import CourtQuestionRow


class Format(StrEnum):
    """How the assessment is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    JSON = "json"


SCHEMA = "overblock/assessment/2"
SUFFIXES = {".md": Format.MARKDOWN, ".html": Format.HTML, ".json": Format.JSON}


def assess(
    scenario: str = argument(
        "SCENARIO|RUN",
        "A scenario, whose strategies are compared first, or the folder of a comparison.",
    ),
    strategy: str | None = option(
        "--strategy STRATEGY",
        "The strategy under assessment; the scenario's own, or the comparison's first, by default.",
    ),
    versus: list[str] = option(
        "--versus STRATEGY",
        "A strategy to compare it with. May be repeated; all others of a comparison by default.",
        default=[],
    ),
    output: Path | None = option(
        "-o --output FILE", "File to write, .md, .html or .json; printed as Markdown by default."
    ),
    run: Path | None = option(
        "--run FOLDER",
        "Run folder of the comparison; runs/<utc-stamp>-<scenario>-<hash6> by default.",
    ),
    along: str | None = option(
        "--along FORUM",
        "Answer the questions of a court or law in its sequence: barcelona, canada, fadpa "
        "or echr. Not with JSON.",
        autocompletion=lambda: list(_forums()),
    ),
    simulations: int | None = SIMULATIONS,
    seed: int | None = SEED,
    overrides: list[str] = SET,
    workers: int | None = WORKERS,
    force: bool = option(
        "--force", "Replace an earlier run, or a file, that is there.", default=False
    ),
    as_json: bool = JSON,
    quiet: bool = QUIET,
) -> None:
    """Assess a strategy: effect, narrower measures, harm, who bears it, remedies, certainty.

    Examples:

      overblock assess telegram-2018 --versus exact --versus aggregate:length=24 -o assessment.html

      overblock assess runs/20261124T120000Z-telegram-2018-1a2b3c --strategy exact

      overblock assess cmp --strategy covering-prefix --along barcelona -o barcelona.html
    """
    with console.reports_errors(as_json=as_json):
        from sim.assess.assessment import assess as assess_run
        from sim.errors import UsageError
        from sim.experiment.executors import choose_executor
        from sim.files import check_free
        from sim.results.folder import open_run

        format_ = Format.JSON if as_json else _format_of(output)
        questions = _questions(along, format_)
        if output is not None:
            check_free(output, force=force)
        experiment = None
        if Path(scenario).is_dir():
            if unless_from("OVERBLOCK_SIMULATIONS", simulations) or seed or overrides or run:
                raise UsageError(
                    f"{scenario}: is a comparison; give no -n, --seed, --set or --run with it"
                )
            folder, label, others = Path(scenario), strategy, list(versus)
        else:
            resolved = load_resolved(scenario, overrides)
            if not versus:
                raise UsageError("expected --versus STRATEGY to compare the strategy with")
            texts = [strategy or resolved.scenario.strategy.id, *versus]
            runs, task, labels = _task(resolved, texts, simulations, seed, run, force, quiet)
            experiment = task.carry_out(runs, choose_executor(workers), quiet=quiet)
            folder, label, others = experiment.folder, labels[0], labels[1:]
            console.say(f"comparison: {folder}", quiet=quiet)
        opened = open_run(folder)
        with console.names_changes(opened):
            found = assess_run(opened, label, others)
            _write(found, questions, format_, output, force=force)
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
    n: int | None,
    seed: int | None,
    folder: Path | None,
    force: bool,
    quiet: bool,
) -> tuple[Runs, Task, list[str]]:
    """Plan the comparison, and return it with the labels of the strategies asked for."""
    from sim.experiment.plan import plan_comparison
    from sim.experiment.runs import Runs

    root_seed = choose_root_seed(seed, resolved.scenario.root_seed, quiet=quiet)
    plan = plan_comparison(resolved, texts, None, (), root_seed, None).of_size(n, fixed=False)
    asked = list(plan.labels[len(plan.labels) - len(texts) :])
    return Runs(plan), Task.new(plan, folder, force=force), asked


def _forums() -> tuple[str, ...]:
    from sim.scenario.tables.shipped import forums

    return forums()


def _questions(along: str | None, format_: Format) -> list[CourtQuestionRow]:
    from sim.errors import UsageError
    from sim.scenario.refusal import hint
    from sim.scenario.tables.shipped import read_court_questions

    if along is None:
        return []
    known = _forums()
    if along not in known:
        raise UsageError(
            f"--along: expected one of {', '.join(known)}, got {along!r}{hint(along, known)}"
        )
    if format_ is Format.JSON:
        raise UsageError("--along: expected Markdown or HTML, got JSON")
    return [row for row in read_court_questions().rows if row.forum == along]


def _write(
    found: Assessment,
    questions: Sequence[CourtQuestionRow],
    format_: Format,
    output: Path | None,
    *,
    force: bool,
) -> None:
    from sim.files import new_file
    from sim.report.documents.assessment import title_of, to_html, to_markdown, write_assessment

    if format_ is Format.JSON:
        text = console.json_text(document(found))
    else:
        blocks = write_assessment(found, questions)
        text = to_html(blocks, title_of(found)) if format_ is Format.HTML else to_markdown(blocks)
    if output is None:
        print(text, end="")
        return
    with new_file(output, force=force) as partial:
        partial.write_text(text, encoding="utf-8")
    print(output)


def document(found: Assessment) -> dict[str, Any]:
    """The assessment as plain values; described in ``docs/reference/cli.md``."""
    manifest = found.run.manifest
    shown = dict.fromkeys((found.label, *found.others, found.baseline))
    return {
        "schema": SCHEMA,
        "folder": str(found.run.path),
        "result_id": manifest["result_id"],
        "strategy": found.label,
        "baseline": found.baseline,
        "n_simulations": found.run.n_replicates,
        "numbers": {
            one: {
                metric: asdict(estimate)
                for (label, metric), estimate in found.numbers.items()
                if label == one
            }
            for one in shown
        },
        "differences": {metric: asdict(one) for metric, one in found.differences.items()},
        "verdicts": [dict(row) for row in found.verdicts],
        "burdens": {
            by: [{"name": name, **asdict(one)} for name, one in groups]
            for by, groups in found.burdens.items()
        },
        "remedies": asdict(found.remedies),
        "assumptions": manifest.get("assumptions", []),
    }
