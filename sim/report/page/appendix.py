"""The appendix of the page: all measures, tables, borrowed tables, words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sim.catalogue.causes import CAUSES, lost_by
from sim.catalogue.choices import (
    RATIOS,
    is_compared,
    label,
    says_unit,
)
from sim.catalogue.measures import USD
from sim.measure.estimates import (
    Estimate,
    Grade,
    read_estimates,
)
from sim.report.page.grounds import HASH_DIGITS
from sim.report.page.sections import HOURS, Cell, Section, Strong, Table, is_cut, table_of
from sim.report.words.heading import (
    in_currency,
    is_comparison,
    place_and_time,
    rate_of,
    stand_ins,
    strategies_of,
    strategy_names,
    tables_of,
)
from sim.report.words.languages import (
    capitalised,
    joined,
    say,
    say_n,
    say_name,
    sentences,
)
from sim.report.words.numbers import (
    NOT_KNOWN,
    as_lower_bound,
    at_most,
    is_share,
    percent,
    percent_span,
    quantity,
    value_text,
)
from sim.report.words.sentences import (
    is_nothing_listed,
    names_by_strategy,
    names_words,
)
from sim.results.folder import MANIFEST, RunFolder

ELSEWHERE = frozenset(map(lost_by, CAUSES)) | RATIOS.keys()
"""Measures that split others by cause, or compare strategies: the page of a run has no room."""
WORDS = (
    (say("Simulation"), say("One draw of every assumption, with its own chance.")),
    (say("Median"), say("Half of the simulations lie above it.")),
    (say("Range"), say("Nine in ten simulations lie in it ({range}).")),
    (say("Cut off"), say("More than {impaired} of what a business's customers try fails.")),
    (say("Affected, down"), say("The same for {affected} and {down}.")),
    (say("Peak"), say("The most that a simulation reaches, at whatever time.")),
    (say("Listed"), say("Ordered blocked; an operator may not block it yet.")),
)
"""Words of the page and what they mean."""


def appendix_of(run: RunFolder) -> Iterator[Section]:
    """Sections of the appendix."""
    yield _measures(run)
    yield _tables(run)
    values = {one: percent(share) for one, share in run.scenario["thresholds"].items()}
    values["range"] = percent_span(0.05, 0.95)
    rows = [(Strong(word), say(text, **values)) for word, text in WORDS]
    yield Section(say("Words"), tables=table_of((), rows))


def _measures(run: RunFolder) -> Section:
    """Every measure of a run; of a comparison those that are compared."""
    estimates, rate = read_estimates(run), rate_of(run)
    names = strategy_names(strategies_of(run))
    tables: list[Table] = []
    heads = (say("Measure"), say("Median"), say("From"), say("To"), say("Unit"))
    n_zero = 0
    for strategy in run.strategies:
        rows: list[tuple[Cell, ...]] = []
        for (of, metric), one in estimates.items():
            is_shown = is_compared(metric) if is_comparison(run) else metric not in ELSEWHERE
            if of != strategy or not is_shown:
                continue
            name = capitalised(say_name(label(metric)))
            is_zero = one.is_known and one.low == one.high == 0
            if is_zero and one.zero_at_most > 0:
                most = say("at most {share}", share=at_most(one.zero_at_most, one.unit))
                rows.append((name, most, "", "", say_name(_unit(metric, one))))
                continue
            if is_zero and not is_comparison(run):
                n_zero += 1
                continue
            found = in_currency(one, rate) if one.unit == USD else one
            if metric == HOURS and is_cut(run, strategy):
                name = say("{name} (at least: most still are at the end)", name=name)
                found = as_lower_bound(found)
            rows.append((name, *_numbers(found), say_name(_unit(metric, found))))
        caption = capitalised(names[strategy]) if is_comparison(run) else ""
        tables += table_of(heads, rows, (1, 2, 3), caption=caption, hidden=(4,))
    listed = names_by_strategy(run)
    after: list[str] = [
        say(
            "Expected on all addresses that were ever listed ({strategy}): {names}.",
            strategy=names[strategy],
            names=names_words(listed.get(strategy)),
        )
        for strategy in run.strategies
        if strategy in listed and not is_nothing_listed(listed[strategy])
    ]
    if len(after) > 1:
        after.append(
            say(
                "Do not compare these numbers: single addresses are assumed to have been found by "
                "a name in part, prefixes not, so a prefix can have fewer names than addresses in "
                "it."
            )
        )
    if n_zero:
        after.append(
            say_n(
                "{n} more is zero in nine of ten simulations.",
                "{n} more are zero in nine of ten simulations.",
                n_zero,
                n=str(n_zero),
            )
        )
    after.append(say("Every digit, parts by cause and threshold, and ratios: summary.csv."))
    title = say("Measures compared") if is_comparison(run) else say("All measures")
    return Section(title, tables=tuple(tables), after=(sentences(*after),))


def _numbers(found: Estimate) -> tuple[Cell, ...]:
    """Median and ends of a range; one that the record contradicts is marked."""
    if not found.is_known:
        return NOT_KNOWN, "", ""
    mark = " ✕" if found.grade is Grade.CONTRADICTED else ""
    ends = (quantity(end, found.unit) if found.has_range else "" for end in (found.low, found.high))
    return (joined("", (value_text(found), mark)), *ends)


def _unit(metric: str, found: Estimate) -> str:
    """Unit of a measure whose name does not say it."""
    is_said = is_share(found.unit) or says_unit(metric, found.unit)
    return "" if is_said else found.unit


def _tables(run: RunFolder) -> Section:
    """Every table, with where it is borrowed from."""
    borrowed = stand_ins(run)
    theirs: list[tuple[Cell, ...]] = []
    scenario = run.manifest["scenario"]
    file = Path(str(scenario.get("file", "scenario.yaml"))).name
    own: list[tuple[Cell, ...]] = [(file, str(scenario.get("sha256", ""))[:HASH_DIGITS])]
    for name, title, digest in tables_of(run):
        begin = digest[:HASH_DIGITS] or MANIFEST
        if name in borrowed:
            theirs.append((title, Strong(place_and_time(borrowed[name])), begin))
        else:
            own.append((title, begin))
    begins = say("SHA-256 begins")
    tables = (
        *table_of((say("Table"), say("Borrowed from"), begins), theirs),
        *table_of((say("Other tables"), begins), own),
    )
    return Section(say("Tables it rests on"), tables=tables)
