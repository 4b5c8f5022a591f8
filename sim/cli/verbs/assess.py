"""``overblock assess``: one strategy along the questions that courts ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sim.cli import console
from sim.cli.options import FORCE_FILE, argument, check_output, option
from sim.errors import UsageError
from sim.files import new_file

if TYPE_CHECKING:
    from sim.scenario.tables.shipped import CourtQuestionRow


def assess(
    run: Path = argument("RUN", "The folder of a comparison."),
    strategy: str | None = option(
        "--strategy LABEL", "The strategy under assessment; the comparison's first by default."
    ),
    versus: list[str] = option(
        "--versus LABEL",
        "A strategy to compare it with. May be repeated; all others by default.",
        default=[],
    ),
    output: Path | None = option(
        "-o --output FILE", "File to write, .md or .html; printed as Markdown by default."
    ),
    along: str | None = option(
        "--along FORUM",
        "Answer the questions of a court or law in its sequence: barcelona, canada, fadpa or echr.",
    ),
    force: bool = FORCE_FILE,
) -> None:
    """Assess a strategy: effect, narrower measures, harm, who bears it, remedies, certainty.

    Examples:

      overblock assess runs/20261124T120000Z-telegram-2018-1a2b3c --strategy exact

      overblock assess cmp --strategy covering-prefix --along barcelona -o barcelona.html
    """
    with console.reports_errors():
        from sim.assess.assessment import assess as assess_run
        from sim.report.documents.assessment import title_of, write_assessment
        from sim.report.documents.markdown import to_html
        from sim.results.folder import open_run

        check_output(output, ".md", ".html", force=force)
        questions = _questions(along)
        if not run.is_dir():
            raise UsageError(
                f"{run}: expected the folder of a comparison; overblock compare writes one"
            )
        opened = open_run(run)
        with console.names_changes(opened):
            found = assess_run(opened, strategy, versus)
            text = write_assessment(found, questions)
        if output is None:
            print(text, end="")
            return
        with new_file(output, force=force) as partial:
            text = to_html(text, title_of(found)) if output.suffix == ".html" else text
            partial.write_text(text, encoding="utf-8")
        print(output)


def _questions(along: str | None) -> list[CourtQuestionRow]:
    from sim.scenario.refusal import hint
    from sim.scenario.tables.shipped import forums, read_court_questions

    if along is None:
        return []
    known = forums()
    if along not in known:
        raise UsageError(
            f"--along: expected one of {', '.join(known)}, got {along!r}{hint(along, known)}"
        )
    return [row for row in read_court_questions().rows if row.forum == along]
