"""How often numbers such as these were right, in words: beside key figures, and in a bundle.

In: error rates, a language. Out: what they are of, a table of the page, the same as cells of texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sim.backtest.error_rate import ErrorRate, ErrorRates, Spans, error_rates, spans_of
from sim.catalogue.measures import USD
from sim.report.page.cells import Cell, Line, PageTable, columns
from sim.report.words.languages import IN_ENGLISH, Language
from sim.report.words.numbers import percent
from sim.report.words.plain import of_another_version
from sim.results.read import RunFolder

RANGES: Mapping[Spans, str] = {
    "luck": "ranges by luck alone",
    "ranges": "ranges over all that is not known, as declared",
    "calibrated": "ranges over all that is not known, weighed by published figures where runs are",
}
ASKED = ("businesses", USD)
"""Kinds of published figures that the numbers at the head of a page are of."""
HEADS = (
    "what was predicted",
    "numbers published",
    "inside the predicted range",
    "too high or too low by, in the median",
    "bounds and estimates published",
    "of these, agree with the predicted range",
)


def rates_of(run: RunFolder) -> ErrorRates:
    """Error rates of numbers such as those of a run, over what its ranges are over."""
    return error_rates(str(run.manifest["scenario"]["name"]), spans_of(run))


def told_of_rates(found: ErrorRates, run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """What was held against what, and that the result is of another version where it is."""
    told = words.say(
        "Published outcomes that set no parameter (held out), against what this program predicted "
        "from simulated runs (version {version}; {ranges}, meant to hold {level}).",
        version=found.version,
        ranges=words.say(RANGES[spans_of(run)]),
        level=words.digits(percent(found.level, 2)),
    )
    return " ".join(filter(None, (told, of_another_version(found.version, run, words))))


def rates_in_short(found: ErrorRates, words: Language = IN_ENGLISH) -> str:
    """One line: first the kinds that the page's headline is of, then the one that most are of.

    A rate of one kind says little of another, so that of all of them together none is said.
    """
    return words.say(
        "How often such numbers were right, in ranges meant to hold {level}: {parts}",
        level=words.digits(percent(found.level, 2)),
        parts=rates_by_kind(found, words),
    )


def rates_answer(found: ErrorRates, run: RunFolder, words: Language = IN_ENGLISH) -> str:
    """The same as an answer: of which version of the program they are stands beside them."""
    told = words.say(
        "Of what was published and set no parameter, by kind, as version {version} predicted it: "
        "{parts}.",
        version=found.version,
        parts=rates_by_kind(found, words),
    )
    return " ".join(filter(None, (told, of_another_version(found.version, run, words))))


def rates_by_kind(found: ErrorRates, words: Language = IN_ENGLISH) -> str:
    """The same, kind by kind alone."""
    known = {one.kind: one for one in found.by_kind}
    asked = [known[kind] for kind in ASKED if kind in known]
    untried = [_called(one.kind, words) for one in asked if not one.n_judged]
    most = max(found.by_kind, key=lambda one: one.n_judged)
    tried = [one for one in asked if one.n_judged]
    if most.n_judged and most not in tried:
        tried.append(most)
    parts = []
    if untried:
        never = "{kinds}: never held against a number published, only against bounds and estimates"
        parts.append(words.say(never, kinds=words.listing(untried)))
    for one in tried:
        inside = "{kind}: {inside} of {n} inside the predicted range"
        if one.n_apart < one.n_judged:
            inside = "{kind}: {inside} of {n} inside the predicted range ({apart} distinct)"
        parts.append(
            words.say(
                inside,
                kind=_called(one.kind, words),
                inside=str(one.n_inside),
                n=str(one.n_judged),
                apart=str(one.n_apart),
            )
        )
    for one in found.by_kind:
        if one.n_judged and one not in tried:
            kind, n = _called(one.kind, words), str(one.n_judged)
            few = "{kind}: {inside} of {n}"
            parts.append(words.say(few, kind=kind, inside=str(one.n_inside), n=n))
    return "; ".join(parts)


def _called(kind: str, words: Language) -> str:
    """A kind by what it is of, where its unit does not say that."""
    return words.say("money") if kind == USD else words.name(kind)


def rate_cells(
    found: ErrorRates, words: Language = IN_ENGLISH
) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Rows under `HEADS`: by unit, all of them, and those of the scenario where there are any."""
    for one in found.by_kind:
        # Units of published figures, most of which have no translation.
        yield _cells(one, words.name(one.kind), words)
    yield _cells(found.all, words.say("all of them"), words)
    if found.of_scenario is not None:
        name = found.of_scenario.kind.removeprefix("scenario ")
        yield _cells(found.of_scenario, words.say("scenario {name}", name=name), words)


def rate_table(found: ErrorRates, words: Language = IN_ENGLISH) -> PageTable:
    """The same as a table of the page."""
    foreign = {one.kind for one in found.by_kind if not words.has(one.kind)}
    lines = [
        Line.of(Cell(kind, is_english=kind in foreign), *rest)
        for kind, *rest in rate_cells(found, words)
    ]
    heads = columns(*map(words.say, HEADS), numbers=range(1, len(HEADS)))
    caption = words.say("Published outcomes against predictions")
    return PageTable("error-rates", caption, heads, lines, is_sortable=False)


def _cells(one: ErrorRate, kind: str, words: Language) -> tuple[str, str, str, str, str, str]:
    factor = words.say("not known")
    if one.median_factor is not None:
        factor = f"×{words.digits(f'{one.median_factor:.2f}')}"
    n = str(one.n_judged)
    if one.n_apart < one.n_judged:
        n = words.say("{n} ({apart} distinct)", n=n, apart=str(one.n_apart))
    return kind, n, str(one.n_inside), factor, str(one.n_weak), str(one.n_kept)
