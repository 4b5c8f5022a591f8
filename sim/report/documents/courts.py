"""An assessment along the questions of one court or law: answers, numbers, error rates.

In: an assessment, facts for courts, error rates, questions. Out: blocks of text. Where luck alone
was simulated, or the draws do not settle it, an answer says that it is not settled.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim.assess.assessment import Assessment, parameters_of
from sim.assess.court_facts import (
    COMPLAINTS,
    DEMAND,
    DENIED,
    EXEMPTIONS,
    IMPAIRED,
    IMPAIRED_H,
    NAMED,
    NAMES,
    NET,
    RULES,
    CourtFacts,
    Number,
)
from sim.report.documents.assessment_answers import (
    burden_answer,
    describe_strategy,
    frame_text,
    necessity_answer,
    suitability_answer,
)
from sim.report.documents.blocks import Block, Heading, Items, Paragraph, Table
from sim.report.documents.error_rate import ErrorRate, ErrorRates
from sim.report.words.numbers import in_percent, quantity, quantity_span, rounded
from sim.scenario.tables.courts import CourtQuestionRow

MOST_OPERATORS = 8
NAMES_OF = {
    DEMAND: "demand that failed",
    IMPAIRED_H: "business-hours impaired",
    IMPAIRED: "businesses impaired at least once",
    DENIED: "user-hours denied to the target",
    NET: "loss that no rival in the country gained, USD",
    RULES: "rules of the register at most",
    COMPLAINTS: "complaints",
    NAMED: "businesses that appealed by name",
    EXEMPTIONS: "exemptions granted",
    NAMES: "names hit, of those on the addresses in use",
}


@dataclass(frozen=True)
class Asked:
    """What the answers are made from."""

    found: Assessment
    facts: CourtFacts
    rates: ErrorRates

    def number(self, metric: str) -> Number | None:
        """Return a measure, or None where the runs do not have it or it is not known."""
        one = self.facts.numbers.get(metric)
        return None if one is None or math.isnan(one.by_luck.mean) else one


def write_court(asked: Asked, questions: Sequence[CourtQuestionRow]) -> list[Block]:
    """Write the answers to one forum's questions, in its sequence."""
    found = asked.found
    metrics = dict.fromkeys(metric for row in questions for metric in ANSWERS[row.id].metrics)
    return [
        Heading(f"{questions[0].forum_title}: {found.run.title}", 1),
        Paragraph(
            f"The measure is {found.label}: "
            f"{describe_strategy(str(parameters_of(found.run, found.label).get('id', '')))} "
            f"{frame_text(found)}"
        ),
        *(block for row in questions for block in _answer(asked, row)),
        Heading("The numbers, how sure they are, and how often such numbers were right"),
        _numbers(asked, list(metrics)),
        Paragraph(
            f"Error rates: published outcomes that set no parameter, against predictions of "
            f"version {asked.rates.version}, by unit of what was predicted where some were "
            f"published, else of all; ranges are meant to hold {in_percent(asked.rates.level)}. "
            "They are few, and those of one scenario are not independent "
            "(docs/explanation/validation.md)."
        ),
        Paragraph(
            "What a court decides is no question for a simulation: businesses that are not in an "
            "inventory are drawn and not named, and their number is an assumption. Ways to be "
            "misled by these numbers: docs/explanation/misleading.md. Questions restated from: "
            f"{'; '.join(dict.fromkeys(row.source for row in questions))} "
            "(seeds/court-questions.source.yaml)."
        ),
    ]


def _answer(asked: Asked, row: CourtQuestionRow) -> Iterator[Block]:
    yield Heading(row.question)
    yield from ANSWERS[row.id].write(asked)


def _numbers(asked: Asked, metrics: Sequence[str]) -> Table:
    rows = []
    for metric in metrics:
        one = asked.number(metric)
        if one is None:
            rows.append([NAMES_OF[metric], "not known", "", "", ""])
            continue
        rate = _rate(asked.rates, one.unit)
        rows.append(
            [
                NAMES_OF[metric],
                quantity(one.by_luck.mean, one.unit),
                quantity_span(one.by_luck.low, one.by_luck.high, one.unit),
                quantity_span(*one.with_all, one.unit) if one.with_all else "not simulated",
                _rate_text(rate),
            ]
        )
    header = ["measure", "mean", "by luck, 90 %", "with all that is not known, 90 %", "error rate"]
    return Table(header, rows, (1, 2, 3))


def _rate(rates: ErrorRates, unit: str) -> ErrorRate:
    return next((one for one in rates.by_kind if one.kind == unit), rates.all)


def _rate_text(rate: ErrorRate) -> str:
    factor = (
        "" if rate.median_factor is None else f", in the median off by ×{rate.median_factor:.1f}"
    )
    return f"{rate.kind}: {rate.n_inside} of {rate.n_judged} inside{factor}"


def _settled(asked: Asked, metric: str, says: str) -> str:
    """Say something that holds where a measure is above zero, if that is settled."""
    one = asked.number(metric)
    if one is None:
        return f"Not known whether {says}: the runs do not have the measure."
    if one.with_all is None:
        return f"Not settled whether {says}: luck alone was simulated."
    if one.with_all[0] > 0:
        return f"Settled over all that is not known, on the model's worlds: {says}."
    return f"Not settled whether {says}: in some draws of what is not known it is not so."


def _shown(asked: Asked) -> Iterator[Block]:
    manifest = asked.found.run.manifest
    yield Paragraph(_settled(asked, IMPAIRED, "businesses that are no target are impaired"))
    yield Paragraph(
        "Every order, its publication, its application by each operator, and each change of state "
        "of a business is a row of events.parquet, with its second. The result is "
        f"{manifest['result_id']}; the manifest holds the SHA-256 of every input and output, and "
        "overblock verify checks them. What is shown is what follows from the orders in the model, "
        "and no measurement."
    )


def _identified(asked: Asked) -> Iterator[Block]:
    facts = asked.facts
    if facts.n_sites:
        yield Paragraph(
            f"{facts.n_sites_hit} of the {facts.n_sites} named sites of the inventory are impaired "
            "at least once, each at its true addresses; sites.csv names them with hours, operators "
            "and causes."
        )
    else:
        yield Paragraph(
            "Not settled: no inventory was given, so the businesses are drawn from assumed numbers "
            "and have no names. population.inventory takes sites with their addresses. By sector:"
        )
    yield Items(
        [
            f"{one.name}: {rounded(float(one.n_impaired.mean()))} of "
            f"{rounded(float(one.n_businesses.mean()))} businesses impaired at least once"
            for one in asked.found.burdens["sector"][:MOST_OPERATORS]
        ]
    )


def _quantified(asked: Asked) -> Iterator[Block]:
    yield Paragraph(burden_answer(asked.found))


def _testable(asked: Asked) -> Iterator[Block]:
    yield Paragraph(
        f"overblock bundle {asked.found.run.path.name} -o case.zip hands over inputs, sources, "
        "tables and program; whoever has it makes the run again with rerun.sh and compares every "
        "byte, or changes an assumption with --set and sees what follows. Each assumption stands "
        "with its range in manifest.json; overblock sensitivity says which of them matter."
    )


def _criteria(asked: Asked) -> Iterator[Block]:
    found = asked.found
    given = parameters_of(found.run, found.label)
    rule = ", ".join(f"{key} {value}" for key, value in given.items() if key != "id")
    safe = found.safeguards
    yield Paragraph(
        f"The criterion is the rule {given.get('id', found.label)}"
        f"{f' with {rule}' if rule else ''}: {describe_strategy(str(given.get('id', '')))} It "
        f"placed {rounded(safe.n_placed)} entries, of which {rounded(safe.n_withdrawn)} were "
        "withdrawn before the end (means over replicates). entries.parquet has the prefixes of "
        "each, events.parquet every time."
    )


def _compliance(asked: Asked) -> Iterator[Block]:
    yield Paragraph(
        "What each operator's users met, which is how far and how long it enforced. Means over "
        "replicates; an operator that enforced nothing has zeros:"
    )
    yield Table(
        ["operator", "business-hours impaired", "share of domestic demand that failed"],
        [
            [one.operator, rounded(one.impaired_h), in_percent(one.demand_lost_share)]
            for one in asked.facts.operators[:MOST_OPERATORS]
        ],
        (1, 2),
    )
    rest = len(asked.facts.operators) - MOST_OPERATORS
    if rest > 0:
        yield Paragraph(f"{rest} more stand in groups.csv.")
    yield from _burden(asked)


def _complaints(asked: Asked) -> Iterator[Block]:
    if asked.number(COMPLAINTS) is None:
        yield Paragraph("Not known: the scenario has no section complaints.")
        return
    appeal = asked.found.safeguards.appeal
    yield Paragraph(
        f"Complaints, appeals by name and exemptions stand below with their ranges. "
        f"{appeal.n_done:,} of {appeal.n_done + appeal.n_open:,} appeals by name, over all "
        "replicates, led to an exemption within the run"
        + (f", after {rounded(appeal.median_h)} h in the median." if appeal.n_done else ".")
    )


def _effectiveness(asked: Asked) -> Iterator[Block]:
    yield Paragraph(suitability_answer(asked.found))


def _lawful(asked: Asked) -> Iterator[Block]:
    yield Paragraph(_settled(asked, IMPAIRED, "access to lawful services is interfered with"))
    yield from _quantified(asked)


def _burden(asked: Asked) -> Iterator[Block]:
    one = asked.number(RULES)
    if one is None:
        return
    yield Paragraph(
        f"At most {quantity(one.by_luck.mean, one.unit)} rules of the register are in force at a "
        "time, each of which an operator has to hold. What that costs an operator is in no table "
        "of the program."
    )


def _public(asked: Asked) -> Iterator[Block]:
    yield Paragraph(_settled(asked, DEMAND, "people are kept from what they ask for elsewhere"))
    if asked.number(NET) is None:
        yield Paragraph("What that is worth is not known: the scenario prices nothing.")


def _impact(asked: Asked) -> Iterator[Block]:
    yield Paragraph(
        "This is such an assessment, if it is made before the block; made after it, it says what "
        "could have been known."
    )
    yield from _quantified(asked)


def _means(asked: Asked) -> Iterator[Block]:
    yield Paragraph(necessity_answer(asked.found))


def _safeguards(asked: Asked) -> Iterator[Block]:
    safe = asked.found.safeguards
    yield Items(
        [
            "Notice: none is modelled. A business learns of the block by failing.",
            "End: the strategy ends blocks by itself."
            if safe.time_limits
            else "End: the strategy sets no end to an entry.",
            f"Withdrawal: of {rounded(safe.n_placed)} entries {rounded(safe.n_withdrawn)} were "
            "withdrawn before the end of the run (means over replicates).",
        ]
    )
    yield from _complaints(asked)


@dataclass(frozen=True)
class Answer:
    """How a question is answered, and the measures that stand behind it."""

    write: Callable[[Asked], Iterator[Block]]
    metrics: tuple[str, ...] = ()


ANSWERS: Mapping[str, Answer] = {
    "shown": Answer(_shown, (IMPAIRED,)),
    "identified": Answer(_identified, (IMPAIRED,)),
    "quantified": Answer(_quantified, (IMPAIRED_H, DEMAND, NET)),
    "testable": Answer(_testable),
    "criteria": Answer(_criteria, (RULES,)),
    "compliance": Answer(_compliance, (IMPAIRED_H,)),
    "complaints": Answer(_complaints, (COMPLAINTS, NAMED, EXEMPTIONS)),
    "effectiveness": Answer(_effectiveness, (DENIED,)),
    "lawful": Answer(_lawful, (IMPAIRED, NAMES)),
    "burden": Answer(_burden, (RULES,)),
    "public": Answer(_public, (DEMAND, NET)),
    "impact": Answer(_impact, (IMPAIRED_H, IMPAIRED)),
    "means": Answer(_means, (DENIED, IMPAIRED_H)),
    "safeguards": Answer(_safeguards, (COMPLAINTS, EXEMPTIONS)),
}
"""By question of the table; a test holds that each has one."""
