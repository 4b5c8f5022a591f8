"""``overblock assess``: one strategy along the questions that courts ask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.cli import console
from sim.cli.options import FORCE_FILE, JSON, argument, check_output, option
from sim.errors import UsageError
from sim.files import new_file

if TYPE_CHECKING:
    from sim.assess.assessment import Assessment
    from sim.scenario.tables.shipped import CourtQuestionRow

SCHEMA = "overblock/assessment/3"


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
        "-o --output FILE", "File to write, .md, .html or .json; printed as Markdown by default."
    ),
    along: str | None = option(
        "--along FORUM",
        "Answer the questions of a court or law in its sequence: barcelona, canada, fadpa "
        "or echr. Not with JSON.",
    ),
    force: bool = FORCE_FILE,
    as_json: bool = JSON,
) -> None:
    """Assess a strategy: effect, narrower measures, harm, who bears it, remedies, certainty.

    Examples:

      overblock assess runs/20261124T120000Z-telegram-2018-1a2b3c --strategy exact

      overblock assess cmp --strategy covering-prefix --along barcelona -o barcelona.html
    """
    with console.reports_errors(as_json=as_json):
        from sim.assess.assessment import assess as assess_run
        from sim.results.folder import open_run

        check_output(output, ".md", ".html", ".json", force=force)
        suffix = ".json" if as_json else output.suffix if output is not None else ".md"
        questions = _questions(along, suffix)
        if not run.is_dir():
            raise UsageError(
                f"{run}: expected the folder of a comparison; overblock compare writes one"
            )
        opened = open_run(run)
        with console.names_changes(opened):
            found = assess_run(opened, strategy, versus)
            _write(found, questions, suffix, output, force=force)


def _questions(along: str | None, suffix: str) -> list[CourtQuestionRow]:
    from sim.scenario.refusal import hint
    from sim.scenario.tables.shipped import forums, read_court_questions

    if along is None:
        return []
    known = forums()
    if along not in known:
        raise UsageError(
            f"--along: expected one of {', '.join(known)}, got {along!r}{hint(along, known)}"
        )
    if suffix == ".json":
        raise UsageError("--along: expected Markdown or HTML, got JSON")
    return [row for row in read_court_questions().rows if row.forum == along]


def _write(
    found: Assessment,
    questions: Sequence[CourtQuestionRow],
    suffix: str,
    output: Path | None,
    *,
    force: bool,
) -> None:
    from sim.report.documents.assessment import title_of, write_assessment
    from sim.report.documents.markdown import to_html

    if suffix == ".json":
        text = console.json_text(document(found))
    else:
        text = write_assessment(found, questions)
        text = to_html(text, title_of(found)) if suffix == ".html" else text
    if output is None:
        print(text, end="")
        return
    with new_file(output, force=force) as partial:
        partial.write_text(text, encoding="utf-8")
    print(output)


def document(found: Assessment) -> dict[str, Any]:
    """The assessment as plain values; described in ``docs/reference/cli.md``."""
    from sim.results.folder import assumptions_of

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
        "assumptions": assumptions_of(manifest),
    }
