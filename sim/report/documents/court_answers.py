"""How each question of a court is answered: sentences, with the numbers that stand behind them.

In: an assessment, facts for courts, error rates, a language. Out: blocks of text by question. Where
luck alone was simulated, or the draws do not settle it, an answer says that it is not settled. It
is one long file because fourteen answers stand beside each other, to be compared with the table of
texts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sim.assess.assessment import Assessment
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
from sim.assess.safeguards import parameters_of
from sim.assess.verdicts import NOT_SETTLED, SETTLED_BETTER
from sim.backtest.error_rate import ErrorRates
from sim.catalogue.measures import USD
from sim.measure.money.ceilings import Spread
from sim.report.documents.assessment_answers import who_left
from sim.report.documents.blocks import Block, Items, Paragraph, Table
from sim.report.words.groups import group_words
from sim.report.words.languages import Language
from sim.report.words.money import amount_text, rate_of
from sim.report.words.numbers import (
    at_least,
    in_percent,
    number,
    percent_span,
    quantity,
    quantity_span,
    rounded,
    span,
)
from sim.report.words.plain import strategy_words

MOST_OPERATORS = 8
NAMES_OF = {
    DEMAND: "demand that failed",
    DENIED: "user-hours denied to the target",
    IMPAIRED_H: "business-hours impaired",
    IMPAIRED: "businesses impaired at least once",
    NET: "loss that no rival in the country gained, USD",
    RULES: "rules of the register at most",
    COMPLAINTS: "complaints",
    NAMED: "businesses that appealed by name",
    EXEMPTIONS: "exemptions granted",
    NAMES: "names hit, of those on the addresses in use",
}
HARMED = "businesses that are not the target are impaired"
INTERFERED = "access to lawful services is interfered with"
KEPT_FROM = "people are kept from other things they ask for"
DENIED_THEM = "the target's users are kept from the target"


@dataclass(frozen=True)
class Asked:
    """What the answers are made from."""

    found: Assessment
    facts: CourtFacts
    rates: ErrorRates
    words: Language

    def number(self, metric: str) -> Number | None:
        """Return a measure, or None where the runs do not have it or it is not known."""
        one = self.facts.numbers.get(metric)
        return None if one is None or math.isnan(one.by_luck.mean) else one

    def say(self, text: str, **values: str) -> str:
        """Return a sentence in the language."""
        return self.words.say(text, **values)

    def digits(self, text: str) -> str:
        """Write a number by the language."""
        return self.words.digits(text)

    def measure(self, metric: str) -> str:
        """Say a measure with both ranges: with draws their median first, then what is as given.

        Money is said in the country's currency as well.
        """
        one = self.number(metric)
        if one is None:
            return self.say("not known")
        rate = rate_of(self.found.run) if one.unit == USD else None
        low, middle, high = one.with_all or (one.by_luck.low, one.by_luck.mean, one.by_luck.high)
        local = amount_text(rate, Spread(middle, low, high), self.words)
        return ". ".join(filter(None, (self._in_unit(one), local)))

    def _in_unit(self, one: Number) -> str:
        """A measure with both ranges, in its unit."""
        mean = self.digits(quantity(one.by_luck.mean, one.unit))
        luck = self.digits(quantity_span(one.by_luck.low, one.by_luck.high, one.unit))
        if one.with_all is None:
            return self.say("{mean} (by luck {luck})", mean=mean, luck=luck)
        low, middle, high = one.with_all
        text = "{n} ({range} with all that is not known; as given {mean}, by luck {luck})"
        n, range_ = quantity(middle, one.unit), quantity_span(low, high, one.unit)
        said = {"n": self.digits(n), "range": self.digits(range_)}
        return self.say(text, **said, mean=mean, luck=luck)


def strategy_of(asked: Asked, label: str) -> str:
    """Say what a strategy of the comparison blocks."""
    given = parameters_of(asked.found.run, label)
    return strategy_words({"id": given.get("id", label), "parameters": {}}, asked.words)


def _settled(asked: Asked, metric: str, claim: str) -> Paragraph:
    """Say whether a claim that holds where a measure is above zero is settled."""
    above = asked.facts.above[metric]
    if asked.number(metric) is None:
        text = "“{claim}”: not known; the runs do not have the measure."
    elif not above.n_draws:
        text = "“{claim}”: not settled; luck alone was simulated."
    elif above.is_settled:
        text = (
            "“{claim}”: settled over all that is not known, on the model's worlds: so in {share} "
            "of {n} draws, at least {bound} by the lower 95 % bound."
        )
    else:
        text = (
            "“{claim}”: not settled; so in {share} of {n} draws, at least {bound} by the lower "
            "95 % bound."
        )
    return Paragraph(
        asked.say(
            text,
            claim=asked.say(claim),
            n=str(above.n_draws),
            share=asked.digits(in_percent(above.share)),
            bound=asked.digits(at_least(above.bound)),
        )
    )


def _shown(asked: Asked) -> Iterator[Block]:
    yield _settled(asked, IMPAIRED, HARMED)
    yield Paragraph(
        asked.say(
            "Every order, its publication, its application by each operator and each change of "
            "state of a business is a row of events.parquet, with its second. The manifest holds "
            "the SHA-256 of every input and output, and overblock verify checks them. What is "
            "shown is what follows from the orders in the model, and no measurement."
        )
    )


def _identified(asked: Asked) -> Iterator[Block]:
    facts = asked.facts
    if facts.n_sites:
        yield Paragraph(
            asked.say(
                "{hit} of the {n} named sites of the inventory are impaired at least once, each at "
                "its true addresses; sites.csv names them with hours, operators and causes.",
                hit=str(facts.n_sites_hit),
                n=str(facts.n_sites),
            )
        )
    else:
        yield Paragraph(
            asked.say(
                "Not settled: no inventory was given, so the businesses are drawn from assumed "
                "numbers and have no names. population.inventory takes sites with their addresses. "
                "By sector:"
            )
        )
    named = group_words(asked.found.run, "sector", asked.words)
    yield Items(
        [
            asked.say(
                "{name}: {hit} of {n:business} impaired at least once",
                name=named(one.name),
                hit=asked.digits(rounded(float(one.n_impaired.mean()))),
                n=asked.digits(rounded(float(one.n_businesses.mean()))),
            )
            for one in asked.found.burdens["sector"][:MOST_OPERATORS]
        ]
    )


def _quantified(asked: Asked) -> Iterator[Block]:
    yield Items([f"{asked.say(NAMES_OF[one])}: {asked.measure(one)}" for one in (IMPAIRED_H, NET)])


def _testable(asked: Asked) -> Iterator[Block]:
    yield Paragraph(
        asked.say(
            "overblock bundle {folder} -o case.zip hands over inputs, sources, tables and program; "
            "whoever has it makes the run again with rerun.sh and compares every byte, or changes "
            "an assumption with --set and sees what follows. Each assumption stands with its range "
            "in manifest.json; overblock sensitivity says which of them matter.",
            folder=asked.found.run.path.name,
        )
    )


def _criteria(asked: Asked) -> Iterator[Block]:
    found = asked.found
    given = parameters_of(found.run, found.label)
    rule = ", ".join(f"{key} {value}" for key, value in given.items())
    yield Paragraph(
        asked.say(
            "The criterion is the rule of the strategy ({rule}). It placed {placed} entries, of "
            "which {withdrawn} were withdrawn before the end (means over runs). entries.parquet "
            "has the prefixes of each, events.parquet every time.",
            rule=rule,
            placed=asked.digits(rounded(found.safeguards.n_placed)),
            withdrawn=asked.digits(rounded(found.safeguards.n_withdrawn)),
        )
    )


def _compliance(asked: Asked) -> Iterator[Block]:
    yield Paragraph(
        asked.say(
            "What each operator's users met, which is how far and how long it enforced. Means over "
            "runs; an operator that enforced nothing has zeros:"
        )
    )
    header = ["operator", "business-hours impaired", "share of domestic demand that failed"]
    yield Table(
        [asked.say(each) for each in header],
        [
            [
                one.operator,
                asked.digits(rounded(one.impaired_h)),
                asked.digits(in_percent(one.demand_lost_share)),
            ]
            for one in asked.facts.operators[:MOST_OPERATORS]
        ],
        (1, 2),
    )
    rest = len(asked.facts.operators) - MOST_OPERATORS
    if rest > 0:
        yield Paragraph(asked.say("{n} more stand in groups.csv.", n=str(rest)))
    yield from _burden(asked)


def _complaints(asked: Asked) -> Iterator[Block]:
    if asked.number(COMPLAINTS) is None:
        yield Paragraph(asked.say("Not known: the scenario has no section complaints."))
        return
    appeal = asked.found.safeguards.appeal
    yield Paragraph(
        asked.say(
            "{done} of {n} appeals by name, over all runs, led to an exemption within the run; "
            "median time until then: {median} h.",
            done=str(appeal.n_done),
            n=str(appeal.n_done + appeal.n_open),
            median=asked.digits(rounded(appeal.median_h)),
        )
    )
    known = [one for one in (COMPLAINTS, NAMED, EXEMPTIONS) if asked.number(one) is not None]
    yield Items([f"{asked.say(NAMES_OF[one])}: {asked.measure(one)}" for one in known])


def _effectiveness(asked: Asked) -> Iterator[Block]:
    efficacy = asked.found.efficacy
    if math.isnan(efficacy.mean) or not efficacy.denominator > 0:
        yield Paragraph(asked.say("Not known: nothing is said of the target's users."))
        return
    low, high = (end / efficacy.denominator for end in (efficacy.low, efficacy.high))
    yield _settled(asked, DENIED, DENIED_THEM)
    yield Paragraph(
        asked.say(
            "Denied to the target's users: {hours} user-hours, {share} of all (mean, with its 95 % "
            "interval by luck: {interval}). With all that is not known: {wide} user-hours.",
            hours=asked.digits(number(efficacy.mean)),
            share=asked.digits(in_percent(efficacy.mean / efficacy.denominator)),
            interval=asked.digits(percent_span(low, high)),
            wide=_wide(asked, DENIED),
        )
    )
    if left := who_left(asked.found, asked.words):
        yield Paragraph(left)


def _wide(asked: Asked, metric: str) -> str:
    one = asked.number(metric)
    if one is None or one.with_all is None:
        return asked.say("not simulated")
    low, middle, high = one.with_all
    return asked.digits(f"{number(middle)}, {span(low, high)}")


def _lawful(asked: Asked) -> Iterator[Block]:
    yield _settled(asked, IMPAIRED, INTERFERED)
    yield from _quantified(asked)


def _burden(asked: Asked) -> Iterator[Block]:
    if asked.number(RULES) is None:
        return
    yield Paragraph(
        asked.say(
            "The most rules of the register in force at a time, each of which an operator has to "
            "hold: {rules}. What that costs an operator is in no table of the program.",
            rules=asked.measure(RULES),
        )
    )


def _public(asked: Asked) -> Iterator[Block]:
    yield _settled(asked, DEMAND, KEPT_FROM)
    yield Items([f"{asked.say(NAMES_OF[one])}: {asked.measure(one)}" for one in (DEMAND, NET)])


def _impact(asked: Asked) -> Iterator[Block]:
    yield Paragraph(
        asked.say(
            "This is such an assessment, if it is made before the block; made after it, it says "
            "what could have been known."
        )
    )
    yield from _quantified(asked)


def _means(asked: Asked) -> Iterator[Block]:
    if not asked.found.alternatives:
        yield Paragraph(asked.say("Not assessed: nothing was compared."))
        return
    said = []
    for one in asked.found.alternatives:
        judged = one.verdict
        if not judged.n_draws:
            text = "{name}: not settled; luck alone was simulated."
        elif judged.verdict == NOT_SETTLED:
            text = (
                "{name}: not settled. No less effect and less collateral in {share} of {n} draws."
            )
        elif judged.verdict == SETTLED_BETTER:
            text = (
                "{name}: settled, it does as much for less. No less effect and less collateral in "
                "{share} of {n} draws, at least {bound} by the lower 95 % bound."
            )
        else:
            text = (
                "{name}: settled, it does not do as much for less. Less effect or no less "
                "collateral in {worse} of {n} draws."
            )
        said.append(
            asked.say(
                text,
                name=f"{strategy_of(asked, one.label)} ({one.label})",
                n=str(judged.n_draws),
                share=asked.digits(in_percent(judged.share_better)),
                worse=asked.digits(in_percent(judged.share_worse)),
                bound=asked.digits(at_least(judged.bound_better)),
            )
        )
    yield Items(said)


def _safeguards(asked: Asked) -> Iterator[Block]:
    safe = asked.found.safeguards
    yield Items(
        [
            asked.say("Notice: none is modelled. A business learns of the block by failing."),
            asked.say("End: the strategy ends blocks by itself.")
            if safe.time_limits
            else asked.say("End: each order given has its own, or none.")
            if safe.ends_by_order
            else asked.say("End: the strategy sets no end to an entry."),
            asked.say(
                "Withdrawal: of {placed} entries {withdrawn} were withdrawn before the end of the "
                "run (means over runs).",
                placed=asked.digits(rounded(safe.n_placed)),
                withdrawn=asked.digits(rounded(safe.n_withdrawn)),
            ),
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
