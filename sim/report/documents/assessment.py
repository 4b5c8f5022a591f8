"""The assessment of a strategy as a document of two pages: one form, questions of any court.

``assessment.md.j2`` writes its parts. A question of a court names the parts that answer it
(``seeds/court-questions.csv``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.assess.assessment import EVER, FAILED, HOURS, LISTED, LOST, VPN, Assessment, parameters_of
from sim.catalogue.choices import COLLATERAL, EFFICACY, PRIVATE_LOSS, label
from sim.measure.estimates import Estimate, Grade
from sim.report.documents.markdown import render_markdown
from sim.report.page.detail import is_cut
from sim.report.words.answer import answer
from sim.report.words.heading import notices, strategies_of, strategy_names
from sim.report.words.languages import capitalised
from sim.report.words.numbers import as_bound, number, outcomes_text, span, value_text, whole
from sim.report.words.sentences import verdict_sentence
from sim.scenario.tables.rows import CourtQuestionRow

NOT_MEASURED = "not measured"
MEASURES = {
    "COLLATERAL": COLLATERAL, "EFFICACY": EFFICACY, "EVER": EVER, "FAILED": FAILED,
    "HOURS": HOURS, "LISTED": LISTED, "LOST": LOST, "PRIVATE_LOSS": PRIVATE_LOSS, "VPN": VPN,
}  # fmt: skip
"""Names of measures in the template."""
FORM = (
    ("In short", "summary"),
    ("What is assessed?", "rule"),
    ("Does it reach the target?", "effect"),
    ("Would a narrower measure do?", "alternatives"),
    ("What harm does it do to others?", "harm"),
    ("Who bears it?", "burden"),
    ("What remedies are there?", "remedies"),
    ("How sure is this?", "certainty"),
    ("How can it be tested?", "repeat"),
)
"""The form without a court: titles and parts."""


def write_assessment(found: Assessment, questions: Sequence[CourtQuestionRow] = ()) -> str:
    """Return the document in Markdown.

    Parameters
    ----------
    questions
        Those of one court, in its sequence; the project's own form when empty.
    """
    run, parameters = found.run, parameters_of(found.run, found.label)
    rows = dict(zip(run.strategies, answer(run).strategies, strict=True))
    shown = dict.fromkeys((found.label, *found.others, found.baseline))
    used = (as_bound, capitalised, is_cut, label, notices, number, span, verdict_sentence, whole)
    return render_markdown(
        "assessment.md.j2",
        **{one.__name__: one for one in used},
        **MEASURES,
        Grade=Grade,
        NOT_MEASURED=NOT_MEASURED,
        written=_written,
        title=title_of(found),
        found=found,
        run=run,
        names=strategy_names(strategies_of(run)),
        figures={label: rows[label].figures for label in shown if label in rows},
        rule_id=parameters.pop("id"),
        parameters=parameters,
        forum=questions[0].forum_title if questions else "",
        outline=list(_outline(questions)),
    )


def title_of(found: Assessment) -> str:
    """Title of the document."""
    names = strategy_names(strategies_of(found.run))
    return f"Assessment of {names[found.label]}: {found.run.title}"


def _outline(questions: Sequence[CourtQuestionRow]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Headings, each with its parts, and the heading that has a part already."""
    titles: dict[str, str] = {}
    for row in questions:
        parts = row.parts.split()
        yield row.question, [(part, titles.get(part, "")) for part in parts]
        titles |= {part: row.question for part in parts if part not in titles}
    for head, part in FORM:
        if not questions or part == "certainty":
            yield head, [(part, "")]


def _written(estimate: Estimate | None, unit: str = "") -> str:
    """A number with its range, as everywhere; none that the record contradicts."""
    if estimate is None:
        return NOT_MEASURED
    if estimate.grade is Grade.CONTRADICTED:
        return "not printed, since the record contradicts it"
    spread = outcomes_text(estimate)
    said = f"{value_text(estimate)}{f' {unit}' if unit else ''}"
    return f"{said} ({spread})" if spread else said
