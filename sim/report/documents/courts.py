"""An assessment along the questions of one court or law: answers, numbers, error rates.

In: what answers are made from, and the questions. Out: blocks of text in the questions' sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sim.catalogue.measures import MEASURES
from sim.report.documents.blocks import Block, Heading, Paragraph, Table
from sim.report.documents.court_answers import ANSWERS, NAMES_OF, Asked, strategy_of
from sim.report.page.at_end import still_impaired, still_impaired_in_words
from sim.report.words.numbers import in_percent, quantity, quantity_span
from sim.report.words.plain import of_another_version
from sim.scenario.tables.courts import CourtQuestionRow

SHORT_ID = 12
"""Letters of a result's id that are said."""


def write_court(asked: Asked, questions: Sequence[CourtQuestionRow]) -> list[Block]:
    """Write the answers to one forum's questions, in its sequence."""
    found, say = asked.found, asked.say
    metrics = dict.fromkeys(metric for row in questions for metric in ANSWERS[row.id].metrics)
    run = found.run
    still = still_impaired_in_words(still_impaired(run, found.label), asked.words)
    return [
        Heading(say(questions[0].forum_title), 1),
        Paragraph(asked.words.name(run.title)),
        Paragraph(
            say(
                "From {start} to {end}. The measure assessed is {strategy} ({label}), held against "
                "{others}.",
                start=asked.words.day(str(run.scenario["start"])),
                end=asked.words.day(str(run.scenario["end"])),
                strategy=strategy_of(asked, found.label),
                label=found.label,
                others=", ".join(
                    f"{strategy_of(asked, one.label)} ({one.label})" for one in found.alternatives
                )
                or say("nothing"),
            )
        ),
        Paragraph(
            say(
                "{n:run} by luck and {draws:draw} of all that is not known, each the same world "
                "with the same luck for every strategy. overblock {version}, result {result}.",
                n=str(found.n_replicates),
                draws=str(found.n_draws),
                version=str(run.manifest["tool"]["version"]),
                result=str(run.manifest["result_id"])[:SHORT_ID],
            )
        ),
        *(block for row in questions for block in _answer(asked, row)),
        Heading(say("The numbers, how sure they are, and how often such numbers were right")),
        _numbers(asked, list(metrics)),
        *map(Paragraph, filter(None, [still])),
        Paragraph(
            say(
                "Error rates: published outcomes that set no parameter, against predictions of "
                "version {version}, by unit of what was predicted; ranges are meant to hold "
                "{level}. Apart are numbers where several that show one thing count once. Bounds "
                "and estimates say little: a wide range agrees with them. Where no figure of a "
                "unit was published, how often such numbers are right is not known. All are few, "
                "and those of one scenario are not independent (docs/explanation/validation.md).",
                version=asked.rates.version,
                level=asked.digits(in_percent(asked.rates.level)),
            )
        ),
        *map(Paragraph, filter(None, [of_another_version(asked.rates.version, run, asked.words)])),
        Paragraph(
            say(
                "What a court decides is no question for a simulation. Businesses that are not in "
                "an inventory are drawn and have no names, and their number is an assumption. Ways "
                "to be misled by these numbers: docs/explanation/misleading.md. Questions restated "
                "from: {sources} (seeds/court-questions.source.yaml).",
                sources="; ".join(dict.fromkeys(row.source for row in questions)),
            )
        ),
    ]


def _answer(asked: Asked, row: CourtQuestionRow) -> Iterator[Block]:
    yield Heading(asked.say(row.question))
    yield from ANSWERS[row.id].write(asked)


def _numbers(asked: Asked, metrics: Sequence[str]) -> Table:
    rows = []
    for metric in metrics:
        one, name = asked.number(metric), asked.say(NAMES_OF[metric])
        if one is None:
            rows.append([name, asked.say("not known"), "", "", ""])
            continue
        wide = asked.say("not simulated")
        if one.with_all:
            low, middle, high = one.with_all
            range_ = quantity_span(low, high, one.unit)
            wide = asked.digits(f"{quantity(middle, one.unit)}; {range_}")
        rows.append(
            [
                name,
                asked.digits(quantity(one.by_luck.mean, one.unit)),
                asked.digits(quantity_span(one.by_luck.low, one.by_luck.high, one.unit)),
                wide,
                _rate_text(asked, MEASURES[metric].unit),
            ]
        )
    header = [
        "measure",
        "mean as given",
        "by luck, 90 %",
        "median and 90 % with all that is not known",
        "error rate",
    ]
    return Table([asked.say(each) for each in header], rows, (1, 2, 3))


def _rate_text(asked: Asked, unit: str) -> str:
    rate = asked.rates.of_unit(unit)
    if rate is None:
        return asked.say("no such figure was published")
    kind = asked.words.name(rate.kind)
    if not rate.n_judged:
        texts = [asked.say("{kind}: no number was published", kind=kind)]
    else:
        inside, of = str(rate.n_inside), str(rate.n_judged)
        texts = [asked.say("{kind}: {inside} of {of} inside", kind=kind, inside=inside, of=of)]
    if rate.n_apart < rate.n_judged:
        texts.append(asked.say("{n} distinct", n=str(rate.n_apart)))
    if rate.median_factor is not None:
        factor = asked.digits(f"{rate.median_factor:.1f}")
        texts.append(asked.say("in the median off by ×{factor}", factor=factor))
    if rate.n_weak:
        kept, of = str(rate.n_kept), str(rate.n_weak)
        texts.append(asked.say("{kept} of {of} bounds and estimates agree", kept=kept, of=of))
    return "; ".join(texts)
