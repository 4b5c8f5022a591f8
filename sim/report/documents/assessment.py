"""The assessment of a strategy as a document of two pages: one form, questions of any court.

A question of a court names the parts that answer it (`seeds/court-questions.csv`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

from sim.assess.assessment import EVER, HOURS, LISTED, LOST, VPN, Assessment, Wait, parameters_of
from sim.catalogue.choices import COLLATERAL, EFFICACY, PRIVATE_LOSS, label
from sim.measure.estimates import Estimate, Grade
from sim.report.words.answer import Strategy, answer
from sim.report.words.heading import notices, strategies_of, strategy_names
from sim.report.words.languages import capitalised
from sim.report.words.numbers import number, range_text, span, value_text
from sim.report.words.sentences import verdict_sentence
from sim.report.words.tables import markdown_text
from sim.scenario.tables.shipped import CourtQuestionRow

NOT_MEASURED = "not measured"


def write_assessment(found: Assessment, questions: Sequence[CourtQuestionRow] = ()) -> list[Block]:
    """Return the document.

    Parameters
    ----------
    questions
        Those of one court, in its sequence; the project's own form when empty.
    """
    run = found.run
    blocks: list[Block] = [
        Heading(title_of(found), 1),
        Paragraph(
            f"From {run.start:%-d %B %Y} to the end of the simulation, "
            f"{run.horizon_s / 86_400:.3g} days. {_basis(found)}"
        ),
        *map(Paragraph, notices(run)),
    ]
    if not questions:
        for title, part in FORM:
            blocks += [Heading(title), *PARTS[part](found)]
        return blocks
    blocks.append(Paragraph(questions[0].forum_title, "Questions of"))
    titles: dict[str, str] = {}
    for row in questions:
        blocks.append(Heading(row.question))
        for part in row.parts.split():
            if part in titles:
                blocks.append(Paragraph(f"See “{titles[part]}”."))
                continue
            titles[part] = row.question
            blocks += PARTS[part](found)
    return [*blocks, Heading("How sure is this?"), *_certainty(found)]


def title_of(found: Assessment) -> str:
    """Title of the document."""
    return f"Assessment of {_names(found)[found.label]}: {found.run.title}"


def _names(found: Assessment) -> Mapping[str, str]:
    """Names of strategies, by label."""
    return strategy_names(strategies_of(found.run))


def _figures(found: Assessment, strategy: str) -> Strategy:
    """Harm, effect and cost of a strategy, as the report has them."""
    return answer(found.run).strategies[found.run.strategies.index(strategy)]


def _basis(found: Assessment) -> str:
    n = found.run.n_replicates
    if not found.run.is_ensemble:
        return f"Each number is the median of {n} simulations."
    return (
        f"Each number is the median of {n} simulations that vary every assumption, with the range "
        "of nine in ten of them. They are simulated, not measured."
    )


def _text(estimate: Estimate | None, unit: str = "") -> str:
    """A number with its range, as everywhere; none that the record contradicts."""
    if estimate is None:
        return NOT_MEASURED
    if estimate.grade is Grade.CONTRADICTED:
        return "not printed, since the record contradicts it"
    spread = range_text(estimate)
    said = f"{value_text(estimate)}{f' {unit}' if unit else ''}"
    return f"{said} ({spread})" if spread else said


def _summary(found: Assessment) -> Iterator[Block]:
    rows = [
        [_names(found)[one], *(each.line for each in _figures(found, one).figures)]
        for one in dict.fromkeys((found.label, *found.others, found.baseline))
    ]
    width = max(map(len, rows))
    header = ["strategy", "harm", "effect", "cost"][:width]
    yield Table(header, [row + [NOT_MEASURED] * (width - len(row)) for row in rows])


def _harm(found: Assessment) -> Iterator[Block]:
    harm = _figures(found, found.label).figures[0]
    yield Items(
        [
            f"{capitalised(harm.line)}.",
            "Businesses ever cut off from some of their customers: "
            f"{harm.bound or _text(found.shares.get(found.label), 'of those modelled')}.",
            f"Time cut off, the middle one of these: {_text(found.number(HOURS), 'hours')}.",
            f"{capitalised(label(COLLATERAL))}: {harm.bound or _text(found.number(COLLATERAL))}.",
            f"Addresses listed at the peak: {_text(found.number(LISTED))}.",
        ]
    )


def _effect(found: Assessment) -> Iterator[Block]:
    denied = found.number(EFFICACY)
    difference = found.differences.get(EFFICACY)
    compared = ""
    if denied and difference and denied.grade is not Grade.CONTRADICTED:
        baseline = _names(found)[found.baseline]
        compared = f"; difference from {baseline}: {_text(difference)}"
    yield Items(
        [
            f"Hours that the target's users lost: {_text(found.number(LOST), 'of all')}.",
            f"User-hours denied: {_text(denied)}{compared}.",
            f"User-hours by VPN: {_text(found.number(VPN))}.",
        ]
    )
    yield Paragraph("A simulation does not answer whether a block is justified, or lawful.")


def _cost(found: Assessment) -> Iterator[Block]:
    cost = _figures(found, found.label).figures[2:]
    said = "; ".join(one.line for one in cost)
    yield Items([f"{said or 'What businesses lost: not measured'}."])


def _alternatives(found: Assessment) -> Iterator[Block]:
    if not found.verdicts:
        yield Paragraph("Not assessed: nothing was compared.")
        return
    yield Items([verdict_sentence(row, _names(found)) for row in found.verdicts])


def _burden(found: Assessment) -> Iterator[Block]:
    for by in ("sector", "provider"):
        if groups := found.burdens[by]:
            said = "; ".join(_of_group(name, estimate) for name, estimate in groups)
            yield Paragraph(f"{said}.", f"Cut off most, by {by}:")
    if "population" in found.run.scenario and not found.run.scenario["population"].get("inventory"):
        yield Paragraph(
            "The businesses are drawn from assumed numbers and have no names. An inventory of "
            "sites (population.inventory) reports each site by name."
        )


def _of_group(name: str, estimate: Estimate) -> str:
    return f"{name}: {_text(estimate)} of {number(estimate.whole)} businesses"


def _operators(found: Assessment) -> Iterator[Block]:
    if groups := found.burdens["operator"]:
        said = "; ".join(_of_group(name, estimate) for name, estimate in groups)
        yield Paragraph(f"{said}.", "Businesses cut off from the users of an operator:")
    lag = span(*found.remedies.apply_h)
    yield Paragraph(
        f"Operators apply an order after a median of {lag} hours (an assumption of the scenario)."
    )


def _rule(found: Assessment) -> Iterator[Block]:
    given = parameters_of(found.run, found.label)
    parameters = ", ".join(f"{key} {value}" for key, value in given.items() if key != "id")
    rule = f"{given.get('id')}{f' with {parameters}' if parameters else ''}"
    safe = found.remedies
    yield Paragraph(
        f"{capitalised(_names(found)[found.label])}: the strategy {rule}. It placed "
        f"{number(safe.n_placed)} entries; {number(safe.n_withdrawn)} of them were withdrawn "
        "before the end of the simulation (medians). entries.parquet has their prefixes, "
        "events.parquet every time."
    )


def _remedies(found: Assessment) -> Iterator[Block]:
    safe = found.remedies
    ends = (
        "The strategy ends blocks by itself."
        if safe.time_limits
        else "Each order given has an end of its own, or none."
        if safe.ends_by_order
        else "The strategy sets no end to an entry."
    )
    yield Items(
        [
            "Notice: none is modelled. A business learns of the block by failing.",
            f"End: {ends}",
            f"Appeals by name that led to an exemption: {_wait(safe.appeal)}.",
            f"Withdrawals that an operator carried out: {_wait(safe.release)}.",
        ]
    )


def _wait(wait: Wait) -> str:
    n = wait.n_done + wait.n_open
    if not n:
        return "none, as there were none"
    after = f", after {number(wait.median_h)} hours in the median" if wait.n_done else ""
    return f"{wait.n_done:,} of {n:,} over all simulations{after}"


def _certainty(found: Assessment) -> Iterator[Block]:
    names = {EVER: "harm", LOST: "effect", PRIVATE_LOSS: "cost"}
    said = []
    for metric, kind in names.items():
        if (estimate := found.number(metric)) is None:
            continue
        depends = ", ".join(key for key, _ in estimate.depends_on)
        said.append(
            f"{capitalised(kind)}: {estimate.grade.value}"
            + (f"; depends most on {depends}." if depends else ".")
        )
    yield Items(said)
    for warning in found.run.manifest.get("warnings", ()):
        yield Paragraph(str(warning), "Warning:")


def _repeat(found: Assessment) -> Iterator[Block]:
    folder = found.run.path.name
    yield Paragraph(
        f"overblock bundle {folder} -o case.zip hands over inputs, sources, tables and program; "
        "whoever has it makes the simulations again with rerun.sh and compares every byte, or "
        "changes an assumption with --set. Every assumption and its range is in manifest.json. "
        f"Made by overblock {found.run.manifest['tool']['version']}; result "
        f"{found.run.manifest['result_id'][:12]}."
    )


PARTS: Mapping[str, Callable[[Assessment], Iterator[Block]]] = {
    "summary": _summary,
    "harm": _harm,
    "effect": _effect,
    "cost": _cost,
    "alternatives": _alternatives,
    "burden": _burden,
    "operators": _operators,
    "rule": _rule,
    "remedies": _remedies,
    "certainty": _certainty,
    "repeat": _repeat,
}
"""Parts of the document, by the names that the table of questions uses."""

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


@dataclass(frozen=True)
class Heading:
    """A heading of level 1 or 2."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; ``lead`` is before it in bold."""

    text: str
    lead: str = ""


@dataclass(frozen=True)
class Items:
    """A list."""

    texts: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table of texts."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


Block: TypeAlias = Heading | Paragraph | Items | Table

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 54rem; margin: 2rem auto;
  padding: 0 1rem; }
h1 { font-size: 1.5rem; line-height: 1.25; } h2 { font-size: 1.15rem; margin-top: 1.8rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .88rem; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; }
tr { border-bottom: 1px solid #8886; }
@media print {
  body { font-size: 9pt; line-height: 1.35; margin: 0; max-width: none; padding: 0; }
  h1 { font-size: 13pt; margin: 0; }
  h2 { font-size: 10.5pt; margin: .8em 0 .2em; break-after: avoid; }
  p, ul, table { margin: .3em 0; } table { font-size: 8pt; } th, td { padding: .1em .4em; }
  tr { break-inside: avoid; }
}
@page { margin: 15mm; }
"""


def to_markdown(blocks: Sequence[Block]) -> str:
    """Write blocks as Markdown."""
    return "\n".join(_markdown(block) for block in blocks)


def _markdown(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"{'#' * level} {_line(text)}\n"
        case Paragraph(text, lead):
            return f"**{_line(lead)}** {_line(text)}\n" if lead else f"{_line(text)}\n"
        case Items(texts):
            return "".join(f"- {_line(text)}\n" for text in texts)
        case Table(header, rows):
            lines = [[_line(cell) for cell in header], ["---"] * len(header)]
            lines += [[_line(cell) for cell in row] for row in rows]
            return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _line(text: str) -> str:
    """One line in which nothing is markup; a line break would begin a new block."""
    return markdown_text(" ".join(text.split()))


def to_html(blocks: Sequence[Block], title: str) -> str:
    """Write blocks as one HTML page that loads nothing."""
    body = "\n".join(map(_html, blocks))
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(text, level):
            return f"<h{level}>{escape(text)}</h{level}>"
        case Paragraph(text, lead):
            strong = f"<strong>{escape(lead)}</strong> " if lead else ""
            return f"<p>{strong}{escape(text)}</p>"
        case Items(texts):
            items = "".join(f"<li>{escape(text)}</li>" for text in texts)
            return f"<ul>{items}</ul>"
        case Table(header, rows):
            head = "".join(f'<th scope="col">{escape(text)}</th>' for text in header)
            cells = ("".join(f"<td>{escape(text)}</td>" for text in row) for row in rows)
            body = "".join(f"<tr>{row}</tr>\n" for row in cells)
            return (
                '<div class="wide" tabindex="0"><table>\n'
                f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>"
            )
